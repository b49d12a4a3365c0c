// SPDX-License-Identifier: Apache-2.0
// Seeds until claims are decided, with fake work whose accuracies have a known lead: which cells get seeds, when it
// ends, that it may be killed, stopped by its hours or kept from a run by a failure, and that its plan is registered.
#include "experiments/suite/claims_plan.h"
#include "experiments/suite/until_decided.h"

#include "core/base/interrupt.h"
#include "core/base/json.h"
#include "core/base/memory.h"
#include "tests/support/fake_work.h"
#include "tests/support/suite.h"
#include "tests/support/sweep_fixture.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

// C1 compares the cells of p = 0. No difference is too small to matter: nothing is absent.
static const char table_text[] =
    "[table]\ntitle = t\nrow = p\nrows = 0, 1\ncolumns = baseline, reff\nclaims = C1\n"
    "[fixed]\nq = 1\nsize = 223\n";
static const char profile_text[] = "[profile]\ntitle = t\nseeds = 1,2,3\nsmallest_effect = 0\n"
                                   "[data]\ncanvas = 32\ntrain = 64\ntest = 32\n"
                                   "[train]\nwidth = 4\nbatch = 16\nepochs = 2\n";

enum { CELLS = 4, FIRST_RUNS = 3 * CELLS };

static struct request request;
static struct request_options options;
static char table[PATH_SIZE], log_path[PATH_SIZE];

static void read_request(const char *profile, struct error *err) {
    char *words[] = {table};
    snprintf(options.profile, sizeof options.profile, "%s", fixture_write("plan.ini", profile));
    CU_ASSERT_EQUAL_FATAL(request_read(&request, &options, words, 1, &fake_work, err), 0);
}

// In a results folder of its own.
static void begin(const char *name, double lead) {
    struct error err = {0};
    char file[64];
    fake_reset();
    fake.lead = lead;
    fake.steps = 2;
    memset(&options, 0, sizeof options);
    options.until_decided = 1;
    options.seeds_most = 20;
    snprintf(options.results, sizeof options.results, "%s", suite_path(name));
    snprintf(file, sizeof file, "%s.events", name);
    snprintf(fake.events, sizeof fake.events, "%s", suite_path(file));
    snprintf(file, sizeof file, "%s.log", name);
    snprintf(log_path, sizeof log_path, "%s", suite_path(file));
    snprintf(table, sizeof table, "%s", fixture_write("small.ini", table_text));
    read_request(profile_text, &err);
}

static void end(void) {
    request_free(&request);
    fake_reset();
}

static int work(struct error *err) {
    FILE *log = fopen(log_path, "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(log);
    const struct executor_job job = {
        .executor = executor_of("local"),
        .work = &fake_work,
        .sweep = {.results = options.results, .label = "test", .jobs = 2, .threads = 1, .log = log}};
    int handed_over;
    interrupt_clear();
    int failed = until_decided_run(&request, &options, &job, &handed_over, err);
    CU_ASSERT(!handed_over);
    fclose(log);
    return failed;
}

static void log_has(const char *text) {
    struct error err = {0};
    char *log = file_read(log_path, 1 << 20, NULL, &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(log);
    suite_text_has(log, text);
    free(log);
}

// What is known of C1 now, and the seeds of a cell.
static struct claim_result claim_now(int seeds[CELLS]) {
    struct error err = {0};
    struct request_results results;
    CU_ASSERT_EQUAL_FATAL(request_results_read(&results, &request, options.results, &err), 0);
    struct claim_result c1 = results.claims[0];
    for (int i = 0; i < CELLS; i++)
        seeds[i] = results.tables[0].cells[i].n;
    for (int i = 0; i < CELLS; i++)
        CU_ASSERT_EQUAL(results.tables[0].cells[i].missing_count, 0);
    request_results_free(&results, &request);
    return c1;
}

static void check_seeds(const int seeds[CELLS], int compared, int others) {
    CU_ASSERT_EQUAL(seeds[0], compared);
    CU_ASSERT_EQUAL(seeds[1], compared);
    CU_ASSERT_EQUAL(seeds[2], others);
    CU_ASSERT_EQUAL(seeds[3], others);
}

// ---------------------------------------------------------------------------------------------- the looks

static void test_a_large_effect_is_decided_at_the_first_look_and_that_is_all(void) {
    struct error err = {0};
    int seeds[CELLS];
    begin("large", 40);
    CU_ASSERT_EQUAL(work(&err), 0);
    struct claim_result c1 = claim_now(seeds);
    CU_ASSERT_EQUAL(c1.ours.verdict, REPRODUCED);
    CU_ASSERT_EQUAL(c1.looks, 1);
    CU_ASSERT_EQUAL(c1.seeds, 3);
    check_seeds(seeds, 3, 3);
    CU_ASSERT_EQUAL(fake_events("done "), FIRST_RUNS);
    log_has("1 of 1 claims are decided\n");
    CU_ASSERT_EQUAL(work(&err), 0); // again: nothing
    CU_ASSERT_EQUAL(fake_events("train "), FIRST_RUNS);
    end();
}

// Cells that no undecided claim needs keep the seeds of the first look. The budget stops between looks: of at most 10
// seeds the look at 8 is the last.
static void test_undecided_claims_get_seeds_for_their_cells_alone_within_the_budget(void) {
    struct error err = {0};
    int seeds[CELLS];
    begin("small", 1e-9);
    options.seeds_most = 10;
    CU_ASSERT_EQUAL(work(&err), 0);
    struct claim_result c1 = claim_now(seeds);
    CU_ASSERT_EQUAL(c1.ours.verdict, UNDECIDED);
    CU_ASSERT_EQUAL(c1.looks, 3);
    CU_ASSERT_EQUAL(c1.seeds, 8);
    CU_ASSERT_DOUBLE_EQUAL(c1.share, 0.01, 0);
    check_seeds(seeds, 8, 3);
    CU_ASSERT_EQUAL(fake_events("done "), FIRST_RUNS + 2 * 5);
    log_has("look 2, 5 seeds: 10 runs for 1 claim\n");
    log_has("0 of 1 claims are decided; the others have had their last look (8 seeds), or lack runs");
    options.seeds_most = 20; // a larger budget goes on from there
    CU_ASSERT_EQUAL(work(&err), 0);
    CU_ASSERT_EQUAL(fake_events("done "), FIRST_RUNS + 2 * 17);
    CU_ASSERT_EQUAL(claim_now(seeds).looks, 5);
    check_seeds(seeds, 20, 3);
    end();
}

// ---------------------------------------------------------------------------------------------- interruptions

static pid_t start(void) {
    fflush(NULL);
    pid_t child = fork();
    if (child)
        return child;
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    struct error err = {0};
    _exit(work(&err) ? 1 : 0);
}

// Killed at three places, among them in the midst of a look, and begun again, it ends with the same runs and the same
// p as one that nothing disturbed.
static void test_killed_at_any_place_it_goes_on_to_the_same_end(void) {
    static const int points[] = {9, 25, 25}; // of the clock, from one halt to the next
    struct error err = {0};
    int seeds[CELLS], same[CELLS], status;
    begin("whole", 0.2);
    options.seeds_most = 8;
    CU_ASSERT_EQUAL(work(&err), 0);
    struct claim_result whole = claim_now(seeds);
    end();
    begin("killed", 0.2);
    options.seeds_most = 8;
    for (int i = 0; i < 3; i++) {
        fake_halt(points[i]);
        pid_t child = start();
        fake_wait_halted();
        kill(child, SIGKILL);
        waitpid(child, &status, 0);
        CU_ASSERT(WIFSIGNALED(status));
        usleep(50000); // its runs end with it; what they hold would only be waited for
        fake_go();
    }
    CU_ASSERT_EQUAL(work(&err), 0);
    struct claim_result killed = claim_now(same);
    CU_ASSERT(!memcmp(same, seeds, sizeof same));
    CU_ASSERT_EQUAL(killed.ours.verdict, whole.ours.verdict);
    CU_ASSERT_EQUAL(killed.looks, whole.looks);
    CU_ASSERT_DOUBLE_EQUAL(killed.ours.p, whole.ours.p, 0);
    end();
}

static void test_after_its_hours_no_run_begins_and_the_next_call_goes_on(void) {
    struct error err = {0};
    int seeds[CELLS];
    begin("hours", 40);
    options.hours = 1e-12;
    CU_ASSERT_EQUAL(work(&err), 0);
    CU_ASSERT_EQUAL(fake_events("train "), 0);
    log_has("the hours are over: the same command goes on from here");
    options.hours = 0;
    CU_ASSERT_EQUAL(work(&err), 0);
    CU_ASSERT_EQUAL(claim_now(seeds).ours.verdict, REPRODUCED);
    end();
}

// Nothing is tested between looks: with a failed run among its five seeds the claim stays at its first look, and the
// failure is told.
static void test_a_claim_whose_run_failed_waits_and_the_failure_is_told(void) {
    struct error err = {0};
    begin("failed", 1e-9);
    fake.steps = 5;
    fake.fault = FAKE_FAILS;
    fake.fault_method = "reff";
    fake.fault_seed = 4;
    CU_ASSERT(work(&err));
    suite_text_has(err.message, "1 failed");
    struct request_results results;
    CU_ASSERT_EQUAL_FATAL(request_results_read(&results, &request, options.results, &err), 0);
    CU_ASSERT_EQUAL(results.claims[0].looks, 1);
    CU_ASSERT_EQUAL(results.claims[0].ours.verdict, UNDECIDED);
    CU_ASSERT_EQUAL(results.tables[0].cells[1].n, 4); // of seeds 1 to 5, and no others
    CU_ASSERT_EQUAL(results.tables[0].cells[1].missing_count, 1);
    request_results_free(&results, &request);
    end();
}

// ---------------------------------------------------------------------------------------------- the plan

static json_t *registered(const char *name) {
    struct error err = {0};
    char file[128];
    snprintf(file, sizeof file, "plans/plans/%s", name);
    json_t *json = json_read(suite_path(file), &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(json);
    return json;
}

static void test_the_plan_is_registered_and_a_changed_one_refused_for_results_that_exist(void) {
    static const char changed[] = "[profile]\ntitle = t\nseeds = 1,2,3\nsmallest_effect = 0\nlooks = 3,4\n"
                                  "shares = .02,.03\n[data]\ncanvas = 32\ntrain = 64\ntest = 32\n"
                                  "[train]\nwidth = 4\nbatch = 16\nepochs = 2\n";
    struct error err = {0};
    begin("plans", 40);
    request_free(&request);
    read_request(changed, &err);
    CU_ASSERT_EQUAL(claims_plan_register(&request, options.results, 0, &err), 0);
    request_free(&request);
    read_request(profile_text, &err); // no run of it is done: it may still change
    CU_ASSERT_EQUAL(claims_plan_register(&request, options.results, 0, &err), 0);
    json_t *file = registered("plan.json"), *plan = json_object_get(file, "plan");
    CU_ASSERT_EQUAL(json_integer_value(json_array_get(json_object_get(plan, "looks"), 4)), 20);
    CU_ASSERT_DOUBLE_EQUAL(json_number_value(json_array_get(json_object_get(plan, "shares"), 4)), 0.015, 0);
    CU_ASSERT_STRING_EQUAL(
        json_string_value(json_object_get(json_array_get(json_object_get(plan, "claims"), 0), "id")), "C1");
    CU_ASSERT_EQUAL(json_integer_value(json_object_get(file, "runs_done_before")), 0);
    json_decref(file);

    CU_ASSERT_EQUAL(work(&err), 0);
    CU_ASSERT_EQUAL(claims_plan_register(&request, options.results, 0, &err), 0); // the same is no change
    request_free(&request);
    read_request(changed, &err);
    CU_ASSERT(claims_plan_register(&request, options.results, 0, &err));
    suite_text_has(err.message,
                   "plan.json: another plan is registered (it differs in looks, shares, seeds), and "
                   "results of it exist: ask for that one, or begin another with reff run --new-plan");
    CU_ASSERT(claims_plan_check(&request, options.results, &err)); // nor are they read by another
    CU_ASSERT_EQUAL(claims_plan_register(&request, options.results, 1, &err), 0);
    file = registered("plan.json");
    CU_ASSERT_EQUAL(json_integer_value(json_object_get(file, "runs_done_before")), FIRST_RUNS);
    json_decref(file);
    json_decref(registered("plan-1.json"));
    json_decref(registered("plan-2.json"));
    CU_ASSERT_EQUAL(claims_plan_check(&request, options.results, &err), 0);
    end();
}

static void test_a_table_without_claims_beside_it_makes_no_other_plan(void) {
    static const char beside[] = "[table]\ntitle = t\nrow = p\nrows = .5\ncolumns = baseline\n"
                                 "[fixed]\nq = 1\nsize = 223\n";
    struct error err = {0};
    char other[PATH_SIZE], *words[] = {other, table};
    begin("beside", 40);
    json_t *alone = claims_plan_json(&request, &err);
    request_free(&request);
    snprintf(other, sizeof other, "%s", fixture_write("beside.ini", beside));
    CU_ASSERT_EQUAL_FATAL(request_read(&request, &options, words, 2, &fake_work, &err), 0);
    CU_ASSERT_EQUAL(request.plan.table_cells, CELLS + 1);
    json_t *both = claims_plan_json(&request, &err);
    CU_ASSERT_PTR_NOT_NULL(alone);
    CU_ASSERT(json_equal(alone, both));
    json_decref(alone);
    json_decref(both);
    end();
}

static void test_a_number_of_seeds_is_refused_until_decided(void) {
    struct error err = {0};
    char *words[] = {table};
    begin("seeds", 1);
    request_free(&request);
    snprintf(options.seeds, sizeof options.seeds, "5");
    CU_ASSERT(request_read(&request, &options, words, 1, &fake_work, &err));
    CU_ASSERT_EQUAL(err.status, EXIT_USAGE);
    suite_text_has(err.message, "--seeds: --until-decided takes seeds at the profile's looks");
    end();
}

void suite_until_decided(void) {
    CU_pSuite s = CU_add_suite("until_decided", suite_make_folder, suite_remove_folder);
    CU_add_test(s, "a large effect is decided at the first look, and that is all",
                test_a_large_effect_is_decided_at_the_first_look_and_that_is_all);
    CU_add_test(s, "undecided claims get seeds for their cells alone, within the budget",
                test_undecided_claims_get_seeds_for_their_cells_alone_within_the_budget);
    CU_add_test(s, "killed at any place it goes on to the same end",
                test_killed_at_any_place_it_goes_on_to_the_same_end);
    CU_add_test(s, "after its hours no run begins, and the next call goes on",
                test_after_its_hours_no_run_begins_and_the_next_call_goes_on);
    CU_add_test(s, "a claim whose run failed waits, and the failure is told",
                test_a_claim_whose_run_failed_waits_and_the_failure_is_told);
    CU_add_test(s, "the plan is registered, and a changed one refused for results that exist",
                test_the_plan_is_registered_and_a_changed_one_refused_for_results_that_exist);
    CU_add_test(s, "a table without claims beside it makes no other plan",
                test_a_table_without_claims_beside_it_makes_no_other_plan);
    CU_add_test(s, "a number of seeds is refused until decided",
                test_a_number_of_seeds_is_refused_until_decided);
}
