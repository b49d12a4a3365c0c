// SPDX-License-Identifier: Apache-2.0
#include "experiments/figure/figure_cells.h"

#include "core/base/memory.h"
#include "core/methods/method.h"

#include <stdlib.h>
#include <string.h>

// Some method that learns from annotations: all of them get the same ones.
static const char *annotated_method(void) {
    int i = 0;
    while (!method_list[i]->annotations)
        i++;
    return method_list[i]->name;
}

// A table of one cell, which is how a plan is asked for it. Without a method it is the baseline's, for its
// data.
static void cell_table(struct table *t, const struct panel *panel, const struct panel_column *picture) {
    const char *n = picture->kind == PICTURE_MAP || picture->kind == PICTURE_PSEUDO ? picture->n : "All";
    const char *method = picture->kind == PICTURE_MAP      ? picture->method
                         : picture->kind == PICTURE_PSEUDO ? annotated_method()
                                                           : METHOD_DEFAULT;
    *t = (struct table){.name = "figure",
                        .row_name = "n",
                        .column_name = "method",
                        .row_count = 1,
                        .column_count = 1,
                        .fixed = {.p = panel->p, .q = panel->q, .size = panel->size}};
    snprintf(t->rows[0], sizeof t->rows[0], "%s", n);
    t->row_values[0] = strcmp(n, "All") ? strtod(n, NULL) : N_ALL;
    t->fixed.n = t->row_values[0];
    snprintf(t->columns[0], sizeof t->columns[0], "%s", method);
    snprintf(t->method, sizeof t->method, "%s", method);
    snprintf(t->data, sizeof t->data, "%s", panel->data);
}

static int add_panel(struct figure_cells *cells, const struct panel *panel, int models_only,
                     struct error *err) {
    for (int i = 0; i < panel->column_count; i++) {
        if (models_only && panel->pictures[i].kind != PICTURE_MAP)
            continue;
        if (array_resize(cells->tables, (size_t)cells->table_count + 1, "the figures' cells", err))
            return -1;
        cell_table(&cells->tables[cells->table_count++], panel, &panel->pictures[i]);
    }
    return 0;
}

int figure_cells_make(struct figure_cells *cells, const struct figure *figures, int count, int models_only,
                      const struct figure_job *job, struct error *err) {
    memset(cells, 0, sizeof *cells);
    for (int f = 0; f < count; f++)
        for (int p = 0; p < figures[f].panel_count; p++)
            if (add_panel(cells, &figures[f].panels[p], models_only, err))
                return -1;
    if (profile_read(&cells->profile, job->profile_word, err) ||
        profile_resolve(&cells->profile, job->data, err))
        return -1;
    struct seeds asked = cells->profile.seeds;
    if (job->seeds && *job->seeds && seeds_parse(&asked, job->seeds, "--seeds", err))
        return -1;
    cells->seed = (struct seeds){.count = 1, .values = {asked.values[0]}};
    return plan_make(&cells->plan, &cells->profile, &cells->seed, cells->tables, cells->table_count,
                     &real_work, err);
}

void figure_cells_free(struct figure_cells *cells) {
    plan_free(&cells->plan);
    profile_free(&cells->profile);
    free(cells->tables);
    memset(cells, 0, sizeof *cells);
}

const struct cell *figure_cell(const struct figure_cells *cells, const struct panel *panel,
                               const struct panel_column *picture, struct error *err) {
    struct table *t = allocate(1, sizeof *t, "a cell", err);
    struct text why = {0};
    if (!t)
        return NULL;
    cell_table(t, panel, picture);
    const struct cell *cell = plan_find(&cells->plan, t, 0, 0, cells->seed.values[0]);
    if (!cell) {
        plan_absent(&why, &cells->plan, t, 0, 0);
        fail(err, "%s: %s", panel->data, text_string(&why));
        text_free(&why);
    }
    free(t);
    return cell;
}

int figure_cells_train(struct figure_cells *models, const struct figure_job *job, int *handed_over,
                       struct error *err) {
    const struct executor_job runs = {.executor = job->executor,
                                      .plan = &models->plan,
                                      .work = &real_work,
                                      .sweep = {.results = job->results,
                                                .label = "models",
                                                .jobs = job->jobs,
                                                .threads = job->threads,
                                                .retry = 1,
                                                .log = stderr},
                                      .cluster = job->cluster,
                                      .command = job->command,
                                      .round = job->round};
    for (int i = 0; i < models->plan.count; i++)
        models->plan.cells[i].needs_model = 1;
    return folder_make(job->results, err) || executor_run(&runs, handed_over, err) ? -1 : 0;
}
