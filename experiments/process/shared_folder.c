// SPDX-License-Identifier: Apache-2.0
#include "experiments/process/shared_folder.h"

#include "core/base/file.h"
#include "experiments/process/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct trial {
    const char *folder; // the user's, for messages
    char one[PATH_SIZE], two[PATH_SIZE];
};

// A file with one letter in it, which must not be there yet. 0, or -1 with errno.
static int create(const char *path, char letter) {
    int descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (descriptor < 0)
        return -1;
    int bad = file_write_all(descriptor, &letter, 1), cause = errno;
    close(descriptor);
    errno = cause;
    return bad;
}

static int refuses_what_is_there(const struct trial *t, struct error *err) {
    if (create(t->one, '1'))
        return fail_system(err, errno, "%s", t->folder);
    if (!create(t->one, '2'))
        return fail(
            err,
            "%s: its file system does not create files exclusively (O_EXCL): two processes would take one "
            "run; put the results elsewhere",
            t->folder);
    return errno == EEXIST ? 0 : fail_system(err, errno, "%s", t->folder);
}

static int renames_over(const struct trial *t, struct error *err) {
    char letter = 0;
    if (create(t->two, '3'))
        return fail_system(err, errno, "%s", t->folder);
    int bad = rename(t->two, t->one), cause = errno;
    int descriptor = bad ? -1 : open(t->one, O_RDONLY | O_CLOEXEC);
    int right = descriptor >= 0 && read(descriptor, &letter, 1) == 1 && letter == '3' && access(t->two, F_OK);
    if (descriptor >= 0)
        close(descriptor);
    if (!right)
        return fail(err,
                    "%s: its file system does not rename one file over another%s%s: results could be seen "
                    "half-written; put them elsewhere",
                    t->folder, bad ? ": " : "", bad ? strerror(cause) : "");
    return 0;
}

// The coarsest file systems count in steps of two seconds.
static int time_moves(const struct trial *t, struct error *err) {
    enum { PAUSE = 5000, TRIES = 600 };
    struct stat first, now;
    if (utimensat(AT_FDCWD, t->one, NULL, 0) || stat(t->one, &first))
        return fail_system(err, errno, "%s", t->folder);
    for (int i = 0; i < TRIES; i++) {
        usleep(PAUSE);
        if (utimensat(AT_FDCWD, t->one, NULL, 0) || stat(t->one, &now))
            return fail_system(err, errno, "%s", t->folder);
        if (now.st_mtim.tv_sec != first.st_mtim.tv_sec || now.st_mtim.tv_nsec != first.st_mtim.tv_nsec)
            return 0;
    }
    return fail(err,
                "%s: the time of a file there does not move when it is touched: a process at work could not "
                "be told from "
                "a dead one; put the results elsewhere",
                t->folder);
}

int shared_folder_check(const char *folder, struct error *err) {
    char target[PATH_SIZE], place[PATH_SIZE];
    struct trial t = {.folder = folder};
    if (path_join(target, err, folder, "trial") || file_temporary(target, place, err) ||
        path_join(t.one, err, place, "one") || path_join(t.two, err, place, "two"))
        return -1;
    lock_remove_leftovers(folder); // of trials that were killed
    folder_remove(place);          // a process of the same number left it
    if (mkdir(place, 0777))
        return fail_system(err, errno, "%s", folder);
    int failed = refuses_what_is_there(&t, err) || renames_over(&t, err) || time_moves(&t, err);
    folder_remove(place);
    return failed ? -1 : 0;
}
