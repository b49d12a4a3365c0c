// SPDX-License-Identifier: Apache-2.0
// Command lines: long options made from a settings table, plus positional words, plus --help.
//
//     reff train --train FILE --epochs 8
//     reff info FILE
#ifndef REFF_BASE_OPTIONS_H
#define REFF_BASE_OPTIONS_H

#include "core/base/settings.h"

#include <stdio.h>

struct command {
    const char *name;                 // "train", or "gen textured-mnist"
    const char *arguments;            // positional words for the usage line: "FILE...", "" for none
    const char *summary;              // one line
    const char *description;          // paragraphs for --help, which fills their lines; NULL for none
    const char *example;              // one line
    int minimum_words, maximum_words; // how many positional words; maximum_words -1: any number
    const struct setting *schema;     // NULL: no options but --help
};

struct words { // the positional words, in order; they point into argv
    int count;
    char **items;
};

// Parses argv[1..] into `target` (defaults first) and `words`. Returns 0, or -1 with EXIT_USAGE, or 1 when
// --help was asked for (and has been printed on standard output). Options may stand before, between and after
// words; "--" ends them. "--name value" and "--name=value" are the same; flags are "--name" and "--no-name".
// "--help=man" and "--help=list" are the same help in other forms (core/base/options_formats.h).
int options_parse(const struct command *command, int argc, char **argv, void *target, struct words *words,
                  struct error *err);

// As options_parse, but without filling in defaults first: what the command line names overrides `target`.
int options_override(const struct command *command, int argc, char **argv, void *target, struct words *words,
                     struct error *err);

// Whether the command line names the option. To be asked before it is parsed, which moves words within argv.
int options_given(const struct setting *s, int argc, char *const *argv);

// Usage, options with units, ranges and defaults, an example.
void options_help(const struct command *command, FILE *out);

// Says which forms of help there are: `--help=FORM` asks for none of them. Returns -1.
int options_refuse_form(const char *form, struct error *err);

#endif
