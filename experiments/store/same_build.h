// SPDX-License-Identifier: Apache-2.0
// Whether two records were made by the same build: what decides a run's bits besides its settings and inputs.
#ifndef REFF_EXPERIMENTS_STORE_SAME_BUILD_H
#define REFF_EXPERIMENTS_STORE_SAME_BUILD_H

#include <jansson.h>
#include <stddef.h>

// Of run.json: {"compiler", "flags", "instruction_set", "openblas", "openblas_core", "libc", "products"}.
// Flags without those that generate no code (warnings, folders of headers, debugging symbols); products: the
// instruction set of convolutions, which may be chosen at run time. New reference.
json_t *build_of(const json_t *run);

// "flags, compiler": in what the builds differ; 0 if in nothing. What one of them does not say counts.
int build_difference(const json_t *before, const json_t *now, char *out, size_t size);

#endif
