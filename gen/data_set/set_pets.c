// SPDX-License-Identifier: Apache-2.0
#include "gen/data_set/set_photographs.h"

static const char description[] =
    "Pets: the Oxford-IIIT Pet Dataset, 37 breeds of cats and dogs, each image annotated with the animal's "
    "outline. --source names the folder with images.tar.gz and annotations.tar.gz as they were published. "
    "They are read in place; unpacked archives will do. Of each breed's images in trainval.txt nine tenths, "
    "drawn by the seed, are train, the rest are validation. An image that cannot be used is skipped, named "
    "and counted.\n\nWithout --source the program draws animals as stand-ins.\n\nSee also: reff info, "
    "preview, verify; docs/shards.md.";

const struct data_set data_set_pets = {
    .name = "pets",
    .title = "Pets",
    .foreign = "artefacts",
    .style = {.colour = 2, .marker = 4},
    .contents = "the Oxford-IIIT Pets in one HDF5 file, from the official archives or drawn",
    .summary = "Write the images of the Oxford-IIIT Pets with their annotations into one file, a shard.",
    .description = description,
    .example = "reff gen pets --source oxford-iiit-pet --pixels 112 --split test --output test.h5\n"
               "  reff gen pets --pixels 32 --count 800 --seed 5 --output drawn.h5",
    SET_PHOTOGRAPHS};
