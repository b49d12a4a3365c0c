// SPDX-License-Identifier: Apache-2.0
// The pseudo-annotations of a sweep: results/shards/<data set>/annotations-n<N>-<first 8 digits of the
// annotations' digest>.h5, made once by whichever run needs them first, beside the shards that they are made
// from, and removed with them. Beside one while it is made: .lease, and .work/ with the annotator's
// checkpoint.
//
// Where annotations cannot be made by a fault of their own (a loss that is not finite), every run of the sweep
// that needs them fails: the first leaves its message in .failed, so that the others need not try for as long. The file is under the sweep's id (process
// numbers repeat, in containers soon); another sweep tries again and removes it.
#ifndef REFF_EXPERIMENTS_STORE_ANNOTATIONS_H
#define REFF_EXPERIMENTS_STORE_ANNOTATIONS_H

#include "core/base/progress.h"
#include "experiments/plan/cells.h"

// The shard's path. The cell must have an annotator.
int annotations_path(char out[PATH_SIZE], const char *results, const struct cell *cell, struct error *err);

// Makes the cell's pseudo-annotations if they are not there; the data set must be held (data_sets_hold).
// sweep: its id, or "" outside of sweeps: earlier failures are ignored, and none is noted. *record gets
// what work.h's annotation() says and, if they were made here, "seconds" and "threads" (new reference).
int annotations_make(json_t **record, const char *results, const struct cell *cell, const char *sweep,
                     const struct work *work, progress_function *progress, void *progress_context,
                     struct error *err);

#endif
