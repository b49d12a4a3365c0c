// SPDX-License-Identifier: Apache-2.0
// The shards of a sweep: results/shards/<first 16 digits of the data set's
// digest>/{train,test[,validation]}.h5 and the pseudo-annotations (annotations.h), made when a run needs
// them, removed when none does. A run holds a shared lock on its data set while it works; making and removing
// take it exclusively, so any number of runs and sweeps may meet here.
#ifndef REFF_EXPERIMENTS_STORE_DATA_SETS_H
#define REFF_EXPERIMENTS_STORE_DATA_SETS_H

#include "core/base/progress.h"
#include "experiments/plan/cells.h"

// Makes what is missing of the cell's data set and holds it. Returns a lock to give to lock_release, -1 on
// failure.
int data_sets_hold(const char *results, const struct cell *cell, const struct work *work,
                   progress_function *progress, void *progress_context, struct error *err);

// From now on the shards of this process and its children lie in FOLDER/shards, a folder of this machine; pseudo-annotations
// stay with the results, for all. Data sets must then neither be kept nor removed here: who gave the folder removes it.
void data_sets_use_scratch(const char *folder);

// The folder of its pseudo-annotations: its own, but for scratch.
int data_sets_annotations_folder(char out[PATH_SIZE], const char *results, const struct cell *cell,
                                 struct error *err);

// Its folder, and a shard's path.
int data_sets_folder(char out[PATH_SIZE], const char *results, const struct cell *cell, struct error *err);
int data_sets_shard(char out[PATH_SIZE], const char *results, const struct cell *cell, enum split split,
                    struct error *err);

// Removes the cell's data set unless a run holds it or it is marked as kept; pseudo-annotations, whole or
// begun, that an unfinished run of any sweep needs stay.
void data_sets_remove(const char *results, const struct cell *cell);

// Marks the data set (by a file `keep` in its folder), which must be held: no sweep removes it.
int data_sets_keep(const char *results, const struct cell *cell, struct error *err);

// Removes all that no run holds and that are not kept: what sweeps left behind that were killed or whose
// settings changed. An unfinished run of another sweep makes its shards again when it goes on.
void data_sets_prune(const char *results);

// Bytes that the data set takes on disk, about (shards are not compressed unless a profile says so), and
// those of one set of pseudo-annotations beside it.
double data_sets_bytes(const struct cell *cell);
double data_sets_annotation_bytes(const struct cell *cell);

#endif
