// SPDX-License-Identifier: Apache-2.0
#include "core/base/limits.h"

#include "core/base/file.h"

#include <fcntl.h>
#include <linux/quota.h>
#include <math.h>
#include <omp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

static const char *pretended_root = "";

void limits_pretend(const char *root) {
    pretended_root = root;
}

// ----------------------------------------------------------------------------------------- small files

static FILE *open_file(const char *folder, const char *group, const char *name) {
    char path[PATH_SIZE];
    int length = snprintf(path, sizeof path, "%s%s%s/%s", pretended_root, folder, group, name);
    return length < (int)sizeof path ? fopen(path, "r") : NULL;
}

// The file's first two numbers; NAN for what is none ("max") or is not there.
static void read_numbers(const char *folder, const char *group, const char *name, double out[2]) {
    char line[128] = "", *rest = line;
    FILE *file = open_file(folder, group, name);
    if (file) {
        if (!fgets(line, sizeof line, file))
            *line = 0;
        fclose(file);
    }
    for (int i = 0; i < 2; i++) {
        char *end;
        out[i] = strtod(rest, &end);
        if (end == rest) {
            out[i] = NAN;
            end += strcspn(end, " \n"); // a word
        }
        rest = end;
    }
}

static double read_number(const char *folder, const char *group, const char *name) {
    double numbers[2];
    read_numbers(folder, group, name, numbers);
    return numbers[0];
}

// The number behind a word at the beginning of a line; 0 where there is none.
static double read_field(const char *folder, const char *group, const char *name, const char *word) {
    char line[256];
    double value = 0;
    FILE *file = open_file(folder, group, name);
    while (file && fgets(line, sizeof line, file))
        if (!strncmp(line, word, strlen(word)))
            value = strtod(line + strlen(word), NULL);
    if (file)
        fclose(file);
    return value;
}

// --------------------------------------------------------------------------------------- control groups

struct left { // by the levels seen so far
    double cores, memory;
};

// One level of version 2: "150000 100000" or "max 100000" microseconds, and bytes.
static void take_level(struct left *left, const char *folder, const char *group) {
    double cpu[2], most = read_number(folder, group, "memory.max");
    read_numbers(folder, group, "cpu.max", cpu);
    if (cpu[0] > 0 && cpu[1] > 0)
        left->cores = fmin(left->cores, cpu[0] / cpu[1]);
    if (most > 0)
        left->memory = fmin(left->memory, most - read_number(folder, group, "memory.current") +
                                              read_field(folder, group, "memory.stat", "inactive_file "));
}

// One level of version 1: a quota of -1 and a limit of nearly 2^63 are none.
static void take_level_of_cpu(struct left *left, const char *folder, const char *group) {
    double quota = read_number(folder, group, "cpu.cfs_quota_us"),
           period = read_number(folder, group, "cpu.cfs_period_us");
    if (quota > 0 && period > 0)
        left->cores = fmin(left->cores, quota / period);
}

static void take_level_of_memory(struct left *left, const char *folder, const char *group) {
    double most = read_number(folder, group, "memory.limit_in_bytes");
    if (most > 0 && most < 0x1p60)
        left->memory =
            fmin(left->memory, most - read_number(folder, group, "memory.usage_in_bytes") +
                                   read_field(folder, group, "memory.stat", "total_inactive_file "));
}

typedef void level_function(struct left *left, const char *folder, const char *group);

// The group and those above it. Inside a container its path may be the host's, of which nothing but the root is seen:
// levels that are not there limit nothing.
static void take_levels(struct left *left, const char *folder, const char *path, level_function *take) {
    char group[PATH_SIZE];
    snprintf(group, sizeof group, "%s", path);
    for (;;) {
        char *slash = strrchr(group, '/');
        if (slash && !slash[1]) // the root is "/": its files lie in the folder itself
            *slash = 0;
        take(left, folder, group);
        slash = strrchr(group, '/');
        if (!slash)
            return;
        *slash = 0;
    }
}

static int lists(const char *controllers, const char *name) {
    size_t length = strlen(name);
    for (const char *c = controllers; c; c = strchr(c, ',') ? strchr(c, ',') + 1 : NULL)
        if (!strncmp(c, name, length) && (c[length] == ',' || !c[length]))
            return 1;
    return 0;
}

// Lines of /proc/self/cgroup: "4:memory:/jobs/17", in version 2 "0::/jobs/17".
static struct left control_groups(void) {
    struct left left = {INFINITY, INFINITY};
    char line[PATH_SIZE + 256];
    FILE *file = open_file("/proc", "/self", "cgroup");
    while (file && fgets(line, sizeof line, file)) {
        line[strcspn(line, "\n")] = 0;
        char *controllers = strchr(line, ':'), *path = controllers ? strchr(controllers + 1, ':') : NULL;
        if (!path)
            continue;
        *path++ = 0;
        controllers++;
        if (!*controllers) {
            take_levels(&left, "/sys/fs/cgroup", path, take_level);
            take_levels(&left, "/sys/fs/cgroup/unified", path, take_level);
        }
        if (lists(controllers, "cpu"))
            take_levels(&left, "/sys/fs/cgroup/cpu", path, take_level_of_cpu);
        if (lists(controllers, "memory"))
            take_levels(&left, "/sys/fs/cgroup/memory", path, take_level_of_memory);
    }
    if (file)
        fclose(file);
    return left;
}

// ---------------------------------------------------------------------------------------------- answers

static int cores_of_mask(void) {
    cpu_set_t set;
    if (!sched_getaffinity(0, sizeof set, &set) && CPU_COUNT(&set) > 0)
        return CPU_COUNT(&set);
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    return cores > 0 ? (int)cores : 1;
}

int limits_cores(void) {
    double cores = fmin(cores_of_mask(), floor(control_groups().cores));
    const char *slurm = getenv("SLURM_CPUS_PER_TASK");
    long of_task = slurm ? strtol(slurm, NULL, 10) : 0;
    if (of_task > 0)
        cores = fmin(cores, (double)of_task);
    return cores < 1 ? 1 : (int)cores;
}

static double of_environment(const char *name) {
    const char *text = getenv(name);
    double number = text ? strtod(text, NULL) : 0;
    return number > 0 ? number : 0;
}

// What a batch job was promised, which Slurm holds it to with control groups or by looking at it now and then. In
// megabytes; 0 is the whole node.
static double memory_of_job(void) {
    double node = of_environment("SLURM_MEM_PER_NODE"),
           core = of_environment("SLURM_MEM_PER_CPU") * fmax(of_environment("SLURM_CPUS_PER_TASK"), 1);
    return node > 0 || core > 0 ? 0x1p20 * (node > 0 ? node : core) : INFINITY;
}

double limits_memory(void) {
    double available = 1024 * read_field("/proc", "", "meminfo", "MemAvailable:"),
           left = fmin(control_groups().memory, memory_of_job());
    if (available > 0 && left > available)
        return available;
    return isinf(left) ? 0 : fmax(left, 1); // nothing left is not unknown
}

// What the quotas of a user and of a group leave on the file system of an open folder, in bytes. Of network file systems the
// server counts, and tells when it is asked to write.
static double quota_left(int folder, int kind, unsigned id) {
    struct if_dqblk quota = {0};
    unsigned command =
        (unsigned)Q_GETQUOTA << SUBCMDSHIFT | (unsigned)kind; // QCMD shifts a signed number too far
    if (syscall(SYS_quotactl_fd, folder, command, id, &quota))
        return INFINITY;
    double most =
        (double)(quota.dqb_bhardlimit ? quota.dqb_bhardlimit : quota.dqb_bsoftlimit) * QIF_DQBLKSIZE;
    return most > 0 ? fmax(most - (double)quota.dqb_curspace, 1) : INFINITY;
}

double limits_disk(const char *path) {
    struct statvfs about;
    int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0 || fstatvfs(folder, &about)) {
        if (folder >= 0)
            close(folder);
        return 0;
    }
    double left = (double)about.f_bavail * (double)about.f_frsize; // a project's quota shows here
    left = fmin(left, fmin(quota_left(folder, USRQUOTA, getuid()), quota_left(folder, GRPQUOTA, getgid())));
    close(folder);
    return fmax(left, 1); // nothing left is not unknown
}

void limits_set_threads(void) {
    int cores = getenv("OMP_NUM_THREADS") ? 0 : limits_cores();
    if (cores && cores < omp_get_max_threads())
        omp_set_num_threads(cores);
}
