// SPDX-License-Identifier: Apache-2.0
// Runs every suite and ends with one line: N passed, N failed.
#include "core/base/interrupt.h"

#include <CUnit/Basic.h>
#include <stdio.h>

void suite_layers(void), suite_engine(void), suite_train(void);

static void (*const suites[])(void) = {suite_layers, suite_engine, suite_train};

int main(void) {
    interrupt_install();
    if (CU_initialize_registry() != CUE_SUCCESS)
        return 1;
    for (size_t i = 0; i < sizeof suites / sizeof *suites; i++)
        suites[i]();
    CU_basic_set_mode(CU_BRM_VERBOSE);
    CU_basic_run_tests();
    // A suite whose set-up failed has run nothing and counts as failed.
    unsigned failed = CU_get_number_of_tests_failed() + CU_get_number_of_suites_failed();
    printf("%u passed, %u failed\n", CU_get_number_of_tests_run() - CU_get_number_of_tests_failed(), failed);
    CU_cleanup_registry();
    return failed ? 1 : 0;
}
