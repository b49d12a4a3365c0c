// SPDX-License-Identifier: Apache-2.0
// What can be said of a data set from its shards: title, sources, licences, biases. Words for people, in croissant.json
// and README.md; nothing is made up: what the shards do not tell is said to be unknown.
#ifndef REFF_GEN_EXPORT_EXPORT_ABOUT_H
#define REFF_GEN_EXPORT_EXPORT_ABOUT_H

#include "gen/export/export.h"

// "Textured MNIST", or what --name says.
const char *about_name(const struct export_job *job);

// A paragraph: how many images of which size in which splits, how many classes, what the masks are, which program.
void about_description(const struct export_job *job, struct text *out);

// The sources' licences as the shards have them, each once, and the one that --licence gives: [{"name": "digits: ...",
// "spdx": "CC0-1.0" or null}, ...]. New reference, NULL when out of memory.
json_t *about_licences(const struct export_job *job);

// The Croissant RAI vocabulary's properties and the provenance ("rai:dataBiases", "prov:wasDerivedFrom", ...): new
// reference, NULL on failure. Those of the minimal set that NeurIPS asks for are all there.
json_t *about_rai(const struct export_job *job, struct error *err);

// The date that the export carries, YYYY-MM-DD: --date, else of SOURCE_DATE_EPOCH, else today (UTC).
void about_date(const struct export_job *job, char out[16]);

#endif
