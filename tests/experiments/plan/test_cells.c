// SPDX-License-Identifier: Apache-2.0
// Cells: how many a table has, what their settings are, and what their digests depend on.
#include "core/kernels/real.h"
#include "experiments/plan/cell_file.h"
#include "experiments/plan/cells.h"
#include "experiments/plan/home.h"
#include "tests/support/fake_work.h"
#include "tests/support/suite.h"
#include "tests/support/sweep_fixture.h"

#include <stdlib.h>
#include <string.h>

// Table 1 with three seeds: p = 0, q = 1 stands in both halves and runs once.
static void test_table1_has_22_distinct_cells_66_runs_with_three_seeds(void) {
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
static void test_a_cell_has_its_test_data_seeds_scaled_size_and_overrides(void) {
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
    CU_ASSERT(other->training.save_model && !reff->training.save_model); // the first seed's, for figures
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

static void test_the_digest_changes_with_every_setting_that_counts_and_no_other(void) {
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
static void test_the_digest_knows_no_paths_but_the_weights_content(void) {
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

// ---------------------------------------------------------------------------------------------- tables over anything

#define TABLE_OF(head) "[table]\ntitle = t\n" head "[fixed]\nq = 1\nsize = 223\n"

static const struct cell *cell_at(const struct fixture *f, int row, int column) {
    const struct cell *cell = plan_find(&f->plan, &f->tables[0], row, column, 1);
    CU_ASSERT_PTR_NOT_NULL_FATAL(cell);
    return cell;
}

// Also of the annotator and of the data; where the setting means nothing to the method, its rows are one run.
static void test_a_row_may_be_any_setting(void) {
    struct fixture f;
    fixture_make_table(&f, TABLE_OF("row = lambda\nrows = 1, 3, 10\ncolumns = baseline, reff\n") "p = 0\n",
                       fixture_profile_text);
    CU_ASSERT_EQUAL(f.plan.count, 2 * (1 + 3)); // two seeds
    CU_ASSERT_EQUAL(cell_at(&f, 0, 1)->training.lambda, 1);
    CU_ASSERT_EQUAL(cell_at(&f, 2, 1)->training.lambda, 10);
    CU_ASSERT_STRING_EQUAL(cell_at(&f, 2, 1)->name, "profile: p 0, q 1, size 223, lambda 10, reff, seed 1");
    CU_ASSERT_PTR_EQUAL(cell_at(&f, 0, 0), cell_at(&f, 2, 0));
    CU_ASSERT_STRING_EQUAL(cell_at(&f, 0, 0)->name, "profile: p 0, q 1, size 223, baseline, seed 1");
    char tried[DIGEST_SIZE]; // the profile's own lambda: its run is the one of tables without the row
    memcpy(tried, cell_at(&f, 1, 1)->digest, DIGEST_SIZE);
    fixture_free(&f);
    fixture_make(&f, fixture_profile_text);
    CU_ASSERT_STRING_EQUAL(cell_at(&f, 0, 1)->digest, tried);
    fixture_free(&f);
    fixture_make_table(&f, TABLE_OF("row = data.blend\nrows = soft, hard\ncolumns = reff\n") "p = 0\n",
                       fixture_profile_text);
    CU_ASSERT(strcmp(cell_at(&f, 0, 0)->data_digest, cell_at(&f, 1, 0)->data_digest));
    CU_ASSERT_STRING_EQUAL(cell_at(&f, 1, 0)->data[SPLIT_TEST].textured_mnist.blend, "hard");
    fixture_free(&f);
    fixture_make_table(&f, TABLE_OF("row = annotator.ngf\nrows = 4, 8\ncolumns = reff\n") "p = 0\nn = 1\n",
                       fixture_profile_text);
    CU_ASSERT_EQUAL(cell_at(&f, 1, 0)->annotator.ngf, 8);
    CU_ASSERT(strcmp(cell_at(&f, 0, 0)->annotation_digest, cell_at(&f, 1, 0)->annotation_digest));
    fixture_free(&f);
    fixture_make_table(&f,
                       TABLE_OF("row = layer_weights\nrows = 1,2,3,4 | 1,1,1,1\ncolumns = reff\n") "p = 0\n",
                       fixture_profile_text);
    CU_ASSERT_EQUAL(f.tables[0].row_count, 2);
    CU_ASSERT_EQUAL(cell_at(&f, 0, 0)->training.layer_weights.values[3], 4);
    CU_ASSERT_STRING_EQUAL(f.tables[0].rows[1], "1,1,1,1");
    fixture_free(&f);
}

static void test_a_column_may_have_settings_and_a_profile_of_its_own(void) {
    struct error err = {0};
    struct profile profile;
    struct table table;
    struct plan plan;
    char text[1000];
    fixture_write("other.ini", "[profile]\ntitle = o\nseeds = 7\n[data]\ncanvas = 16\ntrain = 32\ntest = 16\n"
                               "[train]\nwidth = 2\nbatch = 8\nepochs = 5\n");
    snprintf(
        text, sizeof text,
        TABLE_OF(
            "row = p\nrows = 0, 1\ncolumns = reff, wide, small\n") "[column wide]\ntitle = ReFF, "
                                                                   "wide\nmethod = reff\nwidth = 16\nq = 0\n"
                                                                   "[column small]\nprofile = %s\nmethod = "
                                                                   "reff\n",
        suite_path("other.ini"));
    CU_ASSERT_FATAL(!table_read(&table, fixture_write("columns.ini", text), &err));
    CU_ASSERT_FATAL(!profile_read(&profile, fixture_write("profile.ini", fixture_profile_text), &err));
    CU_ASSERT_FATAL(!plan_profiles(&profile, &table, 1, &err) && !profile_resolve(&profile, "", &err));
    CU_ASSERT_FATAL(!plan_make(&plan, &profile, &profile.seeds, &table, 1, &fake_work, &err));
    const struct cell *plain = plan_find(&plan, &table, 0, 0, 1), *wide = plan_find(&plan, &table, 0, 1, 1),
                      *small = plan_find(&plan, &table, 0, 2, 1);
    CU_ASSERT_FATAL(plain && wide && small);
    CU_ASSERT_EQUAL(plan.count, 12);
    CU_ASSERT_EQUAL(plain->training.width, 4);
    CU_ASSERT_EQUAL(wide->training.width, 16);
    CU_ASSERT_EQUAL(wide->training.lambda, 3); // its profile's
    CU_ASSERT_EQUAL(wide->axes.q, 0);
    CU_ASSERT_STRING_EQUAL(wide->name, "profile: p 0, q 0, size 223, width 16, reff, seed 1");
    CU_ASSERT_EQUAL(small->training.width, 2);
    CU_ASSERT_EQUAL(small->training.epochs, 5);
    CU_ASSERT_EQUAL(small->images[SPLIT_TRAIN], 32);
    CU_ASSERT_EQUAL(cell_pixels(small), 16);
    CU_ASSERT_STRING_EQUAL(small->name, "other: p 0, q 1, size 223, reff, seed 1"); // the seeds asked for
    CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(small->record, "profile")), "other");
    plan_free(&plan);
    profile_free(&profile);
}

static void test_what_is_set_for_all_runs_prevails_and_has_a_name(void) {
    struct error err = {0};
    struct profile p;
    struct train_settings t;
    CU_ASSERT_FATAL(!profile_read(&p, fixture_write("profile.ini", fixture_profile_text), &err));
    CU_ASSERT_FATAL(!profile_set(&p, "lambda=5,data.blend=hard", "--set", &err));
    CU_ASSERT_STRING_EQUAL(p.name, "profile+lambda=5,data.blend=hard");
    CU_ASSERT_FATAL(!profile_training(&p, "reff", "textured-mnist", &t, &err));
    CU_ASSERT_EQUAL(t.lambda, 5);
    CU_ASSERT_FATAL(!profile_training(&p, "baseline", "textured-mnist", &t, &err));
    CU_ASSERT_EQUAL(t.lambda, p.training.lambda); // it means nothing to it
    CU_ASSERT_STRING_EQUAL(p.data[0].settings.textured_mnist.blend, "hard");
    profile_free(&p);
    static const char *const bad[][2] = {{"lambda", "--set: 'lambda' is not NAME=VALUE"},
                                         {"lamda=5", "did you mean 'lambda'?"},
                                         {"lambda=x", "--set: 'x' is not a number"},
                                         {"lambda=1,lambda=2", "--set: lambda given twice"},
                                         {"seed=5", "'seed' is no setting that can be varied"},
                                         {"batch=65", "a batch of 65 is more than the 64"},
                                         {"=5", "is not NAME=VALUE"},
                                         {"lambda=1,,epochs=2", "--set: '1,' is not a number"}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct error why = {0};
        CU_ASSERT_FATAL(!profile_read(&p, suite_path("profile.ini"), &err));
        CU_ASSERT_EQUAL(profile_set(&p, bad[i][0], "--set", &why), -1);
        CU_ASSERT_EQUAL(why.status, EXIT_USAGE);
        suite_text_has(why.message, bad[i][1]);
        profile_free(&p);
    }
    struct variations v = {0};
    CU_ASSERT_FATAL(!variations_parse(&v, "layer_weights=1,2,3,4,epochs=3", "--set", &err));
    CU_ASSERT_STRING_EQUAL(variations_find(&v, "layer-weights"), "1,2,3,4");
    CU_ASSERT_STRING_EQUAL(variations_find(&v, "epochs"), "3");
}

static json_t *failing_inputs(const struct data_set *set, const union data_settings *settings,
                              struct error *err) {
    (void)set, (void)settings;
    fail(err, "mnist: t10k-labels-idx1-ubyte.gz is missing");
    return NULL;
}

// The child that reads the inputs hands its message up unchanged.
static void test_bad_inputs_are_reported_as_they_were_found(void) {
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

// ----------------------------------------------------------------------------------- other data, other n

static const struct cell *find(const struct fixture *f, double n, const char *column) {
    const struct table *t = &f->tables[0];
    const struct cell *cell = plan_find(&f->plan, t, table_row(t, n), table_column(t, column), 1);
    CU_ASSERT_PTR_NOT_NULL_FATAL(cell);
    return cell;
}

// n = 0 is the baseline for every ReFF, an ABN without map loss for ABN; All is the cell of tables without n.
static void test_n_0_is_the_baseline_all_is_the_cell_of_tables_without_n(void) {
    struct fixture f, plain;
    fixture_make_table(&f, fixture_annotated_table_text, fixture_profile_text);
    fixture_make(&plain, fixture_profile_text);
    CU_ASSERT_EQUAL(f.plan.count, 2 * (2 + 3 * 3)); // two seeds; one baseline
    const struct cell *baseline = find(&f, 0, "reff"), *without = find(&f, 0, "abn"),
                      *one = find(&f, 1, "reff"), *five = find(&f, 5, "reff"), *all = find(&f, N_ALL, "reff");
    CU_ASSERT_PTR_EQUAL(baseline, find(&f, 0, "reff-l1"));
    CU_ASSERT_STRING_EQUAL(baseline->name, "profile: p 0, q 1, size 223, baseline, seed 1");
    CU_ASSERT_STRING_EQUAL(baseline->digest, plan_find(&plain.plan, &plain.tables[0], 0, 0, 1)->digest);
    CU_ASSERT_STRING_EQUAL(all->digest, plan_find(&plain.plan, &plain.tables[0], 0, 1, 1)->digest);
    CU_ASSERT_STRING_EQUAL(all->name, "profile: p 0, q 1, size 223, reff, seed 1");
    CU_ASSERT_STRING_EQUAL(five->name, "profile: p 0, q 1, size 223, n 5, reff, seed 1");
    CU_ASSERT_STRING_EQUAL(without->name, "profile: p 0, q 1, size 223, n 0, abn, seed 1");
    CU_ASSERT(without->training.gamma == 0 && find(&f, 1, "abn")->training.gamma > 0);
    CU_ASSERT(!baseline->has_annotator && !without->has_annotator && !all->has_annotator);
    CU_ASSERT(one->has_annotator && one->annotator.n == 1 && five->annotator.n == 5);
    CU_ASSERT_EQUAL(five->annotator.seed, 1);
    CU_ASSERT_STRING_EQUAL(one->data_digest, all->data_digest); // the same images
    CU_ASSERT_STRING_EQUAL(five->annotation_digest, find(&f, 5, "abn")->annotation_digest);
    CU_ASSERT(strcmp(five->annotation_digest, one->annotation_digest));
    CU_ASSERT(strcmp(five->digest, one->digest) && strcmp(five->digest, all->digest));
    CU_ASSERT_STRING_EQUAL(five->cost_key, all->cost_key);
    CU_ASSERT_STRING_EQUAL(five->annotation_cost_key, one->annotation_cost_key);
    CU_ASSERT_EQUAL(json_number_value(json_object_get(five->record, "n")), 5);
    CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(all->record, "n")), "All");
    fixture_free(&plain);
    fixture_free(&f);
}

// The annotator's settings are part of the runs that need one, and of no other.
static void test_the_annotators_settings_belong_to_the_runs_that_need_it(void) {
    char text[2000];
    struct fixture f, g;
    snprintf(text, sizeof text, "%s[annotator]\niterations = 7\n", fixture_profile_text);
    fixture_make_table(&f, fixture_annotated_table_text, fixture_profile_text);
    fixture_make_table(&g, fixture_annotated_table_text, text);
    CU_ASSERT_EQUAL(find(&g, 5, "reff")->annotator.iterations, 7);
    CU_ASSERT(strcmp(find(&f, 5, "reff")->digest, find(&g, 5, "reff")->digest));
    CU_ASSERT(strcmp(find(&f, 5, "abn")->annotation_digest, find(&g, 5, "abn")->annotation_digest));
    CU_ASSERT_STRING_EQUAL(find(&f, N_ALL, "reff")->digest, find(&g, N_ALL, "reff")->digest);
    CU_ASSERT_STRING_EQUAL(find(&f, 0, "abn")->digest, find(&g, 0, "abn")->digest);
    fixture_free(&f);
    fixture_free(&g);
}

static const char data_table[] = "[table]\n"
                                 "title = t\n"
                                 "row = n\n"
                                 "rows = 0, 10, All\n"
                                 "column = data\n"
                                 "columns = isic2017, pets\n"
                                 "[fixed]\n"
                                 "method = reff\n";

// Why the place of the fixture's first table has no cell.
static void expect_absent(const struct fixture *f, int row, int column, const char *wanted) {
    struct text reason = {0};
    CU_ASSERT_PTR_NULL(plan_find(&f->plan, &f->tables[0], row, column, 1));
    plan_absent(&reason, &f->plan, &f->tables[0], row, column);
    CU_ASSERT_STRING_EQUAL(text_string(&reason), wanted);
    text_free(&reason);
}

// A cell of another data set; one that the profile has not, and one with too few images, are told.
static void test_other_data_sets_have_settings_of_their_own_empty_cells_a_reason(void) {
    char text[2000];
    struct fixture f;
    snprintf(
        text, sizeof text,
        "%s[data isic2017]\npixels = 40\ntrain = 29\ntest = 20\n[train isic2017]\nbatch = 8\nepochs = 3\n"
        "[method reff isic2017]\nlambda = 9\n",
        fixture_profile_text);
    fixture_make_table(&f, data_table, text);
    CU_ASSERT_EQUAL(f.plan.count, 4);
    const struct cell *all = find(&f, N_ALL, "isic2017"), *baseline = find(&f, 0, "isic2017");
    CU_ASSERT_STRING_EQUAL(all->name, "profile: isic2017, reff, seed 1");
    CU_ASSERT_STRING_EQUAL(all->set->name, "isic2017");
    CU_ASSERT_EQUAL(all->classes, 3);
    CU_ASSERT_EQUAL(cell_pixels(all), 40);
    CU_ASSERT(all->images[SPLIT_TRAIN] == 29 && all->images[SPLIT_TEST] == 20);
    CU_ASSERT(all->training.epochs == 3 && all->training.lambda == 9 && baseline->training.lambda == -1);
    CU_ASSERT_EQUAL(all->steps, 9);
    CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(all->record, "data_set")), "isic2017");
    suite_text_has(json_string_value(json_object_get(all->record, "data")), "built-in stand-in");
    expect_absent(&f, 1, 0, "too few images: n = 10 of each of 3 classes are more than the profile's 29");
    expect_absent(&f, 2, 1, "profile profile has no [data pets]");
    fixture_free(&f);
    memcpy(strstr(text, "train = 29"), "train = 30",
           10); // as many as there are: the annotator has nothing to do
    fixture_make_table(&f, data_table, text);
    expect_absent(
        &f, 1, 0,
        "too few images: n = 10 of each of 3 classes are all of the profile's 30, none is left to a "
        "pseudo-annotator");
    fixture_free(&f);
}

// Sizes that are one when scaled to the canvas are one run, found under both places' names.
static void test_places_that_come_out_equal_are_one_run(void) {
    static const char table[] = "[table]\ntitle = t\nrow = size\nrows = 28, 56, 224\n"
                                "columns = baseline, reff\n[fixed]\np = 0\nq = 1\n";
    char text[2000];
    struct fixture f;
    snprintf(text, sizeof text, "%s", fixture_profile_text);
    memcpy(strstr(text, "canvas = 32"), "canvas = 16", 11); // 28 and 56 become 4, the least
    fixture_make_table(&f, table, text);
    CU_ASSERT_EQUAL(f.plan.count, 2 * 2 * 2);
    CU_ASSERT_EQUAL(f.plan.table_cells, 2 * 2);
    for (int column = 0; column < 2; column++)
        for (uint64_t seed = 1; seed <= 2; seed++) {
            const struct cell *small = plan_find(&f.plan, &f.tables[0], 0, column, seed),
                              *scaled = plan_find(&f.plan, &f.tables[0], 1, column, seed),
                              *large = plan_find(&f.plan, &f.tables[0], 2, column, seed);
            CU_ASSERT_FATAL(small && large);
            CU_ASSERT_PTR_EQUAL(small, scaled);
            CU_ASSERT(small != large);
            CU_ASSERT_EQUAL(small->data[SPLIT_TRAIN].textured_mnist.size, 4);
            suite_text_has(small->name, "size 28,");
            CU_ASSERT(small->seed == seed);
        }
    for (int i = 0; i < f.plan.count; i++)
        for (int k = 0; k < i; k++)
            CU_ASSERT(strcmp(f.plan.cells[i].digest, f.plan.cells[k].digest));
    fixture_free(&f);
}

// ------------------------------------------------------------------------------ runs that are recorded

static json_t *recorded; // inputs

static json_t *recorded_inputs(const struct data_set *set, const union data_settings *settings,
                               struct error *err) {
    (void)set, (void)settings, (void)err;
    return json_incref(recorded);
}

static json_t *read_reference(const char *name) {
    char home[PATH_SIZE], path[2 * PATH_SIZE];
    struct error err = {0};
    CU_ASSERT_FATAL(!home_path(home, "", &err));
    snprintf(path, sizeof path, "%s/../results/reference/%s", home, name);
    json_t *value = json_read(path, &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(value);
    return value;
}

// Every run of a committed table is the run that today's files ask for, though the program has learnt other data sets and
// methods since. A change of profile, table or revision that is meant renews the tables. data: "" or the folder that
// the profile reads.
static void check_records(const char *profile_name, const char *table_name, const char *file,
                          const char *data, size_t least) {
    struct error err = {0};
    struct profile profile;
    struct table table;
    struct plan plan;
    struct work work = fake_work;
    json_t *reference = read_reference(file), *run, *origin = json_object_get(reference, "provenance");
    size_t r;
    recorded = json_object_get(origin, "inputs");
    work.inputs = recorded_inputs;
    CU_ASSERT_FATAL(!profile_read(&profile, profile_name, &err) && !profile_resolve(&profile, data, &err));
    CU_ASSERT_FATAL(!table_read(&table, table_name, &err));
    seeds_extend(&profile.seeds, 20); // make claims takes as many for some cells
    CU_ASSERT_FATAL(!plan_make(&plan, &profile, &profile.seeds, &table, 1, &work, &err));
    json_array_foreach(json_object_get(origin, "runs"), r, run) {
        int row = table_row(&table, strtod(json_string_value(json_object_get(run, "row")), NULL));
        int column = table_column(&table, json_string_value(json_object_get(run, "column")));
        const struct cell *cell =
            plan_find(&plan, &table, row, column, (uint64_t)json_integer_value(json_object_get(run, "seed")));
        CU_ASSERT_PTR_NOT_NULL_FATAL(cell);
        if (!strcmp(REAL_NAME, "float")) // which they were made with
            CU_ASSERT_STRING_EQUAL(cell->digest, json_string_value(json_object_get(run, "digest")));
    }
    CU_ASSERT(r >= least);
    plan_free(&plan);
    profile_free(&profile);
    json_decref(reference);
}

static void test_recorded_runs_of_the_quick_profile_are_still_these_runs(void) {
    check_records("quick", "table1a", "quick/table1a.json", "", 36);
    check_records("quick", "table1b", "quick/table1b.json", "", 36);
}

// They begin with weights, which belong to what a run is.
static void test_recorded_runs_of_the_half_profile_are_still_these_runs(void) {
    const char *weights = suite_shared("models/resnet18.safetensors");
    if (!weights)
        return;
    char data[PATH_SIZE];
    snprintf(data, sizeof data, "%.*s/data", (int)(strstr(weights, "/models/") - weights), weights);
    check_records("half", "table1a", "half/table1a-partial.json", data, 6);
}

static void test_differences_between_settings_are_named(void) {
    struct text text = {0};
    json_t *a = json_pack("{s:{s:f, s:i, s:s}, s:i}", "train", "lambda", 3.0, "epochs", 8, "order", "x",
                          "trainer_revision", 1);
    json_t *b = json_pack("{s:{s:f, s:i, s:s}, s:i}", "train", "lambda", 4.0, "epochs", 8, "order", "x",
                          "trainer_revision", 2);
    identity_difference(&text, a, b);
    CU_ASSERT_STRING_EQUAL(text_string(&text), "lambda 3.0 -> 4.0, trainer_revision 1 -> 2");
    text_clear(&text);
    identity_difference(&text, a, a);
    CU_ASSERT_STRING_EQUAL(text_string(&text), "");
    text_free(&text);
    json_decref(a);
    json_decref(b);
}

// [data NAME] source = folder: runs have its name, go to another process as any do, and are absent from profiles that have
// no data of that name.
static void test_data_of_ones_own_have_cells(void) {
    struct error err = {0};
    struct profile own, quick;
    struct plan plan;
    struct table table;
    struct seeds seeds;
    struct text why = {0};
    const char *path =
        fixture_write("own.ini", "[profile]\ntitle = t\nseeds = 1,2\n[data dogs]\nsource = folder\nimages "
                                 "= /x\npixels = 16\ntrain = 64\ntest = 32\n[method reff]\nlambda = 7\n");
    CU_ASSERT_FATAL(!profile_read(&own, path, &err) && !profile_read(&quick, "quick", &err));
    path = fixture_write(
        "dogs.ini", "[table]\ntitle = t\nrow = n\nrows = 0, All\ncolumns = baseline, reff\n[fixed]\ndata = "
                    "dogs\n[claim c]\ntext = t\ncolumns = reff, baseline\nrows = All\n");
    CU_ASSERT_FATAL(!table_read(&table, path, &err) && !seeds_parse(&seeds, "2", "seeds", &err));
    CU_ASSERT_FATAL(!plan_outline(&plan, &own, &seeds, &table, 1, &err));
    CU_ASSERT_EQUAL(plan.count, 4); // n = 0 is the baseline
    const struct cell *cell = plan_find(&plan, &table, 1, 1, 2);
    CU_ASSERT_FATAL(cell != NULL);
    CU_ASSERT_STRING_EQUAL(cell->name, "own: dogs, reff, seed 2");
    CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(cell->record, "data_set")), "dogs");
    CU_ASSERT(cell->data[SPLIT_TEST].folder.seed == 2 && cell->data[SPLIT_TEST].folder.count == 32);
    CU_ASSERT_STRING_EQUAL(cell->data[SPLIT_TEST].folder.split, "test");
    suite_near(cell->training.lambda, 7, 0);
    struct cell copy;
    json_t *json = cell_to_json(cell, &err);
    CU_ASSERT_FATAL(json && !cell_from_json(&copy, json, "task", &err));
    CU_ASSERT_PTR_EQUAL(copy.set, &data_set_folder);
    CU_ASSERT_STRING_EQUAL(copy.digest, cell->digest);
    json_decref(copy.record);
    json_decref(json);
    plan_free(&plan);
    CU_ASSERT_FATAL(!plan_outline(&plan, &quick, &seeds, &table, 1, &err));
    CU_ASSERT_EQUAL(plan.count, 0);
    plan_absent(&why, &plan, &table, 1, 1);
    suite_text_is(text_string(&why), "profile quick has no [data dogs]");
    text_free(&why);
    plan_free(&plan);
    profile_free(&own);
    profile_free(&quick);
}

void suite_cells(void) {
    fake_reset();
    CU_pSuite suite = CU_add_suite("cells", suite_make_folder, suite_remove_folder);
    CU_add_test(suite, "table1 has 22 distinct cells, 66 runs with three seeds",
                test_table1_has_22_distinct_cells_66_runs_with_three_seeds);
    CU_add_test(suite, "a cell has its test data, seeds, scaled size and overrides",
                test_a_cell_has_its_test_data_seeds_scaled_size_and_overrides);
    CU_add_test(suite, "the digest changes with every setting that counts and no other",
                test_the_digest_changes_with_every_setting_that_counts_and_no_other);
    CU_add_test(suite, "the digest knows no paths, but the weights' content",
                test_the_digest_knows_no_paths_but_the_weights_content);
    CU_add_test(suite, "a row may be any setting", test_a_row_may_be_any_setting);
    CU_add_test(suite, "a column may have settings and a profile of its own",
                test_a_column_may_have_settings_and_a_profile_of_its_own);
    CU_add_test(suite, "what is set for all runs prevails and has a name",
                test_what_is_set_for_all_runs_prevails_and_has_a_name);
    CU_add_test(suite, "bad inputs are reported as they were found",
                test_bad_inputs_are_reported_as_they_were_found);
    CU_add_test(suite, "n = 0 is the baseline, All is the cell of tables without n",
                test_n_0_is_the_baseline_all_is_the_cell_of_tables_without_n);
    CU_add_test(suite, "the annotator's settings belong to the runs that need it",
                test_the_annotators_settings_belong_to_the_runs_that_need_it);
    CU_add_test(suite, "other data sets have settings of their own, empty cells a reason",
                test_other_data_sets_have_settings_of_their_own_empty_cells_a_reason);
    CU_add_test(suite, "data of one's own have cells", test_data_of_ones_own_have_cells);
    CU_add_test(suite, "places that come out equal are one run", test_places_that_come_out_equal_are_one_run);
    CU_add_test(suite, "recorded runs of the quick profile are still these runs",
                test_recorded_runs_of_the_quick_profile_are_still_these_runs);
    CU_add_test(suite, "recorded runs of the half profile are still these runs",
                test_recorded_runs_of_the_half_profile_are_still_these_runs);
    CU_add_test(suite, "differences between settings are named", test_differences_between_settings_are_named);
}
