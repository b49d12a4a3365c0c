// SPDX-License-Identifier: Apache-2.0
// Rows of two channels, piece by piece, as floats: the array itself where it holds floats, else a buffer in
// the first-level cache that its pairs are split into and joined from. So a layer that works row by row needs
// to know nothing of pairs.
#ifndef REFF_LAYERS_PIECE_H
#define REFF_LAYERS_PIECE_H

#include "core/graph/graph.h"
#include "core/kernels/pairs.h"
#include "core/kernels/tiles.h"
#include "core/kernels/vector.h"

struct piece {
    int channel, count; // channels from an even one on: 2, or 1 at the end of an odd number
    size_t at, n;       // numbers [at, at + n) of their rows
};

struct rows { // of the two channels
    real *of[2];
};

// Rows some lines longer than a piece, that neither they nor those of other buffers lie 4096 bytes apart: the
// processor would take a store to one for a store to the other.
typedef real piece_buffer[2][VECTOR_BLOCK + 5 * 16] __attribute__((aligned(64)));

enum { PIECE_OF_PAIRS = 1024 }; // so that three buffers fit the first-level cache

static inline size_t piece_length(const struct graph *g, int value, size_t at) {
    size_t n = vector_block(value_columns(g, value), at);
    return graph_pairs(g) && n > PIECE_OF_PAIRS ? PIECE_OF_PAIRS : n;
}

// Where the rows are to be written; piece_put afterwards.
static inline struct rows piece_room(const struct graph *g, int value, enum map map, const struct piece *p,
                                     piece_buffer buffer) {
    if (g->values[value].paired)
        return (struct rows){{buffer[0], buffer[1]}};
    size_t row = value_columns(g, value);
    real *a = g->values[value].map[map] + (size_t)p->channel * row + p->at;
    return (struct rows){{a, a + row}};
}

static inline bf16 *piece_pairs(const struct graph *g, int value, enum map map, const struct piece *p) {
    return value_pairs(g, value, map) + (size_t)(p->channel / 2) * pairs_plane(value_columns(g, value)) +
           2 * p->at;
}

// The rows as they are.
static inline struct rows piece_get(const struct graph *g, int value, enum map map, const struct piece *p,
                                    piece_buffer buffer) {
    struct rows r = piece_room(g, value, map, p, buffer);
    if (g->values[value].paired)
        tiles_for(PRECISION_BF16)->split(piece_pairs(g, value, map, p), p->n, buffer[0], buffer[1]);
    return r;
}

// The rows behind a ReLU, of which the value is the output: zero where that is not above zero. Pairs alone.
static inline struct rows piece_get_gated(const struct graph *g, int value, enum map map,
                                          const struct piece *p, piece_buffer buffer) {
    tiles_for(PRECISION_BF16)
        ->split_gated(piece_pairs(g, value, map, p), piece_pairs(g, value, MAP_X, p), p->n, buffer[0],
                      buffer[1]);
    return (struct rows){{buffer[0], buffer[1]}};
}

// The same where there may be no such value (negative) or map: NULL.
static inline struct rows piece_get_any(const struct graph *g, int value, enum map map, const struct piece *p,
                                        piece_buffer buffer) {
    return value < 0 || !g->values[value].map[map] ? (struct rows){{NULL, NULL}}
                                                   : piece_get(g, value, map, p, buffer);
}

// The rows to be added to, else (add 0) room for them.
static inline struct rows piece_open(const struct graph *g, int value, enum map map, const struct piece *p,
                                     int add, piece_buffer buffer) {
    return add ? piece_get(g, value, map, p, buffer) : piece_room(g, value, map, p, buffer);
}

// What was written to `r` into the array.
static inline void piece_put(const struct graph *g, int value, enum map map, const struct piece *p,
                             struct rows r) {
    if (g->values[value].paired)
        tiles_for(PRECISION_BF16)->join(r.of[0], r.of[1], p->n, piece_pairs(g, value, map, p));
}

// The same behind a ReLU, of which the value is the output: zero where that is not above zero. Pairs alone.
static inline void piece_put_gated(const struct graph *g, int value, enum map map, const struct piece *p,
                                   struct rows r) {
    tiles_for(PRECISION_BF16)
        ->join_gated(r.of[0], r.of[1], piece_pairs(g, value, MAP_X, p), p->n, piece_pairs(g, value, map, p));
}

// Over the rows of channels 2 group and 2 group + 1.
#define FOR_PIECES(p, g, value, group)                                                                       \
    for (struct piece p = piece_first(g, value, group); (p).n; piece_next(g, value, &(p)))

static inline int piece_channels(const struct graph *g, int value, int group) { // of that group
    int left = g->values[value].channels - 2 * group;
    return left < 2 ? left : 2;
}

static inline struct piece piece_first(const struct graph *g, int value, int group) {
    return (struct piece){
        .channel = 2 * group, .count = piece_channels(g, value, group), .n = piece_length(g, value, 0)};
}

static inline void piece_next(const struct graph *g, int value, struct piece *p) { // n 0: there is none
    p->at += p->n;
    p->n = piece_length(g, value, p->at);
}

static inline int piece_groups(const struct graph *g, int value) {
    return (g->values[value].channels + 1) / 2;
}

#endif
