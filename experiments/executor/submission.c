// SPDX-License-Identifier: Apache-2.0
#include "experiments/executor/submission.h"

#include "core/base/host.h"
#include "core/base/json_fields.h"
#include "core/base/limits.h"
#include "experiments/process/lock.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

int submission_make_id(char id[SUBMISSION_ID_SIZE], struct error *err) {
    unsigned char bytes[(SUBMISSION_ID_SIZE - 1) / 2];
    if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes)
        return fail_system(err, errno, "no random bytes");
    for (size_t i = 0; i < sizeof bytes; i++)
        snprintf(id + 2 * i, 3, "%02x", bytes[i]);
    return 0;
}

int submission_path(char out[PATH_SIZE], const char *results, const char *id, const char *name,
                    struct error *err) {
    char place[96];
    if (strspn(id, "0123456789abcdef") != strlen(id) || !*id || strlen(id) >= SUBMISSION_ID_SIZE)
        return fail_usage(err, "'%.60s' is no submission", id);
    snprintf(place, sizeof place, "sweeps/%.12s%s%.60s", id, *name ? "/" : "", name);
    return path_join(out, err, results, place);
}

json_t *submission_read(const char *results, const char *id, struct error *err) {
    char path[PATH_SIZE];
    return submission_path(path, results, id, "submission.json", err) ? NULL : json_read(path, err);
}

int submission_write(const char *results, const json_t *submission, struct error *err) {
    char path[PATH_SIZE];
    return submission_path(path, results, json_field_text(submission, "id"), "submission.json", err)
               ? -1
               : json_write(path, submission, err);
}

static int is_id(const char *name) {
    return strspn(name, "0123456789abcdef") == strlen(name) && strlen(name) == SUBMISSION_ID_SIZE - 1;
}

// 1: *one; 0: none, or a damaged one; -1 with a message.
static int scan_one(json_t **one, const char *results, const char *id, struct error *err) {
    char path[PATH_SIZE];
    struct error unread = {0};
    if (!is_id(id))
        return 0;
    int there = submission_path(path, results, id, "submission.json", err) ? -1 : file_is_there(path, err);
    if (there < 1)
        return there;
    *one = json_read(path, &unread);
    if (!*one && unread.cause && unread.cause != ENOENT)
        return *err = unread, -1;
    return *one != NULL;
}

json_t *submission_scan(const char *results, struct error *err) {
    char folder[PATH_SIZE];
    json_t *all = json_array(), *one;
    struct dirent *entry;
    DIR *listing = path_join(folder, err, results, "sweeps") ? NULL : opendir(folder);
    int more = !listing && errno != ENOENT ? fail_system(err, errno, "%s", folder) : 0;
    while (listing && (more = folder_next(listing, folder, &entry, err)) > 0) {
        more = scan_one(&one, results, entry->d_name, err);
        if (more > 0 && json_array_append_new(all, one))
            more = fail_memory(err, "%s", folder);
        if (more < 0)
            break;
    }
    if (listing)
        closedir(listing);
    if (more < 0) {
        json_decref(all);
        return NULL;
    }
    return all;
}

// ---------------------------------------------------------------------------------------- leftovers

// Taken for a moment: a dead process's gives way, a living one's is left.
static void remove_dead_lease(const char *folder, const char *name) {
    char path[PATH_SIZE];
    struct error ignored = {0};
    int busy;
    if (!path_join(path, &ignored, folder, name) && file_is_there(path, &ignored) > 0)
        lock_release(lock_take(path, LOCK_EXCLUSIVE, 0, &busy, &ignored));
}

void submission_remove_leftovers(const char *results) {
    char folder[PATH_SIZE], one[PATH_SIZE];
    struct error ignored = {0};
    struct dirent *entry;
    DIR *listing = path_join(folder, &ignored, results, "sweeps") ? NULL : opendir(folder);
    if (!listing)
        return;
    while (folder_next(listing, folder, &entry, &ignored) > 0)
        if (is_id(entry->d_name) && !path_join(one, &ignored, folder, entry->d_name))
            lock_remove_leftovers(one);
    closedir(listing);
    lock_remove_leftovers(folder);
    remove_dead_lease(folder, SUBMISSION_LEASE);
    remove_dead_lease(folder, "products-lease");
}

// ---------------------------------------------------------------------------------------- attempts

static int attempts_path(char path[PATH_SIZE], const char *results, const char *id, int task,
                         struct error *err) {
    char name[32];
    snprintf(name, sizeof name, "task-%d.json", task);
    return submission_path(path, results, id, name, err);
}

// {"attempts": [...]}, empty where there is none yet or a damaged one. NULL with a message.
static json_t *read_attempts(const char *path, struct error *err) {
    int there = file_is_there(path, err);
    struct error unread = {0};
    json_t *file = there > 0 ? json_read(path, &unread) : NULL;
    if (there < 0 || (!file && unread.cause)) {
        *err = there < 0 ? *err : unread;
        return NULL;
    }
    if (json_is_array(json_object_get(file, "attempts")))
        return file;
    json_decref(file);
    return json_pack("{s:[]}", "attempts");
}

int submission_begin_attempt(const char *results, const char *id, int task, int at_once, int *number,
                             struct error *err) {
    char path[PATH_SIZE];
    json_t *file = attempts_path(path, results, id, task, err) ? NULL : read_attempts(path, err);
    json_t *attempts = json_object_get(file, "attempts");
    if (!file)
        return -1;
    *number = (int)json_array_size(attempts);
    const json_t *last = json_array_get(attempts, (size_t)*number - 1);
    int before = (int)json_integer_value(json_object_get(last, "at_once")),
        silent = last && !json_object_get(last, "ended"),
        bounded = json_is_true(json_object_get(last, "bounded"));
    if (silent && before > 1)
        before /= 2;
    if ((silent || bounded) && before && (!at_once || at_once > before)) {
        at_once = before;
        bounded = 1;
    }
    const char *job = getenv("SLURM_JOB_ID");
    json_array_append_new(attempts, json_pack("{s:s, s:i, s:s, s:i, s:b}", "host", host_name(), "process",
                                              (int)getpid(), "job", job ? job : "", "at_once",
                                              at_once ? at_once : limits_cores(), "bounded", bounded));
    int failed = json_write(path, file, err);
    json_decref(file);
    return failed ? -1 : at_once;
}

int submission_end_attempt(const char *results, const char *id, int task, int number, const char *how,
                           struct error *err) {
    char path[PATH_SIZE];
    json_t *file = attempts_path(path, results, id, task, err) ? NULL : read_attempts(path, err);
    json_t *attempt = json_array_get(json_object_get(file, "attempts"), (size_t)number);
    if (!file)
        return -1;
    json_object_set_new(attempt, "ended", json_string(how));
    int failed = attempt ? json_write(path, file, err) : 0;
    json_decref(file);
    return failed ? -1 : 0;
}

int submission_silent(const char *results, const json_t *submission, int *fewest) {
    int silent = 0, tasks = (int)json_array_size(json_object_get(submission, "tasks"));
    *fewest = 0;
    for (int t = 0; t < tasks; t++) {
        char path[PATH_SIZE];
        struct error ignored = {0};
        const json_t *one;
        size_t i;
        json_t *file = attempts_path(path, results, json_field_text(submission, "id"), t, &ignored)
                           ? NULL
                           : read_attempts(path, &ignored);
        json_array_foreach(json_object_get(file, "attempts"), i, one) if (!json_object_get(one, "ended")) {
            int at_once = (int)json_integer_value(json_object_get(one, "at_once"));
            silent++;
            if (at_once && (!*fewest || at_once < *fewest))
                *fewest = at_once;
        }
        json_decref(file);
    }
    return silent;
}
