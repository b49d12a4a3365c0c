// SPDX-License-Identifier: Apache-2.0
// Locks between processes (flock): the system releases those of a process that dies, so none is ever stale.
#ifndef REFF_EXPERIMENTS_PROCESS_LOCK_H
#define REFF_EXPERIMENTS_PROCESS_LOCK_H

#include "core/base/error.h"

enum lock_kind { LOCK_SHARED, LOCK_EXCLUSIVE };

// Locks the file `path` (made if missing; its folder must exist). Returns a descriptor to give to
// lock_release, or -1: with *busy = 1 and no message when another process holds it and `wait` is 0, else with
// *busy = 0 and a message (EXIT_INTERRUPTED when a signal came while waiting). The process that
// holds it exclusively may remove the file.
int lock_take(const char *path, enum lock_kind kind, int wait, int *busy, struct error *err);
void lock_release(int descriptor); // -1 is fine

// 1 if another process holds it exclusively, 0 if not, -1 with a message where the system does not tell.
int lock_is_held(const char *path, struct error *err);

// Removes "<name>.part-<process>" files of processes that are gone: what a killed process was writing.
void lock_remove_leftovers(const char *folder);

#endif
