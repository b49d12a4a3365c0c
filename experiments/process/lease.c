// SPDX-License-Identifier: Apache-2.0
#include "experiments/process/lease.h"

#include "core/base/progress.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

enum { TEXT_SIZE = 512, UNMOVED = 12, CONFIRMED = 3 }; // the latter two in intervals
static const double standard_interval = 10;

double lease_interval(void) {
    const char *text = getenv("REFF_LEASE_SECONDS");
    double seconds = text ? strtod(text, NULL) : 0;
    return seconds >= 0.05 && seconds <= 3600 ? seconds : standard_interval;
}

// ---------------------------------------------------------------------------------------- making

static int make_id(char id[33]) {
    unsigned char bytes[16];
    if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes)
        return -1;
    for (size_t i = 0; i < sizeof bytes; i++)
        snprintf(id + 2 * i, 3, "%02x", bytes[i]);
    return 0;
}

static int write_text(int descriptor, const struct lease *c) {
    char text[TEXT_SIZE];
    int length = snprintf(text, sizeof text,
                          "reff lease\nhost %s\nplace %s\nprocess %ld\nstart %llu\ninterval %.3f\nid %s\n",
                          c->host, c->place, c->process, c->start, c->interval, c->id);
    return file_write_all(descriptor, text, (size_t)length);
}

// A file of that name which was not there before, with the lease in it. 0, or -1 with errno.
static int create(const char *path, struct lease *c) {
    int descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (descriptor < 0)
        return -1;
    int bad = write_text(descriptor, c) || fstat(descriptor, &c->about), cause = errno;
    bad |= close(descriptor) && !bad;
    if (bad)
        unlink(path);
    errno = cause;
    return bad ? -1 : 0;
}

// A second name for the whole file: 1, 0 where the name is taken, -1 with errno. A server whose answer was lost is asked
// again by the system, and then says that the name is taken: the count of names tells whose.
static int publish(const char *temporary, const char *path) {
    struct stat about;
    if (!link(temporary, path))
        return 1;
    int cause = errno;
    if (cause == EEXIST)
        return !stat(temporary, &about) && about.st_nlink == 2;
    errno = cause;
    return -1;
}

static int lacks_links(int cause) {
    return cause == EPERM || cause == EOPNOTSUPP || cause == ENOSYS || cause == EMLINK || cause == EXDEV;
}

int lease_make(const char *path, struct lease *mine, struct error *err) {
    char temporary[PATH_SIZE];
    *mine =
        (struct lease){.process = getpid(), .start = host_start_of(getpid()), .interval = lease_interval()};
    snprintf(mine->host, sizeof mine->host, "%s", host_name());
    snprintf(mine->place, sizeof mine->place, "%s", host_place());
    if (make_id(mine->id))
        return fail_system(err, errno, "no random bytes");
    if (file_temporary(path, temporary, err))
        return -1;
    unlink(temporary); // a process of the same number left it
    if (create(temporary, mine))
        return fail_system(err, errno, "%s", path);
    int made = publish(temporary, path), cause = errno;
    unlink(temporary);
    if (made < 0 && lacks_links(cause)) { // seen while it is written: until it is whole it has no place
        made = create(path, mine) ? -(errno != EEXIST) : 1;
        cause = errno;
    }
    return made < 0 ? fail_system(err, cause, "%s", path) : made;
}

// ---------------------------------------------------------------------------------------- reading

int lease_read(const char *path, struct lease *c, struct error *err) {
    char text[TEXT_SIZE];
    memset(c, 0, sizeof *c);
    int descriptor =
        open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); // opened, not only looked at: NFS then asks its server
    if (descriptor < 0)
        return errno == ENOENT ? 0 : fail_system(err, errno, "%s", path);
    ssize_t got = read(descriptor, text, sizeof text - 1);
    int cause = got < 0 || fstat(descriptor, &c->about) ? errno : 0;
    close(descriptor);
    if (cause == ESTALE)
        return 0; // removed while it was read
    if (cause)
        return fail_system(err, cause, "%s", path);
    text[got] = 0;
    // NOLINTNEXTLINE(cert-err34-c): what is no number makes it not whole
    if (sscanf(text, "reff lease\nhost %63s\nplace %63s\nprocess %ld\nstart %llu\ninterval %lf\nid %32s\n",
               c->host, c->place, &c->process, &c->start, &c->interval, c->id) != 6 ||
        strlen(c->id) != 32 || !(c->interval >= 0.05 && c->interval <= 3600)) {
        *c->place = *c->id = 0;
        c->interval = standard_interval;
    }
    return 1;
}

int lease_is_same(const struct lease *a, const struct lease *b) {
    return *a->id || *b->id ? !strcmp(a->id, b->id)
                            : a->about.st_ino == b->about.st_ino && a->about.st_dev == b->about.st_dev;
}

// ---------------------------------------------------------------------------------------- watching

enum { WATCHED = 1024 };
struct watch {
    uint64_t path; // hash; 0: nothing
    char id[33];
    ino_t file;
    struct timespec moved; // the file's time when it was last seen to move
    double looked, still;  // monotonic: the last look, and how long it has not moved under watch
};
static struct watch watches[WATCHED]; // not shared by threads: locks are taken and asked for by one

static uint64_t hash_of(const char *text) {
    uint64_t hash = 14695981039346656037u;
    for (; *text; text++)
        hash = (hash ^ (unsigned char)*text) * 1099511628211u;
    return hash ? hash : 1;
}

static struct watch *watch_of(const char *path) {
    uint64_t hash = hash_of(path);
    struct watch *oldest = watches;
    for (int i = 0; i < WATCHED; i++) {
        if (watches[i].path == hash)
            return &watches[i];
        if (watches[i].looked < oldest->looked)
            oldest = &watches[i];
    }
    *oldest = (struct watch){.path = hash};
    return oldest;
}

// How long it has been watched without a move. A look that comes late counts no more than an interval: this process may
// have been stopped, or the file system away, and with it the holder's signs of life.
static double watch(const char *path, const struct lease *c) {
    struct watch *w = watch_of(path);
    double now = seconds_now();
    int moved = strcmp(w->id, c->id) != 0 || w->file != c->about.st_ino ||
                w->moved.tv_sec != c->about.st_mtim.tv_sec || w->moved.tv_nsec != c->about.st_mtim.tv_nsec;
    w->still = moved ? 0 : w->still + fmin(now - w->looked, c->interval);
    w->looked = now;
    w->file = c->about.st_ino;
    w->moved = c->about.st_mtim;
    memcpy(w->id, c->id, sizeof w->id);
    return w->still;
}

// Seconds since the lease moved, by the clock of the file system; 0 where that cannot be asked.
static double age(const char *path, const struct lease *c) {
    char probe[PATH_SIZE];
    struct error ignored;
    struct stat now;
    if (file_temporary(path, probe, &ignored))
        return 0;
    int descriptor = open(probe, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
    int known = descriptor >= 0 && !futimens(descriptor, NULL) && !fstat(descriptor, &now);
    if (descriptor >= 0)
        close(descriptor);
    unlink(probe);
    return known ? (double)(now.st_mtim.tv_sec - c->about.st_mtim.tv_sec) : 0;
}

int lease_is_stale(const char *path, const struct lease *c) {
    int alive = *c->place ? host_is_alive(c->place, (pid_t)c->process, c->start) : -1;
    if (alive >= 0)
        return !alive;
    double still = watch(path, c);
    return still >= UNMOVED * c->interval ||
           (still >= CONFIRMED * c->interval && age(path, c) >= UNMOVED * c->interval);
}

int lease_is_silent(const char *path, const struct lease *c) {
    int alive = *c->place ? host_is_alive(c->place, (pid_t)c->process, c->start) : -1;
    return alive < 0 && age(path, c) >= UNMOVED * c->interval;
}

// ---------------------------------------------------------------------------------------- breaking

// Two that find one lease stale must not both remove what bears its name: the second would remove the lease that somebody
// made after the first. So it is done under a lease of its own, which lives for a moment.
void lease_break(const char *path, const struct lease *stale) {
    char breaking[PATH_SIZE];
    struct lease mine, now;
    struct error ignored;
    int length = snprintf(breaking, sizeof breaking, "%s.break", path);
    if (length >= (int)sizeof breaking)
        return;
    double begun = seconds_now();
    int made = lease_make(breaking, &mine, &ignored);
    if (made <= 0) {
        if (!made && lease_read(breaking, &now, &ignored) > 0 && lease_is_stale(breaking, &now))
            unlink(breaking);
        return; // the caller looks again
    }
    // One that was stopped here for long is no longer alone.
    if (lease_read(path, &now, &ignored) > 0 && lease_is_same(&now, stale) &&
        seconds_now() - begun < stale->interval)
        unlink(path);
    if (lease_read(breaking, &now, &ignored) > 0 && lease_is_same(&now, &mine))
        unlink(breaking);
}

int lease_touch(const char *path, const struct lease *mine) {
    struct lease now;
    struct error ignored;
    int there = lease_read(path, &now, &ignored);
    if (there <= 0 || !lease_is_same(&now, mine))
        return there < 0 ? -1 : 0;
    return utimensat(AT_FDCWD, path, NULL, 0) ? -(errno != ENOENT) : 1;
}
