// SPDX-License-Identifier: Apache-2.0
// reff info --plan: what a step would do, without doing it. (What it prints of shards is tested with those
// who make them.)
#include "core/base/startup.h"
#include "core/kernels/real.h"
#include "tests/support/suite.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static json_t *plan_of(const char *method) {
    struct program_result r;
    reff_run(&r, 0, "info", "--plan", "--json", "--model", "small", "--width", "16", "--pixels", "32",
             "--classes", "4", "--method", method, "--threads", "1");
    CU_ASSERT_EQUAL_FATAL(r.status, 0);
    json_t *plan = json_loads(r.out, 0, NULL);
    CU_ASSERT_FATAL(plan != NULL);
    program_free(&r);
    return plan;
}

static const json_t *node_of(const json_t *plan, const char *name) {
    const json_t *node;
    size_t i;
    json_array_foreach(json_object_get(plan, "nodes"), i,
                       node) if (!strcmp(json_string_value(json_object_get(node, "name")), name)) return node;
    return NULL;
}

static void check_list(const json_t *list, const char *const want[], size_t count) {
    CU_ASSERT_EQUAL_FATAL(json_array_size(list), count);
    for (size_t i = 0; i < count; i++)
        CU_ASSERT_STRING_EQUAL(json_string_value(json_array_get(list, i)), want[i]);
}

static const char *way_of(const json_t *node, const char *map) {
    const char *way = json_string_value(json_object_get(json_object_get(node, "algorithms"), map));
    return way ? way : "none";
}

static void test_a_baselines_arrays_are_x_and_d_alone(void) {
    json_t *plan = plan_of("baseline");
    const json_t *node = node_of(plan, "layer4.0.bn2");
    CU_ASSERT_FATAL(node != NULL);
    check_list(json_object_get(node, "arrays"), (const char *const[]){"x", "d"}, 2);
    check_list(json_object_get(node, "maps"), (const char *const[]){"forward", "backward"}, 2);
    CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(node, "layer")), "batch norm");
    // 8 sums of 8 bytes for each of 128 channels
    CU_ASSERT_EQUAL(json_integer_value(json_object_get(node, "kept_bytes")), 8192);
    json_decref(plan);
}

static void test_above_an_explained_value_there_are_all_four(void) {
    json_t *plan = plan_of("reff");
    const json_t *below = node_of(plan, "bn1"), *above = node_of(plan, "layer4.0.bn2");
    CU_ASSERT_FATAL(below != NULL && above != NULL);
    check_list(json_object_get(below, "arrays"), (const char *const[]){"x", "d"}, 2);
    check_list(json_object_get(above, "arrays"), (const char *const[]){"x", "g", "t", "d"}, 4);
    check_list(json_object_get(above, "maps"),
               (const char *const[]){"forward", "score", "tangent", "backward"}, 4);
    // [128][8][8][32] numbers in four arrays
    CU_ASSERT_EQUAL(json_integer_value(json_object_get(above, "bytes")),
                    (json_int_t)(4 * 128 * 8 * 8 * 32 * sizeof(real)));
    CU_ASSERT(json_integer_value(json_object_get(plan, "bytes")) >
              json_integer_value(json_object_get(above, "bytes")));
    json_decref(plan);
}

// Without AVX-512: Winograd's algorithm for 3x3 kernels of stride 1, the direct kernels for the others.
static void test_algorithms_are_those_of_the_instruction_set(void) {
    const char *set = getenv("REFF_ISA");
    char *before = set ? strdup(set) : NULL;
    setenv("REFF_ISA", "plain", 1);
    json_t *plan = plan_of("baseline");
    const json_t *pointwise = node_of(plan, "layer3.0.downsample.0"), *first = node_of(plan, "conv1"),
                 *square = node_of(plan, "layer4.0.conv2");
    CU_ASSERT_FATAL(pointwise != NULL && first != NULL && square != NULL);
    int floats = sizeof(real) == sizeof(float);
    CU_ASSERT_STRING_EQUAL(way_of(first, "forward"), floats ? "direct f32" : "direct double");
    CU_ASSERT_STRING_EQUAL(way_of(pointwise, "forward"), floats ? "gemm f32" : "gemm double");
    CU_ASSERT_STRING_EQUAL(way_of(square, "forward"), floats ? "winograd f32" : "direct double");
    CU_ASSERT_STRING_EQUAL(way_of(square, "backward"),
                           floats ? "winograd f32" : "data direct double, weight gemm double");
    CU_ASSERT_STRING_EQUAL(way_of(node_of(plan, "fc"), "forward"), "none");
    json_decref(plan);
    if (before)
        setenv("REFF_ISA", before, 1);
    else
        unsetenv("REFF_ISA");
    free(before);
}

static void test_the_table_has_a_line_a_node(void) {
    struct program_result r;
    reff_run(&r, 0, "info", "--plan", "--model", "small", "--width", "8", "--pixels", "32");
    CU_ASSERT_EQUAL(r.status, 0);
    CU_ASSERT(strstr(r.out, "small, baseline, a step to train: batch 32, ") == r.out);
    CU_ASSERT(strstr(r.out, "\nlayer1.0.conv1 ") != NULL);
    CU_ASSERT(strstr(r.out, "\nfc ") != NULL);
    program_free(&r);
}

static void test_a_file_the_machine_and_a_plan_exclude_each_other(void) {
    struct program_result r;
    CU_ASSERT_EQUAL(reff_run(&r, 0, "info", "--plan", "--machine"), EXIT_USAGE);
    CU_ASSERT_STRING_EQUAL(r.err, "reff: give one of FILE, --machine and --plan; see reff info --help\n");
    program_free(&r);
    CU_ASSERT_EQUAL(reff_run(&r, 0, "info", "--plan", "--model", "small", "--pixels", "16", "--batch", "1"),
                    EXIT_USAGE);
    program_free(&r);
}

// A processor's products of bf16 that REFF_ISA forbids are not told to be absent.
static void test_what_the_user_forbids_is_not_told_to_be_absent(void) {
    struct program_result r;
    const char *set = getenv("REFF_ISA");
    char *before = set ? strdup(set) : NULL;
    setenv("REFF_ISA", "avx512", 1);
    CU_ASSERT_EQUAL(reff_run(&r, 0, "info", "--machine"), EXIT_OK);
    int has = strstr(r.out, ", avx512-bf16") || strstr(r.out, ", amx");
    if (sizeof(real) == sizeof(float))
        suite_text_has(r.out, has ? "REFF_ISA forbids this processor's products of bf16"
                                  : "this processor has no products of bf16");
    program_free(&r);
    if (before)
        setenv("REFF_ISA", before, 1);
    else
        unsetenv("REFF_ISA");
    free(before);
}

// How long threads wait awake is bounded by the program itself, unless the user has said something.
static void test_threads_wait_as_the_user_says_else_for_a_bounded_time(void) {
    static const struct {
        const char *variable, *value, *shown;
    } cases[] = {{NULL, NULL, "GOMP_SPINCOUNT=" STARTUP_SPINS},
                 {"GOMP_SPINCOUNT", "7", "GOMP_SPINCOUNT=7"},
                 {"OMP_WAIT_POLICY", "passive", "OMP_WAIT_POLICY=passive"}};
    char *kept[] = {getenv("GOMP_SPINCOUNT"), getenv("OMP_WAIT_POLICY")};
    for (int i = 0; i < 2; i++)
        kept[i] = kept[i] ? strdup(kept[i]) : NULL;
    for (int i = 0; i < 3; i++) {
        struct program_result r;
        unsetenv("GOMP_SPINCOUNT");
        unsetenv("OMP_WAIT_POLICY");
        if (cases[i].variable)
            setenv(cases[i].variable, cases[i].value, 1);
        CU_ASSERT_EQUAL(reff_run(&r, 0, "info", "--machine"), EXIT_OK);
        suite_text_has(r.out, cases[i].shown);
        program_free(&r);
    }
    for (int i = 0; i < 2; i++) {
        unsetenv(i ? "OMP_WAIT_POLICY" : "GOMP_SPINCOUNT");
        if (kept[i])
            setenv(i ? "OMP_WAIT_POLICY" : "GOMP_SPINCOUNT", kept[i], 1);
        free(kept[i]);
    }
}

void suite_command_info(void);
void suite_command_info(void) {
    CU_pSuite suite = CU_add_suite("command_info", NULL, NULL);
    CU_add_test(suite, "a baseline's arrays are x and d alone", test_a_baselines_arrays_are_x_and_d_alone);
    CU_add_test(suite, "above an explained value there are all four",
                test_above_an_explained_value_there_are_all_four);
    CU_add_test(suite, "algorithms are those of the instruction set",
                test_algorithms_are_those_of_the_instruction_set);
    CU_add_test(suite, "the table has a line a node", test_the_table_has_a_line_a_node);
    CU_add_test(suite, "what the user forbids is not told to be absent",
                test_what_the_user_forbids_is_not_told_to_be_absent);
    CU_add_test(suite, "threads wait as the user says, else for a bounded time",
                test_threads_wait_as_the_user_says_else_for_a_bounded_time);
    CU_add_test(suite, "a file, the machine and a plan exclude each other",
                test_a_file_the_machine_and_a_plan_exclude_each_other);
}
