// SPDX-License-Identifier: Apache-2.0
// Resizing against a plain computation in double precision: the mean of the part that an output pixel covers,
// or the two nearest pixels by distance.
#include "gen/read/resample.h"

#include "core/base/memory.h"
#include "core/base/random.h"
#include "gen/read/image.h"
#include "tests/support/photographs_fixture.h"
#include "tests/support/suite.h"

#include <CUnit/CUnit.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SIDE = 97 };

static uint8_t picture[SIDE * SIDE * 3];

static void make_picture(int count) {
    struct random r = random_stream(3, random_purpose("test resample"), (uint64_t)count);
    for (int i = 0; i < count; i++)
        picture[i] = (uint8_t)random_below(&r, 256);
}

// The weight of input pixel j for output i of n, along a part begin, length of a side of `size`.
static double weight(int j, int i, int n, int begin, int length, int size) {
    double from = begin + (double)i * length / n, to = begin + (double)(i + 1) * length / n;
    if (length >= n) {
        double low = from > j ? from : j, high = to < j + 1 ? to : j + 1;
        return high > low ? (high - low) / (to - from) : 0;
    }
    double at = (from + to) / 2 - 0.5, least = begin, most = begin + length - 1;
    (void)size;
    at = at < least ? least : at > most ? most : at;
    double off = fabs(at - j);
    return off < 1 ? 1 - off : 0;
}

static double plainly(const struct placement *p, int width, int height, int channels, int c, int x, int y) {
    double sum = 0;
    for (int row = 0; row < height; row++) {
        double down = weight(row, y, p->high, p->y, p->height, height);
        for (int column = 0; down > 0 && column < width; column++)
            sum += down * weight(column, x, p->wide, p->x, p->width, width) *
                   picture[(row * width + column) * channels + c];
    }
    return sum;
}

// The largest difference from the plain computation.
static double compare(int width, int height, int channels, enum fit fit, int pixels) {
    static uint8_t out[SIDE * SIDE * 3];
    struct error err = {0};
    struct placement p = resample_place(width, height, fit, pixels);
    double worst = 0;
    make_picture(width * height * channels);
    memset(out, 77, sizeof out);
    CU_ASSERT_FATAL(!resample(picture, width, height, channels, width, height, &p, pixels, out, &err));
    for (int i = 0; i < pixels * pixels * channels; i++) {
        int c = i % channels, x = i / channels % pixels - p.left, y = i / channels / pixels - p.top;
        int inside = x >= 0 && x < p.wide && y >= 0 && y < p.high;
        double expected = inside ? plainly(&p, width, height, channels, c, x, y) : 0;
        worst = fabs(out[i] - expected) > worst ? fabs(out[i] - expected) : worst;
    }
    CU_ASSERT_EQUAL(out[pixels * pixels * channels], 77); // nothing beyond
    return worst;
}

static void test_all_sizes_agree_with_a_plain_computation(void) {
    static const int sizes[][2] = {{16, 16}, {17, 31}, {64, 48}, {97, 41}, {5, 90}, {1, 1}, {3, 2}, {33, 97}};
    static const int pixels[] = {8, 16, 31, 40};
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++)
        for (size_t k = 0; k < sizeof pixels / sizeof *pixels; k++)
            for (int fit = 0; fit < 3; fit++)
                for (int channels = 1; channels <= 3; channels += 2)
                    CU_ASSERT(compare(sizes[s][0], sizes[s][1], channels, (enum fit)fit, pixels[k]) < 0.51);
}

static void test_the_same_size_is_a_copy(void) {
    static uint8_t out[40 * 40 * 3];
    struct error err = {0};
    struct placement p = resample_place(40, 40, FIT_CROP, 40);
    make_picture(40 * 40 * 3);
    CU_ASSERT(!resample(picture, 40, 40, 3, 40, 40, &p, 40, out, &err));
    CU_ASSERT(!memcmp(out, picture, sizeof out));
}

static void test_flat_pictures_stay_flat(void) {
    static uint8_t out[64 * 64];
    struct error err = {0};
    for (int value = 0; value < 256; value += 51)
        for (int side = 1; side < SIDE; side += 7) {
            int wrong = 0;
            struct placement p = resample_place(side, SIDE, FIT_STRETCH, 64);
            memset(picture, value, sizeof picture);
            CU_ASSERT(!resample(picture, side, SIDE, 1, side, SIDE, &p, 64, out, &err));
            for (size_t i = 0; i < sizeof out; i++)
                wrong += out[i] != value;
            CU_ASSERT_EQUAL(wrong, 0);
        }
}

static void test_crop_pad_and_stretch_have_their_places(void) {
    struct placement p = resample_place(101, 40, FIT_CROP, 20);
    CU_ASSERT(p.x == 30 && p.y == 0 && p.width == 40 && p.height == 40 && p.wide == 20 && p.high == 20);
    p = resample_place(40, 101, FIT_PAD, 20);
    CU_ASSERT(p.width == 40 && p.height == 101 && p.wide == 8 && p.high == 20 && p.left == 6 && p.top == 0);
    p = resample_place(40, 101, FIT_STRETCH, 20);
    CU_ASSERT(p.width == 40 && p.height == 101 && p.wide == 20 && p.high == 20 && !p.left && !p.top);
    p = resample_place(8000, 1, FIT_PAD, 20);
    CU_ASSERT(p.high == 1 && p.wide == 20);
}

// A picture decoded at a half of its size is placed by the full one.
static void test_reduced_pictures_are_placed_by_their_frame(void) {
    static uint8_t full[32 * 32], half[32 * 32], twice[96 * 64];
    struct error err = {0};
    make_picture(48 * 32);
    for (int i = 0; i < 96 * 64; i++)
        twice[i] = picture[(i / 96 / 2) * 48 + i % 96 / 2];
    struct placement p = resample_place(96, 64, FIT_CROP, 32);
    CU_ASSERT(!resample(twice, 96, 64, 1, 96, 64, &p, 32, full, &err));
    CU_ASSERT(!resample(picture, 48, 32, 1, 96, 64, &p, 32, half, &err));
    CU_ASSERT(!memcmp(full, half, sizeof full));
}

// A JPEG with four (eight, sixteen) times the side asked for comes at a half (a quarter, an eighth) of its
// size, and looks the same once it is small.
static void test_large_jpegs_are_decoded_small(void) {
    enum { SMALL = 10 };
    static const int shorter[] = {39, 40, 79, 80, 159, 160, 400}, parts[] = {1, 2, 2, 4, 4, 8, 8};
    for (size_t k = 0; k < sizeof parts / sizeof *parts; k++) {
        static struct source_files files;
        static uint8_t out[2][SMALL * SMALL * 3];
        struct error err = {0};
        int longer = shorter[k] + 13, worst = 0;
        photos_add_jpeg(&files, "large.jpg", longer, shorter[k], 20);
        for (int reduced = 0; reduced < 2; reduced++) {
            struct image image;
            int width, height, part = reduced ? parts[k] : 1;
            CU_ASSERT_FATAL(!image_decode_reduced(files.items[0].bytes, files.items[0].size, "large.jpg",
                                                  reduced ? SMALL : 0, &image, &width, &height, &err));
            CU_ASSERT(width == longer && height == shorter[k]);
            CU_ASSERT(image.width == (longer + part - 1) / part &&
                      image.height == (shorter[k] + part - 1) / part);
            struct placement p = resample_place(width, height, FIT_CROP, SMALL);
            CU_ASSERT(!resample(image.pixels, image.width, image.height, 3, width, height, &p, SMALL,
                                out[reduced], &err));
            image_free(&image);
        }
        for (int i = 0; i < SMALL * SMALL * 3; i++)
            worst = abs(out[0][i] - out[1][i]) > worst ? abs(out[0][i] - out[1][i]) : worst;
        CU_ASSERT(worst <= 4); // of gradients over all of 0..255
        sources_free(&files);
    }
}

static void test_allocation_failures_are_reported(void) {
    static uint8_t out[8 * 8];
    struct placement p = resample_place(20, 20, FIT_CROP, 8);
    int failures = 0;
    for (long n = 1;; n++) {
        struct error err = {0};
        memory_fail_at = n;
        int bad = resample(picture, 20, 20, 1, 20, 20, &p, 8, out, &err);
        memory_fail_at = 0;
        if (!bad)
            break;
        failures++;
        suite_text_begins(err.message, "out of memory");
    }
    CU_ASSERT(failures >= 11);
}

void suite_resample(void) {
    CU_pSuite s = CU_add_suite("resample", NULL, NULL);
    CU_add_test(s, "all sizes agree with a plain computation", test_all_sizes_agree_with_a_plain_computation);
    CU_add_test(s, "the same size is a copy", test_the_same_size_is_a_copy);
    CU_add_test(s, "flat pictures stay flat", test_flat_pictures_stay_flat);
    CU_add_test(s, "crop, pad and stretch have their places", test_crop_pad_and_stretch_have_their_places);
    CU_add_test(s, "reduced pictures are placed by their frame",
                test_reduced_pictures_are_placed_by_their_frame);
    CU_add_test(s, "large JPEGs are decoded small", test_large_jpegs_are_decoded_small);
    CU_add_test(s, "allocation failures are reported", test_allocation_failures_are_reported);
}
