// SPDX-License-Identifier: Apache-2.0
#include "core/base/text.h"

#include "core/base/memory.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// Room for `more` bytes and the zero; 0, or -1 and the text is incomplete.
static int make_room(struct text *t, size_t more) {
    struct error unused;
    size_t room = t->room ? t->room : 64;
    if (t->incomplete)
        return -1;
    while (room <= t->length + more)
        room *= 2;
    if (room > t->room && array_resize(t->bytes, room, "a text", &unused))
        return t->incomplete = 1, -1;
    t->room = room;
    return 0;
}

void text_add_bytes(struct text *t, const void *bytes, size_t count) {
    if (make_room(t, count))
        return;
    memcpy(t->bytes + t->length, bytes, count);
    t->length += count;
    t->bytes[t->length] = 0;
}

void text_add(struct text *t, const char *piece) {
    text_add_bytes(t, piece, strlen(piece));
}

int text_add_rest(struct text *t, int descriptor) {
    char bytes[4096];
    for (;;) {
        ssize_t got = read(descriptor, bytes, sizeof bytes);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return got < 0 ? -1 : 0;
        text_add_bytes(t, bytes, (size_t)got);
    }
}

void text_vprintf(struct text *t, const char *format, va_list arguments) {
    va_list again;
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, arguments);
    if (length >= 0 && !make_room(t, (size_t)length)) {
        vsnprintf(t->bytes + t->length, (size_t)length + 1, format, again);
        t->length += (size_t)length;
    }
    va_end(again);
}

void text_printf(struct text *t, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    text_vprintf(t, format, arguments);
    va_end(arguments);
}

// The next byte to print of a text: *shown is "\xNN" for a control character, else empty and the byte is to be
// printed as it is. Returns how many bytes of the text it stands for.
static size_t next_visible(const unsigned char *c, char shown[5]) {
    int is_c1 = *c == 0xc2 && c[1] >= 0x80 && c[1] < 0xa0; // U+0080 to U+009F in UTF-8
    *shown = 0;
    if (*c < 0x20 || *c == 0x7f || is_c1)
        snprintf(shown, 5, "\\x%02x", c[is_c1]);
    return is_c1 ? 2 : 1;
}

void text_add_visible(struct text *t, const char *piece) {
    char shown[5];
    for (const unsigned char *c = (const unsigned char *)piece; *c;) {
        size_t taken = next_visible(c, shown);
        if (*shown)
            text_add(t, shown);
        else
            text_add_bytes(t, c, 1);
        c += taken;
    }
}

const char *text_visible(char *out, size_t size, const char *piece) {
    char shown[5];
    size_t used = 0;
    for (const unsigned char *c = (const unsigned char *)piece; *c;) {
        size_t taken = next_visible(c, shown), length = *shown ? strlen(shown) : 1;
        if (used + length >= size)
            break;
        memcpy(out + used, *shown ? shown : (const char *)c, length);
        used += length;
        c += taken;
    }
    out[used] = 0;
    return out;
}

void text_repeat(struct text *t, const char *piece, int times) {
    for (int i = 0; i < times; i++)
        text_add(t, piece);
}

void text_clear(struct text *t) {
    t->length = 0;
    if (t->bytes)
        *t->bytes = 0;
}

const char *text_string(const struct text *t) {
    return t->bytes ? t->bytes : "";
}

int text_check(const struct text *t, const char *what, struct error *err) {
    return t->incomplete ? fail_memory(err, "%s", what) : 0;
}

char *text_take(struct text *t, const char *what, struct error *err) {
    text_add(t, ""); // an empty text has bytes too
    if (text_check(t, what, err)) {
        text_free(t);
        return NULL;
    }
    char *bytes = t->bytes;
    *t = (struct text){0};
    return bytes;
}

void text_free(struct text *t) {
    free(t->bytes);
    *t = (struct text){0};
}

char *text_of_stream(FILE *stream, char **bytes, const char *what, struct error *err) {
    int bad = !stream || ferror(stream);
    bad |= stream && fclose(stream);
    if (!bad)
        return *bytes;
    memory_missed();
    free(*bytes);
    *bytes = NULL;
    fail_memory(err, "%s", what);
    return NULL;
}
