// SPDX-License-Identifier: Apache-2.0
#include "core/base/file.h"

#include "core/base/host.h"
#include "core/base/memory.h"
#include "core/base/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int path_join(char out[PATH_SIZE], struct error *err, const char *folder, const char *name) {
    int length = snprintf(out, PATH_SIZE, "%s/%s", folder, name);
    return length < PATH_SIZE ? 0 : fail(err, "%.200s/...: path too long", folder);
}

void folder_remove(const char *folder) {
    struct dirent *entry;
    struct error ignored;
    DIR *listing = opendir(folder);
    while (listing && (entry = readdir(listing))) {
        char path[PATH_SIZE];
        if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..") ||
            path_join(path, &ignored, folder, entry->d_name))
            continue;
        if (unlink(path))
            folder_remove(path);
    }
    if (listing)
        closedir(listing);
    rmdir(folder);
}

int file_remove(const char *path, struct error *err) {
    return unlink(path) && errno != ENOENT ? fail_system(err, errno, "%s", path) : 0;
}

int folder_next(DIR *listing, const char *path, struct dirent **entry, struct error *err) {
    do {
        errno = 0;
        *entry = readdir(listing);
    } while (*entry && (!strcmp((*entry)->d_name, ".") || !strcmp((*entry)->d_name, "..")));
    return *entry ? 1 : errno ? fail_system(err, errno, "%s", path) : 0;
}

int file_is_there(const char *path, struct error *err) {
    struct stat s;
    if (!stat(path, &s))
        return 1;
    return errno == ENOENT ? 0 : fail_system(err, errno, "%s", path);
}

// The last names that were given: no process has more than a few files in work. A name holds its host and process, so
// that whatever bears it, if it is still there, is this process's own.
enum { REMEMBERED = 8 };
static struct {
    long process;
    char path[PATH_SIZE];
} remembered[REMEMBERED];
static unsigned remembered_count;

int file_temporary(const char *path, char temporary[PATH_SIZE], struct error *err) {
    char process[HOST_PROCESS_SIZE];
    host_process(process);
    int length = snprintf(temporary, PATH_SIZE, "%s.part-%s", path, process);
    if (length >= PATH_SIZE)
        return fail(err, "%.200s...: path too long", path);
    unsigned at = __atomic_fetch_add(&remembered_count, 1, __ATOMIC_RELAXED) % REMEMBERED;
    remembered[at].process = getpid();
    memcpy(remembered[at].path, temporary, (size_t)length + 1);
    return 0;
}

void file_abandon_all(void) {
    for (int i = 0; i < REMEMBERED; i++)
        if (remembered[i].process == getpid() && unlink(remembered[i].path))
            folder_remove(remembered[i].path);
}

int file_check_target(const char *path, struct error *err) {
    struct stat s;
    if (stat(path, &s))
        return errno == ENOENT || errno == ENOTDIR ? 0 : fail_system(err, errno, "%s", path);
    if (S_ISREG(s.st_mode))
        return 0; // a new file may replace it
    return S_ISDIR(s.st_mode) ? fail_system(err, EISDIR, "%s", path)
                              : fail(err, "%s: not a regular file", path);
}

int file_check_free(const char *path, int force, struct error *err) {
    char folder[PATH_SIZE];
    const char *slash = strrchr(path, '/');
    if (slash && slash != path) {
        snprintf(folder, sizeof folder, "%.*s", (int)(slash - path), path);
        if (file_is_there(folder, err) == 0)
            return fail_system(err, ENOENT, "%s: there is no folder %s", path, folder);
    }
    int there = file_check_target(path, err) ? -1 : file_is_there(path, err);
    return there <= 0 || force ? (there < 0 ? -1 : 0)
                               : fail(err, "%s: is there already; --force replaces it", path);
}

int file_is_same(const char *path, const char *other) {
    struct stat a, b;
    return !stat(path, &a) && !stat(other, &b) && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

int file_check_not_input(const char *path, const char *input, struct error *err) {
    return file_is_same(path, input) ? fail(err, "%s: is the input; name another file to write", path) : 0;
}

int file_write_all(int descriptor, const void *bytes, size_t size) {
    const char *from = bytes;
    while (size) {
        ssize_t written = write(descriptor, from, size);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return -1;
        from += written;
        size -= (size_t)written;
    }
    return 0;
}

const char *path_name(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

void path_folder(char out[PATH_SIZE], const char *path) {
    int length = (int)(path_name(path) - path);
    snprintf(out, PATH_SIZE, "%.*s", length > 1 ? length - 1 : 1, length ? path : ".");
}

int folder_sync(const char *path, struct error *err) {
    char folder[PATH_SIZE];
    path_folder(folder, path);
    int descriptor = open(folder, O_RDONLY | O_DIRECTORY);
    if (descriptor < 0)
        return fail_system(err, errno, "%s", folder);
    int bad = fsync(descriptor) && errno != EINVAL, cause = errno; // some network file systems cannot
    close(descriptor);
    return bad ? fail_system(err, cause, "%s", folder) : 0;
}

int file_publish(const char *temporary, const char *path, struct error *err) {
    if (memory_check(err)) {
        unlink(temporary);
        return -1;
    }
    int descriptor = open(temporary, O_RDONLY);
    int bad = descriptor < 0 || fsync(descriptor), cause = errno;
    if (descriptor >= 0)
        close(descriptor);
    if (!bad && rename(temporary, path)) {
        bad = 1;
        cause = errno;
    }
    if (bad) {
        unlink(temporary);
        return fail_system(err, cause, "%s", path);
    }
    return folder_sync(path, err);
}

// stdio forgets why a write failed by the time its stream is closed, but a full disk must be distinguished
// from a broken one.
static ssize_t write_output(void *cookie, const char *bytes, size_t size) {
    struct output *out = cookie;
    size_t done = 0;
    while (done < size) {
        ssize_t written = write(out->descriptor, bytes + done, size - done);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0) {
            if (!out->cause)
                out->cause = written ? errno : EIO;
            break;
        }
        done += (size_t)written;
    }
    return (ssize_t)done; // fewer: stdio sets the stream's error
}

static int close_output(void *cookie) {
    struct output *out = cookie;
    int bad = close(out->descriptor);
    if (bad && !out->cause)
        out->cause = errno;
    return bad;
}

int output_open(struct output *out, const char *path, struct error *err) {
    memset(out, 0, sizeof *out);
    if (snprintf(out->path, PATH_SIZE, "%s", path) >= PATH_SIZE)
        return fail(err, "%.200s...: path too long", path);
    if (file_temporary(path, out->temporary, err) || file_check_target(path, err))
        return -1;
    out->descriptor = open(out->temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (out->descriptor < 0)
        return fail_system(err, errno, "%s", path);
    out->stream =
        fopencookie(out, "wb", (cookie_io_functions_t){.write = write_output, .close = close_output});
    if (out->stream)
        return 0;
    fail_system(err, errno, "%s", path);
    close(out->descriptor);
    unlink(out->temporary);
    return -1;
}

int output_commit(struct output *out, struct error *err) {
    int bad = ferror(out->stream);
    bad |= fclose(out->stream);
    out->stream = NULL;
    if (bad) {
        unlink(out->temporary);
        return fail_system(err, out->cause ? out->cause : EIO, "%s", out->path);
    }
    return file_publish(out->temporary, out->path, err);
}

void output_discard(struct output *out) {
    if (!out->stream)
        return;
    fclose(out->stream);
    out->stream = NULL;
    unlink(out->temporary);
}

int file_write(const char *path, const void *bytes, size_t size, struct error *err) {
    struct output out;
    if (output_open(&out, path, err))
        return -1;
    if (size && fwrite(bytes, 1, size, out.stream) != size) {
        int cause = out.cause ? out.cause : errno;
        output_discard(&out);
        return fail_system(err, cause, "%s", path);
    }
    return output_commit(&out, err);
}

int file_write_or_print(const char *path, const void *bytes, size_t size, struct error *err) {
    if (strcmp(path, "-"))
        return file_write(path, bytes, size, err);
    if (isatty(STDOUT_FILENO))
        return fail(
            err,
            "standard output is a terminal, which would obey what is in the file: name a file, or redirect");
    return terminal_write_bytes(bytes, size) ? fail_system(err, errno, "standard output") : 0;
}

int standard_output_flush(struct error *err) {
    int bad = fflush(stdout), cause = errno;
    if (bad)
        return fail_system(err, cause, "standard output");
    return ferror(stdout) ? fail(err, "standard output: could not be written") : 0; // lost before
}

char *file_read(const char *path, size_t limit, size_t *size, struct error *err) {
    FILE *file = fopen(path, "rb");
    if (!file) {
        fail_system(err, errno, "%s", path);
        return NULL;
    }
    char *bytes = NULL;
    size_t capacity = 0, length = 0;
    for (;;) {
        if (length + 1 >= capacity) {
            capacity = capacity ? 2 * capacity : 1 << 14;
            if (array_resize(bytes, capacity, path, err))
                goto failed;
        }
        size_t got = fread(bytes + length, 1, capacity - length - 1, file);
        length += got;
        if (!got)
            break;
        if (length > limit) {
            fail(err, "%s: larger than %zu bytes", path, limit);
            goto failed;
        }
    }
    if (ferror(file)) {
        fail_system(err, errno, "%s", path);
        goto failed;
    }
    fclose(file);
    bytes[length] = 0;
    if (size)
        *size = length;
    return bytes;
failed:
    fclose(file);
    free(bytes);
    return NULL;
}

int folder_make(const char *path, struct error *err) {
    char partial[PATH_SIZE];
    if (snprintf(partial, sizeof partial, "%s", path) >= PATH_SIZE)
        return fail(err, "%.200s...: path too long", path);
    for (char *c = partial + 1;; c++) {
        if (*c && *c != '/')
            continue;
        char kept = *c;
        *c = 0;
        if (mkdir(partial, 0777) && errno != EEXIST)
            return fail_system(err, errno, "%s", partial);
        *c = kept;
        if (!kept)
            break;
    }
    struct stat s;
    if (stat(path, &s))
        return fail_system(err, errno, "%s", path);
    return S_ISDIR(s.st_mode) ? 0 : fail(err, "%s: not a folder", path);
}
