// SPDX-License-Identifier: Apache-2.0
// What methods make of the training data: annotations of other images, random discs, swapped backgrounds, groups drawn
// with equal chances; and the weights of groups in the loss.
#include "core/losses/group_weights.h"
#include "core/methods/method.h"
#include "tests/support/suite.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { IMAGES = 6, SIDE = 20, AREA = SIDE * SIDE };

struct images {
    uint32_t index[IMAGES];
    uint8_t images[IMAGES * AREA * 3], read[IMAGES * AREA * 3], annotations[IMAGES * AREA];
};

// Image i has the grey 40 i; its annotation, a square of side 6 + i, has 255 - 10 i in the image.
static struct batch make_batch(struct images *m, uint64_t seed, uint64_t step) {
    memset(m, 0, sizeof *m);
    for (int i = 0; i < IMAGES; i++) {
        m->index[i] = (uint32_t)(100 + 7 * i);
        for (int p = 0; p < AREA; p++) {
            int on = p % SIDE < 6 + i && p / SIDE < 6 + i;
            m->annotations[i * AREA + p] = on ? 255 : 0;
            for (int c = 0; c < 3; c++)
                m->images[(i * AREA + p) * 3 + c] = (uint8_t)(on ? 255 - 10 * i : 40 * i + c);
        }
    }
    memcpy(m->read, m->images, sizeof m->read);
    return (struct batch){.count = IMAGES,
                          .side = SIDE,
                          .seed = seed,
                          .step = step,
                          .index = m->index,
                          .images = m->images,
                          .annotations = m->annotations,
                          .images_read = m->read};
}

static void test_no_image_keeps_its_annotation_and_each_is_used_once(void) {
    const struct method *m = method_of("reff-shuffled");
    enum { COUNT = 1000 };
    uint32_t of[COUNT], again[COUNT], other[COUNT];
    uint8_t used[COUNT] = {0};
    m->annotations_of(COUNT, 5, of);
    m->annotations_of(COUNT, 5, again);
    m->annotations_of(COUNT, 6, other);
    CU_ASSERT(!memcmp(of, again, sizeof of)); // fixed by the seed
    int different = 0;
    for (int i = 0; i < COUNT; i++) {
        CU_ASSERT_FATAL(of[i] < COUNT);
        CU_ASSERT(of[i] != (uint32_t)i);
        CU_ASSERT(!used[of[i]]++);
        different += of[i] != other[i];
    }
    CU_ASSERT(different > 900);
    for (uint64_t seed = 0; seed < 30; seed++) { // of any permutation's seeds a third has no fixed point
        int fixed = 0;
        m->annotations_of(COUNT, seed, other);
        for (uint32_t i = 0; i < COUNT; i++)
            fixed += other[i] == i;
        CU_ASSERT_EQUAL(fixed, 0);
    }
    for (uint32_t count = 2; count < 5; count++) {
        m->annotations_of(count, 1, of);
        for (uint32_t i = 0; i < count; i++)
            CU_ASSERT(of[i] != i && of[i] < count);
    }
}

static double area_of(const uint8_t *annotation) {
    double sum = 0;
    for (int p = 0; p < AREA; p++)
        sum += annotation[p] / 255.0;
    return sum;
}

static void test_a_random_disc_has_the_annotations_area_and_depends_on_seed_and_index_alone(void) {
    struct images a, b;
    const struct method *m = method_of("reff-random");
    const struct batch first = make_batch(&a, 3, 0);
    m->transform(&first);
    for (int i = 0; i < IMAGES; i++)
        suite_near(area_of(a.annotations + i * AREA), (6.0 + i) * (6 + i), 0.03 * (6 + i) * (6 + i));
    struct batch turned = make_batch(&b, 3, 17); // another step, another place in the batch
    b.index[0] = a.index[5];
    memset(b.annotations, 0, AREA);
    for (int p = 0; p < 11 * SIDE; p++)
        b.annotations[p] = p % SIDE < 11 ? 255 : 0;
    m->transform(&turned);
    CU_ASSERT(!memcmp(b.annotations, a.annotations + 5 * AREA, AREA));
    struct images c;
    const struct batch seeded = make_batch(&c, 4, 0);
    m->transform(&seeded);
    CU_ASSERT(memcmp(a.annotations, c.annotations, sizeof a.annotations) != 0);
    CU_ASSERT(!memcmp(a.images, a.read, sizeof a.read)); // images stay
}

// Nine tenths of an image do not fit a disc: it is cut at the borders, and keeps the area.
static void test_a_disc_that_does_not_fit_is_cut_and_keeps_the_area(void) {
    struct images a;
    const struct method *m = method_of("reff-random");
    const struct batch b = make_batch(&a, 1, 0);
    memset(a.annotations, 255, AREA * 9 / 10);
    memset(a.annotations + AREA, 0, AREA);
    memset(a.annotations + 2 * AREA, 255, AREA);
    m->transform(&b);
    suite_near(area_of(a.annotations), AREA * 0.9, 2);
    suite_near(area_of(a.annotations + AREA), 0, 0); // nothing annotated stays nothing
    suite_near(area_of(a.annotations + 2 * AREA), AREA, 0.5);
}

static void test_half_of_the_images_get_the_background_of_another_without_its_object(void) {
    struct images a;
    const struct method *m = method_of("swap");
    int swapped = 0, all = 0, wrong = 0; // numbers; each as an assertion of its own would take CUnit minutes
    for (uint64_t step = 0; step < 200; step++) {
        const struct batch b = make_batch(&a, 9, step);
        m->transform(&b);
        for (int i = 0; i < IMAGES; i++) {
            const uint8_t *out = a.images + i * AREA * 3, *in = a.read + i * AREA * 3;
            int grey = out[(AREA - 1) * 3], from = grey / 40;
            all++;
            swapped += from != i;
            // The object is its own; the background is one image's, also where that image's object was.
            for (int p = 0; p < AREA; p++) {
                int on = p % SIDE < 6 + i && p / SIDE < 6 + i;
                for (int c = 0; c < 3; c++)
                    wrong += out[3 * p + c] != (on ? in[3 * p + c] : 40 * from + c);
            }
        }
    }
    CU_ASSERT_EQUAL(wrong, 0);
    suite_near((double)swapped / all, 0.5, 0.05);
}

static void test_groups_are_drawn_with_equal_chances(void) {
    enum { COUNT = 20000, GROUPS = 3 };
    static int32_t group[COUNT];
    static uint32_t order[COUNT], again[COUNT];
    int drawn[GROUPS] = {0}, wrong = 0;
    struct error err = {0};
    for (int i = 0; i < COUNT; i++)
        group[i] = i % 100 == 7 ? 2 : i % 10 == 3 ? 0 : 1; // 200, 2,000 and 17,800 images
    const struct training_images images = {COUNT, GROUPS, group};
    CU_ASSERT_FATAL(!method_of("reweight")->order(&images, 1, 0, order, &err));
    CU_ASSERT_FATAL(!method_of("reweight")->order(&images, 1, 0, again, &err));
    CU_ASSERT(!memcmp(order, again, sizeof order));
    CU_ASSERT_FATAL(!method_of("reweight")->order(&images, 1, 1, again, &err)); // another epoch
    CU_ASSERT(memcmp(order, again, sizeof order) != 0);
    static int times[COUNT];
    for (int i = 0; i < COUNT; i++) {
        wrong += order[i] >= COUNT;
        drawn[group[order[i] % COUNT]]++;
        times[order[i] % COUNT]++;
    }
    CU_ASSERT_EQUAL(wrong, 0);
    for (int g = 0; g < GROUPS; g++)
        suite_near(drawn[g], COUNT / 3.0, 250);
    for (int i = 0; i < COUNT; i++) // 33 times on average
        CU_ASSERT(group[i] != 2 || (times[i] > 5 && times[i] < 75));
}

// Two groups with losses 1 and 3: q2 / q1 grows by exp(2 eta) a step.
static void test_group_weights_grow_with_the_loss(void) {
    struct error err = {0};
    struct group_weights *w = group_weights_create(3, 4, 0.1, &err);
    CU_ASSERT_FATAL(w != NULL);
    static const int32_t groups[4] = {0, 1, 0, 1};
    static const double losses[4] = {0.5, 3, 1.5, 3};
    memcpy(w->losses, losses, sizeof losses);
    group_weights_step(w, groups);
    double one = exp(0.1), three = exp(0.3), all = one + three + 1; // the third group has no image: it stays
    suite_near(w->q[0], one / all, 1e-15);
    suite_near(w->q[1], three / all, 1e-15);
    suite_near(w->q[2], 1 / all, 1e-15);
    suite_near(w->weights[0], one / all / 2, 1e-15);
    suite_near(w->weights[3], three / all / 2, 1e-15);
    group_weights_free(w);
}

void suite_batch(void);
void suite_batch(void) {
    CU_pSuite suite = CU_add_suite("batch", NULL, NULL);
    CU_add_test(suite, "no image keeps its annotation and each is used once",
                test_no_image_keeps_its_annotation_and_each_is_used_once);
    CU_add_test(suite, "a random disc has the annotation's area and depends on seed and index alone",
                test_a_random_disc_has_the_annotations_area_and_depends_on_seed_and_index_alone);
    CU_add_test(suite, "a disc that does not fit is cut and keeps the area",
                test_a_disc_that_does_not_fit_is_cut_and_keeps_the_area);
    CU_add_test(suite, "half of the images get the background of another without its object",
                test_half_of_the_images_get_the_background_of_another_without_its_object);
    CU_add_test(suite, "groups are drawn with equal chances", test_groups_are_drawn_with_equal_chances);
    CU_add_test(suite, "group weights grow with the loss", test_group_weights_grow_with_the_loss);
}
