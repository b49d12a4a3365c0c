// SPDX-License-Identifier: Apache-2.0
// A text that grows: built piece by piece, without a size to guess and without a check after every piece.
//
//     struct text line = {0};
//     text_add(&line, "seeds");
//     for (int i = 0; i < count; i++)
//         text_printf(&line, "%s %d", i ? "," : "", seeds[i]);
//     if (text_check(&line, "a list of seeds", err)) ...        // some piece found no memory
//     puts(text_string(&line));
//     text_free(&line);
//
// After a piece that found no memory, later ones do nothing, and text_check fails: no text is silently cut.
#ifndef REFF_BASE_TEXT_H
#define REFF_BASE_TEXT_H

#include "core/base/error.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

struct text {       // starts as {0}
    char *bytes;    // zero-terminated; NULL while nothing was added
    size_t length;  // without the zero
    size_t room;    // bytes allocated
    int incomplete; // a piece is missing: no memory
};

void text_add(struct text *t, const char *piece);
void text_add_bytes(struct text *t, const void *bytes, size_t count);
void text_printf(struct text *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
void text_vprintf(struct text *t, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));
// The piece with control characters (of ASCII and of Unicode's C1) shown as \xNN: text from a file, on its
// way to a terminal, which would obey them.
void text_add_visible(struct text *t, const char *piece);
// The same into `out`, cut where it is full (no \xNN is cut in two), without memory. Returns out.
const char *text_visible(char *out, size_t size, const char *piece);
void text_repeat(struct text *t, const char *piece, int times);
// All that comes from a descriptor until its end. 0, or -1 with errno where reading fails.
int text_add_rest(struct text *t, int descriptor);

// Back to an empty text; it keeps its room.
void text_clear(struct text *t);

// What it holds: "" while nothing was added. It stays the text's.
const char *text_string(const struct text *t);

// 0; or -1 with a message if a piece is missing ("out of memory: WHAT").
int text_check(const struct text *t, const char *what, struct error *err);

// The bytes, to be freed by the caller; the text is empty then. NULL with a message if a piece is missing.
char *text_take(struct text *t, const char *what, struct error *err);

void text_free(struct text *t);

// Closes a stream that open_memstream gave, and hands out its text, to be freed; NULL with a message where some of it found
// no memory. `stream` may be NULL: it could not be opened.
char *text_of_stream(FILE *stream, char **bytes, const char *what, struct error *err);

#endif
