// SPDX-License-Identifier: Apache-2.0
// reff figure: the paper's figures and the curves beyond it, from the results that are there.
#include "core/base/memory.h"
#include "core/base/options.h"
#include "experiments/command/commands.h"
#include "experiments/figure/figure_grid.h"
#include "experiments/plan/home.h"

#include <stdlib.h>
#include <string.h>

struct figure_options {
    char profile[SETTING_TEXT_SIZE], data[SETTING_TEXT_SIZE], seeds[SETTING_TEXT_SIZE],
        results[SETTING_TEXT_SIZE];
    int train, jobs, threads, round;
    char executor[SETTING_WORD_SIZE], cluster[SETTING_TEXT_SIZE];
};

typedef struct figure_options O;

static const struct setting schema[] = {
    SETTING_PATH(O, profile, "quick", "NAME", "profile (or a file) whose results are drawn"),
    SETTING_PATH(O, data, "", "DIR", "folder with mnist/ and textures/, for profiles of real data"),
    SETTING_PATH(O, seeds, "", "SEEDS",
                 "a count (5) or a list (3,4,9), of which models are of the first; none: the profile's"),
    SETTING_PATH(O, results, "results", "DIR", "where runs, shards, tables and figures lie"),
    SETTING_SWITCH(O, train, "make the models and pseudo-annotations that are missing (may take long)"),
    SETTING_COUNT(O, jobs, "0", 0, 1024, "runs", "runs at a time; 0: as cores and memory allow"),
    SETTING_COUNT(O, threads, "0", 0, 1024, "threads", "of each run; 0: cores / jobs"),
    EXECUTOR_SETTINGS(O),
    SETTING_END,
};

static const struct command command = {
    .name = "figure",
    .arguments = "FIGURE...",
    .summary = "Draw figures from the results that are there, as PNG and PDF.",
    .description = "FIGURE is a file in experiments/figures (fig3a) or a path. Without a FIGURE all are "
                   "drawn, but for those whose results are missing, which are named. Figures are written to "
                   "RESULTS/figures/<profile>/<figure>.{png,pdf}.",
    .example = "reff figure fig3a curve-table1a --profile quick --train",
    .minimum_words = 0,
    .maximum_words = -1,
    .schema = schema,
};

struct figures { // asked for
    struct figure *items;
    int count;
    struct figure_cells cells; // of those that are grids
};

static int add(struct figures *all, const char *word, struct error *err) {
    if (array_resize(all->items, (size_t)all->count + 1, "figures", err))
        return -1;
    if (figure_read(&all->items[all->count], word, err))
        return -1;
    all->count++;
    return 0;
}

static int read_figures(struct figures *all, const struct words *words, struct error *err) {
    struct text names = {0};
    char *rest;
    int failed = !words->count && home_list(&names, "figures", err);
    for (int i = 0; i < words->count && !failed; i++)
        failed = add(all, words->items[i], err);
    for (char *name = failed || !names.length ? NULL : strtok_r(names.bytes, " ", &rest); name && !failed;
         name = strtok_r(NULL, " ", &rest))
        failed = add(all, name, err) && home_leave_out(err);
    text_free(&names);
    return failed ? -1 : 0;
}

static int has_grids(const struct figures *all) {
    int grids = 0;
    for (int i = 0; i < all->count; i++)
        grids |= all->items[i].kind == FIGURE_GRID;
    return grids;
}

// Everything that forks comes before anything that is drawn: the models, then the plan. *handed_over: others make the
// models now.
static int prepare(struct figures *all, const struct figure_job *job, int *handed_over, struct error *err) {
    struct figure_cells models;
    int failed = 0;
    *handed_over = 0;
    if (!has_grids(all))
        return 0;
    if (job->train) {
        failed = figure_cells_make(&models, all->items, all->count, 1, job, err) ||
                 (models.plan.count && figure_cells_train(&models, job, handed_over, err));
        figure_cells_free(&models);
    }
    if (*handed_over && !failed)
        return 0;
    return failed || figure_cells_make(&all->cells, all->items, all->count, 0, job, err) ? -1 : 0;
}

static int draw(const struct figures *all, const struct figure *f, const struct figure_job *job,
                struct error *err) {
    int result = f->kind == FIGURE_CURVES     ? figure_curves(f, job, err)
                 : f->kind == FIGURE_TRAINING ? figure_training(f, job, err)
                 : f->kind == FIGURE_COST     ? figure_cost(f, job, err)
                                              : figure_grid(f, &all->cells, job, err);
    if (!result)
        printf("%s/figures/%s/%s.{png,pdf}\n", job->results, job->profile, f->name);
    return result;
}

// Results that are missing are a failure of figures that were named, and a remark where all are drawn that
// can be.
static int draw_all(const struct figures *all, int named, const struct figure_job *job, struct error *err) {
    int drawn = 0;
    for (int i = 0; i < all->count; i++) {
        int result = draw(all, &all->items[i], job, err);
        if (result < 0 || (result && named))
            return -1;
        if (result)
            fprintf(stderr, "%s: not drawn: %s\n", all->items[i].name, err->message);
        drawn += !result;
    }
    if (!drawn)
        return fail(err, "none of the figures could be drawn from what is in %s", job->results);
    if (drawn < all->count)
        fprintf(stderr, "%d of %d figures not drawn\n", all->count - drawn, all->count);
    return 0;
}

int command_figure(int argc, char **argv, struct error *err) {
    struct figure_options options;
    struct words words;
    char profile[SETTING_WORD_SIZE];
    struct text again = {0};
    int handed_over, result = executor_add_command(&again, argc, argv, err) ? -1 : 0;
    result = result ? result : options_parse(&command, argc, argv, &options, &words, err);
    if (result) {
        text_free(&again);
        return result < 0 ? -1 : 0;
    }
    home_definition_name(options.profile, profile, sizeof profile);
    const struct figure_job job = {.results = options.results,
                                   .profile = profile,
                                   .profile_word = options.profile,
                                   .data = options.data,
                                   .seeds = options.seeds,
                                   .train = options.train,
                                   .jobs = options.jobs,
                                   .threads = options.threads,
                                   .executor = executor_of(options.executor),
                                   .cluster = options.cluster,
                                   .command = text_string(&again),
                                   .round = options.round};
    struct figures all = {0};
    result = read_figures(&all, &words, err) || prepare(&all, &job, &handed_over, err) ||
                     (!handed_over && draw_all(&all, words.count > 0, &job, err))
                 ? -1
                 : 0;
    text_free(&again);
    canvas_forget_fonts();
    figure_cells_free(&all.cells);
    free(all.items);
    return result;
}
