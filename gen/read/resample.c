// SPDX-License-Identifier: Apache-2.0
// Both filters are one table a side: for each output position the first input position and the weights of it
// and its followers, in 1/65536, which sum to just that.
#include "gen/read/resample.h"

#include "core/base/memory.h"

#include <stdlib.h>
#include <string.h>

#define ONE 65536

struct resample_axis { // along a side
    int count;
    int *first, *taps; // [count]
    size_t *at;        // [count] where the weights begin
    uint32_t *weights;
};

enum fit resample_fit_of_word(const char *word) {
    return !strcmp(word, "crop") ? FIT_CROP : !strcmp(word, "pad") ? FIT_PAD : FIT_STRETCH;
}

struct placement resample_place(int width, int height, enum fit fit, int pixels) {
    struct placement p = {0, 0, width, height, 0, 0, pixels, pixels};
    int shorter = width < height ? width : height, longer = width < height ? height : width;
    if (fit == FIT_CROP) {
        p.x = (width - shorter) / 2;
        p.y = (height - shorter) / 2;
        p.width = p.height = shorter;
    } else if (fit == FIT_PAD) { // rounded, but never to nothing
        int small = (int)(((int64_t)shorter * pixels * 2 + longer) / (2 * (int64_t)longer));
        small = small < 1 ? 1 : small;
        *(width < height ? &p.wide : &p.high) = small;
        p.left = (pixels - p.wide) / 2;
        p.top = (pixels - p.high) / 2;
    }
    return p;
}

// ---------------------------------------------------------------------------------------------- tables

// Output `i` covers input lo..hi, in units of `unit` a pixel: each pixel's share of it. Shares are
// differences of rounded sums, so that they add up.
static int area_weights(int64_t lo, int64_t hi, int64_t unit, int *first, uint32_t *weights) {
    int64_t sum = 0, before = 0;
    int taps = 0;
    *first = (int)(lo / unit);
    for (int64_t j = *first; j * unit < hi; j++) {
        int64_t begin = j * unit > lo ? j * unit : lo, end = (j + 1) * unit < hi ? (j + 1) * unit : hi;
        sum += end - begin;
        int64_t now = sum * ONE / (hi - lo);
        weights[taps++] = (uint32_t)(now - before);
        before = now;
    }
    return taps;
}

// At `centre` - 1/2 pixel, in units of 1/(2 unit), held inside low..high.
static int linear_weights(int64_t centre, int64_t unit, int low, int high, int *first, uint32_t *weights) {
    int64_t at = centre - unit, least = 2 * unit * low, most = 2 * unit * high;
    at = at < least ? least : at > most ? most : at;
    *first = (int)(at / (2 * unit));
    weights[1] = (uint32_t)(at % (2 * unit) * ONE / (2 * unit));
    weights[0] = ONE - weights[1];
    return weights[1] ? 2 : 1;
}

// `count` outputs from the part begin, length (in pixels of a frame) of a side that has `size` pixels for the
// frame's `frame`.
static int make_axis(struct resample_axis *a, int size, int frame, int begin, int length, int count,
                     struct error *err) {
    size_t room = (size_t)size + 4 * (size_t)count + 4, used = 0;
    a->count = count;
    if (!(a->first = allocate((size_t)count, sizeof *a->first, "a table of weights", err)) ||
        !(a->taps = allocate((size_t)count, sizeof *a->taps, "a table of weights", err)) ||
        !(a->at = allocate((size_t)count, sizeof *a->at, "a table of weights", err)) ||
        !(a->weights = allocate(room, sizeof *a->weights, "a table of weights", err)))
        return -1;
    // A picture that was decoded at 1/2 has half as many pixels, rounded up: its last may reach beyond the
    // frame.
    frame = size * ((frame + size - 1) / size);
    int64_t unit = (int64_t)count * frame, n = size;
    int shrinks = (int64_t)length * n >= unit;
    int low = (int)(begin * n / frame), high = (int)(((begin + (int64_t)length) * n + frame - 1) / frame) - 1;
    for (int64_t i = 0; i < count; i++) {
        int64_t from = ((int64_t)begin * count + i * length) * n, middle = 2 * from + (int64_t)length * n;
        uint32_t *weights = a->weights + used;
        a->at[i] = used;
        a->taps[i] = shrinks ? area_weights(from, from + (int64_t)length * n, unit, &a->first[i], weights)
                             : linear_weights(middle, unit, low, high, &a->first[i], weights);
        used += (size_t)a->taps[i];
    }
    return 0;
}

static void free_axis(struct resample_axis *a) {
    free(a->first);
    free(a->taps);
    free(a->at);
    free(a->weights);
}

// ---------------------------------------------------------------------------------------------- picture

// A row of the input, scaled along it, in 1/256.
static void scale_row(const uint8_t *in, const struct resample_axis *a, int channels, uint16_t *out) {
    for (int x = 0; x < a->count; x++) {
        const uint32_t *weights = a->weights + a->at[x];
        const uint8_t *at = in + (size_t)a->first[x] * (size_t)channels;
        uint32_t sum[3] = {128, 128, 128};
        for (int k = 0; k < a->taps[x]; k++)
            for (int c = 0; c < channels; c++)
                sum[c] += weights[k] * *at++;
        for (int c = 0; c < channels; c++)
            *out++ = (uint16_t)(sum[c] >> 8);
    }
}

struct resample_rows { // working memory
    uint16_t *held[2]; // scaled rows: of even and of odd number
    int number[2];
    uint32_t *sum;
};

static void scale_rows(const uint8_t *from, int width, int channels, const struct resample_axis *across,
                       const struct resample_axis *down, struct resample_rows *r, uint8_t *to,
                       size_t stride) {
    size_t values = (size_t)across->count * (size_t)channels;
    for (int y = 0; y < down->count; y++, to += stride) {
        memset(r->sum, 0, values * sizeof *r->sum);
        for (int k = 0; k < down->taps[y]; k++) {
            int row = down->first[y] + k, slot = row & 1;
            uint32_t weight = down->weights[down->at[y] + (size_t)k];
            if (r->number[slot] != row)
                scale_row(from + (size_t)row * (size_t)width * (size_t)channels, across, channels,
                          r->held[slot]);
            r->number[slot] = row;
            for (size_t i = 0; i < values; i++) // at most 65536 * 65280: it fits, and so does the half below
                r->sum[i] += weight * r->held[slot][i];
        }
        for (size_t i = 0; i < values; i++)
            to[i] = (uint8_t)((r->sum[i] + (1u << 23)) >> 24);
    }
}

int resample(const uint8_t *from, int width, int height, int channels, int frame_width, int frame_height,
             const struct placement *p, int pixels, uint8_t *to, struct error *err) {
    struct resample_axis across = {0}, down = {0};
    struct resample_rows rows = {.number = {-1, -1}};
    size_t values = (size_t)p->wide * (size_t)channels, stride = (size_t)pixels * (size_t)channels;
    int bad = make_axis(&across, width, frame_width, p->x, p->width, p->wide, err) ||
              make_axis(&down, height, frame_height, p->y, p->height, p->high, err) ||
              !(rows.held[0] = allocate(values, sizeof(uint16_t), "a scaled row", err)) ||
              !(rows.held[1] = allocate(values, sizeof(uint16_t), "a scaled row", err)) ||
              !(rows.sum = allocate(values, sizeof(uint32_t), "a scaled row", err));
    if (!bad) {
        memset(to, 0, (size_t)pixels * stride);
        scale_rows(from, width, channels, &across, &down, &rows,
                   to + (size_t)p->top * stride + (size_t)p->left * (size_t)channels, stride);
    }
    free_axis(&across);
    free_axis(&down);
    free(rows.held[0]);
    free(rows.held[1]);
    free(rows.sum);
    return bad ? -1 : 0;
}
