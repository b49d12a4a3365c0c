// SPDX-License-Identifier: Apache-2.0
// The fuzz targets over their corpus and over changed copies of it: bytes flipped, cut, repeated, numbers
// blown up. The changes are drawn from a fixed seed, so that a failure comes again.
#include "tests/fuzz/fuzz_targets.h"

#include "core/base/random.h"
#include "core/shard/shard.h"
#include "tests/support/suite.h"

#include <CUnit/CUnit.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CHANGES = 600, FILE_MAXIMUM = 1 << 16 };

// The suite runs in the repository's root, as make does it.
static const char corpus[] = "tests/fuzz/corpus";

// Changes a copy of the bytes in one of several ways; returns the new size.
static size_t change(struct random *r, const uint8_t *from, size_t size, uint8_t *to) {
    static const uint8_t odd[] = {0x00, 0x01, 0x7f, 0x80, 0xff};
    memcpy(to, from, size);
    int times = 1 + (int)random_below(r, 4);
    for (int k = 0; k < times && size; k++) {
        size_t at = random_below(r, (uint32_t)size), length = 1 + random_below(r, 8);
        length = length < size - at ? length : size - at;
        switch (random_below(r, 6)) {
        case 0:
            to[at] = (uint8_t)random_below(r, 256);
            break;
        case 1:
            to[at] ^= (uint8_t)(1u << random_below(r, 8));
            break;
        case 2:
            memset(to + at, odd[random_below(r, sizeof odd)], length);
            break;
        case 3: // cut out
            memmove(to + at, to + at + length, size - at - length);
            size -= length;
            break;
        case 4: // repeat
            if (size + length <= FILE_MAXIMUM) {
                memmove(to + at + length, to + at, size - at);
                size += length;
            }
            break;
        default: // lose the end
            size = at;
        }
    }
    return size;
}

// In a block of just that size, so that the sanitizer build notices what reads on.
static int run_exactly(fuzz_target *target, const uint8_t *bytes, size_t size) {
    uint8_t *own = malloc(size ? size : 1);
    CU_ASSERT_FATAL(own != NULL);
    memcpy(own, bytes, size);
    int wrong = target(own, size);
    free(own);
    return wrong;
}

static void run_file(fuzz_target *target, const char *path) {
    static uint8_t changed[FILE_MAXIMUM];
    struct error err = {0};
    size_t size;
    uint8_t *bytes = (uint8_t *)file_read(path, FILE_MAXIMUM, &size, &err);
    CU_ASSERT_FATAL(bytes != NULL);
    int wrong = run_exactly(target, bytes, size);
    struct random r = random_stream(1, random_purpose(path), 0);
    for (int i = 0; i < CHANGES; i++) {
        size_t length = change(&r, bytes, size, changed);
        if (run_exactly(target, changed, length) && !wrong++)
            printf("\n  %s: change %d\n", path, i);
    }
    CU_ASSERT_EQUAL(wrong, 0);
    free(bytes);
}

static void run_corpus(const char *name, fuzz_target *target) {
    char folder[PATH_SIZE], path[PATH_SIZE];
    struct error err = {0};
    int files = 0;
    CU_ASSERT_FATAL(!path_join(folder, &err, corpus, name));
    DIR *directory = opendir(folder);
    CU_ASSERT_PTR_NOT_NULL_FATAL(directory);
    for (struct dirent *entry; (entry = readdir(directory));)
        if (entry->d_name[0] != '.') {
            CU_ASSERT_FATAL(!path_join(path, &err, folder, entry->d_name));
            run_file(target, path);
            files++;
        }
    closedir(directory);
    CU_ASSERT(files >= 2);
}

static void test_changed_idx_files_are_read_or_refused(void) {
    run_corpus("idx", fuzz_idx);
}
static void test_changed_pictures_are_read_or_refused(void) {
    run_corpus("image", fuzz_image);
}
static void test_changed_gzip_files_are_read_or_refused(void) {
    run_corpus("gzip", fuzz_gzip);
}
static void test_changed_archives_are_read_or_refused(void) {
    run_corpus("archive", fuzz_archive);
}
static void test_changed_settings_files_are_read_or_refused(void) {
    run_corpus("settings", fuzz_settings);
}
static void test_changed_weights_are_read_or_refused(void) {
    run_corpus("safetensors", fuzz_safetensors);
}
static void test_changed_labels_of_isic2017_are_read_or_refused(void) {
    run_corpus("csv", fuzz_csv);
}
static void test_changed_lists_of_own_images_are_read_or_refused(void) {
    run_corpus("metadata", fuzz_metadata);
}
static void test_changed_masks_are_read_or_refused(void) {
    run_corpus("mask", fuzz_mask);
}
static void test_changed_lists_of_pets_are_read_or_refused(void) {
    run_corpus("pets", fuzz_pets);
}
static void test_changed_trimaps_are_read_or_refused(void) {
    run_corpus("trimap", fuzz_trimap);
}

static void test_changed_shards_are_read_or_refused(void) {
    struct error err = {0};
    struct shard *whole = shard_open_measured("tests/fuzz/corpus/shard/small.h5", &err);
    CU_ASSERT_PTR_NOT_NULL(whole); // or the target would refuse all there is
    shard_close(whole);
    run_corpus("shard", fuzz_shard);
}

// Such a type comes from a changed byte alone: our limit on a column's memory divided by its size.
static void test_a_column_of_values_of_no_size_is_damaged(void) {
    struct error err = {0};
    struct shard *s = shard_open_measured("tests/fuzz/corpus/shard/text-column-of-no-size.h5", &err);
    CU_ASSERT_PTR_NULL(s);
    suite_text_has(err.message, "'digit_x' holds values of no size: damaged");
    shard_close(s);
}

void suite_fuzz(void) {
    CU_pSuite s = CU_add_suite("fuzz", NULL, NULL);
    CU_add_test(s, "changed IDX files are read or refused", test_changed_idx_files_are_read_or_refused);
    CU_add_test(s, "changed pictures are read or refused", test_changed_pictures_are_read_or_refused);
    CU_add_test(s, "changed gzip files are read or refused", test_changed_gzip_files_are_read_or_refused);
    CU_add_test(s, "changed archives are read or refused", test_changed_archives_are_read_or_refused);
    CU_add_test(s, "changed settings files are read or refused",
                test_changed_settings_files_are_read_or_refused);
    CU_add_test(s, "changed weights are read or refused", test_changed_weights_are_read_or_refused);
    CU_add_test(s, "changed labels of ISIC2017 are read or refused",
                test_changed_labels_of_isic2017_are_read_or_refused);
    CU_add_test(s, "changed lists of own images are read or refused",
                test_changed_lists_of_own_images_are_read_or_refused);
    CU_add_test(s, "changed masks are read or refused", test_changed_masks_are_read_or_refused);
    CU_add_test(s, "changed lists of Pets are read or refused",
                test_changed_lists_of_pets_are_read_or_refused);
    CU_add_test(s, "changed shards are read or refused", test_changed_shards_are_read_or_refused);
    CU_add_test(s, "a column of values of no size is damaged", test_a_column_of_values_of_no_size_is_damaged);
    CU_add_test(s, "changed trimaps are read or refused", test_changed_trimaps_are_read_or_refused);
}
