// SPDX-License-Identifier: Apache-2.0
#include "experiments/plan/home.h"

#include <dirent.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// Cuts `path` back, one folder at a time, until it holds experiments/tables.
static int climb(char path[PATH_SIZE]) {
    char probe[PATH_SIZE + 32];
    for (;;) {
        snprintf(probe, sizeof probe, "%s/experiments/tables", path);
        if (file_exists(probe))
            return 0;
        char *slash = strrchr(path, '/');
        if (!slash)
            return -1;
        *slash = 0;
    }
}

static int find_tree(char out[PATH_SIZE], struct error *err) {
    ssize_t length = readlink("/proc/self/exe", out, PATH_SIZE - 1);
    if (length > 0) {
        out[length] = 0;
        if (!climb(out))
            return 0;
    }
    if (getcwd(out, PATH_SIZE) && !climb(out))
        return 0;
    return fail(err, "experiments/tables: not found above the program's folder nor above the current one");
}

int home_path(char out[PATH_SIZE], const char *name, struct error *err) {
    char tree[PATH_SIZE], folder[PATH_SIZE];
    return find_tree(tree, err) || path_join(folder, err, tree, "experiments") ||
                   path_join(out, err, folder, name)
               ? -1
               : 0;
}

static int is_definition(const struct dirent *entry) {
    size_t length = strlen(entry->d_name);
    return length > 4 && entry->d_name[0] != '.' && !strcmp(entry->d_name + length - 4, ".ini");
}

int home_list(char out[1024], const char *kind, struct error *err) {
    char folder[PATH_SIZE];
    struct dirent **entries;
    if (home_path(folder, kind, err))
        return -1;
    int count = scandir(folder, &entries, is_definition, alphasort);
    if (count < 0)
        return fail(err, "%s: cannot be read", folder);
    size_t used = 0;
    out[0] = 0;
    for (int i = 0; i < count; i++) {
        int length = (int)strlen(entries[i]->d_name) - 4;
        if (used + (size_t)length + 2 < 1024)
            used += (size_t)snprintf(out + used, 1024 - used, "%s%.*s", used ? " " : "", length,
                                     entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
    return 0;
}

int home_definition(char out[PATH_SIZE], const char *kind, const char *word, struct error *err) {
    char name[PATH_SIZE], known[1024];
    size_t length = strlen(word);
    if (strchr(word, '/') || (length > 4 && !strcmp(word + length - 4, ".ini"))) {
        if (length >= PATH_SIZE)
            return fail_usage(err, "%.60s...: path too long", word);
        memcpy(out, word, length + 1);
        return 0;
    }
    if (snprintf(name, sizeof name, "%s/%.200s.ini", kind, word) < 0 || home_path(out, name, err))
        return -1;
    if (file_exists(out))
        return 0;
    if (home_list(known, kind, err))
        return -1;
    return fail_usage(err, "'%.60s' is none of the %s: %s", word, kind, known);
}

void definition_name(const char *path, char *out, size_t size) {
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    size_t length = strlen(name);
    if (length > 4 && !strcmp(name + length - 4, ".ini"))
        length -= 4;
    snprintf(out, size, "%.*s", (int)length, name);
}
