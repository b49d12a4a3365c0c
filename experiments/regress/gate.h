// SPDX-License-Identifier: Apache-2.0
// A gate on own results: are runs of `reff train` (or of a sweep) as good as those of a reference?
//
// The statistics are those of the regression check (power.h, regress.h): one-sided t tests in the direction of worse, the
// spread taken from the reference alone, the level shared over the tests. Seeds that the gate's runs have are left out of the
// reference's values. Where every run has the bits of the reference's run of its seed, nothing has changed and nothing fails.
//
// The reference, a JSON file:
//   {"command": "reff gate --write", "made_by": provenance of the first run,
//    "settings": {.., without the seed}, "data": {pixels, classes, test_images, test_sha256 if all runs have the same},
//    "runs": [{"seed", "model_sha256", "metrics": {"accuracy": .., "pointing.layer4": .., ...}}]}
#ifndef REFF_EXPERIMENTS_REGRESS_GATE_H
#define REFF_EXPERIMENTS_REGRESS_GATE_H

#include "experiments/regress/regress.h"

// Reads the records of runs, folders that hold run.json or such files, into the form of a reference: new reference, NULL on
// failure. Fails where two are of one seed or of other settings than the first.
json_t *gate_read_runs(char *const *paths, int count, struct error *err);

// Compares the numbers named in `metrics` ("accuracy,pointing.layer4"; "": accuracy, worst_group_accuracy and pointing.layer4,
// those of them that all runs have). where: the reference's file, for messages. other_settings: differing settings are no
// failure, but told in `notices`. out->bits is BITS_EQUAL where nothing has changed.
int gate_compare(const json_t *reference, const json_t *now, const char *where, const char *metrics,
                 double alpha, int other_settings, struct text *notices, struct regress_result *out,
                 struct error *err);

// "accuracy 24.4 (reference 35.3 +- 2.1, p = 0.0001), ...": what fails. "" where nothing does.
void gate_add_failures(struct text *out, const struct regress_result *result);

#endif
