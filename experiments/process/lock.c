// SPDX-License-Identifier: Apache-2.0
#include "experiments/process/lock.h"

#include "core/base/file.h"
#include "core/base/interrupt.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

// Whether the locked file is still the one of that name: its last holder may have removed it while we waited.
static int is_current(int descriptor, const char *path) {
    struct stat mine, named;
    return !fstat(descriptor, &mine) && !stat(path, &named) && mine.st_ino == named.st_ino &&
           mine.st_dev == named.st_dev;
}

int lock_take(const char *path, enum lock_kind kind, int wait, int *busy, struct error *err) {
    int operation = (kind == LOCK_SHARED ? LOCK_SH : LOCK_EX) | (wait ? 0 : LOCK_NB);
    *busy = 0;
    for (;;) {
        int descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
        if (descriptor < 0)
            return fail_system(err, errno, "%s", path);
        while (flock(descriptor, operation)) {
            int cause = errno;
            if (cause == EINTR && !interrupt_requested())
                continue;
            close(descriptor);
            if (cause == EINTR)
                return fail_interrupted(err, "interrupted while waiting for %s", path);
            *busy = cause == EWOULDBLOCK;
            return *busy ? -1 : fail_system(err, cause, "%s", path);
        }
        if (is_current(descriptor, path))
            return descriptor;
        close(descriptor);
    }
}

void lock_release(int descriptor) {
    if (descriptor >= 0)
        close(descriptor);
}

int lock_is_held(const char *path, struct error *err) {
    int descriptor = open(path, O_RDONLY | O_CLOEXEC); // who only looks may have no right to write
    if (descriptor < 0)
        return errno == ENOENT ? 0 : fail_system(err, errno, "%s", path);
    int cause = flock(descriptor, LOCK_SH | LOCK_NB) ? errno : 0;
    close(descriptor);
    if (cause == EWOULDBLOCK)
        return 1;
    // Where a file system has no locks, nobody holds one.
    return !cause || cause == ENOSYS || cause == EOPNOTSUPP ? 0 : fail_system(err, cause, "%s", path);
}

// A process that is ending has no memory any more, so no program either, though it may still have an
// entry (a zombie has one until its parent, or init in its place, has asked for it).
static int is_alive(pid_t process) {
    char link[64], program[PATH_SIZE];
    if (kill(process, 0) && errno == ESRCH)
        return 0;
    snprintf(link, sizeof link, "/proc/%ld/exe", (long)process);
    return readlink(link, program, sizeof program) >= 0 || errno != ENOENT;
}

void lock_remove_leftovers(const char *folder) {
    char path[PATH_SIZE];
    struct error ignored;
    struct dirent *entry;
    DIR *listing = opendir(folder);
    while (listing && (entry = readdir(listing))) {
        char *part = strstr(entry->d_name, ".part-"), *end;
        long process = part ? strtol(part + 6, &end, 10) : 0;
        if (process > 0 && !*end && !is_alive((pid_t)process) &&
            !path_join(path, &ignored, folder, entry->d_name))
            unlink(path);
    }
    if (listing)
        closedir(listing);
}
