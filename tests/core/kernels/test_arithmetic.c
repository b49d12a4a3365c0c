// SPDX-License-Identifier: Apache-2.0
// What `precision = auto` comes to, on processors that are pretended.
#include "core/base/file.h"
#include "core/kernels/arithmetic.h"
#include "tests/support/suite.h"

#include <unistd.h>

static int measurements;
static double bf16_rate;

static double pretended_rate(enum precision precision, enum isa isa) {
    (void)isa;
    measurements++;
    return precision == PRECISION_BF16 ? bf16_rate : 1;
}

static void test_processors_that_were_measured_have_a_rule(void) {
    static const struct {
        struct processor processor;
        enum isa isa;
        int known;
        enum precision precision;
    } cases[] = {
        {{"GenuineIntel", 6, 207}, ISA_AMX, 1, PRECISION_BF16},         // Emerald Rapids
        {{"GenuineIntel", 6, 207}, ISA_AVX512_BF16, 1, PRECISION_F32},  // its tiles hidden
        {{"AuthenticAMD", 25, 17}, ISA_AVX512_BF16, 1, PRECISION_BF16}, // Zen 4
        {{"AuthenticAMD", 26, 2}, ISA_AVX512_BF16, 1, PRECISION_BF16},  // Zen 5
        {{"AuthenticAMD", 27, 1}, ISA_AMX, 0, PRECISION_F32},
        {{"", 0, 0}, ISA_AVX512_BF16, 0, PRECISION_F32},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct arithmetic a = {0};
        CU_ASSERT_EQUAL(arithmetic_rule(&cases[i].processor, cases[i].isa, &a), cases[i].known);
        CU_ASSERT_EQUAL(a.precision, cases[i].precision);
        CU_ASSERT_EQUAL(*a.reason != 0, cases[i].known);
    }
}

static void test_an_unknown_processor_is_measured_once(void) {
    struct arithmetic a = {0};
    const char *file = suite_path("arithmetic.json");
    measurements = 0;
    bf16_rate = 1.9;
    arithmetic_measured(file, ISA_AVX512_BF16, ISA_AVX512, pretended_rate, &a);
    CU_ASSERT_EQUAL(a.precision, PRECISION_BF16);
    suite_text_begins(a.reason, "measured here: bf16 multiplies 1.90 times as fast as float");
    bf16_rate = 0.5; // another time it would come out otherwise
    arithmetic_measured(file, ISA_AVX512_BF16, ISA_AVX512, pretended_rate, &a);
    CU_ASSERT_EQUAL(a.precision, PRECISION_BF16);
    CU_ASSERT_EQUAL(measurements, 2);
}

static void test_what_is_hardly_faster_is_not_taken(void) {
    struct arithmetic a = {0};
    bf16_rate = 1.25;
    arithmetic_measured(NULL, ISA_AVX512_BF16, ISA_AVX512, pretended_rate, &a);
    CU_ASSERT_EQUAL(a.precision, PRECISION_F32);
}

static void test_a_kept_decision_that_cannot_be_read_is_made_anew(void) {
    struct error err = {0};
    struct arithmetic a = {0};
    const char *file = suite_path("arithmetic.json");
    CU_ASSERT_FATAL(!file_write(file, "{\"bf16_over_float\": \"fast\"}", 27, &err));
    measurements = 0;
    bf16_rate = 2;
    arithmetic_measured(file, ISA_AVX512_BF16, ISA_AVX512, pretended_rate, &a);
    CU_ASSERT_EQUAL(measurements, 2);
    CU_ASSERT_EQUAL(a.precision, PRECISION_BF16);
    arithmetic_measured(file, ISA_AVX512_BF16, ISA_AVX512, pretended_rate, &a);
    CU_ASSERT_EQUAL(measurements, 2);
}

static void test_a_place_that_cannot_be_written_does_no_harm(void) {
    struct arithmetic a = {0};
    bf16_rate = 2;
    arithmetic_measured("/nowhere/arithmetic.json", ISA_AVX512_BF16, ISA_AVX512, pretended_rate, &a);
    CU_ASSERT_EQUAL(a.precision, PRECISION_BF16);
}

// On whatever machine the tests run: a decision, with its reason, the same twice.
static void test_this_machine_has_a_decision_and_keeps_it(void) {
    const struct arithmetic *a = arithmetic_auto();
    CU_ASSERT(*a->reason != 0);
    CU_ASSERT_EQUAL(precision_choose("auto"), a->precision);
    if (isa_for_bf16() == ISA_PLAIN)
        CU_ASSERT_EQUAL(a->precision, PRECISION_F32);
}

void suite_arithmetic(void);
void suite_arithmetic(void) {
    CU_pSuite suite = CU_add_suite("arithmetic", suite_make_folder, suite_remove_folder);
    CU_add_test(suite, "processors that were measured have a rule",
                test_processors_that_were_measured_have_a_rule);
    CU_add_test(suite, "an unknown processor is measured once", test_an_unknown_processor_is_measured_once);
    CU_add_test(suite, "what is hardly faster is not taken", test_what_is_hardly_faster_is_not_taken);
    CU_add_test(suite, "a kept decision that cannot be read is made anew",
                test_a_kept_decision_that_cannot_be_read_is_made_anew);
    CU_add_test(suite, "a place that cannot be written does no harm",
                test_a_place_that_cannot_be_written_does_no_harm);
    CU_add_test(suite, "this machine has a decision and keeps it",
                test_this_machine_has_a_decision_and_keeps_it);
}
