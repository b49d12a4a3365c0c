// SPDX-License-Identifier: Apache-2.0
// "Did you mean": the nearest of the known words to one that is not known.
//
//     struct suggestion s;
//     suggest_start(&s, "tabel");
//     for (...) suggest_consider(&s, commands[i].name);
//     fail_usage(err, "unknown command '%s'%s", "tabel", suggest_text(&s)); // unknown command 'tabel' (did you
//                                                                           // mean 'table'?)
#ifndef REFF_BASE_SUGGEST_H
#define REFF_BASE_SUGGEST_H

enum { SUGGEST_EDITS_MAXIMUM = 2 }; // and no more than one in three characters of the shorter word

struct suggestion {
    const char *word; // the caller's
    char nearest[64]; // "": none is near
    int edits;        // from the word to it
    char text[96];
};

void suggest_start(struct suggestion *s, const char *word);

// Of words that are equally near the first stays.
void suggest_consider(struct suggestion *s, const char *known);

// The same for each of a list with blanks between.
void suggest_consider_list(struct suggestion *s, const char *known);

// " (did you mean 'table'?)", or "" where nothing is near. It stays the suggestion's.
const char *suggest_text(struct suggestion *s);

// All of it for one list.
const char *suggest_from_list(struct suggestion *s, const char *word, const char *known);

// The least number of characters to put in, leave out, replace or swap with their neighbour that makes one word
// of the other; '-' and '_' are the same. Any number above `most` is told as most + 1.
int suggest_distance(const char *a, const char *b, int most);

#endif
