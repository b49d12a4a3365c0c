// SPDX-License-Identifier: Apache-2.0
// What the files of a training run share: train.c opens, finishes and closes it, train_batch.c reads its batches,
// train_steps.c takes its steps and keeps its checkpoints, train_metrics.c sums up its epochs, train_identity.c knows what it is and
// what it may continue, train_trace.c lets a peer follow, train_record.c makes its record.
#ifndef REFF_TRAIN_TRAIN_INTERNAL_H
#define REFF_TRAIN_TRAIN_INTERNAL_H

#include "core/base/digest.h"
#include "core/shard/shard.h"
#include "core/train/checkpoint.h"
#include "core/train/last_layer.h"
#include "core/train/train.h"

#include <stdio.h>

struct method;

struct training_batches { // what the method makes of the training data; NULL where it makes nothing
    const struct method *method;
    int groups;               // that have images; 0: the method does not ask
    int32_t *group;           // [training images], 0 .. groups - 1
    int32_t *of_step;         // [batch], of the step's images
    uint8_t *images_read;     // [batch]
    uint32_t *annotations_of; // [training images]
    uint32_t *index;          // [batch], whose annotations are read
};

struct training { // a run at work
    const struct train_job *job;
    const struct train_settings *settings;
    struct trainer *trainer;
    struct shard *train, *validation, *test;
    struct checkpoint state;
    double lambda, session_started, last_checkpoint, pause; // seconds to the next checkpoint
    long steps_per_epoch, steps;
    int head_replaced, branch_replaced;
    long resumed_at; // step; 0: from the start
    uint32_t *order; // [training images], of the current epoch
    uint8_t *images, *annotations;
    int32_t *labels;
    struct training_batches batches;
    FILE *trace_order, *trace_steps;
    char weights[DIGEST_SIZE];  // SHA-256 of the file that it started from, as it was read; "": from scratch
    char identity[DIGEST_SIZE]; // what a checkpoint must agree with
    json_t *about;              // of the model's file (model_about.h)
    struct last_layer last_layer; // trained anew after the last epoch, where the method asks for it
    double test_accuracy;         // of the last epoch, percent; negative: none yet
    struct error *err;
};

// Fills in the identity: the caller's, or a digest of settings and shards.
int train_identity(struct training *r);
// Makes the folder this run's. Without the caller's identity: refuses a finished run and an unfinished one of
// other settings or shards, unless the job says force; leaves settings.json for the next one to compare with.
int train_claim_folder(struct training *r);

// All arrays of batches; the trainer is made afterwards.
int train_batch_open(struct training *r);
void train_batch_close(struct training *r);
int train_batch_order(struct training *r, long epoch);           // fills the order
int train_batch_read(struct training *r, const uint32_t *index); // images, annotations and labels of a step

int train_trace_open(struct training *r);
int train_trace_close(struct training *r);
void train_trace_step(const struct training *r, const uint32_t *index, const struct step_result *s);

// Evaluates after an epoch and appends its line to metrics.jsonl.
int train_metrics_epoch(struct training *r);
// Adds a step to the epoch's sums.
void train_metrics_step(struct training *r, const struct step_result *s);
// "epoch 3/8, loss 0.412, accuracy 81.2 %, test 64.0 %": of the epoch so far, and of the one before.
void train_metrics_note(const struct training *r, char *note, size_t size);

int train_resume(struct training *r); // takes up a checkpoint if there is one
int train_steps(struct training *r);  // all that are left
double train_seconds(const struct training *r);

// run.json; a new reference.
json_t *train_record(const struct training *r, json_t *metrics, const char *model_digest);

#endif
