// SPDX-License-Identifier: Apache-2.0
// Attention branch network with annotated attention (paper, section 5): a second branch of the network learns
// a map of where to look, which a map loss draws to the annotation.
#include "core/methods/method.h"

const struct method method_abn = {.name = "abn",
                                  .title = "ABN",
                                  .summary = "attention branch network, its map drawn to the annotation",
                                  .style = {.colour = 2, .marker = 1},
                                  .settings = "gamma reduction",
                                  .annotations = 1,
                                  .annotation_factor = "gamma",
                                  .cost = 2,
                                  .attention = 1,
                                  .penalty = PENALTY_L2,
                                  .mean = 1};
