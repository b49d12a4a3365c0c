// SPDX-License-Identifier: Apache-2.0
// Where a number comes from: the program and the machine that made it, for records and tables.
#ifndef REFF_BASE_PROVENANCE_H
#define REFF_BASE_PROVENANCE_H

#include "core/base/error.h"

#include <jansson.h>

// {"version", "git_revision", "git_dirty", "compiler", "flags", "libraries": {..}, "processor", "cores",
// "instruction_set", "system", "date"}: new reference, NULL when out of memory. git_revision is null in a
// build from neither a git checkout nor a release's archive; git_dirty where no git was there to ask.
json_t *provenance_json(struct error *err);

// The version, and the revision where it is known: "0.1.0 (revision 37e7fa97d569, with uncommitted changes)".
const char *provenance_version(void);

#endif
