// SPDX-License-Identifier: Apache-2.0
// reff train: one training run from the command line.
#include "core/base/file.h"
#include "core/base/options.h"
#include "core/base/progress.h"
#include "core/base/text.h"
#include "core/methods/method.h"
#include "core/train/train.h"
#include "experiments/command/commands.h"
#include "experiments/command/joined.h"
#include "experiments/process/lock.h"

#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct train_options { // where things are; what is trained is in struct train_settings
    char train[SETTING_TEXT_SIZE], test[SETTING_TEXT_SIZE], validation[SETTING_TEXT_SIZE],
        output[SETTING_TEXT_SIZE];
    char trace[SETTING_TEXT_SIZE];
    int force, threads;
};

typedef struct train_options O;

static const struct setting file_schema[] = {
    SETTING_PATH(O, train, NULL, "FILE", "training shard"),
    SETTING_PATH(O, test, NULL, "FILE", "test shard"),
    SETTING_PATH(O, validation, "", "FILE", "validation shard"),
    SETTING_PATH(O, output, NULL, "DIR", "folder of the run; an unfinished run in it is continued"),
    SETTING_PATH(O, trace, "", "DIR", "write initial weights, batch order and losses for a peer to follow"),
    SETTING_SWITCH(O, force, "replace a finished run; begin an unfinished one anew"),
    SETTING_COUNT(O, threads, "0", 0, 1024, "threads", "threads; 0: all cores"),
    SETTING_END,
};

// The folder is one process's at a time, a sweep's too (its workers take the same lock).
static int lock_folder(char path[PATH_SIZE], const char *folder, struct error *err) {
    int busy, lock;
    if (folder_make(folder, err) || path_join(path, err, folder, "lock"))
        return -1;
    lock = lock_take(path, LOCK_EXCLUSIVE, 0, &busy, err);
    if (lock < 0 && busy)
        return fail(err, "%s: another process is training in this folder", folder);
    return lock;
}

// "baseline cross entropy alone" and the other methods, a line each.
static char *describe(struct error *err) {
    struct text out = {0};
    text_add(
        &out,
        "Writes run.json, metrics.jsonl and, with --save-model, model.safetensors into the folder --output. "
        "An interrupted run continues from its checkpoint and ends with the same bits. A folder with a "
        "finished run, or with an unfinished one of other settings, is refused without --force.\n\nmethods:");
    for (int i = 0; method_list[i]; i++)
        text_printf(&out, "\n  %-16s %s", method_list[i]->name, method_list[i]->summary);
    return text_take(&out, "a help text", err);
}

int command_train(int argc, char **argv, struct error *err) {
    struct train_options files = {0};
    struct train_settings training = {0};
    const struct options_part own = {file_schema, &files, sizeof files},
                              work = {train_schema, &training, sizeof training};
    char *description = describe(err);
    if (!description)
        return -1;
    const struct command command = {
        .name = "train",
        .arguments = "",
        .summary = "Train a network on a shard and record the run.",
        .description = description,
        .example = "reff train --train train.h5 --test test.h5 --method reff --epochs 8 --output run",
    };
    int result = joined_parse(&command, &own, &work, argc, argv, err);
    free(description);
    if (result)
        return result < 0 ? -1 : 0;
    char lock_path[PATH_SIZE];
    int lock = lock_folder(lock_path, files.output, err);
    if (lock < 0)
        return -1;
    if (files.threads)
        omp_set_num_threads(files.threads);
    struct progress progress;
    progress_start(&progress, "train", "steps", 0, 0);
    struct train_job job = {.settings = &training,
                            .train = files.train,
                            .test = files.test,
                            .validation = *files.validation ? files.validation : NULL,
                            .folder = files.output,
                            .force = files.force,
                            .trace = *files.trace ? files.trace : NULL,
                            .progress = progress_follow,
                            .progress_context = &progress};
    result = train_run(&job, err);
    progress_end(&progress);
    unlink(lock_path);
    lock_release(lock);
    if (result)
        return -1;
    char path[SETTING_TEXT_SIZE + 16];
    snprintf(path, sizeof path, "%s/run.json", files.output);
    json_t *run = json_read(path, err);
    if (!run)
        return -1;
    json_t *metrics = json_object_get(run, "metrics");
    printf("%s: test accuracy %.2f %%, worst class %.2f %%\n", files.output,
           json_number_value(json_object_get(metrics, "accuracy")),
           json_number_value(json_object_get(metrics, "worst_class_accuracy")));
    json_decref(run);
    return 0;
}
