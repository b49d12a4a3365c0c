// SPDX-License-Identifier: Apache-2.0
// Where a number comes from: the program and the machine that made it, for records and tables.
#ifndef REFF_BASE_PROVENANCE_H
#define REFF_BASE_PROVENANCE_H

#include "core/base/error.h"

#include <jansson.h>

// {"version", "git_revision", "git_dirty", "compiler", "flags", "libraries": {..}, "processor", "cores",
// "instruction_set", "system", "date"}: new reference, NULL when out of memory. git_revision is null in a
// build outside a git checkout.
json_t *provenance_json(struct error *err);

#endif
