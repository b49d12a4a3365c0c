// SPDX-License-Identifier: Apache-2.0
#include "experiments/page/html.h"

#include "core/base/json.h"

#include <ctype.h>
#include <openssl/evp.h>
#include <string.h>

// Bytes of the UTF-8 character at `c`, 0 where there is none: RFC 3629, without overlong forms, surrogates and what
// lies beyond U+10FFFF.
static size_t character_length(const unsigned char *c) {
    size_t length = c[0] < 0x80   ? 1
                    : c[0] < 0xc2 ? 0
                    : c[0] < 0xe0 ? 2
                    : c[0] < 0xf0 ? 3
                    : c[0] < 0xf5 ? 4
                                  : 0;
    for (size_t i = 1; i < length; i++)
        if ((c[i] & 0xc0) != 0x80)
            return 0;
    if ((c[0] == 0xe0 && c[1] < 0xa0) || (c[0] == 0xed && c[1] > 0x9f) || (c[0] == 0xf0 && c[1] < 0x90) ||
        (c[0] == 0xf4 && c[1] > 0x8f))
        return 0;
    return length;
}

static const char *escape_of(unsigned char c) {
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return NULL;
    }
}

// Control characters of ASCII and C1 (C2 80 .. C2 9F), line feeds among them: no text here has lines.
static int is_control(const unsigned char *c, size_t length) {
    return (length == 1 && (c[0] < 0x20 || c[0] == 0x7f)) || (length == 2 && c[0] == 0xc2 && c[1] < 0xa0);
}

void html_text(struct text *out, const char *text) {
    for (const unsigned char *c = (const unsigned char *)text; *c;) {
        size_t length = character_length(c);
        const char *escape = escape_of(*c);
        if (!length)
            text_add(out, "\xef\xbf\xbd");
        else if (is_control(c, length))
            text_printf(out, "\\x%02x", c[length - 1]);
        else if (escape)
            text_add(out, escape);
        else
            text_add_bytes(out, c, length);
        c += length ? length : 1;
    }
}

void html_attribute(struct text *out, const char *name, const char *text) {
    text_printf(out, " %s=\"", name);
    html_text(out, text);
    text_add(out, "\"");
}

void html_link(struct text *out, const char *path) {
    text_add(out, " href=\"");
    for (const unsigned char *c = (const unsigned char *)path; *c; c++)
        if (isalnum(*c) || strchr("-._~/", *c))
            text_add_bytes(out, c, 1);
        else
            text_printf(out, "%%%02X", *c);
    text_add(out, "\"");
}

void html_number(struct text *out, double value, int digits) {
    text_add(out, "<data value=\"");
    json_add_real(out, value);
    text_printf(out, "\">%.*f</data>", digits, value);
}

void html_effect(struct text *out, double value) {
    text_add(out, "<data value=\"");
    json_add_real(out, value);
    text_printf(out, "\">%+.2f</data>", value);
}

void html_base64(struct text *out, const void *bytes, size_t size) {
    enum { PIECE = 3 * 1024 }; // a multiple of 3: padding comes at the end alone
    unsigned char encoded[PIECE / 3 * 4 + 1];
    for (size_t at = 0; at < size; at += PIECE) {
        size_t have = size - at < PIECE ? size - at : PIECE;
        int length = EVP_EncodeBlock(encoded, (const unsigned char *)bytes + at, (int)have);
        text_add_bytes(out, encoded, (size_t)length);
    }
}
