// SPDX-License-Identifier: Apache-2.0
// Shards made by hand: what every shard should have (docs/shards.md), and what of it is not there.
#include "core/base/memory.h"
#include "gen/verify/verify_checks.h"

#include <stdlib.h>

struct mask_counts { // over all images
    long values[256], empty, full;
};

static int count_masks(struct shard *shard, struct mask_counts *n, struct error *err) {
    struct shard_shape shape = shard_shape(shard);
    size_t area = (size_t)shape.height * (size_t)shape.width;
    uint8_t *mask = allocate(area, 1, "a mask", err);
    int bad = !mask;
    for (long i = 0; i < shape.count && !bad; i++) {
        uint32_t index = (uint32_t)i;
        size_t marked = 0;
        bad = shard_read(shard, &index, 1, NULL, mask, NULL, err);
        for (size_t k = 0; k < area && !bad; k++) {
            n->values[mask[k]]++;
            marked += mask[k] > 0;
        }
        n->empty += !marked;
        n->full += marked == area;
    }
    free(mask);
    return bad ? -1 : 0;
}

static void report_masks(json_t *checks, const struct mask_counts *n, long count) {
    int most = 255, between = 0;
    while (most && !n->values[most])
        most--;
    for (int v = 1; v < 255; v++)
        between += n->values[v] > 0;
    if (most == 1)
        checks_report(checks, "masks", FAIL, "hold 0 and 1; 0 and 255 are expected: multiply them by 255");
    else if (!most)
        checks_report(checks, "masks", FAIL, "nothing is annotated in any image");
    else if (most < 128)
        checks_report(checks, "masks", FAIL,
                      "hold values up to %d; 255 is expected where a pixel is relevant", most);
    else
        checks_report(checks, "masks", PASS, "%s; %ld of %ld images have an empty one, %ld a full one",
                      between ? "hold shares between 0 and 255" : "hold 0 and 255", n->empty, count, n->full);
}

int checks_unknown(json_t *checks, struct shard *shard, const json_t *attributes, struct error *err) {
    struct mask_counts counts = {.empty = 0};
    struct shard_shape shape = shard_shape(shard);
    if (count_masks(shard, &counts, err))
        return -1;
    report_masks(checks, &counts, shape.count);
    size_t names = json_array_size(json_object_get(attributes, "class_names"));
    if (!names)
        checks_report(
            checks, "class names", SKIP,
            "it lacks the attribute class_names, texts of fixed length: classes go by their numbers");
    else
        checks_report(checks, "class names", names == (size_t)shape.classes ? PASS : FAIL,
                      "%zu names, %d classes", names, shape.classes);
    int has = shard_has(shard, "group", err);
    if (has < 0)
        return -1;
    if (!has)
        checks_report(checks, "groups", SKIP, "it lacks the dataset group: no accuracy of groups");
    const char *title = json_string_value(json_object_get(attributes, "title"));
    checks_report(checks, "provenance", SKIP,
                  title ? "'%s' is no data set that can be checked"
                        : "%sit lacks the attribute title and columns of provenance: nothing "
                          "says how it was made",
                  title ? title : "");
    return 0;
}
