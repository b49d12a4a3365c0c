// SPDX-License-Identifier: Apache-2.0
// Where the program finds its definitions: the folder that is named, its own share/reff, the source tree.
#include "experiments/plan/home.h"

#include "tests/support/suite.h"

#include <CUnit/CUnit.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

// A home with a table and a profile of one name.
static void make_home(const char *folder, const char *name) {
    static const char *const kinds[] = {"tables", "profiles"};
    struct error err = {0};
    for (int i = 0; i < 2; i++) {
        char path[PATH_SIZE];
        snprintf(path, sizeof path, "%.2000s/experiments/%s", folder, kinds[i]);
        CU_ASSERT_FATAL(!folder_make(path, &err));
        snprintf(path, sizeof path, "%.2000s/experiments/%s/%.60s.ini", folder, kinds[i], name);
        CU_ASSERT_FATAL(!file_write(path, "", 0, &err));
    }
}

// The program under another path, in a folder that is made.
static const char *copy_program(const char *folder) {
    struct error err = {0};
    static char path[PATH_SIZE];
    size_t size;
    char *bytes = file_read(suite_reff(), 1 << 30, &size, &err);
    CU_ASSERT_FATAL(bytes && !folder_make(folder, &err));
    CU_ASSERT_FATAL(!path_join(path, &err, folder, "reff") && !file_write(path, bytes, size, &err));
    free(bytes);
    CU_ASSERT_FATAL(!chmod(path, 0700));
    return path;
}

// What the program says of a profile that there is not: it lists those that there are.
static void check_known(const char *program, const char *expected) {
    struct program_result r;
    char whole[200];
    snprintf(whole, sizeof whole, "is none of the profiles: %s\n", expected);
    CU_ASSERT_EQUAL(
        program_run(&r, 0, (const char *const[]){program, "table", "table1", "--profile", "nonsense", NULL}),
        EXIT_USAGE);
    if (!strstr(r.err, whole))
        printf("\n  expected %s  found    %s", whole, r.err);
    CU_ASSERT_PTR_NOT_NULL(strstr(r.err, whole));
    program_free(&r);
}

static void test_the_environment_names_the_home(void) {
    struct error err = {0};
    struct text names = {0};
    char path[PATH_SIZE];
    make_home(suite_path("named"), "mine");
    setenv("REFF_HOME", suite_path("named"), 1);
    CU_ASSERT_FATAL(!home_list(&names, "tables", &err));
    CU_ASSERT_STRING_EQUAL(text_string(&names), "mine");
    CU_ASSERT(!home_definition(path, "tables", "mine", &err) && file_exists(path));
    check_known(suite_reff(), "mine");
    setenv("REFF_HOME", suite_path("nowhere"), 1);
    CU_ASSERT(home_folder(path, &err) < 0);
    CU_ASSERT_EQUAL(err.status, EXIT_USAGE);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.message, "nowhere holds no experiments/tables"));
    unsetenv("REFF_HOME");
    text_free(&names);
}

static void test_a_path_needs_no_home(void) {
    struct error err = {0};
    char path[PATH_SIZE];
    setenv("REFF_HOME", suite_path("nowhere"), 1);
    CU_ASSERT(!home_definition(path, "tables", "./mine", &err));
    CU_ASSERT_STRING_EQUAL(path, "./mine");
    CU_ASSERT(!home_definition(path, "profiles", "mine.ini", &err));
    CU_ASSERT_STRING_EQUAL(path, "mine.ini");
    unsetenv("REFF_HOME");
}

// Also where it is installed below another source tree.
static void test_an_installed_program_has_its_own_files(void) {
    const char *program = copy_program(suite_path("tree/here/bin"));
    make_home(suite_path("tree"), "of-tree");
    check_known(program, "of-tree");
    make_home(suite_path("tree/here/share/reff"), "installed");
    check_known(program, "installed");
}

static char before[200];

static int set_up(void) {
    const char *named = getenv("REFF_HOME");
    snprintf(before, sizeof before, "%s", named ? named : "");
    unsetenv("REFF_HOME");
    return suite_make_folder();
}

static int clean_up(void) {
    if (*before)
        setenv("REFF_HOME", before, 1);
    return suite_remove_folder();
}

void suite_home(void) {
    CU_pSuite suite = CU_add_suite("home", set_up, clean_up);
    CU_add_test(suite, "the environment names the home", test_the_environment_names_the_home);
    CU_add_test(suite, "a path needs no home", test_a_path_needs_no_home);
    CU_add_test(suite, "an installed program has its own files", test_an_installed_program_has_its_own_files);
}
