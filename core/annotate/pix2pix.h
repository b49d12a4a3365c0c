// SPDX-License-Identifier: Apache-2.0
// pix2pix being trained: the two networks, their optimisers, and what ties them together
// (docs/mathematics.md, section 4). Knows batches, not files. One iteration, in this order:
//
//   fake = G(image)
//   D's step: loss_d = 0.5 (BCE(D(real), 1) + BCE(D(fake), 0)); Adam on D
//   G's step: loss_g = BCE(D(fake), 1) + l1_weight mean |fake - real| through the new D; Adam on G
//
// so running statistics move once an iteration in G and three times in D: real, fake, fake.
#ifndef REFF_ANNOTATE_PIX2PIX_H
#define REFF_ANNOTATE_PIX2PIX_H

#include "core/networks/pix2pix.h"
#include "core/optimisers/adam.h"

struct pix2pix_settings {
    struct pix2pix_networks networks;
    int batch, threads;
    enum precision precision;
    double lr, beta1, beta2, adam_eps, l1_weight;
    uint64_t seed; // initial weights and dropout
};

struct pix2pix_side { // one of the two networks
    struct parameters parameters;
    struct adam adam;
    real *mean, *square; // Adam's, [parameters.trained_size]
    void *arena;
};

enum { JUDGED_REAL, JUDGED_FAKE, JUDGED_FAKE_AGAIN, JUDGEMENTS };

struct pix2pix {
    struct pix2pix_settings settings;
    struct pix2pix_side generator, discriminator;
    struct graph *generate, *annotate; // training and evaluation of G; share its arena
    struct graph *judge;               // training of D
    real *real_annotation;             // [S][S][batch], in [-1,1]
    real *gradient;                    // of D(real)'s half of loss_d, [discriminator.parameters.trained_size]
    real *judgements[JUDGEMENTS];      // D's logits of the last iteration, [patches][batch]
    real byte[256];                    // uint8 -> [-1,1]
};

struct pix2pix_losses {
    double d, d_real, d_fake, g, g_gan, g_l1;
};

enum { ANNOTATE_BATCH = 32 }; // images annotated at a time

// Networks are initialised from the seed. NULL on failure.
struct pix2pix *pix2pix_create(const struct pix2pix_settings *settings, struct error *err);
void pix2pix_free(struct pix2pix *p);

// Bytes that it takes, without making one.
int pix2pix_memory(const struct pix2pix_settings *settings, double *bytes, struct error *err);

// The parts of one iteration, in this order. images [batch,S,S,3], annotations [batch,S,S] (255 s). Each
// gradient is left in the parameters of its side; the losses fill up as they become known. They fail with the
// layer's name when a loss is not finite.
int pix2pix_judge(struct pix2pix *p, const uint8_t *images, const uint8_t *annotations,
                  struct pix2pix_losses *losses, struct error *err);
void pix2pix_update_discriminator(struct pix2pix *p);
int pix2pix_draw(struct pix2pix *p, struct pix2pix_losses *losses, struct error *err);
void pix2pix_update_generator(struct pix2pix *p);

// All four.
int pix2pix_step(struct pix2pix *p, const uint8_t *images, const uint8_t *annotations,
                 struct pix2pix_losses *losses, struct error *err);

// Annotations s in [0,1] of `count` <= ANNOTATE_BATCH images, [count,S,S]: running statistics, no dropout.
void pix2pix_annotate(struct pix2pix *p, const uint8_t *images, int count, real *out);

#endif
