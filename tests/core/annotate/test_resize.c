// SPDX-License-Identifier: Apache-2.0
// Resizing to the annotator's size and back.
#include "core/annotate/resize.h"
#include "core/losses/bilinear.h"
#include "tests/support/suite.h"

#include <math.h>
#include <stdlib.h>

enum { MOST = 64 * 64 };

static void resized(int h, int w, int height, int width, const double *in, double *out) {
    struct error err;
    struct resize r;
    static double scratch[MOST];
    CU_ASSERT_FATAL(!resize_create(&r, h, w, height, width, &err));
    resize_plane(&r, in, out, scratch);
    resize_free(&r);
}

static void fill(double *a, int n) {
    for (int i = 0; i < n; i++)
        a[i] = sin(i * 1.7) + 0.01 * i;
}

// Larger: as the bilinear resize that the losses use.
static void test_enlarging_is_bilinear(void) {
    static double in[MOST], out[MOST], want[MOST], scratch[MOST];
    static const int sizes[][4] = {
        {28, 28, 32, 32}, {7, 13, 32, 16}, {1, 1, 4, 4}, {31, 32, 32, 32}, {2, 60, 64, 64}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        const int *s = sizes[i];
        struct bilinear b;
        struct error err;
        fill(in, s[0] * s[1]);
        resized(s[0], s[1], s[2], s[3], in, out);
        CU_ASSERT_FATAL(!bilinear_create(&b, s[0], s[1], s[2], s[3], &err));
        bilinear_resize(&b, in, want, scratch);
        bilinear_free(&b);
        for (int k = 0; k < s[2] * s[3]; k++)
            CU_ASSERT_DOUBLE_EQUAL(out[k], want[k], 1e-12);
    }
}

// Smaller: the mean over each output pixel's area, so the whole mean stays.
static void test_reducing_is_the_mean_over_areas(void) {
    static double in[MOST], out[MOST];
    static const int sizes[][4] = {
        {64, 64, 16, 32}, {60, 50, 32, 32}, {33, 33, 32, 32}, {5, 63, 4, 4}, {64, 3, 1, 1}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        const int *s = sizes[i];
        double before = 0, after = 0;
        fill(in, s[0] * s[1]);
        resized(s[0], s[1], s[2], s[3], in, out);
        for (int k = 0; k < s[0] * s[1]; k++)
            before += in[k] / (s[0] * s[1]);
        for (int k = 0; k < s[2] * s[3]; k++)
            after += out[k] / (s[2] * s[3]);
        CU_ASSERT_DOUBLE_EQUAL(after, before, 1e-12);
    }
    fill(in, 64 * 64);
    resized(64, 64, 32, 32, in, out);
    CU_ASSERT_DOUBLE_EQUAL(out[33], (in[130] + in[131] + in[194] + in[195]) / 4, 1e-12);
}

static void test_the_same_size_is_the_identity(void) {
    static double in[MOST], out[MOST];
    fill(in, 32 * 17);
    resized(32, 17, 32, 17, in, out);
    for (int k = 0; k < 32 * 17; k++)
        CU_ASSERT(in[k] == out[k]);
}

void suite_resize(void);
void suite_resize(void) {
    CU_pSuite suite = CU_add_suite("resize", NULL, NULL);
    CU_add_test(suite, "enlarging is bilinear", test_enlarging_is_bilinear);
    CU_add_test(suite, "reducing is the mean over areas", test_reducing_is_the_mean_over_areas);
    CU_add_test(suite, "the same size is the identity", test_the_same_size_is_the_identity);
}
