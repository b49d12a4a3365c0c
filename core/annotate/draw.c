// SPDX-License-Identifier: Apache-2.0
#include "core/annotate/draw.h"

#include "core/base/memory.h"
#include "core/base/random.h"

#include <stdlib.h>
#include <string.h>

static int check_classes(const char *path, const int32_t *labels, struct shard_shape shape, int n,
                         struct error *err) {
    long *sizes = allocate((size_t)shape.classes, sizeof *sizes, "the classes", err);
    int bad = !sizes;
    for (long i = 0; i < shape.count && sizes; i++)
        if (labels[i] >= 0)
            sizes[labels[i]]++;
    for (int class = 0; class < shape.classes && !bad; class ++)
        if (sizes[class] < n)
            bad = fail(err, "%s: class %d has %ld images, fewer than the %d to be annotated", path, class,
                       sizes[class], n);
    free(sizes);
    if (!bad && (long)shape.classes * n == shape.count)
        bad = fail(err, "%s: all %ld images would be annotated; none is left for the pseudo-annotator", path,
                   shape.count);
    return bad ? -1 : 0;
}

// A full shuffle of the class's images, of which the first n are taken: so a larger n only adds.
static void draw_class(const int32_t *labels, long count, int class, int n, uint64_t seed, uint32_t *members,
                       uint32_t *chosen) {
    struct random r = random_stream(seed, random_purpose("annotated images"), (uint64_t) class);
    size_t found = 0;
    for (long i = 0; i < count; i++)
        if (labels[i] == class)
            members[found++] = (uint32_t)i;
    random_shuffle(&r, members, found);
    memcpy(chosen, members, (size_t)n * sizeof *chosen);
}

int draw_annotated(const char *path, const int32_t *labels, struct shard_shape shape, int n, uint64_t seed,
                   uint32_t **chosen, int *count, struct error *err) {
    if (check_classes(path, labels, shape, n, err))
        return -1;
    uint32_t *members = allocate((size_t)shape.count, sizeof *members, "a class's images", err);
    *count = shape.classes * n; // no more than there are images
    *chosen = members ? allocate((size_t)*count, sizeof **chosen, "a draw", err) : NULL;
    for (int class = 0; class < shape.classes && *chosen; class ++)
        draw_class(labels, shape.count, class, n, seed, members, *chosen + (size_t) class * n);
    free(members);
    return *chosen ? 0 : -1;
}
