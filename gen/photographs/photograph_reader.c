// SPDX-License-Identifier: Apache-2.0
#include "gen/photographs/photograph_reader.h"

#include "core/base/interrupt.h"
#include "core/base/memory.h"
#include "core/base/random.h"
#include "gen/read/image.h"
#include "gen/read/members.h"

#include <errno.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BATCH_MAXIMUM 256                // members that are decoded together
#define BATCH_BYTES   ((size_t)32 << 20) // of their files

typedef struct photograph_reader reader_t;

struct waiting { // a member of an archive that is not decoded yet
    char *name;
    uint8_t *bytes;
    size_t size;
    struct photograph *item;
};

struct pass { // over the images, or over the annotations
    reader_t *reader;
    int masks;
    const char *archive; // its bare name, for messages
    int count, threads;
    size_t bytes;
    struct waiting waiting[BATCH_MAXIMUM];
    uint8_t *seen; // [reader->count]
};

static size_t square(const reader_t *r) {
    return (size_t)r->settings->pixels * (size_t)r->settings->pixels;
}

// ---------------------------------------------------------------------------------------------- store

static int open_store(reader_t *r, struct error *err) {
    char path[PATH_SIZE];
    if (snprintf(path, sizeof path, "%s.store-XXXXXX", r->output) >= PATH_SIZE)
        return fail(err, "%.200s...: path too long", r->output);
    r->store = mkstemp(path);
    if (r->store < 0)
        return fail_system(err, errno, "%s", r->output);
    unlink(path); // it has no name from here on, and goes when the process does
    return 0;
}

static off_t store_at(const reader_t *r, const struct photograph *item, int mask) {
    size_t slot = (size_t)r->slots[item - r->items];
    return (off_t)(slot * 4 * square(r) + (mask ? 3 * square(r) : 0));
}

static int store_put(const reader_t *r, const struct photograph *item, int mask, const uint8_t *values,
                     struct error *err) {
    size_t size = (mask ? 1 : 3) * square(r), done = 0;
    off_t at = store_at(r, item, mask);
    while (done < size) {
        ssize_t now = pwrite(r->store, values + done, size - done, at + (off_t)done);
        if (now < 0)
            return fail_system(err, errno, "%s", r->output);
        done += (size_t)now;
    }
    return 0;
}

static int store_get(const reader_t *r, const struct photograph *item, int mask, uint8_t *values,
                     struct error *err) {
    size_t size = (mask ? 1 : 3) * square(r), done = 0;
    off_t at = store_at(r, item, mask);
    while (done < size) {
        ssize_t now = pread(r->store, values + done, size - done, at + (off_t)done);
        if (now <= 0)
            return now ? fail_system(err, errno, "%s: cannot be read back", r->output)
                       : fail(err, "%s: cannot be read back: cut short", r->output);
        done += (size_t)now;
    }
    return 0;
}

int photograph_reader_get(const reader_t *r, int i, uint8_t *image, uint8_t *mask, struct error *err) {
    if (store_get(r, &r->items[i], 0, image, err))
        return -1;
    if (!r->items[i].masked) {
        memset(mask, 255, square(r));
        return 0;
    }
    return store_get(r, &r->items[i], 1, mask, err);
}

// ---------------------------------------------------------------------------------------------- one file

// A resized annotation, cut at one half if it is to be hard; where nothing reaches that, since the object is
// smaller than the pixels are, at the largest share. Whether anything is marked.
static int cut_mask(uint8_t *values, size_t size, int hard) {
    uint8_t largest = 0;
    for (size_t i = 0; i < size; i++)
        largest = values[i] > largest ? values[i] : largest;
    uint8_t least = largest < 128 ? largest : 128;
    for (size_t i = 0; i < size && hard; i++)
        values[i] = least && values[i] >= least ? 255 : 0;
    return largest > 0;
}

static int is_full(const uint8_t *values, size_t size) {
    size_t i = 0;
    while (i < size && values[i] == 255)
        i++;
    return i == size;
}

// Resizes and puts down. `channels` 3: an image, 1: an annotation.
static int put_down(const reader_t *r, struct photograph *item, int width, int height, const uint8_t *values,
                    int channels, int frame_width, int frame_height, struct error *err) {
    int pixels = r->settings->pixels;
    struct placement place = resample_place(frame_width, frame_height, r->fit, pixels);
    size_t size = square(r) * (size_t)channels;
    uint8_t *out = allocate(size, 1, "a resized image", err);
    int bad = !out ||
              resample(values, width, height, channels, frame_width, frame_height, &place, pixels, out, err);
    if (!bad && channels == 1) {
        item->left = cut_mask(out, size, !strcmp(r->settings->mask, "hard"));
        item->full = is_full(out, size);
        item->masked = 1;
    }
    bad = bad || store_put(r, item, channels == 1, out, err);
    free(out);
    return bad ? -1 : 0;
}

// An annotation of the image's size; one of another is scaled to it where that was asked for.
static int put_down_mask(const reader_t *r, struct photograph *item, int width, int height,
                         const uint8_t *values, struct error *err) {
    if (!r->mask_resize || !item->width || (width == item->width && height == item->height))
        return put_down(r, item, width, height, values, 1, width, height, err);
    size_t wide = (size_t)item->width, high = (size_t)item->height;
    uint8_t *scaled = allocate(wide * high, 1, "an annotation", err);
    for (size_t y = 0; scaled && y < high; y++) // the nearest pixel: 0 and 255 stay what they are
        for (size_t x = 0; x < wide; x++)
            scaled[y * wide + x] = values[(2 * y + 1) * (size_t)height / (2 * high) * (size_t)width +
                                          (2 * x + 1) * (size_t)width / (2 * wide)];
    int bad =
        !scaled || put_down(r, item, item->width, item->height, scaled, 1, item->width, item->height, err);
    item->mask_width = item->width;
    item->mask_height = item->height;
    free(scaled);
    return bad ? -1 : 0;
}

// An annotation that the source describes without a picture.
static int draw_mask(const reader_t *r, struct photograph *item, struct error *err) {
    if (!r->format->draw_mask)
        return 0;
    size_t count = (size_t)item->width * (size_t)item->height;
    uint8_t *values = allocate(count, 1, "an annotation", err);
    if (!values)
        return -1;
    int bad = 0;
    if (r->format->draw_mask(r->context, item->listed->id, item->width, item->height, values)) {
        item->mask_width = item->width;
        item->mask_height = item->height;
        item->mask.reading = MASK_READ_DRAWN;
        for (size_t i = 0; i < count; i++)
            item->annotated |= values[i] >= 128;
        bad = put_down(r, item, item->width, item->height, values, 1, item->width, item->height, err);
    }
    free(values);
    return bad;
}

// An annotation that says nothing is its image's fault.
static int take_mask(const reader_t *r, struct photograph *item, const struct mask *mask, const char *name,
                     struct error *err) {
    static const struct mask_coding usual = {.keep_grey = 1};
    size_t count = (size_t)mask->width * (size_t)mask->height;
    uint8_t *values = allocate(count, 1, "an annotation", err);
    struct error own = {0};
    if (!values)
        return -1;
    if (r->format->read_mask) {
        const char *why = r->format->read_mask(mask, values);
        if (why)
            fail(&own, "%s", why);
    } else {
        mask_mark(mask, r->coding ? r->coding : &usual, values, &item->mask, &own);
    }
    for (size_t i = 0; i < count && !*own.message; i++)
        item->annotated |= values[i] >= 128;
    int bad = 0;
    if (*own.message)
        snprintf(item->why, sizeof item->why, "%.120s: %.100s", name, own.message);
    else
        bad = put_down_mask(r, item, mask->width, mask->height, values, err);
    free(values);
    return bad;
}

// A file that cannot be decoded is its image's fault; memory that runs out is not.
static int judge_failure(struct photograph *item, const struct error *own, struct error *err) {
    if (own->cause == ENOMEM) {
        *err = *own;
        return -1;
    }
    snprintf(item->why, REMARK_SIZE, "%.*s", REMARK_SIZE - 1, own->message);
    return 0;
}

static int take_mask_file(const reader_t *r, struct waiting *w, const char *name, struct error *err) {
    struct error own = {0};
    struct mask mask;
    if (mask_decode(w->bytes, w->size, name, &mask, &own))
        return judge_failure(w->item, &own, err);
    w->item->mask_width = mask.width;
    w->item->mask_height = mask.height;
    int bad = take_mask(r, w->item, &mask, name, err);
    mask_free(&mask);
    return bad;
}

static int take_image_file(const reader_t *r, struct waiting *w, const char *name, struct error *err) {
    struct error own = {0};
    struct image picture;
    int width, height;
    if (digest_bytes(w->bytes, w->size, w->item->digest, err))
        return -1;
    if (image_decode_reduced(w->bytes, w->size, name, r->settings->pixels, &picture, &width, &height, &own))
        return judge_failure(w->item, &own, err);
    w->item->width = width;
    w->item->height = height;
    int bad = put_down(r, w->item, picture.width, picture.height, picture.pixels, 3, width, height, err) ||
              draw_mask(r, w->item, err);
    image_free(&picture);
    return bad ? -1 : 0;
}

static int take_file(const struct pass *p, struct waiting *w, struct error *err) {
    char name[PATH_SIZE];
    snprintf(name, sizeof name, "%s: %.1000s", p->archive, w->name);
    return p->masks ? take_mask_file(p->reader, w, name, err) : take_image_file(p->reader, w, name, err);
}

// ---------------------------------------------------------------------------------------------- a pass

static void free_waiting(struct pass *p) {
    for (int i = 0; i < p->count; i++) {
        free(p->waiting[i].name);
        free(p->waiting[i].bytes);
    }
    p->count = 0;
    p->bytes = 0;
}

static int take_batch(struct pass *p, struct error *err) {
    int failed = -1; // the first that failed, whatever the order of the threads
#pragma omp parallel for schedule(dynamic, 1) num_threads(p->threads)
    for (int i = 0; i < p->count; i++) {
        struct error own = {0};
        if (take_file(p, &p->waiting[i], &own)) {
#pragma omp critical(photograph_reader_failed)
            if (failed < 0 || i < failed) {
                failed = i;
                *err = own;
            }
        }
    }
    reader_t *r = p->reader;
    r->steps_done += p->count;
    free_waiting(p);
    if (failed < 0 && r->progress)
        r->progress(r->progress_context, r->steps_done / 3, r->steps / 3, NULL);
    return failed < 0 ? 0 : -1;
}

static struct photograph *find_item(const reader_t *r, const char *id) {
    int low = 0, high = r->count;
    while (low < high) {
        int middle = (low + high) / 2, order = strcmp(r->items[middle].listed->id, id);
        if (!order)
            return &r->items[middle];
        *(order < 0 ? &low : &high) = order < 0 ? middle + 1 : middle;
    }
    return NULL;
}

static int member_id(const struct pass *p, const char *name, char id[LISTED_ID_SIZE]) {
    const reader_t *r = p->reader;
    return (p->masks ? r->format->mask_id : r->format->image_id)(r->context, name, id);
}

// Whether the member is an image (an annotation) that is wanted. Images in no list are noted.
static int is_wanted(const void *context, const char *name) {
    const struct pass *p = context;
    char id[LISTED_ID_SIZE];
    if (!member_id(p, name, id))
        return 0;
    return find_item(p->reader, id) || (!p->masks && !catalogue_find(&p->reader->catalogue, id));
}

static int remarks_name(const struct remarks *remarks, const char *id) {
    for (int i = 0; i < remarks->count; i++)
        if (!strcmp(remarks->items[i].id, id))
            return 1;
    return 0;
}

static int note_unlisted(struct pass *p, const char *id, struct error *err) {
    if (remarks_name(&p->reader->skipped, id) || remarks_name(&p->reader->catalogue.foreign, id))
        return 0; // listed, but not as it should be
    p->reader->unlisted++;
    return remark_add(&p->reader->notes, id, err, "in %s, but in no list", p->archive);
}

static int take_member(void *context, const char *name, uint8_t *bytes, size_t size, struct error *err) {
    struct pass *p = context;
    const reader_t *r = p->reader;
    char id[LISTED_ID_SIZE], *copy = NULL;
    int known = member_id(p, name, id), bad = !known;
    struct photograph *item = find_item(r, id);
    if (!bad && !item)
        bad = note_unlisted(p, id, err);
    else if (!bad && p->seen[item - r->items]++)
        bad = fail(err, "%s: %s stands there twice", p->archive, id);
    else if (!bad)
        bad = !(copy = duplicate(name, err));
    if (bad || !copy) {
        free(bytes);
        return bad ? -1 : 0;
    }
    p->waiting[p->count++] = (struct waiting){copy, bytes, size, item};
    p->bytes += size;
    if (interrupt_requested())
        return fail_interrupted(err, "interrupted while reading %s", p->archive);
    return p->count == BATCH_MAXIMUM || p->bytes > BATCH_BYTES ? take_batch(p, err) : 0;
}

// Where the images (the annotations) are.
static int find_source(const reader_t *r, int masks, const char *base, char path[PATH_SIZE],
                       struct error *err) {
    const char *own = masks ? r->masks_path : r->images_path;
    if (!own)
        return catalogue_locate(r->settings->source, base, path, err);
    return snprintf(path, PATH_SIZE, "%s", own) < PATH_SIZE ? 0 : fail(err, "%.200s...: path too long", own);
}

static int run_pass(reader_t *r, int masks, const char *base, struct error *err) {
    char path[PATH_SIZE];
    struct pass *p = allocate(1, sizeof *p, "a list of files", err);
    if (!p)
        return -1;
    *p = (struct pass){.reader = r, .masks = masks, .threads = omp_get_max_threads()};
    int bad = !(p->seen = allocate((size_t)r->count, 1, "a list of files", err)) ||
              find_source(r, masks, base, path, err);
    if (!bad) {
        p->archive = member_file_name(path);
        bad = members_stream(path, is_wanted, p, take_member, p, err) || take_batch(p, err);
    }
    for (int i = 0; i < r->count && !bad; i++)
        if (!p->seen[i] && !*r->items[i].why && !(masks && r->masks_optional))
            snprintf(r->items[i].why, REMARK_SIZE, "%s: not in it", p->archive);
    free_waiting(p);
    free(p->seen);
    free(p);
    return bad ? -1 : 0;
}

// ---------------------------------------------------------------------------------------------- all

static int ascending(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

// Moves `wanted` numbers, drawn by the seed, to the front of the list, and sorts them again.
static void draw_some(const reader_t *r, uint32_t *order, int all, int wanted) {
    char purpose[SETTING_WORD_SIZE * 2 + 8];
    snprintf(purpose, sizeof purpose, "%s %s count", r->format->name, r->settings->split);
    struct random random = random_stream(r->settings->seed, random_purpose(purpose), 0);
    random_shuffle(&random, order, (size_t)all);
    qsort(order, (size_t)wanted, sizeof *order, ascending);
}

static int fail_empty_list(const reader_t *r, enum split split, struct error *err) {
    char path[PATH_SIZE];
    if (r->images_path)
        return fail(err, "%s: has no image of split %s", r->images_path, r->settings->split);
    if (catalogue_locate(r->settings->source, r->format->labels[split], path, err))
        return -1;
    return fail(err, "%s: lists no usable image of split %s", path, r->settings->split);
}

// The images of the split, or `count` of them, drawn by the seed.
static int choose(reader_t *r, enum split split, struct error *err) {
    const struct catalogue *c = &r->catalogue;
    int all = 0, wanted = r->settings->count;
    for (int i = 0; i < c->count; i++)
        all += c->items[i].split == (int)split;
    if (!all && !wanted)
        return fail_empty_list(r, split, err);
    if (wanted > all)
        return fail_usage(err, "--count: %d is more than the %d images of split %s", wanted, all,
                          r->settings->split);
    uint32_t *order = allocate((size_t)all, sizeof *order, "images of a split", err);
    if (!order)
        return -1;
    r->items = allocate((size_t)all, sizeof *r->items, "images of a split", err);
    r->slots = r->items ? allocate((size_t)all, sizeof *r->slots, "images of a split", err) : NULL;
    if (r->slots) {
        for (int i = 0, k = 0; i < c->count; i++)
            if (c->items[i].split == (int)split)
                order[k++] = (uint32_t)i;
        if (wanted)
            draw_some(r, order, all, wanted);
        r->left_out = wanted ? all - wanted : 0;
        for (r->count = 0; r->count < (wanted ? wanted : all); r->count++) {
            r->slots[r->count] = r->count;
            r->items[r->count].listed = &c->items[order[r->count]];
        }
    }
    free(order);
    return r->slots ? 0 : -1;
}

// What the two passes found together.
static void judge(const reader_t *r, struct photograph *item) {
    if (*item->why || !strcmp(r->settings->annotations, "none") || (r->masks_optional && !item->masked))
        return;
    if (item->width != item->mask_width || item->height != item->mask_height)
        snprintf(item->why, REMARK_SIZE, "the image has %d x %d pixels, its annotation %d x %d%s",
                 item->width, item->height, item->mask_width, item->mask_height,
                 r->masks_optional ? " (--mask-resize scales it)" : "");
    else if (r->masks_optional && (!item->annotated || !item->left))
        item->masked = 0; // it is counted, and its image not annotated
    else if (!item->annotated)
        snprintf(item->why, REMARK_SIZE, "nothing is annotated");
    else if (!item->left)
        snprintf(item->why, REMARK_SIZE, "nothing of the annotation is left in the image's square");
}

// Moves the usable ones to the front, the others to the remarks.
static int sift(reader_t *r, struct error *err) {
    int kept = 0;
    for (int i = 0; i < r->count; i++) {
        struct photograph *item = &r->items[i];
        judge(r, item);
        if (*item->why) {
            if (remark_add(&r->skipped, item->listed->id, err, "%s", item->why))
                return -1;
            continue;
        }
        r->slots[kept] = r->slots[i];
        r->items[kept++] = *item;
    }
    r->count = kept;
    return kept ? 0
                : fail(err, "%s: none of its images can be used",
                       r->images_path ? r->images_path : r->settings->source);
}

struct file { // for finding equal ones
    const struct photograph *of;
};

static int by_digest(const void *a, const void *b) {
    const struct photograph *x = ((const struct file *)a)->of, *y = ((const struct file *)b)->of;
    int order = strcmp(x->digest, y->digest);
    return order ? order : strcmp(x->listed->id, y->listed->id);
}

static int note_duplicates(reader_t *r, struct error *err) {
    struct file *files = allocate((size_t)r->count, sizeof *files, "a list of digests", err);
    int bad = !files;
    for (int i = 0; i < r->count && !bad; i++)
        files[i].of = &r->items[i];
    if (!bad)
        qsort(files, (size_t)r->count, sizeof *files, by_digest);
    for (int i = 1; i < r->count && !bad; i++) {
        const struct photograph *here = files[i].of, *before = files[i - 1].of;
        if (strcmp(here->digest, before->digest) != 0)
            continue;
        r->duplicates++;
        bad = remark_add(&r->notes, here->listed->id, err, "the same file as %s%s", before->listed->id,
                         here->listed->label == before->listed->label ? "" : ", of another class");
    }
    free(files);
    return bad ? -1 : 0;
}

static int by_remark(const void *a, const void *b) {
    const struct remark *x = a, *y = b;
    int order = strcmp(x->id, y->id);
    return order ? order : strcmp(x->why, y->why);
}

static void sort_remarks(struct remarks *remarks) {
    if (remarks->count)
        qsort(remarks->items, (size_t)remarks->count, sizeof *remarks->items, by_remark);
}

static void hand_over(struct remarks *to, struct remarks *from) {
    *to = *from;
    *from = (struct remarks){0};
}

int photograph_reader_run(reader_t *r, struct error *err) {
    const struct photographs_settings *s = r->settings;
    enum split split = split_of_name(s->split);
    r->store = -1;
    r->fit = resample_fit_of_word(s->fit);
    int bad = r->format->list(r->context, s->source, split, s->seed, &r->catalogue, err);
    hand_over(&r->skipped, &r->catalogue.skipped);
    hand_over(&r->notes, &r->catalogue.notes);
    if (bad || choose(r, split, err) || open_store(r, err))
        return -1;
    r->listed = r->count + r->left_out + r->skipped.count;
    r->steps = 3 * r->count;
    if (run_pass(r, 0, r->format->images[split], err))
        return -1;
    if (strcmp(s->annotations, "none") != 0 && (r->masks_path || !r->images_path) &&
        run_pass(r, 1, r->format->masks[split], err))
        return -1;
    if (sift(r, err) || note_duplicates(r, err))
        return -1;
    sort_remarks(&r->skipped);
    sort_remarks(&r->notes);
    return 0;
}

void photograph_reader_close(reader_t *r) {
    if (r->store > 0)
        close(r->store);
    free(r->items);
    free(r->slots);
    free(r->skipped.items);
    free(r->notes.items);
    catalogue_free(&r->catalogue);
}
