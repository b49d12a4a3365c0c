// SPDX-License-Identifier: Apache-2.0
// Where the declarative files lie: experiments/tables, experiments/profiles, experiments/tables/paper.csv.
//
// They are not compiled in, so that a table or a profile is added or edited without building anything. The
// folder that holds experiments/tables, the home, is the first of
//
//     $REFF_HOME               where it is set, no other is looked for
//     ../share/reff            beside the folder of an installed program
//     the source tree          from the program's folder upwards
//     PREFIX/share/reff        PREFIX as `make install` had it when the program was built
//     the current folder       and the folders above it
//
// `make install` copies the files to share/reff under the names that they have in the source tree.
#ifndef REFF_EXPERIMENTS_PLAN_HOME_H
#define REFF_EXPERIMENTS_PLAN_HOME_H

#include "core/base/file.h"
#include "core/base/text.h"

// The home.
int home_folder(char out[PATH_SIZE], struct error *err);

// "<home>/experiments/<name>".
int home_path(char out[PATH_SIZE], const char *name, struct error *err);

// A definition by name or by path: words with a '/' or ending in ".ini" are paths and taken as they are,
// others mean "<home>/experiments/<kind>/<word>.ini" ("profiles", "quick"). An unknown name fails with
// EXIT_USAGE and lists the known ones.
int home_definition(char out[PATH_SIZE], const char *kind, const char *word, struct error *err);

// Where every definition of a kind is meant and none is named: one that cannot be read, as `err` says, is
// told on standard error and left out (0, and err is clear). -1 where the fault is not the file's: the system
// refused something, a signal.
int home_leave_out(struct error *err);

// The names of all definitions of a kind, sorted, separated by blanks, in place of what `out` held.
int home_list(struct text *out, const char *kind, struct error *err);

// "a/b/quick.ini" -> "quick".
void home_definition_name(const char *path, char *out, size_t size);

#endif
