// SPDX-License-Identifier: Apache-2.0
// Lists of images: CSV by its columns' names, JSON by its keys, an image a row. A row that repeats an image
// adds a box.
#include "core/base/memory.h"
#include "gen/photographs/folder_catalogue.h"
#include "gen/read/csv_rows.h"
#include "gen/read/members.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum field {
    FILE_NAME,
    LABEL,
    CLASS,
    SPLIT,
    GROUP,
    PLACE,
    MASK,
    BOX_X,
    BOX_Y,
    BOX_WIDTH,
    BOX_HEIGHT,
    FIELDS
};

// What a field is called, the first that is there counts: Hugging Face's names, WILDS's, and usual ones.
static const char *const field_names[FIELDS] = {
    [FILE_NAME] = "file_name img_filename filename file image image_id path id name",
    [LABEL] = "label y target category",
    [CLASS] = "class class_name",
    [SPLIT] = "split",
    [GROUP] = "group",
    [PLACE] = "place background",
    [MASK] = "mask_file_name mask",
    [BOX_X] = "x",
    [BOX_Y] = "y_top",
    [BOX_WIDTH] = "w width",
    [BOX_HEIGHT] = "h height",
};

struct metadata_row {
    int line;
    const char *fields[FIELDS]; // "" where there is none
    double box[4];
    int has_box;
};

// ---------------------------------------------------------------------------------------------- a row

static int skip(struct folder *f, const struct metadata_row *row, struct error *err, const char *why,
                const char *what) {
    return remark_add(&f->skipped, row->fields[FILE_NAME], err, "line %d: %s%s%s%s", row->line, why,
                      *what ? " '" : "", what, *what ? "'" : "");
}

static int add_box(struct folder *f, struct folder_image *image, const struct metadata_row *row,
                   struct error *err) {
    int count = f->box_count;
    if (!(count & (count - 1)) &&
        array_resize(f->boxes, count ? 2 * (size_t)count : 1, "a list of boxes", err))
        return -1;
    f->boxes[f->box_count++] =
        (struct folder_box){row->box[0], row->box[1], row->box[2], row->box[3], image->first_box};
    image->first_box = count;
    return 0;
}

static int is_too_long(const char *text, size_t size) {
    return strlen(text) >= size;
}

// What a row says of its image for the first time.
static int describe(struct folder *f, struct folder_image *image, const struct metadata_row *row,
                    const char *below, struct error *err) {
    const char *const *v = row->fields;
    const char *class = *v[LABEL] ? v[LABEL] : v[CLASS];
    if (is_too_long(class, CLASS_NAME_SIZE) || is_too_long(v[CLASS], CLASS_NAME_SIZE) ||
        is_too_long(v[GROUP], CLASS_NAME_SIZE) || is_too_long(v[PLACE], CLASS_NAME_SIZE / 2))
        return skip(f, row, err, "a name of more than 127 bytes", "");
    if (*v[SPLIT]) {
        image->split = folder_split_of(v[SPLIT], strlen(v[SPLIT]));
        if (image->split == SPLIT_UNTOLD)
            return skip(f, row, err, "train, validation and test are splits, not", v[SPLIT]);
    }
    if (*class)
        snprintf(image->class, sizeof image->class, "%s", class);
    if (!*image->class)
        return skip(f, row, err, "no class", "");
    if (*v[LABEL])
        snprintf(image->title, sizeof image->title, "%s", v[CLASS]);
    if (*v[GROUP])
        snprintf(image->group, sizeof image->group, "%s", v[GROUP]);
    else if (*v[PLACE])
        snprintf(image->group, sizeof image->group, "%.60s, place %.50s",
                 *image->title ? image->title : image->class, v[PLACE]);
    if (*v[MASK]) {
        char *path = member_path(*f->settings->masks ? "" : below, v[MASK], 1, err);
        if (!path)
            return -1;
        int length = snprintf(image->mask, sizeof image->mask, "%s", path);
        free(path);
        if (length >= (int)sizeof image->mask)
            return skip(f, row, err, "a mask's path of more than 255 bytes", "");
    }
    image->line = row->line;
    image->used = 1;
    return 0;
}

enum { FIND_FAILED = -3 };

// The image of a name in a list; FOLDER_NONE, FOLDER_SEVERAL, FIND_FAILED with a message.
static int find_image(const struct folder *f, const char *given, const char *below, int backslashes,
                      struct error *err) {
    char *name = member_path(below, given, 1, err);
    if (!name)
        return FIND_FAILED;
    for (char *c = name; *c && backslashes; c++)
        *c = (char)(*c == '\\' ? '/' : *c);
    int found = folder_find(f, name);
    free(name);
    return found;
}

static int take_row(struct folder *f, const struct metadata_row *row, const char *below, struct error *err) {
    if (!*row->fields[FILE_NAME])
        return skip(f, row, err, "no file's name", "");
    int found = find_image(f, row->fields[FILE_NAME], below, 0, err);
    if (found == FOLDER_NONE && strchr(row->fields[FILE_NAME], '\\')) // written on Windows
        found = find_image(f, row->fields[FILE_NAME], below, 1, err);
    if (found == FIND_FAILED)
        return -1;
    if (found < 0)
        return skip(f, row, err,
                    found == FOLDER_SEVERAL ? "several images are called so: their folders are needed, too"
                                            : "there is no such image",
                    "");
    struct folder_image *image = &f->images[found];
    if (image->used) {
        const char *class = *row->fields[LABEL] ? row->fields[LABEL] : row->fields[CLASS];
        if (*class && strcmp(class, image->class) != 0)
            return fail(err, "%s: is '%s' in line %d and '%s' in line %d", image->name, image->class,
                        image->line, class, row->line);
    } else if (describe(f, image, row, below, err)) {
        return -1;
    }
    return image->used && row->has_box ? add_box(f, image, row, err) : 0;
}

static int is_box(const double box[4]) {
    return box[2] > 0 && box[3] > 0;
}

// ---------------------------------------------------------------------------------------------- CSV

// Where boxes are told, `y` is their upper edge; else it may be WILDS's label.
static int find_columns(const struct csv_rows *rows, int at[FIELDS], struct error *err) {
    for (int k = 0; k < FIELDS; k++)
        if (csv_rows_find(rows, field_names[k], &at[k], err))
            return -1;
    if (at[BOX_X] >= 0 && at[BOX_WIDTH] >= 0 && at[BOX_HEIGHT] >= 0) {
        at[BOX_Y] = csv_rows_column(rows, "y");
        if (at[LABEL] == at[BOX_Y])
            at[LABEL] = csv_rows_column(rows, "label target category");
    }
    for (int k = BOX_X; k <= BOX_HEIGHT; k++)
        if (at[k] < 0)
            at[BOX_X] = -1;
    return csv_rows_need(rows, field_names[FILE_NAME], err) < 0 ? -1 : 0;
}

static int read_box(const struct csv_rows *rows, int i, const int at[FIELDS], struct metadata_row *row) {
    int given = 0;
    for (int k = 0; k < 4; k++)
        given += *csv_rows_field(rows, i, at[BOX_X + k]) != 0;
    if (at[BOX_X] < 0 || !given)
        return 1;
    for (int k = 0; k < 4; k++)
        if (!csv_rows_number(rows, csv_rows_field(rows, i, at[BOX_X + k]), &row->box[k]))
            return 0;
    return row->has_box = is_box(row->box);
}

int folder_take_csv(struct folder *f, const char *name, const char *text, size_t size, const char *below,
                    struct error *err) {
    struct csv_rows rows;
    int at[FIELDS], bad = csv_rows_read(&rows, name, text, size, err) || find_columns(&rows, at, err);
    if (!bad)
        f->classless += at[LABEL] < 0 && at[CLASS] < 0;
    for (int i = 0; i < rows.count && !bad; i++) {
        struct metadata_row row = {.line = csv_rows_line(&rows, i)};
        for (int k = 0; k < FIELDS; k++)
            row.fields[k] = csv_rows_field(&rows, i, at[k]);
        if (!read_box(&rows, i, at, &row))
            bad = skip(f, &row, err, "a box is x, y, w, h in pixels, w and h above 0", "");
        else
            bad = take_row(f, &row, below, err);
    }
    csv_rows_free(&rows);
    return bad ? -1 : 0;
}

// ---------------------------------------------------------------------------------------------- JSON

// A value as text: a string as it is, a number in decimals.
static int add_value(const json_t *value, struct text *out) {
    if (json_is_string(value))
        text_add_bytes(out, json_string_value(value), json_string_length(value));
    else if (json_is_integer(value))
        text_printf(out, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    else if (json_is_number(value))
        text_printf(out, "%.17g", json_number_value(value));
    else if (value && !json_is_null(value))
        return -1;
    text_add_bytes(out, "", 1);
    return 0;
}

static const json_t *find_value(const json_t *object, const char *names) {
    char name[40];
    for (const char *at = names; *(at += strspn(at, " ")); at += strlen(name)) {
        snprintf(name, sizeof name, "%.*s", (int)strcspn(at, " "), at);
        const json_t *value = json_object_get(object, name);
        if (value)
            return value;
    }
    return NULL;
}

static int take_object(struct folder *f, const json_t *object, const char *name, int line, const char *below,
                       struct error *err) {
    struct text values = {0};
    size_t starts[BOX_X];
    struct metadata_row row = {.line = line};
    int bad = 0;
    for (int k = 0; k < BOX_X && !bad; k++) {
        starts[k] = values.length;
        if (add_value(find_value(object, field_names[k]), &values))
            bad = fail(err, "%s: line %d: '%.*s' is neither a text nor a number", name, line,
                       (int)strcspn(field_names[k], " "), field_names[k]);
    }
    bad = bad || text_check(&values, name, err);
    for (int k = 0; k < FIELDS && !bad; k++)
        row.fields[k] = k < BOX_X ? text_string(&values) + starts[k] : "";
    static const char *const corners[4] = {"x", "y", "w", "h"};
    for (int k = 0; k < 4 && !bad; k++)
        row.box[k] = json_number_value(json_object_get(object, corners[k]));
    row.has_box = json_is_number(json_object_get(object, "x")) && is_box(row.box);
    if (!bad)
        bad = take_row(f, &row, below, err);
    text_free(&values);
    return bad ? -1 : 0;
}

int folder_take_jsonl(struct folder *f, const char *name, const char *text, size_t size, const char *below,
                      struct error *err) {
    const char *end = text + size;
    if (size >= 3 && !memcmp(text, "\xEF\xBB\xBF", 3))
        text += 3;
    for (int line = 1; text < end; line++) {
        const char *stop = memchr(text, '\n', (size_t)(end - text));
        size_t length = (size_t)((stop ? stop : end) - text);
        json_error_t wrong;
        if (strspn(text, " \t\r") < length) {
            json_t *object = json_loadb(text, length, 0, &wrong);
            if (!json_is_object(object)) {
                int is_value = object != NULL;
                json_decref(object);
                return fail(err, "%s: line %d: no JSON object%s%s", name, line, is_value ? "" : ": ",
                            is_value ? "" : wrong.text);
            }
            int bad = take_object(f, object, name, line, below, err);
            json_decref(object);
            if (bad)
                return -1;
        }
        text = stop ? stop + 1 : end;
    }
    return 0;
}
