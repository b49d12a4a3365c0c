// SPDX-License-Identifier: Apache-2.0
// reff fetch: the official files of real data.
#include "core/base/options.h"
#include "gen/command/commands.h"
#include "gen/fetch/fetch.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

struct fetch_options {
    char data[SETTING_TEXT_SIZE], sources[SETTING_TEXT_SIZE], mirror[SETTING_TEXT_SIZE];
    double maximum;
    int patience, tries, dry_run;
};

static const struct setting schema[] = {
    SETTING_PATH(struct fetch_options, data, NULL, "DIR", "data folder: gets mnist/, textures/, models/ ..."),
    SETTING_PATH(struct fetch_options, sources, "", "FILE",
                 "other addresses and digests; none: gen/fetch/sources.ini"),
    SETTING_PATH(struct fetch_options, mirror, "", "URL",
                 "take every file from URL/mnist/..., URL/models/... instead"),
    SETTING_COUNT(struct fetch_options, patience, "60", 1, 86400, "seconds",
                  "how long a transfer may stall before it is given up"),
    SETTING_COUNT(struct fetch_options, tries, "4", 1, 100, "",
                  "attempts at a transfer that stalls or breaks off"),
    SETTING_REAL(struct fetch_options, maximum, "20e9", 1, 1e15, "bytes",
                 "largest file where no size is published"),
    SETTING_SWITCH(struct fetch_options, dry_run,
                   "list the files, their sizes, licences and addresses; fetch nothing"),
    SETTING_END,
};

static const struct command command = {
    .name = "fetch",
    .arguments = "[NAME...]",
    .summary = "Fetch the official files of real data into a data folder.",
    .description =
        "NAME is a set (mnist, dtd, isic2017, pets, models) or one file of it; without a NAME everything is "
        "fetched. Files that are there already are checked and kept, and a transfer that broke off goes on "
        "where it stopped. A file must have its published size and digest; where no digest is published, "
        "that of the first transfer is noted in DIR/digests.json, and later ones must have it. A file that "
        "cannot be fetched stops no other. Exit status 1 when one is missing in the end.",
    .example = "reff fetch --data data mnist dtd",
    .minimum_words = 0,
    .maximum_words = -1,
    .schema = schema,
};

static void print_failure(void *context, const char *message) {
    (void)context;
    fprintf(stderr, "reff fetch: %s\n", message);
}

static void print_result(const struct source *source, const struct fetch_result *r) {
    printf("%-51s %s, %.0f bytes, %s", source->path, r->was_there ? "there" : "fetched", r->bytes, r->how);
    if (r->pinned_now)
        printf(": SHA-256 %s pinned in digests.json", r->sha256);
    printf("\n");
    fflush(stdout); // the next file may take an hour
}

static int fetch_all(const struct source_list *sources, const struct fetch_options *o, struct error *err) {
    struct fetch_settings settings = {
        .data = o->data, .patience = o->patience, .tries = o->tries, .maximum = o->maximum};
    int fetched = 0, there = 0, missing = 0;
    for (int i = 0; i < sources->count; i++) {
        struct fetch_result r;
        struct error why = {0};
        if (fetch_source(&sources->items[i], &settings, print_failure, NULL, &r, &why)) {
            missing++;
            if (why.status == EXIT_INTERRUPTED)
                return fail_interrupted(err, "interrupted; the same call goes on from here");
            continue;
        }
        print_result(&sources->items[i], &r);
        *(r.was_there ? &there : &fetched) += 1;
    }
    printf("%d fetched, %d there, %d missing or wrong\n", fetched, there, missing);
    if (standard_output_flush(err))
        return -1;
    return missing ? fail(err,
                          "%s: %d of %d files are missing or wrong (reasons above); the same call goes on "
                          "from here",
                          o->data, missing, sources->count)
                   : 0;
}

static int list(const struct source_list *sources, const struct fetch_options *o, struct error *err) {
    for (int i = 0; i < sources->count; i++) {
        const struct source *s = &sources->items[i];
        char target[PATH_SIZE], partial[PATH_SIZE + 16], size[40] = "size unknown";
        if (fetch_target(target, s, o->data, err))
            return -1;
        snprintf(partial, sizeof partial, "%s.fetching", target);
        int there = file_is_there(target, err), begun = there < 0 ? -1 : file_is_there(partial, err);
        if (begun < 0)
            return -1;
        if (s->bytes > 0)
            snprintf(size, sizeof size, "%.0f bytes", s->bytes);
        printf("%s: %s\n  for %s; licence: %s\n  %s, %s\n", s->name, s->path, s->use, s->licence, size,
               there   ? "there (not checked)"
               : begun ? "begun"
                       : "missing");
        printf("  %s\n", s->url);
        if (*s->mirror)
            printf("  %s\n", s->mirror);
    }
    return 0;
}

int command_fetch(int argc, char **argv, struct error *err) {
    struct fetch_options o;
    struct words words;
    struct source_list sources = {0};
    int result = options_parse(&command, argc, argv, &o, &words, err);
    if (result)
        return result < 0 ? -1 : 0;
    if (!*o.data)
        return fail_usage(err, "--data: no name of a folder");
    result = source_list_read(&sources, o.sources, err) ||
             source_list_choose(&sources, words.items, words.count, err) ||
             (*o.mirror && source_list_redirect(&sources, o.mirror, err)) ||
             (o.dry_run ? list(&sources, &o, err) : fetch_all(&sources, &o, err));
    source_list_free(&sources);
    return result ? -1 : 0;
}
