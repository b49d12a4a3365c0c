// SPDX-License-Identifier: Apache-2.0
#include "core/train/evaluate.h"

#include "core/base/memory.h"
#include "core/losses/cross_entropy.h"
#include "core/shard/groups.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct evaluated_batch { // one batch of the shard; the last one is filled up with its last image
    uint32_t *index;
    uint8_t *images, *annotations;
    int32_t *labels, *predictions;
    int count;
};

static void batch_free(struct evaluated_batch *b) {
    free(b->index);
    free(b->images);
    free(b->annotations);
    free(b->labels);
    free(b->predictions);
}

static int batch_create(struct evaluated_batch *b, const struct trainer *t, struct error *err) {
    size_t n = (size_t)t->settings.batch,
           area = (size_t)t->settings.network.pixels * t->settings.network.pixels;
    memset(b, 0, sizeof *b);
    b->index = allocate(n, sizeof *b->index, "a batch", err);
    b->images = allocate(n * area, 3, "a batch", err);
    b->annotations = allocate(n * area, 1, "a batch", err);
    b->labels = allocate(n, sizeof *b->labels, "a batch", err);
    b->predictions = allocate(n, sizeof *b->predictions, "a batch", err);
    if (b->index && b->images && b->annotations && b->labels && b->predictions)
        return 0;
    batch_free(b);
    return -1;
}

static int batch_read(struct evaluated_batch *b, const struct trainer *t, struct shard *shard, long first,
                      struct error *err) {
    long left = shard_shape(shard).count - first;
    b->count = left < t->settings.batch ? (int)left : t->settings.batch;
    for (int i = 0; i < t->settings.batch; i++)
        b->index[i] = (uint32_t)(first + (i < b->count ? i : b->count - 1));
    return shard_read(shard, b->index, t->settings.batch, b->images, b->annotations, b->labels, err);
}

static int all_finite(const struct graph *g, int value, int image) {
    const struct value *z = &g->values[value];
    for (int c = 0; c < z->channels; c++)
        if (!isfinite((double)z->map[MAP_X][(size_t)c * g->batch + image]))
            return 0;
    return 1;
}

// Evaluates a batch that was read. A network that does not give numbers has no accuracy.
static int batch_evaluate(struct evaluated_batch *b, struct trainer *t, const struct shard *shard,
                          const int32_t *labels, struct error *err) {
    const struct graph *g = t->evaluation;
    trainer_evaluate(t, b->images, labels, b->predictions);
    for (int i = 0; i < b->count; i++) {
        if (all_finite(g, g->logits, i) && (!t->attention || all_finite(g, g->attention_logits, i)))
            continue;
        if (labels) // Grad-CAM has overwritten maps: once more without, for the layer's name
            trainer_evaluate(t, b->images, NULL, b->predictions);
        const char *layer = graph_first_nonfinite(g, MAP_X);
        return fail_work(err, "the network gives no finite number for image %u of %s%s%s", b->index[i],
                         shard_path(shard), layer ? ", first in " : "", layer ? layer : "");
    }
    return 0;
}

// A parameter that is not a number may leave the output finite: the rectifier takes NaN for zero.
static int check_parameters(const struct trainer *t, const struct shard *shard, struct error *err) {
    for (int i = 0; i < t->parameters.count; i++) {
        const struct parameter *p = &t->parameters.items[i];
        for (size_t k = 0; k < p->size; k++)
            if (!isfinite((double)p->value[k]))
                return fail_work(err, "the network cannot be evaluated on %s: its %s is not finite",
                                 shard_path(shard), p->name);
    }
    return 0;
}

int evaluate_accuracy(struct trainer *t, struct shard *shard, double *accuracy, struct error *err) {
    struct evaluated_batch b;
    long count = shard_shape(shard).count, correct = 0;
    if (check_parameters(t, shard, err) || batch_create(&b, t, err))
        return -1;
    int failed = 0;
    for (long first = 0; first < count && !failed; first += t->settings.batch) {
        failed = batch_read(&b, t, shard, first, err) || batch_evaluate(&b, t, shard, NULL, err);
        for (int i = 0; i < b.count && !failed; i++)
            correct += b.predictions[i] == b.labels[i];
    }
    batch_free(&b);
    *accuracy = count ? 100.0 * (double)correct / (double)count : 0;
    return failed ? -1 : 0;
}

double evaluate_calibration_error(const double *confidence, const uint8_t *correct, long n) {
    double gap[CALIBRATION_BINS] = {0}, sum = 0; // of a bin: images right, less the confidence in them
    for (long i = 0; i < n; i++) {
        double place = fmin(fmax(confidence[i] * CALIBRATION_BINS, 0), CALIBRATION_BINS - 1); // NaN: 0
        gap[(int)place] += correct[i] - confidence[i];
    }
    for (int bin = 0; bin < CALIBRATION_BINS; bin++)
        sum += fabs(gap[bin]);
    return n ? 100 * sum / (double)n : 0;
}

struct accuracy_tally {
    int classes;
    int annotated;                           // 0: the shard has no annotations; its masks are 255 everywhere
    int32_t *has_mask;                       // [image] 0: this one has none; NULL: all have
    long *confusion;                         // [label][prediction]
    uint8_t *correct;                        // [image]
    double inside[STAGES], pointing[STAGES]; // sums
    double beyond_area[STAGES];              // likewise, of images not annotated everywhere
    long bounded[STAGES];                    // such images that have a map
    double *sure;                            // [image]: confidence
    long mapped[STAGES], zero[STAGES];
    struct {
        double inside, pointing; // sums
        long correct, mapped;
    } attention;
};

// An image without an annotation: what lies inside says nothing.
static int is_unmasked(const struct accuracy_tally *y, long image) {
    return y->has_mask && !y->has_mask[image];
}

// The attention branch of the images last evaluated; it overwrites their predictions. work: two
// numbers per image.
static void tally_attention(struct accuracy_tally *y, struct trainer *t, const struct evaluated_batch *b,
                            long first, double *work) {
    const struct graph *g = t->evaluation;
    double *inside = work, *pointing = work + t->settings.batch;
    attention_inside(t->attention, g, b->annotations, inside, pointing);
    cross_entropy_predict(g->values[g->attention_logits].map[MAP_X], y->classes, t->settings.batch,
                          b->predictions);
    for (int i = 0; i < b->count; i++) {
        y->attention.correct += b->predictions[i] == b->labels[i];
        if (isnan(inside[i]) || is_unmasked(y, first + i)) // all of M too small for a float; no annotation
            continue;
        y->attention.mapped++;
        y->attention.inside += inside[i];
        y->attention.pointing += pointing[i];
    }
}

// The share of an image that is annotated.
static double annotated_share(const uint8_t *annotation, size_t area) {
    uint64_t sum = 0;
    for (size_t p = 0; p < area; p++)
        sum += annotation[p];
    return (double)sum / 255 / (double)area;
}

// What is inside beyond the annotation's share of the image: 0 for a map that is the same everywhere, 1 where all of it
// lies inside.
static void tally_beyond_area(struct accuracy_tally *y, int stage, double inside, double share) {
    if (share >= 1)
        return;
    y->bounded[stage]++;
    y->beyond_area[stage] += (inside - share) / (1 - share);
}

// work: two numbers per image.
static void tally_batch(struct accuracy_tally *y, struct trainer *t, const struct evaluated_batch *b,
                        long first, double *work) {
    double *inside = work, *pointing = work + t->settings.batch;
    const struct graph *g = t->evaluation;
    cross_entropy_confidence(g->values[g->logits].map[MAP_X], b->predictions, y->classes, t->settings.batch,
                             work);
    memcpy(y->sure + first, work, (size_t)b->count * sizeof *work);
    for (int i = 0; i < b->count; i++) {
        y->confusion[(size_t)b->labels[i] * y->classes + b->predictions[i]]++;
        y->correct[first + i] = b->predictions[i] == b->labels[i];
    }
    size_t area = (size_t)t->settings.network.pixels * (size_t)t->settings.network.pixels;
    for (int l = 0; l < STAGES; l++) {
        explanation_inside(t->inspected, l, b->annotations, inside, pointing);
        for (int i = 0; i < b->count; i++) {
            int zero = isnan(inside[i]);
            y->zero[l] += zero;
            if (is_unmasked(y, first + i))
                continue;
            y->mapped[l] += !zero;
            y->inside[l] += zero ? 0 : inside[i];
            y->pointing[l] += zero ? 0 : pointing[i];
            if (!zero)
                tally_beyond_area(y, l, inside[i], annotated_share(b->annotations + (size_t)i * area, area));
        }
    }
    if (t->attention)
        tally_attention(y, t, b, first, work);
}

static void report_classes(json_t *report, const struct accuracy_tally *y) {
    long all = 0, right = 0;
    double mean = 0, worst = 101;
    int present = 0, worst_class = -1;
    json_t *matrix = json_array();
    for (int c = 0; c < y->classes; c++) {
        long row = 0, hit = y->confusion[(size_t)c * y->classes + c];
        json_t *line = json_array();
        for (int k = 0; k < y->classes; k++) {
            row += y->confusion[(size_t)c * y->classes + k];
            json_array_append_new(line, json_integer(y->confusion[(size_t)c * y->classes + k]));
        }
        json_array_append_new(matrix, line);
        all += row;
        right += hit;
        if (!row)
            continue;
        double share = 100.0 * (double)hit / (double)row;
        mean += share;
        present++;
        if (share < worst) {
            worst = share;
            worst_class = c;
        }
    }
    json_object_set_new(report, "accuracy", json_real(all ? 100.0 * (double)right / (double)all : 0));
    json_object_set_new(report, "mean_class_accuracy", json_real(present ? mean / present : 0));
    json_object_set_new(report, "worst_class_accuracy", json_real(present ? worst : 0));
    json_object_set_new(report, "worst_class", json_integer(worst_class));
    json_object_set_new(report, "confusion", matrix);
}

// A mean over the images that have a map; null where nothing is annotated.
static json_t *share_json(const struct accuracy_tally *y, double sum, long mapped) {
    return mapped && y->annotated ? json_real(sum / (double)mapped) : json_null();
}

static void report_maps(json_t *report, const struct accuracy_tally *y) {
    json_t *inside = json_object(), *pointing = json_object(), *zero = json_object(), *beyond = json_object();
    for (int l = 0; l < STAGES; l++) {
        char name[16];
        snprintf(name, sizeof name, "layer%d", l + 1);
        json_object_set_new(inside, name, share_json(y, y->inside[l], y->mapped[l]));
        json_object_set_new(pointing, name, share_json(y, y->pointing[l], y->mapped[l]));
        json_object_set_new(zero, name, json_integer(y->zero[l]));
        json_object_set_new(beyond, name, share_json(y, y->beyond_area[l], y->bounded[l]));
    }
    json_object_set_new(report, "cam_inside", inside);
    json_object_set_new(report, "cam_beyond_area", beyond);
    json_object_set_new(report, "pointing", pointing);
    json_object_set_new(report, "cam_zero", zero);
}

static void report_attention(json_t *report, const struct accuracy_tally *y, long count) {
    long mapped = y->attention.mapped;
    json_object_set_new(report, "attention_accuracy",
                        json_real(100.0 * (double)y->attention.correct / (double)count));
    json_object_set_new(report, "attention_inside", share_json(y, y->attention.inside, mapped));
    json_object_set_new(report, "attention_pointing", share_json(y, y->attention.pointing, mapped));
}

// ---------------------------------------------------------------------------------------------- groups

struct evaluated_member { // an image in its group
    int32_t group;
    uint8_t correct;
};

static int by_group(const void *a, const void *b) {
    int32_t x = ((const struct evaluated_member *)a)->group, y = ((const struct evaluated_member *)b)->group;
    return (x > y) - (x < y);
}

struct group_tally {
    double worst; // percent, over the groups that count
    int worst_group, counted;
    long images[GROUP_KINDS], right[GROUP_KINDS]; // over all groups of a kind, however small
};

// Group by group: members are sorted by it.
static void tally_groups(struct group_tally *y, const struct evaluated_member *members, long count,
                         const json_t *names) {
    for (long i = 0, end; i < count; i = end) {
        enum group_kind kind = group_kind_of(group_name(names, members[i].group));
        long right = 0;
        for (end = i; end < count && members[end].group == members[i].group; end++)
            right += members[end].correct;
        if (kind < GROUP_KINDS) {
            y->images[kind] += end - i;
            y->right[kind] += right;
        }
        double share = 100.0 * (double)right / (double)(end - i);
        if (end - i < GROUP_MINIMUM)
            continue;
        if (!y->counted++ || share < y->worst) {
            y->worst = share;
            y->worst_group = members[i].group;
        }
    }
}

// The accuracy of the images of a kind; null where they are too few.
static json_t *kind_json(const struct group_tally *y, enum group_kind kind) {
    return y->images[kind] < GROUP_MINIMUM
               ? json_null()
               : json_real(100.0 * (double)y->right[kind] / (double)y->images[kind]);
}

static void report_kinds(json_t *report, const struct group_tally *y) {
    json_t *aligned = kind_json(y, GROUP_ALIGNED), *conflicting = kind_json(y, GROUP_CONFLICTING);
    int both = json_is_real(aligned) && json_is_real(conflicting);
    double gap = json_real_value(aligned) - json_real_value(conflicting);
    json_object_set_new(report, "aligned_accuracy", aligned);
    json_object_set_new(report, "conflicting_accuracy", conflicting);
    json_object_set_new(report, "group_gap", both ? json_real(gap) : json_null());
}

int evaluate_groups(json_t *report, const int32_t *group, const uint8_t *correct, long count,
                    const json_t *names, struct error *err) {
    struct group_tally y = {.worst_group = -1};
    size_t i;
    const json_t *name;
    struct evaluated_member *members = allocate((size_t)count, sizeof *members, "groups", err);
    if (!members)
        return -1;
    for (long k = 0; k < count; k++)
        members[k] = (struct evaluated_member){group[k], correct[k]};
    qsort(members, (size_t)count, sizeof *members, by_group);
    tally_groups(&y, members, count, names);
    free(members);
    json_object_set_new(report, "groups_counted", json_integer(y.counted));
    json_object_set_new(report, "worst_group", json_integer(y.worst_group));
    json_object_set_new(report, "worst_group_accuracy", y.counted ? json_real(y.worst) : json_null());
    if (group_name(names, y.worst_group))
        json_object_set_new(report, "worst_group_name", json_string(group_name(names, y.worst_group)));
    int kinds = 0;
    json_array_foreach((json_t *)names, i, name) kinds |=
        group_kind_of(json_string_value(name)) != GROUP_OTHER;
    if (kinds)
        report_kinds(report, &y);
    return 0;
}

// A shard without groups reports none.
static int report_groups(json_t *report, const struct accuracy_tally *y, struct shard *shard,
                         const json_t *attributes, struct error *err) {
    long count = shard_shape(shard).count;
    int has = shard_has(shard, "group", err);
    if (has <= 0)
        return has;
    int32_t *group = allocate((size_t)count, sizeof *group, "groups", err);
    int failed =
        !group || shard_column(shard, "group", group, err) ||
        evaluate_groups(report, group, y->correct, count, json_object_get(attributes, "group_names"), err);
    free(group);
    return failed ? -1 : 0;
}

// ---------------------------------------------------------------------------------------------- all

static int has_annotations(const json_t *attributes) {
    const char *word = json_string_value(json_object_get(attributes, "annotations"));
    return !word || strcmp(word, "none") != 0;
}

// A column that shards of a user's own images have.
static int read_masked(struct accuracy_tally *y, struct shard *shard, struct error *err) {
    int has = shard_has(shard, "has_mask", err);
    if (has <= 0)
        return has;
    y->has_mask = allocate((size_t)shard_shape(shard).count, sizeof *y->has_mask, "an evaluation", err);
    return y->has_mask ? shard_column(shard, "has_mask", y->has_mask, err) : -1;
}

json_t *evaluate_report(struct trainer *t, struct shard *shard, struct error *err) {
    long count = shard_shape(shard).count;
    struct accuracy_tally y = {.classes = t->settings.network.classes};
    struct evaluated_batch b;
    json_t *report = NULL;
    if (check_parameters(t, shard, err) || batch_create(&b, t, err))
        return NULL;
    double *work = allocate((size_t)t->settings.batch * 2, sizeof *work, "an evaluation", err);
    y.confusion = allocate((size_t)y.classes * y.classes, sizeof *y.confusion, "an evaluation", err);
    y.correct = allocate((size_t)count, 1, "an evaluation", err);
    y.sure = allocate((size_t)count, sizeof *y.sure, "an evaluation", err);
    json_t *attributes = shard_attributes(shard, err);
    int failed = !work || !y.sure || !y.confusion || !y.correct || !attributes || read_masked(&y, shard, err);
    y.annotated = has_annotations(attributes);
    for (long first = 0; first < count && !failed; first += t->settings.batch) {
        failed = batch_read(&b, t, shard, first, err) || batch_evaluate(&b, t, shard, b.labels, err);
        if (!failed)
            tally_batch(&y, t, &b, first, work);
    }
    if (!failed) {
        report = json_object();
        report_classes(report, &y);
        json_object_set_new(report, "ece", json_real(evaluate_calibration_error(y.sure, y.correct, count)));
        report_maps(report, &y);
        if (t->attention)
            report_attention(report, &y, count);
        if (report_groups(report, &y, shard, attributes, err)) {
            json_decref(report);
            report = NULL;
        }
    }
    json_decref(attributes);
    batch_free(&b);
    free(work);
    free(y.confusion);
    free(y.correct);
    free(y.sure);
    free(y.has_mask);
    return report;
}
