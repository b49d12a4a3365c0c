// SPDX-License-Identifier: Apache-2.0
// Weights as safetensors files: an 8-byte little-endian length, that many bytes of JSON (name -> dtype,
// shape, offsets), then the numbers. Names are torchvision's.
#ifndef REFF_TRAIN_WEIGHTS_H
#define REFF_TRAIN_WEIGHTS_H

#include "core/base/text.h"
#include "core/graph/graph.h"

#include <jansson.h>

// Fills every parameter and running statistic from the file (F32, F16, BF16, F64). The head (fc.*) keeps its
// initial values where the file's has another number of classes; *head_replaced tells. Anything else missing
// or of another shape fails, naming the tensors and what the file seems to be; the parameters are then unchanged. Extra
// tensors are ignored (num_batches_tracked). Names may be those of other programs (weights_names.h); what was recognised
// goes to `notices` (NULL: nowhere).
int weights_load(struct parameters *p, const char *path, int *head_replaced, struct text *notices,
                 struct error *err);

// The same to start a training from, which may be that of an ABN from a ResNet's file: where the file has no
// tensor of an attention branch, att_layer4.*, a copy of stage 4, takes those of layer4.*, and the rest of
// the branch keeps its initial values (weights_fresh tells which tensors those are); *branch_replaced tells.
// (The published code can start from no such file; a whole stage of random weights would set ABN back against
// methods that have none.) A file without a head leaves the head as it was initialised, which is told, and
// *head_replaced.
// sha256: that of the file's bytes, as they were read; or NULL.
int weights_start(struct parameters *p, const char *path, int *head_replaced, int *branch_replaced,
                  char sha256[65], struct text *notices, struct error *err);
int weights_fresh(const char *name); // of an attention branch, without a counterpart in a ResNet

// Writes all parameters and statistics as F32, whole or not at all. about: what is said of the file in its
// header (__metadata__), an object of strings; or NULL. content_sha256 is added to it, weights_digest() of the
// numbers: whoever loads a file that has one compares it.
int weights_save(const struct parameters *p, const char *path, const json_t *about, struct error *err);

// What is said of a file in its header, but for content_sha256: *about is a new reference, NULL where nothing is.
// Reads no numbers.
int weights_about(const char *path, json_t **about, struct error *err);

// SHA-256 over names and numbers (as F32), the identity of a trained network.
int weights_digest(const struct parameters *p, char hex[65], struct error *err);

#endif
