// SPDX-License-Identifier: Apache-2.0
// A cell as JSON, with the paths that its identity leaves out: all that another process needs to do its run, without
// tables and profiles. Relative paths are those of the process that made it.
#ifndef REFF_EXPERIMENTS_PLAN_CELL_FILE_H
#define REFF_EXPERIMENTS_PLAN_CELL_FILE_H

#include "experiments/plan/cells.h"

// New reference; NULL when out of memory.
json_t *cell_to_json(const struct cell *cell, struct error *err);

// The cell again; `where` begins messages. Refuses one whose settings are not those of its own identity, or whose
// identity has another digest. cell->record is a new reference. Reads no data: cell_check_inputs does.
int cell_from_json(struct cell *cell, const json_t *json, const char *where, struct error *err);

// Whether the sources of its data and its initial weights are here, with the digests that its identity has.
int cell_check_inputs(const struct cell *cell, const struct work *work, struct error *err);

#endif
