// SPDX-License-Identifier: Apache-2.0
// scripts/bench_compare.py: what it calls faster and slower, and which files it refuses.
#include "tests/support/suite.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char python[] = "/usr/bin/python3";

static char script[PATH_SIZE];

static int set_up(void) {
    snprintf(script, sizeof script, "%s", suite_tree_path("scripts/bench_compare.py"));
    return suite_make_folder();
}

static int compare(struct program_result *r, const char *a, const char *b, const char *option) {
    return program_run(r, 0,
                       (const char *const[]){python, script, suite_path(a), suite_path(b), option, NULL});
}

// Results with one step, and one convolution for each text of `maps`: its map, and its repetitions or "".
static void write_results(const char *name, const char *processor, const char *step,
                          const char *const maps[][2]) {
    struct error err = {0};
    char text[4096];
    int length =
        snprintf(text, sizeof text,
                 "{\"machine\": {\"processor\": \"%s\", \"threads\": 2}, \"steps\": [{\"model\": \"small\", "
                 "\"pixels\": 32, \"batch\": 32, \"method\": \"reff\", \"precision\": \"f32\", "
                 "\"images_per_s\": 320%s}],\n \"convolutions\": [",
                 processor, step);
    for (int i = 0; maps[i][0]; i++)
        length +=
            snprintf(text + length, sizeof text - (size_t)length,
                     "%s{\"shape\": \"any\", \"map\": \"%s\", \"precision\": \"f32\", \"gflops\": 100%s}",
                     i ? ", " : "", maps[i][0], maps[i][1]);
    length += snprintf(text + length, sizeof text - (size_t)length, "]}\n");
    CU_ASSERT_FATAL(!file_write(suite_path(name), text, (size_t)length, &err));
}

#define STEADY ", \"repeats\": [0.100, 0.101, 0.099, 0.100, 0.102, 0.100]"
#define TWICE  ", \"repeats\": [0.050, 0.051, 0.049, 0.050, 0.052, 0.050]"
#define SLOWER ", \"repeats\": [0.121, 0.119, 0.120, 0.120, 0.122, 0.118]"
#define LITTLE ", \"repeats\": [0.098, 0.099, 0.097, 0.098, 0.100, 0.098]" // 2 %, beyond its noise
#define NOISY  ", \"repeats\": [0.050, 0.150, 0.101, 0.080, 0.120, 0.085]" // the median 7.5 % faster

static const char *const before[][2] = {{"forward", STEADY}, {"data", STEADY},    {"weight", STEADY},
                                        {"gone", STEADY},    {"without", STEADY}, {NULL, NULL}},
                         *const after[][2] = {{"forward", SLOWER}, {"data", LITTLE}, {"weight", NOISY},
                                              {"new", STEADY},     {"without", ""},  {NULL, NULL}};

static void test_changes_beyond_noise_are_told_from_noise(void) {
    struct program_result r, again;
    if (access(python, X_OK))
        SKIP("no /usr/bin/python3");
    write_results("old.json", "A", STEADY, before);
    write_results("new.json", "A", TWICE, after);
    CU_ASSERT_EQUAL(compare(&r, "old.json", "new.json", NULL), 0);
    static const char *const lines[][2] = {{"small, 32 px, batch 32, reff, f32 ", "  faster"},
                                           {"any, forward, f32 ", "  slower"},
                                           {"any, data, f32 ", ""},
                                           {"any, weight, f32 ", ""},
                                           {"any, without, f32 ", "  no repetitions"}};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        char *line = strstr(r.out, lines[i][0]);
        CU_ASSERT_PTR_NOT_NULL_FATAL(line);
        char *end = strchr(line, '\n');
        size_t length = strlen(lines[i][1]);
        CU_ASSERT_PTR_NOT_NULL_FATAL(end);
        CU_ASSERT(!strncmp(end - length, lines[i][1], length));
        CU_ASSERT(*lines[i][1] || (end[-1] >= '0' && end[-1] <= '9')); // ends with its interval
    }
    suite_text_has(r.out, "  2.000 ");
    suite_text_has(r.out, "  0.833 ");
    suite_text_has(r.out, "\n1 faster, 1 slower, 2 within noise, 1 no repetitions, 2 in one file alone\n");
    CU_ASSERT_EQUAL(compare(&again, "old.json", "new.json", NULL), 0); // its seed is fixed
    suite_text_is(again.out, r.out);
    program_free(&again);
    program_free(&r);
    CU_ASSERT_EQUAL(compare(&r, "old.json", "new.json", "--changed"), 0);
    suite_text_has(r.out, "any, forward, f32 ");
    CU_ASSERT_PTR_NULL(strstr(r.out, "any, data, f32 "));
    program_free(&r);
    CU_ASSERT_EQUAL(compare(&r, "old.json", "old.json", NULL), 0);
    suite_text_has(r.out, "\n0 faster, 0 slower, 6 within noise, 0 no repetitions, 0 in one file alone\n");
    program_free(&r);
}

static void test_files_that_cannot_be_compared_are_refused_in_a_line(void) {
    struct program_result r;
    struct error err = {0};
    static const struct {
        const char *text, *message;
    } bad[] = {
        {"{", "bad.json:1: "},
        {"[]", "bad.json: no results of reff bench: it has no 'machine'"},
        {"{\"machine\": {}}", "bad.json: no results of reff bench: 'steps' is no list of objects"},
        {"{\"machine\": {}, \"steps\": [{}], \"convolutions\": []}", "bad.json: steps[0]: has no 'model'"},
        {"{\"machine\": {}, \"steps\": [], \"convolutions\": [{\"shape\": 1, \"map\": 1, \"precision\": 1, "
         "\"gflops\": 1, \"repeats\": [1, 0]}]}",
         "bad.json: convolutions[0]: 0 is no rate or time"},
    };
    if (access(python, X_OK))
        SKIP("no /usr/bin/python3");
    write_results("old.json", "A", STEADY, before);
    write_results("other.json", "B", STEADY, before);
    CU_ASSERT_EQUAL(compare(&r, "old.json", "other.json", NULL), 1);
    suite_text_has(r.err, "other.json: measured on 'B', ");
    suite_text_has(r.err, "old.json on 'A'; --force compares them all the same\n");
    suite_text_is(r.out, "");
    program_free(&r);
    CU_ASSERT_EQUAL(compare(&r, "old.json", "other.json", "--force"), 0);
    program_free(&r);
    CU_ASSERT_EQUAL(compare(&r, "old.json", "absent.json", NULL), 1);
    suite_text_has(r.err, "absent.json: No such file or directory\n");
    program_free(&r);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        CU_ASSERT_FATAL(!file_write(suite_path("bad.json"), bad[i].text, strlen(bad[i].text), &err));
        CU_ASSERT_EQUAL(compare(&r, "old.json", "bad.json", NULL), 1);
        suite_text_has(r.err, bad[i].message);
        CU_ASSERT_PTR_EQUAL(strchr(r.err, '\n'), r.err + strlen(r.err) - 1);
        program_free(&r);
    }
}

void suite_bench_compare(void) {
    CU_pSuite suite = CU_add_suite("bench_compare", set_up, suite_remove_folder);
    CU_add_test(suite, "changes beyond noise are told from noise",
                test_changes_beyond_noise_are_told_from_noise);
    CU_add_test(suite, "files that cannot be compared are refused in a line",
                test_files_that_cannot_be_compared_are_refused_in_a_line);
}
