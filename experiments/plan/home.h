// SPDX-License-Identifier: Apache-2.0
// Where the declarative files lie: experiments/tables, experiments/profiles, experiments/tables/paper.csv.
//
// They are read from the source tree that the program was built in: from the folder of the executable
// upwards, then from the current folder upwards, the first one that holds experiments/tables. They are not
// compiled in, so that a table or a profile is added or edited without building anything.
#ifndef REFF_EXPERIMENTS_PLAN_HOME_H
#define REFF_EXPERIMENTS_PLAN_HOME_H

#include "core/base/file.h"

// "<tree>/experiments/<name>".
int home_path(char out[PATH_SIZE], const char *name, struct error *err);

// A definition by name or by path: words with a '/' or ending in ".ini" are paths and taken as they are;
// others mean "<tree>/experiments/<kind>/<word>.ini" ("profiles", "quick"). An unknown name fails with
// EXIT_USAGE and lists the known ones.
int home_definition(char out[PATH_SIZE], const char *kind, const char *word, struct error *err);

// The names of all definitions of a kind, sorted, separated by blanks.
int home_list(char out[1024], const char *kind, struct error *err);

// "a/b/quick.ini" -> "quick".
void definition_name(const char *path, char *out, size_t size);

#endif
