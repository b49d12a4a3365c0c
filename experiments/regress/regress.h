// SPDX-License-Identifier: Apache-2.0
// The regression check: does the program still train as well as when the reference was made?
//
// After MLPerf's reference-convergence check: a file holds every seed's result of a few small cells
// (experiments/regress/regress.ini, a profile of their own), the check trains some of those seeds again and
// compares.
//
//   1. Settings and inputs must be the reference's (the runs' digests), else there is nothing to compare.
//   2. With the same build (compiler, flags, instruction set, OpenBLAS's kernels) the trained networks must
//      have the same bits. Other bits fail, however good the accuracy: existing runs would no longer be
//      what the program computes. If that is intended, raise TRAINER_REVISION and renew the reference.
//   3. With another build bits may differ, and each quantity of each cell is tested (power.h): worse than
//      the reference by more than noise fails. The check's own seeds are left out of the reference's values,
//      so that the two are independent. `alpha` is the chance that noise alone fails any test (Bonferroni);
//      it is checked by resampling: every choice of as many seeds of the reference, tested against the rest.
//
// Quantities: accuracy (lower is worse); the drift of batch norm's running statistics (core/train/drift.h;
// higher is worse); where the method focuses, the share of images whose Grad-CAM at layer 4 has its maximum
// inside the annotation (lower is worse). Accuracy alone would not see what only moves explanations or
// running statistics.
//
// A record of runs, the reference's and the check's alike:
//   {"profile", "command", "build": {...}, "made_by": provenance,
//    "cells": [{"row", "column", "identity": of the first seed's run,
//               "runs": [{"seed", "digest", "model_sha256", "accuracy", "drift", "pointing"}]}]}
#ifndef REFF_EXPERIMENTS_REGRESS_REGRESS_H
#define REFF_EXPERIMENTS_REGRESS_REGRESS_H

#include "experiments/regress/power.h"
#include "experiments/suite/request.h"

enum { REGRESS_TESTS_MAXIMUM = 32, REGRESS_SEEDS_MAXIMUM = 16 };
#define REGRESS_POWER 0.9 // the loss that is found with this chance is printed

struct regress_test {
    char cell[96]; // "row 1.0, reff"
    char quantity[64];
    int sign; // +1: lower is worse, -1: higher is worse
    struct sample reference, now;
    struct t_test test;
    double found; // loss that is found with the chance REGRESS_POWER
    int failed;
};

enum regress_bits { BITS_EQUAL, BITS_DIFFER, BITS_OF_ANOTHER_BUILD, BITS_NOT_COMPARED };

struct regress_result {
    enum regress_bits bits;
    char where[200];            // BITS_DIFFER: the first run that differs; another build: in what
    int seeds, reference_seeds; // of the check; of the reference without them
    double alpha, alpha_each;
    double false_alarms; // share of resampled checks that fail
    int test_count, failed_count;
    struct regress_test tests[REGRESS_TESTS_MAXIMUM];
};

// Measures the done runs of a request (one table) whose shards and models have been kept: a record, new
// reference, NULL on failure.
json_t *regress_measure(const struct request *r, const char *results, struct error *err);

// Compares. `where` names the reference in messages: "FILE: what is wrong with it", "FILE: made with other
// settings: ...". compare_bits 0: statistics only. -1 only where nothing can be compared.
int regress_compare(const json_t *reference, const json_t *now, const char *where, int compare_bits,
                    double alpha, struct regress_result *out, struct error *err);

// 1 if the check fails.
int regress_fails(const struct regress_result *result);
void regress_print(FILE *out, const struct regress_result *result);

// ---- for other checks by the same statistics (gate.h)

// The run of that seed in an array of runs, or NULL.
const json_t *regress_run_of_seed(const json_t *runs, const json_t *seed);
// A number of runs, or of their `part` where that is not NULL: all that they have, or those of other seeds than `without`
// has. How many; -1 where a run lacks it, and for more than out [REGRESS_SEEDS_MAXIMUM] holds.
int regress_values(const json_t *runs, const json_t *without, const char *part, const char *quantity,
                   double *out);
// A test of `now` against `reference`: added to the result, whose alpha is set. The caller has counted the values.
void regress_add_test(struct regress_result *out, const char *cell, const char *quantity, int sign,
                      const struct sample *reference, const struct sample *now);
// How many values of a reference a test of `now` new ones needs.
int regress_reference_needed(int now);
void regress_decide(
    struct regress_result *out); // when all tests are there: which fail, which loss each finds
void regress_print_tests(FILE *out, const struct regress_result *result); // the table alone

#endif
