// SPDX-License-Identifier: Apache-2.0
// Cells: what a sweep runs. A table x row x column x seed becomes the settings of a run; equal ones run once.
//
// A run is identified by a SHA-256 over its settings and the digests of its inputs, without paths and thread
// counts: it is the same run wherever the data lie and whatever machine works on it. Its name ("quick: p 0, q
// 1, size 223, baseline, seed 1", "standard: isic2017, n 5, reff, seed 1") says which place in the
// experiments it has, whatever the settings.
//
// Places that are equal once they are scaled to the profile (sizes 28 and 56 are both the smallest digit of a
// small canvas) share a run, which has the name of the first.
//
// The models of the first seed are kept, for figures: which one that is depends on what was asked for, so it
// is no part of the identity.
//
// Test data of Textured MNIST have p = 1 and the training data's q, and the same seed (docs/experiments.md,
// section 1); validation data are drawn as the training data are.
//
// Without annotations (n = 0) every ReFF is the baseline, and ABN goes without its map loss. With all of them
// the training shard's own are used; for any number between, a pseudo-annotator makes the others (the run's
// identity then holds its settings).
#ifndef REFF_EXPERIMENTS_PLAN_CELLS_H
#define REFF_EXPERIMENTS_PLAN_CELLS_H

#include "core/base/digest.h"
#include "core/base/text.h"
#include "experiments/plan/profile.h"
#include "experiments/plan/table.h"
#include "experiments/plan/work.h"

enum { CELL_NAME_SIZE = 1024 };

struct cell {
    char name[CELL_NAME_SIZE];
    const struct profile *profile; // borrowed: the plan's, or one that its table's column names
    struct axes axes;              // n: 0 for the baseline
    struct variations settings;    // that its place has beside those of the profile
    uint64_t seed;
    const struct data_set *set;
    int classes;
    int images[SPLITS]; // 0 where there is no validation
    int has_validation;
    union data_settings data[SPLITS];
    struct train_settings training;
    int has_annotator; // some annotations are a pseudo-annotator's
    struct annotator_settings annotator;
    char digest[DIGEST_SIZE];      // of the run
    char data_digest[DIGEST_SIZE]; // of its data set: runs that share shards share this
    char
        cost_key[DIGEST_SIZE]; // runs of equal key take equally long: settings without p, q, size, n and seed
    char annotation_digest[DIGEST_SIZE];   // runs that share pseudo-annotations share this; "": none
    char annotation_cost_key[DIGEST_SIZE]; // annotators of equal key take equally long
    double steps;                          // training steps in all
    int needs_model;                       // not done while model.safetensors is not there
    // Stored with the run: name, digest, identity, ... "n" is a number or "All" (1e9 in older records);
    // the identity, which the digest is over, has it only as an annotator's setting.
    json_t *record;
};

struct plan_data { // a data set that some table has, of one of the profiles
    const struct profile *profile;
    const struct profile_data *data;
    int classes, images[SPLITS];
    json_t *inputs; // digests of its sources; NULL: it is absent (data->absent)
};

struct plan { // all cells of some tables, each once
    const struct profile *profile;
    struct seeds seeds;
    struct cell *cells;
    int count;
    int table_cells; // distinct table cells: count / seeds
    struct plan_alias {
        char name[CELL_NAME_SIZE];
        int cell;
    } * aliases; // names of places with the same settings as another: one run serves both
    int alias_count;
    struct plan_data *data; // [data_count]
    int data_count;
};

// Reads the profiles that columns of the tables name, to follow `profile` (profile.h), which must have been read and is
// not resolved yet.
int plan_profiles(struct profile *profile, const struct table *tables, int count, struct error *err);

// profile must be resolved (profile_resolve) and outlive the plan. Reads the inputs, in a child process.
// Cells whose data are absent, or have too few images to annotate that many, are left out; cells that turn
// out to be the same run are one. Free with plan_free, also after a failure.
int plan_make(struct plan *plan, const struct profile *profile, const struct seeds *seeds,
              const struct table *tables, int table_count, const struct work *work, struct error *err);
// The same from the settings alone, wherever the data are: no cell is left out, and identities lack the
// digests of inputs and weights. To compare settings, not to run.
int plan_outline(struct plan *plan, const struct profile *profile, const struct seeds *seeds,
                 const struct table *tables, int table_count, struct error *err);
void plan_free(struct plan *plan);

// The cell at a place of a table, or NULL: there can be none.
const struct cell *plan_find(const struct plan *plan, const struct table *table, int row, int column,
                             uint64_t seed);

// The profile of a table's column, and what is known of its data; NULL: no cell asked for them.
const struct profile *plan_column_profile(const struct plan *plan, const struct table *table, int column);
const struct plan_data *plan_column_data(const struct plan *plan, const struct table *table, int column);

// Why a place of a table has no cell.
void plan_absent(struct text *out, const struct plan *plan, const struct table *table, int row, int column);

int cell_pixels(const struct cell *cell); // side of its images

// "lambda 3 -> 4, epochs 8 -> 10": in what two identities (record's "identity") differ; "": in nothing.
void identity_difference(struct text *out, const json_t *before, const json_t *now);

// The cell's place in the experiments, as its name has it between profile and seed: "p 0, q 1, size 223,
// reff".
void cell_place_text(struct text *out, const struct cell *cell);
int cell_has_same_place(const struct cell *a, const struct cell *b); // whatever the seeds

#endif
