// SPDX-License-Identifier: Apache-2.0
#include "tests/support/photographs_fixture.h"

#include "core/shard/shard.h"
#include "gen/read/image.h"
#include "tests/support/suite.h"

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void photos_add_jpeg(struct source_files *files, const char *name, int width, int height, int number) {
    uint8_t *pixels = malloc((size_t)width * (size_t)height * 3);
    CU_ASSERT_FATAL(pixels != NULL);
    for (int i = 0; i < width * height; i++) {
        pixels[3 * i] = (uint8_t)(255 * (i % width) / width);
        pixels[3 * i + 1] = (uint8_t)(255 * (i / width) / height);
        pixels[3 * i + 2] = (uint8_t)(number * 7 % 256);
    }
    sources_add_jpeg(files, name, pixels, width, height);
    free(pixels);
}

// The middle third of the width, the middle half of the height.
void photos_add_mask(struct source_files *files, const char *name, int width, int height, int on, int off) {
    uint8_t *values = malloc((size_t)width * (size_t)height), *png;
    size_t size;
    struct error err = {0};
    CU_ASSERT_FATAL(values != NULL);
    for (int i = 0; i < width * height; i++) {
        int x = i % width, y = i / width;
        values[i] =
            (uint8_t)(x >= width / 3 && x < 2 * width / 3 && y >= height / 4 && y < 3 * height / 4 ? on
                                                                                                   : off);
    }
    CU_ASSERT_FATAL(!image_encode_png(values, width, height, 1, &png, &size, &err));
    sources_add(files, name, png, size);
    free(png);
    free(values);
}

void photos_free(struct photo_files *files) {
    sources_free(&files->images);
    sources_free(&files->masks);
    sources_free(&files->lists);
}

// ---------------------------------------------------------------------------------------------- ISIC

// Sizes differ; some are higher than wide.
static void size_of(int number, int *width, int *height) {
    *width = number % 3 ? 40 + number : 24;
    *height = number % 3 ? 30 : 36;
}

void photos_isic(struct photo_files *files, const char *split, int first, int count) {
    char name[80], text[2000] = "image_id,melanoma,seborrheic_keratosis\n";
    memset(files, 0, sizeof *files);
    for (int i = 0; i < count; i++) {
        int width, height, number = first + i;
        size_of(number, &width, &height);
        snprintf(name, sizeof name, "ISIC-2017_%s_Data/ISIC_%07d.jpg", split, number);
        photos_add_jpeg(&files->images, name, width, height, number);
        snprintf(name, sizeof name, "ISIC-2017_%s_Data/ISIC_%07d_superpixels.png", split, number);
        sources_add(&files->images, name, "superpixels are not looked at", 29);
        snprintf(name, sizeof name, "ISIC-2017_%s_Part1_GroundTruth/ISIC_%07d_segmentation.png", split,
                 number);
        photos_add_mask(&files->masks, name, width, height, 255, 0);
        snprintf(text + strlen(text), sizeof text - strlen(text), "ISIC_%07d,%d.0,%d.0\n", number, i % 3 == 0,
                 i % 3 == 1);
    }
    snprintf(name, sizeof name, "ISIC-2017_%s_Part3_GroundTruth.csv", split);
    sources_add(&files->lists, name, text, strlen(text));
}

const char *photos_write_isic(const char *name, const struct photo_files *files, const char *split) {
    char path[200];
    snprintf(path, sizeof path, "%s", name);
    const char *folder = sources_folder(path, &files->lists);
    snprintf(path, sizeof path, "%s/ISIC-2017_%s_Data.zip", name, split);
    sources_archive(path, &files->images);
    snprintf(path, sizeof path, "%s/ISIC-2017_%s_Part1_GroundTruth.zip", name, split);
    sources_archive(path, &files->masks);
    return folder;
}

// ---------------------------------------------------------------------------------------------- Pets

void photos_pets(struct photo_files *files) {
    static const struct {
        const char *name;
        int id, species;
    } breeds[4] = {{"Abyssinian", 1, 1}, {"Bengal", 2, 1}, {"Birman", 3, 1}, {"beagle", 5, 2}};
    char lists[2][4000] = {"#Image CLASS-ID SPECIES BREED ID\n", ""}, name[80];
    memset(files, 0, sizeof *files);
    for (int k = 0; k < 4; k++)
        for (int i = 1; i <= 13; i++) {
            int width, height;
            size_of(i + k, &width, &height);
            snprintf(name, sizeof name, "images/%s_%d.jpg", breeds[k].name, i);
            photos_add_jpeg(&files->images, name, width, height, 13 * k + i);
            snprintf(name, sizeof name, "annotations/trimaps/%s_%d.png", breeds[k].name, i);
            photos_add_mask(&files->masks, name, width, height, 1, i & 1 ? 2 : 3);
            snprintf(name, sizeof name, "annotations/trimaps/._%s_%d.png", breeds[k].name, i);
            sources_add(&files->masks, name, "hidden", 6); // as the official archive has them
            char *list = lists[i > 10];
            snprintf(list + strlen(list), sizeof lists[0] - strlen(list), "%s_%d %d %d %d\n", breeds[k].name,
                     i, breeds[k].id, breeds[k].species, k + 1);
        }
    sources_add(&files->lists, "annotations/trainval.txt", lists[0], strlen(lists[0]));
    sources_add(&files->lists, "annotations/test.txt", lists[1], strlen(lists[1]));
}

// Masks and lists are in one archive.
static void join_annotations(const struct photo_files *files, struct source_files *all) {
    all->count = 0;
    for (int i = 0; i < files->masks.count; i++)
        sources_add(all, files->masks.items[i].name, files->masks.items[i].bytes, files->masks.items[i].size);
    for (int i = 0; i < files->lists.count; i++)
        sources_add(all, files->lists.items[i].name, files->lists.items[i].bytes, files->lists.items[i].size);
}

const char *photos_write_pets(const char *name, const struct photo_files *files) {
    static struct source_files all;
    struct error err = {0};
    char path[200];
    const char *folder = suite_path(name);
    CU_ASSERT_FATAL(!folder_make(folder, &err));
    join_annotations(files, &all);
    snprintf(path, sizeof path, "%s/images.tar.gz", name);
    sources_archive(path, &files->images);
    snprintf(path, sizeof path, "%s/annotations.tar.gz", name);
    sources_archive(path, &all);
    sources_free(&all);
    return folder;
}

const char *photos_unpack_pets(const char *name, const struct photo_files *files) {
    static struct source_files all;
    join_annotations(files, &all);
    sources_folder(name, &files->images);
    const char *folder = sources_folder(name, &all);
    sources_free(&all);
    return folder;
}

// ---------------------------------------------------------------------------------------------- shards

void photos_settings(struct photographs_settings *s, const char *data, const char *source,
                     const char *split) {
    settings_default(photographs_schema, s);
    snprintf(s->data, sizeof s->data, "%s", data);
    snprintf(s->source, sizeof s->source, "%s", source);
    snprintf(s->split, sizeof s->split, "%s", split);
    s->pixels = PHOTOS_PIXELS;
}

void photos_generate(const struct photographs_settings *s, struct photo_content *c) {
    struct error err = {0};
    const char *path = suite_path("content.h5");
    memset(c, 0, sizeof *c);
    if (photographs_generate(s, path, NULL, NULL, NULL, &err)) {
        printf("\n  %s\n", err.message);
        CU_FAIL_FATAL("no shard was made");
    }
    struct shard *shard = shard_open(path, &err);
    CU_ASSERT_FATAL(shard != NULL);
    struct shard_shape shape = shard_shape(shard);
    size_t area = (size_t)shape.height * (size_t)shape.width, count = (size_t)shape.count;
    uint32_t *index = malloc(count * sizeof *index);
    c->count = (int)count;
    c->pixels = shape.width;
    c->images = malloc(count * area * 3);
    c->masks = malloc(count * area);
    c->labels = malloc(count * sizeof *c->labels);
    CU_ASSERT_FATAL(index && c->images && c->masks && c->labels);
    for (size_t i = 0; i < count; i++)
        index[i] = (uint32_t)i;
    CU_ASSERT_FATAL(!shard_read(shard, index, c->count, c->images, c->masks, c->labels, &err));
    CU_ASSERT_FATAL(!*s->source || !shard_text_column(shard, "id", &c->ids, &c->id_size, &err));
    c->attributes = shard_attributes(shard, &err);
    snprintf(c->digest, sizeof c->digest, "%s", shard_content_digest(shard));
    free(index);
    shard_close(shard);
}

void photos_content_free(struct photo_content *c) {
    free(c->images);
    free(c->masks);
    free(c->labels);
    free(c->ids);
    json_decref(c->attributes);
}

int photos_find(const struct photo_content *c, const char *id) {
    for (int i = 0; i < c->count; i++)
        if (!strcmp(c->ids + (size_t)i * c->id_size, id))
            return i;
    return -1;
}

int photos_says(const struct photo_content *c, const char *list, const char *text) {
    return photos_list_says(c->attributes, list, text);
}

int photos_list_says(const json_t *attributes, const char *list, const char *text) {
    size_t i;
    const json_t *line;
    json_array_foreach(json_object_get(attributes, list), i, line) {
        if (strstr(json_string_value(line), text))
            return 1;
    }
    printf("\n  %s does not say '%s'\n", list, text);
    return 0;
}

void photos_refused(const struct photographs_settings *s, enum exit_status status, const char *expected) {
    struct error err = {0};
    int before = suite_count_entries(suite_folder());
    CU_ASSERT(photographs_generate(s, suite_path("refused.h5"), NULL, NULL, NULL, &err));
    CU_ASSERT_EQUAL(err.status, status);
    suite_text_has(err.message, expected);
    CU_ASSERT_EQUAL(suite_count_entries(suite_folder()), before);
}
