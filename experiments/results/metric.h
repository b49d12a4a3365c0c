// SPDX-License-Identifier: Apache-2.0
// Tables of any number that runs record, in place of test accuracy: "worst_group_accuracy",
// "cam_inside.layer4", "annotation.iou", and "confusion", the matrix.
#ifndef REFF_EXPERIMENTS_RESULTS_METRIC_H
#define REFF_EXPERIMENTS_RESULTS_METRIC_H

#include "experiments/results/sheet.h"
#include "experiments/results/table_result.h"

// What the runs of today record, with blanks between; runs of a program that knows more may have others.
extern const char metric_names[];

// Puts the metric in the place of accuracy; the paper's values go, as they are accuracies, a user's stay. Cells whose runs
// have not recorded it become empty and say so. "accuracy" and "" change nothing. Tables that have runs but
// none with the metric stay as they are, and kept[t] says 0 of them (1 of the others). A metric that no table
// has, and the confusion matrix in a format that has no place for it, are usage errors; tables without any
// run take each of metric_names.
int metric_select(struct table_result *tables, int count, const char *name, enum sheet_format format,
                  int *kept, struct error *err);

// The table with another number in place of accuracy, without anyone's reference, beside the table as it is: it has cells
// of its own (free them with metric_view_free) and borrows all else. Cells whose runs have not recorded it say so. Returns
// how many cells have it, -1 with a message.
int metric_view(struct table_result *view, const struct table_result *r, const char *name, struct error *err);
void metric_view_free(struct table_result *view);

// The names of all metrics that cells of the tables have, with the number of cells; those of metric_names where
// there are no runs.
void metric_list(FILE *out, const struct table_result *tables, int count);

#endif
