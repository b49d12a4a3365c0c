// SPDX-License-Identifier: Apache-2.0
// Golden cases of single layers: their four maps, and the regulariser's gradients, on arrays from the file.
#include "core/base/memory.h"
#include "core/kernels/gemm.h"
#include "core/layers/layers.h"
#include "core/losses/explanation.h"
#include "experiments/golden/golden.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct layer_case {
    hid_t group;
    struct golden_report *report;
    struct error *err;
};

// [N][C][inner] of the file to our [C][inner][N].
static int load(const struct layer_case *c, const char *name, int batch, real *out, size_t size) {
    char path[64];
    struct golden_array a;
    snprintf(path, sizeof path, "in/%s", name);
    if (golden_read(c->group, path, &a, c->err))
        return -1;
    size_t n = (size_t)batch, rest = a.size / (n ? n : 1);
    int fits = a.size == size;
    for (size_t i = 0; i < a.size && fits; i++)
        out[i % rest * n + i / rest] = (real)a.items[i];
    golden_array_free(&a);
    return fits ? 0 : fail(c->err, "golden file: %s: not of the layer's size", path);
}

static int compare_array(const struct layer_case *c, const char *name, const real *mine, int batch,
                         size_t size) {
    char path[64];
    struct golden_array a;
    snprintf(path, sizeof path, "out/%s", name);
    if (golden_read(c->group, path, &a, c->err))
        return -1;
    double *ours = a.size == size ? allocate(size, sizeof *ours, path, c->err) : NULL;
    size_t n = (size_t)batch, rest = size / (n ? n : 1);
    for (size_t i = 0; ours && i < size; i++)
        ours[i] = (double)mine[i % rest * n + i / rest];
    if (ours)
        golden_note(c->report, name, golden_max_error(ours, a.items, size));
    else if (a.size != size)
        fail(c->err, "golden file: %s: not of the layer's size", path);
    free(ours);
    golden_array_free(&a);
    return ours ? 0 : -1;
}

// One layer between inputs that carry all four maps (they are "explained stages") and the logits.
static int add_layer(struct graph *g, const struct layer_case *c, const char *op, struct error *err) {
    int kernel = (int)golden_attribute(c->group, "kernel", 0),
        stride = (int)golden_attribute(c->group, "stride", 1);
    int padding = (int)golden_attribute(c->group, "padding", 0);
    if (golden_has(c->group, "in/weight") && strcmp(op, "batch_norm")) {
        struct golden_array w;
        if (golden_read(c->group, "in/weight", &w, err))
            return -1;
        int transposed = !strcmp(op, "conv_transpose2d"), biased = golden_has(c->group, "in/bias");
        int outputs = (int)w.shape[transposed ? 1 : 0];
        golden_array_free(&w);
        if (!strcmp(op, "linear"))
            return graph_add_linear(g, "layer", 0, outputs, err);
        if (transposed)
            return graph_add_transposed_convolution(g, "layer", 0, outputs, kernel, stride, padding, biased,
                                                    err);
        return biased ? graph_add_biased_convolution(g, "layer", 0, outputs, kernel, stride, padding, err)
                      : graph_add_convolution(g, "layer", 0, outputs, kernel, stride, padding, err);
    }
    if (!strcmp(op, "leaky_relu"))
        return graph_add_leaky_relu(g, "layer", 0, golden_attribute(c->group, "slope", 0), err);
    if (!strcmp(op, "tanh"))
        return graph_add_tanh(g, "layer", 0, err);
    if (!strcmp(op, "batch_norm"))
        return graph_add_batch_norm(g, "layer", 0, -1, 0, golden_attribute(c->group, "eps", 0),
                                    golden_attribute(c->group, "momentum", 0), err);
    if (!strcmp(op, "max_pool2d"))
        return graph_add_max_pool(g, "layer", 0, kernel, stride, padding, err);
    if (!strcmp(op, "sigmoid"))
        return graph_add_sigmoid(g, "layer", 0, err);
    if (!strcmp(op, "attention"))
        return graph_add_attention(g, "layer", 0,
                                   graph_add_value(g, 1, g->values[0].height, g->values[0].width, err), err);
    return graph_add_relu(g, "layer", 0, err);
}

static int load_parameters(struct graph *g, const struct layer_case *c) {
    for (int i = 0; i < g->parameters->count; i++) {
        struct parameter *p = &g->parameters->items[i];
        if (load(c, strchr(p->name, '.') + 1, 1, p->value, p->size))
            return -1;
    }
    return 0;
}

// The layer's inputs, x and (of the attention product) m: their array of a map loaded from the file, or
// compared with it. `prefix`: "t_".
static int load_inputs(struct graph *g, const struct layer_case *c, const char *prefix, enum map map) {
    const struct node *node = &g->nodes[0];
    for (int i = 0; i < node->input_count; i++) {
        char name[8];
        snprintf(name, sizeof name, "%s%c", prefix, i ? 'm' : 'x');
        if (load(c, name, g->batch, layer_map(g, node->inputs[i], map), value_size(g, node->inputs[i])))
            return -1;
    }
    return 0;
}

static int compare_inputs(struct graph *g, const struct layer_case *c, const char *prefix, enum map map) {
    const struct node *node = &g->nodes[0];
    for (int i = 0; i < node->input_count; i++) {
        char name[8];
        snprintf(name, sizeof name, "%s%c", prefix, i ? 'm' : 'x');
        if (compare_array(c, name, layer_map(g, node->inputs[i], map), g->batch,
                          value_size(g, node->inputs[i])))
            return -1;
    }
    return 0;
}

static int four_maps(struct graph *g, const struct layer_case *c, int output) {
    struct node *node = &g->nodes[0];
    size_t out = value_size(g, output);
    struct value *y = &g->values[output];
    int batch = g->batch;
    // Outputs are filled with NaN first: each map must write all of them.
    memset(g->arena, 0xff, g->arena_bytes);
    if (load_inputs(g, c, "", MAP_X))
        return -1;
    node->layer->forward(g, node);
    if (compare_array(c, "y", y->map[MAP_X], batch, out) || load(c, "g_y", batch, y->map[MAP_G], out))
        return -1;
    node->layer->score(g, node);
    if (compare_inputs(g, c, "g_", MAP_G) || load_inputs(g, c, "t_", MAP_T))
        return -1;
    node->layer->tangent(g, node);
    if (compare_array(c, "t_y", y->map[MAP_T], batch, out) || load(c, "d_y", batch, y->map[MAP_D], out))
        return -1;
    node->layer->backward(g, node);
    if (compare_inputs(g, c, "d_", MAP_D))
        return -1;
    for (int i = 0; i < g->parameters->count; i++) {
        struct parameter *p = &g->parameters->items[i];
        char name[80];
        snprintf(name, sizeof name, p->trained ? "d_%s" : "%s", strchr(p->name, '.') + 1);
        if (compare_array(c, name, p->trained ? p->gradient : p->value, 1, p->size))
            return -1;
    }
    return 0;
}

static int run_layer(const struct layer_case *c, const char *op) {
    struct golden_array x;
    if (golden_read(c->group, "in/x", &x, c->err))
        return -1;
    if (x.rank != 2 && x.rank != 4) {
        golden_array_free(&x);
        return fail(c->err, "golden file: in/x is no [N,C] or [N,C,H,W]");
    }
    struct parameters parameters = {0};
    struct graph *g = graph_create((int)x.shape[0], &parameters, c->err);
    int output = -1, failed = 1;
    void *arena = NULL;
    if (g && graph_add_value(g, (int)x.shape[1], x.rank > 2 ? (int)x.shape[2] : 1,
                             x.rank > 3 ? (int)x.shape[3] : 1, c->err) == 0)
        output = add_layer(g, c, op, c->err);
    if (output > 0 && !parameters_allocate(&parameters, c->err)) {
        unsigned inputs = 0; // all of them "explained stages"
        for (int i = 0; i < g->nodes[0].input_count; i++, inputs = inputs << 1 | 1)
            g->stage[i] = g->nodes[0].inputs[i];
        g->input = -1;
        g->logits = output;
        g->precision = c->report->precision;
        failed = graph_plan(g, GRAPH_TRAIN_EXPLAIN, inputs, 2, c->err);
        arena = failed ? NULL : allocate_arena(g->arena_bytes, "a layer", c->err);
        failed = failed || !arena;
    }
    if (!failed) {
        graph_place(g, arena);
        failed = load_parameters(g, c) || four_maps(g, c, output);
    }
    free(arena);
    graph_free(g);
    parameters_free(&parameters);
    golden_array_free(&x);
    return failed ? -1 : 0;
}

// Planes of `from` resized (or the adjoint) and compared with `to`.
static int resize_planes(const struct layer_case *c, struct bilinear *b, const char *from, const char *to,
                         int adjoint) {
    char path[64];
    struct golden_array in = {0}, want = {0};
    int small = b->rows.in * b->columns.in, large = b->rows.out * b->columns.out;
    size_t from_plane = (size_t)(adjoint ? large : small), to_plane = (size_t)(adjoint ? small : large);
    snprintf(path, sizeof path, "in/%s", from);
    int failed = golden_read(c->group, path, &in, c->err);
    snprintf(path, sizeof path, "out/%s", to);
    failed = failed || golden_read(c->group, path, &want, c->err);
    if (!failed && (in.size % from_plane || want.size != in.size / from_plane * to_plane))
        failed = fail(c->err, "golden file: %s: not of the size that %s asks for", path, from);
    double *mine = failed ? NULL : allocate(want.size, sizeof *mine, path, c->err);
    double *scratch =
        failed ? NULL : allocate((size_t)b->rows.in * b->columns.out, sizeof *scratch, path, c->err);
    for (size_t plane = 0; mine && scratch && (plane + 1) * from_plane <= in.size; plane++)
        if (adjoint)
            bilinear_adjoint(b, in.items + plane * from_plane, mine + plane * to_plane, scratch);
        else
            bilinear_resize(b, in.items + plane * from_plane, mine + plane * to_plane, scratch);
    if (mine && scratch)
        golden_note(c->report, to, golden_max_error(mine, want.items, want.size));
    failed = !mine || !scratch;
    free(mine);
    free(scratch);
    golden_array_free(&in);
    golden_array_free(&want);
    return failed ? -1 : 0;
}

static int run_bilinear(const struct layer_case *c) {
    struct golden_array x;
    struct bilinear b;
    if (golden_read(c->group, "in/x", &x, c->err))
        return -1;
    int failed = x.rank != 4 ? fail(c->err, "golden file: in/x is no [N,C,H,W]") : 0;
    failed = failed || bilinear_create(&b, (int)x.shape[2], (int)x.shape[3],
                                       (int)golden_attribute(c->group, "out_h", 0),
                                       (int)golden_attribute(c->group, "out_w", 0), c->err);
    golden_array_free(&x);
    if (failed)
        return -1;
    failed = resize_planes(c, &b, "x", "y", 0) || resize_planes(c, &b, "g_y", "g_x", 1) ||
             resize_planes(c, &b, "t_x", "t_y", 0) || resize_planes(c, &b, "d_y", "d_x", 1);
    bilinear_free(&b);
    return failed ? -1 : 0;
}

// A graph of one value that is an explained stage: what explanation_loss needs of a network.
static struct graph *stage_alone(const struct golden_array *a, struct parameters *none, struct error *err) {
    struct graph *g = graph_create((int)a->shape[0], none, err);
    if (!g || graph_add_value(g, (int)a->shape[1], (int)a->shape[2], (int)a->shape[3], err)) {
        graph_free(g);
        return NULL;
    }
    g->explained[0] = 1;
    return g;
}

static int compare_regulariser(const struct layer_case *c, struct graph *g, struct explanation *e,
                               const struct golden_array *s) {
    size_t n = (size_t)g->batch, size = value_size(g, 0), maps = value_columns(g, 0);
    struct explained *stage = &e->stages[0];
    struct value *v = &g->values[0];
    uint8_t *annotation = allocate(s->size, 1, "annotations", c->err);
    real *mine = allocate(4 * size, sizeof(real), "maps", c->err);
    int failed = !annotation || !mine;
    if (!failed) {
        for (int m = 0; m < 4; m++)
            v->map[m] = mine + (size_t)m * size;
        for (size_t i = 0; i < s->size; i++)
            annotation[i] = (uint8_t)lrint(255 * s->items[i]);
        failed = load(c, "A", g->batch, v->map[MAP_X], size) || load(c, "G", g->batch, v->map[MAP_G], size);
    }
    if (!failed) {
        explanation_collect(e, g, 0);
        double loss = explanation_loss(e, g, annotation, 1);
        struct golden_array want;
        explanation_seed_tangent(e, g, 0);  // dL/dG_l
        explanation_seed_backward(e, g, 0); // dL/dA_l
        failed = golden_read(c->group, "out/loss", &want, c->err);
        if (!failed) {
            golden_note(c->report, "loss", fabs(loss - want.items[0]) / fabs(want.items[0]));
            golden_array_free(&want);
        }
        failed = failed || compare_array(c, "alpha", stage->alpha, g->batch, n * (size_t)stage->channels) ||
                 compare_array(c, "R", stage->cam, g->batch, maps) ||
                 compare_array(c, "d_G", v->map[MAP_T], g->batch, size) ||
                 compare_array(c, "d_A", v->map[MAP_D], g->batch, size);
    }
    struct golden_array terms = {0};
    failed = failed || golden_read(c->group, "out/terms", &terms, c->err);
    if (!failed)
        golden_note(c->report, "terms", golden_max_error(stage->terms, terms.items, n));
    golden_array_free(&terms);
    free(annotation);
    free(mine);
    return failed ? -1 : 0;
}

static int run_regulariser(const struct layer_case *c) {
    char method[16], order[32], reduction[16];
    struct golden_array a = {0}, s = {0};
    struct parameters none = {0};
    if (golden_text(c->group, "method", method, sizeof method, c->err) ||
        golden_text(c->group, "order", order, sizeof order, c->err) ||
        golden_text(c->group, "reduction", reduction, sizeof reduction, c->err) ||
        golden_read(c->group, "in/A", &a, c->err) || golden_read(c->group, "in/s", &s, c->err)) {
        golden_array_free(&a);
        return -1;
    }
    struct regulariser settings = {.penalty = !strcmp(method, "l1")   ? PENALTY_L1
                                              : !strcmp(method, "l2") ? PENALTY_L2
                                                                      : PENALTY_REFF,
                                   .order = !strcmp(order, "resize-first") ? RESIZE_FIRST : NORMALISE_FIRST,
                                   .mean = !strcmp(reduction, "mean"),
                                   .cam_eps = golden_attribute(c->group, "cam_eps", 0)};
    if (a.rank != 4 || s.rank != 3 || s.shape[0] != a.shape[0]) {
        golden_array_free(&a);
        golden_array_free(&s);
        return fail(c->err, "golden file: in/A and in/s are no [N,C,H,W] and [N,H,W]");
    }
    double one[STAGES] = {1, 0, 0, 0};
    struct graph *g = stage_alone(&a, &none, c->err);
    struct explanation *e =
        g ? explanation_create(g, &settings, one, (int)s.shape[1], (int)s.shape[2], 2, c->err) : NULL;
    int failed = !e || compare_regulariser(c, g, e, &s);
    explanation_free(e);
    graph_free(g);
    golden_array_free(&a);
    golden_array_free(&s);
    return failed ? -1 : 0;
}

static int run_group(const struct layer_case *c) {
    char op[32];
    if (golden_text(c->group, "op", op, sizeof op, c->err))
        return -1;
    if (!strcmp(op, "regulariser"))
        return run_regulariser(c);
    if (!strcmp(op, "bilinear"))
        return run_bilinear(c);
    static const char *const known[] = {"conv2d", "conv_transpose2d", "linear", "batch_norm", "max_pool2d",
                                        "relu",   "leaky_relu",       "tanh",   "sigmoid",    "attention",
                                        NULL};
    int i = 0;
    while (known[i] && strcmp(known[i], op))
        i++;
    if (!known[i]) {
        snprintf(c->report->skipped, sizeof c->report->skipped, "%s is not part of this version", op);
        return 0;
    }
    return run_layer(c, op);
}

int golden_layers(hid_t file, const char *name, enum precision precision, golden_done *done, void *context,
                  struct error *err) {
    H5G_info_t info;
    gemm_prepare();
    if (H5Gget_info(file, &info) < 0)
        return fail(err, "golden file: cannot be listed");
    for (hsize_t i = 0; i < info.nlinks; i++) {
        struct golden_report report = {.precision = precision};
        char link[96];
        if (H5Lget_name_by_idx(file, ".", H5_INDEX_NAME, H5_ITER_INC, i, link, sizeof link, H5P_DEFAULT) < 0)
            return fail(err, "golden file: cannot be listed");
        snprintf(report.name, sizeof report.name, "%.30s/%.90s", name, link);
        struct layer_case c = {H5Gopen2(file, link, H5P_DEFAULT), &report, err};
        int failed = c.group < 0 ? fail(err, "golden file: %s is no group", link) : run_group(&c);
        if (c.group >= 0)
            H5Gclose(c.group);
        if (failed)
            return -1;
        done(context, &report);
    }
    return 0;
}
