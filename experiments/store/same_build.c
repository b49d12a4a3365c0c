// SPDX-License-Identifier: Apache-2.0
#include "experiments/store/same_build.h"

#include "core/base/text.h"

#include <stdio.h>
#include <string.h>

// -g is followed by a level or a format; -W by a warning's name, but for what goes to the assembler.
static int generates_code(const char *flag) {
    return strncmp(flag, "-I", 2) && strncmp(flag, "-g", 2) &&
           (strncmp(flag, "-W", 2) || !strncmp(flag, "-Wa,", 4));
}

// The flags that bear on the code, one blank between two; NULL if the record has none.
static json_t *code_flags(const json_t *flags) {
    struct text kept = {0};
    if (!json_is_string(flags))
        return NULL;
    for (const char *at = json_string_value(flags); *at; at += strspn(at, " ")) {
        const char *flag = at;
        at += strcspn(at, " ");
        if (at > flag && generates_code(flag))
            text_printf(&kept, "%s%.*s", kept.length ? " " : "", (int)(at - flag), flag);
    }
    json_t *result = kept.incomplete ? NULL : json_string(text_string(&kept));
    text_free(&kept);
    return result;
}

json_t *build_of(const json_t *run) {
    const json_t *made_by = json_object_get(run, "provenance"),
                 *libraries = json_object_get(made_by, "libraries"),
                 *products = json_object_get(run, "products");
    return json_pack("{sO? so? sO? sO? sO? sO? sO?}", "compiler", json_object_get(made_by, "compiler"),
                     "flags", code_flags(json_object_get(made_by, "flags")), "instruction_set",
                     json_object_get(made_by, "instruction_set"), "openblas",
                     json_object_get(libraries, "openblas"), "openblas_core",
                     json_object_get(libraries, "openblas_core"), "libc", json_object_get(libraries, "libc"),
                     "products", products ? products : json_object_get(made_by, "instruction_set"));
}

static int differ(const char *key, const json_t *before, const json_t *now) {
    if (strcmp(key, "flags"))
        return !json_equal(before, now);
    json_t *a = code_flags(before), *b = code_flags(now); // a record may hold all of them
    int different = (a || b) && !json_equal(a, b);
    json_decref(a);
    json_decref(b);
    return different;
}

int build_difference(const json_t *before, const json_t *now, char *out, size_t size) {
    const char *key;
    json_t *value;
    struct text keys = {0};
    json_object_foreach((json_t *)now, key, value) {
        if (differ(key, json_object_get(before, key), value))
            text_printf(&keys, "%s%s", keys.length ? ", " : "", key);
    }
    int found = keys.length > 0;
    snprintf(out, size, "%s", text_string(&keys));
    text_free(&keys);
    return found;
}
