// SPDX-License-Identifier: Apache-2.0
// A recipe becomes the same shard for any number of threads, its images at their places over all batches; and
// nothing where an image or the attributes cannot be made.
#include "gen/write/shard_batch.h"

#include "core/base/digest.h"
#include "tests/support/suite.h"

#include <CUnit/CUnit.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SIDE = 4, COUNT = 50, CLASSES = 3, BATCH = 16, NUMBER = 0, SHARE, NAME };

static const struct column columns[] = {{"number", COLUMN_INT32, 0, "of the image"},
                                        {"share", COLUMN_FLOAT64, 0, "a quarter of it"},
                                        {"name", COLUMN_TEXT, 6, "its name, if it fits"},
                                        {0}};

struct recorder { // what the recipe was asked, and what it refuses
    int prepared, refused_from, no_attributes;
    double last, total;
};

static int prepare(void *context, int first, int count, struct error *err) {
    struct recorder *r = context;
    if (first != r->prepared)
        return fail(err, "batches out of order");
    r->prepared = first + count;
    return 0;
}

static int make(void *context, struct shard_batch *batch, int at, int index, struct error *err) {
    const struct recorder *r = context;
    char name[16];
    if (r->refused_from && index >= r->refused_from)
        return fail(err, "image %d cannot be made", index);
    memset(shard_batch_image(batch, at), index, SIDE * SIDE * 3);
    memset(shard_batch_mask(batch, at), 255 - index, SIDE * SIDE);
    batch->labels[at] = index % CLASSES;
    snprintf(name, sizeof name, "image %d", index);
    shard_batch_set_number(batch, NUMBER, at, index);
    shard_batch_set_number(batch, SHARE, at, index / 4.0);
    shard_batch_set_text(batch, NAME, at, index % 2 ? name : "even");
    return 0;
}

static json_t *attributes(void *context, struct error *err) {
    const struct recorder *r = context;
    if (r->no_attributes)
        fail(err, "no attributes");
    return r->no_attributes ? NULL : json_pack("{ss}", "title", "a trial");
}

static void progress(void *context, double done, double total, const char *note) {
    struct recorder *r = context;
    (void)note;
    r->last = done;
    r->total = total;
}

static int generate(struct recorder *r, const char *path, struct error *err) {
    struct shard_recipe recipe = {.shape = {COUNT, SIDE, SIDE, CLASSES},
                                  .columns = columns,
                                  .chunk = 3,
                                  .batch = BATCH,
                                  .context = r,
                                  .prepare = prepare,
                                  .make = make,
                                  .attributes = attributes,
                                  .progress = progress,
                                  .progress_context = r};
    return shard_batch_generate(&recipe, path, err);
}

static void test_images_are_at_their_places(void) {
    struct recorder r = {0};
    struct error err = {0};
    const char *path = suite_path("places.h5");
    uint8_t image[SIDE * SIDE * 3], mask[SIDE * SIDE];
    int32_t label, numbers[COUNT];
    double shares[COUNT];
    char *names = NULL;
    size_t size = 0;
    CU_ASSERT_FATAL(!generate(&r, path, &err));
    CU_ASSERT(r.prepared == COUNT && r.last == COUNT && r.total == COUNT);
    struct shard *shard = shard_open(path, &err);
    CU_ASSERT_FATAL(shard != NULL);
    CU_ASSERT(!shard_column(shard, "number", numbers, &err) &&
              !shard_real_column(shard, "share", shares, &err) &&
              !shard_text_column(shard, "name", &names, &size, &err));
    CU_ASSERT_FATAL(names != NULL);
    for (uint32_t i = 0; i < COUNT; i++) {
        CU_ASSERT(!shard_read(shard, &i, 1, image, mask, &label, &err));
        CU_ASSERT(image[0] == i && image[sizeof image - 1] == i && mask[0] == 255 - i &&
                  mask[sizeof mask - 1] == 255 - i && label == (int32_t)(i % CLASSES));
        CU_ASSERT(numbers[i] == (int32_t)i && shares[i] == i / 4.0);
        CU_ASSERT_STRING_EQUAL(names + i * size, i % 2 ? "image" : "even");
    }
    free(names);
    shard_close(shard);
}

static void test_bytes_are_the_same_for_any_threads(void) {
    static const char *const names[2] = {"one.h5", "three.h5"};
    int threads = omp_get_max_threads();
    char digests[2][DIGEST_SIZE];
    struct error err = {0};
    for (int k = 0; k < 2; k++) {
        struct recorder r = {0};
        omp_set_num_threads(k ? 3 : 1);
        CU_ASSERT_FATAL(!generate(&r, suite_path(names[k]), &err));
        CU_ASSERT_FATAL(!digest_file(suite_path(names[k]), digests[k], &err));
    }
    omp_set_num_threads(threads);
    CU_ASSERT_STRING_EQUAL(digests[0], digests[1]);
}

// Whichever thread is first: the message is the first image's.
static void test_what_cannot_be_made_leaves_nothing(void) {
    struct recorder image = {.refused_from = 20}, whole = {.no_attributes = 1};
    struct error err = {0};
    int before = suite_count_entries(suite_folder());
    CU_ASSERT(generate(&image, suite_path("refused.h5"), &err));
    CU_ASSERT_STRING_EQUAL(err.message, "image 20 cannot be made");
    CU_ASSERT(generate(&whole, suite_path("refused.h5"), &err));
    CU_ASSERT_STRING_EQUAL(err.message, "no attributes");
    CU_ASSERT_EQUAL(suite_count_entries(suite_folder()), before);
}

void suite_shard_batch(void) {
    CU_pSuite s = CU_add_suite("shard_batch", suite_make_folder, suite_remove_folder);
    CU_add_test(s, "images, labels and columns are at their places", test_images_are_at_their_places);
    CU_add_test(s, "the bytes are the same for any number of threads",
                test_bytes_are_the_same_for_any_threads);
    CU_add_test(s, "what cannot be made leaves nothing, and says which was first",
                test_what_cannot_be_made_leaves_nothing);
}
