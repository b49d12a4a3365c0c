// SPDX-License-Identifier: Apache-2.0
// Shards: what is written comes back, equal data gives equal bytes, and whatever is no whole shard is refused
// with one line. Files that our writer would never make are made with the HDF5 library directly.
#include "core/base/digest.h"
#include "core/base/memory.h"
#include "core/base/random.h"
#include "core/shard/shard.h"
#include "tests/support/shard_fixture.h"
#include "tests/support/suite.h"

#include <CUnit/CUnit.h>
#include <hdf5.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

enum { COUNT = 11, HEIGHT = 5, WIDTH = 7, AREA = HEIGHT * WIDTH, CLASSES = 4, TEXT = 12 };

static const struct column columns[] = {{"digit_index", COLUMN_INT32, 0, "index of the digit"},
                                        {"share", COLUMN_FLOAT64, 0, "a real number"},
                                        {"texture", COLUMN_TEXT, TEXT, "name of the texture"},
                                        {NULL, 0, 0, NULL}};

struct sample { // the data of the shards in these tests
    uint8_t images[COUNT][AREA * 3], masks[COUNT][AREA];
    int32_t labels[COUNT], index[COUNT];
    double share[COUNT];
    char texture[COUNT][TEXT];
};

static void fill(struct sample *s) {
    struct random r = random_stream(3, random_purpose("test shard"), 0);
    memset(s, 0, sizeof *s);
    for (int i = 0; i < COUNT; i++) {
        for (int p = 0; p < AREA * 3; p++)
            s->images[i][p] = (uint8_t)random_below(&r, 256);
        for (int p = 0; p < AREA; p++)
            s->masks[i][p] = random_below(&r, 2) ? 255 : 0;
        s->labels[i] = i % CLASSES;
        s->index[i] = (int32_t)random_below(&r, 60000);
        s->share[i] = random_uniform(&r);
        snprintf(s->texture[i], TEXT, "banded_%02d", i % 100);
    }
}

// Writes `s` in steps of `step` images. NULL attributes: none.
static int write_sample(const struct sample *s, const char *path, int compression, int chunk, int step,
                        const json_t *attributes, char content[65], struct error *err) {
    struct shard_writer *w = shard_create(path, (struct shard_shape){COUNT, HEIGHT, WIDTH, CLASSES}, columns,
                                          compression, chunk, err);
    if (!w)
        return -1;
    for (int i = 0; i < COUNT; i += step) {
        int count = COUNT - i < step ? COUNT - i : step;
        const void *values[] = {s->index + i, s->share + i, s->texture + i};
        if (shard_append(w, count, s->images[i], s->masks[i], s->labels + i, values, err)) {
            shard_abandon(w);
            return -1;
        }
    }
    return shard_finish(w, attributes, content, err);
}

static const char *write_plain(const char *name) {
    struct sample s;
    struct error err = {0};
    const char *path = suite_path(name);
    fill(&s);
    if (write_sample(&s, path, 0, 4, COUNT, NULL, NULL, &err))
        CU_FAIL_FATAL("a shard cannot be written");
    return path;
}

// ---------------------------------------------------------------------------------------------- round trips

static void check_images(struct shard *shard, const struct sample *s) {
    struct error err = {0};
    const uint32_t order[] = {10, 0, 3, 3, 7};
    uint8_t images[5][AREA * 3], masks[5][AREA];
    int32_t labels[5];
    CU_ASSERT_FATAL(!shard_read(shard, order, 5, images[0], masks[0], labels, &err));
    for (int i = 0; i < 5; i++) {
        CU_ASSERT(!memcmp(images[i], s->images[order[i]], sizeof images[i]));
        CU_ASSERT(!memcmp(masks[i], s->masks[order[i]], sizeof masks[i]));
        CU_ASSERT_EQUAL(labels[i], s->labels[order[i]]);
    }
    CU_ASSERT(!shard_read(shard, order, 5, NULL, NULL, labels, &err)); // each output may be left out
    const uint32_t beyond = COUNT;
    CU_ASSERT(shard_read(shard, &beyond, 1, NULL, NULL, labels, &err));
    suite_text_has(err.message, "there is no image 11 among 11");
}

static void check_columns(struct shard *shard, const struct sample *s) {
    struct error err = {0};
    int32_t index[COUNT];
    char *texture;
    size_t size;
    CU_ASSERT_FATAL(!shard_column(shard, "digit_index", index, &err));
    CU_ASSERT(!memcmp(index, s->index, sizeof index));
    CU_ASSERT_FATAL(!shard_text_column(shard, "texture", &texture, &size, &err));
    for (int i = 0; i < COUNT; i++)
        CU_ASSERT_STRING_EQUAL(texture + (size_t)i * size, s->texture[i]);
    free(texture);
    CU_ASSERT(shard_column(shard, "group", index, &err));
    suite_text_has(err.message, "has no dataset 'group'");
    CU_ASSERT(shard_column(shard, "texture", index, &err)); // text is no int32
    json_t *datasets = shard_datasets(shard, &err);
    CU_ASSERT_EQUAL(json_array_size(datasets), 6);
    const json_t *first = json_array_get(datasets, 0);
    CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(first, "name")), "digit_index");
    CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(first, "type")), "int32");
    CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(first, "description")), "index of the digit");
    json_decref(datasets);
}

static void check_round_trip(int compression, int chunk, int step) {
    struct sample s;
    struct error err = {0};
    const char *path = suite_path("round.h5");
    char content[65], computed[65];
    fill(&s);
    json_t *attributes = json_pack("{sssisfs[ss]s[ff]}", "title", "Textures \xc3\xa4", "seed", 5, "p", 0.25,
                                   "classes_text", "one", "three", "reals", 0.5, 2.0);
    CU_ASSERT_FATAL(!write_sample(&s, path, compression, chunk, step, attributes, content, &err));
    struct shard *shard = shard_open(path, &err);
    CU_ASSERT_FATAL(shard != NULL);
    struct shard_shape shape = shard_shape(shard);
    CU_ASSERT(shape.count == COUNT && shape.height == HEIGHT && shape.width == WIDTH);
    CU_ASSERT_EQUAL(shape.classes, CLASSES);
    check_images(shard, &s);
    check_columns(shard, &s);
    CU_ASSERT(!shard_content_compute(shard, computed, &err));
    CU_ASSERT_STRING_EQUAL(computed, content);
    CU_ASSERT_STRING_EQUAL(shard_content_digest(shard), content);
    json_t *read = shard_attributes(shard, &err);
    const char *key;
    json_t *value;
    json_object_foreach(attributes, key, value) CU_ASSERT(json_equal(json_object_get(read, key), value));
    CU_ASSERT_EQUAL(json_integer_value(json_object_get(read, "format_version")), SHARD_FORMAT_VERSION);
    json_decref(read);
    json_decref(attributes);
    shard_close(shard);
}

static void test_what_is_written_comes_back(void) {
    check_round_trip(0, 1, 1);
    check_round_trip(0, 4, 3);
    check_round_trip(6, 3, 5);
    check_round_trip(1, 16, COUNT);
}

// ---------------------------------------------------------------------------------------------- same bytes

static void test_equal_data_give_equal_bytes_for_any_threads(void) {
    struct sample s;
    struct error err = {0};
    char first[65] = "", digest[65];
    int before = omp_get_max_threads();
    fill(&s);
    for (int threads = 1; threads <= 3; threads++)
        for (int again = 0; again < 2; again++) {
            omp_set_num_threads(threads);
            const char *path = suite_path(again ? "same2.h5" : "same1.h5");
            CU_ASSERT_FATAL(!write_sample(&s, path, 6, 2, 4, NULL, NULL, &err));
            CU_ASSERT_FATAL(!digest_file(path, digest, &err));
            if (!*first)
                memcpy(first, digest, sizeof first);
            CU_ASSERT_STRING_EQUAL(digest, first);
        }
    omp_set_num_threads(before);
}

static void test_content_digest_is_of_values_alone(void) {
    struct sample s;
    struct error err = {0};
    char plain[65], packed[65], other[65];
    fill(&s);
    CU_ASSERT(!write_sample(&s, suite_path("a.h5"), 0, 1, 4, NULL, plain, &err));
    CU_ASSERT(!write_sample(&s, suite_path("b.h5"), 9, 5, 3, NULL, packed, &err));
    CU_ASSERT_STRING_EQUAL(plain, packed);
    s.masks[COUNT - 1][AREA - 1] ^= 255;
    CU_ASSERT(!write_sample(&s, suite_path("c.h5"), 0, 1, 4, NULL, other, &err));
    CU_ASSERT_STRING_NOT_EQUAL(plain, other);
    s.masks[COUNT - 1][AREA - 1] ^= 255;
    s.texture[2][0] = 'x';
    CU_ASSERT(!write_sample(&s, suite_path("c.h5"), 0, 1, 4, NULL, other, &err));
    CU_ASSERT_STRING_NOT_EQUAL(plain, other);
}

// The manifest of a file that is replaced goes before it, so that it lies at no moment beside another file.
static void test_a_new_shard_has_no_manifest_of_the_one_before(void) {
    struct error err = {0};
    struct sample s;
    const char *path = write_plain("again.h5");
    shard_fixture_manifest(path);
    fill(&s);
    suite_limit_files(2000); // the new one fails: file and manifest stay
    CU_ASSERT(write_sample(&s, path, 0, 2, 3, NULL, NULL, &err));
    suite_limit_files(0);
    CU_ASSERT(file_exists(suite_path("again.h5.sha256")));
    CU_ASSERT_FATAL(!write_sample(&s, path, 0, 2, 3, NULL, NULL, &err));
    CU_ASSERT(!file_exists(suite_path("again.h5.sha256")));
    struct shard *shard = shard_open(path, &err);
    CU_ASSERT_PTR_NOT_NULL(shard);
    shard_close(shard);
}

static void test_manifest_is_in_the_format_of_sha256sum(void) {
    struct error err = {0};
    const char *path = write_plain("manifest.h5");
    char digest[65], expected[128];
    shard_fixture_manifest(path);
    CU_ASSERT_FATAL(!digest_file(path, digest, &err));
    snprintf(expected, sizeof expected, "%s  manifest.h5\n", digest);
    char *text = file_read(suite_path("manifest.h5.sha256"), 1000, NULL, &err);
    CU_ASSERT_FATAL(text != NULL);
    CU_ASSERT_STRING_EQUAL(text, expected);
    free(text);
}

// ---------------------------------------------------------------------------------------------- bad files

static void check_refused(const char *path, const char *message) {
    struct error err = {0};
    struct shard *shard = shard_open(path, &err);
    CU_ASSERT_PTR_NULL(shard);
    suite_text_has(err.message, message);
    suite_text_has(err.message, path);
    CU_ASSERT_PTR_NULL(strchr(err.message, '\n'));
    if (!strstr(err.message, message))
        fprintf(stderr, "\n  expected '%s', got '%s'\n", message, err.message);
    shard_close(shard);
}

static void test_shards_cut_at_any_length_are_refused(void) {
    struct error err = {0};
    const char *path = write_plain("cut.h5");
    struct stat status;
    CU_ASSERT_FATAL(!stat(path, &status) && status.st_size > 4000);
    unsigned opened = 0, silent = 0;
    for (off_t length = status.st_size - 1; length >= 0; length--) {
        CU_ASSERT_FATAL(!truncate(path, length));
        err.message[0] = 0;
        struct shard *shard = shard_open(path, &err);
        opened += shard != NULL;
        silent += !strstr(err.message, path);
        shard_close(shard);
    }
    CU_ASSERT_EQUAL(opened, 0);
    CU_ASSERT_EQUAL(silent, 0);
}

static void test_other_files_are_refused(void) {
    struct error err = {0};
    check_refused(suite_path("absent.h5"), "No such file");
    check_refused(suite_folder(), "a folder, not a shard");
    const char *text = suite_path("text.h5");
    CU_ASSERT_FATAL(!file_write(text, "images\n", 7, &err));
    check_refused(text, "not a whole HDF5 file");
    const char *bare = suite_path("bare.h5");
    hid_t file = H5Fcreate(bare, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    H5Fclose(file);
    check_refused(bare, "no shard: it lacks the attribute format_version, the whole number 1");
}

struct layout { // of a file made by hand
    hsize_t images[4], masks[3], labels[1];
    int rank;    // of images
    int version; // of the format
    hid_t type;  // of images
};

static const char *write_by_hand(const struct layout *layout) {
    const char *path = suite_path("hand.h5");
    hid_t file = shard_fixture_begin(path, layout->version, 2);
    shard_fixture_add_zeros(file, "images", layout->type, layout->rank, layout->images, H5P_DEFAULT);
    shard_fixture_add_zeros(file, "masks", H5T_NATIVE_UINT8, 3, layout->masks, H5P_DEFAULT);
    shard_fixture_add_zeros(file, "labels", H5T_NATIVE_INT32, 1, layout->labels, H5P_DEFAULT);
    H5Fclose(file);
    return path;
}

static void test_shapes_that_disagree_are_refused(void) {
    const struct layout good = {{3, 4, 5, 3}, {3, 4, 5}, {3}, 4, SHARD_FORMAT_VERSION, H5T_NATIVE_UINT8};
    struct error err = {0};
    struct shard *shard = shard_open(write_by_hand(&good), &err);
    CU_ASSERT_PTR_NOT_NULL(shard); // so that the refusals below are for their own reasons
    shard_close(shard);
    struct layout bad = good;
    bad.masks[0] = 2;
    check_refused(write_by_hand(&bad), "shapes disagree: images [3,4,5,3], masks [2,4,5]");
    bad = good;
    bad.masks[2] = 4;
    check_refused(write_by_hand(&bad), "shapes disagree: images [3,4,5,3], masks [3,4,4]");
    bad = good;
    bad.labels[0] = 4;
    check_refused(write_by_hand(&bad), "shapes disagree: 3 images, 4 labels");
    bad = good;
    bad.images[3] = 4;
    check_refused(write_by_hand(&bad), "images have 4 channels; it should be 3");
    bad = good;
    bad.rank = 3;
    check_refused(write_by_hand(&bad), "'images' has 3 dimensions; it should have 4");
    bad = good;
    bad.type = H5T_NATIVE_FLOAT;
    check_refused(write_by_hand(&bad), "'images' holds float32; uint8 is needed");
    bad = good;
    bad.type = H5T_NATIVE_DOUBLE;
    check_refused(write_by_hand(&bad), "'images' holds float64; uint8 is needed");
    bad = good;
    bad.images[1] = 3, bad.images[3] = 5; // as PyTorch has them
    check_refused(write_by_hand(&bad),
                  "images have 5 channels; it should be 3, which come last: images.transpose(0, 2, 3, 1)");
}

static void test_another_format_version_is_refused(void) {
    const struct layout next = {{3, 4, 5, 3}, {3, 4, 5}, {3}, 4, SHARD_FORMAT_VERSION + 1, H5T_NATIVE_UINT8};
    check_refused(write_by_hand(&next), "version 2");
}

// One compressed image, all zeros but for a mark; `size` is its length.
static uint8_t *pack_marked(size_t length, uint8_t mark, uLongf *size) {
    uint8_t *plain = calloc(length, 1), *packed = malloc(compressBound((uLong)length));
    *size = compressBound((uLong)length);
    if (!plain || !packed)
        CU_FAIL_FATAL("out of memory");
    plain[1000] = mark;
    compress2(packed, size, plain, (uLong)length, 1);
    free(plain);
    return packed;
}

// A dataset of `shape` whose images are all zeros, but image `marked`. The same packed bytes serve for all.
static void put_marked(hid_t file, const char *name, int rank, const hsize_t *shape, hsize_t marked,
                       uint8_t mark) {
    hsize_t chunk[4] = {1, shape[1], shape[2], 3};
    hid_t space = H5Screate_simple(rank, shape, NULL), properties = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_chunk(properties, rank, chunk);
    H5Pset_deflate(properties, 1);
    hid_t set = H5Dcreate2(file, name, H5T_NATIVE_UINT8, space, H5P_DEFAULT, properties, H5P_DEFAULT);
    uLongf sizes[2];
    size_t length = shape[1] * shape[2] * (rank == 4 ? 3 : 1);
    uint8_t *packed[2] = {pack_marked(length, 0, &sizes[0]), pack_marked(length, mark, &sizes[1])};
    for (hsize_t i = 0; i < shape[0]; i++) {
        hsize_t offset[4] = {i, 0, 0, 0};
        H5Dwrite_chunk(set, H5P_DEFAULT, 0, offset, sizes[i == marked], packed[i == marked]);
    }
    free(packed[0]);
    free(packed[1]);
    H5Dclose(set);
    H5Pclose(properties);
    H5Sclose(space);
}

// More than 1 GiB of images and masks is not kept in memory but read image by image.
static void test_large_shards_are_read_on_demand(void) {
    const hsize_t images[4] = {120, 1536, 1536, 3}, masks[3] = {120, 1536, 1536}, labels[1] = {120};
    const char *path = suite_path("large.h5");
    hid_t file = shard_fixture_begin(path, SHARD_FORMAT_VERSION, 2);
    put_marked(file, "images", 4, images, 77, 9);
    put_marked(file, "masks", 3, masks, 77, 255);
    shard_fixture_add_zeros(file, "labels", H5T_NATIVE_INT32, 1, labels, H5P_DEFAULT);
    H5Fclose(file);

    struct error err = {0};
    uint8_t *image = malloc(1536 * 1536 * 3), *mask = malloc(1536 * 1536);
    struct shard *shard = shard_open(path, &err);
    CU_ASSERT_FATAL(shard && image && mask);
    for (uint32_t i = 76; i <= 78; i++) {
        CU_ASSERT(!shard_read(shard, &i, 1, image, mask, NULL, &err));
        CU_ASSERT(image[1000] == (i == 77 ? 9 : 0) && mask[1000] == (i == 77 ? 255 : 0));
    }
    shard_close(shard);
    free(image);
    free(mask);
    unlink(path);
}

// An extent that says more than the file holds must not make the reader ask for memory.
static void test_extents_beyond_the_file_are_refused(void) {
    const char *path = suite_path("boast.h5");
    const hsize_t images[4] = {16000000, 100, 100, 3}, masks[3] = {16000000, 100, 100},
                  labels[1] = {16000000};
    hid_t file = shard_fixture_begin(path, SHARD_FORMAT_VERSION, 2);
    // Nothing is ever written: no bytes lie behind the extents.
    shard_fixture_add_empty(file, "images", H5T_NATIVE_UINT8, 4, images, H5P_DEFAULT);
    shard_fixture_add_empty(file, "masks", H5T_NATIVE_UINT8, 3, masks, H5P_DEFAULT);
    shard_fixture_add_empty(file, "labels", H5T_NATIVE_INT32, 1, labels, H5P_DEFAULT);
    H5Fclose(file);
    check_refused(path, "larger than what the file holds");
}

static void test_labels_out_of_range_are_refused(void) {
    const char *path = write_plain("labels.h5");
    hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT), labels = H5Dopen2(file, "labels", H5P_DEFAULT);
    int32_t values[COUNT] = {0, 1, 2, CLASSES};
    H5Dwrite(labels, H5T_NATIVE_INT32, H5S_ALL, H5S_ALL, H5P_DEFAULT, values);
    H5Dclose(labels);
    H5Fclose(file);
    check_refused(path, "image 3: label 4 is not in 0..3");
}

// ---------------------------------------------------------------------------------------------- writing

static void test_failures_while_writing_leave_nothing(void) {
    struct sample s;
    struct error err = {0};
    const char *folder = suite_path("empty"), *path = suite_path("empty/out.h5");
    fill(&s);
    CU_ASSERT_FATAL(!folder_make(folder, &err));
    struct shard_shape shape = {COUNT, HEIGHT, WIDTH, CLASSES};
    const void *values[] = {s.index, s.share, s.texture};

    struct shard_writer *w = shard_create(path, shape, columns, 0, 4, &err); // fewer images than announced
    CU_ASSERT_FATAL(w != NULL);
    CU_ASSERT(!shard_append(w, COUNT - 1, s.images[0], s.masks[0], s.labels, values, &err));
    CU_ASSERT(shard_finish(w, NULL, NULL, &err));
    suite_text_has(err.message, "10 of 11 images were written");
    CU_ASSERT_EQUAL(suite_count_entries(folder), 0);

    w = shard_create(path, shape, columns, 0, 4, &err); // more
    CU_ASSERT_FATAL(w != NULL);
    CU_ASSERT(!shard_append(w, COUNT, s.images[0], s.masks[0], s.labels, values, &err));
    CU_ASSERT(shard_append(w, 1, s.images[0], s.masks[0], s.labels, values, &err));
    shard_abandon(w);
    CU_ASSERT_EQUAL(suite_count_entries(folder), 0);

    w = shard_create(path, shape, columns, 0, 4, &err); // a label that is none
    CU_ASSERT_FATAL(w != NULL);
    s.labels[5] = -1;
    CU_ASSERT(shard_append(w, COUNT, s.images[0], s.masks[0], s.labels, values, &err));
    suite_text_has(err.message, "image 5: label -1 is not in 0..3");
    shard_abandon(w);
    CU_ASSERT_EQUAL(suite_count_entries(folder), 0);
}

static void test_a_folder_that_is_none_is_named(void) {
    struct error err = {0};
    const char *path = suite_path("whole.txt/out.h5");
    CU_ASSERT_FATAL(!file_write(suite_path("whole.txt"), "", 0, &err));
    CU_ASSERT_PTR_NULL(shard_create(path, (struct shard_shape){1, 1, 1, 1}, NULL, 0, 1, &err));
    suite_text_has(err.message, path);
    suite_text_has(err.message, "Not a directory");
}

static void test_a_full_disk_is_reported_and_leaves_nothing(void) {
    struct sample s;
    const char *folder = suite_path("full"), *path = suite_path("full/out.h5");
    struct error err = {0};
    fill(&s);
    CU_ASSERT_FATAL(!folder_make(folder, &err));
    for (long bytes = 1; bytes < 8000; bytes += 500) {
        suite_limit_files(bytes);
        int bad = write_sample(&s, path, 0, 2, 3, NULL, NULL, &err);
        suite_limit_files(0);
        CU_ASSERT_FATAL(bad);
        suite_text_has(err.message, "File too large");
        CU_ASSERT_EQUAL(suite_count_entries(folder), 0);
    }
}

// Fails each allocation in turn until writing and reading pass.
static void test_no_allocation_failure_leaks_or_leaves_a_file(void) {
    struct sample s;
    const char *folder = suite_path("memory"), *path = suite_path("memory/out.h5");
    struct error err = {0};
    long failed = 0;
    fill(&s);
    CU_ASSERT_FATAL(!folder_make(folder, &err));
    for (;; failed++) {
        CU_ASSERT_FATAL(failed < 1000);
        memory_fail_at = failed + 1;
        int bad = write_sample(&s, path, 1, 4, 5, NULL, NULL, &err);
        memory_fail_at = 0;
        if (!bad)
            break;
        suite_text_has(err.message, "out of memory");
        CU_ASSERT_EQUAL(suite_count_entries(folder), 0);
    }
    CU_ASSERT(failed >= 5);
    for (failed = 0;; failed++) {
        CU_ASSERT_FATAL(failed < 1000);
        memory_fail_at = failed + 1;
        struct shard *shard = shard_open(path, &err);
        memory_fail_at = 0;
        shard_close(shard);
        if (shard)
            break;
        suite_text_has(err.message, "out of memory");
    }
    CU_ASSERT(failed >= 3);
}

void suite_shard(void) {
    CU_pSuite suite = CU_add_suite("shard", suite_make_folder, suite_remove_folder);
    CU_add_test(suite, "what is written comes back", test_what_is_written_comes_back);
    CU_add_test(suite, "large shards are read on demand", test_large_shards_are_read_on_demand);
    CU_add_test(suite, "equal data give equal bytes for any threads",
                test_equal_data_give_equal_bytes_for_any_threads);
    CU_add_test(suite, "content digest is of values alone", test_content_digest_is_of_values_alone);
    CU_add_test(suite, "a new shard has no manifest of the one before",
                test_a_new_shard_has_no_manifest_of_the_one_before);
    CU_add_test(suite, "manifest is in the format of sha256sum", test_manifest_is_in_the_format_of_sha256sum);
    CU_add_test(suite, "shards cut at any length are refused", test_shards_cut_at_any_length_are_refused);
    CU_add_test(suite, "other files are refused", test_other_files_are_refused);
    CU_add_test(suite, "shapes that disagree are refused", test_shapes_that_disagree_are_refused);
    CU_add_test(suite, "another format version is refused", test_another_format_version_is_refused);
    CU_add_test(suite, "extents beyond the file are refused", test_extents_beyond_the_file_are_refused);
    CU_add_test(suite, "labels out of range are refused", test_labels_out_of_range_are_refused);
    CU_add_test(suite, "failures while writing leave nothing", test_failures_while_writing_leave_nothing);
    CU_add_test(suite, "a folder that is none is named", test_a_folder_that_is_none_is_named);
    CU_add_test(suite, "a full disk is reported and leaves nothing",
                test_a_full_disk_is_reported_and_leaves_nothing);
    CU_add_test(suite, "no allocation failure leaks or leaves a file",
                test_no_allocation_failure_leaks_or_leaves_a_file);
}
