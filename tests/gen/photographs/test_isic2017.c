// SPDX-License-Identifier: Apache-2.0
// ISIC2017 from archives: what is in them comes out, whatever their order; what is odd is skipped and named;
// what is broken is refused.
#include "core/base/interrupt.h"
#include "core/base/memory.h"
#include "gen/data_set/data_set.h"
#include "gen/photographs/catalogue.h"
#include "gen/read/image.h"
#include "gen/read/resample.h"
#include "tests/support/photographs_fixture.h"
#include "tests/support/suite.h"

#include <CUnit/CUnit.h>
#include <omp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct photo_files files;

// The training split in a folder of that name.
static void training(const char *name, struct photographs_settings *s) {
    photos_settings(s, "isic2017", photos_write_isic(name, &files, "Training"), "train");
}

static void replace_list(const char *text) {
    sources_free(&files.lists);
    sources_add(&files.lists, "ISIC-2017_Training_Part3_GroundTruth.csv", text, strlen(text));
}

// ---------------------------------------------------------------------------------------------- what comes
// out

// Pixels of image i that differ from its file, decoded and resized here.
static int count_wrong(const struct photo_content *c, const char *fit_word, int i) {
    struct error err = {0};
    struct image picture, mask;
    enum fit fit = !strcmp(fit_word, "crop") ? FIT_CROP : !strcmp(fit_word, "pad") ? FIT_PAD : FIT_STRETCH;
    const char *id = c->ids + (size_t)i * c->id_size;
    char name[100];
    snprintf(name, sizeof name, "%s.jpg", id);
    const struct source_file *file = sources_find(&files.images, name);
    CU_ASSERT_FATAL(!image_decode(file->bytes, file->size, name, &picture, &err));
    snprintf(name, sizeof name, "%s_segmentation.png", id);
    file = sources_find(&files.masks, name);
    CU_ASSERT_FATAL(!image_decode(file->bytes, file->size, name, &mask, &err));
    int area = c->pixels * c->pixels, wrong = 0;
    uint8_t *out = malloc((size_t)area * 3), *out_mask = malloc((size_t)area * 3);
    struct placement p = resample_place(picture.width, picture.height, fit, c->pixels);
    CU_ASSERT_FATAL(!resample(picture.pixels, picture.width, picture.height, 3, picture.width, picture.height,
                              &p, c->pixels, out, &err));
    CU_ASSERT_FATAL(!resample(mask.pixels, mask.width, mask.height, 3, mask.width, mask.height, &p, c->pixels,
                              out_mask, &err));
    for (int k = 0; k < area * 3; k++)
        wrong += out[k] != c->images[(size_t)i * (size_t)area * 3 + (size_t)k];
    for (int k = 0; k < area; k++)
        wrong += (out_mask[3 * k] >= 128 ? 255 : 0) != c->masks[(size_t)i * (size_t)area + (size_t)k];
    image_free(&picture);
    image_free(&mask);
    free(out);
    free(out_mask);
    return wrong;
}

static void test_images_and_masks_are_the_archives(void) {
    static const char *const fits[3] = {"crop", "stretch", "pad"};
    struct photographs_settings s;
    photos_isic(&files, "Training", 0, PHOTOS_TRAIN);
    training("content", &s);
    for (int k = 0; k < 3; k++) {
        struct photo_content c;
        int wrong = 0;
        snprintf(s.fit, sizeof s.fit, "%s", fits[k]);
        photos_generate(&s, &c);
        CU_ASSERT_EQUAL_FATAL(c.count, PHOTOS_TRAIN);
        for (int i = 0; i < c.count; i++) {
            char id[20];
            snprintf(id, sizeof id, "ISIC_%07d", i);
            CU_ASSERT_STRING_EQUAL(c.ids + (size_t)i * c.id_size, id);
            CU_ASSERT_EQUAL(c.labels[i], i % 3); // melanoma, keratosis, neither
            wrong += count_wrong(&c, fits[k], i);
        }
        CU_ASSERT_EQUAL(wrong, 0);
        CU_ASSERT_EQUAL(json_integer_value(json_object_get(c.attributes, "skipped")), 0);
        photos_content_free(&c);
    }
    photos_free(&files);
}

// A soft mask is the share of each pixel; the hard one is where it reaches one half.
static void test_masks_are_hard_or_soft(void) {
    struct photographs_settings s;
    struct photo_content hard, soft;
    int wrong = 0, between = 0;
    photos_isic(&files, "Training", 0, 6);
    training("soft", &s);
    photos_generate(&s, &hard);
    snprintf(s.mask, sizeof s.mask, "soft");
    photos_generate(&s, &soft);
    for (int i = 0; i < hard.count * PHOTOS_PIXELS * PHOTOS_PIXELS; i++) {
        wrong += hard.masks[i] != (soft.masks[i] >= 128 ? 255 : 0);
        between += soft.masks[i] > 0 && soft.masks[i] < 255;
    }
    CU_ASSERT_EQUAL(wrong, 0);
    CU_ASSERT(between > 20);
    photos_content_free(&hard);
    photos_content_free(&soft);
    photos_free(&files);
}

// Masks of 0 and 1, which U-2-Net and others write, mark what those of 0 and 255 mark, and it is said once.
static void test_masks_of_any_coding_are_read(void) {
    static const int codes[] = {1, 100};
    struct photographs_settings s;
    struct photo_content usual, other;
    photos_isic(&files, "Training", 0, 6);
    training("coded", &s);
    photos_generate(&s, &usual);
    CU_ASSERT_PTR_NULL(json_object_get(usual.attributes, "masks_read"));
    for (int k = 0; k < 2; k++) {
        char line[80];
        sources_free(&files.masks);
        for (int i = 0; i < 6; i++) {
            char name[80];
            snprintf(name, sizeof name, "ISIC-2017_Training_Part1_GroundTruth/ISIC_%07d_segmentation.png", i);
            photos_add_mask(&files.masks, name, i % 3 ? 40 + i : 24, i % 3 ? 30 : 36, codes[k], 0);
        }
        training("coded", &s);
        photos_generate(&s, &other);
        CU_ASSERT_EQUAL_FATAL(other.count, 6);
        CU_ASSERT(!memcmp(usual.masks, other.masks, 6 * PHOTOS_PIXELS * PHOTOS_PIXELS));
        CU_ASSERT_EQUAL(json_array_size(json_object_get(other.attributes, "masks_read")), 1);
        snprintf(line, sizeof line, "6 masks hold 0 and %d: %d is taken as annotated", codes[k], codes[k]);
        CU_ASSERT(photos_says(&other, "masks_read", line));
        photos_content_free(&other);
    }
    photos_content_free(&usual);
    photos_free(&files);
}

static void test_lists_are_read_whatever_wrote_them(void) {
    static const char *const lists[] = {
        "\"image_id\",\"melanoma\",\"seborrheic_keratosis\"\n\"ISIC_0000000\",\"1.0\",\"0.0\"\n\"ISIC_"
        "0000001\",\"0.0\",\"1.0\"\n",
        "image_id, melanoma, seborrheic_keratosis\nISIC_0000000, 1.0, 0.0\nISIC_0000001, 0.0, 1.0\n",
        "Seborrheic "
        "Keratosis;image_id;MELANOMA;more\r\n0,0;ISIC_0000000.jpg;1,0;x\r\n1,0;ISIC_0000001.jpg;0,0;\r\n"};
    photos_isic(&files, "Training", 0, 2);
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        struct photographs_settings s;
        struct photo_content c;
        replace_list(lists[i]);
        training("lists", &s);
        photos_generate(&s, &c);
        CU_ASSERT_EQUAL_FATAL(c.count, 2);
        CU_ASSERT(c.labels[0] == 0 && c.labels[1] == 1);
        photos_content_free(&c);
    }
    replace_list("image_id,melanoma,seborrheic_keratosis\nISIC_0000000,0x1,0\nISIC_0000001,0,1\n");
    struct photographs_settings s;
    struct photo_content c;
    training("lists", &s);
    photos_generate(&s, &c);
    CU_ASSERT_EQUAL(c.count, 1);
    CU_ASSERT(photos_says(&c, "skipped_why",
                          "ISIC_0000000: line 2: melanoma is '0x1', not a decimal number (0 or 1)"));
    photos_content_free(&c);
    photos_free(&files);
}

static void test_bytes_do_not_depend_on_threads_or_order(void) {
    struct photographs_settings s;
    char digest[65] = "";
    int threads = omp_get_max_threads();
    photos_isic(&files, "Training", 0, PHOTOS_TRAIN);
    for (int k = 0; k < 4; k++) {
        struct photo_content c;
        char name[20];
        snprintf(name, sizeof name, "order%d", k);
        for (int i = 0; i + 1 < files.images.count && k; i++) { // turn the archive's order round
            struct source_file swapped = files.images.items[i];
            int j = (i * 7 + k) % files.images.count;
            files.images.items[i] = files.images.items[j];
            files.images.items[j] = swapped;
        }
        training(name, &s);
        omp_set_num_threads(k + 1);
        photos_generate(&s, &c);
        if (k)
            CU_ASSERT_STRING_EQUAL(c.digest, digest);
        strcpy(digest, c.digest);
        photos_content_free(&c);
    }
    omp_set_num_threads(threads);
    photos_free(&files);
}

// Fewer images are some of all, drawn by the seed.
static void test_a_count_draws_by_the_seed(void) {
    struct photographs_settings s;
    struct photo_content all, some, others;
    int same = 0;
    photos_isic(&files, "Training", 0, PHOTOS_TRAIN);
    training("count", &s);
    photos_generate(&s, &all);
    s.count = 9;
    photos_generate(&s, &some);
    s.seed = 2;
    photos_generate(&s, &others);
    CU_ASSERT(some.count == 9 && others.count == 9);
    CU_ASSERT_EQUAL(json_integer_value(json_object_get(all.attributes, "listed")), PHOTOS_TRAIN);
    CU_ASSERT_EQUAL(json_integer_value(json_object_get(all.attributes, "left_out")), 0);
    CU_ASSERT_EQUAL(json_integer_value(json_object_get(some.attributes, "listed")), PHOTOS_TRAIN);
    CU_ASSERT_EQUAL(json_integer_value(json_object_get(some.attributes, "left_out")), PHOTOS_TRAIN - 9);
    for (int i = 0; i < 9; i++) {
        int at = photos_find(&all, some.ids + (size_t)i * some.id_size);
        CU_ASSERT_FATAL(at >= 0);
        CU_ASSERT(!memcmp(all.images + (size_t)at * 3 * PHOTOS_PIXELS * PHOTOS_PIXELS,
                          some.images + (size_t)i * 3 * PHOTOS_PIXELS * PHOTOS_PIXELS,
                          3 * PHOTOS_PIXELS * PHOTOS_PIXELS));
        same += photos_find(&others, some.ids + (size_t)i * some.id_size) >= 0;
    }
    CU_ASSERT(same < 9);
    s.count = PHOTOS_TRAIN + 1;
    photos_refused(&s, EXIT_USAGE, "--count: 21 is more than the 20 images of split train");
    photos_content_free(&all);
    photos_content_free(&some);
    photos_content_free(&others);
    photos_free(&files);
}

// ---------------------------------------------------------------------------------------------- odd images

// Puts a mask of another size, or with other values, in the place of one.
static void replace_mask(int number, int width, int height, int on) {
    char name[40];
    snprintf(name, sizeof name, "ISIC_%07d_segmentation.png", number);
    struct source_file *old = sources_find(&files.masks, name);
    free(old->bytes);
    *old = files.masks.items[--files.masks.count];
    photos_add_mask(&files.masks, name, width, height, on, 0);
}

static void test_odd_images_are_skipped_and_named(void) {
    struct photographs_settings s;
    struct photo_content c;
    photos_isic(&files, "Training", 0, PHOTOS_TRAIN);
    sources_find(&files.images, "ISIC_0000003.jpg")->size = 200;                      // cut
    memcpy(sources_find(&files.images, "ISIC_0000004.jpg")->bytes, "GIF89a....", 10); // something else
    strcpy(sources_find(&files.images, "ISIC_0000005.jpg")->name, "ISIC-2017_Training_Data/ISIC_9999999.jpg");
    strcpy(sources_find(&files.masks, "ISIC_0000006_seg")->name, "else.txt");
    sources_find(&files.masks, "ISIC_0000007_seg")->size = 60;
    replace_mask(8, 10, 12, 255);
    replace_mask(9, 24, 36, 0);
    struct source_file *ten = sources_find(&files.images, "ISIC_0000010.jpg"),
                       *eleven = sources_find(&files.images, "ISIC_0000011.jpg"); // the same file twice
    eleven->bytes = realloc(eleven->bytes, ten->size);
    CU_ASSERT_FATAL(eleven->bytes != NULL);
    memcpy(eleven->bytes, ten->bytes, ten->size);
    eleven->size = ten->size;
    replace_mask(11, 50, 30, 255); // of number 10's size
    training("odd", &s);
    photos_generate(&s, &c);
    CU_ASSERT_EQUAL(c.count + 7, PHOTOS_TRAIN);
    CU_ASSERT_EQUAL(json_integer_value(json_object_get(c.attributes, "skipped")), 7);
    CU_ASSERT(photos_says(&c, "skipped_why", "ISIC_0000003.jpg: truncated JPEG"));
    CU_ASSERT(photos_says(&c, "skipped_why", "ISIC_0000004.jpg: neither JPEG nor PNG but a GIF picture"));
    CU_ASSERT(photos_says(&c, "skipped_why", "ISIC_0000005: ISIC-2017_Training_Data.zip: not in it"));
    CU_ASSERT(
        photos_says(&c, "skipped_why", "ISIC_0000006: ISIC-2017_Training_Part1_GroundTruth.zip: not in it"));
    CU_ASSERT(photos_says(&c, "skipped_why", "ISIC_0000007_segmentation.png: truncated PNG"));
    CU_ASSERT(photos_says(&c, "skipped_why", "the image has 48 x 30 pixels, its annotation 10 x 12"));
    CU_ASSERT(photos_says(&c, "skipped_why", "ISIC_0000009: nothing is annotated"));
    CU_ASSERT(photos_says(&c, "notes", "ISIC_9999999: in ISIC-2017_Training_Data.zip, but in no list"));
    CU_ASSERT(photos_says(&c, "notes", "ISIC_0000011: the same file as ISIC_0000010, of another class"));
    CU_ASSERT_EQUAL(json_integer_value(json_object_get(c.attributes, "duplicates")), 1);
    CU_ASSERT(photos_find(&c, "ISIC_0000010") >= 0 && photos_find(&c, "ISIC_0000003") < 0);
    photos_content_free(&c);
    photos_free(&files);
}

// Why there is no shard stands in the reasons of its images.
static void test_reasons_are_told_when_nothing_is_left(void) {
    struct photographs_settings s;
    struct program_result r;
    photos_isic(&files, "Training", 0, 2);
    for (int i = 0; i < 2; i++)
        replace_mask(i, 10, 12, 255);
    training("nothing", &s);
    CU_ASSERT_EQUAL(reff_run(&r, 0, "gen", "isic2017", "--source", s.source, "--pixels", "16", "--output",
                             suite_path("nothing.h5")),
                    EXIT_FAILED);
    suite_text_has(r.err, "nothing.h5: ISIC_0000000 skipped: the image has ");
    suite_text_has(r.err, "nothing.h5: ISIC_0000001 skipped: the image has ");
    suite_text_has(r.err, "none of its images can be used");
    program_free(&r);
    photos_free(&files);
}

static void test_odd_rows_are_skipped_and_named(void) {
    struct photographs_settings s;
    struct photo_content c;
    photos_isic(&files, "Training", 0, 12);
    replace_list("\xEF\xBB\xBFimage_id,melanoma,seborrheic_keratosis\r\n"
                 "ISIC_0000000,1.0,0.0\r\n"
                 "ISIC_0000001,1.0,1.0\n"
                 "ISIC_0000002,nan,0\n"
                 "ISIC_0000003,0.5,0\n"
                 "ISIC_0000004,0\n"
                 "ISIC_0000005,0,0,0\n"
                 "../../etc/passwd,0,0\n"
                 "\n"
                 "ISIC_0000006,0,1\n"
                 "ISIC_0000006,0,1.0\n"
                 "ISIC_0000007,0,1\n"
                 "ISIC_0000007,0,0\n"
                 "ISIC_0000008,0,");
    training("rows", &s);
    photos_generate(&s, &c);
    CU_ASSERT_EQUAL(c.count, 2);
    CU_ASSERT(photos_find(&c, "ISIC_0000000") == 0 && photos_find(&c, "ISIC_0000006") == 1);
    CU_ASSERT(c.labels[0] == 0 && c.labels[1] == 1);
    CU_ASSERT(photos_says(&c, "skipped_why", "ISIC_0000001: line 3: both melanoma and seborrheic keratosis"));
    CU_ASSERT(photos_says(&c, "skipped_why",
                          "ISIC_0000002: line 4: melanoma is 'nan', not a decimal number (0 or 1)"));
    CU_ASSERT(photos_says(&c, "skipped_why", "ISIC_0000003: line 5: melanoma is '0.5', neither 0 nor 1"));
    CU_ASSERT(photos_says(&c, "skipped_why", "ISIC_0000004: line 6: fewer fields than 3"));
    CU_ASSERT(photos_says(&c, "skipped_why", "ISIC_0000005: line 7: more fields than 3"));
    CU_ASSERT(photos_says(&c, "skipped_why", "line 8: '../../etc/passwd' is no image's id"));
    CU_ASSERT(photos_says(&c, "notes", "ISIC_0000006: 2 rows, which agree: the image is used once"));
    CU_ASSERT_EQUAL(json_integer_value(json_object_get(c.attributes, "skipped")), 8);
    CU_ASSERT_EQUAL(json_integer_value(json_object_get(c.attributes, "listed")), 10);
    CU_ASSERT(photos_says(&c, "skipped_why", "ISIC_0000007: 2 rows, which disagree"));
    CU_ASSERT(
        photos_says(&c, "skipped_why",
                    "ISIC_0000008: line 14: seborrheic_keratosis is '', not a decimal number (0 or 1)"));
    photos_content_free(&c);
    photos_free(&files);
}

// Where the masks of a test split are not at hand everything is marked, which the shard says.
static void test_without_annotations_everything_is_marked(void) {
    struct photographs_settings s;
    struct photo_content c;
    photos_isic(&files, "Test_v2", 100, PHOTOS_TEST);
    char path[60] = "bare/ISIC-2017_Test_v2_Data.zip";
    const char *folder = sources_folder("bare", &files.lists);
    sources_archive(path, &files.images);
    photos_settings(&s, "isic2017", folder, "test");
    photos_refused(&s, EXIT_FAILED,
                   "bare: has no ISIC-2017_Test_v2_Part1_GroundTruth (.zip, .tar.gz, .tar, or a folder)");
    snprintf(s.annotations, sizeof s.annotations, "none");
    photos_generate(&s, &c);
    CU_ASSERT_EQUAL(c.count, PHOTOS_TEST);
    CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(c.attributes, "annotations")), "none");
    int unmarked = 0;
    for (int i = 0; i < c.count * PHOTOS_PIXELS * PHOTOS_PIXELS; i++)
        unmarked += c.masks[i] != 255;
    CU_ASSERT_EQUAL(unmarked, 0);
    photos_content_free(&c);
    snprintf(s.split, sizeof s.split, "train");
    photos_refused(&s, EXIT_USAGE, "--annotations: none is not for training");
    photos_free(&files);
}

// ---------------------------------------------------------------------------------------------- broken
// sources

static void write_file(const char *name, const char *text) {
    struct error err = {0};
    CU_ASSERT_FATAL(!file_write(suite_path(name), text, strlen(text), &err));
}

static void test_broken_sources_are_refused(void) {
    struct photographs_settings s;
    photos_settings(&s, "isic2017", suite_path("nowhere"), "train");
    photos_refused(&s, EXIT_FAILED, "nowhere: no folder");
    photos_isic(&files, "Training", 0, 4);
    training("broken", &s);
    write_file("broken/ISIC-2017_Training_Part3_GroundTruth.csv", "<html>403 Forbidden</html>");
    photos_refused(&s, EXIT_FAILED,
                   "Part3_GroundTruth.csv: an HTML page, not a CSV file (a download that failed?)");
    write_file("broken/ISIC-2017_Training_Part3_GroundTruth.csv", "image_id,melanoma\nISIC_0000000,1\n");
    photos_refused(&s, EXIT_FAILED,
                   "line 1: no column 'seborrheic_keratosis'; its columns are image_id, melanoma");
    write_file("broken/ISIC-2017_Training_Part3_GroundTruth.csv", "image_id,melanoma,seborrheic_keratosis\n");
    photos_refused(&s, EXIT_FAILED,
                   "ISIC-2017_Training_Part3_GroundTruth.csv: lists no usable image of split train");
    s.count = 1;
    photos_refused(&s, EXIT_USAGE, "--count: 1 is more than the 0 images of split train");
    training("broken", &s);
    write_file("broken/ISIC-2017_Training_Data.zip", "<!DOCTYPE html>");
    photos_refused(&s, EXIT_FAILED, "ISIC-2017_Training_Data.zip: an HTML page, not an archive");
    CU_ASSERT_FATAL(!remove(suite_path("broken/ISIC-2017_Training_Data.zip")));
    photos_refused(&s, EXIT_FAILED,
                   "broken: has no ISIC-2017_Training_Data (.zip, .tar.gz, .tar, or a folder)");
    CU_ASSERT_FATAL(!remove(suite_path("broken/ISIC-2017_Training_Part3_GroundTruth.csv")));
    photos_refused(&s, EXIT_FAILED, "broken: has no ISIC-2017_Training_Part3_GroundTruth.csv");
    photos_free(&files);
}

static void test_images_that_are_there_twice_are_refused(void) {
    struct photographs_settings s;
    photos_isic(&files, "Training", 0, 4);
    photos_add_jpeg(&files.images, "other/ISIC_0000002.jpeg", 20, 20, 0);
    training("twice", &s);
    photos_refused(&s, EXIT_FAILED, "ISIC-2017_Training_Data.zip: ISIC_0000002 stands there twice");
    photos_free(&files);
}

static void test_an_archive_cut_anywhere_is_refused(void) {
    struct photographs_settings s;
    struct error err = {0};
    size_t size;
    photos_isic(&files, "Training", 0, 4);
    training("cut", &s);
    const char *path = suite_path("cut/ISIC-2017_Training_Data.zip");
    char *bytes = file_read(path, 1 << 20, &size, &err);
    CU_ASSERT_FATAL(bytes != NULL);
    int passed = 0;
    for (size_t length = 1; length < size - 1; length += size / 23) {
        struct error own = {0};
        CU_ASSERT_FATAL(!file_write(path, bytes, length, &err));
        int entries = suite_count_entries(suite_folder());
        if (photographs_generate(&s, suite_path("cut.h5"), NULL, NULL, NULL, &own)) {
            suite_text_has(own.message, "ISIC-2017_Training_Data.zip");
            CU_ASSERT_EQUAL(suite_count_entries(suite_folder()), entries);
        } else {
            passed++;
        }
    }
    CU_ASSERT_EQUAL(passed, 0);
    free(bytes);
    photos_free(&files);
}

static void test_splits_that_share_an_image_are_refused(void) {
    struct photographs_settings s;
    photos_isic(&files, "Training", 0, 8);
    training("shared", &s);
    photos_free(&files);
    photos_isic(&files, "Test_v2", 7, 4);
    photos_write_isic("shared", &files, "Test_v2");
    photos_refused(&s, EXIT_FAILED, "shared: ISIC_0000007 is in the lists of train and of test");
    photos_free(&files);
}

static void test_a_full_disk_leaves_nothing(void) {
    struct photographs_settings s;
    photos_isic(&files, "Training", 0, 12);
    training("disk", &s);
    for (long limit = 1; limit < 12 * 4 * PHOTOS_PIXELS * PHOTOS_PIXELS; limit += 1500) {
        suite_limit_files(limit);
        photos_refused(&s, EXIT_FAILED, "refused.h5: File too large");
        suite_limit_files(0);
    }
    photos_free(&files);
}

static void test_an_interruption_leaves_nothing(void) {
    struct photographs_settings s;
    photos_isic(&files, "Training", 0, 4);
    training("interrupted", &s);
    CU_ASSERT_FATAL(!raise(SIGTERM)); // caught: tests/support/main.c installs the program's handlers
    photos_refused(&s, EXIT_INTERRUPTED, "interrupted while reading ISIC-2017_Training_Data.zip");
    interrupt_clear();
    photos_free(&files);
}

static void test_no_allocation_failure_leaves_anything(void) {
    struct photographs_settings s;
    photos_isic(&files, "Training", 0, 4);
    training("memory", &s);
    const char *path = suite_path("memory.h5");
    int entries = suite_count_entries(suite_folder()), failures = 0, silent = 0, left = 0, passed = 0;
    for (long n = 1; !passed; n += 1 + n / 60) {
        struct error err = {0};
        memory_fail_at = n;
        passed = !photographs_generate(&s, path, NULL, NULL, NULL, &err);
        silent += passed && memory_fail_at <= 0; // the failure happened, and nobody minded
        memory_fail_at = 0;
        failures += !passed;
        silent += !passed && strncmp(err.message, "out of memory", 13) != 0;
        left += !passed && suite_count_entries(suite_folder()) != entries;
    }
    CU_ASSERT(failures > 50);
    CU_ASSERT_EQUAL(silent, 0);
    CU_ASSERT_EQUAL(left, 0);
    photos_free(&files);
}

// ---------------------------------------------------------------------------------------------- real data

static void test_the_challenges_data_have_its_counts(void) {
    static const struct {
        const char *split;
        int count, classes[3], duplicates;
    } splits[3] = {{"train", 2000, {374, 254, 1372}, 0},
                   {"validation", 150, {30, 42, 78}, 0},
                   {"test", 600, {117, 90, 393}, 2}};
    const char *source = suite_shared("data/isic2017");
    if (!source)
        return;
    for (int k = 0; k < 3; k++) {
        struct photographs_settings s;
        struct photo_content c;
        int found[3] = {0};
        photos_settings(&s, "isic2017", source, splits[k].split);
        photos_generate(&s, &c);
        CU_ASSERT_EQUAL(c.count, splits[k].count);
        for (int i = 0; i < c.count; i++)
            found[c.labels[i]]++;
        CU_ASSERT(!memcmp(found, splits[k].classes, sizeof found));
        CU_ASSERT_EQUAL(json_integer_value(json_object_get(c.attributes, "duplicates")),
                        splits[k].duplicates);
        if (splits[k].duplicates) {
            CU_ASSERT(photos_says(&c, "notes", "ISIC_0015979: the same file as ISIC_0012152"));
            CU_ASSERT(photos_says(&c, "notes", "ISIC_0016001: the same file as ISIC_0012216"));
        }
        photos_content_free(&c);
    }
}

void suite_isic2017(void) {
    CU_pSuite s = CU_add_suite("isic2017", suite_make_folder, suite_remove_folder);
    CU_add_test(s, "images and masks are the archives'", test_images_and_masks_are_the_archives);
    CU_add_test(s, "masks are hard or soft", test_masks_are_hard_or_soft);
    CU_add_test(s, "masks of any coding are read", test_masks_of_any_coding_are_read);
    CU_add_test(s, "lists are read whatever wrote them", test_lists_are_read_whatever_wrote_them);
    CU_add_test(s, "bytes do not depend on threads or order", test_bytes_do_not_depend_on_threads_or_order);
    CU_add_test(s, "a count draws by the seed", test_a_count_draws_by_the_seed);
    CU_add_test(s, "odd images are skipped and named", test_odd_images_are_skipped_and_named);
    CU_add_test(s, "reasons are told when nothing is left", test_reasons_are_told_when_nothing_is_left);
    CU_add_test(s, "odd rows are skipped and named", test_odd_rows_are_skipped_and_named);
    CU_add_test(s, "without annotations everything is marked", test_without_annotations_everything_is_marked);
    CU_add_test(s, "broken sources are refused", test_broken_sources_are_refused);
    CU_add_test(s, "images that are there twice are refused", test_images_that_are_there_twice_are_refused);
    CU_add_test(s, "an archive cut anywhere is refused", test_an_archive_cut_anywhere_is_refused);
    CU_add_test(s, "splits that share an image are refused", test_splits_that_share_an_image_are_refused);
    CU_add_test(s, "a full disk leaves nothing", test_a_full_disk_leaves_nothing);
    CU_add_test(s, "an interruption leaves nothing", test_an_interruption_leaves_nothing);
    CU_add_test(s, "no allocation failure leaves anything", test_no_allocation_failure_leaves_anything);
    CU_add_test(s, "the challenge's data have its counts", test_the_challenges_data_have_its_counts);
}
