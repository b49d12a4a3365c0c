// SPDX-License-Identifier: Apache-2.0
// What building, planning and running a graph share.
#ifndef REFF_GRAPH_GRAPH_INTERNAL_H
#define REFF_GRAPH_GRAPH_INTERNAL_H

#include "core/graph/graph.h"

int graph_mode_has(enum graph_mode mode, enum map map); // whether a step in that mode computes the map
int graph_is_explained(const struct graph *g, int value);

#endif
