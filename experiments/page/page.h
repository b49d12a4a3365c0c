// SPDX-License-Identifier: Apache-2.0
// Results as a page: one HTML file with claims, tables, the curves of every run, Grad-CAMs and provenance.
//
// It holds all that it shows (styles, pictures, a script) and fetches nothing: its own content security policy forbids
// it, and any script but the one that the program put there. The script filters by method, data set and seed; without
// it the page shows everything. Links lead to the runs' records, relative to where the page lies.
//
// Equal results give equal bytes: the page has no date.
#ifndef REFF_EXPERIMENTS_PAGE_PAGE_H
#define REFF_EXPERIMENTS_PAGE_PAGE_H

#include "experiments/suite/request.h"

struct page_job {
    const char *results; // folder, whose records and figures are shown
    const char *output;  // the file
    int running;         // a sweep is at work: the page loads itself anew every minute, and says so
};

// Writes the page of tables and claims as read from the results, whole or not at all; the output's folder is made.
int page_write(const struct page_job *job, const struct request *request,
               const struct request_results *results, struct error *err);

// Reads the results and writes the page. "": RESULTS/page/PROFILE.html, put into `output`.
int page_make(const struct request *request, const char *results, char output[PATH_SIZE], int running,
              struct error *err);

#endif
