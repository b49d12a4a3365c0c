// SPDX-License-Identifier: Apache-2.0
// What the user asks of reff run, status and table (tables, a profile, seeds, data), and the plan made of it.
#ifndef REFF_EXPERIMENTS_SUITE_REQUEST_H
#define REFF_EXPERIMENTS_SUITE_REQUEST_H

#include "core/base/options.h"
#include "experiments/executor/executor.h"
#include "experiments/results/metric.h"
#include "experiments/results/printed.h"
#include "experiments/results/table_result_output.h"
#include "experiments/sweep/sweep.h"

struct request_options {
    char profile[SETTING_TEXT_SIZE], data[SETTING_TEXT_SIZE], seeds[SETTING_TEXT_SIZE],
        rows[SETTING_TEXT_SIZE], columns[SETTING_TEXT_SIZE], set[SETTING_TEXT_SIZE],
        results[SETTING_TEXT_SIZE];
    int until_decided;
    int aggregate;                                                // table only
    int tuning, chances;                                          // status only
    int jobs, threads, keep_shards, retry, dry_run;               // run only
    char executor[SETTING_WORD_SIZE], cluster[SETTING_TEXT_SIZE]; // run only
    int cancel, round;                                            // run only, of runs that were handed over
    int seeds_most, new_plan;                                     // with until_decided
    double hours;
    char format[SETTING_WORD_SIZE], metric[SETTING_TEXT_SIZE]; // table only
    char page[SETTING_TEXT_SIZE];                              // run only
    char compare[SETTING_TEXT_SIZE];                           // table and page only
    char output[SETTING_TEXT_SIZE];                            // page only
};

// The settings that all three commands have, to begin their schemas with.
#define REQUEST_SETTINGS                                                                                     \
    SETTING_PATH(struct request_options, profile, "quick", "NAME",                                           \
                 "profile (or a file): how large data and network are"),                                     \
        SETTING_PATH(struct request_options, data, "", "DIR",                                                \
                     "folder with mnist/ and textures/, for profiles of real data"),                         \
        SETTING_PATH(struct request_options, seeds, "", "SEEDS",                                             \
                     "a count (5) or a list (3,4,9); none: the profile's"),                                  \
        SETTING_SWITCH(struct request_options, until_decided,                                                \
                       "seeds at the profile's looks, as many as the claims need"),                          \
        SETTING_PATH(struct request_options, rows, "", "ROWS",                                               \
                     "only these rows of each table (0,All); none: all"),                                    \
        SETTING_PATH(struct request_options, columns, "", "COLUMNS",                                         \
                     "only these columns of each table (reff,isic2017); none: all"),                         \
        SETTING_WORDS(struct request_options, set, "NAME=VALUE",                                             \
                      "another setting than the profile's, in all runs (lambda=5); may be repeated"),        \
        SETTING_PATH(struct request_options, results, "results", "DIR", "where runs, shards and tables lie")

struct request {
    struct profile profile;
    struct table *tables; // [table_count + printed_count]: first those of results, then those without runs
    int table_count, printed_count;
    struct seeds seeds;
    struct claim_rules rules;
    struct plan plan;
    struct text command; // that asks for the same again
    json_t *reference;   // numbers to compare with in place of the paper's; NULL: the paper's
    char reference_name[SETTING_WORD_SIZE];
};

// The option of those commands that show tables.
#define REQUEST_COMPARE                                                                                      \
    SETTING_PATH(struct request_options, compare, "", "FILE",                                                \
                 "CSV of table, row, column, mean, std: shown in place of the paper's, as FILE's name")

// Reads tables (by word: "table1a", or "table1" for all of its parts) and profile, makes the plan. Free with
// request_free, also after a failure.
int request_read(struct request *r, const struct request_options *options, char *const *words, int word_count,
                 const struct work *work, struct error *err);
void request_free(struct request *r);

// The tables' results as they are now, with claims decided over all of them together.
struct request_results {
    struct table_result *tables;
    struct claim_result *claims;
    int claim_count;
    json_t **provenance; // [table_count] table_provenance.h
};

// The tables without runs, in one format, or as files.
int request_print(FILE *out, enum sheet_format format, const struct request *r, struct error *err);
int request_print_files(const struct request *r, const char *results, struct error *err);

int request_results_read(struct request_results *out, const struct request *r, const char *results,
                         struct error *err);
void request_results_free(struct request_results *out, const struct request *r);

#endif
