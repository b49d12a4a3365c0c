// SPDX-License-Identifier: Apache-2.0
// Tables that are printed from what is in force, without runs: the texture classes (kind = textures) and the
// hyperparameters (kind = settings), the paper's beside ours where the two differ. The paper's are those of
// the profile `paper`.
#ifndef REFF_EXPERIMENTS_RESULTS_PRINTED_H
#define REFF_EXPERIMENTS_RESULTS_PRINTED_H

#include "experiments/results/output.h"

// A title, named columns and rows of text.
struct printed {
    const struct table *table;
    const struct profile *profile;
    char note[600];         // what the table says of itself, a sentence or two
    json_t *columns, *rows; // names; lists of as many texts
};

// Free with printed_free, also after a failure. The profile must be resolved where it has a texture set of
// the user's own; no data are read.
int printed_make(struct printed *p, const struct table *table, const struct profile *profile,
                 struct error *err);
void printed_free(struct printed *p);

// All four formats, beside those of the other tables (output.h).
int printed_files(const char *results, const struct printed *p, struct error *err);

int printed_output(FILE *out, enum output_format format, const struct printed *p, struct error *err);

#endif
