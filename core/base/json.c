// SPDX-License-Identifier: Apache-2.0
#include "core/base/json.h"

#include "core/base/digest.h"
#include "core/base/file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { REAL_DIGITS = 17 }; // tell every double from its neighbours

// ---------------------------------------------------------------------------------------- numbers

// Plain digits where 17 digits would be written plainly too (as %g has it), else with an exponent.
void json_add_real(struct text *text, double value) {
    char number[40];
    int digits = 1;
    do // "d.ddde-XX"
        snprintf(number, sizeof number, "%.*e", digits - 1, value);
    while (strtod(number, NULL) != value && ++digits <= REAL_DIGITS);
    char *exponent = strchr(number, 'e');
    if (!exponent) { // JSON has no such number
        text_add(text, number);
        return;
    }
    int power = (int)strtol(exponent + 1, NULL, 10);
    if (power >= -4 && power < REAL_DIGITS) {
        text_printf(text, "%.*f", digits - 1 > power ? digits - 1 - power : 1, value);
    } else {
        *exponent = 0;
        text_printf(text, "%se%d", number, power);
    }
}

// A number of JSON's ends at the first character that it cannot have.
static size_t number_length(const char *at) {
    return strspn(at, "+-.0123456789eE");
}

// Copies JSON text with its reals at their shortest. Whole numbers and strings stay as they are.
static char *shorten_reals(const char *json) {
    struct text out = {0};
    struct error unused;
    while (*json) {
        size_t other = strcspn(json, "\"-0123456789");
        text_add_bytes(&out, json, other);
        json += other;
        size_t length = *json == '"' ? 1 : number_length(json);
        if (*json == '"') {
            while (json[length] && json[length] != '"')
                length += json[length] == '\\' ? 2 : 1;
            length++;
        }
        if (*json && *json != '"' && strcspn(json, ".eE") < length)
            json_add_real(&out, strtod(json, NULL));
        else
            text_add_bytes(&out, json, *json ? length : 0);
        json += *json ? length : 0;
    }
    return text_take(&out, "JSON text", &unused);
}

// ---------------------------------------------------------------------------------------- text

// Takes the line breaks out of arrays of numbers. (A line break is never part of a JSON string.)
static void join_numbers(char *text) {
    char *to = text, *end = NULL; // end: of the array of numbers at hand
    for (const char *from = text; *from; from++) {
        if (*from == '[' && from[1 + strcspn(from + 1, "[]{}\"")] == ']')
            end = strchr(from, ']');
        if (from == end)
            end = NULL;
        if (!end || *from != '\n') {
            *to++ = *from;
            continue;
        }
        int edge = from[-1] == '[';
        from += strspn(from, "\n ");
        if (!edge && *from != ']')
            *to++ = ' ';
        from--;
    }
    *to = 0;
}

// Control characters that JSON may have as they are, but a terminal would obey: DEL and U+0080 to U+009F.
static char *escape_controls(char *text) {
    struct text out = {0};
    struct error unused;
    for (const unsigned char *c = (const unsigned char *)text; *c; c++)
        if (*c == 0x7f)
            text_add(&out, "\\u007f");
        else if (*c == 0xc2 && c[1] >= 0x80 && c[1] < 0xa0)
            text_printf(&out, "\\u%04x", *++c);
        else
            text_add_bytes(&out, c, 1);
    free(text);
    return text_take(&out, "JSON text", &unused);
}

static int has_controls(const char *text) {
    for (const unsigned char *c = (const unsigned char *)text; *c; c++)
        if (*c == 0x7f || (*c == 0xc2 && c[1] < 0xa0))
            return 1;
    return 0;
}

char *json_text_rounded(const json_t *value, int digits) {
    char *whole = json_dumps(value, JSON_INDENT(2) | JSON_ENCODE_ANY | JSON_REAL_PRECISION((size_t)digits));
    char *text = whole ? shorten_reals(whole) : NULL;
    free(whole);
    return text && has_controls(text) ? escape_controls(text) : text;
}

char *json_text(const json_t *value) {
    char *text = json_text_rounded(value, REAL_DIGITS);
    if (text)
        join_numbers(text);
    return text;
}

// ---------------------------------------------------------------------------------------- files

int json_print(FILE *out, const json_t *value, struct error *err) {
    char *text = json_text(value);
    if (!text)
        return fail(err, "a value that JSON cannot hold");
    int bad = fprintf(out, "%s\n", text) < 0,
        cause = errno; // a text larger than the buffer is written at once
    free(text);
    return bad ? fail_system(err, cause, "%s", out == stdout ? "standard output" : "a file") : 0;
}

int json_write(const char *path, const json_t *value, struct error *err) {
    char *text = json_text(value);
    if (!text)
        return fail(err, "%s: out of memory, or a value that JSON cannot hold", path);
    struct output out;
    int result = output_open(&out, path, err);
    if (!result) {
        fprintf(out.stream, "%s\n", text);
        result = output_commit(&out, err);
    }
    free(text);
    return result;
}

json_t *json_read(const char *path, struct error *err) {
    size_t size;
    char *text = file_read(path, (size_t)1 << 30, &size, err);
    if (!text)
        return NULL;
    json_error_t where;
    json_t *value = json_loadb(text, size, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, &where);
    if (!value && json_error_code(&where) == json_error_out_of_memory)
        fail_memory(err, "%s", path);
    else if (!value)
        fail(err, "%s:%d: %s", path, where.line, where.text);
    free(text);
    return value;
}

// Not by json_text: identities of runs are digests of these bytes.
int json_digest(const json_t *value, char hex[65], struct error *err) {
    char *text = json_dumps(value, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY | JSON_ENSURE_ASCII);
    if (!text)
        return fail_memory(err, "JSON text");
    int result = digest_bytes(text, strlen(text), hex, err);
    free(text);
    return result;
}
