// SPDX-License-Identifier: Apache-2.0
// A training run: from shards and settings to a record (paper, section 3; docs/mathematics.md, sections 2 and
// 5).
//
// The run's folder holds
//   metrics.jsonl      one JSON object a line and epoch: epoch, step, loss, loss_main, loss_reg, reg_terms,
//                      train_accuracy, test_accuracy, ...; abn: loss_att, loss_map; with clip_norm:
//                      grad_norm (mean 2-norm of the gradient before clipping), clipped (share of steps)
//   settings.json      while unfinished: what it depends on, to tell in what another run differs
//   checkpoint         while unfinished: everything needed to go on with the same bits
//   checkpoint.old     the one before
//   model.safetensors  when settings ask for it, with its description (model_about.h)
//   run.json           written last: with "state": "done" in it the run is complete; "computed" lists the
//                      precisions and instruction sets of its steps if they changed on the way
//
// Every random draw comes from the seed and a counter, so a run's results depend on its settings and inputs
// alone.
#ifndef REFF_TRAIN_TRAIN_H
#define REFF_TRAIN_TRAIN_H

#include "core/base/error.h"
#include "core/base/progress.h"
#include "core/base/settings.h"

#include <jansson.h>
#include <stdint.h>

struct train_settings {
    char model[SETTING_WORD_SIZE];       // small, resnet18, resnet50
    int width;                           // channels of the first stage (64 in torchvision's)
    char method[SETTING_WORD_SIZE];      // of core/methods/method.h
    double lambda;                       // factor of L_reg; negative: the method's own default
    struct real_list layer_weights;      // w of layer1..layer4; empty: the method's own default
    char order[SETTING_WORD_SIZE];       // normalise-first, resize-first
    char reduction[SETTING_WORD_SIZE];   // sum, mean, auto (mean for ReFF and ABN, sum for L1 and L2)
    double cam_eps;                      // eps of the normalised map
    double gamma;                        // ABN: factor of the map loss
    double lambda_ramp;                  // epochs over which lambda rises linearly from 0
    double clip_norm;                    // largest 2-norm of the whole gradient; 0: no clipping
    double lr, momentum, weight_decay;   // SGD as PyTorch's
    char schedule[SETTING_WORD_SIZE];    // constant, linear, cosine: how lr falls
    double warmup;                       // epochs over which lr rises to its height
    double bn_eps, bn_momentum;          // batch norm
    char precision[SETTING_WORD_SIZE];   // f32, bf16, auto: of the operands of convolutions
    char activations[SETTING_WORD_SIZE]; // f32, bf16: in memory, where `precision` comes to bf16
    int batch;                           // images per step; an incomplete last batch of an epoch is left out
    int epochs;
    uint64_t seed;                   // initial weights and order of the batches
    char select[SETTING_WORD_SIZE];  // last, best-validation: which epoch's accuracy is reported
    char weights[SETTING_TEXT_SIZE]; // safetensors to start from; "": from scratch
    double checkpoint_seconds;       // least time between checkpoints; longer where saving one takes long
    int save_model;                  // keep model.safetensors
};

extern const struct setting train_schema[];

struct train_job {
    const struct train_settings *settings;
    const char *train, *test; // shards
    const char *validation;   // shard, or NULL
    const char *folder;       // made if missing; an unfinished run in it is continued
    const json_t *cell; // stored in run.json under "cell" (what the sweep knows about this run), or NULL
    // Names what the run depends on: a checkpoint of another identity is not continued, the record of a
    // finished run is replaced. NULL: the settings and shards, and a finished run, or an unfinished one of others, is
    // refused ("run: its unfinished run has lr 0.01, not 0.02; --force begins anew"), unless `force` is set.
    const char *identity;
    const char *weights_sha256; // what the file of weights must have, where the identity covers it; NULL: any
    int force;                  // remove what an earlier run left in the folder
    progress_function *progress; // steps; may be NULL
    void *progress_context;
    const char
        *trace; // folder for a peer to follow the run: initial.safetensors, order.txt, steps.jsonl; or NULL
};

// The network and method that the settings ask for, the method's own defaults filled in (docs/experiments.md,
// section 3).
struct trainer_settings;
int train_resolve(const struct train_settings *settings, int pixels, int classes,
                  struct trainer_settings *out, double *lambda, struct error *err);

// Whether the shard's images are square and at least a batch; else -1 with a message.
struct shard;
int train_takes(const struct train_settings *settings, const struct shard *shard, struct error *err);

// Trains, evaluates, writes the record. Returns -1 with EXIT_INTERRUPTED after a signal (checkpoint saved),
// with EXIT_FAILED on bad input or a loss that is not a number ("step 812: loss is NaN, first in
// layer3.0.bn2").
int train_run(const struct train_job *job, struct error *err);

// How much memory (bytes) the run's arena will take: for estimates before anything is allocated.
int train_memory(const struct train_settings *settings, int pixels, int classes, double *bytes,
                 struct error *err);

#endif
