// SPDX-License-Identifier: Apache-2.0
// What is asked for: settings for all runs beside those of the tables, profiles of columns, and data folders that some
// of them read.
#include "experiments/suite/request.h"

#include "tests/support/fake_work.h"
#include "tests/support/suite.h"
#include "tests/support/sweep_fixture.h"

#include <string.h>

#define FIXED "[fixed]\nq = 1\nsize = 223\np = 0\n"

static const char table_of_all[] =
    "[table]\ntitle = t\nrow = lambda\nrows = 1, 3\ncolumns = reff, wide\n" FIXED
    "epochs = 3\n[column wide]\nmethod = reff\nwidth = 16\n";

// 0, or -1 with the message in err. The request is freed.
static int ask(const char *text, const char *set, const char *data, struct error *err, char command[1000]) {
    struct request r;
    struct request_options options = {0};
    char table[PATH_SIZE], *words[] = {table};
    snprintf(table, sizeof table, "%s", fixture_write("asked.ini", text));
    snprintf(options.profile, sizeof options.profile, "%s",
             fixture_write("profile.ini", fixture_profile_text));
    snprintf(options.set, sizeof options.set, "%s", set);
    snprintf(options.data, sizeof options.data, "%s", data);
    int result = request_read(&r, &options, words, 1, &fake_work, err);
    snprintf(command, 1000, "%s", text_string(&r.command));
    request_free(&r);
    return result;
}

static void refuse(const char *set, const char *part) {
    struct error err = {0};
    char command[1000];
    CU_ASSERT_EQUAL(ask(table_of_all, set, "", &err, command), -1);
    CU_ASSERT_EQUAL(err.status, EXIT_USAGE);
    suite_text_has(err.message, part);
}

// It would be said twice, and mean one of the two.
static void test_what_a_table_varies_cannot_be_set_for_all_runs(void) {
    refuse("lambda=5", "--set lambda: ");
    refuse("lambda=5", "asked.ini has it as its row");
    refuse("epochs=5", "asked.ini has it as [fixed]");
    refuse("width=5", "asked.ini has it as [column wide]");
}

static void test_the_command_says_what_was_set(void) {
    struct error err = {0};
    char command[1000];
    CU_ASSERT_EQUAL(ask(table_of_all, "lr=0.5,data.blend=hard", "", &err, command), 0);
    suite_text_has(command, " --set lr=0.5,data.blend=hard");
    CU_ASSERT_EQUAL(ask(table_of_all, "", "", &err, command), 0);
    CU_ASSERT_PTR_NULL(strstr(command, "--set"));
}

// The profile asked for draws its data; that of a column reads them.
static void test_a_data_folder_is_for_whichever_profile_reads_it(void) {
    struct error err = {0};
    char text[1000], command[1000];
    fixture_write("reads.ini", "[profile]\ntitle = o\nseeds = 7\n[data]\ncanvas = 16\ntrain = 32\ntest = 16\n"
                               "mnist = mnist\n[train]\nbatch = 8\n");
    snprintf(text, sizeof text,
             "[table]\ntitle = t\nrow = p\nrows = 0\ncolumns = reff, real\n[fixed]\nq = 1\nsize = "
             "223\n[column real]\n"
             "method = reff\nprofile = %s\n",
             suite_path("reads.ini"));
    CU_ASSERT_EQUAL(ask(text, "", "/data", &err, command), 0);
    CU_ASSERT_EQUAL(ask(text, "", "", &err, command), -1);
    suite_text_has(err.message, "profile reads reads mnist from a data folder: name it");
    CU_ASSERT_EQUAL(ask(table_of_all, "", "/data", &err, command), -1);
    suite_text_has(err.message, "--data: profile profile uses built-in data and reads no folder");
}

static void test_a_columns_profile_that_is_not_there_is_told(void) {
    struct error err = {0};
    char command[1000];
    CU_ASSERT_EQUAL(ask("[table]\ntitle = t\nrow = p\nrows = 0\ncolumns = real\n[fixed]\nq = 1\nsize = "
                        "223\n[column real]\n"
                        "method = reff\nprofile = quik\n",
                        "", "", &err, command),
                    -1);
    CU_ASSERT_EQUAL(err.status, EXIT_USAGE);
    suite_text_has(err.message, "'quik' (did you mean 'quick'?) is none of the profiles");
}

void suite_request(void) {
    CU_pSuite s = CU_add_suite("request", suite_make_folder, suite_remove_folder);
    CU_add_test(s, "what a table varies cannot be set for all runs",
                test_what_a_table_varies_cannot_be_set_for_all_runs);
    CU_add_test(s, "the command says what was set", test_the_command_says_what_was_set);
    CU_add_test(s, "a data folder is for whichever profile reads it",
                test_a_data_folder_is_for_whichever_profile_reads_it);
    CU_add_test(s, "a column's profile that is not there is told",
                test_a_columns_profile_that_is_not_there_is_told);
}
