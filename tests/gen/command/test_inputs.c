// SPDX-License-Identifier: Apache-2.0
// Inputs that people really have, gathered from public reports of bugs: each gives what the plain one of its kind
// gives, or is called what it is, and leaves nothing behind.
#include "core/shard/shard.h"
#include "tests/support/suite.h"

#include <CUnit/CUnit.h>
#include <stdlib.h>
#include <string.h>

// Images, masks and labels of a shard, one behind the other; NULL where it cannot be read.
static uint8_t *content_of(const char *path, size_t *size) {
    struct error err = {0};
    struct shard *shard = shard_open(path, &err);
    CU_ASSERT_FATAL(shard != NULL);
    struct shard_shape shape = shard_shape(shard);
    size_t area = (size_t)shape.height * (size_t)shape.width, count = (size_t)shape.count;
    uint32_t *index = malloc(count * sizeof *index);
    uint8_t *all = malloc(*size = count * (4 * area + sizeof(int32_t)));
    int32_t *labels = malloc(count * sizeof *labels);
    CU_ASSERT_FATAL(index && all && labels);
    for (size_t i = 0; i < count; i++)
        index[i] = (uint32_t)i;
    CU_ASSERT_FATAL(!shard_read(shard, index, (int)count, all, all + 3 * area * count, labels, &err));
    memcpy(all + 4 * area * count, labels, count * sizeof *labels);
    free(index);
    free(labels);
    shard_close(shard);
    return all;
}

static int same_content(const char *path, const char *other) {
    size_t size, other_size;
    uint8_t *a = content_of(path, &size), *b = content_of(other, &other_size);
    int same = size == other_size && !memcmp(a, b, size);
    free(a);
    free(b);
    return same;
}

static void run_isic(const char *source, const char *output, int status, const char *says) {
    struct program_result r;
    char path[PATH_SIZE];
    snprintf(path, sizeof path, "%s/%s", suite_shared("cases/isic"), source);
    reff_run(&r, 0, "gen", "isic2017", "--pixels", "32", "--source", path, "--output", output);
    CU_ASSERT_EQUAL(r.status, status);
    suite_text_has(r.err, says);
    program_free(&r);
}

static void test_masks_and_lists_are_read_as_the_good_ones(void) {
    static const char *const names[][2] = {
        {"mask-0-1", "3 masks hold 0 and 1: 1 is taken as annotated"},
        {"mask-palette", "3 masks have a palette: all but index 0 is taken as annotated"},
        {"mask-grey-100-gamma", "3 masks hold 0 and 100: 100 is taken as annotated"},
        {"csv-quoted", "3 images"},
        {"csv-spaces", "3 images"}};
    if (!suite_shared("cases/isic"))
        return;
    const char *good = suite_path("good.h5"), *output = suite_path("other.h5");
    run_isic("good", good, 0, "3 images, 3 classes, 18.7 % annotated");
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        run_isic(names[i][0], output, 0, names[i][1]);
        CU_ASSERT(same_content(output, good));
        CU_ASSERT_FATAL(!remove(output) && !remove(suite_path("other.h5.sha256")));
    }
    run_isic("csv-hex", output, 0,
             "ISIC_0000000 skipped: line 2: melanoma is '0x1', not a decimal number (0 or 1)");
    remove(output), remove(suite_path("other.h5.sha256"));
}

static void run_textures(const char *folder, const char *name, const char *output, int status,
                         const char *says) {
    struct program_result r;
    char path[PATH_SIZE], set[PATH_SIZE];
    snprintf(path, sizeof path, "%s/%s", suite_shared(folder), name);
    snprintf(set, sizeof set, "%s", suite_shared("cases/textures/set.ini"));
    int before = suite_count_entries(suite_folder());
    reff_run(&r, 0, "gen", "textured-mnist", "--textures", path, "--texture-set", set, "--size", "31",
             "--canvas", "32", "--count", "100", "--output", output);
    CU_ASSERT_EQUAL(r.status, status);
    suite_text_has(r.err, says);
    if (status)
        CU_ASSERT_EQUAL(suite_count_entries(suite_folder()), before);
    program_free(&r);
}

static void test_textures_are_read_or_called_what_they_are(void) {
    static const char *const same[] = {"png-gamma", "thumbs"};
    static const char *const refused[][3] = {
        {"cases/textures", "encrypted.zip",
         "b1/b1_0.png: is encrypted; unpack it, or pack it without a password"},
        {"cases/textures", "deflate64.zip", "b0/b0_0.jpg: packed in a way that is not read ("},
        {"cases/archives", "grzip.tar", "not an archive, or cut short ("},
        {"cases/archives", "lrzip.tar", "not an archive, or cut short ("}};
    if (!suite_shared("cases/textures"))
        return;
    const char *plain = suite_path("plain.h5"), *output = suite_path("textures.h5");
    run_textures("cases/textures", "png", plain, 0, "100 images");
    for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
        run_textures("cases/textures", same[i], output, 0, "100 images");
        CU_ASSERT(same_content(output, plain));
        CU_ASSERT_FATAL(!remove(output) && !remove(suite_path("textures.h5.sha256")));
    }
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        run_textures(refused[i][0], refused[i][1], output, 1, refused[i][2]);
    // b0 has two pictures, of which the second is a hard link to the first
    run_textures("cases/textures", "hard-link.tar.gz", output, 0, "100 images");
    struct error err = {0};
    struct shard *shard = shard_open(output, &err);
    CU_ASSERT_FATAL(shard != NULL);
    char *files;
    size_t size;
    int linked = 0;
    CU_ASSERT_FATAL(!shard_text_column(shard, "background_file", &files, &size, &err));
    for (int i = 0; i < 100; i++)
        linked += !strcmp(files + (size_t)i * size, "b0/b0_1.png");
    CU_ASSERT(linked > 0);
    free(files);
    shard_close(shard);
}

void suite_inputs(void) {
    CU_pSuite s = CU_add_suite("inputs", suite_make_folder, suite_remove_folder);
    CU_add_test(s, "masks and lists are read as the good ones",
                test_masks_and_lists_are_read_as_the_good_ones);
    CU_add_test(s, "textures are read or called what they are",
                test_textures_are_read_or_called_what_they_are);
}
