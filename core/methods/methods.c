// SPDX-License-Identifier: Apache-2.0
#include "core/methods/method.h"

#include "core/base/suggest.h"

#include <string.h>

const struct method *const method_list[] = {
#define ENTRY(variable, name) &method_##variable,
    METHOD_LINES(ENTRY)
#undef ENTRY
        NULL};

const struct method *method_of(const char *name) {
    for (int i = 0; method_list[i]; i++)
        if (!strcmp(method_list[i]->name, name))
            return method_list[i];
    return NULL;
}

const struct method *method_find(const char *name, struct error *err) {
    const struct method *m = method_of(name);
    struct suggestion near;
    if (!m)
        fail_usage(err, "method: '%.60s'%s is none of: %s", name,
                   suggest_from_list(&near, name, METHOD_NAMES), METHOD_NAMES);
    return m;
}

static int names(const char *words, const char *word) {
    size_t length = strlen(word);
    for (const char *at = words; (at = strstr(at, word)); at += length)
        if ((at == words || at[-1] == ' ') && (!at[length] || at[length] == ' '))
            return 1;
    return 0;
}

int method_uses(const struct method *m, const char *setting) {
    int special = 0; // some method names it
    for (int i = 0; method_list[i] && !special; i++)
        special = names(method_list[i]->settings, setting);
    return !special || names(m->settings, setting);
}
