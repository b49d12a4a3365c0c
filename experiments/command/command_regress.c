// SPDX-License-Identifier: Apache-2.0
// reff regress: is the training still as good as the reference?
#include "core/base/memory.h"
#include "core/base/options.h"
#include "experiments/command/commands.h"
#include "experiments/plan/home.h"
#include "experiments/regress/regress.h"

#include <errno.h>
#include <ftw.h>
#include <stdlib.h>
#include <string.h>

struct regress_options {
    char profile[SETTING_TEXT_SIZE], reference[SETTING_TEXT_SIZE], results[SETTING_TEXT_SIZE];
    int seeds, jobs, threads, write, statistics_only;
    double alpha;
};

static const struct setting schema[] = {
    SETTING_PATH(struct regress_options, profile, "regress", "NAME", "profile (or a file) of the runs"),
    SETTING_PATH(struct regress_options, reference, "", "FILE",
                 "the reference; none: results/reference/<profile>.json"),
    SETTING_COUNT(struct regress_options, seeds, "4", 1, 8, "",
                  "how many of the profile's seeds are trained, the first ones"),
    {"alpha", SETTING_TYPE_REAL, offsetof(struct regress_options, alpha), "0.01", 1e-6, 0.5, 0, "",
     "chance that noise alone fails the check", 0},
    SETTING_SWITCH(struct regress_options, statistics_only, "do not compare the trained networks bit by bit"),
    SETTING_SWITCH(struct regress_options, write, "train all of the profile's seeds and write the reference"),
    SETTING_PATH(struct regress_options, results, "", "DIR",
                 "keep the runs there, and use those that are there already; none: keep nothing"),
    SETTING_COUNT(struct regress_options, jobs, "0", 0, 1024, "runs",
                  "runs at a time; 0: as cores and memory allow"),
    SETTING_COUNT(struct regress_options, threads, "0", 0, 1024, "threads", "of each run; 0: cores / jobs"),
    SETTING_END,
};

static const struct command command = {
    .name = "regress",
    .arguments = "",
    .summary = "Check that training still gives the reference's results.",
    .description =
        "Trains the cells of experiments/regress/regress.ini and compares them with a reference. A program "
        "with the reference's build must give the same networks, bit by bit. With another build, accuracy, "
        "drift of batch norm's statistics and focus are compared by one-sided tests, whose false-alarm rate "
        "and power are printed. Exit status 1 when the check fails.",
    .example = "reff regress",
    .minimum_words = 0,
    .maximum_words = 0,
    .schema = schema,
};

// "1,2,3,4": the first `count` seeds.
static void list_seeds(struct text *out, const struct seeds *seeds, int count) {
    for (int i = 0; i < count && i < seeds->count; i++)
        text_printf(out, "%llu,", (unsigned long long)seeds->values[i]);
}

static int ask(struct request *r, const struct regress_options *o, const char *results, struct error *err) {
    struct request_options request;
    struct profile profile;
    char table[PATH_SIZE], *words[] = {table};
    memset(&request, 0, sizeof request);
    memset(r, 0, sizeof *r);
    snprintf(request.profile, sizeof request.profile, "%s", o->profile);
    snprintf(request.results, sizeof request.results, "%s", results);
    int failed = profile_read(&profile, o->profile, err);
    if (!failed) {
        if (profile.seeds.count > REGRESS_SEEDS_MAXIMUM)
            failed = fail_usage(err, "%s: more than %d seeds", profile.path, REGRESS_SEEDS_MAXIMUM);
        struct text seeds = {0};
        list_seeds(&seeds, &profile.seeds, o->write ? profile.seeds.count : o->seeds);
        if (!failed)
            failed = text_check(&seeds, "a list of seeds", err);
        snprintf(request.seeds, sizeof request.seeds, "%s", text_string(&seeds));
        text_free(&seeds);
    }
    profile_free(&profile);
    return failed || home_path(table, "regress/regress.ini", err) ||
                   request_read(r, &request, words, 1, &real_work, err)
               ? -1
               : 0;
}

static int reference_path(const struct regress_options *o, const struct request *r, char out[PATH_SIZE],
                          struct error *err) {
    char name[PATH_SIZE];
    if (*o->reference) {
        snprintf(out, PATH_SIZE, "%s", o->reference);
        return 0;
    }
    snprintf(name, sizeof name, "../results/reference/%s.json", r->profile.name);
    return home_path(out, name, err);
}

static int check(const struct regress_options *o, const json_t *now, const char *path, struct error *err) {
    struct regress_result result;
    json_t *reference = json_read(path, err);
    int failed =
        !reference || regress_compare(reference, now, path, !o->statistics_only, o->alpha, &result, err);
    json_decref(reference);
    if (failed)
        return -1;
    regress_print(stdout, &result);
    if (standard_output_flush(err))
        return -1;
    if (!regress_fails(&result))
        return 0;
    return result.bits == BITS_DIFFER
               ? fail(err,
                      "%s: the trained networks have other bits (%s); if the change is meant, raise "
                      "TRAINER_REVISION and "
                      "write the reference anew (reff regress --write)",
                      path, result.where)
               : fail(err, "%s: %d of %d tests failed", path, result.failed_count, result.test_count);
}

static int lacks_reference(const char *path, struct error *err) {
    int there = file_is_there(path, err);
    return there ? there < 0 : fail(err, "%s: there is no reference; reff regress --write makes it", path);
}

static int run(const struct regress_options *o, const char *results, struct error *err) {
    struct request r;
    char path[PATH_SIZE];
    const struct sweep_options sweep = {.results = results,
                                        .label = "regress",
                                        .jobs = o->jobs,
                                        .threads = o->threads,
                                        .keep_shards = 1,
                                        .log = stderr};
    json_t *now = NULL;
    int failed = ask(&r, o, results, err) || reference_path(o, &r, path, err) ||
                 (!o->write && lacks_reference(path, err)) || sweep_run(&r.plan, &real_work, &sweep, err) ||
                 !(now = regress_measure(&r, results, err));
    if (!failed)
        failed = o->write ? json_write(path, now, err) : check(o, now, path, err);
    if (!failed && o->write)
        printf("Written to %s.\n", path);
    json_decref(now);
    request_free(&r);
    return failed ? -1 : 0;
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *place) {
    (void)status, (void)type, (void)place;
    return remove(path);
}

int command_regress(int argc, char **argv, struct error *err) {
    struct regress_options o;
    struct words words;
    int result = options_parse(&command, argc, argv, &o, &words, err);
    if (result)
        return result < 0 ? -1 : 0;
    if (*o.results)
        return folder_make(o.results, err) || run(&o, o.results, err) ? -1 : 0;
    // Runs are known by their settings, not by the program's revision: what is checked must be trained now.
    const char *parent = getenv("TMPDIR");
    char folder[PATH_SIZE];
    snprintf(folder, sizeof folder, "%.4000s/reff-regress-XXXXXX", parent && *parent ? parent : "/tmp");
    if (!mkdtemp(folder))
        return fail_system(err, errno, "%s", folder);
    result = run(&o, folder, err);
    nftw(folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    return result;
}
