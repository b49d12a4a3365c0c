// SPDX-License-Identifier: Apache-2.0
// Whole data sets: the same bytes for any threads and any run, images that depend on nothing but their
// settings and their number, pictures that are what their provenance says, and nothing left behind by
// failures.
#include "gen/textured_mnist/textured_mnist.h"

#include "core/base/digest.h"
#include "core/base/interrupt.h"
#include "core/base/memory.h"
#include "core/shard/shard.h"
#include "gen/draw/builtin_digits.h"
#include "gen/read/image.h"
#include "tests/support/sources_fixture.h"
#include "tests/support/suite.h"

#include <CUnit/CUnit.h>
#include <omp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct textured_mnist_settings settings_t;

enum { PIXELS = SOURCES_CANVAS * SOURCES_CANVAS };

static void builtin_settings(settings_t *s) {
    sources_settings(s, "", "", "dtd");
}

static const char *generate(const settings_t *settings, const char *name) {
    struct error err = {0};
    const char *path = suite_path(name);
    if (textured_mnist_generate(settings, path, NULL, NULL, NULL, &err))
        printf("\n  %s\n", err.message);
    CU_ASSERT_FATAL(!err.message[0]);
    return path;
}

static void digest_of(const char *path, char hex[DIGEST_SIZE]) {
    struct error err = {0};
    CU_ASSERT_FATAL(!digest_file(path, hex, &err));
}

// ---------------------------------------------------------------------------------------------- bytes

static void test_bytes_are_the_same_for_any_threads_and_run(void) {
    settings_t s;
    builtin_settings(&s);
    s.count = 301; // no multiple of anything
    int threads = omp_get_max_threads();
    for (int level = 0; level <= 6; level += 3) {
        char first[DIGEST_SIZE], again[DIGEST_SIZE];
        s.compression = level;
        for (int t = 1; t <= 4; t++) {
            omp_set_num_threads(t);
            digest_of(generate(&s, "threads.h5"), t == 1 ? first : again);
            if (t > 1)
                CU_ASSERT_STRING_EQUAL(first, again);
        }
    }
    omp_set_num_threads(threads);
}

// A shard read into memory, with the columns that tests look at.
struct content {
    int count;
    uint8_t *images, *masks;
    int32_t *labels, *index, *x, *y, *background, *background_drawn, *texture, *texture_drawn;
    int32_t *crop[2][4]; // of background and digit texture: x, y, width, height
    char *file[2];
    size_t file_size[2];
    char digest[65];
};

static int32_t *column(struct shard *shard, int count, const char *name) {
    struct error err = {0};
    int32_t *values = malloc((size_t)count * sizeof *values);
    CU_ASSERT_FATAL(values && !shard_column(shard, name, values, &err));
    return values;
}

static void read_shard(const char *path, struct content *c) {
    struct error err = {0};
    struct shard *shard = shard_open(path, &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(shard);
    c->count = (int)shard_shape(shard).count;
    size_t count = (size_t)c->count;
    uint32_t *order = malloc(count * sizeof *order);
    c->images = malloc(count * PIXELS * 3);
    c->masks = malloc(count * PIXELS);
    c->labels = malloc(count * sizeof *c->labels);
    CU_ASSERT_FATAL(order && c->images && c->masks && c->labels);
    for (int i = 0; i < c->count; i++)
        order[i] = (uint32_t)i;
    CU_ASSERT_FATAL(!shard_read(shard, order, c->count, c->images, c->masks, c->labels, &err));
    free(order);
    c->index = column(shard, c->count, "digit_index");
    c->x = column(shard, c->count, "digit_x");
    c->y = column(shard, c->count, "digit_y");
    c->background = column(shard, c->count, "background_class");
    c->background_drawn = column(shard, c->count, "background_drawn");
    c->texture = column(shard, c->count, "digit_texture_class");
    c->texture_drawn = column(shard, c->count, "digit_texture_drawn");
    for (int k = 0; k < 2; k++) {
        static const char *const parts[4] = {"x", "y", "width", "height"};
        char name[40];
        for (int i = 0; i < 4; i++) {
            snprintf(name, sizeof name, "%s_%s", k ? "digit_texture" : "background", parts[i]);
            c->crop[k][i] = column(shard, c->count, name);
        }
        snprintf(name, sizeof name, "%s_file", k ? "digit_texture" : "background");
        CU_ASSERT_FATAL(!shard_text_column(shard, name, &c->file[k], &c->file_size[k], &err));
    }
    snprintf(c->digest, sizeof c->digest, "%s", shard_content_digest(shard));
    shard_close(shard);
}

static void free_content(struct content *c) {
    void *const all[] = {c->images,  c->masks,      c->labels,           c->index,   c->x,
                         c->y,       c->background, c->background_drawn, c->texture, c->texture_drawn,
                         c->file[0], c->file[1]};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        free(all[i]);
    for (int i = 0; i < 8; i++)
        free(c->crop[i / 4][i % 4]);
}

static void make_content(const settings_t *settings, struct content *c) {
    read_shard(generate(settings, "content.h5"), c);
}

static const char *file_of(const struct content *c, int which, int i) {
    return c->file[which] + (size_t)i * c->file_size[which];
}

// ---------------------------------------------------------------------------------------------- draws

static int same_image(const struct content *a, int i, const struct content *b, int k) {
    return !memcmp(a->images + (size_t)i * PIXELS * 3, b->images + (size_t)k * PIXELS * 3, PIXELS * 3) &&
           !memcmp(a->masks + (size_t)i * PIXELS, b->masks + (size_t)k * PIXELS, PIXELS) &&
           a->labels[i] == b->labels[k] && a->index[i] == b->index[k];
}

static void test_images_do_not_depend_on_how_many_there_are(void) {
    for (int test = 0; test < 2; test++) { // backgrounds drawn apart, or balanced
        settings_t s;
        struct content many, few;
        builtin_settings(&s);
        s.p = 1;
        if (test)
            snprintf(s.split, sizeof s.split, "test");
        s.count = 150;
        make_content(&s, &many);
        s.count = 13;
        s.chunk = 7;
        s.compression = 1;
        make_content(&s, &few);
        int same = 0;
        for (int i = 0; i < 13; i++)
            same += same_image(&many, i, &few, i);
        CU_ASSERT_EQUAL(same, 13);
        free_content(&many);
        free_content(&few);
    }
}

static void test_chunks_and_compression_change_no_value(void) {
    settings_t s;
    struct content c;
    char digest[65];
    builtin_settings(&s);
    for (int k = 0; k < 4; k++) {
        s.compression = k * 3;
        s.chunk = 1 + 5 * k;
        make_content(&s, &c);
        if (k)
            CU_ASSERT_STRING_EQUAL(digest, c.digest);
        strcpy(digest, c.digest);
        free_content(&c);
    }
}

// Each draw has a stream of its own: another p changes the backgrounds' classes and nothing else, and a
// background that is drawn at a small p is drawn at a larger one, too.
static void test_purposes_are_drawn_apart(void) {
    settings_t s;
    struct content low, high;
    builtin_settings(&s);
    s.count = 200;
    s.p = 0.25;
    make_content(&s, &low);
    s.p = 0.75;
    make_content(&s, &high);
    int more = 0;
    for (int i = 0; i < s.count; i++) {
        CU_ASSERT(low.index[i] == high.index[i] && low.x[i] == high.x[i] && low.y[i] == high.y[i]);
        CU_ASSERT(low.texture[i] == high.texture[i] && !strcmp(file_of(&low, 1, i), file_of(&high, 1, i)));
        CU_ASSERT(low.background_drawn[i] <= high.background_drawn[i]);
        CU_ASSERT(low.background_drawn[i] != high.background_drawn[i] ||
                  (low.background[i] == high.background[i] && same_image(&low, i, &high, i)));
        more += high.background_drawn[i] - low.background_drawn[i];
    }
    CU_ASSERT(more > 60 && more < 140);
    free_content(&low);
    free_content(&high);
}

static void test_seeds_and_splits_give_other_images(void) {
    settings_t s;
    struct content first, second, third;
    builtin_settings(&s);
    make_content(&s, &first);
    s.seed++;
    make_content(&s, &second);
    s.seed--;
    snprintf(s.split, sizeof s.split, "test");
    make_content(&s, &third);
    int same = 0, moved = 0;
    for (int i = 0; i < s.count; i++) {
        same += same_image(&first, i, &second, i) + same_image(&first, i, &third, i);
        moved += first.x[i] != second.x[i] && first.x[i] != third.x[i];
    }
    CU_ASSERT_EQUAL(same, 0);
    CU_ASSERT(moved > s.count / 2);
    free_content(&first);
    free_content(&second);
    free_content(&third);
}

// p and q at 0: all fixed; at 1: all drawn, of all classes, the own one among them.
static void test_p_and_q_at_their_ends_fix_or_draw_everything(void) {
    settings_t s;
    struct content c;
    builtin_settings(&s);
    s.count = 300;
    for (int ends = 0; ends < 4; ends++) {
        s.p = ends & 1;
        s.q = ends >> 1;
        int own[2] = {0}, drawn[2] = {0};
        make_content(&s, &c);
        for (int i = 0; i < s.count; i++) { // the fixed background of digit d is background d
            drawn[0] += c.background_drawn[i];
            drawn[1] += c.texture_drawn[i];
            own[0] += c.background[i] == c.labels[i];
            own[1] += c.texture[i] == c.labels[i];
        }
        CU_ASSERT_EQUAL(drawn[0], s.p > 0 ? 300 : 0);
        CU_ASSERT_EQUAL(drawn[1], s.q > 0 ? 300 : 0);
        CU_ASSERT(s.p > 0 ? own[0] > 0 && own[0] < 30 : own[0] == 300);
        CU_ASSERT(s.q > 0 ? own[1] > 10 && own[1] < 60 : own[1] == 300);
        free_content(&c);
    }
}

// ---------------------------------------------------------------------------------------------- groups

enum { BACKGROUNDS = 37 }; // of DTD's set; the fixed background of digit d is background d

// By how much the backgrounds of a digit differ in how often they come, at most.
static int unevenness(const struct content *c) {
    int counts[10][BACKGROUNDS] = {{0}}, widest = 0;
    for (int i = 0; i < c->count; i++)
        counts[c->labels[i]][c->background[i]]++;
    for (int d = 0; d < 10; d++) {
        int least = counts[d][0], most = counts[d][0];
        for (int b = 1; b < BACKGROUNDS; b++) {
            least = counts[d][b] < least ? counts[d][b] : least;
            most = counts[d][b] > most ? counts[d][b] : most;
        }
        widest = most - least > widest ? most - least : widest;
    }
    return widest;
}

// What measures networks at p = 1 has all backgrounds of a digit as often as one another; training draws them.
static void test_test_and_validation_have_balanced_backgrounds(void) {
    static const struct {
        const char *split;
        double p;
        int balanced;
    } cases[] = {{"test", 1, 1}, {"validation", 1, 1}, {"train", 1, 0}, {"test", 0.5, 0}};
    for (int k = 0; k < 4; k++) {
        settings_t s;
        struct content c, other;
        builtin_settings(&s);
        snprintf(s.split, sizeof s.split, "%s", cases[k].split);
        s.p = cases[k].p;
        s.count = 701;
        make_content(&s, &c);
        CU_ASSERT(cases[k].balanced ? unevenness(&c) == 1 : unevenness(&c) > 2);
        s.seed++;
        make_content(&s, &other);
        int same = 0; // the order is drawn: another seed has another
        for (int i = 0; i < s.count; i++)
            same += c.background[i] == other.background[i];
        CU_ASSERT(same < s.count / 4);
        free_content(&c);
        free_content(&other);
    }
}

// Reads group and group_names; counts each group's images. How many have a group that is not theirs.
static int count_groups(const char *path, const struct content *c, int counts[32]) {
    struct error err = {0};
    struct shard *shard = shard_open(path, &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(shard);
    int32_t *group = column(shard, c->count, "group");
    json_t *attributes = shard_attributes(shard, &err), *names = json_object_get(attributes, "group_names");
    int wrong = json_array_size(names) != 20;
    for (int i = 0; i < c->count; i++) {
        char expected[30];
        int conflicting = c->background[i] != c->labels[i];
        snprintf(expected, sizeof expected, "%d %s", c->labels[i], conflicting ? "conflicting" : "aligned");
        const char *name = json_string_value(json_array_get(names, (size_t)group[i]));
        wrong += group[i] != 2 * c->labels[i] + conflicting || !name || strcmp(name, expected) != 0;
        counts[group[i] & 31]++;
    }
    json_decref(attributes);
    free(group);
    shard_close(shard);
    return wrong;
}

// 8,000 images: enough for every group to count, whatever the seed (docs/shards.md). At p = 0 none conflicts.
static void test_groups_are_aligned_and_conflicting_and_large_enough(void) {
    settings_t s;
    struct content c;
    builtin_settings(&s);
    for (int p = 0; p < 2; p++) {
        int counts[32] = {0}, least = 1000000, conflicting = 0;
        snprintf(s.split, sizeof s.split, "test");
        s.p = p;
        s.seed = 3; // of seeds 1 to 8 the one that needs most
        s.count = p ? 8000 : 300;
        make_content(&s, &c);
        CU_ASSERT_EQUAL(count_groups(suite_path("content.h5"), &c, counts), 0);
        for (int g = 0; g < 20; g++) {
            least = counts[g] < least ? counts[g] : least;
            conflicting += g % 2 ? counts[g] : 0;
        }
        CU_ASSERT(p ? least >= 20 && least <= 22 : conflicting == 0);
        free_content(&c);
    }
}

// ---------------------------------------------------------------------------------------------- splits

static void test_train_and_validation_share_out_the_digits(void) {
    static struct source_files digits;
    settings_t s;
    struct content c;
    int times[2][SOURCES_TRAIN] = {{0}};
    static const char *const splits[3] = {"train", "validation", "test"};
    static const int counts[3] = {54, 6, SOURCES_TEST};
    sources_digits(&digits);
    sources_settings(&s, sources_folder("mnist", &digits), "", "dtd");
    s.count = 0; // all
    for (int k = 0; k < 3; k++) {
        snprintf(s.split, sizeof s.split, "%s", splits[k]);
        make_content(&s, &c);
        CU_ASSERT_EQUAL(c.count, counts[k]);
        for (int i = 0; i < c.count; i++) {
            times[k == 2][c.index[i]]++;
            CU_ASSERT_EQUAL(c.labels[i], builtin_digit_label(k == 2, c.index[i]));
        }
        free_content(&c);
    }
    for (int i = 0; i < SOURCES_TRAIN; i++)
        CU_ASSERT(times[0][i] == 1 && times[1][i] == (i < SOURCES_TEST));
    sources_free(&digits);
}

// Which pictures (class * SOURCES_PICTURES + number) a split draws from, as bits of `seen`.
static void note_pictures(const settings_t *s, int bit, uint8_t seen[SOURCES_CLASSES * SOURCES_PICTURES]) {
    struct content c;
    make_content(s, &c);
    for (int k = 0; k < 2; k++)
        for (int i = 0; i < c.count; i++) {
            const char *name = file_of(&c, k, i); // "d3/d3_0012.png"
            int class = name[1] - '0' + (name[0] == 'b' ? 10 : 0),
                number = (int)strtol(name + 6, NULL, 10) - 1;
            CU_ASSERT_FATAL(class < SOURCES_CLASSES && number >= 0 && number < SOURCES_PICTURES);
            seen[class * SOURCES_PICTURES + number] |= (uint8_t)(1 << bit);
        }
    free_content(&c);
}

static void test_disjoint_splits_share_no_texture(void) {
    static struct source_files textures;
    static const char *const splits[3] = {"train", "validation", "test"};
    settings_t s;
    sources_textures(&textures);
    const char *folder = sources_folder("textures", &textures);
    for (int kind = 0; kind < 2; kind++) { // shared, disjoint
        uint8_t seen[SOURCES_CLASSES * SOURCES_PICTURES] = {0};
        sources_settings(&s, "", folder, sources_set("split.ini", NULL));
        snprintf(s.texture_split, sizeof s.texture_split, "%s", kind ? "disjoint" : "shared");
        s.count = 1500;
        s.p = s.q = 1;
        for (int k = 0; k < 3; k++) {
            snprintf(s.split, sizeof s.split, "%s", splits[k]);
            note_pictures(&s, k, seen);
        }
        int unused = 0, common = 0, alone[3] = {0};
        for (int i = 0; i < SOURCES_CLASSES * SOURCES_PICTURES; i++) {
            unused += !seen[i];
            common += (seen[i] & (seen[i] - 1)) != 0;
            for (int k = 0; k < 3; k++)
                alone[k] += seen[i] == 1 << k;
        }
        CU_ASSERT_EQUAL(unused, 0);
        CU_ASSERT_EQUAL(common, kind ? 0 : SOURCES_CLASSES * SOURCES_PICTURES);
        if (kind) // of twelve pictures a tenth, one, each for validation and test
            CU_ASSERT(alone[0] == 130 && alone[1] == 13 && alone[2] == 13);
    }
    sources_free(&textures);
}

// Where neighbouring numbers show the same sample, a disjoint split goes by ranges of the number.
static void test_numbered_sources_are_split_by_ranges(void) {
    static struct source_files textures;
    static const char *const splits[3] = {"train", "validation", "test"};
    settings_t s;
    struct error err = {0};
    sources_textures(&textures);
    CU_ASSERT_FATAL(!folder_make(suite_path("numbered"), &err));
    sources_archive("numbered/kth.zip", &textures);
    char text[1000] = "[digits]\n";
    for (int d = 0; d < 10; d++)
        sprintf(text + strlen(text), "%d = kth/d%d\n", d, d);
    strcat(text, "[backgrounds]\n0 = kth/b0\n[pairs]\n");
    for (int d = 0; d < 10; d++)
        sprintf(text + strlen(text), "%d = 0\n", d);
    strcat(text, "[split]\nkth = number\n");
    const char *set = suite_path("numbered.ini");
    CU_ASSERT_FATAL(!file_write(set, text, strlen(text), &err));
    sources_settings(&s, "", suite_path("numbered"), set);
    snprintf(s.texture_split, sizeof s.texture_split, "disjoint");
    s.count = 400;
    for (int k = 0; k < 3; k++) {
        struct content c;
        snprintf(s.split, sizeof s.split, "%s", splits[k]);
        make_content(&s, &c);
        CU_ASSERT_EQUAL(c.count, s.count);
        for (int i = 0; i < c.count; i++) {
            long number = strtol(strrchr(file_of(&c, 1, i), '_') + 1, NULL, 10); // 1..12
            CU_ASSERT_EQUAL(number <= 10 ? 0 : number - 10, k);
        }
        free_content(&c);
    }
    sources_free(&textures);
}

// ---------------------------------------------------------------------------------------------- provenance

// The picture that a column names: decoded and scaled to the size that the columns give.
static void open_picture(struct source_files *textures, const struct content *c, int which, int i,
                         struct image *covered) {
    struct error err = {0};
    struct image image;
    const struct source_file *file = sources_find(textures, file_of(c, which, i));
    CU_ASSERT_FATAL(!image_decode(file->bytes, file->size, file->name, &image, &err));
    CU_ASSERT_FATAL(!image_cover(&image, SOURCES_CANVAS, covered, &err));
    CU_ASSERT_FATAL(covered->width == c->crop[which][2][i] && covered->height == c->crop[which][3][i]);
    image_free(&image);
}

// Pixels of image i that are not what its columns say: m is the soft mask.
static int count_wrong(struct source_files *textures, const struct content *c, int i, int hard_blend) {
    struct image picture[2];
    int wrong = 0;
    for (int k = 0; k < 2; k++)
        open_picture(textures, c, k, i, &picture[k]);
    for (int p = 0; p < PIXELS * 3; p++) {
        int x = p / 3 % SOURCES_CANVAS, y = p / 3 / SOURCES_CANVAS, value[2];
        for (int k = 0; k < 2; k++)
            value[k] = picture[k].pixels[((size_t)(c->crop[k][1][i] + y) * (size_t)picture[k].width +
                                          (size_t)(c->crop[k][0][i] + x)) *
                                             3 +
                                         (size_t)(p % 3)];
        int m = c->masks[(size_t)i * PIXELS + (size_t)(p / 3)];
        m = !hard_blend ? m : m >= 128 ? 255 : 0;
        wrong += c->images[(size_t)i * PIXELS * 3 + (size_t)p] !=
                 (2 * (m * value[1] + (255 - m) * value[0]) + 255) / 510; // rounded
    }
    image_free(&picture[0]);
    image_free(&picture[1]);
    return wrong;
}

static void test_pictures_are_what_their_provenance_says(void) {
    static struct source_files textures, digits;
    settings_t s;
    struct content c;
    sources_textures(&textures);
    sources_digits(&digits);
    sources_settings(&s, sources_archive("provenance.zip", &digits),
                     sources_archive("provenance.tar.gz", &textures), sources_set("provenance.ini", NULL));
    snprintf(s.mask, sizeof s.mask, "soft");
    for (int hard = 0; hard < 2; hard++) {
        int wrong = 0;
        snprintf(s.blend, sizeof s.blend, "%s", hard ? "hard" : "soft");
        make_content(&s, &c);
        CU_ASSERT_EQUAL(c.count, s.count);
        for (int i = 0; i < c.count; i++) {
            wrong += count_wrong(&textures, &c, i, hard);
            CU_ASSERT(c.background_drawn[i] || c.background[i] == c.labels[i] % 3); // the set's own pairs
        }
        CU_ASSERT_EQUAL(wrong, 0);
        free_content(&c);
    }
    sources_free(&textures);
    sources_free(&digits);
}

// A hard mask is the soft one cut at one half; the blend does not depend on the mask.
static void test_masks_are_hard_or_soft(void) {
    settings_t s;
    struct content soft, hard;
    builtin_settings(&s);
    make_content(&s, &hard);
    snprintf(s.mask, sizeof s.mask, "soft");
    make_content(&s, &soft);
    int wrong = 0, between = 0;
    for (size_t p = 0; p < (size_t)s.count * PIXELS; p++) {
        wrong += hard.masks[p] != (soft.masks[p] >= 128 ? 255 : 0);
        between += soft.masks[p] > 0 && soft.masks[p] < 255;
    }
    CU_ASSERT_EQUAL(wrong, 0);
    CU_ASSERT(between > 100);
    CU_ASSERT(!memcmp(hard.images, soft.images, (size_t)s.count * PIXELS * 3));
    free_content(&soft);
    free_content(&hard);
}

static void test_sources_may_lie_anywhere(void) {
    static struct source_files textures, digits;
    settings_t s;
    struct content c;
    char digest[65];
    sources_textures(&textures);
    sources_digits(&digits);
    const char *set = sources_set("anywhere.ini", NULL);
    for (int k = 0; k < 4; k++) {
        static const char *const names[4] = {"any", "any.tar.gz", "any.zip", "any.tar"};
        char mnist[40];
        snprintf(mnist, sizeof mnist, "mnist-%s", names[k]);
        sources_settings(&s, k ? sources_archive(mnist, &digits) : sources_folder(mnist, &digits),
                         k ? sources_archive(names[k], &textures) : sources_folder(names[k], &textures), set);
        make_content(&s, &c);
        if (k)
            CU_ASSERT_STRING_EQUAL(digest, c.digest);
        strcpy(digest, c.digest);
        free_content(&c);
    }
    sources_free(&textures);
    sources_free(&digits);
}

// ---------------------------------------------------------------------------------------------- failures

static void check_refused(const settings_t *s, enum exit_status status, const char *expected) {
    struct error err = {0};
    int before = suite_count_entries(suite_folder());
    CU_ASSERT(textured_mnist_generate(s, suite_path("refused.h5"), NULL, NULL, NULL, &err));
    CU_ASSERT_EQUAL(err.status, status);
    suite_text_has(err.message, expected);
    CU_ASSERT_EQUAL(suite_count_entries(suite_folder()), before);
}

static void test_settings_that_cannot_be_are_refused(void) {
    static struct source_files digits;
    settings_t s;
    builtin_settings(&s);
    s.size = SOURCES_CANVAS + 1;
    check_refused(&s, EXIT_USAGE, "--size: 29 is not in 4..28, the canvas");
    builtin_settings(&s);
    s.p = 1.5; // as a program might set it, past the parser
    check_refused(&s, EXIT_USAGE, "--p: 1.5 is not in 0..1");
    s.p = 0. / 0.;
    check_refused(&s, EXIT_USAGE, "is not a number");
    builtin_settings(&s);
    s.canvas = 0;
    check_refused(&s, EXIT_USAGE, "--canvas: 0 is not in 8..1024");
    builtin_settings(&s);
    s.count = 54001;
    check_refused(&s, EXIT_USAGE, "--count: 54001 is more than the 54000 images of split train");
    sources_digits(&digits);
    sources_settings(&s, sources_folder("few", &digits), "", "dtd");
    s.count = 55;
    check_refused(&s, EXIT_USAGE, "--count: 55 is more than the 54 images of split train");
    sources_settings(&s, "", "", "mixed20");
    check_refused(
        &s, EXIT_USAGE,
        "texture class 'kth_tips/aluminium_foil' is not built in (DTD's 47 are): --textures must name");
    sources_free(&digits);
}

static void test_sources_that_are_spoilt_leave_nothing(void) {
    static struct source_files textures;
    settings_t s;
    sources_textures(&textures);
    sources_find(&textures, "d9_0001.png")->size = 40;
    sources_settings(&s, "", sources_folder("spoilt", &textures), sources_set("spoilt.ini", NULL));
    check_refused(&s, EXIT_FAILED, "spoilt/tex/images/d9/d9_0001.png: truncated PNG");
    sources_settings(&s, suite_path("absent"), "", "dtd");
    check_refused(&s, EXIT_FAILED, "absent: No such file or directory");
    sources_free(&textures);
}

static void test_a_disjoint_split_needs_three_pictures(void) {
    static struct source_files textures;
    settings_t s;
    sources_textures(&textures);
    for (int i = 0; i < textures.count; i++)
        if (strstr(textures.items[i].name, "/b1/") && !strstr(textures.items[i].name, "_0001") &&
            !strstr(textures.items[i].name, "_0002"))
            memcpy(strstr(textures.items[i].name, "/b1/"), "/xx/", 4);
    sources_settings(&s, "", sources_folder("two", &textures), sources_set("two.ini", NULL));
    snprintf(s.texture_split, sizeof s.texture_split, "disjoint");
    check_refused(&s, EXIT_FAILED, "texture class 'b1' has 2 pictures, too few for a disjoint texture split");
    sources_free(&textures);
}

static void test_a_full_disk_leaves_nothing(void) {
    settings_t s;
    builtin_settings(&s);
    const char *path = generate(&s, "size.h5");
    struct error err = {0};
    size_t size;
    free(file_read(path, 1 << 28, &size, &err));
    CU_ASSERT_FATAL(!remove(path));
    for (int level = 0; level < 2; level++) {
        s.compression = level;
        for (long limit = 1; limit < (long)size / (1 + 3 * level); limit += (long)size / 9) {
            suite_limit_files(limit);
            check_refused(&s, EXIT_FAILED, "refused.h5: File too large");
            suite_limit_files(0);
        }
    }
}

static void test_an_interruption_leaves_nothing(void) {
    settings_t s;
    builtin_settings(&s);
    static const int signals[] = {SIGTERM, SIGINT, SIGHUP, SIGUSR1};
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
        CU_ASSERT_FATAL(!raise(signals[i])); // caught: tests/support/main.c installs the program's handlers
        check_refused(&s, EXIT_INTERRUPTED, "interrupted after 0 of 40 images");
        interrupt_clear();
    }
    generate(&s, "after.h5");
}

static void test_no_allocation_failure_leaves_anything(void) {
    static struct source_files textures, digits;
    settings_t s;
    sources_textures(&textures);
    sources_digits(&digits);
    sources_settings(&s, sources_archive("memory.zip", &digits), sources_archive("memory.tar", &textures),
                     sources_set("memory.ini", NULL));
    s.count = 5;
    s.compression = 1;
    const char *path = suite_path("memory.h5");
    int entries = suite_count_entries(suite_folder()), failures = 0, silent = 0, left = 0, passed = 0;
    for (long n = 1; !passed; n += 1 + n / 60) {
        struct error err = {0};
        memory_fail_at = n;
        passed = !textured_mnist_generate(&s, path, NULL, NULL, NULL, &err);
        silent += passed && memory_fail_at <= 0; // the failure happened, and nobody minded
        memory_fail_at = 0;
        failures += !passed;
        silent += !passed && strncmp(err.message, "out of memory", 13) != 0;
        left += !passed && suite_count_entries(suite_folder()) != entries;
    }
    CU_ASSERT(failures > 100);
    CU_ASSERT_EQUAL(silent, 0);
    CU_ASSERT_EQUAL(left, 0);
    sources_free(&textures);
    sources_free(&digits);
}

// ---------------------------------------------------------------------------------------------- real data

static void test_real_sources_are_generated(void) {
    const char *shared = suite_shared("data/mnist");
    char mnist[PATH_SIZE];
    settings_t s;
    struct content c;
    if (!shared)
        return;
    snprintf(mnist, sizeof mnist, "%s", shared);
    shared = suite_shared("data/textures");
    if (!shared)
        return;
    for (int k = 0; k < 2; k++) {
        sources_settings(&s, mnist, shared, k ? "mixed47" : "mixed20");
        snprintf(s.texture_split, sizeof s.texture_split, "disjoint");
        s.count = 500;
        s.p = 1;
        make_content(&s, &c);
        int most = 0;
        for (int i = 0; i < c.count; i++)
            most = c.background[i] > most ? c.background[i] : most;
        CU_ASSERT_EQUAL(most, k ? 36 : 9);
        free_content(&c);
    }
}

void suite_textured_mnist(void) {
    CU_pSuite s = CU_add_suite("textured_mnist", suite_make_folder, suite_remove_folder);
    CU_add_test(s, "bytes are the same for any threads and run",
                test_bytes_are_the_same_for_any_threads_and_run);
    CU_add_test(s, "images do not depend on how many there are",
                test_images_do_not_depend_on_how_many_there_are);
    CU_add_test(s, "chunks and compression change no value", test_chunks_and_compression_change_no_value);
    CU_add_test(s, "purposes are drawn apart", test_purposes_are_drawn_apart);
    CU_add_test(s, "seeds and splits give other images", test_seeds_and_splits_give_other_images);
    CU_add_test(s, "p and q at their ends fix or draw everything",
                test_p_and_q_at_their_ends_fix_or_draw_everything);
    CU_add_test(s, "test and validation have balanced backgrounds",
                test_test_and_validation_have_balanced_backgrounds);
    CU_add_test(s, "groups are aligned and conflicting and large enough",
                test_groups_are_aligned_and_conflicting_and_large_enough);
    CU_add_test(s, "train and validation share out the digits",
                test_train_and_validation_share_out_the_digits);
    CU_add_test(s, "disjoint splits share no texture", test_disjoint_splits_share_no_texture);
    CU_add_test(s, "numbered sources are split by ranges", test_numbered_sources_are_split_by_ranges);
    CU_add_test(s, "pictures are what their provenance says", test_pictures_are_what_their_provenance_says);
    CU_add_test(s, "masks are hard or soft", test_masks_are_hard_or_soft);
    CU_add_test(s, "sources may lie anywhere", test_sources_may_lie_anywhere);
    CU_add_test(s, "settings that cannot be are refused", test_settings_that_cannot_be_are_refused);
    CU_add_test(s, "sources that are spoilt leave nothing", test_sources_that_are_spoilt_leave_nothing);
    CU_add_test(s, "a disjoint split needs three pictures", test_a_disjoint_split_needs_three_pictures);
    CU_add_test(s, "a full disk leaves nothing", test_a_full_disk_leaves_nothing);
    CU_add_test(s, "an interruption leaves nothing", test_an_interruption_leaves_nothing);
    CU_add_test(s, "no allocation failure leaves anything", test_no_allocation_failure_leaves_anything);
    CU_add_test(s, "real sources are generated", test_real_sources_are_generated);
}
