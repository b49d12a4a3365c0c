// SPDX-License-Identifier: Apache-2.0
// Where an export goes: a folder, one FILE.tar that holds the same files, or a FILE.tar of samples alone with what is said
// of them beside it. Whole or absent in every case; it remembers the digest of every file.
//
//     struct export_sink sink;
//     if (export_sink_begin(&sink, "data", 0, 0, err)) return -1;
//     ... export_sink_put(&sink, "train/0/000000.png", png, size, digest, err) ...
//     ... export_sink_say(&sink, "README.md", text, length, err) ...
//     return export_sink_finish(&sink, err);       // or export_sink_discard(&sink)
#ifndef REFF_GEN_EXPORT_EXPORT_SINK_H
#define REFF_GEN_EXPORT_EXPORT_SINK_H

#include "core/base/digest.h"
#include "core/base/text.h"
#include "gen/export/tar_file.h"
#include "gen/write/output_folder.h"

enum export_kind {
    EXPORT_FOLDER,
    EXPORT_TAR,    // FILE.tar, with the folder's files
    EXPORT_SAMPLES // FILE.tar of samples; FILE.README.md and so on beside it
};

struct export_file { // that lies in the export
    char *name;
    char digest[DIGEST_SIZE];
    size_t size;
};

struct export_beside { // of EXPORT_SAMPLES: kept until the tar is whole
    char *path;
    char *bytes;
    size_t size;
};

struct export_sink {
    enum export_kind kind;
    const char *path; // the caller's
    int force;
    struct output_folder folder;
    struct output file;  // FILE.tar
    struct tar_file tar; // in it; EXPORT_FOLDER: the tar at hand among the folder's files
    int descriptor;      // of that
    char tar_path[PATH_SIZE];
    struct export_file *files;
    int file_count;
    struct export_beside *beside;
    int beside_count;
};

// samples_alone: FILE.tar is EXPORT_SAMPLES. A path that ends in ".tar" is a file, any other a folder, absent or
// empty. force: FILE.tar may be replaced.
int export_sink_begin(struct export_sink *sink, const char *path, int samples_alone, int force,
                      struct error *err);

// Adds a file. digest: of its bytes, if the caller has it (it may be computed by many threads); NULL: computed here.
int export_sink_put(struct export_sink *sink, const char *name, const void *bytes, size_t size,
                    const char *digest, struct error *err);

// The same for what is said of the data (README.md, croissant.json, ...): EXPORT_SAMPLES puts it beside FILE.tar as
// FILE.README.md, since readers would take it for a sample.
int export_sink_say(struct export_sink *sink, const char *name, const void *bytes, size_t size,
                    struct error *err);

// The name that export_sink_say gives a file, and that the samples' tar has: as others refer to it.
void export_sink_name(const struct export_sink *sink, const char *name, struct text *out);

// EXPORT_FOLDER: begins and ends a tar among the folder's files. EXPORT_SAMPLES: everything is one tar, which these end
// too, so that its digest is known before the rest is said.
int export_sink_tar_begin(struct export_sink *sink, const char *name, struct error *err);
int export_sink_tar_add(struct export_sink *sink, const char *member, const void *bytes, size_t size,
                        struct error *err);
int export_sink_tar_end(struct export_sink *sink, struct error *err);

int export_sink_finish(struct export_sink *sink, struct error *err); // discards when it fails
void export_sink_discard(struct export_sink *sink);                  // frees; harmless afterwards

#endif
