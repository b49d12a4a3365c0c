// SPDX-License-Identifier: Apache-2.0
// Numbers for the classes, groups and splits of a folder's images, which the source says by words.
#ifndef REFF_GEN_PHOTOGRAPHS_FOLDER_NAMES_H
#define REFF_GEN_PHOTOGRAPHS_FOLDER_NAMES_H

#include "gen/photographs/folder_catalogue.h"

// Fills the catalogue: classes and groups with their names, an item for each image that is used.
int folder_number(struct folder *f, struct catalogue *c, struct error *err);

// Where nothing tells the split of an image: by a digest of the seed and the image's id, so that neither
// other images nor their order matter. The share of each split, of each class too, is met as chance will have
// it.
int folder_draw_split(const struct folder_settings *settings, const char *id, struct error *err);

#endif
