// SPDX-License-Identifier: Apache-2.0
#include "gen/export/tar_file.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>

enum { BLOCK = 512 }; // bytes

static int fail_archive(struct tar_file *t, struct error *err) {
    int cause = archive_errno(t->archive);
    const char *words = archive_error_string(t->archive);
    if (cause == ENOMEM)
        return fail_memory(err, "%s", t->name);
    return cause > 0 ? fail_system(err, cause, "%s", t->name)
                     : fail(err, "%s: %s", t->name, words ? words : "libarchive cannot write it");
}

int tar_begin(struct tar_file *t, int descriptor, const char *name, struct error *err) {
    t->name = name;
    t->archive = archive_write_new();
    if (!t->archive)
        return fail_memory(err, "%s", name);
    if (archive_write_set_format_ustar(t->archive) == ARCHIVE_OK &&
        archive_write_set_bytes_in_last_block(t->archive, 1) == ARCHIVE_OK &&
        archive_write_open_fd(t->archive, descriptor) == ARCHIVE_OK)
        return 0;
    fail_archive(t, err);
    tar_discard(t);
    return -1;
}

int tar_add(struct tar_file *t, const char *member, const void *bytes, size_t size, struct error *err) {
    struct archive_entry *entry = archive_entry_new();
    if (!entry)
        return fail_memory(err, "%s", t->name);
    archive_entry_set_pathname(entry, member);
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, 0644);
    archive_entry_set_size(entry, (la_int64_t)size);
    archive_entry_set_mtime(entry, 0, 0);
    int bad = archive_write_header(t->archive, entry) != ARCHIVE_OK ||
              archive_write_data(t->archive, bytes, size) != (la_ssize_t)size;
    archive_entry_free(entry);
    return bad ? fail_archive(t, err) : 0;
}

int tar_end(struct tar_file *t, struct error *err) {
    int bad = archive_write_close(t->archive) != ARCHIVE_OK ? fail_archive(t, err) : 0;
    tar_discard(t);
    return bad;
}

void tar_discard(struct tar_file *t) {
    if (t->archive)
        archive_write_free(t->archive);
    t->archive = NULL;
}

size_t tar_member_size(size_t size) {
    return BLOCK + (size + BLOCK - 1) / BLOCK * BLOCK;
}
