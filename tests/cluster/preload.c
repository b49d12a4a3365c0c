// SPDX-License-Identifier: Apache-2.0
// Preloaded into the program, so that it meets what shared folders and clocks of clusters are like:
//
//   REFF_NO_FLOCK=1      flock and locks of fcntl fail with ENOLCK, as where a network file system has none
//   REFF_CLOCK=3600      this host's clock is so many seconds ahead, and so are the times that it gives to files
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static long ahead(void) {
    const char *seconds = getenv("REFF_CLOCK");
    return seconds ? strtol(seconds, NULL, 10) : 0;
}

int flock(int descriptor, int operation) {
    if (!getenv("REFF_NO_FLOCK"))
        return (int)syscall(SYS_flock, descriptor, operation);
    errno = ENOLCK;
    return -1;
}

int fcntl(int descriptor, int command, ...) {
    va_list arguments;
    va_start(arguments, command);
    void *argument = va_arg(arguments, void *);
    va_end(arguments);
    if (getenv("REFF_NO_FLOCK") && (command == F_SETLK || command == F_SETLKW || command == F_GETLK)) {
        errno = ENOLCK;
        return -1;
    }
    return (int)syscall(SYS_fcntl, descriptor, command, argument);
}

int clock_gettime(clockid_t clock, struct timespec *now) {
    int result = (int)syscall(SYS_clock_gettime, clock, now);
    if (!result && clock == CLOCK_REALTIME)
        now->tv_sec += ahead();
    return result;
}

time_t time(time_t *out) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (out)
        *out = now.tv_sec;
    return now.tv_sec;
}

int gettimeofday(struct timeval *out, void *zone) {
    struct timespec now;
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &now);
    *out = (struct timeval){now.tv_sec, now.tv_nsec / 1000};
    return 0;
}

// As a client that gives files its own time (Lustre).
static int touch(int folder, const char *path, const struct timespec times[2], int flags) {
    struct timespec mine[2];
    if (!times && ahead()) {
        clock_gettime(CLOCK_REALTIME, &mine[0]);
        mine[1] = mine[0];
        times = mine;
    }
    return (int)syscall(SYS_utimensat, folder, path, times, flags);
}

int utimensat(int folder, const char *path, const struct timespec times[2], int flags) {
    return touch(folder, path, times, flags);
}

int futimens(int descriptor, const struct timespec times[2]) {
    return touch(descriptor, NULL, times, 0);
}
