// SPDX-License-Identifier: Apache-2.0
// croissant.json: MLCommons' Croissant 1.1 (JSON-LD), with the RAI vocabulary 1.0 and PROV-O.
#ifndef REFF_GEN_EXPORT_EXPORT_CROISSANT_H
#define REFF_GEN_EXPORT_EXPORT_CROISSANT_H

#include "gen/export/export.h"

// The whole description: new reference, NULL on failure. To be made when all other files are in the sink, whose digests it
// has.
json_t *export_croissant(const struct export_job *job, const struct export_format *format, struct error *err);

// ---- for formats; what finds no memory is told at the end (memory_check)

// A file of the sink, by its name there, with its digest and size.
void croissant_add_file(json_t *resources, const struct export_sink *sink, const char *name,
                        const char *encoding, const char *description);

// A set of files: those of the glob `includes`, in the archives contained_in ([{"@id": ..}]; NULL: in the folder).
void croissant_add_files(json_t *resources, json_t *contained_in, const char *id, const char *includes,
                         const char *encoding, const char *description);

// A record set; its fields (borrowed) are to be filled.
json_t *croissant_add_records(json_t *record_sets, const char *id, const char *description);

// The field ID/NAME that comes from a column of the file `source`; or, where `property` is not NULL, from that property of a
// set of files ("content", "fullpath"), by the regular expression `regex` if that is not NULL.
void croissant_add_column(json_t *fields, const char *id, const char *name, const char *type,
                          const char *description, const char *source);
void croissant_add_property(json_t *fields, const char *id, const char *name, const char *type,
                            const char *description, const char *set, const char *property, const char *regex,
                            const char *references);
// The field that comes from a place of each JSON file of a set.
void croissant_add_path(json_t *fields, const char *id, const char *name, const char *type,
                        const char *description, const char *set, const char *path);

// The class and a shard's columns as such fields; set: files of JSON; NULL: `source` is a table.
void croissant_add_columns(json_t *fields, const struct export_split *split, const char *id,
                           const char *source, const char *set);

#endif
