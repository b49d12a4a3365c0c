// SPDX-License-Identifier: Apache-2.0
// What ReFF and those that differ from it in one point have in common.
#ifndef REFF_METHODS_REFF_H
#define REFF_METHODS_REFF_H

#include "core/methods/method.h"

#define REFF_SETTINGS "lambda layer_weights order reduction cam_eps lambda_ramp"
#define REFF_WEIGHTS                                                                                         \
    { 15, 60, 250, 1000 } // of the paper, for all four stages

#endif
