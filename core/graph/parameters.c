// SPDX-License-Identifier: Apache-2.0
#include "core/graph/parameters.h"

#include "core/base/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct parameter *parameters_find(struct parameters *p, const char *name) {
    for (int i = 0; i < p->count; i++)
        if (!strcmp(p->items[i].name, name))
            return &p->items[i];
    return NULL;
}

int parameters_add(struct parameters *p, const char *name, int rank, const int *shape, int trained,
                   struct error *err) {
    struct parameter *known = parameters_find(p, name);
    if (known)
        return (int)(known - p->items);
    if (p->storage)
        return fail(err, "%s: not one of the network's parameters", name);
    if (array_resize(p->items, (size_t)p->count + 1, "parameters", err))
        return -1;
    struct parameter *item = &p->items[p->count];
    *item = (struct parameter){.rank = rank, .size = 1, .trained = trained};
    snprintf(item->name, sizeof item->name, "%s", name);
    for (int i = 0; i < rank; i++) {
        item->shape[i] = shape[i];
        item->size *= (size_t)shape[i];
    }
    return p->count++;
}

int parameters_allocate(struct parameters *p, struct error *err) {
    if (p->storage)
        return 0;
    size_t trained = 0, total = 0;
    for (int i = 0; i < p->count; i++) {
        total += p->items[i].size;
        trained += p->items[i].trained ? p->items[i].size : 0;
    }
    p->storage = allocate_for_steps(total + trained, sizeof(real), "parameters", err);
    if (!p->storage)
        return -1;
    p->size = total;
    p->trained_size = trained;
    // Trained ones first, so that the optimiser sees one array of values and one of gradients.
    real *at = p->storage, *gradient = p->storage + total;
    for (int trained_first = 1; trained_first >= 0; trained_first--)
        for (int i = 0; i < p->count; i++) {
            struct parameter *item = &p->items[i];
            if (item->trained != trained_first)
                continue;
            item->value = at;
            at += item->size;
            if (item->trained) {
                item->gradient = gradient;
                gradient += item->size;
            }
        }
    return 0;
}

void parameters_free(struct parameters *p) {
    free(p->items);
    free(p->storage);
    memset(p, 0, sizeof *p);
}
