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

// In the child: seconds for a shard of so many images.
static int time_shard(const struct probe *p, int images, double *seconds, struct error *err) {
    struct textured_mnist_settings data = p->cell->data[SPLIT_TRAIN];
    char path[PATH_SIZE];
    data.count = images;
    double start = seconds_now();
    if (path_join(path, err, p->folder, "data") || p->work->generate(&data, path, NULL, NULL, err))
        return -1;
    *seconds = seconds_now() - start;
    return 0;
}

static json_t *measure_data(void *context, struct error *err) {
    enum { FEW = 16, MANY = 144 };
    struct probe *p = context;
    double all = cell_images(p->cell, SPLIT_TRAIN), few, many;
    omp_set_num_threads(p->threads);
    int large = all < MANY ? (int)all : MANY, small = large < 2 * FEW ? large / 2 : FEW;
    if (time_shard(p, small, &few, err) || time_shard(p, large, &many, err))
        return NULL;
    double per_image = many > few ? (many - few) / (large - small) : 0, per_shard = few - small * per_image;
    return json_pack("[f, f]", per_shard > 0 ? per_shard : 0, per_image);
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
    double steps = p->last_step - p->first_step;
    if (failed && err->status != EXIT_INTERRUPTED && steps <= 0) // a loss may turn NaN later: steps are steps
        return NULL;
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

// Runs a measurement in a child, with a folder that is there only for so long.
static json_t *try_in_folder(json_t *(*make)(void *context, struct error *err), struct probe *p,
                             struct error *err) {
    const char *temporary = getenv("TMPDIR");
    char folder[PATH_SIZE];
    if (path_join(folder, err, temporary && *temporary ? temporary : "/tmp", "reff-trial-XXXXXX"))
        return NULL;
    if (!mkdtemp(folder))
        return fail(err, "%s: cannot be made", folder), NULL;
    p->folder = folder;
    json_t *value = isolated_json(make, p, err);
    remove_tree(folder);
    return value;
}

int probe_seconds(const struct cell *cell, const struct work *work, int threads, double *seconds,
                  struct error *err) {
    struct probe p = {.cell = cell, .work = work, .threads = threads};
    json_t *step = try_in_folder(measure, &p, err);
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

int probe_data(const struct cell *cell, const struct work *work, int threads, struct probed_data *out,
               struct error *err) {
    struct probe p = {.cell = cell, .work = work, .threads = threads};
    json_t *seconds = try_in_folder(measure_data, &p, err);
    if (!seconds)
        return -1;
    out->per_shard = json_number_value(json_array_get(seconds, 0));
    out->per_image = json_number_value(json_array_get(seconds, 1));
    json_decref(seconds);
    return 0;
}
