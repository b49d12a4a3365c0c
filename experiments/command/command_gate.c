// SPDX-License-Identifier: Apache-2.0
// reff gate: are these runs as good as the reference's?
#include "core/base/file.h"
#include "core/base/json.h"
#include "core/base/notice.h"
#include "core/base/options.h"
#include "experiments/command/commands.h"
#include "experiments/regress/gate.h"

#include <stdio.h>

struct gate_options {
    char reference[SETTING_TEXT_SIZE], metrics[SETTING_TEXT_SIZE];
    double alpha;
    int other_settings, write, force;
};

typedef struct gate_options O;

static const struct setting schema[] = {
    SETTING_PATH(O, reference, NULL, "FILE", "JSON file of the reference's runs"),
    SETTING_PATH(
        O, metrics, "", "NAMES",
        "numbers that are compared (accuracy,worst_group,ece); none: accuracy, worst_group, pointing.layer4"),
    {"alpha", SETTING_TYPE_REAL, offsetof(O, alpha), "0.01", 1e-6, 0.5, 0, "",
     "chance that noise alone fails the gate", 0},
    SETTING_SWITCH(O, other_settings, "compare though settings differ, as when these are what changed"),
    SETTING_SWITCH(O, write, "write the reference from these runs"),
    SETTING_SWITCH(O, force, "with --write: replace a reference that is there"),
    SETTING_END,
};

static const struct command command = {
    .name = "gate",
    .arguments = "RUN...",
    .summary = "Check that runs are as good as those of a reference.",
    .description = "RUN is the folder of a run (reff train --output, or one in results/runs), several for "
                   "several seeds. Each number "
                   "is compared by a one-sided t test in the direction of worse, as reff regress does, with "
                   "the reference's spread "
                   "over seeds; seeds that RUN has are left out of the reference. One RUN needs 3 other "
                   "seeds in the reference, two or "
                   "more need twice as many. Runs with the reference's bits pass. Exit status 1 when the "
                   "gate fails, with the numbers "
                   "that do. See also: docs/regress.md.",
    .example = "reff gate run-1 run-2 run-3 run-4 run-5 --reference reference.json --write\n"
               "  reff gate run-new --reference reference.json",
    .minimum_words = 1,
    .maximum_words = -1,
    .schema = schema,
};

static int write_reference(const struct gate_options *o, const json_t *now, struct error *err) {
    int count = (int)json_array_size(json_object_get(now, "runs"));
    if (count < regress_reference_needed(1))
        return fail_usage(err, "--write: a reference needs %d runs of different seeds, not %d",
                          regress_reference_needed(1), count);
    if (file_check_free(o->reference, o->force, err) || json_write(o->reference, now, err))
        return -1;
    printf("Written to %s: %d runs.\n", o->reference, count);
    return 0;
}

static void print_result(const struct regress_result *r) {
    if (r->bits == BITS_EQUAL)
        puts(
            r->test_count
                ? "The same bits as the reference's runs of these seeds; the tests below are for information."
                : "The same bits as the reference's runs of these seeds.");
    if (!r->test_count)
        return;
    regress_print_tests(stdout, r);
    printf("\n+-: sample standard deviation over seeds, their number in brackets. A test fails below p = "
           "%.2g (%.2g over %d "
           "tests).\nfound: the loss that the test finds with a chance of %.0f %%, in the number's unit.\n",
           r->alpha_each, r->alpha, r->test_count, 100 * REGRESS_POWER);
}

static int compare(const struct gate_options *o, const json_t *now, struct error *err) {
    struct regress_result result;
    struct text notices = {0}, failures = {0};
    json_t *reference = json_read(o->reference, err);
    int bad = !reference || gate_compare(reference, now, o->reference, o->metrics, o->alpha,
                                         o->other_settings, &notices, &result, err);
    notice_print(&notices);
    json_decref(reference);
    if (bad)
        return -1;
    print_result(&result);
    if (standard_output_flush(err))
        return -1;
    gate_add_failures(&failures, &result);
    bad = text_check(&failures, "failures", err) ||
          (failures.length && fail(err, "%s: worse: %s", o->reference, text_string(&failures)));
    text_free(&failures);
    return bad ? -1 : 0;
}

int command_gate(int argc, char **argv, struct error *err) {
    struct gate_options o;
    struct words words;
    int result = options_parse(&command, argc, argv, &o, &words, err);
    if (result)
        return result < 0 ? -1 : 0;
    if (o.force && !o.write)
        return fail_usage(err, "--force: means something with --write alone");
    json_t *now = gate_read_runs(words.items, words.count, err);
    if (!now)
        return -1;
    result = o.write ? write_reference(&o, now, err) : compare(&o, now, err);
    json_decref(now);
    return result;
}
