// SPDX-License-Identifier: Apache-2.0
#include "core/kernels/winograd_patches.h"

#include "core/kernels/pairs.h"
#include "core/kernels/tiled_internal.h"
#include "core/kernels/wide.h"

#include <string.h>

enum { LANES = WINOGRAD_LANES, RESULTS = WINOGRAD_RESULTS };

struct winograd_patches winograd_patches(int batch, int rows, int width) {
    struct winograd_patches all = {.across = (int)blocks_of((size_t)width, RESULTS),
                                   .strips = (int)blocks_of((size_t)batch, LANES)};
    all.count = (int)blocks_of((size_t)rows, RESULTS) * all.across * all.strips;
    return all;
}

struct winograd_patch winograd_patch(const struct winograd_patches *all, int chunk, int batch) {
    int patch = chunk / all->strips, strip = chunk % all->strips;
    return (struct winograd_patch){.y = patch / all->across * RESULTS,
                                   .x = patch % all->across * RESULTS,
                                   .strip = strip,
                                   .images = smaller(LANES, batch - strip * LANES)};
}

// The bits of pairs as floats: the first channel is the lower half. All pixels of a window in one call, where
// the tables' `split` would take one for each.
static WIDE void split_pixels(const uint32_t *const pixels[], int count, real even[][LANES],
                              real odd[][LANES]) {
    for (int i = 0; i < count; i++) {
        const uint32_t *from = pixels[i];
        for (int l = 0; l < LANES; l++) {
            uint32_t low = from[l] << 16, high = from[l] & 0xffff0000;
            float first, second;
            memcpy(&first, &low, sizeof first);
            memcpy(&second, &high, sizeof second);
            even[i][l] = (real)first;
            odd[i][l] = (real)second;
        }
    }
}

// 16 images of a pixel, in the array or, where the batch ends before, in `part`; number: its bytes. A pair is
// moved as one number.
static const void *pixel_at(const struct winograd_array *a, const struct winograd_patch *patch,
                            const char *channel, size_t number, int y, int x, void *part) {
    static const real zeros[LANES];
    size_t n = (size_t)a->batch;
    if (y < 0 || y >= a->rows || x < 0 || x >= a->width)
        return zeros;
    const char *pixel =
        channel + (((size_t)y * a->width + (size_t)x) * n + (size_t)patch->strip * LANES) * number;
    if (patch->images == LANES)
        return pixel;
    memset(part, 0, LANES * number);
    return memcpy(part, pixel, (size_t)patch->images * number);
}

int winograd_load(const struct winograd_array *a, const struct winograd_patch *patch, int channel, int up,
                  int side, struct winograd_window *room, const real *pixels[2][WINOGRAD_POINTS]) {
    size_t columns = (size_t)a->rows * a->width * a->batch, number = a->paired ? sizeof(cell) : sizeof(real);
    size_t plane = (a->paired ? pairs_plane(columns) / 2 : columns) * number; // bytes
    const char *from = (const char *)a->numbers + (size_t)(a->paired ? channel / 2 : channel) * plane;
    const uint32_t *pairs[WINOGRAD_POINTS];
    for (int i = 0, y = patch->y - up, x = patch->x - up; i < side * side; i++) {
        void *part = a->paired ? (void *)room->part[i] : (void *)room->numbers[0][i];
        const void *at = pixel_at(a, patch, from, number, y, x, part);
        // The next channel's lies a plane away, which no processor foresees.
        __builtin_prefetch((const char *)at + plane);
        pairs[i] = at;
        pixels[0][i] = a->paired ? room->numbers[0][i] : at;
        pixels[1][i] = room->numbers[1][i];
        if (++x == patch->x - up + side) {
            x -= side;
            y++;
        }
    }
    if (a->paired)
        split_pixels(pairs, side * side, room->numbers[0], room->numbers[1]);
    return a->paired ? 2 : 1;
}

void winograd_store(const struct tile_kernels *k, const struct winograd_array *a,
                    const struct winograd_patch *patch, int channel, const float *results, enum put how) {
    size_t n = (size_t)a->batch, columns = (size_t)a->rows * a->width * n;
    int channels = smaller(TILE_ROWS, a->channels - channel);
    for (int i = 0; i < RESULTS * RESULTS; i++, results += WINOGRAD_SUMS) {
        int y = patch->y + i / RESULTS, x = patch->x + i % RESULTS;
        size_t at = ((size_t)y * a->width + (size_t)x) * n + (size_t)patch->strip * LANES;
        if (y >= a->rows || x >= a->width)
            continue;
        if (a->paired)
            k->put_pairs(results, channels, patch->images, how,
                         (bf16 *)a->numbers + (size_t)channel / 2 * pairs_plane(columns) + 2 * at,
                         pairs_plane(columns));
        else
            k->put(results, channels, patch->images, how, (real *)a->numbers + (size_t)channel * columns + at,
                   columns);
    }
}
