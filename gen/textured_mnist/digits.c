// SPDX-License-Identifier: Apache-2.0
#include "gen/textured_mnist/digits.h"

#include "core/base/file.h"
#include "core/base/memory.h"
#include "gen/draw/builtin_digits.h"
#include "gen/read/members.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define PIXELS        (DIGIT_SIZE * DIGIT_SIZE)
#define COUNT_MAXIMUM 1000000
#define FILE_MAXIMUM  ((size_t)16 + (size_t)COUNT_MAXIMUM * PIXELS)

static const char *const file_names[4] = {"train-images-idx3-ubyte", "train-labels-idx1-ubyte",
                                          "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"};

struct digits {
    int builtin;
    uint8_t *files[4]; // decompressed, in the order of file_names
    int count[2];
    const uint8_t *images[2], *labels[2]; // inside files
};

// ---------------------------------------------------------------------------------------------- IDX

static uint32_t big_endian(const uint8_t *b) {
    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

static int check_magic(const char *name, const uint8_t *bytes, size_t size, uint32_t magic, size_t header,
                       struct error *err) {
    if (members_is_web_page(bytes, size))
        return fail(err, "%s: an HTML page, not an IDX file (a download that failed?)", name);
    if (size < header)
        return fail(err, "%s: %zu bytes are too few for an IDX file", name, size);
    if (big_endian(bytes) != magic)
        return fail(err, "%s: byte 0: magic number %u; an IDX file of %s has %u", name, big_endian(bytes),
                    magic == 2051 ? "images" : "labels", magic);
    return 0;
}

static int check_length(const char *name, size_t size, uint32_t count, size_t header, size_t each,
                        struct error *err) {
    if (count < 1 || count > COUNT_MAXIMUM)
        return fail(err, "%s: byte 4: a count of %u is not in 1..%d", name, count, COUNT_MAXIMUM);
    size_t needed = header + (size_t)count * each;
    if (size < needed)
        return fail(err, "%s: truncated: %u items need %zu bytes, there are %zu", name, count, needed, size);
    if (size > needed)
        return fail(err, "%s: %zu bytes follow the %u items that the header names", name, size - needed,
                    count);
    return 0;
}

int idx_images(const char *name, const uint8_t *bytes, size_t size, int *count, const uint8_t **images,
               struct error *err) {
    if (check_magic(name, bytes, size, 2051, 16, err))
        return -1;
    uint32_t n = big_endian(bytes + 4), height = big_endian(bytes + 8), width = big_endian(bytes + 12);
    if (height != DIGIT_SIZE || width != DIGIT_SIZE)
        return fail(err, "%s: byte 8: images of %u x %u pixels; MNIST's are %d x %d", name, width, height,
                    DIGIT_SIZE, DIGIT_SIZE);
    if (check_length(name, size, n, 16, PIXELS, err))
        return -1;
    *count = (int)n;
    *images = bytes + 16;
    return 0;
}

int idx_labels(const char *name, const uint8_t *bytes, size_t size, int *count, const uint8_t **labels,
               struct error *err) {
    if (check_magic(name, bytes, size, 2049, 8, err))
        return -1;
    uint32_t n = big_endian(bytes + 4);
    if (check_length(name, size, n, 8, 1, err))
        return -1;
    for (uint32_t i = 0; i < n; i++)
        if (bytes[8 + i] > 9)
            return fail(err, "%s: byte %u: label %u is not in 0..9", name, 8 + i, bytes[8 + i]);
    *count = (int)n;
    *labels = bytes + 8;
    return 0;
}

// ------------------------------------------------------------------------------------ the four files

// Which of the four a file is: -1 none. Accepted are MNIST's names, "." for the second "-", and any suffix.
static int which_file(const char *name) {
    const char *base = member_file_name(name);
    for (int i = 0; i < 4; i++) {
        size_t length = strlen(file_names[i]), dot = (size_t)(strstr(file_names[i], "-idx") - file_names[i]);
        if (!strncmp(base, file_names[i], dot) && (base[dot] == '-' || base[dot] == '.') &&
            !strncmp(base + dot + 1, file_names[i] + dot + 1, length - dot - 1) &&
            (!base[length] || base[length] == '.'))
            return i;
    }
    return -1;
}

static int is_wanted(const void *context, const char *name) {
    (void)context;
    return which_file(name) >= 0;
}

// The four members by kind; fails when one is missing or stands there twice.
static int find_files(const char *path, const struct members *members, const struct member *found[4],
                      struct error *err) {
    for (int i = 0; i < 4; i++)
        found[i] = NULL;
    for (int i = 0; i < members->count; i++) {
        int which = which_file(members->items[i].name);
        if (found[which])
            return fail(err, "%s: both %s and %s: which one is meant?", path, found[which]->name,
                        members->items[i].name);
        found[which] = &members->items[i];
    }
    for (int i = 0; i < 4; i++)
        if (!found[i])
            return fail(err, "%s: has no %s (or %s.gz)", path, file_names[i], file_names[i]);
    return 0;
}

static int read_part(struct digits *d, int part, char names[4][PATH_SIZE], const size_t sizes[4],
                     struct error *err) {
    int images = 2 * part, labels = 2 * part + 1, count;
    if (idx_images(names[images], d->files[images], sizes[images], &d->count[part], &d->images[part], err) ||
        idx_labels(names[labels], d->files[labels], sizes[labels], &count, &d->labels[part], err))
        return -1;
    if (count != d->count[part])
        return fail(err, "%s: %d labels for the %d images of %s", names[labels], count, d->count[part],
                    member_file_name(names[images]));
    return 0;
}

static int read_files(struct digits *d, const char *path, struct error *err) {
    struct members members;
    const struct member *found[4];
    char(*names)[PATH_SIZE] = allocate(4, sizeof *names, "names", err);
    size_t sizes[4];
    if (!names || members_read(path, is_wanted, NULL, &members, err)) {
        free(names);
        return -1;
    }
    struct stat status;
    int bad = find_files(path, &members, found, err);
    if (!bad && stat(path, &status))
        bad = fail_system(err, errno, "%s", path);
    for (int i = 0; i < 4 && !bad; i++) {
        int folder = S_ISDIR(status.st_mode);
        snprintf(names[i], PATH_SIZE, "%.2000s%s%.2000s", path, folder ? "/" : ": ", found[i]->name);
        bad = members_decompress(names[i], found[i]->bytes, found[i]->size, FILE_MAXIMUM, &d->files[i],
                                 &sizes[i], err);
    }
    bad =
        bad || read_part(d, DIGITS_TRAIN, names, sizes, err) || read_part(d, DIGITS_TEST, names, sizes, err);
    members_free(&members);
    free(names);
    return bad ? -1 : 0;
}

struct digits *digits_open(const char *path, struct error *err) {
    struct digits *d = allocate(1, sizeof *d, "digits", err);
    if (!d)
        return NULL;
    if (!*path) {
        d->builtin = 1;
        d->count[DIGITS_TRAIN] = BUILTIN_DIGIT_TRAIN;
        d->count[DIGITS_TEST] = BUILTIN_DIGIT_TEST;
    } else if (read_files(d, path, err)) {
        digits_close(d);
        return NULL;
    }
    return d;
}

void digits_close(struct digits *d) {
    if (!d)
        return;
    for (int i = 0; i < 4; i++)
        free(d->files[i]);
    free(d);
}

int digits_count(const struct digits *d, enum digit_part part) {
    return d->count[part];
}

int digits_label(const struct digits *d, enum digit_part part, int index) {
    return d->builtin ? builtin_digit_label(part, index) : d->labels[part][index];
}

const uint8_t *digits_image(const struct digits *d, enum digit_part part, int index, uint8_t room[PIXELS]) {
    if (!d->builtin)
        return d->images[part] + (size_t)index * PIXELS;
    builtin_digit_draw(part, index, room);
    return room;
}

// ---------------------------------------------------------------------------------------------- digest

static int digest_members(const struct members *members, struct digest *sum, struct error *err) {
    for (int i = 0; i < members->count; i++) {
        char hex[DIGEST_SIZE], line[PATH_SIZE + DIGEST_SIZE + 4];
        if (digest_bytes(members->items[i].bytes, members->items[i].size, hex, err))
            return -1;
        int length =
            snprintf(line, sizeof line, "%.4000s %s\n", member_file_name(members->items[i].name), hex);
        digest_add(sum, line, (size_t)length);
    }
    return 0;
}

int digits_digest(const char *path, char hex[DIGEST_SIZE], struct error *err) {
    if (!*path) {
        char name[64];
        int length = snprintf(name, sizeof name, "built-in digits, revision %d", BUILTIN_DIGIT_REVISION);
        return digest_bytes(name, (size_t)length, hex, err);
    }
    struct members members;
    const struct member *found[4];
    if (members_read(path, is_wanted, NULL, &members, err))
        return -1;
    struct digest *sum = NULL;
    int bad = find_files(path, &members, found, err) || !(sum = digest_start(err)) ||
              digest_members(&members, sum, err);
    if (sum)
        digest_finish(sum, hex);
    members_free(&members);
    return bad ? -1 : 0;
}
