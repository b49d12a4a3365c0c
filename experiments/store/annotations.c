// SPDX-License-Identifier: Apache-2.0
#include "experiments/store/annotations.h"

#include "core/base/progress.h"
#include "experiments/process/lock.h"
#include "experiments/store/data_sets.h"
#include "experiments/store/record.h"

#include <omp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// "<results>/shards/<data set>/annotations-n5-01234567<ending>".
static int place(char out[PATH_SIZE], const char *results, const struct cell *cell, const char *ending,
                 struct error *err) {
    char folder[PATH_SIZE], name[96];
    snprintf(name, sizeof name, "annotations-n%d-%.8s%s", cell->annotator.n, cell->annotation_digest, ending);
    return data_sets_annotations_folder(folder, results, cell, err) || path_join(out, err, folder, name) ? -1
                                                                                                         : 0;
}

int annotations_path(char out[PATH_SIZE], const char *results, const struct cell *cell, struct error *err) {
    return place(out, results, cell, ".h5", err);
}

// ---------------------------------------------------------------------------------------- failures

// 1 with its message: an earlier run of the sweep tried in vain. 0: not, or -1: it cannot be told, with why.
static int failed_before(const char *path, const char *sweep, struct error *err) {
    int there = file_is_there(path, err);
    char *text = there > 0 ? file_read(path, 1 << 16, NULL, err) : NULL;
    if (there < 0 || (there && !text))
        return -1;
    size_t length = strlen(sweep);
    int mine = text && length && !strncmp(text, sweep, length) && text[length] == '\n';
    if (mine)
        fail_work(err, "%s", text + length + 1);
    free(text);
    return mine;
}

static void note_failure(const char *path, const char *sweep, const char *message) {
    char text[1200];
    struct error ignored;
    int length = snprintf(text, sizeof text, "%.100s\n%.1000s", sweep, message);
    if (*sweep)
        file_write(path, text, (size_t)length, &ignored); // without it the others only lose time
}

// ---------------------------------------------------------------------------------------- making

// Under the annotations' lock.
static int make(double *seconds, const char *path, const char *results, const struct cell *cell,
                const char *sweep, const struct work *work, progress_function *progress,
                void *progress_context, struct error *err) {
    char source[PATH_SIZE], folder[PATH_SIZE], failure[PATH_SIZE];
    if (data_sets_annotations_folder(folder, results, cell, err))
        return -1;
    lock_remove_leftovers(folder);
    if (data_sets_shard(source, results, cell, SPLIT_TRAIN, err) ||
        place(folder, results, cell, ".work", err) || place(failure, results, cell, ".failed", err))
        return -1;
    if (failed_before(failure, sweep, err) || file_remove(failure, err))
        return -1;
    const struct annotate_job job = {.settings = &cell->annotator,
                                     .shard = source,
                                     .output = path,
                                     .folder = folder,
                                     .identity = cell->annotation_digest,
                                     .progress = progress,
                                     .progress_context = progress_context};
    double start = seconds_now();
    if (!work->annotate(&job, err)) {
        *seconds = seconds_now() - start;
        return 0;
    }
    if (err->status != EXIT_INTERRUPTED) {
        struct error inner = *err;
        fail_around(err, &inner, "pseudo-annotations: %.900s", inner.message);
        if (err->of_work) // what the system refused to this run it may grant to the next
            note_failure(failure, sweep, err->message);
    }
    return -1;
}

int annotations_make(json_t **record, const char *results, const struct cell *cell, const char *sweep,
                     const struct work *work, progress_function *progress, void *progress_context,
                     struct error *err) {
    char path[PATH_SIZE], source[PATH_SIZE], lock_path[PATH_SIZE];
    double seconds = -1;
    int busy;
    if (annotations_path(path, results, cell, err) || place(lock_path, results, cell, ".lease", err))
        return -1;
    int lock = lock_take(lock_path, LOCK_EXCLUSIVE, 1, &busy, err); // waits while another run makes them
    if (lock < 0)
        return -1;
    int there = file_is_there(path, err),
        failed = there < 0 || (!there && make(&seconds, path, results, cell, sweep, work, progress,
                                              progress_context, err));
    lock_release(lock);
    *record = failed || data_sets_shard(source, results, cell, SPLIT_TRAIN, err)
                  ? NULL
                  : work->annotation(path, source, &cell->annotator, err);
    if (*record && seconds >= 0) {
        json_object_set_new(*record, "seconds", json_real(seconds));
        json_object_set_new(*record, "threads", json_integer(omp_get_max_threads()));
    }
    return *record ? 0 : -1;
}
