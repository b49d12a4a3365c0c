// SPDX-License-Identifier: Apache-2.0
// reff golden FOLDER: runs every golden case it knows and prints the worst relative error of each quantity.
#include "core/base/options.h"
#include "experiments/command/commands.h"
#include "experiments/golden/golden.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct golden_tally {
    enum precision precision;
    int passed, failed, skipped;
};

static void print_report(void *context, const struct golden_report *r) {
    struct golden_tally *tally = context;
    if (*r->skipped) {
        printf("skip  %-44s %s\n", r->name, r->skipped);
        tally->skipped++;
        return;
    }
    int failed = !golden_report_passes(r);
    printf("%s  %-44s", failed ? "FAIL" : "ok  ", r->name);
    for (int i = 0; i < r->count; i++)
        printf(" %s %.1e%s", r->errors[i].quantity, r->errors[i].worst,
               r->errors[i].worst <= r->errors[i].bound ? "" : "(!)");
    if (r->attempt)
        printf(" (attempt %d, its initial values within a rounding of the file's)", r->attempt + 1);
    printf("\n");
    fflush(stdout);
    *(failed ? &tally->failed : &tally->passed) += 1;
}

// A file that cannot be read is a case that fails; the others are still run.
static void run_file(const char *path, const char *name, struct golden_tally *tally) {
    char kind[32];
    struct error err = {0};
    hid_t file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
    int failed = file < 0 ? fail(&err, "no HDF5 file, or a damaged one")
                          : golden_text(file, "kind", kind, sizeof kind, &err);
    if (!failed && !strcmp(kind, "classifier")) {
        failed = golden_classifier(file, name, tally->precision, print_report, tally, &err);
    } else if (!failed && !strcmp(kind, "pix2pix")) {
        failed = golden_pix2pix(file, name, tally->precision, print_report, tally, &err);
    } else if (!failed && !strcmp(kind, "layers")) {
        failed = golden_layers(file, name, tally->precision, print_report, tally, &err);
    } else if (!failed) {
        struct golden_report skipped = {0};
        snprintf(skipped.name, sizeof skipped.name, "%s", name);
        snprintf(skipped.skipped, sizeof skipped.skipped, "cases of kind %s are not part of this version",
                 kind);
        print_report(tally, &skipped);
    }
    if (file >= 0)
        H5Fclose(file);
    if (!failed)
        return;
    printf("FAIL  %-44s %s: %s\n", name, path, err.message);
    tally->failed++;
}

static int is_hdf5_name(const struct dirent *entry) {
    size_t length = strlen(entry->d_name);
    return length > 3 && !strcmp(entry->d_name + length - 3, ".h5");
}

struct golden_options {
    char precision[SETTING_WORD_SIZE];
};

static const struct setting schema[] = {
    SETTING_CHOICE(struct golden_options, precision, "f32", "f32 bf16",
                   "precision of convolutions' operands (a double build has its own alone)"),
    SETTING_END,
};

static const struct command golden = {
    .name = "golden",
    .arguments = "FOLDER",
    .summary = "Compare the engine with golden files in this build's precision.",
    .description =
        "Prints a line for each case with, per quantity, the worst relative error over all steps. Tolerance: "
        "1e-8 in double; in float about ten times what PyTorch's own float32 shows; in bf16 ten times the "
        "rounding of an operand, for layers and the first step's forward pass alone. In float a network that "
        "fails is run again from initial values within a rounding of the file's, up to three times, since "
        "its loss jumps where a ReLU changes sides. Exit status 1 if any case fails.",
    .example = "reff golden golden/",
    .minimum_words = 1,
    .maximum_words = 1,
    .schema = schema,
};

int command_golden(int argc, char **argv, struct error *err) {
    struct golden_options options;
    struct words words;
    int result = options_parse(&golden, argc, argv, &options, &words, err);
    if (result)
        return result < 0 ? -1 : 0;
    struct dirent **entries;
    const char *folder = words.items[0];
    int count = scandir(folder, &entries, is_hdf5_name, alphasort);
    if (count < 0)
        return fail_system(err, errno, "%s", folder);
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    struct golden_tally tally = {.precision = precision_choose(options.precision)};
    for (int i = 0; i < count; i++) {
        char path[4096];
        snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
        entries[i]->d_name[strlen(entries[i]->d_name) - 3] = 0;
        run_file(path, entries[i]->d_name, &tally);
        free(entries[i]);
    }
    free(entries);
    if (!count)
        return fail(err, "%s: no .h5 files", folder);
    const char *isa = precision_isa(tally.precision);
    printf("%s precision%s%s: %d passed, %d failed, %d skipped\n", precision_name(tally.precision),
           isa ? ", " : "", isa ? isa : "", tally.passed, tally.failed, tally.skipped);
    return tally.failed ? fail(err, "%s: golden cases that fail: %d", folder, tally.failed) : 0;
}
