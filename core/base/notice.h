// SPDX-License-Identifier: Apache-2.0
// What a user should know and is no failure: work goes on. A function that may find something adds a line to
// its caller's text, which the caller prints.
#ifndef REFF_BASE_NOTICE_H
#define REFF_BASE_NOTICE_H

#include "core/base/text.h"

// Adds a line (control characters in it become \xNN).
void notice_add(struct text *notices, const char *format, ...) __attribute__((format(printf, 2, 3)));

// Prints the lines on standard error, each behind "reff: ", and frees the text.
void notice_print(struct text *notices);

#endif
