// SPDX-License-Identifier: Apache-2.0
// The subcommands of reff: one function each, one line each in experiments/command/main.c.
#ifndef REFF_EXPERIMENTS_COMMAND_COMMANDS_H
#define REFF_EXPERIMENTS_COMMAND_COMMANDS_H

#include "core/base/error.h"

// argv[0] is the command's own name. 0, or -1 with a message and an exit status in err.
int command_train(int argc, char **argv, struct error *err);
int command_annotate(int argc, char **argv, struct error *err);
int command_gradients(int argc, char **argv, struct error *err);
int command_info(int argc, char **argv, struct error *err);
int command_eval(int argc, char **argv, struct error *err);
int command_golden(int argc, char **argv, struct error *err);
int command_run(int argc, char **argv, struct error *err);
int command_cell(int argc, char **argv, struct error *err);
int command_status(int argc, char **argv, struct error *err);
int command_gate(int argc, char **argv, struct error *err);
int command_regress(int argc, char **argv, struct error *err);
int command_bench(int argc, char **argv, struct error *err);
int command_table(int argc, char **argv, struct error *err);
int command_figure(int argc, char **argv, struct error *err);
int command_page(int argc, char **argv, struct error *err);
int command_report(int argc, char **argv, struct error *err);

#endif
