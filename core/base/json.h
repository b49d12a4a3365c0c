// SPDX-License-Identifier: Apache-2.0
// JSON as text and as files. Numbers are written as a person would give them: 0.8, not 0.80000000000000004.
// Digests are another matter: they are of a canonical form that never changes.
#ifndef REFF_BASE_JSON_H
#define REFF_BASE_JSON_H

#include "core/base/error.h"
#include "core/base/text.h"

#include <jansson.h>
#include <stdio.h>

// Appends the shortest decimal that reads back as the same double: "0.8", "-20.0", "1e-6". It has a point or
// an exponent, so that readers which tell reals from whole numbers take it for a real. Not for NaN and
// infinities, which JSON does not have.
void json_add_real(struct text *text, double value);

// A JSON value as text, indented, but arrays of numbers on a line each; free() it. NULL when out of memory.
char *json_text(const json_t *value);

// The same with reals rounded to so many digits (17: as they are), and each element of an array on its line.
char *json_text_rounded(const json_t *value, int digits);

// Writes a JSON value as json_text gives it, ending in a newline, as a whole-or-absent file.
int json_write(const char *path, const json_t *value, struct error *err);

// Prints it likewise. A failed write shows when the stream is flushed or closed.
int json_print(FILE *out, const json_t *value, struct error *err);

// Reads a JSON file; "FILE:LINE: what is wrong". NULL on failure.
json_t *json_read(const char *path, struct error *err);

// Digest of any JSON value in canonical form (sorted keys, compact, reals with 17 digits), as 64 hex digits.
int json_digest(const json_t *value, char hex[65], struct error *err);

#endif
