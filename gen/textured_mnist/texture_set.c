// SPDX-License-Identifier: Apache-2.0
#include "gen/textured_mnist/texture_set.h"

#include "core/base/memory.h"
#include "core/base/settings.h"
#include "gen/read/members.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// The files of gen/textured_mnist/sets, as they are, with a zero byte after each. (C has no way to include a
// file's bytes before C23's #embed.)
#define EMBED(symbol, file)                                                                                  \
    __asm__(".section .rodata\n" #symbol ":\n.incbin \"" file "\"\n.byte 0\n.previous\n");                   \
    extern const char(symbol)[] __attribute__((visibility("hidden")))

EMBED(texture_set_dtd, "gen/textured_mnist/sets/dtd.ini");
EMBED(texture_set_mixed20, "gen/textured_mnist/sets/mixed20.ini");
EMBED(texture_set_mixed47, "gen/textured_mnist/sets/mixed47.ini");

static const struct {
    const char *name, *text;
} embedded[] = {{"dtd", texture_set_dtd}, {"mixed20", texture_set_mixed20}, {"mixed47", texture_set_mixed47}};

#define EMBEDDED ((int)(sizeof embedded / sizeof *embedded))

#define SPLITS_MAXIMUM 32

struct parsing {
    struct texture_set *set;
    struct texture_class digits[TEXTURE_DIGITS];   // label "": not named yet
    struct texture_class *backgrounds;             // [TEXTURE_CLASSES_MAXIMUM]
    char split[SPLITS_MAXIMUM][TEXTURE_NAME_SIZE]; // sources whose disjoint split is by number
    int splits;
};

// A whole number 0 .. most-1; -1 if it is something else.
static int parse_number(const char *text, int most) {
    char *end;
    long value = strtol(text, &end, 10);
    return *text >= '0' && *text <= '9' && !*end && value < most ? (int)value : -1;
}

// "CLASS" or "SOURCE/CLASS".
static int parse_class(const char *text, struct texture_class *class, const char *where, struct error *err) {
    const char *slash = strchr(text, '/');
    size_t source = slash ? (size_t)(slash - text) : 0, name = strlen(slash ? slash + 1 : text);
    if (!name || (slash && !source) || source >= TEXTURE_NAME_SIZE || name >= TEXTURE_NAME_SIZE ||
        (slash && strchr(slash + 1, '/')) || !strcmp(text, "..") || (source && text[0] == '.'))
        return fail_usage(err, "%s: '%.100s' is no CLASS or ARCHIVE/CLASS", where, text);
    if (class->label[0])
        return fail_usage(err, "%s: named twice", where);
    memcpy(class->source, text, source);
    strcpy(class->name, slash ? slash + 1 : text);
    strcpy(class->label, text);
    return 0;
}

static int take_setting(void *context, const char *section, const char *key, const char *value,
                        const char *where, struct error *err) {
    struct parsing *p = context;
    int digits = !strcmp(section, "digits"), pairs = !strcmp(section, "pairs");
    if (!strcmp(section, "backgrounds")) {
        int number = parse_number(key, TEXTURE_CLASSES_MAXIMUM - TEXTURE_DIGITS);
        if (number < 0)
            return fail_usage(err, "%s: '%s' is no number of a background, 0..%d", where, key,
                              TEXTURE_CLASSES_MAXIMUM - TEXTURE_DIGITS - 1);
        if (number >= p->set->backgrounds)
            p->set->backgrounds = number + 1;
        return parse_class(value, &p->backgrounds[number], where, err);
    }
    if (digits || pairs) {
        int digit = parse_number(key, TEXTURE_DIGITS);
        if (digit < 0)
            return fail_usage(err, "%s: '%s' is no digit", where, key);
        if (digits)
            return parse_class(value, &p->digits[digit], where, err);
        p->set->fixed_background[digit] = parse_number(value, TEXTURE_CLASSES_MAXIMUM - TEXTURE_DIGITS);
        return p->set->fixed_background[digit] < 0
                   ? fail_usage(err, "%s: '%s' is no number of a background", where, value)
                   : 0;
    }
    if (!strcmp(section, "split")) {
        if (strcmp(value, "number") && strcmp(value, "digest"))
            return fail_usage(err, "%s: '%s' is neither number nor digest", where, value);
        if (p->splits == SPLITS_MAXIMUM || strlen(key) >= TEXTURE_NAME_SIZE)
            return fail_usage(err, "%s: too long or too many", where);
        if (!strcmp(value, "number"))
            strcpy(p->split[p->splits++], key);
        return 0;
    }
    return fail_usage(err, "%s: unknown section [%s]; there are digits, backgrounds, pairs, split", where,
                      section);
}

// Nothing is missing.
static int check_numbers(const struct parsing *p, const char *name, struct error *err) {
    const struct texture_set *set = p->set;
    for (int d = 0; d < TEXTURE_DIGITS; d++)
        if (!p->digits[d].label[0])
            return fail_usage(err, "%s: [digits]: no texture class for digit %d", name, d);
    for (int b = 0; b < set->backgrounds; b++)
        if (!p->backgrounds[b].label[0])
            return fail_usage(err, "%s: [backgrounds]: no class number %d, though there is a number %d", name,
                              b, set->backgrounds - 1);
    for (int d = 0; d < TEXTURE_DIGITS; d++)
        if (set->fixed_background[d] >= set->backgrounds)
            return fail_usage(err, "%s: [backgrounds]: no class number %d, the fixed background of digit %d",
                              name, set->fixed_background[d], d);
    return 0;
}

// Nothing stands there twice: a class is the texture of one digit, or a background.
static int check_labels(const struct texture_set *set, const char *name, struct error *err) {
    for (int i = 0; i < set->count; i++)
        for (int k = 0; k < i; k++)
            if (!strcmp(set->classes[i].label, set->classes[k].label))
                return fail_usage(err, "%s: class '%s' stands there twice", name, set->classes[i].label);
    return 0;
}

static int digest_set(struct texture_set *set, struct error *err) {
    struct digest *d = digest_start(err);
    if (!d)
        return -1;
    for (int i = 0; i < set->count; i++) {
        char line[3 * TEXTURE_NAME_SIZE];
        int length = snprintf(line, sizeof line, "%d %s%s\n", i, set->classes[i].label,
                              set->classes[i].by_number ? " by number" : "");
        digest_add(d, line, (size_t)length);
    }
    digest_add(d, set->fixed_background, sizeof set->fixed_background);
    digest_finish(d, set->digest);
    return 0;
}

// The lists out of `p` into the set.
static int finish_set(struct parsing *p, struct error *err) {
    struct texture_set *set = p->set;
    set->count = TEXTURE_DIGITS + set->backgrounds;
    set->classes = allocate((size_t)set->count, sizeof *set->classes, "a texture set", err);
    if (!set->classes)
        return -1;
    memcpy(set->classes, p->digits, sizeof p->digits);
    memcpy(set->classes + TEXTURE_DIGITS, p->backgrounds, (size_t)set->backgrounds * sizeof *set->classes);
    for (int i = 0; i < set->count; i++)
        for (int k = 0; k < p->splits; k++)
            set->classes[i].by_number |= !strcmp(set->classes[i].source, p->split[k]);
    return digest_set(set, err);
}

static const char *embedded_text(const char *name) {
    for (int i = 0; i < EMBEDDED; i++)
        if (!strcmp(name, embedded[i].name))
            return embedded[i].text;
    return NULL;
}

static int parse_set(struct parsing *p, const char *name, struct error *err) {
    const char *text = embedded_text(name), *base = member_file_name(name);
    size_t length = strlen(base),
           plain = length > 4 && !strcmp(base + length - 4, ".ini") ? length - 4 : length;
    if (!text && !strchr(name, '/') && plain == length)
        return fail_usage(
            err, "there is no texture set '%.100s'; there are dtd, mixed20, mixed47, and FILE.ini", name);
    snprintf(p->set->name, sizeof p->set->name, "%.*s", (int)plain, base);
    for (int d = 0; d < TEXTURE_DIGITS; d++)
        p->set->fixed_background[d] = d;
    int failed = (text ? settings_lines(name, text, take_setting, p, err)
                       : settings_file(name, take_setting, p, err)) ||
                 check_numbers(p, name, err) || finish_set(p, err) || check_labels(p->set, name, err);
    return error_of_file(failed, err);
}

struct texture_set *texture_set_open(const char *name, struct error *err) {
    struct texture_set *set = allocate(1, sizeof *set, "a texture set", err);
    struct parsing *p = set ? allocate(1, sizeof *p, "a texture set", err) : NULL;
    if (p) {
        p->set = set;
        p->backgrounds = allocate(TEXTURE_CLASSES_MAXIMUM, sizeof *p->backgrounds, "a texture set", err);
    }
    int bad = !p || !p->backgrounds || parse_set(p, name, err);
    if (p)
        free(p->backgrounds);
    free(p);
    if (bad) {
        texture_set_close(set);
        set = NULL;
    }
    return set;
}

void texture_set_close(struct texture_set *set) {
    if (set)
        free(set->classes);
    free(set);
}
