// SPDX-License-Identifier: Apache-2.0
// reff table: tables and claims from the results that are there.
#include "core/base/memory.h"
#include "experiments/command/commands.h"
#include "experiments/results/aggregate.h"
#include "experiments/suite/claims_plan.h"
#include "experiments/suite/request.h"

#include <stdlib.h>
#include <string.h>

static const struct setting schema[] = {
    REQUEST_SETTINGS,
    REQUEST_COMPARE,
    SETTING_CHOICE(struct request_options, format, "md", "md csv tex json", "format"),
    SETTING_PATH(struct request_options, metric, "accuracy", "NAME",
                 "recorded number to show (worst_group_accuracy, cam_inside.layer4); list: their names"),
    SETTING_SWITCH(struct request_options, aggregate,
                   "columns over all rows: interquartile mean, probability of improvement"),
    SETTING_END,
};

static const struct command command = {
    .name = "table",
    .arguments = "TABLE...",
    .summary = "Print tables and claims from the results that are there.",
    .description = "TABLE is a file in experiments/tables (table1a), a table with all its parts (table1), "
                   "every table (tables), or a path. Nothing is run; a cell without results says why. Claims "
                   "are tested together over all tables that are named.",
    .example = "reff table table1 --profile quick --format csv",
    .minimum_words = 1,
    .maximum_words = -1,
    .schema = schema,
};

static int print_aggregate(const struct table_result *table, enum sheet_format format, struct error *err) {
    struct sheet sheet = {0};
    aggregate_sheet(&sheet, table);
    int failed = sheet_print(stdout, format, &sheet, err);
    sheet_free(&sheet);
    return failed;
}

// The tables of results, with another number than accuracy where one was asked for: those that have it.
static int print_tables(struct request_results *results, const struct request *r,
                        const struct request_options *options, enum sheet_format format, struct error *err) {
    int printed = 0, *kept = allocate((size_t)r->table_count + 1, sizeof *kept, "tables", err);
    if (!kept)
        return -1;
    int failed = metric_select(results->tables, r->table_count, options->metric, format, kept, err);
    if (*options->metric && strcmp(options->metric, "accuracy"))
        results->claim_count = 0; // they are about accuracy
    for (int t = 0; t < r->table_count && !failed; t++) {
        if (!kept[t])
            continue;
        if (printed++)
            putchar('\n');
        failed = options->aggregate ? print_aggregate(&results->tables[t], format, err)
                                    : table_result_print(stdout, format, &results->tables[t], results->claims,
                                                         results->claim_count, results->provenance[t], err);
    }
    for (int t = 0, left_out = 0; t < r->table_count && !failed; t++)
        if (!kept[t])
            fprintf(stderr, "%s%s",
                    left_out++ ? ", " : "without this number and left out: ", r->tables[t].name);
    if (!failed && printed < r->table_count)
        fputc('\n', stderr);
    free(kept);
    return failed ? -1 : 0;
}

static int print(const struct request *r, const struct request_options *options, struct error *err) {
    struct request_results results;
    int failed = request_results_read(&results, r, options->results, err);
    enum sheet_format format = 0;
    while (format < SHEET_FORMATS - 1 && strcmp(sheet_format_names[format], options->format))
        format++;
    if (!failed && !strcmp(options->metric, "list")) {
        metric_list(stdout, results.tables, r->table_count);
        request_results_free(&results, r);
        return 0;
    }
    failed = failed || print_tables(&results, r, options, format, err) ||
             (!options->aggregate && request_print(stdout, format, r, err));
    request_results_free(&results, r);
    return failed ? -1 : 0;
}

int command_table(int argc, char **argv, struct error *err) {
    struct request_options options = {0}; // of members that are no options of the command, too
    struct request request;
    struct words words;
    int result = options_parse(&command, argc, argv, &options, &words, err);
    if (result)
        return result < 0 ? -1 : 0;
    result = request_read(&request, &options, words.items, words.count, &real_work, err);
    if (!result && options.until_decided)
        result = claims_plan_check(&request, options.results, err);
    if (!result)
        result = print(&request, &options, err);
    request_free(&request);
    return result;
}
