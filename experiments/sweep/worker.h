// SPDX-License-Identifier: Apache-2.0
// A child process that does one run of a sweep, and what it reports to its parent.
#ifndef REFF_EXPERIMENTS_SWEEP_WORKER_H
#define REFF_EXPERIMENTS_SWEEP_WORKER_H

#include "experiments/plan/cells.h"

#include <sys/types.h>

enum phase { PHASE_GENERATE, PHASE_ANNOTATE, PHASE_TRAIN, PHASES };

// What a progress line says of a phase, before the phase's note.
extern const char *const phase_words[PHASES];

enum report_kind {
    REPORT_PROGRESS,  // phase, done, total, text: a note
    REPORT_DONE,      // text: a remark about it, or ""
    REPORT_FAILED,    // text: the message; cause, of_work: as in struct error
    REPORT_STOPPED,   // by a signal; a checkpoint is saved
    REPORT_ELSEWHERE, // another process is at work on the run
};

struct worker_report { // goes through a pipe; smaller than PIPE_BUF, so that it arrives whole
    enum report_kind kind;
    enum phase phase;
    int cause, of_work;
    double done, total;
    char text[1000];
};

struct worker_job {
    const char *results;
    const char *sweep; // an id that no other sweep has
    const struct cell *cell;
    const struct work *work;
    int threads;
    int keep_shards;
};

// Starts a child; *reports becomes the reading end of its pipe (non-blocking). Returns its pid, -1 on
// failure.
pid_t worker_start(const struct worker_job *job, int *reports, struct error *err);

// Reads one report; 1 if there was one, 0 if there is none now, -1 at the end.
int worker_read(int reports, struct worker_report *out);

#endif
