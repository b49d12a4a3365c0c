// SPDX-License-Identifier: Apache-2.0
#include "experiments/store/data_sets.h"

#include "core/base/interrupt.h"
#include "experiments/process/lock.h"
#include "experiments/store/record.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char scratch[PATH_SIZE];

void data_sets_use_scratch(const char *folder) {
    snprintf(scratch, sizeof scratch, "%s", folder);
}

int data_sets_annotations_folder(char out[PATH_SIZE], const char *results, const struct cell *cell,
                                 struct error *err) {
    char name[32];
    snprintf(name, sizeof name, "shards/%.16s", cell->data_digest);
    return path_join(out, err, results, name);
}

int data_sets_folder(char out[PATH_SIZE], const char *results, const struct cell *cell, struct error *err) {
    return data_sets_annotations_folder(out, *scratch ? scratch : results, cell, err);
}

int data_sets_shard(char out[PATH_SIZE], const char *results, const struct cell *cell, enum split split,
                    struct error *err) {
    char folder[PATH_SIZE], name[32];
    snprintf(name, sizeof name, "%s.h5", split_names[split]);
    return data_sets_folder(folder, results, cell, err) || path_join(out, err, folder, name) ? -1 : 0;
}

// 1, 0, or -1 with a message.
static int lacks(const char *results, const struct cell *cell, enum split split, struct error *err) {
    char path[PATH_SIZE];
    if (split == SPLIT_VALIDATION && !cell->has_validation)
        return 0;
    int there = data_sets_shard(path, results, cell, split, err) ? -1 : file_is_there(path, err);
    return there < 0 ? -1 : !there;
}

// The same.
static int is_complete(const char *results, const struct cell *cell, struct error *err) {
    int lacking = 0;
    for (enum split s = 0; s < SPLITS && !lacking; s++)
        lacking = lacks(results, cell, s, err);
    return lacking < 0 ? -1 : !lacking;
}

// Under the exclusive lock.
static int make_missing(const char *results, const struct cell *cell, const struct work *work,
                        progress_function *progress, void *progress_context, struct error *err) {
    for (enum split s = 0; s < SPLITS; s++) {
        char path[PATH_SIZE];
        int lacking = lacks(results, cell, s, err);
        if (lacking < 0)
            return -1;
        if (!lacking)
            continue;
        if (data_sets_shard(path, results, cell, s, err) ||
            work->generate(cell->set, &cell->data[s], path, progress, progress_context, err))
            return -1;
        if (interrupt_requested())
            return fail_interrupted(err, "interrupted while making %s", path);
    }
    return 0;
}

static int hold(const char *results, const struct cell *cell, const struct work *work,
                progress_function *progress, void *progress_context, struct error *err) {
    char folder[PATH_SIZE], lock_path[PATH_SIZE];
    enum { SHORTEST = 1000, LONGEST = 200000 }; // microseconds
    useconds_t pause = SHORTEST;
    int busy;
    if (data_sets_folder(folder, results, cell, err) || path_join(lock_path, err, folder, "lease"))
        return -1;
    // A lock cannot be turned from exclusive into shared without a gap, in which another sweep may
    // remove what was made: so look again under the shared lock, and repeat.
    for (;;) {
        *err = (struct error){0};
        if (folder_make(folder, err))
            return -1;
        int lock = lock_take(lock_path, LOCK_SHARED, 1, &busy, err);
        int complete = lock < 0 ? 0 : is_complete(results, cell, err);
        if (complete > 0)
            return lock;
        lock_release(lock);
        if (complete < 0)
            return -1;
        // Without waiting: the process that has it makes the data, or only looks, as this one did, and may
        // then hold them for a whole run. The shared lock above waits only while they are being made.
        if (lock >= 0)
            lock = lock_take(lock_path, LOCK_EXCLUSIVE, 0, &busy, err);
        if (lock < 0 && busy && !interrupt_requested()) {
            usleep(pause);
            pause = pause < LONGEST / 2 ? 2 * pause : LONGEST;
            continue;
        }
        if (lock < 0 && busy)
            return fail_interrupted(err, "interrupted while waiting for %s", folder);
        if (lock < 0) {
            if (!interrupt_requested() && err->cause == ENOENT)
                continue; // removed between making the folder and the lock; another one may be there by now
            return -1;
        }
        lock_remove_all_leftovers(folder);
        int failed = make_missing(results, cell, work, progress, progress_context, err);
        lock_release(lock);
        if (failed)
            return -1;
    }
}

// The folder of its pseudo-annotations, where that is another: no sweep may remove them while they are read.
static int hold_annotations(int with, const char *results, const struct cell *cell, struct error *err) {
    char folder[PATH_SIZE], path[PATH_SIZE];
    int busy, lock;
    if (data_sets_annotations_folder(folder, results, cell, err) || path_join(path, err, folder, "lease"))
        return -1;
    do { // a sweep may remove the folder between making it and the lock
        *err = (struct error){0};
        lock = folder_make(folder, err) ? -1 : lock_take(path, LOCK_SHARED, 1, &busy, err);
    } while (lock < 0 && err->cause == ENOENT && !interrupt_requested());
    if (lock >= 0)
        lock_release_with(with, lock);
    return lock;
}

int data_sets_hold(const char *results, const struct cell *cell, const struct work *work,
                   progress_function *progress, void *progress_context, struct error *err) {
    int lock = hold(results, cell, work, progress, progress_context, err);
    if (lock < 0 || !*scratch || !cell->has_annotator || hold_annotations(lock, results, cell, err) >= 0)
        return lock;
    lock_release(lock);
    return -1;
}

// 1 if some unfinished run (of any sweep) needs the pseudo-annotations, or what there is of them, in the file
// or folder `name` of a data set: they take hours where shards take minutes.
static int is_needed(const json_t *records, const char *results, const char *data_set, const char *name) {
    const json_t *one;
    static const char prefix[] = "annotations-n";
    size_t i;
    char *end;
    if (strncmp(name, prefix, strlen(prefix)))
        return 0;
    long n = strtol(name + strlen(prefix), &end, 10);
    if (*end != '-')
        return 0;
    json_array_foreach((json_t *)records, i, one) {
        const json_t *cell = json_object_get(one, "cell");
        const char *digest = json_string_value(json_object_get(cell, "data_digest"));
        if (digest && !strncmp(digest, data_set, strlen(data_set)) &&
            json_number_value(json_object_get(cell, "n")) == (double)n && run_is_open(results, records, one))
            return 1;
    }
    return 0;
}

// Under the exclusive lock. 1 if something has been spared.
static int empty_folder(const char *folder, const char *results, const char *name) {
    char path[PATH_SIZE];
    struct error ignored;
    struct dirent *entry;
    json_t *records = records_scan(results, &ignored);
    DIR *listing = records ? opendir(folder) : NULL;
    int spared = !listing;
    while (listing && (entry = readdir(listing))) {
        if (!strncmp(entry->d_name, "lease", 5) || entry->d_name[0] == '.')
            continue; // those of processes that look, and this one's
        if (is_needed(records, results, name, entry->d_name))
            spared = 1;
        else if (!path_join(path, &ignored, folder, entry->d_name) && unlink(path))
            folder_remove(path); // an annotator's checkpoint
    }
    if (listing)
        closedir(listing);
    json_decref(records);
    return spared;
}

// Removes a data set's folder unless a run holds it or it is marked as kept. What unfinished runs need of
// pseudo-annotations stays.
// 1 where it is only in the way that silent holders, of other hosts, may be alive.
static int remove_folder(const char *results, const char *name) {
    char shards[PATH_SIZE], folder[PATH_SIZE], lock_path[PATH_SIZE], keep[PATH_SIZE];
    struct error ignored;
    int busy;
    if (path_join(shards, &ignored, results, "shards") || path_join(folder, &ignored, shards, name) ||
        path_join(keep, &ignored, folder, "keep") || path_join(lock_path, &ignored, folder, "lease") ||
        file_is_there(folder, &ignored) != 1 || file_is_there(keep, &ignored))
        return 0; // where the system does not tell, nothing is removed
    int lock = lock_take(lock_path, LOCK_EXCLUSIVE, 0, &busy, &ignored);
    if (lock < 0)
        return busy && lock_is_silent(lock_path);
    lock_remove_all_leftovers(folder); // a lease that a killed process was about to make
    // Looked for again: it may have been marked while another process had the lock.
    int emptied = !file_is_there(keep, &ignored) && !empty_folder(folder, results, name);
    lock_release(lock);
    if (emptied)
        rmdir(folder); // where somebody has come in between it is not empty, and stays
    return 0;
}

void data_sets_remove(const char *results, const struct cell *cell) {
    char name[32];
    snprintf(name, sizeof name, "%.16s", cell->data_digest);
    remove_folder(results, name);
}

int data_sets_keep(const char *results, const struct cell *cell, struct error *err) {
    char folder[PATH_SIZE], path[PATH_SIZE];
    return data_sets_folder(folder, results, cell, err) || folder_make(folder, err) ||
                   path_join(path, err, folder, "keep") || file_write(path, "", 0, err)
               ? -1
               : 0;
}

// Folders that stay for silent holders.
static int prune_once(const char *results) {
    char shards[PATH_SIZE];
    struct error ignored;
    struct dirent *entry;
    int silent = 0;
    DIR *listing = path_join(shards, &ignored, results, "shards") ? NULL : opendir(shards);
    while (listing && (entry = readdir(listing)))
        if (entry->d_name[0] != '.')
            silent += remove_folder(results, entry->d_name);
    if (listing)
        closedir(listing);
    if (!path_join(shards, &ignored, results, "shards"))
        rmdir(shards); // if empty
    return silent;
}

void data_sets_prune(const char *results) {
    enum { PAUSE = 100000 }; // microseconds
    double end = seconds_now() + lock_patience();
    while (prune_once(results) && seconds_now() < end && !interrupt_requested())
        usleep(PAUSE);
}

static double bytes_per_image(const struct cell *cell) {
    double pixels = cell_pixels(cell);
    return 4 * pixels * pixels + 256; // provenance
}

double data_sets_bytes(const struct cell *cell) {
    double images = 0;
    for (enum split s = 0; s < SPLITS; s++)
        images += cell->images[s];
    return images * bytes_per_image(cell);
}

double data_sets_annotation_bytes(const struct cell *cell) {
    return cell->has_annotator ? cell->images[SPLIT_TRAIN] * bytes_per_image(cell) : 0;
}
