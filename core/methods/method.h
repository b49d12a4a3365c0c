// SPDX-License-Identifier: Apache-2.0
// The methods: what each makes of a network, of its annotations and of the settings, and how it is shown.
//
// A method is a file of this folder and a line of METHOD_LINES, in the order of tables and help texts: the
// trainer, the command line, profiles, sweeps, tables and figures ask here and know none by name.
//
//     const struct method *m = method_find("reff-l1", err);
//     if (m->attention) ...
#ifndef REFF_METHODS_METHOD_H
#define REFF_METHODS_METHOD_H

#include "core/base/error.h"
#include "core/losses/explanation.h"
#include "core/methods/batch.h"

// _(variable's name without method_, name on the command line and in profiles)
#define METHOD_LINES(_)                                                                                      \
    _(baseline, "baseline")                                                                                  \
    _(reff, "reff")                                                                                          \
    _(reff_single, "reff-single")                                                                            \
    _(reff_l1, "reff-l1")                                                                                    \
    _(reff_l2, "reff-l2")                                                                                    \
    _(reff_detached, "reff-detached")                                                                        \
    _(reff_shuffled, "reff-shuffled")                                                                        \
    _(reff_random, "reff-random")                                                                            \
    _(abn, "abn")                                                                                            \
    _(energy, "energy")                                                                                      \
    _(rrr, "rrr")                                                                                            \
    _(swap, "swap")                                                                                          \
    _(reweight, "reweight")                                                                                  \
    _(group_dro, "group-dro")                                                                                \
    _(dfr, "dfr")

#define METHOD_DEFAULT               "baseline" // of settings' tables
#define METHOD_WORD_(variable, name) " " name
#define METHOD_NAMES                 (&(METHOD_LINES(METHOD_WORD_))[1]) // for settings' tables

struct method {
    const char *name;    // the line's
    const char *title;   // in tables and figures: "ReFF with L1"
    const char *summary; // one line for help texts, without a full stop

    struct method_style { // in figures
        int colour;       // of their palette
        int marker;
    } style;
    int control; // answers a question about another method; not in the paper's tables

    // What it asks of a run.
    const char *settings;          // those that mean nothing to some other methods: "lambda layer_weights"
    int annotations;               // learns from annotations
    const char *without;           // the method that it is where no image is annotated; NULL: itself
    const char *annotation_factor; // the setting that is then 0, where it stays itself; or NULL
    int groups;                    // learns from the shard's column `group`
    const char
        *without_conflict; // the method that it is where all images of a class are one group; NULL: itself
    int cost;              // of a step, in steps of the baseline: a first guess of a sweep

    // What it makes of the training data (batch.h). NULL: nothing.
    batch_order *order;
    batch_annotations *annotations_of;
    batch_transform *transform;
    int reads_images_twice; // the transform wants the images as they were read beside those that it changes

    // Its network and its loss: cross entropy + lambda sum_l w_l penalty_l (docs/mathematics.md, section 2).
    // With an attention branch: + that branch's cross entropy + gamma map loss.
    int attention;          // its network is the ABN form of the model
    int regularises;        // there is a penalty on Grad-CAM
    int detached;           // alpha is taken as a constant: no second order
    int explains_input;     // the penalty is on the gradient of the log-probabilities in the image instead
    int resize_first;       // its maps are always normalised behind the resize, whatever `order` says
    enum penalty penalty;   // of Grad-CAM; of a branch's map
    int mean;               // reduction over pixels, where it is left to the method: 1 mean, 0 sum
    double lambda;          // where it is left to the method
    double weights[STAGES]; // of layer1..layer4, likewise
    double group_step;      // eta of the groups' weights in the loss (core/losses/group_weights.h); 0: none

    // After the last epoch the last layer is trained anew on the validation shard, whose images are drawn with p = 1
    // where that can be chosen.
    int retrains_last_layer;
};

#define METHOD_EXTERN_(variable, name) extern const struct method method_##variable;
METHOD_LINES(METHOD_EXTERN_)
#undef METHOD_EXTERN_

extern const struct method *const method_list[]; // in the lines' order; ends with NULL

// The method of that name. method_find fails with EXIT_USAGE where there is none, method_of returns NULL.
const struct method *method_find(const char *name, struct error *err);
const struct method *method_of(const char *name);

// Whether a setting of training means anything to the method.
int method_uses(const struct method *m, const char *setting);

#endif
