// SPDX-License-Identifier: Apache-2.0
// reff eval: a trained network on a shard.
#include "core/base/file.h"
#include "core/base/notice.h"
#include "core/base/options.h"
#include "core/base/text.h"
#include "core/kernels/precision.h"
#include "core/methods/method.h"
#include "core/shard/shard.h"
#include "core/train/evaluate.h"
#include "core/train/model_about.h"
#include "core/train/train.h"
#include "core/train/weights.h"
#include "experiments/command/commands.h"
#include "experiments/results/measured.h"

#include <omp.h>
#include <stdio.h>
#include <stdlib.h>

struct eval_options {
    char weights[SETTING_TEXT_SIZE], model[SETTING_WORD_SIZE], method[SETTING_WORD_SIZE];
    char precision[SETTING_WORD_SIZE], activations[SETTING_WORD_SIZE];
    char min[SETTING_TEXT_SIZE], max[SETTING_TEXT_SIZE];
    int width, batch, threads, json;
};

typedef struct eval_options O;

static const struct setting schema[] = {
    SETTING_PATH(O, weights, NULL, "FILE", "trained network (safetensors)"),
    SETTING_CHOICE(O, model, "small", NETWORK_MODELS, "network that the weights are of"),
    SETTING_INT(O, width, "64", 1, 512, "channels", "channels of its first stage"),
    SETTING_CHOICE(O, method, METHOD_DEFAULT, METHOD_NAMES,
                   "how it was trained; abn: it has an attention branch"),
    SETTING_CHOICE(O, precision, "f32", PRECISIONS,
                   "precision of convolutions' operands, if not that of the training; auto: bf16 where it is "
                   "faster on this machine"),
    SETTING_CHOICE(O, activations, "f32", "f32 bf16",
                   "how activations are stored where convolutions are in bf16, if not as in the training"),
    SETTING_INT(O, batch, "32", 1, 4096, "images", "images at a time"),
    SETTING_COUNT(O, threads, "0", 0, 1024, "threads", "how many threads work; 0: all cores"),
    SETTING_SWITCH(O, json, "print the whole report as JSON"),
    SETTING_WORDS(
        O, min, "NAME=NUMBER",
        "fail where a number of the report is lower (accuracy=30,worst_group=10); may be given again"),
    SETTING_WORDS(O, max, "NAME=NUMBER", "fail where one is higher (ece=10)"),
    SETTING_END,
};

static const struct command command = {
    .name = "eval",
    .arguments = "SHARD",
    .summary = "Evaluate a trained network on a shard.",
    .description =
        "Prints accuracy; the accuracy of the worst class and group, of aligned and conflicting images "
        "(those "
        "with and without what goes with their class, where the shard's groups tell); for each layer the "
        "share of Grad-CAM "
        "that is inside the annotation, and how often its maximum is (pointing game); expected calibration "
        "error; the confusion matrix (rows: labels). Of an ABN also the attention branch's accuracy and its "
        "map. Batch norm uses its running statistics. Weights saved by reff say which network they are of: "
        "--model, --width and --method are for others. They also say in which precision they were trained, "
        "which "
        "the evaluation takes; of those that do not, the first line says which precision it took.\n"
        "\n"
        "With --min and --max it is a gate: where a number is beyond its bound, or could not be measured, "
        "the exit "
        "status is 1 and the last line says which. Names are those of the report (--json), a part after a "
        "dot "
        "(pointing.layer4); worst_group, worst_class, aligned, conflicting and mean_class are short for "
        "accuracies.",
    .example = "reff eval --weights run/model.safetensors test.h5\n"
               "  reff eval --weights run/model.safetensors test.h5 --min accuracy=30 --min worst_group=10",
    .minimum_words = 1,
    .maximum_words = 1,
    .schema = schema,
};

static void print_share(const json_t *share) {
    if (json_is_number(share))
        printf(" %.3f", json_number_value(share));
    else
        printf(" not measured"); // the shard has no annotations, or no map is anything but zero
}

static void print_layers(const json_t *shares) {
    const char *layer;
    json_t *share;
    json_object_foreach((json_t *)shares, layer, share) {
        printf(" %s", layer);
        print_share(share);
    }
}

static double number(const json_t *report, const char *name) {
    return json_number_value(json_object_get(report, name));
}

// Of groups: what the shard's images are enough for.
static void print_groups(const json_t *report) {
    const char *name = json_string_value(json_object_get(report, "worst_group_name"));
    if (json_is_number(json_object_get(report, "worst_group_accuracy"))) {
        printf(", worst group %.2f %% (", number(report, "worst_group_accuracy"));
        if (name)
            printf("%s)", name);
        else
            printf("%.0f)", number(report, "worst_group"));
    }
    if (json_is_number(json_object_get(report, "aligned_accuracy")))
        printf("\naligned images %.2f %%", number(report, "aligned_accuracy"));
    if (json_is_number(json_object_get(report, "conflicting_accuracy")))
        printf("%sconflicting images %.2f %%",
               json_is_number(json_object_get(report, "aligned_accuracy")) ? ", " : "\n",
               number(report, "conflicting_accuracy"));
    if (json_is_number(json_object_get(report, "group_gap")))
        printf(", gap %.2f points", number(report, "group_gap"));
}

// untold: the precision, where the file of weights does not tell it; or NULL.
static void print_report(const char *path, const char *untold, const json_t *report) {
    char shown[PATH_SIZE];
    printf("%s: accuracy %.2f %%%s%s, worst class %.2f %% (%lld)", text_visible(shown, sizeof shown, path),
           json_number_value(json_object_get(report, "accuracy")), untold ? " in " : "", untold ? untold : "",
           json_number_value(json_object_get(report, "worst_class_accuracy")),
           (long long)json_integer_value(json_object_get(report, "worst_class")));
    print_groups(report);
    printf("\nGrad-CAM inside the annotation:");
    print_layers(json_object_get(report, "cam_inside"));
    printf("\nits maximum inside (pointing game):");
    print_layers(json_object_get(report, "pointing"));
    if (json_object_get(report, "attention_accuracy")) {
        printf("\nattention branch: accuracy %.2f %%, map inside the annotation",
               json_number_value(json_object_get(report, "attention_accuracy")));
        print_share(json_object_get(report, "attention_inside"));
        printf(", its maximum");
        print_share(json_object_get(report, "attention_pointing"));
    }
    printf("\nexpected calibration error %.2f %%", json_number_value(json_object_get(report, "ece")));
    printf("\nconfusion (rows: labels)\n");
    size_t i, j;
    json_t *row, *cell;
    json_array_foreach(json_object_get(report, "confusion"), i, row) {
        json_array_foreach(row, j, cell) printf("%6lld", (long long)json_integer_value(cell));
        printf("\n");
    }
}

static int evaluate(const struct eval_options *o, const int *given, const char *path, struct shard *shard,
                    const struct measured_bounds *bounds, struct error *err) {
    struct shard_shape shape = shard_shape(shard);
    struct train_settings settings;
    struct trainer_settings resolved;
    double lambda;
    int head_replaced = 0, told;
    if (shape.height != shape.width)
        return fail(err, "%s: images of %d x %d; networks take square ones", path, shape.height, shape.width);
    settings_default(train_schema, &settings);
    snprintf(settings.model, sizeof settings.model, "%s", o->model);
    snprintf(settings.method, sizeof settings.method, "%s", o->method);
    snprintf(settings.precision, sizeof settings.precision, "%s", o->precision);
    snprintf(settings.activations, sizeof settings.activations, "%s", o->activations);
    settings.width = o->width;
    settings.batch = o->batch;
    if (model_about_take(o->weights, given, &settings, &told, err) ||
        train_resolve(&settings, shape.height, shape.classes, &resolved, &lambda, err))
        return -1;
    resolved.regularises = 0; // no step will be taken
    struct trainer *t = trainer_create(&resolved, 0, err);
    json_t *report = NULL;
    struct text notices = {0};
    int loaded = t && !weights_load(&t->parameters, o->weights, &head_replaced, &notices, err);
    notice_print(&notices);
    if (loaded) {
        if (head_replaced)
            fail(err, "%s: its head is for another number of classes than the %d of %s", o->weights,
                 shape.classes, path);
        else
            report = evaluate_report(t, shard, err);
    }
    trainer_free(t);
    if (!report)
        return -1;
    char *text = o->json ? json_text(report) : NULL;
    int failed = o->json && !text ? fail_memory(err, "the report") : 0;
    if (text)
        puts(text);
    else if (!failed)
        print_report(path, told ? NULL : precision_name(resolved.precision), report);
    free(text);
    if (!failed && bounds->count)
        failed = standard_output_flush(err) || measured_bounds_check(bounds, report, path, err) ? -1 : 0;
    json_decref(report);
    return failed;
}

static int read_bounds(const struct eval_options *o, struct measured_bounds *bounds, struct error *err) {
    bounds->count = 0;
    return (*o->max && measured_bounds_add(bounds, o->max, 0, "--max", err)) ||
                   (*o->min && measured_bounds_add(bounds, o->min, 1, "--min", err))
               ? -1
               : 0;
}

int command_eval(int argc, char **argv, struct error *err) {
    static struct eval_options o;
    struct words words;
    int given[ABOUT_SETTINGS] = {0};
    for (int i = 0; model_about_setting(i); i++)
        given[i] = options_given(settings_find(schema, model_about_setting(i)), argc, argv);
    for (int i = ABOUT_PRECISION; i <= ABOUT_ACTIVATIONS; i++)
        given[i] = given[i] ? -1 : 0; // any network can be evaluated in any
    struct measured_bounds bounds;
    int result = options_parse(&command, argc, argv, &o, &words, err);
    if (result)
        return result < 0 ? -1 : 0;
    if (read_bounds(&o, &bounds, err))
        return -1;
    if (o.threads)
        omp_set_num_threads(o.threads);
    struct shard *shard = shard_open_measured(words.items[0], err);
    if (!shard)
        return -1;
    result = evaluate(&o, given, words.items[0], shard, &bounds, err);
    shard_close(shard);
    return result;
}
