// SPDX-License-Identifier: Apache-2.0
#include "experiments/results/sheet_internal.h"

#include "core/base/file.h"
#include "core/base/memory.h"
#include "experiments/process/lock.h"

#include <stdarg.h>
#include <stdlib.h>

const char *const sheet_format_names[SHEET_FORMATS] = {"md", "csv", "tex", "json"};

// ---------------------------------------------------------------------------------------- building

void sheet_add_column(struct sheet *s, enum sheet_kind kind, int width, const char *heading) {
    struct error unused;
    char *copy = s->incomplete ? NULL : duplicate(heading, &unused);
    if (!copy || array_resize(s->columns, (size_t)s->column_count + 1, "columns", &unused)) {
        free(copy);
        s->incomplete = 1;
        return;
    }
    s->columns[s->column_count++] = (struct sheet_column){.heading = copy, .kind = kind, .width = width};
}

// Takes the text, which may be NULL.
static void take_cell(struct sheet *s, char *text) {
    struct error unused;
    if (s->incomplete || !text || array_resize(s->cells, (size_t)s->cell_count + 1, "cells", &unused)) {
        free(text);
        s->incomplete = 1;
        return;
    }
    s->cells[s->cell_count++] = text;
}

void sheet_add_cell(struct sheet *s, const char *text) {
    struct error unused;
    take_cell(s, duplicate(text, &unused));
}

void sheet_printf(struct sheet *s, const char *format, ...) {
    struct error unused;
    struct text text = {0};
    va_list arguments;
    va_start(arguments, format);
    text_vprintf(&text, format, arguments);
    va_end(arguments);
    take_cell(s, text_take(&text, "a cell", &unused));
}

int sheet_rows(const struct sheet *s) {
    return s->column_count ? s->cell_count / s->column_count : 0;
}

const char *sheet_cell(const struct sheet *s, int row, int column) {
    return s->cells[row * s->column_count + column];
}

int sheet_check(const struct sheet *s, struct error *err) {
    int incomplete = s->incomplete || s->title.incomplete || s->intro.incomplete || s->caption.incomplete ||
                     s->note.incomplete;
    return incomplete ? fail_memory(err, "the table %s", s->name) : 0;
}

void sheet_free(struct sheet *s) {
    for (int i = 0; i < s->column_count; i++)
        free(s->columns[i].heading);
    for (int i = 0; i < s->cell_count; i++)
        free(s->cells[i]);
    free(s->columns);
    free(s->cells);
    text_free(&s->title), text_free(&s->intro), text_free(&s->caption), text_free(&s->note);
    *s = (struct sheet){0};
}

// ---------------------------------------------------------------------------------------- printing

int sheet_print(FILE *out, enum sheet_format format, const struct sheet *s, struct error *err) {
    if (sheet_check(s, err))
        return -1;
    switch (format) {
    case SHEET_MARKDOWN:
        sheet_markdown(out, s);
        return 0;
    case SHEET_CSV:
        sheet_csv(out, s);
        return 0;
    case SHEET_LATEX:
        sheet_latex(out, s);
        return 0;
    default:
        return sheet_json(out, s, err);
    }
}

int sheet_write_files(const char *results, const char *profile, const char *name, sheet_write *write,
                      const void *context, struct error *err) {
    char tables[PATH_SIZE], folder[PATH_SIZE], path[PATH_SIZE];
    struct text file = {0};
    if (path_join(tables, err, results, "tables") || path_join(folder, err, tables, profile) ||
        folder_make(folder, err))
        return -1;
    lock_remove_leftovers(folder);
    int failed = 0;
    for (enum sheet_format f = 0; f < SHEET_FORMATS && !failed; f++) {
        struct output out;
        text_clear(&file);
        text_printf(&file, "%s.%s", name, sheet_format_names[f]);
        failed = text_check(&file, "a file's name", err) ||
                 path_join(path, err, folder, text_string(&file)) || output_open(&out, path, err);
        if (failed)
            break;
        failed = write(out.stream, f, context, err);
        if (failed)
            output_discard(&out);
        else
            failed = output_commit(&out, err);
    }
    text_free(&file);
    return failed ? -1 : 0;
}

static int write_sheet(FILE *out, enum sheet_format format, const void *context, struct error *err) {
    return sheet_print(out, format, context, err);
}

int sheet_files(const char *results, const struct sheet *s, struct error *err) {
    return sheet_write_files(results, s->profile, s->name, write_sheet, s, err);
}
