// SPDX-License-Identifier: Apache-2.0
#include "experiments/results/table_result_words.h"

#include "experiments/results/wording.h"

#include <string.h>

// ---------------------------------------------------------------------------------------- the metric

static int is_confusion(const struct table_result *r) {
    return !strcmp(r->metric, "confusion");
}

void table_result_add_measure(struct text *out, const struct table_result *r) {
    if (!*r->metric || is_confusion(r))
        text_printf(out, "Test accuracy in percent%s", is_confusion(r) ? " and confusion" : "");
    else
        text_printf(out, "Metric %s", r->metric);
    text_add(out, strcmp(r->plan->profile->training.select, "last")
                      ? " at the epoch of best validation accuracy"
                      : " after the last epoch");
}

int table_result_digits(const struct table_result *r) {
    return !*r->metric || strstr(r->metric, "accuracy") || is_confusion(r) || strstr(r->metric, "ece") ||
                   !strcmp(r->metric, "group_gap")
               ? 2
               : 4;
}

const char *table_result_column_title(const struct table_result *r, int column) {
    const char *title = r->table->sections[column].title;
    return *title ? title : wording_title(r->table->columns[column]);
}

// Beside the matrices the cells keep the accuracy.
void table_result_add_heading(struct text *out, const struct table_result *r, int column) {
    text_add(out, table_result_column_title(r, column));
    if (*r->metric)
        text_printf(out, ", %s", is_confusion(r) ? "accuracy" : r->metric);
}

// ---------------------------------------------------------------------------------------- the title

// ": part of the table, p = 0, 1 of Baseline, ReFF".
void table_result_add_part(struct text *out, const struct table_result *r) {
    const struct table *t = r->table;
    if (!t->partial)
        return;
    text_printf(out, ": part of the table, %s", t->row_name);
    for (int row = 0; row < t->row_count; row++)
        text_printf(out, "%s%s", row ? ", " : " = ", t->rows[row]);
    for (int column = 0; column < t->column_count; column++)
        text_printf(out, "%s%s", column ? ", " : " of ", table_result_column_title(r, column));
}

void table_result_add_title(struct text *out, const struct table_result *r) {
    static const char accuracy[] = "test accuracy";
    const char *title = r->table->title, *at = *r->metric ? strstr(title, accuracy) : NULL;
    if (at && is_confusion(r))
        at += strlen(accuracy);
    text_add_bytes(out, title, at ? (size_t)(at - title) : strlen(title));
    if (at && is_confusion(r))
        text_printf(out, " and confusion%s", at);
    else if (at)
        text_printf(out, "%s%s", r->metric, at + strlen(accuracy));
    else if (*r->metric)
        text_printf(out, ": %s", r->metric);
}

// ---------------------------------------------------------------------------------------- data and seeds

void table_result_add_seeds(struct text *out, const uint64_t *seeds, int count, const char *between) {
    for (int i = 0; i < count; i++)
        text_printf(out, "%s%llu", i ? between : "", (unsigned long long)seeds[i]);
}

void table_result_add_data(struct text *out, const struct table_result *r, int column) {
    char data[256];
    profile_describe(plan_column_profile(r->plan, r->table, column), table_data(r->table, column), data);
    text_add(out, data);
}

static int has_data_columns(const struct table_result *r) {
    return !strcmp(r->table->column_name, "data");
}

// Whether a column's data are another data set, or another profile's, than those of every column before it.
static int has_new_data(const struct table_result *r, int column) {
    const struct table *t = r->table;
    for (int before = 0; before < column; before++)
        if (!strcmp(table_data(t, before), table_data(t, column)) &&
            plan_column_profile(r->plan, t, before) == plan_column_profile(r->plan, t, column))
            return 0;
    return 1;
}

void table_result_add_all_data(struct text *out, const struct table_result *r) {
    for (int column = 0; column < r->table->column_count; column++)
        if (has_new_data(r, column)) {
            text_add(out, column ? "; " : "");
            table_result_add_data(out, r, column);
        }
}

// ---------------------------------------------------------------------------------------- settings

// The first cell of a column that has one.
static const struct cell *cell_of(const struct table_result *r, int column) {
    const struct cell *cell = NULL;
    for (int row = 0; row < r->table->row_count && !cell; row++)
        cell = plan_find(r->plan, r->table, row, column, r->plan->seeds.values[0]);
    return cell;
}

// "MNIST, ...; 4000 training images, 1000 test images, 112 px" for a column's data set.
static void add_column_data(struct text *out, const struct table_result *r, int column) {
    const struct cell *cell = cell_of(r, column);
    char data[256];
    if (!cell) {
        text_printf(out, "%s: ", table_data(r->table, column));
        plan_absent(out, r->plan, r->table, 0, column);
        return;
    }
    profile_describe(cell->profile, cell->set->name, data);
    if (cell->profile != r->plan->profile)
        text_printf(out, "profile %s: ", cell->profile->name);
    text_printf(out, "%s; %d training images, %d test images, %d px", data, cell->images[SPLIT_TRAIN],
                cell->images[SPLIT_TEST], cell_pixels(cell));
    if (!cell->set->fixed_classes) // a folder may hold some of the classes
        text_printf(out, ", %d classes", cell->classes);
    if (has_data_columns(r))
        text_printf(out, ", epochs: %d", cell->training.epochs);
}

static void add_network(struct text *out, const struct train_settings *t) {
    text_printf(out, "%s (width %d)", t->model, t->width);
}

static void add_epochs(struct text *out, const struct train_settings *t) {
    text_printf(out, "%d", t->epochs);
}

// "8", or by column where these differ: "baseline 8, abn 10".
static void add_by_column(struct text *out, const struct table_result *r,
                          void (*add)(struct text *out, const struct train_settings *t)) {
    struct text first = {0}, one = {0}, all = {0};
    int differ = 0;
    for (int column = 0; column < r->table->column_count; column++) {
        const struct cell *cell = cell_of(r, column);
        if (!cell)
            continue;
        text_clear(&one);
        add(&one, &cell->training);
        differ |= first.length && strcmp(text_string(&first), text_string(&one));
        if (!first.length)
            add(&first, &cell->training);
        text_printf(&all, "%s%s %s", all.length ? ", " : "", r->table->columns[column], text_string(&one));
    }
    if (!first.length)
        add(&first, &r->plan->profile->training);
    text_add(out, text_string(differ ? &all : &first));
    out->incomplete |= first.incomplete | one.incomplete | all.incomplete;
    text_free(&first), text_free(&one), text_free(&all);
}

void table_result_add_setting(struct text *out, const struct table_result *r) {
    int by_data = has_data_columns(r), data = 0;
    text_printf(out, "profile %s: ", r->plan->profile->name);
    for (int column = 0; column < r->table->column_count; column++)
        if (has_new_data(r, column)) {
            text_add(out, data++ ? "; " : "");
            add_column_data(out, r, column);
        }
    text_printf(out, "%s network ", data > 1 || by_data ? ";" : ",");
    add_by_column(out, r, add_network);
    if (!by_data) {
        text_add(out, ", epochs: ");
        add_by_column(out, r, add_epochs);
    }
    if (r->table->row_kind == ROW_NAMED)
        text_add(out, "; all this but for what a row says");
}
