// SPDX-License-Identifier: Apache-2.0
// The two networks of pix2pix (docs/mathematics.md, section 4): a U-Net that draws an annotation for an
// image, and a discriminator that judges patches of (image, annotation). Parameters are named
// G.enc<i>.conv.weight, G.dec<i>.bn.bias, D.block<i>.conv.weight and so on; enc1 and dec1 are the outermost.
#ifndef REFF_NETWORKS_PIX2PIX_H
#define REFF_NETWORKS_PIX2PIX_H

#include "core/graph/graph.h"

struct pix2pix_networks {
    int depth;    // images are 2^depth pixels a side; 3 .. 12
    int ngf, ndf; // channels of the first layers
    double dropout, bn_eps, bn_momentum;
};

// Input: image [3][S][S]; logits: the annotation in [-1,1], [1][S][S].
struct graph *generator_build(const struct pix2pix_networks *networks, int batch,
                              struct parameters *parameters, struct error *err);

// Values DISCRIMINATOR_IMAGE [3][S][S] and DISCRIMINATOR_ANNOTATION [1][S][S] (which gets a gradient) are the
// inputs; logits: one per patch. On images of fewer than 32 pixels fewer blocks than three have stride 2, as
// many as leave at least 2 x 2 patches [ours: with three, 16 pixels leave none].
enum { DISCRIMINATOR_IMAGE, DISCRIMINATOR_ANNOTATION };
struct graph *discriminator_build(const struct pix2pix_networks *networks, int batch,
                                  struct parameters *parameters, struct error *err);

// From scratch: convolutions N(0, 0.02), batch norm N(1, 0.02) and 0, biases 0, running statistics 0 and 1.
// Each parameter has its own random stream, keyed by the seed and its name.
void pix2pix_initialise(struct parameters *parameters, uint64_t seed);

#endif
