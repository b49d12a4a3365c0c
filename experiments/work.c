// SPDX-License-Identifier: Apache-2.0
#include "experiments/work.h"

const struct work real_work = {
    .inputs = textured_mnist_inputs,
    .generate = textured_mnist_generate,
    .train = train_run,
    .memory = train_memory,
};
