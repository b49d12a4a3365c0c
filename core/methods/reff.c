// SPDX-License-Identifier: Apache-2.0
// ReFF and its variants (paper, section 3): Grad-CAM of the true class is to lie inside the annotation.
#include "core/methods/method.h"

#define SETTINGS "lambda layer_weights order reduction cam_eps lambda_ramp"
#define WEIGHTS                                                                                              \
    { 15, 60, 250, 1000 } // of the paper, for all four stages

const struct method method_reff = {.name = "reff",
                                   .title = "ReFF",
                                   .summary = "Grad-CAM of all four stages focused on the annotation",
                                   .style = {.colour = 0, .marker = 2},
                                   .settings = SETTINGS,
                                   .annotations = 1,
                                   .without = "baseline",
                                   .cost = 2,
                                   .regularises = 1,
                                   .penalty = PENALTY_REFF,
                                   .mean = 1,
                                   .lambda = 1,
                                   .weights = WEIGHTS};

const struct method method_reff_single = {.name = "reff-single",
                                          .title = "ReFF (single layer)",
                                          .summary = "Grad-CAM of the last stage alone",
                                          .style = {.colour = 5, .marker = 3},
                                          .settings = SETTINGS,
                                          .annotations = 1,
                                          .without = "baseline",
                                          .cost = 2,
                                          .regularises = 1,
                                          .penalty = PENALTY_REFF,
                                          .mean = 1,
                                          .lambda = 1000,
                                          .weights = {0, 0, 0, 1}};

const struct method method_reff_l1 = {.name = "reff-l1",
                                      .title = "ReFF with L1",
                                      .summary = "the L1 distance of Grad-CAM from the annotation",
                                      .style = {.colour = 4, .marker = 3},
                                      .settings = SETTINGS,
                                      .annotations = 1,
                                      .without = "baseline",
                                      .cost = 2,
                                      .regularises = 1,
                                      .penalty = PENALTY_L1,
                                      .lambda = 1e-6,
                                      .weights = WEIGHTS};

const struct method method_reff_l2 = {.name = "reff-l2",
                                      .title = "ReFF with L2",
                                      .summary = "the L2 distance of Grad-CAM from the annotation",
                                      .style = {.colour = 1, .marker = 4},
                                      .settings = SETTINGS,
                                      .annotations = 1,
                                      .without = "baseline",
                                      .cost = 2,
                                      .regularises = 1,
                                      .penalty = PENALTY_L2,
                                      .lambda = 1e-6,
                                      .weights = WEIGHTS};

const struct method method_reff_detached = {.name = "reff-detached",
                                            .title = "ReFF (detached)",
                                            .summary = "ReFF with alpha taken as a constant",
                                            .style = {.colour = 3, .marker = 4},
                                            .control = 1,
                                            .settings = SETTINGS,
                                            .annotations = 1,
                                            .without = "baseline",
                                            .cost = 2,
                                            .regularises = 1,
                                            .detached = 1,
                                            .penalty = PENALTY_REFF,
                                            .mean = 1,
                                            .lambda = 1,
                                            .weights = WEIGHTS};
