// SPDX-License-Identifier: Apache-2.0
// Drawn stand-ins: the same bytes for any threads, images that depend on nothing but their settings and their
// number, artefacts that go with the class in training data alone, backgrounds that never do, and a registry
// through which all of it can be reached.
#include "gen/photographs/standins.h"

#include "core/base/memory.h"
#include "core/shard/shard.h"
#include "gen/data_set/data_set.h"
#include "gen/verify/verify.h"
#include "tests/support/photographs_fixture.h"
#include "tests/support/suite.h"

#include <CUnit/CUnit.h>
#include <hdf5.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const both[2] = {"isic2017", "pets"};

static void drawn(struct photographs_settings *s, const char *data, const char *split, int count) {
    photos_settings(s, data, "", split);
    s->count = count;
}

static void test_bytes_are_the_same_for_any_threads(void) {
    int threads = omp_get_max_threads();
    for (int k = 0; k < 2; k++) {
        struct photographs_settings s;
        struct photo_content one, three;
        drawn(&s, both[k], "train", 30);
        omp_set_num_threads(1);
        photos_generate(&s, &one);
        omp_set_num_threads(3);
        photos_generate(&s, &three);
        CU_ASSERT_STRING_EQUAL(one.digest, three.digest);
        photos_content_free(&one);
        photos_content_free(&three);
    }
    omp_set_num_threads(threads);
}

// The pictures themselves, so that no compiler and no processor draws others unnoticed.
static void test_pictures_stay_what_they_are(void) {
    static const char *const digests[2] = {
        "66d94c35823897cc0822fdaf06a85478d79acbdbb0b5330e8e22330c30bb9adf",
        "d8d547d8217dbda39607a46e2aac8ff92db17adc405f93768dd4a4e66322f5ec"};
    for (int k = 0; k < 2; k++) {
        struct photographs_settings s;
        struct photo_content c;
        drawn(&s, both[k], "train", 40);
        s.pixels = 24;
        photos_generate(&s, &c);
        CU_ASSERT_STRING_EQUAL(c.digest, digests[k]);
        photos_content_free(&c);
    }
}

static void test_images_do_not_depend_on_how_many_there_are(void) {
    for (int k = 0; k < 2; k++) {
        struct photographs_settings s;
        struct photo_content few, many, other;
        size_t bytes = 5 * 3 * PHOTOS_PIXELS * PHOTOS_PIXELS;
        drawn(&s, both[k], "test", 5);
        photos_generate(&s, &few);
        s.count = 9;
        photos_generate(&s, &many);
        s.seed++;
        photos_generate(&s, &other);
        CU_ASSERT(!memcmp(few.images, many.images, bytes));
        CU_ASSERT(memcmp(few.images, other.images, bytes) != 0);
        snprintf(s.split, sizeof s.split, "train");
        s.seed--;
        photos_content_free(&other);
        photos_generate(&s, &other);
        CU_ASSERT(memcmp(few.images, other.images, bytes) != 0);
        photos_content_free(&few);
        photos_content_free(&many);
        photos_content_free(&other);
    }
}

// An artefact leaves the lesion, its mask and the skin away from it as they are.
static void test_artefacts_leave_the_lesion_alone(void) {
    enum { SIDE = 48 };
    static uint8_t clean[SIDE * SIDE * 3], marked[SIDE * SIDE * 3], mask[SIDE * SIDE], mask_too[SIDE * SIDE];
    struct error err = {0};
    long inside = 0, touched = 0, outside = 0;
    for (int i = 0; i < 20; i++)
        for (int a = ARTEFACT_PATCH; a < ARTEFACTS; a++) {
            struct lesion lesion;
            builtin_lesion_plan(5, SPLIT_TRAIN, i, ARTEFACT_ABSENT, &lesion);
            CU_ASSERT(lesion.artefact == ARTEFACT_NONE);
            CU_ASSERT(!builtin_lesion_draw(5, SPLIT_TRAIN, i, &lesion, SIDE, 0, clean, mask, &err));
            lesion.artefact = (enum artefact)a;
            CU_ASSERT(!builtin_lesion_draw(5, SPLIT_TRAIN, i, &lesion, SIDE, 0, marked, mask_too, &err));
            CU_ASSERT(!memcmp(mask, mask_too, sizeof mask));
            for (int p = 0; p < SIDE * SIDE; p++) {
                int off = 0;
                for (int c = 0; c < 3; c++)
                    off |= abs(clean[3 * p + c] - marked[3 * p + c]) > 24;
                inside += mask[p] == 255;
                touched += mask[p] == 255 && off;
                outside += mask[p] == 0 && off;
            }
        }
    CU_ASSERT(touched * 1000 < inside); // at most where the border is uneven within a pixel
    CU_ASSERT(outside > 20 * 4 * 20);
}

static void test_artefacts_go_with_the_class_in_training_alone(void) {
    enum { COUNT = 6000 };
    static const enum artefact_rule rules[3] = {ARTEFACT_SPURIOUS, ARTEFACT_UNIFORM, ARTEFACT_ABSENT};
    for (int split = 0; split < SPLITS; split++)
        for (int k = 0; k < 3; k++) {
            int own = 0, none = 0;
            for (int i = 0; i < COUNT; i++) {
                struct lesion l;
                builtin_lesion_plan(9, (enum split)split, i, rules[k], &l);
                own += l.artefact == builtin_own_artefact(l.label);
                none += l.artefact == ARTEFACT_NONE;
            }
            double share = (double)own / COUNT;
            int spurious = rules[k] == ARTEFACT_SPURIOUS && split != SPLIT_TEST;
            double expected = rules[k] == ARTEFACT_ABSENT ? 0
                              : spurious                  ? 0.95 + 0.05 / ARTEFACTS
                                                          : 1. / ARTEFACTS;
            CU_ASSERT(share >= expected - 0.03 && share <= expected + 0.03);
            CU_ASSERT((none == COUNT) == (rules[k] == ARTEFACT_ABSENT));
        }
}

static void test_every_class_and_artefact_comes(void) {
    int lesions[BUILTIN_LESION_CLASSES] = {0}, artefacts[ARTEFACTS] = {0},
        animals[BUILTIN_ANIMAL_CLASSES] = {0}, grounds[BUILTIN_ANIMAL_GROUNDS] = {0}, cats = 0;
    for (int i = 0; i < 3000; i++) {
        struct lesion l;
        struct animal a;
        builtin_lesion_plan(1, SPLIT_TEST, i, ARTEFACT_SPURIOUS, &l);
        builtin_animal_plan(1, SPLIT_TRAIN, i, &a);
        lesions[l.label]++;
        artefacts[l.artefact]++;
        animals[a.label]++;
        grounds[a.background]++;
        CU_ASSERT(a.species == builtin_animal_species(a.label));
    }
    for (int k = 0; k < BUILTIN_LESION_CLASSES; k++)
        CU_ASSERT(lesions[k] > 300);
    for (int k = 0; k < ARTEFACTS; k++)
        CU_ASSERT(artefacts[k] > 500);
    for (int k = 0; k < BUILTIN_ANIMAL_CLASSES; k++) {
        CU_ASSERT(animals[k] > 40);
        cats += builtin_animal_species(k) == 1;
        for (int other = 0; other < k; other++)
            CU_ASSERT(strcmp(builtin_animal_class(k), builtin_animal_class(other)) != 0);
    }
    CU_ASSERT_EQUAL(cats, 12); // and 25 dogs, as in Pets
    for (int k = 0; k < BUILTIN_ANIMAL_GROUNDS; k++)
        CU_ASSERT(grounds[k] > 300);
}

static void test_every_mask_marks_something_and_not_all(void) {
    for (int k = 0; k < 2; k++) {
        struct photographs_settings s;
        struct photo_content c;
        drawn(&s, both[k], "train", 60);
        photos_generate(&s, &c);
        CU_ASSERT_EQUAL(c.count, s.count);
        for (int i = 0; i < c.count; i++) {
            int marked = 0, area = PHOTOS_PIXELS * PHOTOS_PIXELS;
            for (int p = 0; p < area; p++)
                marked += c.masks[i * area + p] == 255;
            CU_ASSERT(marked > 3 && marked < area * 9 / 10);
        }
        suite_text_has(json_string_value(json_object_get(c.attributes, "title")), "drawn stand-in");
        suite_text_has(json_string_value(json_object_get(c.attributes, "photographs_from")),
                       "no photographs");
        photos_content_free(&c);
    }
}

// Lesions with the artefact of their class are aligned, the others conflicting. Where no class has one, and of
// animals, each class is a group.
static void test_groups_are_aligned_or_conflicting_where_classes_have_artefacts(void) {
    static const char *const rules[] = {"spurious", "uniform", "none", NULL};
    for (int k = 0; k < 4; k++) {
        struct photographs_settings s;
        struct error err = {0};
        int32_t group[300], labels[300], artefact[300] = {0};
        int wrong = 0, aligned = 0;
        const char *path = suite_path("groups.h5"), *last = k < 2    ? "nevus conflicting"
                                                            : k == 2 ? "nevus"
                                                                     : builtin_animal_class(36);
        drawn(&s, rules[k] ? "isic2017" : "pets", "test", 300);
        if (rules[k])
            snprintf(s.artefacts, sizeof s.artefacts, "%s", rules[k]);
        CU_ASSERT_FATAL(!photographs_generate(&s, path, NULL, NULL, NULL, &err));
        struct shard *shard = shard_open(path, &err);
        CU_ASSERT_FATAL(shard && !shard_column(shard, "group", group, &err) &&
                        !shard_column(shard, "labels", labels, &err));
        CU_ASSERT_FATAL(!rules[k] || !shard_column(shard, "artefact", artefact, &err));
        for (int i = 0; i < 300; i++) {
            static const int own[3] = {ARTEFACT_INK, ARTEFACT_BUBBLES, ARTEFACT_PATCH};
            wrong += group[i] != (k < 2 ? 2 * labels[i] + (artefact[i] != own[labels[i]]) : labels[i]);
            aligned += k < 2 && group[i] % 2 == 0;
        }
        CU_ASSERT_EQUAL(wrong, 0);
        CU_ASSERT(k < 2 ? aligned > 30 && aligned < 90 : aligned == 0); // one artefact of five
        json_t *attributes = shard_attributes(shard, &err),
               *names = json_object_get(attributes, "group_names");
        CU_ASSERT_EQUAL(json_array_size(names), k < 2 ? 6 : k == 2 ? 3 : 37);
        suite_text_is(json_string_value(json_array_get(names, json_array_size(names) - 1)), last);
        json_decref(attributes);
        shard_close(shard);
    }
}

// ---------------------------------------------------------------------------------------------- verify

static void change(const char *path, const char *name, hsize_t image, int value) {
    hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT), set = H5Dopen2(file, name, H5P_DEFAULT);
    hid_t space = H5Dget_space(set), one = H5Screate(H5S_SCALAR);
    hsize_t start[4] = {image, 0, 0, 0}, extent[4] = {1, 1, 1, 1};
    H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, extent, NULL);
    CU_ASSERT(H5Dwrite(set, H5T_NATIVE_INT, one, space, H5P_DEFAULT, &value) >= 0);
    H5Sclose(one);
    H5Sclose(space);
    H5Dclose(set);
    H5Fclose(file);
}

// The names of the checks that fail, each followed by a blank.
static const char *failing(const char *path, const char *source) {
    static char names[1000];
    struct error err = {0};
    size_t i;
    const json_t *check;
    struct shard *shard = shard_open(path, &err);
    json_t *checks = shard ? verify_shard(shard, path, "", source, &err) : NULL;
    shard_close(shard);
    if (!checks)
        printf("\n  %s\n", err.message);
    CU_ASSERT_FATAL(checks != NULL);
    names[0] = 0;
    json_array_foreach(checks, i, check) {
        if (!strcmp(json_string_value(json_object_get(check, "outcome")), "fail"))
            sprintf(names + strlen(names), "%s; ", json_string_value(json_object_get(check, "name")));
    }
    json_decref(checks);
    return names;
}

static void lie(const struct photographs_settings *s, const char *column, int image, int value,
                const char *expected) {
    struct error err = {0};
    const char *path = suite_path("lie.h5");
    CU_ASSERT_FATAL(!photographs_generate(s, path, NULL, NULL, NULL, &err));
    CU_ASSERT_STRING_EQUAL(failing(path, s->source), "");
    change(path, column, (hsize_t)image, value);
    const char *found = failing(path, s->source);
    CU_ASSERT_STRING_EQUAL(found, expected);
}

static void test_verify_finds_every_lie_about_drawings(void) {
    struct photographs_settings s;
    drawn(&s, "isic2017", "train", 30);
    lie(&s, "images", 7, 3, "content digest; drawings; ");
    lie(&s, "masks", 7, 255, "content digest; drawings; ");
    lie(&s, "group", 7, 99, "content digest; groups; drawings; ");
    lie(&s, "artefact", 8, ARTEFACT_RULER, "content digest; artefacts of the class; groups; drawings; ");
    drawn(&s, "pets", "test", 30);
    lie(&s, "labels", 7, 36, "content digest; groups; drawings; ");
    lie(&s, "group", 7, 99, "content digest; groups; drawings; ");
    lie(&s, "background", 7, -1, "content digest; drawings; ");
}

// Seeds beyond what a double holds, and a part of a list: nothing false is said of either.
static void test_verify_believes_what_is_right(void) {
    static struct photo_files files;
    struct photographs_settings s;
    struct error err = {0};
    drawn(&s, "isic2017", "train", 12);
    s.seed = 9007199254740993U; // 2^53 + 1
    CU_ASSERT_FATAL(!photographs_generate(&s, suite_path("seed.h5"), NULL, NULL, NULL, &err));
    CU_ASSERT_STRING_EQUAL(failing(suite_path("seed.h5"), ""), "");
    photos_isic(&files, "Training", 0, 12);
    photos_settings(&s, "isic2017", photos_write_isic("part", &files, "Training"), "train");
    s.count = 5;
    CU_ASSERT_FATAL(!photographs_generate(&s, suite_path("part.h5"), NULL, NULL, NULL, &err));
    CU_ASSERT_STRING_EQUAL(failing(suite_path("part.h5"), s.source), "");
    photos_free(&files);
}

static void test_verify_finds_lies_about_photographs(void) {
    static struct photo_files files;
    struct photographs_settings s;
    photos_isic(&files, "Training", 0, 12);
    photos_settings(&s, "isic2017", photos_write_isic("verify", &files, "Training"), "train");
    lie(&s, "masks", 3, 7, "content digest; masks; ");
    lie(&s, "group", 3, 99, "content digest; groups; ");
    lie(&s, "crop_x", 3, 1000, "content digest; crops; ");
    lie(&s, "width", 3, -1, "content digest; crops; ");
    struct error err = {0};
    CU_ASSERT_FATAL(!photographs_generate(&s, suite_path("other.h5"), NULL, NULL, NULL, &err));
    sources_find(&files.images, "ISIC_0000005.jpg")->bytes[30] ^= 1;
    photos_write_isic("verify", &files, "Training");
    CU_ASSERT_STRING_EQUAL(failing(suite_path("other.h5"), s.source), "archives; ");
    photos_free(&files);
}

// ---------------------------------------------------------------------------------------------- failures

static void test_a_full_disk_leaves_nothing(void) {
    for (int k = 0; k < 2; k++) {
        struct photographs_settings s;
        drawn(&s, both[k], "train", 12);
        for (long limit = 1; limit < 12 * 4 * PHOTOS_PIXELS * PHOTOS_PIXELS; limit += 2500) {
            suite_limit_files(limit);
            photos_refused(&s, EXIT_FAILED, "refused.h5: File too large");
            suite_limit_files(0);
        }
    }
}

static void test_no_allocation_failure_leaves_anything(void) {
    for (int k = 0; k < 2; k++) {
        struct photographs_settings s;
        int entries = suite_count_entries(suite_folder()), failures = 0, silent = 0, left = 0, passed = 0;
        drawn(&s, both[k], "train", 4);
        const char *path = suite_path("memory.h5");
        for (long n = 1; !passed; n++) {
            struct error err = {0};
            memory_fail_at = n;
            passed = !photographs_generate(&s, path, NULL, NULL, NULL, &err);
            silent += passed && memory_fail_at <= 0;
            memory_fail_at = 0;
            failures += !passed;
            silent += !passed && strncmp(err.message, "out of memory", 13) != 0;
            left += !passed && suite_count_entries(suite_folder()) != entries;
        }
        remove(path);
        CU_ASSERT(failures > 20);
        CU_ASSERT_EQUAL(silent, 0);
        CU_ASSERT_EQUAL(left, 0);
    }
}

// ---------------------------------------------------------------------------------------------- registry

static void test_data_sets_are_reached_by_name(void) {
    static const struct {
        const char *name;
        int classes, images[SPLITS];
    } known[] = {{"textured-mnist", 10, {54000, 6000, 10000}},
                 {"isic2017", 3, {2000, 150, 600}},
                 {"pets", 37, {3312, 368, 3669}}};
    static const char *const splits[3] = {"train", "validation", "test"};
    struct error err = {0};
    CU_ASSERT_PTR_NULL(data_set_find("imagenet", &err));
    CU_ASSERT_EQUAL(err.status, EXIT_USAGE);
    for (int k = 0; k < 3; k++) {
        const struct data_set *set = data_set_find(known[k].name, &err);
        union data_settings s;
        CU_ASSERT_PTR_NOT_NULL_FATAL(set);
        data_set_default(set, &s);
        CU_ASSERT_EQUAL(set->pixels(&s), 224);
        CU_ASSERT_EQUAL(set->classes(&s, &err), known[k].classes);
        for (int split = 0; split < 3; split++) {
            data_set_choose(set, &s, splits[split], 77, 0);
            CU_ASSERT_EQUAL(set->images(&s, &err), known[k].images[split]);
        }
        data_set_choose(set, &s, "test", 77, 3);
        CU_ASSERT_EQUAL(set->images(&s, &err), 3);
        json_t *inputs = set->inputs(&s, &err), *settings = settings_json(set->schema, &s, 1);
        CU_ASSERT(json_object_size(inputs) >= 1);
        CU_ASSERT_EQUAL(json_integer_value(json_object_get(settings, "seed")), 77);
        CU_ASSERT_EQUAL(json_integer_value(json_object_get(settings, "count")), 3);
        CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(settings, "split")), "test");
        CU_ASSERT(!set->generate(&s, suite_path("registry.h5"), NULL, NULL, NULL, &err));
        json_decref(inputs);
        json_decref(settings);
    }
}

void suite_standins(void) {
    CU_pSuite s = CU_add_suite("standins", suite_make_folder, suite_remove_folder);
    CU_add_test(s, "bytes are the same for any threads", test_bytes_are_the_same_for_any_threads);
    CU_add_test(s, "pictures stay what they are", test_pictures_stay_what_they_are);
    CU_add_test(s, "images do not depend on how many there are",
                test_images_do_not_depend_on_how_many_there_are);
    CU_add_test(s, "artefacts leave the lesion alone", test_artefacts_leave_the_lesion_alone);
    CU_add_test(s, "artefacts go with the class in training alone",
                test_artefacts_go_with_the_class_in_training_alone);
    CU_add_test(s, "groups are aligned or conflicting where classes have artefacts",
                test_groups_are_aligned_or_conflicting_where_classes_have_artefacts);
    CU_add_test(s, "every class and artefact comes", test_every_class_and_artefact_comes);
    CU_add_test(s, "every mask marks something, and not all", test_every_mask_marks_something_and_not_all);
    CU_add_test(s, "verify finds every lie about drawings", test_verify_finds_every_lie_about_drawings);
    CU_add_test(s, "verify believes what is right", test_verify_believes_what_is_right);
    CU_add_test(s, "verify finds lies about photographs", test_verify_finds_lies_about_photographs);
    CU_add_test(s, "a full disk leaves nothing", test_a_full_disk_leaves_nothing);
    CU_add_test(s, "no allocation failure leaves anything", test_no_allocation_failure_leaves_anything);
    CU_add_test(s, "data sets are reached by name", test_data_sets_are_reached_by_name);
}
