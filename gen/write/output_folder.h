// SPDX-License-Identifier: Apache-2.0
// A folder of files that is either whole or absent: filled under another name beside it, flushed to disk,
// renamed.
//
//     struct output_folder folder;
//     if (output_folder_begin(&folder, "digits", err)) return -1;
//     ... output_folder_write(&folder, "train-images-idx3-ubyte.gz", bytes, size, err) ...
//     return output_folder_finish(&folder, err);       // or output_folder_discard(&folder)
#ifndef REFF_GEN_WRITE_OUTPUT_FOLDER_H
#define REFF_GEN_WRITE_OUTPUT_FOLDER_H

#include "core/base/error.h"
#include "core/base/file.h"

struct output_folder {
    char path[PATH_SIZE];      // the target: absent, or an empty folder
    char temporary[PATH_SIZE]; // "<target>.part-<host and process>"
};

int output_folder_begin(struct output_folder *folder, const char *path, struct error *err);

// Writes "<folder>/<name>", making the folders that the name holds. Safe from several threads.
int output_folder_write(const struct output_folder *folder, const char *name, const void *bytes, size_t size,
                        struct error *err);

int output_folder_finish(struct output_folder *folder, struct error *err); // discards when it fails
void output_folder_discard(struct output_folder *folder);

#endif
