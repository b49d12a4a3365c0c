// SPDX-License-Identifier: Apache-2.0
#include "experiments/process/lock.h"

#include "core/base/interrupt.h"
#include "experiments/process/lease.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

// ---------------------------------------------------------------------------------------- what is held

enum { HELD_MAXIMUM = 64, DAY = 86400 };
static struct held {
    int used;
    pid_t owner; // a child inherits the table, not the locks
    int with;    // the lock that is released with it, from 1; 0: none
    char path[PATH_SIZE];
    struct lease lease;
} held[HELD_MAXIMUM];
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER; // of the table
static pid_t pulse_of;                                    // the process that has the thread

// What it was writing bears its own name, so that nothing of the one that works in its place is touched.
static void end_without_lock(const char *path) {
    char message[PATH_SIZE + 200];
    int length =
        snprintf(message, sizeof message,
                 "reff: %s: another process took this over, as no sign of life of this one got there for "
                 "long; it ends\n",
                 path);
    file_write_all(STDERR_FILENO, message, (size_t)length);
    file_abandon_all();
    _exit(EXIT_FAILED);
}

static void *show_life(void *context) {
    (void)context;
    for (;;) {
        usleep((useconds_t)(1e6 * lease_interval()));
        pthread_mutex_lock(&mutex);
        for (int i = 0; i < HELD_MAXIMUM; i++)
            if (held[i].used && held[i].owner == getpid() && !lease_touch(held[i].path, &held[i].lease))
                end_without_lock(held[i].path);
        pthread_mutex_unlock(&mutex);
    }
    return NULL;
}

// Signals are the main thread's.
static int start_pulse(struct error *err) {
    sigset_t all, before;
    pthread_t thread;
    if (pulse_of == getpid())
        return 0;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int cause = pthread_create(&thread, NULL, show_life, NULL);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (cause)
        return fail_system(err, cause, "cannot start a thread");
    pthread_detach(thread);
    pulse_of = getpid();
    return 0;
}

// Before the first lock of a child: a thread of the parent may have had the mutex at the fork.
static void forget_parents(void) {
    static pid_t known;
    if (known == getpid())
        return;
    if (known)
        mutex = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
    known = getpid();
    for (int i = 0; i < HELD_MAXIMUM; i++)
        held[i].used &= held[i].owner == getpid();
}

static int enter(const char *path, const struct lease *lease, struct error *err) {
    int i = 0;
    if (start_pulse(err))
        return -1;
    pthread_mutex_lock(&mutex);
    while (i < HELD_MAXIMUM && held[i].used)
        i++;
    if (i < HELD_MAXIMUM) {
        held[i].used = 1;
        held[i].owner = getpid();
        held[i].with = 0;
        held[i].lease = *lease;
        snprintf(held[i].path, PATH_SIZE, "%s", path);
    }
    pthread_mutex_unlock(&mutex);
    return i < HELD_MAXIMUM ? i : fail(err, "%s: more than %d locks at once", path, HELD_MAXIMUM);
}

// Removes a lease of this process, unless it is another's by now.
static void drop(const char *path, const struct lease *mine) {
    struct lease now;
    struct error ignored;
    if (lease_read(path, &now, &ignored) > 0 && lease_is_same(&now, mine))
        unlink(path);
}

void lock_release(int lock) {
    if (lock < 0 || lock >= HELD_MAXIMUM || held[lock].owner != getpid())
        return;
    pthread_mutex_lock(&mutex);
    if (held[lock].used)
        drop(held[lock].path, &held[lock].lease);
    int with = held[lock].used ? held[lock].with : 0;
    held[lock].used = 0;
    pthread_mutex_unlock(&mutex);
    if (with)
        lock_release(with - 1);
}

void lock_release_with(int lock, int other) {
    held[lock].with = other + 1;
}

// ---------------------------------------------------------------------------------------- others

// 1: a living process has that lease; 0: none, now that one of a dead process is gone; -1 with a message.
static int is_leased(const char *path, struct error *err) {
    struct lease other;
    int there = lease_read(path, &other, err);
    if (there <= 0)
        return there;
    if (!lease_is_stale(path, &other))
        return 1;
    lease_break(path, &other);
    struct lease now;
    there = lease_read(path, &now, err);
    return there; // still there: somebody else is breaking it, or has made one
}

static int is_reader(const char *name, const char *base) {
    size_t length = strlen(base);
    return !strncmp(name, base, length) && !strncmp(name + length, ".reader-", 8) &&
           !strstr(name, ".part-") && !strstr(name, ".break");
}

// Asks `ask` of each that shares it, all of them, so that all are watched: the sum of the answers, or -1 with a message.
static int ask_readers(const char *path, int (*ask)(const char *path, struct error *err), struct error *err) {
    char folder[PATH_SIZE], one[PATH_SIZE];
    struct dirent *entry;
    path_folder(folder, path);
    DIR *listing = opendir(folder);
    if (!listing)
        return fail_system(err, errno, "%s", folder);
    int sum = 0, more;
    while (sum >= 0 && (more = folder_next(listing, folder, &entry, err)) > 0) {
        if (!is_reader(entry->d_name, path_name(path)))
            continue;
        int answer = path_join(one, err, folder, entry->d_name) ? -1 : ask(one, err);
        sum = answer < 0 ? -1 : sum + answer;
    }
    closedir(listing);
    return sum < 0 || more < 0 ? -1 : sum;
}

// 1: its holder may be alive.
static int is_lively(const char *path, struct error *err) {
    struct lease other;
    int there = lease_read(path, &other, err);
    return there <= 0 ? there : !lease_is_silent(path, &other);
}

int lock_is_silent(const char *path) {
    struct error ignored = {0};
    return is_lively(path, &ignored) == 0 && ask_readers(path, is_lively, &ignored) == 0;
}

// ---------------------------------------------------------------------------------------- taking

// 1: taken, *lock; 0: somebody has it; -1 with a message.
static int take_exclusive(const char *path, int *lock, struct error *err) {
    struct lease mine;
    int leased = is_leased(path, err);
    if (leased)
        return leased < 0 ? -1 : 0;
    int made = lease_make(path, &mine, err);
    if (made <= 0)
        return made;
    int readers = ask_readers(path, is_leased, err); // after the lease: who comes later sees it
    if (!readers)
        *lock = enter(path, &mine, err);
    if (!readers && *lock >= 0)
        return 1;
    drop(path, &mine);
    return readers > 0 ? 0 : -1;
}

static int take_shared(const char *path, int *lock, struct error *err) {
    static unsigned count;
    char name[PATH_SIZE], process[HOST_PROCESS_SIZE];
    struct lease mine;
    int leased = is_leased(path, err);
    if (leased)
        return leased < 0 ? -1 : 0;
    host_process(process);
    if (snprintf(name, sizeof name, "%s.reader-%s-%u", path, process, count++) >= (int)sizeof name)
        return fail(err, "%.200s...: path too long", path);
    int made = lease_make(name, &mine, err);
    if (made <= 0)
        return made;
    leased = is_leased(path, err); // after the reader's: who leases it later sees that
    if (!leased)
        *lock = enter(name, &mine, err);
    if (!leased && *lock >= 0)
        return 1;
    drop(name, &mine);
    return leased > 0 ? 0 : -1;
}

int lock_take(const char *path, enum lock_kind kind, int wait, int *busy, struct error *err) {
    enum { SHORTEST = 1000, LONGEST = 200000 }; // microseconds
    useconds_t pause = SHORTEST;
    *busy = 0;
    forget_parents();
    for (;;) {
        int lock = -1, taken = (kind == LOCK_SHARED ? take_shared : take_exclusive)(path, &lock, err);
        if (taken > 0)
            return lock;
        if (taken < 0)
            return -1;
        if (!wait)
            return *busy = 1, -1;
        if (interrupt_requested())
            return fail_interrupted(err, "interrupted while waiting for %s", path);
        usleep(pause);
        pause = pause < LONGEST / 2 ? 2 * pause : LONGEST;
    }
}

int lock_is_held(const char *path, struct error *err) {
    struct lease other;
    int there = lease_read(path, &other, err);
    return there <= 0 ? there : !lease_is_stale(path, &other);
}

double lock_patience(void) {
    return 6 * lease_interval();
}

// ---------------------------------------------------------------------------------------- leftovers

// By the file system's clock: that of a file touched now in the same folder.
static int is_old(const char *path, const char *folder) {
    char probe[PATH_SIZE], target[PATH_SIZE];
    struct stat about, now;
    struct error ignored;
    if (path_join(target, &ignored, folder, "clock") || file_temporary(target, probe, &ignored))
        return 0;
    int descriptor = open(probe, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
    int known =
        descriptor >= 0 && !futimens(descriptor, NULL) && !fstat(descriptor, &now) && !lstat(path, &about);
    if (descriptor >= 0)
        close(descriptor);
    unlink(probe);
    return known && now.st_mtim.tv_sec - about.st_mtim.tv_sec > DAY;
}

static int remove_leftovers_seen(const char *folder, int all) {
    char path[PATH_SIZE];
    struct error ignored;
    struct dirent *entry;
    int removed = 0;
    DIR *listing = opendir(folder);
    while (listing && (entry = readdir(listing))) {
        const char *part = strstr(entry->d_name, ".part-");
        if (!part || !part[6] || path_join(path, &ignored, folder, entry->d_name))
            continue;
        int alive = host_process_is_alive(part + 6), is_lease = !strncmp(entry->d_name, "lease", 5);
        if (alive > 0 || (alive < 0 && !(all && !is_lease) && !is_old(path, folder)))
            continue;
        if (unlink(path))
            folder_remove(path);
        removed = 1;
    }
    if (listing)
        closedir(listing);
    return removed;
}

// On network file systems a listing may pass over names while others are removed from it.
static void remove_leftovers(const char *folder, int all) {
    enum { TURNS = 3 };
    for (int turn = 0; turn < TURNS && remove_leftovers_seen(folder, all); turn++)
        ;
}

void lock_remove_leftovers(const char *folder) {
    remove_leftovers(folder, 0);
}

void lock_remove_all_leftovers(const char *folder) {
    remove_leftovers(folder, 1);
}
