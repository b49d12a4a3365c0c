// SPDX-License-Identifier: Apache-2.0
// Deep feature reweighting (Kirichenko, Izmailov and Wilson, ICLR 2023): after the baseline's training the last layer is
// trained anew on validation data in which nothing is spurious (core/train/last_layer.h).
#include "core/methods/method.h"

const struct method method_dfr = {.name = "dfr",
                                  .title = "DFR",
                                  .summary = "last layer trained anew on validation data with p = 1",
                                  .style = {.colour = 4, .marker = 1},
                                  .control = 1,
                                  .settings = "",
                                  .cost = 1,
                                  .retrains_last_layer = 1,
                                  .penalty = PENALTY_REFF,
                                  .mean = 1};
