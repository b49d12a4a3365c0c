// SPDX-License-Identifier: Apache-2.0
// What data sets of photographs (gen/photographs) answer alike: the fields of their entries.
#ifndef REFF_GEN_DATA_SET_SET_PHOTOGRAPHS_H
#define REFF_GEN_DATA_SET_SET_PHOTOGRAPHS_H

#include "gen/data_set/data_set.h"

void set_photographs_describe(const struct data_set *set, const union data_settings *settings, char *out,
                              size_t size);
json_t *set_photographs_inputs(const union data_settings *settings, struct error *err);
int set_photographs_generate(const union data_settings *settings, const char *path,
                             progress_function *progress, void *progress_context,
                             struct shard_written *written, struct error *err);
int set_photographs_pixels(const union data_settings *settings);
int set_photographs_classes(const union data_settings *settings, struct error *err);
int set_photographs_images(const union data_settings *settings, struct error *err);

#define SET_PHOTOGRAPHS                                                                                      \
    .schema = photographs_schema, .revision = PHOTOGRAPHS_REVISION, .paths = "source", .may_be_missing = 1,  \
    .describe = set_photographs_describe, .inputs = set_photographs_inputs,                                  \
    .generate = set_photographs_generate, .pixels = set_photographs_pixels,                                  \
    .classes = set_photographs_classes, .images = set_photographs_images

#endif
