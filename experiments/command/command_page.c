// SPDX-License-Identifier: Apache-2.0
// reff page: results as one HTML file.
#include "experiments/command/commands.h"
#include "experiments/page/page.h"
#include "experiments/suite/claims_plan.h"

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
        "TABLE is as for reff run; without one, all tables are shown. The page holds all that it shows and "
        "fetches "
        "nothing; it can be read without scripts, which only filter by method, data set and seed. Grad-CAMs "
        "are "
        "those that reff figure drew. Nothing is run; reff run --page FILE renews the page while it works.",
    .example = "reff page --profile quick\n  reff page table1 --output table1.html",
    .minimum_words = 0,
    .maximum_words = -1,
    .schema = schema,
};

int command_page(int argc, char **argv, struct error *err) {
    struct request_options options = {0}; // of members that are no options of the command, too
    struct request request;
    struct words words;
    char *all[] = {"tables"}, output[PATH_SIZE];
    int result = options_parse(&command, argc, argv, &options, &words, err);
    if (result)
        return result < 0 ? -1 : 0;
    snprintf(output, sizeof output, "%s", options.output);
    result = request_read(&request, &options, words.count ? words.items : all, words.count ? words.count : 1,
                          &real_work, err);
    if (!result && options.until_decided)
        result = claims_plan_check(&request, options.results, err);
    if (!result)
        result = page_make(&request, options.results, output, 0, err);
    if (!result)
        printf("%s\n", output);
    request_free(&request);
    return result ? -1 : 0;
}
