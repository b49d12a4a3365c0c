// SPDX-License-Identifier: Apache-2.0
// What a run's step really gets of what its method makes of the training data: whose annotations, which images, which
// groups. And what a last layer that was trained anew gives through the network.
#include "core/base/random.h"
#include "core/methods/method.h"
#include "core/train/train_internal.h"
#include "tests/support/suite.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SIDE = 16, AREA = SIDE * SIDE, COUNT = 30, BATCH = 6, CLASSES = 3 };

// Image i: its annotation is i + 2 rows of 255 at the top and the rest 0, grey 200 + i inside and 5 i outside.
static int is_inside(int image, int pixel) {
    return pixel / SIDE < 2 + image % 8;
}
static int grey_of(int image, int pixel) {
    return is_inside(image, pixel) ? 200 + image : 5 * image;
}
static int32_t group_of_image(int image) {
    return 10 + 3 * (image % 4 == 1); // 10 and 13; the numbers in between are nobody's
}

static const char *make_shard(void) {
    struct error err = {0};
    static const struct column columns[] = {{"group", COLUMN_INT32, 0, "of the image"}, {0}};
    static const char *path;
    path = suite_path("train.h5");
    struct shard_writer *w =
        shard_create(path, (struct shard_shape){COUNT, SIDE, SIDE, CLASSES}, columns, 0, 4, &err);
    CU_ASSERT_FATAL(w != NULL);
    for (int i = 0; i < COUNT; i++) {
        uint8_t images[AREA * 3], masks[AREA];
        int32_t label = i * 7 % CLASSES, group = group_of_image(i);
        for (int p = 0; p < AREA; p++) {
            masks[p] = is_inside(i, p) ? 255 : 0;
            memset(images + 3 * p, grey_of(i, p), 3);
        }
        const void *values[] = {&group};
        CU_ASSERT_FATAL(!shard_append(w, 1, images, masks, &label, values, &err));
    }
    json_t *attributes = json_pack("{s:s}", "title", "test");
    CU_ASSERT_FATAL(!shard_finish(w, attributes, (char[65]){0}, &err));
    json_decref(attributes);
    return path;
}

struct fixture {
    struct training r;
    struct train_settings settings;
    struct error err;
};

// Opened, with the order of its first epoch, and its first step read.
static void open_step(struct fixture *f, const char *method) {
    memset(f, 0, sizeof *f);
    settings_default(train_schema, &f->settings);
    snprintf(f->settings.method, sizeof f->settings.method, "%s", method);
    f->settings.batch = BATCH;
    f->settings.seed = 4;
    f->r.settings = &f->settings;
    f->r.err = &f->err;
    f->r.state.step = 3;
    f->r.train = shard_open(make_shard(), &f->err);
    CU_ASSERT_FATAL(f->r.train != NULL);
    CU_ASSERT_FATAL(!train_batch_open(&f->r));
    CU_ASSERT_FATAL(!train_batch_order(&f->r, 0));
    CU_ASSERT_FATAL(!train_batch_read(&f->r, f->r.order));
}

static void close_step(struct fixture *f) {
    train_batch_close(&f->r);
    shard_close(f->r.train);
}

static int has_annotation_of(const struct fixture *f, int place, int image) {
    for (int p = 0; p < AREA; p++)
        if (f->r.annotations[place * AREA + p] != (is_inside(image, p) ? 255 : 0))
            return 0;
    return 1;
}

static int has_image_of(const struct fixture *f, int place, int image) {
    for (int p = 0; p < AREA; p++)
        if (f->r.images[(place * AREA + p) * 3] != grey_of(image, p))
            return 0;
    return 1;
}

static void test_a_step_has_each_images_own_annotation(void) {
    static const char *const methods[] = {"baseline", "reff", "energy", "rrr", "reweight", "group-dro"};
    for (size_t m = 0; m < sizeof methods / sizeof *methods; m++) {
        struct fixture f;
        open_step(&f, methods[m]);
        for (int i = 0; i < BATCH; i++) {
            CU_ASSERT(has_image_of(&f, i, (int)f.r.order[i]));
            CU_ASSERT(has_annotation_of(&f, i, (int)f.r.order[i]));
            CU_ASSERT_EQUAL(f.r.labels[i], (int)f.r.order[i] * 7 % CLASSES);
        }
        close_step(&f);
    }
}

static void test_a_shuffled_step_has_the_annotations_of_others(void) {
    struct fixture f;
    uint32_t of[COUNT];
    open_step(&f, "reff-shuffled");
    method_of("reff-shuffled")->annotations_of(COUNT, 4, of);
    for (int i = 0; i < BATCH; i++) {
        CU_ASSERT(has_image_of(&f, i, (int)f.r.order[i]));
        CU_ASSERT(has_annotation_of(&f, i, (int)of[f.r.order[i]]));
        CU_ASSERT(of[f.r.order[i]] != f.r.order[i]);
        CU_ASSERT_EQUAL(f.r.labels[i], (int)f.r.order[i] * 7 % CLASSES);
    }
    close_step(&f);
}

static void test_a_random_step_has_discs_of_the_images_by_their_index(void) {
    struct fixture f;
    uint8_t first[AREA];
    open_step(&f, "reff-random");
    memcpy(first, f.r.annotations, AREA);
    for (int i = 0; i < BATCH; i++) {
        CU_ASSERT(has_image_of(&f, i, (int)f.r.order[i]));
        CU_ASSERT(!has_annotation_of(&f, i, (int)f.r.order[i]));
    }
    uint32_t turned[BATCH]; // the same image at another place of a later batch
    memcpy(turned, f.r.order + 1, sizeof turned);
    turned[BATCH - 1] = f.r.order[0];
    f.r.state.step = 9;
    CU_ASSERT_FATAL(!train_batch_read(&f.r, turned));
    CU_ASSERT(!memcmp(first, f.r.annotations + (BATCH - 1) * AREA, AREA));
    close_step(&f);
}

// Over some steps: the object stays, the background is that of an image of the batch.
static void test_a_swapped_step_has_backgrounds_of_its_batch(void) {
    struct fixture f;
    int swapped = 0, all = 0, wrong = 0;
    open_step(&f, "swap");
    for (int step = 0; step < 20; step++) {
        f.r.state.step = step;
        CU_ASSERT_FATAL(!train_batch_read(&f.r, f.r.order + step % 4 * BATCH));
        for (int i = 0; i < BATCH; i++) {
            const uint32_t *order = f.r.order + step % 4 * BATCH;
            int own = (int)order[i], grey = f.r.images[(i * AREA + AREA - 1) * 3], others = 0;
            for (int k = 0; k < BATCH; k++)
                others += 5 * (int)order[k] == grey;
            CU_ASSERT_EQUAL(others, 1);
            for (int p = 0; p < AREA; p++)
                wrong += f.r.images[(i * AREA + p) * 3] != (is_inside(own, p) ? 200 + own : grey);
            CU_ASSERT(has_annotation_of(&f, i, own));
            all++;
            swapped += grey != 5 * own;
        }
    }
    CU_ASSERT_EQUAL(wrong, 0);
    suite_near((double)swapped / all, 0.5, 0.15);
    close_step(&f);
}

static void test_a_reweighted_epoch_draws_its_groups_alike(void) {
    struct fixture f;
    int rare = 0;
    open_step(&f, "reweight");
    CU_ASSERT_EQUAL(f.r.batches.groups, 2);
    for (long epoch = 0; epoch < 100; epoch++) {
        CU_ASSERT_FATAL(!train_batch_order(&f.r, epoch));
        for (int i = 0; i < COUNT; i++)
            rare += group_of_image((int)f.r.order[i]) == 13;
    }
    suite_near(rare / (100.0 * COUNT), 0.5, 0.03);
    close_step(&f);
}

static void test_a_step_of_group_dro_has_the_groups_of_its_images(void) {
    struct fixture f;
    int seen[2] = {0, 0};
    open_step(&f, "group-dro");
    CU_ASSERT_EQUAL(f.r.batches.groups, 2);
    for (int step = 0; step < COUNT / BATCH; step++) {
        CU_ASSERT_FATAL(!train_batch_read(&f.r, f.r.order + step * BATCH));
        for (int i = 0; i < BATCH; i++) {
            int expected = group_of_image((int)f.r.order[step * BATCH + i]) == 13;
            CU_ASSERT_EQUAL(f.r.batches.of_step[i], expected);
            seen[expected]++;
        }
    }
    CU_ASSERT_EQUAL(seen[1], 8);
    CU_ASSERT_EQUAL(seen[0], COUNT - 8);
    close_step(&f);
}

// ---------------------------------------------------------------------------------------------- the last layer

// Features below the logits and p - onehot of all images, as evaluation has them.
static void evaluate_all(struct trainer *t, struct shard *shard, int width, double *features, double *off) {
    static uint8_t images[BATCH * AREA * 3];
    int32_t labels[BATCH], predictions[BATCH];
    struct error err = {0};
    const struct graph *g = t->evaluation;
    const struct node *last = &g->nodes[g->values[g->logits].producer];
    for (int first = 0; first < COUNT; first += BATCH) {
        uint32_t index[BATCH];
        for (int i = 0; i < BATCH; i++)
            index[i] = (uint32_t)(first + i);
        CU_ASSERT_FATAL(!shard_read(shard, index, BATCH, images, NULL, labels, &err));
        trainer_evaluate(t, images, NULL, predictions);
        for (int i = 0; i < BATCH; i++) {
            double sum = 0;
            for (int k = 0; k < width; k++)
                features[k * COUNT + first + i] =
                    (double)g->values[last->inputs[0]].map[MAP_X][k * BATCH + i];
            for (int c = 0; c < CLASSES; c++)
                sum += exp((double)g->values[g->logits].map[MAP_X][c * BATCH + i]);
            for (int c = 0; c < CLASSES; c++)
                off[c * COUNT + first + i] =
                    exp((double)g->values[g->logits].map[MAP_X][c * BATCH + i]) / sum - (c == labels[i]);
        }
    }
}

// The slope of mean cross entropy + l2 / 2 |W|^2 in the weights W of standardised features and in the biases.
static double steepest_slope(const double *features, const double *off, int width, double l2,
                             const real *weight) {
    double steepest = 0;
    for (int c = 0; c < CLASSES; c++)
        for (int k = -1; k < width; k++) { // -1: the bias, which l2 leaves alone
            double mean = 0, squares = 0, slope = 0;
            for (int i = 0; k >= 0 && i < COUNT; i++)
                mean += features[k * COUNT + i] / COUNT;
            for (int i = 0; k >= 0 && i < COUNT; i++)
                squares += pow(features[k * COUNT + i] - mean, 2) / COUNT;
            double deviation = sqrt(squares);
            if (k >= 0 && deviation < 1e-9)
                continue;
            for (int i = 0; i < COUNT; i++)
                slope +=
                    off[c * COUNT + i] * (k < 0 ? 1 : (features[k * COUNT + i] - mean) / deviation) / COUNT;
            if (k >= 0)
                slope += l2 * (double)weight[c * width + k] * deviation;
            steepest = fmax(steepest, fabs(slope));
        }
    return steepest;
}

static void test_the_network_ends_where_the_last_layers_loss_is_least(void) {
    struct error err = {0};
    struct train_settings s;
    struct trainer_settings resolved;
    double lambda;
    settings_default(train_schema, &s);
    snprintf(s.method, sizeof s.method, "dfr");
    s.width = 4;
    s.batch = BATCH;
    CU_ASSERT_FATAL(!train_resolve(&s, SIDE, CLASSES, &resolved, &lambda, &err));
    struct trainer *t = trainer_create(&resolved, 1, &err);
    struct shard *shard = shard_open(make_shard(), &err);
    CU_ASSERT_FATAL(t != NULL && shard != NULL);
    struct last_layer about;
    const struct parameter *weight = parameters_find(&t->parameters, "fc.weight");
    int width = (int)weight->size / CLASSES;
    double *features = malloc((size_t)width * COUNT * sizeof *features), off[CLASSES * COUNT];
    evaluate_all(t, shard, width, features, off);
    double before = steepest_slope(features, off, width, 0, weight->value);
    CU_ASSERT_FATAL(!last_layer_retrain(t, shard, 1, &about, &err));
    CU_ASSERT_EQUAL(about.images, COUNT);
    evaluate_all(t, shard, width, features, off);
    CU_ASSERT(before > 0.01);
    suite_near(steepest_slope(features, off, width, about.l2, weight->value), 0, 1e-4);
    free(features);
    shard_close(shard);
    trainer_free(t);
}

void suite_train_batch(void);
void suite_train_batch(void) {
    CU_pSuite suite = CU_add_suite("train_batch", suite_make_folder, suite_remove_folder);
    CU_add_test(suite, "a step has each image's own annotation", test_a_step_has_each_images_own_annotation);
    CU_add_test(suite, "a shuffled step has the annotations of others",
                test_a_shuffled_step_has_the_annotations_of_others);
    CU_add_test(suite, "a random step has discs of the images by their index",
                test_a_random_step_has_discs_of_the_images_by_their_index);
    CU_add_test(suite, "a swapped step has backgrounds of its batch",
                test_a_swapped_step_has_backgrounds_of_its_batch);
    CU_add_test(suite, "a reweighted epoch draws its groups alike",
                test_a_reweighted_epoch_draws_its_groups_alike);
    CU_add_test(suite, "a step of group-dro has the groups of its images",
                test_a_step_of_group_dro_has_the_groups_of_its_images);
    CU_add_test(suite, "the network ends where the last layer's loss is least",
                test_the_network_ends_where_the_last_layers_loss_is_least);
}
