// SPDX-License-Identifier: Apache-2.0
// Making and reading data: a shard of Textured MNIST as `reff gen` writes it, beside as many bytes written plainly;
// then its images as training reads them.
//
// Both are written in turn, several times, since a disk's rate changes from one minute to the next. What is
// written lies in a folder of its own beside the results, which is removed whatever happens.
#include "core/base/file.h"
#include "core/base/interrupt.h"
#include "core/base/isolate.h"
#include "core/base/memory.h"
#include "core/base/progress.h"
#include "core/base/random.h"
#include "core/shard/shard.h"
#include "experiments/bench/bench.h"
#include "gen/data_set/data_set.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PIXELS = 224, BATCH = 32, PIECE = 1 << 20 };

struct data_measurement {
    const struct bench_effort *effort;
    int images;
    char folder[PATH_SIZE], shard[PATH_SIZE], plain[PATH_SIZE];
};

// ---------------------------------------------------------------------------------------- writing

// Of all threads of this process, in the program and in the kernel.
static double processor_seconds(void) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           1e-6 * (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

static int generate(const struct data_measurement *m, double *seconds, double *processor, int *read_again,
                    struct error *err) {
    struct shard_written written;
    const struct data_set *set = &data_set_textured_mnist;
    union data_settings settings;
    data_set_default(set, &settings);
    data_set_choose(set, &settings, "train", 1, m->images);
    settings.textured_mnist.canvas = PIXELS;
    double start = seconds_now(), used = processor_seconds();
    if (set->generate(&settings, m->shard, NULL, NULL, &written, err) ||
        shard_write_manifest(m->shard, written.sha256, err))
        return -1;
    *seconds = seconds_now() - start;
    *processor = processor_seconds() - used;
    *read_again = written.read_again;
    return 0;
}

static int write_pieces(int descriptor, const uint8_t *piece, size_t bytes) {
    while (bytes) {
        size_t now = bytes < PIECE ? bytes : PIECE;
        if (file_write_all(descriptor, piece, now))
            return -1;
        bytes -= now;
    }
    return fsync(descriptor);
}

// Random bytes, which no file system stores in fewer. Seconds until they are on disk, -1 on failure.
static double write_plainly(const struct data_measurement *m, size_t bytes, struct error *err) {
    uint8_t *piece = allocate(PIECE, 1, "writing plainly", err);
    struct random r = random_stream(1, random_purpose("bench"), 1);
    if (!piece)
        return -1;
    for (size_t i = 0; i < PIECE; i++)
        piece[i] = (uint8_t)random_bits(&r);
    double start = seconds_now();
    int descriptor = open(m->plain, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    int bad = descriptor < 0 || write_pieces(descriptor, piece, bytes), cause = errno;
    if (descriptor >= 0)
        close(descriptor);
    double seconds = seconds_now() - start;
    unlink(m->plain);
    free(piece);
    return bad ? fail_system(err, cause, "%s", m->plain) : seconds;
}

// Once each, in a child: [bytes, seconds of the shard, of processors for it, of plain writing, read again].
static json_t *write_round(void *context, struct error *err) {
    const struct data_measurement *m = context;
    struct stat about;
    double seconds, processor, plainly;
    int read_again;
    interrupt_install(); // a terminal's Ctrl-C, which other children ignore, ends the generator too
    omp_set_num_threads(m->effort->threads);
    if (generate(m, &seconds, &processor, &read_again, err))
        return NULL;
    if (stat(m->shard, &about)) {
        fail_system(err, errno, "%s", m->shard);
        return NULL;
    }
    plainly = write_plainly(m, (size_t)about.st_size, err);
    return plainly < 0
               ? NULL
               : json_pack("[f, f, f, f, b]", (double)about.st_size, seconds, processor, plainly, read_again);
}

// The last shard stays, for reading.
static int write_all(struct data_measurement *m, struct bench_data *out, int rounds, struct error *err) {
    for (int i = 0; i < rounds; i++) {
        if (interrupt_requested())
            return fail_interrupted(err, "interrupted before data were written");
        unlink(m->shard); // it is not to be replaced, but to be written anew
        json_t *round = isolate_json(write_round, m, err);
        if (!round)
            return -1;
        out->bytes = json_number_value(json_array_get(round, 0));
        bench_repeats_add(&out->generate, json_number_value(json_array_get(round, 1)));
        bench_repeats_add(&out->processor, json_number_value(json_array_get(round, 2)));
        bench_repeats_add(&out->plain, json_number_value(json_array_get(round, 3)));
        out->read_again = json_is_true(json_array_get(round, 4));
        json_decref(round);
    }
    return 0;
}

// ---------------------------------------------------------------------------------------- reading

struct read_batch {
    uint32_t *order; // all images, shuffled
    uint8_t *images, *masks;
    int32_t labels[BATCH];
};

// Every image once, for as long as it takes to be sure; images a second in the fastest pass, -1 on failure.
static double read_passes(struct shard *shard, struct read_batch *b, int count, double enough,
                          struct error *err) {
    struct bench_repeats passes = {0};
    for (double start = seconds_now(); !passes.seen || seconds_now() - start < enough;) {
        double from = seconds_now();
        for (int at = 0; at < count; at += BATCH) {
            int now = count - at < BATCH ? count - at : BATCH;
            if (shard_read(shard, b->order + at, now, b->images, b->masks, b->labels, err))
                return -1;
        }
        bench_repeats_add(&passes, seconds_now() - from);
    }
    return count / passes.fastest;
}

static double read_shard(struct shard *shard, double enough, struct error *err) {
    struct read_batch b = {0};
    double rate = -1;
    if (!shard)
        return -1;
    int count = (int)shard_shape(shard).count;
    size_t area = (size_t)PIXELS * PIXELS;
    if ((b.order = allocate((size_t)count, sizeof *b.order, "an order", err)) &&
        (b.images = allocate(BATCH, 3 * area, "a batch", err)) &&
        (b.masks = allocate(BATCH, area, "a batch", err))) {
        struct random r = random_stream(1, random_purpose("bench"), 2);
        for (int i = 0; i < count; i++)
            b.order[i] = (uint32_t)i;
        random_shuffle(&r, b.order, (size_t)count);
        rate = read_passes(shard, &b, count, enough, err);
    }
    free(b.order);
    free(b.images);
    free(b.masks);
    shard_close(shard);
    return rate;
}

// In a child: images a second from memory and from the file.
static json_t *read_both(void *context, struct error *err) {
    const struct data_measurement *m = context;
    omp_set_num_threads(m->effort->threads);
    double memory = read_shard(shard_open_measured(m->shard, err), m->effort->seconds, err),
           file = memory < 0 ? -1 : read_shard(shard_open(m->shard, err), m->effort->seconds, err);
    return file < 0 ? NULL : json_pack("[f, f]", memory, file);
}

static int read_all(struct data_measurement *m, struct bench_data *out, struct error *err) {
    if (interrupt_requested())
        return fail_interrupted(err, "interrupted before data were read");
    json_t *rates = isolate_json(read_both, m, err);
    out->memory_images_per_s = json_number_value(json_array_get(rates, 0));
    out->file_images_per_s = json_number_value(json_array_get(rates, 1));
    json_decref(rates);
    return rates ? 0 : -1;
}

// ---------------------------------------------------------------------------------------- together

static int name_files(struct data_measurement *m, const char *beside, struct error *err) {
    char copy[PATH_SIZE];
    const char *temporary = getenv("TMPDIR"), *parent = temporary && *temporary ? temporary : "/tmp";
    snprintf(copy, sizeof copy, "%s", beside);
    if (strcmp(beside, "-"))
        parent = dirname(copy);
    if (snprintf(m->folder, PATH_SIZE, "%s/bench-data.part-%ld", parent, (long)getpid()) >= PATH_SIZE)
        return fail(err, "%.200s...: path too long", parent);
    return path_join(m->shard, err, m->folder, "shard.h5") || path_join(m->plain, err, m->folder, "plain")
               ? -1
               : 0;
}

int bench_data_measure(struct bench_data *out, int images, int rounds, const char *beside,
                       const struct bench_effort *effort, struct error *err) {
    struct data_measurement m = {.effort = effort, .images = images};
    struct bench_data measured = {.images = images, .pixels = PIXELS};
    memset(out, 0, sizeof *out);
    if (name_files(&m, beside, err) || folder_make(m.folder, err))
        return -1;
    int failed = write_all(&m, &measured, rounds, err) || read_all(&m, &measured, err);
    folder_remove(m.folder);
    if (!failed)
        *out = measured;
    return failed ? -1 : 0;
}

double bench_data_share_of_disk(const struct bench_data *d) {
    return d->images ? d->plain.fastest / d->generate.fastest : 0; // the bytes are the same
}

// ---------------------------------------------------------------------------------------- results

json_t *bench_data_json(const struct bench_data *d) {
    if (!d->images)
        return json_null();
    return json_pack("{s:i, s:i, s:f, s:o, s:o, s:o, s:b, s:f, s:f, s:f, s:f, s:s?, s:o}", "images",
                     d->images, "pixels", d->pixels, "bytes", d->bytes, "generate",
                     bench_repeats_json(&d->generate), "processor", bench_repeats_json(&d->processor),
                     "plain", bench_repeats_json(&d->plain), "read_again", d->read_again,
                     "generate_images_per_s", d->images / d->generate.fastest, "share_of_disk",
                     bench_data_share_of_disk(d), "memory_images_per_s", d->memory_images_per_s,
                     "file_images_per_s", d->file_images_per_s, "peer", *d->peer.name ? d->peer.name : NULL,
                     "peer_images_per_s", bench_number_json(d->peer.images_per_s));
}

void bench_data_print(FILE *out, const struct bench_data *d) {
    char a[BENCH_NUMBER_SIZE], b[BENCH_NUMBER_SIZE], c[BENCH_NUMBER_SIZE];
    if (!d->images)
        return;
    fprintf(out, "Data: %d images of Textured MNIST, %d px, %.0f MB\n", d->images, d->pixels,
            1e-6 * d->bytes);
    fprintf(out, "  generated    %7s images/s, %s MB/s to disk, %s ms of processors each; %s\n",
            bench_number_text(d->images / d->generate.fastest, a),
            bench_number_text(1e-6 * d->bytes / d->generate.fastest, b),
            bench_number_text(1e3 * d->processor.fastest / d->images, c),
            d->read_again ? "read again for its digest" : "digested while written");
    fprintf(out, "  written      as many bytes, plainly: %s MB/s\n",
            bench_number_text(1e-6 * d->bytes / d->plain.fastest, b));
    if (*d->peer.name)
        fprintf(out, "  peer         %7s images/s, to memory: %s\n",
                bench_number_text(d->peer.images_per_s, c), d->peer.name);
    fprintf(out,
            "  read         %7s images/s in random order from memory, %s from the file (above 1 GiB)\n\n",
            bench_number_text(d->memory_images_per_s, a), bench_number_text(d->file_images_per_s, b));
}
