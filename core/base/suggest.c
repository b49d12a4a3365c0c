// SPDX-License-Identifier: Apache-2.0
#include "core/base/suggest.h"

#include <stdio.h>
#include <string.h>

enum { WORD_MAXIMUM = sizeof((struct suggestion *)0)->nearest };

static int same(char a, char b) {
    return a == b || (strchr("-_", a) && strchr("-_", b) && a && b);
}

static int least(int a, int b) {
    return a < b ? a : b;
}

// Optimal string alignment (Damerau 1964, each place edited once) with the last three rows of its matrix.
int suggest_distance(const char *a, const char *b, int most) {
    int rows[3][WORD_MAXIMUM + 1], *before = rows[0], *last = rows[1], *now = rows[2];
    size_t length = strlen(a), width = strlen(b);
    if (length >= WORD_MAXIMUM || width >= WORD_MAXIMUM)
        return most + 1;
    for (size_t j = 0; j <= width; j++)
        last[j] = (int)j;
    for (size_t i = 1; i <= length; i++) {
        now[0] = (int)i;
        for (size_t j = 1; j <= width; j++) {
            now[j] = least(least(last[j], now[j - 1]) + 1, last[j - 1] + !same(a[i - 1], b[j - 1]));
            if (i > 1 && j > 1 && same(a[i - 1], b[j - 2]) && same(a[i - 2], b[j - 1]))
                now[j] = least(now[j], before[j - 2] + 1);
        }
        int *free_row = before;
        before = last, last = now, now = free_row;
    }
    return least(last[width], most + 1);
}

// Without the hyphens of an option.
static int letters(const char *word) {
    return (int)strlen(word + strspn(word, "-"));
}

void suggest_start(struct suggestion *s, const char *word) {
    *s = (struct suggestion){.word = word, .edits = SUGGEST_EDITS_MAXIMUM + 1};
}

static void consider(struct suggestion *s, const char *known, size_t length) {
    char candidate[WORD_MAXIMUM];
    if (length >= sizeof candidate)
        return;
    memcpy(candidate, known, length);
    candidate[length] = 0;
    int shorter = least(letters(candidate), letters(s->word));
    int edits = suggest_distance(s->word, candidate, SUGGEST_EDITS_MAXIMUM);
    if (edits >= s->edits || edits > shorter / 3)
        return;
    s->edits = edits;
    memcpy(s->nearest, candidate, length + 1);
    if (!edits) // known after all: what is wrong is another matter
        s->nearest[0] = 0;
}

void suggest_consider(struct suggestion *s, const char *known) {
    consider(s, known, strlen(known));
}

void suggest_consider_list(struct suggestion *s, const char *known) {
    for (; *known; known += strspn(known, " ")) {
        size_t length = strcspn(known, " ");
        if (length)
            consider(s, known, length);
        known += length;
    }
}

const char *suggest_text(struct suggestion *s) {
    s->text[0] = 0;
    if (*s->nearest)
        snprintf(s->text, sizeof s->text, " (did you mean '%s'?)", s->nearest);
    return s->text;
}

const char *suggest_from_list(struct suggestion *s, const char *word, const char *known) {
    suggest_start(s, word);
    suggest_consider_list(s, known);
    return suggest_text(s);
}
