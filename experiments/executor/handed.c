// SPDX-License-Identifier: Apache-2.0
#include "experiments/executor/handed.h"

#include "core/base/json_fields.h"
#include "core/base/memory.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int handed_write(const char *results, const struct cell *cell, struct error *err) {
    char folder[PATH_SIZE], path[PATH_SIZE], here[PATH_SIZE];
    if (!getcwd(here, sizeof here))
        return fail_system(err, errno, "the current folder");
    if (run_folder(folder, results, cell, err) || folder_make(folder, err) ||
        path_join(path, err, folder, "task.json"))
        return -1;
    json_t *task = cell_to_json(cell, err);
    int failed = !task;
    if (task && json_object_set_new(task, "folder", json_string(here)))
        failed = fail(err, "%s: the name of the current folder is not UTF-8", path);
    if (!failed)
        failed = json_write(path, task, err);
    json_decref(task);
    return failed ? -1 : 0;
}

// ---------------------------------------------------------------------------------------- reading

// A digest that could name no run must not become part of a path.
static int check_digest(const char *digest, struct error *err) {
    size_t length = strlen(digest);
    if (length < 16 || length >= DIGEST_SIZE || strspn(digest, "0123456789abcdef") != length)
        return fail_usage(err, "'%.80s' is no run's digest (16 to 64 hexadecimal digits)", digest);
    return 0;
}

static int read_one(struct cell *cell, const char *results, const char *digest, char folder[PATH_SIZE],
                    struct error *err) {
    char name[48], path[PATH_SIZE];
    if (check_digest(digest, err))
        return -1;
    snprintf(name, sizeof name, "runs/%.16s/task.json", digest);
    int there = path_join(path, err, results, name) ? -1 : file_is_there(path, err);
    if (there < 1)
        return there ? -1
                     : fail(err,
                            "%s: not there: the run was not handed over in this folder (reff run --executor "
                            "list or slurm does it)",
                            path);
    json_t *task = json_read(path, err);
    if (!task || cell_from_json(cell, task, path, err)) {
        json_decref(task);
        return -1;
    }
    const char *from = json_field_text(task, "folder");
    int failed =
        strncmp(cell->digest, digest, strlen(digest)) != 0
            ? fail(err, "%s: is about the run %.64s, not %.64s", path, cell->digest, digest)
        : strlen(from) >= PATH_SIZE || !*from ? fail(err, "%s: no folder", path)
        : *folder && strcmp(folder, from)
            ? fail(err, "%s: paths count from another folder than those of the run before; name it alone",
                   path)
            : 0;
    if (!failed)
        snprintf(folder, PATH_SIZE, "%s", from);
    else
        json_decref(cell->record);
    json_decref(task);
    return failed ? -1 : 0;
}

int handed_plan(struct plan *plan, const char *results, char *const *digests, int count,
                char folder[PATH_SIZE], struct error *err) {
    memset(plan, 0, sizeof *plan);
    *folder = 0;
    plan->cells = allocate((size_t)count + 1, sizeof *plan->cells, "cells", err);
    if (!plan->cells)
        return -1;
    for (int i = 0; i < count; i++) {
        struct cell *cell = &plan->cells[plan->count];
        int twice = 0;
        if (read_one(cell, results, digests[i], folder, err))
            return -1;
        for (int k = 0; k < plan->count && !twice; k++)
            twice = !strcmp(plan->cells[k].digest, cell->digest);
        if (twice)
            json_decref(cell->record);
        plan->count += !twice;
    }
    plan->table_cells = plan->count;
    return 0;
}

int handed_is_open(const char *results, const struct cell *cell, int retry, struct error *err) {
    struct run_status status;
    if (run_look(results, cell, &status, err))
        return -1;
    run_status_clear(&status);
    return status.state != RUN_DONE && (status.state != RUN_FAILED || retry);
}

// ---------------------------------------------------------------------------------------- commands

void handed_add_word(struct text *out, const char *word) {
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./=,:+@%";
    if (*word && strspn(word, plain) == strlen(word)) {
        text_add(out, word);
        return;
    }
    text_add(out, "'");
    for (const char *c = word; *c; c++)
        if (*c == '\'')
            text_add(out, "'\\''");
        else
            text_add_bytes(out, c, 1);
    text_add(out, "'");
}

int handed_command(struct text *out, const char *results, struct error *err) {
    char program[PATH_SIZE], place[PATH_SIZE];
    ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
    if (length < 0)
        return fail_system(err, errno, "/proc/self/exe");
    program[length] = 0;
    if (!realpath(results, place))
        return fail_system(err, errno, "%s", results);
    handed_add_word(out, program);
    text_add(out, " cell --results ");
    handed_add_word(out, place);
    return 0;
}
