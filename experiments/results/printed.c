// SPDX-License-Identifier: Apache-2.0
#include "experiments/results/printed.h"

#include "core/methods/method.h"
#include "core/train/trainer.h"
#include "experiments/results/wording.h"
#include "gen/textured_mnist/texture_set.h"

#include <stdlib.h>
#include <string.h>

struct building {
    const struct profile *profile;
    struct sheet *sheet;
    json_t *columns, *rows; // names; lists of as many texts
};

static void add_row(struct building *p, json_t *cells) {
    json_array_append_new(p->rows, cells);
}

static const char *cell_text(const json_t *row, size_t column) {
    return json_string_value(json_array_get(row, column));
}

// ---------------------------------------------------------------------------------------- texture classes

static int texture_rows(struct building *p, struct error *err) {
    const struct textured_mnist_settings *s = &p->profile->data[0].settings.textured_mnist;
    struct texture_set *set = texture_set_open(s->texture_set, err);
    int fixed[TEXTURE_CLASSES_MAXIMUM] = {0};
    if (!set)
        return -1;
    p->columns = json_pack("[s, s, s]", "digit", "its texture", "its background where p = 0");
    for (int d = 0; d < TEXTURE_DIGITS; d++) {
        char digit[8];
        const struct texture_class *background = &set->classes[TEXTURE_DIGITS + set->fixed_background[d]];
        snprintf(digit, sizeof digit, "%d", d);
        fixed[set->fixed_background[d]] = 1;
        add_row(p, json_pack("[s, s, s]", digit, set->classes[d].label, background->label));
    }
    struct text others = {0};
    for (int b = 0; b < set->backgrounds; b++)
        if (!fixed[b])
            text_printf(&others, "%s%s", others.length ? ", " : "", set->classes[TEXTURE_DIGITS + b].label);
    if (others.length)
        add_row(p, json_pack("[s, s, s]", "none", "-", text_string(&others)));
    p->sheet->incomplete |= others.incomplete;
    text_free(&others);
    text_printf(
        &p->sheet->intro,
        "Profile %s, texture set %.60s (%s): ten classes fill digits, %d are backgrounds; those of no "
        "digit are drawn only where p > 0. With q > 0 a digit's texture is drawn from all ten.",
        p->profile->name, set->name,
        *s->textures ? "photographs" : "pictures made by code for these classes, not photographs",
        set->backgrounds);
    texture_set_close(set);
    return 0;
}

// ---------------------------------------------------------------------------------------- hyperparameters

enum { METHODS_MAXIMUM = 32 };

// The methods of the table: those of the paper.
struct methods {
    int count;
    const struct method *items[METHODS_MAXIMUM];
};

static struct methods list_methods(void) {
    struct methods m = {0};
    for (int i = 0; method_list[i] && m.count < METHODS_MAXIMUM; i++)
        if (!method_list[i]->control)
            m.items[m.count++] = method_list[i];
    return m;
}

static int is_annotator(const char *what) {
    return strstr(what, "annotator") != NULL;
}

// What is the same for all data sets is said once, for the first.
static void add_setting(struct building *p, json_t *row) {
    for (size_t i = 0; i < json_array_size(p->rows); i++) {
        const json_t *first = json_array_get(p->rows, i);
        if (strcmp(cell_text(first, 1), cell_text(row, 1)) ||
            is_annotator(cell_text(first, 0)) != is_annotator(cell_text(row, 0)))
            continue;
        int same = 1;
        for (size_t k = 2; k < json_array_size(row); k++)
            same &= !strcmp(cell_text(first, k), cell_text(row, k));
        if (same)
            json_decref(row);
        else
            add_row(p, row);
        return;
    }
    add_row(p, row);
}

// As settings_text, but numbers as they are written by hand.
static void add_value(struct text *out, const struct setting *s, const void *target) {
    const void *member = (const char *)target + s->offset;
    struct real_list list = {.count = 1};
    if (s->type == SETTING_TYPE_REAL) {
        memcpy(&list.values[0], member, sizeof(double));
    } else if (s->type == SETTING_TYPE_REALS) {
        memcpy(&list, member, sizeof list);
    } else {
        settings_add_text(out, s, target);
        return;
    }
    for (int i = 0; i < list.count; i++)
        text_printf(out, "%s%.9g", i ? ", " : "", list.values[i]);
}

// "ours", or "ours (paper: theirs)" where they differ. Takes nothing.
static json_t *beside(const char *ours, const char *theirs) {
    ours = *ours ? ours : "none";
    theirs = *theirs ? theirs : "none";
    return strcmp(ours, theirs) ? json_sprintf("%s (paper: %s)", ours, theirs) : json_string(ours);
}

// Where the settings leave lambda and the layers' weights to the method, what it takes.
static int fill_method_defaults(struct train_settings *s, struct error *err) {
    enum { ANY_PIXELS = 32, ANY_CLASSES = 10 }; // neither changes a weight
    struct trainer_settings resolved;
    double lambda;
    if (train_resolve(s, ANY_PIXELS, ANY_CLASSES, &resolved, &lambda, err))
        return -1;
    s->lambda = lambda;
    if (!s->layer_weights.count && resolved.regularises) {
        s->layer_weights.count = STAGES;
        memcpy(s->layer_weights.values, resolved.layer_weights, sizeof resolved.layer_weights);
    }
    return 0;
}

// Of weights the file's name: its folder is no hyperparameter.
static void add_setting_value(struct text *out, const struct setting *s, const void *target) {
    struct text value = {0};
    add_value(&value, s, target);
    const char *text = text_string(&value), *slash = strrchr(text, '/');
    if (!strcmp(s->name, "weights")) {
        const char *ending = strstr(text, ".safetensors");
        text = slash ? slash + 1 : text;
        text_add_bytes(out, text, ending ? (size_t)(ending - text) : strlen(text));
    } else {
        text_add(out, text);
    }
    out->incomplete |= value.incomplete;
    text_free(&value);
}

// A setting's value in force beside the paper's.
static json_t *compared(struct building *p, const struct setting *s, const void *ours, const void *theirs) {
    struct text a = {0}, b = {0};
    add_setting_value(&a, s, ours);
    add_setting_value(&b, s, theirs);
    p->sheet->incomplete |= a.incomplete | b.incomplete;
    json_t *cell = beside(text_string(&a), text_string(&b));
    text_free(&a), text_free(&b);
    return cell;
}

// Values that all methods share are said once.
static void say_once(json_t *row) {
    for (size_t i = 3; i < json_array_size(row); i++)
        if (strcmp(cell_text(row, 2), cell_text(row, i)))
            return;
    for (size_t i = 3; i < json_array_size(row); i++)
        json_array_set_new(row, i, json_string("\""));
}

// One row per setting of the training of one data set, one column per method.
static int training_rows(struct building *p, const char *data, const struct profile *paper,
                         struct error *err) {
    struct methods methods = list_methods();
    struct train_settings ours[METHODS_MAXIMUM], theirs[METHODS_MAXIMUM];
    for (int m = 0; m < methods.count; m++)
        if (profile_training(p->profile, methods.items[m]->name, data, &ours[m], err) ||
            profile_training(paper, methods.items[m]->name, data, &theirs[m], err) ||
            fill_method_defaults(&ours[m], err) || fill_method_defaults(&theirs[m], err))
            return -1;
    for (const struct setting *s = train_schema; s->name; s++) {
        if ((!s->record && strcmp(s->name, "weights")) || !strcmp(s->name, "method") ||
            !strcmp(s->name, "seed"))
            continue;
        json_t *row = json_pack("[s, s]", wording_title(data), s->name);
        for (int m = 0; m < methods.count; m++) {
            json_array_append_new(row, method_uses(methods.items[m], s->name)
                                           ? compared(p, s, &ours[m], &theirs[m])
                                           : json_string("-"));
        }
        say_once(row);
        add_setting(p, row);
    }
    return 0;
}

// A value that all methods share. Takes the cell.
static void common_row(struct building *p, const char *what, const char *name, json_t *cell) {
    json_t *row = json_pack("[s, s, o]", what, name, cell);
    for (int m = 1; m < list_methods().count; m++)
        json_array_append_new(row, json_string("\""));
    add_setting(p, row);
}

// A number of images; 0 is all that there are.
static json_t *compared_counts(int ours, int theirs) {
    char a[16], b[16];
    snprintf(a, sizeof a, ours ? "%d" : "all", ours);
    snprintf(b, sizeof b, theirs ? "%d" : "all", theirs);
    return beside(a, b);
}

static void data_rows(struct building *p, const struct profile_data *ours,
                      const struct profile_data *theirs) {
    const char *title = wording_title(ours->set->name);
    common_row(p, title, "pixels",
               compared_counts(ours->set->pixels(&ours->settings), theirs->set->pixels(&theirs->settings)));
    for (enum split s = 0; s < SPLITS; s++) {
        char name[64];
        if (s == SPLIT_VALIDATION)
            continue;
        snprintf(name, sizeof name, "%s images", split_names[s]);
        common_row(p, title, name, compared_counts(ours->images[s], theirs->images[s]));
    }
}

static int annotator_rows(struct building *p, const char *data, const struct profile *paper,
                          struct error *err) {
    struct annotator_settings ours, theirs;
    char what[96];
    if (profile_annotator(p->profile, data, &ours, err) || profile_annotator(paper, data, &theirs, err))
        return -1;
    snprintf(what, sizeof what, "%s, annotator", wording_title(data));
    for (const struct setting *s = annotator_schema; s->name; s++) {
        if (!s->record || !strcmp(s->name, "n") || !strcmp(s->name, "seed"))
            continue;
        common_row(p, what, s->name, compared(p, s, &ours, &theirs));
    }
    return 0;
}

static int setting_rows(struct building *p, struct error *err) {
    struct profile paper;
    p->columns = json_pack("[s, s]", "of", "setting");
    struct methods methods = list_methods();
    for (int m = 0; m < methods.count; m++)
        json_array_append_new(p->columns, json_string(methods.items[m]->title));
    int failed = profile_read(&paper, "paper", err);
    for (int d = 0; !failed && p->profile->data[d].set; d++) {
        const struct profile_data *ours = &p->profile->data[d];
        if (!ours->given)
            continue;
        data_rows(p, ours, d < DATA_SETS ? &paper.data[d] : ours); // the paper has not what is one's own
        failed =
            training_rows(p, ours->set->name, &paper, err) || annotator_rows(p, ours->set->name, &paper, err);
    }
    profile_free(&paper);
    text_printf(
        &p->sheet->intro,
        "Settings in force in profile %s; the paper's (profile paper) beside them where they differ. \" is "
        "the same for all methods, - has no meaning for the method. Of data sets after the first: what "
        "differs.",
        p->profile->name);
    return failed ? -1 : 0;
}

// The rows as they are now, and the sheet's words.
static void fill_sheet(const struct building *b, const struct table *table) {
    struct sheet *s = b->sheet;
    size_t i, k;
    json_t *row, *cell;
    s->name = table->name;
    s->profile = b->profile->name;
    s->breaks_pages = 1;
    text_add(&s->title, table->title);
    text_add(&s->caption, text_string(&s->intro));
    json_array_foreach(b->columns, i, cell) sheet_add_column(s, SHEET_TEXT, 0, json_string_value(cell));
    json_array_foreach(b->rows, i, row) {
        json_array_foreach(row, k, cell) sheet_add_cell(s, json_string_value(cell));
    }
}

int printed_sheet(struct sheet *sheet, const struct table *table, const struct profile *profile,
                  struct error *err) {
    struct building b = {.profile = profile, .sheet = sheet, .rows = json_array()};
    int failed = table->kind == TABLE_TEXTURES ? texture_rows(&b, err) : setting_rows(&b, err);
    if (!failed)
        fill_sheet(&b, table);
    json_decref(b.columns);
    json_decref(b.rows);
    return failed || sheet_check(sheet, err) ? -1 : 0;
}
