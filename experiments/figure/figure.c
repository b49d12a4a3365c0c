// SPDX-License-Identifier: Apache-2.0
#include "experiments/figure/figure.h"

#include "core/train/train.h"
#include "experiments/plan/home.h"
#include "experiments/results/stale.h"
#include "gen/data_set/data_set.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

// ---------------------------------------------------------------------------------------- reading

static const struct setting figure_keys[] = {
    {"kind", SETTING_TYPE_CHOICE, offsetof(struct figure, kind_word), NULL, 0, 0, "grid curves training cost",
     "", "what is drawn", 0},
    SETTING_PATH(struct figure, title, NULL, "", "title"),
    SETTING_PATH(struct figure, caption, "", "", "more words, for the report"),
    SETTING_PATH(struct figure, paper, "", "", "the paper's figure"),
    SETTING_PATH(struct figure, table, "", "", "curves, training, cost: table"),
    SETTING_PATH(struct figure, metrics, "", "", "curves: two metrics in place of accuracy"),
    SETTING_PATH(struct figure, labels, "", "", "curves: what they are called"),
    SETTING_PATH(struct figure, row, "", "", "training, cost: row of the table"),
    SETTING_COUNT(struct figure, layer, "4", 1, 4, "", "layer whose Grad-CAM is drawn"),
    SETTING_SWITCH(struct figure, transpose, "images go across"),
    SETTING_COUNT(struct figure, resolution, "180", 36, 1200, "dots per inch", "of the PNG"),
    SETTING_END,
};

static const struct setting panel_keys[] = {
    SETTING_PATH(struct panel, title, "", "", "title"),
    SETTING_PATH(struct panel, data, DATA_SET_DEFAULT, "", "data set, or a profile's own"),
    SETTING_REAL(struct panel, p, "0", 0, 1, "", "chance of a drawn background"),
    SETTING_REAL(struct panel, q, "1", 0, 1, "", "chance of a drawn digit texture"),
    SETTING_REAL(struct panel, size, "223", 8, 224, "pixels", "size of the digit on a canvas of 224"),
    SETTING_CHOICE(struct panel, split, "test", "train test", "split"),
    SETTING_INT(struct panel, images, "6", 1, 32, "images", "images"),
    SETTING_PATH(struct panel, columns, NULL, "", "what is shown of each image"),
    SETTING_END,
};

struct figure_reader {
    struct figure *figure;
    char table_at[PATH_SIZE]; // places, for messages
};

// "reff n=5 layer=3", one column.
static int parse_column(struct panel_column *p, char *text, const char *where, struct error *err) {
    static const char *const kinds[] = {"input", "annotation", "pseudo"};
    char *rest, *word = strtok_r(text, " \t", &rest);
    if (!word)
        return fail_usage(err, "%s: an empty column", where);
    *p = (struct panel_column){.kind = PICTURE_MAP, .n = "All"};
    for (int k = 0; k < 3; k++)
        if (!strcmp(word, kinds[k]))
            p->kind = (enum picture_kind)k;
    if (p->kind == PICTURE_MAP) {
        struct train_settings scratch;
        if (settings_assign(settings_find(train_schema, "method"), &scratch, word, where, err))
            return -1;
        snprintf(p->method, sizeof p->method, "%s", scratch.method);
    }
    while ((word = strtok_r(NULL, " \t", &rest))) {
        int map = p->kind == PICTURE_MAP;
        if (!strncmp(word, "n=", 2) && p->kind >= PICTURE_PSEUDO && word[2] && strlen(word + 2) < sizeof p->n)
            snprintf(p->n, sizeof p->n, "%s", word + 2);
        else if (!strncmp(word, "layer=", 6) && map && word[6] >= '1' && word[6] <= '4' && !word[7])
            p->layer = word[6] - '0';
        else
            return fail_usage(err, "%s: '%.60s' is neither n=... nor layer=1..4 of a column that has it",
                              where, word);
    }
    if (p->kind == PICTURE_PSEUDO && !isdigit((unsigned char)p->n[0]))
        return fail_usage(err, "%s: pseudo needs n=...", where);
    return 0;
}

static int parse_columns(struct panel *p, const char *where, struct error *err) {
    char text[SETTING_TEXT_SIZE], *rest;
    snprintf(text, sizeof text, "%s", p->columns);
    p->column_count = 0;
    for (char *one = strtok_r(text, ",", &rest); one; one = strtok_r(NULL, ",", &rest)) {
        if (p->column_count == PANEL_COLUMNS_MAXIMUM)
            return fail_usage(err, "%s: more than %d columns", where, PANEL_COLUMNS_MAXIMUM);
        if (parse_column(&p->pictures[p->column_count++], one, where, err))
            return -1;
    }
    return p->column_count ? 0 : fail_usage(err, "%s: no columns", where);
}

static struct panel *find_panel(struct figure *f, const char *name, const char *where, struct error *err) {
    for (int i = 0; i < f->panel_count; i++)
        if (!strcmp(f->panels[i].name, name))
            return &f->panels[i];
    if (f->panel_count == PANELS_MAXIMUM) {
        fail_usage(err, "%s: more than %d panels", where, PANELS_MAXIMUM);
        return NULL;
    }
    struct panel *p = &f->panels[f->panel_count++];
    settings_default(panel_keys, p);
    snprintf(p->name, sizeof p->name, "%.40s", name);
    return p;
}

static int take(void *context, const char *section, const char *key, const char *value, const char *where,
                struct error *err) {
    struct figure_reader *r = context;
    int panel = !strncmp(section, "panel ", 6);
    if (!panel && strcmp(section, "figure"))
        return *section ? fail_usage(err, "%s: unknown section [%.60s]", where, section)
                        : fail_usage(err, "%s: '%.60s' stands before any [section]", where, key);
    const struct setting *keys = panel ? panel_keys : figure_keys, *s = settings_find(keys, key);
    struct suggestion near;
    if (!s)
        return fail_usage(err, "%s: unknown key '%.60s'%s in [%.60s]", where, key,
                          settings_suggest(&near, keys, key), section);
    if (!panel)
        return settings_assign(s, r->figure, value, where, err);
    struct panel *p = find_panel(r->figure, section + 6, where, err);
    if (panel && !strcmp(s->name, "data") && !table_is_data_name(value))
        return fail_usage(err, "%s: '%.60s' is no name of a data set", where, value);
    if (!p || settings_assign(s, p, value, where, err))
        return -1;
    return strcmp(s->name, "columns") ? 0 : parse_columns(p, where, err);
}

static int check(const struct figure *f, struct error *err) {
    if (!*f->kind_word || !*f->title)
        return fail_usage(err, "%s: %s is missing in [figure]", f->path, *f->title ? "kind" : "title");
    if (f->kind != FIGURE_GRID && !*f->table)
        return fail_usage(err, "%s: table is missing in [figure]", f->path);
    if (*f->metrics && (!strchr(f->metrics, ',') || !strchr(f->labels, ',')))
        return fail_usage(err, "%s: metrics and labels are two each, with a comma between", f->path);
    if ((f->kind == FIGURE_TRAINING || f->kind == FIGURE_COST) && !*f->row)
        return fail_usage(err, "%s: row is missing in [figure]", f->path);
    if (f->kind == FIGURE_GRID && !f->panel_count)
        return fail_usage(err, "%s: no [panel ...]", f->path);
    for (int i = 0; i < f->panel_count; i++) {
        const struct panel *p = &f->panels[i];
        if (!p->column_count)
            return fail_usage(err, "%s: columns are missing in [panel %s]", f->path, p->name);
        for (int c = 0; c < p->column_count; c++)
            if (p->pictures[c].kind == PICTURE_PSEUDO && strcmp(p->split, "train"))
                return fail_usage(err,
                                  "%s: [panel %s]: pseudo-annotations are of training images (split = train)",
                                  f->path, p->name);
    }
    return 0;
}

static int read_definition(struct figure *f, struct error *err) {
    struct figure_reader r = {.figure = f};
    settings_default(figure_keys, f);
    home_definition_name(f->path, f->name, sizeof f->name);
    if (settings_file(f->path, take, &r, err))
        return -1;
    f->kind = !strcmp(f->kind_word, "grid")     ? FIGURE_GRID
              : !strcmp(f->kind_word, "curves") ? FIGURE_CURVES
              : !strcmp(f->kind_word, "cost")   ? FIGURE_COST
                                                : FIGURE_TRAINING;
    for (int i = 0; i < f->panel_count; i++)
        for (int c = 0; c < f->panels[i].column_count; c++)
            if (!f->panels[i].pictures[c].layer)
                f->panels[i].pictures[c].layer = f->layer;
    return check(f, err);
}

int figure_read(struct figure *f, const char *word, struct error *err) {
    memset(f, 0, sizeof *f);
    return home_definition(f->path, "figures", word, err) || error_of_file(read_definition(f, err), err) ? -1
                                                                                                         : 0;
}

// ---------------------------------------------------------------------------------------- drawing

int figure_stem(char out[PATH_SIZE], const struct figure *f, const struct figure_job *job,
                struct error *err) {
    char figures[PATH_SIZE], folder[PATH_SIZE];
    return path_join(figures, err, job->results, "figures") ||
                   path_join(folder, err, figures, job->profile) || folder_make(folder, err) ||
                   path_join(out, err, folder, f->name)
               ? -1
               : 0;
}

int figure_write(const struct figure *f, const struct figure_job *job, double width, double height,
                 canvas_draw *draw, void *context, struct error *err) {
    char stem[PATH_SIZE];
    const struct canvas_page page = {
        .title = f->title, .width = width, .height = height, .resolution = f->resolution};
    return figure_stem(stem, f, job, err) || canvas_write(stem, &page, draw, context, err) ? -1 : 0;
}

// 1 with a message when the table is no longer what its definition and profile would give. One that has no
// definition here is taken as it is.
static int out_of_date(const struct figure_job *job, const char *name, const json_t *table,
                       struct error *err) {
    struct table definition;
    struct profile profile;
    struct error unknown = {0};
    struct text why = {0};
    if (table_read(&definition, name, &unknown)) {
        if (unknown.status == EXIT_USAGE)
            return 0;
        *err = unknown;
        return -1;
    }
    int stale = profile_read(&profile, job->profile_word, err) || plan_profiles(&profile, &definition, 1, err)
                    ? -1
                    : stale_table(&definition, &profile, job->results, table, &why, err);
    profile_free(&profile);
    if (stale > 0)
        fail(err, "%s/tables/%s/%s.json is out of date (%s); make it: build/release/reff run %s --profile %s",
             job->results, job->profile, name, text_string(&why), name, job->profile_word);
    text_free(&why);
    return stale;
}

json_t *figure_table(const struct figure_job *job, const char *table, int *missing, struct error *err) {
    char name[256], path[PATH_SIZE];
    *missing = 0;
    if (snprintf(name, sizeof name, "tables/%.80s/%.80s.json", job->profile, table) < 0 ||
        path_join(path, err, job->results, name))
        return NULL;
    int there = file_is_there(path, err);
    if (there < 0)
        return NULL;
    if (!there) {
        *missing = 1;
        fail(err, "%s is missing; make it: build/release/reff run %s --profile %s", path, table,
             job->profile);
        return NULL;
    }
    json_t *json = json_read(path, err);
    int stale = json ? out_of_date(job, table, json, err) : 0;
    *missing = stale > 0;
    if (!stale)
        return json;
    json_decref(json);
    return NULL;
}
