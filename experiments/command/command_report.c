// SPDX-License-Identifier: Apache-2.0
// reff report: what the report in paper/ takes from a profile's results.
#include "core/base/options.h"
#include "experiments/command/commands.h"
#include "experiments/report/report.h"

struct report_options {
    char profile[SETTING_TEXT_SIZE], real[SETTING_TEXT_SIZE], results[SETTING_TEXT_SIZE];
};

typedef struct report_options O;

static const struct setting schema[] = {
    SETTING_PATH(O, profile, "quick", "NAME", "profile (or a file) whose results are reported"),
    SETTING_PATH(O, real, "half", "NAME",
                 "profile (or a file) of real data, whose claims stand beside on the first page"),
    SETTING_PATH(O, results, "results", "DIR", "where tables, figures and runs lie"),
    SETTING_END,
};

static const struct command command = {
    .name = "report",
    .arguments = "",
    .summary = "Write the parts of the LaTeX report that come from a profile's results.",
    .description = "Writes the first page, claims, tables, figures, performance and provenance as LaTeX into "
                   "RESULTS/paper/<profile>/, "
                   "from where paper/report.tex takes them. make paper calls it and runs LaTeX.",
    .example = "reff report --profile quick",
    .schema = schema,
};

int command_report(int argc, char **argv, struct error *err) {
    struct report_options options;
    struct words words;
    struct report report;
    int result = options_parse(&command, argc, argv, &options, &words, err);
    if (result)
        return result < 0 ? -1 : 0;
    result = report_read(&report, options.results, options.profile, err) ||
             report_read_real(&report, options.results, options.real, err);
    if (!result && !(result = report_write(&report, err)))
        printf("%s\n", report.folder);
    report_free(&report);
    return result ? -1 : 0;
}
