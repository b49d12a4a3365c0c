// SPDX-License-Identifier: Apache-2.0
#include "gen/data_set/set_photographs.h"

static const char description[] =
    "ISIC2017: photographs of skin lesions, each annotated with the lesion's outline; the classes are "
    "melanoma, seborrheic keratosis and nevus. --source names the folder with the challenge's files as they "
    "were published:\n\n  ISIC-2017_Training_Data.zip\n  ISIC-2017_Training_Part1_GroundTruth.zip\n  "
    "ISIC-2017_Training_Part3_GroundTruth.csv\n\nand the same for Validation and Test_v2. They are read in "
    "place; unpacked archives will do. An image that cannot be used is skipped, named and "
    "counted.\n\nWithout --source the program draws lesions as stand-ins. In their training data colour "
    "patches, ink marks and the like give the class away; in test data they do not.\n\nSee also: reff info, "
    "preview, verify; docs/shards.md.";

const struct data_set data_set_isic2017 = {
    .name = "isic2017",
    .title = "ISIC2017",
    .style = {.colour = 1, .marker = 3},
    .contents = "ISIC2017's skin lesions in one HDF5 file, from the official archives or drawn",
    .summary = "Write ISIC2017's images with their annotations into one file, a shard.",
    .description = description,
    .example = "reff gen isic2017 --source ISIC2017 --pixels 112 --split test --output test.h5\n"
               "  reff gen isic2017 --pixels 32 --count 800 --seed 5 --output drawn.h5",
    SET_PHOTOGRAPHS};
