// SPDX-License-Identifier: Apache-2.0
// Slurm's commands as they are on a bad day: silent, talkative, slow, gone, or lying. Shell scripts stand in their place.
#include "core/base/json.h"
#include "core/base/json_fields.h"
#include "core/base/progress.h"
#include "experiments/executor/slurm_call.h"
#include "experiments/executor/slurm_queue.h"
#include "tests/support/suite.h"
#include "tests/support/sweep_fixture.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char *before; // PATH

static int begin(void) {
    char path[PATH_SIZE];
    if (suite_make_folder())
        return -1;
    before = strdup(getenv("PATH"));
    snprintf(path, sizeof path, "%s:%s", suite_path("."), before);
    setenv("REFF_SLURM_SECONDS", "0.5", 1);
    return setenv("PATH", path, 1);
}

static int end(void) {
    setenv("PATH", before, 1);
    free(before);
    unsetenv("REFF_SLURM_SECONDS");
    return suite_remove_folder();
}

// A command of that name which does this.
static void command_is(const char *name, const char *does) {
    char script[2000];
    snprintf(script, sizeof script, "#!/bin/sh\n%s\n", does);
    CU_ASSERT_EQUAL_FATAL(chmod(fixture_write(name, script), 0755), 0);
}

static void submits(const char *does, const char *number, const char *message) {
    struct error err = {0};
    command_is("sbatch", does);
    char *job = slurm_submit("script", "", &err);
    if (number)
        suite_text_is(job ? job : err.message, number);
    else
        CU_ASSERT_PTR_NULL(job);
    if (!number && !job)
        suite_text_has(err.message, message);
    free(job);
}

static void test_a_jobs_number_is_found_whatever_else_is_said(void) {
    submits("echo 17", "17", NULL);
    submits("echo '17;cluster'", "17", NULL);
    submits("echo Welcome; echo 3 jobs are yours; echo 17; echo warning >&2", "17", NULL);
    submits("echo hello; echo you", NULL, "sbatch: answered 'hello' in place of a job's number");
    submits(":", NULL, "sbatch: answered '' in place of a job's number");
}

static void test_of_complaints_the_error_is_told_and_no_warning(void) {
    submits("exit 1", NULL, "sbatch: ended with status 1");
    submits("kill -9 $$", NULL, "sbatch: was killed (Killed)");
    submits("exec none-such-program 2>/dev/null", NULL, "sbatch: cannot be run; is Slurm installed here?");
    submits("echo 'sbatch: warning: nice' >&2; echo 'sbatch: error: Invalid account' >&2; exit 1", NULL,
            "sbatch: error: Invalid account");
    submits(
        "yes 'sbatch: warning: late' | head -n 10000 >&2; echo 'sbatch: error: Invalid account' >&2; exit 1",
        NULL, "sbatch: error: Invalid account");
    submits("echo who are you >&2; exit 1", NULL, "sbatch: who are you");
    submits("printf '\\033[31mred\\n' >&2; exit 1", NULL, "sbatch: \\x1b[31mred");
}

// A pipe holds 64 kB: who reads one to its end before the other waits for ever.
static void test_much_on_both_streams_is_read(void) {
    struct error err = {0};
    static const char *const ask[] = {"squeue", NULL};
    command_is("squeue", "yes warning | head -c 300000 >&2; yes line | head -c 300000");
    char *text = slurm_call(ask, SLURM_ASKS, NULL, &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    CU_ASSERT_EQUAL(strlen(text), 300000);
    free(text);
}

static void test_a_command_that_does_not_answer_is_given_up(void) {
    struct error err = {0};
    double begun = seconds_now();
    static const char *const ask[] = {"squeue", NULL};
    command_is("squeue", "sleep 60");
    CU_ASSERT_PTR_NULL(slurm_call(ask, SLURM_ASKS, NULL, &err));
    suite_text_has(err.message, "squeue: no answer within 0.5 seconds");
    command_is("squeue", "yes >&2"); // it complains without end
    CU_ASSERT_PTR_NULL(slurm_call(ask, SLURM_CHANGES, NULL, &err));
    suite_text_has(err.message, "squeue: no answer within 0.5 seconds");
    CU_ASSERT(seconds_now() - begun < 20);
    command_is("squeue", "sleep 3 & echo done"); // a child of it keeps its output open
    begun = seconds_now();
    char *text = slurm_call(ask, SLURM_ASKS, NULL, &err);
    suite_text_is(text, "done\n");
    CU_ASSERT(seconds_now() - begun < 2.5);
    free(text);
}

// What a user has set for other purposes neither hides jobs nor renames them; what the settings leave open is the user's.
static void test_a_users_own_defaults_do_not_change_what_is_asked(void) {
    static const char *const set[] = {"SQUEUE_STATES",     "SBATCH_JOB_NAME",  "SBATCH_ARRAY_INX",
                                      "SBATCH_WAIT",       "SBATCH_TIMELIMIT", "SBATCH_MEM_PER_CPU",
                                      "SBATCH_NO_REQUEUE", "SBATCH_PARTITION"};
    struct error err = {0};
    for (size_t i = 0; i < sizeof set / sizeof *set; i++)
        setenv(set[i], "mine", 1);
    command_is("sbatch", "env | grep -c =mine; env | grep -q SBATCH_PARTITION=mine || exit 1; cat; exit 0");
    char *job = slurm_submit("script",
                             "#SBATCH --job-name=a\n#SBATCH --array=0-3%2\n#SBATCH --time=5\n#SBATCH "
                             "--mem=1M\n#SBATCH --requeue\n",
                             &err);
    suite_text_is(job ? job : err.message, "1"); // the partition alone is left
    free(job);
    for (size_t i = 0; i < sizeof set / sizeof *set; i++)
        unsetenv(set[i]);
}

static void test_of_the_queue_this_programs_jobs_are_taken_whatever_the_others_are_called(void) {
    struct error err = {0};
    command_is("squeue",
               "echo \"$*\" >\"$(dirname \"$0\")/words\"\n"
               "printf '0|1|0|RUNNING|None|a\\377b\\n\\n0|2|0|RUNNING|None|reff-\\377\\n'\n"
               "printf 'nonsense\\n1001|3|N/A|PENDING|Dependency|reff-0123456789ab-gather\\n'\n"
               "printf '0|4|7|PENDING|Resources|reff-0123456789ab-0\\n0|5|1|RUNNING|x|other|reff-a-0\\n'");
    json_t *submissions = json_loads("[{\"user\": 1001}, {\"user\": 1001}, {}]", 0, NULL),
           *queue = slurm_queue(submissions, &err);
    CU_ASSERT_EQUAL(json_array_size(queue), 2);
    CU_ASSERT_EQUAL(json_integer_value(json_object_get(json_array_get(queue, 0), "user")), 1001);
    suite_text_is(json_field_text(json_array_get(queue, 1), "job"), "4");
    CU_ASSERT_EQUAL(json_integer_value(json_object_get(json_array_get(queue, 1), "index")), 7);
    suite_text_is(slurm_queue_job(queue, "reff-0123456789ab-gather"), "3");
    char *words = file_read(suite_path("words"), 1000, NULL, &err), wanted[40];
    snprintf(wanted, sizeof wanted, "--user=%u,1001 ", (unsigned)getuid());
    suite_text_has(words, wanted);
    free(words);
    json_decref(queue);
    json_decref(submissions);
}

static void test_a_partitions_longest_time_is_asked_for(void) {
    command_is("sinfo", "printf 'short|30:00\\nall*|1:00:00\\nlong|infinite\\n'");
    CU_ASSERT_EQUAL(slurm_time_most(""), 3600);
    CU_ASSERT_EQUAL(slurm_time_most("a,b"), INFINITY);
    command_is("sinfo", "[ \"$4\" = short ] && printf 'short|1-02:00:00\\n'");
    CU_ASSERT_EQUAL(slurm_time_most("short"), 93600);
    CU_ASSERT_EQUAL(slurm_time_most("none"), INFINITY); // not told
}

void suite_slurm_call(void) {
    CU_pSuite suite = CU_add_suite("slurm_call", begin, end);
    CU_add_test(suite, "a job's number is found whatever else is said",
                test_a_jobs_number_is_found_whatever_else_is_said);
    CU_add_test(suite, "of complaints the error is told and no warning",
                test_of_complaints_the_error_is_told_and_no_warning);
    CU_add_test(suite, "much on both streams is read", test_much_on_both_streams_is_read);
    CU_add_test(suite, "a command that does not answer is given up",
                test_a_command_that_does_not_answer_is_given_up);
    CU_add_test(suite, "a user's own defaults do not change what is asked",
                test_a_users_own_defaults_do_not_change_what_is_asked);
    CU_add_test(suite, "of the queue this program's jobs are taken, whatever the others are called",
                test_of_the_queue_this_programs_jobs_are_taken_whatever_the_others_are_called);
    CU_add_test(suite, "a partition's longest time is asked for",
                test_a_partitions_longest_time_is_asked_for);
}
