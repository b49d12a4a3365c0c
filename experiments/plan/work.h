// SPDX-License-Identifier: Apache-2.0
// What a sweep does, as function pointers: tests put in work that takes milliseconds, or that fails, dies or
// hangs on purpose.
#ifndef REFF_EXPERIMENTS_PLAN_WORK_H
#define REFF_EXPERIMENTS_PLAN_WORK_H

#include "core/annotate/annotator.h"
#include "core/base/progress.h"
#include "core/train/train.h"
#include "gen/data_set/data_set.h"

struct work {
    json_t *(*inputs)(const struct data_set *set, const union data_settings *settings, struct error *err);
    int (*generate)(const struct data_set *set, const union data_settings *settings, const char *path,
                    progress_function *progress, void *progress_context, struct error *err);
    int (*annotate)(const struct annotate_job *job, struct error *err);
    // {"iou", "mae"} of an annotated shard, and how it was "computed" where that changed. New reference. Fails where it
    // was not made from the shard `source`, with the settings' n and seed.
    json_t *(*annotation)(const char *shard, const char *source, const struct annotator_settings *settings,
                          struct error *err);
    int (*train)(const struct train_job *job, struct error *err);
    int (*memory)(const struct train_settings *settings, int pixels, int classes, double *bytes,
                  struct error *err);
    int (*annotator_memory)(const struct annotator_settings *settings, int height, int width, int classes,
                            double *bytes, struct error *err);
};

extern const struct work real_work; // the generators, the annotator and the trainer

#endif
