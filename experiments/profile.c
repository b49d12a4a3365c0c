// SPDX-License-Identifier: Apache-2.0
#include "experiments/profile.h"

#include "core/base/memory.h"
#include "experiments/home.h"
#include "gen/texture_set.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

int seeds_parse(struct seeds *out, const char *text, const char *where, struct error *err) {
    int list = strchr(text, ',') != NULL;
    memset(out, 0, sizeof *out);
    for (const char *at = text; *at; at++) {
        char *end;
        errno = 0;
        unsigned long long value = strtoull(at, &end, 10);
        if (!isdigit((unsigned char)*at) || errno || value > (1ULL << 62) || (*end && *end != ','))
            return fail_usage(err, "%s: '%.60s' is neither a count nor a list of seeds (5 or 3,4,9)", where,
                              text);
        for (int i = 0; i < out->count; i++)
            if (list && out->values[i] == value)
                return fail_usage(err, "%s: seed %llu given twice", where, value);
        if (out->count == SEEDS_MOST || (!list && value > SEEDS_MOST))
            return fail_usage(err, "%s: more than %d seeds", where, SEEDS_MOST);
        out->values[out->count++] = value;
        at = end;
        if (!*at)
            break;
    }
    if (!list && out->count) {
        out->count = (int)out->values[0];
        for (int i = 0; i < out->count; i++)
            out->values[i] = (uint64_t)i + 1;
    }
    return out->count ? 0 : fail_usage(err, "%s: no seeds", where);
}

// ---------------------------------------------------------------------------------------- reading

// Keys that a profile has beside the two modules' own settings.
struct own {
    char title[SETTING_TEXT_SIZE], seeds[SETTING_TEXT_SIZE];
    int train, test, validation;
};

static const struct setting profile_keys[] = {
    SETTING_TEXT(struct own, title, NULL, "", "what the profile is for"),
    SETTING_TEXT(struct own, seeds, NULL, "", "seeds of the runs"),
    SETTING_END,
};

static const struct setting count_keys[] = {
    SETTING_INT(struct own, train, NULL, 0, 1e9, "images", "training images; 0: all"),
    SETTING_INT(struct own, test, NULL, 0, 1e9, "images", "test images; 0: all"),
    SETTING_INT(struct own, validation, NULL, 0, 1e9, "images", "validation images; 0: all; absent: none"),
    SETTING_END,
};

struct reading {
    struct profile *profile;
    struct own own;
    int has_title, has_seeds, has_train, has_test;
};

// 1 if `key` is one of the words.
static int is_one_of(const char *key, const char *const *words) {
    for (; *words; words++)
        if (!strcmp(key, *words))
            return 1;
    return 0;
}

static int take_profile(struct reading *r, const char *key, const char *value, const char *where,
                        struct error *err) {
    const struct setting *s = settings_find(profile_keys, key);
    if (!s)
        return fail_usage(err, "%s: unknown key '%.60s' in [profile]", where, key);
    r->has_title |= !strcmp(s->name, "title");
    if (!strcmp(s->name, "seeds")) {
        r->has_seeds = 1;
        return seeds_parse(&r->profile->seeds, value, where, err);
    }
    return settings_assign(s, &r->own, value, where, err);
}

static int check_texture_set(const char *name, const char *where, struct error *err) {
    struct error why = {0};
    struct texture_set *set = texture_set_open(name, &why);
    texture_set_close(set);
    return set ? 0 : fail_usage(err, "%s: %s", where, why.message);
}

static int take_data(struct reading *r, const char *key, const char *value, const char *where,
                     struct error *err) {
    static const char *const cells[] = {"p", "q", "size", "seed", "split", "count", NULL};
    const struct setting *s = settings_find(count_keys, key);
    if (s) {
        r->has_train |= !strcmp(s->name, "train");
        r->has_test |= !strcmp(s->name, "test");
        return settings_assign(s, &r->own, value, where, err);
    }
    s = settings_find(textured_mnist_schema, key);
    if (!s)
        return fail_usage(err, "%s: unknown key '%.60s' in [data]", where, key);
    if (is_one_of(s->name, cells))
        return fail_usage(err, "%s: '%.60s' is set by the tables, not by a profile", where, key);
    return settings_assign(s, &r->profile->data, value, where, err) ||
                   (!strcmp(s->name, "texture_set") && check_texture_set(value, where, err))
               ? -1
               : 0;
}

static int find_training(const struct setting **s, const char *section, const char *key, const char *where,
                         struct error *err) {
    *s = settings_find(train_schema, key);
    if (!*s)
        return fail_usage(err, "%s: unknown key '%.60s' in [%.60s]", where, key, section);
    if (!strcmp((*s)->name, "method") || !strcmp((*s)->name, "seed"))
        return fail_usage(err, "%s: '%.60s' is set by the tables, not by a profile", where, key);
    return 0;
}

static int take_override(struct reading *r, const char *section, const char *key, const char *value,
                         const char *where, struct error *err) {
    struct profile *p = r->profile;
    struct train_settings scratch;
    const struct setting *s, *method = settings_find(train_schema, "method");
    if (settings_assign(method, &scratch, section + strlen("method "), where, err) ||
        find_training(&s, section, key, where, err) || settings_assign(s, &scratch, value, where, err) ||
        reallocate((void **)&p->overrides, (size_t)p->override_count + 1, sizeof *p->overrides, "a profile",
                   err))
        return -1;
    struct override *o = &p->overrides[p->override_count++];
    o->setting = s;
    snprintf(o->method, sizeof o->method, "%s", scratch.method);
    snprintf(o->value, sizeof o->value, "%s", value);
    return 0;
}

static int take(void *context, const char *section, const char *key, const char *value, const char *where,
                struct error *err) {
    struct reading *r = context;
    const struct setting *s;
    if (!strcmp(section, "profile"))
        return take_profile(r, key, value, where, err);
    if (!strcmp(section, "data"))
        return take_data(r, key, value, where, err);
    if (!strcmp(section, "train"))
        return find_training(&s, section, key, where, err) ||
                       settings_assign(s, &r->profile->training, value, where, err)
                   ? -1
                   : 0;
    if (!strncmp(section, "method ", 7))
        return take_override(r, section, key, value, where, err);
    return *section ? fail_usage(err, "%s: unknown section [%.60s]", where, section)
                    : fail_usage(err, "%s: '%.60s' stands before any [section]", where, key);
}

// What settings that are right one by one forbid together: found here rather than by every run.
static int check_together(const struct reading *r, const char *method, struct error *err) {
    struct profile *p = r->profile;
    struct train_settings t;
    if (profile_training(p, method, &t, err))
        return -1;
    if (p->train && t.batch > p->train)
        return fail_usage(err, "%s: %s: a batch of %d is more than the %d training images", p->path, method,
                          t.batch, p->train);
    if (!strcmp(t.select, "best-validation") && p->validation < 0)
        return fail_usage(err, "%s: %s: select = best-validation needs validation images in [data]", p->path,
                          method);
    return 0;
}

int profile_read(struct profile *p, const char *word, struct error *err) {
    memset(p, 0, sizeof *p);
    struct reading r = {.profile = p, .own = {.validation = -1}};
    settings_default(textured_mnist_schema, &p->data);
    settings_default(train_schema, &p->training);
    if (home_definition(p->path, "profiles", word, err))
        return -1;
    definition_name(p->path, p->name, sizeof p->name);
    if (settings_file(p->path, take, &r, err))
        return -1;
    if (!r.has_title || !r.has_seeds || !r.has_train || !r.has_test)
        return fail_usage(err, "%s: %s is missing", p->path,
                          !r.has_title   ? "title in [profile]"
                          : !r.has_seeds ? "seeds in [profile]"
                          : !r.has_train ? "train in [data]"
                                         : "test in [data]");
    snprintf(p->title, sizeof p->title, "%s", r.own.title);
    p->train = r.own.train;
    p->test = r.own.test;
    p->validation = r.own.validation;
    int failed = check_together(&r, "baseline", err);
    for (int i = 0; i < p->override_count && !failed; i++)
        failed = check_together(&r, p->overrides[i].method, err);
    return failed;
}

void profile_free(struct profile *p) {
    free(p->overrides);
    p->overrides = NULL;
    p->override_count = 0;
}

int profile_training(const struct profile *p, const char *method, struct train_settings *out,
                     struct error *err) {
    *out = p->training;
    if (settings_assign(settings_find(train_schema, "method"), out, method, "method", err))
        return -1;
    for (int i = 0; i < p->override_count; i++)
        if (!strcmp(p->overrides[i].method, method) &&
            settings_assign(p->overrides[i].setting, out, p->overrides[i].value, p->path, err))
            return -1;
    return 0;
}

// ---------------------------------------------------------------------------------------- the data's folder

static int resolve(char path[SETTING_TEXT_SIZE], const char *folder, int *used, const struct profile *p,
                   struct error *err) {
    char joined[PATH_SIZE];
    if (!*path || *path == '/')
        return 0;
    *used = 1;
    if (!*folder)
        return fail_usage(err, "profile %s reads %s from a data folder: name it (DATA=... or --data ...)",
                          p->name, path);
    if (path_join(joined, err, folder, path))
        return -1;
    if (strlen(joined) >= SETTING_TEXT_SIZE)
        return fail_usage(err, "%.200s...: path too long", joined);
    memcpy(path, joined, strlen(joined) + 1);
    return 0;
}

int profile_resolve(struct profile *p, const char *folder, struct error *err) {
    int used = 0;
    if (resolve(p->data.mnist, folder, &used, p, err) || resolve(p->data.textures, folder, &used, p, err) ||
        resolve(p->training.weights, folder, &used, p, err))
        return -1;
    for (int i = 0; i < p->override_count; i++)
        if (!strcmp(p->overrides[i].setting->name, "weights") &&
            resolve(p->overrides[i].value, folder, &used, p, err))
            return -1;
    if (*folder && !used)
        return fail_usage(err, "--data: profile %s uses built-in data and reads no folder", p->name);
    return 0;
}

void profile_describe(const struct profile *p, char out[256]) {
    int used =
        snprintf(out, 256, "%s, ", *p->data.mnist ? "MNIST" : "built-in digits (drawn by code, not MNIST)");
    if (*p->data.textures)
        snprintf(out + used, 256 - (size_t)used, "texture photographs (set %.40s)", p->data.texture_set);
    else
        snprintf(out + used, 256 - (size_t)used, "built-in textures (made by code, not photographs)");
}
