// SPDX-License-Identifier: Apache-2.0
// The subcommands of reff that get real data, and make and look at shards.
#ifndef REFF_GEN_COMMAND_COMMANDS_H
#define REFF_GEN_COMMAND_COMMANDS_H

#include "core/base/error.h"

// argv[0] is the command's own name. 0, or -1 with a message and an exit status in err.
int command_gen(int argc, char **argv, struct error *err);     // gen textured-mnist | digits | textures
int command_fetch(int argc, char **argv, struct error *err);   // fetch [NAME...]
int command_preview(int argc, char **argv, struct error *err); // preview FILE OUT.png
int command_verify(int argc, char **argv, struct error *err);  // verify FILE
int command_export(int argc, char **argv, struct error *err);  // export SHARD...

#endif
