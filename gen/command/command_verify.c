// SPDX-License-Identifier: Apache-2.0
// reff verify: a shard against its own claims.
#include "core/base/file.h"
#include "core/base/options.h"
#include "gen/command/commands.h"
#include "gen/verify/verify.h"

#include <stdio.h>
#include <string.h>

struct verify_options {
    char mnist[SETTING_TEXT_SIZE], source[SETTING_TEXT_SIZE];
    int json;
};

static const struct setting schema[] = {
    SETTING_PATH(struct verify_options, mnist, "", "PATH",
                 "MNIST's files, where the digits are not built-in"),
    SETTING_PATH(struct verify_options, source, "", "PATH",
                 "ISIC2017's or Pets' official files, or the images of `gen folder`, to compare digests"),
    SETTING_SWITCH(struct verify_options, json, "print the checks as JSON"),
    SETTING_END,
};

static const struct command command = {
    .name = "verify",
    .arguments = "FILE",
    .summary = "Check a shard against its own claims.",
    .description =
        "Checked are: content digest and manifest; labels and provenance, which must be in range; the shares "
        "behind p and q, by exact binomial tests, and the drawn classes, by chi-squared tests (significance "
        "1e-6); every mask against its digit. Of photographs: names, crops, masks and counts. Of drawn "
        "stand-ins: every image, which is drawn again. Exit status 1 when a check fails.",
    .example = "reff verify train.h5",
    .minimum_words = 1,
    .maximum_words = 1,
    .schema = schema,
};

static void print_checks(const json_t *checks) {
    size_t i;
    json_t *check;
    json_array_foreach((json_t *)checks, i, check)
        printf("%-5s %-22s %s\n", json_string_value(json_object_get(check, "outcome")),
               json_string_value(json_object_get(check, "name")),
               json_string_value(json_object_get(check, "detail")));
}

int command_verify(int argc, char **argv, struct error *err) {
    struct verify_options o;
    struct words words;
    int result = options_parse(&command, argc, argv, &o, &words, err);
    if (result)
        return result < 0 ? -1 : 0;
    struct shard *shard = shard_open_to_verify(words.items[0], err);
    json_t *checks = shard ? verify_shard(shard, words.items[0], o.mnist, o.source, err) : NULL;
    shard_close(shard);
    if (!checks)
        return -1;
    int failed = 0, unprinted = 0, count = (int)json_array_size(checks);
    for (int i = 0; i < count; i++)
        failed +=
            !strcmp(json_string_value(json_object_get(json_array_get(checks, (size_t)i), "outcome")), "fail");
    if (o.json) {
        json_t *all = json_pack("{sssbsO}", "file", words.items[0], "passed", !failed, "checks", checks);
        unprinted = json_print(stdout, all, err);
        json_decref(all);
    } else {
        print_checks(checks);
    }
    json_decref(checks);
    if (unprinted || standard_output_flush(err)) // before the error's line, and not only by main
        return -1;
    return failed ? fail(err, "%s: %d of %d checks failed", words.items[0], failed, count) : 0;
}
