// SPDX-License-Identifier: Apache-2.0
// reff gen: data sets, and the built-in sources as files.
#include "core/base/digest.h"
#include "core/base/file.h"
#include "core/base/options.h"
#include "core/base/progress.h"
#include "core/shard/shard.h"
#include "gen/command/commands.h"
#include "gen/data_set/data_set.h"
#include "gen/draw/builtin_digits.h"
#include "gen/draw/builtin_textures.h"
#include "gen/export/export_builtin.h"

#include <errno.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SETTINGS_MOST 32 // of a data set, with those added here

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
                  "threads to use, 0: one a core; the bytes are the same for any number"),
    SETTING_END};

static const char textured_mnist_description[] =
    "Textured MNIST: digits of MNIST, each filled with a picture of one texture and laid on a picture of "
    "another.\n"
    "With --p 0 the background's class gives the digit away, with --q 0 the digit's texture does; with --p 1 "
    "--q 1\n"
    "only its shape tells. Digits and textures are drawn by the program unless --mnist and --textures name "
    "files (a\n"
    "folder, .tar.gz or .zip; read in place). A shard is one HDF5 file: images uint8 [N,H,W,3], masks uint8 "
    "[N,H,W]\n"
    "(255 where the digit is), labels, and where each image came from. See also: reff info, preview, verify; "
    "docs/shards.md.";

static const char isic2017_description[] =
    "ISIC2017: photographs of skin lesions with the lesion's outline as annotation; melanoma, seborrheic "
    "keratosis, nevus.\n"
    "--source names the folder with the challenge's files as they were published (read in place; unpacked "
    "archives will\n"
    "do): ISIC-2017_Training_Data.zip, ISIC-2017_Training_Part1_GroundTruth.zip,\n"
    "ISIC-2017_Training_Part3_GroundTruth.csv, and the same for Validation and Test_v2. Without it lesions "
    "are "
    "drawn by the\n"
    "program: stand-ins, of which colour patches, rulers and the like give the class away in training, and "
    "not "
    "in test data.\n"
    "Images that cannot be used are named and counted. See also: reff info, preview, verify; docs/shards.md.";

static const char pets_description[] =
    "Pets: the Oxford-IIIT Pet Dataset, 37 breeds of cats and dogs with the animal's outline as annotation.\n"
    "--source names the folder with images.tar.gz and annotations.tar.gz as they were published (read in "
    "place; unpacked\n"
    "archives will do). Of each breed's images in trainval.txt nine tenths, drawn by the seed, are train, "
    "the "
    "rest\n"
    "validation. Without --source animals are drawn by the program: stand-ins. Images that cannot be used "
    "are "
    "named and\n"
    "counted. See also: reff info, preview, verify; docs/shards.md.";

static void show_progress(void *context, double done, double total, const char *note) {
    struct progress *p = context;
    p->total = total; // with --count 0 the source knows
    progress_update(p, done, note);
}

// The schema of the data set, but for its name, followed by the options of the command.
static void join_schemas(const struct data_set *set, struct setting schema[SETTINGS_MOST]) {
    int count = 0;
    for (const struct setting *s = set->schema; s->name; s++)
        if (strcmp(s->name, "data") != 0)
            schema[count++] = *s;
    for (const struct setting *s = more_options; s->name; s++)
        schema[count++] = *s;
    memset(&schema[count], 0, sizeof *schema);
}

// The shard and its manifest: both or none.
static int write_data_set(const struct data_set *set, const struct data_set_options *o, struct error *err) {
    struct progress progress;
    progress_start(&progress, o->output, "images", 0, 0);
    int bad = set->generate(&o->settings, o->output, show_progress, &progress, err);
    progress_end(&progress);
    if (!bad && (bad = shard_write_manifest(o->output, err)))
        unlink(o->output);
    return bad ? -1 : 0;
}

// "train.h5: 500 images, 10 classes, 13.4 % annotated, 75345678 bytes, sha256 49e1..."
static int say_written(const char *path, struct error *err) {
    struct shard_summary summary;
    struct stat status;
    char manifest_path[SETTING_TEXT_SIZE + 8];
    snprintf(manifest_path, sizeof manifest_path, "%s.sha256", path);
    char *manifest = file_read(manifest_path, 2 * PATH_SIZE, NULL, err); // begins with the digest
    int bad = !manifest || shard_summarise(path, &summary, err);
    if (!bad && stat(path, &status))
        bad = fail_system(err, errno, "%s", path);
    if (!bad)
        fprintf(stderr, "%s: %ld images, %d classes, %.1f %% annotated, %lld bytes, sha256 %.*s\n", path,
                summary.shape.count, summary.shape.classes, 100 * summary.annotated,
                (long long)status.st_size, DIGEST_SIZE - 1, manifest);
    free(manifest);
    return bad ? -1 : 0;
}

static int generate_data_set(const char *name, struct command command, int argc, char **argv,
                             struct error *err) {
    struct setting schema[SETTINGS_MOST];
    const struct data_set *set = data_set_find(name, err);
    if (!set)
        return -1;
    join_schemas(set, schema);
    command.arguments = "";
    command.schema = schema;
    struct data_set_options o;
    struct words words;
    data_set_default(set, &o.settings);
    int parsed = options_parse(&command, argc, argv, &o, &words, err);
    if (parsed)
        return parsed < 0 ? -1 : 0;
    if (!*o.output || !strcmp(o.output, "-"))
        return fail_usage(err, "--output: a file name must be given%s",
                          *o.output ? "; HDF5 cannot be written to standard output" : "");
    if (file_check_target(o.output, err))
        return -1;
    if (file_exists(o.output) && !o.force)
        return fail(err, "%s: is there already; --force replaces it", o.output);
    if (o.threads)
        omp_set_num_threads(o.threads);
    return write_data_set(set, &o, err) || say_written(o.output, err) ? -1 : 0;
}

static int generate_textured_mnist(int argc, char **argv, struct error *err) {
    const struct command command = {
        .name = "gen textured-mnist",
        .summary = "Write images of Textured MNIST with their annotations into one file, a shard.",
        .description = textured_mnist_description,
        .example =
            "reff gen textured-mnist --p 0 --q 1 --size 112 --canvas 224 --seed 5 --split train --count 500 "
            "--output train.h5\n"
            "  reff gen textured-mnist --mnist MNIST/raw --textures dtd-r1.0.1.tar.gz --output train.h5"};
    return generate_data_set("textured-mnist", command, argc, argv, err);
}

static int generate_isic2017(int argc, char **argv, struct error *err) {
    const struct command command = {
        .name = "gen isic2017",
        .summary = "Write ISIC2017's images with their annotations into one file, a shard.",
        .description = isic2017_description,
        .example = "reff gen isic2017 --source ISIC2017 --pixels 112 --split test --output test.h5\n"
                   "  reff gen isic2017 --pixels 32 --count 800 --seed 5 --output drawn.h5"};
    return generate_data_set("isic2017", command, argc, argv, err);
}

static int generate_pets(int argc, char **argv, struct error *err) {
    const struct command command = {
        .name = "gen pets",
        .summary = "Write the images of the Oxford-IIIT Pets with their annotations into one file, a shard.",
        .description = pets_description,
        .example = "reff gen pets --source oxford-iiit-pet --pixels 112 --split test --output test.h5\n"
                   "  reff gen pets --pixels 32 --count 800 --seed 5 --output drawn.h5"};
    return generate_data_set("pets", command, argc, argv, err);
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
            "files\n(--mnist FOLDER) have the same images as those made without --mnist.",
        .example = "reff gen digits --output digits",
        .schema = schema};
    struct export_options o = {.count = 0};
    struct words words;
    int parsed = options_parse(&command, argc, argv, &o, &words, err);
    if (parsed)
        return parsed < 0 ? -1 : 0;
    if (export_builtin_digits(o.output, err))
        return -1;
    fprintf(stderr, "%s: %d digits for training and %d for testing, in 4 files\n", o.output,
            BUILTIN_DIGIT_TRAIN, BUILTIN_DIGIT_TEST);
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
        .description =
            "FOLDER/dtd/images/CLASS/CLASS_NNNN.png for DTD's 47 classes, drawn by the program. Shards made\n"
            "from the default count and size (--textures FOLDER) have the same images as those made without "
            "--textures.",
        .example = "reff gen textures --output textures",
        .schema = schema};
    struct export_options o;
    struct words words;
    int parsed = options_parse(&command, argc, argv, &o, &words, err);
    if (parsed)
        return parsed < 0 ? -1 : 0;
    if (export_builtin_textures(o.output, o.count, o.size, err))
        return -1;
    fprintf(stderr, "%s: %d pictures of %d x %d pixels, %d of each of %d classes\n", o.output,
            o.count * BUILTIN_TEXTURE_CLASSES, o.size, o.size, o.count, BUILTIN_TEXTURE_CLASSES);
    return 0;
}

static const struct {
    const char *name, *summary;
    int (*run)(int argc, char **argv, struct error *err);
} generators[] = {
    {"textured-mnist", "images, annotations and labels of Textured MNIST in one HDF5 file",
     generate_textured_mnist},
    {"isic2017", "ISIC2017's skin lesions in one HDF5 file, from the official archives or drawn",
     generate_isic2017},
    {"pets", "the Oxford-IIIT Pets in one HDF5 file, from the official archives or drawn", generate_pets},
    {"digits", "the built-in digits as MNIST's four files", generate_digits},
    {"textures", "the built-in textures as PNG files", generate_textures},
};

static void print_generators(FILE *out) {
    fputs("usage: reff gen WHAT [options]\n\nGenerate data sets, or the built-in sources of them as "
          "files.\n\nwhat:\n",
          out);
    for (size_t i = 0; i < sizeof generators / sizeof *generators; i++)
        fprintf(out, "  %-16s %s\n", generators[i].name, generators[i].summary);
    fputs("\nreff gen WHAT --help lists the options.\n\n"
          "example:\n  reff gen textured-mnist --size 56 --canvas 64 --count 500 --output train.h5\n",
          out);
}

int command_gen(int argc, char **argv, struct error *err) {
    if (argc < 2)
        return fail_usage(
            err, "gen what? One of textured-mnist, isic2017, pets, digits, textures; see reff gen --help");
    if (!strcmp(argv[1], "--help")) {
        print_generators(stdout);
        return 0;
    }
    for (size_t i = 0; i < sizeof generators / sizeof *generators; i++)
        if (!strcmp(argv[1], generators[i].name))
            return generators[i].run(argc - 1, argv + 1, err);
    return fail_usage(err, "'%.60s' cannot be generated; see reff gen --help", argv[1]);
}
