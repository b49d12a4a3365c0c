// SPDX-License-Identifier: Apache-2.0
// Runs the suites of all files tests/test_*.c, or those named on the command line ("run random file"), and
// ends with one line: N passed, N failed, N skipped. Exit status 1 when a test failed, 2 for an unknown name.
#include "tests/support/suite.h"

#include "core/base/interrupt.h"

#include <CUnit/Basic.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

// build_suites.h holds a line SUITE(thing) for each file tests/test_thing.c (the Makefile writes it; suite.h
// says why there is no list to edit).
#define SUITE(name) void suite_##name(void);
#include "build_suites.h"
#undef SUITE

static const struct {
    const char *name;
    void (*add)(void);
} suites[] = {
#define SUITE(name) {#name, suite_##name},
#include "build_suites.h"
};

enum { SUITES = sizeof suites / sizeof *suites };

static int is_known(const char *name) {
    for (int i = 0; i < SUITES; i++)
        if (!strcmp(suites[i].name, name))
            return 1;
    fprintf(stderr, "no tests of that name: %s; there are:", name);
    for (int i = 0; i < SUITES; i++)
        fprintf(stderr, " %s", suites[i].name);
    fputc('\n', stderr);
    return 0;
}

static int is_chosen(const char *name, int count, char **names) {
    for (int i = 0; i < count; i++)
        if (!strcmp(names[i], name))
            return 1;
    return count == 0;
}

// A file that adds no test, or one that CUnit refuses, would pass unseen.
static int add_suite(int i) {
    unsigned before = CU_get_registry()->uiNumberOfTests;
    suites[i].add();
    if (CU_get_error() == CUE_SUCCESS && CU_get_registry()->uiNumberOfTests > before)
        return 0;
    printf("suite %s: cannot be registered: %s\n", suites[i].name,
           CU_get_error() == CUE_SUCCESS ? "it has no tests" : CU_get_error_msg());
    return 1;
}

static pid_t runner;
static void (*program_handler)(int);

// Signals that tests raise, or send to processes that they forked, set the program's flag. One from outside (Ctrl-C,
// timeout) ends the run: with the flag set, tests would fail that have nothing to do with it.
static void on_signal(int number, siginfo_t *info, void *context) {
    (void)context;
    if (getpid() != runner || info->si_pid == runner) {
        program_handler(number);
        return;
    }
    signal(number, SIG_DFL);
    raise(number); // delivered when this handler returns
}

static void catch_signals(void) {
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP, SIGUSR1};
    struct sigaction action;
    runner = getpid();
    signal(SIGHUP, SIG_DFL); // under nohup too
    interrupt_install();
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        sigaction(numbers[i], NULL, &action);
        program_handler = action.sa_handler;
        action.sa_flags = SA_SIGINFO;
        action.sa_sigaction = on_signal;
        sigaction(numbers[i], &action, NULL);
    }
}

int main(int argc, char **argv) {
    unsigned unregistered = 0;
    setvbuf(stdout, NULL, _IOLBF, 0); // in order with standard error, and whole if a test crashes
    for (int i = 1; i < argc; i++)
        if (!is_known(argv[i]))
            return EXIT_USAGE;
    catch_signals();
    if (CU_initialize_registry() != CUE_SUCCESS)
        return EXIT_FAILED;
    for (int i = 0; i < SUITES; i++)
        if (is_chosen(suites[i].name, argc - 1, argv + 1))
            unregistered += (unsigned)add_suite(i);
    CU_basic_set_mode(CU_BRM_VERBOSE);
    CU_basic_run_tests();

    unsigned tests_failed = CU_get_number_of_tests_failed(), skipped = suite_count_skipped();
    unsigned passed = CU_get_number_of_tests_run() - tests_failed - skipped;
    // A suite whose set-up failed has run nothing; one whose clean-up failed has left something behind.
    unsigned failed = tests_failed + CU_get_number_of_suites_failed() + unregistered;
    printf("%u passed, %u failed, %u skipped\n", passed, failed, skipped);
    CU_cleanup_registry();
    return failed ? EXIT_FAILED : EXIT_OK;
}
