// SPDX-License-Identifier: Apache-2.0
// The option tables as manual pages, and as lists for a shell's completion: `reff COMMAND --help=man`,
// `--help=list`.
#ifndef REFF_BASE_OPTIONS_FORMATS_H
#define REFF_BASE_OPTIONS_FORMATS_H

#include "core/base/options.h"

// The manual page reff-NAME(1).
void options_man(const struct command *command, FILE *out);

// A line a word that may stand on the command line, its parts separated by tabs: the word, what must follow
// or what it is, a help text. "--name" is followed by "flag", "value", "file", "folder", "profile" or choices
// separated by blanks; "WORDS" by the name of the positional words ("TABLE...").
void options_list(const struct command *command, FILE *out);

// Parts of pages that no single option table makes: the head of a page ("gen" or "", one line of summary),
// and a text in which nothing is taken for a request of roff.
void man_head(const char *name, const char *summary, FILE *out);
void man_text(const char *text, FILE *out);

#endif
