// SPDX-License-Identifier: Apache-2.0
// Where a profile's inputs lie: its paths, relative to the data folder.
#include "experiments/plan/profile.h"

#include <string.h>

static int is_relative(const char *path) {
    return *path && *path != '/';
}

static int join(char path[SETTING_TEXT_SIZE], const char *folder, struct error *err) {
    char joined[PATH_SIZE];
    if (path_join(joined, err, folder, path))
        return -1;
    if (strlen(joined) >= SETTING_TEXT_SIZE)
        return fail_usage(err, "%.200s...: path too long", joined);
    memcpy(path, joined, strlen(joined) + 1);
    return 0;
}

static int resolve(char path[SETTING_TEXT_SIZE], const char *folder, int *used, const struct profile *p,
                   struct error *err) {
    if (!is_relative(path))
        return 0;
    *used = 1;
    if (!*folder)
        return fail_usage(err, "profile %s reads %s from a data folder: name it (DATA=... or --data ...)",
                          p->name, path);
    return join(path, folder, err);
}

// Weights of models/ lie in the data folder or beside it: a file named "models/x" or "../models/x" is looked
// for in DATA/models, then in DATA/../models. When neither is there the first is what messages name.
static int resolve_weights(char path[SETTING_TEXT_SIZE], const char *folder, int *used,
                           const struct profile *p, struct error *err) {
    char inside[SETTING_TEXT_SIZE], beside[SETTING_TEXT_SIZE];
    const char *name = strncmp(path, "../models/", 10) ? path : path + 3;
    if (strncmp(name, "models/", 7))
        return resolve(path, folder, used, p, err);
    snprintf(inside, sizeof inside, "%s", name);
    if (snprintf(beside, sizeof beside, "../%s", name) >= (int)sizeof beside)
        return fail_usage(err, "%.200s...: path too long", path);
    if (resolve(inside, folder, used, p, err) || resolve(beside, folder, used, p, err))
        return -1;
    int first = file_is_there(inside, err), second = first ? 0 : file_is_there(beside, err);
    if (first < 0 || second < 0)
        return -1;
    strcpy(path, second ? beside : inside);
    return 0;
}

int profile_resolve_weights(const struct profile *p, char path[SETTING_TEXT_SIZE], struct error *err) {
    int used = 0;
    return *p->folder ? resolve_weights(path, p->folder, &used, p, err) : 0;
}

// Images that are not there leave their cells empty.
static int resolve_missing(struct profile_data *data, char *source, const char *folder, int *used,
                           struct error *err) {
    char name[SETTING_TEXT_SIZE];
    if (!data->given || !*source)
        return 0;
    snprintf(name, sizeof name, "%s", source);
    if (is_relative(source)) {
        *used = 1;
        if (!*folder)
            snprintf(data->absent, sizeof data->absent, "no DATA folder with %.60s/ given", name);
        else if (join(source, folder, err))
            return -1;
    }
    int there = *data->absent ? 0 : file_is_there(source, err);
    if (there < 0)
        return -1;
    if (!*data->absent && !there)
        snprintf(data->absent, sizeof data->absent, "no %.60s/ in DATA: %.120s is not there", name, source);
    return 0;
}

// The paths of a data set's settings.
static int resolve_data(struct profile *p, struct profile_data *data, const char *folder, int *used,
                        struct error *err) {
    char word[SETTING_WORD_SIZE];
    for (const char *at = data->set->paths; *(at += strspn(at, " ")); at += strlen(word)) {
        snprintf(word, sizeof word, "%.*s", (int)strcspn(at, " "), at);
        char *path = (char *)&data->settings + settings_find(data->set->schema, word)->offset;
        if (data->set->may_be_missing ? resolve_missing(data, path, folder, used, err)
                                      : resolve(path, folder, used, p, err))
            return -1;
    }
    return 0;
}

static int resolve_all_data(struct profile *p, int may_be_missing, const char *folder, int *used,
                            struct error *err) {
    for (struct profile_data *data = p->data; data->set; data++)
        if (data->set->may_be_missing == may_be_missing && resolve_data(p, data, folder, used, err))
            return -1;
    return 0;
}

static int resolve_one(struct profile *p, const char *folder, int *used, struct error *err) {
    snprintf(p->folder, sizeof p->folder, "%s", folder);
    if (resolve_all_data(p, 0, folder, used, err) ||
        resolve_weights(p->training.weights, folder, used, p, err))
        return -1;
    for (int i = 0; i < p->override_count; i++)
        if (!strcmp(p->overrides[i].setting->name, "weights") &&
            resolve_weights(p->overrides[i].value, folder, used, p, err))
            return -1;
    return resolve_all_data(p, 1, folder, used, err);
}

int profile_resolve(struct profile *p, const char *folder, struct error *err) {
    int used = 0;
    for (struct profile *one = p; one; one = one->next)
        if (resolve_one(one, folder, &used, err))
            return -1;
    if (*folder && !used)
        return fail_usage(err, "--data: profile %s uses built-in data and reads no folder", p->name);
    return 0;
}
