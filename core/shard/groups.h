// SPDX-License-Identifier: Apache-2.0
// What the column `group` of a shard counts, and the attribute `group_names` that names each number. Where the
// generator knows what goes with a class (the background of a digit, the artefact beside a lesion), each class
// has two groups, as in Waterbirds: aligned images have what goes with their class, conflicting ones have not.
// Else each class is one group. A shard made by hand may have any groups; it is their names that say which are
// aligned or conflicting.
#ifndef REFF_SHARD_GROUPS_H
#define REFF_SHARD_GROUPS_H

#include <jansson.h>

enum group_kind { GROUP_ALIGNED, GROUP_CONFLICTING, GROUP_KINDS, GROUP_OTHER = GROUP_KINDS };

extern const char *const group_kind_names[GROUP_KINDS]; // "aligned", "conflicting"

// The number of a group where each class has two.
int group_of(int label, enum group_kind kind);

// The attribute: "melanoma aligned", "melanoma conflicting", ... with `both`, else the classes' names. A class
// whose name is not in `class_names` (NULL: none is) goes by its number: "3 aligned". New reference; NULL when
// memory is out.
json_t *group_names(const json_t *class_names, int classes, int both);

// The name of group `group` in the attribute; NULL if it has none.
const char *group_name(const json_t *names, long group);

// What a name's last word says; GROUP_OTHER of any other name, and of NULL.
enum group_kind group_kind_of(const char *name);

#endif
