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
#include "experiments/plan/variation.h"
#include "experiments/process/lock.h"

#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct train_options { // where things are; what is trained is in struct train_settings
    char train[SETTING_TEXT_SIZE], test[SETTING_TEXT_SIZE], validation[SETTING_TEXT_SIZE],
        output[SETTING_TEXT_SIZE];
    char set[SETTING_TEXT_SIZE], trace[SETTING_TEXT_SIZE];
    int force, threads;
};

enum { TRAIN_SETTINGS_MAXIMUM = 64 };

typedef struct train_options O;

static const struct setting file_schema[] = {
    SETTING_PATH(O, train, NULL, "FILE", "training shard"),
    SETTING_PATH(O, test, NULL, "FILE", "test shard"),
    SETTING_PATH(O, validation, "", "FILE", "validation shard"),
    SETTING_PATH(O, output, NULL, "DIR", "folder of the run; an unfinished run in it is continued"),
    SETTING_PATH(O, trace, "", "DIR", "write initial weights, batch order and losses for a peer to follow"),
    SETTING_WORDS(O, set, "NAME=VALUE",
                  "the same as --NAME VALUE, as tables and reff run have it; may be repeated"),
    SETTING_SWITCH(O, force, "replace a finished run; begin an unfinished one anew"),
    SETTING_COUNT(O, threads, "0", 0, 1024, "threads", "how many threads work; 0: all cores"),
    SETTING_END,
};

// The folder is one process's at a time, a sweep's too (its workers take the same lock).
static int lock_folder(char path[PATH_SIZE], const char *folder, struct error *err) {
    int busy, lock;
    if (folder_make(folder, err) || path_join(path, err, folder, "lease"))
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

// What --set says; `given` gets them too. A setting that an option gives as well would have two values.
static int take_set(const char *text, struct train_settings *s, int *given, struct error *err) {
    struct variations set = {0};
    if (variations_parse(&set, text, "--set", err))
        return -1;
    for (int i = 0; i < set.count; i++) {
        const struct setting *one = settings_find(train_schema, set.items[i].name);
        char name[SETTING_WORD_SIZE];
        if (!one)
            return fail_usage(err, "--set %s: reff train takes settings of training; see reff train --help",
                              set.items[i].name);
        if (given[one - train_schema]++)
            return fail_usage(err, "--set %s: --%s is given as well", one->name, option_name(one, name));
        if (settings_assign(one, s, set.items[i].value, "--set", err))
            return -1;
    }
    return 0;
}

// A setting that was given, but means nothing to the method: the run would be another than its user thinks. (Profiles
// keep settings for all methods.)
static int check_meaning(const struct train_settings *s, const int *given, struct error *err) {
    const struct method *m = method_find(s->method, err);
    if (!m)
        return -1;
    for (int i = 0; train_schema[i].name; i++) {
        char name[SETTING_WORD_SIZE];
        if (given[i] && !method_uses(m, train_schema[i].name))
            return fail_usage(err, "--%s: means nothing to --method %s; see reff train --help",
                              option_name(&train_schema[i], name), m->name);
    }
    return 0;
}

// A run that fails leaves no folder that it has made and not filled. Returns what train_run returned.
static int leave(const char *folder, int was_there, int result) {
    if (result && !was_there)
        rmdir(folder); // refused where it holds anything
    return result;
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
    int given[TRAIN_SETTINGS_MAXIMUM] = {0};
    for (int i = 0; train_schema[i].name && i < TRAIN_SETTINGS_MAXIMUM; i++)
        given[i] = options_given(&train_schema[i], argc, argv);
    int result = joined_parse(&command, &own, &work, argc, argv, err);
    free(description);
    if (result)
        return result < 0 ? -1 : 0;
    if (!*files.output)
        return fail_usage(err, "--output: a folder's name must be given");
    if (take_set(files.set, &training, given, err))
        return -1;
    int was_there = check_meaning(&training, given, err) ? -1 : file_is_there(files.output, err);
    if (was_there < 0)
        return -1;
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
    if (leave(files.output, was_there, result))
        return -1;
    char path[SETTING_TEXT_SIZE + 16], shown[SETTING_TEXT_SIZE];
    snprintf(path, sizeof path, "%s/run.json", files.output);
    json_t *run = json_read(path, err);
    if (!run)
        return -1;
    json_t *metrics = json_object_get(run, "metrics");
    printf("%s: test accuracy %.2f %%, worst class %.2f %%\n",
           text_visible(shown, sizeof shown, files.output),
           json_number_value(json_object_get(metrics, "accuracy")),
           json_number_value(json_object_get(metrics, "worst_class_accuracy")));
    json_decref(run);
    return 0;
}
