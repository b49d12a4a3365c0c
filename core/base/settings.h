// SPDX-License-Identifier: Apache-2.0
// Settings: one table describes a struct, and serves the command line, settings files, help texts, records
// and digests alike. A module declares its struct and its table once:
//
//     struct train_settings { int epochs; double lambda; char method[32]; };
//     const struct setting train_schema[] = {
//         SETTING_INT(struct train_settings, epochs, "8", 1, 100000, "epochs", "passes over the training
//         data"), SETTING_REAL(struct train_settings, lambda, "1", 0, 1e12, "", "factor of the regulariser"),
//         SETTING_CHOICE(struct train_settings, method, "baseline", "baseline reff", "the method"),
//         SETTING_END};
//
// The name of a setting is its member's name. '-' and '_' are the same in names on the command line and in
// files.
#ifndef REFF_BASE_SETTINGS_H
#define REFF_BASE_SETTINGS_H

#include "core/base/error.h"
#include "core/base/json.h"
#include "core/base/suggest.h"

#include <stddef.h>

#define SETTING_TEXT_SIZE    512 // of a char array member that holds text
#define SETTING_WORD_SIZE    48  // of a char array member that holds a choice
#define SETTING_LIST_MAXIMUM 16  // most numbers in a list member

struct real_list { // a list member: "15,60,250,1000"
    int count;
    double values[SETTING_LIST_MAXIMUM];
};

enum setting_type {
    SETTING_TYPE_INT,    // int
    SETTING_TYPE_SEED,   // uint64_t
    SETTING_TYPE_REAL,   // double; never NaN or infinite
    SETTING_TYPE_REALS,  // struct real_list
    SETTING_TYPE_CHOICE, // char[SETTING_WORD_SIZE], one of the words in `choices`
    SETTING_TYPE_FLAG,   // int 0 or 1; on the command line `--name`, in files yes/no
    SETTING_TYPE_TEXT,   // char[SETTING_TEXT_SIZE]
    SETTING_TYPE_WORDS,  // the same; an option that is repeated adds to it, with a comma between
};

struct setting {
    const char *name; // NULL ends a table
    enum setting_type type;
    size_t offset;
    const char *standard;    // the default, as text; NULL: must be given
    double minimum, maximum; // range of numbers, inclusive
    const char *choices;     // words separated by blanks
    const char *unit;        // shown in help: "pixels", "epochs", "FILE", "" for none
    const char *help;        // one line, without a full stop
    int record;              // 1: part of a run's identity (digest). 0: paths, thread counts and the like.
                             // 2: part of it unless it has its default, so that a setting added to a program
                             // leaves the identity of the runs made before as it was
};

#define SETTING_END                                                                                          \
    { 0 }
#define SETTING_INT(s, m, std, lo, hi, u, h)                                                                 \
    { #m, SETTING_TYPE_INT, offsetof(s, m), std, lo, hi, 0, u, h, 1 }
#define SETTING_SEED(s, m, std, h)                                                                           \
    { #m, SETTING_TYPE_SEED, offsetof(s, m), std, 0, 0x1p63, 0, "", h, 1 }
#define SETTING_REAL(s, m, std, lo, hi, u, h)                                                                \
    { #m, SETTING_TYPE_REAL, offsetof(s, m), std, lo, hi, 0, u, h, 1 }
#define SETTING_REALS(s, m, std, lo, hi, u, h)                                                               \
    { #m, SETTING_TYPE_REALS, offsetof(s, m), std, lo, hi, 0, u, h, 1 }
#define SETTING_CHOICE(s, m, std, words, h)                                                                  \
    { #m, SETTING_TYPE_CHOICE, offsetof(s, m), std, 0, 0, words, "", h, 1 }
#define SETTING_FLAG(s, m, h)                                                                                \
    { #m, SETTING_TYPE_FLAG, offsetof(s, m), "no", 0, 1, 0, "", h, 1 }
#define SETTING_TEXT(s, m, std, u, h)                                                                        \
    { #m, SETTING_TYPE_TEXT, offsetof(s, m), std, 0, 0, 0, u, h, 1 }
// The same, but no part of a run's identity: where files lie, how many threads work.
#define SETTING_PATH(s, m, std, u, h)                                                                        \
    { #m, SETTING_TYPE_TEXT, offsetof(s, m), std, 0, 0, 0, u, h, 0 }
#define SETTING_WORDS(s, m, u, h)                                                                            \
    { #m, SETTING_TYPE_WORDS, offsetof(s, m), "", 0, 0, 0, u, h, 0 }
#define SETTING_COUNT(s, m, std, lo, hi, u, h)                                                               \
    { #m, SETTING_TYPE_INT, offsetof(s, m), std, lo, hi, 0, u, h, 0 }
#define SETTING_SWITCH(s, m, h)                                                                              \
    { #m, SETTING_TYPE_FLAG, offsetof(s, m), "no", 0, 1, 0, "", h, 0 }

// For settings that are younger than recorded runs (`record` 2).
#define SETTING_LATER_INT(s, m, std, lo, hi, u, h)                                                           \
    { #m, SETTING_TYPE_INT, offsetof(s, m), std, lo, hi, 0, u, h, 2 }
#define SETTING_LATER_REAL(s, m, std, lo, hi, u, h)                                                          \
    { #m, SETTING_TYPE_REAL, offsetof(s, m), std, lo, hi, 0, u, h, 2 }
#define SETTING_LATER_CHOICE(s, m, std, words, h)                                                            \
    { #m, SETTING_TYPE_CHOICE, offsetof(s, m), std, 0, 0, words, "", h, 2 }

// Fills `target` (zeroed first over its members) with the defaults. Settings without one are left zero.
void settings_default(const struct setting *schema, void *target);

// The entry of that name, or NULL.
const struct setting *settings_find(const struct setting *schema, const char *name);

// " (did you mean 'lambda'?)" for a name that the table has not, or "" (suggest.h). It stays the suggestion's.
const char *settings_suggest(struct suggestion *near, const struct setting *schema, const char *name);

// One table for two structs that lie side by side: `first`, then `second` with its members `offset` bytes
// further. `out` has room for `room` rows, which are enough.
void settings_join(struct setting *out, int room, const struct setting *first, const struct setting *second,
                   size_t offset);

// Parses `text` into the member, checking type and range. `where` begins the message ("quick.ini:12", "--p"):
// "--p: 1.5 is not in 0..1". Fails with EXIT_USAGE.
int settings_assign(const struct setting *s, void *target, const char *text, const char *where,
                    struct error *err);

// Appends one member as text, as settings_assign would read it.
void settings_add_text(struct text *out, const struct setting *s, const void *target);

// The setting's name as an option: "layer_weights" -> "layer-weights". Returns `out`.
const char *option_name(const struct setting *s, char out[SETTING_WORD_SIZE]);

// Whether all members are such as settings_assign would take, whoever filled them in: "--p: 2 is not in 0..1".
int settings_check(const struct setting *schema, const void *target, struct error *err);

// A JSON object of all members, in the table's order; only a run's
// identity (see `record`) when recorded_only is set.
// New reference; NULL when out of memory. Reals are JSON numbers that round-trip.
json_t *settings_json(const struct setting *schema, const void *target, int recorded_only);

// Sets members from a JSON object made by settings_json (unknown or ill-typed keys fail, naming `where`).
int settings_from_json(const struct setting *schema, void *target, const json_t *object, const char *where,
                       struct error *err);

// Settings files (INI: [section], key = value, '#' or ';' comments). Every line goes to `take` with its
// place. Unknown keys are `take`'s to refuse; repeated keys within a section and lines that are no "key =
// value" are refused here: "FILE:LINE: key 'lambda' given twice (first in line 4)". What is wrong with a line is a fault of
// the file: whatever `take` fails with, the status is EXIT_FAILED.
typedef int settings_line(void *context, const char *section, const char *key, const char *value,
                          const char *where, struct error *err);
int settings_file(const char *path, settings_line *take, void *context, struct error *err);

// The same for a text in memory; `name` stands for the file in messages.
int settings_lines(const char *name, const char *text, settings_line *take, void *context, struct error *err);

#endif
