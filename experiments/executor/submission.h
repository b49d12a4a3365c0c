// SPDX-License-Identifier: Apache-2.0
// Records of what was handed to a batch system: RESULTS/sweeps/<id>/
//
//   submission.json   {"id", "profile", "label", "round", "isa", "at_once_most", "cancelled", "cells": [digest], "data": {digest: its data set's},
//                     "tasks": [{"cells": [digest], "seconds"}], "jobs": [{"name", "first", "count", "job": its number
//                     once it is known}], "refused": what the batch system said, or absent}
//   task-<n>.json     {"attempts": [{"host", "process", "job", "at_once", "bounded", "ended": how, absent while it is at work or when
//                     it was killed}]}
//   *.sh, log/        what was submitted, and what it printed
//
// A job is written here before it is submitted, under a name that no other has, so that none is forgotten whatever
// happens in between.
#ifndef REFF_EXPERIMENTS_EXECUTOR_SUBMISSION_H
#define REFF_EXPERIMENTS_EXECUTOR_SUBMISSION_H

#include "core/base/file.h"
#include "core/base/json.h"

enum { SUBMISSION_ID_SIZE = 13 };
#define SUBMISSION_LEASE "lease" // of RESULTS/sweeps: who holds it may submit

int submission_make_id(char id[SUBMISSION_ID_SIZE], struct error *err); // 12 hexadecimal digits

// RESULTS/sweeps/<id>/<name>; name may be "".
int submission_path(char out[PATH_SIZE], const char *results, const char *id, const char *name,
                    struct error *err);

json_t *submission_read(const char *results, const char *id, struct error *err); // new reference
int submission_write(const char *results, const json_t *submission, struct error *err);

// All of them, as an array; damaged ones are left out. NULL with a message where one cannot be read.
json_t *submission_scan(const char *results, struct error *err);

// Removes what processes of this host left there that were killed: half-written files, and leases that nobody would ask for
// any more where all is done.
void submission_remove_leftovers(const char *results);

// One task's attempts. submission_begin_attempt returns how many runs at once this one may do (0: any): at_once, or half of
// the last one's where that ended without a word, as without memory; *number is for the end.
int submission_begin_attempt(const char *results, const char *id, int task, int at_once, int *number,
                             struct error *err);
int submission_end_attempt(const char *results, const char *id, int task, int number, const char *how,
                           struct error *err);

// Attempts of all tasks that ended without a word, and the fewest runs at once of one of them (0: none).
int submission_silent(const char *results, const json_t *submission, int *fewest);

#endif
