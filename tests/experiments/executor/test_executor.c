// SPDX-License-Identifier: Apache-2.0
// Runs that are handed to others: what they are told is enough, packed by data sets, and refused where it is not the run's.
#include "core/base/host.h"
#include "experiments/executor/cluster.h"
#include "experiments/executor/executor.h"
#include "experiments/executor/handed.h"
#include "experiments/executor/packing.h"
#include "experiments/executor/slurm_plan.h"
#include "experiments/executor/submission.h"
#include "tests/support/fake_work.h"
#include "tests/support/suite.h"
#include "tests/support/sweep_fixture.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static struct fixture f;

// ---------------------------------------------------------------------------------------- cells

static void test_a_cell_comes_back_from_its_file_as_it_was(void) {
    struct error err = {0};
    struct plan plan;
    char folder[PATH_SIZE];
    fixture_make_table(&f, fixture_annotated_table_text, fixture_profile_text);
    const char *results = suite_path("handed");
    for (int i = 0; i < f.plan.count; i++) {
        struct cell *cell = &f.plan.cells[i];
        char short_name[17], *words[] = {cell->digest, short_name}; // named twice: one run
        snprintf(short_name, sizeof short_name, "%.16s", cell->digest);
        CU_ASSERT_EQUAL_FATAL(handed_write(results, cell, &err), 0);
        CU_ASSERT_EQUAL_FATAL(handed_plan(&plan, results, words, 2, folder, &err), 0);
        CU_ASSERT_EQUAL_FATAL(plan.count, 1);
        struct cell *back = &plan.cells[0];
        CU_ASSERT(json_equal(back->record, cell->record));
        suite_text_is(back->annotation_digest, cell->annotation_digest);
        suite_text_is(back->cost_key, cell->cost_key);
        CU_ASSERT_EQUAL(back->axes.n, cell->axes.n);
        CU_ASSERT_EQUAL(back->steps, cell->steps);
        CU_ASSERT_EQUAL(back->images[SPLIT_TEST], cell->images[SPLIT_TEST]);
        CU_ASSERT_EQUAL(back->has_annotator, cell->has_annotator);
        CU_ASSERT_EQUAL(back->training.save_model, cell->training.save_model);
        CU_ASSERT_EQUAL(cell_check_inputs(back, &fake_work, &err), 0);
        plan_free(&plan);
    }
    fixture_free(&f);
}

// The file of the first cell with one thing changed; `message` is how it is refused.
static void refuses_file(json_t *task, const char *message) {
    struct error err = {0};
    struct plan plan;
    char path[PATH_SIZE], folder[PATH_SIZE], *words[] = {f.plan.cells[0].digest};
    const char *results = suite_path("changed");
    CU_ASSERT_FATAL(!run_file(path, results, &f.plan.cells[0], "task.json", &err));
    CU_ASSERT_EQUAL_FATAL(json_write(path, task, &err), 0);
    CU_ASSERT_EQUAL(handed_plan(&plan, results, words, 1, folder, &err), -1);
    suite_text_has(err.message, message);
    plan_free(&plan);
    json_decref(task);
}

static void test_a_file_with_other_settings_than_the_runs_is_refused(void) {
    struct error err = {0};
    struct plan plan;
    char path[PATH_SIZE], folder[PATH_SIZE];
    fixture_make(&f, fixture_profile_text);
    const char *results = suite_path("changed");
    CU_ASSERT_EQUAL_FATAL(handed_write(results, &f.plan.cells[0], &err), 0);
    CU_ASSERT_FATAL(!run_file(path, results, &f.plan.cells[0], "task.json", &err));
    json_t *task = json_read(path, &err), *one;
    one = json_deep_copy(task);
    json_object_set_new(json_object_get(one, "train"), "epochs", json_integer(99));
    refuses_file(one, "its settings are not those of the run");
    one = json_deep_copy(task);
    json_object_set_new(json_object_get(json_object_get(one, "cell"), "identity"), "weights",
                        json_string("x"));
    refuses_file(one, "its settings are not those of the run");
    one = json_deep_copy(task);
    json_object_set_new(one, "data_kind", json_string("none-such"));
    refuses_file(one, "no data set 'none-such'");
    one = json_deep_copy(task);
    json_object_del(one, "folder");
    refuses_file(one, "no folder");
    refuses_file(json_object(), "no cell of a sweep");
    json_decref(task);
    char *unknown[] = {"0123456789abcdef"}, *wrong[] = {"../../../../etc"};
    CU_ASSERT_EQUAL(handed_plan(&plan, results, unknown, 1, folder, &err), -1);
    suite_text_has(err.message, "the run was not handed over in this folder");
    plan_free(&plan);
    CU_ASSERT_EQUAL(handed_plan(&plan, results, wrong, 1, folder, &err), -1);
    CU_ASSERT_EQUAL(err.status, EXIT_USAGE);
    plan_free(&plan);
    fixture_free(&f);
}

static void test_words_reach_a_shell_as_they_are(void) {
    struct text out = {0};
    handed_add_word(&out, "a/b-c.d");
    handed_add_word(&out, "");
    handed_add_word(&out, "it's $HOME");
    suite_text_is(text_string(&out), "a/b-c.d'''it'\\''s $HOME'");
    text_free(&out);
}

// ---------------------------------------------------------------------------------------- packing

enum { MOST = 64 };

static void test_a_data_sets_runs_share_tasks_and_no_task_is_too_long(void) {
    const struct cell *cells[MOST];
    double seconds[MOST];
    int task[MOST];
    fixture_make(&f, fixture_profile_text); // eight runs on four data sets, two each
    for (int i = 0; i < f.plan.count; i++) {
        cells[i] = &f.plan.cells[i];
        seconds[i] = 600;
    }
    // An hour holds six runs of ten minutes, that is three data sets with five minutes each for making them: 4500 s are
    // too much, 3000 are not.
    CU_ASSERT_EQUAL(packing_make(cells, seconds, FIXTURE_RUNS, 300, 1, 3600, task), 2);
    for (int i = 0; i < FIXTURE_RUNS; i++)
        for (int k = 0; k < FIXTURE_RUNS; k++)
            if (!strcmp(cells[i]->data_digest, cells[k]->data_digest))
                CU_ASSERT_EQUAL(task[i], task[k]);
    CU_ASSERT_DOUBLE_EQUAL(packing_length(cells, seconds, FIXTURE_RUNS, 300, 1, task, 0), 3000, 1e-9);
    // Two at a time take half as long.
    CU_ASSERT_EQUAL(packing_make(cells, seconds, FIXTURE_RUNS, 300, 2, 3600, task), 1);
    CU_ASSERT_DOUBLE_EQUAL(packing_length(cells, seconds, FIXTURE_RUNS, 300, 2, task, 0), 3600, 1e-9);
    // Runs that are longer than that have a task each.
    for (int i = 0; i < FIXTURE_RUNS; i++)
        seconds[i] = 7200;
    CU_ASSERT_EQUAL(packing_make(cells, seconds, FIXTURE_RUNS, 300, 1, 3600, task), FIXTURE_RUNS);
    CU_ASSERT_EQUAL(packing_make(cells, seconds, 0, 300, 1, 3600, task), 0);
    fixture_free(&f);
}

// ---------------------------------------------------------------------------------------- cluster.ini

static void cluster_says(const char *text, const char *message) {
    struct error err = {0};
    struct cluster c;
    CU_ASSERT_EQUAL(cluster_read(&c, fixture_write("cluster.ini", text), &err), -1);
    CU_ASSERT_EQUAL(err.status, EXIT_FAILED);
    suite_text_has(err.message, message);
    cluster_free(&c);
}

static void test_a_clusters_settings_are_read_and_unknown_ones_refused(void) {
    struct error err = {0};
    struct cluster c;
    CU_ASSERT_EQUAL(
        cluster_read(&c,
                     fixture_write("cluster.ini", "[slurm]\npartition = long\nthrottle = 4\n[sbatch]\n"
                                                  "mail_type = FAIL\nexclusive = yes\n[before]\n1 = module "
                                                  "load gcc\n2 = ulimit -c 0\n"),
                     &err),
        0);
    suite_text_is(c.partition, "long");
    CU_ASSERT_EQUAL(c.throttle, 4);
    suite_text_is(text_string(&c.options), "#SBATCH --mail-type=FAIL\n#SBATCH --exclusive\n");
    suite_text_is(text_string(&c.before), "module load gcc\nulimit -c 0\n");
    cluster_free(&c);
    cluster_says("[slurm]\npartitoin = x\n",
                 "cluster.ini:2: unknown setting 'partitoin' (did you mean 'partition'?)");
    cluster_says("[slrum]\nx = y\n", "unknown section [slrum]");
    cluster_says("[sbatch]\narray = 1-3\n", "--array is set by the program");
    cluster_says("[sbatch]\npartition = x\n", "partition belongs to [slurm]");
    cluster_says("[slurm]\naccount = a b\n", "blanks and quotes have no place there");
    cluster_says("[slurm]\nisa = mmx\n", "'mmx'");
    cluster_says("[slurm]\nmemory = much\n", "memory = much: is no size");
    cluster_says("[slurm]\ntime = soon\n", "time = soon: is no time");
    cluster_says("[slurm]\ntime = 5\nsignal = 300\n",
                 "nothing is left of it when checkpoints are saved 300 seconds");
    cluster_says("[slurm]\nqos = a\033[31m\n", "blanks and quotes have no place there");
    cluster_says("[slurm]\nscratch = /a\"b\n", "scratch = /a\"b: quotes have no place there");
    cluster_says("[sbatch]\nmem = 1G\n", "--mem is memory of [slurm]");
    cluster_says("[sbatch]\narra = 1-3\n", "--array is set by the program"); // getopt takes it for array
    cluster_says("[sbatch]\nwait = yes\n", "--wait is set by the program");
    cluster_says("[sbatch]\nx --array = 1\n", "'x --array' is no option of sbatch");
    cluster_says("[sbatch]\nexclusive =\n", "exclusive has no value; a word alone is exclusive = yes");
    cluster_says("[sbatch]\ncomment = a\"b\n", "quotes and backslashes have no place there");
    cluster_says("[before]\n1 = a ; export B=2\n", "cluster.ini:2: what follows ' ;' would be a comment");
    cluster_says("[before]\nexport B=2\n",
                 "a line of shell stands behind a name in small letters or a number");
    cluster_says("[before]\nPATH=/x\n", "1 = PATH=/x");
    CU_ASSERT_EQUAL(cluster_read(&c, suite_path("absent.ini"), &err), -1);
    cluster_free(&c);
    CU_ASSERT_EQUAL(cluster_read(&c, "experiments/executor/cluster.ini", &err), 0); // the example
    suite_text_is(c.isa, "first");
    cluster_free(&c);
}

static void test_a_value_of_several_words_stays_one_option(void) {
    struct error err = {0};
    struct cluster c;
    CU_ASSERT_EQUAL(
        cluster_read(&c,
                     fixture_write("cluster.ini",
                                   "[slurm]\n# a comment ; of some words\nscratch = /a b/$X ; mine\n"
                                   "[sbatch]\n# another ; one\ncomment = a b --array=1-3\n"
                                   "wckey = 'quoted'\n[before]\none = for i in 1 2; do :; done\n"),
                     &err),
        0);
    suite_text_is(c.scratch, "/a b/$X");
    suite_text_is(text_string(&c.options), "#SBATCH --comment=\"a b --array=1-3\"\n#SBATCH --wckey=quoted\n");
    suite_text_is(text_string(&c.before), "for i in 1 2; do :; done\n");
    cluster_free(&c);
}

static void test_sizes_and_times_are_read_as_sbatch_reads_them(void) {
    static const struct {
        const char *text;
        double bytes, seconds;
    } all[] = {{"1", 1048576, 60},
               {"64G", 68719476736, -1},
               {"64gb", 68719476736, -1},
               {"1.5G", -1, -1},
               {"64MiB", -1, -1},
               {"-1", -1, -1},
               {"0", 0, INFINITY},
               {"", -1, -1},
               {"1:30", -1, 90},
               {"1:02:03", -1, 3723},
               {"1-2", -1, 93600},
               {"1-2:03", -1, 93780},
               {"1-2:03:04", -1, 93784},
               {"1:2:3:4", -1, -1},
               {"1-", -1, -1},
               {"UNLIMITED", -1, INFINITY},
               {"1::2", -1, -1},
               {"inf", -1, -1}};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        CU_ASSERT_EQUAL(cluster_bytes(all[i].text), all[i].bytes);
        CU_ASSERT_EQUAL(cluster_seconds(all[i].text), all[i].seconds);
    }
}

// ---------------------------------------------------------------------------------------- records

static void test_an_attempt_that_ended_without_a_word_makes_the_next_do_fewer_at_once(void) {
    struct error err = {0};
    int number;
    const char *results = suite_path("attempts"), *id = "0123456789ab";
    char folder[PATH_SIZE];
    CU_ASSERT_FATAL(!submission_path(folder, results, id, "log", &err) && !folder_make(folder, &err));
    CU_ASSERT_EQUAL(submission_begin_attempt(results, id, 0, 8, &number, &err), 8);
    CU_ASSERT_EQUAL(submission_end_attempt(results, id, 0, number, "stopped", &err), 0);
    CU_ASSERT_EQUAL(submission_begin_attempt(results, id, 0, 8, &number, &err), 8); // stopped is no reason
    CU_ASSERT_EQUAL(submission_begin_attempt(results, id, 0, 8, &number, &err), 4);
    CU_ASSERT_EQUAL(submission_end_attempt(results, id, 0, number, "stopped", &err), 0);
    CU_ASSERT_EQUAL(submission_begin_attempt(results, id, 0, 8, &number, &err), 4); // it stays so
    CU_ASSERT_EQUAL(submission_begin_attempt(results, id, 0, 8, &number, &err), 2);
    CU_ASSERT_EQUAL(submission_begin_attempt(results, id, 0, 8, &number, &err), 1);
    CU_ASSERT_EQUAL(submission_begin_attempt(results, id, 0, 8, &number, &err), 1);
    json_t *submission = json_pack("{s:s, s:[{}]}", "id", id, "tasks");
    CU_ASSERT_EQUAL(submission_silent(results, submission, &number), 5);
    CU_ASSERT_EQUAL(number, 1);
    json_decref(submission);
    CU_ASSERT_EQUAL(submission_path(folder, results, "../x", "log", &err), -1);
}

// A lease and a file of a number that no process has, and a file of another host's.
static void test_what_killed_processes_left_beside_submissions_is_removed(void) {
    struct error err = {0};
    const char *results = suite_path("left");
    char folder[PATH_SIZE], prefix[HOST_PROCESS_SIZE], text[400], name[200];
    CU_ASSERT_FATAL(!submission_path(folder, results, "0123456789ab", "log", &err) &&
                    !folder_make(folder, &err));
    host_process(prefix);
    *strrchr(prefix, '-') = 0;
    snprintf(text, sizeof text,
             "reff lease\nhost %s\nplace %s\nprocess 4194304\nstart 1\ninterval 10\nid "
             "0123456789abcdef0123456789abcdef\n",
             host_name(), host_place());
    fixture_write("left/sweeps/lease", text);
    fixture_write("left/sweeps/products-lease", text);
    snprintf(name, sizeof name, "left/sweeps/0123456789ab/task-0.json.part-%s-4194304", prefix);
    fixture_write(name, "{");
    fixture_write("left/sweeps/0123456789ab/task-1.json.part-other.01234567-1", "{");
    fixture_write("left/sweeps/0123456789ab/submission.json", "{}");
    submission_remove_leftovers(results);
    CU_ASSERT_EQUAL(suite_count_entries(suite_path("left/sweeps")), 1);
    CU_ASSERT_EQUAL(suite_count_entries(suite_path("left/sweeps/0123456789ab")),
                    3); // log/, the record, the other host's
    submission_remove_leftovers(suite_path("none"));
    CU_ASSERT(!file_exists(suite_path("none")));
}

// An element of an array is found by its job's name and its index, whatever number Slurm gave it.
static void test_runs_in_the_queue_are_found_by_the_names_of_their_jobs(void) {
    json_t *submissions = json_loads(
               "[{\"id\": \"a\", \"tasks\": [{\"cells\": [\"c0\"]}, {\"cells\": [\"c1\", \"c2\"]}, "
               "{\"cells\": [\"c3\"]}], \"jobs\": [{\"name\": \"reff-a-0\", \"first\": 0, \"count\": 2}, "
               "{\"name\": \"reff-a-2\", \"first\": 2, \"count\": 1}, "
               "{\"name\": \"reff-a-gather\", \"first\": 0, \"count\": 0}]}]",
               0, NULL),
           *queue = json_loads(
               "[{\"name\": \"reff-a-0\", \"index\": 1, \"state\": \"PENDING\"}, {\"name\": \"other\", "
               "\"index\": 0, \"state\": \"RUNNING\"}, {\"name\": \"reff-a-2\", \"index\": 0, \"state\": "
               "\"COMPLETING\"}, {\"name\": \"reff-a-gather\", \"index\": 0, \"state\": \"RUNNING\"}]",
               0, NULL);
    json_t *queued = slurm_plan_queued(submissions, queue);
    CU_ASSERT_EQUAL(json_object_size(queued), 2);
    CU_ASSERT(json_object_get(queued, "c1") && json_object_get(queued, "c2"));
    json_decref(queued);
    json_decref(queue);
    json_decref(submissions);
}

static void test_every_executor_is_found_by_its_name(void) {
    struct error err = {0};
    int count = 0;
    for (; executors[count]; count++) {
        CU_ASSERT_PTR_EQUAL(executor_of(executors[count]->name), executors[count]);
        CU_ASSERT_PTR_NOT_NULL(executors[count]->run);
    }
    CU_ASSERT(count >= 3);
    CU_ASSERT_PTR_NULL(executor_of("nobody"));
    CU_ASSERT_EQUAL(executor_cancel(stdout, executor_of("list"), NULL, "", &err), -1);
    suite_text_is(err.message, "--cancel: --executor list takes nothing back");
}

void suite_executor(void) {
    CU_pSuite suite = CU_add_suite("executor", suite_make_folder, suite_remove_folder);
    CU_add_test(suite, "every executor is found by its name", test_every_executor_is_found_by_its_name);
    CU_add_test(suite, "a cell comes back from its file as it was",
                test_a_cell_comes_back_from_its_file_as_it_was);
    CU_add_test(suite, "a file with other settings than the run's is refused",
                test_a_file_with_other_settings_than_the_runs_is_refused);
    CU_add_test(suite, "words reach a shell as they are", test_words_reach_a_shell_as_they_are);
    CU_add_test(suite, "a data set's runs share tasks, and no task is too long",
                test_a_data_sets_runs_share_tasks_and_no_task_is_too_long);
    CU_add_test(suite, "a cluster's settings are read and unknown ones refused",
                test_a_clusters_settings_are_read_and_unknown_ones_refused);
    CU_add_test(suite, "a value of several words stays one option",
                test_a_value_of_several_words_stays_one_option);
    CU_add_test(suite, "sizes and times are read as sbatch reads them",
                test_sizes_and_times_are_read_as_sbatch_reads_them);
    CU_add_test(suite, "an attempt that ended without a word makes the next do fewer at once",
                test_an_attempt_that_ended_without_a_word_makes_the_next_do_fewer_at_once);
    CU_add_test(suite, "what killed processes left beside submissions is removed",
                test_what_killed_processes_left_beside_submissions_is_removed);
    CU_add_test(suite, "runs in the queue are found by the names of their jobs",
                test_runs_in_the_queue_are_found_by_the_names_of_their_jobs);
}
