// SPDX-License-Identifier: Apache-2.0
#include "experiments/results/printed.h"

#include "core/methods/method.h"
#include "core/train/trainer.h"
#include "experiments/results/wording.h"
#include "gen/textured_mnist/texture_set.h"

#include <stdlib.h>
#include <string.h>

static void add_row(struct printed *p, json_t *cells) {
    json_array_append_new(p->rows, cells);
}

static const char *cell_text(const json_t *row, size_t column) {
    return json_string_value(json_array_get(row, column));
}

// ---------------------------------------------------------------------------------------- texture classes

static int texture_rows(struct printed *p, struct error *err) {
    const struct textured_mnist_settings *s = &p->profile->data[0].settings.textured_mnist;
    struct texture_set *set = texture_set_open(s->texture_set, err);
    int fixed[TEXTURE_CLASSES_MOST] = {0};
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
    for (int b = 0; b < set->backgrounds; b++)
        if (!fixed[b])
            add_row(p, json_pack("[s, s, s]", "-", "-", set->classes[TEXTURE_DIGITS + b].label));
    snprintf(
        p->note, sizeof p->note,
        "Profile %s, texture set %.60s (%s): ten classes fill digits, %d are backgrounds; those without a "
        "digit are drawn only where p > 0. With q > 0 a digit's texture is drawn from all ten.",
        p->profile->name, set->name,
        *s->textures ? "photographs" : "pictures made by code for these classes, not photographs",
        set->backgrounds);
    texture_set_close(set);
    return 0;
}

// ---------------------------------------------------------------------------------------- hyperparameters

enum { METHODS_MOST = 32 };

// The methods of the table: those of the paper.
struct methods {
    int count;
    const struct method *items[METHODS_MOST];
};

static struct methods list_methods(void) {
    struct methods m = {0};
    for (int i = 0; method_list[i] && m.count < METHODS_MOST; i++)
        if (!method_list[i]->control)
            m.items[m.count++] = method_list[i];
    return m;
}

static int is_annotator(const char *what) {
    return strstr(what, "annotator") != NULL;
}

// What is the same for all data sets is said once, for the first.
static void add_setting(struct printed *p, json_t *row) {
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
static void value_text(const struct setting *s, const void *target, char out[SETTING_TEXT_SIZE]) {
    const void *member = (const char *)target + s->offset;
    struct real_list list = {.count = 1};
    size_t used = 0;
    settings_text(s, target, out);
    if (s->type == SETTING_TYPE_REAL)
        memcpy(&list.values[0], member, sizeof(double));
    else if (s->type == SETTING_TYPE_REALS)
        memcpy(&list, member, sizeof list);
    else
        return;
    out[0] = 0;
    for (int i = 0; i < list.count; i++)
        used +=
            (size_t)snprintf(out + used, SETTING_TEXT_SIZE - used, "%s%.9g", i ? ", " : "", list.values[i]);
}

// "ours", or "ours (paper: theirs)" where they differ. Takes nothing.
static json_t *beside(const char *ours, const char *theirs) {
    char text[2 * SETTING_TEXT_SIZE + 32];
    if (!strcmp(ours, theirs))
        return json_string(*ours ? ours : "none");
    snprintf(text, sizeof text, "%s (paper: %s)", *ours ? ours : "none", *theirs ? theirs : "none");
    return json_string(text);
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

static void path_words(const struct setting *s, char text[SETTING_TEXT_SIZE]) {
    const char *slash = strrchr(text, '/');
    if (strcmp(s->name, "weights"))
        return;
    if (slash) // a file's folder is no hyperparameter
        memmove(text, slash + 1, strlen(slash + 1) + 1);
    char *ending = strstr(text, ".safetensors");
    if (ending)
        *ending = 0;
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
static int training_rows(struct printed *p, const char *data, const struct profile *paper,
                         struct error *err) {
    struct methods methods = list_methods();
    struct train_settings ours[METHODS_MOST], theirs[METHODS_MOST];
    for (int m = 0; m < methods.count; m++)
        if (profile_training(p->profile, methods.items[m]->name, data, &ours[m], err) ||
            profile_training(paper, methods.items[m]->name, data, &theirs[m], err) ||
            fill_method_defaults(&ours[m], err) || fill_method_defaults(&theirs[m], err))
            return -1;
    for (const struct setting *s = train_schema; s->name; s++) {
        if ((!s->record && strcmp(s->name, "weights")) || !strcmp(s->name, "method") ||
            !strcmp(s->name, "seed"))
            continue;
        json_t *row = json_pack("[s, s]", title_of(data), s->name);
        for (int m = 0; m < methods.count; m++) {
            char a[SETTING_TEXT_SIZE], b[SETTING_TEXT_SIZE];
            value_text(s, &ours[m], a), value_text(s, &theirs[m], b);
            path_words(s, a), path_words(s, b);
            json_array_append_new(row,
                                  method_uses(methods.items[m], s->name) ? beside(a, b) : json_string("-"));
        }
        say_once(row);
        add_setting(p, row);
    }
    return 0;
}

// A value that all methods share.
static void common_row(struct printed *p, const char *what, const char *name, const char *ours,
                       const char *theirs) {
    json_t *row = json_pack("[s, s, o]", what, name, beside(ours, theirs));
    for (int m = 1; m < list_methods().count; m++)
        json_array_append_new(row, json_string("\""));
    add_setting(p, row);
}

static void data_rows(struct printed *p, const struct profile_data *ours, const struct profile_data *theirs) {
    const char *title = title_of(ours->set->name);
    char a[32], b[32];
    snprintf(a, sizeof a, "%d", ours->set->pixels(&ours->settings));
    snprintf(b, sizeof b, "%d", theirs->set->pixels(&theirs->settings));
    common_row(p, title, "pixels", a, b);
    for (enum split s = 0; s < SPLITS; s++) {
        char name[64];
        if (s == SPLIT_VALIDATION)
            continue;
        snprintf(name, sizeof name, "%s images", split_names[s]);
        snprintf(a, sizeof a, ours->images[s] ? "%d" : "all", ours->images[s]);
        snprintf(b, sizeof b, theirs->images[s] ? "%d" : "all", theirs->images[s]);
        common_row(p, title, name, a, b);
    }
}

static int annotator_rows(struct printed *p, const char *data, const struct profile *paper,
                          struct error *err) {
    struct annotator_settings ours, theirs;
    char what[96];
    if (profile_annotator(p->profile, data, &ours, err) || profile_annotator(paper, data, &theirs, err))
        return -1;
    snprintf(what, sizeof what, "%s, annotator", title_of(data));
    for (const struct setting *s = annotator_schema; s->name; s++) {
        char a[SETTING_TEXT_SIZE], b[SETTING_TEXT_SIZE];
        if (!s->record || !strcmp(s->name, "n") || !strcmp(s->name, "seed"))
            continue;
        value_text(s, &ours, a), value_text(s, &theirs, b);
        common_row(p, what, s->name, a, b);
    }
    return 0;
}

static int setting_rows(struct printed *p, struct error *err) {
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
        data_rows(p, ours, &paper.data[d]);
        failed =
            training_rows(p, ours->set->name, &paper, err) || annotator_rows(p, ours->set->name, &paper, err);
    }
    profile_free(&paper);
    snprintf(
        p->note, sizeof p->note,
        "Settings in force in profile %s; the paper's (profile paper) beside them where they differ. \" is "
        "the same for all methods, - has no meaning for the method. Of data sets after the first: what "
        "differs.",
        p->profile->name);
    return failed ? -1 : 0;
}

int printed_make(struct printed *p, const struct table *table, const struct profile *profile,
                 struct error *err) {
    *p = (struct printed){.table = table, .profile = profile, .rows = json_array()};
    return table->kind == TABLE_TEXTURES ? texture_rows(p, err) : setting_rows(p, err);
}

void printed_free(struct printed *p) {
    json_decref(p->columns);
    json_decref(p->rows);
    memset(p, 0, sizeof *p);
}

// ---------------------------------------------------------------------------------------- formats

// The texts of a row with `write` for each and `between` two of them.
static void put_row(FILE *out, const json_t *cells, void (*write)(FILE *out, const char *text),
                    const char *between) {
    for (size_t i = 0; i < json_array_size(cells); i++) {
        if (i)
            fputs(between, out);
        write(out, json_string_value(json_array_get(cells, i)));
    }
}

static void plain(FILE *out, const char *text) {
    fputs(text, out);
}

static void markdown(FILE *out, const struct printed *p) {
    fprintf(out, "## %s\n\n%s\n\n| ", p->table->title, p->note);
    put_row(out, p->columns, plain, " | ");
    fputs(" |\n|", out);
    for (size_t i = 0; i < json_array_size(p->columns); i++)
        fputs(" --- |", out);
    for (size_t i = 0; i < json_array_size(p->rows); i++) {
        fputs("\n| ", out);
        put_row(out, json_array_get(p->rows, i), plain, " | ");
        fputs(" |", out);
    }
    fputc('\n', out);
}

static void csv(FILE *out, const struct printed *p) {
    put_row(out, p->columns, csv_text, ",");
    fputc('\n', out);
    for (size_t i = 0; i < json_array_size(p->rows); i++) {
        put_row(out, json_array_get(p->rows, i), csv_text, ",");
        fputc('\n', out);
    }
}

// A long table, which may go over pages; the columns share the width of the text, and their texts break.
static void latex(FILE *out, const struct printed *p) {
    size_t columns = json_array_size(p->columns);
    fputs("{\\scriptsize\\setlength{\\tabcolsep}{2pt}\n\\begin{longtable}{", out);
    for (size_t i = 0; i < columns; i++)
        fprintf(out, ">{\\raggedright\\arraybackslash}p{%.3f\\textwidth}", 0.93 / (double)columns);
    fputs("}\n\\caption{", out);
    latex_text(out, p->table->title);
    fputs(". ", out);
    latex_text(out, p->note);
    fprintf(out, "}\\label{tab:%s}\\\\\n\\hline\n", p->table->name);
    put_row(out, p->columns, latex_text, " & ");
    fputs(" \\\\\n\\hline\n\\endhead\n", out);
    for (size_t i = 0; i < json_array_size(p->rows); i++) {
        put_row(out, json_array_get(p->rows, i), latex_text, " & ");
        fputs(" \\\\\n", out);
    }
    fputs("\\hline\n\\end{longtable}}\n", out);
}

int printed_output(FILE *out, enum output_format format, const struct printed *p, struct error *err) {
    if (format == OUTPUT_MARKDOWN) {
        markdown(out, p);
    } else if (format == OUTPUT_CSV) {
        csv(out, p);
    } else if (format == OUTPUT_LATEX) {
        latex(out, p);
    } else {
        json_t *value =
            json_pack("{s:s, s:s, s:s, s:s, s:O, s:O}", "table", p->table->name, "profile", p->profile->name,
                      "title", p->table->title, "note", p->note, "columns", p->columns, "rows", p->rows);
        char *text = value ? json_dumps(value, JSON_INDENT(2)) : NULL;
        json_decref(value);
        if (!text)
            return fail(err, "%s: a value that JSON cannot hold", p->table->name);
        fprintf(out, "%s\n", text);
        free(text);
    }
    return 0;
}

static int write_printed(FILE *out, enum output_format format, const void *context, struct error *err) {
    return printed_output(out, format, context, err);
}

int printed_files(const char *results, const struct printed *p, struct error *err) {
    return output_write_files(results, p->profile->name, p->table->name, write_printed, p, err);
}
