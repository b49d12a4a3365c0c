// SPDX-License-Identifier: Apache-2.0
// The parts of a page, each in a file; what they share.
#ifndef REFF_EXPERIMENTS_PAGE_PAGE_INTERNAL_H
#define REFF_EXPERIMENTS_PAGE_PAGE_INTERNAL_H

#include "experiments/page/page.h"

struct page_run { // a run that was started, or stands in a table
    const struct cell *cell;
    enum run_state state;
    int elsewhere;
    double accuracy;
    char message[600];
    json_t *record; // run.json; RUN_DONE
};

struct page {
    const struct page_job *job;
    const struct request *request;
    const struct request_results *results;
    struct text *out;
    char base[PATH_SIZE];  // from the page's folder to the results', as links need it: "..", "../results"
    struct page_run *runs; // [run_count], in the order of the plan
    int run_count, done;
    int later; // runs that come only if claims need them
};

// Each appends its section; -1 with a message where something cannot be read.
int page_claims(struct page *p, struct error *err);
int page_tables(struct page *p, struct error *err);
int page_runs(struct page *p, struct error *err);
int page_figures(struct page *p, struct error *err);
int page_provenance(struct page *p, struct error *err);

// A table's cells with a dot for every seed; and, folded up, the same of the other numbers that its runs recorded.
void page_results_table(struct page *p, const struct table_result *r);
int page_metrics(struct page *p, const struct table_result *r, struct error *err);

// p->runs, from the disk; and away with them.
int page_runs_read(struct page *p, struct error *err);
void page_runs_free(struct page *p);

// ` href="..."` of a run's folder, or of a file in it.
void page_run_link(struct page *p, const struct cell *cell, const char *file);

// ` data-method="reff" data-set="pets"`: what the filters go by.
void page_filter_keys(struct page *p, const char *method, const char *data);

// ` style="--c:var(--c3)"`: the colour that figures give a method or a data set.
void page_colour(struct page *p, const char *column);

// A mark of the shape that figures give it, around the origin.
void page_mark(struct text *out, const char *column);

#endif
