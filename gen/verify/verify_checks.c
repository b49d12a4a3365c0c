// SPDX-License-Identifier: Apache-2.0
#include "gen/verify/verify_checks.h"

#include "core/base/memory.h"
#include "core/shard/groups.h"
#include "gen/verify/verify.h"

#include <gsl/gsl_cdf.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

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

int checks_revision(json_t *checks, const char *name, const json_t *attributes, int revision) {
    int found = (int)json_integer_value(json_object_get(attributes, "generator_revision"));
    if (found != revision)
        checks_report(checks, name, SKIP, "of the generator's revision %d; this program has revision %d",
                      found, revision);
    return found == revision;
}

// Says which group of those that have images is the smallest. The column was compared: numbers are in range.
static int report_smallest(json_t *checks, const json_t *names, const int32_t *groups, long count,
                           struct error *err) {
    size_t size = json_array_size(names), smallest = 0, filled = 0;
    long *images = allocate(size, sizeof *images, "images per group", err);
    if (!images)
        return -1;
    for (long i = 0; i < count; i++)
        images[groups[i]]++;
    for (size_t g = 0; g < size; g++) {
        filled += images[g] > 0;
        if (images[g] && (!images[smallest] || images[g] < images[smallest]))
            smallest = g;
    }
    checks_report(checks, "groups", PASS, "%zu of %zu have images, the fewest %s: %ld", filled, size,
                  group_name(names, (long)smallest), images[smallest]);
    free(images);
    return 0;
}

int checks_groups(json_t *checks, const json_t *attributes, const int32_t *groups, const int32_t *expected,
                  long count, const json_t *class_names, int classes, int both, struct error *err) {
    json_t *names = group_names(class_names, classes, both);
    long wrong = 0;
    int bad = 0;
    if (!names)
        return fail_memory(err, "the groups' names");
    while (wrong < count && groups[wrong] == expected[wrong])
        wrong++;
    if (wrong < count)
        checks_report(checks, "groups", FAIL, "image %ld: group %d; it is of %d, '%s'", wrong, groups[wrong],
                      expected[wrong], group_name(names, expected[wrong]));
    else if (!json_equal(names, json_object_get(attributes, "group_names")))
        checks_report(checks, "groups", FAIL, "group_names are not '%s', '%s', ...", group_name(names, 0),
                      group_name(names, 1));
    else
        bad = report_smallest(checks, names, groups, count, err);
    json_decref(names);
    return bad;
}
