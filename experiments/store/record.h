// SPDX-License-Identifier: Apache-2.0
// Records of runs on disk: results/runs/<first 16 digits of the run's digest>/
//
//   cell.json     what the run is (struct cell's record); written first
//   checkpoint    while unfinished
//   failed.json   {"state": "failed", "message", "cell"}: the run failed; it is not repeated unless asked for
//   run.json      "state": "done", "cell", "metrics", ...: the run is complete; written last
//   again         while a done run is trained once more for its model (retrain.h)
//   log           what the process wrote on standard error
//   lease         while a process is at work (lock.h)
//   task.json     where it was handed to an executor: all that another process needs to do it (handed.h)
#ifndef REFF_EXPERIMENTS_STORE_RECORD_H
#define REFF_EXPERIMENTS_STORE_RECORD_H

#include "experiments/plan/cells.h"

enum run_state {
    RUN_MISSING,    // never run, or killed before its first checkpoint
    RUN_UNFINISHED, // has a checkpoint
    RUN_FAILED,
    RUN_DAMAGED, // has a record that cannot be right
    RUN_DONE,
    RUN_STATES
};
extern const char *const run_state_names[RUN_STATES];

struct run_status {
    enum run_state state;
    int elsewhere;     // a process is at work on it
    int lacks_model;   // RUN_MISSING: it is done, but for the model that is asked for
    double accuracy;   // percent; RUN_DONE
    double seconds;    // of training; RUN_DONE
    char message[600]; // why it failed, what is damaged; else empty
    json_t *run;       // run.json; RUN_DONE. Owned: run_status_clear
};

// Where a cell's run lies, and a file in it.
int run_folder(char out[PATH_SIZE], const char *results, const struct cell *cell, struct error *err);
int run_file(char out[PATH_SIZE], const char *results, const struct cell *cell, const char *name,
             struct error *err);

// Looks at the disk.
int run_look(const char *results, const struct cell *cell, struct run_status *status, struct error *err);
void run_status_clear(struct run_status *status);

// Removes the lease that a process left which ended, or whose host did, after the last of its run's files was there. 1 where
// that cannot be told yet.
int run_clear_lease(const char *results, const struct cell *cell);

// Records a failure; replaces an earlier one.
int run_record_failure(const char *results, const struct cell *cell, const char *message, struct error *err);

// A JSON string; bytes beyond ASCII become '?' where the text is not UTF-8 (a message may quote any file
// name, and may have been cut within a character).
json_t *record_message_json(const char *message);

// All cell.json under results/runs, as an array of {"folder", "modified", "cell"}; damaged ones are left out.
// NULL where one cannot be read.
json_t *records_scan(const char *results, struct error *err);

// Whether one of `known` is a run that was started, is neither done nor failed, and has not been started
// again with other settings.
int run_is_open(const char *results, const json_t *known, const json_t *one);

// Seconds that a run of the cell's cost_key took on one thread's worth of machine, averaged over done runs
// among `known`; negative if there is none. Returns -1 where a record cannot be read.
int records_seconds(double *seconds, const char *results, const json_t *known, const struct cell *cell,
                    int threads, struct error *err);

// The same of making the cell's pseudo-annotations.
int records_annotation_seconds(double *seconds, const char *results, const json_t *known,
                               const struct cell *cell, int threads, struct error *err);

#endif
