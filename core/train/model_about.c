// SPDX-License-Identifier: Apache-2.0
#include "core/train/model_about.h"

#include "core/base/text.h"
#include "core/base/version.h"
#include "core/kernels/precision.h"
#include "core/train/trainer.h"
#include "core/train/weights.h"

#include <stdlib.h>
#include <string.h>

static const char *const names[ABOUT_SETTINGS + 1] = {"model", "width", "method", "precision", "activations"};

enum { NAMES_OF_OURS = ABOUT_METHOD + 1 }; // by which a file of this program is known, of whatever version

const char *model_about_setting(int i) {
    return names[i];
}

static json_t *triple(const double v[3]) { // "0.485,0.456,0.406"
    return json_sprintf("%.9g,%.9g,%.9g", v[0], v[1], v[2]);
}

// "auto" would be another on another machine.
static const char *chosen(const char *word) {
    return precision_choose(word) == PRECISION_BF16 ? "bf16" : "f32";
}

json_t *model_about(const struct train_settings *s, struct shard *shard, struct error *err) {
    struct shard_shape shape = shard_shape(shard);
    json_t *attributes = shard_attributes(shard, err);
    if (!attributes)
        return NULL;
    json_t *about = json_pack(
        "{s:s, s:s, s:o, s:o, s:o, s:s, s:s, s:s, s:o, s:o}", "version", "reff " REFF_VERSION, "model",
        s->model, "width", json_sprintf("%d", s->width), "classes", json_sprintf("%d", shape.classes),
        "pixels", json_sprintf("%d", shape.height), "method", s->method, "precision", chosen(s->precision),
        "activations", strcmp(chosen(s->precision), "bf16") ? "f32" : chosen(s->activations), "mean",
        triple(trainer_mean), "deviation", triple(trainer_deviation));
    const json_t *classes = json_object_get(attributes, "class_names");
    char *text = json_is_array(classes) ? json_dumps(classes, JSON_COMPACT) : NULL;
    if (about && text)
        json_object_set_new(about, "class_names", json_string(text));
    free(text);
    json_decref(attributes);
    if (!about)
        fail_memory(err, "a model's description");
    return about;
}

static int check_normalisation(const char *path, const json_t *about, struct error *err) {
    const double *const ours[2] = {trainer_mean, trainer_deviation};
    static const char *const keys[2] = {"mean", "deviation"};
    int bad = 0;
    for (int i = 0; i < 2 && !bad; i++) {
        const char *there = json_string_value(json_object_get(about, keys[i]));
        json_t *here = triple(ours[i]);
        if (there && here && strcmp(there, json_string_value(here)) != 0)
            bad = fail(err, "%s: inputs normalised with %s %.60s, but this program's is %s", path, keys[i],
                       there, json_string_value(here));
        json_decref(here);
    }
    return bad;
}

static int take_setting(const char *path, const json_t *about, int i, int given, struct train_settings *s,
                        struct error *err) {
    const char *value = json_string_value(json_object_get(about, names[i]));
    const struct setting *setting = settings_find(train_schema, names[i]);
    struct text ours = {0};
    if (!value || given < 0)
        return 0;
    settings_add_text(&ours, setting, s);
    int bad = text_check(&ours, "a setting", err);
    if (!bad && given && strcmp(text_string(&ours), value) != 0)
        bad = fail_usage(err, "--%s: %s, but %s says %.60s", names[i], text_string(&ours), path, value);
    text_free(&ours);
    return bad ? bad : settings_assign(setting, s, value, path, err);
}

int model_about_take(const char *path, const int given[ABOUT_SETTINGS], struct train_settings *s,
                     int *says_precision, struct error *err) {
    json_t *about;
    if (weights_about(path, &about, err))
        return -1;
    // Other programs' files have notes of their own: ours is known by its first settings.
    int ours = 1, bad = 0;
    for (int i = 0; i < NAMES_OF_OURS; i++)
        ours &= json_is_string(json_object_get(about, names[i]));
    if (says_precision)
        *says_precision = ours && json_is_string(json_object_get(about, names[ABOUT_PRECISION]));
    if (ours)
        bad = check_normalisation(path, about, err);
    for (int i = 0; ours && !bad && names[i]; i++)
        bad = take_setting(path, about, i, given[i], s, err);
    json_decref(about);
    return bad ? -1 : 0;
}
