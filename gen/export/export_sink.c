// SPDX-License-Identifier: Apache-2.0
#include "gen/export/export_sink.h"

#include "core/base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char ending[] = ".tar";

static int ends_in_tar(const char *path) {
    size_t length = strlen(path), tail = strlen(ending);
    return length > tail && !strcmp(path + length - tail, ending);
}

int export_sink_begin(struct export_sink *s, const char *path, int samples_alone, int force,
                      struct error *err) {
    memset(s, 0, sizeof *s);
    s->path = path;
    s->force = force;
    s->descriptor = -1;
    if (!ends_in_tar(path)) {
        s->kind = EXPORT_FOLDER;
        if (force)
            return fail_usage(
                err, "--force: replaces FILE.tar; %s is a folder, which must be absent or empty", path);
        return output_folder_begin(&s->folder, path, err);
    }
    s->kind = samples_alone ? EXPORT_SAMPLES : EXPORT_TAR;
    if (file_check_free(path, force, err) || output_open(&s->file, path, err))
        return -1;
    if (!tar_begin(&s->tar, s->file.descriptor, s->path, err))
        return 0;
    output_discard(&s->file);
    return -1;
}

// ---------------------------------------------------------------------------------------------- files

static int remember(struct export_sink *s, const char *name, const char *digest, size_t size,
                    struct error *err) {
    if (array_resize(s->files, (size_t)s->file_count + 1, "a list of files", err))
        return -1;
    struct export_file *f = &s->files[s->file_count];
    f->name = duplicate(name, err);
    if (!f->name)
        return -1;
    memcpy(f->digest, digest, DIGEST_SIZE);
    f->size = size;
    s->file_count++;
    return 0;
}

int export_sink_put(struct export_sink *s, const char *name, const void *bytes, size_t size,
                    const char *digest, struct error *err) {
    char own[DIGEST_SIZE];
    if (!digest && digest_bytes(bytes, size, own, err))
        return -1;
    int bad = s->kind == EXPORT_FOLDER ? output_folder_write(&s->folder, name, bytes, size, err)
                                       : tar_add(&s->tar, name, bytes, size, err);
    return bad ? -1 : remember(s, name, digest ? digest : own, size, err);
}

void export_sink_name(const struct export_sink *s, const char *name, struct text *out) {
    const char *slash = strrchr(s->path, '/'), *base = slash ? slash + 1 : s->path;
    if (s->kind == EXPORT_SAMPLES)
        text_add_bytes(out, base, strlen(base) - strlen(ending) + 1);
    text_add(out, name);
}

int export_sink_say(struct export_sink *s, const char *name, const void *bytes, size_t size,
                    struct error *err) {
    if (s->kind != EXPORT_SAMPLES)
        return export_sink_put(s, name, bytes, size, NULL, err);
    char digest[DIGEST_SIZE];
    struct text path = {0}, shown = {0};
    if (array_resize(s->beside, (size_t)s->beside_count + 1, "a list of files", err))
        return -1;
    text_add_bytes(&path, s->path, strlen(s->path) - strlen(ending) + 1);
    text_add(&path, name);
    export_sink_name(s, name, &shown);
    struct export_beside *b = &s->beside[s->beside_count];
    *b = (struct export_beside){text_take(&path, name, err), allocate(size + 1, 1, name, err), size};
    s->beside_count++; // freed with the others, whole or not
    int bad = !b->path || !b->bytes || file_check_free(b->path, s->force, err) ||
              text_check(&shown, name, err) || digest_bytes(bytes, size, digest, err);
    if (!bad) {
        memcpy(b->bytes, bytes, size);
        bad = remember(s, text_string(&shown), digest, size, err);
    }
    text_free(&shown);
    return bad ? -1 : 0;
}

// ---------------------------------------------------------------------------------------------- a tar in a folder

int export_sink_tar_begin(struct export_sink *s, const char *name, struct error *err) {
    char path[PATH_SIZE];
    snprintf(s->tar_path, sizeof s->tar_path, "%s", name);
    if (s->kind == EXPORT_SAMPLES)
        return 0; // begun with the sink
    if (path_join(path, err, s->folder.temporary, name))
        return -1;
    s->descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (s->descriptor < 0)
        return fail_system(err, errno, "%s/%s", s->path, name);
    return tar_begin(&s->tar, s->descriptor, s->tar_path, err);
}

int export_sink_tar_add(struct export_sink *s, const char *member, const void *bytes, size_t size,
                        struct error *err) {
    return tar_add(&s->tar, member, bytes, size, err);
}

int export_sink_tar_end(struct export_sink *s, struct error *err) {
    char path[PATH_SIZE], digest[DIGEST_SIZE];
    struct stat status;
    if (tar_end(&s->tar, err))
        return -1;
    if (s->kind == EXPORT_SAMPLES)
        snprintf(path, sizeof path, "%s", s->file.temporary);
    else if (path_join(path, err, s->folder.temporary, s->tar_path))
        return -1;
    int bad = s->descriptor >= 0 && close(s->descriptor) ? fail_system(err, errno, "%s", s->tar_path) : 0;
    s->descriptor = -1;
    if (!bad && stat(path, &status))
        bad = fail_system(err, errno, "%s", s->tar_path);
    return bad || digest_file(path, digest, err) ||
                   remember(s, s->tar_path, digest, (size_t)status.st_size, err)
               ? -1
               : 0;
}

// ---------------------------------------------------------------------------------------------- ending

static void forget(struct export_sink *s) {
    for (int i = 0; i < s->file_count; i++)
        free(s->files[i].name);
    for (int i = 0; i < s->beside_count; i++) {
        free(s->beside[i].path);
        free(s->beside[i].bytes);
    }
    free(s->files);
    free(s->beside);
    s->files = NULL;
    s->beside = NULL;
    s->file_count = s->beside_count = 0;
}

// What is beside the tar, then the tar: where that is there, all is.
static int finish_file(struct export_sink *s, struct error *err) {
    int bad = s->tar.archive ? tar_end(&s->tar, err) : 0, written = 0;
    for (; written < s->beside_count && !bad; written++)
        bad = file_write(s->beside[written].path, s->beside[written].bytes, s->beside[written].size, err);
    if (!bad)
        bad = output_commit(&s->file, err);
    for (int i = 0; bad && i < written; i++)
        unlink(s->beside[i].path);
    return bad;
}

int export_sink_finish(struct export_sink *s, struct error *err) {
    int bad = s->kind == EXPORT_FOLDER ? output_folder_finish(&s->folder, err) : finish_file(s, err);
    if (bad) {
        export_sink_discard(s);
        return -1;
    }
    forget(s);
    return 0;
}

void export_sink_discard(struct export_sink *s) {
    tar_discard(&s->tar);
    if (s->descriptor >= 0)
        close(s->descriptor);
    s->descriptor = -1;
    if (s->kind == EXPORT_FOLDER)
        output_folder_discard(&s->folder);
    else
        output_discard(&s->file);
    forget(s);
}
