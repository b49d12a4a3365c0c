// SPDX-License-Identifier: Apache-2.0
// f32 tiles by fused multiplication in 64-byte vectors (AVX-512), blocked as tiles_avx512.h shows.
#if defined(__x86_64__) && !defined(REFF_DOUBLE)
#include "core/kernels/tiles_avx512.h"

static inline __m512 multiplied(__m512 sums, __m512i a, __m512i b) {
    return _mm512_fmadd_ps((__m512)a, (__m512)b, sums);
}

static void multiply(const struct tile_run *runs, int count, int depth, int cells, int rows, size_t a_next,
                     int add, float c[4][TILE_SUMS]) {
    multiply_blocks(multiplied, runs, count, depth, cells, rows, a_next, add, c);
}

static void column(const float *const from[2], int count, size_t step, int columns, cell *to,
                   size_t to_step) {
    __mmask16 used = from[0] ? first_of_16((size_t)columns) : 0;
    for (int i = 0; i < count; i++)
        _mm512_store_si512(to + (size_t)i * to_step,
                           _mm512_maskz_loadu_epi32(used, from[0] ? from[0] + (size_t)i * step : 0));
}

static void row(const float *from, size_t n, cell *to) {
    for (size_t i = 0; i < n; i += TILE_CELLS, to += TILE)
        _mm512_store_si512(to, _mm512_maskz_loadu_epi32(first_of_16(n - i), from + i));
}

static void lay(const float *from, size_t stride, int rows, int columns, cell *const to[TILE_ROWS]) {
    __mmask16 used = first_of_16((size_t)columns);
    __m512i v[16];
    for (int i = 0; i < 16; i++)
        v[i] = i < rows ? _mm512_maskz_loadu_epi32(used, from + (size_t)i * stride) : _mm512_setzero_si512();
    transpose(v);
    for (int i = 0; i < columns; i++)
        _mm512_store_si512(to[i], v[i]);
}

static void turn(const float *from, size_t stride, size_t n, cell *to) {
    for (size_t i = 0; i < n; i += TILE_CELLS, to += TILE) {
        __m512i v[16];
        for (int column = 0; column < TILE_COLUMNS; column++)
            v[column] = _mm512_loadu_si512(from + (size_t)column * stride + i);
        transpose(v);
        for (int d = 0; d < TILE_CELLS; d++)
            _mm512_store_si512(to + d * TILE_COLUMNS, v[d]);
    }
}

// ------------------------------------------------------------------------------------------ panels

static inline void ask_for(struct panel_ask *ask) {
    for (int i = 0; i < ask->each; i++) {
        struct panel_ask *now = ask->left || !ask->next ? ask : ask->next;
        if (!now->left)
            return;
        _mm_prefetch((const char *)now->at, _MM_HINT_T1);
        now->at += TILE_COLUMNS;
        if (++now->line == now->lines) {
            now->at += now->plane - (size_t)now->lines * TILE_COLUMNS;
            now->line = 0;
            now->left--;
        }
    }
}

// The sums of a panel, in registers. Rows, vectors and whether B was kept are known where the functions below are
// inlined.
typedef __m512 panel_sums[PANEL_ROWS][PANEL_VECTORS];

static inline __attribute__((always_inline)) void panel_depth(int rows, int vectors, const float *a,
                                                              size_t a_row, const __m512 b[PANEL_VECTORS],
                                                              panel_sums sums) {
    const float *half = a + 3 * a_row; // so that addresses are a register and a multiple of another one
#pragma GCC unroll 6
    for (int i = 0; i < rows; i++) {
        __m512 number = _mm512_set1_ps((i < 3 ? a : half)[(size_t)(i % 3) * a_row]);
#pragma GCC unroll 4
        for (int j = 0; j < vectors; j++)
            sums[i][j] = _mm512_fmadd_ps(number, b[j], sums[i][j]);
    }
}

// Depths [0, count) of B at `at`, and where they are to be kept.
static inline __attribute__((always_inline)) void panel_step(const struct panel *p, int rows, int vectors,
                                                             int kept, const float *a, size_t at, int count,
                                                             float *keep, panel_sums sums) {
#pragma GCC unroll 4
    for (int d = 0; d < count; d++) {
        __m512 b[PANEL_VECTORS];
#pragma GCC unroll 4
        for (int j = 0; j < vectors; j++) {
            b[j] = _mm512_loadu_ps(kept ? p->b[0] + at + d * PANEL_COLUMNS + j * TILE_COLUMNS
                                        : p->b[j] + at + (size_t)d * p->b_depth);
            if (!kept && keep)
                _mm512_store_ps(keep + d * PANEL_COLUMNS + j * TILE_COLUMNS, b[j]);
        }
        panel_depth(rows, vectors, a + d, p->a_row, b, sums);
    }
}

static inline __attribute__((always_inline)) void panel_put(const struct panel *p, int rows, int vectors,
                                                            panel_sums sums) {
    __mmask16 last = first_of_16((size_t)p->used);
#pragma GCC unroll 6
    for (int i = 0; i < rows; i++)
#pragma GCC unroll 4
        for (int j = 0; j < vectors; j++) {
            if (j >= p->vectors)
                continue;
            __mmask16 used = j == p->vectors - 1 ? last : 0xffff;
            float *to = p->c[j] + (size_t)i * p->c_row;
            if (p->how == PUT_ADD)
                sums[i][j] = _mm512_add_ps(sums[i][j], _mm512_maskz_loadu_ps(used, to));
            put_line(to, used, p->how, (__m512i)sums[i][j]);
        }
}

static inline __attribute__((always_inline)) void multiply_panel(const struct panel *p, int rows, int vectors,
                                                                 int kept) {
    panel_sums sums;
    __mmask16 last = first_of_16((size_t)p->used);
    size_t b_depth = kept ? PANEL_COLUMNS : p->b_depth;
    float *keep = p->keep;
#pragma GCC unroll 6
    for (int i = 0; i < rows; i++)
#pragma GCC unroll 4
        for (int j = 0; j < vectors; j++)
            sums[i][j] = p->how == PUT_ON ? _mm512_maskz_loadu_ps(j < p->vectors - 1 ? 0xffff : last,
                                                                  p->c[j] + (size_t)i * p->c_row)
                                          : _mm512_setzero_ps();
    for (int r = 0; r < p->runs; r++) {
        const float *a = p->a + (size_t)r * p->a_run;
        size_t at = (size_t)r * p->b_run;
        int left = p->depth;
        for (; left >= PANEL_STEP; left -= PANEL_STEP, a += p->a_step, at += PANEL_STEP * b_depth) {
            if (p->ask && left % TILE_CELLS < PANEL_STEP)
                ask_for(p->ask);
            panel_step(p, rows, vectors, kept, a, at, PANEL_STEP, keep, sums);
            keep += keep ? PANEL_STEP * PANEL_COLUMNS : 0;
        }
        for (; left > 0; left--, a++, at += b_depth) {
            panel_step(p, rows, vectors, kept, a, at, 1, keep, sums);
            keep += keep ? PANEL_COLUMNS : 0;
        }
    }
    panel_put(p, rows, vectors, sums);
}

// Three vectors are done as four, of which the last is read and not put; so are fewer where B was not kept.
static inline __attribute__((always_inline)) void panel_of_rows(const struct panel *p, int rows, int kept) {
    if (!kept)
        multiply_panel(p, rows, 4, 0);
    else if (p->vectors == 1)
        multiply_panel(p, rows, 1, 1);
    else if (p->vectors == 2)
        multiply_panel(p, rows, 2, 1);
    else
        multiply_panel(p, rows, 4, 1);
}

static void panel(const struct panel *p) {
    int kept = p->b_depth == PANEL_COLUMNS && !p->keep;
    switch (p->rows) {
    case 1:
        panel_of_rows(p, 1, kept);
        break;
    case 2:
        panel_of_rows(p, 2, kept);
        break;
    case 3:
        panel_of_rows(p, 3, kept);
        break;
    case 4:
        panel_of_rows(p, 4, kept);
        break;
    case 5:
        panel_of_rows(p, 5, kept);
        break;
    default:
        panel_of_rows(p, 6, kept);
    }
}

static void turn_panel(const float *from, size_t stride, size_t n, float *to) {
    for (size_t i = 0; i < n; i += TILE_CELLS, to += TILE_CELLS * PANEL_COLUMNS) {
        __m512i v[16];
        for (int column = 0; column < TILE_COLUMNS; column++)
            v[column] = _mm512_loadu_si512(from + (size_t)column * stride + i);
        transpose(v);
        for (int d = 0; d < TILE_CELLS; d++)
            _mm512_store_si512(to + d * PANEL_COLUMNS, v[d]);
    }
}

const struct tile_kernels tiles_avx512 = {.precision = PRECISION_F32,
                                          .isa = ISA_AVX512,
                                          .numbers = 1,
                                          .winograd = &tiles_avx512,
                                          .begin = begin_vectors,
                                          .end = end_vectors,
                                          .multiply = multiply,
                                          .column = column,
                                          .row = row,
                                          .lay = lay,
                                          .turn = turn,
                                          .put = put_rows,
                                          .together = put_together,
                                          .panel = panel,
                                          .turn_panel = turn_panel};
#endif
