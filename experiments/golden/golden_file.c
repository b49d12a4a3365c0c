// SPDX-License-Identifier: Apache-2.0
#include "core/base/memory.h"
#include "experiments/golden/golden.h"

#include "core/kernels/real.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int golden_has(hid_t file, const char *path) {
    return H5Lexists(file, path, H5P_DEFAULT) > 0;
}

int golden_read(hid_t file, const char *path, struct golden_array *out, struct error *err) {
    memset(out, 0, sizeof *out);
    hid_t set = H5Dopen2(file, path, H5P_DEFAULT);
    if (set < 0)
        return fail(err, "golden file: no dataset %s", path);
    hid_t space = H5Dget_space(set);
    hsize_t shape[6] = {0};
    out->rank = H5Sget_simple_extent_ndims(space);
    int result = -1;
    if (out->rank > 6 || H5Sget_simple_extent_dims(space, shape, NULL) < 0) {
        fail(err, "golden file: %s: rank above 6", path);
    } else {
        out->size = 1;
        for (int i = 0; i < out->rank; i++)
            out->size *= out->shape[i] = (size_t)shape[i];
        out->items = allocate(out->size, sizeof(double), path, err);
        if (out->items && H5Dread(set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, out->items) < 0)
            fail(err, "golden file: %s: cannot be read as numbers", path);
        else if (out->items)
            result = 0;
    }
    H5Sclose(space);
    H5Dclose(set);
    if (result)
        golden_array_free(out);
    return result;
}

void golden_array_free(struct golden_array *a) {
    free(a->items);
    a->items = NULL;
}

double golden_attribute(hid_t object, const char *name, double missing) {
    if (H5Aexists(object, name) <= 0)
        return missing;
    hid_t a = H5Aopen(object, name, H5P_DEFAULT);
    double value = missing;
    H5Aread(a, H5T_NATIVE_DOUBLE, &value);
    H5Aclose(a);
    return value;
}

int golden_text(hid_t object, const char *name, char *out, size_t size, struct error *err) {
    memset(out, 0, size);
    if (H5Aexists(object, name) <= 0)
        return fail(err, "golden file: no attribute '%s'", name);
    hid_t a = H5Aopen(object, name, H5P_DEFAULT), type = H5Aget_type(a);
    int bad = H5Tget_class(type) != H5T_STRING || H5Tis_variable_str(type) > 0 || H5Tget_size(type) >= size ||
              H5Aread(a, type, out) < 0;
    H5Tclose(type);
    H5Aclose(a);
    return bad ? fail(err, "golden file: attribute '%s' is no short text", name) : 0;
}

double golden_norm(const double *a, size_t n) {
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += a[i] * a[i];
    return sqrt(sum);
}

double golden_probe(const double *a, size_t n) {
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += a[i] * cos((double)i);
    return sum;
}

double golden_max_error(const double *a, const double *b, size_t n) {
    double most = 0, scale = 0;
    for (size_t i = 0; i < n; i++) {
        double off = fabs(a[i] - b[i]);
        most = !(off <= most) ? off : most; // a NaN wins
        scale = fmax(scale, fabs(b[i]));
    }
    return isnan(most) ? INFINITY : scale > 0 ? most / scale : most;
}

double golden_norm_error(const double *a, const double *b, size_t n) {
    double off = 0;
    for (size_t i = 0; i < n; i++)
        off += (a[i] - b[i]) * (a[i] - b[i]);
    double norm = golden_norm(b, n);
    return isnan(off) ? INFINITY : norm > 0 ? sqrt(off) / norm : sqrt(off);
}

// bf16 is held in the layers alone and in what the first step's forward pass gives. Behind it these networks,
// made small, tell nothing: batch norm over four numbers and the ReLUs of a few pixels turn a rounding of
// 2^-9 into another gradient, in the reference's code as in ours.
int golden_steps(hid_t file, enum precision precision) {
    int steps = (int)golden_attribute(file, "steps", 0);
    return precision == PRECISION_BF16 && steps > 1 ? 1 : steps;
}

struct bound {
    const char *quantity;
    double bound;
};

// About ten times the rounding of an operand, 2^-9, for a single layer; 0: not held.
static double bound_of_bf16(const char *quantity) {
    static const struct bound bounds[] = {
        {"logits", 6e-2},
        {"losses", 2e-1},
        {"map", 8e-2},
        {"fake", 4e-2},
        {"alpha", 0},
        {"cam", 0},
        {"terms", 0},
        {"grad norm", 0},
        {"grad probe", 0},
        {"grad head", 0},
        {"grad", 0},
        {"grad 2-norm", 0},
        {"input grad", 0},
        {"input grad norm", 0},
        {"input grad probe", 0},
        {"input grad 2-norm", 0},
    };
    for (size_t i = 0; i < sizeof bounds / sizeof *bounds; i++)
        if (!strcmp(bounds[i].quantity, quantity))
            return bounds[i].bound;
    return 2e-2;
}

// In float: about ten times what the reference lists for PyTorch in float32. In double: 1e-8 throughout.
// Grad-CAMs in evaluation are the exception: the smallest ReLU inputs of some cases are 1e-7 of their layer's
// scale, which three steps in float do not resolve, and one ReLU on its other side moves a map by some 1e-3,
// rightly. pix2pix's drawings are another: Adam's first steps are as large whatever a gradient's size, so
// that rounding in a small one turns its step; PyTorch in float32 is off by 1e-6 to 2e-5 there, as the draw
// has it.
static double bound_of(const char *quantity, enum precision precision) {
    static const struct bound bounds[] = {{"losses", 6e-5},
                                          {"logits", 6e-5},
                                          {"alpha", 1e-4},
                                          {"cam", 1e-4},
                                          {"map", 4e-5},
                                          {"terms", 3e-4},
                                          {"grad norm", 3e-4},
                                          {"grad head", 6e-4},
                                          {"input grad", 1e-4},
                                          {"input grad 2-norm", 1e-4},
                                          {"input grad norm", 1e-4},
                                          {"input grad probe", 1e-4},
                                          {"grad probe", 5e-4},
                                          {"grad", 3e-4},
                                          {"grad 2-norm", 3e-4},
                                          {"final", 1e-5},
                                          {"update", 3e-2},
                                          {"buffers", 2e-5},
                                          {"eval logits", 2e-5},
                                          {"eval cam", 1e-2},
                                          {"eval map", 1e-5},
                                          {"fake", 3e-4},
                                          {"eval annotation", 3e-4}};
    if (precision == PRECISION_BF16)
        return bound_of_bf16(quantity);
    if (sizeof(real) == sizeof(double))
        return 1e-8;
    for (size_t i = 0; i < sizeof bounds / sizeof *bounds; i++)
        if (!strcmp(bounds[i].quantity, quantity))
            return bounds[i].bound;
    return 2e-5; // the arrays of a single layer
}

int golden_report_passes(const struct golden_report *r) {
    int passes = r->count > 0; // a case that compared nothing has shown nothing
    for (int i = 0; i < r->count; i++)
        passes &= r->errors[i].worst <= r->errors[i].bound;
    return passes;
}

void golden_note(struct golden_report *r, const char *quantity, double error) {
    int i = 0;
    if (bound_of(quantity, r->precision) == 0)
        return;
    while (i < r->count && strcmp(r->errors[i].quantity, quantity))
        i++;
    if (i == (int)(sizeof r->errors / sizeof *r->errors))
        return;
    if (i == r->count) {
        snprintf(r->errors[i].quantity, sizeof r->errors[i].quantity, "%s", quantity);
        r->errors[i].worst = 0;
        r->errors[i].bound = bound_of(quantity, r->precision);
        r->count++;
    }
    if (!(error <= r->errors[i].worst))
        r->errors[i].worst = isnan(error) ? INFINITY : error;
}
