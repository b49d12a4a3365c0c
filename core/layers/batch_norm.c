// SPDX-License-Identifier: Apache-2.0
// Batch norm, with the residual and the ReLU that follow it in a ResNet: a = relu(y), y = w u^ + b + r,
// u^ = (u - mean) s, s = 1 / sqrt(var + eps), over the M numbers of a channel.
//
// In training mode this is the one layer of a ResNet whose g map depends smoothly on its input and on its
// weight. With gy the g at y (behind the ReLU), t the tangent at u, and sums over the channel:
//
//   g_u = w s (gy - S(gy)/M - u^ S(gy u^)/M)            the t map is the same projection, applied to t
//   phi = <t, g_u> = w s Q,   Q = S(t gy) - S(t) S(gy) / M - S(t u^) S(gy u^) / M
//   dphi/dw = s Q
//   dphi/du = w s^2 (v - S(v)/M - u^ (S(v u^) + Q)/M),  v = -(S(gy u^) t + S(t u^) gy) / M
//
// v is what Q gives u^, taken through du^/du = s (I - 11'/M - u^ u^'/M); the Q in the last bracket is what w
// s gives u through s. S(v) and S(v u^) need no pass of their own: they follow from the sums above.
#include "core/kernels/wide.h"
#include "core/layers/layers.h"
#include "core/layers/piece.h"

#include <math.h>

struct batch_norm_node {
    int weight, bias, running_mean, running_var; // parameters
    int relu;                                    // ReLU after it (and after the residual)
    double eps, momentum;
};

enum { MEAN, SCALE, SUM_G, DOT_G, SUM_T, DOT_T, T_G, SUMS = 8 }; // per channel, kept from map to map

static size_t kept(const struct graph *g, const struct node *node) {
    return (size_t)g->values[node->output].channels * SUMS * sizeof(double);
}

static const struct batch_norm_node *own_of(const struct node *node) {
    return node->own;
}

static int residual_of(const struct node *node) {
    return node->input_count > 1 ? node->inputs[1] : -1;
}

static double *sums_of(const struct node *node, int channel) {
    return (double *)node->kept + (size_t)SUMS * channel;
}

// Every map goes over its arrays once or twice, by pieces of two channels' rows (piece.h): first the sums
// over the channel, then what needs them.

// ---------------------------------------------------------------------------------------------- x

// The mean and s of a channel from its mean and the sum of squares about that; the running ones are moved.
static void move_running(struct graph *g, struct node *node, int c, double mean, double squares) {
    const struct batch_norm_node *own = node->own;
    real *running_mean = layer_parameter(g, own->running_mean)->value + c,
         *running_var = layer_parameter(g, own->running_var)->value + c;
    double m = (double)value_columns(g, node->output);
    double variance = squares > 0 ? squares / m : 0, unbiased = m > 1 ? variance * m / (m - 1) : variance;
    *running_mean = (real)((1 - own->momentum) * (double)*running_mean + own->momentum * mean);
    *running_var = (real)((1 - own->momentum) * (double)*running_var + own->momentum * unbiased);
    sums_of(node, c)[MEAN] = mean;
    sums_of(node, c)[SCALE] = 1 / sqrt(variance + own->eps);
}

// Pairs are dear to read: sums and squares in one pass, about the mean of the first piece, from which the
// mean of all is not many deviations away.
static void statistics_at_once(struct graph *g, struct node *node, int group) {
    int input = node->inputs[0];
    double sum[2] = {0, 0}, squares[2] = {0, 0}, m = (double)value_columns(g, input);
    real about[2] = {0, 0};
    piece_buffer buffer;
    FOR_PIECES(p, g, input, group) {
        struct rows u = piece_get(g, input, MAP_X, &p, buffer);
        for (int h = 0; h < 2; h++) {
            double here = vector_sum(u.of[h], p.n);
            if (!p.at)
                about[h] = (real)(here / (double)p.n);
            sum[h] += here;
            squares[h] += vector_squares_about(u.of[h], about[h], p.n);
        }
    }
    for (int h = 0; h < 2; h++) {
        double mean = sum[h] / m, off = mean - (double)about[h];
        move_running(g, node, 2 * group + h, mean, squares[h] - off * off * m);
    }
}

static void batch_statistics(struct graph *g, struct node *node, int group) {
    int input = node->inputs[0];
    double mean[2] = {0, 0}, squares[2] = {0, 0}, m = (double)value_columns(g, input);
    piece_buffer buffer;
    if (g->values[input].paired) {
        statistics_at_once(g, node, group);
        return;
    }
    FOR_PIECES(p, g, input, group) {
        struct rows u = piece_get(g, input, MAP_X, &p, buffer);
        for (int h = 0; h < p.count; h++)
            mean[h] += vector_sum(u.of[h], p.n);
    }
    mean[0] /= m;
    mean[1] /= m;
    FOR_PIECES(p, g, input, group) {
        struct rows u = piece_get(g, input, MAP_X, &p, buffer);
        for (int h = 0; h < p.count; h++)
            squares[h] += vector_squares_about(u.of[h], (real)mean[h], p.n);
    }
    for (int h = 0; h < piece_channels(g, input, group); h++) {
        double off = mean[h] - (double)(real)mean[h]; // the squares were about the rounded mean
        move_running(g, node, 2 * group + h, mean[h], squares[h] - off * off * m);
    }
}

static void running_statistics(const struct graph *g, const struct node *node, int group) {
    const struct batch_norm_node *own = node->own;
    const real *mean = layer_parameter(g, own->running_mean)->value,
               *variance = layer_parameter(g, own->running_var)->value;
    for (int h = 0; h < piece_channels(g, node->output, group); h++) {
        int c = 2 * group + h;
        sums_of(node, c)[MEAN] = (double)mean[c];
        sums_of(node, c)[SCALE] = 1 / sqrt((double)variance[c] + own->eps);
    }
}

// y = relu?((u - mean) scale + shift (+ r)); a NaN stays one, to be found.
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

static void normalise_row(const struct graph *g, const struct node *node, int c, size_t n, const real *u,
                          const real *r, real *y) {
    const double *sums = sums_of(node, c);
    real mean = (real)sums[MEAN],
         scale = (real)(sums[SCALE] * (double)layer_parameter(g, own_of(node)->weight)->value[c]);
    real shift = (real)((double)layer_parameter(g, own_of(node)->bias)->value[c] +
                        ((double)mean - sums[MEAN]) * (double)scale);
    normalise(n, u, mean, scale, shift, r, own_of(node)->relu, y);
}

static void forward(struct graph *g, struct node *node) {
    int input = node->inputs[0], output = node->output, residual = residual_of(node);
#pragma omp parallel for schedule(static)
    for (int group = 0; group < piece_groups(g, output); group++) {
        piece_buffer of_u, of_r, of_y;
        if (g->training)
            batch_statistics(g, node, group);
        else
            running_statistics(g, node, group);
        FOR_PIECES(p, g, output, group) {
            struct rows u = piece_get(g, input, MAP_X, &p, of_u),
                        r = piece_get_any(g, residual, MAP_X, &p, of_r),
                        y = piece_room(g, output, MAP_X, &p, of_y);
            for (int h = 0; h < p.count; h++)
                normalise_row(g, node, p.channel + h, p.n, u.of[h], r.of[h], y.of[h]);
            piece_put(g, output, MAP_X, &p, y);
        }
    }
}

// ---------------------------------------------------------------------------------------------- g and d

struct row_sums { // of a row v of a channel: S(v) and S(v u^); 0 in evaluation, which needs neither
    double sum, dot;
};

static void add_sums(const struct graph *g, const real *v, const real *u, real mean, size_t n,
                     struct row_sums *s) {
    if (!g->training)
        return;
    s->sum += vector_sum(v, n);
    s->dot += vector_dot_about(v, u, mean, n);
}

static void finish_sums(const double *channel, struct row_sums *s) {
    s->dot = channel[SCALE] * (s->dot + ((double)(real)channel[MEAN] - channel[MEAN]) * s->sum);
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

static void pass_to_residual(const struct graph *g, const struct node *node, enum map map,
                             const struct piece *p, struct rows v) {
    int residual = residual_of(node), add = node->adds[map][1];
    piece_buffer buffer;
    if (residual < 0 || !layer_map(g, residual, map))
        return;
    struct rows r = piece_open(g, residual, map, p, add, buffer);
    for (int h = 0; h < p->count; h++)
        add_or_set(v.of[h], p->n, add, r.of[h]);
    piece_put(g, residual, map, p, r);
}

// The g or d at the output of two channels, cut at the ReLU.
static struct rows cut(const struct graph *g, const struct node *node, enum map map, const struct piece *p,
                       piece_buffer of_v, piece_buffer of_a) {
    if (own_of(node)->relu && g->values[node->output].paired)
        return piece_get_gated(g, node->output, map, p, of_v);
    struct rows v = piece_get(g, node->output, map, p, of_v);
    if (own_of(node)->relu) {
        struct rows a = piece_get(g, node->output, MAP_X, p, of_a);
        for (int h = 0; h < p->count; h++)
            mask(a.of[h], p->n, v.of[h]);
    }
    return v;
}

// The rows into the array of the output, cut at the ReLU. Floats lie there already.
static void put_cut(const struct graph *g, const struct node *node, enum map map, const struct piece *p,
                    struct rows v) {
    if (own_of(node)->relu && g->values[node->output].paired) {
        piece_put_gated(g, node->output, map, p, v);
        return;
    }
    for (int h = 0; own_of(node)->relu && h < p->count; h++)
        mask(piece_room(g, node->output, MAP_X, p, NULL).of[h], p->n, v.of[h]);
    piece_put(g, node->output, map, p, v);
}

// The g or d at the output of two channels: cut, passed to the residual, summed up. g is cut in place, for
// later maps read it there.
static void receive(const struct graph *g, const struct node *node, enum map map, int group,
                    struct row_sums s[2]) {
    int input = node->inputs[0], output = node->output;
    piece_buffer of_v, of_a, of_u;
    FOR_PIECES(p, g, output, group) {
        struct rows v = cut(g, node, map, &p, of_v, of_a);
        if (own_of(node)->relu && map == MAP_G)
            piece_put(g, output, map, &p, v);
        pass_to_residual(g, node, map, &p, v);
        struct rows u = piece_get(g, input, MAP_X, &p, of_u);
        for (int h = 0; h < p.count; h++)
            add_sums(g, v.of[h], u.of[h], (real)sums_of(node, p.channel + h)[MEAN], p.n, &s[h]);
    }
    for (int h = 0; h < piece_channels(g, output, group); h++)
        finish_sums(sums_of(node, 2 * group + h), &s[h]);
}

// w s P as a function of each number: of_in v + of_u (u - mean) + constant, with the projection
// P = I - 11'/M - u^ u^'/M (identity in evaluation), from the sums over the whole channel.
struct projection {
    real mean, of_in, of_u, constant;
};

static struct projection projection_of(const struct graph *g, const struct node *node, int c,
                                       struct row_sums s) {
    const double *channel = sums_of(node, c);
    double ws = channel[SCALE] * (double)layer_parameter(g, own_of(node)->weight)->value[c],
           m = (double)value_columns(g, node->output);
    return (struct projection){(real)channel[MEAN], (real)ws, (real)(-ws * channel[SCALE] * s.dot / m),
                               (real)(-ws * s.sum / m)};
}

// out (+)= w s P in
WIDE static void project(const struct projection *k, const real *in, const real *u, size_t n, real *out,
                         int add) {
    real mean = k->mean, a = k->of_in, b = k->of_u, c = k->constant;
    if (add)
        for (size_t i = 0; i < n; i++)
            out[i] += a * in[i] + b * (u[i] - mean) + c;
    else
        for (size_t i = 0; i < n; i++)
            out[i] = a * in[i] + b * (u[i] - mean) + c;
}

static void score(struct graph *g, struct node *node) {
    int input = node->inputs[0], output = node->output, add = node->adds[MAP_G][0];
#pragma omp parallel for schedule(static)
    for (int group = 0; group < piece_groups(g, output); group++) {
        piece_buffer of_v, of_u, of_to;
        struct row_sums s[2] = {{0, 0}, {0, 0}};
        receive(g, node, MAP_G, group, s);
        for (int h = 0; h < piece_channels(g, output, group); h++) {
            sums_of(node, 2 * group + h)[SUM_G] = s[h].sum;
            sums_of(node, 2 * group + h)[DOT_G] = s[h].dot;
        }
        if (!layer_map(g, input, MAP_G))
            continue;
        FOR_PIECES(p, g, output, group) {
            struct rows gy = piece_get(g, output, MAP_G, &p, of_v), u = piece_get(g, input, MAP_X, &p, of_u),
                        to = piece_open(g, input, MAP_G, &p, add, of_to);
            for (int h = 0; h < p.count; h++) {
                const struct projection k = projection_of(g, node, p.channel + h, s[h]);
                project(&k, gy.of[h], u.of[h], p.n, to.of[h], add);
            }
            piece_put(g, input, MAP_G, &p, to);
        }
    }
}

// ---------------------------------------------------------------------------------------------- t

// The sums of t, and S(t gy) for the backward map: t is at hand.
static void sum_tangents(const struct graph *g, const struct node *node, int group, struct row_sums s[2]) {
    int input = node->inputs[0];
    double t_gy[2] = {0, 0};
    piece_buffer of_t, of_u;
    for (int h = 0; h < 2; h++)
        s[h] = (struct row_sums){0, 0};
    if (layer_map(g, input, MAP_T))
        FOR_PIECES(p, g, input, group) {
            struct rows t = piece_get(g, input, MAP_T, &p, of_t), u = piece_get(g, input, MAP_X, &p, of_u);
            for (int h = 0; h < p.count; h++)
                add_sums(g, t.of[h], u.of[h], (real)sums_of(node, p.channel + h)[MEAN], p.n, &s[h]);
            struct rows gy = piece_get(g, node->output, MAP_G, &p, of_u);
            for (int h = 0; h < p.count; h++)
                t_gy[h] += vector_dot(t.of[h], gy.of[h], p.n);
        }
    for (int h = 0; h < piece_channels(g, input, group); h++) {
        double *channel = sums_of(node, 2 * group + h);
        finish_sums(channel, &s[h]);
        channel[SUM_T] = s[h].sum;
        channel[DOT_T] = s[h].dot;
        channel[T_G] = t_gy[h];
    }
}

static void tangent(struct graph *g, struct node *node) {
    int input = node->inputs[0], output = node->output, residual = residual_of(node);
#pragma omp parallel for schedule(static)
    for (int group = 0; group < piece_groups(g, output); group++) {
        piece_buffer of_in, of_u, of_r, of_to;
        struct row_sums s[2];
        sum_tangents(g, node, group, s);
        FOR_PIECES(p, g, output, group) {
            struct rows in = piece_get_any(g, input, MAP_T, &p, of_in),
                        u = piece_get(g, input, MAP_X, &p, of_u),
                        r = piece_get_any(g, residual, MAP_T, &p, of_r),
                        to = piece_room(g, output, MAP_T, &p, of_to);
            for (int h = 0; h < p.count; h++) {
                const struct projection k = projection_of(g, node, p.channel + h, s[h]);
                if (in.of[h])
                    project(&k, in.of[h], u.of[h], p.n, to.of[h], 0);
                if (r.of[h])
                    add_or_set(r.of[h], p.n, in.of[h] != NULL, to.of[h]);
            }
            put_cut(g, node, MAP_T, &p, to);
        }
    }
}

// ---------------------------------------------------------------------------------------------- d

// What the g map's dependence on u and w adds: of_t t + of_g gy + of_u (u - mean) + constant.
struct second_terms {
    real of_t, of_g, of_u, constant;
    double of_w; // dphi/dw
};

static struct second_terms second_order(const struct graph *g, const struct node *node, int c) {
    const double *sums = sums_of(node, c);
    double s = sums[SCALE], w = (double)layer_parameter(g, own_of(node)->weight)->value[c],
           n = (double)value_columns(g, node->output);
    double q = sums[T_G] - (sums[SUM_T] * sums[SUM_G] + sums[DOT_T] * sums[DOT_G]) / n;
    double outer = w * s * s;
    double sum_v = -(sums[DOT_G] * sums[SUM_T] + sums[DOT_T] * sums[SUM_G]) / n;
    double dot_v = -2 * sums[DOT_G] * sums[DOT_T] / n;
    return (struct second_terms){.of_t = (real)(-outer * sums[DOT_G] / n),
                                 .of_g = (real)(-outer * sums[DOT_T] / n),
                                 .of_u = (real)(-outer * s * (dot_v + q) / n), // u^ = s (u - mean)
                                 .constant = (real)(-outer * sum_v / n),
                                 .of_w = s * q};
}

// What project gives and what the second order adds to it, in one pass.
WIDE static void project_with_second(const struct projection *k, const struct second_terms *k2,
                                     const real *in, const real *u, const real *t, const real *gy, size_t n,
                                     real *out, int add) {
    real mean = k->mean, a = k->of_in, b = k->of_u, c = k->constant;
    real a2 = k2->of_t, g2 = k2->of_g, b2 = k2->of_u, c2 = k2->constant;
    for (size_t i = 0; i < n; i++) {
        real off = u[i] - mean, first = a * in[i] + b * off + c;
        first = add ? out[i] + first : first;
        out[i] = first + (a2 * t[i] + g2 * gy[i] + b2 * off + c2);
    }
}

static void backward_rows(struct graph *g, struct node *node, int group, const struct row_sums s[2],
                          const struct second_terms *second) {
    int input = node->inputs[0], output = node->output, add = node->adds[MAP_D][0];
    piece_buffer of_d, of_u, of_to, of_t, of_g;
    FOR_PIECES(p, g, output, group) {
        // Floats were cut in place.
        struct rows d = g->values[output].paired ? cut(g, node, MAP_D, &p, of_d, of_u)
                                                 : piece_get(g, output, MAP_D, &p, of_d),
                    u = piece_get(g, input, MAP_X, &p, of_u),
                    to = piece_open(g, input, MAP_D, &p, add, of_to), t = {{NULL, NULL}}, gy = t;
        if (second) {
            t = piece_get(g, input, MAP_T, &p, of_t);
            gy = piece_get(g, output, MAP_G, &p, of_g);
        }
        for (int h = 0; h < p.count; h++) {
            const struct projection k = projection_of(g, node, p.channel + h, s[h]);
            if (second)
                project_with_second(&k, &second[h], d.of[h], u.of[h], t.of[h], gy.of[h], p.n, to.of[h], add);
            else
                project(&k, d.of[h], u.of[h], p.n, to.of[h], add);
        }
        piece_put(g, input, MAP_D, &p, to);
    }
}

static void backward(struct graph *g, struct node *node) {
    int input = node->inputs[0];
    int above = layer_map(g, input, MAP_T) != NULL;
#pragma omp parallel for schedule(static)
    for (int group = 0; group < piece_groups(g, node->output); group++) {
        struct row_sums s[2] = {{0, 0}, {0, 0}};
        struct second_terms second[2] = {{0, 0, 0, 0, 0}, {0, 0, 0, 0, 0}};
        receive(g, node, MAP_D, group, s);
        for (int h = 0; h < piece_channels(g, node->output, group); h++) {
            int c = 2 * group + h;
            if (above)
                second[h] = second_order(g, node, c);
            if (g->frozen)
                continue;
            layer_parameter(g, own_of(node)->weight)->gradient[c] = (real)(s[h].dot + second[h].of_w);
            layer_parameter(g, own_of(node)->bias)->gradient[c] = (real)s[h].sum;
        }
        if (layer_map(g, input, MAP_D))
            backward_rows(g, node, group, s, above ? second : NULL);
    }
}

static const struct layer layer = {.name = "batch norm",
                                   .own_size = sizeof(struct batch_norm_node),
                                   .kept = kept,
                                   .pairs = 1,
                                   .forward = forward,
                                   .score = score,
                                   .tangent = tangent,
                                   .backward = backward};

int graph_add_batch_norm(struct graph *g, const char *name, int input, int residual, int relu, double eps,
                         double momentum, struct error *err) {
    static const char *const suffixes[4] = {"weight", "bias", "running_mean", "running_var"};
    struct value in = g->values[input];
    int p[4];
    for (int i = 0; i < 4; i++)
        if ((p[i] = layer_add_parameter(g, name, suffixes[i], 1, &in.channels, i < 2, err)) < 0)
            return -1;
    int output = graph_add_value(g, in.channels, in.height, in.width, err);
    struct node *node = output < 0 ? NULL : graph_add_node(g, &layer, name, input, output, err);
    if (!node)
        return -1;
    *(struct batch_norm_node *)node->own =
        (struct batch_norm_node){p[0], p[1], p[2], p[3], relu, eps, momentum};
    if (residual >= 0)
        node->inputs[node->input_count++] = residual;
    return output;
}
