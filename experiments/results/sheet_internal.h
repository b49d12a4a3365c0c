// SPDX-License-Identifier: Apache-2.0
// The formats of sheet.h, for sheet.c. Only whole sheets come here.
#ifndef REFF_EXPERIMENTS_RESULTS_SHEET_INTERNAL_H
#define REFF_EXPERIMENTS_RESULTS_SHEET_INTERNAL_H

#include "experiments/results/sheet.h"

void sheet_markdown(FILE *out, const struct sheet *s);
void sheet_csv(FILE *out, const struct sheet *s);
void sheet_latex(FILE *out, const struct sheet *s);
int sheet_json(FILE *out, const struct sheet *s, struct error *err);

#endif
