// SPDX-License-Identifier: Apache-2.0
// The Energy loss (Rao, Boehle, Parchami-Araghi and Schiele, ICCV 2023): the share of Grad-CAM that lies inside the
// annotation is to grow. The same stages and weights as ReFF.
#include "core/methods/method.h"

const struct method method_energy = {.name = "energy",
                                     .title = "Energy",
                                     .summary = "the share of Grad-CAM inside the annotation made large",
                                     .style = {.colour = 4, .marker = 2},
                                     .control = 1,
                                     .settings = "lambda layer_weights reduction cam_eps lambda_ramp",
                                     .annotations = 1,
                                     .without = "baseline",
                                     .cost = 2,
                                     .regularises = 1,
                                     .resize_first = 1,
                                     .penalty = PENALTY_ENERGY,
                                     .lambda = 1e-3,
                                     .weights = {15, 60, 250, 1000}};
