// SPDX-License-Identifier: Apache-2.0
#include "gen/photographs/catalogue.h"

#include "core/base/memory.h"
#include "gen/read/members.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

void catalogue_free(struct catalogue *c) {
    free(c->items);
    free(c->skipped.items);
    free(c->notes.items);
    free(c->foreign.items);
    memset(c, 0, sizeof *c);
}

// Whether a list of `count` is full: it doubles, so a power of two is.
static int is_full(int count) {
    return !(count & (count - 1));
}

static size_t doubled(int count) {
    return count ? 2 * (size_t)count : 1;
}

static int check_count(int count, struct error *err) {
    return count < LISTED_MAXIMUM ? 0 : fail(err, "more than %d images or remarks", LISTED_MAXIMUM);
}

int catalogue_add(struct catalogue *c, const struct listed *item, struct error *err) {
    if (check_count(c->count, err) ||
        (is_full(c->count) && array_resize(c->items, doubled(c->count), "a list of images", err)))
        return -1;
    c->items[c->count++] = *item;
    return 0;
}

int remark_add(struct remarks *remarks, const char *id, struct error *err, const char *format, ...) {
    if (check_count(remarks->count, err) ||
        (is_full(remarks->count) &&
         array_resize(remarks->items, doubled(remarks->count), "a list of remarks", err)))
        return -1;
    struct remark *r = &remarks->items[remarks->count++];
    va_list arguments;
    snprintf(r->id, sizeof r->id, "%s", id);
    va_start(arguments, format);
    vsnprintf(r->why, sizeof r->why, format, arguments);
    va_end(arguments);
    for (char *p = r->why; *p; p++) // names come from archives
        if ((unsigned char)*p < 32 || (unsigned char)*p > 126)
            *p = '?';
    return 0;
}

static int by_id(const void *a, const void *b) {
    return strcmp(((const struct listed *)a)->id, ((const struct listed *)b)->id);
}

static int by_id_and_split(const void *a, const void *b) {
    int order = by_id(a, b), x = ((const struct listed *)a)->split, y = ((const struct listed *)b)->split;
    return order ? order : (x > y) - (x < y);
}

int catalogue_sort(struct catalogue *c, const char *source, struct error *err) {
    if (c->count)
        qsort(c->items, (size_t)c->count, sizeof *c->items, by_id_and_split);
    for (int i = 1; i < c->count; i++)
        if (!strcmp(c->items[i].id, c->items[i - 1].id))
            return fail(err, "%s: %s is in the lists of %s and of %s", source, c->items[i].id,
                        split_names[c->items[i - 1].split], split_names[c->items[i].split]);
    return 0;
}

struct listed *catalogue_find(const struct catalogue *c, const char *id) {
    struct listed key;
    if (!c->count)
        return NULL;
    snprintf(key.id, sizeof key.id, "%s", id);
    return bsearch(&key, c->items, (size_t)c->count, sizeof *c->items, by_id);
}

// ---------------------------------------------------------------------------------------------- files

// 1, 0, or -1 with a message.
static int locate(const char *source, const char *name, char path[PATH_SIZE], struct error *err) {
    static const char *const endings[] = {"", ".zip", ".tar.gz", ".tar"};
    struct stat status;
    int there = 0;
    if (stat(source, &status))
        return errno == ENOENT || errno == ENOTDIR ? 0 : fail_system(err, errno, "%s", source);
    if (!S_ISDIR(status.st_mode))
        return 0;
    for (size_t i = 0; i < sizeof endings / sizeof *endings && !there; i++)
        if (snprintf(path, PATH_SIZE, "%s/%s%s", source, name, endings[i]) < PATH_SIZE)
            there = file_is_there(path, err);
    return there;
}

int catalogue_locate(const char *source, const char *name, char path[PATH_SIZE], struct error *err) {
    struct stat status;
    int there = locate(source, name, path, err);
    if (there)
        return there < 0 ? -1 : 0;
    if (stat(source, &status) || !S_ISDIR(status.st_mode))
        return fail(err, "%s: no folder", source);
    return fail(err, strchr(name, '.') ? "%s: has no %s" : "%s: has no %s (.zip, .tar.gz, .tar, or a folder)",
                source, name);
}

int catalogue_present(const char *source, const char *name, struct error *err) {
    char path[PATH_SIZE];
    return locate(source, name, path, err);
}

static int is_id(const char *text, size_t length) {
    if (!length || length >= OFFICIAL_ID_SIZE || text[0] == '.')
        return 0;
    for (size_t i = 0; i < length; i++)
        if (!isalnum((unsigned char)text[i]) && !strchr("_-.", text[i]))
            return 0;
    return 1;
}

int catalogue_member_id(const char *member, const char *suffix, const char *endings,
                        char id[LISTED_ID_SIZE]) {
    const char *file = member_file_name(member), *dot = strrchr(file, '.');
    if (!dot)
        return 0;
    for (; *endings && strcasecmp(dot, endings) != 0;)
        endings += strlen(endings) + 1;
    size_t length = (size_t)(dot - file), tail = strlen(suffix);
    if (!*endings || length <= tail || strncmp(dot - tail, suffix, tail) != 0 || !is_id(file, length - tail))
        return 0;
    memcpy(id, file, length - tail);
    id[length - tail] = 0;
    return 1;
}

int catalogue_listed_id(const char *name, char id[LISTED_ID_SIZE]) {
    static const char *const endings[] = {".jpg", ".jpeg", ".png"};
    const char *dot = strrchr(name, '.');
    size_t length = strlen(name);
    for (size_t i = 0; dot && i < sizeof endings / sizeof *endings; i++)
        if (!strcasecmp(dot, endings[i]))
            length = (size_t)(dot - name);
    if (!is_id(name, length))
        return 0;
    memcpy(id, name, length);
    id[length] = 0;
    return 1;
}

int catalogue_next_line(const char **text, const char *end, char *line, size_t size) {
    if (*text >= end)
        return 0;
    const char *stop = memchr(*text, '\n', (size_t)(end - *text));
    size_t length = (size_t)((stop ? stop : end) - *text);
    size_t kept = length < size - 1 ? length : size - 1;
    memcpy(line, *text, kept);
    line[kept] = 0;
    if (kept && line[kept - 1] == '\r')
        line[kept - 1] = 0;
    *text = stop ? stop + 1 : end;
    return 1;
}
