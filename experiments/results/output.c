// SPDX-License-Identifier: Apache-2.0
#include "experiments/results/output.h"

#include "experiments/process/lock.h"
#include "experiments/results/claims_json.h"
#include "experiments/results/wording.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *const output_names[OUTPUT_FORMATS] = {"md", "csv", "tex", "json"};

#define PLUS_MINUS "\xc2\xb1"

// "1, 2, 3" or "1 2 3".
static void seeds_text(const uint64_t *seeds, int n, const char *between, char *out, size_t size) {
    size_t used = 0;
    out[0] = 0;
    for (int i = 0; i < n && used < size; i++)
        used += (size_t)snprintf(out + used, size - used, "%s%llu", i ? between : "",
                                 (unsigned long long)seeds[i]);
}

// The first cell of a column that has one.
static const struct cell *cell_of(const struct table_result *r, int column) {
    const struct cell *cell = NULL;
    for (int row = 0; row < r->table->row_count && !cell; row++)
        cell = plan_find(r->plan, r->table, row, column, r->plan->seeds.values[0]);
    return cell;
}

// "MNIST, ...; 4000 training images, 1000 test images, 112 px" for a column's data set.
static int data_text(const struct table_result *r, int column, char *out, size_t size) {
    const struct cell *cell = cell_of(r, column);
    char data[256];
    if (!cell) {
        struct text why = {0};
        plan_absent(&why, r->plan, r->table, 0, column);
        int length = snprintf(out, size, "%s: %s", table_data(r->table, column), text_string(&why));
        text_free(&why);
        return length;
    }
    profile_describe(r->plan->profile, cell->set->name, data);
    int used = snprintf(out, size, "%s; %d training images, %d test images, %d px", data,
                        cell->images[SPLIT_TRAIN], cell->images[SPLIT_TEST], cell_pixels(cell));
    if (!cell->set->fixed_classes) // a folder may hold some of the classes
        used += snprintf(out + used, size - (size_t)used, ", %d classes", cell->classes);
    if (!strcmp(r->table->column_name, "data"))
        used += snprintf(out + used, size - (size_t)used, ", epochs: %d", cell->training.epochs);
    return used;
}

static void network_text(const struct train_settings *t, char out[64]) {
    snprintf(out, 64, "%.40s (width %d)", t->model, t->width);
}

static void epochs_text(const struct train_settings *t, char out[64]) {
    snprintf(out, 64, "%d", t->epochs);
}

// "8", or by column where these differ: "baseline 8, abn 10".
static void by_column(const struct table_result *r, void (*text_of)(const struct train_settings *, char[64]),
                      char *out, size_t size) {
    char first[64] = "", text[64];
    int differ = 0;
    size_t used = 0;
    for (int column = 0; column < r->table->column_count; column++) {
        const struct cell *cell = cell_of(r, column);
        if (!cell)
            continue;
        text_of(&cell->training, text);
        differ |= *first && strcmp(first, text);
        if (!*first)
            memcpy(first, text, sizeof first);
        if (used < size)
            used += (size_t)snprintf(out + used, size - used, "%s%s %s", used ? ", " : "",
                                     r->table->columns[column], text);
    }
    if (differ)
        return;
    if (!*first)
        text_of(&r->plan->profile->training, first);
    snprintf(out, size, "%s", first);
}

// What the numbers are from, in one sentence.
static void setting_text(const struct table_result *r, char out[1600]) {
    const struct profile *p = r->plan->profile;
    char network[300], epochs[300];
    int by_data = !strcmp(r->table->column_name, "data");
    size_t used = (size_t)snprintf(out, 1600, "profile %s: ", p->name);
    for (int column = 0; column < (by_data ? r->table->column_count : 1) && used < 1200; column++) {
        used += (size_t)snprintf(out + used, 1600 - used, "%s", column ? "; " : "");
        used += (size_t)data_text(r, column, out + used, 400);
    }
    by_column(r, network_text, network, sizeof network);
    by_column(r, epochs_text, epochs, sizeof epochs);
    used += (size_t)snprintf(out + used, 1600 - used, "%s network %s", by_data ? ";" : ",", network);
    if (!by_data && used < 1600)
        snprintf(out + used, 1600 - used, ", epochs: %s", epochs);
}

// ": only rows 0, 1, All" and columns of a table of which more was left out; else nothing.
static void part_text(const struct table_result *r, char out[1024]) {
    const struct table *t = r->table;
    size_t used = 0;
    out[0] = 0;
    if (!t->partial)
        return;
    used += (size_t)snprintf(out, 1024, ": part of the table, %s", t->row_name);
    for (int row = 0; row < t->row_count; row++)
        used += (size_t)snprintf(out + used, 1024 - used, "%s%s", row ? ", " : " = ", t->rows[row]);
    for (int column = 0; column < t->column_count && used < 900; column++)
        used += (size_t)snprintf(out + used, 1024 - used, "%s%s", column ? ", " : " of ",
                                 title_of(t->columns[column]));
}

// The data that a row of a list or the whole table is from.
static void describe_column(const struct table_result *r, int column, char out[256]) {
    profile_describe(r->plan->profile, table_data(r->table, column), out);
}

// Of all columns, where they are data sets.
static void describe_columns(const struct table_result *r, char out[1024]) {
    int by_data = !strcmp(r->table->column_name, "data");
    size_t used = 0;
    for (int column = 0; column < (by_data ? r->table->column_count : 1) && used < 700; column++) {
        char data[256];
        describe_column(r, column, data);
        used += (size_t)snprintf(out + used, 1024 - used, "%s%s", column ? "; " : "", data);
    }
}

// "Test accuracy in percent", "Metric annotation.iou".
static const char *metric_text(const struct table_result *r, char out[160]) {
    snprintf(out, 160,
             !*r->metric                       ? "Test accuracy in percent"
             : !strcmp(r->metric, "confusion") ? "Test accuracy in percent and %s"
                                               : "Metric %s",
             r->metric);
    return out;
}

// Digits after the point: percentages have two, shares four.
static int digits_of(const struct table_result *r) {
    return !*r->metric || strstr(r->metric, "accuracy") || !strcmp(r->metric, "confusion") ||
                   strstr(r->metric, "ece")
               ? 2
               : 4;
}

static const char *accuracy_text(const struct plan *plan) {
    return strcmp(plan->profile->training.select, "last") ? "at the epoch of best validation accuracy"
                                                          : "after the last epoch";
}

// A number with digits after the point, or "inf".
static void number_text(double value, int digits, char out[32]) {
    if (isfinite(value))
        snprintf(out, 32, "%.*f", digits, value);
    else
        snprintf(out, 32, "%s", value > 0 ? "inf" : "-inf");
}

static void p_text(double p, char out[32]) {
    if (p < 0.001)
        snprintf(out, 32, "%.1e", p);
    else
        snprintf(out, 32, "%.3f", p);
}

// ---------------------------------------------------------------------------------------- Markdown

enum { WIDTH_OURS = 22, WIDTH_PAPER = 23 };

// printf pads by bytes; the sign +- is one character of two bytes.
static void pad(FILE *out, const char *text, int width) {
    int shown = 0;
    for (const char *c = text; *c; c++)
        shown += ((unsigned char)*c & 0xc0) != 0x80;
    fprintf(out, " %s%*s |", text, width > shown ? width - shown : 0, "");
}

static void markdown_cell(FILE *out, const struct cell_result *c, int digits) {
    char text[320];
    if (!c->n)
        snprintf(text, sizeof text, "%.*s", (int)strcspn(c->missing, ":"), c->missing); // all of it below
    else if (c->n == 1)
        snprintf(text, sizeof text, "%.*f (1)", digits, c->sample.mean);
    else
        snprintf(text, sizeof text, "%.*f " PLUS_MINUS " %.*f (%d)", digits, c->sample.mean, digits,
                 c->sample.std, c->n);
    for (char *bar = text; (bar = strchr(bar, '|'));)
        *bar = '/'; // would end the cell
    pad(out, text, WIDTH_OURS);
    if (!c->has_paper)
        snprintf(text, sizeof text, "-");
    else if (c->n)
        snprintf(text, sizeof text, "%.2f " PLUS_MINUS " %.2f (%+.2f)", c->paper_mean, c->paper_std,
                 c->sample.mean - c->paper_mean);
    else
        snprintf(text, sizeof text, "%.2f " PLUS_MINUS " %.2f", c->paper_mean, c->paper_std);
    pad(out, text, WIDTH_PAPER);
}

static void markdown_claim(FILE *out, const struct claim_result *c) {
    const struct claim_part *part = &c->parts[c->deciding];
    char statistic[32], p[32], holm[32];
    fprintf(out, "- %s **%s**: %s.", c->id, verdict_names[c->verdict], c->text);
    if (c->verdict == NOT_TESTED) {
        fprintf(out, " Reason: %s.\n", c->reason);
        return;
    }
    number_text(part->test.statistic, 2, statistic);
    p_text(c->p, p);
    p_text(c->p_holm, holm);
    fprintf(out, "\n  %s%s: effect %+.2f %s, t = %s (df %.1f), p = %s, Holm %s%s",
            c->part_count > 1 ? "Weakest part, " : "", part->label, part->test.effect, part->unit, statistic,
            part->test.df, p, holm, part->test.no_spread ? " (no spread over the seeds: a limit)" : "");
    if (part->has_paper)
        fprintf(out, "; paper %+.2f", part->paper_effect);
    fprintf(out, ".\n");
    if (*c->reason)
        fprintf(out, "  Reason: %s.\n", c->reason);
}

// The confusion matrix of each cell, summed over its seeds.
static void markdown_matrices(FILE *out, const struct table_result *r) {
    for (int row = 0; row < r->table->row_count; row++)
        for (int column = 0; column < r->table->column_count; column++) {
            const json_t *matrix = table_result_cell(r, row, column)->confusion;
            if (!matrix)
                continue;
            fprintf(out, "\n%s = %s, %s (rows: labels, columns: answers, seeds added):\n\n```\n",
                    r->table->row_name, r->table->rows[row], title_of(r->table->columns[column]));
            for (size_t i = 0; i < json_array_size(matrix); i++) {
                const json_t *line = json_array_get(matrix, i);
                for (size_t k = 0; k < json_array_size(line); k++)
                    fprintf(out, "%s%5lld", k ? " " : "", json_integer_value(json_array_get(line, k)));
                fputc('\n', out);
            }
            fputs("```\n", out);
        }
}

// Seeds that are missing for the same reason share a line.
static void markdown_missing(FILE *out, const struct table_result *r) {
    for (int row = 0; row < r->table->row_count; row++)
        for (int column = 0; column < r->table->column_count; column++) {
            const json_t *list = table_result_cell(r, row, column)->missing_seeds;
            const char *before = NULL;
            for (size_t i = 0; i < json_array_size(list); i++) {
                const json_t *one = json_array_get(list, i);
                const char *reason = json_string_value(json_object_get(one, "reason"));
                long long seed = json_integer_value(json_object_get(one, "seed"));
                if (before && !strcmp(before, reason))
                    fprintf(out, ", %lld", seed);
                else
                    fprintf(out, "%s- %s = %s, %s: %s: seed %lld", before ? "\n" : "", r->table->row_name,
                            r->table->rows[row], r->table->columns[column], reason, seed);
                before = reason;
            }
            if (before)
                fputc('\n', out);
        }
}

static int count_missing(const struct table_result *r) {
    size_t count = 0;
    for (int i = 0; i < r->table->row_count * r->table->column_count; i++)
        count += json_array_size(r->cells[i].missing_seeds);
    return (int)count;
}

static void markdown(FILE *out, const struct table_result *r, const struct claim_result *claims,
                     int claim_count) {
    const struct table *t = r->table;
    char setting[1600], seeds[1600], metric[160], part[1024];
    setting_text(r, setting);
    part_text(r, part);
    seeds_text(r->plan->seeds.values, r->plan->seeds.count, ", ", seeds, sizeof seeds);
    fprintf(out, "## %s%s\n\n%s.\n\n| %-4s |", t->title, part, setting, t->row_name);
    for (int column = 0; column < t->column_count; column++) {
        pad(out, title_of(t->columns[column]), WIDTH_OURS);
        pad(out, "(paper, difference)", WIDTH_PAPER);
    }
    fputs("\n| ---- |", out);
    for (int column = 0; column < t->column_count; column++) {
        pad(out, "---", WIDTH_OURS);
        pad(out, "---", WIDTH_PAPER);
    }
    fputc('\n', out);
    for (int row = 0; row < t->row_count; row++) {
        fprintf(out, "| %-4s |", t->rows[row]);
        for (int column = 0; column < t->column_count; column++)
            markdown_cell(out, table_result_cell(r, row, column), digits_of(r));
        fputc('\n', out);
    }
    fprintf(
        out,
        "\n%s %s. " PLUS_MINUS
        " is the sample standard deviation (ddof 1) over the seeds, their number in brackets (seeds %s); the "
        "paper's are as printed there, the difference is ours less the paper's.\n",
        metric_text(r, metric), accuracy_text(r->plan), seeds);
    if (!strcmp(r->metric, "confusion"))
        markdown_matrices(out, r);
    if (count_missing(r)) {
        fprintf(out, "\nMissing:\n\n");
        markdown_missing(out, r);
    }
    int tested = 0, mine = 0;
    for (int i = 0; i < claim_count; i++) {
        tested += claims[i].verdict != NOT_TESTED;
        mine += !strcmp(claims[i].table, t->name);
    }
    if (!mine)
        return;
    fprintf(out, "\nClaims (one-sided t tests, alpha %.2g, Holm over all claims tested: %d):\n\n",
            CLAIM_ALPHA, tested);
    for (int i = 0; i < claim_count; i++)
        if (!strcmp(claims[i].table, t->name))
            markdown_claim(out, &claims[i]);
}

// ---------------------------------------------------------------------------------------- CSV

void csv_text(FILE *out, const char *text) {
    if (!strpbrk(text, ",\"\n\r")) {
        fputs(text, out);
        return;
    }
    fputc('"', out);
    for (; *text; text++) {
        if (*text == '"')
            fputc('"', out);
        fputc(*text, out);
    }
    fputc('"', out);
}

static void csv_number(FILE *out, int present, double value) {
    if (present)
        fprintf(out, ",%.10g", value);
    else
        fputc(',', out);
}

static void csv(FILE *out, const struct table_result *r) {
    const struct table *t = r->table;
    fputs("table,profile,data,row_name,row,column,n,mean,std,ci95_low,ci95_high,paper_mean,paper_std,"
          "difference,seeds,values,missing\n",
          out);
    for (int row = 0; row < t->row_count; row++)
        for (int column = 0; column < t->column_count; column++) {
            const struct cell_result *c = table_result_cell(r, row, column);
            char data[256], seeds[1600];
            describe_column(r, column, data);
            seeds_text(c->seeds, c->n, " ", seeds, sizeof seeds);
            fprintf(out, "%s,%s,", t->name, r->plan->profile->name);
            csv_text(out, data);
            fprintf(out, ",%s,%s,%s,%d", t->row_name, t->rows[row], t->columns[column], c->n);
            csv_number(out, c->n > 0, c->sample.mean);
            csv_number(out, c->n > 1, c->sample.std);
            csv_number(out, c->n > 1, c->sample.ci_low);
            csv_number(out, c->n > 1, c->sample.ci_high);
            csv_number(out, c->has_paper, c->paper_mean);
            csv_number(out, c->has_paper, c->paper_std);
            csv_number(out, c->n > 0 && c->has_paper, c->sample.mean - c->paper_mean);
            fprintf(out, ",%s,", seeds);
            for (int i = 0; i < c->n; i++)
                fprintf(out, "%s%.10g", i ? " " : "", c->values[i]);
            fputc(',', out);
            csv_text(out, c->missing);
            fputc('\n', out);
        }
}

// ---------------------------------------------------------------------------------------- LaTeX

static void latex_cell(FILE *out, const struct cell_result *c, int digits) {
    if (!c->n) {
        char state[sizeof c->missing];
        snprintf(state, sizeof state, "%.*s", (int)strcspn(c->missing, ":"), c->missing);
        latex_text(out, state);
        return;
    }
    fprintf(out, "$%.*f", digits, c->sample.mean);
    if (c->n > 1)
        fprintf(out, " \\pm %.*f", digits, c->sample.std);
    fprintf(out, "$ (%d)", c->n);
}

static void latex(FILE *out, const struct table_result *r) {
    const struct table *t = r->table;
    char setting[1600], seeds[1600], metric[160], part[1024];
    setting_text(r, setting);
    part_text(r, part);
    seeds_text(r->plan->seeds.values, r->plan->seeds.count, ", ", seeds, sizeof seeds);
    fputs("\\begin{table}\n\\centering\n\\caption{", out);
    latex_text(out, t->title);
    latex_text(out, part);
    fputs(". Ours: ", out);
    latex_text(out, setting);
    fprintf(out,
            ". %s %s; $\\pm$ is the sample standard deviation (ddof 1) over the seeds, their number in "
            "brackets (seeds %s).}\n",
            metric_text(r, metric), accuracy_text(r->plan), seeds);
    fprintf(out, "\\label{tab:%s}\n\\begin{tabular}{l", t->name);
    for (int column = 0; column < t->column_count; column++)
        fputs("rr", out);
    fprintf(out, "}\n\\hline\n$%s$", t->row_name);
    for (int column = 0; column < t->column_count; column++) {
        fputs(" & ", out);
        latex_text(out, title_of(t->columns[column]));
        fputs(" & (paper, difference)", out);
    }
    fputs(" \\\\\n\\hline\n", out);
    for (int row = 0; row < t->row_count; row++) {
        fputs(t->rows[row], out);
        for (int column = 0; column < t->column_count; column++) {
            const struct cell_result *c = table_result_cell(r, row, column);
            fputs(" & ", out);
            latex_cell(out, c, digits_of(r));
            fputs(" & ", out);
            if (c->has_paper && c->n)
                fprintf(out, "$%.2f \\pm %.2f$ ($%+.2f$)", c->paper_mean, c->paper_std,
                        c->sample.mean - c->paper_mean);
            else if (c->has_paper)
                fprintf(out, "$%.2f \\pm %.2f$", c->paper_mean, c->paper_std);
            else
                fputs("--", out);
        }
        fputs(" \\\\\n", out);
    }
    fputs("\\hline\n\\end{tabular}\n\\end{table}\n", out);
}

// ---------------------------------------------------------------------------------------- JSON

static json_t *real_or_null(int present, double value) {
    return present && isfinite(value) ? json_real(value) : json_null();
}

static json_t *json_cell(const struct table_result *r, int row, int column) {
    const struct cell_result *c = table_result_cell(r, row, column);
    json_t *seeds = json_array(), *values = json_array(), *interval = json_null();
    for (int i = 0; i < c->n; i++) {
        json_array_append_new(seeds, json_integer((json_int_t)c->seeds[i]));
        json_array_append_new(values, json_real(c->values[i]));
    }
    if (c->n > 1)
        interval = json_pack("[f, f]", c->sample.ci_low, c->sample.ci_high);
    json_t *cell =
        json_pack("{s:s, s:s, s:o, s:o, s:o, s:o, s:i, s:o, s:o, s:o, s:O}", "row", r->table->rows[row],
                  "column", r->table->columns[column], "seeds", seeds, "values", values, "mean",
                  real_or_null(c->n > 0, c->sample.mean), "std", real_or_null(c->n > 1, c->sample.std), "n",
                  c->n, "ci95", interval, "paper_mean", real_or_null(c->has_paper, c->paper_mean),
                  "paper_std", real_or_null(c->has_paper, c->paper_std), "metrics", c->metrics);
    if (c->n && c->has_paper)
        json_object_set_new(cell, "difference", json_real(c->sample.mean - c->paper_mean));
    if (!strcmp(r->metric, "confusion") && c->confusion)
        json_object_set(cell, "confusion", c->confusion);
    if (json_array_size(c->missing_seeds))
        json_object_set(cell, "missing", c->missing_seeds);
    return cell;
}

static json_t *json_table(const struct table_result *r, const struct claim_result *claims, int claim_count,
                          const json_t *provenance) {
    const struct table *t = r->table;
    char data[1024];
    json_t *cells = json_array(), *decided = json_array();
    describe_columns(r, data);
    for (int row = 0; row < t->row_count; row++)
        for (int column = 0; column < t->column_count; column++)
            json_array_append_new(cells, json_cell(r, row, column));
    for (int i = 0; i < claim_count; i++)
        if (!strcmp(claims[i].table, t->name))
            json_array_append_new(decided, claim_json(&claims[i]));
    json_t *table =
        json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:o, s:o, s:O}", "table", t->name, "profile",
                  r->plan->profile->name, "title", t->title, "data", data, "row_name", t->row_name,
                  "column_name", t->column_name, "metric", *r->metric ? r->metric : "accuracy", "plus_minus",
                  "sample standard deviation (ddof 1) over the seeds", "cells", cells, "claims", decided,
                  "provenance", provenance);
    if (t->partial)
        json_object_set_new(table, "partial", json_true());
    return table;
}

// ---------------------------------------------------------------------------------------- all of them

int output_table(FILE *out, enum output_format format, const struct table_result *table,
                 const struct claim_result *claims, int claim_count, const json_t *provenance,
                 struct error *err) {
    if (format == OUTPUT_MARKDOWN) {
        markdown(out, table, claims, claim_count);
    } else if (format == OUTPUT_CSV) {
        csv(out, table);
    } else if (format == OUTPUT_LATEX) {
        latex(out, table);
    } else {
        json_t *value = json_table(table, claims, claim_count, provenance);
        char *text = value ? json_dumps(value, JSON_INDENT(2) | JSON_REAL_PRECISION(12)) : NULL;
        json_decref(value);
        if (!text)
            return fail(err, "%s: a value that JSON cannot hold", table->table->name);
        fprintf(out, "%s\n", text);
        free(text);
    }
    return 0;
}

int output_write_files(const char *results, const char *profile, const char *table,
                       int (*write)(FILE *out, enum output_format format, const void *context,
                                    struct error *err),
                       const void *context, struct error *err) {
    char tables[PATH_SIZE], folder[PATH_SIZE], path[PATH_SIZE], name[128];
    if (path_join(tables, err, results, "tables") || path_join(folder, err, tables, profile) ||
        folder_make(folder, err))
        return -1;
    remove_leftovers(folder);
    for (int f = 0; f < OUTPUT_FORMATS; f++) {
        struct output out;
        snprintf(name, sizeof name, "%s.%s", table, output_names[f]);
        if (path_join(path, err, folder, name) || output_open(&out, path, err))
            return -1;
        if (write(out.stream, f, context, err)) {
            output_discard(&out);
            return -1;
        }
        if (output_commit(&out, err))
            return -1;
    }
    return 0;
}

struct whole_table { // for output_write_files
    const struct table_result *table;
    const struct claim_result *claims;
    int claim_count;
    const json_t *provenance;
};

static int write_table(FILE *out, enum output_format format, const void *context, struct error *err) {
    const struct whole_table *t = context;
    return output_table(out, format, t->table, t->claims, t->claim_count, t->provenance, err);
}

int output_files(const char *results, const struct table_result *table, const struct claim_result *claims,
                 int claim_count, const json_t *provenance, struct error *err) {
    const struct whole_table whole = {table, claims, claim_count, provenance};
    char name[128];
    snprintf(name, sizeof name, "%.100s%s", table->table->name, table->table->partial ? "-partial" : "");
    return output_write_files(results, table->plan->profile->name, name, write_table, &whole, err);
}
