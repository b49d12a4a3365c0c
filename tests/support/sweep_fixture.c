// SPDX-License-Identifier: Apache-2.0
#include "tests/support/sweep_fixture.h"

#include "tests/support/fake_work.h"
#include "tests/support/suite.h"

#include <stdlib.h>
#include <string.h>

const char fixture_table_text[] = "[table]\n"
                                  "title = A small table\n"
                                  "row = p\n"
                                  "rows = 0, 1\n"
                                  "columns = baseline, reff\n"
                                  "[fixed]\n"
                                  "q = 1\n"
                                  "size = 223\n";

const char fixture_annotated_table_text[] = "[table]\n"
                                            "title = t\n"
                                            "row = n\n"
                                            "rows = 0, 1, 5, All\n"
                                            "columns = reff, abn, reff-l1\n"
                                            "[fixed]\n"
                                            "p = 0\n"
                                            "q = 1\n"
                                            "size = 223\n";

const char fixture_profile_text[] = "[profile]\n"
                                    "title = for tests\n"
                                    "seeds = 1,2\n"
                                    "[data]\n"
                                    "canvas = 32\n"
                                    "train = 64\n"
                                    "test = 32\n"
                                    "[train]\n"
                                    "width = 4\n"
                                    "batch = 16\n"
                                    "epochs = 2\n"
                                    "[method reff]\n"
                                    "lambda = 3\n";

const char *fixture_write(const char *name, const char *text) {
    struct error err = {0};
    const char *path = suite_path(name);
    if (file_write(path, text, strlen(text), &err))
        CU_FAIL_FATAL("a test's file cannot be written");
    return path;
}

void fixture_make(struct fixture *f, const char *profile_text) {
    fixture_make_table(f, fixture_table_text, profile_text);
}

void fixture_make_table(struct fixture *f, const char *table_text, const char *profile_text) {
    struct error err = {0};
    char table[PATH_SIZE], *words[] = {table};
    memset(f, 0, sizeof *f);
    snprintf(table, sizeof table, "%s", fixture_write("small.ini", table_text));
    int failed =
        profile_read(&f->profile, fixture_write("profile.ini", profile_text), &err) ||
        profile_resolve(&f->profile, "", &err) || tables_read(&f->tables, &f->table_count, words, 1, &err) ||
        plan_make(&f->plan, &f->profile, &f->profile.seeds, f->tables, f->table_count, &fake_work, &err);
    if (failed) {
        printf("%s ", err.message);
        fixture_free(f);
        CU_FAIL_FATAL("the fixture's plan cannot be made");
    }
}

void fixture_free(struct fixture *f) {
    plan_free(&f->plan);
    profile_free(&f->profile);
    free(f->tables);
    memset(f, 0, sizeof *f);
}
