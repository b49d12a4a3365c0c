// SPDX-License-Identifier: Apache-2.0
#include "gen/data_set/data_set.h"

#include "core/base/text.h"

#include <stdio.h>
#include <string.h>

const struct data_set *const data_set_list[DATA_SETS + 1] = {
#define ENTRY(variable, name) &data_set_##variable,
    DATA_SET_LINES(ENTRY)
#undef ENTRY
        NULL};

const struct data_set *data_set_of(const char *name) {
    for (int i = 0; i < DATA_SETS; i++)
        if (!strcmp(data_set_list[i]->name, name))
            return data_set_list[i];
    return NULL;
}

// "textured-mnist, isic2017 and pets"
static void list_names(struct text *out) {
    for (int i = 0; i < DATA_SETS; i++)
        text_printf(out, "%s%s", !i ? "" : i + 1 < DATA_SETS ? ", " : " and ", data_set_list[i]->name);
}

const struct data_set *data_set_find(const char *name, struct error *err) {
    const struct data_set *set = data_set_of(name);
    if (!set) {
        struct text names = {0};
        struct suggestion near;
        list_names(&names);
        suggest_start(&near, name);
        for (int i = 0; i < DATA_SETS; i++)
            suggest_consider(&near, data_set_list[i]->name);
        fail_usage(err, "'%.60s'%s is no data set; there are %s", name, suggest_text(&near),
                   text_string(&names));
        text_free(&names);
    }
    return set;
}

const struct data_set *data_set_kind(const struct data_set *set) {
    const struct data_set *const *kind = data_set_list;
    while ((*kind)->describe != set->describe || (*kind)->schema != set->schema ||
           ((*kind) != set && !(*kind)->many))
        kind++;
    return *kind;
}

int data_set_number(const struct data_set *set) {
    int i = 0;
    while (data_set_list[i] != set)
        i++;
    return i;
}

void data_set_default(const struct data_set *set, union data_settings *settings) {
    memset(settings, 0, sizeof *settings);
    settings_default(set->schema, settings);
    const struct setting *data = settings_find(set->schema, "data"); // of settings that serve several sets
    if (data)
        snprintf((char *)settings + data->offset, SETTING_WORD_SIZE, "%s", set->name);
}

void data_set_choose(const struct data_set *set, union data_settings *settings, const char *split,
                     uint64_t seed, int count) {
    char *base = (char *)settings;
    char *word = base + settings_find(set->schema, "split")->offset;
    snprintf(word, SETTING_WORD_SIZE, "%s", split);
    memcpy(base + settings_find(set->schema, "seed")->offset, &seed, sizeof seed);
    memcpy(base + settings_find(set->schema, "count")->offset, &count, sizeof count);
}
