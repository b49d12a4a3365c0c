// SPDX-License-Identifier: Apache-2.0
// Pseudo-annotators on small shards: what is written, which images keep their annotations, the same bits
// after interruptions and on any number of threads, what bad input says.
#include "core/annotate/annotator.h"
#include "core/annotate/draw.h"
#include "core/annotate/jitter.h"
#include "core/base/interrupt.h"
#include "core/base/random.h"
#include "core/kernels/real.h"
#include "core/shard/shard.h"
#include "experiments/plan/work.h"
#include "tests/support/suite.h"

#include <math.h>
#include <omp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { HEIGHT = 12, WIDTH = 20, CLASSES = 3, COUNT = 45, AREA = HEIGHT * WIDTH };

enum kind { ORDINARY, EMPTY, FULL };

// Annotated is what is bright: a rectangle on dark noise. Columns of each type.
static void make_shard(const char *path, int count, enum kind kind) {
    struct error err = {0};
    struct column columns[] = {{"number", COLUMN_INT32, 0, "a number"},
                               {"share", COLUMN_FLOAT64, 0, "a share"},
                               {"name", COLUMN_TEXT, 4, "a name"},
                               {0}};
    uint8_t images[AREA * 3], masks[AREA];
    struct shard_writer *w =
        shard_create(path, (struct shard_shape){count, HEIGHT, WIDTH, CLASSES}, columns, 0, 4, &err);
    CU_ASSERT_FATAL(w != NULL);
    for (int i = 0; i < count; i++) {
        struct random r = random_stream(3, random_purpose("image"), (uint64_t)i);
        int32_t label = i % CLASSES, number = 7 * i;
        int x = (int)random_below(&r, WIDTH - 8), y = (int)random_below(&r, HEIGHT - 6);
        double share = i / 8.0;
        char name[4] = {'a', 'b', (char)('0' + i % 10), (char)('0' + i / 10)}; // fills its field
        for (int p = 0; p < AREA; p++) {
            int inside = p % WIDTH >= x && p % WIDTH < x + 8 && p / WIDTH >= y && p / WIDTH < y + 6;
            masks[p] = (inside && kind != EMPTY) || kind == FULL ? 255 : 0;
            for (int c = 0; c < 3; c++)
                images[3 * p + c] = (uint8_t)((inside ? 180 : 30) + random_below(&r, 60));
        }
        CU_ASSERT_FATAL(
            !shard_append(w, 1, images, masks, &label, (const void *const[]){&number, &share, name}, &err));
    }
    json_t *attributes = json_pack("{s:s, s:[s,s], s:f}", "title", "test", "names", "x", "y", "p", 0.5);
    CU_ASSERT_FATAL(!shard_finish(w, attributes, NULL, &err));
    json_decref(attributes);
}

static struct annotator_settings small_settings(int n) {
    struct annotator_settings s;
    settings_default(annotator_schema, &s);
    s.n = n;
    s.ngf = s.ndf = 4;
    s.batch = 3;
    s.iterations = 12;
    s.seed = 5;
    s.checkpoint_seconds = 0;
    return s;
}

struct stop { // raises a signal in this process once `at` steps are done
    double at;
    int signal;
};

static void stop_at(void *context, double done, double total, const char *note) {
    (void)note;
    CU_ASSERT(done <= total);
    if (done == ((struct stop *)context)->at)
        raise(((struct stop *)context)->signal);
}

static int threads = 1; // of the runs that follow

static int run(const struct annotator_settings *s, const char *shard, const char *output, struct stop *stop,
               struct error *err) {
    struct annotate_job job = {.settings = s,
                               .shard = suite_path(shard),
                               .output = suite_path(output),
                               .folder = suite_path("unfinished"),
                               .progress = stop ? stop_at : NULL,
                               .progress_context = stop};
    *err = (struct error){0};
    int before = omp_get_max_threads();
    omp_set_num_threads(threads);
    int result = annotate_run(&job, err);
    omp_set_num_threads(before);
    return result;
}

static void file_digest_of(const char *name, char content[65]) {
    struct error err;
    struct shard *shard = shard_open(suite_path(name), &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(shard);
    CU_ASSERT_FATAL(!shard_content_compute(shard, content, &err));
    CU_ASSERT_STRING_EQUAL(content, shard_content_digest(shard));
    shard_close(shard);
}

struct whole { // a shard's contents
    uint8_t images[COUNT * AREA * 3], masks[COUNT * AREA];
    int32_t labels[COUNT], number[COUNT], annotated[COUNT];
    double share[COUNT];
    char *name;
    json_t *attributes;
};

static struct whole *read_whole(const char *file, int annotated) {
    struct error err;
    struct whole *a = calloc(1, sizeof *a);
    struct shard *shard = shard_open(suite_path(file), &err);
    uint32_t index[COUNT];
    size_t size;
    CU_ASSERT_PTR_NOT_NULL_FATAL(shard);
    for (uint32_t i = 0; i < COUNT; i++)
        index[i] = i;
    CU_ASSERT(!shard_read(shard, index, COUNT, a->images, a->masks, a->labels, &err));
    CU_ASSERT(!shard_column(shard, "number", a->number, &err));
    CU_ASSERT(!shard_real_column(shard, "share", a->share, &err));
    CU_ASSERT(!shard_text_column(shard, "name", &a->name, &size, &err));
    CU_ASSERT_EQUAL(size, 5);
    if (annotated)
        CU_ASSERT(!shard_column(shard, "annotated", a->annotated, &err));
    a->attributes = shard_attributes(shard, &err);
    shard_close(shard);
    return a;
}

static void free_whole(struct whole *a) {
    json_decref(a->attributes);
    free(a->name);
    free(a);
}

static double real_of(const struct whole *a, const char *name) {
    return json_number_value(json_object_get(a->attributes, name));
}

static void check_agreement(const struct whole *before, const struct whole *after) {
    double iou = 0, off = 0;
    int images = 0;
    for (int i = 0; i < COUNT; i++) {
        int both = 0, either = 0;
        const uint8_t *a = after->masks + i * AREA, *b = before->masks + i * AREA;
        if (after->annotated[i]) {
            CU_ASSERT(!memcmp(a, b, AREA));
            continue;
        }
        for (int p = 0; p < AREA; p++) {
            both += a[p] >= 128 && b[p] >= 128;
            either += a[p] >= 128 || b[p] >= 128;
            off += fabs(a[p] / 255.0 - b[p] / 255.0) / AREA;
        }
        iou += (double)both / either;
        images++;
    }
    CU_ASSERT_EQUAL(images, COUNT - 2 * CLASSES);
    CU_ASSERT_DOUBLE_EQUAL(real_of(after, "annotation_iou"), iou / images, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(real_of(after, "annotation_mae"), off / images, 1e-12);
}

// An ordinary shard: everything as it was but the masks; and it has learned to see what is bright.
static void test_the_output_is_the_shard_with_other_masks_and_says_how_they_agree(void) {
    struct error err;
    struct annotator_settings s = small_settings(2);
    s.iterations = 150;
    s.batch = 6;
    s.lr = 2e-3;
    make_shard(suite_path("train.h5"), COUNT, ORDINARY);
    CU_ASSERT_FATAL(!run(&s, "train.h5", "out.h5", NULL, &err));
    struct whole *a = read_whole("train.h5", 0), *b = read_whole("out.h5", 1);
    CU_ASSERT(!memcmp(a->images, b->images, sizeof a->images));
    CU_ASSERT(!memcmp(a->labels, b->labels, sizeof a->labels));
    CU_ASSERT(!memcmp(a->number, b->number, sizeof a->number));
    for (int i = 0; i < COUNT; i++)
        CU_ASSERT(a->share[i] == b->share[i]);
    CU_ASSERT(!memcmp(a->name, b->name, COUNT * 5));
    int per_class[CLASSES] = {0};
    for (int i = 0; i < COUNT; i++)
        per_class[b->labels[i]] += b->annotated[i];
    for (int c = 0; c < CLASSES; c++)
        CU_ASSERT_EQUAL(per_class[c], 2);
    check_agreement(a, b);
    CU_ASSERT(real_of(b, "annotation_iou") > 0.6);
    CU_ASSERT(real_of(b, "annotator_n") == 2 && real_of(b, "annotator_depth") == 5 && real_of(b, "p") == 0.5);
    CU_ASSERT(json_equal(json_object_get(b->attributes, "annotator_source"),
                         json_object_get(a->attributes, "content_sha256")));
    CU_ASSERT_EQUAL(json_array_size(json_object_get(b->attributes, "names")), 2);
    CU_ASSERT(!file_exists(suite_path("unfinished")));
    free_whole(a);
    free_whole(b);
}

// A process of its own that dies without a word at that step. One thread: OpenMP's do not survive a fork.
static void run_and_kill(const struct annotator_settings *s, const char *output, int at) {
    int status;
    pid_t child = fork();
    if (!child) {
        struct error err;
        struct stop stop = {at, SIGKILL};
        threads = 1;
        run(s, "train.h5", output, &stop, &err);
        _exit(0);
    }
    CU_ASSERT_EQUAL_FATAL(waitpid(child, &status, 0), child);
    CU_ASSERT(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    CU_ASSERT(!file_exists(suite_path(output)));
}

// Stopped or killed at any step, while training or annotating, and continued; on one thread or several.
static void test_an_annotator_has_the_same_bits_interrupted_or_not_on_any_threads(void) {
    struct error err;
    char whole[65], parts[65];
    struct annotator_settings s = small_settings(2);
    CU_ASSERT_FATAL(!run(&s, "train.h5", "whole.h5", NULL, &err));
    file_digest_of("whole.h5", whole);
    for (int at = 1; at <= 13; at += 3) { // 12 iterations, 2 batches of annotations
        struct stop stop = {at, SIGTERM};
        CU_ASSERT(run(&s, "train.h5", "parts.h5", &stop, &err) == -1);
        CU_ASSERT_EQUAL(err.status, EXIT_INTERRUPTED);
        CU_ASSERT(!file_exists(suite_path("parts.h5")));
        interrupt_clear();
        threads = at % 2 ? 1 : 3;
    }
    threads = 1;
    run_and_kill(&s, "parts.h5", 13);
    CU_ASSERT_FATAL(!run(&s, "train.h5", "parts.h5", NULL, &err));
    file_digest_of("parts.h5", parts);
    CU_ASSERT_STRING_EQUAL(whole, parts);
    for (int at = 3; at < 9; at += 2)
        run_and_kill(&s, "killed.h5", at);
    CU_ASSERT_FATAL(!run(&s, "train.h5", "killed.h5", NULL, &err));
    file_digest_of("killed.h5", parts);
    CU_ASSERT_STRING_EQUAL(whole, parts);
    CU_ASSERT(!file_exists(suite_path("unfinished")));
    s.seed++;
    CU_ASSERT_FATAL(!run(&s, "train.h5", "parts.h5", NULL, &err));
    file_digest_of("parts.h5", parts);
    CU_ASSERT_STRING_NOT_EQUAL(whole, parts);
}

// Continued where products are rounded otherwise, the shard tells from which iteration on.
static void test_a_change_of_precision_on_the_way_is_recorded_in_the_shard(void) {
    struct error err = {0};
    struct annotator_settings s = small_settings(1);
    struct stop stop = {7, SIGTERM};
    struct annotate_job job = {.settings = &s,
                               .shard = suite_path("train.h5"),
                               .output = suite_path("moved.h5"),
                               .folder = suite_path("unfinished"),
                               .identity = "one annotator, whatever the machine",
                               .progress = stop_at,
                               .progress_context = &stop};
    strcpy(s.precision, "f32");
    CU_ASSERT(annotate_run(&job, &err) == -1 && err.status == EXIT_INTERRUPTED);
    interrupt_clear();
    strcpy(s.precision, "bf16");
    stop.at = 0;
    CU_ASSERT_FATAL(!annotate_run(&job, &err));
    struct whole *moved = read_whole("moved.h5", 1), *stayed = read_whole("parts.h5", 1);
    const json_t *computed = json_object_get(moved->attributes, "annotator_computed");
    if (sizeof(real) == sizeof(float)) {
        const char *first = json_string_value(json_array_get(computed, 0));
        const char *second = json_string_value(json_array_get(computed, 1));
        CU_ASSERT_FATAL(json_array_size(computed) == 2 && first && second);
        CU_ASSERT(!strncmp(first, "float ", 6) && strstr(first, " from iteration 0"));
        CU_ASSERT(!strncmp(second, "bf16 ", 5) && strstr(second, " from iteration 7"));
        json_t *quality = real_work.annotation(suite_path("moved.h5"), suite_path("train.h5"), &s,
                                               &err); // for the records of runs
        CU_ASSERT(json_equal(json_object_get(quality, "computed"), computed));
        json_decref(quality);
    } else { // a double build knows its own precision alone
        CU_ASSERT_PTR_NULL(computed);
    }
    CU_ASSERT_PTR_NULL(
        json_object_get(stayed->attributes, "annotator_computed")); // stopped, continued as it was
    free_whole(moved);
    free_whole(stayed);
}

// Annotations that are found where a run's would be are its own, or refused.
static void test_annotations_of_another_origin_are_refused(void) {
    struct error err = {0};
    struct annotator_settings s = small_settings(1), other = s;
    CU_ASSERT_FATAL(!run(&s, "train.h5", "own.h5", NULL, &err));
    json_t *quality = real_work.annotation(suite_path("own.h5"), suite_path("train.h5"), &s, &err);
    CU_ASSERT_PTR_NOT_NULL(quality);
    json_decref(quality);
    other.seed++;
    CU_ASSERT_PTR_NULL(real_work.annotation(suite_path("own.h5"), suite_path("train.h5"), &other, &err));
    suite_text_has(err.message, "own.h5: annotations of another annotator (n 1, seed 5)");
    CU_ASSERT_PTR_NULL(real_work.annotation(suite_path("own.h5"), suite_path("own.h5"), &s, &err));
    suite_text_has(err.message, "own.h5: annotations of another training shard (content ");
}

// A checkpoint of other settings is none of ours.
static void test_a_checkpoint_of_other_settings_is_not_continued(void) {
    struct error err;
    char fresh[65], after[65];
    struct annotator_settings s = small_settings(1), other = small_settings(1);
    struct stop stop = {5, SIGTERM};
    other.l1_weight = 1;
    CU_ASSERT_FATAL(!run(&s, "train.h5", "fresh.h5", NULL, &err));
    CU_ASSERT(run(&other, "train.h5", "after.h5", &stop, &err) == -1);
    interrupt_clear();
    CU_ASSERT_FATAL(!run(&s, "train.h5", "after.h5", NULL, &err));
    file_digest_of("fresh.h5", fresh);
    file_digest_of("after.h5", after);
    CU_ASSERT_STRING_EQUAL(fresh, after);
}

// Image and mask are cut from one place and mirrored together: every pixel says from where it is.
static void test_a_crop_is_any_part_of_the_picture_mirrored_or_not(void) {
    enum { SIDE = 3, MARGIN = 2, WIDE = SIDE + MARGIN, CROPS = 400 };
    uint8_t image[WIDE * WIDE * 3], mask[WIDE * WIDE], crop[SIDE * SIDE * 3], its[SIDE * SIDE];
    const struct jitter j = {SIDE, MARGIN, 1, 7}, whole = {WIDE, 0, 0, 7};
    int seen[MARGIN + 1][MARGIN + 1][2] = {{{0}}}, kinds = 0;
    for (int i = 0; i < WIDE * WIDE; i++) {
        mask[i] = (uint8_t)(3 * i);
        for (int c = 0; c < 3; c++)
            image[3 * i + c] = (uint8_t)(3 * i + c);
    }
    for (uint64_t k = 0; k < CROPS; k++) {
        jitter_pair(&j, k, image, mask, crop, its);
        int mirrored = its[0] > its[1], corner = its[mirrored ? SIDE - 1 : 0] / 3, top = corner / WIDE,
            left = corner % WIDE;
        CU_ASSERT_FATAL(top <= MARGIN && left <= MARGIN);
        kinds += !seen[top][left][mirrored]++;
        for (int i = 0; i < SIDE * SIDE; i++) {
            int x = i % SIDE, from = (top + i / SIDE) * WIDE + left + (mirrored ? SIDE - 1 - x : x);
            CU_ASSERT_EQUAL(its[i], mask[from]);
            CU_ASSERT(!memcmp(&crop[3 * i], &image[3 * from], 3));
        }
    }
    CU_ASSERT_EQUAL(kinds, (MARGIN + 1) * (MARGIN + 1) * 2); // each of them, in so many
    uint8_t same[WIDE * WIDE * 3], same_mask[WIDE * WIDE];
    jitter_pair(&whole, 5, image, mask, same, same_mask);
    CU_ASSERT(!memcmp(same, image, sizeof image) && !memcmp(same_mask, mask, sizeof mask));
}

static void test_an_annotator_with_jitter_has_its_bits_after_an_interruption(void) {
    struct error err;
    char plain[65], fresh[65], after[65];
    struct annotator_settings s = small_settings(1);
    struct stop stop = {5, SIGTERM};
    CU_ASSERT_FATAL(!run(&s, "train.h5", "plain.h5", NULL, &err));
    s.jitter = 4;
    strcpy(s.mirror, "yes");
    CU_ASSERT_FATAL(!run(&s, "train.h5", "fresh.h5", NULL, &err));
    CU_ASSERT(run(&s, "train.h5", "after.h5", &stop, &err) == -1);
    interrupt_clear();
    CU_ASSERT_FATAL(!run(&s, "train.h5", "after.h5", NULL, &err));
    file_digest_of("plain.h5", plain);
    file_digest_of("fresh.h5", fresh);
    file_digest_of("after.h5", after);
    CU_ASSERT_STRING_EQUAL(fresh, after);
    CU_ASSERT_STRING_NOT_EQUAL(fresh, plain);
}

static void test_a_larger_draw_contains_the_smaller(void) {
    enum { MANY = 400 };
    struct error err;
    int32_t labels[MANY];
    struct shard_shape shape = {MANY, 1, 1, 4};
    for (int i = 0; i < MANY; i++)
        labels[i] = i * 3 % 7 % 4;
    uint32_t *five, *ten, *other;
    int count;
    CU_ASSERT_FATAL(!draw_annotated("x", labels, shape, 5, 9, &five, &count, &err));
    CU_ASSERT_EQUAL(count, 20);
    CU_ASSERT_FATAL(!draw_annotated("x", labels, shape, 10, 9, &ten, &count, &err));
    CU_ASSERT_FATAL(!draw_annotated("x", labels, shape, 5, 10, &other, &count, &err));
    int same = 0;
    for (int c = 0; c < 4; c++)
        for (int i = 0; i < 5; i++) {
            CU_ASSERT_EQUAL(five[5 * c + i], ten[10 * c + i]);
            CU_ASSERT_EQUAL(labels[five[5 * c + i]], c);
            for (int j = 0; j < i; j++)
                CU_ASSERT_NOT_EQUAL(five[5 * c + i], five[5 * c + j]);
            same += five[5 * c + i] == other[5 * c + i];
        }
    CU_ASSERT(same < 10);
    free(five);
    free(ten);
    free(other);
}

static void expect_refusal(const struct annotator_settings *s, const char *shard, const char *output,
                           const char *says) {
    struct error err;
    CU_ASSERT_EQUAL(run(s, shard, output, NULL, &err), -1);
    suite_text_has(err.message, says);
}

static void test_bad_input_is_named_and_nothing_is_left_behind(void) {
    struct annotator_settings s = small_settings(16);
    int before = suite_count_entries(suite_folder());
    expect_refusal(&s, "train.h5", "bad.h5",
                   "train.h5: class 0 has 15 images, fewer than the 16 to be annotated");
    s.n = 15;
    expect_refusal(&s, "train.h5", "bad.h5", "all 45 images would be annotated; none is left");
    s.n = 2;
    expect_refusal(&s, "out.h5", "bad.h5", "out.h5: is annotated already");
    expect_refusal(&s, "train.h5", "train.h5", "train.h5: is the training shard itself");
    expect_refusal(&s, "train.h5", "absent/bad.h5", "absent/bad.h5: No such file");
    expect_refusal(&s, "absent.h5", "bad.h5", "absent.h5: No such file");
    s.depth = 1;
    expect_refusal(&s, "train.h5", "bad.h5", "depth: 1 is not in 3..12");
    s.depth = 0;
    s.lr = 1e300;
    expect_refusal(&s, "train.h5", "bad.h5", "is not a finite number");
    rmdir(suite_path("unfinished"));
    CU_ASSERT_EQUAL(suite_count_entries(suite_folder()), before);
    s.lr = 1e-3;
    make_shard(suite_path("full.h5"), COUNT, FULL);
    expect_refusal(&s, "full.h5", "bad.h5", "full.h5: everything is annotated in the 6 images drawn");
    make_shard(suite_path("empty.h5"), COUNT, EMPTY);
    expect_refusal(&s, "empty.h5", "bad.h5", "empty.h5: nothing is annotated in the 6 images drawn");
}

static void test_memory_grows_with_the_network_depth_with_the_image(void) {
    struct error err;
    double small, large;
    struct annotator_settings s = small_settings(1);
    CU_ASSERT_FATAL(!annotator_memory(&s, HEIGHT, WIDTH, CLASSES, &small, &err));
    s.ngf = 16;
    CU_ASSERT_FATAL(!annotator_memory(&s, HEIGHT, WIDTH, CLASSES, &large, &err));
    CU_ASSERT(small > 1e5 && large > small);
    s.depth = 0;
    CU_ASSERT_EQUAL(annotator_depth(&s, 32, 32), 5);
    CU_ASSERT_EQUAL(annotator_depth(&s, 112, 60), 7);
    CU_ASSERT_EQUAL(annotator_depth(&s, 1, 3), 3);
}

void suite_annotator(void);
void suite_annotator(void) {
    CU_pSuite suite = CU_add_suite("annotator", suite_make_folder, suite_remove_folder);
    CU_add_test(suite, "the output is the shard with other masks, and says how they agree",
                test_the_output_is_the_shard_with_other_masks_and_says_how_they_agree);
    CU_add_test(suite, "an annotator has the same bits, interrupted or not, on any threads",
                test_an_annotator_has_the_same_bits_interrupted_or_not_on_any_threads);
    CU_add_test(suite, "a change of precision on the way is recorded in the shard",
                test_a_change_of_precision_on_the_way_is_recorded_in_the_shard);
    CU_add_test(suite, "annotations of another origin are refused",
                test_annotations_of_another_origin_are_refused);
    CU_add_test(suite, "a checkpoint of other settings is not continued",
                test_a_checkpoint_of_other_settings_is_not_continued);
    CU_add_test(suite, "a crop is any part of the picture, mirrored or not",
                test_a_crop_is_any_part_of_the_picture_mirrored_or_not);
    CU_add_test(suite, "an annotator with jitter has its bits after an interruption",
                test_an_annotator_with_jitter_has_its_bits_after_an_interruption);
    CU_add_test(suite, "a larger draw contains the smaller", test_a_larger_draw_contains_the_smaller);
    CU_add_test(suite, "bad input is named, and nothing is left behind",
                test_bad_input_is_named_and_nothing_is_left_behind);
    CU_add_test(suite, "memory grows with the network, depth with the image",
                test_memory_grows_with_the_network_depth_with_the_image);
}
