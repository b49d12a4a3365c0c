// SPDX-License-Identifier: Apache-2.0
// A model that is used is the one that its run records.
#include "experiments/store/retrain.h"
#include "tests/support/suite.h"

#include <CUnit/CUnit.h>
#include <string.h>
#include <unistd.h>

static const char recorded[] = "1111111111111111111111111111111111111111111111111111111111111111";
static const char again[] = "2222222222222222222222222222222222222222222222222222222222222222";

static void record(const char *name, const char *digest) {
    struct error err = {0};
    char text[200];
    int length = snprintf(text, sizeof text, "{\"state\": \"done\", \"model_sha256\": \"%s\"}", digest);
    CU_ASSERT_FATAL(!file_write(suite_path(name), text, (size_t)length, &err));
}

static void test_a_model_is_held_to_its_record(void) {
    struct error err = {0};
    struct cell cell = {.digest = "0123456789abcdef"};
    CU_ASSERT_FATAL(!folder_make(suite_path("runs/0123456789abcdef"), &err));
    CU_ASSERT_EQUAL(retrain_check_model(suite_folder(), &cell, recorded, &err), -1); // no record
    record("runs/0123456789abcdef/run.json", recorded);
    CU_ASSERT_EQUAL(retrain_check_model(suite_folder(), &cell, recorded, &err), 0);
    CU_ASSERT_EQUAL(retrain_check_model(suite_folder(), &cell, again, &err), -1);
    suite_text_has(err.message, "runs/0123456789abcdef/model.safetensors: not the network that ");
    suite_text_has(err.message, "(its numbers have the digest 2222222222222222, not 1111111111111111)");
    // Trained once more by another build, which model.json tells.
    record("runs/0123456789abcdef/model.json", again);
    CU_ASSERT_EQUAL(retrain_check_model(suite_folder(), &cell, again, &err), 0);
    CU_ASSERT_EQUAL(retrain_check_model(suite_folder(), &cell, recorded, &err), -1);
}

void suite_retrain(void) {
    CU_pSuite s = CU_add_suite("retrain", suite_make_folder, suite_remove_folder);
    CU_add_test(s, "a model is held to its record", test_a_model_is_held_to_its_record);
}
