// SPDX-License-Identifier: Apache-2.0
// What batch norm's maps (batch_norm.c) do to a piece of two channels (piece.h): by floats, or where all
// arrays are in pairs and the processor has kernels for that, from pairs to pairs (norm_pairs.h), with the
// same bits.
#ifndef REFF_LAYERS_BATCH_NORM_PIECE_H
#define REFF_LAYERS_BATCH_NORM_PIECE_H

#include "core/graph/graph.h"
#include "core/kernels/norm_pairs.h"
#include "core/layers/piece.h"

struct norm_arrays { // of a node
    const struct graph *g;
    int input, output, residual;     // values; residual -1: none
    int relu;                        // behind it and the residual
    const struct norm_pairs *kernel; // NULL: by floats
};

struct norm_arrays norm_arrays_of(const struct graph *g, const struct node *node, int relu);

struct row_sums { // of a row v of a channel: S(v) and S(v (u - mean))
    double sum, dot;
};

// sum += S(u), squares += S((u - about)^2), of pairs.
void norm_piece_squares(const struct norm_arrays *a, const struct piece *p, const real about[2],
                        double sum[2], double squares[2]);

// y = relu?(line of u + r)
void norm_piece_normalise(const struct norm_arrays *a, const struct piece *p, const struct norm_line *line);

// The g or d at the output: cut at the ReLU, passed to the residual (add: or added), summed up (sums; NULL:
// not). Cut it stays in its array where that holds floats, and g always, for later maps read it there.
void norm_piece_receive(const struct norm_arrays *a, enum map map, const struct piece *p, int add,
                        const real mean[2], struct row_sums *sums);

// The g or d of the input (+)= the projection of that of the output, which was received.
void norm_piece_project(const struct norm_arrays *a, enum map map, const struct piece *p,
                        const struct norm_projection *k, int add);

// The same of d, and what the second order adds.
void norm_piece_project_second(const struct norm_arrays *a, const struct piece *p,
                               const struct norm_projection *k, const struct norm_second *k2, int add);

// Sums of the input's t, if it has one (sums; NULL: not), and its product with the output's g.
void norm_piece_tangent_sums(const struct norm_arrays *a, const struct piece *p, const real mean[2],
                             struct row_sums *sums, double t_gy[2]);

// The output's t: the projection of the input's, and the residual's, where they have any, behind the ReLU.
void norm_piece_tangent(const struct norm_arrays *a, const struct piece *p, const struct norm_projection *k);

#endif
