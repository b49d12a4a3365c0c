// SPDX-License-Identifier: Apache-2.0
// Text in LaTeX.
#ifndef REFF_EXPERIMENTS_RESULTS_LATEX_H
#define REFF_EXPERIMENTS_RESULTS_LATEX_H

#include "core/base/error.h"

#include <stddef.h>
#include <stdio.h>

// Text with everything that LaTeX gives a meaning made plain. Control characters become blanks. UTF-8 stays.
void latex_text(FILE *out, const char *text);

// The first bytes of it.
void latex_bytes(FILE *out, const char *text, size_t count);

// The same for paths, commands and digests: lines may break after every character but a letter, a digit or
// the hyphens of an option, and between every eight of a long run of these.
void latex_code(FILE *out, const char *text);

// Whether a table in LaTeX, as a file of results has it, holds only commands that the program's tables have: LaTeX is a
// language, and could read and write files. Else -1 with "PATH: line N: what is wrong".
int latex_check_table(const char *path, const char *text, struct error *err);

#endif
