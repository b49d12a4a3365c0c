// SPDX-License-Identifier: Apache-2.0
#include "gen/read/csv_rows.h"

#include "core/base/memory.h"
#include "gen/read/members.h"

#include <csv.h>
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct csv_reading {
    struct csv_rows *rows;
    struct error *err;
    size_t fields;             // so far
    int line;                  // that is being parsed
    int row_count;             // with the header
    int first_line, next_line; // of this row's first field; behind the row before
    size_t row_first;
    int blank, bad;
};

// ---------------------------------------------------------------------------------------------- parsing

// A field, as libcsv has unquoted it.
static void take_field(void *bytes, size_t size, void *context) {
    struct csv_reading *r = context;
    struct csv_rows *rows = r->rows;
    if (r->bad)
        return;
    if (r->fields == r->row_first)
        r->first_line = r->line;
    if (r->fields == rows->start_room) {
        size_t room = rows->start_room ? 2 * rows->start_room : 64;
        if (array_resize(rows->starts, room, rows->name, r->err)) {
            r->bad = 1;
            return;
        }
        rows->start_room = room;
    }
    if (memchr(bytes, 0, size)) {
        r->bad = 1;
        fail(r->err, "%s: line %d: a zero byte", rows->name, r->line);
        return;
    }
    rows->starts[r->fields++] = rows->text.length;
    text_add_bytes(&rows->text, bytes, size);
    text_add_bytes(&rows->text, "", 1);
    r->blank &= !size;
}

static void take_row(int end, void *context) {
    struct csv_reading *r = context;
    struct csv_rows *rows = r->rows;
    size_t count = r->fields - r->row_first;
    (void)end;
    r->next_line = r->line + 1;
    if (r->bad)
        return;
    if (r->blank) { // a line of blanks, or of delimiters alone
        r->fields = r->row_first;
        return;
    }
    int full = !(r->row_count & (r->row_count - 1));
    if (full && array_resize(rows->rows, r->row_count ? 2 * (size_t)r->row_count : 1, rows->name, r->err)) {
        r->bad = 1;
        return;
    }
    if (count > CSV_COLUMNS_MAXIMUM || r->row_count > CSV_ROWS_MAXIMUM) {
        r->bad = 1;
        fail(r->err, "%s: line %d: more than %d %s", rows->name, r->line,
             count > CSV_COLUMNS_MAXIMUM ? CSV_COLUMNS_MAXIMUM : CSV_ROWS_MAXIMUM,
             count > CSV_COLUMNS_MAXIMUM ? "fields" : "rows");
        return;
    }
    rows->rows[r->row_count++] = (struct csv_row){r->first_line, (int)count, r->row_first};
    r->row_first = r->fields;
    r->blank = 1;
}

// What stands most often in the header outside of quotes.
static char find_delimiter(const char *text, size_t size) {
    static const char delimiters[] = {',', ';', '\t'};
    size_t counts[sizeof delimiters] = {0}, most = 0;
    int quoted = 0;
    for (size_t i = 0; i < size && (quoted || (text[i] != '\n' && text[i] != '\r')); i++) {
        quoted ^= text[i] == '"';
        for (size_t k = 0; k < sizeof delimiters && !quoted; k++)
            counts[k] += text[i] == delimiters[k];
    }
    for (size_t k = 1; k < sizeof delimiters; k++)
        most = counts[k] > counts[most] ? k : most;
    return delimiters[most];
}

// Up to the end of a line, with it: LF, CRLF or CR.
static size_t line_length(const char *text, size_t size) {
    size_t i = 0;
    while (i < size && text[i] != '\n' && text[i] != '\r')
        i++;
    if (i < size)
        i += text[i] == '\r' && i + 1 < size && text[i + 1] == '\n' ? 2 : 1;
    return i;
}

// The first line may say what stands between fields, as Excel likes it: "sep=;". Its length, 0 where there is none.
static size_t told_delimiter(const char *text, size_t size, char *delimiter) {
    size_t length = line_length(text, size);
    if (length < 6 || strncasecmp(text, "sep=", 4) || !strchr(",;\t", text[4]) || !strchr("\r\n", text[5]))
        return 0;
    *delimiter = text[4];
    return length;
}

static int say_error(struct csv_parser *parser, const struct csv_reading *r) {
    if (csv_error(parser) == CSV_ENOMEM)
        return fail_memory(r->err, "%s", r->rows->name);
    return fail(r->err, "%s: line %d: a quote that does not enclose a whole field", r->rows->name, r->line);
}

// Line by line, so that rows know theirs.
static int parse(struct csv_reading *r, const char *text, size_t size) {
    struct csv_parser parser;
    if (csv_init(&parser, CSV_STRICT | CSV_STRICT_FINI))
        return fail_memory(r->err, "%s", r->rows->name);
    csv_set_delim(&parser, (unsigned char)r->rows->delimiter);
    int bad = 0;
    for (size_t at = 0, length; at < size && !bad && !r->bad; at += length) {
        length = line_length(text + at, size - at);
        r->line++;
        if (csv_parse(&parser, text + at, length, take_field, take_row, r) != length)
            bad = say_error(&parser, r);
    }
    if (!bad && !r->bad && csv_fini(&parser, take_field, take_row, r))
        bad = csv_error(&parser) == CSV_ENOMEM
                  ? say_error(&parser, r)
                  : fail(r->err, "%s: line %d: a quote is not closed", r->rows->name, r->next_line);
    csv_free(&parser);
    return bad || r->bad ? -1 : 0;
}

int csv_rows_read(struct csv_rows *rows, const char *name, const char *text, size_t size, struct error *err) {
    struct csv_reading r = {.rows = rows, .err = err, .next_line = 1, .blank = 1};
    *rows = (struct csv_rows){.name = name};
    if (members_is_web_page((const uint8_t *)text, size))
        return fail(err, "%s: an HTML page, not a CSV file (a download that failed?)", name);
    if (size >= 2 && (!memcmp(text, "\xFF\xFE", 2) || !memcmp(text, "\xFE\xFF", 2)))
        return fail(err, "%s: text in UTF-16; save it as CSV in UTF-8", name);
    if (size >= 3 && !memcmp(text, "\xEF\xBB\xBF", 3)) { // a byte order mark
        text += 3;
        size -= 3;
    }
    size_t told = told_delimiter(text, size, &rows->delimiter), blank = 0; // lines before the header
    if (told) {
        text += told;
        size -= told;
        r.line = 1;
        r.next_line = 2;
    }
    while (blank < size && text[blank] && strchr("\r\n \t", text[blank]))
        blank++;
    if (!told)
        rows->delimiter = find_delimiter(text + blank, size - blank);
    if (parse(&r, text, size) || text_check(&rows->text, name, err))
        return -1;
    if (!r.row_count)
        return fail(err, "%s: an empty file, not CSV", name);
    rows->columns = rows->rows[0].count;
    rows->count = r.row_count - 1;
    return 0;
}

void csv_rows_free(struct csv_rows *rows) {
    free(rows->rows);
    free(rows->starts);
    text_free(&rows->text);
    *rows = (struct csv_rows){0};
}

// ---------------------------------------------------------------------------------------------- asking

static const char *field_of(const struct csv_rows *rows, const struct csv_row *row, int column) {
    if (column < 0 || column >= row->count)
        return "";
    return text_string(&rows->text) + rows->starts[row->first + (size_t)column];
}

const char *csv_rows_field(const struct csv_rows *rows, int i, int column) {
    return field_of(rows, &rows->rows[i + 1], column);
}

int csv_rows_line(const struct csv_rows *rows, int i) {
    return rows->rows[i + 1].line;
}

int csv_rows_width(const struct csv_rows *rows, int i) {
    return rows->rows[i + 1].count;
}

// The next letter of a name that counts, in lower case; 0 at its end.
static int next_letter(const char **name, const char *end) {
    while (*name < end && strchr("_- ", **name))
        ++*name;
    return *name < end ? tolower((unsigned char)*(*name)++) : 0;
}

static int same_name(const char *a, const char *b, size_t length) {
    const char *a_end = a + strlen(a), *b_end = b + length;
    for (;;) {
        int x = next_letter(&a, a_end), y = next_letter(&b, b_end);
        if (x != y)
            return 0;
        if (!x)
            return 1;
    }
}

int csv_rows_column(const struct csv_rows *rows, const char *names) {
    for (const char *at = names; *(at += strspn(at, " ")); at += strcspn(at, " "))
        for (int c = 0; c < rows->columns; c++)
            if (same_name(field_of(rows, &rows->rows[0], c), at, strcspn(at, " ")))
                return c;
    return -1;
}

int csv_rows_find(const struct csv_rows *rows, const char *names, int *column, struct error *err) {
    *column = csv_rows_column(rows, names);
    const char *name = field_of(rows, &rows->rows[0], *column);
    for (int c = *column + 1; *column >= 0 && c < rows->columns; c++)
        if (same_name(field_of(rows, &rows->rows[0], c), name, strlen(name)))
            return fail(err, "%s: line %d: two columns are called '%.60s'", rows->name, rows->rows[0].line,
                        name);
    return 0;
}

int csv_rows_need(const struct csv_rows *rows, const char *names, struct error *err) {
    int column;
    if (csv_rows_find(rows, names, &column, err))
        return -1;
    if (column >= 0)
        return column;
    struct text list = {0};
    for (int c = 0; c < rows->columns && c < 12; c++)
        text_printf(&list, "%s%.40s", c ? ", " : "", field_of(rows, &rows->rows[0], c));
    fail(err, "%s: line %d: no column '%.*s'; its columns are %s", rows->name, rows->rows[0].line,
         (int)strcspn(names, " "), names, text_string(&list));
    text_free(&list);
    return -1;
}

// A decimal number is made of these alone; strtod would take hexadecimal ones and words as well.
int csv_rows_number(const struct csv_rows *rows, const char *field, double *value) {
    char copy[64], *end;
    size_t length = strlen(field);
    if (!length || length >= sizeof copy ||
        strspn(field, rows->delimiter == ';' ? "0123456789+-.,eE" : "0123456789+-.eE") != length)
        return 0;
    memcpy(copy, field, length + 1);
    if (strchr(copy, ','))
        *strchr(copy, ',') = '.';
    *value = strtod(copy, &end);
    return !*end && end != copy && isfinite(*value);
}
