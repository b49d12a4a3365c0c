// SPDX-License-Identifier: Apache-2.0
// reff status: where a sweep stands.
#include "experiments/command/commands.h"
#include "experiments/results/simulation.h"
#include "experiments/suite/dry_run.h"
#include "experiments/suite/tuning.h"

static const struct setting schema[] = {
    REQUEST_SETTINGS,
    SETTING_SWITCH(struct request_options, tuning,
                   "count the runs that were spent on choosing settings, with their grids"),
    SETTING_SWITCH(struct request_options, chances,
                   "show by simulation what the profile's looks decide, with how many seeds"),
    SETTING_END,
};

static const struct command command = {
    .name = "status",
    .arguments = "[TABLE...]",
    .summary = "Show which runs of tables are done, failed, unfinished or running.",
    .description =
        "TABLE is as for reff run; without one, all tables are shown. --tuning: the "
        "records under RESULTS/tuning/<trial>/, whose seeds begin at 101, beside those under RESULTS/runs. "
        "--chances: how often claims are "
        "decided, rightly and wrongly, and with how many seeds on average, by the size of the effect in "
        "deviations of one method over the seeds.",
    .example = "reff status table1 --profile quick",
    .minimum_words = 0,
    .maximum_words = -1,
    .schema = schema,
};

enum { EXPERIMENTS = 20000 };

static int show_chances(const char *word, struct error *err) {
    struct profile profile;
    int failed = profile_read(&profile, word, err);
    if (!failed)
        simulation_print(stdout, &profile.looks, EXPERIMENTS);
    profile_free(&profile);
    return failed;
}

int command_status(int argc, char **argv, struct error *err) {
    struct request_options options = {0}; // of members that are no options of the command, too
    struct request request;
    struct words words;
    char first[] = "tables", *standard[] = {first};
    int result = options_parse(&command, argc, argv, &options, &words, err);
    if (result)
        return result < 0 ? -1 : 0;
    if (options.tuning)
        return tuning_print(stdout, options.results, err);
    if (options.chances)
        return show_chances(options.profile, err);
    result = request_read(&request, &options, words.count ? words.items : standard,
                          words.count ? words.count : 1, &real_work, err) ||
             dry_run_status(stdout, &request, options.results, err);
    request_free(&request);
    return result ? -1 : 0;
}
