// SPDX-License-Identifier: Apache-2.0
#include "experiments/results/aggregate.h"

#include "core/base/random.h"
#include "experiments/results/table_result_words.h"

#include <math.h>
#include <stdlib.h>

enum { BOOTSTRAP_SEED = 2021, VALUES_MAXIMUM = TABLE_ROWS_MAXIMUM * SEEDS_MAXIMUM };

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

// ---------------------------------------------------------------------------------------- of given values

static double interquartile_mean(const struct aggregate_scores *s) {
    double values[VALUES_MAXIMUM], sum = 0;
    int n = 0;
    for (int row = 0; row < s->rows; row++)
        for (int i = 0; i < s->n[row]; i++)
            values[n++] = s->values[row][i];
    qsort(values, (size_t)n, sizeof *values, by_value);
    for (int i = n / 4; i < n - n / 4; i++)
        sum += values[i];
    return n ? sum / (n - 2 * (n / 4)) : NAN;
}

static double improvement(const struct aggregate_scores *a, const struct aggregate_scores *b) {
    double sum = 0;
    int rows = 0;
    for (int row = 0; row < a->rows; row++) {
        double above = 0;
        if (!a->n[row] || !b->n[row])
            continue;
        for (int i = 0; i < a->n[row]; i++)
            for (int k = 0; k < b->n[row]; k++) {
                double x = a->values[row][i], y = b->values[row][k];
                above += x > y ? 1 : x < y ? 0 : 0.5;
            }
        sum += above / a->n[row] / b->n[row];
        rows++;
    }
    return rows ? sum / rows : NAN;
}

// ---------------------------------------------------------------------------------------- bootstrap

static void redraw(struct aggregate_scores *out, const struct aggregate_scores *s, struct random *r) {
    out->rows = s->rows;
    for (int row = 0; row < s->rows; row++) {
        out->n[row] = s->n[row];
        for (int i = 0; i < s->n[row]; i++)
            out->values[row][i] = s->values[row][random_below(r, (uint32_t)s->n[row])];
    }
}

// The middle 95 % of the draws.
static void take_interval(struct aggregate *a, double *draws) {
    const int cut = AGGREGATE_DRAWS / 40;
    qsort(draws, AGGREGATE_DRAWS, sizeof *draws, by_value);
    a->low = draws[cut];
    a->high = draws[AGGREGATE_DRAWS - 1 - cut];
}

struct aggregate aggregate_interquartile_mean(const struct aggregate_scores *s) {
    struct aggregate a = {interquartile_mean(s), NAN, NAN};
    struct aggregate_scores drawn;
    double draws[AGGREGATE_DRAWS];
    for (int i = 0; i < AGGREGATE_DRAWS && isfinite(a.value); i++) {
        struct random r = random_stream(BOOTSTRAP_SEED, random_purpose("interquartile mean"), (uint64_t)i);
        redraw(&drawn, s, &r);
        draws[i] = interquartile_mean(&drawn);
    }
    if (isfinite(a.value))
        take_interval(&a, draws);
    return a;
}

struct aggregate aggregate_improvement(const struct aggregate_scores *x, const struct aggregate_scores *y) {
    struct aggregate a = {improvement(x, y), NAN, NAN};
    struct aggregate_scores drawn[2];
    double draws[AGGREGATE_DRAWS];
    for (int i = 0; i < AGGREGATE_DRAWS && isfinite(a.value); i++) {
        struct random r =
            random_stream(BOOTSTRAP_SEED, random_purpose("probability of improvement"), (uint64_t)i);
        redraw(&drawn[0], x, &r);
        redraw(&drawn[1], y, &r);
        draws[i] = improvement(&drawn[0], &drawn[1]);
    }
    if (isfinite(a.value))
        take_interval(&a, draws);
    return a;
}

// ---------------------------------------------------------------------------------------- the sheet

static void read_scores(struct aggregate_scores *out, const struct table_result *r, int column) {
    *out = (struct aggregate_scores){.rows = r->table->row_count};
    for (int row = 0; row < out->rows; row++) {
        const struct cell_result *c = table_result_cell(r, row, column);
        out->n[row] = c->n;
        for (int i = 0; i < c->n; i++)
            out->values[row][i] = c->values[i];
    }
}

static void add_aggregate(struct sheet *s, const struct aggregate *a) {
    if (isfinite(a->value))
        sheet_printf(s, "%.2f [%.2f, %.2f]", a->value, a->low, a->high);
    else
        sheet_add_cell(s, "-");
}

static void add_line(struct sheet *s, const struct table_result *r, int column) {
    struct aggregate_scores mine, other;
    struct text heading = {0};
    int runs = 0;
    read_scores(&mine, r, column);
    for (int row = 0; row < mine.rows; row++)
        runs += mine.n[row];
    table_result_add_heading(&heading, r, column);
    sheet_add_cell(s, text_string(&heading));
    s->incomplete |= heading.incomplete;
    text_free(&heading);
    sheet_printf(s, "%d", runs);
    const struct aggregate mean = aggregate_interquartile_mean(&mine);
    add_aggregate(s, &mean);
    for (int k = 0; k < r->table->column_count; k++) {
        read_scores(&other, r, k);
        const struct aggregate p =
            k == column ? (struct aggregate){NAN, NAN, NAN} : aggregate_improvement(&mine, &other);
        add_aggregate(s, &p);
    }
}

void aggregate_sheet(struct sheet *s, const struct table_result *r) {
    s->name = r->table->name;
    s->profile = r->plan->profile->name;
    table_result_add_title(&s->title, r);
    text_add(&s->title, ", over all rows");
    table_result_add_setting(&s->intro, r);
    text_add(&s->intro, ".");
    sheet_add_column(s, SHEET_TEXT, 0, r->table->column_name);
    sheet_add_column(s, SHEET_NUMBER, 0, "runs");
    sheet_add_column(s, SHEET_NUMBER, 0, "interquartile mean");
    for (int column = 0; column < r->table->column_count; column++) {
        struct text heading = {0};
        text_add(&heading, "P(above ");
        table_result_add_heading(&heading, r, column);
        text_add(&heading, ")");
        sheet_add_column(s, SHEET_NUMBER, 0, text_string(&heading));
        s->incomplete |= heading.incomplete;
        text_free(&heading);
    }
    for (int column = 0; column < r->table->column_count; column++)
        add_line(s, r, column);
    table_result_add_measure(&s->note, r);
    text_printf(
        &s->note,
        "; the mean of the middle half of all runs, and the probability that a run is above one of another "
        "column in the same row, averaged over the rows. In brackets 95 %% intervals from %d draws of the "
        "seeds within each cell.\n",
        AGGREGATE_DRAWS);
}
