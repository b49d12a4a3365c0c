// SPDX-License-Identifier: Apache-2.0
// One picture against the formulas, in doubles: the scaled digit, the blend, the annotation, the place.
#include "gen/textured_mnist/compose.h"

#include "core/base/memory.h"
#include "core/base/random.h"
#include "gen/draw/builtin_digits.h"
#include "tests/support/suite.h"

#include <CUnit/CUnit.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { CANVAS = 64, MARGIN = 3, STRIDE = (CANVAS + MARGIN) * 3 };

// m at (x, y) of the digit scaled to size x size: bilinear, half-pixel centres, held at the border.
static double scaled(const uint8_t *digit, int size, int x, int y) {
    double u = fmin(fmax((x + 0.5) * DIGIT_SIZE / size - 0.5, 0), DIGIT_SIZE - 1);
    double v = fmin(fmax((y + 0.5) * DIGIT_SIZE / size - 0.5, 0), DIGIT_SIZE - 1);
    int left = (int)u, top = (int)v;
    int right = left + 1 < DIGIT_SIZE ? left + 1 : left, bottom = top + 1 < DIGIT_SIZE ? top + 1 : top;
    double fu = u - left, fv = v - top;
    return (1 - fv) * ((1 - fu) * digit[top * DIGIT_SIZE + left] + fu * digit[top * DIGIT_SIZE + right]) +
           fv * ((1 - fu) * digit[bottom * DIGIT_SIZE + left] + fu * digit[bottom * DIGIT_SIZE + right]);
}

// Noise up to the borders: unlike a digit of MNIST it shows what happens there.
static void make_noise(uint8_t *bytes, int count, uint64_t seed) {
    struct random r = random_stream(seed, random_purpose("noise"), 0);
    for (int i = 0; i < count; i++)
        bytes[i] = (uint8_t)random_below(&r, 256);
}

static void check_scaling(const uint8_t *digit, int size) {
    struct composer c;
    struct error err = {0};
    double worst = 0;
    CU_ASSERT_FATAL(!composer_make(&c, size, size, 0, 0, &err));
    uint8_t *m = malloc((size_t)size * (size_t)size), *room = malloc(composer_room(&c));
    CU_ASSERT_FATAL(m && room);
    memset(room, 0xA5, composer_room(&c)); // what earlier pictures left there must not matter
    compose_digit(&c, digit, m, room);
    for (int y = 0; y < size; y++)
        for (int x = 0; x < size; x++)
            worst = fmax(worst, fabs(m[y * size + x] - scaled(digit, size, x, y)));
    CU_ASSERT(worst < 2.5); // weights are in 1/256: up to 255/256 on each axis, and half for rounding
    free(m);
    free(room);
    composer_free(&c);
}

static void test_digits_are_scaled_bilinearly(void) {
    uint8_t noise[DIGIT_SIZE * DIGIT_SIZE], digit[DIGIT_SIZE * DIGIT_SIZE];
    static const int sizes[] = {8, 9, 27, 28, 29, 56, 112, 168, 223, 224};
    make_noise(noise, sizeof noise, 1);
    builtin_digit_draw(0, 3, digit);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        check_scaling(noise, sizes[i]);
        check_scaling(digit, sizes[i]);
    }
}

static void test_a_digit_at_its_own_size_is_unchanged(void) {
    uint8_t digit[DIGIT_SIZE * DIGIT_SIZE], m[sizeof digit];
    struct composer c;
    struct error err = {0};
    make_noise(digit, sizeof digit, 2);
    CU_ASSERT_FATAL(!composer_make(&c, DIGIT_SIZE, CANVAS, 0, 0, &err));
    void *room = malloc(composer_room(&c));
    compose_digit(&c, digit, m, room);
    CU_ASSERT(!memcmp(m, digit, sizeof m));
    free(room);
    composer_free(&c);
}

struct picture {
    uint8_t outside[CANVAS * STRIDE], inside[CANVAS * STRIDE];
    uint8_t image[CANVAS * CANVAS * 3], mask[CANVAS * CANVAS], m[CANVAS * CANVAS];
};

static void draw(struct picture *p, const uint8_t *digit, int size, int x, int y, int hard_blend,
                 int soft_mask) {
    struct composer c;
    struct error err = {0};
    CU_ASSERT_FATAL(!composer_make(&c, size, CANVAS, hard_blend, soft_mask, &err));
    void *room = malloc(composer_room(&c));
    struct texture_crop outside = {p->outside, STRIDE, NULL}, inside = {p->inside, STRIDE, NULL};
    make_noise(p->outside, sizeof p->outside, 3);
    make_noise(p->inside, sizeof p->inside, 4);
    memset(p->image, 77, sizeof p->image);
    memset(p->mask, 77, sizeof p->mask);
    compose(&c, digit, x, y, &outside, &inside, p->image, p->mask, room);
    compose_digit(&c, digit, p->m, room);
    free(room);
    composer_free(&c);
}

// Every pixel and every annotation of the picture, from m.
static int count_wrong(const struct picture *p, int size, int x, int y, int hard_blend, int soft_mask) {
    int wrong = 0;
    for (int row = 0; row < CANVAS; row++)
        for (int column = 0; column < CANVAS; column++) {
            int v = row - y, u = column - x, in = u >= 0 && v >= 0 && u < size && v < size;
            int m = in ? p->m[v * size + u] : 0, half = m >= 128;
            wrong += p->mask[row * CANVAS + column] != (soft_mask ? m : half ? 255 : 0);
            double share = hard_blend ? half : m / 255.0;
            for (int c = 0; c < 3; c++) {
                double out = p->outside[row * STRIDE + 3 * column + c];
                double value = in ? share * p->inside[v * STRIDE + 3 * u + c] + (1 - share) * out : out;
                wrong += p->image[(row * CANVAS + column) * 3 + c] != (int)floor(value + 0.5);
            }
        }
    return wrong;
}

static void test_pixels_and_masks_follow_the_formula(void) {
    static struct picture p;
    uint8_t digit[DIGIT_SIZE * DIGIT_SIZE], noise[DIGIT_SIZE * DIGIT_SIZE];
    builtin_digit_draw(1, 4, digit);
    make_noise(noise, sizeof noise, 5);
    static const int places[][3] = {{40, 0, 0},  {40, 24, 24}, {40, 24, 0},
                                    {31, 7, 20}, {64, 0, 0},   {8, 56, 3}};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        for (int kind = 0; kind < 8; kind++) {
            int size = places[i][0], x = places[i][1], y = places[i][2];
            draw(&p, kind & 4 ? noise : digit, size, x, y, kind & 1, (kind & 2) > 0);
            CU_ASSERT_EQUAL(count_wrong(&p, size, x, y, kind & 1, (kind & 2) > 0), 0);
        }
}

// Ink at a single pixel in a corner, or none at all: the limits of where the digit is looked for.
static void test_ink_at_the_edge_is_not_lost(void) {
    static struct picture p;
    static const int corners[] = {0, DIGIT_SIZE - 1, DIGIT_SIZE * (DIGIT_SIZE - 1),
                                  DIGIT_SIZE * DIGIT_SIZE - 1};
    for (int i = 0; i < 5; i++) {
        uint8_t digit[DIGIT_SIZE * DIGIT_SIZE] = {0};
        if (i < 4)
            digit[corners[i]] = 255;
        draw(&p, digit, 50, 14, 14, 0, 1);
        CU_ASSERT_EQUAL(count_wrong(&p, 50, 14, 14, 0, 1), 0);
        int most = 0;
        for (int k = 0; k < 50 * 50; k++)
            most = p.m[k] > most ? p.m[k] : most;
        CU_ASSERT_EQUAL(most, i < 4 ? 255 : 0);
    }
}

void suite_compose(void) {
    CU_pSuite s = CU_add_suite("compose", NULL, NULL);
    CU_add_test(s, "digits are scaled bilinearly", test_digits_are_scaled_bilinearly);
    CU_add_test(s, "a digit at its own size is unchanged", test_a_digit_at_its_own_size_is_unchanged);
    CU_add_test(s, "pixels and masks follow the formula", test_pixels_and_masks_follow_the_formula);
    CU_add_test(s, "ink at the edge is not lost", test_ink_at_the_edge_is_not_lost);
}
