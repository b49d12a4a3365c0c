// SPDX-License-Identifier: Apache-2.0
// Networks: ResNet-18 and -50 as torchvision has them, at any width, and the small one of the quick profile,
// each also as an attention branch network (docs/mathematics.md, section 4). All name their parameters as
// torchvision and the published ABN do, and have four stages, layer1..layer4.
#ifndef REFF_NETWORKS_NETWORK_H
#define REFF_NETWORKS_NETWORK_H

#include "core/graph/graph.h"

struct network {
    const char *model; // small, resnet18, resnet50
    int width, classes, pixels;
    double bn_eps, bn_momentum;
    int attention; // 1: with an attention branch (ABN), whose parameters are att_* and bn_att*
};

// Words for a settings table.
#define NETWORK_MODELS "small resnet18 resnet50"

// The network as a graph for `batch` images, over `parameters` (filled by the first graph built over them,
// then allocated).
struct graph *network_build(const struct network *network, int batch, struct parameters *parameters,
                            struct error *err);

// The network whose stages have so many blocks, bottleneck ones or basic ones; NULL if there is none.
const char *network_model_of(int bottleneck, const int blocks[STAGES]);

// From scratch: convolutions He normal by fan-out, batch norm 1 and 0, running statistics 0 and 1, linear
// uniform +-1/sqrt(fan_in). Each parameter has its own random stream, keyed by the seed and its name.
void network_initialise(struct parameters *parameters, uint64_t seed);

#endif
