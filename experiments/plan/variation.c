// SPDX-License-Identifier: Apache-2.0
#include "experiments/plan/variation.h"

#include "core/methods/method.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum kind { TRAINING, ANNOTATOR, DATA };

static const char *const prefixes[] = {[TRAINING] = "", [ANNOTATOR] = "annotator.", [DATA] = "data."};

union scratch {
    struct train_settings training;
    struct annotator_settings annotator;
    union data_settings data;
};

struct found {
    enum kind kind;
    const struct setting *setting;
};

// ---------------------------------------------------------------------------------------- names

// What a cell is named by, and what the profile alone may say.
static int is_free(enum kind kind, const struct setting *s) {
    static const char *const taken[] = {"method", "seed", "n", "p", "q", "size", "split", "count", "data"};
    for (size_t i = 0; i < sizeof taken / sizeof *taken; i++)
        if (!strcmp(s->name, taken[i]) && (kind == DATA || i < 3))
            return 0;
    return s->record || (kind == TRAINING && !strcmp(s->name, "weights"));
}

static const struct setting *find_data(const struct data_set *set, const char *name) {
    const struct setting *s = settings_find(set->schema, name);
    return s && is_free(DATA, s) ? s : NULL;
}

static enum kind kind_of(const char **name) {
    for (enum kind kind = ANNOTATOR; kind <= DATA; kind++)
        if (!strncmp(*name, prefixes[kind], strlen(prefixes[kind]))) {
            *name += strlen(prefixes[kind]);
            return kind;
        }
    return TRAINING;
}

static struct found find(const char *name) {
    struct found f = {.kind = kind_of(&name)};
    if (f.kind != DATA) {
        f.setting = settings_find(f.kind == TRAINING ? train_schema : annotator_schema, name);
        if (f.setting && !is_free(f.kind, f.setting))
            f.setting = NULL;
    }
    for (int i = 0; f.kind == DATA && data_set_list[i] && !f.setting; i++)
        f.setting = find_data(data_set_list[i], name);
    return f;
}

int variation_is_known(const char *name) {
    return find(name).setting != NULL;
}

static int refuse_name(const char *name, const char *where, struct error *err) {
    struct suggestion near;
    const char *bare = name;
    enum kind kind = kind_of(&bare);
    suggest_start(&near, name);
    for (const struct setting *s = kind == ANNOTATOR ? annotator_schema : train_schema;
         kind != DATA && s->name; s++) {
        char full[2 * SETTING_WORD_SIZE];
        snprintf(full, sizeof full, "%s%s", prefixes[kind], s->name);
        if (is_free(kind, s))
            suggest_consider(&near, full);
    }
    return fail_usage(err, "%s: '%.60s'%s is no setting that can be varied", where, name,
                      suggest_text(&near));
}

// ---------------------------------------------------------------------------------------- collecting

static struct variation *item_of(const struct variations *v, const char *name) {
    for (int i = 0; i < v->count; i++)
        if (!strcmp(v->items[i].name, name))
            return (struct variation *)&v->items[i];
    return NULL;
}

int variations_set(struct variations *v, const char *name, const char *value, const char *where,
                   struct error *err) {
    const struct found f = find(name);
    struct variation one = {0};
    union scratch scratch;
    if (!f.setting)
        return refuse_name(name, where, err);
    if (settings_assign(f.setting, &scratch, value, where, err))
        return -1;
    if (snprintf(one.value, sizeof one.value, "%s", value) >= (int)sizeof one.value)
        return fail_usage(err, "%s: '%.60s...' is too long", where, value);
    snprintf(one.name, sizeof one.name, "%s%s", prefixes[f.kind], f.setting->name);
    struct variation *known = item_of(v, one.name);
    if (!known && v->count == VARIATIONS_MAXIMUM)
        return fail_usage(err, "%s: more than %d settings are varied", where, VARIATIONS_MAXIMUM);
    *(known ? known : &v->items[v->count++]) = one;
    return 0;
}

int variations_join(struct variations *v, const struct variations *more, const char *where,
                    struct error *err) {
    for (int i = 0; i < more->count; i++)
        if (variations_set(v, more->items[i].name, more->items[i].value, where, err))
            return -1;
    return 0;
}

int variations_parse(struct variations *v, const char *text, const char *where, struct error *err) {
    for (const char *at = text; *at;) {
        char name[SETTING_WORD_SIZE], value[SETTING_TEXT_SIZE];
        size_t length = strcspn(at, "=,"), end;
        if (at[length] != '=' || !length || length >= sizeof name)
            return fail_usage(err, "%s: '%.60s' is not NAME=VALUE", where, at);
        snprintf(name, sizeof name, "%.*s", (int)length, at);
        at += length + 1;
        for (end = strcspn(at, ","); at[end]; end += 1 + strcspn(at + end + 1, ","))
            if (at[end + 1 + strcspn(at + end + 1, ",=")] == '=')
                break;
        if (end >= sizeof value)
            return fail_usage(err, "%s: '%.60s...' is too long", where, at);
        snprintf(value, sizeof value, "%.*s", (int)end, at);
        if (variations_find(v, name))
            return fail_usage(err, "%s: %s given twice", where, name);
        if (variations_set(v, name, value, where, err))
            return -1;
        at += end + (at[end] == ',');
    }
    return 0;
}

const char *variations_find(const struct variations *v, const char *name) {
    const struct found f = find(name);
    char full[SETTING_WORD_SIZE];
    if (!f.setting)
        return NULL;
    snprintf(full, sizeof full, "%s%s", prefixes[f.kind], f.setting->name);
    const struct variation *item = item_of(v, full);
    return item ? item->value : NULL;
}

double variation_number(const char *name, const char *value) {
    const struct setting *s = find(name).setting;
    int is_number = s && (s->type == SETTING_TYPE_INT || s->type == SETTING_TYPE_REAL);
    return is_number ? strtod(value, NULL) : NAN;
}

// ---------------------------------------------------------------------------------------- using them

int variations_apply_training(const struct variations *v, struct train_settings *out, struct error *err) {
    const struct method *m = method_of(out->method);
    for (int i = 0; i < v->count; i++) {
        const struct found f = find(v->items[i].name);
        if (f.kind == TRAINING && f.setting && method_uses(m, f.setting->name) &&
            settings_assign(f.setting, out, v->items[i].value, v->items[i].name, err))
            return -1;
    }
    return 0;
}

int variations_apply_annotator(const struct variations *v, struct annotator_settings *out,
                               struct error *err) {
    for (int i = 0; i < v->count; i++) {
        const struct found f = find(v->items[i].name);
        if (f.kind == ANNOTATOR && f.setting &&
            settings_assign(f.setting, out, v->items[i].value, v->items[i].name, err))
            return -1;
    }
    return 0;
}

// The data set's own setting of that variation, or NULL.
static const struct setting *data_setting(const struct variation *one, const struct data_set *set) {
    const char *name = one->name;
    return kind_of(&name) == DATA ? find_data(set, name) : NULL;
}

int variations_apply_data(const struct variations *v, const struct data_set *set, union data_settings *out,
                          struct error *err) {
    for (int i = 0; i < v->count; i++) {
        const struct setting *s = data_setting(&v->items[i], set);
        if (s && settings_assign(s, out, v->items[i].value, v->items[i].name, err))
            return -1;
    }
    return 0;
}

void variations_name(char *out, size_t size, const struct variations *v, const char *method,
                     const struct data_set *set, int has_annotator) {
    size_t used = 0;
    *out = 0;
    for (int i = 0; i < v->count && used < size; i++) {
        const struct found f = find(v->items[i].name);
        int counts = !f.setting            ? 0
                     : f.kind == TRAINING  ? method_uses(method_of(method), f.setting->name)
                     : f.kind == ANNOTATOR ? has_annotator
                                           : set && data_setting(&v->items[i], set) != NULL;
        if (counts)
            used += (size_t)snprintf(out + used, size - used, "%s %s, ", v->items[i].name, v->items[i].value);
    }
}
