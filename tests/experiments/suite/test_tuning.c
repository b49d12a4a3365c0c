// SPDX-License-Identifier: Apache-2.0
// Runs spent on choosing settings: counted by trial, with the grid that their records differ in.
#include "experiments/suite/tuning.h"

#include "core/base/file.h"
#include "tests/support/suite.h"

#include <stdlib.h>
#include <string.h>

static void put_run(const char *folder, int seed, double lambda, double p) {
    struct error err = {0};
    char path[256], text[512];
    snprintf(path, sizeof path, "results/%s", folder);
    CU_ASSERT_FATAL(!folder_make(suite_path(path), &err));
    snprintf(path, sizeof path, "results/%s/run.json", folder);
    snprintf(text, sizeof text,
             "{\"cell\": {\"seed\": %d, \"p\": %.1f, \"data_set\": \"textured-mnist\"}, \"settings\": "
             "{\"lambda\": "
             "%.1f, \"epochs\": 4, \"seed\": %d}, \"seconds\": 1800.0}",
             seed, p, lambda, seed);
    CU_ASSERT_FATAL(!file_write(suite_path(path), text, strlen(text), &err));
}

static char *printed(void) {
    struct error err = {0};
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    CU_ASSERT_PTR_NOT_NULL_FATAL(out);
    CU_ASSERT_EQUAL(tuning_print(out, suite_path("results"), &err), 0);
    fclose(out);
    return text;
}

static void test_no_folder_is_no_run(void) {
    char *text = printed();
    CU_ASSERT_STRING_EQUAL(
        text,
        "for choosing settings: 0 runs in 0 trials, 0.0 hours (seeds from 101 up); to report: 0 runs\n");
    free(text);
}

// Three runs of a trial, one of another whose seed does not belong there, two to report and one for choosing beside
// them.
static void test_runs_are_counted_by_trial_with_their_grid(void) {
    struct error err = {0};
    put_run("tuning/strength/a", 101, 150, 0);
    put_run("tuning/strength/b", 101, 50, 0);
    put_run("tuning/strength/c", 102, 150, 0);
    put_run("tuning/other/a", 3, 1, 0);
    put_run("runs/a", 1, 150, 0);
    put_run("runs/b", 2, 150, 0);
    put_run("runs/c", 103, 150, 1);
    CU_ASSERT_FATAL(!folder_make(suite_path("results/tuning/strength/d"), &err));
    CU_ASSERT_FATAL(!file_write(suite_path("results/tuning/strength/d/run.json"), "{", 1, &err));
    char *text = printed();
    suite_text_has(text, "strength: 3 runs, 2 seeds, 1.5 hours: lambda 50.0, 150.0");
    suite_text_has(text, " (1 record cannot be read)\n");
    suite_text_has(text, "runs: 1 run, 1 seed, 0.5 hours: one setting\n");
    suite_text_has(
        text,
        "for choosing settings: 4 runs in 3 trials, 2.0 hours (seeds from 101 up); to report: 2 runs\n");
    suite_text_has(text, "1 runs under ");
    suite_text_has(text, " have seeds below 101, which are for reporting, and are not counted\n");
    free(text);
}

// A record has a setting of data or annotators only where it is not the default.
static void test_settings_of_data_and_annotators_belong_to_the_grid(void) {
    static const char *const identities[] = {
        "{\"annotator\": {\"ngf\": 8, \"seed\": 101}, \"data\": {\"train\": {\"p\": 0, \"canvas\": 32}}}",
        "{\"annotator\": {\"ngf\": 8, \"jitter\": 4, \"seed\": 102}, \"data\": {\"train\": {\"p\": 1, "
        "\"canvas\": 64}}}",
        "{\"data\": {\"train\": {\"canvas\": 32}}}"};
    struct error err = {0};
    char path[64], record[512];
    for (int i = 0; i < 3; i++) {
        snprintf(path, sizeof path, "results/tuning/annotator/%d", i);
        CU_ASSERT_FATAL(!folder_make(suite_path(path), &err));
        snprintf(path, sizeof path, "results/tuning/annotator/%d/run.json", i);
        snprintf(record, sizeof record, "{\"cell\": {\"seed\": 101, \"identity\": %s}, \"seconds\": 1.0}",
                 identities[i]);
        CU_ASSERT_FATAL(!file_write(suite_path(path), record, strlen(record), &err));
    }
    char *text = printed();
    suite_text_has(text,
                   "annotator: 3 runs, 1 seed, 0.0 hours: data.canvas 32, 64; annotator.jitter unset, 4\n");
    free(text);
}

void suite_tuning(void) {
    CU_pSuite s = CU_add_suite("tuning", suite_make_folder, suite_remove_folder);
    CU_add_test(s, "no folder is no run", test_no_folder_is_no_run);
    CU_add_test(s, "runs are counted by trial, with their grid",
                test_runs_are_counted_by_trial_with_their_grid);
    CU_add_test(s, "settings of data and annotators belong to the grid",
                test_settings_of_data_and_annotators_belong_to_the_grid);
}
