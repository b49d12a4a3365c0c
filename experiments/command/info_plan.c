// SPDX-License-Identifier: Apache-2.0
#include "experiments/command/info_plan.h"

#include "core/base/text.h"
#include "core/train/trainer.h"

#include <stdio.h>
#include <string.h>

static const char *const map_names[MAP_COUNT] = {"forward", "score", "tangent", "backward"};
static const char *const array_names[MAP_COUNT] = {"x", "g", "t", "d"};
static const char *const mode_names[] = {"infer", "infer and explain", "train", "train, alpha a constant",
                                         "train and explain"};

// ---------------------------------------------------------------------------------------------- as JSON

static int is_planned(const struct graph *g, int value, enum map map) {
    return g->values[value].offset[map] != GRAPH_NOWHERE;
}

// Whether a step runs that map of the node: upwards where its output has it, downwards where an input has; the
// backward map always, for it makes the gradients of parameters.
static int runs(const struct graph *g, const struct node *node, enum map map) {
    if (map != MAP_G)
        return is_planned(g, node->output, map);
    for (int i = 0; i < node->input_count; i++)
        if (is_planned(g, node->inputs[i], map))
            return 1;
    return 0;
}

static json_t *shape_json(const struct value *v) {
    return json_pack("[iii]", v->channels, v->height, v->width);
}

static json_t *node_json(const struct graph *g, const struct node *node, struct error *err) {
    json_t *maps = json_array(), *arrays = json_array(), *algorithms = json_object();
    const struct value *out = &g->values[node->output];
    size_t bytes = 0, kept = node->layer->kept ? node->layer->kept(g, node) : 0;
    struct text way = {0};
    for (enum map map = 0; map < MAP_COUNT; map++) {
        if (is_planned(g, node->output, map)) {
            json_array_append_new(arrays, json_string(array_names[map]));
            bytes += value_bytes(g, node->output);
        }
        if (!runs(g, node, map))
            continue;
        json_array_append_new(maps, json_string(map_names[map]));
        if (!node->layer->describe)
            continue;
        text_clear(&way);
        node->layer->describe(g, node, map, &way);
        json_object_set_new(algorithms, map_names[map], json_string(text_string(&way)));
    }
    json_t *all = json_pack("{ss ss so so so so sb sI sI so}", "name", node->name, "layer", node->layer->name,
                            "input", shape_json(&g->values[node->inputs[0]]), "output", shape_json(out),
                            "maps", maps, "arrays", arrays, "paired", out->paired, "bytes", (json_int_t)bytes,
                            "kept_bytes", (json_int_t)kept, "algorithms", algorithms);
    if (text_check(&way, "a plan", err) || !all) {
        json_decref(all);
        fail(err, "out of memory: a plan");
        all = NULL;
    }
    text_free(&way);
    return all;
}

static json_t *graph_json(const struct graph *g, const struct train_settings *settings, int threads,
                          struct error *err) {
    json_t *nodes = json_array();
    size_t scratch = 0;
    for (int n = 0; n < g->node_count; n++) {
        const struct layer *layer = g->nodes[n].layer;
        size_t here = layer->scratch ? layer->scratch(g, &g->nodes[n], threads) * sizeof(real) : 0;
        scratch = here > scratch ? here : scratch;
        json_t *node = node_json(g, &g->nodes[n], err);
        if (!node) {
            json_decref(nodes);
            return NULL;
        }
        json_array_append_new(nodes, node);
    }
    json_t *plan =
        json_pack("{ss ss ss si ss sI sI sI so}", "model", settings->model, "method", settings->method,
                  "mode", mode_names[g->mode], "batch", g->batch, "precision", precision_name(g->precision),
                  "parameters", (json_int_t)g->parameters->size, "bytes", (json_int_t)g->arena_bytes,
                  "scratch_bytes", (json_int_t)scratch, "nodes", nodes);
    if (!plan)
        fail(err, "out of memory: a plan");
    return plan;
}

json_t *info_plan(const struct train_settings *settings, int pixels, int classes, int threads,
                  struct error *err) {
    struct trainer_settings resolved;
    struct parameters parameters = {0};
    double lambda;
    if (train_resolve(settings, pixels, classes, &resolved, &lambda, err))
        return NULL;
    resolved.threads = threads ? threads : resolved.threads;
    struct graph *g = trainer_graph(&resolved, &parameters, err);
    json_t *plan = g ? graph_json(g, settings, resolved.threads, err) : NULL;
    graph_free(g);
    parameters_free(&parameters);
    return plan;
}

// ---------------------------------------------------------------------------------------------- as a table

static const char *word(const json_t *object, const char *key) {
    return json_string_value(json_object_get(object, key));
}

static double number(const json_t *object, const char *key) {
    return json_number_value(json_object_get(object, key));
}

static void add_shape(struct text *out, const json_t *shape) {
    for (size_t i = 0; i < 3; i++)
        text_printf(out, "%s%lld", i ? "x" : "", (long long)json_integer_value(json_array_get(shape, i)));
}

// The forward map's way; then each map's that goes another than the one before.
static void add_algorithms(struct text *out, const json_t *algorithms) {
    const char *before = NULL;
    for (enum map map = 0; map < MAP_COUNT; map++) {
        const char *way = word(algorithms, map_names[map]);
        if (way && before && !strcmp(way, before))
            continue;
        if (way && before)
            text_printf(out, "; %s: ", map_names[map]);
        if (way)
            text_add(out, way);
        before = way ? way : before;
    }
}

int info_plan_print(const json_t *plan, struct error *err) {
    const json_t *node;
    struct text line = {0};
    size_t i, k;
    printf("%s, %s, a step to %s: batch %d, %s, %.0f parameters\n", word(plan, "model"), word(plan, "method"),
           word(plan, "mode"), (int)number(plan, "batch"), word(plan, "precision"),
           number(plan, "parameters"));
    printf("arena %.2f MiB, of it scratch %.2f MiB\n\n", number(plan, "bytes") / (1 << 20),
           number(plan, "scratch_bytes") / (1 << 20));
    printf("%-26s %-14s %-13s %-12s %8s %8s  %s\n", "node", "layer", "output", "arrays", "KiB", "kept KiB",
           "algorithm");
    json_array_foreach(json_object_get(plan, "nodes"), i, node) {
        const json_t *array;
        text_clear(&line);
        text_printf(&line, "%-26s %-14s ", word(node, "name"), word(node, "layer"));
        size_t column = line.length;
        add_shape(&line, json_object_get(node, "output"));
        text_repeat(&line, " ", 14 - (int)(line.length - column));
        column = line.length;
        json_array_foreach(json_object_get(node, "arrays"), k, array)
            text_printf(&line, "%s%s", k ? " " : "", json_string_value(array));
        if (json_is_true(json_object_get(node, "paired")))
            text_add(&line, " bf16");
        text_repeat(&line, " ", 13 - (int)(line.length - column));
        text_printf(&line, "%8.1f %8.1f  ", number(node, "bytes") / 1024, number(node, "kept_bytes") / 1024);
        add_algorithms(&line, json_object_get(node, "algorithms"));
        while (line.length && line.bytes[line.length - 1] == ' ')
            line.bytes[--line.length] = 0;
        puts(text_string(&line));
    }
    int result = text_check(&line, "a plan", err);
    text_free(&line);
    return result;
}
