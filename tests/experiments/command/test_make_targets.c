// SPDX-License-Identifier: Apache-2.0
// What the Makefile's targets ask of the program.
#include "tests/support/suite.h"

#include <CUnit/CUnit.h>
#include <string.h>

// `make -n TARGET...`: what it would run, with the program built or not.
static void make(struct program_result *r, const char *arguments) {
    char line[400];
    snprintf(line, sizeof line, "env -u MAKEFLAGS -u MAKELEVEL -u MFLAGS make -n %s", arguments);
    const char *const argv[] = {"/bin/sh", "-c", line, NULL};
    program_run(r, 0, argv);
}

static void test_a_table_of_ones_own_goes_with_every_target_that_takes_tables(void) {
    static const char *const rows[][2] = {
        {"table TABLE=./mine.ini PROFILE=./small.ini DATA=d DRY_RUN=1",
         "build/release/reff run './mine.ini' --profile './small.ini' --data 'd'"},
        {"table TABLE='a.ini table2'", "reff run 'a.ini' 'table2' "},
        {"show TABLE=a.ini METRIC=ece", "reff table 'a.ini'  --metric 'ece'"},
        {"claims TABLE=a.ini", "reff run 'a.ini' --until-decided"},
        {"status TABLE=a.ini", "reff status 'a.ini' "},
        {"page TABLE=a.ini", "reff page 'a.ini' "},
        {"show", "reff table tables "},
        {"tables", "reff run tables "},
        {"table2 SEEDS=2", "reff run table2  --seeds '2'"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct program_result r;
        char out[4000];
        size_t length = 0;
        make(&r, rows[i][0]);
        for (const char *c = r.out; *c && length + 1 < sizeof out;
             c++) // settings that are not given leave blanks
            if (!(*c == ' ' && length > 1 && out[length - 1] == ' ' && out[length - 2] == ' '))
                out[length++] = *c;
        out[length] = 0;
        CU_ASSERT_EQUAL(r.status, 0);
        suite_text_has(out, rows[i][1]);
        program_free(&r);
    }
}

// A target that would pass over the name refuses it.
static void test_other_targets_take_no_table(void) {
    struct program_result r;
    make(&r, "tables TABLE=a.ini");
    CU_ASSERT_EQUAL(r.status, 2);
    suite_text_has(r.err, "make tables does not take TABLE=");
    program_free(&r);
}

// It would end the shell's quotes: another folder, silently.
static void test_a_quote_in_a_setting_is_refused(void) {
    struct program_result r;
    make(&r, "tables RESULTS=it\\'s");
    CU_ASSERT_EQUAL(r.status, 2);
    suite_text_has(r.err, "RESULTS= holds a quote ('), which make cannot hand on");
    program_free(&r);
}

static void test_without_a_name_make_table_says_what_it_wants(void) {
    struct program_result r;
    const char *const argv[] = {"/bin/sh", "-c", "env -u MAKEFLAGS -u MAKELEVEL -u MFLAGS make table", NULL};
    CU_ASSERT_EQUAL(program_run(&r, 0, argv), 2);
    suite_text_begins(
        r.err, "make table: TABLE= names the table: TABLE=mine.ini, or a name of experiments/tables\n");
    program_free(&r);
}

void suite_make_targets(void) {
    CU_pSuite s = CU_add_suite("make_targets", NULL, NULL);
    CU_add_test(s, "a table of one's own goes with every target that takes tables",
                test_a_table_of_ones_own_goes_with_every_target_that_takes_tables);
    CU_add_test(s, "other targets take no table", test_other_targets_take_no_table);
    CU_add_test(s, "a quote in a setting is refused", test_a_quote_in_a_setting_is_refused);
    CU_add_test(s, "without a name make table says what it wants",
                test_without_a_name_make_table_says_what_it_wants);
}
