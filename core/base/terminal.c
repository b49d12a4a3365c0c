// SPDX-License-Identifier: Apache-2.0
#include "core/base/terminal.h"

#include "core/base/file.h"
#include "core/base/text.h"

#include <string.h>
#include <unistd.h>

// One of the two streams. Of UTF-8 it remembers how many bytes a character still lacks, so that a byte of U+0080 to
// U+009F is one, and the same byte within another character is none.
struct guarded {
    FILE *stream;
    int descriptor;
    int missing; // bytes of the character at hand
    int held;    // 0xc2, which may begin one of C1, is not written yet
};

static struct guarded streams[2] = {{.descriptor = STDOUT_FILENO}, {.descriptor = STDERR_FILENO}};

// ---------------------------------------------------------------------------------------- what is shown

// On its way to a descriptor. No memory is asked for: it may be why there is something to say.
struct shown {
    int descriptor, failed;
    size_t length;
    char bytes[1024];
};

static void send(struct shown *out) {
    out->failed |= !out->failed && file_write_all(out->descriptor, out->bytes, out->length);
    out->length = 0;
}

static void put(struct shown *out, unsigned char c) {
    if (out->length == sizeof out->bytes)
        send(out);
    out->bytes[out->length++] = (char)c;
}

static void put_visible(struct shown *out, unsigned char c) {
    static const char digits[] = "0123456789abcdef";
    put(out, '\\');
    put(out, 'x');
    put(out, (unsigned char)digits[c >> 4]);
    put(out, (unsigned char)digits[c & 15]);
}

static int bytes_that_follow(unsigned char first) {
    return first >= 0xf0 && first < 0xf8   ? 3
           : first >= 0xe0 && first < 0xf0 ? 2
                                           : first >= 0xc2 && first < 0xe0;
}

static void put_guarded(struct guarded *g, struct shown *out, unsigned char c) {
    int follows = g->missing && (c & 0xc0) == 0x80, is_c1 = c >= 0x80 && c < 0xa0, was_held = g->held;
    g->held = 0;
    if (was_held && follows && is_c1) {
        g->missing = 0;
        put_visible(out, c);
        return;
    }
    if (was_held)
        put(out, 0xc2);
    if (follows) {
        g->missing--;
        put(out, c);
        return;
    }
    g->missing = bytes_that_follow(c);
    g->held = c == 0xc2;
    if ((c < 0x20 && c != '\n' && c != '\t') || c == 0x7f || is_c1)
        put_visible(out, c);
    else if (!g->held)
        put(out, c);
}

static ssize_t write_guarded(void *cookie, const char *bytes, size_t size) {
    struct guarded *g = cookie;
    struct shown out = {.descriptor = g->descriptor};
    for (size_t i = 0; i < size; i++)
        put_guarded(g, &out, (unsigned char)bytes[i]);
    send(&out);
    return out.failed ? 0 : (ssize_t)size; // 0: the stream has failed
}

// ---------------------------------------------------------------------------------------- the streams

static FILE *guard(struct guarded *g, int mode, char *buffer, size_t size) {
    g->stream = fopencookie(g, "w", (cookie_io_functions_t){.write = write_guarded});
    if (g->stream)
        setvbuf(g->stream, buffer, mode, size);
    return g->stream;
}

void terminal_guard(void) {
    static char printed[1 << 16], said[BUFSIZ];
    FILE *out = guard(&streams[0], isatty(STDOUT_FILENO) ? _IOLBF : _IOFBF, printed, sizeof printed);
    FILE *err = guard(&streams[1], _IOLBF, said,
                      sizeof said); // a message in one piece, beside those of other processes
    if (out)
        stdout = out;
    if (err)
        stderr = err;
}

static const struct guarded *find(FILE *stream) {
    for (size_t i = 0; i < 2; i++)
        if (stream == streams[i].stream)
            return &streams[i];
    return NULL;
}

int terminal_descriptor(FILE *stream) {
    const struct guarded *g = find(stream);
    return g ? g->descriptor : fileno(stream);
}

void terminal_rewrite_line(FILE *stream, const char *line, int width) {
    struct text shown = {0};
    text_add(&shown, "\r");
    text_add_visible(&shown, line);
    if (width > 0 && shown.length > (size_t)width)
        shown.bytes[shown.length = (size_t)width] = 0;
    text_add(&shown, "\033[K");
    fflush(stream);
    if (find(stream))
        file_write_all(find(stream)->descriptor, text_string(&shown), shown.length);
    else
        fputs(text_string(&shown), stream);
    text_free(&shown);
}

int terminal_write_bytes(const void *bytes, size_t size) {
    return fflush(stdout) || file_write_all(STDOUT_FILENO, bytes, size) ? -1 : 0;
}
