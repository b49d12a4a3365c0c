// SPDX-License-Identifier: Apache-2.0
// Fields of JSON that may be missing: a missing text is empty, a missing number 0.
#ifndef REFF_BASE_JSON_FIELDS_H
#define REFF_BASE_JSON_FIELDS_H

#include <jansson.h>

static inline const char *json_field_text(const json_t *object, const char *key) {
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

static inline double json_field_number(const json_t *object, const char *key) {
    return json_number_value(json_object_get(object, key));
}

#endif
