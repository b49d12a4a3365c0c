// SPDX-License-Identifier: Apache-2.0
#include "core/shard/groups.h"

#include <string.h>

const char *const group_kind_names[GROUP_KINDS] = {"aligned", "conflicting"};

int group_of(int label, enum group_kind kind) {
    return 2 * label + (kind == GROUP_CONFLICTING);
}

// "3 aligned", "melanoma", ...: kind is GROUP_OTHER where a class is one group.
static json_t *name_json(const json_t *class_names, int class, enum group_kind kind) {
    const char *name = json_string_value(json_array_get(class_names, (size_t) class)),
               *blank = kind < GROUP_KINDS ? " " : "",
               *word = kind < GROUP_KINDS ? group_kind_names[kind] : "";
    return name ? json_sprintf("%s%s%s", name, blank, word) : json_sprintf("%d%s%s", class, blank, word);
}

json_t *group_names(const json_t *class_names, int classes, int both) {
    json_t *names = json_array();
    int bad = !names;
    for (int class = 0; class < classes && !bad; class ++)
        for (int kind = both ? GROUP_ALIGNED : GROUP_OTHER; kind <= (both ? GROUP_CONFLICTING : GROUP_OTHER);
             kind++)
            bad |= json_array_append_new(names, name_json(class_names, class, (enum group_kind)kind));
    if (!bad)
        return names;
    json_decref(names);
    return NULL;
}

const char *group_name(const json_t *names, long group) {
    return group < 0 ? NULL : json_string_value(json_array_get(names, (size_t)group));
}

enum group_kind group_kind_of(const char *name) {
    const char *word = name ? strrchr(name, ' ') : NULL;
    int kind = 0;
    while (word && kind < GROUP_KINDS && strcmp(word + 1, group_kind_names[kind]) != 0)
        kind++;
    return word ? (enum group_kind)kind : GROUP_OTHER;
}
