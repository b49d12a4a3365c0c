// SPDX-License-Identifier: Apache-2.0
// reff info: what is inside a shard; or what this machine offers; or what a training step would do.
#include "core/base/limits.h"
#include "core/base/memory.h"
#include "core/base/options.h"
#include "core/base/provenance.h"
#include "core/base/text.h"
#include "core/kernels/arithmetic.h"
#include "core/kernels/isa.h"
#include "core/shard/shard.h"
#include "experiments/command/commands.h"
#include "experiments/command/info_plan.h"
#include "experiments/sweep/resources.h"

#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct info_options {
    int json, machine, plan, pixels, classes, threads;
};

typedef struct info_options O;

static const struct setting schema_of_info[] = {
    SETTING_SWITCH(O, machine, "show this machine, and what would be used of it"),
    SETTING_SWITCH(O, plan, "show a training step of the settings below, layer by layer"),
    SETTING_COUNT(O, pixels, "224", 8, 4096, "pixels", "with --plan: side of the images"),
    SETTING_COUNT(O, classes, "10", 2, 1000000, "classes", "with --plan: classes of the data"),
    SETTING_COUNT(O, threads, "0", 0, 1024, "threads", "with --plan: threads of the step; 0: all cores"),
    SETTING_SWITCH(O, json, "print all of it as JSON"),
    SETTING_END,
};

// The training's settings that a plan depends on.
static const char *const taken[] = {"model",         "width",     "method",     "batch",
                                    "layer_weights", "precision", "activations"};

enum { TAKEN = sizeof taken / sizeof *taken, ROWS = TAKEN + sizeof schema_of_info / sizeof *schema_of_info };

struct info_settings { // one target for one table: the command's own, then the training's
    struct info_options own;
    struct train_settings train;
};

static const struct command command_of_info = {
    .name = "info",
    .arguments = "FILE | --machine | --plan",
    .summary = "Show what a shard holds, what this machine offers, or what a training step does.",
    .description =
        "FILE is a shard: its shapes, attributes, datasets and images per class.\n\n--machine: the "
        "processor, its cores, and the instruction set that multiplies in bf16 (--precision bf16 or auto). "
        "The environment variable REFF_ISA names a lesser one to use: plain, avx512, avx512-bf16 or "
        "amx.\n\n--plan: "
        "the layers of a training step, each with the shape of its output; the arrays that the output has (x "
        "and the gradients g, t and d) and their size; what the layer keeps beside them; the algorithm and "
        "the instruction set of its convolutions on this machine. Nothing is trained.",
    .example = "reff info train.h5\n  reff info --plan --model resnet18 --method reff --pixels 112",
    .minimum_words = 0,
    .maximum_words = 1,
};

// {"images", "height", "width", "classes", "per_class": [..], "annotated": share of pixels, "attributes",
// "datasets"}
static json_t *describe(struct shard *shard, struct error *err) {
    struct shard_shape shape = shard_shape(shard);
    size_t area = (size_t)shape.height * (size_t)shape.width;
    long *counts = allocate((size_t)shape.classes, sizeof *counts, "images per class", err);
    uint8_t *mask = counts ? allocate(area, 1, "a mask", err) : NULL;
    double annotated = 0;
    int bad = !mask;
    for (long i = 0; i < shape.count && !bad; i++) {
        uint32_t index = (uint32_t)i;
        int32_t label;
        bad = shard_read(shard, &index, 1, NULL, mask, &label, err);
        size_t sum = 0;
        for (size_t p = 0; p < area && !bad; p++)
            sum += mask[p];
        annotated += (double)sum / 255 / (double)area / (double)shape.count;
        if (!bad)
            counts[label]++;
    }
    json_t *per_class = json_array();
    for (int c = 0; c < shape.classes && !bad; c++)
        json_array_append_new(per_class, json_integer(counts[c]));
    json_t *attributes = bad ? NULL : shard_attributes(shard, err);
    json_t *datasets = attributes ? shard_datasets(shard, err) : NULL;
    json_t *info = NULL;
    if (datasets)
        info = json_pack("{sIsisisisosfsoso}", "images", (json_int_t)shape.count, "height", shape.height,
                         "width", shape.width, "classes", shape.classes, "per_class", json_incref(per_class),
                         "annotated", annotated, "attributes", json_incref(attributes), "datasets",
                         json_incref(datasets));
    json_decref(per_class);
    json_decref(attributes);
    json_decref(datasets);
    free(counts);
    free(mask);
    return info;
}

// Text from the file, without what a terminal would obey.
static void print_visible(const char *format, const char *from_file) {
    struct text t = {0};
    text_add_visible(&t, from_file);
    printf(format, text_string(&t)); // NOLINT: the formats are the constants below
    text_free(&t);
}

// One attribute's value on one line: text as it is, lists joined and, when long, cut.
static void print_value(const json_t *value) {
    enum { SHOWN = 12 };
    size_t i, count = json_array_size(value);
    const json_t *item;
    if (json_is_string(value)) {
        print_visible("%s", json_string_value(value));
    } else if (json_is_array(value)) {
        json_array_foreach((json_t *)value, i, item) {
            if (i == SHOWN)
                break;
            printf(i ? ", " : "");
            print_value(item);
        }
        if (count > SHOWN)
            printf(", ... (%zu in all)", count);
    } else {
        char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(10));
        printf("%s", text ? text : "?");
        free(text);
    }
}

static void print_shape(const json_t *shape) {
    size_t i;
    const json_t *extent;
    printf("[");
    json_array_foreach((json_t *)shape, i, extent)
        printf("%s%lld", i ? "," : "", (long long)json_integer_value(extent));
    printf("]");
}

static void print_info(const char *path, json_t *info) {
    const char *key;
    json_t *value, *dataset;
    size_t i;
    print_visible("%s", path);
    printf(": %lld images of %lld x %lld pixels, %lld classes\n",
           (long long)json_integer_value(json_object_get(info, "images")),
           (long long)json_integer_value(json_object_get(info, "width")),
           (long long)json_integer_value(json_object_get(info, "height")),
           (long long)json_integer_value(json_object_get(info, "classes")));
    printf("\nimages per class:");
    json_array_foreach(json_object_get(info, "per_class"), i, value)
        printf(" %lld", (long long)json_integer_value(value));
    printf("\nannotated: %.1f %% of all pixels\n\nattributes:\n",
           100 * json_real_value(json_object_get(info, "annotated")));
    json_object_foreach(json_object_get(info, "attributes"), key, value) {
        print_visible("  %-24s ", key);
        print_value(value);
        printf("\n");
    }
    printf("\ndatasets:\n");
    json_array_foreach(json_object_get(info, "datasets"), i, dataset) {
        print_visible("  %-24s ", json_string_value(json_object_get(dataset, "name")));
        printf("%-8s ", json_string_value(json_object_get(dataset, "type")));
        print_shape(json_object_get(dataset, "shape"));
        print_visible("  %s\n", json_string_value(json_object_get(dataset, "description")));
    }
}

// Of products of one kind of numbers.
static json_t *instruction_sets(int (*takes)(enum isa isa), enum isa used) {
    json_t *available = json_array();
    for (enum isa isa = 0; isa < ISA_COUNT; isa++)
        if (takes(isa) && isa_available(isa))
            json_array_append_new(available, json_string(isa_name(isa)));
    return json_pack("{soss}", "available", available, "used", isa_name(used));
}

// The variable of the environment that says how threads wait for work, ours or the user's.
static json_t *waiting(void) {
    static const char *const variables[] = {"OMP_WAIT_POLICY", "GOMP_SPINCOUNT"};
    for (int i = 0; i < 2; i++)
        if (getenv(variables[i]))
            return json_sprintf("%s=%.40s", variables[i], getenv(variables[i]));
    return json_string("as the runtime has it");
}

// {"processor", "cores", "compiled_for", "openblas_core", "f32": {"available": [..], "used"}, "bf16": the
// same, "auto": {"precision", "reason"}, "threads", "memory": bytes available now, "waiting": how threads wait}
static json_t *describe_machine(struct error *err) {
    json_t *made_by = provenance_json(err);
    json_t *machine = json_pack(
        "{sOsOsOsOsoso s{ssss} si sf so}", "processor", json_object_get(made_by, "processor"), "cores",
        json_object_get(made_by, "cores"), "compiled_for", json_object_get(made_by, "instruction_set"),
        "openblas_core", json_object_get(json_object_get(made_by, "libraries"), "openblas_core"), "f32",
        instruction_sets(isa_takes_f32, isa_for_f32()), "bf16",
        instruction_sets(isa_takes_bf16, isa_for_bf16()), "auto", "precision",
        precision_name(arithmetic_auto()->precision), "reason", arithmetic_auto()->reason, "threads",
        omp_get_max_threads(), "memory", limits_memory(), "waiting", waiting());
    json_decref(made_by);
    if (!machine)
        fail_memory(err, "a description");
    return machine;
}

static void print_products(const json_t *machine, const char *numbers) {
    const json_t *products = json_object_get(machine, numbers), *name;
    size_t i;
    printf("%s products%*s%s (available:", numbers, 7 - (int)strlen(numbers), "",
           json_string_value(json_object_get(products, "used")));
    json_array_foreach(json_object_get(products, "available"), i, name)
        printf("%s %s", i ? "," : "", json_string_value(name));
    printf(")\n");
}

static void print_machine(const json_t *machine) {
    printf("processor       %s, %lld cores\n", json_string_value(json_object_get(machine, "processor")),
           (long long)json_integer_value(json_object_get(machine, "cores")));
    printf("compiled for    %s\n", json_string_value(json_object_get(machine, "compiled_for")));
    printf("OpenBLAS for    %s\n", json_string_value(json_object_get(machine, "openblas_core")));
    char memory[32];
    printf("threads         %lld, waiting with %s\n", json_integer_value(json_object_get(machine, "threads")),
           json_string_value(json_object_get(machine, "waiting")));
    printf("memory          %s available\n",
           resources_bytes_text(json_number_value(json_object_get(machine, "memory")), memory));
    print_products(machine, "f32");
    print_products(machine, "bf16");
    const json_t *chosen = json_object_get(machine, "auto");
    printf("auto takes      %s: %s\n", json_string_value(json_object_get(chosen, "precision")),
           json_string_value(json_object_get(chosen, "reason")));
}

static int parse(int argc, char **argv, struct info_settings *o, struct words *words, struct error *err) {
    struct setting schema[ROWS], picked[TAKEN + 1] = {{0}};
    struct command command = command_of_info;
    settings_default(train_schema, &o->train);
    for (int i = 0; i < TAKEN; i++)
        picked[i] = *settings_find(train_schema, taken[i]);
    settings_join(schema, ROWS, schema_of_info, picked, offsetof(struct info_settings, train));
    command.schema = schema;
    return options_parse(&command, argc, argv, o, words, err);
}

static json_t *describe_shard(const char *path, struct error *err) {
    struct shard *shard = shard_open(path, err);
    json_t *info = shard ? describe(shard, err) : NULL;
    shard_close(shard);
    return info;
}

static int print(const struct info_options *o, const char *path, json_t *info, struct error *err) {
    if (o->json)
        return json_print(stdout, info, err);
    if (o->plan)
        return info_plan_print(info, err);
    if (o->machine)
        print_machine(info);
    else
        print_info(path, info);
    return 0;
}

int command_info(int argc, char **argv, struct error *err) {
    struct info_settings o;
    struct words words;
    int result = parse(argc, argv, &o, &words, err);
    if (result)
        return result < 0 ? -1 : 0;
    if (words.count + o.own.machine + o.own.plan != 1)
        return fail_usage(err, "give one of FILE, --machine and --plan; see reff info --help");
    json_t *info = o.own.machine ? describe_machine(err)
                   : o.own.plan  ? info_plan(&o.train, o.own.pixels, o.own.classes, o.own.threads, err)
                                 : describe_shard(words.items[0], err);
    result = info ? print(&o.own, words.count ? words.items[0] : "", info, err) : -1;
    json_decref(info);
    return result;
}
