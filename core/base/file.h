// SPDX-License-Identifier: Apache-2.0
// Files that are either whole or absent: written beside the target, flushed to disk, renamed over it.
//
//     struct output out;
//     if (output_open(&out, path, err)) return -1;
//     fprintf(out.stream, ...);
//     return output_commit(&out, err);         // or output_discard(&out) on the way out of a failure
#ifndef REFF_BASE_FILE_H
#define REFF_BASE_FILE_H

#include "core/base/error.h"

#include <dirent.h>
#include <stddef.h>
#include <stdio.h>

#define PATH_SIZE 4096

struct output {                // stays where it is between open and commit
    FILE *stream;              // write here
    int descriptor, cause;     // the file, and errno of the first write that failed
    char path[PATH_SIZE];      // the target
    char temporary[PATH_SIZE]; // "<target>.part-<host and process>" until committed (host.h)
};

int output_open(struct output *out, const char *path, struct error *err);
int output_commit(struct output *out,
                  struct error *err);    // flush, fsync, rename, fsync the folder; on failure discards
void output_discard(struct output *out); // removes the temporary file; harmless after a commit

// Whether both names are there and lead to one file.
int file_is_same(const char *path, const char *other);

// Refuses `path` as the output of a command whose input is `input`, "./a.h5" for "a.h5" and links too: no --force
// allows that.
int file_check_not_input(const char *path, const char *input, struct error *err);

// For libraries that insist on opening the file themselves (HDF5): the parts of the above. file_check_target
// refuses what a file must not replace (folders, devices such as /dev/null); file_temporary fills `temporary`
// for `path`; file_publish fsyncs it and renames it to `path`.
int file_check_target(const char *path, struct error *err);
int file_check_free(const char *path, int force,
                    struct error *err); // what is there is replaced with --force alone
int file_temporary(const char *path, char temporary[PATH_SIZE], struct error *err);
int file_publish(const char *temporary, const char *path, struct error *err);

// Removes what this process was writing under names of file_temporary, where it ends before it could (startup.c).
void file_abandon_all(void);

// A whole file (at most `limit` bytes) in memory, with a zero byte after its end; free() it. NULL on failure.
char *file_read(const char *path, size_t limit, size_t *size, struct error *err);

// Writes all of it to an open descriptor, however many calls that takes: 0, or -1 with errno.
int file_write_all(int descriptor, const void *bytes, size_t size);

// Writes `size` bytes as a whole-or-absent file.
int file_write(const char *path, const void *bytes, size_t size, struct error *err);

// The same, but "-" is standard output, which must not be a terminal.
int file_write_or_print(const char *path, const void *bytes, size_t size, struct error *err);

// Writes out what standard output holds back; fails when anything printed so far was lost.
int standard_output_flush(struct error *err);

int folder_make(const char *path, struct error *err); // with its parents; one that exists is fine
int file_remove(const char *path, struct error *err); // one that is not there is fine
int folder_sync(const char *path, struct error *err); // fsync of the folder that holds `path`
void folder_remove(const char *path);                 // with all that is in it, as far as that goes

// The next entry of a listing of `path` but "." and "..": 1; 0 at its end; -1 with a message where the system breaks
// off, so that the rest is not taken for absent.
int folder_next(DIR *listing, const char *path, struct dirent **entry, struct error *err);

// 1 if something of that name is there, 0 if nothing is, -1 with a message where the system does not tell (no
// permission, no memory, a broken disk): not to be taken for absence, or work that is done would be done again
// and a check left out.
int file_is_there(const char *path, struct error *err);
int path_join(char out[PATH_SIZE], struct error *err, const char *folder, const char *name); // "folder/name"
const char *path_name(const char *path);                 // what is behind its last slash; within `path`
void path_folder(char out[PATH_SIZE], const char *path); // what is before it: "/" of "/name", "." of "name"

#endif
