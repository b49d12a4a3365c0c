// SPDX-License-Identifier: Apache-2.0
// The pseudo-annotator: pix2pix trained on the n annotated images per class, then asked for the annotations
// of all others (paper, section 3.3; docs/mathematics.md, section 4; docs/experiments.md, section 3).
//
// The result is an ordinary shard: images, labels and provenance columns of the training shard in the same
// order; masks are the pseudo-annotations (255 s, s in [0,1]), except for the images that keep their true
// ones. One more int32 column `annotated` is 1 for these and 0 for the others. Root attributes beyond the
// training shard's own:
//
//   annotator_<setting>  the settings; annotator_depth is the depth used, never 0
//   annotator_source     content_sha256 of the training shard
//   annotator_precision  of the arithmetic; annotator_products: the instruction set, where chosen at run time
//   annotator_computed   texts: from which iteration in which precision, where an interrupted annotator
//                        continued in another
//   annotation_iou       mean over the pseudo-annotated images of |A and B| / |A or B|, where s >= 1/2 (two
//                        empty ones: 1)
//   annotation_mae       mean over their pixels of |s - true s|
//
// Which n images of a class are annotated depends on the seed and the class alone, and a larger n only adds
// to them. A shard's bytes depend on settings, input and instruction set alone: not on threads, nor on
// interruptions.
#ifndef REFF_ANNOTATE_ANNOTATOR_H
#define REFF_ANNOTATE_ANNOTATOR_H

#include "core/base/error.h"
#include "core/base/progress.h"
#include "core/base/settings.h"

#include <stdint.h>

// Raised whenever the same settings and shard would give other annotations: part of every identity.
#define ANNOTATOR_REVISION 2

struct annotator_settings {
    int n;          // annotated images per class
    int depth;      // of the U-Net, on 2^depth pixels; 0: the smallest that holds the images
    int ngf, ndf;   // channels of the generator's and of the discriminator's first layer
    int iterations; // the same for every n: n changes data alone
    int batch;      // images per iteration
    char precision[SETTING_WORD_SIZE]; // f32, bf16, auto: of the operands of convolutions
    double lr, beta1, beta2, adam_eps; // Adam, of both networks
    double l1_weight;                  // of mean |fake - real| beside the generator's adversarial loss
    double dropout;                    // in the decoder, while training
    double bn_eps, bn_momentum;
    int jitter; // pixels by which training pictures are enlarged and cropped again, at random places
    char mirror[SETTING_WORD_SIZE]; // "yes": training pictures are mirrored by chance
    uint64_t seed; // initial weights, the draw of annotated images, order of batches, dropout, jitter
    double checkpoint_seconds; // least time between checkpoints
};

extern const struct setting annotator_schema[];

struct annotate_job {
    const struct annotator_settings *settings;
    const char *shard;    // training shard with its true annotations
    const char *output;   // shard to write, whole or not at all; its folder must exist
    const char *folder;   // for the checkpoint while unfinished: made if missing, removed at the end if empty
    const char *identity; // what the annotations depend on: a checkpoint of another identity is not
                          // continued; NULL: settings and shard
    // Steps: iterations, then batches of annotations ("training", "annotating"). May be NULL.
    progress_function *progress;
    void *progress_context;
};

// Returns -1 with EXIT_INTERRUPTED after a signal (checkpoint saved), with EXIT_FAILED on bad input: a class
// with fewer than n images, a shard that is annotated already, one whose annotations are all empty or all
// full, a loss that is not a number.
int annotate_run(const struct annotate_job *job, struct error *err);

// The depth used for images of this size where the settings leave it open: the smallest power of two that
// holds them.
int annotator_depth(const struct annotator_settings *settings, int height, int width);

// How much memory (bytes) it will take beside the shard, for estimates before anything is allocated.
int annotator_memory(const struct annotator_settings *settings, int height, int width, int classes,
                     double *bytes, struct error *err);

#endif
