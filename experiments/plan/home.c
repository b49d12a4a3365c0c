// SPDX-License-Identifier: Apache-2.0
#include "experiments/plan/home.h"

#include "build_prefix.h" // made by the Makefile: REFF_PREFIX

#include "core/base/suggest.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// 1 or 0; -1 with a message.
static int is_home(const char *folder, struct error *err) {
    char probe[PATH_SIZE + 32];
    snprintf(probe, sizeof probe, "%s/experiments/tables", folder);
    return file_is_there(probe, err);
}

// Cuts `path` back by its last name; 0 when there was none.
static int cut(char *path) {
    char *slash = strrchr(path, '/');
    if (slash)
        *slash = 0;
    return slash != NULL;
}

// Cuts `path`, a folder, back by one at a time until it is a home: 1; 0 if there is none; -1 with a message.
static int climb(char *path, struct error *err) {
    int found;
    do
        found = is_home(path, err);
    while (!found && cut(path));
    return found;
}

// The program's own path, or "" where the system does not tell.
static void program_path(char out[PATH_SIZE]) {
    ssize_t length = readlink("/proc/self/exe", out, PATH_SIZE - 1);
    out[length > 0 ? length : 0] = 0;
}

int home_folder(char out[PATH_SIZE], struct error *err) {
    const char *named = getenv("REFF_HOME");
    char program[PATH_SIZE];
    int found = 0;
    if (named && *named) {
        found = snprintf(out, PATH_SIZE, "%s", named) < PATH_SIZE ? is_home(out, err) : 0;
        return found ? (found > 0 ? 0 : -1)
                     : fail_usage(err, "REFF_HOME: %.500s holds no experiments/tables", named);
    }
    program_path(program);
    // Its own files come first: it may be installed below a source tree (make install PREFIX=$PWD/here).
    snprintf(out, PATH_SIZE, "%s", program);
    if (cut(out) && cut(out) && strlen(out) + sizeof "/share/reff" < PATH_SIZE)
        found = is_home(strcat(out, "/share/reff"), err);
    snprintf(out, found ? 0 : PATH_SIZE, "%s", program);
    if (!found && cut(out))
        found = climb(out, err);
    snprintf(out, found ? 0 : PATH_SIZE, "%s", REFF_PREFIX "/share/reff");
    if (!found)
        found = is_home(out, err);
    if (!found && getcwd(out, PATH_SIZE))
        found = climb(out, err);
    if (found)
        return found > 0 ? 0 : -1;
    return fail(err, "experiments/tables: not found beside the program, above its folder, in " REFF_PREFIX
                     "/share/reff, nor above the current folder; REFF_HOME names the folder that holds it");
}

int home_path(char out[PATH_SIZE], const char *name, struct error *err) {
    char tree[PATH_SIZE], folder[PATH_SIZE];
    return home_folder(tree, err) || path_join(folder, err, tree, "experiments") ||
                   path_join(out, err, folder, name)
               ? -1
               : 0;
}

static int is_definition(const struct dirent *entry) {
    size_t length = strlen(entry->d_name);
    return length > 4 && entry->d_name[0] != '.' && !strcmp(entry->d_name + length - 4, ".ini");
}

int home_list(struct text *out, const char *kind, struct error *err) {
    char folder[PATH_SIZE];
    struct dirent **entries;
    text_clear(out);
    if (home_path(folder, kind, err))
        return -1;
    int count = scandir(folder, &entries, is_definition, alphasort);
    if (count < 0)
        return fail_system(err, errno, "%s", folder);
    for (int i = 0; i < count; i++) {
        text_printf(out, "%s%.*s", i ? " " : "", (int)strlen(entries[i]->d_name) - 4, entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
    return text_check(out, "the names of definitions", err);
}

int home_definition(char out[PATH_SIZE], const char *kind, const char *word, struct error *err) {
    char name[PATH_SIZE];
    struct text known = {0};
    size_t length = strlen(word);
    if (strchr(word, '/') || (length > 4 && !strcmp(word + length - 4, ".ini"))) {
        if (length >= PATH_SIZE)
            return fail_usage(err, "%.60s...: path too long", word);
        memcpy(out, word, length + 1);
        return 0;
    }
    if (snprintf(name, sizeof name, "%s/%.200s.ini", kind, word) < 0 || home_path(out, name, err))
        return -1;
    int there = file_is_there(out, err);
    if (there)
        return there < 0 ? -1 : 0;
    struct suggestion near;
    if (!home_list(&known, kind, err))
        fail_usage(err, "'%.60s'%s is none of the %s: %s", word,
                   suggest_from_list(&near, word, text_string(&known)), kind, text_string(&known));
    text_free(&known);
    return -1;
}

int home_leave_out(struct error *err) {
    if (err->status == EXIT_INTERRUPTED || err->cause) // what the system refused says nothing of the file
        return -1;
    fprintf(stderr, "reff: %s: left out\n", err->message);
    *err = (struct error){0};
    return 0;
}

void home_definition_name(const char *path, char *out, size_t size) {
    const char *name = path_name(path);
    size_t length = strlen(name);
    if (length > 4 && !strcmp(name + length - 4, ".ini"))
        length -= 4;
    snprintf(out, size, "%.*s", (int)length, name);
}
