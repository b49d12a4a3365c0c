// SPDX-License-Identifier: Apache-2.0
// reff annotate: pseudo-annotations for a training shard from the command line.
#include "core/annotate/annotator.h"
#include "core/base/file.h"
#include "core/base/options.h"
#include "core/base/progress.h"
#include "core/base/text.h"
#include "core/shard/shard.h"
#include "experiments/command/commands.h"
#include "experiments/command/joined.h"

#include <omp.h>
#include <stdio.h>
#include <string.h>

struct annotate_options { // where things are; what is made is in struct annotator_settings
    char shard[SETTING_TEXT_SIZE], output[SETTING_TEXT_SIZE], folder[SETTING_TEXT_SIZE];
    int threads, force;
};

typedef struct annotate_options O;

static const struct setting file_schema[] = {
    SETTING_PATH(O, shard, NULL, "FILE", "training shard with its true annotations"),
    SETTING_PATH(O, output, NULL, "FILE", "shard to write"),
    SETTING_PATH(O, folder, "", "DIR", "holds the checkpoint while unfinished; none: OUTPUT.unfinished"),
    SETTING_SWITCH(O, force, "replace a file that is there"),
    SETTING_COUNT(O, threads, "0", 0, 1024, "threads", "how many threads work; 0: all cores"),
    SETTING_END,
};

static int print_outcome(const char *path, struct error *err) {
    struct shard *shard = shard_open_measured(path, err);
    json_t *attributes = shard ? shard_attributes(shard, err) : NULL;
    char shown[PATH_SIZE];
    if (attributes)
        printf("%s: IoU %.3f, mean absolute error %.4f\n", text_visible(shown, sizeof shown, path),
               json_number_value(json_object_get(attributes, "annotation_iou")),
               json_number_value(json_object_get(attributes, "annotation_mae")));
    json_decref(attributes);
    shard_close(shard);
    return attributes ? 0 : -1;
}

int command_annotate(int argc, char **argv, struct error *err) {
    struct annotate_options files = {0};
    struct annotator_settings annotator = {0};
    const struct options_part own = {file_schema, &files, sizeof files},
                              work = {annotator_schema, &annotator, sizeof annotator};
    char folder[PATH_SIZE];
    const struct command command = {
        .name = "annotate",
        .arguments = "",
        .summary = "Train a pseudo-annotator on n images per class; let it annotate the others.",
        .description =
            "Writes a copy of the shard with the pseudo-annotator's masks; the images that were drawn to "
            "train it keep their own (column 'annotated'). Prints how well its masks agree with the true "
            "ones. Interrupted work continues from its checkpoint and ends with the same bits.",
        .example = "reff annotate --shard train.h5 --n 5 --output train-n5.h5",
    };
    int result = joined_parse(&command, &own, &work, argc, argv, err);
    if (result)
        return result < 0 ? -1 : 0;
    if (!*files.output)
        return fail_usage(err, "--output: a file name must be given");
    if (file_check_not_input(files.output, files.shard, err) ||
        file_check_free(files.output, files.force, err))
        return -1;
    if (files.threads)
        omp_set_num_threads(files.threads);
    if (*files.folder)
        snprintf(folder, sizeof folder, "%s", files.folder);
    else
        snprintf(folder, sizeof folder, "%s.unfinished", files.output);
    struct progress progress;
    progress_start(&progress, "annotate", "steps", 0, 0);
    struct annotate_job job = {.settings = &annotator,
                               .shard = files.shard,
                               .output = files.output,
                               .folder = folder,
                               .progress = progress_follow,
                               .progress_context = &progress};
    result = annotate_run(&job, err);
    progress_end(&progress);
    return result ? -1 : print_outcome(files.output, err);
}
