// SPDX-License-Identifier: Apache-2.0
// One file over HTTP, resumable (libcurl).
//
// Bytes are gathered in "<target>.fetching", with what the server said of them in "<target>.fetching.json".
// A transfer that broke off leaves both, and the next call goes on from there: it asks for the rest with
// Range, and with If-Range so that a file that has changed meanwhile comes from its beginning instead
// of being spliced. Without a strong ETag or a date to hold the server to, resuming is right only if a
// digest is known (`verifiable`); else the file is fetched from its beginning. Everything that is not the
// file - error statuses, HTML pages, another size, an answer to another range - is refused and nothing of it
// kept.
//
// Where a digest is known, an answer of "no such range" (416) to a question for the rest says that the whole
// is there; if it is not, its digest tells.
//
// A server may be hostile: how much is taken of a file, of headers and of pages that redirect is bounded.
//
// A transfer that stalls or breaks off is tried again, with 1, 2, 4 ... seconds between; a signal
// (core/base/interrupt.h) stops it, and what has come stays for the next call.
#ifndef REFF_GEN_FETCH_DOWNLOAD_H
#define REFF_GEN_FETCH_DOWNLOAD_H

#include "core/base/file.h"

struct download {
    const char *url, *target;
    double bytes;   // the file's size; 0: not known
    double maximum; // bytes that are taken where the size is not known
    int verifiable; // the caller will check the whole against a known digest
    int patience;   // seconds with less than 1000 bytes/s (or without a connection) until it is given up
    int tries;      // in all, where trying again may help: stalls, broken connections, statuses 429 and 5xx
};

struct download_result {
    char partial[PATH_SIZE]; // the whole file, once download_run has returned 0
    int lock;                // holds it against other processes until download_publish or _discard
    int resumed;             // part of it is from an earlier call or try
};

// The protocols, as libcurl lists them, of addresses that a redirection from this one may lead to: never from https to
// http.
const char *download_redirections(const char *url);

// 0 with the file in result->partial, flushed; -1 with "TARGET: URL: what is wrong" (EXIT_INTERRUPTED after a
// signal). Not found out here: whether the bytes are the right ones.
int download_run(const struct download *d, struct download_result *result, struct error *err);

// After download_run returned 0, one of these: puts the file in its place, or throws it away.
int download_publish(struct download_result *result, const char *target, struct error *err);
void download_discard(struct download_result *result);

#endif
