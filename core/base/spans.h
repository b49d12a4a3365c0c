// SPDX-License-Identifier: Apache-2.0
// Which steps of long work were computed in which way: another machine may round products differently
// (core/kernels/precision.h), and work that continues there has the bits of neither machine; its record says
// so.
#ifndef REFF_BASE_SPANS_H
#define REFF_BASE_SPANS_H

#include "core/base/text.h"

enum { SPANS_MAXIMUM = 16 }; // further ones are merged with the last

struct span {
    long from;                       // the first step of it
    char precision[8], products[16]; // products: "" where they are those that the program was compiled for
};

struct spans { // no pointers: it can lie in a file
    int count;
    struct span items[SPANS_MAXIMUM];
};

// Steps from this one on are computed in this way (products may be NULL). 0: as before, or the first ones.
// 1: in another way than those before, which is a notice that begins with `what` and has a word for steps.
int spans_begin(struct spans *s, long step, const char *precision, const char *products, const char *what,
                const char *unit, struct text *notices);

#endif
