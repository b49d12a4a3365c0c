// SPDX-License-Identifier: Apache-2.0
// Golden cases of whole networks: three training steps and an evaluation, every quantity compared.
#include "core/base/memory.h"
#include "core/train/trainer.h"
#include "experiments/golden.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct run { // one case at work
    hid_t file;
    struct trainer *t;
    struct golden_report *report;
    char (*order)[64]; // parameter names in the order of the file's probes
    int parameters;
    char model[32];     // as the file has it
    char zero_grad[64]; // a parameter whose gradient is rounding noise, "" for none
    double lambda;
    int batch, pixels, steps;
    struct error *err;
};

// Reads and compares: `mine` is in the file's layout.
static int compare(struct run *r, const char *path, const char *quantity, const double *mine, size_t size) {
    struct golden_array want;
    if (golden_read(r->file, path, &want, r->err))
        return -1;
    int result = want.size == size
                     ? 0
                     : fail(r->err, "golden file: %s: %zu numbers instead of %zu", path, want.size, size);
    if (!result)
        golden_note(r->report, quantity, golden_max_error(mine, want.items, size));
    golden_array_free(&want);
    return result;
}

// Ours [K][inner][N] to the file's [N][K][inner].
static double *batch_first(const real *a, size_t channels, size_t inner, size_t n, struct error *err) {
    double *out = allocate(channels * inner * n, sizeof *out, "golden values", err);
    for (size_t i = 0; out && i < n; i++)
        for (size_t k = 0; k < channels * inner; k++)
            out[i * channels * inner + k] = (double)a[k * n + i];
    return out;
}

static int compare_batched(struct run *r, const char *path, const char *quantity, const real *a,
                           size_t channels, size_t inner, size_t n) {
    double *mine = batch_first(a, channels, inner, n, r->err);
    int result = mine ? compare(r, path, quantity, mine, channels * inner * n) : -1;
    free(mine);
    return result;
}

static double *as_double(const real *a, size_t n, struct error *err) {
    double *out = allocate(n, sizeof *out, "golden values", err);
    for (size_t i = 0; out && i < n; i++)
        out[i] = (double)a[i];
    return out;
}

// |a - b| over the scale that the reference's README names, for the first elements of an array.
static int compare_head(struct run *r, const char *path, const char *quantity, const double *mine,
                        size_t size, double norm) {
    struct golden_array want;
    if (golden_read(r->file, path, &want, r->err))
        return -1;
    double most = 0, off = 0;
    for (size_t i = 0; i < want.size && i < size; i++) {
        most = fmax(most, fabs(want.items[i]));
        off = fmax(off, fabs(mine[i] - want.items[i]));
    }
    golden_note(r->report, quantity, off / fmax(most, norm / sqrt((double)size)));
    golden_array_free(&want);
    return 0;
}

static int scalar(struct run *r, const char *path, double *out) {
    struct golden_array a;
    if (golden_read(r->file, path, &a, r->err))
        return -1;
    *out = a.items[0];
    golden_array_free(&a);
    return 0;
}

// The parameter whose norm is the scale of p's errors: p, but for ABN's bn_att.bias, a shift that bn_att2
// removes, where it is bn_att.weight.
static const char *scale_of(const struct run *r, const struct parameter *p) {
    return strcmp(p->name, r->zero_grad) ? p->name : "bn_att.weight";
}

static int compare_gradient(struct run *r, int step, int index, double probe_wanted) {
    struct parameter *p = parameters_find(&r->t->parameters, r->order[index]);
    char path[192];
    double norm, scale, *mine = as_double(p->gradient, p->size, r->err);
    if (!mine)
        return -1;
    snprintf(path, sizeof path, "step/%d/grad_norm/%s", step, p->name);
    int result = scalar(r, path, &norm);
    snprintf(path, sizeof path, "step/%d/grad_norm/%s", step, scale_of(r, p));
    if (!result && !(result = scalar(r, path, &scale))) {
        golden_note(r->report, "grad norm", fabs(golden_norm(mine, p->size) - norm) / scale);
        golden_note(r->report, "grad probe", fabs(golden_probe(mine, p->size) - probe_wanted) / scale);
        snprintf(path, sizeof path, "step/%d/grad_head/%s", step, p->name);
        result = compare_head(r, path, "grad head", mine, p->size, scale);
        snprintf(path, sizeof path, "step/%d/grad/%s", step, p->name);
    }
    struct golden_array whole;
    if (!result && golden_has(r->file, path) && !(result = golden_read(r->file, path, &whole, r->err))) {
        golden_note(r->report, "grad", golden_max_error(mine, whole.items, p->size));
        golden_note(r->report, "grad 2-norm", golden_norm_error(mine, whole.items, p->size));
        golden_array_free(&whole);
    }
    free(mine);
    return result;
}

static int compare_stages(struct run *r, int step) {
    for (int l = 0; l < STAGES && r->t->regularised; l++) {
        struct explained *s = &r->t->regularised->stages[l];
        char path[96];
        if (!s->alpha)
            continue;
        snprintf(path, sizeof path, "step/%d/alpha/layer%d", step, l + 1);
        if (compare_batched(r, path, "alpha", s->alpha, (size_t)s->channels, 1, (size_t)r->batch))
            return -1;
        snprintf(path, sizeof path, "step/%d/cam/layer%d", step, l + 1);
        if (compare_batched(r, path, "cam", s->cam, 1, (size_t)s->height * s->width, (size_t)r->batch))
            return -1;
        snprintf(path, sizeof path, "step/%d/reg_terms/layer%d", step, l + 1);
        if (compare(r, path, "terms", s->terms, (size_t)r->batch))
            return -1;
    }
    return 0;
}

static int compare_loss(struct run *r, int step, const char *name, double mine) {
    char path[64];
    double want;
    snprintf(path, sizeof path, "step/%d/%s", step, name);
    if (!golden_has(r->file, path))
        return 0;
    if (scalar(r, path, &want))
        return -1;
    golden_note(r->report, "losses", fabs(mine - want) / fabs(want));
    return 0;
}

static int compare_attention(struct run *r, int step, const struct step_result *result) {
    const struct graph *g = r->t->steps;
    char path[64];
    size_t n = (size_t)r->batch;
    if (!r->t->attention)
        return 0;
    const struct value *z = &g->values[g->attention_logits], *m = &g->values[g->attention_map];
    snprintf(path, sizeof path, "step/%d/att_logits", step);
    if (compare_batched(r, path, "logits", z->map[MAP_X], (size_t)z->channels, 1, n))
        return -1;
    snprintf(path, sizeof path, "step/%d/att_map", step);
    if (compare_batched(r, path, "map", m->map[MAP_X], 1, (size_t)m->height * m->width, n))
        return -1;
    snprintf(path, sizeof path, "step/%d/map_terms", step);
    return compare(r, path, "terms", r->t->attention->terms, n) ||
                   compare_loss(r, step, "loss_att", result->loss_att) ||
                   compare_loss(r, step, "loss_map", result->loss_map)
               ? -1
               : 0;
}

static int compare_step(struct run *r, int step, const struct step_result *result) {
    const struct graph *g = r->t->steps;
    char path[96];
    struct golden_array probes;
    snprintf(path, sizeof path, "step/%d/logits", step);
    if (compare_batched(r, path, "logits", g->values[g->logits].map[MAP_X],
                        (size_t)r->t->settings.network.classes, 1, (size_t)r->batch) ||
        compare_loss(r, step, "loss", result->loss) ||
        compare_loss(r, step, "loss_main", result->loss_main) ||
        compare_loss(r, step, "loss_reg", result->loss_reg) || compare_stages(r, step) ||
        compare_attention(r, step, result))
        return -1;
    snprintf(path, sizeof path, "step/%d/grad_probe", step);
    if (golden_read(r->file, path, &probes, r->err))
        return -1;
    int failed = 0;
    for (int i = 0; i < r->parameters && !failed; i++)
        failed = compare_gradient(r, step, i, probes.items[i]);
    golden_array_free(&probes);
    return failed;
}

// The bytes of dataset `path` from number `first` on, `count` of them.
static uint8_t *bytes_of(struct run *r, const char *path, size_t first, size_t count) {
    struct golden_array a;
    if (golden_read(r->file, path, &a, r->err))
        return NULL;
    uint8_t *out = first + count <= a.size ? allocate(count, 1, path, r->err) : NULL;
    if (first + count > a.size)
        fail(r->err, "golden file: %s: too few numbers", path);
    for (size_t i = 0; out && i < count; i++)
        out[i] = (uint8_t)a.items[first + i];
    golden_array_free(&a);
    return out;
}

static int one_step(struct run *r, int step) {
    size_t area = (size_t)r->pixels * r->pixels, n = (size_t)r->batch;
    uint8_t *images = bytes_of(r, "batch/images", (size_t)step * n * area * 3, n * area * 3);
    uint8_t *masks = bytes_of(r, "batch/masks", (size_t)step * n * area, n * area);
    uint8_t *small = bytes_of(r, "batch/labels", (size_t)step * n, n);
    int32_t *labels = allocate(n, sizeof *labels, "labels", r->err);
    struct step_result result;
    int failed = !images || !masks || !small || !labels ? -1 : 0;
    for (size_t i = 0; i < n && !failed; i++)
        labels[i] = small[i];
    if (!failed)
        failed = trainer_gradient(r->t, images, masks, labels, r->lambda, &result, r->err) ||
                 compare_step(r, step, &result);
    if (!failed)
        trainer_update(r->t, &result);
    free(images);
    free(masks);
    free(small);
    free(labels);
    return failed ? -1 : 0;
}

struct update { // final less initial value, as the file has it
    double norm, probe, scale;
};

static int compare_final_parameter(struct run *r, int index, struct update update) {
    struct parameter *p = parameters_find(&r->t->parameters, r->order[index]);
    char path[160];
    double norm, scale, *mine = as_double(p->value, p->size, r->err);
    struct golden_array initial = {0};
    snprintf(path, sizeof path, "init/%s", p->name);
    int result = !mine || golden_read(r->file, path, &initial, r->err) ? -1 : 0;
    snprintf(path, sizeof path, "final/norm/%s", p->name);
    result = result || scalar(r, path, &norm) ? -1 : 0;
    snprintf(path, sizeof path, "final/norm/%s", scale_of(r, p));
    if (!result && !(result = scalar(r, path, &scale))) {
        golden_note(r->report, "final", fabs(golden_norm(mine, p->size) - norm) / scale);
        snprintf(path, sizeof path, "final/head/%s", p->name);
        result = compare_head(r, path, "final", mine, p->size, scale);
        for (size_t i = 0; i < p->size; i++)
            mine[i] -= initial.items[i];
        golden_note(r->report, "update", fabs(golden_norm(mine, p->size) - update.norm) / update.scale);
        golden_note(r->report, "update", fabs(golden_probe(mine, p->size) - update.probe) / update.scale);
    }
    golden_array_free(&initial);
    free(mine);
    return result;
}

static int compare_final(struct run *r) {
    struct golden_array norms = {0}, probes = {0};
    int failed = golden_read(r->file, "final/update_norm", &norms, r->err) ||
                 golden_read(r->file, "final/update_probe", &probes, r->err);
    for (int i = 0; i < r->parameters && !failed; i++) {
        int scale = 0;
        const char *name = scale_of(r, parameters_find(&r->t->parameters, r->order[i]));
        while (strcmp(r->order[scale], name) && scale < r->parameters - 1)
            scale++;
        failed = compare_final_parameter(
            r, i, (struct update){norms.items[i], probes.items[i], norms.items[scale]});
    }
    golden_array_free(&norms);
    golden_array_free(&probes);
    for (int i = 0; i < r->t->parameters.count && !failed; i++) {
        struct parameter *p = &r->t->parameters.items[i];
        char path[160];
        if (p->trained)
            continue;
        snprintf(path, sizeof path, "final/buffers/%s", p->name);
        double *mine = as_double(p->value, p->size, r->err);
        failed = !mine || compare(r, path, "buffers", mine, p->size);
        free(mine);
    }
    return failed ? -1 : 0;
}

// Copies the lanes of a batch into [4][inner] rows from `first` on.
static void take_lanes(const real *a, size_t inner, size_t n, size_t first, double *out) {
    for (size_t i = 0; i < n && first + i < 4; i++)
        for (size_t k = 0; k < inner; k++)
            out[(first + i) * inner + k] = (double)a[k * n + i];
}

struct evaluated { // an array of the evaluation, gathered over batches
    char path[32];
    const char *quantity;
    const real *lanes; // [inner][N], of the batch last evaluated
    size_t inner;
    double *all; // [4][inner]
};

static int list_evaluated(const struct run *r, struct evaluated *out) {
    const struct graph *g = r->t->evaluation;
    const struct value *z = &g->values[g->logits];
    int count = 0, height, width;
    const real *map = trainer_attention(r->t, &height, &width);
    out[count++] = (struct evaluated){"eval/logits", "eval logits", z->map[MAP_X], (size_t)z->channels, NULL};
    if (map) {
        z = &g->values[g->attention_logits];
        out[count++] =
            (struct evaluated){"eval/att_logits", "eval logits", z->map[MAP_X], (size_t)z->channels, NULL};
        out[count++] =
            (struct evaluated){"eval/att_map", "eval map", map, (size_t)height * (size_t)width, NULL};
        return count;
    }
    for (int l = 0; l < STAGES; l++) {
        const struct explained *s = &r->t->inspected->stages[l];
        out[count] = (struct evaluated){"", "eval cam", s->cam, (size_t)s->height * s->width, NULL};
        snprintf(out[count++].path, sizeof out->path, "eval/cam/layer%d", l + 1);
    }
    return count;
}

// The evaluation has four images; batches of another size are filled up with the last one.
static int compare_evaluation(struct run *r) {
    size_t area3 = (size_t)r->pixels * r->pixels * 3, n = (size_t)r->batch;
    uint8_t *images = bytes_of(r, "eval/images", 0, 4 * area3), *small = bytes_of(r, "eval/labels", 0, 4);
    uint8_t *batch = allocate(n * area3, 1, "images", r->err);
    int32_t *labels = allocate(2 * n, sizeof *labels, "labels", r->err);
    struct evaluated arrays[1 + STAGES];
    int count = list_evaluated(r, arrays), failed = !images || !small || !batch || !labels;
    for (int i = 0; i < count && !failed; i++)
        failed = !(arrays[i].all = allocate(4 * arrays[i].inner, sizeof(double), arrays[i].path, r->err));
    for (size_t first = 0; first < 4 && !failed; first += n) {
        for (size_t i = 0; i < n; i++) {
            size_t from = first + i < 4 ? first + i : 3;
            memcpy(batch + i * area3, images + from * area3, area3);
            labels[i] = small[from];
        }
        trainer_evaluate(r->t, batch, labels, labels + n);
        for (int i = 0; i < count; i++)
            take_lanes(arrays[i].lanes, arrays[i].inner, n, first, arrays[i].all);
    }
    for (int i = 0; i < count; i++) {
        failed = failed || compare(r, arrays[i].path, arrays[i].quantity, arrays[i].all, 4 * arrays[i].inner);
        free(arrays[i].all);
    }
    free(images);
    free(small);
    free(batch);
    free(labels);
    return failed ? -1 : 0;
}

static int load_initial(struct run *r) {
    for (int i = 0; i < r->t->parameters.count; i++) {
        struct parameter *p = &r->t->parameters.items[i];
        struct golden_array a;
        char path[96];
        snprintf(path, sizeof path, "init/%s", p->name);
        if (golden_read(r->file, path, &a, r->err))
            return -1;
        int fits = a.size == p->size;
        for (size_t j = 0; j < p->size && fits; j++)
            p->value[j] = (real)a.items[j];
        golden_array_free(&a);
        if (!fits)
            return fail(r->err, "golden file: %s: not of the network's size", path);
    }
    return 0;
}

static int read_order(struct run *r) {
    hid_t set = H5Dopen2(r->file, "params", H5P_DEFAULT);
    if (set < 0)
        return fail(r->err, "golden file: no dataset params");
    hid_t space = H5Dget_space(set), type = H5Tcopy(H5T_C_S1);
    hssize_t count = H5Sget_simple_extent_npoints(space);
    H5Tset_size(type, sizeof *r->order);
    r->order =
        count > 0 && count < 100000 ? allocate((size_t)count, sizeof *r->order, "names", r->err) : NULL;
    int bad = !r->order || H5Dread(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, r->order) < 0;
    r->parameters = (int)count;
    for (int i = 0; !bad && i < r->parameters; i++)
        bad = !parameters_find(&r->t->parameters, r->order[i]);
    H5Tclose(type);
    H5Sclose(space);
    H5Dclose(set);
    return bad ? fail(r->err, "golden file: params: names that the network does not have") : 0;
}

static int make_trainer(struct run *r, const char *method) {
    char order[32], reduction[16];
    if (golden_text(r->file, "order", order, sizeof order, r->err) ||
        golden_text(r->file, "reduction", reduction, sizeof reduction, r->err))
        return -1;
    struct trainer_settings s = {.batch = r->batch, .threads = 2};
    s.network = (struct network){.model = r->model,
                                 .width = (int)golden_attribute(r->file, "width", 0),
                                 .classes = (int)golden_attribute(r->file, "classes", 0),
                                 .pixels = r->pixels,
                                 .bn_eps = golden_attribute(r->file, "bn_eps", 0),
                                 .bn_momentum = golden_attribute(r->file, "bn_momentum", 0)};
    s.network.attention = !strcmp(method, "abn");
    s.network.model += s.network.attention ? strlen("abn_") : 0;
    s.gamma = golden_attribute(r->file, "gamma", 0);
    s.regularises = strcmp(method, "baseline") != 0 && !s.network.attention;
    s.detached = !strcmp(method, "reff_detached");
    s.regulariser =
        (struct regulariser){.penalty = !strcmp(method, "l1")   ? PENALTY_L1
                                        : !strcmp(method, "l2") ? PENALTY_L2
                                                                : PENALTY_REFF,
                             .order = !strcmp(order, "resize-first") ? RESIZE_FIRST : NORMALISE_FIRST,
                             .mean = !strcmp(reduction, "mean"),
                             .cam_eps = golden_attribute(r->file, "cam_eps", 0)};
    s.sgd = (struct sgd){.lr = golden_attribute(r->file, "lr", 0),
                         .momentum = golden_attribute(r->file, "momentum", 0),
                         .weight_decay = golden_attribute(r->file, "weight_decay", 0)};
    hid_t a = H5Aopen(r->file, "layer_weights", H5P_DEFAULT);
    int bad = a < 0 || H5Aread(a, H5T_NATIVE_DOUBLE, s.layer_weights) < 0;
    if (a >= 0)
        H5Aclose(a);
    if (bad)
        return fail(r->err, "golden file: no attribute 'layer_weights'");
    r->t = trainer_create(&s, 0, r->err);
    return r->t ? 0 : -1;
}

int golden_classifier(hid_t file, const char *name, golden_done *done, void *context, struct error *err) {
    struct golden_report report = {0};
    char method[32];
    struct run r = {.file = file,
                    .report = &report,
                    .err = err,
                    .lambda = golden_attribute(file, "lambda", 0),
                    .batch = (int)golden_attribute(file, "batch", 0),
                    .pixels = (int)golden_attribute(file, "pixels", 0),
                    .steps = (int)golden_attribute(file, "steps", 0)};
    snprintf(report.name, sizeof report.name, "%s", name);
    if (golden_text(file, "model", r.model, sizeof r.model, err) ||
        golden_text(file, "method", method, sizeof method, err) ||
        golden_text(file, "zero_grad", r.zero_grad, sizeof r.zero_grad, err))
        return -1;
    static const char *const known[] = {"baseline", "reff", "reff_detached", "l1", "l2", "abn", NULL};
    int i = 0;
    while (known[i] && strcmp(known[i], method))
        i++;
    if (!known[i]) {
        snprintf(report.skipped, sizeof report.skipped, "method %s is not part of this version", method);
        done(context, &report);
        return 0;
    }
    int failed = make_trainer(&r, method) || load_initial(&r) || read_order(&r);
    for (int step = 0; step < r.steps && !failed; step++)
        failed = one_step(&r, step);
    failed = failed || compare_final(&r) || compare_evaluation(&r);
    trainer_free(r.t);
    free(r.order);
    if (!failed)
        done(context, &report);
    return failed ? -1 : 0;
}
