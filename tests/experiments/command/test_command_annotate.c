// SPDX-License-Identifier: Apache-2.0
// `reff annotate` as a program: what it prints, the exit status, what bad input and full disks leave behind;
// that the other commands take its shards.
#include "tests/support/suite.h"

#include <string.h>

// A small shard, annotated in a few iterations; `option` and `value` are one more option (a later one
// overrides), or NULL.
static int annotate(struct program_result *r, long file_limit, const char *option, const char *value) {
    return reff_run(r, file_limit, "annotate", "--shard", suite_path("train.h5"), "--n", "1", "--ngf", "2",
                    "--ndf", "2", "--iterations", "4", "--output", suite_path("out.h5"), "--threads", "1",
                    "--force", option, value);
}

static void make_shard(void) {
    struct program_result r;
    CU_ASSERT_EQUAL_FATAL(reff_run(&r, 0, "gen", "textured-mnist", "--size", "16", "--canvas", "16",
                                   "--count", "120", "--output", suite_path("train.h5")),
                          0);
    program_free(&r);
}

static void expect(const struct program_result *r, int status, const char *says) {
    CU_ASSERT_EQUAL(r->status, status);
    suite_text_has(status ? r->err : r->out, says);
}

static void test_an_annotated_shard_is_an_ordinary_one_for_every_other_command(void) {
    struct program_result r;
    make_shard();
    annotate(&r, 0, NULL, NULL);
    expect(&r, 0, "out.h5: IoU ");
    program_free(&r);
    CU_ASSERT_EQUAL(suite_count_entries(suite_folder()), 3); // train.h5 with its manifest, out.h5
    reff_run(&r, 0, "verify", suite_path("out.h5"));
    expect(&r, 0, "each true one is its digit");
    program_free(&r);
    reff_run(&r, 0, "info", suite_path("out.h5"));
    expect(&r, 0, "annotation_iou");
    program_free(&r);
    reff_run(&r, 0, "preview", suite_path("out.h5"), suite_path("sheet.png"));
    expect(&r, 0, "");
    program_free(&r);
    reff_run(&r, 0, "train", "--train", suite_path("out.h5"), "--test", suite_path("train.h5"), "--width",
             "2", "--batch", "8", "--epochs", "1", "--method", "reff", "--output", suite_path("run"));
    expect(&r, 0, "test accuracy");
    program_free(&r);
}

static void test_bad_input_is_one_line_and_nothing_is_left_behind(void) {
    static const struct {
        const char *option, *value;
        int status;
        const char *says;
    } cases[] = {
        {"--n", "0", EXIT_USAGE, "--n: 0 is not in 1.."},
        {"--n", "100", EXIT_FAILED, "train.h5: class 0 has "},
        {"--depth", "2", EXIT_USAGE, "depth: 2 is not in 3..12"},
        {"--iterationes", "2", EXIT_USAGE, "unknown option '--iterationes'"},
        {"--shard", "absent.h5", EXIT_FAILED, "absent.h5: No such file"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct program_result r;
        int before = suite_count_entries(suite_folder());
        annotate(&r, 0, cases[i].option, cases[i].value);
        expect(&r, cases[i].status, cases[i].says);
        suite_text_begins(r.err, "reff: ");
        CU_ASSERT_PTR_EQUAL(strchr(r.err, '\n'), r.err + strlen(r.err) - 1);
        program_free(&r);
        CU_ASSERT_EQUAL(suite_count_entries(suite_folder()), before);
    }
    struct program_result r;
    annotate(&r, 0, "--shard", suite_path("out.h5"));
    expect(&r, EXIT_FAILED, "out.h5: is the input; name another file to write");
    program_free(&r);
    reff_run(&r, 0, "annotate", "--shard", suite_path("train.h5"), "--n", "1", "--output",
             suite_path("out.h5"));
    expect(&r, EXIT_FAILED, "out.h5: is there already; --force replaces it");
    program_free(&r);
}

// No room for the shard: nothing of that name; with room it is made, without training again.
static void test_a_full_disk_leaves_no_shard(void) {
    struct program_result r;
    CU_ASSERT(!remove(suite_path("out.h5")));
    annotate(&r, 100000, NULL, NULL);
    expect(&r, EXIT_FAILED, "File too large");
    program_free(&r);
    CU_ASSERT(!file_exists(suite_path("out.h5")));
    annotate(&r, 0, NULL, NULL);
    expect(&r, 0, "out.h5: IoU ");
    program_free(&r);
    CU_ASSERT(!file_exists(suite_path("out.h5.unfinished")));
}

void suite_command_annotate(void);
void suite_command_annotate(void) {
    CU_pSuite suite = CU_add_suite("command_annotate", suite_make_folder, suite_remove_folder);
    CU_add_test(suite, "an annotated shard is an ordinary one for every other command",
                test_an_annotated_shard_is_an_ordinary_one_for_every_other_command);
    CU_add_test(suite, "bad input is one line, and nothing is left behind",
                test_bad_input_is_one_line_and_nothing_is_left_behind);
    CU_add_test(suite, "a full disk leaves no shard", test_a_full_disk_leaves_no_shard);
}
