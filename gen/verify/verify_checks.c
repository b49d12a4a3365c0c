// SPDX-License-Identifier: Apache-2.0
#include "gen/verify/verify_checks.h"

#include "gen/verify/verify.h"

#include <gsl/gsl_cdf.h>
#include <stdarg.h>
#include <stdio.h>

void checks_report(json_t *checks, const char *name, enum outcome outcome, const char *format, ...) {
    static const char *const words[] = {"fail", "pass", "skip"};
    char detail[600];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(detail, sizeof detail, format, arguments);
    va_end(arguments);
    json_array_append_new(checks,
                          json_pack("{ssssss}", "name", name, "outcome", words[outcome], "detail", detail));
}

static double binomial_p_value(long drawn, long count, double chance) {
    if (chance <= 0 || chance >= 1)
        return drawn == (chance >= 1 ? count : 0) ? 1 : 0;
    double lower = gsl_cdf_binomial_P((unsigned)drawn, chance, (unsigned)count);
    double upper = drawn ? gsl_cdf_binomial_Q((unsigned)drawn - 1, chance, (unsigned)count) : 1;
    double p_value = 2 * (lower < upper ? lower : upper);
    return p_value < 1 ? p_value : 1;
}

void checks_share(json_t *checks, const char *name, long drawn, long count, double chance) {
    double p_value = binomial_p_value(drawn, count, chance);
    checks_report(checks, name, p_value >= VERIFY_SIGNIFICANCE ? PASS : FAIL,
                  "%ld of %ld drawn (%.4f) for a chance of %g: exact binomial test, p-value %.3g (%s %g)",
                  drawn, count, (double)drawn / (double)count, chance, p_value,
                  p_value >= VERIFY_SIGNIFICANCE ? "at least" : "below", VERIFY_SIGNIFICANCE);
}

void checks_frequencies(json_t *checks, const char *name, const long *counts, const double *weights,
                        int classes) {
    double all = 0, weight = 0, least = 1e300, sum = 0;
    for (int k = 0; k < classes; k++) {
        double own = weights ? weights[k] : 1;
        all += (double)counts[k];
        weight += own;
        least = own < least ? own : least;
    }
    if (classes < 2 || all * least / weight < 5) {
        checks_report(checks, name, SKIP, "%.0f drawn are too few for a test over %d classes", all, classes);
        return;
    }
    for (int k = 0; k < classes; k++) {
        double expected = all * (weights ? weights[k] : 1) / weight, off = (double)counts[k] - expected;
        sum += off * off / expected;
    }
    double p_value = gsl_cdf_chisq_Q(sum, classes - 1);
    checks_report(checks, name, p_value >= VERIFY_SIGNIFICANCE ? PASS : FAIL,
                  "%.0f drawn from %d classes: chi-squared %.1f, p-value %.3g (%s %g)", all, classes, sum,
                  p_value, p_value >= VERIFY_SIGNIFICANCE ? "at least" : "below", VERIFY_SIGNIFICANCE);
}
