// SPDX-License-Identifier: Apache-2.0
// Text in LaTeX.
#ifndef REFF_EXPERIMENTS_RESULTS_LATEX_H
#define REFF_EXPERIMENTS_RESULTS_LATEX_H

#include <stddef.h>
#include <stdio.h>

// Text with everything that LaTeX gives a meaning made plain. Control characters become blanks. UTF-8 stays.
void latex_text(FILE *out, const char *text);

// The first bytes of it.
void latex_bytes(FILE *out, const char *text, size_t count);

// The same for paths, commands and digests: lines may break after every character but a letter, a digit or
// the hyphens of an option, and between every eight of a long run of these.
void latex_code(FILE *out, const char *text);

#endif
