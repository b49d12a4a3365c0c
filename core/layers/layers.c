// SPDX-License-Identifier: Apache-2.0
// What layers with parameters share. The g and t maps do not see a bias, so its gradient is the sum of d.
#include "core/layers/layers.h"
#include "core/kernels/vector.h"

#include <stdio.h>

int layer_add_parameter(struct graph *g, const char *name, const char *suffix, int rank, const int *shape,
                        int trained, struct error *err) {
    char full[64];
    if (snprintf(full, sizeof full, "%s.%s", name, suffix) >= (int)sizeof full)
        return fail(err, "%s.%s: name too long", name, suffix);
    return parameters_add(g->parameters, full, rank, shape, trained, err);
}

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
