// SPDX-License-Identifier: Apache-2.0
#include "core/base/host.h"

#include <ctype.h>
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// These are asked for on the way of every file that is written: nothing here allocates or fails.

const char *host_name(void) {
    static _Thread_local char name[HOST_NAME_SIZE];
    if (*name)
        return name;
    if (gethostname(name, sizeof name) || !*name)
        snprintf(name, sizeof name, "host");
    name[sizeof name - 1] = 0;
    for (char *c = name; *c; c++)
        if (!isalnum((unsigned char)*c) && *c != '_')
            *c = '_'; // '.' and '-' part the pieces of names
    name[31] = 0;
    return name;
}

static void read_boot(char out[40]) {
    FILE *file = fopen("/proc/sys/kernel/random/boot_id", "r");
    if (!file || !fgets(out, 40, file))
        *out = 0;
    if (file)
        fclose(file);
    out[strcspn(out, "\n")] = 0;
}

// Read anew in each process: a child may live in another namespace.
const char *host_place(void) {
    static _Thread_local char place[HOST_PLACE_SIZE];
    static _Thread_local pid_t asked;
    char boot[40], space[32];
    if (asked == getpid())
        return place;
    read_boot(boot);
    ssize_t length = readlink("/proc/self/ns/pid", space, sizeof space - 1);
    space[length > 0 ? length : 0] = 0;
    const char *number = strchr(space, '[');
    if (*boot && number)
        snprintf(place, sizeof place, "%s-%.20s", boot, number + 1);
    else
        snprintf(place, sizeof place, "?");
    place[strcspn(place, "]")] = 0;
    asked = getpid();
    return place;
}

// FNV-1a: tells places apart in names; nothing is decided by it beyond that.
static uint32_t short_of(const char *text) {
    uint32_t hash = 2166136261u;
    for (; *text; text++)
        hash = (hash ^ (unsigned char)*text) * 16777619u;
    return hash;
}

static void prefix_of(char out[HOST_PROCESS_SIZE]) {
    snprintf(out, HOST_PROCESS_SIZE, "%.31s.%08x-", host_name(), short_of(host_place()));
}

void host_process(char out[HOST_PROCESS_SIZE]) {
    prefix_of(out);
    size_t length = strlen(out);
    snprintf(out + length, HOST_PROCESS_SIZE - length, "%ld", (long)getpid());
}

// A process that is ending has no memory any more, so no program either, though it may still have an
// entry (a zombie has one until its parent, or init in its place, has asked for it).
static int has_program(pid_t process) {
    char link[64], program[512];
    if (kill(process, 0) && errno == ESRCH)
        return 0;
    snprintf(link, sizeof link, "/proc/%ld/exe", (long)process);
    return readlink(link, program, sizeof program) >= 0 || errno != ENOENT;
}

unsigned long long host_start_of(pid_t process) {
    char path[64], line[1024];
    unsigned long long start = 0;
    snprintf(path, sizeof path, "/proc/%ld/stat", (long)process);
    FILE *file = fopen(path, "r");
    if (!file)
        return 0;
    char *rest = fgets(line, sizeof line, file) ? strrchr(line, ')') : NULL; // its name may hold anything
    fclose(file);
    for (int field = 2; rest && field < 22; field++)
        rest = strchr(rest + 1, ' ');
    if (rest)
        start = strtoull(rest + 1, NULL, 10);
    return has_program(process) ? start : 0;
}

int host_is_alive(const char *place, pid_t process, unsigned long long start) {
    if (*place == '?' || strcmp(place, host_place()) != 0)
        return -1;
    unsigned long long now = host_start_of(process);
    return now ? !start || now == start : has_program(process) ? -1 : 0;
}

int host_process_is_alive(const char *suffix) {
    char mine[HOST_PROCESS_SIZE], *end;
    prefix_of(mine);
    size_t length = strlen(mine);
    if (strncmp(suffix, mine, length) != 0 || *host_place() == '?')
        return -1;
    long process = strtol(suffix + length, &end, 10);
    return process > 0 && !*end ? has_program((pid_t)process) : -1;
}
