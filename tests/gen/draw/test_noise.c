// SPDX-License-Identifier: Apache-2.0
// Noise and cells as vector code against the plain arithmetic that they stand for: the same bits at every pixel.
#include "gen/draw/noise.h"
#include "tests/support/suite.h"

#include <CUnit/CUnit.h>

enum { COUNT = 1003, OCTAVES = 3 };

static struct pattern pattern;
static float x[COUNT], y[COUNT], noises[COUNT], octaves[COUNT];
static struct pattern_cell cells[COUNT];

static void start(void) {
    float own[6], *arrays[6];
    for (int k = 0; k < 6; k++)
        arrays[k] = &own[k];
    pattern_start(&pattern, 1, 0, 0, 1, 1, random_stream(1, random_purpose("noise"), 2), arrays);
    for (int i = 0; i < COUNT; i++) {
        x[i] = pattern_uniform(&pattern, -700, 700);
        y[i] = i % 5 ? pattern_uniform(&pattern, -9, 9) : floorf(x[i]); // on lattice lines, too
    }
#pragma omp simd
    for (int i = 0; i < COUNT; i++) {
        noises[i] = noise(&pattern, x[i], y[i]);
        octaves[i] = noise_octaves(&pattern, x[i], y[i], OCTAVES);
    }
#pragma omp simd
    for (int i = 0; i < COUNT; i++)
        cells[i] = nearest_cell(&pattern, x[i], y[i], 0.9f);
}

static int plain_hash(int column, int row) {
    uint8_t first = (uint8_t)pattern.order[(uint8_t)column];
    return pattern.order[(uint8_t)(first + row)];
}

static float plain_slope(int column, int row, float dx, float dy) {
    const float *g = pattern.slopes[plain_hash(column, row)];
    return g[0] * dx + g[1] * dy;
}

static float plain_noise(float at_x, float at_y) {
    int column = (int)floorf(at_x), row = (int)floorf(at_y);
    float dx = at_x - (float)column, dy = at_y - (float)row;
    float wx = dx * dx * (3 - 2 * dx), wy = dy * dy * (3 - 2 * dy), across[2];
    for (int j = 0; j < 2; j++)
        across[j] = mix(plain_slope(column, row + j, dx, dy - (float)j),
                        plain_slope(column + 1, row + j, dx - 1, dy - (float)j), wx);
    return 1.8f * mix(across[0], across[1], wy);
}

static void test_noise_in_vectors_has_the_bits_of_plain_arithmetic(void) {
    start();
    int equal = 0;
    for (int i = 0; i < COUNT; i++) {
        float sum = 0, weight = 0.5f, at_x = x[i], at_y = y[i], plain = plain_noise(at_x, at_y);
        for (int k = 0; k < OCTAVES; k++) {
            sum += weight * plain_noise(at_x, at_y);
            at_x = 2 * at_x + 17.3f;
            at_y = 2 * at_y + 9.1f;
            weight *= 0.5f;
        }
        float all = 2 * sum / (2 - 2 * weight);
        equal += noises[i] == plain && octaves[i] == all;
    }
    CU_ASSERT_EQUAL(equal, COUNT);
}

static void test_cells_in_vectors_are_the_nearest_of_nine_points(void) {
    start();
    int equal = 0;
    for (int i = 0; i < COUNT; i++) {
        float near = 1e9f, second = 1e9f, way[2] = {0};
        int hash = -1;
        for (int k = 0; k < 9; k++) {
            int column = (int)floorf(x[i]) + k % 3 - 1, row = (int)floorf(y[i]) + k / 3 - 1;
            const float *lattice = pattern.lattice[plain_hash(column, row)];
            float dx = x[i] - ((float)column + 0.5f + 0.9f * (lattice[0] - 0.5f));
            float dy = y[i] - ((float)row + 0.5f + 0.9f * (lattice[1] - 0.5f)), d = dx * dx + dy * dy;
            if (d < near) {
                second = near;
                near = d;
                hash = plain_hash(column, row);
                way[0] = dx;
                way[1] = dy;
            } else if (d < second) {
                second = d;
            }
        }
        const struct pattern_cell *c = &cells[i];
        equal += c->near == sqrtf(near) && c->second == sqrtf(second) && c->dx == way[0] && c->dy == way[1] &&
                 c->lattice[0] == pattern.lattice[hash][0] && c->lattice[1] == pattern.lattice[hash][1] &&
                 c->lattice[2] == pattern.lattice[hash][2];
    }
    CU_ASSERT_EQUAL(equal, COUNT);
}

void suite_noise(void);
void suite_noise(void) {
    CU_pSuite suite = CU_add_suite("noise", NULL, NULL);
    CU_add_test(suite, "noise in vectors has the bits of plain arithmetic",
                test_noise_in_vectors_has_the_bits_of_plain_arithmetic);
    CU_add_test(suite, "cells in vectors are the nearest of nine points",
                test_cells_in_vectors_are_the_nearest_of_nine_points);
}
