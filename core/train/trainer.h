// SPDX-License-Identifier: Apache-2.0
// A network being trained: parameters, a graph for steps, a graph for evaluation, and what ties them
// together. Knows batches, not files; core/train/train.h runs whole trainings with it.
#ifndef REFF_TRAIN_TRAINER_H
#define REFF_TRAIN_TRAINER_H

#include "core/losses/attention.h"
#include "core/losses/explanation.h"
#include "core/losses/group_weights.h"
#include "core/losses/input_gradient.h"
#include "core/networks/network.h"
#include "core/optimisers/sgd.h"

// Of the input's channels: (x / 255 - mean) / deviation (docs/mathematics.md, section 1).
extern const double trainer_mean[3], trainer_deviation[3];

struct trainer_settings {
    struct network network; // network.model must outlive the trainer; network.attention: ABN
    int batch;
    enum precision precision, activations;
    int regularises; // 0: baseline
    int detached;    // alpha taken as a constant: no second order (not the paper's method; a control)
    struct regulariser regulariser;
    double layer_weights[STAGES]; // 0: the stage is not regularised
    int explains_input; // the penalty is on the gradient in the image (input_gradient.h), not on Grad-CAM
    int groups;         // of images, whose losses get weights of their own (group_weights.h); 0: none
    double group_step;  // eta of these weights
    double gamma;       // ABN: factor of the map loss, which is reduced as `regulariser` says
    struct sgd sgd;
    double clip_norm; // 0: no clipping
    int threads;
};

struct trainer {
    struct trainer_settings settings;
    struct parameters parameters;
    struct graph *steps, *evaluation; // share parameters and arena
    struct explanation *regularised,
        *inspected; // of `steps` (NULL for the baseline) and of `evaluation` (all stages)
    struct input_gradient *input_gradient; // of `steps`; NULL where its input is not explained
    struct attention *attention;           // of either graph; NULL where the network has no attention branch
    struct group_weights *group_weights;   // NULL: every image counts alike
    const int32_t *groups; // [batch], borrowed: of the next step's images, where groups have weights
    real *velocity;        // [parameters.trained_size]
    int32_t *predictions;  // [batch], of the last step
    void *arena;
    real pixel[3][256]; // uint8 -> normalised input (docs/mathematics.md, section 1)
};

struct step_result {
    double loss, loss_main, loss_reg; // loss = loss_main + lambda loss_reg + loss_att + gamma loss_map
    double loss_att, loss_map;        // ABN: cross entropy of the attention branch, map loss; else 0
    double terms[STAGES];             // batch means of the regulariser's terms, before w_l
    double gradient_norm;             // of `loss`; only where clipping asks for it, else 0
    int correct;                      // images classified correctly (ABN: by the perception branch)
};

// Parameters are initialised from the seed; load others over them with weights.h. NULL on failure.
struct trainer *trainer_create(const struct trainer_settings *settings, uint64_t seed, struct error *err);
void trainer_free(struct trainer *t);

// The graph of a step as a trainer of these settings would make it, planned but without an arena, over
// parameters that start as {0}. NULL with a message. Free both.
struct graph *trainer_graph(const struct trainer_settings *settings, struct parameters *parameters,
                            struct error *err);

// Bytes that a trainer of these settings takes, without making one.
int trainer_memory(const struct trainer_settings *settings, double *bytes, struct error *err);

// One step's gradient: images [N,H,W,3], annotations [N,H,W] (255 s; unused by the baseline), labels [N].
// Leaves the gradient of the loss (before weight decay) in the parameters. Fails with the layer's name when a
// loss is not finite.
int trainer_gradient(struct trainer *t, const uint8_t *images, const uint8_t *annotations,
                     const int32_t *labels, double lambda, struct step_result *result, struct error *err);
void trainer_update(struct trainer *t, struct step_result *result); // clipping and SGD

// Evaluation mode (running statistics): logits [classes][N] stay in the evaluation graph; predictions (ABN:
// of the perception branch) into out [N]. With labels, also Grad-CAMs of all four stages for them, in
// t->inspected.
void trainer_evaluate(struct trainer *t, const uint8_t *images, const int32_t *labels, int32_t *predictions);

// ABN's attention maps M [height][width][N] in (0,1) of the images last evaluated; NULL where the network has
// no attention branch. They hold until the next call that runs the trainer.
const real *trainer_attention(const struct trainer *t, int *height, int *width);

#endif
