// SPDX-License-Identifier: Apache-2.0
#include "core/annotate/annotator.h"

#include "core/annotate/columns.h"
#include "core/annotate/draw.h"
#include "core/annotate/jitter.h"
#include "core/annotate/pix2pix.h"
#include "core/annotate/resize.h"
#include "core/base/digest.h"
#include "core/base/file.h"
#include "core/base/interrupt.h"
#include "core/base/memory.h"
#include "core/base/notice.h"
#include "core/base/progress.h"
#include "core/base/random.h"
#include "core/base/snapshot.h"
#include "core/base/spans.h"

#include <errno.h>
#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PARTS = 7, CHUNK = 4, COMPRESSION = 0 };

struct scaling {                      // between the shard's size and the network's, for one image at a time
    struct resize to, from, enlarged; // enlarged: to what jitter crops from
    double *in, *out, *scratch;       // [the larger size]
};

struct agreement { // of pseudo-annotations with true ones
    long images;
    double iou;  // sum over images
    int64_t off; // sum over pixels of |difference|, in 1/255
};

struct annotator_work {
    const struct annotate_job *job;
    struct annotator_settings settings; // with the depth used
    struct shard *shard;
    struct shard_shape shape;
    size_t area, side_area; // pixels of the shard's images and of the network's
    struct pix2pix *p;
    struct columns columns;
    struct scaling scaling;
    int32_t *annotated; // [N], 1: keeps its true annotation
    uint32_t *chosen;   // [chosen_count]
    int chosen_count;
    uint8_t *images, *masks; // of the chosen, at the size that jitter crops from
    struct jitter jitter;
    size_t chosen_area; // pixels of that size
    uint32_t *order;    // a permutation of the chosen, of epoch `shuffled`
    int64_t shuffled;
    uint8_t *batch_images, *batch_masks, *batch_true; // a batch of training or of annotation
    int32_t *batch_labels;
    real *drawn; // [ANNOTATE_BATCH][S][S]
    struct {
        int64_t iterations, steps[2]; // done; of the two optimisers
        struct spans computed;
    } state;
    struct agreement agreement;
    char identity[DIGEST_SIZE], checkpoint[PATH_SIZE];
    double last_checkpoint;
    struct error *err;
};

int annotator_depth(const struct annotator_settings *settings, int height, int width) {
    int depth = settings->depth ? settings->depth : 3, side = height > width ? height : width;
    while (!settings->depth && 1 << depth < side)
        depth++;
    return depth;
}

static struct pix2pix_settings network_settings(const struct annotator_settings *s) {
    return (struct pix2pix_settings){.networks = {.depth = s->depth,
                                                  .ngf = s->ngf,
                                                  .ndf = s->ndf,
                                                  .dropout = s->dropout,
                                                  .bn_eps = s->bn_eps,
                                                  .bn_momentum = s->bn_momentum},
                                     .batch = s->batch,
                                     .precision = precision_choose(s->precision),
                                     .threads = omp_get_max_threads(),
                                     .lr = s->lr,
                                     .beta1 = s->beta1,
                                     .beta2 = s->beta2,
                                     .adam_eps = s->adam_eps,
                                     .l1_weight = s->l1_weight,
                                     .seed = s->seed};
}

int annotator_memory(const struct annotator_settings *settings, int height, int width, int classes,
                     double *bytes, struct error *err) {
    struct annotator_settings used = *settings;
    used.depth = annotator_depth(settings, height, width);
    struct pix2pix_settings networks = network_settings(&used);
    if (pix2pix_memory(&networks, bytes, err))
        return -1;
    double side_area = ldexp(1, 2 * used.depth), wide = ldexp(1, used.depth) + used.jitter;
    *bytes += 4 * wide * wide * used.n * classes                                      // the annotated images
              + (4.0 * used.batch + (4 + sizeof(real)) * ANNOTATE_BATCH) * side_area; // batches
    return 0;
}

// ---------------------------------------------------------------------------------------------- beginning

static int check_output(struct annotator_work *w) {
    const struct annotate_job *job = w->job;
    if (file_check_target(job->output, w->err))
        return -1;
    if (file_is_same(job->shard, job->output))
        return fail(w->err, "%s: is the training shard itself", job->output);
    char folder[PATH_SIZE];
    path_folder(folder, job->output);
    // Reported before hours of training, not after.
    if (access(folder, W_OK | X_OK))
        return fail_system(w->err, errno, "%s", job->output);
    char file[PATH_SIZE];
    snprintf(file, sizeof file, "%.200s.checkpoint", path_name(job->output));
    return path_join(w->checkpoint, w->err, job->folder, file);
}

static int open_shard(struct annotator_work *w) {
    const char *path = w->job->shard;
    if (!(w->shard = shard_open_measured(path, w->err)))
        return -1;
    w->shape = shard_shape(w->shard);
    w->area = (size_t)w->shape.height * (size_t)w->shape.width;
    int has = columns_has(w->shard, "annotated", w->err);
    if (has)
        return has < 0 ? -1 : fail(w->err, "%s: is annotated already: it has a column 'annotated'", path);
    w->settings = *w->job->settings;
    w->settings.depth = annotator_depth(w->job->settings, w->shape.height, w->shape.width);
    w->side_area = (size_t)1 << 2 * w->settings.depth;
    w->jitter = (struct jitter){.side = 1 << w->settings.depth,
                                .margin = w->settings.jitter,
                                .mirror = !strcmp(w->settings.mirror, "yes"),
                                .seed = w->settings.seed};
    w->chosen_area =
        (size_t)(w->jitter.side + w->jitter.margin) * (size_t)(w->jitter.side + w->jitter.margin);
    return columns_read(&w->columns, w->shard, path, w->err);
}

// A user's images may lack annotations (column `has_mask`): they are annotated, and never learned from.
static int leave_out_unmasked(struct annotator_work *w, int32_t *labels) {
    int has = shard_has(w->shard, "has_mask", w->err);
    if (has <= 0)
        return has;
    int32_t *masked = allocate((size_t)w->shape.count, sizeof *masked, "a column", w->err);
    int bad = !masked || shard_column(w->shard, "has_mask", masked, w->err);
    for (long i = 0; i < w->shape.count && !bad; i++)
        labels[i] = masked[i] ? labels[i] : -1;
    free(masked);
    return bad ? -1 : 0;
}

static int draw(struct annotator_work *w) {
    size_t count = (size_t)w->shape.count;
    int32_t *labels = allocate(count, sizeof *labels, "labels", w->err);
    w->annotated = labels ? allocate(count, sizeof *w->annotated, "a column", w->err) : NULL;
    int bad = !w->annotated || shard_column(w->shard, "labels", labels, w->err) ||
              leave_out_unmasked(w, labels) ||
              draw_annotated(w->job->shard, labels, w->shape, w->settings.n, w->settings.seed, &w->chosen,
                             &w->chosen_count, w->err);
    for (int i = 0; i < w->chosen_count && !bad; i++)
        w->annotated[w->chosen[i]] = 1;
    free(labels);
    if (!bad)
        columns_add(&w->columns, "annotated", "1: true annotation, 0: the pseudo-annotator's", w->annotated);
    return bad ? -1 : 0;
}

static int make_scaling(struct annotator_work *w) {
    struct scaling *s = &w->scaling;
    int side = w->jitter.side, wide = side + w->jitter.margin, height = w->shape.height,
        width = w->shape.width;
    size_t rows = (size_t)(height > wide ? height : wide), columns = (size_t)(width > wide ? width : wide);
    s->in = allocate(rows, columns * sizeof(double), "an image", w->err);
    s->out = s->in ? allocate(rows, columns * sizeof(double), "an image", w->err) : NULL;
    s->scratch = s->out ? allocate(rows, columns * sizeof(double), "an image", w->err) : NULL;
    return !s->scratch || resize_create(&s->to, height, width, side, side, w->err) ||
                   resize_create(&s->enlarged, height, width, wide, wide, w->err) ||
                   resize_create(&s->from, side, side, height, width, w->err)
               ? -1
               : 0;
}

static uint8_t byte_of(double v) {
    return (uint8_t)lrint(fmin(fmax(v, 0), 255));
}

// [height][width][channels] to the network's size, or to the one that jitter crops from.
static void to_network(struct annotator_work *w, const struct resize *to, const uint8_t *bytes, int channels,
                       uint8_t *out) {
    struct scaling *s = &w->scaling;
    size_t area = (size_t)to->rows.out * (size_t)to->columns.out;
    for (int c = 0; c < channels; c++) {
        for (size_t i = 0; i < w->area; i++)
            s->in[i] = bytes[i * channels + c];
        resize_plane(to, s->in, s->out, s->scratch);
        for (size_t i = 0; i < area; i++)
            out[i * channels + c] = byte_of(s->out[i]);
    }
}

static void from_network(struct annotator_work *w, const real *annotation, uint8_t *out) {
    struct scaling *s = &w->scaling;
    for (size_t i = 0; i < w->side_area; i++)
        s->in[i] = 255 * (double)annotation[i];
    resize_plane(&s->from, s->in, s->out, s->scratch);
    for (size_t i = 0; i < w->area; i++)
        out[i] = byte_of(s->out[i]);
}

static int make_batches(struct annotator_work *w) {
    size_t batch = (size_t)(w->settings.batch > ANNOTATE_BATCH ? w->settings.batch : ANNOTATE_BATCH);
    size_t area = w->area > w->side_area ? w->area : w->side_area;
    w->batch_images = allocate(batch * area, 3, "a batch", w->err);
    w->batch_masks = allocate(batch * area, 1, "a batch", w->err);
    w->batch_true = allocate(ANNOTATE_BATCH * w->area, 4, "a batch", w->err); // images, then masks
    w->batch_labels = allocate(ANNOTATE_BATCH, sizeof *w->batch_labels, "a batch", w->err);
    w->drawn = allocate(ANNOTATE_BATCH * w->side_area, sizeof *w->drawn, "a batch", w->err);
    return w->batch_images && w->batch_masks && w->batch_true && w->batch_labels && w->drawn ? 0 : -1;
}

// The chosen images and masks, at the size that jitter crops from, in memory.
static int load_chosen(struct annotator_work *w) {
    size_t count = (size_t)w->chosen_count;
    w->images = allocate(count * w->chosen_area, 3, "the annotated images", w->err);
    w->masks = allocate(count * w->chosen_area, 1, "the annotated images", w->err);
    w->order = allocate(count, sizeof *w->order, "the order of batches", w->err);
    if (!w->images || !w->masks || !w->order)
        return -1;
    uint8_t *image = w->batch_true, *mask = image + 3 * w->area;
    int relevant = 0, other = 0;
    for (size_t i = 0; i < count; i++) {
        if (shard_read(w->shard, &w->chosen[i], 1, image, mask, NULL, w->err))
            return -1;
        for (size_t k = 0; k < w->area; k++) {
            relevant |= mask[k] > 0;
            other |= mask[k] < 255;
        }
        to_network(w, &w->scaling.enlarged, image, 3, w->images + i * 3 * w->chosen_area);
        to_network(w, &w->scaling.enlarged, mask, 1, w->masks + i * w->chosen_area);
    }
    w->shuffled = -1;
    if (relevant && other)
        return 0;
    return fail(w->err, "%s: %s is annotated in the %d images drawn: there is nothing to learn",
                w->job->shard, relevant ? "everything" : "nothing", w->chosen_count);
}

static int make_network(struct annotator_work *w) {
    struct pix2pix_settings s = network_settings(&w->settings);
    w->p = pix2pix_create(&s, w->err);
    return w->p ? 0 : -1;
}

// ---------------------------------------------------------------------------------------------- checkpoints

static int make_identity(struct annotator_work *w) {
    if (w->job->identity) {
        snprintf(w->identity, sizeof w->identity, "%s", w->job->identity);
        return 0;
    }
    json_t *parts = json_pack(
        "{s:o, s:s, s:i, s:s}", "settings", settings_json(annotator_schema, &w->settings, 1), "shard",
        shard_content_digest(w->shard), "annotator", ANNOTATOR_REVISION, "precision", REAL_NAME);
    int result = json_digest(parts, w->identity, w->err);
    json_decref(parts);
    return result;
}

static void list_parts(struct annotator_work *w, struct snapshot_part parts[PARTS]) {
    struct pix2pix_side *sides[2] = {&w->p->generator, &w->p->discriminator};
    parts[0] = (struct snapshot_part){.bytes = &w->state, .size = sizeof w->state};
    for (int s = 0; s < 2; s++) {
        size_t trained = sides[s]->parameters.trained_size * sizeof(real);
        parts[1 + 3 * s] = (struct snapshot_part){.bytes = sides[s]->parameters.storage,
                                                  .size = sides[s]->parameters.size * sizeof(real)};
        parts[2 + 3 * s] = (struct snapshot_part){.bytes = sides[s]->mean, .size = trained};
        parts[3 + 3 * s] = (struct snapshot_part){.bytes = sides[s]->square, .size = trained};
    }
}

static int save(struct annotator_work *w) {
    struct snapshot_part parts[PARTS];
    w->state.steps[0] = w->p->generator.adam.steps;
    w->state.steps[1] = w->p->discriminator.adam.steps;
    list_parts(w, parts);
    if (snapshot_save(w->checkpoint, w->identity, parts, PARTS, w->err))
        return -1;
    w->last_checkpoint = seconds_now(); // afterwards: saving on a slow disk leaves as much time for work
    return 0;
}

static int resume(struct annotator_work *w) {
    struct snapshot_part parts[PARTS];
    if (folder_make(w->job->folder, w->err) || make_identity(w))
        return -1;
    list_parts(w, parts);
    struct text notices = {0};
    int found = snapshot_load(w->checkpoint, w->identity, parts, PARTS, &notices, w->err);
    if (found >= 0) {
        enum precision precision = precision_choose(w->settings.precision);
        spans_begin(&w->state.computed, (long)w->state.iterations, precision_name(precision),
                    precision_isa(precision), w->job->output, "iteration", &notices);
    }
    notice_print(&notices);
    if (found < 0)
        return -1;
    w->p->generator.adam.steps = (long)w->state.steps[0];
    w->p->discriminator.adam.steps = (long)w->state.steps[1];
    w->last_checkpoint = seconds_now();
    return 0;
}

// ---------------------------------------------------------------------------------------------- training

static void report_progress(const struct annotator_work *w, long annotated, const char *note) {
    long batches = (w->shape.count + ANNOTATE_BATCH - 1) / ANNOTATE_BATCH;
    if (w->job->progress)
        w->job->progress(w->job->progress_context,
                         (double)w->state.iterations + (double)(annotated / ANNOTATE_BATCH),
                         (double)w->settings.iterations + (double)batches, note);
}

// Position k of the endless sequence of shuffled passes over the chosen images.
static uint32_t chosen_at(struct annotator_work *w, int64_t k) {
    int64_t epoch = k / w->chosen_count;
    if (epoch != w->shuffled) {
        struct random r =
            random_stream(w->settings.seed, random_purpose("annotator's batches"), (uint64_t)epoch);
        for (int i = 0; i < w->chosen_count; i++)
            w->order[i] = (uint32_t)i;
        random_shuffle(&r, w->order, (size_t)w->chosen_count);
        w->shuffled = epoch;
    }
    return w->order[k % w->chosen_count];
}

static int one_iteration(struct annotator_work *w) {
    size_t side = w->side_area;
    struct pix2pix_losses losses;
    struct error inner;
    for (int i = 0; i < w->settings.batch; i++) {
        int64_t k = w->state.iterations * w->settings.batch + i;
        size_t from = chosen_at(w, k) * w->chosen_area;
        jitter_pair(&w->jitter, (uint64_t)k, w->images + 3 * from, w->masks + from,
                    w->batch_images + (size_t)i * 3 * side, w->batch_masks + (size_t)i * side);
    }
    if (pix2pix_step(w->p, w->batch_images, w->batch_masks, &losses, &inner))
        return fail_around(w->err, &inner, "%.400s: iteration %lld: %.500s", w->job->shard,
                           (long long)w->state.iterations, inner.message);
    w->state.iterations++;
    return 0;
}

static int train(struct annotator_work *w) {
    int64_t resumed = w->state.iterations;
    while (w->state.iterations < w->settings.iterations) {
        if (one_iteration(w))
            return -1;
        report_progress(w, 0, "training");
        int interrupted = interrupt_requested();
        if ((interrupted || seconds_now() - w->last_checkpoint >= w->settings.checkpoint_seconds) && save(w))
            return -1;
        if (interrupted)
            return fail_interrupted(w->err, "%s: interrupted at iteration %lld of %d; run it again to go on",
                                    w->job->shard, (long long)w->state.iterations, w->settings.iterations);
    }
    // After an interruption annotating starts from the beginning, training from the checkpoint.
    return w->state.iterations > resumed ? save(w) : 0;
}

// ---------------------------------------------------------------------------------------------- annotating

static void measure(struct annotator_work *w, const uint8_t *mine, const uint8_t *truth) {
    long both = 0, either = 0;
    for (size_t i = 0; i < w->area; i++) {
        int a = mine[i] >= 128, b = truth[i] >= 128;
        both += a & b;
        either += a | b;
        w->agreement.off += abs(mine[i] - truth[i]);
    }
    w->agreement.iou += either ? (double)both / (double)either : 1;
    w->agreement.images++;
}

static int annotate_batch(struct annotator_work *w, struct shard_writer *out, long first, int count) {
    uint32_t index[ANNOTATE_BATCH];
    const void *values[COLUMNS_MAXIMUM + 1];
    uint8_t *images = w->batch_true, *truth = images + 3 * w->area * ANNOTATE_BATCH;
    for (int i = 0; i < count; i++)
        index[i] = (uint32_t)(first + i);
    if (shard_read(w->shard, index, count, images, truth, w->batch_labels, w->err))
        return -1;
    for (int i = 0; i < count; i++)
        to_network(w, &w->scaling.to, images + (size_t)i * 3 * w->area, 3,
                   w->batch_images + (size_t)i * 3 * w->side_area);
    pix2pix_annotate(w->p, w->batch_images, count, w->drawn);
    for (int i = 0; i < count; i++) {
        uint8_t *mask = w->batch_masks + (size_t)i * w->area;
        const uint8_t *own = truth + (size_t)i * w->area;
        if (w->annotated[first + i]) {
            memcpy(mask, own, w->area);
            continue;
        }
        from_network(w, w->drawn + (size_t)i * w->side_area, mask);
        measure(w, mask, own);
    }
    columns_at(&w->columns, first, values);
    return shard_append(out, count, images, w->batch_masks, w->batch_labels, values, w->err);
}

// "bf16 amx from iteration 0", .. of iterations that were not all computed in one way.
static json_t *computed_json(const struct spans *s) {
    json_t *all = json_array();
    for (int i = 0; i < s->count; i++)
        json_array_append_new(all, json_sprintf("%s%s%s from iteration %ld", s->items[i].precision,
                                                *s->items[i].products ? " " : "", s->items[i].products,
                                                s->items[i].from));
    return all;
}

static json_t *attributes(struct annotator_work *w) {
    json_t *all = shard_attributes(w->shard, w->err), *value;
    json_t *settings = all ? settings_json(annotator_schema, &w->settings, 1) : NULL;
    const char *name;
    char prefixed[80];
    if (!settings) {
        json_decref(all);
        return NULL;
    }
    json_object_del(all, "format_version"); // the writer's own
    json_object_del(all, "content_sha256");
    json_object_del(all, "classes");
    json_object_foreach(settings, name, value) {
        snprintf(prefixed, sizeof prefixed, "annotator_%s", name);
        json_object_set(all, prefixed, value);
    }
    json_decref(settings);
    double images = (double)w->agreement.images;
    json_object_set_new(all, "annotator_revision", json_integer(ANNOTATOR_REVISION));
    enum precision precision = precision_choose(w->settings.precision);
    json_object_set_new(all, "annotator_precision", json_string(precision_name(precision)));
    if (precision_isa(precision))
        json_object_set_new(all, "annotator_products", json_string(precision_isa(precision)));
    if (w->state.computed.count > 1)
        json_object_set_new(all, "annotator_computed", computed_json(&w->state.computed));
    json_object_set_new(all, "annotator_source", json_string(shard_content_digest(w->shard)));
    json_object_set_new(all, "annotation_iou", json_real(w->agreement.iou / images));
    json_object_set_new(all, "annotation_mae",
                        json_real((double)w->agreement.off / (255 * images * (double)w->area)));
    return all;
}

static int annotate(struct annotator_work *w) {
    struct shard_writer *out =
        shard_create(w->job->output, w->shape, w->columns.list, COMPRESSION, CHUNK, w->err);
    if (!out)
        return -1;
    for (long first = 0; first < w->shape.count; first += ANNOTATE_BATCH) {
        long left = w->shape.count - first;
        int failed = annotate_batch(w, out, first, left < ANNOTATE_BATCH ? (int)left : ANNOTATE_BATCH);
        if (!failed && interrupt_requested())
            failed = fail_interrupted(w->err, "%s: interrupted while annotating; run it again to go on",
                                      w->job->shard);
        if (failed) {
            shard_abandon(out);
            return -1;
        }
        report_progress(w, first + ANNOTATE_BATCH, "annotating");
    }
    json_t *all = attributes(w);
    if (!all) {
        shard_abandon(out);
        return -1;
    }
    int result = shard_finish(out, all, NULL, w->err);
    json_decref(all);
    return result;
}

static void finish(struct annotator_work *w) {
    snapshot_remove(w->checkpoint);
    rmdir(w->job->folder); // stays where other things lie in it
}

static void close_all(struct annotator_work *w) {
    pix2pix_free(w->p);
    shard_close(w->shard);
    columns_free(&w->columns);
    resize_free(&w->scaling.to);
    resize_free(&w->scaling.from);
    resize_free(&w->scaling.enlarged);
    void *const owned[] = {w->scaling.in, w->scaling.out,  w->scaling.scratch, w->annotated,
                           w->chosen,     w->images,       w->masks,           w->order,
                           w->batch_true, w->batch_images, w->batch_masks,     w->batch_labels,
                           w->drawn};
    for (size_t i = 0; i < sizeof owned / sizeof *owned; i++)
        free(owned[i]);
}

int annotate_run(const struct annotate_job *job, struct error *err) {
    struct annotator_work *w = allocate(1, sizeof *w, "a pseudo-annotator", err);
    if (!w)
        return -1;
    w->job = job;
    w->err = err;
    int failed = check_output(w) || open_shard(w) || draw(w) || make_scaling(w) || make_batches(w) ||
                 load_chosen(w) || make_network(w) || resume(w) || train(w) || annotate(w);
    if (!failed)
        finish(w);
    close_all(w);
    free(w);
    return failed ? -1 : 0;
}
