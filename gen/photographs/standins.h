// SPDX-License-Identifier: Apache-2.0
// Shards of drawn stand-ins: what photographs_generate does where no source is named. Image i depends on the
// settings and on i alone.
#ifndef REFF_GEN_PHOTOGRAPHS_STANDINS_H
#define REFF_GEN_PHOTOGRAPHS_STANDINS_H

#include "core/base/progress.h"
#include "core/shard/shard.h"
#include "gen/draw/builtin_animals.h"
#include "gen/draw/builtin_lesions.h"
#include "gen/photographs/photographs.h"

#define STANDIN_COLUMNS 8

struct standin { // a drawing, and what is known of it
    int label, group;
    struct lesion lesion; // of isic2017
    struct animal animal; // of pets
};

json_t *standins_inputs(const struct photographs_settings *settings, struct error *err);
int standins_generate(const struct photographs_settings *settings, const char *path,
                      progress_function *progress, void *progress_context, struct error *err);
int standins_classes(const struct photographs_settings *settings);
int standins_images(const struct photographs_settings *settings);
int standins_revision(const struct photographs_settings *settings); // of the drawings

// Drawing number `index`, as it stands in the shard: image [pixels,pixels,3], mask [pixels,pixels].
int standins_draw(const struct photographs_settings *settings, int index, struct standin *standin,
                  uint8_t *image, uint8_t *mask, struct error *err);

// The provenance columns of the settings' data set (ending with a NULL name); the value of one.
void standins_describe(const struct photographs_settings *settings,
                       struct column columns[STANDIN_COLUMNS + 1]);
double standins_value(const struct photographs_settings *settings, int column, const struct standin *standin);

#endif
