// SPDX-License-Identifier: Apache-2.0
// What the layers with a bias share. The g and t maps do not see a bias, so its gradient is the sum of d.
#include "core/kernels/vector.h"
#include "core/layers/layers.h"

void layer_add_bias(const struct graph *g, const struct node *node, const struct parameter *bias) {
    size_t m = value_columns(g, node->output);
    int channels = g->values[node->output].channels;
#pragma omp parallel for schedule(static)
    for (int c = 0; c < channels; c++) {
        real *y = layer_map(g, node->output, MAP_X) + c * m, b = bias->value[c];
        for (size_t i = 0; i < m; i++)
            y[i] += b;
    }
}

void layer_bias_gradient(const struct graph *g, const struct node *node, const struct parameter *bias) {
    size_t m = value_columns(g, node->output);
    int channels = g->frozen ? 0 : g->values[node->output].channels;
#pragma omp parallel for schedule(static)
    for (int c = 0; c < channels; c++)
        bias->gradient[c] = (real)vector_sum(layer_map(g, node->output, MAP_D) + c * m, m);
}
