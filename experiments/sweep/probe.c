// SPDX-License-Identifier: Apache-2.0
#include "experiments/sweep/probe.h"

#include "core/base/isolate.h"
#include "core/base/progress.h"
#include "core/methods/method.h"

#include <fcntl.h>
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
    double last; // step that counts; 0: all
};

static void on_step(void *context, double done, double total, const char *note) {
    struct probe *p = context;
    (void)total;
    (void)note;
    if (p->last > 0 && done > p->last)
        return;
    p->last_time = seconds_now();
    p->last_step = done;
    if (p->first_time == 0) {
        p->first_time = p->last_time;
        p->first_step = done;
    } else if (p->last_time - p->first_time > enough_seconds) {
        raise(SIGTERM); // the trainer stops as if interrupted; only this process hears it
    }
}

// In the child: a trial does not report on its images, as a real run does.
static void be_quiet(void) {
    int nowhere = open("/dev/null", O_WRONLY);
    if (nowhere < 0)
        return; // then it is said
    dup2(nowhere, STDERR_FILENO);
    close(nowhere);
}

// In the child: a shard of the first images (at most so many) of the cell's split.
static int make_shard(const struct probe *p, enum split split, int images, const char *name,
                      char path[PATH_SIZE], struct error *err) {
    const struct cell *cell = p->cell;
    union data_settings data = cell->data[split];
    if (images < cell->images[split])
        data_set_choose(cell->set, &data, split_names[split], cell->seed, images);
    return path_join(path, err, p->folder, name) || p->work->generate(cell->set, &data, path, NULL, NULL, err)
               ? -1
               : 0;
}

// In the child: seconds for a shard of so many images.
static int time_shard(const struct probe *p, int images, double *seconds, struct error *err) {
    char path[PATH_SIZE];
    double start = seconds_now();
    if (make_shard(p, SPLIT_TRAIN, images, "data", path, err))
        return -1;
    *seconds = seconds_now() - start;
    return 0;
}

static json_t *measure_data(void *context, struct error *err) {
    enum { FEW = 16, MANY = 144 };
    struct probe *p = context;
    double few, many;
    int all = p->cell->images[SPLIT_TRAIN];
    be_quiet();
    omp_set_num_threads(p->threads);
    int large = all < MANY ? all : MANY, small = large < 2 * FEW ? large / 2 : FEW;
    if (time_shard(p, small, &few, err) || time_shard(p, large, &many, err))
        return NULL;
    double per_image = many > few ? (many - few) / (large - small) : 0, per_shard = few - small * per_image;
    return json_pack("[f, f]", per_shard > 0 ? per_shard : 0, per_image);
}

// In the child: shards of a few images, then steps until the time is up.
static json_t *measure(void *context, struct error *err) {
    struct probe *p = context;
    char paths[SPLITS][PATH_SIZE], run[PATH_SIZE];
    struct train_settings training = p->cell->training;
    be_quiet();
    omp_set_num_threads(p->threads);
    training.epochs = 1;
    training.save_model = 0;
    snprintf(training.select, sizeof training.select, "last");
    for (enum split s = 0; s < SPLITS; s++)
        if (s != SPLIT_VALIDATION && make_shard(p, s, s == SPLIT_TEST ? TEST_IMAGES : STEPS * training.batch,
                                                split_names[s], paths[s], err))
            return NULL;
    if (path_join(run, err, p->folder, "run"))
        return NULL;
    struct train_job job = {.settings = &training,
                            .train = paths[SPLIT_TRAIN],
                            .test = paths[SPLIT_TEST],
                            .validation =
                                method_of(training.method)->retrains_last_layer ? paths[SPLIT_TEST] : NULL,
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

// In the child: an annotator of one image per class, until the time is up. Seconds per iteration.
static json_t *measure_annotator(void *context, struct error *err) {
    enum { PER_CLASS = 24 }; // no class of a drawn shard is without an image
    struct probe *p = context;
    char source[PATH_SIZE], output[PATH_SIZE], folder[PATH_SIZE];
    struct annotator_settings settings = p->cell->annotator;
    settings.n = 1;
    p->last = settings.iterations;
    be_quiet();
    omp_set_num_threads(p->threads);
    if (make_shard(p, SPLIT_TRAIN, PER_CLASS * p->cell->classes, "train", source, err) ||
        path_join(output, err, p->folder, "annotated") || path_join(folder, err, p->folder, "annotator"))
        return NULL;
    const struct annotate_job job = {.settings = &settings,
                                     .shard = source,
                                     .output = output,
                                     .folder = folder,
                                     .progress = on_step,
                                     .progress_context = p};
    int failed = p->work->annotate(&job, err);
    double steps = p->last_step - p->first_step;
    if (failed && err->status != EXIT_INTERRUPTED && steps <= 0)
        return NULL;
    if (steps <= 0)
        return fail(err, "a trial of the annotator of %s made fewer than two steps", p->cell->name), NULL;
    return json_real((p->last_time - p->first_time) / steps);
}

// Runs a measurement in a child, in a temporary folder.
static json_t *try_in_folder(json_t *(*make)(void *context, struct error *err), struct probe *p,
                             struct error *err) {
    const char *temporary = getenv("TMPDIR");
    char folder[PATH_SIZE];
    if (path_join(folder, err, temporary && *temporary ? temporary : "/tmp", "reff-trial-XXXXXX"))
        return NULL;
    if (!mkdtemp(folder))
        return fail(err, "%s: cannot be made", folder), NULL;
    p->folder = folder;
    json_t *value = isolate_json(make, p, err);
    folder_remove(folder);
    return value;
}

int probe_seconds(const struct cell *cell, const struct work *work, int threads, double *seconds,
                  struct error *err) {
    struct probe p = {.cell = cell, .work = work, .threads = threads};
    json_t *step = try_in_folder(measure, &p, err);
    if (!step)
        return -1;
    // Evaluating a batch is one of a baseline step's three passes, and of more of a step that costs more.
    int passes = 3 * method_of(cell->training.method)->cost;
    double evaluated = cell->images[SPLIT_TEST] + cell->images[SPLIT_VALIDATION];
    double evaluations = evaluated / cell->training.batch * cell->training.epochs / passes;
    *seconds = json_number_value(step) * (cell->steps + evaluations);
    json_decref(step);
    return 0;
}

int probe_annotator(const struct cell *cell, const struct work *work, int threads, double *seconds,
                    struct error *err) {
    struct probe p = {.cell = cell, .work = work, .threads = threads};
    json_t *step = try_in_folder(measure_annotator, &p, err);
    if (!step)
        return -1;
    // Annotating an image is one pass of the generator, of the ten or so that an iteration makes of the two
    // networks.
    enum { PASSES = 10 };
    double annotated = (double)cell->images[SPLIT_TRAIN] / cell->annotator.batch / PASSES;
    *seconds = json_number_value(step) * (cell->annotator.iterations + annotated);
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
