// SPDX-License-Identifier: Apache-2.0
#include "experiments/golden/golden_parts.h"

#include "core/base/memory.h"
#include "core/base/random.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_MAXIMUM = 192 };

static struct parameter *find(const struct golden_parts *c, const char *name) {
    struct parameter *p = NULL;
    for (int s = 0; s < GOLDEN_SETS && !p; s++)
        p = c->sets[s] ? parameters_find(c->sets[s], name) : NULL;
    return p;
}

int golden_parts_open(struct golden_parts *c) {
    hid_t set = H5Dopen2(c->file, "params", H5P_DEFAULT);
    if (set < 0)
        return fail(c->err, "golden file: no dataset params");
    hid_t space = H5Dget_space(set), type = H5Tcopy(H5T_C_S1);
    hssize_t count = H5Sget_simple_extent_npoints(space);
    H5Tset_size(type, sizeof *c->order);
    c->order =
        count > 0 && count < 100000 ? allocate((size_t)count, sizeof *c->order, "names", c->err) : NULL;
    int bad = !c->order || H5Dread(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, c->order) < 0;
    c->count = bad ? 0 : (int)count;
    for (int i = 0; !bad && i < c->count; i++)
        bad = !find(c, c->order[i]);
    H5Tclose(type);
    H5Sclose(space);
    H5Dclose(set);
    return bad ? fail(c->err, "golden file: params: names that the network does not have") : 0;
}

void golden_parts_close(struct golden_parts *c) {
    free(c->order);
    c->order = NULL;
}

static int load_one(struct golden_parts *c, struct parameter *p) {
    struct golden_array a;
    char path[PATH_MAXIMUM];
    snprintf(path, sizeof path, "init/%s", p->name);
    if (golden_read(c->file, path, &a, c->err))
        return -1;
    int fits = a.size == p->size;
    for (size_t j = 0; j < p->size && fits; j++)
        p->value[j] = (real)a.items[j];
    golden_array_free(&a);
    return fits ? 0 : fail(c->err, "golden file: %s: not of the network's size", path);
}

int golden_parts_load(struct golden_parts *c) {
    for (int s = 0; s < GOLDEN_SETS; s++)
        for (int i = 0; c->sets[s] && i < c->sets[s]->count; i++)
            if (load_one(c, &c->sets[s]->items[i]))
                return -1;
    return 0;
}

#ifdef REFF_DOUBLE
#define neighbour nextafter
#else
#define neighbour nextafterf
#endif

void golden_parts_disturb(struct golden_parts *c, int attempt) {
    struct random r = random_stream((uint64_t)attempt, random_purpose("golden files: a disturbance"), 0);
    for (int s = 0; s < GOLDEN_SETS; s++)
        for (int i = 0; c->sets[s] && i < c->sets[s]->count; i++) {
            struct parameter *p = &c->sets[s]->items[i];
            for (size_t k = 0; k < p->size; k++)
                p->value[k] = neighbour(p->value[k], random_below(&r, 2) ? (real)INFINITY : (real)-INFINITY);
        }
}

int golden_compare(struct golden_parts *c, const char *path, const char *quantity, const double *mine,
                   size_t size) {
    struct golden_array want;
    if (golden_read(c->file, path, &want, c->err))
        return -1;
    int result = want.size == size
                     ? 0
                     : fail(c->err, "golden file: %s: %zu numbers instead of %zu", path, want.size, size);
    if (!result)
        golden_note(c->report, quantity, golden_max_error(mine, want.items, size));
    golden_array_free(&want);
    return result;
}

int golden_compare_lanes(struct golden_parts *c, const char *path, const char *quantity, const real *mine,
                         size_t inner, size_t n) {
    double *turned = allocate(inner * n, sizeof *turned, "golden values", c->err);
    for (size_t i = 0; turned && i < n; i++)
        for (size_t k = 0; k < inner; k++)
            turned[i * inner + k] = (double)mine[k * n + i];
    int result = turned ? golden_compare(c, path, quantity, turned, inner * n) : -1;
    free(turned);
    return result;
}

int golden_read_scalar(struct golden_parts *c, const char *path, double *out) {
    struct golden_array a;
    if (golden_read(c->file, path, &a, c->err))
        return -1;
    *out = a.items[0];
    golden_array_free(&a);
    return 0;
}

int golden_compare_scalar(struct golden_parts *c, const char *path, const char *quantity, double mine) {
    double want;
    if (golden_read_scalar(c, path, &want))
        return -1;
    golden_note(c->report, quantity, fabs(mine - want) / fabs(want));
    return 0;
}

static double *as_double(const real *a, size_t n, struct error *err) {
    double *out = allocate(n, sizeof *out, "golden values", err);
    for (size_t i = 0; out && i < n; i++)
        out[i] = (double)a[i];
    return out;
}

// |a - b| over the scale that the reference's README names, for the first elements of an array.
static int compare_head(struct golden_parts *c, const char *path, const char *quantity, const double *mine,
                        size_t size, double norm) {
    struct golden_array want;
    if (golden_read(c->file, path, &want, c->err))
        return -1;
    double most = 0, off = 0;
    for (size_t i = 0; i < want.size && i < size; i++) {
        most = fmax(most, fabs(want.items[i]));
        off = fmax(off, fabs(mine[i] - want.items[i]));
    }
    golden_note(c->report, quantity, off / fmax(most, norm / sqrt((double)size)));
    golden_array_free(&want);
    return 0;
}

// Reads "<prefix>/<name>" of the parameter whose norm is the scale of p's errors.
static int scale_for(struct golden_parts *c, const char *prefix, const struct parameter *p, double *out) {
    char path[PATH_MAXIMUM];
    int noise = c->noise && !strcmp(p->name, c->noise);
    snprintf(path, sizeof path, "%s/%s", prefix, noise ? c->scale : p->name);
    return golden_read_scalar(c, path, out);
}

static int compare_gradient(struct golden_parts *c, int step, const struct parameter *p, double probe) {
    char path[PATH_MAXIMUM], prefix[48];
    double norm, scale, *mine = as_double(p->gradient, p->size, c->err);
    struct golden_array whole;
    snprintf(prefix, sizeof prefix, "step/%d/grad_norm", step);
    snprintf(path, sizeof path, "%s/%s", prefix, p->name);
    int result = mine && !golden_read_scalar(c, path, &norm) ? scale_for(c, prefix, p, &scale) : -1;
    if (!result) {
        golden_note(c->report, "grad norm", fabs(golden_norm(mine, p->size) - norm) / scale);
        golden_note(c->report, "grad probe", fabs(golden_probe(mine, p->size) - probe) / scale);
        snprintf(path, sizeof path, "step/%d/grad_head/%s", step, p->name);
        result = compare_head(c, path, "grad head", mine, p->size, scale);
    }
    snprintf(path, sizeof path, "step/%d/grad/%s", step, p->name);
    if (!result && golden_has(c->file, path) && !(result = golden_read(c->file, path, &whole, c->err))) {
        golden_note(c->report, "grad", golden_max_error(mine, whole.items, p->size));
        golden_note(c->report, "grad 2-norm", golden_norm_error(mine, whole.items, p->size));
        golden_array_free(&whole);
    }
    free(mine);
    return result;
}

int golden_compare_gradients(struct golden_parts *c, const struct parameters *set, int step) {
    char path[PATH_MAXIMUM];
    struct golden_array probes;
    snprintf(path, sizeof path, "step/%d/grad_probe", step);
    if (golden_read(c->file, path, &probes, c->err))
        return -1;
    int failed = 0;
    for (int i = 0; i < c->count && (size_t)i < probes.size && !failed; i++) {
        const struct parameter *p = find(c, c->order[i]);
        if (p >= set->items && p < set->items + set->count)
            failed = compare_gradient(c, step, p, probes.items[i]);
    }
    golden_array_free(&probes);
    return failed ? -1 : 0;
}

struct update { // final less initial value, as the file has it
    double norm, probe, scale;
};

static int compare_final_parameter(struct golden_parts *c, const struct parameter *p, struct update update) {
    char path[PATH_MAXIMUM];
    double norm, scale, *mine = as_double(p->value, p->size, c->err);
    struct golden_array initial = {0};
    snprintf(path, sizeof path, "init/%s", p->name);
    int result = !mine || golden_read(c->file, path, &initial, c->err) ? -1 : 0;
    snprintf(path, sizeof path, "final/norm/%s", p->name);
    if (!result && !(result = golden_read_scalar(c, path, &norm)) &&
        !(result = scale_for(c, "final/norm", p, &scale))) {
        golden_note(c->report, "final", fabs(golden_norm(mine, p->size) - norm) / scale);
        snprintf(path, sizeof path, "final/head/%s", p->name);
        result = compare_head(c, path, "final", mine, p->size, scale);
        for (size_t i = 0; i < p->size; i++)
            mine[i] -= initial.items[i];
        golden_note(c->report, "update", fabs(golden_norm(mine, p->size) - update.norm) / update.scale);
        golden_note(c->report, "update", fabs(golden_probe(mine, p->size) - update.probe) / update.scale);
    }
    golden_array_free(&initial);
    free(mine);
    return result;
}

static int compare_buffers(struct golden_parts *c, const struct parameters *set) {
    for (int i = 0; i < set->count; i++) {
        const struct parameter *p = &set->items[i];
        char path[PATH_MAXIMUM];
        if (p->trained)
            continue;
        snprintf(path, sizeof path, "final/buffers/%s", p->name);
        double *mine = as_double(p->value, p->size, c->err);
        int failed = !mine || golden_compare(c, path, "buffers", mine, p->size);
        free(mine);
        if (failed)
            return -1;
    }
    return 0;
}

int golden_compare_final(struct golden_parts *c) {
    struct golden_array norms = {0}, probes = {0};
    int failed = golden_read(c->file, "final/update_norm", &norms, c->err) ||
                 golden_read(c->file, "final/update_probe", &probes, c->err);
    for (int i = 0; i < c->count && !failed; i++) {
        int scale = i;
        for (int k = 0; c->noise && !strcmp(c->order[i], c->noise) && k < c->count; k++)
            scale = strcmp(c->order[k], c->scale) ? scale : k;
        failed = compare_final_parameter(
            c, find(c, c->order[i]), (struct update){norms.items[i], probes.items[i], norms.items[scale]});
    }
    golden_array_free(&norms);
    golden_array_free(&probes);
    for (int s = 0; s < GOLDEN_SETS && !failed; s++)
        failed = c->sets[s] ? compare_buffers(c, c->sets[s]) : 0;
    return failed ? -1 : 0;
}

uint8_t *golden_bytes(struct golden_parts *c, const char *path, size_t first, size_t count) {
    struct golden_array a;
    if (golden_read(c->file, path, &a, c->err))
        return NULL;
    uint8_t *out = first + count <= a.size ? allocate(count, 1, path, c->err) : NULL;
    if (first + count > a.size)
        fail(c->err, "golden file: %s: too few numbers", path);
    for (size_t i = 0; out && i < count; i++)
        out[i] = (uint8_t)a.items[first + i];
    golden_array_free(&a);
    return out;
}
