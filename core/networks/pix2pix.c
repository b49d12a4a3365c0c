// SPDX-License-Identifier: Apache-2.0
#include "core/networks/pix2pix.h"

#include "core/base/random.h"
#include "core/layers/layers.h"

#include <stdio.h>
#include <string.h>

enum { LEAST_DEPTH = 3, MOST_DEPTH = 12, KERNEL = 4, JUDGING_BLOCKS = 5, NAME_SIZE = 64 };

struct pix2pix_builder { // `failed` stays set: whatever comes after a failure does nothing
    struct graph *g;
    const struct pix2pix_networks *networks;
    struct error *err;
    int failed;
};

static int note(struct pix2pix_builder *b, int value) {
    b->failed |= value < 0;
    return value;
}

static int leaky(struct pix2pix_builder *b, const char *name, int input) {
    return b->failed ? -1 : note(b, graph_add_leaky_relu(b->g, name, input, 0.2, b->err));
}

// "<prefix>.conv" and, where asked for, "<prefix>.bn".
static int conv(struct pix2pix_builder *b, const char *prefix, int input, int channels, int stride,
                int biased, int normed) {
    char name[NAME_SIZE];
    if (b->failed)
        return -1;
    snprintf(name, sizeof name, "%s.conv", prefix);
    int v = biased ? graph_add_biased_convolution(b->g, name, input, channels, KERNEL, stride, 1, b->err)
                   : graph_add_convolution(b->g, name, input, channels, KERNEL, stride, 1, b->err);
    snprintf(name, sizeof name, "%s.bn", prefix);
    if (note(b, v) >= 0 && normed)
        v = graph_add_batch_norm(b->g, name, v, -1, 0, b->networks->bn_eps, b->networks->bn_momentum, b->err);
    return note(b, v);
}

static int transposed(struct pix2pix_builder *b, const char *prefix, int input, int channels, int outermost) {
    char name[NAME_SIZE];
    if (b->failed)
        return -1;
    snprintf(name, sizeof name, "%s.relu", prefix);
    int v = note(b, graph_add_relu(b->g, name, input, b->err));
    snprintf(name, sizeof name, "%s.conv", prefix);
    if (v >= 0)
        v = note(b,
                 graph_add_transposed_convolution(b->g, name, v, channels, KERNEL, 2, 1, outermost, b->err));
    snprintf(name, sizeof name, "%s.bn", prefix);
    if (v >= 0 && !outermost)
        v = graph_add_batch_norm(b->g, name, v, -1, 0, b->networks->bn_eps, b->networks->bn_momentum, b->err);
    return note(b, v);
}

static int encoder_channels(const struct pix2pix_networks *n, int i) {
    return n->ngf << (i - 1 < 3 ? i - 1 : 3);
}

static void generator(struct pix2pix_builder *b) {
    const struct pix2pix_networks *n = b->networks;
    int side = 1 << n->depth, encoded[MOST_DEPTH + 1];
    char name[NAME_SIZE];
    int v = b->g->input = note(b, graph_add_value(b->g, 3, side, side, b->err));
    for (int i = 1; i <= n->depth; i++) {
        snprintf(name, sizeof name, "G.enc%d.leaky", i);
        if (i > 1)
            v = leaky(b, name, v);
        snprintf(name, sizeof name, "G.enc%d", i);
        v = encoded[i] = conv(b, name, v, encoder_channels(n, i), 2, 0, i > 1 && i < n->depth);
    }
    for (int i = n->depth; i >= 1; i--) {
        snprintf(name, sizeof name, "G.dec%d.concat", i);
        if (i < n->depth && !b->failed)
            v = note(b, graph_add_concat(b->g, name, encoded[i], v, b->err));
        snprintf(name, sizeof name, "G.dec%d", i);
        v = transposed(b, name, v, i > 1 ? encoder_channels(n, i - 1) : 1, i == 1);
        snprintf(name, sizeof name, "G.dec%d.dropout", i);
        if (i >= 5 && i < n->depth && n->dropout > 0 && !b->failed)
            v = note(b, graph_add_dropout(b->g, name, v, n->dropout, b->err));
    }
    if (!b->failed)
        b->g->logits = note(b, graph_add_tanh(b->g, "G.tanh", v, b->err));
}

static void discriminator(struct pix2pix_builder *b) {
    const struct pix2pix_networks *n = b->networks;
    int side = 1 << n->depth, halving = 3;
    char name[NAME_SIZE];
    // A block of stride 2 halves the map, one of stride 1 takes a row and a column away.
    while (halving && (side >> halving) - (JUDGING_BLOCKS - halving) < 2)
        halving--;
    b->g->input = note(b, graph_add_value(b->g, 3, side, side, b->err));
    if (b->failed || note(b, graph_add_value(b->g, 1, side, side, b->err)) < 0)
        return;
    int v =
        note(b, graph_add_concat(b->g, "D.concat", DISCRIMINATOR_IMAGE, DISCRIMINATOR_ANNOTATION, b->err));
    for (int i = 1; i <= JUDGING_BLOCKS; i++) {
        int last = i == JUDGING_BLOCKS;
        snprintf(name, sizeof name, "D.block%d", i);
        v = conv(b, name, v, last ? 1 : n->ndf << (i - 1), i <= halving ? 2 : 1, i == 1 || last,
                 i > 1 && !last);
        snprintf(name, sizeof name, "D.block%d.leaky", i);
        if (!last)
            v = leaky(b, name, v);
    }
    b->g->logits = v;
}

static struct graph *build(void (*add)(struct pix2pix_builder *), const struct pix2pix_networks *networks,
                           int batch, struct parameters *parameters, struct error *err) {
    if (networks->depth < LEAST_DEPTH || networks->depth > MOST_DEPTH) {
        fail_usage(err, "depth: %d is not in %d..%d", networks->depth, LEAST_DEPTH, MOST_DEPTH);
        return NULL;
    }
    struct pix2pix_builder b = {graph_create(batch, parameters, err), networks, err, 0};
    if (!b.g)
        return NULL;
    add(&b);
    if (b.failed || parameters_allocate(parameters, err)) {
        graph_free(b.g);
        return NULL;
    }
    return b.g;
}

struct graph *generator_build(const struct pix2pix_networks *networks, int batch,
                              struct parameters *parameters, struct error *err) {
    return build(generator, networks, batch, parameters, err);
}

struct graph *discriminator_build(const struct pix2pix_networks *networks, int batch,
                                  struct parameters *parameters, struct error *err) {
    return build(discriminator, networks, batch, parameters, err);
}

void pix2pix_initialise(struct parameters *parameters, uint64_t seed) {
    for (int i = 0; i < parameters->count; i++) {
        struct parameter *p = &parameters->items[i];
        struct random r = random_stream(seed, random_purpose("initial weights"), random_purpose(p->name));
        const char *suffix = strrchr(p->name, '.');
        int weight = !strcmp(suffix, ".weight"), drawn = weight ? 1 : 0;
        double centre = (weight && p->rank == 1) || !strcmp(suffix, ".running_var") ? 1 : 0;
        for (size_t j = 0; j < p->size; j++)
            p->value[j] = (real)(float)(centre + (drawn ? 0.02 * random_normal(&r) : 0));
    }
}
