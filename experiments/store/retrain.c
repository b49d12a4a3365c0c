// SPDX-License-Identifier: Apache-2.0
#include "experiments/store/retrain.h"

#include "experiments/store/same_build.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

int retrain_is_recorded(const char *results, const struct cell *cell, struct error *err) {
    struct cell any = *cell;
    struct run_status status;
    any.needs_model = 0;
    if (run_look(results, &any, &status, err))
        return -1;
    run_status_clear(&status);
    return status.state == RUN_DONE;
}

int retrain_folder(char out[PATH_SIZE], const char *results, const struct cell *cell, struct error *err) {
    return run_file(out, results, cell, "again", err);
}

// {"model_sha256", ...} for model.json, NULL where the bits are the recorded ones.
static json_t *deviation(const json_t *recorded, const json_t *again) {
    const json_t *before = json_object_get(recorded, "model_sha256"),
                 *now = json_object_get(again, "model_sha256");
    char difference[200];
    if (json_equal(before, now))
        return NULL;
    json_t *build_before = build_of(recorded), *build_now = build_of(again);
    if (!build_difference(build_before, build_now, difference, sizeof difference))
        snprintf(difference, sizeof difference, "none that is recorded");
    json_decref(build_before);
    json_decref(build_now);
    return json_pack("{sO? sO? ss sO?}", "model_sha256", now, "recorded_sha256", before, "difference",
                     difference, "provenance", json_object_get(again, "provenance"));
}

// What model.json says comes before the model itself: no model is ever taken for the recorded one that is
// not.
static int put_model(const char *from, const char *to, const char *about, const json_t *deviation,
                     struct error *err) {
    if (deviation ? json_write(about, deviation, err) : file_remove(about, err))
        return -1;
    return rename(from, to) ? fail_system(err, errno, "%s", to) : folder_sync(to, err);
}

int retrain_publish(const char *results, const struct cell *cell, char remark[256], struct error *err) {
    char folder[PATH_SIZE], record[PATH_SIZE], again[PATH_SIZE], from[PATH_SIZE], to[PATH_SIZE],
        about[PATH_SIZE];
    if (retrain_folder(folder, results, cell, err) || path_join(again, err, folder, "run.json") ||
        path_join(from, err, folder, "model.safetensors") ||
        run_file(record, results, cell, "run.json", err) ||
        run_file(to, results, cell, "model.safetensors", err) ||
        run_file(about, results, cell, "model.json", err))
        return -1;
    json_t *recorded = json_read(record, err), *now = recorded ? json_read(again, err) : NULL;
    json_t *other = now ? deviation(recorded, now) : NULL;
    int failed = !now || put_model(from, to, about, other, err);
    json_decref(other);
    json_decref(now);
    json_decref(recorded);
    if (failed)
        return -1;
    folder_remove(folder);
    return retrain_remark(results, cell, remark, err);
}

int retrain_remark(const char *results, const struct cell *cell, char remark[256], struct error *err) {
    char path[PATH_SIZE];
    struct error unread = {0};
    remark[0] = 0;
    int there = run_file(path, results, cell, "model.json", err) ? -1 : file_is_there(path, err);
    if (there < 1)
        return there;
    json_t *about = json_read(path, &unread); // a damaged one: unknown in what
    if (unread.cause)
        return *err = unread, -1;
    const char *difference = json_string_value(json_object_get(about, "difference"));
    snprintf(remark, 256, "model trained again by another build, its bits differ from the record's (in: %s)",
             difference ? difference : "unknown");
    json_decref(about);
    return 0;
}

int retrain_check_model(const char *results, const struct cell *cell, const char *digest, struct error *err) {
    char model[PATH_SIZE], record[PATH_SIZE];
    if (run_file(model, results, cell, "model.safetensors", err) ||
        run_file(record, results, cell, "model.json", err))
        return -1;
    int there = file_is_there(record, err); // made by another build, which it tells
    if (there < 0 || (!there && run_file(record, results, cell, "run.json", err)))
        return -1;
    json_t *about = json_read(record, err);
    const char *recorded = json_string_value(json_object_get(about, "model_sha256"));
    int failed = !about;
    if (!failed && (!recorded || strcmp(recorded, digest) != 0))
        failed = fail(
            err,
            "%s: not the network that %s records (its numbers have the digest %.16s, not %.16s); remove it, "
            "and the run makes it again",
            model, record, digest, recorded ? recorded : "none");
    json_decref(about);
    return failed ? -1 : 0;
}

int retrain_remove_model(const char *results, const struct cell *cell, struct error *err) {
    static const char *const names[] = {"model.safetensors", "model.json"};
    char path[PATH_SIZE];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (run_file(path, results, cell, names[i], err) || file_remove(path, err))
            return -1;
    return 0;
}
