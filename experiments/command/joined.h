// SPDX-License-Identifier: Apache-2.0
// A command line that fills two structs: the command's own options, and the settings of the module that does
// the work.
//
//     const struct options_part own = {file_schema, &files, sizeof files},
//                               work = {train_schema, &training, sizeof training};
//     struct command command = {.name = "train", ...};
//     int result = joined_parse(&command, &own, &work, argc, argv, err);
#ifndef REFF_EXPERIMENTS_COMMAND_JOINED_H
#define REFF_EXPERIMENTS_COMMAND_JOINED_H

#include "core/base/options.h"

#include <stddef.h>

struct options_part {
    const struct setting *schema;
    void *target; // what its schema leaves alone stays as it is
    size_t size;  // bytes of the target
};

// As options_parse, with one table made of both; the command takes no words, and has no table of its own.
int joined_parse(const struct command *command, const struct options_part *first,
                 const struct options_part *second, int argc, char **argv, struct error *err);

#endif
