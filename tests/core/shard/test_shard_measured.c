// SPDX-License-Identifier: Apache-2.0
// What the writer tells of a file that it has written: as if the file were read again, without reading it; and read
// again where the file becomes another than foreseen.
#include "core/base/digest.h"
#include "core/base/memory.h"
#include "core/base/random.h"
#include "core/shard/layout.h"
#include "core/shard/shard.h"
#include "tests/support/suite.h"

#include <CUnit/CUnit.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { SIDE_MOST = 40, TEXT = 20 };

static const struct column columns[] = {{"number", COLUMN_INT32, 0, "a number"},
                                        {"share", COLUMN_FLOAT64, 0, "a real number"},
                                        {"name", COLUMN_TEXT, TEXT, "a name"},
                                        {NULL, 0, 0, NULL}};

struct trial {
    int count, side, chunk, batch, compression;
    int step;                     // images of an append; 0: batch
    const char *foreseen, *title; // an attribute, as it was said before and as it is
};

static int append(struct shard_writer *w, const struct trial *t, struct random *r, int count,
                  struct error *err) {
    size_t area = (size_t)t->side * (size_t)t->side, n = (size_t)count;
    uint8_t *images = calloc(n, 3 * area), *masks = calloc(n, area);
    int32_t *labels = calloc(n, sizeof *labels), *numbers = calloc(n, sizeof *numbers);
    double *shares = calloc(n, sizeof *shares);
    char(*names)[TEXT] = calloc(n, sizeof *names);
    for (size_t i = 0; i < 3 * n * area; i++)
        images[i] = (uint8_t)random_below(r, 256);
    for (size_t i = 0; i < n * area; i++)
        masks[i] = random_below(r, 3) ? 0 : 255;
    for (size_t i = 0; i < n; i++) {
        numbers[i] = (int32_t)random_bits(r);
        shares[i] = random_uniform(r);
        snprintf(names[i], TEXT, "name %u", random_below(r, 1000));
    }
    int bad =
        shard_append(w, count, images, masks, labels, (const void *const[]){numbers, shares, names}, err);
    free(images);
    free(masks);
    free(labels);
    free(numbers);
    free(shares);
    free(names);
    return bad;
}

static int write_trial(const struct trial *t, const char *path, struct shard_written *written,
                       struct error *err) {
    struct random r = random_stream(9, random_purpose("measured"), 0);
    json_t *foreseen = json_pack("{s:s}", "title", t->foreseen ? t->foreseen : "pictures"),
           *attributes = json_pack("{s:s}", "title", t->title ? t->title : "pictures");
    struct shard_writer *w = shard_create(path, (struct shard_shape){t->count, t->side, t->side, 3}, columns,
                                          t->compression, t->chunk, err);
    int bad = !w, step = t->step ? t->step : t->batch;
    if (!bad && shard_measure(w, t->batch, foreseen, written, err)) {
        shard_abandon(w);
        bad = -1;
    }
    for (int i = 0; i < t->count && !bad; i += step)
        if (append(w, t, &r, t->count - i < step ? t->count - i : step, err)) {
            shard_abandon(w);
            bad = -1;
        }
    bad = bad || shard_finish(w, attributes, NULL, err);
    json_decref(foreseen);
    json_decref(attributes);
    return bad ? -1 : 0;
}

static void check_told(const struct trial *t, int read_again) {
    struct error err = {0};
    struct shard_written written = {.read_again = -1};
    struct shard_summary summary;
    struct stat status;
    char sha256[DIGEST_SIZE];
    const char *path = suite_path("measured.h5");
    CU_ASSERT_FATAL(!write_trial(t, path, &written, &err));
    CU_ASSERT_FATAL(!digest_file(path, sha256, &err) && !shard_summarise(path, &summary, &err) &&
                    !stat(path, &status));
    CU_ASSERT_EQUAL(written.read_again, read_again);
    CU_ASSERT_STRING_EQUAL(written.sha256, sha256);
    CU_ASSERT_EQUAL(written.bytes, status.st_size);
    CU_ASSERT_EQUAL(written.summary.shape.count, t->count);
    CU_ASSERT_EQUAL(written.summary.annotated, summary.annotated);
}

static void test_a_file_is_digested_while_it_is_written(void) {
    static const struct trial trials[] = {
        {.count = 1, .side = 40, .chunk = 1, .batch = 1},
        {.count = 9, .side = 33, .chunk = 4, .batch = 8},
        {.count = 1000, .side = 8, .chunk = 1, .batch = 64},
        {.count = 2001, .side = 9, .chunk = 4, .batch = 512},
        {.count = 131, .side = 20, .chunk = 16, .batch = 32},
        {.count = 50, .side = 12, .chunk = 7, .batch = 10},
        {.count = 30000, .side = 8, .chunk = 2, .batch = 500},
    };
    for (size_t i = 0; i < sizeof trials / sizeof *trials; i++)
        check_told(&trials[i], 0);
}

static void test_a_file_that_becomes_another_than_foreseen_is_read_again(void) {
    struct trial t = {.count = 40, .side = 16, .chunk = 4, .batch = 16, .step = 12};
    check_told(&t, 1);
    t.step = 0;
    check_told(&t, 0);
    t.title = "other pictures";
    check_told(&t, 1);
}

// HDF5 puts chunks of a few bytes where there is room.
static void test_a_file_whose_data_lie_in_no_order_is_read_again(void) {
    struct trial t = {.count = 30000, .side = 1, .chunk = 4, .batch = 500};
    check_told(&t, 1);
}

static void test_a_compressed_file_is_read_again(void) {
    struct trial t = {.count = 40, .side = 16, .chunk = 4, .batch = 16, .compression = 3};
    check_told(&t, 1);
}

static void test_no_memory_for_foreseeing_leaves_nothing_behind(void) {
    const struct trial t = {.count = 40, .side = 16, .chunk = 4, .batch = 16};
    struct shard_written written;
    const char *path = suite_path("memory.h5");
    int failures = 0;
    for (long n = 1;; n++) {
        struct error err = {0};
        memory_fail_at = n;
        int failed = write_trial(&t, path, &written, &err), spared = memory_fail_at > 0;
        memory_fail_at = 0;
        if (failed) {
            suite_text_has(err.message, "out of memory");
            CU_ASSERT(!file_exists(path));
            failures++;
        } else {
            char sha256[DIGEST_SIZE];
            CU_ASSERT(!digest_file(path, sha256, &err));
            CU_ASSERT_STRING_EQUAL(written.sha256, sha256);
            CU_ASSERT(!file_remove(path, &err));
        }
        if (spared)
            break;
    }
    CU_ASSERT(failures > 20);
}

static void test_a_layout_holds_what_was_noted(void) {
    struct file_layout a = {0}, b = {0};
    uint8_t bytes[9000], back[9000], zeros[10] = {0};
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i * 7 + i / 256);
    layout_note(&a, 0, 100000, sizeof bytes, bytes);
    layout_note(&a, 0, 5, 10, bytes);
    layout_note(&a, 1, 50, 50, bytes); // raw: a range, without its bytes
    layout_note(&a, 1, 100, 30, bytes);
    layout_note(&a, 1, 200, 30, bytes);
    layout_copy(&a, 100000, sizeof bytes, back);
    CU_ASSERT(!memcmp(bytes, back, sizeof bytes));
    layout_copy(&a, 5, 10, back);
    CU_ASSERT(!memcmp(bytes, back, 10));
    layout_copy(&a, 60, 10, back);
    CU_ASSERT(!memcmp(zeros, back, 10));
    CU_ASSERT_EQUAL(a.range_count, 2);
    CU_ASSERT(a.ranges[0].begin == 50 && a.ranges[0].end == 130 && !a.unordered);
    layout_note(&b, 0, 5, 10, bytes);
    layout_note(&b, 1, 50, 80, bytes);
    layout_note(&b, 1, 200, 30, bytes);
    CU_ASSERT(layout_agrees(&a, &b, 100000));
    CU_ASSERT(!layout_agrees(&a, &b, 100010));
    layout_note(&b, 1, 20, 5, bytes);
    CU_ASSERT(b.unordered);
    CU_ASSERT(!layout_agrees(&a, &b, 100000));
    layout_free(&a);
    layout_free(&b);
}

void suite_shard_measured(void);
void suite_shard_measured(void) {
    CU_pSuite suite = CU_add_suite("shard_measured", suite_make_folder, suite_remove_folder);
    CU_add_test(suite, "a file is digested while it is written", test_a_file_is_digested_while_it_is_written);
    CU_add_test(suite, "a file that becomes another than foreseen is read again",
                test_a_file_that_becomes_another_than_foreseen_is_read_again);
    CU_add_test(suite, "a file whose data lie in no order is read again",
                test_a_file_whose_data_lie_in_no_order_is_read_again);
    CU_add_test(suite, "a compressed file is read again", test_a_compressed_file_is_read_again);
    CU_add_test(suite, "no memory for foreseeing leaves nothing behind",
                test_no_memory_for_foreseeing_leaves_nothing_behind);
    CU_add_test(suite, "a layout holds what was noted", test_a_layout_holds_what_was_noted);
}
