// SPDX-License-Identifier: Apache-2.0
// Cells: what a sweep runs. A table x row x column x seed becomes the settings of a run; equal ones run once.
//
// A run is identified by a SHA-256 over its settings and the digests of its inputs, without paths and thread
// counts: it is the same run wherever the data lie and whatever machine works on it. Its name ("quick: p 0, q
// 1, size 223, baseline, seed 1") says which place in the experiments it has, whatever the settings.
//
// Test data have p = 1 and the training data's q, and the same seed (experiments.md, section 1); validation
// data are drawn as the training data are.
#ifndef REFF_EXPERIMENTS_CELLS_H
#define REFF_EXPERIMENTS_CELLS_H

#include "core/base/digest.h"
#include "experiments/profile.h"
#include "experiments/table.h"
#include "experiments/work.h"

enum split { SPLIT_TRAIN, SPLIT_TEST, SPLIT_VALIDATION, SPLITS };
extern const char *const split_names[SPLITS]; // "train", "test", "validation"

struct cell {
    char name[192];
    struct axes axes;
    uint64_t seed;
    int has_validation;
    struct textured_mnist_settings data[SPLITS];
    struct train_settings training;
    char digest[DIGEST_SIZE];      // of the run
    char data_digest[DIGEST_SIZE]; // of its data set: runs that share shards share this
    char cost_key[DIGEST_SIZE]; // runs of equal key take equally long: settings without p, q, size and seed
    double steps;               // training steps in all
    json_t *record;             // stored with the run: name, digest, identity, ...
};

struct plan { // all cells of some tables, each once
    const struct profile *profile;
    struct seeds seeds;
    struct cell *cells;
    int count;
    int table_cells; // distinct table cells: count / seeds
    json_t *inputs;  // digests of the data's sources
};

// profile must be resolved (profile_resolve) and outlive the plan. Reads the inputs, in a child process. Free
// with plan_free, also after a failure.
int plan_make(struct plan *plan, const struct profile *profile, const struct seeds *seeds,
              const struct table *tables, int table_count, const struct work *work, struct error *err);
void plan_free(struct plan *plan);

// The cell at a place of a table, or NULL.
const struct cell *plan_find(const struct plan *plan, const struct table *table, int row, int column,
                             uint64_t seed);

// Images of a split, with 0 ("all") as the number that Textured MNIST has.
double cell_images(const struct cell *cell, enum split split);

// "lambda 3 -> 4, epochs 8 -> 10": in what two identities (record's "identity") differ. At most `size` bytes.
void identity_difference(const json_t *before, const json_t *now, char *out, size_t size);

#endif
