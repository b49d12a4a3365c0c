// SPDX-License-Identifier: Apache-2.0
// Standard output and standard error, and what a terminal would obey.
//
// Names of files, attributes of shards, records, messages of servers and libraries: much of what the program prints was
// written by somebody else. Control characters in it (of ASCII, and of Unicode's C1) are shown as \xNN on both streams,
// whoever prints. Line feeds and tabs stay. The program's own control is the functions here.
#ifndef REFF_BASE_TERMINAL_H
#define REFF_BASE_TERMINAL_H

#include <stddef.h>
#include <stdio.h>

// Once, first thing in main: from then on stdout and stderr are such streams. To lead one elsewhere, dup2 to its
// descriptor: they are no streams for freopen. Standard output is buffered as a whole
// where it is no terminal, so that what is lost on a full disk can be named at the end.
void terminal_guard(void);

// The descriptor behind a stream, guarded or not; -1 for none.
int terminal_descriptor(FILE *stream);

// Writes the line over the one that the cursor is in ("" clears it). At most `width` bytes of it; 0: all.
void terminal_rewrite_line(FILE *stream, const char *line, int width);

// Writes the bytes on standard output as they are. 0, or -1 with errno.
int terminal_write_bytes(const void *bytes, size_t size);

#endif
