// SPDX-License-Identifier: Apache-2.0
#include "tests/fuzz/fuzz_targets.h"

#include "core/base/file.h"
#include "core/graph/graph.h"
#include "core/networks/network.h"
#include "core/shard/shard.h"
#include "core/train/weights.h"
#include "gen/photographs/folder_names.h"
#include "gen/read/image.h"
#include "gen/read/members.h"
#include "gen/read/resample.h"
#include "gen/textured_mnist/digits.h"
#include "gen/textured_mnist/texture_set.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

// Whether message and result agree; `bad` is what the parser returned.
static int judge(int bad, const struct error *err) {
    if (!bad)
        return err->message[0] != 0;
    return !err->message[0] || strpbrk(err->message, "\r\n") != NULL;
}

int fuzz_idx(const uint8_t *bytes, size_t size) {
    struct error err = {0}, label_err = {0};
    const uint8_t *items;
    int count = 0;
    volatile unsigned sum = 0; // what is said to be there can be read
    int bad = idx_images("images", bytes, size, &count, &items, &err);
    for (size_t i = 0; !bad && i < (size_t)count * DIGIT_SIZE * DIGIT_SIZE; i++)
        sum += items[i];
    int bad_labels = idx_labels("labels", bytes, size, &count, &items, &label_err);
    for (int i = 0; !bad_labels && i < count; i++)
        sum += items[i];
    return judge(bad, &err) || judge(bad_labels, &label_err);
}

int fuzz_image(const uint8_t *bytes, size_t size) {
    struct error err = {0};
    struct image image;
    int bad = image_decode(bytes, size, "picture", &image, &err);
    volatile unsigned sum = 0;
    for (size_t i = 0; !bad && i < (size_t)image.width * (size_t)image.height * 3; i++)
        sum += image.pixels[i];
    image_free(&image);
    return judge(bad, &err);
}

int fuzz_gzip(const uint8_t *bytes, size_t size) {
    struct error err = {0};
    uint8_t *out = NULL;
    size_t length;
    int bad = members_decompress("file.gz", bytes, size, 1 << 20, &out, &length, &err);
    free(out);
    return judge(bad, &err);
}

// The bytes as a file without a name on disk; its path stays valid until it is closed. -1 on failure.
static int open_in_memory(const uint8_t *bytes, size_t size, char path[64]) {
    int descriptor = memfd_create("fuzz", MFD_CLOEXEC);
    if (descriptor < 0 || write(descriptor, bytes, size) != (ssize_t)size) {
        perror("fuzz");
        abort();
    }
    snprintf(path, 64, "/proc/self/fd/%d", descriptor);
    return descriptor;
}

static int every_file(const void *context, const char *name) {
    (void)context, (void)name;
    return 1;
}

int fuzz_archive(const uint8_t *bytes, size_t size) {
    struct error err = {0};
    struct members members;
    char path[64];
    int descriptor = open_in_memory(bytes, size, path);
    int bad = members_read(path, every_file, NULL, &members, &err);
    members_free(&members);
    close(descriptor);
    return judge(bad, &err);
}

int fuzz_settings(const uint8_t *bytes, size_t size) {
    struct error err = {0};
    char path[64], link[96];
    int descriptor = open_in_memory(bytes, size, path);
    snprintf(link, sizeof link, "/tmp/reff-fuzz-%ld.ini", (long)getpid()); // a set of one's own ends in .ini
    unlink(link);
    if (symlink(path, link))
        abort();
    struct texture_set *set = texture_set_open(link, &err);
    int bad = !set;
    texture_set_close(set);
    unlink(link);
    close(descriptor);
    return judge(bad, &err);
}

int fuzz_safetensors(const uint8_t *bytes, size_t size) {
    struct error err = {0}, setup = {0};
    struct parameters parameters = {0};
    const int matrix[2] = {2, 3}, vector[1] = {2};
    char path[64];
    if (parameters_add(&parameters, "layer.weight", 2, matrix, 1, &setup) < 0 ||
        parameters_add(&parameters, "fc.bias", 1, vector, 1, &setup) < 0 ||
        parameters_allocate(&parameters, &setup))
        abort();
    int descriptor = open_in_memory(bytes, size, path), replaced;
    int bad = weights_load(&parameters, path, &replaced, NULL, &err);
    close(descriptor);
    parameters_free(&parameters);
    return judge(bad, &err);
}

// Every image of a list has an id that is a file's name and nothing more, and a label in range.
static int judge_catalogue(int bad, const struct catalogue *c, const struct remarks *skipped, int most,
                           const struct error *err) {
    int wrong = judge(bad, err);
    for (int i = 0; i < c->count; i++) {
        const struct listed *item = &c->items[i];
        wrong |= !item->id[0] || item->id[0] == '.' || strchr(item->id, '/') || item->label < 0 ||
                 item->label > most;
    }
    for (int i = 0; i < skipped->count; i++)
        wrong |= !skipped->items[i].why[0] || strpbrk(skipped->items[i].why, "\r\n") != NULL;
    return wrong;
}

typedef int parse_list(const char *name, const char *text, size_t size, int split, struct catalogue *c,
                       struct remarks *skipped, struct error *err);

static int fuzz_list(parse_list *parse, int most, const uint8_t *bytes, size_t size) {
    struct error err = {0};
    struct catalogue c = {0};
    struct remarks skipped = {0};
    int bad = parse("list", (const char *)bytes, size, SPLIT_TRAIN, &c, &skipped, &err);
    int wrong = judge_catalogue(bad, &c, &skipped, most, &err);
    catalogue_free(&c);
    free(skipped.items);
    return wrong;
}

int fuzz_csv(const uint8_t *bytes, size_t size) {
    return fuzz_list(isic2017_parse, 2, bytes, size);
}

// A folder of four images, whose list the bytes are. Whatever they say, numbers stay in their ranges.
static int fuzz_list_of_folder(int (*take)(struct folder *f, const char *name, const char *text, size_t size,
                                           const char *below, struct error *err),
                               const uint8_t *bytes, size_t size) {
    static const char *const names[] = {"a/1.png", "a/2.png", "b/1.png", "b/mask.png"};
    static struct folder_settings settings;
    struct error err = {0};
    struct catalogue c = {0};
    struct folder f = {.settings = &settings, .count = 4};
    char *text = malloc(size + 1); // as the program has it, with a zero at its end
    f.images = calloc(4, sizeof *f.images);
    f.by_file = calloc(4, sizeof *f.by_file);
    if (!text || !f.images || !f.by_file)
        abort();
    memcpy(text, bytes, size);
    text[size] = 0;
    for (int i = 0; i < 4; i++) {
        struct folder_image *image = &f.images[i];
        snprintf(image->name, sizeof image->name, "%s", names[i]);
        snprintf(image->id, sizeof image->id, "%.*s", (int)strlen(names[i]) - 4, names[i]);
        image->split = image->first_box = -1;
        f.by_file[i] = i < 3 ? (i == 1 ? 2 : i == 2 ? 1 : 0) : 3; // 1, 1, 2, mask
    }
    int bad = take(&f, "list", text, size, "a/", &err) || folder_number(&f, &c, &err),
        wrong = judge(bad, &err);
    for (int i = 0; i < c.count && !bad; i++)
        wrong |= c.items[i].label < 0 || c.items[i].label >= c.classes || c.items[i].group < 0 ||
                 c.items[i].group >= f.groups || c.items[i].split < 0 || c.items[i].split >= SPLITS;
    for (int i = 0; i < f.skipped.count; i++)
        wrong |= !f.skipped.items[i].why[0] || strpbrk(f.skipped.items[i].why, "\r\n") != NULL;
    free(text);
    catalogue_free(&c);
    folder_free(&f);
    return wrong;
}

int fuzz_metadata(const uint8_t *bytes, size_t size) {
    return fuzz_list_of_folder(folder_take_jsonl, bytes, size) ||
           fuzz_list_of_folder(folder_take_csv, bytes, size);
}

int fuzz_mask(const uint8_t *bytes, size_t size) {
    const struct mask_coding codings[] = {
        {0}, {.keep_grey = 1}, {.threshold = 9}, {.value_count = 1, .values = {1}}};
    struct error err = {0};
    struct mask mask;
    int bad = mask_decode(bytes, size, "mask", &mask, &err), wrong = judge(bad, &err);
    size_t count = bad ? 0 : (size_t)mask.width * (size_t)mask.height;
    uint8_t *values = count ? malloc(count) : NULL;
    for (size_t k = 0; values && k < sizeof codings / sizeof *codings; k++) {
        struct mask_summary summary;
        int marked = 0;
        err = (struct error){0};
        int unmarked = mask_mark(&mask, &codings[k], values, &summary, &err);
        wrong |= judge(unmarked, &err);
        for (size_t i = 0; i < count && !unmarked && !codings[k].keep_grey; i++)
            marked |= values[i] != 0 && values[i] != 255;
        wrong |= marked;
    }
    free(values);
    mask_free(&mask);
    return wrong;
}

int fuzz_pets(const uint8_t *bytes, size_t size) {
    return fuzz_list(pets_parse, CLASSES_MAXIMUM, bytes, size);
}

int fuzz_trimap(const uint8_t *bytes, size_t size) {
    struct error err = {0};
    struct mask trimap;
    uint8_t out[16 * 16];
    int bad = mask_decode(bytes, size, "trimap", &trimap, &err), wrong = judge(bad, &err);
    uint8_t *values = bad ? NULL : malloc((size_t)trimap.width * (size_t)trimap.height);
    if (values && !pets_read_mask(&trimap, values)) {
        struct placement p = resample_place(trimap.width, trimap.height, FIT_CROP, 16);
        wrong |= resample(values, trimap.width, trimap.height, 1, trimap.width, trimap.height, &p, 16, out,
                          &err) != 0;
        for (int i = 0; i < trimap.width * trimap.height; i++)
            wrong |= values[i] != 0 && values[i] != 255;
    }
    free(values);
    mask_free(&trimap);
    return wrong;
}

// All columns, whatever they are called.
static int read_columns(struct shard *s, struct error *err) {
    size_t count = (size_t)shard_shape(s).count, i, text_size;
    int32_t *numbers = malloc(count * sizeof *numbers);
    double *reals = malloc(count * sizeof *reals);
    json_t *datasets = shard_datasets(s, err), *one;
    int bad = !datasets;
    json_array_foreach(datasets, i, one) {
        const char *name = json_string_value(json_object_get(one, "name"));
        struct error other = {0}; // a column is of one type: the others refuse it
        char *texts = NULL;
        shard_column(s, name, numbers, &other);
        shard_real_column(s, name, reals, &other);
        if (!shard_text_column(s, name, &texts, &text_size, &other))
            free(texts);
    }
    json_decref(datasets);
    free(numbers);
    free(reals);
    return bad;
}

static int read_shard(struct shard *s, struct error *err) {
    struct shard_shape shape = shard_shape(s);
    size_t area = (size_t)shape.height * (size_t)shape.width;
    uint8_t *image = malloc(area * 3), *mask = malloc(area);
    int bad = 0, wrong = 0;
    for (uint32_t i = 0; i < shape.count && !bad && i < 16; i++) {
        int32_t label;
        bad = shard_read(s, &i, 1, image, mask, &label, err);
        wrong |= !bad && (label < 0 || label >= shape.classes);
    }
    json_t *attributes = bad ? NULL : shard_attributes(s, err);
    bad = bad || !attributes || read_columns(s, err);
    json_decref(attributes);
    free(image);
    free(mask);
    return wrong || judge(bad, err);
}

int fuzz_shard(const uint8_t *bytes, size_t size) {
    struct error err = {0};
    char path[64]; // a real one: HDF5 asks where links lead, and a file without a name lies nowhere
    snprintf(path, sizeof path, "/tmp/reff-fuzz-%ld.h5", (long)getpid());
    FILE *file = fopen(path, "wb");
    if (!file || fwrite(bytes, 1, size, file) != size || fclose(file))
        abort();
    struct shard *s = shard_open_measured(path, &err);
    int wrong = s ? read_shard(s, &err) : judge(-1, &err);
    shard_close(s);
    unlink(path);
    return wrong;
}

#ifdef FUZZ_TARGET
// The networks are not linked with the targets: no file is of one of them.
const char *network_model_of(int bottleneck, const int blocks[STAGES]) {
    (void)bottleneck, (void)blocks;
    return NULL;
}
#endif

#ifdef FUZZ_TARGET // built by `make fuzz` with clang's libFuzzer, which has the main function
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    if (FUZZ_TARGET(bytes, size))
        abort();
    return 0;
}
#endif
