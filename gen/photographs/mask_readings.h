// SPDX-License-Identifier: Apache-2.0
// In words, how the annotations of a data set were read: once for all that are alike.
#ifndef REFF_GEN_PHOTOGRAPHS_MASK_READINGS_H
#define REFF_GEN_PHOTOGRAPHS_MASK_READINGS_H

#include "gen/photographs/photograph_reader.h"

// ["3 masks hold 0 and 1: 1 is taken as annotated", ...], of all masks, or of those alone that are not as
// usual (0 and 255, or many grey levels cut at one half). An empty list where there is nothing to say. New
// reference.
json_t *mask_readings(const struct photograph_reader *reader, int all, struct error *err);

// Prints the lines on standard error.
void mask_readings_print(const json_t *readings, const char *path);

#endif
