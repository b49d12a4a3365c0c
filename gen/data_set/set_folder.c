// SPDX-License-Identifier: Apache-2.0
#include "gen/data_set/data_set.h"
#include "gen/photographs/folder.h"

#include <stdio.h>

static const char description[] = "Your own images with their annotations. --images names a folder or an "
                                  "archive (.zip, .tar.gz, .tar), which is read "
                                  "in place; the classes are its folders, or a list says them:\n\n  "
                                  "CLASS/FILE, train/CLASS/FILE, test/CLASS/FILE\n  "
                                  "metadata.csv or metadata.jsonl with file_name, label (Hugging Face's "
                                  "imagefolder, WILDS)\n  --labels FILE.csv\n\n"
                                  "--masks names the masks: the same paths, but for the ending. 0 and 255, 0 "
                                  "and 1, palettes and colours are told from "
                                  "their values, and what was taken is said. A list may name masks "
                                  "(mask_file_name) or boxes (x, y, w, h in pixels). An "
                                  "image without an annotation counts as not annotated. Where nothing names "
                                  "splits, a digest of the seed and the "
                                  "image's name draws them: more images change no other's split.\n\nPixels "
                                  "are taken as they are in the file: gamma, "
                                  "colour profiles and EXIF's orientation are not applied. See also: reff "
                                  "info, preview, verify; docs/own-data.md.";

static void describe(const struct data_set *set, const union data_settings *s, char *out, size_t size) {
    (void)set;
    snprintf(out, size, "%.200s, photographs of one's own", s->folder.title);
}

static json_t *inputs(const union data_settings *s, struct error *err) {
    return folder_inputs(&s->folder, err);
}

static int generate(const union data_settings *s, const char *path, progress_function *progress,
                    void *progress_context, struct shard_written *written, struct error *err) {
    return folder_generate(&s->folder, path, progress, progress_context, written, err);
}

static int pixels(const union data_settings *s) {
    return s->folder.pixels;
}

static int classes(const union data_settings *s, struct error *err) {
    return folder_classes(&s->folder, err);
}

static int images(const union data_settings *s, struct error *err) {
    return folder_images(&s->folder, err);
}

const struct data_set data_set_folder = {
    .name = "folder",
    .title = "Own images",
    .schema = folder_schema,
    .revision = FOLDER_REVISION,
    .style = {.colour = 3, .marker = 5},
    .contents = "your own images in one HDF5 file, from a folder or an archive",
    .summary = "Write your own images with their annotations into one file, a shard.",
    .description = description,
    .example = "reff gen folder --images birds --masks birds-masks --pixels 112 --output train.h5\n"
               "  reff gen folder --images birds.zip --labels birds.csv --split test --output test.h5",
    .paths = "images masks labels",
    .may_be_missing = 1,
    .many = 1,
    .describe = describe,
    .inputs = inputs,
    .generate = generate,
    .pixels = pixels,
    .classes = classes,
    .images = images};
