// SPDX-License-Identifier: Apache-2.0
// Golden files: what a double-precision reference computed, case by case, against what the engine computes
// (docs/mathematics.md, section 6, point 3). Arrays are read as double whatever their type in the file.
#ifndef REFF_EXPERIMENTS_GOLDEN_GOLDEN_H
#define REFF_EXPERIMENTS_GOLDEN_GOLDEN_H

#include "core/base/error.h"
#include "core/kernels/precision.h"

#include <hdf5.h>
#include <stddef.h>

struct golden_array {
    double *items; // owned; free with golden_array_free
    size_t size;   // all elements
    int rank;
    size_t shape[6];
};

// One quantity's worst error over a case: "alpha", "grad 2-norm", ...
struct golden_error {
    char quantity[48];
    double worst, bound;
};

struct golden_report {
    char name[128];           // case, or case/group
    enum precision precision; // that the engine works in
    int count;
    struct golden_error errors[48];
    int attempt;       // 0: from the file's initial values; k: from those, disturbed for the k-th time
    char skipped[160]; // why it was not run; "" if it was
};

// ---- files
int golden_read(hid_t file, const char *path, struct golden_array *out, struct error *err);
int golden_has(hid_t file, const char *path);
void golden_array_free(struct golden_array *a);
double golden_attribute(hid_t object, const char *name, double missing);
int golden_steps(hid_t file, enum precision precision); // how many of the file's steps can be compared
int golden_text(hid_t object, const char *name, char *out, size_t size, struct error *err);

// ---- errors, in the sense of the reference's "Relative error"

// max |a - b| / max |b|, where b is all zero max |a|; NaN in a counts as infinite.
double golden_max_error(const double *a, const double *b, size_t n);
double golden_norm_error(const double *a, const double *b, size_t n); // 2-norm of a - b over that of b
double golden_norm(const double *a, size_t n);
double golden_probe(const double *a, size_t n); // sum a[i] cos(i)

// Notes an error of `quantity`, keeping the worst; the bound comes from the quantity and the precision.
void golden_note(struct golden_report *r, const char *quantity, double error);

// Whether something was compared and every error is within its bound.
int golden_report_passes(const struct golden_report *r);

// ---- cases: each fills a report (or several, through `done`), or fails when the file is damaged
typedef void golden_done(void *context, const struct golden_report *report);
int golden_classifier(hid_t file, const char *name, enum precision precision, golden_done *done,
                      void *context, struct error *err);
int golden_pix2pix(hid_t file, const char *name, enum precision precision, golden_done *done, void *context,
                   struct error *err);
int golden_layers(hid_t file, const char *name, enum precision precision, golden_done *done, void *context,
                  struct error *err);

#endif
