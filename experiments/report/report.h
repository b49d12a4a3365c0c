// SPDX-License-Identifier: Apache-2.0
// What a profile's results give to the report in paper/: files of LaTeX under RESULTS/paper/<profile>, which
// paper/report.tex takes in. No number in the report is typed in that a run can give.
//
//   first.tex        a row a claim: verdicts on these results, on the real data's, on the paper's numbers; a forest plot
//   values.tex       \ReffDefine{key}{text} for each value that the text of the report names by \Value{key}
//   claims.tex       a row a claim: verdict, effects, p
//   tables.tex       the tables that `reff run` wrote; those that are missing, with the command that makes
//   them figures.tex      the same for `reff figure` performance.tex  images per second from the runs'
//   records provenance.tex   commands, programs, machines, digests of inputs and results
#ifndef REFF_EXPERIMENTS_REPORT_REPORT_H
#define REFF_EXPERIMENTS_REPORT_REPORT_H

#include "core/base/file.h"
#include "experiments/results/claims.h"
#include "experiments/results/stale.h"

#include <jansson.h>

struct report_table { // a definition in experiments/tables, and what there is of it
    struct table definition;
    json_t *json;      // RESULTS/tables/<profile>/<name>.json; NULL: missing or out of date
    int printed;       // its .tex is there, and not out of date
    struct text stale; // why they are out of date; "": they are not
};

struct report {
    const char *results, *profile_word;
    char profile[SETTING_WORD_SIZE];
    int parts;                       // tables of which only some rows or columns were run count as well
    char folder[PATH_SIZE];          // RESULTS/paper/<profile>
    int table_count, present, stale; // of all definitions; tables that are there; that are out of date
    struct report_table *tables;
    struct claim_result *claims; // [claim_count] of the tables that are there, decided together
    int claim_count;
    json_t *borrowed;    // what they borrow
    struct report *real; // of the real data's profile, for its claims; NULL: there are no results
    json_t *records;     // run.json of all runs of these tables that lie under RESULTS/runs, by digest
};

// Reads what there is, and decides the claims of all tables together, whichever sweeps these are from. Tables
// that no longer are what their definition and profile would give count as missing. Free with report_free,
// also after a failure.
int report_read(struct report *r, const char *results, const char *profile_word, struct error *err);

// Reads another profile's claims, of real data, to stand beside those of `r` on the first page: from its tables, and
// where a table was run in parts alone from its part ("table1a-partial.json"). No results are no failure.
int report_read_real(struct report *r, const char *results, const char *profile_word, struct error *err);
void report_free(struct report *r);

// Writes all files.
int report_write(const struct report *r, struct error *err);

// ---- the files, each written to an open stream

typedef int report_part(const struct report *r, FILE *out, struct error *err);
report_part report_first, report_values, report_claims, report_tables, report_figures, report_performance,
    report_provenance;

#endif
