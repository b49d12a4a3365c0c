// SPDX-License-Identifier: Apache-2.0
// A half-written table, figure or profile of a user's stops who names it, and nobody else: in a tree of its
// own that has the program, its definitions and a broken one of each kind.
#include "tests/support/suite.h"

#include <string.h>
#include <unistd.h>

static const char broken_table[] = "experiments/tables/broken.ini:2: unknown key 'colour' in [table]";

// In the tree: a shell's line, with the program as ./build/release/reff.
static void in_tree(struct program_result *r, const char *line) {
    char command[2 * PATH_SIZE];
    snprintf(command, sizeof command, "cd '%s' && %s", suite_path("tree"), line);
    const char *const argv[] = {"/bin/sh", "-c", command, NULL};
    program_run(r, 0, argv);
}

// The definitions of the tree that the program was built in, with broken ones beside them.
static int make_tree(void) {
    char line[3 * PATH_SIZE];
    struct program_result r;
    if (suite_make_folder())
        return 1;
    snprintf(
        line, sizeof line,
        "mkdir -p '%s/build/release' && cp '%s' '%s/build/release/reff' && cd \"$(dirname '%s')/../..\" && "
        "cp -r experiments '%s/'",
        suite_path("tree"), suite_reff(), suite_path("tree"), suite_reff(), suite_path("tree"));
    const char *const argv[] = {"/bin/sh", "-c", line, NULL};
    int failed = program_run(&r, 0, argv);
    program_free(&r);
    if (failed)
        return 1;
    in_tree(&r, "for kind in tables figures profiles; do "
                "printf '[%s]\\ncolour = blue\\n' ${kind%s} > experiments/$kind/broken.ini; done");
    failed = r.status;
    program_free(&r);
    return failed;
}

static void expect(const char *line, int status, const char *said, const char *unsaid) {
    struct program_result r;
    in_tree(&r, line);
    CU_ASSERT_EQUAL(r.status, status);
    if (said)
        suite_text_has(r.err, said);
    if (unsaid && strstr(r.err, unsaid))
        suite_text_is(r.err, "");
    program_free(&r);
}

static void test_a_broken_table_stops_who_names_it(void) {
    expect("./build/release/reff table broken --profile tiny", 1, broken_table, "left out");
    expect("./build/release/reff run broken --profile tiny --dry-run", 1, broken_table, "left out");
}

static void test_beside_a_broken_table_others_are_made(void) {
    expect("./build/release/reff table table1 --profile tiny", 0, NULL, "broken");
    expect("./build/release/reff run table1 --profile tiny --dry-run", 0, NULL, "broken");
    expect("./build/release/reff run --help", 0, NULL, "broken");
}

static void test_all_tables_are_those_that_can_be_read_the_other_is_told(void) {
    expect("./build/release/reff table tables --profile tiny", 0, broken_table, NULL);
    expect("./build/release/reff status --profile tiny", 0,
           "broken.ini:2: unknown key 'colour' in [table]: left out", NULL);
}

static void test_a_broken_figure_stops_who_names_it_and_is_left_out_of_all(void) {
    expect("./build/release/reff figure broken --profile tiny", 1, "experiments/figures/broken.ini:2",
           "left out");
    // Without results most figures cannot be drawn, which is told of each; one needs none.
    expect("./build/release/reff figure --profile tiny", 0,
           "experiments/figures/broken.ini:2: unknown key 'colour' in [figure]: left out", NULL);
    expect("./build/release/reff figure --help", 0, NULL, "broken");
}

static void test_a_broken_profile_stops_who_names_it(void) {
    expect("./build/release/reff table table1 --profile broken", 1, "experiments/profiles/broken.ini:2",
           "left out");
    expect("./build/release/reff table table1 --profile tiny", 0, NULL, "broken");
}

void suite_foreign_definitions(void) {
    CU_pSuite s = CU_add_suite("foreign definitions", make_tree, suite_remove_folder);
    CU_add_test(s, "a broken table stops who names it", test_a_broken_table_stops_who_names_it);
    CU_add_test(s, "beside a broken table others are made", test_beside_a_broken_table_others_are_made);
    CU_add_test(s, "all tables are those that can be read, the other is told",
                test_all_tables_are_those_that_can_be_read_the_other_is_told);
    CU_add_test(s, "a broken figure stops who names it and is left out of all",
                test_a_broken_figure_stops_who_names_it_and_is_left_out_of_all);
    CU_add_test(s, "a broken profile stops who names it", test_a_broken_profile_stops_who_names_it);
}
