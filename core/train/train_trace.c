// SPDX-License-Identifier: Apache-2.0
// A folder for a peer to follow a run: initial weights, order of the images, losses of every step.
#include "core/base/file.h"
#include "core/train/train_internal.h"
#include "core/train/weights.h"

int train_trace_open(struct training *r) {
    char path[PATH_SIZE];
    if (!r->job->trace)
        return 0;
    if (r->resumed_at)
        return fail(r->err, "%s: continues from step %ld, but a trace begins with the first step",
                    r->job->folder, r->resumed_at);
    if (folder_make(r->job->trace, r->err) || path_join(path, r->err, r->job->trace, "initial.safetensors") ||
        weights_save(&r->trainer->parameters, path, r->about, r->err) ||
        path_join(path, r->err, r->job->trace, "order.txt"))
        return -1;
    r->trace_order = fopen(path, "w");
    if (path_join(path, r->err, r->job->trace, "steps.jsonl"))
        return -1;
    r->trace_steps = fopen(path, "w");
    return r->trace_order && r->trace_steps ? 0 : fail(r->err, "%s: cannot be written", r->job->trace);
}

int train_trace_close(struct training *r) {
    FILE **const files[2] = {&r->trace_order, &r->trace_steps};
    int bad = 0;
    for (int i = 0; i < 2; i++) {
        if (!*files[i])
            continue;
        bad |= ferror(*files[i]);
        bad |= fclose(*files[i]);
        *files[i] = NULL;
    }
    return bad ? fail(r->err, "%s: not all of the trace could be written", r->job->trace) : 0;
}

void train_trace_step(const struct training *r, const uint32_t *index, const struct step_result *s) {
    if (!r->trace_order)
        return;
    for (int i = 0; i < r->settings->batch; i++)
        fprintf(r->trace_order, "%u%c", index[i], i + 1 < r->settings->batch ? ' ' : '\n');
    fprintf(r->trace_steps, "{\"step\": %ld, \"loss\": %.17g, \"loss_main\": %.17g, \"loss_reg\": %.17g",
            r->state.step, s->loss, s->loss_main, s->loss_reg);
    if (r->trainer->attention)
        fprintf(r->trace_steps, ", \"loss_att\": %.17g, \"loss_map\": %.17g", s->loss_att, s->loss_map);
    fprintf(r->trace_steps, "}\n");
}
