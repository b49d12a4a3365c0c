// SPDX-License-Identifier: Apache-2.0
// One's own images: whatever the layout, the list and the coding of masks, the same images come into the
// shard with their classes, groups, splits and annotations; what cannot is named.
#include "gen/photographs/folder.h"

#include "core/base/memory.h"
#include "core/shard/shard.h"
#include "gen/photographs/folder_names.h"
#include "gen/read/image.h"
#include "tests/support/photographs_fixture.h"
#include "tests/support/sources_fixture.h"
#include "tests/support/suite.h"

#include <CUnit/CUnit.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PIXELS = 16, AREA = PIXELS * PIXELS };

static struct source_files images, masks;
static struct folder_settings settings;

struct content {
    int count, classes;
    uint8_t *pixels, *masks;
    int32_t *labels, *groups, *has_mask;
    char *ids, digest[65];
    size_t id_size;
    json_t *attributes;
};

// ---------------------------------------------------------------------------------------------- making

static void add_image(const char *name, int width, int height, int number) {
    photos_add_jpeg(&images, name, width, height, number);
}

// Names of which some differ from their masks' in the ending alone.
static void begin(void) {
    sources_free(&images);
    sources_free(&masks);
    images.count = masks.count = 0;
    settings_default(folder_schema, &settings);
    settings.pixels = PIXELS;
    settings.test_share = 0;
}

// Two classes of three images with masks: "crow/1" ..., "owl/1" ...
static void birds(const char *before) {
    begin();
    for (int k = 0; k < 6; k++) {
        char name[80];
        snprintf(name, sizeof name, "%s%s/%d.jpg", before, k < 3 ? "crow" : "owl", k % 3 + 1);
        add_image(name, 40 + k, 32, k);
        snprintf(name, sizeof name, "%s%s/%d.png", before, k < 3 ? "crow" : "owl", k % 3 + 1);
        photos_add_mask(&masks, name, 40 + k, 32, 255, 0);
    }
}

#define set_path(member, path) ((void)snprintf(member, sizeof(member), "%s", path))

static void use_folders(void) {
    set_path(settings.images, sources_folder("images", &images));
    if (masks.count)
        set_path(settings.masks, sources_folder("masks", &masks));
}

static void add_text(struct source_files *files, const char *name, const char *text) {
    sources_add(files, name, text, strlen(text));
}

static void remove_all(void) {
    folder_remove(suite_path("images"));
    folder_remove(suite_path("masks"));
}

static void generate(struct content *c) {
    struct error err = {0};
    const char *path = suite_path("content.h5");
    memset(c, 0, sizeof *c);
    if (folder_generate(&settings, path, NULL, NULL, NULL, &err)) {
        printf("\n  %s\n", err.message);
        CU_FAIL_FATAL("no shard was made");
    }
    struct shard *shard = shard_open(path, &err);
    CU_ASSERT_FATAL(shard != NULL);
    struct shard_shape shape = shard_shape(shard);
    size_t count = (size_t)shape.count;
    c->count = (int)count;
    c->classes = shape.classes;
    uint32_t *index = malloc(count * sizeof *index);
    c->pixels = malloc(count * AREA * 3);
    c->masks = malloc(count * AREA);
    c->labels = malloc(count * sizeof *c->labels);
    c->groups = malloc(count * sizeof *c->groups);
    c->has_mask = malloc(count * sizeof *c->has_mask);
    for (size_t i = 0; i < count; i++)
        index[i] = (uint32_t)i;
    CU_ASSERT_FATAL(!shard_read(shard, index, c->count, c->pixels, c->masks, c->labels, &err));
    CU_ASSERT_FATAL(!shard_column(shard, "group", c->groups, &err));
    CU_ASSERT_FATAL(!shard_column(shard, "has_mask", c->has_mask, &err));
    CU_ASSERT_FATAL(!shard_text_column(shard, "id", &c->ids, &c->id_size, &err));
    c->attributes = shard_attributes(shard, &err);
    snprintf(c->digest, sizeof c->digest, "%s", shard_content_digest(shard));
    free(index);
    shard_close(shard);
    remove(path);
}

static void content_free(struct content *c) {
    free(c->pixels), free(c->masks), free(c->labels), free(c->groups), free(c->has_mask), free(c->ids);
    json_decref(c->attributes);
}

static const char *id_of(const struct content *c, int i) {
    return c->ids + (size_t)i * c->id_size;
}

static const char *name_at(const struct content *c, const char *list, int i) {
    const char *name = json_string_value(json_array_get(json_object_get(c->attributes, list), (size_t)i));
    return name ? name : "";
}

static int says(const struct content *c, const char *list, const char *words) {
    return photos_list_says(c->attributes, list, words);
}

static long marked(const struct content *c, int i) {
    long sum = 0;
    for (int k = 0; k < AREA; k++)
        sum += c->masks[i * AREA + k] == 255;
    return sum;
}

// The six birds, whatever says so.
static void check_birds(const struct content *c) {
    CU_ASSERT_EQUAL_FATAL(c->count, 6);
    CU_ASSERT_EQUAL(c->classes, 2);
    CU_ASSERT_STRING_EQUAL(name_at(c, "class_names", 0), "crow");
    CU_ASSERT_STRING_EQUAL(name_at(c, "class_names", 1), "owl");
    for (int i = 0; i < 6; i++) {
        CU_ASSERT_EQUAL(c->labels[i], i / 3);
        CU_ASSERT(marked(c, i) > AREA / 8 && marked(c, i) < AREA / 3);
        CU_ASSERT_EQUAL(c->has_mask[i], 1);
    }
}

static void refused(enum exit_status status, const char *expected) {
    struct error err = {0};
    int before = suite_count_entries(suite_folder());
    CU_ASSERT(folder_generate(&settings, suite_path("refused.h5"), NULL, NULL, NULL, &err));
    CU_ASSERT_EQUAL(err.status, status);
    suite_text_has(err.message, expected);
    CU_ASSERT_EQUAL(suite_count_entries(suite_folder()), before);
}

// ---------------------------------------------------------------------------------------------- layouts

static void test_folders_say_the_class_and_masks_have_the_images_paths(void) {
    struct content c;
    birds("");
    add_text(&images, "Thumbs.db", "x");
    use_folders();
    generate(&c);
    check_birds(&c);
    CU_ASSERT_STRING_EQUAL(id_of(&c, 0), "crow/1");
    CU_ASSERT_STRING_EQUAL(id_of(&c, 5), "owl/3");
    CU_ASSERT_EQUAL(c.groups[5], 1); // nothing says what goes with a class: each is one group
    CU_ASSERT_STRING_EQUAL(name_at(&c, "group_names", 1), "owl");
    CU_ASSERT(says(&c, "masks_read", "6 masks hold 0 and 255"));
    content_free(&c);
    remove_all();
}

static void test_archives_hold_the_same_whatever_is_around_them(void) {
    static const char *const names[] = {"birds.zip", "birds.tar.gz"};
    struct content c;
    char digest[65] = "";
    for (int k = 0; k < 2; k++) {
        birds("birds/photos/");
        set_path(settings.images, sources_archive(names[k], &images));
        for (int i = 0; i < masks.count; i++) // under another folder
            memmove(masks.items[i].name, "x", 1);
        set_path(settings.masks, sources_archive(k ? "masks.tar.gz" : "masks.zip", &masks));
        generate(&c);
        check_birds(&c);
        CU_ASSERT_STRING_EQUAL(id_of(&c, 0), "crow/1");
        if (k)
            CU_ASSERT_STRING_EQUAL(c.digest, digest);
        strcpy(digest, c.digest);
        content_free(&c);
    }
}

static void test_folders_say_the_split(void) {
    static const char *const words[] = {"train", "val", "test"}, *const splits[] = {"train", "validation",
                                                                                    "test"};
    struct content c;
    begin();
    for (int k = 0; k < 12; k++) {
        char name[80];
        snprintf(name, sizeof name, "%s/%s/%d.jpg", words[k % 3], k < 6 ? "crow" : "owl", k);
        add_image(name, 30, 30, k);
    }
    use_folders();
    for (int k = 0; k < 3; k++) {
        set_path(settings.split, splits[k]);
        generate(&c);
        CU_ASSERT_EQUAL(c.count, 4);
        suite_text_begins(id_of(&c, 0), words[k]);
        content_free(&c);
    }
    remove_all();
    begin();
    add_image("train/crow/1.jpg", 30, 30, 1);
    use_folders();
    set_path(settings.split, "test");
    refused(EXIT_FAILED, "images: has no image of split test");
    remove_all();
}

// Hugging Face's imagefolder with JSON, as `reff export` writes it: the metadata lies in each split's folder.
static void test_an_imagefolder_with_json_is_read(void) {
    struct content c;
    struct error err = {0};
    uint8_t picture[3 * AREA], mask[AREA], *png;
    size_t size;
    begin();
    for (int i = 0; i < 3 * AREA; i++)
        picture[i] = (uint8_t)(i * 37);
    for (int i = 0; i < AREA; i++)
        mask[i] = i % PIXELS < 5 ? 255 : 0;
    CU_ASSERT_FATAL(!image_encode_png(picture, PIXELS, PIXELS, 3, &png, &size, &err));
    sources_add(&images, "test/images/000000.png", png, size);
    sources_add(&images, "train/images/000000.png", png, size);
    free(png);
    CU_ASSERT_FATAL(!image_encode_png(mask, PIXELS, PIXELS, 1, &png, &size, &err));
    sources_add(&images, "test/masks/000000.png", png, size);
    sources_add(&images, "train/masks/000000.png", png, size);
    free(png);
    static const char line[] =
        "{\"file_name\": \"images/000000.png\", \"label\": 2, \"class\": \"owl\", \"mask_file_name\": "
        "\"masks/000000.png\", \"group\": \"owl conflicting\", \"p\": 0.5, \"more\": [1]}\n";
    add_text(&images, "test/metadata.jsonl", line);
    add_text(&images, "train/metadata.jsonl", line);
    use_folders();
    set_path(settings.split, "test");
    generate(&c);
    CU_ASSERT_EQUAL_FATAL(c.count, 1);
    CU_ASSERT(!memcmp(c.pixels, picture, sizeof picture) && !memcmp(c.masks, mask, sizeof mask));
    CU_ASSERT(c.labels[0] == 2 && c.classes == 3);
    CU_ASSERT_STRING_EQUAL(name_at(&c, "class_names", 2), "owl");
    CU_ASSERT_STRING_EQUAL(name_at(&c, "class_names", 0), "0"); // nothing names it
    CU_ASSERT_STRING_EQUAL(name_at(&c, "group_names", c.groups[0]), "owl conflicting");
    CU_ASSERT_STRING_EQUAL(id_of(&c, 0), "test/images/000000");
    content_free(&c);
    remove_all();
}

static void test_wilds_metadata_are_read(void) {
    struct content c;
    begin();
    for (int k = 0; k < 4; k++) {
        char name[80];
        snprintf(name, sizeof name, "001.Crow/%d.jpg", k);
        add_image(name, 30, 30, k);
    }
    add_text(&images, "metadata.csv",
             "img_id,img_filename,y,split,place,place_filename\n1,001.Crow/0.jpg,0,0,1,/a/1.jpg\n2,001.Crow/"
             "1.jpg,1,0,0,b\n"
             "3,001.Crow/2.jpg,1,1,0,c\n4,001.Crow/3.jpg,1,2,1,d\n");
    use_folders();
    generate(&c);
    CU_ASSERT_EQUAL_FATAL(c.count, 2);
    CU_ASSERT(c.labels[0] == 0 && c.labels[1] == 1);
    CU_ASSERT_STRING_EQUAL(name_at(&c, "group_names", c.groups[0]), "0, place 1");
    CU_ASSERT_STRING_EQUAL(name_at(&c, "group_names", c.groups[1]), "1, place 0");
    CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(c.attributes, "annotations")), "none");
    CU_ASSERT(c.has_mask[0] == 0 && marked(&c, 0) == AREA);
    content_free(&c);
    set_path(settings.split, "test");
    generate(&c);
    CU_ASSERT(c.count == 1 && c.classes == 2);
    content_free(&c);
    remove_all();
}

// A list of its own: file names with or without an ending, in any folder, columns in any order.
static void test_a_list_names_images_and_classes(void) {
    struct content c;
    struct error err = {0};
    static const char text[] =
        "Label;more;FILE NAME\r\ncrow;x;1\r\n\"owl\";y;b/2.jpg\r\nowl;;3.jpg\r\nowl;;absent.jpg\r\n";
    begin();
    add_image("a/1.jpg", 30, 30, 1);
    add_image("b/2.jpg", 30, 30, 2);
    add_image("b/3.jpg", 30, 30, 3);
    add_image("b/unlisted.jpg", 30, 30, 4);
    use_folders();
    CU_ASSERT_FATAL(!file_write(suite_path("list.csv"), text, sizeof text - 1, &err));
    set_path(settings.labels, suite_path("list.csv"));
    generate(&c);
    CU_ASSERT_EQUAL_FATAL(c.count, 3);
    CU_ASSERT(c.labels[0] == 0 && c.labels[1] == 1 && c.labels[2] == 1);
    CU_ASSERT(says(&c, "skipped_why", "absent.jpg: line 5: there is no such image"));
    content_free(&c);
    static const char contradiction[] = "file_name,label\n1.jpg,crow\n1.jpg,owl\n";
    CU_ASSERT_FATAL(!file_write(suite_path("list.csv"), contradiction, sizeof contradiction - 1, &err));
    refused(EXIT_FAILED, "1.jpg: is 'crow' in line 2 and 'owl' in line 3");
    static const char nameless[] = "name_of_it,label\n1.jpg,crow\n";
    CU_ASSERT_FATAL(!file_write(suite_path("list.csv"), nameless, sizeof nameless - 1, &err));
    refused(EXIT_FAILED, "list.csv: line 1: no column 'file_name'; its columns are name_of_it, label");
    CU_ASSERT_FATAL(!remove(suite_path("list.csv")));
    remove_all();
}

static void test_boxes_are_a_coarse_annotation(void) {
    struct content c;
    struct error err = {0};
    static const char text[] = "file_name,label,x,y,w,h\n1.png,crow,0,0,4,16\n1.png,crow,12,0,4,8\n2.png,owl,"
                               ",,,\n3.png,owl,1,1,0,5\n";
    uint8_t picture[3 * AREA] = {0}, *png;
    size_t size;
    begin();
    CU_ASSERT_FATAL(!image_encode_png(picture, PIXELS, PIXELS, 3, &png, &size, &err));
    for (int k = 1; k <= 3; k++) {
        char name[20];
        snprintf(name, sizeof name, "%d.png", k);
        sources_add(&images, name, png, size);
    }
    free(png);
    use_folders();
    CU_ASSERT_FATAL(!file_write(suite_path("boxes.csv"), text, sizeof text - 1, &err));
    set_path(settings.labels, suite_path("boxes.csv"));
    generate(&c);
    CU_ASSERT_EQUAL_FATAL(c.count, 2);
    int wrong = 0;
    for (int i = 0; i < AREA; i++)
        wrong += c.masks[i] != (i % PIXELS < 4 || (i % PIXELS >= 12 && i / PIXELS < 8) ? 255 : 0);
    CU_ASSERT_EQUAL(wrong, 0);
    CU_ASSERT(c.has_mask[0] == 1 && c.has_mask[1] == 0 && marked(&c, 1) == AREA);
    CU_ASSERT(says(&c, "skipped_why", "3.png: line 5: a box is x, y, w, h in pixels, w and h above 0"));
    CU_ASSERT(says(&c, "masks_read", "1 mask is boxes, a coarse annotation"));
    content_free(&c);
    CU_ASSERT_FATAL(!remove(suite_path("boxes.csv")));
    remove_all();
}

// ---------------------------------------------------------------------------------------------- masks

static void test_masks_of_any_coding_are_read_and_it_is_said(void) {
    struct content usual, coded;
    birds("");
    use_folders();
    generate(&usual);
    for (int i = 0; i < masks.count; i++) // half of them 0 and 1, the others 0 and 7
        sources_find(&masks, masks.items[i].name)->size = 0;
    sources_free(&masks);
    masks.count = 0;
    for (int k = 0; k < 6; k++) {
        char name[80];
        snprintf(name, sizeof name, "%s/%d.png", k < 3 ? "crow" : "owl", k % 3 + 1);
        photos_add_mask(&masks, name, 40 + k, 32, k % 2 ? 7 : 1, 0);
    }
    remove_all();
    use_folders();
    generate(&coded);
    CU_ASSERT(coded.count == 6 && !memcmp(usual.masks, coded.masks, 6 * AREA));
    CU_ASSERT(says(&coded, "masks_read", "3 masks hold 0 and 1: 1 is taken as annotated"));
    CU_ASSERT(says(&coded, "masks_read", "3 masks hold 0 and 7: 7 is taken as annotated"));
    content_free(&coded);
    settings.mask_values = (struct real_list){1, {7}};
    generate(&coded);
    CU_ASSERT_EQUAL_FATAL(coded.count, 6);
    CU_ASSERT(coded.has_mask[1] == 1 && coded.has_mask[0] == 0); // those of 1 are empty now
    CU_ASSERT_EQUAL(json_integer_value(json_object_get(coded.attributes, "empty_masks")), 3);
    content_free(&coded);
    content_free(&usual);
    remove_all();
}

static void test_masks_that_are_missing_empty_full_or_of_other_sizes_are_counted(void) {
    struct content c;
    begin();
    for (int k = 0; k < 5; k++) {
        char name[80];
        snprintf(name, sizeof name, "crow/%d.jpg", k);
        add_image(name, 40, 40, k);
        snprintf(name, sizeof name, "crow/%d.png", k);
        if (k)
            photos_add_mask(&masks, name, k == 4 ? 20 : 40, k == 4 ? 20 : 40, k == 1 ? 0 : 255,
                            k == 2 ? 255 : 0);
    }
    add_image("owl/0.jpg", 40, 40, 9);
    photos_add_mask(&masks, "owl/nobody.png", 40, 40, 255, 0);
    use_folders();
    generate(&c);
    CU_ASSERT_EQUAL_FATAL(c.count, 5);
    CU_ASSERT(says(&c, "skipped_why",
                   "crow/4: the image has 40 x 40 pixels, its annotation 20 x 20 (--mask-resize scales it)"));
    CU_ASSERT_EQUAL(json_integer_value(json_object_get(c.attributes, "without_mask")), 2);
    CU_ASSERT_EQUAL(json_integer_value(json_object_get(c.attributes, "empty_masks")), 1);
    CU_ASSERT_EQUAL(json_integer_value(json_object_get(c.attributes, "full_masks")), 1);
    CU_ASSERT(c.has_mask[0] == 0 && marked(&c, 0) == AREA); // missing: all counts as relevant
    CU_ASSERT(c.has_mask[1] == 0 && marked(&c, 1) == AREA); // empty: likewise
    CU_ASSERT(c.has_mask[2] == 1 && marked(&c, 2) == AREA);
    long area = marked(&c, 3);
    content_free(&c);
    settings.mask_resize = 1;
    generate(&c);
    CU_ASSERT_EQUAL_FATAL(c.count, 6);
    suite_near((double)marked(&c, 4), (double)area, 20);
    content_free(&c);
    remove_all();
}

// ---------------------------------------------------------------------------------------------- splits

static void test_more_images_change_no_others_split(void) {
    enum { IMAGES = 600 };
    struct error err = {0};
    int counts[SPLITS] = {0}, moved = 0, back = 0, other = 0;
    begin();
    settings.test_share = 0.2;
    settings.validation_share = 0.1;
    for (int i = 0; i < IMAGES; i++) {
        char id[40];
        snprintf(id, sizeof id, "%s/%d", i % 2 ? "crow" : "owl", i);
        int split = folder_draw_split(&settings, id, &err);
        counts[split]++;
        struct folder_settings changed = settings;
        changed.validation_share = 0; // moves validation to train, and no test image
        int now = folder_draw_split(&changed, id, &err);
        moved += split != now && split != SPLIT_VALIDATION;
        back += split == SPLIT_VALIDATION && now != SPLIT_TRAIN;
        changed.seed = 2;
        other += folder_draw_split(&changed, id, &err) != now;
    }
    CU_ASSERT(moved == 0 && back == 0 && other > IMAGES / 5);
    suite_near(counts[SPLIT_TEST], 0.2 * IMAGES, 35);
    suite_near(counts[SPLIT_VALIDATION], 0.1 * IMAGES, 30);
    // the images of a folder, before and after some are added
    struct content before, after;
    birds("");
    settings.test_share = 0.4;
    use_folders();
    generate(&before);
    add_image("crow/0.jpg", 30, 30, 8);
    add_image("owl/zz.jpg", 30, 30, 9);
    use_folders();
    generate(&after);
    int found = 0;
    for (int i = 0; i < before.count; i++)
        for (int k = 0; k < after.count; k++)
            found += !strcmp(id_of(&before, i), id_of(&after, k));
    CU_ASSERT(before.count > 0 && found == before.count);
    content_free(&before);
    content_free(&after);
    remove_all();
}

// ---------------------------------------------------------------------------------------------- bytes, failures

static void test_bytes_do_not_depend_on_threads(void) {
    int threads = omp_get_max_threads();
    struct content c;
    char digest[65] = "";
    birds("");
    use_folders();
    for (int k = 1; k <= 3; k++) {
        omp_set_num_threads(k);
        generate(&c);
        if (k > 1)
            CU_ASSERT_STRING_EQUAL(c.digest, digest);
        strcpy(digest, c.digest);
        content_free(&c);
    }
    omp_set_num_threads(threads);
    remove_all();
}

static void test_what_is_wrong_is_named_and_leaves_nothing(void) {
    struct content c;
    begin();
    refused(EXIT_USAGE, "--images: a folder or an archive of images must be given");
    set_path(settings.images, suite_path("absent"));
    refused(EXIT_FAILED, "absent: No such file or directory");
    birds("");
    add_text(&images, "owl/picture.gif", "GIF89a....");
    add_text(&images, "owl/picture2.webp", "RIFF....WEBPVP8 ");
    add_text(&images, "owl/scan.tif", "II*\0....");
    add_text(&images, "owl/photo.jxl", "\xff\x0a....");
    use_folders();
    generate(&c);
    check_birds(&c);
    CU_ASSERT(says(&c, "skipped_why",
                   "owl/picture: images: owl/picture.gif: neither JPEG nor PNG but a GIF picture"));
    CU_ASSERT(says(&c, "skipped_why", "neither JPEG nor PNG but a WebP picture"));
    CU_ASSERT(says(&c, "skipped_why", "neither JPEG nor PNG but a JPEG XL picture"));
    content_free(&c);
    settings.mask_threshold = 9;
    settings.mask_values = (struct real_list){1, {1}};
    refused(EXIT_USAGE, "--mask-threshold and --mask-values exclude each other");
    settings.mask_threshold = settings.mask_values.count = 0;
    add_image("owl/3.jpeg", 30, 30, 5);
    use_folders();
    refused(EXIT_FAILED, "two images are called owl/3, but for their endings");
    remove_all();
    begin();
    add_text(&images, "readme.txt", "no picture");
    use_folders();
    refused(EXIT_FAILED, "images: has no pictures (.png, .jpg)");
    remove_all();
}

static void test_no_allocation_failure_leaves_anything(void) {
    int failures = 0, silent = 0, left = 0, passed = 0;
    birds("");
    use_folders();
    int entries = suite_count_entries(suite_folder());
    for (long n = 1; n < 3000 && !passed; n += 7) {
        struct error err = {0};
        memory_fail_at = n;
        passed = !folder_generate(&settings, suite_path("memory.h5"), NULL, NULL, NULL, &err);
        memory_fail_at = 0;
        failures += !passed;
        silent += !passed && strncmp(err.message, "out of memory", 13) != 0;
        left += !passed && suite_count_entries(suite_folder()) != entries;
    }
    CU_ASSERT(passed && failures > 10);
    CU_ASSERT_EQUAL(silent, 0);
    CU_ASSERT_EQUAL(left, 0);
    remove(suite_path("memory.h5"));
    remove_all();
}

void suite_own_images(void) {
    CU_pSuite s = CU_add_suite("own_images", suite_make_folder, suite_remove_folder);
    CU_add_test(s, "folders say the class, and masks have the images' paths",
                test_folders_say_the_class_and_masks_have_the_images_paths);
    CU_add_test(s, "archives hold the same whatever is around them",
                test_archives_hold_the_same_whatever_is_around_them);
    CU_add_test(s, "folders say the split", test_folders_say_the_split);
    CU_add_test(s, "an imagefolder with JSON is read", test_an_imagefolder_with_json_is_read);
    CU_add_test(s, "WILDS's metadata are read", test_wilds_metadata_are_read);
    CU_add_test(s, "a list names images and classes", test_a_list_names_images_and_classes);
    CU_add_test(s, "boxes are a coarse annotation", test_boxes_are_a_coarse_annotation);
    CU_add_test(s, "masks of any coding are read, and it is said",
                test_masks_of_any_coding_are_read_and_it_is_said);
    CU_add_test(s, "masks that are missing, empty, full or of other sizes are counted",
                test_masks_that_are_missing_empty_full_or_of_other_sizes_are_counted);
    CU_add_test(s, "more images change no other's split", test_more_images_change_no_others_split);
    CU_add_test(s, "bytes do not depend on threads", test_bytes_do_not_depend_on_threads);
    CU_add_test(s, "what is wrong is named and leaves nothing",
                test_what_is_wrong_is_named_and_leaves_nothing);
    CU_add_test(s, "no allocation failure leaves anything", test_no_allocation_failure_leaves_anything);
}
