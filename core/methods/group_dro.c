// SPDX-License-Identifier: Apache-2.0
// Group DRO (Sagawa, Koh, Hashimoto and Liang, ICLR 2020): groups whose loss is large get a larger weight
// (core/losses/group_weights.h), with the step of the published code.
#include "core/methods/method.h"

const struct method method_group_dro = {.name = "group-dro",
                                        .title = "Group DRO",
                                        .summary = "the worst groups' losses weighted up",
                                        .style = {.colour = 0, .marker = 4},
                                        .control = 1,
                                        .settings = "",
                                        .groups = 1,
                                        .cost = 1,
                                        .group_step = 0.01,
                                        .penalty = PENALTY_REFF,
                                        .mean = 1};
