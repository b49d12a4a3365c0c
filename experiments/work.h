// SPDX-License-Identifier: Apache-2.0
// What a sweep does, as function pointers: tests put in work that takes milliseconds, or that fails, dies or
// hangs on purpose.
#ifndef REFF_EXPERIMENTS_WORK_H
#define REFF_EXPERIMENTS_WORK_H

#include "core/train/train.h"
#include "gen/textured_mnist.h"

struct work {
    json_t *(*inputs)(const struct textured_mnist_settings *settings, struct error *err);
    int (*generate)(const struct textured_mnist_settings *settings, const char *path,
                    void (*progress)(void *context, double done, double total), void *progress_context,
                    struct error *err);
    int (*train)(const struct train_job *job, struct error *err);
    int (*memory)(const struct train_settings *settings, int pixels, int classes, double *bytes,
                  struct error *err);
};

extern const struct work real_work; // the generator and the trainer

#endif
