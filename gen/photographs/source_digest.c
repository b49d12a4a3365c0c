// SPDX-License-Identifier: Apache-2.0
#include "gen/photographs/source_digest.h"

#include "core/base/file.h"
#include "core/base/memory.h"
#include "gen/read/members.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static int every_file(const void *context, const char *name) {
    (void)context;
    return member_file_name(name)[0] != '.';
}

// A line "NAME SHA256" of each file, for a sum over the sorted lines.
struct listing {
    int count;
    char (*lines)[PATH_SIZE];
};

static int list_file(void *context, const char *name, uint8_t *bytes, size_t size, struct error *err) {
    struct listing *l = context;
    char hex[DIGEST_SIZE];
    int bad = digest_bytes(bytes, size, hex, err);
    free(bytes);
    if (bad || (!(l->count & (l->count - 1)) &&
                array_resize(l->lines, l->count ? 2 * (size_t)l->count : 1, "a list of files", err)))
        return -1;
    snprintf(l->lines[l->count++], PATH_SIZE, "%.3900s %s\n", name, hex);
    return 0;
}

static int by_line(const void *a, const void *b) {
    return strcmp(a, b);
}

static int digest_folder(const char *path, char hex[DIGEST_SIZE], struct error *err) {
    struct listing l = {0};
    struct digest *sum = NULL;
    int bad = members_stream(path, every_file, NULL, list_file, &l, err) || !(sum = digest_start(err));
    if (!bad && l.count)
        qsort(l.lines, (size_t)l.count, sizeof *l.lines, by_line);
    for (int i = 0; i < l.count && !bad; i++)
        digest_add(sum, l.lines[i], strlen(l.lines[i]));
    if (sum)
        digest_finish(sum, hex);
    free(l.lines);
    return bad ? -1 : 0;
}

int source_digest(const char *path, char hex[DIGEST_SIZE], struct error *err) {
    struct stat status;
    if (stat(path, &status))
        return fail_system(err, errno, "%s", path);
    return S_ISDIR(status.st_mode) ? digest_folder(path, hex, err) : digest_file(path, hex, err);
}

int source_digest_add(json_t *inputs, const char *name, const char *path, struct error *err) {
    char hex[DIGEST_SIZE];
    if (source_digest(path, hex, err))
        return -1;
    return json_object_set_new(inputs, name, json_string(hex)) ? fail_memory(err, "digests of the inputs")
                                                               : 0;
}

json_t *source_digest_lines(const json_t *inputs) {
    const char *name;
    json_t *value, *digests = json_array();
    json_object_foreach((json_t *)inputs, name, value)
        json_array_append_new(digests, json_sprintf("%s  %s", json_string_value(value), name));
    return digests;
}
