// SPDX-License-Identifier: Apache-2.0
#include "core/train/checkpoint.h"

#include "core/base/digest.h"
#include "core/base/snapshot.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

// The parts of a snapshot: the state without its pointer, the optimiser's steps, the metrics, all parameter
// values, all velocities; where groups have weights in the loss, these.
enum { PARTS = 5, PARTS_MAXIMUM = 6 };

struct checkpoint_parts {
    struct checkpoint state;
    int64_t sgd_steps;
    char *metrics;
    struct snapshot_part list[PARTS_MAXIMUM];
    int count;
    char identity[DIGEST_SIZE + 64];
};

static void make_parts(struct checkpoint_parts *p, const char *identity, const struct trainer *t) {
    const struct snapshot_part list[PARTS] = {
        {.bytes = &p->state, .size = sizeof p->state},
        {.bytes = &p->sgd_steps, .size = sizeof p->sgd_steps},
        {.text = &p->metrics},
        {.bytes = t->parameters.storage, .size = t->parameters.size * sizeof(real)},
        {.bytes = t->velocity, .size = t->parameters.trained_size * sizeof(real)}};
    memcpy(p->list, list, sizeof list);
    p->count = PARTS;
    if (t->group_weights)
        p->list[p->count++] = (struct snapshot_part){
            .bytes = t->group_weights->q, .size = (size_t)t->group_weights->groups * sizeof(double)};
    snprintf(p->identity, sizeof p->identity, "checkpoint 4 in %s of %s", REAL_NAME, identity);
}

int checkpoint_save(const char *path, const char *identity, const struct checkpoint *c,
                    const struct trainer *t, struct error *err) {
    struct checkpoint_parts p = {.state = *c, .sgd_steps = t->settings.sgd.steps, .metrics = c->metrics};
    p.state.metrics = NULL; // equal states give equal files
    make_parts(&p, identity, t);
    return snapshot_save(path, p.identity, p.list, p.count, err);
}

int checkpoint_load(const char *path, const char *identity, struct checkpoint *c, struct trainer *t,
                    struct text *notices, struct error *err) {
    struct checkpoint_parts p = {0};
    make_parts(&p, identity, t);
    int found = snapshot_load(path, p.identity, p.list, p.count, notices, err);
    if (found == 1) {
        *c = p.state;
        c->metrics = p.metrics;
        t->settings.sgd.steps = p.sgd_steps;
    }
    return found;
}
