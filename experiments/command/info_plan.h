// SPDX-License-Identifier: Apache-2.0
// The plan of a training step: what each layer computes, by which algorithm, and what it keeps in memory.
#ifndef REFF_EXPERIMENTS_COMMAND_INFO_PLAN_H
#define REFF_EXPERIMENTS_COMMAND_INFO_PLAN_H

#include "core/train/train.h"

// {"model", "method", "mode", "batch", "precision", "parameters", "bytes": of the arena, "scratch_bytes",
// "nodes": [{"name", "layer", "input": [channels, height, width], "output": the same, "maps": [..] that it
// computes, "arrays": [..] of its output, "paired": whether they are bf16 in pairs, "bytes": of those arrays,
// "kept_bytes", "algorithms": {map: "winograd f32 avx512"} where there is a choice}]}. New reference; NULL
// with a message.
json_t *info_plan(const struct train_settings *settings, int pixels, int classes, int threads,
                  struct error *err);
int info_plan_print(const json_t *plan, struct error *err); // as a table

#endif
