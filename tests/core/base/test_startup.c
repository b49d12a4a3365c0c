// SPDX-License-Identifier: Apache-2.0
// How the program begins where descriptors are closed, readers have gone, or memory is limited.
#include "core/base/file.h"
#include "core/base/startup.h"
#include "tests/support/suite.h"

#include <CUnit/CUnit.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

// Runs the shell's command line with $R, the program, and $D, this suite's folder.
static int shell(struct program_result *r, const char *line) {
    char assigned[2][PATH_SIZE + 8];
    snprintf(assigned[0], sizeof assigned[0], "R=%.4000s", suite_reff());
    snprintf(assigned[1], sizeof assigned[1], "D=%.4000s", suite_folder());
    return program_run(
        r, 0, (const char *const[]){"/usr/bin/env", assigned[0], assigned[1], "sh", "-c", line, NULL});
}

static void check_same_files(const char *a, const char *b) {
    struct error err = {0};
    size_t size_a = 0, size_b = 0;
    char *bytes_a = file_read(suite_path(a), 1 << 24, &size_a, &err);
    char *bytes_b = file_read(suite_path(b), 1 << 24, &size_b, &err);
    CU_ASSERT_FATAL(bytes_a && bytes_b);
    CU_ASSERT_EQUAL(size_a, size_b);
    CU_ASSERT(size_a == size_b && !memcmp(bytes_a, bytes_b, size_a));
    free(bytes_a);
    free(bytes_b);
}

#define GEN "\"$R\" gen textured-mnist --count 20 --canvas 32 --size 20 --output "

// What is printed goes to /dev/null, not into the shard, which would have descriptor 0, 1 or 2.
static void test_closed_descriptors_change_no_file(void) {
    static const char *const closed[] = {"<&-", ">&-", "2>&-", "<&- >&- 2>&-"};
    struct program_result r;
    CU_ASSERT_EQUAL_FATAL(shell(&r, GEN "\"$D/open.h5\""), 0);
    program_free(&r);
    for (size_t i = 0; i < sizeof closed / sizeof *closed; i++) {
        char line[300];
        snprintf(line, sizeof line, GEN "\"$D/closed.h5\" --force %s", closed[i]);
        CU_ASSERT_EQUAL(shell(&r, line), 0);
        program_free(&r);
        check_same_files("open.h5", "closed.h5");
        snprintf(line, sizeof line, "\"$R\" preview --force \"$D/open.h5\" \"$D/closed.png\" %s", closed[i]);
        CU_ASSERT_EQUAL(shell(&r, line), 0);
        program_free(&r);
    }
}

// A sweep's reports run through a pipe, which must not become the log's descriptor.
static void test_a_sweep_with_closed_descriptors_keeps_its_logs_clean(void) {
    struct program_result r;
    CU_ASSERT_EQUAL(shell(&r,
                          "cd \"$D\" && exec \"$R\" run table1a --profile tiny --seeds 1 --rows 0 --columns "
                          "baseline --results results <&- >&- 2>&-"),
                    0);
    program_free(&r);
    CU_ASSERT_EQUAL(shell(&r, "cat \"$D\"/results/runs/*/log | tr -d '\\n -~' | wc -c"), 0);
    CU_ASSERT_EQUAL(atoi(r.out), 0); // bytes that are no text
    program_free(&r);
    CU_ASSERT_EQUAL(shell(&r, "ls \"$D\"/results/runs/*/run.json"), 0);
    program_free(&r);
}

static void test_help_that_is_lost_is_a_failure(void) {
    static const char *const words[] = {"--help",      "--version",    "--help=man",
                                        "--help=list", "train --help", "gen pets --help=man"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        struct program_result r;
        char line[100];
        snprintf(line, sizeof line, "\"$R\" %s > /dev/full", words[i]);
        CU_ASSERT_EQUAL(shell(&r, line), EXIT_FAILED);
        suite_text_is(r.err, "reff: standard output: No space left on device\n");
        program_free(&r);
    }
}

// A reader that has gone: a message and no signal. What is written beside is whole, with nothing half-written left.
static void test_a_reader_that_goes_away_leaves_whole_files(void) {
    struct program_result r;
    CU_ASSERT_EQUAL(
        shell(&r, "mkdir \"$D/pipe\" && { " GEN "\"$D/pipe/x.h5\"; echo $? > \"$D/status\"; } 2>&1 | true"),
        0);
    program_free(&r);
    CU_ASSERT_EQUAL(shell(&r, "cat \"$D/status\"; ls \"$D/pipe\""), 0);
    suite_text_is(r.out, "0\nx.h5\nx.h5.sha256\n");
    program_free(&r);
    CU_ASSERT_EQUAL(
        shell(&r, "{ \"$R\" info \"$D/pipe/x.h5\"; echo $? > \"$D/status\"; } | sleep 0; cat \"$D/status\""),
        0);
    suite_text_is(r.out, "1\n");
    suite_text_is(r.err, "reff: standard output: Broken pipe\n");
    program_free(&r);
}

#ifdef __SANITIZE_ADDRESS__
#define SKIP_SANITIZED() SKIP("AddressSanitizer reserves more addresses than any limit leaves")
#else
#define SKIP_SANITIZED() (void)0
#endif

// Whatever the limit, the program ends: with its work done or with a line. OpenBLAS alone would wait for ever.
static void test_too_little_memory_ends_with_a_line(void) {
    SKIP_SANITIZED();
    static const long kibibytes[] = {150000, 200000, 300000, 390000, 400000, 500000};
    struct program_result r;
    int refused = 0, worked = 0;
    for (size_t i = 0; i < sizeof kibibytes / sizeof *kibibytes; i++) {
        char line[300];
        snprintf(line, sizeof line, "ulimit -v %ld; OMP_NUM_THREADS=2 exec timeout 20 \"$R\" --version",
                 kibibytes[i]);
        int status = shell(&r, line);
        CU_ASSERT(status == EXIT_OK || status == EXIT_FAILED);
        if (status)
            suite_text_begins(r.err, "reff: out of memory: OpenBLAS takes 128 MiB for each thread");
        refused += status == EXIT_FAILED;
        worked += status == EXIT_OK;
        program_free(&r);
    }
    CU_ASSERT(refused >= 2 && worked >= 1);
    CU_ASSERT_EQUAL(shell(&r, "ulimit -v 300000; OMP_NUM_THREADS=1 exec timeout 20 \"$R\" --version"), 0);
    program_free(&r);
}

static void test_a_training_that_finds_no_memory_ends_with_a_line(void) {
    SKIP_SANITIZED();
    struct program_result r;
    CU_ASSERT_EQUAL_FATAL(shell(&r, GEN "\"$D/few.h5\""), 0);
    program_free(&r);
    CU_ASSERT_EQUAL(
        shell(&r, "ulimit -v 420000; OMP_NUM_THREADS=2 exec timeout 60 \"$R\" train --train \"$D/few.h5\" "
                  "--test \"$D/few.h5\" --width 2 --batch 20 --epochs 1 --output \"$D/run\""),
        EXIT_FAILED);
    suite_text_is(r.err,
                  "reff: out of memory: matrix products need 256 MiB of buffers, 128 for each thread\n");
    program_free(&r);
}

// HDF5 and libgomp call exit where memory runs out: with whatever status, and perhaps without a word.
static void test_a_library_that_ends_the_program_leaves_a_line(void) {
    char said[200] = "";
    int ends[2], status = 0;
    struct error err = {0};
    CU_ASSERT_FATAL(!pipe(ends) && !folder_make(suite_path("left"), &err));
    fflush(NULL);
    pid_t child = fork();
    if (!child) {
        struct output out;
        dup2(ends[1], STDERR_FILENO);
        startup_finish();
        if (output_open(&out, suite_path("left/half"), &err))
            _exit(2);
        fputs("half", out.stream);
        fflush(out.stream);
        exit(0);
    }
    close(ends[1]);
    CU_ASSERT(read(ends[0], said, sizeof said - 1) > 0);
    CU_ASSERT_EQUAL(waitpid(child, &status, 0), child);
    CU_ASSERT(WIFEXITED(status) && WEXITSTATUS(status) == EXIT_FAILED);
    suite_text_is(said, "reff: a library ended the program (memory may have run out)\n");
    CU_ASSERT_EQUAL(suite_count_entries(suite_path("left")), 0);
    close(ends[0]);
}

// A signal would end the program without a word, beside half-written files.
static void test_a_limit_on_the_size_of_files_ends_with_a_line(void) {
    struct program_result r;
    struct error err = {0};
    CU_ASSERT_FATAL(!folder_make(suite_path("limited"), &err));
    CU_ASSERT_EQUAL(shell(&r, "ulimit -f 4; exec " GEN "\"$D/limited/full.h5\""), EXIT_FAILED);
    suite_text_has(r.err, "limited/full.h5: File too large\n");
    program_free(&r);
    CU_ASSERT_EQUAL(suite_count_entries(suite_path("limited")), 0);
    CU_ASSERT_EQUAL_FATAL(shell(&r, GEN "\"$D/data.h5\""), 0);
    program_free(&r);
    CU_ASSERT_EQUAL(shell(&r, "ulimit -f 4; exec \"$R\" train --train \"$D/data.h5\" --test \"$D/data.h5\" "
                              "--width 4 --batch 10 --epochs 1 --save-model --output \"$D/limited/run\""),
                    EXIT_FAILED);
    suite_text_has(r.err, ": File too large\n");
    program_free(&r);
    CU_ASSERT(!file_exists(suite_path("limited/run/run.json")) &&
              !file_exists(suite_path("limited/run/lock")));
    CU_ASSERT_EQUAL(shell(&r, "ls \"$D/limited/run\" | grep -c part"), 1); // none
    program_free(&r);
}

void suite_startup(void) {
    CU_pSuite s = CU_add_suite("startup", suite_make_folder, suite_remove_folder);
    CU_add_test(s, "closed descriptors change no file", test_closed_descriptors_change_no_file);
    CU_add_test(s, "a sweep with closed descriptors keeps its logs clean",
                test_a_sweep_with_closed_descriptors_keeps_its_logs_clean);
    CU_add_test(s, "help that is lost is a failure", test_help_that_is_lost_is_a_failure);
    CU_add_test(s, "a reader that goes away leaves whole files",
                test_a_reader_that_goes_away_leaves_whole_files);
    CU_add_test(s, "a library that ends the program leaves a line",
                test_a_library_that_ends_the_program_leaves_a_line);
    CU_add_test(s, "a limit on the size of files ends with a line",
                test_a_limit_on_the_size_of_files_ends_with_a_line);
    CU_add_test(s, "too little memory ends with a line", test_too_little_memory_ends_with_a_line);
    CU_add_test(s, "a training that finds no memory ends with a line",
                test_a_training_that_finds_no_memory_ends_with_a_line);
}
