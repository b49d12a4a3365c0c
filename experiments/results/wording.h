// SPDX-License-Identifier: Apache-2.0
// How things are called in print: tables, figures and the report say the same.
#ifndef REFF_EXPERIMENTS_RESULTS_WORDING_H
#define REFF_EXPERIMENTS_RESULTS_WORDING_H

// "reff-l1" -> "ReFF with L1"; "isic2017" -> "ISIC2017". A word that has no title is its own.
const char *wording_title(const char *word);

#endif
