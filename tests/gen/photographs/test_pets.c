// SPDX-License-Identifier: Apache-2.0
// The Pets from archives: classes and splits as the lists say, trimaps as annotations, odd rows and files
// skipped and named.
#include "gen/photographs/catalogue.h"
#include "tests/support/photographs_fixture.h"
#include "tests/support/suite.h"

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct photo_files files;

static void replace_list(const char *name, const char *text) {
    struct source_file *old = sources_find(&files.lists, name);
    free(old->bytes);
    old->bytes = (uint8_t *)strdup(text);
    old->size = strlen(text);
}

static int class_count(const struct photo_content *c, int label) {
    int count = 0;
    for (int i = 0; i < c->count; i++)
        count += c->labels[i] == label;
    return count;
}

// Of ten images of a class nine are train and one is validation; none is in two splits.
static void test_splits_are_the_lists(void) {
    static const char *const splits[3] = {"train", "validation", "test"};
    static const int each[3] = {9, 1, 3};
    struct photographs_settings s;
    struct photo_content c[3];
    photos_pets(&files);
    photos_settings(&s, "pets", photos_write_pets("splits", &files), "train");
    for (int k = 0; k < 3; k++) {
        snprintf(s.split, sizeof s.split, "%s", splits[k]);
        photos_generate(&s, &c[k]);
        CU_ASSERT_EQUAL(c[k].count, 4 * each[k]);
        for (int label = 0; label < 4; label++)
            CU_ASSERT_EQUAL(class_count(&c[k], label), each[k]);
        for (int i = 0; i < c[k].count; i++)
            for (int other = 0; other < k; other++)
                CU_ASSERT(photos_find(&c[other], c[k].ids + (size_t)i * c[k].id_size) < 0);
    }
    const json_t *names = json_object_get(c[0].attributes, "class_names"); // by class number: 1, 2, 3, 5
    CU_ASSERT_STRING_EQUAL(json_string_value(json_array_get(names, 0)), "Abyssinian");
    CU_ASSERT_STRING_EQUAL(json_string_value(json_array_get(names, 3)), "beagle");
    int at = photos_find(&c[2], "beagle_12");
    CU_ASSERT(at >= 0 && c[2].labels[at] == 3);
    for (int k = 0; k < 3; k++)
        photos_content_free(&c[k]);
    photos_free(&files);
}

static void test_the_seed_draws_validation(void) {
    struct photographs_settings s;
    struct photo_content a, b;
    int same = 0;
    photos_pets(&files);
    photos_settings(&s, "pets", photos_write_pets("seed", &files), "validation");
    photos_generate(&s, &a);
    s.seed = 2;
    photos_generate(&s, &b);
    for (int i = 0; i < a.count; i++)
        same += photos_find(&b, a.ids + (size_t)i * a.id_size) >= 0;
    CU_ASSERT(a.count == 4 && b.count == 4 && same < 4);
    photos_content_free(&a);
    photos_content_free(&b);
    photos_free(&files);
}

// 1 is the animal; 2 and 3 are not. Of every image the middle third and half of it.
static void test_trimaps_are_annotations(void) {
    struct photographs_settings s;
    struct photo_content c;
    photos_pets(&files);
    photos_settings(&s, "pets", photos_write_pets("trimaps", &files), "train");
    snprintf(s.fit, sizeof s.fit, "stretch");
    s.pixels = 24;
    photos_generate(&s, &c);
    CU_ASSERT_EQUAL(c.count, 4 * 9);
    for (int i = 0; i < c.count; i++) {
        const uint8_t *mask = c.masks + (size_t)i * 24 * 24;
        int marked = 0;
        for (int k = 0; k < 24 * 24; k++) {
            marked += mask[k] == 255;
            CU_ASSERT(mask[k] == 0 || mask[k] == 255);
        }
        CU_ASSERT(mask[12 * 24 + 12] == 255 && mask[12 * 24 + 5] == 0 && mask[3 * 24 + 12] == 0);
        CU_ASSERT(abs(marked - 8 * 12) <= 24);
    }
    photos_content_free(&c);
    photos_free(&files);
}

static void test_unpacked_archives_will_do(void) {
    struct photographs_settings s;
    struct photo_content packed, unpacked;
    photos_pets(&files);
    photos_settings(&s, "pets", photos_write_pets("packed", &files), "test");
    photos_generate(&s, &packed);
    photos_settings(&s, "pets", photos_unpack_pets("unpacked", &files), "test");
    photos_generate(&s, &unpacked);
    CU_ASSERT_STRING_EQUAL(packed.digest, unpacked.digest);
    photos_content_free(&packed);
    photos_content_free(&unpacked);
    photos_free(&files);
}

static void test_odd_rows_and_files_are_skipped_and_named(void) {
    struct photographs_settings s;
    struct photo_content c;
    photos_pets(&files);
    replace_list("test.txt", "# comment\n"
                             "Abyssinian_11 1 1 1\n"
                             "Abyssinian_12 2 1 1\n" // an Abyssinian among the Bengals
                             "Bengal_11 2 1 2 \n"
                             "Bengal_12 two 1 2\n"
                             "Bengal_13 2 1\n"
                             "beagle_11 5 2 4 7\n"
                             "beagle_12 5 3 4\n"
                             "beagle_13 999 2 4\n"
                             "\n"
                             "Birman_11 3 1 3\n"
                             "Birman_12 3 1 3\n"
                             "Birman_99 3 1 3\n"
                             "no/such 1 1 1\n");
    struct source_file *trimap = sources_find(&files.masks, "annotations/trimaps/Birman_12.png");
    free(trimap->bytes);
    *trimap = files.masks.items[--files.masks.count];
    photos_add_mask(&files.masks, "annotations/trimaps/Birman_12.png", 55, 30, 1, 0);
    photos_settings(&s, "pets", photos_write_pets("odd", &files), "test");
    photos_generate(&s, &c);
    CU_ASSERT_EQUAL(c.count, 3);
    CU_ASSERT(photos_find(&c, "Abyssinian_11") == 0 && photos_find(&c, "Bengal_11") == 1 &&
              photos_find(&c, "Birman_11") == 2);
    CU_ASSERT(photos_says(&c, "skipped_why", "Abyssinian_12: listed as class 2, which is Bengal"));
    CU_ASSERT(photos_says(&c, "skipped_why", "Bengal_12: line 5: not a name and three numbers"));
    CU_ASSERT(photos_says(&c, "skipped_why", "Bengal_13: line 6: not a name and three numbers"));
    CU_ASSERT(photos_says(&c, "skipped_why", "beagle_11: line 7: not a name and three numbers"));
    CU_ASSERT(
        photos_says(&c, "skipped_why", "beagle_12: line 8: class 5, species 3 are not in 1..256, 1..2"));
    CU_ASSERT(
        photos_says(&c, "skipped_why", "beagle_13: line 9: class 999, species 2 are not in 1..256, 1..2"));
    CU_ASSERT(photos_says(&c, "skipped_why", "Birman_12.png: a trimap with other values than 1, 2, 3"));
    CU_ASSERT(photos_says(&c, "skipped_why", "Birman_99: images.tar.gz: not in it"));
    CU_ASSERT(photos_says(&c, "skipped_why", "line 14: 'no/such' is no image's name"));
    CU_ASSERT_EQUAL(json_integer_value(json_object_get(c.attributes, "listed")), 12);
    CU_ASSERT_EQUAL(json_integer_value(json_object_get(c.attributes, "skipped")), 9);
    photos_content_free(&c);
    // Training data skip none of them; but images whose rows in the other list are odd are listed, too.
    snprintf(s.split, sizeof s.split, "train");
    photos_generate(&s, &c);
    CU_ASSERT_EQUAL(json_integer_value(json_object_get(c.attributes, "skipped")), 0);
    CU_ASSERT(photos_says(&c, "notes", "Abyssinian_13: in images.tar.gz, but in no list"));
    size_t i;
    const json_t *note;
    json_array_foreach(json_object_get(c.attributes, "notes"), i, note) {
        static const char *const odd[] = {"Abyssinian_12:", "Bengal_12:", "Bengal_13:", "beagle_1"};
        for (int k = 0; k < 4; k++)
            CU_ASSERT(strncmp(json_string_value(note), odd[k], strlen(odd[k])) != 0);
    }
    photos_content_free(&c);
    photos_free(&files);
}

static void test_broken_sources_are_refused(void) {
    struct photographs_settings s;
    photos_settings(&s, "pets", suite_path("nowhere"), "train");
    photos_refused(&s, EXIT_FAILED, "nowhere: no folder");
    photos_pets(&files);
    replace_list("test.txt", "Abyssinian_1 1 1 1\n"); // of trainval, too
    photos_settings(&s, "pets", photos_write_pets("broken", &files), "train");
    photos_refused(&s, EXIT_FAILED, "annotations.tar.gz: Abyssinian_1 is in the lists of train and of test");
    replace_list("test.txt", "");
    photos_write_pets("broken", &files);
    photos_refused(&s, EXIT_FAILED, "annotations/test.txt: lists no image");
    replace_list("test.txt", "<html>");
    photos_write_pets("broken", &files);
    photos_refused(&s, EXIT_FAILED,
                   "annotations/test.txt: an HTML page, not a list (a download that failed?)");
    strcpy(sources_find(&files.lists, "test.txt")->name, "annotations/else");
    photos_write_pets("broken", &files);
    photos_refused(&s, EXIT_FAILED, "annotations.tar.gz: has no test.txt");
    strcpy(sources_find(&files.lists, "else")->name, "else/trainval.txt");
    photos_write_pets("broken", &files);
    photos_refused(&s, EXIT_FAILED, "annotations.tar.gz: a second trainval.txt");
    photos_free(&files);
}

// A gzipped archive that was cut, or damaged in its middle: whatever was read of it is thrown away.
static void test_damaged_archives_are_refused(void) {
    struct photographs_settings s;
    struct error err = {0};
    size_t size;
    photos_pets(&files);
    photos_settings(&s, "pets", photos_write_pets("damaged", &files), "train");
    const char *path = suite_path("damaged/images.tar.gz");
    char *bytes = file_read(path, 1 << 24, &size, &err);
    CU_ASSERT_FATAL(bytes != NULL);
    for (size_t length = 10; length < size; length += size / 11) {
        CU_ASSERT_FATAL(!file_write(path, bytes, length, &err));
        photos_refused(&s, EXIT_FAILED, "images.tar.gz");
    }
    bytes[size / 2] ^= 0x20;
    CU_ASSERT_FATAL(!file_write(path, bytes, size, &err));
    photos_refused(&s, EXIT_FAILED, "images.tar.gz");
    free(bytes);
    photos_free(&files);
}

static void test_the_real_pets_have_their_counts(void) {
    static const struct {
        const char *split;
        int classes[3];
    } splits[3] = {{"train", {90, 90, 90}}, {"validation", {10, 10, 10}}, {"test", {98, 100, 100}}};
    const char *source = suite_shared("data/pets");
    if (!source)
        return;
    for (int k = 0; k < 3; k++) {
        struct photographs_settings s;
        struct photo_content c;
        photos_settings(&s, "pets", source, splits[k].split);
        photos_generate(&s, &c);
        for (int label = 0; label < 3; label++)
            CU_ASSERT_EQUAL(class_count(&c, label), splits[k].classes[label]);
        CU_ASSERT_EQUAL(json_integer_value(json_object_get(c.attributes, "skipped")), 0);
        CU_ASSERT(photos_says(&c, "notes", "Abyssinian_34: in images.tar.gz, but in no list"));
        photos_content_free(&c);
    }
}

void suite_pets(void) {
    CU_pSuite s = CU_add_suite("pets", suite_make_folder, suite_remove_folder);
    CU_add_test(s, "splits are the lists'", test_splits_are_the_lists);
    CU_add_test(s, "the seed draws validation", test_the_seed_draws_validation);
    CU_add_test(s, "trimaps are annotations", test_trimaps_are_annotations);
    CU_add_test(s, "unpacked archives will do", test_unpacked_archives_will_do);
    CU_add_test(s, "odd rows and files are skipped and named", test_odd_rows_and_files_are_skipped_and_named);
    CU_add_test(s, "broken sources are refused", test_broken_sources_are_refused);
    CU_add_test(s, "damaged archives are refused", test_damaged_archives_are_refused);
    CU_add_test(s, "the real Pets have their counts", test_the_real_pets_have_their_counts);
}
