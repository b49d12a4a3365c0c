// SPDX-License-Identifier: Apache-2.0
// The cells that figures show: which runs' models, which data. One plan for all figures asked for, since
// making a plan and training fork, which must come before anything is computed (isolate.h).
#ifndef REFF_EXPERIMENTS_FIGURE_FIGURE_CELLS_H
#define REFF_EXPERIMENTS_FIGURE_FIGURE_CELLS_H

#include "experiments/figure/figure.h"
#include "experiments/plan/cells.h"

struct figure_cells {
    struct profile profile;
    struct seeds seed;    // the first asked for: whose models are kept
    struct table *tables; // [table_count] of one cell each
    int table_count;
    struct plan plan;
};

// Reads the profile and plans what the figures' panels show; with `models_only`, only what has a model. Free
// with figure_cells_free, also after a failure.
int figure_cells_make(struct figure_cells *cells, const struct figure *figures, int count, int models_only,
                      const struct figure_job *job, struct error *err);
void figure_cells_free(struct figure_cells *cells);

// The cell behind a picture of a panel (of pictures without a method: one with the panel's data). NULL with a
// message when its data are absent.
const struct cell *figure_cell(const struct figure_cells *cells, const struct panel *panel,
                               const struct panel_column *picture, struct error *err);

// Does the runs whose models are missing, or hands them over.
int figure_cells_train(struct figure_cells *models, const struct figure_job *job, int *handed_over,
                       struct error *err);

#endif
