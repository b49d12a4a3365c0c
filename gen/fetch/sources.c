// SPDX-License-Identifier: Apache-2.0
#include "gen/fetch/sources.h"

#include "core/base/memory.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

// gen/fetch/sources.ini as it is, with a zero byte after it (texture_set.c does so with its sets).
__asm__(".section .rodata\nfetch_sources:\n.incbin \"gen/fetch/sources.ini\"\n.byte 0\n.previous\n");
extern const char fetch_sources[] __attribute__((visibility("hidden")));

static const struct setting keys[] = {
    SETTING_PATH(struct source, path, NULL, "PATH", "where it goes, below the data folder"),
    SETTING_PATH(struct source, set, NULL, "NAME", "files that belong together"),
    SETTING_PATH(struct source, url, NULL, "URL", "where it is"),
    SETTING_PATH(struct source, mirror, "", "URL", "where it is too"),
    SETTING_REAL(struct source, bytes, "0", 0, 1e15, "bytes", "its size; 0: not known"),
    SETTING_PATH(struct source, md5, "", "HEX", "MD5 as published"),
    SETTING_PATH(struct source, sha256, "", "HEX", "SHA-256 as published"),
    SETTING_PATH(struct source, licence, NULL, "TEXT", "licence"),
    SETTING_PATH(struct source, use, NULL, "TEXT", "what reads it"),
    SETTING_END,
};

static int is_address(const char *text) {
    return (!strncmp(text, "http://", 7) && text[7]) || (!strncmp(text, "https://", 8) && text[8]);
}

// A digest of `length` digits, in lower case.
static int check_digest(char *text, size_t length, const char *where, struct error *err) {
    for (char *c = text; *c; c++) {
        if (!isxdigit((unsigned char)*c))
            return fail_usage(err, "%s: '%.100s' is no hexadecimal number", where, text);
        *c = (char)tolower((unsigned char)*c);
    }
    return strlen(text) == length
               ? 0
               : fail_usage(err, "%s: a digest of %zu digits, not %zu", where, strlen(text), length);
}

// Names that the fetching itself uses.
static int is_reserved(const char *path) {
    static const char *const endings[] = {".fetching", ".fetching.json"};
    size_t length = strlen(path);
    int reserved = !strcasecmp(path, "digests.json") || strstr(path, ".part-") != NULL;
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        size_t size = strlen(endings[i]);
        reserved |= length >= size && !strcmp(path + length - size, endings[i]);
    }
    return reserved;
}

// Files land in the data folder, where the profiles look for them. Each has one spelling: no "." or "//" in it; no
// hidden names, which programs take for their configuration.
static int check_path(const char *path, const char *where, struct error *err) {
    if (is_reserved(path))
        return fail_usage(err, "%s: '%.200s' is a name that fetching itself uses", where, path);
    if (!*path || *path == '/' || *path == '.' || strstr(path, "/.") || strstr(path, "//") ||
        path[strlen(path) - 1] == '/')
        return fail_usage(err, "%s: '%.200s' is no file below the data folder", where, path);
    return 0;
}

static int check_value(struct source *item, const struct setting *s, const char *where, struct error *err) {
    const char *value = s->type == SETTING_TYPE_TEXT ? (const char *)item + s->offset : "";
    if (!strcmp(s->name, "path"))
        return check_path(value, where, err);
    if (!strcmp(s->name, "md5"))
        return check_digest(item->md5, 32, where, err);
    if (!strcmp(s->name, "sha256"))
        return check_digest(item->sha256, 64, where, err);
    if ((!strcmp(s->name, "url") || !strcmp(s->name, "mirror")) && !is_address(value))
        return fail_usage(err, "%s: '%.200s' is no address (http://... or https://...)", where, value);
    return 0;
}

static int take(void *context, const char *section, const char *key, const char *value, const char *where,
                struct error *err) {
    struct source_list *all = context;
    const struct setting *s = settings_find(keys, key);
    if (!*section || strlen(section) >= SETTING_WORD_SIZE)
        return fail_usage(err, "%s: '%.60s' stands in no [section] of at most %d characters", where, key,
                          SETTING_WORD_SIZE - 1);
    struct suggestion near;
    if (!s)
        return fail_usage(err, "%s: unknown key '%.60s'%s", where, key, settings_suggest(&near, keys, key));
    if (!all->count || strcmp(all->items[all->count - 1].name, section)) {
        for (int i = 0; i < all->count; i++)
            if (!strcmp(all->items[i].name, section))
                return fail_usage(err, "%s: [%s] stands here for the second time", where, section);
        if (array_resize(all->items, (size_t)all->count + 1, "sources", err))
            return -1;
        settings_default(keys, &all->items[all->count]);
        snprintf(all->items[all->count++].name, SETTING_WORD_SIZE, "%s", section);
    }
    struct source *item = &all->items[all->count - 1];
    return settings_assign(s, item, value, where, err) || check_value(item, s, where, err) ? -1 : 0;
}

static int check_whole(const struct source_list *s, const char *name, struct error *err) {
    for (int i = 0; i < s->count; i++) {
        const struct source *item = &s->items[i];
        for (const struct setting *k = keys; k->name; k++)
            if (!k->standard && !*((const char *)item + k->offset))
                return fail_usage(err, "%s: [%s]: no %s", name, item->name, k->name);
        for (int j = 0; j < i; j++)
            if (!strcmp(s->items[j].path, item->path))
                return fail_usage(err, "%s: [%s] and [%s] are one file, %s", name, s->items[j].name,
                                  item->name, item->path);
    }
    return s->count ? 0 : fail_usage(err, "%s: no sources", name);
}

int source_list_read(struct source_list *s, const char *path, struct error *err) {
    const char *name = *path ? path : "gen/fetch/sources.ini";
    memset(s, 0, sizeof *s);
    int failed =
        *path ? settings_file(path, take, s, err) : settings_lines(name, fetch_sources, take, s, err);
    return error_of_file(failed || check_whole(s, name, err), err);
}

void source_list_free(struct source_list *s) {
    free(s->items);
    memset(s, 0, sizeof *s);
}

// "mnist dtd isic2017": every set once.
static void list_sets(const struct source_list *s, struct text *out) {
    for (int i = 0; i < s->count; i++) {
        int seen = 0;
        for (int j = 0; j < i; j++)
            seen |= !strcmp(s->items[j].set, s->items[i].set);
        if (!seen)
            text_printf(out, "%s%s", out->length ? " " : "", s->items[i].set);
    }
}

// Refuses a word that names neither a set nor one of its files.
static int check_words(const struct source_list *s, char *const *words, int count, struct error *err) {
    struct text sets = {0};
    list_sets(s, &sets);
    int failed = text_check(&sets, "the sets' names", err);
    for (int w = 0; w < count && !failed; w++) {
        struct suggestion near;
        int known = 0;
        suggest_from_list(&near, words[w], text_string(&sets));
        for (int i = 0; i < s->count; i++) {
            known |= !strcmp(s->items[i].name, words[w]) || !strcmp(s->items[i].set, words[w]);
            suggest_consider(&near, s->items[i].name);
        }
        if (!known)
            failed = fail_usage(
                err, "'%.60s'%s is none of the sets: %s; nor a file of theirs (--dry-run lists them)",
                words[w], suggest_text(&near), text_string(&sets));
    }
    text_free(&sets);
    return failed;
}

int source_list_choose(struct source_list *s, char *const *words, int count, struct error *err) {
    if (check_words(s, words, count, err))
        return -1;
    int kept = 0;
    for (int i = 0; i < s->count; i++) {
        int wanted = !count;
        for (int w = 0; w < count; w++)
            wanted |= !strcmp(s->items[i].name, words[w]) || !strcmp(s->items[i].set, words[w]);
        if (wanted && kept++ != i)
            s->items[kept - 1] = s->items[i];
    }
    s->count = kept;
    return 0;
}

int source_list_redirect(struct source_list *s, const char *base, struct error *err) {
    size_t length = strlen(base);
    if (!is_address(base))
        return fail_usage(err, "--mirror: '%.200s' is no address (http://... or https://...)", base);
    while (length && base[length - 1] == '/')
        length--;
    for (int i = 0; i < s->count; i++) {
        struct source *item = &s->items[i];
        if (snprintf(item->url, sizeof item->url, "%.*s/%s", (int)length, base, item->path) >=
            (int)sizeof item->url)
            return fail_usage(err, "--mirror: address too long");
        item->mirror[0] = 0;
    }
    return 0;
}
