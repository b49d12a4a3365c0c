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
#include "core/layers/batch_norm_piece.h"
#include "core/layers/layers.h"

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

static struct norm_arrays arrays_of(const struct graph *g, const struct node *node) {
    return norm_arrays_of(g, node, own_of(node)->relu);
}

static double *sums_of(const struct node *node, int channel) {
    return (double *)node->kept + (size_t)SUMS * channel;
}

// The means of two channels, as numbers of their arrays.
static void means_of(const struct graph *g, const struct node *node, int group, real mean[2]) {
    for (int h = 0; h < piece_channels(g, node->output, group); h++)
        mean[h] = (real)sums_of(node, 2 * group + h)[MEAN];
}

// Every map goes over its arrays once or twice, by pieces of two channels' rows (piece.h): first the sums
// over the channel, then what needs them. batch_norm_piece.h has what is done to a piece.

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
    struct norm_arrays a = arrays_of(g, node);
    double sum[2] = {0, 0}, squares[2] = {0, 0}, m = (double)value_columns(g, a.input);
    real about[2] = {0, 0};
    struct piece first = piece_first(g, a.input, group);
    norm_piece_squares(&a, &first, about, sum, squares);
    for (int h = 0; h < 2; h++) {
        about[h] = (real)(sum[h] / (double)first.n);
        sum[h] = squares[h] = 0;
    }
    FOR_PIECES(p, g, a.input, group)
    norm_piece_squares(&a, &p, about, sum, squares);
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

static void fill_line(const struct graph *g, const struct node *node, int group, struct norm_line *line) {
    for (int h = 0; h < piece_channels(g, node->output, group); h++) {
        int c = 2 * group + h;
        const double *sums = sums_of(node, c);
        line->mean[h] = (real)sums[MEAN];
        line->scale[h] = (real)(sums[SCALE] * (double)layer_parameter(g, own_of(node)->weight)->value[c]);
        line->shift[h] = (real)((double)layer_parameter(g, own_of(node)->bias)->value[c] +
                                ((double)line->mean[h] - sums[MEAN]) * (double)line->scale[h]);
    }
}

static void forward(struct graph *g, struct node *node) {
    const struct norm_arrays a = arrays_of(g, node);
#pragma omp parallel for schedule(static)
    for (int group = 0; group < piece_groups(g, a.output); group++) {
        struct norm_line line;
        if (g->training)
            batch_statistics(g, node, group);
        else
            running_statistics(g, node, group);
        fill_line(g, node, group, &line);
        FOR_PIECES(p, g, a.output, group)
        norm_piece_normalise(&a, &p, &line);
    }
}

// ---------------------------------------------------------------------------------------------- g and d

// s[h].dot is S(v u^) from here on.
static void finish_sums(const struct graph *g, const struct node *node, int group, struct row_sums s[2]) {
    for (int h = 0; h < piece_channels(g, node->output, group); h++) {
        const double *channel = sums_of(node, 2 * group + h);
        s[h].dot = channel[SCALE] * (s[h].dot + ((double)(real)channel[MEAN] - channel[MEAN]) * s[h].sum);
    }
}

// The g or d at the output of two channels: cut, passed to the residual, summed up; evaluation needs no sums,
// which stay 0.
static void receive(const struct norm_arrays *a, const struct node *node, enum map map, int group,
                    struct row_sums s[2]) {
    const struct graph *g = a->g;
    real mean[2] = {0, 0};
    means_of(g, node, group, mean);
    FOR_PIECES(p, g, a->output, group)
    norm_piece_receive(a, map, &p, node->adds[map][1], mean, g->training ? s : NULL);
    finish_sums(g, node, group, s);
}

// w s P as a function of each number: of_in v + of_u (u - mean) + constant, with the projection
// P = I - 11'/M - u^ u^'/M (identity in evaluation), from the sums over the whole channels.
static struct norm_projection projection_of(const struct graph *g, const struct node *node, int group,
                                            const struct row_sums s[2]) {
    struct norm_projection k = {.mean = {0, 0}};
    for (int h = 0; h < piece_channels(g, node->output, group); h++) {
        int c = 2 * group + h;
        const double *channel = sums_of(node, c);
        double ws = channel[SCALE] * (double)layer_parameter(g, own_of(node)->weight)->value[c],
               m = (double)value_columns(g, node->output);
        k.mean[h] = (real)channel[MEAN];
        k.of_in[h] = (real)ws;
        k.of_u[h] = (real)(-ws * channel[SCALE] * s[h].dot / m);
        k.constant[h] = (real)(-ws * s[h].sum / m);
    }
    return k;
}

static void score(struct graph *g, struct node *node) {
    const struct norm_arrays a = arrays_of(g, node);
#pragma omp parallel for schedule(static)
    for (int group = 0; group < piece_groups(g, a.output); group++) {
        struct row_sums s[2] = {{0, 0}, {0, 0}};
        receive(&a, node, MAP_G, group, s);
        for (int h = 0; h < piece_channels(g, a.output, group); h++) {
            sums_of(node, 2 * group + h)[SUM_G] = s[h].sum;
            sums_of(node, 2 * group + h)[DOT_G] = s[h].dot;
        }
        if (!layer_map(g, a.input, MAP_G))
            continue;
        const struct norm_projection k = projection_of(g, node, group, s);
        FOR_PIECES(p, g, a.output, group)
        norm_piece_project(&a, MAP_G, &p, &k, node->adds[MAP_G][0]);
    }
}

// ---------------------------------------------------------------------------------------------- t

// The sums of t, and S(t gy) for the backward map: t is at hand.
static void sum_tangents(const struct norm_arrays *a, const struct node *node, int group,
                         struct row_sums s[2]) {
    const struct graph *g = a->g;
    double t_gy[2] = {0, 0};
    real mean[2] = {0, 0};
    means_of(g, node, group, mean);
    FOR_PIECES(p, g, a->input, group)
    norm_piece_tangent_sums(a, &p, mean, g->training ? s : NULL, t_gy);
    finish_sums(g, node, group, s);
    for (int h = 0; h < piece_channels(g, a->input, group); h++) {
        double *channel = sums_of(node, 2 * group + h);
        channel[SUM_T] = s[h].sum;
        channel[DOT_T] = s[h].dot;
        channel[T_G] = t_gy[h];
    }
}

static void tangent(struct graph *g, struct node *node) {
    const struct norm_arrays a = arrays_of(g, node);
#pragma omp parallel for schedule(static)
    for (int group = 0; group < piece_groups(g, a.output); group++) {
        struct row_sums s[2] = {{0, 0}, {0, 0}};
        sum_tangents(&a, node, group, s);
        const struct norm_projection k = projection_of(g, node, group, s);
        FOR_PIECES(p, g, a.output, group)
        norm_piece_tangent(&a, &p, &k);
    }
}

// ---------------------------------------------------------------------------------------------- d

// What the g map's dependence on u and w adds to d of channel h of a group; its share of dphi/dw is returned.
static double second_order(const struct graph *g, const struct node *node, int group, int h,
                           struct norm_second *k2) {
    int c = 2 * group + h;
    const double *sums = sums_of(node, c);
    double s = sums[SCALE], w = (double)layer_parameter(g, own_of(node)->weight)->value[c],
           n = (double)value_columns(g, node->output);
    double q = sums[T_G] - (sums[SUM_T] * sums[SUM_G] + sums[DOT_T] * sums[DOT_G]) / n;
    double outer = w * s * s;
    double sum_v = -(sums[DOT_G] * sums[SUM_T] + sums[DOT_T] * sums[SUM_G]) / n;
    double dot_v = -2 * sums[DOT_G] * sums[DOT_T] / n;
    k2->of_t[h] = (real)(-outer * sums[DOT_G] / n);
    k2->of_g[h] = (real)(-outer * sums[DOT_T] / n);
    k2->of_u[h] = (real)(-outer * s * (dot_v + q) / n); // u^ = s (u - mean)
    k2->constant[h] = (real)(-outer * sum_v / n);
    return s * q;
}

static void backward(struct graph *g, struct node *node) {
    const struct norm_arrays a = arrays_of(g, node);
    int above = layer_map(g, a.input, MAP_T) != NULL, add = node->adds[MAP_D][0];
#pragma omp parallel for schedule(static)
    for (int group = 0; group < piece_groups(g, a.output); group++) {
        struct row_sums s[2] = {{0, 0}, {0, 0}};
        struct norm_second k2 = {.of_t = {0, 0}};
        receive(&a, node, MAP_D, group, s);
        for (int h = 0; h < piece_channels(g, a.output, group); h++) {
            int c = 2 * group + h;
            double of_w = above ? second_order(g, node, group, h, &k2) : 0;
            if (g->frozen)
                continue;
            layer_parameter(g, own_of(node)->weight)->gradient[c] = (real)(s[h].dot + of_w);
            layer_parameter(g, own_of(node)->bias)->gradient[c] = (real)s[h].sum;
        }
        if (!layer_map(g, a.input, MAP_D))
            continue;
        const struct norm_projection k = projection_of(g, node, group, s);
        FOR_PIECES(p, g, a.output, group)
        if (above)
            norm_piece_project_second(&a, &p, &k, &k2, add);
        else
            norm_piece_project(&a, MAP_D, &p, &k, add);
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
