// SPDX-License-Identifier: Apache-2.0
// Real data into a data folder: files that are there are checked, others fetched, checked and only then put
// in their place.
//
// A file is identified by its published digest. Where none is published, the SHA-256 of the first download is
// pinned in "DATA/digests.json" and later ones must match it. The user's own files are never overwritten.
#ifndef REFF_GEN_FETCH_FETCH_H
#define REFF_GEN_FETCH_FETCH_H

#include "core/base/digest.h"
#include "core/base/file.h"
#include "gen/fetch/sources.h"

struct fetch_settings {
    const char *data;    // the data folder, made if missing
    int patience, tries; // as in gen/fetch/download.h, as is
    double maximum;      // this one, bytes
};

struct fetch_result {
    int was_there;
    int pinned_now; // its digest was pinned by this call
    double bytes;
    char sha256[DIGEST_SIZE];
    char how[64]; // "MD5 as published", "SHA-256 as published", "SHA-256 as pinned", "no digest published"
};

// Makes one file be there. `failed` gets a line for every address that did not give it, also when a later one
// did, and for whatever else fails (digests.json, folders). -1 with the last of them in err when no address
// did, when the file that is there is another one, or when that other thing failed.
typedef void fetch_failed(void *context, const char *message);
int fetch_source(const struct source *source, const struct fetch_settings *settings, fetch_failed *failed,
                 void *context, struct fetch_result *result, struct error *err);

// "DATA/PATH".
int fetch_target(char out[PATH_SIZE], const struct source *source, const char *data, struct error *err);

#endif
