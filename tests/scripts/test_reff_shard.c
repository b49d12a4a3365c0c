// SPDX-License-Identifier: Apache-2.0
// scripts/reff_shard.py (by check_reff_shard.py): shards as h5py has them, data for workers of PyTorch, weights into
// torchvision and back.
#include "core/base/memory.h"
#include "core/shard/shard.h"
#include "core/train/trainer.h"
#include "core/train/weights.h"
#include "tests/support/suite.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { IMAGES = 20, PIXELS = 32, CLASSES = 10, NOT_THERE = 77 };

static const char python[] = "/usr/bin/python3";

static char check[PATH_SIZE], scripts[PATH_SIZE];

static int set_up(void) {
    struct program_result r;
    snprintf(check, sizeof check, "%s", suite_tree_path("tests/scripts/check_reff_shard.py"));
    snprintf(scripts, sizeof scripts, "%s", suite_tree_path("scripts"));
    if (suite_make_folder())
        return -1;
    int failed = reff_run(&r, 0, "gen", "textured-mnist", "--canvas", "32", "--size", "24", "--count", "20",
                          "--output", suite_path("digits.h5"));
    program_free(&r);
    failed |= reff_run(&r, 0, "gen", "isic2017", "--pixels", "32", "--count", "9", "--output",
                       suite_path("lesions.h5"));
    program_free(&r);
    return failed;
}

// Its exit status; what it says of a failure is shown.
static int ask(const char *what, const char *const words[]) {
    struct program_result r;
    const char *argv[12] = {python, check, scripts, what};
    for (int i = 0; words[i]; i++)
        argv[4 + i] = words[i];
    if (access(python, X_OK))
        return NOT_THERE;
    program_run(&r, 0, argv);
    int status = r.status;
    if (status && status != NOT_THERE)
        fprintf(stderr, "%s%s", r.out, r.err);
    program_free(&r);
    return status;
}

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

static void test_a_shard_in_python_is_what_h5py_reads(void) {
    int status = ask("shard", WORDS(suite_path("digits.h5")));
    if (status == NOT_THERE)
        SKIP("no python3 with h5py and numpy");
    CU_ASSERT_EQUAL(status, 0);
    CU_ASSERT_EQUAL(ask("shard", WORDS(suite_path("lesions.h5"))), 0);
}

static void test_a_shard_written_in_python_passes_verify(void) {
    struct program_result r;
    int status = ask("write", WORDS(suite_path("mine.h5")));
    if (status == NOT_THERE)
        SKIP("no python3 with h5py and numpy");
    CU_ASSERT_EQUAL(status, 0);
    CU_ASSERT_EQUAL(reff_run(&r, 0, "verify", suite_path("mine.h5")), 0);
    suite_text_has(r.out, "pass  content digest");
    program_free(&r);
    CU_ASSERT_EQUAL(reff_run(&r, 0, "info", suite_path("mine.h5")), 0);
    suite_text_has(r.out, "disc aligned, disc conflicting, square aligned, square conflicting");
    program_free(&r);
}

static void test_each_worker_of_a_loader_reads_the_shard(void) {
    int status = ask("loader", WORDS(suite_path("digits.h5")));
    if (status == NOT_THERE)
        SKIP("no python3 with torch and h5py");
    CU_ASSERT_EQUAL(status, 0);
}

// A line of numbers for each image of the shard.
static void write_logits(struct trainer *t, const char *shard_path, const char *path) {
    struct error err = {0};
    struct shard *shard = shard_open(shard_path, &err);
    uint8_t *images = allocate(IMAGES * PIXELS * PIXELS, 3, "images", &err);
    uint32_t index[IMAGES];
    int32_t predictions[IMAGES];
    struct text lines = {0};
    CU_ASSERT_FATAL(shard && images);
    for (uint32_t i = 0; i < IMAGES; i++)
        index[i] = i;
    CU_ASSERT_FATAL(!shard_read(shard, index, IMAGES, images, NULL, NULL, &err));
    trainer_evaluate(t, images, NULL, predictions);
    const real *z = t->evaluation->values[t->evaluation->logits].map[MAP_X]; // [classes][N]
    for (int i = 0; i < IMAGES; i++)
        for (int c = 0; c < CLASSES; c++)
            text_printf(&lines, "%.9g%s", (double)z[c * IMAGES + i], c + 1 < CLASSES ? " " : "\n");
    CU_ASSERT_FATAL(!file_write(path, text_string(&lines), lines.length, &err));
    text_free(&lines);
    free(images);
    shard_close(shard);
}

static void test_torchvision_gives_the_same_logits_and_weights_come_back(void) {
    static const char *const models[] = {"resnet18", "resnet50"};
    for (int m = 0; m < 2; m++) {
        struct error err = {0};
        struct trainer_settings s = {.batch = IMAGES, .threads = 2};
        s.network = (struct network){models[m], 64, CLASSES, PIXELS, 1e-5, 0.1, 0};
        struct trainer *t = trainer_create(&s, 3, &err);
        char weights[PATH_SIZE], back[PATH_SIZE], logits[PATH_SIZE], want[65], got[65];
        int head;
        CU_ASSERT_FATAL(t != NULL);
        // Running statistics and scales that are not those of a fresh network.
        for (int i = 0; i < t->parameters.count; i++)
            for (size_t j = 0; t->parameters.items[i].rank == 1 && j < t->parameters.items[i].size; j++)
                t->parameters.items[i].value[j] += (real)(0.3 * (double)((j * 7 + (size_t)i) % 5) / 5);
        snprintf(weights, sizeof weights, "%s", suite_path("w.safetensors"));
        snprintf(back, sizeof back, "%s", suite_path("back.safetensors"));
        snprintf(logits, sizeof logits, "%s", suite_path("logits.txt"));
        json_t *about = json_pack("{ss ss ss ss}", "model", models[m], "width", "64", "classes", "10",
                                  "method", "baseline");
        CU_ASSERT_FATAL(!weights_save(&t->parameters, weights, about, &err) &&
                        !weights_digest(&t->parameters, want, &err));
        json_decref(about);
        write_logits(t, suite_path("digits.h5"), logits);
        int status = ask("logits", WORDS(weights, back, suite_path("digits.h5"), logits));
        trainer_free(t);
        if (status == NOT_THERE)
            SKIP("no python3 with torchvision");
        CU_ASSERT_EQUAL(status, 0);
        t = trainer_create(&s, 4, &err);
        CU_ASSERT_FATAL(t && !weights_load(&t->parameters, back, &head, NULL, &err));
        CU_ASSERT(!weights_digest(&t->parameters, got, &err) && !head);
        suite_text_is(got, want);
        trainer_free(t);
    }
}

static void test_pytorchs_files_are_converted(void) {
    int status = ask("convert", WORDS(suite_folder()));
    if (status == NOT_THERE)
        SKIP("no python3 with torch");
    CU_ASSERT_EQUAL(status, 0);
}

void suite_reff_shard(void) {
    CU_pSuite s = CU_add_suite("reff_shard", set_up, suite_remove_folder);
    CU_add_test(s, "a shard in Python is what h5py reads", test_a_shard_in_python_is_what_h5py_reads);
    CU_add_test(s, "a shard written in Python passes verify", test_a_shard_written_in_python_passes_verify);
    CU_add_test(s, "each worker of a loader reads the shard", test_each_worker_of_a_loader_reads_the_shard);
    CU_add_test(s, "torchvision gives the same logits, and weights come back",
                test_torchvision_gives_the_same_logits_and_weights_come_back);
    CU_add_test(s, "PyTorch's files are converted", test_pytorchs_files_are_converted);
}
