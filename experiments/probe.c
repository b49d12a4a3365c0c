// SPDX-License-Identifier: Apache-2.0
#include "experiments/probe.h"

#include "core/base/progress.h"
#include "experiments/isolate.h"

#include <dirent.h>
#include <omp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { STEPS = 24, TEST_IMAGES = 64 };    // at most
static const double enough_seconds = 3.0; // of steps

struct probe {
    const struct cell *cell;
    const struct work *work;
    int threads;
    const char *folder;
    double first_time, first_step, last_time, last_step;
};

static void on_step(void *context, double done, double total, const char *note) {
    struct probe *p = context;
    (void)total;
    (void)note;
    p->last_time = seconds_now();
    p->last_step = done;
    if (p->first_time == 0) {
        p->first_time = p->last_time;
        p->first_step = done;
    } else if (p->last_time - p->first_time > enough_seconds) {
        raise(SIGTERM); // the trainer stops as if interrupted; only this process hears it
    }
}

// In the child: shards of a few images, then steps until the time is up.
static json_t *measure(void *context, struct error *err) {
    struct probe *p = context;
    char paths[2][PATH_SIZE], run[PATH_SIZE];
    struct train_settings training = p->cell->training;
    omp_set_num_threads(p->threads);
    training.epochs = 1;
    training.save_model = 0;
    snprintf(training.select, sizeof training.select, "last");
    for (enum split s = SPLIT_TRAIN; s <= SPLIT_TEST; s++) {
        struct textured_mnist_settings data = p->cell->data[s];
        int most = s == SPLIT_TEST ? TEST_IMAGES : STEPS * training.batch;
        data.count = cell_images(p->cell, s) < most ? data.count : most;
        if (path_join(paths[s], err, p->folder, split_names[s]) ||
            p->work->generate(&data, paths[s], NULL, NULL, err))
            return NULL;
    }
    if (path_join(run, err, p->folder, "run"))
        return NULL;
    struct train_job job = {.settings = &training,
                            .train = paths[SPLIT_TRAIN],
                            .test = paths[SPLIT_TEST],
                            .folder = run,
                            .progress = on_step,
                            .progress_context = p};
    int failed = p->work->train(&job, err);
    if (failed && err->status != EXIT_INTERRUPTED)
        return NULL;
    double steps = p->last_step - p->first_step;
    if (steps <= 0)
        return fail(err, "a trial of %s made fewer than two steps", p->cell->name), NULL;
    return json_real((p->last_time - p->first_time) / steps);
}

// A folder with files and folders of files in it, which is all that a trial makes.
static void remove_tree(const char *folder) {
    struct dirent *entry;
    struct error ignored;
    DIR *listing = opendir(folder);
    while (listing && (entry = readdir(listing))) {
        char path[PATH_SIZE];
        if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..") ||
            path_join(path, &ignored, folder, entry->d_name))
            continue;
        if (unlink(path))
            remove_tree(path);
    }
    if (listing)
        closedir(listing);
    rmdir(folder);
}

int probe_seconds(const struct cell *cell, const struct work *work, int threads, double *seconds,
                  struct error *err) {
    const char *temporary = getenv("TMPDIR");
    char folder[PATH_SIZE];
    if (path_join(folder, err, temporary && *temporary ? temporary : "/tmp", "reff-trial-XXXXXX"))
        return -1;
    if (!mkdtemp(folder))
        return fail(err, "%s: cannot be made", folder);
    struct probe p = {.cell = cell, .work = work, .threads = threads, .folder = folder};
    json_t *step = isolated_json(measure, &p, err);
    remove_tree(folder);
    if (!step)
        return -1;
    // Evaluating a batch is one of a baseline step's three passes, and of the six or so of a regularised one.
    int passes = strcmp(cell->training.method, "baseline") ? 6 : 3;
    double evaluated = cell_images(cell, SPLIT_TEST) + cell_images(cell, SPLIT_VALIDATION);
    double evaluations = evaluated / cell->training.batch * cell->training.epochs / passes;
    *seconds = json_number_value(step) * (cell->steps + evaluations);
    json_decref(step);
    return 0;
}
