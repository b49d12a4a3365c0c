// SPDX-License-Identifier: Apache-2.0
// reff export: shards in the formats of other programs.
#include "core/base/notice.h"
#include "core/base/options.h"
#include "core/base/text.h"
#include "gen/command/commands.h"
#include "gen/export/export.h"

#include <ctype.h>
#include <omp.h>
#include <stdio.h>
#include <string.h>

struct export_options {
    char format[SETTING_WORD_SIZE], output[SETTING_TEXT_SIZE];
    char name[SETTING_TEXT_SIZE], url[SETTING_TEXT_SIZE], creator[SETTING_TEXT_SIZE];
    char licence[SETTING_TEXT_SIZE], date[SETTING_TEXT_SIZE], about[SETTING_TEXT_SIZE];
    int tar_size, force, threads;
};

typedef struct export_options O;

static const struct setting schema[] = {
    SETTING_CHOICE(O, format, "imagefolder", EXPORT_FORMAT_NAMES, "what the export is for"),
    SETTING_PATH(O, output, NULL, "DIR", "a folder, absent or empty, or FILE.tar"),
    SETTING_COUNT(O, tar_size, "256", 1, 1048576, "MiB", "webdataset: size of an archive at most"),
    SETTING_PATH(O, name, "", "TEXT", "name of the data set; none: the shards' title"),
    SETTING_PATH(O, url, "", "URL", "where it is published; none: the digest of its content"),
    SETTING_PATH(O, creator, "", "TEXT", "who made it; none: the reff authors"),
    SETTING_PATH(O, licence, "", "TEXT", "licence beside those of the sources, which the shards have"),
    SETTING_PATH(O, date, "", "YYYY-MM-DD", "when it is published; none: SOURCE_DATE_EPOCH, or today"),
    SETTING_PATH(O, about, "", "FILE",
                 "JSON object of properties that croissant.json gets in place of its own"),
    SETTING_SWITCH(O, force, "replace a FILE.tar that is there"),
    SETTING_COUNT(O, threads, "0", 0, 1024, "threads",
                  "how many threads work; 0: all cores; the bytes are the same for any number"),
    SETTING_END,
};

static const struct command command = {
    .name = "export",
    .arguments = "SHARD...",
    .summary = "Write shards as files that other programs read.",
    .description =
        "Images and masks become PNG files with the same pixels; metadata have the label, the class's name, "
        "the "
        "group and every column of the shards. Each SHARD is a split of one data set. "
        "imagefolder: DIR/SPLIT/CLASS/NUMBER.png, as torchvision reads it, with DIR/SPLIT/metadata.jsonl in "
        "Hugging Face's form and masks below DIR/masks; reff gen folder reads it back to the same pixels. "
        "webdataset: archives of samples. "
        "wilds: images and one metadata.csv. Each has README.md (a card), croissant.json (Croissant 1.1 with "
        "RAI "
        "properties), shards.json (the shards' attributes) and SHA256SUMS; the sources' licences go along.\n"
        "\n"
        "FILE.tar holds the same files as DIR; of webdataset it is one archive, with the others beside it. "
        "The built-in "
        "digits and textures as files: reff gen digits, reff gen textures. See also: docs/export.md.",
    .example = "reff export train.h5 test.h5 --format imagefolder --output digits",
    .minimum_words = 1,
    .maximum_words = -1,
    .schema = schema,
};

static int check_date(const char *date, struct error *err) {
    static const char like[] = "0000-00-00";
    size_t i = 0;
    while (like[i] && date[i] && (like[i] == '0' ? isdigit((unsigned char)date[i]) != 0 : date[i] == like[i]))
        i++;
    return !*date || (!like[i] && !date[i])
               ? 0
               : fail_usage(err, "--date: '%.40s' is no date like 2026-11-30", date);
}

static int check(const struct export_options *o, const int *given, struct error *err) {
    if (!*o->output || !strcmp(o->output, "-"))
        return fail_usage(err, "--output: a folder or FILE.tar must be named");
    if (*given && strcmp(o->format, "webdataset") != 0)
        return fail_usage(err, "--tar-size: means something to --format webdataset alone");
    return check_date(o->date, err);
}

// "digits: 3000 images in 2 splits, 6010 files, 12345678 bytes"
static void say_written(const struct export_options *o, const struct export_data *d) {
    char shown[SETTING_TEXT_SIZE];
    long images = 0;
    for (int i = 0; i < d->count; i++)
        images += d->splits[i].shape.count;
    fprintf(stderr, "%s: %ld images in %d split%s as %s, croissant.json, README.md\n",
            text_visible(shown, sizeof shown, o->output), images, d->count, d->count == 1 ? "" : "s",
            o->format);
}

static int write_export(const struct export_options *o, char **paths, int count, const json_t *about,
                        struct error *err) {
    const struct export_settings settings = {
        .format = o->format,
        .output = o->output,
        .tar_size = o->tar_size,
        .force = o->force,
        .words = {o->name, o->url, o->creator, o->licence, o->date, about},
    };
    struct export_data data;
    struct text notices = {0};
    int bad = export_data_open(&data, paths, count, &notices, err);
    notice_print(&notices);
    bad = bad || export_write(&data, &settings, err);
    if (!bad)
        say_written(o, &data);
    export_data_close(&data);
    return bad ? -1 : 0;
}

int command_export(int argc, char **argv, struct error *err) {
    struct export_options o;
    struct words words;
    int given = options_given(settings_find(schema, "tar_size"), argc, argv);
    int result = options_parse(&command, argc, argv, &o, &words, err);
    if (result)
        return result < 0 ? -1 : 0;
    if (check(&o, &given, err))
        return -1;
    json_t *about = *o.about ? json_read(o.about, err) : NULL;
    if (*o.about && !about)
        return -1;
    if (o.threads)
        omp_set_num_threads(o.threads);
    result = about && !json_is_object(about) ? fail(err, "%s: no JSON object", o.about)
                                             : write_export(&o, words.items, words.count, about, err);
    json_decref(about);
    return result;
}
