// SPDX-License-Identifier: Apache-2.0
#include "gen/data_set/set_photographs.h"

#include <stdio.h>

void set_photographs_describe(const struct data_set *set, const union data_settings *s, char *out,
                              size_t size) {
    snprintf(out, size,
             *s->photographs.source ? "%s photographs"
                                    : "built-in stand-in for %s (drawn by code, not photographs)",
             set->title);
}

json_t *set_photographs_inputs(const union data_settings *s, struct error *err) {
    return photographs_inputs(&s->photographs, err);
}

int set_photographs_generate(const union data_settings *s, const char *path, progress_function *progress,
                             void *progress_context, struct shard_written *written, struct error *err) {
    return photographs_generate(&s->photographs, path, progress, progress_context, written, err);
}

int set_photographs_pixels(const union data_settings *s) {
    return s->photographs.pixels;
}

int set_photographs_classes(const union data_settings *s, struct error *err) {
    return photographs_classes(&s->photographs, err);
}

int set_photographs_images(const union data_settings *s, struct error *err) {
    return photographs_images(&s->photographs, err);
}
