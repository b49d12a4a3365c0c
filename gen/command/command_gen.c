// SPDX-License-Identifier: Apache-2.0
// reff gen: data sets, and the built-in sources as files.
#include "core/base/file.h"
#include "core/base/options.h"
#include "core/base/options_formats.h"
#include "core/base/progress.h"
#include "core/base/text.h"
#include "core/shard/shard.h"
#include "gen/command/commands.h"
#include "gen/data_set/data_set.h"
#include "gen/draw/builtin_digits.h"
#include "gen/draw/builtin_textures.h"
#include "gen/export/export_builtin.h"

#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SETTINGS_MAXIMUM 32 // of a data set, with those added here

struct data_set_options {
    union data_settings settings; // first: a schema's offsets hold for the whole
    char output[SETTING_TEXT_SIZE];
    int force, threads;
};

static const struct setting more_options[] = {
    SETTING_PATH(struct data_set_options, output, NULL, "FILE",
                 "the shard to write; its digest goes to FILE.sha256"),
    SETTING_SWITCH(struct data_set_options, force, "replace a file that is there"),
    SETTING_COUNT(struct data_set_options, threads, "0", 0, 1024, "threads",
                  "how many threads work; 0: all cores; the bytes are the same for any number"),
    SETTING_END};

static void show_progress(void *context, double done, double total, const char *note) {
    struct progress *p = context;
    p->total = total; // with --count 0 the source knows
    progress_update(p, done, note);
}

// The schema of the data set, but for its name and what is another's, followed by the options of the command.
static void join_schemas(const struct data_set *set, struct setting schema[SETTINGS_MAXIMUM]) {
    int count = 0;
    for (const struct setting *s = set->schema; s->name; s++)
        if (strcmp(s->name, "data") != 0 && (!set->foreign || strcmp(s->name, set->foreign) != 0))
            schema[count++] = *s;
    for (const struct setting *s = more_options; s->name; s++)
        schema[count++] = *s;
    memset(&schema[count], 0, sizeof *schema);
}

// The shard and its manifest: both or none.
static int write_data_set(const struct data_set *set, const struct data_set_options *o,
                          struct shard_written *written, struct error *err) {
    struct progress progress;
    progress_start(&progress, o->output, "images", 0, 0);
    int bad = set->generate(&o->settings, o->output, show_progress, &progress, written, err);
    progress_end(&progress);
    if (!bad && (bad = shard_write_manifest(o->output, written->sha256, err)))
        unlink(o->output);
    return bad ? -1 : 0;
}

// "train.h5: 500 images, 10 classes, 13.4 % annotated, 75345678 bytes, sha256 49e1...". Where every pixel of every mask is
// relevant nothing was marked: the images have no masks.
static void say_written(const char *path, const struct shard_written *written) {
    char shown[SETTING_TEXT_SIZE];
    const struct shard_summary *summary = &written->summary;
    fprintf(stderr, "%s: %ld images, %d classes, ", text_visible(shown, sizeof shown, path),
            summary->shape.count, summary->shape.classes);
    if (summary->annotated < 1)
        fprintf(stderr, "%.1f %% annotated", 100 * summary->annotated);
    else
        fprintf(stderr, "no annotations");
    fprintf(stderr, ", %lld bytes, sha256 %s\n", written->bytes, written->sha256);
}

static int generate_data_set(const struct data_set *set, int argc, char **argv, struct error *err) {
    struct setting schema[SETTINGS_MAXIMUM];
    struct text name = {0};
    text_printf(&name, "gen %s", set->name);
    join_schemas(set, schema);
    const struct command command = {.name = text_string(&name),
                                    .arguments = "",
                                    .summary = set->summary,
                                    .description = set->description,
                                    .example = set->example,
                                    .schema = schema};
    struct data_set_options o;
    struct shard_written written;
    struct words words;
    data_set_default(set, &o.settings);
    int parsed = options_parse(&command, argc, argv, &o, &words, err);
    text_free(&name);
    if (parsed)
        return parsed < 0 ? -1 : 0;
    if (!*o.output || !strcmp(o.output, "-"))
        return fail_usage(err, "--output: a file name must be given%s",
                          *o.output ? "; HDF5 cannot be written to standard output" : "");
    if (file_check_free(o.output, o.force, err))
        return -1;
    if (o.threads)
        omp_set_num_threads(o.threads);
    if (write_data_set(set, &o, &written, err))
        return -1;
    say_written(o.output, &written);
    return 0;
}

// ---------------------------------------------------------------------------------- built-in sources

struct export_options {
    char output[SETTING_TEXT_SIZE];
    int count, size;
};

static int generate_digits(int argc, char **argv, struct error *err) {
    static const struct setting schema[] = {
        SETTING_PATH(struct export_options, output, NULL, "FOLDER", "where to; it must be absent or empty"),
        SETTING_END};
    static const struct command command = {
        .name = "gen digits",
        .arguments = "",
        .summary = "Write the built-in digits as MNIST's four files (IDX, gzip).",
        .description =
            "60,000 digits for training and 10,000 for testing, drawn by the program. Shards made from these "
            "files (--mnist FOLDER) have the same images as those made without --mnist.",
        .example = "reff gen digits --output digits",
        .schema = schema};
    struct export_options o = {.count = 0};
    char shown[SETTING_TEXT_SIZE];
    struct words words;
    int parsed = options_parse(&command, argc, argv, &o, &words, err);
    if (parsed)
        return parsed < 0 ? -1 : 0;
    if (!*o.output)
        return fail_usage(err, "--output: a folder's name must be given");
    if (export_builtin_digits(o.output, err))
        return -1;
    fprintf(stderr, "%s: %d digits for training and %d for testing, in 4 files\n",
            text_visible(shown, sizeof shown, o.output), BUILTIN_DIGIT_TRAIN, BUILTIN_DIGIT_TEST);
    return 0;
}

static int generate_textures(int argc, char **argv, struct error *err) {
    static const struct setting schema[] = {
        SETTING_PATH(struct export_options, output, NULL, "FOLDER", "where to; it must be absent or empty"),
        SETTING_INT(struct export_options, count, "120", 1, 9999, "pictures", "of each of the 47 classes"),
        SETTING_INT(struct export_options, size, "96", 8, 1024, "pixels", "side of a picture"), SETTING_END};
    static const struct command command = {
        .name = "gen textures",
        .arguments = "",
        .summary = "Write the built-in textures as PNG files in DTD's layout.",
        .description = "FOLDER/dtd/images/CLASS/CLASS_NNNN.png for DTD's 47 classes, drawn by the program. "
                       "Shards made from the default count and size (--textures FOLDER) have the same images "
                       "as those made without --textures.",
        .example = "reff gen textures --output textures",
        .schema = schema};
    struct export_options o;
    char shown[SETTING_TEXT_SIZE];
    struct words words;
    int parsed = options_parse(&command, argc, argv, &o, &words, err);
    if (parsed)
        return parsed < 0 ? -1 : 0;
    if (!*o.output)
        return fail_usage(err, "--output: a folder's name must be given");
    if (export_builtin_textures(o.output, o.count, o.size, err))
        return -1;
    fprintf(stderr, "%s: %d pictures of %d x %d pixels, %d of each of %d classes\n",
            text_visible(shown, sizeof shown, o.output), o.count * BUILTIN_TEXTURE_CLASSES, o.size, o.size,
            o.count, BUILTIN_TEXTURE_CLASSES);
    return 0;
}

static const struct {
    const char *name, *summary;
    int (*run)(int argc, char **argv, struct error *err);
} generators[] = {
    // beside the data sets
    {"digits", "the built-in digits as MNIST's four files", generate_digits},
    {"textures", "the built-in textures as PNG files", generate_textures},
};

static void print_generators(FILE *out) {
    fputs("usage: reff gen WHAT [options]\n\nGenerate data sets, or the built-in sources of them as "
          "files.\n\nwhat:\n",
          out);
    for (int i = 0; i < DATA_SETS; i++)
        fprintf(out, "  %-16s %s\n", data_set_list[i]->name, data_set_list[i]->contents);
    for (size_t i = 0; i < sizeof generators / sizeof *generators; i++)
        fprintf(out, "  %-16s %s\n", generators[i].name, generators[i].summary);
    fputs("\nreff gen WHAT --help lists the options.\n\n"
          "example:\n  reff gen textured-mnist --size 56 --canvas 64 --count 500 --output train.h5\n",
          out);
}

static void list_generators(FILE *out) {
    for (int i = 0; i < DATA_SETS; i++)
        fprintf(out, "%s\tword\t%s\n", data_set_list[i]->name, data_set_list[i]->contents);
    for (size_t i = 0; i < sizeof generators / sizeof *generators; i++)
        fprintf(out, "%s\tword\t%s\n", generators[i].name, generators[i].summary);
}

static void print_generators_page(FILE *out) {
    man_head("gen", "generate data sets, and the built-in sources of them as files", out);
    fputs(".SH SYNOPSIS\n.B reff gen\nWHAT [options]\n.SH DESCRIPTION\nWHAT is one of\n", out);
    for (int i = 0; i < DATA_SETS; i++) {
        fprintf(out, ".TP\n.B %s\n", data_set_list[i]->name);
        man_text(data_set_list[i]->contents, out);
    }
    for (size_t i = 0; i < sizeof generators / sizeof *generators; i++) {
        fprintf(out, ".TP\n.B %s\n", generators[i].name);
        man_text(generators[i].summary, out);
    }
    fputs(".PP\nEach has a page of its own, as\n.BR reff\\-gen\\-textured\\-mnist (1).\n.SH SEE ALSO\n.BR "
          "reff (1)\n",
          out);
}

// word: what was asked for instead, and the suggestion for it; or NULL.
static int ask_what(const char *word, const char *suggestion, struct error *err) {
    struct text names = {0};
    for (int i = 0; i < DATA_SETS; i++)
        text_printf(&names, "%s%s", i ? ", " : "", data_set_list[i]->name);
    for (size_t i = 0; i < sizeof generators / sizeof *generators; i++)
        text_printf(&names, ", %s", generators[i].name);
    if (word)
        fail_usage(err, "'%.60s'%s cannot be generated; there are %s", word, suggestion, text_string(&names));
    else
        fail_usage(err, "gen what? One of %s; see reff gen --help", text_string(&names));
    text_free(&names);
    return -1;
}

int command_gen(int argc, char **argv, struct error *err) {
    if (argc < 2)
        return ask_what(NULL, "", err);
    if (!strcmp(argv[1], "--help")) {
        print_generators(stdout);
        return 0;
    }
    if (!strcmp(argv[1], "--help=man")) {
        print_generators_page(stdout);
        return 0;
    }
    if (!strcmp(argv[1], "--help=list")) {
        list_generators(stdout);
        return 0;
    }
    const struct data_set *set = data_set_of(argv[1]);
    if (set)
        return generate_data_set(set, argc - 1, argv + 1, err);
    for (size_t i = 0; i < sizeof generators / sizeof *generators; i++)
        if (!strcmp(argv[1], generators[i].name))
            return generators[i].run(argc - 1, argv + 1, err);
    if (!strncmp(argv[1], "--help=", 7))
        return options_refuse_form(argv[1] + 7, err);
    struct suggestion near;
    suggest_start(&near, argv[1]);
    for (int i = 0; i < DATA_SETS; i++)
        suggest_consider(&near, data_set_list[i]->name);
    for (size_t i = 0; i < sizeof generators / sizeof *generators; i++)
        suggest_consider(&near, generators[i].name);
    return ask_what(argv[1], suggest_text(&near), err);
}
