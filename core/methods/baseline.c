// SPDX-License-Identifier: Apache-2.0
// The network alone: cross entropy, no annotations.
#include "core/methods/method.h"

const struct method method_baseline = {.name = "baseline",
                                       .title = "Baseline",
                                       .summary = "cross entropy alone",
                                       .style = {.colour = 6, .marker = 1},
                                       .settings = "",
                                       .cost = 1,
                                       .penalty = PENALTY_REFF,
                                       .mean = 1};
