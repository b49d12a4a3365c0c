// SPDX-License-Identifier: Apache-2.0
// What a run is, and whether a folder's run may be continued or replaced.
#include "core/base/file.h"
#include "core/base/snapshot.h"
#include "core/base/text.h"
#include "core/base/version.h"
#include "core/train/train_internal.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

// What a run of its own depends on; what its folder's settings.json holds.
static json_t *identity_parts(const struct training *r, struct error *err) {
    json_t *parts =
        json_pack("{s:o, s:s, s:s, s:i, s:s}", "settings", settings_json(train_schema, r->settings, 1),
                  "train", shard_content_digest(r->train), "test", shard_content_digest(r->test), "trainer",
                  TRAINER_REVISION, "weights", r->weights);
    if (parts && r->validation)
        json_object_set_new(parts, "validation", json_string(shard_content_digest(r->validation)));
    if (!parts)
        fail_memory(err, "a run's identity");
    return parts;
}

int train_identity(struct training *r) {
    if (r->job->identity) {
        snprintf(r->identity, sizeof r->identity, "%s", r->job->identity);
        return 0;
    }
    json_t *parts = identity_parts(r, r->err);
    int result = parts ? json_digest(parts, r->identity, r->err) : -1;
    json_decref(parts);
    return result;
}

// --------------------------------------------------------------------------------- in what two runs differ

static void add_setting_differences(struct text *out, const json_t *before, const json_t *now) {
    struct train_settings there, here;
    struct error unread = {0};
    settings_default(train_schema, &there);
    settings_default(train_schema, &here);
    if (settings_from_json(train_schema, &there, before, "", &unread) ||
        settings_from_json(train_schema, &here, now, "", &unread)) {
        out->incomplete |= unread.cause == ENOMEM;
        text_add(out, "settings of another version of the program");
        return;
    }
    struct text a = {0}, b = {0};
    for (const struct setting *s = train_schema; s->name; s++) {
        text_clear(&a);
        text_clear(&b);
        settings_add_text(&a, s, &there);
        settings_add_text(&b, s, &here);
        out->incomplete |= a.incomplete || b.incomplete;
        if (s->record && strcmp(text_string(&a), text_string(&b)) != 0)
            text_printf(out, "%s%s %s, not %s", out->length ? "; " : "", s->name,
                        a.length ? text_string(&a) : "none", b.length ? text_string(&b) : "none");
    }
    text_free(&a);
    text_free(&b);
}

// "lr 0.01, not 0.02; another test shard": empty where they are the same.
static void describe_differences(struct text *out, const json_t *before, const json_t *now) {
    static const char *const inputs[][2] = {{"train", "another training shard"},
                                            {"test", "another test shard"},
                                            {"validation", "another validation shard"},
                                            {"weights", "other weights to start from"},
                                            {"trainer", "another version of the program"}};
    add_setting_differences(out, json_object_get(before, "settings"), json_object_get(now, "settings"));
    for (size_t i = 0; i < sizeof inputs / sizeof *inputs; i++) {
        const json_t *a = json_object_get(before, inputs[i][0]), *b = json_object_get(now, inputs[i][0]);
        if (a != b && !json_equal(a, b))
            text_printf(out, "%s%s", out->length ? "; " : "", inputs[i][1]);
    }
}

// ---------------------------------------------------------------------------------------- the folder

static int path_of(char path[PATH_SIZE], const struct training *r, const char *name) {
    return path_join(path, r->err, r->job->folder, name);
}

// What an earlier run left.
static int clear_folder(const struct training *r) {
    static const char *const names[] = {"run.json", "model.safetensors", "best.safetensors", "settings.json"};
    char path[PATH_SIZE];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (path_of(path, r, names[i]) || file_remove(path, r->err))
            return -1;
    }
    if (path_of(path, r, "checkpoint"))
        return -1;
    snapshot_remove(path);
    return 0;
}

// The unfinished run in the folder must be this one.
static int check_unfinished(const struct training *r, const char *path, const json_t *now) {
    char checkpoint[PATH_SIZE];
    struct error unreadable = {0};
    if (path_of(checkpoint, r, "checkpoint"))
        return -1;
    int begun = file_is_there(checkpoint, r->err), told = begun == 1 ? file_is_there(path, r->err) : begun;
    if (told != 1)
        return told;
    json_t *before = json_read(path, &unreadable);
    struct text differences = {0};
    if (!before && unreadable.cause) {
        *r->err = unreadable;
        return -1;
    }
    if (before) // a damaged one says nothing; the checkpoint knows its identity
        describe_differences(&differences, before, now);
    json_decref(before);
    int differs = text_check(&differences, "what differs", r->err) || differences.length != 0;
    if (differs && !differences.incomplete)
        fail(r->err, "%s: its unfinished run has %s; --force begins anew", r->job->folder,
             text_string(&differences));
    text_free(&differences);
    return differs ? -1 : 0;
}

// Of a damaged record nobody knows whether the run was finished.
static int refuse_finished(const struct training *r, const char *record) {
    struct error unread = {0};
    json_t *run = json_read(record, &unread);
    int whole = run && json_object_get(run, "state");
    json_decref(run);
    if (!run && unread.cause)
        return *r->err = unread, -1;
    return whole ? fail(r->err, "%s: holds a finished run; --force replaces it", r->job->folder)
                 : fail(r->err, "%s: damaged, no record of a run; --force begins anew", record);
}

int train_claim_folder(struct training *r) {
    char record[PATH_SIZE], settings[PATH_SIZE];
    if (path_of(record, r, "run.json") || path_of(settings, r, "settings.json"))
        return -1;
    if (r->job->identity) // an earlier run's record would pass for this one's
        return file_remove(record, r->err);
    if (r->job->force && clear_folder(r))
        return -1;
    int finished = file_is_there(record, r->err);
    if (finished)
        return finished < 0 ? -1 : refuse_finished(r, record);
    json_t *now = identity_parts(r, r->err);
    int failed = !now || check_unfinished(r, settings, now) || json_write(settings, now, r->err);
    json_decref(now);
    return failed ? -1 : 0;
}
