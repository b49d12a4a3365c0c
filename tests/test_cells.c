// SPDX-License-Identifier: Apache-2.0
// Cells: how many a table has, what their settings are, and what their digests depend on.
#include "experiments/cells.h"
#include "tests/fake_work.h"
#include "tests/suite.h"
#include "tests/sweep_fixture.h"

#include <stdlib.h>
#include <string.h>

// Table 1 with three seeds: p = 0, q = 1 stands in both halves and runs once.
static void test_shared_cells(void) {
    struct error err = {0};
    struct profile profile;
    struct plan plan;
    struct table *tables;
    char *words[] = {"table1"};
    struct seeds seeds;
    int count;
    CU_ASSERT_FATAL(!seeds_parse(&seeds, "3", "seeds", &err));
    CU_ASSERT_FATAL(!profile_read(&profile, "quick", &err));
    CU_ASSERT_FATAL(!tables_read(&tables, &count, words, 1, &err));
    CU_ASSERT_FATAL(!plan_make(&plan, &profile, &seeds, tables, count, &fake_work, &err));
    CU_ASSERT_EQUAL(plan.table_cells, 22);
    CU_ASSERT_EQUAL(plan.count, 66);
    for (int i = 0; i < plan.count; i++)
        for (int k = 0; k < i; k++)
            CU_ASSERT(strcmp(plan.cells[i].digest, plan.cells[k].digest));
    const struct cell *a = plan_find(&plan, &tables[0], table_row(&tables[0], 0), 1, 2);
    const struct cell *b = plan_find(&plan, &tables[1], table_row(&tables[1], 1), 1, 2);
    CU_ASSERT_PTR_NOT_NULL(a);
    CU_ASSERT_PTR_EQUAL(a, b);
    CU_ASSERT_PTR_NULL(plan_find(&plan, &tables[0], 0, 1, 4)); // no such seed
    plan_free(&plan);
    profile_free(&profile);
    free(tables);
}

// Test data have p = 1 and the training's q; data and run have the same seed; both methods the same data.
static void test_settings(void) {
    struct fixture f;
    fixture_make(&f, fixture_profile_text);
    CU_ASSERT_EQUAL(f.plan.count, FIXTURE_RUNS);
    const struct cell *reff = plan_find(&f.plan, &f.tables[0], 0, 1, 2);
    const struct cell *baseline = plan_find(&f.plan, &f.tables[0], 0, 0, 2);
    CU_ASSERT_FATAL(reff && baseline);
    const struct textured_mnist_settings *train = &reff->data[SPLIT_TRAIN].textured_mnist,
                                         *test = &reff->data[SPLIT_TEST].textured_mnist;
    CU_ASSERT_EQUAL(train->p, 0);
    CU_ASSERT_EQUAL(test->p, 1);
    CU_ASSERT_EQUAL(train->q, 1);
    CU_ASSERT_EQUAL(test->q, 1);
    CU_ASSERT_EQUAL(train->count, 64);
    CU_ASSERT_EQUAL(test->count, 32);
    CU_ASSERT_STRING_EQUAL(train->split, "train");
    CU_ASSERT_STRING_EQUAL(test->split, "test");
    CU_ASSERT(train->seed == 2 && test->seed == 2 && reff->training.seed == 2);
    CU_ASSERT_EQUAL(train->size, 31); // 223 on a canvas of 224 is 31.86 on one of 32
    CU_ASSERT(!reff->has_validation);
    CU_ASSERT_EQUAL(reff->training.lambda, 3); // [method reff]
    CU_ASSERT_EQUAL(baseline->training.lambda, -1);
    CU_ASSERT_EQUAL(reff->training.epochs, 2); // [train]
    CU_ASSERT_EQUAL(reff->steps, 8);           // 64 images in batches of 16, twice
    CU_ASSERT_STRING_EQUAL(reff->data_digest, baseline->data_digest);
    CU_ASSERT(strcmp(reff->digest, baseline->digest));
    CU_ASSERT(strcmp(reff->cost_key, baseline->cost_key));
    const struct cell *other = plan_find(&f.plan, &f.tables[0], 1, 1, 1);
    CU_ASSERT_STRING_EQUAL(reff->cost_key, other->cost_key); // neither p nor the seed changes what it costs
    CU_ASSERT(strcmp(reff->data_digest, other->data_digest));
    fixture_free(&f);
}

// Digest of the cell p = 0, reff, seed 1 of the fixture with another text in place of one of the profile's.
static void digest_with(const char *before, const char *now, char digest[DIGEST_SIZE]) {
    char text[2000];
    struct fixture f;
    const char *at = strstr(fixture_profile_text, before);
    CU_ASSERT_FATAL(at != NULL);
    snprintf(text, sizeof text, "%.*s%s%s", (int)(at - fixture_profile_text), fixture_profile_text, now,
             at + strlen(before));
    fixture_make(&f, text);
    memcpy(digest, plan_find(&f.plan, &f.tables[0], 0, 1, 1)->digest, DIGEST_SIZE);
    fixture_free(&f);
}

static void test_digest(void) {
    static const char *const changes[][2] = {
        {"lambda = 3", "lambda = 4"},
        {"epochs = 2", "epochs = 3"},
        {"canvas = 32", "canvas = 33"},
        {"train = 64", "train = 65"},
        {"test = 32", "test = 33"},
        {"batch = 16", "batch = 16\nlr = 0.02"},
        {"test = 32\n", "test = 32\nvalidation = 16\n"},
    };
    static const char *const same[][2] = {
        {"title = for tests", "title = other words"},
        {"seeds = 1,2", "seeds = 1,2,3"},
        {"lambda = 3", "lambda = 3.0"},
        {"[method reff]", "# a comment\n[method reff]"},
        {"[method reff]", "[method reff-l1]\nlambda = 5\n[method reff]"}, // another method's business
    };
    char first[DIGEST_SIZE], other[DIGEST_SIZE];
    digest_with("lambda = 3", "lambda = 3", first);
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        digest_with(changes[i][0], changes[i][1], other);
        CU_ASSERT(strcmp(first, other));
    }
    for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
        digest_with(same[i][0], same[i][1], other);
        CU_ASSERT_STRING_EQUAL(first, other);
    }
}

// The same inputs in another folder, and another checkpoint interval, are the same run.
static void test_digest_without_paths(void) {
    static const char head[] = "[profile]\ntitle = t\nseeds = 1\n[data]\ncanvas = 32\ntrain = 64\ntest = 32\n"
                               "mnist = mnist\n[train]\nweights = weights\nbatch = 16\n%s\n";
    static const char *const folders[] = {"here", "there", "there"};
    static const char *const weights[] = {"weights", "weights", "other weights"};
    char digests[3][DIGEST_SIZE];
    for (int i = 0; i < 3; i++) {
        struct error err = {0};
        struct profile profile;
        struct table table;
        struct plan plan;
        char text[1000], name[64];
        snprintf(text, sizeof text, head, i ? "checkpoint_seconds = 77" : "");
        CU_ASSERT_FATAL(!folder_make(suite_path(folders[i]), &err));
        snprintf(name, sizeof name, "%s/weights", folders[i]);
        fixture_write(name, weights[i]);
        CU_ASSERT_FATAL(!table_read(&table, fixture_write("small.ini", fixture_table_text), &err));
        CU_ASSERT_FATAL(!profile_read(&profile, fixture_write("profile.ini", text), &err));
        CU_ASSERT_FATAL(!profile_resolve(&profile, suite_path(folders[i]), &err));
        CU_ASSERT_FATAL(!plan_make(&plan, &profile, &profile.seeds, &table, 1, &fake_work, &err));
        memcpy(digests[i], plan.cells[0].digest, DIGEST_SIZE);
        plan_free(&plan);
        profile_free(&profile);
    }
    CU_ASSERT_STRING_EQUAL(digests[0], digests[1]);
    CU_ASSERT(strcmp(digests[1], digests[2])); // what is in the weights' file counts
}

static json_t *failing_inputs(const struct data_set *set, const union data_settings *settings,
                              struct error *err) {
    (void)set, (void)settings;
    fail(err, "mnist: t10k-labels-idx1-ubyte.gz is missing");
    return NULL;
}

// The child that reads the inputs hands its message up unchanged.
static void test_bad_inputs(void) {
    struct error err = {0};
    struct fixture f;
    struct plan plan;
    struct work work = fake_work;
    work.inputs = failing_inputs;
    fixture_make(&f, fixture_profile_text);
    CU_ASSERT(plan_make(&plan, &f.profile, &f.profile.seeds, f.tables, 1, &work, &err));
    CU_ASSERT_STRING_EQUAL(err.message, "mnist: t10k-labels-idx1-ubyte.gz is missing");
    plan_free(&plan);
    fixture_free(&f);
}

static void test_difference(void) {
    char text[200], small[12];
    json_t *a = json_pack("{s:{s:f, s:i, s:s}, s:i}", "train", "lambda", 3.0, "epochs", 8, "order", "x",
                          "trainer_revision", 1);
    json_t *b = json_pack("{s:{s:f, s:i, s:s}, s:i}", "train", "lambda", 4.0, "epochs", 8, "order", "x",
                          "trainer_revision", 2);
    identity_difference(a, b, text, sizeof text);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "lambda 3"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "-> 4"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "trainer_revision 1 -> 2"));
    CU_ASSERT_PTR_NULL(strstr(text, "epochs"));
    identity_difference(a, a, text, sizeof text);
    CU_ASSERT_STRING_EQUAL(text, "");
    identity_difference(a, b, small, sizeof small); // cut, not overrun
    CU_ASSERT(strlen(small) < sizeof small);
    json_decref(a);
    json_decref(b);
}

void suite_cells(void) {
    fake_reset();
    CU_pSuite suite = CU_add_suite("cells", suite_make_folder, suite_remove_folder);
    CU_add_test(suite, "table1 has 22 distinct cells: 66 runs with three seeds", test_shared_cells);
    CU_add_test(suite, "settings of a cell: test data, seeds, scaled sizes, overrides", test_settings);
    CU_add_test(suite, "the digest changes with every setting that counts and no other", test_digest);
    CU_add_test(suite, "the digest knows no paths, but the weights' content", test_digest_without_paths);
    CU_add_test(suite, "bad inputs are reported as they were found", test_bad_inputs);
    CU_add_test(suite, "differences between settings are named", test_difference);
}
