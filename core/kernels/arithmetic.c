// SPDX-License-Identifier: Apache-2.0
#include "core/kernels/arithmetic.h"

#include "core/base/file.h"
#include "core/base/json.h"
#include "core/base/progress.h"
#include "core/kernels/tiles.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// ------------------------------------------------------------------------------------------------ rules

// What was measured of processors: GFLOP/s of products in registers on two cores, bf16 against float
// (results/reference/bench, docs/performance.md). The first that fits holds.
static const struct rule {
    const char *vendor;
    int family; // 0: any
    enum isa isa;
    enum precision precision;
    const char *reason;
} rules[] = {
    {"GenuineIntel", 0, ISA_AMX, PRECISION_BF16, // Emerald Rapids: 1,873 against 286
     "Intel's tiles multiply bf16 several times as fast as its vectors multiply float"},
    {"GenuineIntel", 0, ISA_AVX512_BF16, PRECISION_F32, // Emerald Rapids, its tiles hidden: 174 against 357
     "Intel's dot products of bf16 are half as fast as its products of float"},
    {"AuthenticAMD", 25, ISA_AVX512_BF16, PRECISION_BF16, // Zen 4: 473 against 236
     "Zen 4's dot products of bf16 are twice as fast as its products of float"},
    {"AuthenticAMD", 26, ISA_AVX512_BF16, PRECISION_BF16, // Zen 5: 911 against 455
     "Zen 5's dot products of bf16 are twice as fast as its products of float"},
};

int arithmetic_rule(const struct processor *processor, enum isa for_bf16, struct arithmetic *out) {
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        const struct rule *r = &rules[i];
        if (r->isa != for_bf16 || strcmp(r->vendor, processor->vendor) != 0 ||
            (r->family && r->family != processor->family))
            continue;
        out->precision = r->precision;
        snprintf(out->reason, sizeof out->reason, "%s", r->reason);
        return 1;
    }
    return 0;
}

// ------------------------------------------------------------------------------------------ measurement

enum { DEPTH = 8, REPEATS = 7 }; // tiles of depth: both operands of a block lie in the first cache

// How much faster bf16 must be: less is within what a busy machine does to a measurement, and bf16 rounds.
static const double worthwhile = 1.3;

// Products a second of a block that lies in the first cache, on one thread, the fastest of some.
static double block_rate(enum precision precision, enum isa isa) {
#ifdef REFF_DOUBLE
    return (void)precision, (void)isa, 1;
#else
    const struct tile_kernels *k =
        precision == PRECISION_F32 && isa == ISA_PLAIN ? &tiles_lanes : tiles_of(precision, isa);
    cell *operands = aligned_alloc(64, sizeof(cell) * TILE * DEPTH * 4);
    float(*sums)[TILE_SUMS] = aligned_alloc(64, sizeof(float) * 4 * TILE_SUMS);
    double best = 0;
    if (operands && sums) {
        memset(operands, 0, sizeof(cell) * TILE * DEPTH * 4);
        const cell *b = operands + 2 * (size_t)TILE * DEPTH;
        struct tile_run run = {.a = operands,
                               .b = {b, b + (size_t)TILE * DEPTH},
                               .b_row = {TILE_COLUMNS, TILE_COLUMNS},
                               .b_step = {TILE, TILE}};
        k->begin(TILE_CELLS);
        for (int repeat = 0; repeat < REPEATS; repeat++) {
            double started = seconds_now(), seconds;
            long blocks = 0;
            do {
                for (int i = 0; i < 100; i++, blocks++)
                    k->multiply(&run, 1, DEPTH, TILE_CELLS, 2 * TILE_ROWS, (size_t)TILE * DEPTH, 0, sums);
                seconds = seconds_now() - started;
            } while (seconds < 2e-3);
            double rate = (double)blocks * k->numbers / seconds;
            best = rate > best ? rate : best;
        }
        k->end();
    }
    free(operands);
    free(sums);
    return best;
#endif
}

// Where the decision is kept; what made it is in the name, so that a program that moves decides anew. 0 where
// there is no place.
static int kept_path(char out[PATH_SIZE], const struct processor *p, enum isa for_bf16, enum isa for_f32) {
    const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    char name[128], folder[PATH_SIZE];
    struct error unkept = {0};
    if (cache && *cache == '/')
        snprintf(folder, sizeof folder, "%s/reff", cache);
    else if (home && *home == '/')
        snprintf(folder, sizeof folder, "%s/.cache/reff", home);
    else
        return 0;
    snprintf(name, sizeof name, "arithmetic-%s-%d-%d-%s-%s.json", *p->vendor ? p->vendor : "unknown",
             p->family, p->model, isa_name(for_bf16), isa_name(for_f32));
    return !folder_make(folder, &unkept) && !path_join(out, &unkept, folder, name);
}

void arithmetic_measured(const char *file, enum isa for_bf16, enum isa for_f32,
                         double (*measure)(enum precision precision, enum isa isa), struct arithmetic *out) {
    struct error unkept = {0};
    json_t *kept = file ? json_read(file, &unkept) : NULL;
    double ratio = json_number_value(json_object_get(kept, "bf16_over_float"));
    if (!(ratio > 0)) {
        double f = measure(PRECISION_F32, for_f32);
        ratio = f > 0 ? measure(PRECISION_BF16, for_bf16) / f : 0;
        json_decref(kept);
        kept = json_pack("{s:f}", "bf16_over_float", ratio);
        if (file && kept)
            json_write(file, kept, &unkept); // without a place to keep it, it is measured at each start
    }
    json_decref(kept);
    out->precision = ratio >= worthwhile ? PRECISION_BF16 : PRECISION_F32;
    snprintf(out->reason, sizeof out->reason,
             "measured here: bf16 multiplies %.2f times as fast as float (from %.1f on it is taken)%s%.100s",
             ratio, worthwhile, file ? "; kept in " : "", file ? file : "");
}

// --------------------------------------------------------------------------------------------- decision

static void decide(struct arithmetic *out) { // of zeros: PRECISION_F32
    enum isa for_bf16 = isa_for_bf16(), for_f32 = isa_for_f32();
    struct processor processor = processor_read();
    char file[PATH_SIZE];
    if (sizeof(real) != sizeof(float))
        *out = (struct arithmetic){PRECISION_F32, "this build computes in double"};
    else if (for_bf16 == ISA_PLAIN)
        snprintf(out->reason, sizeof out->reason, "%s",
                 isa_available(ISA_AVX512_BF16) || isa_available(ISA_AMX)
                     ? "REFF_ISA forbids this processor's products of bf16"
                     : "this processor has no products of bf16");
    else if (!arithmetic_rule(&processor, for_bf16, out))
        arithmetic_measured(kept_path(file, &processor, for_bf16, for_f32) ? file : NULL, for_bf16, for_f32,
                            block_rate, out);
}

const struct arithmetic *arithmetic_auto(void) {
    static struct arithmetic decided;
    if (!*decided.reason)
        decide(&decided);
    return &decided;
}
