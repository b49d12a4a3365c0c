// SPDX-License-Identifier: Apache-2.0
// Textures: the same pictures from a folder or an archive, scaled to cover the canvas, cropped where asked;
// what is missing or no picture is named with its place.
#include "gen/textured_mnist/textures.h"

#include "core/base/memory.h"
#include "gen/draw/builtin_textures.h"
#include "gen/read/image.h"
#include "tests/support/sources_fixture.h"
#include "tests/support/suite.h"

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct texture_set *own_set(void) {
    struct error err = {0};
    struct texture_set *set = texture_set_open(sources_set("own.ini", NULL), &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(set);
    return set;
}

static struct textures *open_all(const char *path, const struct texture_set *set, int canvas) {
    struct error err = {0};
    struct textures *t = textures_open(path, set, canvas, &err);
    if (!t || textures_prepare(t, NULL, 0, &err))
        printf("\n  %s\n", err.message);
    CU_ASSERT_FATAL(t && !err.message[0]);
    return t;
}

// Every picture of the sources, decoded and scaled here by itself, must be what the textures have.
static int count_wrong(const struct textures *t, const struct texture_set *set, struct source_files *files,
                       int canvas) {
    int wrong = 0;
    struct error err = {0};
    for (int c = 0; c < SOURCES_CLASSES; c++) {
        CU_ASSERT_EQUAL(textures_count(t, c), SOURCES_PICTURES);
        for (int i = 0; i < SOURCES_PICTURES; i++) {
            struct image image, covered;
            struct texture_crop crop;
            char name[80];
            int width, height;
            snprintf(name, sizeof name, "%s/%s_%04d.%s", set->classes[c].name, set->classes[c].name, i + 1,
                     c == 10 ? "jpg" : "png");
            CU_ASSERT_STRING_EQUAL(textures_file(t, c, i), name);
            const struct source_file *file = sources_find(files, name);
            CU_ASSERT_FATAL(!image_decode(file->bytes, file->size, name, &image, &err));
            CU_ASSERT_FATAL(!image_cover(&image, canvas, &covered, &err));
            textures_size(t, c, i, &width, &height);
            CU_ASSERT_FATAL(width == covered.width && height == covered.height);
            int left = width - canvas, top = (height - canvas) / 2;
            CU_ASSERT_FATAL(!textures_crop(t, c, i, left, top, canvas, canvas, NULL, &crop, &err));
            for (int y = 0; y < canvas; y++)
                wrong += memcmp(crop.pixels + y * crop.stride,
                                covered.pixels + ((top + y) * width + left) * 3, (size_t)canvas * 3) != 0;
            texture_crop_free(&crop);
            image_free(&image);
            image_free(&covered);
        }
    }
    return wrong;
}

static void test_folders_and_archives_give_the_same_pictures(void) {
    static struct source_files files;
    struct texture_set *set = own_set();
    sources_textures(&files);
    const char *paths[] = {sources_folder("folder", &files), sources_archive("t.tar.gz", &files),
                           sources_archive("t.zip", &files)};
    for (int k = 0; k < 3; k++)
        for (int canvas = 16; canvas <= 60; canvas += 22) { // some are larger, some smaller, all smaller
            struct textures *t = open_all(paths[k], set, canvas);
            CU_ASSERT_EQUAL(count_wrong(t, set, &files, canvas), 0);
            textures_close(t);
        }
    texture_set_close(set);
    sources_free(&files);
}

// Where memory is short pictures are decoded again at each use, with the same result.
static void test_pictures_that_are_not_kept_are_the_same(void) {
    static struct source_files files;
    struct texture_set *set = own_set();
    size_t kept = textures_kept_most;
    sources_textures(&files);
    const char *path = sources_folder("kept", &files);
    textures_kept_most = 20000; // a few of them
    struct textures *t = open_all(path, set, 28);
    CU_ASSERT_EQUAL(count_wrong(t, set, &files, 28), 0);
    textures_close(t);
    textures_kept_most = 0;
    t = open_all(path, set, 28);
    CU_ASSERT_EQUAL(count_wrong(t, set, &files, 28), 0);
    textures_close(t);
    textures_kept_most = kept;
    texture_set_close(set);
    sources_free(&files);
}

// On a small canvas crops of built-in textures are drawn on the spot, on a large one cut from the scaled
// whole.
static void test_built_in_crops_are_parts_of_the_whole(void) {
    struct error err = {0};
    struct texture_set *set = texture_set_open("dtd", &err);
    enum { SIDE = BUILTIN_TEXTURE_SIZE };
    static uint8_t whole[SIDE * SIDE * 3], room[40 * 30 * 3];
    CU_ASSERT_PTR_NOT_NULL_FATAL(set);
    for (int canvas = 64; canvas <= 160; canvas += 96) {
        struct textures *t = textures_open("", set, canvas, &err);
        CU_ASSERT_PTR_NOT_NULL_FATAL(t);
        CU_ASSERT_EQUAL(textures_count(t, 0), BUILTIN_TEXTURE_COUNT);
        CU_ASSERT_STRING_EQUAL(textures_file(t, 1, 4), "dotted/dotted_0005.png");
        const struct texture_choice choices[3] = {{1, 4}, {20, 0}, {1, 4}};
        CU_ASSERT_FATAL(!textures_prepare(t, choices, 3, &err));
        int width, height, wrong = 0;
        textures_size(t, 1, 4, &width, &height);
        CU_ASSERT(width == (canvas > SIDE ? canvas : SIDE) && height == width);
        struct texture_crop crop;
        struct image image = {SIDE, SIDE, whole}, covered;
        CU_ASSERT_FATAL(!builtin_texture_draw(10, 4, SIDE, 0, 0, SIDE, SIDE, whole, &err)); // dotted
        CU_ASSERT_FATAL(!image_cover(&image, canvas, &covered, &err));
        CU_ASSERT_FATAL(!textures_crop(t, 1, 4, 22, 33, 40, 30, room, &crop, &err));
        for (int y = 0; y < 30; y++)
            wrong +=
                memcmp(crop.pixels + y * crop.stride, covered.pixels + ((33 + y) * width + 22) * 3, 120) != 0;
        CU_ASSERT_EQUAL(wrong, 0);
        texture_crop_free(&crop);
        image_free(&covered);
        textures_close(t);
    }
    texture_set_close(set);
}

// Opening or decoding must fail with a message that begins with the path and goes on like this.
static void check_refused(const char *path, const char *expected) {
    struct error err = {0};
    struct texture_set *set = own_set();
    struct textures *t = textures_open(path, set, 28, &err);
    CU_ASSERT(!t || textures_prepare(t, NULL, 0, &err));
    textures_close(t);
    texture_set_close(set);
    CU_ASSERT_EQUAL(err.status, EXIT_FAILED);
    const char *found = strlen(err.message) > strlen(path) ? err.message + strlen(path) : "";
    suite_text_begins(err.message, path);
    suite_text_begins(found, expected);
}

static void test_missing_classes_are_named(void) {
    static struct source_files files;
    sources_textures(&files);
    for (int i = 0; i < files.count; i++) { // another folder's files are no pictures of the class
        char *place = strstr(files.items[i].name, "/d7/");
        if (place)
            memcpy(place, "/x7/", 4);
    }
    check_refused(sources_archive("seven.zip", &files), ": has no pictures of class 'd7'");
    check_refused(sources_folder("seven", &files), ": has no pictures of class 'd7'");
    check_refused(suite_path("absent"), ": No such file or directory");
    sources_free(&files);
}

static void test_files_that_are_no_pictures_are_named(void) {
    static struct source_files files;
    sources_textures(&files);
    sources_add(&files, "tex/images/d3/.directory", "[hidden]", 8); // ignored
    sources_add(&files, "tex/README", "not below a class", 17);     // ignored
    struct texture_set *set = own_set();
    textures_close(open_all(sources_folder("hidden", &files), set, 28));
    texture_set_close(set);

    sources_add(&files, "tex/images/d3/notes.txt", "no picture", 10);
    check_refused(sources_folder("notes", &files),
                  "/tex/images/d3/notes.txt: neither JPEG nor PNG but something else");
    check_refused(sources_archive("notes.tar.gz", &files),
                  ": tex/images/d3/notes.txt: neither JPEG nor PNG but something else");
    files.count--;
    free(files.items[files.count].bytes);
    sources_add(&files, "tex/images/d3/page.jpg", "<html>404</html>", 16);
    check_refused(sources_folder("page", &files),
                  "/tex/images/d3/page.jpg: neither JPEG nor PNG but an HTML page");
    sources_free(&files);
}

static void test_pictures_that_are_cut_are_named(void) {
    static struct source_files files;
    sources_textures(&files);
    sources_find(&files, "b0_0004.jpg")->size -= 20;
    check_refused(sources_archive("cut.tar.gz", &files), ": tex/images/b0/b0_0004.jpg: truncated JPEG");
    sources_find(&files, "b0_0004.jpg")->size += 20;
    sources_find(&files, "d2_0001.png")->size -= 1;
    check_refused(sources_folder("cut", &files), "/tex/images/d2/d2_0001.png: truncated PNG");
    // Of several the first in order is named, whatever thread meets it first.
    sources_find(&files, "b2_0001.png")->size = 0;
    sources_find(&files, "d1_0001.png")->size = 3;
    for (int i = 0; i < 5; i++)
        check_refused(sources_archive("many.zip", &files),
                      ": tex/images/d1/d1_0001.png: neither JPEG nor PNG");
    sources_free(&files);
}

static void test_two_pictures_of_one_name_are_refused(void) {
    static struct source_files files;
    sources_textures(&files);
    struct source_file *file = sources_find(&files, "d5_0002.png");
    sources_add(&files, "other/d5/d5_0002.png", file->bytes, file->size);
    check_refused(sources_archive("twice.tar", &files),
                  ": other/d5/d5_0002.png and tex/images/d5/d5_0002.png are both called d5/d5_0002.png");
    sources_free(&files);
}

// "ARCHIVE/CLASS": the same class name in two archives, packed or not, is two classes.
static void test_sources_are_found_below_the_folder(void) {
    static struct source_files files;
    struct error err = {0};
    sources_textures(&files);
    CU_ASSERT_FATAL(!folder_make(suite_path("several"), &err));
    sources_archive("several/first.tar.gz", &files);
    sources_folder("several/second", &files);
    const char *ini = sources_set("several.ini", "[backgrounds]\n3 = first/b0\n4 = second/b1");
    struct texture_set *set = texture_set_open(ini, &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(set);
    struct textures *t = open_all(suite_path("several"), set, 28);
    CU_ASSERT(textures_count(t, 13) == SOURCES_PICTURES && textures_count(t, 14) == SOURCES_PICTURES);
    CU_ASSERT_STRING_EQUAL(textures_file(t, 13, 0), "first/b0/b0_0001.jpg");
    CU_ASSERT_STRING_EQUAL(textures_file(t, 14, 0), "second/b1/b1_0001.png");
    textures_close(t);
    texture_set_close(set);
    set = texture_set_open(sources_set("third.ini", "[backgrounds]\n3 = third/b0"), &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(set);
    t = textures_open(sources_folder("onlyone", &files), set, 28, &err);
    CU_ASSERT_PTR_NULL(t);
    suite_text_has(err.message, "onlyone: has no folder or archive 'third' (.tar.gz, .tgz, .zip");
    texture_set_close(set);
    sources_free(&files);
}

static void test_digests_change_with_any_byte(void) {
    static struct source_files files;
    struct error err = {0};
    struct texture_set *set = own_set();
    char first[DIGEST_SIZE], again[DIGEST_SIZE], changed[DIGEST_SIZE];
    sources_textures(&files);
    CU_ASSERT(!textures_digest(sources_folder("digest1", &files), set, first, &err));
    CU_ASSERT(!textures_digest(sources_folder("digest2", &files), set, again, &err));
    CU_ASSERT_STRING_EQUAL(first, again);
    sources_find(&files, "d4_0003.png")->bytes[60] ^= 1;
    CU_ASSERT(!textures_digest(sources_folder("digest3", &files), set, changed, &err));
    CU_ASSERT_STRING_NOT_EQUAL(first, changed);
    CU_ASSERT(textures_digest(suite_path("absent"), set, changed, &err));
    texture_set_close(set);
    sources_free(&files);
}

static void test_no_allocation_failure_leaks(void) {
    static struct source_files files;
    struct texture_set *set = own_set();
    sources_textures(&files);
    const char *path = sources_archive("memory.tar.gz", &files);
    int failures = 0, passed = 0, silent = 0;
    for (long n = 1; !passed; n += 1 + n / 40) { // thousands: the later ones by sampling
        struct error err = {0};
        memory_fail_at = n;
        struct textures *t = textures_open(path, set, 28, &err);
        passed = t && !textures_prepare(t, NULL, 0, &err);
        passed = passed && memory_fail_at > 0;
        memory_fail_at = 0;
        textures_close(t);
        failures += !passed;
        silent += !passed && strncmp(err.message, "out of memory", 13) != 0;
    }
    CU_ASSERT(failures > 60);
    CU_ASSERT_EQUAL(silent, 0);
    texture_set_close(set);
    sources_free(&files);
}

void suite_textures(void) {
    CU_pSuite s = CU_add_suite("textures", suite_make_folder, suite_remove_folder);
    CU_add_test(s, "folders and archives give the same pictures",
                test_folders_and_archives_give_the_same_pictures);
    CU_add_test(s, "pictures that are not kept are the same", test_pictures_that_are_not_kept_are_the_same);
    CU_add_test(s, "built-in crops are parts of the whole", test_built_in_crops_are_parts_of_the_whole);
    CU_add_test(s, "missing classes are named", test_missing_classes_are_named);
    CU_add_test(s, "files that are no pictures are named", test_files_that_are_no_pictures_are_named);
    CU_add_test(s, "pictures that are cut are named", test_pictures_that_are_cut_are_named);
    CU_add_test(s, "two pictures of one name are refused", test_two_pictures_of_one_name_are_refused);
    CU_add_test(s, "sources are found below the folder", test_sources_are_found_below_the_folder);
    CU_add_test(s, "digests change with any byte", test_digests_change_with_any_byte);
    CU_add_test(s, "no allocation failure leaks", test_no_allocation_failure_leaks);
}
