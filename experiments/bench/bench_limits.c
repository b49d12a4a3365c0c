// SPDX-License-Identifier: Apache-2.0
// What the machine can do at most: products per second with operands that never leave the registers, and
// bytes per second read from memory.
//
// A product's instruction takes some cycles until its sum can be added to again (4 for a vector FMA, about 50
// for a tile), while one or two of them begin in each cycle or each 16 cycles. So a loop keeps more chains of
// sums going than fit between: that many independent instructions are in flight at any time.
#include "core/base/isolate.h"
#include "core/base/memory.h"
#include "core/base/progress.h"
#include "core/kernels/isa.h"
#include "core/kernels/lanes.h"
#include "experiments/bench/bench.h"

#include <omp.h>
#include <stdlib.h>
#include <unistd.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

struct unit { // something in the processor that multiplies
    const char *name;
    int (*usable)(void);
    void (*burst)(long rounds);
    double flop; // of one round on one thread
};

// What a burst computes is looked at, so that it is computed.
static _Thread_local volatile float sink;

#if defined(__x86_64__)

// Each burst is the same loop with other instructions; the compiler may only use them in functions that say
// so.
enum { CHAINS_AVX2 = 12, CHAINS_AVX512 = 24, CHAINS_AMX = 6 }; // of 16 and 32 registers, 8 tiles

static int has_avx2(void) {
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}

__attribute__((target("avx2,fma"), optimize("O3"))) static void burst_avx2(long rounds) {
    __m256 sum[CHAINS_AVX2], a = _mm256_set1_ps(sink + 1.2345f), b = _mm256_set1_ps(sink + 0.0012f);
    for (int i = 0; i < CHAINS_AVX2; i++)
        sum[i] = _mm256_set1_ps((float)i);
    for (long r = 0; r < rounds; r++)
#pragma GCC unroll 12
        for (int i = 0; i < CHAINS_AVX2; i++)
            sum[i] = _mm256_fmadd_ps(a, b, sum[i]);
    for (int i = 1; i < CHAINS_AVX2; i++)
        sum[0] = _mm256_add_ps(sum[0], sum[i]);
    sink = 0 * _mm256_cvtss_f32(sum[0]);
}

static int has_avx512(void) {
    return __builtin_cpu_supports("avx512f");
}

__attribute__((target("avx512f"), optimize("O3"))) static void burst_avx512(long rounds) {
    __m512 sum[CHAINS_AVX512], a = _mm512_set1_ps(sink + 1.2345f), b = _mm512_set1_ps(sink + 0.0012f);
    for (int i = 0; i < CHAINS_AVX512; i++)
        sum[i] = _mm512_set1_ps((float)i);
    for (long r = 0; r < rounds; r++)
#pragma GCC unroll 24
        for (int i = 0; i < CHAINS_AVX512; i++)
            sum[i] = _mm512_fmadd_ps(a, b, sum[i]);
    for (int i = 1; i < CHAINS_AVX512; i++)
        sum[0] = _mm512_add_ps(sum[0], sum[i]);
    sink = 0 * _mm512_cvtss_f32(sum[0]);
}

static int has_avx512bf16(void) {
    return isa_available(ISA_AVX512_BF16);
}

__attribute__((target("avx512f,avx512bf16"), optimize("O3"))) static void burst_avx512bf16(long rounds) {
    __m512 sum[CHAINS_AVX512], some = _mm512_set1_ps(sink + 1.2345f);
    __m512bh a = _mm512_cvtne2ps_pbh(some, some), b = a;
    for (int i = 0; i < CHAINS_AVX512; i++)
        sum[i] = _mm512_set1_ps((float)i);
    for (long r = 0; r < rounds; r++)
#pragma GCC unroll 24
        for (int i = 0; i < CHAINS_AVX512; i++)
            sum[i] = _mm512_dpbf16_ps(sum[i], a, b);
    for (int i = 1; i < CHAINS_AVX512; i++)
        sum[0] = _mm512_add_ps(sum[0], sum[i]);
    sink = 0 * _mm512_cvtss_f32(sum[0]);
}

static int has_amx(void) {
    return isa_available(ISA_AMX);
}

// Six tiles of 16 x 16 sums; two of 16 x 32 bf16 numbers, which are multiplied again and again.
__attribute__((target("amx-tile,amx-bf16"))) static void burst_amx(long rounds) {
    // Constant, because gcc 12 does not know that the instructions read memory.
    static const struct {
        uint8_t palette, start_row, reserved[14];
        uint16_t row_bytes[16];
        uint8_t rows[16];
    } whole = {.palette = 1, .row_bytes = {[0 ... 7] = 64}, .rows = {[0 ... 7] = 16}};
    static const uint16_t numbers[16 * 32] = {[0 ... 16 * 32 - 1] = 0x3f9d}; // 1.23
    _tile_loadconfig(&whole);
    _tile_loadd(6, numbers, 64);
    _tile_loadd(7, numbers, 64);
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
    _tile_zero(4);
    _tile_zero(5);
    for (long r = 0; r < rounds; r++) {
        _tile_dpbf16ps(0, 6, 7);
        _tile_dpbf16ps(1, 6, 7);
        _tile_dpbf16ps(2, 6, 7);
        _tile_dpbf16ps(3, 6, 7);
        _tile_dpbf16ps(4, 6, 7);
        _tile_dpbf16ps(5, 6, 7);
    }
    _tile_release();
}

static const struct unit f32_units[] = {
    {"AVX-512", has_avx512, burst_avx512, 2.0 * 16 * CHAINS_AVX512},
    {"AVX2", has_avx2, burst_avx2, 2.0 * 8 * CHAINS_AVX2},
    {NULL, NULL, NULL, 0},
};
static const struct unit bf16_units[] = {
    {"AMX-BF16", has_amx, burst_amx, 2.0 * 16 * 16 * 32 * CHAINS_AMX},
    {"AVX512-BF16", has_avx512bf16, burst_avx512bf16, 2.0 * 32 * CHAINS_AVX512},
    {NULL, NULL, NULL, 0},
};

#else // elsewhere the limits of arithmetic are not known, and no shares are given

static const struct unit f32_units[] = {{NULL, NULL, NULL, 0}}, bf16_units[] = {{NULL, NULL, NULL, 0}};

#endif

// The first usable one of a list (the fastest comes first), or its end.
static const struct unit *usable_unit(const struct unit *u) {
    while (u->name && !u->usable())
        u++;
    return u;
}

// The shortest of several bursts: one that another process interrupted says nothing.
static double burst_seconds(const struct unit *u, long rounds, int bursts) {
    double best = 1e30;
    for (int i = 0; i < bursts; i++) {
        double start = seconds_now();
#pragma omp parallel
        u->burst(rounds);
        double seconds = seconds_now() - start;
        best = seconds < best ? seconds : best;
    }
    return best;
}

// GFLOP/s of all threads together, in the best of many bursts, each short enough to fall between others'
// work.
static double best_gflops(const struct unit *u, const struct bench_effort *e) {
    enum { BURSTS = 8 };
    static const double long_enough = 0.002;
    long rounds = 1000;
    double best = 1e30;
    while (burst_seconds(u, rounds, BURSTS) < long_enough)
        rounds *= 2;
    for (double start = seconds_now(); seconds_now() - start < e->seconds;) {
        double seconds = burst_seconds(u, rounds, BURSTS);
        best = seconds < best ? seconds : best;
    }
    return 1e-9 * u->flop * (double)rounds * e->threads / best;
}

// ---------------------------------------------------------------------------------------- memory

// Four times the last cache, so that a pass finds little of the one before in it; not more than a quarter of
// what is free.
static size_t memory_to_read(void) {
    enum { LEAST = 256 << 20 };
    long cache = sysconf(_SC_LEVEL3_CACHE_SIZE), pages = sysconf(_SC_AVPHYS_PAGES);
    size_t size = cache > 0 ? 4 * (size_t)cache : 0, most = (size_t)pages * (size_t)sysconf(_SC_PAGESIZE) / 4;
    size = size > LEAST ? size : LEAST;
    return pages > 0 && size > most ? most : size;
}

static lanes read_all(const real *from, const real *to) {
    enum { CHAINS = 8 };
    lanes sum[CHAINS];
    for (int i = 0; i < CHAINS; i++)
        sum[i] = lanes_all(0);
    for (; from + (ptrdiff_t)CHAINS * LANES <= to; from += (ptrdiff_t)CHAINS * LANES)
        for (int i = 0; i < CHAINS; i++)
            sum[i] += lanes_load(from + (ptrdiff_t)i * LANES);
    for (int i = 1; i < CHAINS; i++)
        sum[0] += sum[i];
    return sum[0];
}

// GB/s of all threads together, each reading a part that it has written first.
static double best_read(const struct bench_effort *e, struct error *err) {
    size_t part = memory_to_read() / sizeof(real) / (size_t)e->threads;
    real *numbers = allocate(part * (size_t)e->threads, sizeof *numbers, "measuring memory", err);
    if (!numbers)
        return -1;
#pragma omp parallel
    memset(numbers + part * (size_t)omp_get_thread_num(), 0x3f, part * sizeof *numbers);
    double best = 0;
    for (double start = seconds_now(), end = start; end - start < e->seconds;) {
        double from = end;
#pragma omp parallel
        {
            const real *mine = numbers + part * (size_t)omp_get_thread_num();
            lanes sum = read_all(mine, mine + part);
            sink = 0 * (float)sum[0];
        }
        end = seconds_now();
        double rate = (double)(part * (size_t)e->threads * sizeof *numbers) / (end - from);
        best = rate > best ? rate : best;
    }
    free(numbers);
    return best * 1e-9;
}

// ---------------------------------------------------------------------------------------- together

static json_t *measure(void *context, struct error *err) {
    const struct bench_effort *e = context;
    const struct unit *f32 = usable_unit(f32_units), *bf16 = usable_unit(bf16_units);
    omp_set_num_threads(e->threads);
    double f32_gflops = f32->name ? best_gflops(f32, e) : 0,
           bf16_gflops = bf16->name ? best_gflops(bf16, e) : 0;
    double read_gbs = best_read(e, err);
    return read_gbs < 0 ? NULL : json_pack("[f, f, f]", f32_gflops, bf16_gflops, read_gbs);
}

static const char *unit_name(const struct unit *units) {
    const char *name = usable_unit(units)->name;
    return name ? name : "none";
}

int bench_limits_measure(struct bench_limits *out, const struct bench_effort *effort, struct error *err) {
    json_t *limits = isolate_json(measure, (void *)effort, err);
    if (!limits)
        return -1;
    *out = (struct bench_limits){.f32_gflops = json_number_value(json_array_get(limits, 0)),
                                 .bf16_gflops = json_number_value(json_array_get(limits, 1)),
                                 .read_gbs = json_number_value(json_array_get(limits, 2)),
                                 .f32_unit = unit_name(f32_units),
                                 .bf16_unit = unit_name(bf16_units)};
    json_decref(limits);
    return 0;
}
