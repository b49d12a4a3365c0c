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

#define STANDIN_COLUMNS 8 // most of a kind

struct standin { // a drawing, and what is known of it
    int label, group;
    struct lesion lesion; // of isic2017
    struct animal animal; // of pets
};

struct standin_kind {             // what is drawn in place of a data set's photographs
    const char *data;             // the data set's name
    const char *title, *drawings; // "ISIC2017, drawn stand-in", "drawn lesions"
    int revision, classes;
    const int *(*class_counts)(enum split split); // how common the classes are; NULL: alike
    int (*images)(enum split split);              // that the photographs have, too
    int has_artefacts;                            // beside the object, by the setting `artefacts`
    const struct column *columns;                 // ends with a NULL name
    double (*value)(int column, const struct standin *standin);
    const char *(*class_name)(int label);
    const char *surroundings; // the attribute that names them: "artefact_names"
    const char *(*surrounding)(int number);
    int surrounding_count;
    // Image and mask of drawing number `index`, and what is known of it.
    int (*draw)(const struct photographs_settings *settings, int index, struct standin *standin,
                uint8_t *image, uint8_t *mask, struct error *err);
};

// Of the settings' data set.
const struct standin_kind *standins_kind(const struct photographs_settings *settings);

json_t *standins_inputs(const struct photographs_settings *settings, struct error *err);
int standins_generate(const struct photographs_settings *settings, const char *path,
                      progress_function *progress, void *progress_context, struct shard_written *written,
                      struct error *err);
int standins_images(const struct photographs_settings *settings);

// Whether classes have artefacts of their own, so that images are aligned or conflicting (core/shard/groups.h).
int standins_have_cues(const struct photographs_settings *settings);

// Drawing number `index`, as it stands in the shard: image [pixels,pixels,3], mask [pixels,pixels].
int standins_draw(const struct photographs_settings *settings, int index, struct standin *standin,
                  uint8_t *image, uint8_t *mask, struct error *err);

#endif
