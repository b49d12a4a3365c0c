// SPDX-License-Identifier: Apache-2.0
// The settings of a pseudo-annotator; defaults are docs/mathematics.md's, section 4.
#include "core/annotate/annotator.h"
#include "core/kernels/precision.h"

typedef struct annotator_settings A;

const struct setting annotator_schema[] = {
    SETTING_INT(A, n, NULL, 1, 1000000, "images", "annotated images per class"),
    SETTING_INT(A, depth, "0", 0, 12, "",
                "depth of the U-Net, which works on 2^depth pixels; 0: the smallest that holds the images"),
    SETTING_INT(A, ngf, "64", 1, 512, "channels", "channels of the generator's first layer"),
    SETTING_INT(A, ndf, "64", 1, 512, "channels", "channels of the discriminator's first layer"),
    SETTING_INT(A, iterations, "10000", 1, 100000000, "iterations",
                "training steps of each of the two networks, whatever n is"),
    SETTING_INT(A, batch, "4", 1, 4096, "images", "images per iteration"),
    SETTING_LATER_CHOICE(A, precision, "f32", PRECISIONS,
                         "precision of convolutions' operands; auto: bf16 where it is faster on this "
                         "machine"),
    SETTING_REAL(A, lr, "2e-4", 0, 1000, "", "learning rate of Adam"),
    SETTING_REAL(A, beta1, "0.5", 0, 1, "", "decay of Adam's mean of gradients"),
    SETTING_REAL(A, beta2, "0.999", 0, 1, "", "decay of Adam's mean of squares"),
    SETTING_REAL(A, adam_eps, "1e-8", 0, 1, "", "eps of Adam"),
    SETTING_REAL(A, l1_weight, "100", 0, 1e12, "", "weight of the mean absolute difference"),
    SETTING_REAL(A, dropout, "0.5", 0, 0.99, "",
                 "share dropped in the decoder's inner blocks while training"),
    SETTING_REAL(A, bn_eps, "1e-5", 0, 1, "", "eps of batch norm"),
    SETTING_REAL(A, bn_momentum, "0.1", 0, 1, "", "momentum of batch norm's running statistics"),
    SETTING_LATER_INT(A, jitter, "0", 0, 1024, "pixels",
                      "by which training pictures are larger than what is cropped from them at random; "
                      "pix2pix: 30 of 256"),
    SETTING_LATER_CHOICE(A, mirror, "no", "no yes", "mirror training pictures left to right by chance"),
    SETTING_SEED(A, seed, "1",
                 "seed of the draw of annotated images, initial weights, batches, dropout, jitter"),
    {"checkpoint_seconds", SETTING_TYPE_REAL, offsetof(A, checkpoint_seconds), "10", 0, 1e9, NULL, "seconds",
     "minimum time between checkpoints", 0}, // how often we save changes no annotation
    SETTING_END,
};
