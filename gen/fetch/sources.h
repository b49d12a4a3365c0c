// SPDX-License-Identifier: Apache-2.0
// Files of real data that can be fetched: where they are, where they go, how to know them.
// gen/fetch/sources.ini says what each key means; it is built into the program, and a user's own file has the
// same form.
#ifndef REFF_GEN_FETCH_SOURCES_H
#define REFF_GEN_FETCH_SOURCES_H

#include "core/base/settings.h"

struct source {
    char name[SETTING_WORD_SIZE]; // the section
    char path[SETTING_TEXT_SIZE]; // below the data folder
    char set[SETTING_TEXT_SIZE];
    char url[SETTING_TEXT_SIZE], mirror[SETTING_TEXT_SIZE]; // mirror: "" for none
    double bytes;                                           // 0: not known
    char md5[SETTING_TEXT_SIZE], sha256[SETTING_TEXT_SIZE]; // hexadecimal, "" where none is published
    char licence[SETTING_TEXT_SIZE], use[SETTING_TEXT_SIZE];
};

struct source_list {
    struct source *items;
    int count;
};

// Reads `path`, "" for the built-in file. Refused with file and line: unknown and missing keys, addresses
// that are not http:// or https://, digests of another length, paths that are absolute, leave the data
// folder, are hidden or used by the fetching itself. Free with source_list_free, also after a failure.
int source_list_read(struct source_list *s, const char *path, struct error *err);
void source_list_free(struct source_list *s);

// Keeps those whose name or set is one of the words (no words: all), in the file's order. An unknown word
// fails with EXIT_USAGE and lists the sets.
int source_list_choose(struct source_list *s, char *const *words, int count, struct error *err);

// Makes every file come from "BASE/PATH" and nowhere else.
int source_list_redirect(struct source_list *s, const char *base, struct error *err);

#endif
