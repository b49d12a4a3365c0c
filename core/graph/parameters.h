// SPDX-License-Identifier: Apache-2.0
// The parameters of a network. They live apart from graphs, so that a training and an evaluation graph share
// them: the first graph built over a set of parameters adds them, later ones find them.
#ifndef REFF_GRAPH_PARAMETERS_H
#define REFF_GRAPH_PARAMETERS_H

#include "core/base/error.h"
#include "core/kernels/real.h"

#include <stddef.h>

struct parameter {
    char name[64]; // torchvision's: layer1.0.conv1.weight
    int rank, shape[4];
    size_t size;
    int trained; // 0: a running statistic
    real *value;
    real *gradient; // of the last backward pass; NULL when not trained
};

struct parameters { // starts as {0}
    int count;
    struct parameter *items; // [count]
    real *storage;           // all values, then all gradients
    size_t size;             // numbers in all parameters together
    size_t trained_size;     // in the trained ones
};

// Finds or adds. Index, or -1 with a message: after parameters_allocate there are no new ones.
int parameters_add(struct parameters *p, const char *name, int rank, const int *shape, int trained,
                   struct error *err);
int parameters_allocate(struct parameters *p, struct error *err);          // once all are added
struct parameter *parameters_find(struct parameters *p, const char *name); // NULL: there is none
void parameters_free(struct parameters *p);

#endif
