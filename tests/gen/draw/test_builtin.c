// SPDX-License-Identifier: Apache-2.0
// The built-in digits and textures: the same pictures everywhere and always, drawn in parts or whole, of
// every class, differing within a class.
#include "core/base/digest.h"
#include "gen/draw/builtin_digits.h"
#include "gen/draw/builtin_textures.h"
#include "gen/draw/pattern.h"
#include "tests/support/suite.h"

#include <CUnit/CUnit.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SIDE = BUILTIN_TEXTURE_SIZE, BYTES = SIDE * SIDE * 3 };

// Digest of three pictures of each class and of 200 digits of each part: raise BUILTIN_..._REVISION and
// change these together, since every result made with built-in data depends on them.
static const char textures_sha256[] = "08333d0e684053e39a2d7005af904a3aca83b8c53f79bd3e212876fb317332f6";
static const char digits_sha256[] = "b0f0cf6efee4a7e809cde5fe00f29c322e8633645d466a83ebd28d7c65c08557";

static void test_pictures_are_the_same_as_ever(void) {
    static uint8_t rgb[BYTES];
    struct error err = {0};
    char hex[DIGEST_SIZE];
    struct digest *d = digest_start(&err);
    for (int class = 0; class < BUILTIN_TEXTURE_CLASSES; class ++)
        for (int i = 0; i < 3; i++) {
            CU_ASSERT_EQUAL(builtin_texture_draw(class, i, SIDE, 0, 0, SIDE, SIDE, rgb, &err), 0);
            digest_add(d, rgb, BYTES);
        }
    digest_finish(d, hex);
    CU_ASSERT_STRING_EQUAL(hex, textures_sha256);
    d = digest_start(&err);
    for (int test = 0; test < 2; test++)
        for (int i = 0; i < 200; i++) {
            uint8_t image[28 * 28], label = (uint8_t)builtin_digit_label(test, i);
            builtin_digit_draw(test, i, image);
            digest_add(d, image, sizeof image);
            digest_add(d, &label, 1);
        }
    digest_finish(d, hex);
    CU_ASSERT_STRING_EQUAL(hex, digits_sha256);
}

static void test_parts_are_the_same_as_the_whole(void) {
    static uint8_t whole[BYTES], part[BYTES];
    static const int parts[][4] = {
        {0, 0, 32, 32}, {64, 64, 32, 32}, {1, 0, 95, 7}, {30, 41, 17, 23}, {0, 95, 96, 1}};
    struct error err = {0};
    for (int class = 0; class < BUILTIN_TEXTURE_CLASSES; class ++) {
        builtin_texture_draw(class, 5, SIDE, 0, 0, SIDE, SIDE, whole, &err);
        int same = 1;
        for (size_t k = 0; k < sizeof parts / sizeof *parts; k++) {
            const int *p = parts[k];
            CU_ASSERT_EQUAL(builtin_texture_draw(class, 5, SIDE, p[0], p[1], p[2], p[3], part, &err), 0);
            for (int y = 0; y < p[3]; y++)
                same &=
                    !memcmp(part + y * p[2] * 3, whole + ((p[1] + y) * SIDE + p[0]) * 3, (size_t)p[2] * 3);
        }
        if (!same)
            printf("\n  %s differs when drawn in parts\n", builtin_texture_classes[class]);
        CU_ASSERT(same);
    }
}

// Mean and standard deviation of a picture's lightness.
static void lightness(const uint8_t *rgb, double *mean, double *deviation) {
    double sum = 0, squares = 0;
    for (int i = 0; i < SIDE * SIDE; i++) {
        double l = (rgb[3 * i] + rgb[3 * i + 1] + rgb[3 * i + 2]) / 3.0;
        sum += l;
        squares += l * l;
    }
    *mean = sum / (SIDE * SIDE);
    *deviation = sqrt(fmax(0, squares / (SIDE * SIDE) - *mean * *mean));
}

static void test_colour_does_not_give_the_class_away(void) {
    // Of every class some pictures are dark and some light, and every picture shows something.
    static uint8_t rgb[BYTES];
    struct error err = {0};
    for (int class = 0; class < BUILTIN_TEXTURE_CLASSES; class ++) {
        double least = 255, most = 0, faintest = 255;
        for (int i = 0; i < 24; i++) {
            double mean, deviation;
            builtin_texture_draw(class, i, SIDE, 0, 0, SIDE, SIDE, rgb, &err);
            lightness(rgb, &mean, &deviation);
            least = fmin(least, mean);
            most = fmax(most, mean);
            faintest = fmin(faintest, deviation);
        }
        if (most - least < 60 || faintest < 4)
            printf("\n  %s: lightness %.0f..%.0f, faintest %.1f\n", builtin_texture_classes[class], least,
                   most, faintest);
        CU_ASSERT(most - least > 60);
        CU_ASSERT(faintest > 4);
    }
}

static void test_classes_are_the_47_of_dtd_in_order(void) {
    for (int i = 1; i < BUILTIN_TEXTURE_CLASSES; i++)
        CU_ASSERT(strcmp(builtin_texture_classes[i - 1], builtin_texture_classes[i]) < 0);
    CU_ASSERT_STRING_EQUAL(builtin_texture_classes[0], "banded");
    CU_ASSERT_STRING_EQUAL(builtin_texture_classes[46], "zigzagged");
    char name[64];
    builtin_texture_file(30, 0, name, sizeof name);
    CU_ASSERT_STRING_EQUAL(name, "polka-dotted_0001.png");
}

static void test_digits_are_like_mnists(void) {
    // Labels are uniform, ink is as much as in MNIST (33 of 255 on average), its centre of mass in the
    // middle.
    int counts[10] = {0};
    double ink = 0, off = 0;
    enum { N = 3000 };
    for (int i = 0; i < N; i++) {
        uint8_t image[28 * 28];
        double sum = 0, x = 0;
        builtin_digit_draw(0, i, image);
        counts[builtin_digit_label(0, i)]++;
        for (int k = 0; k < 28 * 28; k++) {
            sum += image[k];
            x += image[k] * (k % 28 + 0.5);
        }
        CU_ASSERT(sum > 28 * 28 * 5);
        ink += sum / (28 * 28);
        off = fmax(off, fabs(x / sum - 14));
    }
    double chi = 0;
    for (int d = 0; d < 10; d++)
        chi += (counts[d] - N / 10.0) * (counts[d] - N / 10.0) / (N / 10.0);
    CU_ASSERT(chi < 40); // 9 degrees of freedom: p about 1e-5
    CU_ASSERT(ink / N > 25 && ink / N < 42);
    CU_ASSERT(off < 2.5);
}

static void test_arithmetic_is_close_to_the_mathematics(void) {
    for (int i = -2000; i < 2000; i++) {
        float t = (float)i / 700;
        CU_ASSERT_DOUBLE_EQUAL(sine(t), sin(2 * 3.14159265358979 * t), 1.2e-3);
        float x = sinf((float)i), y = cosf((float)i * 1.7f);
        double difference = turn_of(x, y) - atan2(y, x) / (2 * 3.14159265358979);
        CU_ASSERT_DOUBLE_EQUAL(difference - floor(difference + 0.5), 0, 1e-3);
    }
}

void suite_builtin(void);
void suite_builtin(void) {
    CU_pSuite suite = CU_add_suite("builtin", NULL, NULL);
    CU_add_test(suite, "pictures are the same as ever", test_pictures_are_the_same_as_ever);
    CU_add_test(suite, "parts are the same as the whole", test_parts_are_the_same_as_the_whole);
    CU_add_test(suite, "colour does not give the class away", test_colour_does_not_give_the_class_away);
    CU_add_test(suite, "classes are the 47 of DTD in order", test_classes_are_the_47_of_dtd_in_order);
    CU_add_test(suite, "digits are like MNIST's", test_digits_are_like_mnists);
    CU_add_test(suite, "arithmetic is close to the mathematics", test_arithmetic_is_close_to_the_mathematics);
}
