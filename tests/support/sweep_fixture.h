// SPDX-License-Identifier: Apache-2.0
// A small sweep for tests: definitions written into the suite's folder, a plan made from them with the fake
// work.
//
// Two rows (p = 0, 1), two methods (baseline, reff), two seeds: eight runs on four data sets.
#ifndef REFF_TESTS_SUPPORT_SWEEP_FIXTURE_H
#define REFF_TESTS_SUPPORT_SWEEP_FIXTURE_H

#include "experiments/plan/cells.h"

enum { FIXTURE_RUNS = 8, FIXTURE_DATA_SETS = 4 };

extern const char fixture_table_text[], fixture_profile_text[];
extern const char fixture_annotated_table_text[]; // n annotated images: 0, 1, 5, All; reff, abn, reff-l1

struct fixture {
    struct profile profile;
    struct table *tables;
    int table_count;
    struct plan plan;
};

// Writes `text` to a file of that name in the suite's folder; its path (as suite_path).
const char *fixture_write(const char *name, const char *text);

// The plan of fixture_table_text and a profile's text with the fake work. Ends the test on failure.
void fixture_make(struct fixture *f, const char *profile_text);
// The same with another table.
void fixture_make_table(struct fixture *f, const char *table_text, const char *profile_text);
void fixture_free(struct fixture *f);

#endif
