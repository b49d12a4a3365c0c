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
#include "core/kernels/vector.h"
#include "core/layers/layers.h"

#include <math.h>

enum { MEAN, SCALE, SUM_G, DOT_G, SUM_T, DOT_T, SUMS = 8 }; // per channel, in node->channel

static int residual_of(const struct node *node) {
    return node->input_count > 1 ? node->inputs[1] : -1;
}

// The mean and s of channel c; batch statistics in training mode (and the running ones moved), else running
// ones.
static void statistics(struct graph *g, struct node *node, int c, const real *u, size_t m, double *sums) {
    struct parameter *items = g->parameters->items;
    real *running_mean = items[node->statistics[0]].value + c,
         *running_var = items[node->statistics[1]].value + c;
    double mean = (double)*running_mean, variance = (double)*running_var;
    if (g->training) {
        mean = vector_sum(u, m) / (double)m;
        // About the rounded mean, then corrected for the rounding.
        double off = mean - (double)(real)mean;
        double squares = vector_squares_about(u, (real)mean, m) - off * off * (double)m;
        variance = squares > 0 ? squares / (double)m : 0;
        double unbiased = m > 1 ? variance * (double)m / (double)(m - 1) : variance;
        *running_mean = (real)((1 - node->momentum) * (double)*running_mean + node->momentum * mean);
        *running_var = (real)((1 - node->momentum) * (double)*running_var + node->momentum * unbiased);
    }
    sums[MEAN] = mean;
    sums[SCALE] = 1 / sqrt(variance + node->eps);
}

static void forward(struct graph *g, struct node *node) {
    size_t m = value_columns(g, node->output);
    int channels = g->values[node->output].channels, relu = node->relu, residual = residual_of(node);
#pragma omp parallel for schedule(static)
    for (int c = 0; c < channels; c++) {
        const real *u = layer_map(g, node->inputs[0], MAP_X) + c * m;
        const real *r = residual < 0 ? NULL : layer_map(g, residual, MAP_X) + c * m;
        real *y = layer_map(g, node->output, MAP_X) + c * m;
        double *sums = node->channel + SUMS * c;
        statistics(g, node, c, u, m, sums);
        real mean = (real)sums[MEAN],
             scale = (real)(sums[SCALE] * (double)layer_weight(g, node, 0)->value[c]);
        real shift =
            (real)((double)layer_weight(g, node, 1)->value[c] + ((double)mean - sums[MEAN]) * (double)scale);
        for (size_t at = 0; at < m; at += VECTOR_BLOCK) {
            size_t end = at + vector_block(m, at);
            if (r)
                for (size_t i = at; i < end; i++)
                    y[i] = (u[i] - mean) * scale + shift + r[i];
            else
                for (size_t i = at; i < end; i++)
                    y[i] = (u[i] - mean) * scale + shift;
            if (relu)
                for (size_t i = at; i < end; i++)
                    y[i] = y[i] < 0 ? 0 : y[i]; // a NaN stays one, to be found
        }
    }
}

// Behind the ReLU, in place: later maps read it there.
static void mask(const struct graph *g, const struct node *node, size_t at, size_t n, real *gradient) {
    const real *a = layer_map(g, node->output, MAP_X) + at;
    if (node->relu)
        for (size_t i = 0; i < n; i++)
            gradient[i] = a[i] > 0 ? gradient[i] : 0;
}

static void pass_to_residual(const struct graph *g, const struct node *node, enum map map, size_t at,
                             size_t n, const real *gradient) {
    int residual = residual_of(node);
    real *r = residual < 0 ? NULL : layer_map(g, residual, map);
    if (!r)
        return;
    r += at;
    if (node->adds[map][1])
        for (size_t i = 0; i < n; i++)
            r[i] += gradient[i];
    else
        for (size_t i = 0; i < n; i++)
            r[i] = gradient[i];
}

struct sums { // of a row v of a channel: S(v) and S(v u^); 0 in evaluation, which needs neither
    double sum, dot;
};

static void add_sums(const struct graph *g, const real *v, const real *u, real mean, size_t n,
                     struct sums *s) {
    if (!g->training)
        return;
    s->sum += vector_sum(v, n);
    s->dot += vector_dot_about(v, u, mean, n);
}

static void finish_sums(const double *channel, real mean, struct sums *s) {
    s->dot = channel[SCALE] * (s->dot + ((double)mean - channel[MEAN]) * s->sum);
}

// The g or d at the output of channel c: cut at the ReLU, passed to the residual, summed up.
static struct sums receive(const struct graph *g, const struct node *node, enum map map, int c, size_t m) {
    const double *channel = node->channel + SUMS * c;
    real *v = layer_map(g, node->output, map) + c * m, mean = (real)channel[MEAN];
    const real *u = layer_map(g, node->inputs[0], MAP_X) + c * m;
    struct sums s = {0};
    for (size_t at = 0; at < m; at += VECTOR_BLOCK) {
        size_t n = vector_block(m, at);
        mask(g, node, c * m + at, n, v + at);
        pass_to_residual(g, node, map, c * m + at, n, v + at);
        add_sums(g, v + at, u + at, mean, n, &s);
    }
    finish_sums(channel, mean, &s);
    return s;
}

// out (+)= a in + b (u - mean) + c0
static void affine(real *out, const real *in, const real *u, real mean, double a, double b, double c0,
                   size_t m, int add) {
    real fa = (real)a, fb = (real)b, fc = (real)c0;
    if (add)
        for (size_t i = 0; i < m; i++)
            out[i] += fa * in[i] + fb * (u[i] - mean) + fc;
    else
        for (size_t i = 0; i < m; i++)
            out[i] = fa * in[i] + fb * (u[i] - mean) + fc;
}

// out (+)= w s P in over numbers [at, at + n) of channel c, the projection P = I - 11'/M - u^ u^'/M (identity
// in evaluation), from the sums over the whole channel.
static void project(const struct graph *g, const struct node *node, int c, size_t at, size_t n,
                    const real *in, struct sums s, real *out, int add) {
    const double *channel = node->channel + SUMS * c;
    double ws = channel[SCALE] * (double)layer_weight(g, node, 0)->value[c];
    size_t m = value_columns(g, node->output);
    const real *u = layer_map(g, node->inputs[0], MAP_X) + c * m + at;
    affine(out, in, u, (real)channel[MEAN], ws, -ws * channel[SCALE] * s.dot / (double)m,
           -ws * s.sum / (double)m, n, add);
}

static void score(struct graph *g, struct node *node) {
    size_t m = value_columns(g, node->output);
    int channels = g->values[node->output].channels;
    real *input = layer_map(g, node->inputs[0], MAP_G);
#pragma omp parallel for schedule(static)
    for (int c = 0; c < channels; c++) {
        const real *gy = layer_map(g, node->output, MAP_G) + c * m;
        struct sums s = receive(g, node, MAP_G, c, m);
        node->channel[SUMS * c + SUM_G] = s.sum;
        node->channel[SUMS * c + DOT_G] = s.dot;
        if (input)
            project(g, node, c, 0, m, gy, s, input + c * m, node->adds[MAP_G][0]);
    }
}

static void tangent(struct graph *g, struct node *node) {
    size_t m = value_columns(g, node->output);
    int channels = g->values[node->output].channels, residual = residual_of(node);
    const real *input = layer_map(g, node->inputs[0], MAP_T), *x = layer_map(g, node->inputs[0], MAP_X);
    const real *shortcut = residual < 0 ? NULL : layer_map(g, residual, MAP_T);
#pragma omp parallel for schedule(static)
    for (int c = 0; c < channels; c++) {
        real *t = layer_map(g, node->output, MAP_T) + c * m;
        double *channel = node->channel + SUMS * c;
        real mean = (real)channel[MEAN];
        struct sums s = {0};
        for (size_t at = 0; at < m && input; at += VECTOR_BLOCK)
            add_sums(g, input + c * m + at, x + c * m + at, mean, vector_block(m, at), &s);
        finish_sums(channel, mean, &s);
        channel[SUM_T] = s.sum;
        channel[DOT_T] = s.dot;
        for (size_t at = 0; at < m; at += VECTOR_BLOCK) {
            size_t n = vector_block(m, at), begin = c * m + at;
            if (input)
                project(g, node, c, at, n, input + begin, s, t + at, 0);
            for (size_t i = 0; i < n && shortcut; i++)
                t[at + i] = (input ? t[at + i] : 0) + shortcut[begin + i];
            mask(g, node, begin, n, t + at);
        }
    }
}

// What the g map's dependence on u and w adds: dphi/du into d_u, dphi/dw returned.
static double second_order(const struct graph *g, const struct node *node, int c, const real *gy,
                           const real *t, real *d_u, size_t m) {
    const double *sums = node->channel + SUMS * c;
    double s = sums[SCALE], w = (double)layer_weight(g, node, 0)->value[c], n = (double)m;
    double q = vector_dot(t, gy, m) - (sums[SUM_T] * sums[SUM_G] + sums[DOT_T] * sums[DOT_G]) / n;
    if (!d_u)
        return s * q;
    double outer = w * s * s;
    double of_t = -outer * sums[DOT_G] / n, of_g = -outer * sums[DOT_T] / n;
    double sum_v = -(sums[DOT_G] * sums[SUM_T] + sums[DOT_T] * sums[SUM_G]) / n;
    double dot_v = -2 * sums[DOT_G] * sums[DOT_T] / n;
    double of_u = -outer * s * (dot_v + q) / n; // u^ = s (u - mean)
    double constant = -outer * sum_v / n;
    const real *u = layer_map(g, node->inputs[0], MAP_X) + c * m;
    real mean = (real)sums[MEAN], ft = (real)of_t, fg = (real)of_g, fu = (real)of_u, fc = (real)constant;
    for (size_t i = 0; i < m; i++)
        d_u[i] += ft * t[i] + fg * gy[i] + fu * (u[i] - mean) + fc;
    return s * q;
}

static void backward(struct graph *g, struct node *node) {
    size_t m = value_columns(g, node->output);
    int channels = g->values[node->output].channels;
    const real *t = layer_map(g, node->inputs[0], MAP_T);
    real *input = layer_map(g, node->inputs[0], MAP_D);
#pragma omp parallel for schedule(static)
    for (int c = 0; c < channels; c++) {
        const real *d = layer_map(g, node->output, MAP_D) + c * m;
        real *d_u = input ? input + c * m : NULL;
        struct sums s = receive(g, node, MAP_D, c, m);
        double dot = s.dot;
        if (d_u)
            project(g, node, c, 0, m, d, s, d_u, node->adds[MAP_D][0]);
        if (t)
            dot += second_order(g, node, c, layer_map(g, node->output, MAP_G) + c * m, t + c * m, d_u, m);
        if (g->frozen)
            continue;
        layer_weight(g, node, 0)->gradient[c] = (real)dot;
        layer_weight(g, node, 1)->gradient[c] = (real)s.sum;
    }
}

static const struct layer layer = {
    .name = "batch norm", .forward = forward, .score = score, .tangent = tangent, .backward = backward};

int graph_add_batch_norm(struct graph *g, const char *name, int input, int residual, int relu, double eps,
                         double momentum, struct error *err) {
    static const char *const suffixes[4] = {"weight", "bias", "running_mean", "running_var"};
    struct value in = g->values[input];
    int p[4];
    for (int i = 0; i < 4; i++)
        if ((p[i] = layer_parameter(g, name, suffixes[i], 1, &in.channels, i < 2, err)) < 0)
            return -1;
    int output = graph_add_value(g, in.channels, in.height, in.width, err);
    struct node *node = output < 0 ? NULL : graph_add_node(g, &layer, name, input, output, err);
    if (!node)
        return -1;
    node->parameters[0] = p[0];
    node->parameters[1] = p[1];
    node->parameter_count = 2;
    node->statistics[0] = p[2];
    node->statistics[1] = p[3];
    node->relu = relu;
    node->eps = eps;
    node->momentum = momentum;
    if (residual >= 0)
        node->inputs[node->input_count++] = residual;
    return output;
}
