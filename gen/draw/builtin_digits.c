// SPDX-License-Identifier: Apache-2.0
// A digit is one of several ways of writing it: strokes given by a few points in a box, joined by smooth
// curves. Each picture moves the points, bends, slants and turns the whole, and draws it with a pen whose
// width changes on the way.
#include "gen/draw/builtin_digits.h"

#include "core/base/random.h"
#include "gen/draw/pattern.h" // sine, cosine, mix: arithmetic that has the same bits everywhere

#include <string.h>

#define POINTS_MAXIMUM  12                                         // of a stroke
#define STROKES_MAXIMUM 3                                          // of a digit
#define STEPS           7                                          // straight pieces between two points
#define TRACE_MAXIMUM   (STROKES_MAXIMUM * POINTS_MAXIMUM * STEPS) // points of the drawn line
#define INK_LANES       8                                          // pixels of a row that are done at once
#define INK_STRIDE      (28 + INK_LANES) // of rows of ink: a vector may begin in the last column

struct stroke {
    int count;
    float points[POINTS_MAXIMUM][2]; // x to the right, y down, 0..1
};

struct form { // a way of writing a digit
    int digit;
    float weight; // how usual it is
    int strokes;
    struct stroke stroke[STROKES_MAXIMUM];
};

// clang-format off
static const struct form forms[] = {
    {0, 4, 1, {{10, {{.55f, .02f}, {.28f, .1f}, {.12f, .45f}, {.2f, .85f}, {.48f, 1}, {.78f, .85f}, {.88f, .45f}, {.75f, .1f}, {.5f, .01f}, {.4f, .06f}}}}},
    {0, 1, 1, {{10, {{.4f, .08f}, {.2f, .3f}, {.14f, .65f}, {.32f, .98f}, {.62f, .95f}, {.85f, .6f}, {.8f, .2f}, {.6f, .02f}, {.42f, .06f}, {.35f, .2f}}}}},
    {1, 5, 1, {{4, {{.55f, 0}, {.52f, .33f}, {.5f, .66f}, {.46f, 1}}}}},
    {1, 2, 2, {{3, {{.28f, .25f}, {.42f, .14f}, {.54f, 0}}}, {3, {{.54f, 0}, {.53f, .5f}, {.52f, 1}}}}},
    {1, 1, 3, {{3, {{.28f, .25f}, {.42f, .14f}, {.54f, 0}}}, {3, {{.54f, 0}, {.53f, .5f}, {.52f, .98f}}}, {3, {{.24f, .99f}, {.52f, .98f}, {.8f, .97f}}}}},
    {2, 4, 2, {{7, {{.14f, .24f}, {.3f, .05f}, {.58f, 0}, {.8f, .17f}, {.72f, .44f}, {.42f, .75f}, {.12f, .98f}}}, {3, {{.12f, .98f}, {.5f, .96f}, {.9f, .97f}}}}},
    {2, 3, 1, {{11, {{.16f, .2f}, {.36f, .03f}, {.66f, .04f}, {.78f, .25f}, {.62f, .58f}, {.3f, .92f}, {.12f, .93f}, {.16f, .77f}, {.36f, .78f}, {.62f, .95f}, {.94f, .9f}}}}},
    {3, 4, 2, {{5, {{.14f, .12f}, {.42f, 0}, {.76f, .1f}, {.74f, .34f}, {.4f, .48f}}}, {5, {{.4f, .48f}, {.76f, .54f}, {.86f, .78f}, {.56f, 1}, {.1f, .9f}}}}},
    {3, 1, 3, {{3, {{.14f, .04f}, {.45f, .03f}, {.8f, .02f}}}, {3, {{.8f, .02f}, {.6f, .22f}, {.42f, .4f}}}, {5, {{.42f, .4f}, {.76f, .48f}, {.84f, .76f}, {.52f, 1}, {.1f, .92f}}}}},
    {4, 4, 2, {{5, {{.2f, .04f}, {.14f, .32f}, {.16f, .54f}, {.48f, .57f}, {.86f, .5f}}}, {4, {{.78f, 0}, {.74f, .35f}, {.7f, .7f}, {.66f, 1}}}}},
    {4, 2, 3, {{3, {{.64f, 0}, {.36f, .34f}, {.08f, .66f}}}, {3, {{.08f, .66f}, {.5f, .65f}, {.94f, .62f}}}, {3, {{.64f, 0}, {.64f, .5f}, {.62f, 1}}}}},
    {4, 1, 2, {{6, {{.24f, .06f}, {.14f, .36f}, {.3f, .52f}, {.6f, .44f}, {.76f, .22f}, {.78f, .02f}}}, {3, {{.78f, .02f}, {.72f, .5f}, {.68f, 1}}}}},
    {5, 4, 3, {{3, {{.86f, .02f}, {.56f, .03f}, {.3f, .04f}}}, {3, {{.3f, .04f}, {.25f, .22f}, {.2f, .42f}}}, {6, {{.2f, .42f}, {.5f, .34f}, {.8f, .5f}, {.82f, .78f}, {.5f, 1}, {.1f, .92f}}}}},
    {5, 2, 2, {{7, {{.32f, .06f}, {.24f, .38f}, {.52f, .4f}, {.78f, .58f}, {.72f, .86f}, {.44f, 1}, {.12f, .9f}}}, {3, {{.32f, .06f}, {.6f, .05f}, {.9f, 0}}}}},
    {6, 4, 1, {{10, {{.7f, 0}, {.42f, .18f}, {.2f, .5f}, {.18f, .8f}, {.42f, 1}, {.74f, .9f}, {.78f, .66f}, {.54f, .52f}, {.28f, .64f}, {.2f, .82f}}}}},
    {6, 1, 1, {{9, {{.42f, 0}, {.24f, .3f}, {.16f, .66f}, {.3f, .96f}, {.62f, .98f}, {.8f, .76f}, {.66f, .58f}, {.38f, .62f}, {.22f, .82f}}}}},
    {7, 4, 2, {{3, {{.1f, .08f}, {.46f, .05f}, {.86f, .03f}}}, {4, {{.86f, .03f}, {.7f, .32f}, {.54f, .64f}, {.42f, 1}}}}},
    {7, 1, 3, {{3, {{.1f, .06f}, {.46f, .05f}, {.86f, .03f}}}, {4, {{.86f, .03f}, {.7f, .32f}, {.52f, .64f}, {.38f, 1}}}, {3, {{.3f, .52f}, {.54f, .5f}, {.8f, .47f}}}}},
    {7, 1, 2, {{4, {{.1f, .24f}, {.14f, .06f}, {.5f, .1f}, {.88f, .04f}}}, {4, {{.88f, .04f}, {.72f, .36f}, {.6f, .66f}, {.54f, 1}}}}},
    {8, 4, 1, {{11, {{.76f, .14f}, {.5f, 0}, {.24f, .14f}, {.34f, .38f}, {.64f, .56f}, {.8f, .78f}, {.5f, 1}, {.2f, .8f}, {.36f, .56f}, {.66f, .38f}, {.78f, .16f}}}}},
    {8, 1, 2, {{7, {{.5f, .48f}, {.24f, .32f}, {.3f, .06f}, {.66f, .02f}, {.78f, .24f}, {.6f, .42f}, {.48f, .48f}}}, {7, {{.48f, .48f}, {.2f, .64f}, {.24f, .92f}, {.58f, 1}, {.8f, .82f}, {.72f, .6f}, {.48f, .48f}}}}},
    {9, 4, 2, {{7, {{.78f, .16f}, {.52f, .01f}, {.22f, .16f}, {.22f, .4f}, {.48f, .5f}, {.74f, .34f}, {.78f, .14f}}}, {4, {{.78f, .14f}, {.76f, .42f}, {.7f, .7f}, {.62f, 1}}}}},
    {9, 2, 1, {{10, {{.76f, .2f}, {.56f, .02f}, {.26f, .1f}, {.2f, .36f}, {.44f, .5f}, {.72f, .36f}, {.8f, .3f}, {.8f, .66f}, {.56f, .98f}, {.2f, .92f}}}}},
};
// clang-format on

#define FORMS ((int)(sizeof forms / sizeof *forms))

struct trace { // the drawn line, in pixels
    int count;
    float x[TRACE_MAXIMUM], y[TRACE_MAXIMUM];
    float half[TRACE_MAXIMUM]; // half the pen's width there
    int begins[TRACE_MAXIMUM]; // 1 where a stroke begins
};

static struct random stream(const char *what, int test, int index) {
    return random_stream(BUILTIN_DIGIT_REVISION, random_purpose(what),
                         2 * (uint64_t)index + (uint64_t)(test != 0));
}

static float between(struct random *r, float low, float high) {
    return low + (high - low) * (float)random_uniform(r);
}

// Bell-shaped around 0 with the given spread (standard deviation): the sum of three uniform numbers.
static float around(struct random *r, float spread) {
    float sum = between(r, -0.5f, 0.5f);
    sum += between(r, -0.5f, 0.5f);
    sum += between(r, -0.5f, 0.5f);
    return spread * 2 * sum;
}

int builtin_digit_label(int test, int index) {
    struct random r = stream("digit label", test, index);
    return (int)random_below(&r, 10);
}

static const struct form *choose_form(int digit, struct random *r) {
    float sum = 0;
    for (int i = 0; i < FORMS; i++)
        sum += forms[i].digit == digit ? forms[i].weight : 0;
    float left = between(r, 0, sum);
    const struct form *chosen = NULL;
    for (int i = 0; i < FORMS; i++)
        if (forms[i].digit == digit) {
            chosen = &forms[i];
            left -= forms[i].weight;
            if (left < 0)
                break;
        }
    return chosen;
}

// The point at t (0..1) between b and c on the Catmull-Rom curve through a, b, c, d.
static float curve(float a, float b, float c, float d, float t) {
    return b + 0.5f * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)));
}

static void trace_stroke(const float points[POINTS_MAXIMUM][2], int count, struct trace *trace) {
    for (int i = 0; i + 1 < count; i++) {
        const float *b = points[i], *c = points[i + 1], *a = i ? points[i - 1] : b,
                    *d = i + 2 < count ? points[i + 2] : c;
        for (int k = i ? 1 : 0; k <= STEPS && trace->count < TRACE_MAXIMUM; k++) {
            float t = (float)k / STEPS;
            trace->x[trace->count] = curve(a[0], b[0], c[0], d[0], t);
            trace->y[trace->count] = curve(a[1], b[1], c[1], d[1], t);
            trace->begins[trace->count++] = !i && !k;
        }
    }
}

// The points of the form, each moved a little; strokes that begin where another ended still meet there,
// mostly.
static void trace_form(const struct form *form, struct random *r, struct trace *trace) {
    float wild = between(r, 0.014f, 0.044f), before[2] = {9, 9}, moved[2] = {0, 0};
    trace->count = 0;
    for (int s = 0; s < form->strokes; s++) {
        const struct stroke *stroke = &form->stroke[s];
        float points[POINTS_MAXIMUM][2];
        for (int i = 0; i < stroke->count; i++) {
            int joins = !i && stroke->points[0][0] == before[0] && stroke->points[0][1] == before[1];
            for (int k = 0; k < 2; k++)
                points[i][k] = joins ? moved[k] + around(r, 0.008f) : stroke->points[i][k] + around(r, wild);
        }
        for (int k = 0; k < 2; k++) {
            before[k] = stroke->points[stroke->count - 1][k];
            moved[k] = points[stroke->count - 1][k];
        }
        trace_stroke(points, stroke->count, trace);
    }
}

// Slant, turn, stretch, and a wave that bends the whole.
static void deform(struct trace *trace, struct random *r) {
    float slant = around(r, 0.17f) + 0.1f, turn = around(r, 0.018f), narrow = between(r, 0.58f, 1);
    float c = cosine(turn), s = sine(turn), bend_x = around(r, 0.028f), bend_y = around(r, 0.028f);
    float phase_x = between(r, 0, 1), phase_y = between(r, 0, 1), squeeze = around(r, 0.12f);
    for (int i = 0; i < trace->count; i++) {
        float x = trace->x[i] - 0.5f, y = trace->y[i] - 0.5f;
        x = x * (1 + squeeze * 2 * y) + bend_x * sine(0.9f * y + phase_x); // wider at one end
        y += bend_y * sine(0.9f * x + phase_y);
        x = narrow * x - slant * y;
        trace->x[i] = c * x - s * y;
        trace->y[i] = s * x + c * y;
    }
}

// Scales to a box of 20 pixels in the larger direction, pen included, and sets the pen's width along the way.
static void fit(struct trace *trace, struct random *r) {
    float low_x = 1e9f, high_x = -1e9f, low_y = 1e9f, high_y = -1e9f;
    for (int i = 0; i < trace->count; i++) {
        low_x = trace->x[i] < low_x ? trace->x[i] : low_x;
        high_x = trace->x[i] > high_x ? trace->x[i] : high_x;
        low_y = trace->y[i] < low_y ? trace->y[i] : low_y;
        high_y = trace->y[i] > high_y ? trace->y[i] : high_y;
    }
    float pen = 1.05f + fabsf(around(r, 0.42f)); // half the width
    pen += between(r, -0.25f, 0.25f);
    float pressure = between(r, 0, 0.28f), length = between(r, 0.02f, 0.05f), phase = between(r, 0, 1);
    float side = high_x - low_x > high_y - low_y ? high_x - low_x : high_y - low_y;
    float scale = (20 - 2 * pen) / side;
    for (int i = 0; i < trace->count; i++) {
        trace->x[i] = (trace->x[i] - (low_x + high_x) / 2) * scale + 14;
        trace->y[i] = (trace->y[i] - (low_y + high_y) / 2) * scale + 14;
        trace->half[i] = pen * (1 + pressure * sine((float)i * length + phase));
    }
}

// Ink of one straight piece: full inside the pen's width, fading over one pixel at its edge. Pixels beyond its
// reach get none, so that a row may be done in whole vectors.
static void draw_piece(const struct trace *t, int i, float dx, float dy, float ink[28][INK_STRIDE]) {
    float ax = t->x[i] + dx, ay = t->y[i] + dy, bx = t->x[i + 1] + dx, by = t->y[i + 1] + dy;
    float reach = (t->half[i] > t->half[i + 1] ? t->half[i] : t->half[i + 1]) + 1;
    int left = (int)floorf((ax < bx ? ax : bx) - reach), right = (int)floorf((ax > bx ? ax : bx) + reach);
    int top = (int)floorf((ay < by ? ay : by) - reach), bottom = (int)floorf((ay > by ? ay : by) + reach);
    float length = (bx - ax) * (bx - ax) + (by - ay) * (by - ay) + 1e-6f;
    float first = t->half[i], last = t->half[i + 1];
    for (int y = top < 0 ? 0 : top; y <= (bottom > 27 ? 27 : bottom); y++)
        for (int x = left < 0 ? 0 : left; x <= (right > 27 ? 27 : right); x += INK_LANES) {
            float *row = &ink[y][x];
#pragma omp simd
            for (int k = 0; k < INK_LANES; k++) {
                float px = (float)(x + k) + 0.5f - ax, py = (float)y + 0.5f - ay;
                float at = clamp01((px * (bx - ax) + py * (by - ay)) / length);
                px -= at * (bx - ax);
                py -= at * (by - ay);
                float edge = mix(first, last, at) - sqrtf(px * px + py * py);
                float value = clamp01(0.5f + 0.8f * edge);
                row[k] = value > row[k] ? value : row[k];
            }
        }
}

static void draw(const struct trace *trace, float dx, float dy, float ink[28][INK_STRIDE]) {
    memset(ink, 0, 28 * INK_STRIDE * sizeof **ink);
    for (int i = 0; i + 1 < trace->count; i++)
        if (!trace->begins[i + 1])
            draw_piece(trace, i, dx, dy, ink);
}

void builtin_digit_draw(int test, int index, uint8_t image[28 * 28]) {
    struct random r = stream("digit shape", test, index);
    struct trace trace;
    float ink[28][INK_STRIDE], sum = 0, x = 0, y = 0;
    trace_form(choose_form(builtin_digit_label(test, index), &r), &r, &trace);
    deform(&trace, &r);
    fit(&trace, &r);
    draw(&trace, 0, 0, ink);
    for (int i = 0; i < 28 * 28; i++) {
        int row = i / 28, column = i % 28;
        sum += ink[row][column];
        x += ink[row][column] * ((float)column + 0.5f);
        y += ink[row][column] * ((float)row + 0.5f);
    }
    // MNIST puts the centre of mass into the middle, to whole pixels; a writer's unsteady hand adds up to
    // one.
    float dx = floorf(14.5f - x / sum + around(&r, 0.4f)), dy = floorf(14.5f - y / sum + around(&r, 0.4f));
    draw(&trace, dx, dy, ink);
    float strength = between(&r, 0.85f, 1.05f);
    for (int i = 0; i < 28 * 28; i++)
        image[i] = (uint8_t)(255 * clamp01(ink[i / 28][i % 28] * strength) + 0.5f);
}
