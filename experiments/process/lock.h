// SPDX-License-Identifier: Apache-2.0
// Locks between processes of any hosts that share a folder, made of lease files (lease.h). A lock whose holder died is
// free at once for processes that can ask for that holder, and for others when it has shown no sign of life for two
// minutes.
//
// While a process holds locks, a thread of it shows signs of life. A process that finds that its lock was taken from it
// (it was stopped for minutes, say) ends at once: what it would write is another's by now.
#ifndef REFF_EXPERIMENTS_PROCESS_LOCK_H
#define REFF_EXPERIMENTS_PROCESS_LOCK_H

#include "core/base/error.h"

enum lock_kind { LOCK_SHARED, LOCK_EXCLUSIVE };

// Locks `path`, which is no file but a name for some: "<path>" while it is held exclusively, "<path>.reader-<process>"
// of those that share it. Its folder must exist. Returns a number to give to
// lock_release, or -1: with *busy = 1 and no message when another process holds it and `wait` is 0, else with
// *busy = 0 and a message (EXIT_INTERRUPTED when a signal came while waiting).
int lock_take(const char *path, enum lock_kind kind, int wait, int *busy, struct error *err);
void lock_release(int lock);                 // -1 is fine
void lock_release_with(int lock, int other); // lock_release(lock) releases the other one too

// 1 if a process holds it exclusively, 0 if not, -1 with a message where the system does not tell.
int lock_is_held(const char *path, struct error *err);

// Whether all that stand in the way of taking it exclusively may be dead, of hosts that cannot be asked: to be tried again
// for some intervals of signs of life (lock_patience), where else nobody would ever remove what they left.
int lock_is_silent(const char *path);
double lock_patience(void); // seconds

// Removes "<name>.part-<host and process>" files and folders of processes that are gone: what a killed process was writing. Those of
// other hosts are removed when they have not changed for a day of the file system's clock.
void lock_remove_leftovers(const char *folder);

// The same where the caller has the folder for itself, by a lock in it: those of all other processes, for none of them may
// write there now. Who lost its lock and does not know it yet finds its file gone.
void lock_remove_all_leftovers(const char *folder);

#endif
