// SPDX-License-Identifier: Apache-2.0
// The seconds of a measurement's repetitions. However many there are, a few are kept, spread evenly over the time
// that they took: what disturbed only a part of it disturbs the same part of what is kept.
#include "core/base/json_fields.h"
#include "experiments/bench/bench.h"

#include <stdlib.h>
#include <string.h>

void bench_repeats_add(struct bench_repeats *r, double seconds) {
    r->fastest = r->seen && r->fastest < seconds ? r->fastest : seconds;
    r->stride = r->stride ? r->stride : 1;
    if (r->seen % r->stride == 0 && r->count == BENCH_REPEATS_MAXIMUM) { // every other one goes
        r->count /= 2;
        r->stride *= 2;
        for (int i = 0; i < r->count; i++)
            r->seconds[i] = r->seconds[2 * i];
    }
    if (r->seen++ % r->stride == 0)
        r->seconds[r->count++] = seconds;
}

static int by_size(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

void bench_sort(double *values, int count) {
    qsort(values, (size_t)count, sizeof *values, by_size);
}

double bench_median(double *values, int count) {
    if (!count)
        return 0;
    bench_sort(values, count);
    return (values[(count - 1) / 2] + values[count / 2]) / 2;
}

double bench_repeats_median(const struct bench_repeats *r) {
    double values[BENCH_REPEATS_MAXIMUM];
    memcpy(values, r->seconds, sizeof values);
    return bench_median(values, r->count);
}

static double four_digits(double number) {
    char text[32];
    snprintf(text, sizeof text, "%.4g", number);
    return strtod(text, NULL);
}

json_t *bench_repeats_json(const struct bench_repeats *r) {
    json_t *seconds = json_array();
    for (int i = 0; i < r->count; i++)
        json_array_append_new(seconds, json_real(four_digits(r->seconds[i])));
    return json_pack("{s:f, s:o}", "fastest", r->fastest, "repeats", seconds);
}

void bench_repeats_read(struct bench_repeats *out, const json_t *value) {
    const json_t *seconds = json_object_get(value, "repeats");
    memset(out, 0, sizeof *out);
    for (size_t i = 0; i < json_array_size(seconds); i++)
        bench_repeats_add(out, json_number_value(json_array_get(seconds, i)));
    out->fastest = json_field_number(value, "fastest");
}
