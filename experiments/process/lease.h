// SPDX-License-Identifier: Apache-2.0
// Lease files, of which locks (lock.h) are made: they hold on any file system that creates a name exclusively, between
// processes of any hosts, without flock and without clocks that agree.
//
// A lease says whose it is: host, boot and PID namespace, process, its start, an id that no other lease has, and after
// how many seconds its holder touches it again. Where its holder can be asked for (the same namespace of the same boot)
// the answer counts at once: dead, or alive however long it was silent. Elsewhere a lease is stale when it has not moved
// while this process watched it: for 12 of its intervals of this process's own monotonic clock, or for 3 where
// the file system's clock (the time that it gives to a file touched now) says that 12 are over. What any host takes for the time of day
// decides nothing.
#ifndef REFF_EXPERIMENTS_PROCESS_LEASE_H
#define REFF_EXPERIMENTS_PROCESS_LEASE_H

#include "core/base/file.h"
#include "core/base/host.h"

#include <sys/stat.h>

struct lease {
    char host[HOST_NAME_SIZE], place[HOST_PLACE_SIZE], id[33];
    long process;
    unsigned long long start;
    double interval;   // seconds between two signs of life
    struct stat about; // of the file
};

// Seconds between signs of life of leases made here: 10, or REFF_LEASE_SECONDS.
double lease_interval(void);

// Makes the lease `path`: 1 and *mine, 0 where there is one already, -1 with a message (ENOENT: no such folder).
int lease_make(const char *path, struct lease *mine, struct error *err);

// Reads one: 1, 0 where there is none, -1 with a message. One that is not whole has no place.
int lease_read(const char *path, struct lease *out, struct error *err);

int lease_is_same(const struct lease *a, const struct lease *b);

// Whether its holder is gone. What was seen of it before is remembered, and inherited by children.
int lease_is_stale(const char *path, const struct lease *c);

// Whether it may turn out to be stale when it is watched for a moment longer: its holder cannot be asked for, and it is old
// by the folder's clock. Never asked, it would stay where nobody waits for it.
int lease_is_silent(const char *path, const struct lease *c);

// Removes a lease that is stale, if it is still that one, and not while somebody else is doing so.
void lease_break(const char *path, const struct lease *stale);

// A sign of life: 1, 0 where the lease is no longer there or another's, -1 where the system does not tell.
int lease_touch(const char *path, const struct lease *mine);

#endif
