// SPDX-License-Identifier: Apache-2.0
#include "experiments/results/measured.h"

#include "core/base/json.h"
#include "core/base/settings.h"
#include "core/base/suggest.h"
#include "experiments/results/metric.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// What metric_names has of the annotator, and the matrix, are none of an evaluation's numbers.
static int is_number(const char *name, size_t length) {
    return strncmp(name, "annotation.", 11) != 0 && !(length == 9 && !strncmp(name, "confusion", 9));
}

static int is_known(const char *name) {
    for (const char *at = metric_names; *at; at += strspn(at, " ")) {
        size_t length = strcspn(at, " ");
        if (length == strlen(name) && !strncmp(at, name, length) && is_number(at, length))
            return 1;
        at += length;
    }
    return 0;
}

int measured_name(const char *word, const char *where, char name[MEASURED_NAME_SIZE], struct error *err) {
    struct suggestion near;
    struct text known = {0};
    snprintf(name, MEASURED_NAME_SIZE, "%.40s_accuracy", word);
    if (is_known(name))
        return 0;
    snprintf(name, MEASURED_NAME_SIZE, "%.60s", word);
    if (is_known(name))
        return 0;
    suggest_start(&near, word);
    for (const char *at = metric_names; *at; at += strspn(at, " ")) {
        size_t length = strcspn(at, " ");
        if (is_number(at, length))
            text_printf(&known, "%s%.*s", known.length ? " " : "", (int)length, at);
        at += length;
    }
    suggest_consider_list(&near, text_string(&known));
    fail_usage(err, "%s: '%.60s'%s is none of the numbers that an evaluation measures: %s", where, word,
               suggest_text(&near), text_string(&known));
    text_free(&known);
    return -1;
}

int measured_value(const json_t *report, const char *name, double *value) {
    char part[MEASURED_NAME_SIZE];
    const char *dot = strchr(name, '.');
    snprintf(part, sizeof part, "%.*s", dot ? (int)(dot - name) : (int)strlen(name), name);
    const json_t *found = json_object_get(report, part);
    if (dot)
        found = json_object_get(found, dot + 1);
    *value = json_number_value(found);
    return json_is_number(found);
}

int measured_sign(const char *name) {
    return !strcmp(name, "ece") || !strcmp(name, "group_gap") ? -1 : 1;
}

// ---------------------------------------------------------------------------------------- bounds

static int add_bound(struct measured_bounds *b, char *item, int at_least, const char *where,
                     struct error *err) {
    static const struct setting number = {
        .name = "bound", .type = SETTING_TYPE_REAL, .minimum = -1e12, .maximum = 1e12};
    char *equals = strchr(item, '=');
    if (!equals || equals == item)
        return fail_usage(err, "%s: '%.60s' is none of NAME=NUMBER, as in accuracy=30", where, item);
    if (b->count == MEASURED_BOUNDS_MAXIMUM)
        return fail_usage(err, "%s: more than %d bounds", where, MEASURED_BOUNDS_MAXIMUM);
    struct measured_bound *bound = &b->items[b->count];
    *equals = 0;
    if (measured_name(item, where, bound->name, err) ||
        settings_assign(&number, &bound->bound, equals + 1, where, err))
        return -1;
    bound->at_least = at_least;
    b->count++;
    return 0;
}

int measured_bounds_add(struct measured_bounds *b, const char *list, int at_least, const char *where,
                        struct error *err) {
    char *copy = strdup(list), *rest = copy, *item;
    int bad = !copy ? fail_memory(err, "%s", where) : 0;
    while (!bad && (item = strsep(&rest, ",")))
        bad = add_bound(b, item, at_least, where, err);
    free(copy);
    return bad ? -1 : 0;
}

int measured_bounds_check(const struct measured_bounds *b, const json_t *report, const char *where,
                          struct error *err) {
    struct text broken = {0};
    for (int i = 0; i < b->count; i++) {
        const struct measured_bound *bound = &b->items[i];
        double value;
        int there = measured_value(report, bound->name, &value);
        if (there && (bound->at_least ? value >= bound->bound : value <= bound->bound))
            continue;
        text_printf(&broken, "%s%s ", broken.length ? ", " : "", bound->name);
        if (there)
            text_printf(&broken, "%.4g is %s ", value, bound->at_least ? "below" : "above");
        else
            text_add(&broken, "is not measured on these images, but must be ");
        if (!there)
            text_add(&broken, bound->at_least ? "at least " : "at most ");
        text_printf(&broken, "%.10g", bound->bound);
    }
    int bad = text_check(&broken, "bounds", err) ||
              (broken.length && fail(err, "%s: %s", where, text_string(&broken)));
    text_free(&broken);
    return bad ? -1 : 0;
}
