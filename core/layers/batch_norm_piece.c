// SPDX-License-Identifier: Apache-2.0
#include "core/layers/batch_norm_piece.h"

#include "core/kernels/wide.h"
#include "core/layers/layers.h"

static int is_paired(const struct graph *g, int value) {
    return value < 0 || g->values[value].paired;
}

struct norm_arrays norm_arrays_of(const struct graph *g, const struct node *node, int relu) {
    struct norm_arrays a = {.g = g,
                            .input = node->inputs[0],
                            .output = node->output,
                            .residual = node->input_count > 1 ? node->inputs[1] : -1,
                            .relu = relu};
    if (is_paired(g, a.input) && is_paired(g, a.output) && is_paired(g, a.residual))
        a.kernel = tiles_for(PRECISION_BF16)->norm;
    return a;
}

// ---------------------------------------------------------------------------------------------- arrays

static bf16 *pairs(const struct norm_arrays *a, int value, enum map map, const struct piece *p) {
    return piece_pairs(a->g, value, map, p);
}

static bf16 *pairs_any(const struct norm_arrays *a, int value, enum map map, const struct piece *p) {
    return value < 0 || !layer_map(a->g, value, map) ? NULL : pairs(a, value, map, p);
}

// What opens or shuts the ReLU.
static const bf16 *gate(const struct norm_arrays *a, const struct piece *p) {
    return a->relu ? pairs(a, a->output, MAP_X, p) : NULL;
}

WIDE static void mask(const real *a, size_t n, real *gradient) { // behind the ReLU
    for (size_t i = 0; i < n; i++)
        gradient[i] = a[i] > 0 ? gradient[i] : 0;
}

WIDE static void add_or_set(const real *from, size_t n, int add, real *to) {
    if (add)
        for (size_t i = 0; i < n; i++)
            to[i] += from[i];
    else
        for (size_t i = 0; i < n; i++)
            to[i] = from[i];
}

static int cut_as_pairs(const struct norm_arrays *a) {
    return a->relu && a->g->values[a->output].paired;
}

// The g or d at the output of two channels, cut at the ReLU.
static struct rows cut(const struct norm_arrays *a, enum map map, const struct piece *p, piece_buffer of_v,
                       piece_buffer of_a) {
    if (cut_as_pairs(a))
        return piece_get_gated(a->g, a->output, map, p, of_v);
    struct rows v = piece_get(a->g, a->output, map, p, of_v);
    if (a->relu) {
        struct rows y = piece_get(a->g, a->output, MAP_X, p, of_a);
        for (int h = 0; h < p->count; h++)
            mask(y.of[h], p->n, v.of[h]);
    }
    return v;
}

// The rows into the t of the output, cut at the ReLU. Floats lie there already.
static void put_cut(const struct norm_arrays *a, const struct piece *p, struct rows v) {
    if (cut_as_pairs(a)) {
        piece_put_gated(a->g, a->output, MAP_T, p, v);
        return;
    }
    for (int h = 0; a->relu && h < p->count; h++)
        mask(piece_room(a->g, a->output, MAP_X, p, NULL).of[h], p->n, v.of[h]);
    piece_put(a->g, a->output, MAP_T, p, v);
}

// ---------------------------------------------------------------------------------------------- x

void norm_piece_squares(const struct norm_arrays *a, const struct piece *p, const real about[2],
                        double sum[2], double squares[2]) {
    if (a->kernel) {
        a->kernel->squares(pairs(a, a->input, MAP_X, p), p->n, about, sum, squares);
        return;
    }
    piece_buffer buffer;
    struct rows u = piece_get(a->g, a->input, MAP_X, p, buffer);
    for (int h = 0; h < p->count; h++) {
        sum[h] += vector_sum(u.of[h], p->n);
        squares[h] += vector_squares_about(u.of[h], about[h], p->n);
    }
}

// A NaN stays one, to be found.
WIDE static void normalise(size_t n, const real *u, real mean, real scale, real shift, const real *r,
                           int relu, real *y) {
    if (r)
        for (size_t i = 0; i < n; i++) {
            real v = (u[i] - mean) * scale + shift + r[i];
            y[i] = relu && v < 0 ? 0 : v;
        }
    else
        for (size_t i = 0; i < n; i++) {
            real v = (u[i] - mean) * scale + shift;
            y[i] = relu && v < 0 ? 0 : v;
        }
}

void norm_piece_normalise(const struct norm_arrays *a, const struct piece *p, const struct norm_line *line) {
    if (a->kernel) {
        a->kernel->normalise(pairs(a, a->input, MAP_X, p), pairs_any(a, a->residual, MAP_X, p), p->n, line,
                             a->relu, pairs(a, a->output, MAP_X, p));
        return;
    }
    piece_buffer of_u, of_r, of_y;
    struct rows u = piece_get(a->g, a->input, MAP_X, p, of_u),
                r = piece_get_any(a->g, a->residual, MAP_X, p, of_r),
                y = piece_room(a->g, a->output, MAP_X, p, of_y);
    for (int h = 0; h < p->count; h++)
        normalise(p->n, u.of[h], line->mean[h], line->scale[h], line->shift[h], r.of[h], a->relu, y.of[h]);
    piece_put(a->g, a->output, MAP_X, p, y);
}

// ---------------------------------------------------------------------------------------------- g and d

static void receive_pairs(const struct norm_arrays *a, enum map map, const struct piece *p, int add,
                          const real mean[2], struct row_sums *sums) {
    bf16 *v = pairs(a, a->output, map, p);
    double sum[2] = {0, 0}, dot[2] = {0, 0};
    a->kernel->receive(&(struct norm_cut){v, gate(a, p)}, pairs(a, a->input, MAP_X, p), p->n, mean,
                       a->relu && map == MAP_G ? v : NULL, pairs_any(a, a->residual, map, p), add, sum, dot);
    for (int h = 0; sums && h < p->count; h++) {
        sums[h].sum += sum[h];
        sums[h].dot += dot[h];
    }
}

static void pass_to_residual(const struct norm_arrays *a, enum map map, const struct piece *p, int add,
                             struct rows v) {
    piece_buffer buffer;
    if (a->residual < 0 || !layer_map(a->g, a->residual, map))
        return;
    struct rows r = piece_open(a->g, a->residual, map, p, add, buffer);
    for (int h = 0; h < p->count; h++)
        add_or_set(v.of[h], p->n, add, r.of[h]);
    piece_put(a->g, a->residual, map, p, r);
}

static void add_sums(const struct piece *p, struct rows v, struct rows u, const real mean[2],
                     struct row_sums *sums) {
    for (int h = 0; sums && h < p->count; h++) {
        sums[h].sum += vector_sum(v.of[h], p->n);
        sums[h].dot += vector_dot_about(v.of[h], u.of[h], mean[h], p->n);
    }
}

void norm_piece_receive(const struct norm_arrays *a, enum map map, const struct piece *p, int add,
                        const real mean[2], struct row_sums *sums) {
    if (a->kernel) {
        receive_pairs(a, map, p, add, mean, sums);
        return;
    }
    piece_buffer of_v, of_a, of_u;
    struct rows v = cut(a, map, p, of_v, of_a);
    if (a->relu && map == MAP_G)
        piece_put(a->g, a->output, map, p, v);
    pass_to_residual(a, map, p, add, v);
    add_sums(p, v, piece_get(a->g, a->input, MAP_X, p, of_u), mean, sums);
}

// out (+)= of_in in + of_u (u - mean) + constant
WIDE static void project(const struct norm_projection *k, int h, const real *in, const real *u, size_t n,
                         real *out, int add) {
    real mean = k->mean[h], a = k->of_in[h], b = k->of_u[h], c = k->constant[h];
    if (add)
        for (size_t i = 0; i < n; i++)
            out[i] += a * in[i] + b * (u[i] - mean) + c;
    else
        for (size_t i = 0; i < n; i++)
            out[i] = a * in[i] + b * (u[i] - mean) + c;
}

// What project gives and what the second order adds to it, in one pass.
WIDE static void project_second(const struct norm_projection *k, const struct norm_second *k2, int h,
                                const real *in, const real *u, const real *t, const real *gy, size_t n,
                                real *out, int add) {
    real mean = k->mean[h], a = k->of_in[h], b = k->of_u[h], c = k->constant[h];
    real a2 = k2->of_t[h], g2 = k2->of_g[h], b2 = k2->of_u[h], c2 = k2->constant[h];
    for (size_t i = 0; i < n; i++) {
        real off = u[i] - mean, first = a * in[i] + b * off + c;
        first = add ? out[i] + first : first;
        out[i] = first + (a2 * t[i] + g2 * gy[i] + b2 * off + c2);
    }
}

// The g or d at the output once more, cut. g was cut in its array, floats as well.
static struct rows received(const struct norm_arrays *a, enum map map, const struct piece *p,
                            piece_buffer of_v) {
    return map == MAP_D && cut_as_pairs(a) ? piece_get_gated(a->g, a->output, map, p, of_v)
                                           : piece_get(a->g, a->output, map, p, of_v);
}

static struct norm_cut received_pairs(const struct norm_arrays *a, enum map map, const struct piece *p) {
    return (struct norm_cut){pairs(a, a->output, map, p), map == MAP_D ? gate(a, p) : NULL};
}

void norm_piece_project(const struct norm_arrays *a, enum map map, const struct piece *p,
                        const struct norm_projection *k, int add) {
    if (a->kernel) {
        struct norm_cut in = received_pairs(a, map, p);
        a->kernel->project(&in, pairs(a, a->input, MAP_X, p), p->n, k, add, pairs(a, a->input, map, p));
        return;
    }
    piece_buffer of_v, of_u, of_to;
    struct rows v = received(a, map, p, of_v), u = piece_get(a->g, a->input, MAP_X, p, of_u),
                to = piece_open(a->g, a->input, map, p, add, of_to);
    for (int h = 0; h < p->count; h++)
        project(k, h, v.of[h], u.of[h], p->n, to.of[h], add);
    piece_put(a->g, a->input, map, p, to);
}

void norm_piece_project_second(const struct norm_arrays *a, const struct piece *p,
                               const struct norm_projection *k, const struct norm_second *k2, int add) {
    if (a->kernel) {
        struct norm_cut in = received_pairs(a, MAP_D, p);
        a->kernel->project_second(&in, pairs(a, a->input, MAP_X, p), pairs(a, a->input, MAP_T, p),
                                  pairs(a, a->output, MAP_G, p), p->n, k, k2, add,
                                  pairs(a, a->input, MAP_D, p));
        return;
    }
    piece_buffer of_d, of_u, of_t, of_g, of_to;
    struct rows d = received(a, MAP_D, p, of_d), u = piece_get(a->g, a->input, MAP_X, p, of_u),
                t = piece_get(a->g, a->input, MAP_T, p, of_t),
                gy = piece_get(a->g, a->output, MAP_G, p, of_g),
                to = piece_open(a->g, a->input, MAP_D, p, add, of_to);
    for (int h = 0; h < p->count; h++)
        project_second(k, k2, h, d.of[h], u.of[h], t.of[h], gy.of[h], p->n, to.of[h], add);
    piece_put(a->g, a->input, MAP_D, p, to);
}

// ---------------------------------------------------------------------------------------------- t

void norm_piece_tangent_sums(const struct norm_arrays *a, const struct piece *p, const real mean[2],
                             struct row_sums *sums, double t_gy[2]) {
    if (!layer_map(a->g, a->input, MAP_T))
        return;
    if (a->kernel) {
        double sum[2] = {0, 0}, dot[2] = {0, 0};
        a->kernel->tangent_sums(pairs(a, a->input, MAP_T, p), pairs(a, a->input, MAP_X, p),
                                pairs(a, a->output, MAP_G, p), p->n, mean, sum, dot, t_gy);
        for (int h = 0; sums && h < p->count; h++) {
            sums[h].sum += sum[h];
            sums[h].dot += dot[h];
        }
        return;
    }
    piece_buffer of_t, of_u;
    struct rows t = piece_get(a->g, a->input, MAP_T, p, of_t);
    add_sums(p, t, piece_get(a->g, a->input, MAP_X, p, of_u), mean, sums);
    struct rows gy = piece_get(a->g, a->output, MAP_G, p, of_u);
    for (int h = 0; h < p->count; h++)
        t_gy[h] += vector_dot(t.of[h], gy.of[h], p->n);
}

void norm_piece_tangent(const struct norm_arrays *a, const struct piece *p, const struct norm_projection *k) {
    if (a->kernel && layer_map(a->g, a->input, MAP_T)) {
        a->kernel->tangent(pairs(a, a->input, MAP_T, p), pairs(a, a->input, MAP_X, p),
                           pairs_any(a, a->residual, MAP_T, p), gate(a, p), p->n, k,
                           pairs(a, a->output, MAP_T, p));
        return;
    }
    piece_buffer of_in, of_u, of_r, of_to;
    struct rows in = piece_get_any(a->g, a->input, MAP_T, p, of_in),
                u = piece_get(a->g, a->input, MAP_X, p, of_u),
                r = piece_get_any(a->g, a->residual, MAP_T, p, of_r),
                to = piece_room(a->g, a->output, MAP_T, p, of_to);
    for (int h = 0; h < p->count; h++) {
        if (in.of[h])
            project(k, h, in.of[h], u.of[h], p->n, to.of[h], 0);
        if (r.of[h])
            add_or_set(r.of[h], p->n, in.of[h] != NULL, to.of[h]);
    }
    put_cut(a, p, to);
}
