// SPDX-License-Identifier: Apache-2.0
// Right for the right reasons (Ross, Hughes and Doshi-Velez, IJCAI 2017): the gradient of the log-probabilities in the
// image is to vanish outside the annotation.
#include "core/methods/method.h"

const struct method method_rrr = {.name = "rrr",
                                  .title = "RRR",
                                  .summary = "the gradient in the image kept inside the annotation",
                                  .style = {.colour = 5, .marker = 1},
                                  .control = 1,
                                  .settings = "lambda lambda_ramp",
                                  .annotations = 1,
                                  .without = "baseline",
                                  .cost = 2,
                                  .explains_input = 1,
                                  .penalty = PENALTY_REFF,
                                  .mean = 1,
                                  .lambda = 1};
