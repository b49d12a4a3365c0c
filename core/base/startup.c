// SPDX-License-Identifier: Apache-2.0
// The part before main runs from .preinit_array: after the program and its libraries are loaded, before any of their
// constructors. libc is not set up by then, so it makes system calls itself and calls nothing.
#include "core/base/startup.h"

#include "core/base/file.h"

#include <fcntl.h>
#include <hdf5.h>
#include <limits.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { BUFFERS_MOST = 64, STANDARD_STREAMS = 3 }; // OpenBLAS starts with one buffer a thread, at most so many

#define BUFFER_BYTES ((size_t)STARTUP_BUFFER_MIB << 20)
#define REST_BYTES   ((size_t)16 << 20) // what else may be taken between the question and OpenBLAS's own

#define EARLY __attribute__((no_sanitize("address", "undefined")))

// A service or a cron job may have closed them. Whatever is opened next would take their numbers: a message would be
// written into a shard, a report into a log.
EARLY static void open_standard_streams(void) {
    for (int i = 0; i < STANDARD_STREAMS; i++)
        if (syscall(SYS_fcntl, i, F_GETFD) < 0)
            syscall(SYS_openat, AT_FDCWD, "/dev/null", O_RDWR); // the lowest number that is free
}

EARLY static void *map(size_t bytes) {
    long at = syscall(SYS_mmap, NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0L);
    return at == -1 ? NULL : (void *)at; // NOLINT(performance-no-int-to-ptr): as the kernel gives addresses
}

EARLY static int buffers_fit(int count) {
    void *buffers[BUFFERS_MOST], *rest = map(REST_BYTES);
    int mapped = 0;
    while (rest && mapped < count && mapped < BUFFERS_MOST && (buffers[mapped] = map(BUFFER_BYTES)))
        mapped++;
    for (int i = 0; i < mapped; i++)
        syscall(SYS_munmap, buffers[i], BUFFER_BYTES);
    if (rest)
        syscall(SYS_munmap, rest, REST_BYTES);
    return mapped == count || mapped == BUFFERS_MOST;
}

// The number after "NAME=" in the environment; 0 where there is none.
EARLY static int number_of(char *const *environment, const char *name) {
    for (; *environment; environment++) {
        const char *c = *environment, *n = name;
        while (*n && *c == *n)
            c++, n++;
        int value = 0;
        if (*n || *c++ != '=')
            continue;
        while (*c >= '0' && *c <= '9' && value < 10000)
            value = 10 * value + (*c++ - '0');
        return value;
    }
    return 0;
}

// All of the machine's, as libc's sysconf(_SC_NPROCESSORS_CONF) counts them and OpenBLAS asks it: the file holds
// "0-63". Where it cannot be read, as many as OpenBLAS has buffers for.
EARLY static int processors(void) {
    char text[256];
    int last = BUFFERS_MOST - 1, number = 0;
    long file = syscall(SYS_openat, AT_FDCWD, "/sys/devices/system/cpu/possible", O_RDONLY | O_CLOEXEC);
    long size = file < 0 ? 0 : syscall(SYS_read, file, text, sizeof text);
    for (long i = 0; i < size; i++)
        if (text[i] >= '0' && text[i] <= '9')
            last = number = number < 10000 ? 10 * number + (text[i] - '0') : number;
        else
            number = 0;
    if (file >= 0)
        syscall(SYS_close, file);
    return last + 1;
}

// How many threads the OpenMP build of OpenBLAS starts with.
EARLY static int threads_of(char *const *environment) {
    int most = processors(), wanted = number_of(environment, "OMP_NUM_THREADS");
    return wanted && wanted < most ? wanted : most;
}

EARLY static void before_main(int argc, char **argv, char **environment) {
    static const char message[] = "reff: out of memory: OpenBLAS takes 128 MiB for each thread when the "
                                  "program starts; raise the limit "
                                  "(ulimit -v), or set OMP_NUM_THREADS=1\n";
    (void)argc, (void)argv;
    open_standard_streams();
    if (buffers_fit(threads_of(environment)))
        return;
    syscall(SYS_write, STDERR_FILENO, message, sizeof message - 1);
    syscall(SYS_exit_group, 1);
}

__attribute__((section(".preinit_array"), used)) static void (*const entry)(int, char **,
                                                                            char **) = before_main;

int startup_buffers_fit(int count) {
    return buffers_fit(count);
}

// libgomp reads its settings in its constructor and offers no call to change them: the program starts itself anew
// with the setting in its environment. Where it cannot, it goes on as it is.
void startup_bound_waiting(char **argv) {
    if (getenv("OMP_WAIT_POLICY") || getenv("GOMP_SPINCOUNT") || setenv("GOMP_SPINCOUNT", STARTUP_SPINS, 1))
        return;
    char program[PATH_MAX]; // by its own name: lists of processes show it
    ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
    if (length > 0) {
        program[length] = 0;
        execv(program, argv);
    }
}

static int ended;

static void end_of_library(void) {
    static const char message[] = "reff: a library ended the program (memory may have run out)\n";
    if (ended)
        return;
    syscall(SYS_write, STDERR_FILENO, message, sizeof message - 1);
    file_abandon_all();
    _exit(1);
}

void startup_finish(void) {
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
    // HDF5 would close at exit what a failure left open, and crash over it. Files are closed where they are done with.
    H5dont_atexit();
    atexit(end_of_library);
}

int startup_end(int status) {
    ended = 1;
    return status;
}
