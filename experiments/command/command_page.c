// SPDX-License-Identifier: Apache-2.0
// reff page: results as one HTML file.
#include "core/base/memory.h"
#include "experiments/command/commands.h"
#include "experiments/page/page.h"
#include "experiments/plan/home.h"
#include "experiments/suite/claims_plan.h"

#include <stdlib.h>
#include <string.h>

static const struct setting schema[] = {
    REQUEST_SETTINGS,
    REQUEST_COMPARE,
    SETTING_PATH(struct request_options, output, "", "FILE", "the page; none: RESULTS/page/PROFILE.html"),
    SETTING_END,
};

static const struct command command = {
    .name = "page",
    .arguments = "[TABLE...]",
    .summary = "Write results as one HTML file: claims, tables, curves, Grad-CAMs, provenance.",
    .description =
        "TABLE is as for reff run; without one the paper's tables are shown, and those of suites (rivals) of "
        "which runs "
        "are done. The page holds all that it shows and "
        "fetches "
        "nothing; it can be read without scripts, which only filter by method, data set and seed. Grad-CAMs "
        "are "
        "those that reff figure drew. Nothing is run; reff run --page FILE renews the page while it works.",
    .example = "reff page --profile quick\n  reff page table1 --output table1.html",
    .minimum_words = 0,
    .maximum_words = -1,
    .schema = schema,
};

// ---------------------------------------------------------------------------------------- without a TABLE

enum { WORDS_MAXIMUM = 64 };

struct everything { // "tables", and the tables of suites by name
    char names[WORDS_MAXIMUM][SETTING_WORD_SIZE];
    char *words[WORDS_MAXIMUM];
    int count;
};

static int find_everything(struct everything *all, struct error *err) {
    char *rest;
    struct text names = {0};
    struct table *t = allocate(1, sizeof *t, "a table", err);
    int failed = !t || home_list(&names, "tables", err);
    snprintf(all->names[0], SETTING_WORD_SIZE, "tables");
    all->count = 1;
    for (char *name = failed || !names.length ? NULL : strtok_r(names.bytes, " ", &rest); name && !failed;
         name = strtok_r(NULL, " ", &rest)) {
        int unread = table_read(t, name, err);
        failed = unread && home_leave_out(err);
        if (!unread && *t->suite && all->count < WORDS_MAXIMUM)
            snprintf(all->names[all->count++], SETTING_WORD_SIZE, "%s", name);
    }
    for (int i = 0; i < all->count; i++)
        all->words[i] = all->names[i];
    text_free(&names);
    free(t);
    return failed ? -1 : 0;
}

static int has_cell(const struct plan *plan, const char *digest) {
    for (int i = 0; i < plan->count; i++)
        if (!strcmp(plan->cells[i].digest, digest))
            return 1;
    return 0;
}

// 1 if a run is done that the paper's tables have not; 0; -1 with a message.
static int has_others(const struct plan *all, const struct plan *papers, const char *results,
                      struct error *err) {
    int found = 0;
    for (int i = 0; i < all->count && !found; i++) {
        struct run_status status;
        if (has_cell(papers, all->cells[i].digest))
            continue;
        if (run_look(results, &all->cells[i], &status, err))
            return -1;
        found = status.state == RUN_DONE;
        run_status_clear(&status);
    }
    return found;
}

// The paper's tables, and those of suites where something of them was run.
static int read_everything(struct request *r, const struct request_options *options, struct error *err) {
    struct everything all;
    struct request papers;
    char *tables[] = {"tables"};
    *r = (struct request){0};
    int failed = request_read(&papers, options, tables, 1, &real_work, err) || find_everything(&all, err) ||
                 request_read(r, options, all.words, all.count, &real_work, err);
    int others = failed ? -1 : has_others(&r->plan, &papers.plan, options->results, err);
    request_free(&papers);
    if (others)
        return others < 0 ? -1 : 0;
    request_free(r);
    return request_read(r, options, tables, 1, &real_work, err);
}

int command_page(int argc, char **argv, struct error *err) {
    struct request_options options = {0}; // of members that are no options of the command, too
    struct request request;
    struct words words;
    char output[PATH_SIZE];
    int result = options_parse(&command, argc, argv, &options, &words, err);
    if (result)
        return result < 0 ? -1 : 0;
    snprintf(output, sizeof output, "%s", options.output);
    result = words.count ? request_read(&request, &options, words.items, words.count, &real_work, err)
                         : read_everything(&request, &options, err);
    if (!result && options.until_decided)
        result = claims_plan_check(&request, options.results, err);
    if (!result)
        result = page_make(&request, options.results, output, 0, err);
    if (!result)
        printf("%s\n", output);
    request_free(&request);
    return result ? -1 : 0;
}
