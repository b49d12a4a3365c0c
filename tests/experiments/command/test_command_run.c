// SPDX-License-Identifier: Apache-2.0
// The smallest sweep from end to end with the program itself: generator, trainer, records, tables. Whatever
// happens on the way - kill -9, Ctrl-C, a full disk, other numbers of jobs and threads -, the trained models
// end with the same bits.
#include "tests/support/suite.h"

#include <dirent.h>
#include <fcntl.h>
#include <jansson.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { RUNS = 8 }; // two rows, two methods, two seeds

static const char table_text[] = "[table]\n"
                                 "title = the smallest sweep\n"
                                 "row = p\n"
                                 "rows = 0, 1\n"
                                 "columns = baseline, reff\n"
                                 "claims = C1\n"
                                 "[fixed]\n"
                                 "q = 1\n"
                                 "size = 223\n";
static const char profile_text[] = "[profile]\n"
                                   "title = for tests\n"
                                   "seeds = 1,2\n"
                                   "[data]\n"
                                   "canvas = 16\n"
                                   "train = 160\n"
                                   "test = 32\n"
                                   "[train]\n"
                                   "width = 4\n"
                                   "batch = 16\n"
                                   "epochs = 2\n"
                                   "checkpoint_seconds = 0\n"; // one after every step

static char table[PATH_SIZE], profile[PATH_SIZE];

static void put(const char *path, const char *text) {
    struct error err = {0};
    if (file_write(path, text, strlen(text), &err))
        CU_FAIL_FATAL("a test's file cannot be written");
}

static int set_up(void) {
    struct error err = {0};
    // More threads than free cores: those that wait by spinning would keep the others from working for
    // minutes.
    if (setenv("OMP_WAIT_POLICY", "passive", 1) || suite_make_folder())
        return -1;
    snprintf(table, sizeof table, "%s", suite_path("smallest.ini"));
    snprintf(profile, sizeof profile, "%s", suite_path("test.ini"));
    return file_write(table, table_text, strlen(table_text), &err) ||
                   file_write(profile, profile_text, strlen(profile_text), &err)
               ? -1
               : 0;
}

// Some results folder of the suite; the text lives on.
static const char *results(const char *name) {
    static char path[PATH_SIZE];
    snprintf(path, sizeof path, "%s", suite_path(name));
    return path;
}

// ---------------------------------------------------------------------------------------------- records

// The digests of the models of all done runs, by run: {"0123456789abcdef": "feed..."}.
static json_t *models(const char *folder) {
    char runs[PATH_SIZE], inner[PATH_SIZE], path[PATH_SIZE];
    struct error err;
    struct dirent *entry;
    json_t *found = json_object();
    DIR *listing = path_join(runs, &err, folder, "runs") ? NULL : opendir(runs);
    while (listing && (entry = readdir(listing))) {
        if (entry->d_name[0] == '.' || path_join(inner, &err, runs, entry->d_name) ||
            path_join(path, &err, inner, "run.json") || !file_exists(path))
            continue;
        json_t *run = json_load_file(path, 0, NULL);
        CU_ASSERT_PTR_NOT_NULL(run); // never a broken one
        json_object_set(found, entry->d_name, json_object_get(run, "model_sha256"));
        json_decref(run);
    }
    if (listing)
        closedir(listing);
    return found;
}

// Files below a folder whose name holds `part`.
static int count_files(const char *folder, const char *part) {
    char path[PATH_SIZE];
    struct error err;
    struct dirent *entry;
    int count = 0;
    DIR *listing = opendir(folder);
    while (listing && (entry = readdir(listing)))
        if (entry->d_name[0] != '.' && !path_join(path, &err, folder, entry->d_name))
            count += (strstr(entry->d_name, part) != NULL) + count_files(path, part);
    if (listing)
        closedir(listing);
    return count;
}

// All runs are done with the bits of the undisturbed sweep, and nothing else is left.
static void check_complete(const char *folder) {
    json_t *now = models(folder), *undisturbed = models(results("whole"));
    CU_ASSERT_EQUAL(json_object_size(now), RUNS);
    CU_ASSERT(json_equal(now, undisturbed));
    json_decref(now);
    json_decref(undisturbed);
    CU_ASSERT_EQUAL(count_files(folder, ".part-"), 0);
    CU_ASSERT_EQUAL(count_files(folder, "checkpoint"), 0);
    CU_ASSERT_EQUAL(count_files(folder, "shards"), 0);
}

// ------------------------------------------------------------------------------------- the plain way

static void test_the_smallest_sweep_runs_from_end_to_end(void) {
    struct program_result r;
    struct error err;
    CU_ASSERT_EQUAL(reff_run(&r, 0, "run", table, "--profile", profile, "--results", results("whole")), 0);
    suite_text_has(r.err, "8 runs to do (8 never run), 0 done");
    suite_text_has(r.err, "[8/8] test: p ");
    suite_text_has(r.out, "## the smallest sweep");
    suite_text_has(r.out, "built-in digits (drawn by code, not MNIST)");
    suite_text_has(r.out, "- C1 **");
    json_t *all = models(results("whole"));
    CU_ASSERT_EQUAL(json_object_size(all), RUNS);
    json_decref(all);
    CU_ASSERT_EQUAL(suite_count_entries(suite_path("whole")), 2); // runs and tables: no shards
    CU_ASSERT_EQUAL(suite_count_entries(suite_path("whole/tables/test")), 4);
    char *file = file_read(suite_path("whole/tables/test/smallest.md"), 1 << 20, NULL, &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    suite_text_has(r.out, file); // the terminal shows what the file says
    free(file);
    program_free(&r);
}

static void test_a_rerun_does_nothing_and_says_so(void) {
    struct program_result r;
    struct error err;
    char *before = file_read(suite_path("whole/tables/test/smallest.csv"), 1 << 20, NULL, &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(before);
    CU_ASSERT_EQUAL(reff_run(&r, 0, "run", table, "--profile", profile, "--results", results("whole")), 0);
    CU_ASSERT_STRING_EQUAL(r.err, "smallest: nothing to do: 8 of 8 runs are done\n");
    char *after = file_read(suite_path("whole/tables/test/smallest.csv"), 1 << 20, NULL, &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(after);
    CU_ASSERT_STRING_EQUAL(before, after);
    free(before);
    free(after);
    program_free(&r);
}

static void test_other_numbers_of_jobs_and_threads_give_the_same_bits(void) {
    struct program_result r;
    CU_ASSERT_EQUAL(reff_run(&r, 0, "run", table, "--profile", profile, "--results", results("jobs"),
                             "--jobs", "3", "--threads", "2"),
                    0);
    suite_text_has(r.err, "3 at a time with 2 threads each");
    check_complete(results("jobs"));
    program_free(&r);
}

static void test_a_table_comes_as_json_with_its_provenance(void) {
    struct program_result r;
    char command[3 * PATH_SIZE];
    CU_ASSERT_EQUAL(reff_run(&r, 0, "table", table, "--profile", profile, "--results", results("whole"),
                             "--format", "json"),
                    0);
    json_t *value = json_loads(r.out, JSON_REJECT_DUPLICATES, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(value);
    const json_t *origin = json_object_get(value, "provenance"), *cells = json_object_get(value, "cells");
    snprintf(command, sizeof command, "reff run %s --profile %s --seeds 1,2", table, profile);
    const char *given = json_string_value(json_object_get(origin, "command"));
    CU_ASSERT_STRING_EQUAL(given ? given : "", command);
    CU_ASSERT_EQUAL(json_array_size(json_object_get(origin, "runs")), RUNS);
    CU_ASSERT_EQUAL(json_array_size(json_object_get(origin, "runs_made_by")), 1);
    CU_ASSERT_EQUAL(json_array_size(cells), 4);
    for (size_t i = 0; i < json_array_size(cells); i++) {
        const json_t *metrics = json_object_get(json_array_get(cells, i), "metrics");
        CU_ASSERT_EQUAL(json_integer_value(json_object_get(json_array_get(cells, i), "n")), 2);
        CU_ASSERT_PTR_NOT_NULL(json_object_get(metrics, "worst_class_accuracy"));
        CU_ASSERT_PTR_NOT_NULL(json_object_get(metrics, "cam_inside.layer4"));
    }
    json_decref(value);
    program_free(&r);
}

static void test_status_and_dry_run_tell_what_is_there_and_what_is_not(void) {
    struct program_result r;
    CU_ASSERT_EQUAL(reff_run(&r, 0, "status", table, "--profile", profile, "--results", results("whole")), 0);
    suite_text_has(r.out, "8 of 8 runs done, 0 running now");
    program_free(&r);
    CU_ASSERT_EQUAL(reff_run(&r, 0, "run", table, "--profile", profile, "--results", results("whole"),
                             "--seeds", "3", "--dry-run"),
                    0);
    suite_text_has(r.out, "4 distinct cells, 3 seeds, 12 runs\n");
    suite_text_has(r.out, "done: 8 runs\n");
    suite_text_has(r.out, "not run: 4 runs\n  p 0, q 1, size 223, baseline: seed 3\n");
    suite_text_has(r.out, "time: about ");
    suite_text_has(r.out, "(from earlier runs)\nmemory: up to ");
    suite_text_has(r.out, "\ndisk: shards up to ");
    program_free(&r);
    CU_ASSERT_EQUAL(
        reff_run(&r, 0, "run", table, "--profile", profile, "--results", results("dry"), "--dry-run"), 0);
    suite_text_has(r.out, "not run: 8 runs\n  p 0, q 1, size 223, baseline: seed 1, 2\n");
    suite_text_has(r.out, "(from a trial of a few steps)");
    CU_ASSERT(!file_exists(results("dry"))); // nothing is made
    program_free(&r);
}

// A folder of runs that leads in a circle, which root cannot enter either: no cell of any table is called "not run".
static void test_runs_that_cannot_be_looked_at_are_no_absent_ones(void) {
    static const char *const commands[] = {"table", "status", "run"};
    struct program_result r;
    CU_ASSERT_EQUAL_FATAL(mkdir(suite_path("circle"), 0777), 0);
    CU_ASSERT_EQUAL_FATAL(symlink("runs", suite_path("circle/runs")), 0);
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        CU_ASSERT_EQUAL(
            reff_run(&r, 0, commands[i], table, "--profile", profile, "--results", results("circle")),
            EXIT_FAILED);
        suite_text_has(r.err, "Too many levels of symbolic links\n");
        CU_ASSERT_PTR_NULL(strstr(r.out, "not run"));
        program_free(&r);
    }
}

static void test_new_settings_run_beside_the_old_ones_and_are_named(void) {
    struct program_result r;
    char other[PATH_SIZE], *text = strdup(profile_text);
    CU_ASSERT_EQUAL_FATAL(mkdir(suite_path("other"), 0777), 0);
    snprintf(other, sizeof other, "%s", suite_path("other/test.ini"));
    *strstr(strstr(text, "epochs"), "2") = '1';
    put(other, text);
    CU_ASSERT_EQUAL(
        reff_run(&r, 0, "run", table, "--profile", other, "--results", results("new"), "--seeds", "2,"), 0);
    program_free(&r);
    CU_ASSERT_EQUAL(reff_run(&r, 0, "run", table, "--profile", profile, "--results", results("new")), 0);
    suite_text_has(r.err,
                   "test: p 0, q 1, size 223, reff, seed 2 and 3 more: new settings: epochs 1 -> 2 since ");
    suite_text_has(r.err, "8 runs to do (4 never run), 0 done");
    json_t *all = models(results("new"));
    CU_ASSERT_EQUAL(json_object_size(all), RUNS + 4); // the others are still there
    json_decref(all);
    program_free(&r);
    CU_ASSERT_EQUAL(
        reff_run(&r, 0, "run", table, "--profile", other, "--results", results("new"), "--seeds", "2,"), 0);
    suite_text_has(r.err, "nothing to do: 4 of 4");
    free(text);
    program_free(&r);
}

// ----------------------------------------------------------------------------------- annotations, data sets

static const char axes_text[] = "[table]\n"
                                "title = annotations and data sets\n"
                                "row = n\n"
                                "rows = 0, 1, All\n"
                                "column = data\n"
                                "columns = textured-mnist, isic2017, pets\n"
                                "[fixed]\n"
                                "p = 0\n"
                                "q = 1\n"
                                "size = 223\n"
                                "method = reff\n";
static const char abn_text[] = "[table]\n"
                               "title = methods\n"
                               "row = n\n"
                               "rows = 0, 1, All\n"
                               "columns = reff, abn\n"
                               "[fixed]\n"
                               "p = 0\n"
                               "q = 1\n"
                               "size = 223\n";

// Number of runs whose record has the quality of pseudo-annotations.
static int count_annotated(const char *folder) {
    char runs[PATH_SIZE], inner[PATH_SIZE], path[PATH_SIZE];
    struct error err;
    struct dirent *entry;
    int count = 0;
    DIR *listing = path_join(runs, &err, folder, "runs") ? NULL : opendir(runs);
    while (listing && (entry = readdir(listing))) {
        if (entry->d_name[0] == '.' || path_join(inner, &err, runs, entry->d_name) ||
            path_join(path, &err, inner, "run.json"))
            continue;
        json_t *run = json_load_file(path, 0, NULL);
        const json_t *annotation = json_object_get(json_object_get(run, "cell"), "annotation");
        const json_t *iou = json_object_get(annotation, "iou");
        CU_ASSERT(!annotation || (json_is_real(iou) && json_real_value(iou) > 0 && json_real_value(iou) < 1));
        count += annotation != NULL;
        json_decref(run);
    }
    if (listing)
        closedir(listing);
    return count;
}

// A name of no section, as a slip of the pen makes it, is told before anything is run.
static void test_data_of_no_profile_are_told(void) {
    struct program_result r;
    char mine[PATH_SIZE], small[PATH_SIZE];
    CU_ASSERT(!mkdir(suite_path("own"), 0777));
    snprintf(mine, sizeof mine, "%s", suite_path("own/mine.ini"));
    snprintf(small, sizeof small, "%s", suite_path("own/small.ini"));
    put(mine, "[table]\ntitle = t\nrow = n\nrows = All\ncolumns = baseline, reff\n[fixed]\ndata = shape\n");
    put(small, "[profile]\ntitle = t\nseeds = 1\n[data shapes]\nsource = folder\nimages = x\npixels = "
               "16\ntrain = 0\n"
               "test = 0\n[train]\nepochs = 1\n");
    CU_ASSERT_EQUAL(reff_run(&r, 0, "run", mine, "--profile", small, "--data", suite_folder(), "--results",
                             results("own"), "--dry-run"),
                    0);
    suite_text_is(
        r.out,
        "0 distinct cells, 1 seed, 0 runs\nshape: no runs: profile small has no [data shape] (did you mean "
        "'shapes'?)\nnothing to do\n");
    program_free(&r);
}

static void test_tables_of_annotations_and_data_sets_share_cells_and_say_what_is_absent(void) {
    struct program_result r;
    char axes[PATH_SIZE], abn[PATH_SIZE], with_data[PATH_SIZE], text[2000];
    CU_ASSERT(!mkdir(suite_path("axes"), 0777));
    snprintf(axes, sizeof axes, "%s", suite_path("axes/axes.ini"));
    snprintf(abn, sizeof abn, "%s", suite_path("axes/abn.ini"));
    snprintf(with_data, sizeof with_data, "%s", suite_path("axes/test.ini"));
    snprintf(text, sizeof text,
             "%s[data isic2017]\npixels = 16\ntrain = 60\ntest = 30\n[annotator]\nngf = 2\nndf = "
             "2\niterations = 3\n",
             profile_text);
    put(axes, axes_text), put(abn, abn_text), put(with_data, text);
    CU_ASSERT_EQUAL(
        reff_run(&r, 0, "run", axes, "--profile", with_data, "--results", results("axis"), "--dry-run"), 0);
    suite_text_has(r.out,
                   "6 distinct cells, 2 seeds, 12 runs\npets: no runs: profile test has no [data pets]\n");
    suite_text_has(r.out, "isic2017, n 1, reff: seed 1, 2\n");
    suite_text_has(r.out, " for pseudo-annotations (from a trial of a few steps)");
    program_free(&r);
    CU_ASSERT_EQUAL(reff_run(&r, 0, "run", axes, "--profile", with_data, "--results", results("axis")), 0);
    suite_text_has(r.err, "12 runs to do (12 never run), 0 done");
    suite_text_has(r.out, "built-in stand-in for ISIC2017 (drawn by code, not photographs)");
    suite_text_has(r.out, "- n = 0, pets: profile test has no [data pets]: seed 1, 2\n");
    CU_ASSERT_EQUAL(count_annotated(results("axis")), 4); // two data sets, two seeds
    CU_ASSERT_EQUAL(count_files(results("axis"), "shards"), 0);
    program_free(&r);
    CU_ASSERT_EQUAL(reff_run(&r, 0, "run", abn, axes, "--profile", with_data, "--results", results("axis")),
                    0);
    suite_text_has(r.err, "6 runs to do (6 never run), 12 done"); // ABN's alone
    CU_ASSERT_EQUAL(count_annotated(results("axis")), 6);
    program_free(&r);
    CU_ASSERT_EQUAL(reff_run(&r, 0, "table", axes, "--profile", with_data, "--results", results("axis"),
                             "--metric", "annotation.iou", "--columns", "isic2017", "--rows", "1,All"),
                    0);
    suite_text_has(r.out, "Metric annotation.iou after the last epoch");
    suite_text_has(r.out, "| All  | not recorded ");
    program_free(&r);
}

// ---------------------------------------------------------------------------------------------- disturbed

static pid_t start(const char *folder) {
    fflush(NULL);
    pid_t child = fork();
    if (child)
        return child;
    int nothing = open("/dev/null", O_RDWR);
    setpgid(0, 0);
    dup2(nothing, 0), dup2(nothing, 1), dup2(nothing, 2);
    execl(suite_reff(), "reff", "run", table, "--profile", profile, "--results", folder, (char *)NULL);
    _exit(127);
}

static int wait_for(pid_t child) {
    int status;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

// Waits until runs have left so many checkpoints or records, or the sweep has ended by itself; sends the
// signal.
static int disturb(const char *folder, int files, int signal_number, int to_group) {
    pid_t sweep = start(folder);
    siginfo_t ended = {0};
    while (count_files(folder, "checkpoint") + count_files(folder, "run.json") < files && !ended.si_pid) {
        usleep(500);
        waitid(P_PID, (id_t)sweep, &ended, WEXITED | WNOHANG | WNOWAIT);
    }
    kill(to_group ? -sweep : sweep, signal_number);
    return wait_for(sweep);
}

// However often, and wherever the signal meets it.
static void check_disturbed(const char *name, int signal_number, int to_group, int status) {
    char folder[PATH_SIZE];
    struct program_result r;
    snprintf(folder, sizeof folder, "%s", suite_path(name));
    for (int files = 1; files <= RUNS; files += 2) {
        int got = disturb(folder, files, signal_number, to_group);
        CU_ASSERT(got == status || got == 0);
        json_t *readable = models(folder); // asserts it
        json_decref(readable);
    }
    CU_ASSERT_EQUAL(reff_run(&r, 0, "run", table, "--profile", profile, "--results", folder), 0);
    check_complete(folder);
    program_free(&r);
}

static void test_a_sweep_killed_by_kill_9_ends_with_the_same_bits(void) {
    check_disturbed("killed", SIGKILL, 0, 128 + SIGKILL);
}

static void test_a_sweep_interrupted_by_ctrl_c_ends_with_the_same_bits(void) {
    check_disturbed("interrupted", SIGINT, 1, EXIT_INTERRUPTED);
}

// A limit on the size of files, as a disk that fills: in shards, in checkpoints, in records.
static void test_a_sweep_on_a_full_disk_ends_with_the_same_bits(void) {
    static const long limits[] = {50000, 10000, 400};
    struct program_result r;
    char folder[PATH_SIZE];
    snprintf(folder, sizeof folder, "%s", suite_path("full"));
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        CU_ASSERT_EQUAL(program_run(&r, limits[i],
                                    (const char *const[]){suite_reff(), "run", table, "--profile", profile,
                                                          "--results", folder, NULL}),
                        EXIT_FAILED);
        suite_text_has(
            r.err, "the disk is full; 0 of 8 runs are done; free some space and the same command goes on");
        CU_ASSERT_EQUAL(count_files(folder, ".part-"), 0);
        CU_ASSERT_EQUAL(count_files(folder, "failed.json"), 0);
        program_free(&r);
    }
    CU_ASSERT_EQUAL(reff_run(&r, 0, "run", table, "--profile", profile, "--results", folder), 0);
    check_complete(folder);
    program_free(&r);
}

static void test_a_results_folder_that_cannot_be_made_is_named(void) {
    struct program_result r;
    put(suite_path("blocked"), "a file where the folder should be");
    CU_ASSERT_EQUAL(reff_run(&r, 0, "run", table, "--profile", profile, "--results", results("blocked")),
                    EXIT_FAILED);
    suite_text_has(r.err, "blocked: ");
    CU_ASSERT_EQUAL(strlen(r.out), 0);
    program_free(&r);
}

// ---------------------------------------------------------------------------------------------- failing runs

// ReFF's weights grow a millionfold with each step; the baseline's runs go on.
static void test_failing_runs_are_kept_told_and_repeated_on_request(void) {
    struct program_result r;
    char text[2000], failing[PATH_SIZE];
    snprintf(text, sizeof text, "%s[method reff]\nepochs = 9\nlr = 1000\nweight_decay = 1000\n",
             profile_text);
    snprintf(failing, sizeof failing, "%s", suite_path("failing.ini"));
    put(failing, text);
    CU_ASSERT_EQUAL(reff_run(&r, 0, "run", table, "--profile", failing, "--results", results("failing")),
                    EXIT_FAILED);
    suite_text_has(r.err, "failing: p 0, q 1, size 223, reff, seed 1: failed: step ");
    suite_text_has(r.err, "is not a finite number, first in ");
    suite_text_has(r.err, "4 failed (the same command with --retry, or RETRY=1 for make, runs them again)");
    suite_text_has(r.err, "reff: of 8 runs 4 failed");
    suite_text_has(r.out, "| failed  ");
    suite_text_has(r.out, "- p = 1, reff: failed: step ");
    program_free(&r);
    json_t *done = models(results("failing"));
    CU_ASSERT_EQUAL(json_object_size(done), RUNS - 4);
    json_decref(done);
    CU_ASSERT_EQUAL(count_files(results("failing"), "failed.json"), 4);

    CU_ASSERT_EQUAL(reff_run(&r, 0, "run", table, "--profile", failing, "--results", results("failing")),
                    EXIT_FAILED); // not repeated unasked
    suite_text_has(r.err, "nothing to do: 4 of 8 runs are done");
    suite_text_has(r.err, "4 failed");
    program_free(&r);
    CU_ASSERT_EQUAL(
        reff_run(&r, 0, "run", table, "--profile", failing, "--results", results("failing"), "--retry"),
        EXIT_FAILED);
    suite_text_has(r.err, "failed before (retry asked): step ");
    suite_text_has(r.err, "4 runs to do");
    program_free(&r);
}

static int clean_up(void) {
    return unsetenv("OMP_WAIT_POLICY") | suite_remove_folder();
}

void suite_command_run(void) {
    CU_pSuite suite = CU_add_suite("command_run", set_up, clean_up);
    CU_add_test(suite, "data of no profile are told", test_data_of_no_profile_are_told);
    CU_add_test(suite, "the smallest sweep runs from end to end",
                test_the_smallest_sweep_runs_from_end_to_end);
    CU_add_test(suite, "a rerun does nothing and says so", test_a_rerun_does_nothing_and_says_so);
    CU_add_test(suite, "other numbers of jobs and threads give the same bits",
                test_other_numbers_of_jobs_and_threads_give_the_same_bits);
    CU_add_test(suite, "a table comes as JSON with its provenance",
                test_a_table_comes_as_json_with_its_provenance);
    CU_add_test(suite, "status and dry run tell what is there and what is not",
                test_status_and_dry_run_tell_what_is_there_and_what_is_not);
    CU_add_test(suite, "new settings run beside the old ones and are named",
                test_new_settings_run_beside_the_old_ones_and_are_named);
    CU_add_test(suite, "tables of annotations and data sets share cells and say what is absent",
                test_tables_of_annotations_and_data_sets_share_cells_and_say_what_is_absent);
    CU_add_test(suite, "a sweep killed by kill -9 ends with the same bits",
                test_a_sweep_killed_by_kill_9_ends_with_the_same_bits);
    CU_add_test(suite, "a sweep interrupted by Ctrl-C ends with the same bits",
                test_a_sweep_interrupted_by_ctrl_c_ends_with_the_same_bits);
    CU_add_test(suite, "a sweep on a full disk ends with the same bits",
                test_a_sweep_on_a_full_disk_ends_with_the_same_bits);
    CU_add_test(suite, "runs that cannot be looked at are no absent ones",
                test_runs_that_cannot_be_looked_at_are_no_absent_ones);
    CU_add_test(suite, "a results folder that cannot be made is named",
                test_a_results_folder_that_cannot_be_made_is_named);
    CU_add_test(suite, "failing runs are kept, told and repeated on request",
                test_failing_runs_are_kept_told_and_repeated_on_request);
}
