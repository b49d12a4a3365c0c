// SPDX-License-Identifier: Apache-2.0
#include "gen/data_set/set_photographs.h"

static const char description[] =
    "ISIC2017: photographs of skin lesions with the lesion's outline as annotation; melanoma, seborrheic "
    "keratosis, nevus.\n"
    "--source names the folder with the challenge's files as they were published (read in place; unpacked "
    "archives will\n"
    "do): ISIC-2017_Training_Data.zip, ISIC-2017_Training_Part1_GroundTruth.zip,\n"
    "ISIC-2017_Training_Part3_GroundTruth.csv, and the same for Validation and Test_v2. Without it lesions "
    "are "
    "drawn by the\n"
    "program: stand-ins, of which colour patches, rulers and the like give the class away in training, and "
    "not "
    "in test data.\n"
    "Images that cannot be used are named and counted. See also: reff info, preview, verify; docs/shards.md.";

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
