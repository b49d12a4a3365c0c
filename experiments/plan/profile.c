// SPDX-License-Identifier: Apache-2.0
#include "experiments/plan/profile.h"

#include "core/base/digest.h"
#include "core/base/memory.h"
#include "core/methods/method.h"
#include "experiments/plan/home.h"
#include "experiments/plan/table.h"
#include "gen/textured_mnist/texture_set.h"

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
        if (out->count == SEEDS_MAXIMUM || (!list && value > SEEDS_MAXIMUM))
            return fail_usage(err, "%s: more than %d seeds", where, SEEDS_MAXIMUM);
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

void seeds_extend(struct seeds *seeds, int count) {
    uint64_t last = 0;
    for (int i = 0; i < seeds->count; i++)
        if (seeds->values[i] > last)
            last = seeds->values[i];
    while (seeds->count < count && seeds->count < SEEDS_MAXIMUM)
        seeds->values[seeds->count++] = ++last;
}

// ---------------------------------------------------------------------------------------- reading

// Keys that a profile has beside the modules' own settings.
struct own {
    char title[SETTING_TEXT_SIZE], seeds[SETTING_TEXT_SIZE];
    struct real_list looks, shares;
    double smallest_effect;
};

static const struct setting profile_keys[] = {
    SETTING_TEXT(struct own, title, NULL, "", "what the profile is for"),
    SETTING_TEXT(struct own, seeds, NULL, "", "seeds of the runs"),
    SETTING_REALS(struct own, looks, "3,5,8,12,20", 2, SEEDS_MAXIMUM, "seeds",
                  "after how many claims are tested, with seeds until decided"),
    SETTING_REALS(struct own, shares, "0.005,0.01,0.01,0.01,0.015", 1e-6, 0.05, "",
                  "of the level .05 at each look; their sum is at most .05"),
    SETTING_REAL(struct own, smallest_effect, "1", 0, 100, "points",
                 "smallest difference of interest: a smaller one counts as absent"),
    SETTING_END,
};

static const struct setting count_keys[] = {
    // in the order of the splits
    {"train", SETTING_TYPE_INT, offsetof(struct profile_data, images[SPLIT_TRAIN]), NULL, 0, 1e9, NULL,
     "images", "training images; 0: all", 1},
    {"test", SETTING_TYPE_INT, offsetof(struct profile_data, images[SPLIT_TEST]), NULL, 0, 1e9, NULL,
     "images", "test images; 0: all", 1},
    {"validation", SETTING_TYPE_INT, offsetof(struct profile_data, images[SPLIT_VALIDATION]), NULL, 0, 1e9,
     NULL, "images", "validation images; 0: all; absent: none", 1},
    {"unbiased", SETTING_TYPE_INT, offsetof(struct profile_data, unbiased), NULL, 0, 1e9, NULL, "images",
     "validation images with p = 1, for methods that are allowed such; absent: none", 1},
    SETTING_END,
};

struct profile_reading {
    struct profile *profile;
    struct own own;
    int has_title, has_seeds;
};

// 1 if `key` is one of the words.
static int is_one_of(const char *key, const char *const *words) {
    for (; *words; words++)
        if (!strcmp(key, *words))
            return 1;
    return 0;
}

// A key that neither schema has; `other` may be NULL.
static int refuse_key(const struct setting *schema, const struct setting *other, const char *section,
                      const char *key, const char *where, struct error *err) {
    struct suggestion near;
    settings_suggest(&near, schema, key);
    for (const struct setting *s = other; s && s->name; s++)
        suggest_consider(&near, s->name);
    return fail_usage(err, "%s: unknown key '%.60s'%s in [%.60s]", where, key, suggest_text(&near), section);
}

static int take_profile(struct profile_reading *r, const char *key, const char *value, const char *where,
                        struct error *err) {
    const struct setting *s = settings_find(profile_keys, key);
    if (!s)
        return refuse_key(profile_keys, NULL, "profile", key, where, err);
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

// The data set that a section's last word names; "" is the first where a section may go without.
static struct profile_data *named_data(struct profile *p, const char *name, const char *where,
                                       struct error *err) {
    const struct profile_data *data = profile_data_find(p, *name ? name : DATA_SET_DEFAULT);
    if (!data) {
        struct error why = {0};
        data_set_find(name, &why);
        fail_usage(err, "%s: %s", where, why.message);
    }
    return (struct profile_data *)data;
}

static void set_data(struct profile_data *data, const struct data_set *set) {
    data->set = set;
    data_set_default(set, &data->settings);
    for (int s = 0; s < SPLITS; s++)
        data->images[s] = -1;
}

// [data NAME] of one's own, whose first line says what it is made from. NULL with a message where it cannot be.
static struct profile_data *begin_own(struct profile *p, const char *name, const char *key, const char *value,
                                      const char *where, struct error *err) {
    const struct data_set *kind = strcmp(key, "source") ? NULL : data_set_of(value);
    if (!kind || !kind->many) {
        struct error why = {0};
        data_set_find(name, &why);
        fail_usage(err, "%s: %s; a section of data of one's own begins with 'source = folder'", where,
                   why.message);
        return NULL;
    }
    if (!table_is_data_name(name) || p->own_count == OWN_DATA_MAXIMUM) {
        fail_usage(err,
                   p->own_count == OWN_DATA_MAXIMUM
                       ? "%s: more data sets of one's own than '%.60s' and seven before"
                       : "%s: '%.60s' is no name for a data set: letters, digits and '-'",
                   where, name);
        return NULL;
    }
    struct own_data *own = allocate(1, sizeof *own, "a profile", err);
    if (!own)
        return NULL;
    own->set = *kind;
    snprintf(own->name, sizeof own->name, "%s", name);
    own->set.name = own->set.title = own->name;
    p->own[p->own_count] = own;
    struct profile_data *data = &p->data[DATA_SETS + p->own_count++];
    set_data(data, &own->set);
    const struct setting *title = settings_find(own->set.schema, "title");
    return settings_assign(title, &data->settings, name, where, err) ? NULL : data;
}

static int take_data(struct profile_reading *r, const char *section, const char *key, const char *value,
                     const char *where, struct error *err) {
    static const char *const cells[] = {"p", "q", "size", "seed", "split", "count", "data", NULL};
    const char *name = section + strcspn(section, " ") + !!strchr(section, ' ');
    if (*name && !profile_data_find(r->profile, name)) {
        struct profile_data *own = begin_own(r->profile, name, key, value, where, err);
        return own ? own->given = 1, 0 : -1;
    }
    struct profile_data *data = named_data(r->profile, name, where, err);
    if (!data)
        return -1;
    data->given = 1;
    const struct setting *s = settings_find(count_keys, key);
    if (s)
        return settings_assign(s, data, value, where, err);
    s = settings_find(data->set->schema, key);
    if (!s)
        return refuse_key(data->set->schema, count_keys, section, key, where, err);
    if (is_one_of(s->name, cells))
        return fail_usage(err, "%s: '%.60s' is set by the tables, not by a profile", where, key);
    return settings_assign(s, &data->settings, value, where, err) ||
                   (!strcmp(s->name, "texture_set") && check_texture_set(value, where, err))
               ? -1
               : 0;
}

// A setting of the trainer or of the annotator that a profile may give.
static int find_setting(const struct setting **s, const struct setting *schema, const char *section,
                        const char *key, const char *where, struct error *err) {
    static const char *const cells[] = {"method", "seed", "n", NULL};
    *s = settings_find(schema, key);
    if (!*s)
        return refuse_key(schema, NULL, section, key, where, err);
    if (is_one_of((*s)->name, cells))
        return fail_usage(err, "%s: '%.60s' is set by the tables, not by a profile", where, key);
    return 0;
}

union scratch {
    struct train_settings training;
    struct annotator_settings annotator;
};

// Appends a line that concerns some method ("": all) and some data set ("": all).
static int add_override(struct profile *p, const char *method, const char *data, int of_annotator,
                        const char *section, const char *key, const char *value, const char *where,
                        struct error *err) {
    union scratch scratch;
    const struct setting *s;
    if ((*data && !named_data(p, data, where, err)) ||
        find_setting(&s, of_annotator ? annotator_schema : train_schema, section, key, where, err) ||
        settings_assign(s, &scratch, value, where, err) ||
        array_resize(p->overrides, (size_t)p->override_count + 1, "a profile", err))
        return -1;
    struct override *o = &p->overrides[p->override_count++];
    memset(o, 0, sizeof *o);
    o->setting = s;
    o->of_annotator = of_annotator;
    snprintf(o->method, sizeof o->method, "%s", method);
    snprintf(o->data, sizeof o->data, "%s", data);
    snprintf(o->value, sizeof o->value, "%s", value);
    return 0;
}

// [method NAME] and [method NAME DATA].
static int take_method(struct profile_reading *r, const char *section, const char *key, const char *value,
                       const char *where, struct error *err) {
    struct train_settings scratch;
    char words[2][SETTING_WORD_SIZE] = {"", ""}, format[32];
    snprintf(format, sizeof format, "%%%ds %%%ds", SETTING_WORD_SIZE - 1, SETTING_WORD_SIZE - 1);
    sscanf(section + strlen("method "), format, words[0], words[1]);
    if (settings_assign(settings_find(train_schema, "method"), &scratch, words[0], where, err))
        return -1;
    return add_override(r->profile, scratch.method, words[1], 0, section, key, value, where, err);
}

// [train], [annotator].
static int take_common(struct profile_reading *r, const char *section, const char *key, const char *value,
                       const char *where, struct error *err) {
    int of_annotator = *section == 'a';
    const struct setting *s;
    return find_setting(&s, of_annotator ? annotator_schema : train_schema, section, key, where, err) ||
                   settings_assign(s, of_annotator ? (void *)&r->profile->annotator : &r->profile->training,
                                   value, where, err)
               ? -1
               : 0;
}

static int take(void *context, const char *section, const char *key, const char *value, const char *where,
                struct error *err) {
    struct profile_reading *r = context;
    if (!strcmp(section, "profile"))
        return take_profile(r, key, value, where, err);
    if (!strcmp(section, "data") || !strncmp(section, "data ", 5))
        return take_data(r, section, key, value, where, err);
    if (!strcmp(section, "train") || !strcmp(section, "annotator"))
        return take_common(r, section, key, value, where, err);
    if (!strncmp(section, "train ", 6))
        return add_override(r->profile, "", section + 6, 0, section, key, value, where, err);
    if (!strncmp(section, "annotator ", 10))
        return add_override(r->profile, "", section + 10, 1, section, key, value, where, err);
    if (!strncmp(section, "method ", 7))
        return take_method(r, section, key, value, where, err);
    return *section ? fail_usage(err, "%s: unknown section [%.60s]", where, section)
                    : fail_usage(err, "%s: '%.60s' stands before any [section]", where, key);
}

// Checks settings against each other, here rather than in every run.
static int check_together(const struct profile *p, const char *method, const struct profile_data *data,
                          struct error *err) {
    struct train_settings t;
    if (profile_training(p, method, data->set->name, &t, err))
        return -1;
    if (data->images[SPLIT_TRAIN] && t.batch > data->images[SPLIT_TRAIN])
        return fail_usage(err, "%s: %s: a batch of %d is more than the %d training images", p->path, method,
                          t.batch, data->images[SPLIT_TRAIN]);
    if (!strcmp(t.select, "best-validation") && data->images[SPLIT_VALIDATION] < 0)
        return fail_usage(err, "%s: %s: select = best-validation needs validation images in [data]", p->path,
                          method);
    return 0;
}

// Looks rise, and their shares of the level are no more than it.
static int take_looks(struct profile *p, const struct own *own, struct error *err) {
    double sum = 0;
    if (own->looks.count != own->shares.count)
        return fail_usage(err,
                          "%s: looks and shares in [profile]: %d and %d numbers, one share a look is wanted",
                          p->path, own->looks.count, own->shares.count);
    p->looks.count = own->looks.count;
    for (int i = 0; i < p->looks.count; i++) {
        p->looks.seeds[i] = (int)own->looks.values[i];
        p->looks.shares[i] = own->shares.values[i];
        sum += own->shares.values[i];
        if (p->looks.seeds[i] < own->looks.values[i] || (i && p->looks.seeds[i] <= p->looks.seeds[i - 1]))
            return fail_usage(err, "%s: looks in [profile]: whole numbers that rise are wanted", p->path);
    }
    p->smallest_effect = own->smallest_effect;
    return sum < 0.05 + 1e-9
               ? 0
               : fail_usage(err, "%s: shares in [profile]: their sum %.4g is above .05", p->path, sum);
}

// Own images lie somewhere; all other data sets have a place of their own.
static int has_images(const struct profile_data *data) {
    const struct setting *images = settings_find(data->set->schema, "images");
    return !images || *((const char *)&data->settings + images->offset);
}

static int check_data(const struct profile *p, const struct profile_data *data, struct error *err) {
    char name[SETTING_WORD_SIZE + 1] = "";
    if (data != p->data)
        snprintf(name, sizeof name, " %s", data->set->name);
    for (enum split s = 0; s < SPLITS; s++)
        if (s != SPLIT_VALIDATION && data->images[s] < 0)
            return fail_usage(err, "%s: %s in [data%s] is missing", p->path, split_names[s], name);
    if (!has_images(data))
        return fail_usage(err, "%s: images in [data%s] is missing", p->path, name);
    if (check_together(p, METHOD_DEFAULT, data, err))
        return -1;
    for (int i = 0; i < p->override_count; i++)
        if (*p->overrides[i].method && check_together(p, p->overrides[i].method, data, err))
            return -1;
    return 0;
}

static void set_defaults(struct profile *p) {
    settings_default(train_schema, &p->training);
    settings_default(annotator_schema, &p->annotator);
    for (int d = 0; d < DATA_SETS; d++)
        set_data(&p->data[d], data_set_list[d]);
}

static int read_definition(struct profile *p, struct error *err) {
    struct profile_reading r = {.profile = p};
    settings_default(profile_keys, &r.own);
    set_defaults(p);
    home_definition_name(p->path, p->name, sizeof p->name);
    if (settings_file(p->path, take, &r, err))
        return -1;
    if (!r.has_title || !r.has_seeds)
        return fail_usage(err, "%s: %s in [profile] is missing", p->path, r.has_title ? "seeds" : "title");
    snprintf(p->title, sizeof p->title, "%s", r.own.title);
    if (take_looks(p, &r.own, err))
        return -1;
    for (struct profile_data *data = p->data; data->set; data++) {
        if (!data->given &&
            (data != p->data || p->own_count)) // Textured MNIST, unless one has data of one's own
            snprintf(data->absent, sizeof data->absent, "profile %s has no [data %s]", p->name,
                     data->set->name);
        else if (check_data(p, data, err))
            return -1;
    }
    return 0;
}

int profile_read(struct profile *p, const char *word, struct error *err) {
    memset(p, 0, sizeof *p);
    snprintf(p->word, sizeof p->word, "%s", word);
    return home_definition(p->path, "profiles", word, err) || error_of_file(read_definition(p, err), err) ? -1
                                                                                                          : 0;
}

void profile_free(struct profile *p) {
    for (struct profile *other = p->next, *next; other; other = next) {
        next = other->next;
        free(other->overrides);
        free(other);
    }
    free(p->overrides);
    p->overrides = NULL;
    p->override_count = 0;
    for (int i = 0; i < p->own_count; i++)
        free(p->own[i]);
    p->own_count = 0;
    p->next = NULL;
}

const struct profile *profile_find(const struct profile *p, const char *word) {
    for (; p; p = p->next)
        if (!strcmp(p->word, word))
            return p;
    return NULL;
}

// ---------------------------------------------------------------------------------------- what the user sets

// The name is a folder's, too: whatever a path could mind becomes '_', and a long list its digest.
static int name_with(char name[SETTING_WORD_SIZE], const char *text, struct error *err) {
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._=,-";
    char longer[SETTING_WORD_SIZE + SETTING_TEXT_SIZE], digest[DIGEST_SIZE];
    int length = snprintf(longer, sizeof longer, "%s+%s", name, text);
    for (char *c = longer + strlen(name) + 1; *c; c++)
        if (!strchr(plain, *c))
            *c = '_';
    if (length < SETTING_WORD_SIZE) {
        memcpy(name, longer, (size_t)length + 1);
        return 0;
    }
    json_t *value = json_string(text);
    int failed = json_digest(value, digest, err);
    json_decref(value);
    if (!failed)
        snprintf(name + strlen(name), SETTING_WORD_SIZE - strlen(name), "+%.8s", digest);
    return failed;
}

int profile_set(struct profile *p, const char *text, const char *where, struct error *err) {
    if (!*text)
        return 0;
    if (variations_parse(&p->set, text, where, err) || name_with(p->name, text, err))
        return -1;
    for (int d = 0; p->data[d].set; d++) {
        if (variations_apply_data(&p->set, p->data[d].set, &p->data[d].settings, err))
            return -1;
        if ((p->data[d].given || (!d && !p->own_count)) && check_data(p, &p->data[d], err))
            return -1;
    }
    return 0;
}

const struct profile_data *profile_data_find(const struct profile *p, const char *name) {
    for (const struct profile_data *data = p->data; data->set; data++)
        if (!strcmp(data->set->name, name))
            return data;
    return NULL;
}

int profile_data_number(const struct profile *p, const struct data_set *set) {
    int i = 0;
    while (p->data[i].set != set)
        i++;
    return i;
}

void profile_data_absent(struct text *out, const struct profile *p, const char *name) {
    struct suggestion near;
    suggest_start(&near, name);
    for (const struct profile_data *data = p->data; data->set; data++)
        suggest_consider(&near, data->set->name);
    text_printf(out, "profile %s has no [data %.60s]%s", p->name, name, suggest_text(&near));
}

// ---------------------------------------------------------------------------------------- settings in force

// The overrides of a run: those of its data set, then of its method, then of both.
static int apply(const struct profile *p, const char *method, const char *data, int of_annotator, void *out,
                 struct error *err) {
    static const int order[][2] = {{0, 1}, {1, 0}, {1, 1}}; // names a method, names a data set
    for (size_t pass = 0; pass < sizeof order / sizeof *order; pass++)
        for (int i = 0; i < p->override_count; i++) {
            const struct override *o = &p->overrides[i];
            int by_method = *o->method != 0, by_data = *o->data != 0;
            if (o->of_annotator == of_annotator && by_method == order[pass][0] && by_data == order[pass][1] &&
                (!by_method || !strcmp(o->method, method)) && (!by_data || !strcmp(o->data, data)) &&
                settings_assign(o->setting, out, o->value, p->path, err))
                return -1;
        }
    return 0;
}

int profile_training(const struct profile *p, const char *method, const char *data,
                     struct train_settings *out, struct error *err) {
    *out = p->training;
    return settings_assign(settings_find(train_schema, "method"), out, method, "method", err) ||
                   apply(p, method, data, 0, out, err) || variations_apply_training(&p->set, out, err)
               ? -1
               : 0;
}

int profile_annotator(const struct profile *p, const char *data, struct annotator_settings *out,
                      struct error *err) {
    *out = p->annotator;
    return apply(p, "", data, 1, out, err) || variations_apply_annotator(&p->set, out, err) ? -1 : 0;
}

// ---------------------------------------------------------------------------------------- in words

void profile_describe(const struct profile *p, const char *data, char out[256]) {
    const struct profile_data *d = profile_data_find(p, data);
    if (!d)
        snprintf(out, 256, "%.60s", data);
    else if (*d->absent)
        snprintf(out, 256, "%.60s: none", d->set->title);
    else
        d->set->describe(d->set, &d->settings, out, 256);
}
