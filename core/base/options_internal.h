// SPDX-License-Identifier: Apache-2.0
// What the forms of a command's help share.
#ifndef REFF_BASE_OPTIONS_INTERNAL_H
#define REFF_BASE_OPTIONS_INTERNAL_H

#include "core/base/options.h"

#include <stdio.h>

// What stands for an option's value: its unit, or "NUMBER"; "" for a flag.
const char *option_value(const struct setting *s);

// Help, range, default, in a line without its end.
void option_explain(const struct setting *s, FILE *out);

#endif
