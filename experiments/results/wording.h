// SPDX-License-Identifier: Apache-2.0
// How things are called in print, and how text is put into LaTeX: tables, figures and the report say the
// same.
#ifndef REFF_EXPERIMENTS_RESULTS_WORDING_H
#define REFF_EXPERIMENTS_RESULTS_WORDING_H

#include <stdio.h>

// "reff-l1" -> "ReFF with L1"; "isic2017" -> "ISIC2017". A word that has no title is its own.
const char *title_of(const char *word);

// Text with everything that LaTeX gives a meaning made plain. Control characters become blanks. UTF-8 stays.
void latex_text(FILE *out, const char *text);

// The same for paths, commands and digests: lines may break after every character but a letter, a digit or
// the hyphens of an option, and between every eight of a long run of these.
void latex_code(FILE *out, const char *text);

#endif
