// SPDX-License-Identifier: Apache-2.0
// Sixteen pairs at a time, by AVX512-BF16; compiled for it (Makefile).
#include "core/kernels/norm_pairs.h"

#if defined(__x86_64__) && !defined(REFF_DOUBLE)
#include "core/kernels/pairs_avx512.h"

#define INLINE static inline __attribute__((always_inline))

enum { EVEN, ODD, CHANNELS, VECTOR = 16, LANES = 4 * VECTOR, TERMS = 3 }; // LANES: as vector.c adds

struct two { // channels of 16 pairs
    __m512 of[CHANNELS];
};

INLINE struct two numbers_of(__m512i pairs) {
    return (struct two){{even_of(pairs), odd_of(pairs)}};
}

INLINE __m512i pairs_at(const bf16 *row, size_t i, __mmask16 used) {
    return _mm512_maskz_loadu_epi32(used, row + 2 * i);
}

INLINE struct two load(const bf16 *row, size_t i, __mmask16 used) {
    return numbers_of(pairs_at(row, i, used));
}

INLINE __m512i load_cut(const struct norm_cut *in, size_t i, __mmask16 used) {
    __m512i pairs = pairs_at(in->v, i, used);
    return in->gate ? _mm512_maskz_mov_epi16(open_of(pairs_at(in->gate, i, used)), pairs) : pairs;
}

INLINE void store(bf16 *row, size_t i, __mmask16 used, struct two v) {
    _mm512_mask_storeu_epi32(row + 2 * i, used, pairs_of(v.of[EVEN], v.of[ODD]));
}

// ---------------------------------------------------------------------------------------------- sums

struct operands { // of whatever is summed up
    struct norm_cut in;
    const bf16 *u, *other;
    bf16 *kept, *residual;
    int add;
    const real *about;
};

// The summands of pairs [i, i + 16), those that are not used zero.
typedef void summands(const struct operands *o, size_t i, __mmask16 used, struct two out[TERMS]);

INLINE __m512 off(struct two u, const struct operands *o, int h) {
    return _mm512_sub_ps(u.of[h], _mm512_set1_ps(o->about[h]));
}

// Lanes in halves, and what was left over: as vector.c adds.
INLINE double total(const __m512 lane[4], float rest) {
    __m512 sixteen = _mm512_add_ps(_mm512_add_ps(lane[0], lane[2]), _mm512_add_ps(lane[1], lane[3]));
    __m256 eight = _mm256_add_ps(_mm512_castps512_ps256(sixteen), _mm512_extractf32x8_ps(sixteen, 1));
    __m128 four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
    __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
    return (double)(_mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two))) + rest);
}

// sums[s][h] += the sums of the summands s of channel h.
INLINE void sum_up(summands *at, int terms, const struct operands *o, size_t n, double *const sums[TERMS]) {
    __m512 lane[TERMS][CHANNELS][LANES / VECTOR];
    float rest[TERMS][CHANNELS] = {{0}};
    struct two now[TERMS];
    size_t i = 0;
#pragma GCC unroll 24
    for (int k = 0; k < TERMS * CHANNELS * (LANES / VECTOR); k++)
        lane[k / 8][k / 4 % 2][k % 4] = _mm512_setzero_ps();
    for (; i + LANES <= n; i += LANES)
#pragma GCC unroll 4
        for (int q = 0; q < LANES / VECTOR; q++) {
            at(o, i + (size_t)(q * VECTOR), 0xffff, now);
#pragma GCC unroll 3
            for (int s = 0; s < terms; s++) {
                lane[s][EVEN][q] = _mm512_add_ps(lane[s][EVEN][q], now[s].of[EVEN]);
                lane[s][ODD][q] = _mm512_add_ps(lane[s][ODD][q], now[s].of[ODD]);
            }
        }
    for (; i < n; i += VECTOR) {
        float left[VECTOR];
        at(o, i, first_of_16(n - i), now);
        for (int s = 0; s < terms; s++)
            for (int h = 0; h < CHANNELS; h++) {
                _mm512_storeu_ps(left, now[s].of[h]);
                for (size_t j = 0; j < VECTOR && i + j < n; j++)
                    rest[s][h] += left[j];
            }
    }
#pragma GCC unroll 3
    for (int s = 0; s < terms; s++) {
        sums[s][EVEN] += total(lane[s][EVEN], rest[s][EVEN]);
        sums[s][ODD] += total(lane[s][ODD], rest[s][ODD]);
    }
}

INLINE void summands_of_squares(const struct operands *o, size_t i, __mmask16 used, struct two out[TERMS]) {
    out[0] = load(o->u, i, used);
    ask_for(o->u, i);
    for (int h = 0; h < CHANNELS; h++) {
        __m512 deviation = off(out[0], o, h);
        out[1].of[h] = _mm512_mul_ps(deviation, deviation);
    }
}

static void squares(const bf16 *u, size_t n, const real about[2], double sum[2], double of_squares[2]) {
    struct operands o = {.u = u, .about = about};
    sum_up(summands_of_squares, 2, &o, n, (double *const[TERMS]){sum, of_squares});
}

INLINE void summands_received(const struct operands *o, size_t i, __mmask16 used, struct two out[TERMS]) {
    __m512i pairs = load_cut(&o->in, i, used);
    ask_for(o->in.v, i);
    ask_for(o->u, i);
    if (o->in.gate)
        ask_for(o->in.gate, i);
    struct two v = out[0] = numbers_of(pairs), u = load(o->u, i, used);
    for (int h = 0; h < CHANNELS; h++)
        out[1].of[h] = _mm512_mul_ps(v.of[h], off(u, o, h));
    if (o->kept)
        _mm512_mask_storeu_epi32(o->kept + 2 * i, used, pairs);
    if (o->residual && o->add) {
        struct two there = load(o->residual, i, used);
        for (int h = 0; h < CHANNELS; h++)
            there.of[h] = _mm512_add_ps(there.of[h], v.of[h]);
        store(o->residual, i, used, there);
    } else if (o->residual) {
        ask_for(o->residual, i);
        _mm512_mask_storeu_epi32(o->residual + 2 * i, used, pairs);
    }
}

static void receive(const struct norm_cut *in, const bf16 *u, size_t n, const real mean[2], bf16 *kept,
                    bf16 *residual, int add, double sum[2], double dot[2]) {
    struct operands o = {.in = *in, .u = u, .kept = kept, .residual = residual, .add = add, .about = mean};
    sum_up(summands_received, 2, &o, n, (double *const[TERMS]){sum, dot});
}

INLINE void summands_of_tangents(const struct operands *o, size_t i, __mmask16 used, struct two out[TERMS]) {
    struct two t = out[0] = load(o->in.v, i, used), u = load(o->u, i, used), gy = load(o->other, i, used);
    for (int h = 0; h < CHANNELS; h++) {
        out[1].of[h] = _mm512_mul_ps(t.of[h], off(u, o, h));
        out[2].of[h] = _mm512_mul_ps(t.of[h], gy.of[h]);
    }
}

static void tangent_sums(const bf16 *t, const bf16 *u, const bf16 *gy, size_t n, const real mean[2],
                         double sum[2], double dot[2], double t_gy[2]) {
    struct operands o = {.in = {t, NULL}, .u = u, .other = gy, .about = mean};
    sum_up(summands_of_tangents, 3, &o, n, (double *const[TERMS]){sum, dot, t_gy});
}

// ---------------------------------------------------------------------------------------------- rows

static void normalise(const bf16 *u, const bf16 *r, size_t n, const struct norm_line *line, int relu,
                      bf16 *y) {
    for (size_t i = 0; i < n; i += VECTOR) {
        __mmask16 used = first_of_16(n - i);
        struct two v = load(u, i, used), by = r ? load(r, i, used) : v;
        ask_for(y, i);
        for (int h = 0; h < CHANNELS; h++) {
            __m512 there = _mm512_sub_ps(v.of[h], _mm512_set1_ps(line->mean[h]));
            there = _mm512_add_ps(_mm512_mul_ps(there, _mm512_set1_ps(line->scale[h])),
                                  _mm512_set1_ps(line->shift[h]));
            there = r ? _mm512_add_ps(there, by.of[h]) : there;
            // Not below zero: a NaN stays one, to be found.
            v.of[h] =
                relu ? _mm512_maskz_mov_ps(_mm512_cmp_ps_mask(there, _mm512_setzero_ps(), _CMP_NLT_UQ), there)
                     : there;
        }
        store(y, i, used, v);
    }
}

INLINE __m512 projected(const struct norm_projection *k, int h, __m512 v, __m512 deviation) {
    return _mm512_add_ps(_mm512_add_ps(_mm512_mul_ps(_mm512_set1_ps(k->of_in[h]), v),
                                       _mm512_mul_ps(_mm512_set1_ps(k->of_u[h]), deviation)),
                         _mm512_set1_ps(k->constant[h]));
}

static void project(const struct norm_cut *in, const bf16 *u, size_t n, const struct norm_projection *k,
                    int add, bf16 *to) {
    for (size_t i = 0; i < n; i += VECTOR) {
        __mmask16 used = first_of_16(n - i);
        struct two v = numbers_of(load_cut(in, i, used)), at = load(u, i, used),
                   there = add ? load(to, i, used) : v;
        ask_for(to, i);
        for (int h = 0; h < CHANNELS; h++) {
            __m512 first = projected(k, h, v.of[h], _mm512_sub_ps(at.of[h], _mm512_set1_ps(k->mean[h])));
            there.of[h] = add ? _mm512_add_ps(there.of[h], first) : first;
        }
        store(to, i, used, there);
    }
}

static void project_second(const struct norm_cut *in, const bf16 *u, const bf16 *t, const bf16 *gy, size_t n,
                           const struct norm_projection *k, const struct norm_second *k2, int add, bf16 *to) {
    for (size_t i = 0; i < n; i += VECTOR) {
        __mmask16 used = first_of_16(n - i);
        struct two v = numbers_of(load_cut(in, i, used)), at = load(u, i, used), of_t = load(t, i, used),
                   of_g = load(gy, i, used), there = add ? load(to, i, used) : v;
        ask_for(to, i);
        for (int h = 0; h < CHANNELS; h++) {
            __m512 deviation = _mm512_sub_ps(at.of[h], _mm512_set1_ps(k->mean[h]));
            __m512 first = projected(k, h, v.of[h], deviation);
            first = add ? _mm512_add_ps(there.of[h], first) : first;
            __m512 second = _mm512_add_ps(_mm512_mul_ps(_mm512_set1_ps(k2->of_t[h]), of_t.of[h]),
                                          _mm512_mul_ps(_mm512_set1_ps(k2->of_g[h]), of_g.of[h]));
            second = _mm512_add_ps(second, _mm512_mul_ps(_mm512_set1_ps(k2->of_u[h]), deviation));
            there.of[h] = _mm512_add_ps(first, _mm512_add_ps(second, _mm512_set1_ps(k2->constant[h])));
        }
        store(to, i, used, there);
    }
}

static void tangent(const bf16 *t, const bf16 *u, const bf16 *r, const bf16 *gate, size_t n,
                    const struct norm_projection *k, bf16 *to) {
    for (size_t i = 0; i < n; i += VECTOR) {
        __mmask16 used = first_of_16(n - i);
        struct two v = load(t, i, used), at = load(u, i, used), by = r ? load(r, i, used) : v;
        ask_for(to, i);
        for (int h = 0; h < CHANNELS; h++) {
            __m512 first = projected(k, h, v.of[h], _mm512_sub_ps(at.of[h], _mm512_set1_ps(k->mean[h])));
            v.of[h] = r ? _mm512_add_ps(first, by.of[h]) : first;
        }
        __m512i pairs = pairs_of(v.of[EVEN], v.of[ODD]);
        if (gate)
            pairs = _mm512_maskz_mov_epi16(open_of(pairs_at(gate, i, used)), pairs);
        _mm512_mask_storeu_epi32(to + 2 * i, used, pairs);
    }
}

const struct norm_pairs norm_pairs_avx512 = {.squares = squares,
                                             .normalise = normalise,
                                             .receive = receive,
                                             .project = project,
                                             .project_second = project_second,
                                             .tangent_sums = tangent_sums,
                                             .tangent = tangent};
#endif
