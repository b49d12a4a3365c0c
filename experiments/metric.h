// SPDX-License-Identifier: Apache-2.0
// Tables of any number that runs record, in place of test accuracy: "worst_group_accuracy",
// "cam_inside.layer4", "annotation.iou", and "confusion", the matrix.
#ifndef REFF_EXPERIMENTS_METRIC_H
#define REFF_EXPERIMENTS_METRIC_H

#include "experiments/output.h"

// Puts the metric in the place of accuracy; the paper's values go, as they are accuracies. Cells whose runs
// have not recorded it become empty and say so. "accuracy" and "" change nothing. A metric that no cell of
// the table has, and the confusion matrix in a format that has no place for it, are usage errors; a table
// without any run takes every name.
int metric_select(struct table_result *r, const char *name, enum output_format format, struct error *err);

// The names of all metrics that cells of the tables have, with the number of cells.
void metric_list(FILE *out, const struct table_result *tables, int count);

#endif
