// SPDX-License-Identifier: Apache-2.0
#include "gen/fetch/fetch.h"

#include "gen/fetch/download.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

int fetch_target(char out[PATH_SIZE], const struct source *source, const char *data, struct error *err) {
    return path_join(out, err, data, source->path);
}

// ---------------------------------------------------------------------------------------- pinned digests

static int pins_path(char out[PATH_SIZE], const char *data, struct error *err) {
    return path_join(out, err, data, "digests.json");
}

// An object, empty where there is no file yet. NULL on failure.
static json_t *pins_read(const char *data, struct error *err) {
    char path[PATH_SIZE];
    if (pins_path(path, data, err))
        return NULL;
    int there = file_is_there(path, err);
    if (there < 0)
        return NULL;
    json_t *pins = there ? json_read(path, err) : json_object();
    if (pins && !json_is_object(pins)) {
        fail(err, "%s: no JSON object", path);
        json_decref(pins);
        pins = NULL;
    }
    return pins;
}

static const char *pinned(const json_t *pins, const struct source *source) {
    return json_string_value(json_object_get(json_object_get(pins, source->path), "sha256"));
}

static int pin(json_t *pins, const struct source *source, const char *url, const struct fetch_result *r,
               const char *data, struct error *err) {
    char path[PATH_SIZE], date[32];
    time_t now = time(NULL);
    struct tm utc;
    strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &utc));
    json_t *entry = json_pack("{ss sI ss ss}", "sha256", r->sha256, "bytes", (json_int_t)r->bytes, "url", url,
                              "date", date);
    if (json_object_set_new(pins, source->path, entry))
        return fail_memory(err, "digests of %s", data);
    return pins_path(path, data, err) || json_write(path, pins, err) ? -1 : 0;
}

// ---------------------------------------------------------------------------------------- is it the file?

static int check_size(const struct source *source, const char *path, const char *name, struct fetch_result *r,
                      struct error *err) {
    struct stat status;
    if (stat(path, &status))
        return fail_system(err, errno, "%s", path);
    if (!S_ISREG(status.st_mode))
        return fail(err, "%s: not a regular file", path);
    r->bytes = (double)status.st_size;
    if (source->bytes > 0 && r->bytes != source->bytes)
        return fail(err, "%s: %.0f bytes instead of %.0f", name, r->bytes, source->bytes);
    return 0;
}

// The file at `path` against what is known of it; `name` begins the message. Fills *r.
static int check(const struct source *source, const char *path, const char *name, const json_t *pins,
                 struct fetch_result *r, struct error *err) {
    char md5[DIGEST_SIZE] = "";
    const char *pin = pinned(pins, source);
    if (check_size(source, path, name, r, err) || digest_file(path, r->sha256, err) ||
        (*source->md5 && digest_file_md5(path, md5, err)))
        return -1;
    if (strcmp(md5, source->md5))
        return fail(err, "%s: wrong bytes: MD5 %s instead of %s", name, md5, source->md5);
    if (*source->sha256 && strcmp(r->sha256, source->sha256))
        return fail(err, "%s: wrong bytes: SHA-256 %s instead of %s", name, r->sha256, source->sha256);
    int published = *source->md5 || *source->sha256;
    if (!published && pin && strcmp(r->sha256, pin))
        return fail(err,
                    "%s: SHA-256 %s instead of %s, pinned in digests.json (remove its entry there to accept "
                    "another file)",
                    name, r->sha256, pin);
    snprintf(r->how, sizeof r->how, "%s",
             *source->sha256 ? "SHA-256 as published"
             : *source->md5  ? "MD5 as published"
             : pin           ? "SHA-256 as pinned"
                             : "no digest published");
    r->pinned_now = !published && !pin;
    return 0;
}

// ---------------------------------------------------------------------------------------- getting it

// From one address. Where the transfer continued an earlier one and the whole is wrong, the earlier bytes may
// be at fault: once more without them.
static int fetch_from(const struct source *source, const char *url, const char *target,
                      const struct fetch_settings *settings, const json_t *pins, struct fetch_result *r,
                      struct error *err) {
    struct download d = {.url = url,
                         .target = target,
                         .bytes = source->bytes,
                         .maximum = settings->maximum,
                         .verifiable = *source->md5 || *source->sha256 || pinned(pins, source),
                         .patience = settings->patience,
                         .tries = settings->tries};
    char name[PATH_SIZE + SETTING_TEXT_SIZE];
    snprintf(name, sizeof name, "%s: %s", target, url);
    for (int again = 0;; again++) {
        struct download_result got = {0};
        if (download_run(&d, &got, err))
            return -1;
        if (!check(source, got.partial, name, pins, r, err))
            return download_publish(&got, target, err);
        download_discard(&got);
        if (!got.resumed || again)
            return -1;
    }
}

static int make_parent(const char *target, char parent[PATH_SIZE], struct error *err) {
    snprintf(parent, PATH_SIZE, "%s", target);
    *strrchr(parent, '/') = 0; // there is one: the target is "DATA/PATH"
    return folder_make(parent, err);
}

// `failed` gets what is wrong with each address but the last that was tried, which is in err.
static int fetch_missing(const struct source *source, const char *target,
                         const struct fetch_settings *settings, fetch_failed *failed, void *context,
                         json_t *pins, struct fetch_result *r, struct error *err) {
    const char *const urls[] = {source->url, source->mirror};
    char parent[PATH_SIZE];
    int tried = 0;
    if (folder_make(settings->data, err) || make_parent(target, parent, err))
        return -1;
    for (int i = 0; i < 2 && *urls[i] && err->status != EXIT_INTERRUPTED; i++) {
        if (tried++)
            failed(context, err->message);
        err->status = EXIT_OK;
        if (!fetch_from(source, urls[i], target, settings, pins, r, err))
            return r->pinned_now ? pin(pins, source, urls[i], r, settings->data, err) : 0;
    }
    rmdir(parent); // if nothing is in it
    return -1;
}

static int check_there(const struct source *source, const char *target, const struct fetch_settings *settings,
                       json_t *pins, struct fetch_result *r, struct error *err) {
    if (check(source, target, target, pins, r, err))
        return -1;
    return r->pinned_now ? pin(pins, source, "", r, settings->data, err) : 0;
}

int fetch_source(const struct source *source, const struct fetch_settings *settings, fetch_failed *failed,
                 void *context, struct fetch_result *r, struct error *err) {
    char target[PATH_SIZE];
    int result = -1;
    memset(r, 0, sizeof *r);
    json_t *pins = pins_read(settings->data, err);
    if (pins && !fetch_target(target, source, settings->data, err)) {
        r->was_there = file_is_there(target, err);
        if (r->was_there < 0 && err->cause == ENOTDIR)
            r->was_there = 0; // making its folder tells what lies in the way
        result = r->was_there < 0 ? -1
                 : r->was_there   ? check_there(source, target, settings, pins, r, err)
                                  : fetch_missing(source, target, settings, failed, context, pins, r, err);
    }
    if (result)
        failed(context, err->message);
    json_decref(pins);
    return result;
}
