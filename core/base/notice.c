// SPDX-License-Identifier: Apache-2.0
#include "core/base/notice.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void notice_add(struct text *notices, const char *format, ...) {
    char line[1000]; // as an error's message
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    text_add_visible(notices, line);
    text_add(notices, "\n");
}

void notice_print(struct text *notices) {
    for (const char *line = text_string(notices); *line;) {
        size_t length = strcspn(line, "\n");
        fprintf(stderr, "reff: %.*s\n", (int)length, line);
        line += length + (line[length] == '\n');
    }
    text_free(notices);
}
