// SPDX-License-Identifier: Apache-2.0
// The runner: does all runs of a plan that are not done, several at a time, each in a child process.
//
// After Ctrl-C, kill -9 of a child or of the parent, or a full disk no broken file is left, and the next
// sweep does what is missing and continues from checkpoints. A run that fails by a fault of its own (a loss that is
// not finite, its settings) is recorded and does not stop the others; it is repeated only if asked for. One that
// something else ended (no memory, no lock, a crash) is unfinished, and the next sweep goes on with it; where memory
// ran out, this one does, with fewer at once. Two sweeps at once share the work, and wait for one another's
// runs.
#ifndef REFF_EXPERIMENTS_SWEEP_SWEEP_H
#define REFF_EXPERIMENTS_SWEEP_SWEEP_H

#include "experiments/plan/cells.h"
#include "experiments/store/reason.h"
#include "experiments/sweep/resources.h"
#include "experiments/sweep/schedule.h"
#include "experiments/sweep/worker.h"

struct sweep_options {
    const char *results; // folder; made if missing
    const char *label;   // begins the progress line: "table1"
    int jobs, threads;   // 0: chosen from cores and memory
    int keep_shards;     // remove none
    int retry;           // repeat failed runs
    int leave_shards;    // neither keep nor remove any: other processes' runs need them
    int judge_only;      // run nothing: say what is done, failed, unfinished
    double deadline;     // no run begins after it (seconds_now); 0: none
    int *out_of_time;    // set when it left some undone, which then are no failure; NULL without deadline
    FILE *log;           // where progress and messages go: stderr
    void (*visit)(
        void
            *context); // called every minute while runs are at work, by the sweep's own process; NULL: nobody
    void *visit_context;
};

enum task_state { TASK_DONE, TASK_WAITING, TASK_RUNNING, TASK_FAILED, TASK_UNFINISHED, TASK_ELSEWHERE };

struct task { // a run of the sweep
    const struct cell *cell;
    enum task_state state;
    struct reason reason; // why it runs
    char message[600];    // why it failed or stopped; its result
    pid_t process;
    int reports;                // pipe, while running
    struct worker_report last;  // the last report
    double started, first_done; // time of its first training step in this session, and the steps done then
    double annotating, first_annotated; // the same of its annotator; started < 0: has not begun
};

struct sweep {
    const struct plan *plan;
    const struct work *work;
    const struct sweep_options *options;
    char id[33]; // random: no other sweep has it
    struct resources resources;
    struct forecast forecast;
    struct task *tasks; // [plan->count]
    int *order, order_count, next;
    int to_do, finished; // runs that this sweep does, and how many have ended
    int stopping;        // no more runs are started: interrupted, or the disk is full
    int full_disk;
    int out_of_time; // so is after the deadline
    int terminal, line_shown;
    double last_line;
    double next_visit; // time
};

// Returns 0 when every run of the plan is done, -1 with EXIT_FAILED when some are not (the log names them)
// and with EXIT_INTERRUPTED after a signal.
int sweep_run(const struct plan *plan, const struct work *work, const struct sweep_options *options,
              struct error *err);

// ---- for the runner's own parts (sweep_report.c)

void sweep_announce(struct sweep *s);          // what will be done, and why
void sweep_progress(struct sweep *s, int now); // the progress line, if it is time
void sweep_say(struct sweep *s, const char *format, ...) __attribute__((format(printf, 2, 3))); // one line
void sweep_summary(struct sweep *s);        // failed, stopped, elsewhere
double sweep_seconds_left(struct sweep *s); // -1: unknown
int sweep_count(const struct sweep *s, enum task_state state);

#endif
