// SPDX-License-Identifier: Apache-2.0
// Built-in digits: handwriting drawn by code in MNIST's form (28 x 28, white on black, the digit's box scaled
// to 20 pixels, its centre of mass in the middle), so that the default profile needs no file. 60,000 for
// training, 10,000 for testing; number k of a part is always the same picture. Results on them are said to be
// on built-in data.
#ifndef REFF_GEN_DRAW_BUILTIN_DIGITS_H
#define REFF_GEN_DRAW_BUILTIN_DIGITS_H

#include <stdint.h>

#define BUILTIN_DIGIT_SIZE     28
#define BUILTIN_DIGIT_TRAIN    60000
#define BUILTIN_DIGIT_TEST     10000
#define BUILTIN_DIGIT_REVISION 1 // raised whenever a picture changes

// test: 0 the training part, 1 the test part.
int builtin_digit_label(int test, int index);                         // 0..9, uniform
void builtin_digit_draw(int test, int index, uint8_t image[28 * 28]); // 0 background .. 255 ink

#endif
