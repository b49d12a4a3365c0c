// SPDX-License-Identifier: Apache-2.0
#include "experiments/store/record.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base/json_fields.h"
#include "experiments/process/lock.h"

const char *const run_state_names[RUN_STATES] = {"not run", "unfinished", "failed", "damaged", "done"};

int run_folder(char out[PATH_SIZE], const char *results, const struct cell *cell, struct error *err) {
    char name[32];
    snprintf(name, sizeof name, "runs/%.16s", cell->digest);
    return path_join(out, err, results, name);
}

int run_file(char out[PATH_SIZE], const char *results, const struct cell *cell, const char *name,
             struct error *err) {
    char folder[PATH_SIZE];
    return run_folder(folder, results, cell, err) || path_join(out, err, folder, name) ? -1 : 0;
}

// ---------------------------------------------------------------------------------------- looking

static int damaged(struct run_status *status, const char *message) {
    status->state = RUN_DAMAGED;
    snprintf(status->message, sizeof status->message, "%s", message);
    return 0;
}

// A file that exists but cannot be read (no memory, no permission, a broken disk) is an error, not a damaged
// record, which the next run would replace. NULL in *value: it is read, and no JSON.
static int read_json(const char *path, json_t **value, char *problem, size_t size, struct error *err) {
    size_t length;
    json_error_t where;
    char *text = file_read(path, (size_t)1 << 28, &length, err);
    if (!text)
        return -1;
    *value = json_loadb(text, length, JSON_REJECT_DUPLICATES, &where);
    free(text);
    if (!*value && json_error_code(&where) == json_error_out_of_memory)
        return fail_memory(err, "%s", path);
    if (!*value)
        snprintf(problem, size, "%s:%d: %s", path, where.line, where.text);
    return 0;
}

// Believes run.json only if it says what every complete record says, about this cell.
static int look_at_record(const char *path, const struct cell *cell, struct run_status *status,
                          struct error *err) {
    json_t *run;
    char unreadable[600];
    if (read_json(path, &run, unreadable, sizeof unreadable, err))
        return -1;
    if (!run)
        return damaged(status, unreadable);
    const char *state = json_string_value(json_object_get(run, "state"));
    const char *digest = json_string_value(json_object_get(json_object_get(run, "cell"), "digest"));
    const json_t *accuracy = json_object_get(json_object_get(run, "metrics"), "accuracy");
    double value = json_number_value(accuracy);
    const char *problem = !state || strcmp(state, "done")           ? "run.json: state is not \"done\""
                          : !digest || strcmp(digest, cell->digest) ? "run.json: digest is another run's"
                          : !json_is_number(accuracy)               ? "run.json: no accuracy"
                          : !(value >= 0 && value <= 100)           ? "run.json: accuracy is not in 0..100"
                                                                    : NULL;
    if (problem) {
        json_decref(run);
        return damaged(status, problem);
    }
    status->state = RUN_DONE;
    status->accuracy = value;
    status->seconds = json_number_value(json_object_get(run, "seconds"));
    status->run = run;
    return 0;
}

static int look_at_failure(const char *path, struct run_status *status, struct error *err) {
    json_t *failure;
    if (read_json(path, &failure, status->message, sizeof status->message, err))
        return -1;
    const char *message = json_string_value(json_object_get(failure, "message"));
    status->state = RUN_FAILED;
    snprintf(status->message, sizeof status->message, "%s",
             message ? message : "its failure record is damaged");
    json_decref(failure);
    return 0;
}

// A run that is done, but without the model that is asked for, is to be repeated for it (retrain.h).
static int look_at_model(const char *path, const struct cell *cell, struct run_status *status,
                         struct error *err) {
    int there = status->state != RUN_DONE || !cell->needs_model ? 1 : file_is_there(path, err);
    if (there < 1)
        run_status_clear(status);
    if (!there) {
        status->state = RUN_MISSING;
        status->lacks_model = 1;
    }
    return there < 0 ? -1 : 0;
}

// The state of a run without a record.
static int look_at_rest(const char *failure, const char *checkpoint, const char *old,
                        struct run_status *status, struct error *err) {
    int failed = file_is_there(failure, err);
    if (failed)
        return failed < 0 ? -1 : look_at_failure(failure, status, err);
    int begun = file_is_there(checkpoint, err);
    if (!begun)
        begun = file_is_there(old, err);
    if (begun > 0)
        status->state = RUN_UNFINISHED;
    return begun < 0 ? -1 : 0;
}

int run_look(const char *results, const struct cell *cell, struct run_status *status, struct error *err) {
    char lock[PATH_SIZE], record[PATH_SIZE], failure[PATH_SIZE], checkpoint[PATH_SIZE], old[PATH_SIZE],
        model[PATH_SIZE];
    memset(status, 0, sizeof *status);
    if (run_file(lock, results, cell, "lease", err) || run_file(record, results, cell, "run.json", err) ||
        run_file(failure, results, cell, "failed.json", err) ||
        run_file(checkpoint, results, cell, "checkpoint", err) ||
        run_file(old, results, cell, "checkpoint.old", err) ||
        run_file(model, results, cell, "model.safetensors", err))
        return -1;
    if ((status->elsewhere = lock_is_held(lock, err)) < 0)
        return -1;
    int recorded = file_is_there(record, err);
    if (recorded < 0)
        return -1;
    if (!recorded)
        return look_at_rest(failure, checkpoint, old, status, err);
    return look_at_record(record, cell, status, err) || look_at_model(model, cell, status, err) ? -1 : 0;
}

void run_status_clear(struct run_status *status) {
    json_decref(status->run);
    status->run = NULL;
}

int run_clear_lease(const char *results, const struct cell *cell) {
    char path[PATH_SIZE];
    struct error ignored = {0};
    int busy;
    if (run_file(path, results, cell, "lease", &ignored) || file_is_there(path, &ignored) != 1)
        return 0;
    int lock = lock_take(path, LOCK_EXCLUSIVE, 0, &busy, &ignored);
    lock_release(lock);
    return lock < 0 && busy && lock_is_silent(path);
}

json_t *record_message_json(const char *message) {
    char ascii[1024];
    json_t *text = json_string(message);
    if (text)
        return text;
    snprintf(ascii, sizeof ascii, "%s", message);
    for (char *c = ascii; *c; c++)
        if ((unsigned char)*c >= 0x80)
            *c = '?';
    return json_string(ascii);
}

int run_record_failure(const char *results, const struct cell *cell, const char *message, struct error *err) {
    char folder[PATH_SIZE], path[PATH_SIZE];
    if (run_folder(folder, results, cell, err) || folder_make(folder, err) ||
        path_join(path, err, folder, "failed.json"))
        return -1;
    json_t *failure = json_pack("{s:s, s:o, s:O}", "state", "failed", "message", record_message_json(message),
                                "cell", cell->record);
    int result = failure ? json_write(path, failure, err) : fail_memory(err, "%s", path);
    json_decref(failure);
    return result;
}

// ---------------------------------------------------------------------------------------- other records

// 1: *one is the record of a run in that folder. 0: it has none, or one that is no JSON object. -1: it cannot be read.
static int read_cell(json_t **one, const char *runs, const char *name, struct error *err) {
    char folder[PATH_SIZE], path[PATH_SIZE];
    struct error unread = {0};
    struct stat about;
    if (path_join(folder, err, runs, name) || path_join(path, err, folder, "cell.json"))
        return -1;
    if (stat(path, &about)) // no folder, or without this file: something else lies here
        return errno == ENOENT || errno == ENOTDIR ? 0 : fail_system(err, errno, "%s", path);
    json_t *cell = json_read(path, &unread);
    if (!cell && unread.cause && unread.cause != ENOENT)
        return *err = unread, -1;
    if (!json_is_object(cell)) {
        json_decref(cell);
        return 0;
    }
    *one = json_pack("{s:s, s:f, s:o}", "folder", name, "modified",
                     (double)about.st_mtim.tv_sec + 1e-9 * (double)about.st_mtim.tv_nsec, "cell", cell);
    return *one ? 1 : fail_memory(err, "%s", path);
}

json_t *records_scan(const char *results, struct error *err) {
    char runs[PATH_SIZE];
    json_t *known = json_array();
    struct dirent *entry;
    if (path_join(runs, err, results, "runs"))
        return json_decref(known), NULL;
    DIR *listing = opendir(runs);
    if (!listing && errno != ENOENT) {
        fail_system(err, errno, "%s", runs);
        return json_decref(known), NULL;
    }
    int more = 0;
    while (listing && (more = folder_next(listing, runs, &entry, err)) > 0) {
        json_t *one;
        int found = entry->d_name[0] == '.' ? 0 : read_cell(&one, runs, entry->d_name, err);
        if (found > 0 && json_array_append_new(known, one))
            found = fail_memory(err, "%s", runs);
        if ((more = found) < 0)
            break;
    }
    if (listing)
        closedir(listing);
    if (more < 0)
        return json_decref(known), NULL;
    return known;
}

// 1, 0, or -1 where the system does not tell.
static int has_file(const char *results, const json_t *one, const char *name) {
    char file[64], path[PATH_SIZE];
    struct error ignored;
    snprintf(file, sizeof file, "runs/%.16s/%.24s", json_field_text(one, "folder"), name);
    return path_join(path, &ignored, results, file) ? -1 : file_is_there(path, &ignored);
}

int run_is_open(const char *results, const json_t *known, const json_t *one) {
    const json_t *other;
    size_t i;
    if (has_file(results, one, "run.json") > 0 || has_file(results, one, "failed.json") > 0)
        return 0; // what is not known counts as open: nothing that it needs is removed
    json_array_foreach((json_t *)known, i,
                       other) if (!strcmp(json_field_text(json_object_get(other, "cell"), "name"),
                                          json_field_text(json_object_get(one, "cell"), "name")) &&
                                  json_number_value(json_object_get(other, "modified")) >
                                      json_number_value(json_object_get(one, "modified"))) return 0;
    return 1;
}

// Mean over done runs among `known` whose cell has this value under `key`; negative if there is none. `part` finds in
// run.json what holds "seconds" and "threads".
static int mean_seconds(double *mean, const char *results, const json_t *known, const char *key,
                        const char *value, const json_t *(*part)(const json_t *run), int threads,
                        struct error *err) {
    double sum = 0;
    int count = 0;
    const json_t *one;
    size_t i;
    json_array_foreach((json_t *)known, i, one) {
        char name[64], path[PATH_SIZE];
        struct error unread = {0};
        if (strcmp(json_field_text(json_object_get(one, "cell"), key), value))
            continue;
        snprintf(name, sizeof name, "runs/%.16s/run.json", json_field_text(one, "folder"));
        if (path_join(path, err, results, name))
            return -1;
        int there = file_is_there(path, err);
        if (there < 0)
            return -1;
        json_t *run = there ? json_read(path, &unread) : NULL; // a damaged one tells nothing
        if (unread.cause)
            return *err = unread, -1;
        double seconds = json_number_value(json_object_get(part(run), "seconds"));
        double used = json_number_value(json_object_get(part(run), "threads"));
        if (seconds > 0) {
            sum += seconds * (used > 0 ? used / threads : 1);
            count++;
        }
        json_decref(run);
    }
    *mean = count ? sum / count : -1;
    return 0;
}

static const json_t *whole(const json_t *run) {
    return run;
}

static const json_t *annotation_of(const json_t *run) {
    return json_object_get(json_object_get(run, "cell"), "annotation");
}

int records_seconds(double *seconds, const char *results, const json_t *known, const struct cell *cell,
                    int threads, struct error *err) {
    return mean_seconds(seconds, results, known, "cost_key", cell->cost_key, whole, threads, err);
}

int records_annotation_seconds(double *seconds, const char *results, const json_t *known,
                               const struct cell *cell, int threads, struct error *err) {
    return mean_seconds(seconds, results, known, "annotation_cost_key", cell->annotation_cost_key,
                        annotation_of, threads, err);
}
