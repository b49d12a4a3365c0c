// SPDX-License-Identifier: Apache-2.0
// `reff train` and `reff eval` as programs: what they print, the exit status, what bad input leaves behind.
#include "core/kernels/real.h"
#include "experiments/process/lock.h"
#include "tests/support/suite.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static void make_shards(void) {
    static const char *const splits[] = {"train", "test"};
    for (int i = 0; i < 2; i++) {
        struct program_result r;
        char name[16];
        snprintf(name, sizeof name, "%s.h5", splits[i]);
        CU_ASSERT_EQUAL_FATAL(reff_run(&r, 0, "gen", "textured-mnist", "--size", "16", "--canvas", "16",
                                       "--count", "24", "--split", splits[i], "--output", suite_path(name)),
                              0);
        program_free(&r);
    }
}

// Trains the smallest network; `extra` is one more option (a later one overrides), or NULL.
static int train(struct program_result *r, long file_limit, const char *folder, const char *option,
                 const char *value) {
    return reff_run(r, file_limit, "train", "--train", suite_path("train.h5"), "--test",
                    suite_path("test.h5"), "--output", suite_path(folder), "--width", "2", "--batch", "8",
                    "--epochs", "2", option, value);
}

// One line on standard error and nothing on standard output, whatever was wrong.
static void expect_refusal(const struct program_result *r, int status, const char *says) {
    CU_ASSERT_EQUAL(r->status, status);
    CU_ASSERT_STRING_EQUAL(r->out, "");
    suite_text_begins(r->err, "reff: ");
    CU_ASSERT_PTR_EQUAL(strchr(r->err, '\n'), r->err + strlen(r->err) - 1);
    if (r->status != status || !strstr(r->err, says)) {
        printf("  status %d, '%s' instead of '%s'\n", r->status, r->err, says);
        CU_FAIL("another message was expected");
    }
}

static void test_a_runs_record_and_an_evaluation_of_its_network_agree(void) {
    struct program_result r, e;
    struct error err;
    make_shards();
    CU_ASSERT_EQUAL_FATAL(train(&r, 0, "run", "--save-model", NULL), 0);
    suite_text_has(r.out, "run: test accuracy ");
    CU_ASSERT_EQUAL(suite_count_entries(suite_path("run")), 3); // run.json, metrics.jsonl, model.safetensors
    CU_ASSERT_EQUAL_FATAL(reff_run(&e, 0, "eval", "--weights", suite_path("run/model.safetensors"), "--width",
                                   "2", "--batch", "8", "--json", suite_path("test.h5")),
                          0);
    json_t *run = json_load_file(suite_path("run/run.json"), 0, NULL), *report = json_loads(e.out, 0, NULL);
    CU_ASSERT_FATAL(run && report);
    json_t *metrics = json_object_get(run, "metrics"), *share;
    CU_ASSERT_EQUAL(json_object_size(json_object_get(metrics, "cam_inside")), 4);
    const char *layer;
    if (sizeof(real) == sizeof(float)) // as the file has it; JSON keeps doubles exactly
        CU_ASSERT(json_equal(metrics, report));
    CU_ASSERT(json_equal(json_object_get(metrics, "confusion"), json_object_get(report, "confusion")));
    json_object_foreach(json_object_get(metrics, "cam_inside"), layer, share) {
        const json_t *other = json_object_get(json_object_get(report, "cam_inside"), layer);
        CU_ASSERT_DOUBLE_EQUAL(json_number_value(share), json_number_value(other), 1e-4);
    }
    char *text = file_read(suite_path("run/run.json"), 1 << 20, NULL, &err);
    suite_text_has(text, "\"confusion\": [\n      ["); // a row of the matrix a line
    free(text);
    json_decref(run);
    json_decref(report);
    program_free(&r);
    program_free(&e);
}

// A network is evaluated in the precision that it was trained in, unless another one is asked for.
static void test_an_evaluation_takes_the_precision_of_the_training(void) {
    struct program_result r, e;
    const char *model = suite_path("bf16/model.safetensors");
    CU_ASSERT_EQUAL_FATAL(reff_run(&r, 0, "train", "--train", suite_path("train.h5"), "--test",
                                   suite_path("test.h5"), "--output", suite_path("bf16"), "--width", "16",
                                   "--batch", "8", "--epochs", "2", "--precision", "bf16", "--activations",
                                   "bf16", "--save-model"),
                          0);
    program_free(&r);
    CU_ASSERT_EQUAL_FATAL(
        reff_run(&e, 0, "eval", "--weights", model, "--batch", "8", "--json", suite_path("test.h5")), 0);
    CU_ASSERT_EQUAL_FATAL(reff_run(&r, 0, "eval", "--weights", model, "--batch", "8", "--precision", "f32",
                                   "--json", suite_path("test.h5")),
                          0);
    json_t *run = json_load_file(suite_path("bf16/run.json"), 0, NULL), *report = json_loads(e.out, 0, NULL),
           *other = json_loads(r.out, 0, NULL);
    CU_ASSERT_FATAL(run && report && other);
    if (sizeof(real) == sizeof(float)) { // a double build has one precision, and its file has floats
        CU_ASSERT(json_equal(json_object_get(run, "metrics"), report));
        CU_ASSERT(!json_equal(report, other));
    }
    json_decref(run);
    json_decref(report);
    json_decref(other);
    program_free(&r);
    program_free(&e);
}

// Of 800 test images no aligned group counts by itself, but all together do: one of 37 backgrounds is aligned.
static void test_an_evaluation_tells_of_aligned_and_conflicting_images(void) {
    struct program_result r;
    char expected[200];
    CU_ASSERT_EQUAL_FATAL(train(&r, 0, "groups", "--save-model", NULL), 0);
    program_free(&r);
    CU_ASSERT_EQUAL_FATAL(reff_run(&r, 0, "gen", "textured-mnist", "--p", "1", "--split", "test", "--size",
                                   "16", "--canvas", "16", "--count", "800", "--output",
                                   suite_path("groups.h5")),
                          0);
    program_free(&r);
    CU_ASSERT_EQUAL_FATAL(reff_run(&r, 0, "eval", "--weights", suite_path("groups/model.safetensors"),
                                   "--json", suite_path("groups.h5")),
                          0);
    json_t *report = json_loads(r.out, 0, NULL);
    program_free(&r);
    CU_ASSERT_FATAL(json_is_real(json_object_get(report, "group_gap")));
    const char *name = json_string_value(json_object_get(report, "worst_group_name"));
    CU_ASSERT_PTR_NOT_NULL_FATAL(name);
    suite_text_has(name, " conflicting");
    double aligned = json_number_value(json_object_get(report, "aligned_accuracy")),
           conflicting = json_number_value(json_object_get(report, "conflicting_accuracy"));
    snprintf(
        expected, sizeof expected,
        ", worst group %.2f %% (%s)\naligned images %.2f %%, conflicting images %.2f %%, gap %.2f points\n",
        json_number_value(json_object_get(report, "worst_group_accuracy")), name, aligned, conflicting,
        aligned - conflicting);
    CU_ASSERT_EQUAL_FATAL(
        reff_run(&r, 0, "eval", "--weights", suite_path("groups/model.safetensors"), suite_path("groups.h5")),
        0);
    suite_text_has(r.out, expected);
    program_free(&r);
    json_decref(report);
}

// An ABN's network is evaluated as what it is, or not at all.
static void test_an_attention_branch_is_evaluated_as_what_it_is(void) {
    struct program_result r;
    CU_ASSERT_EQUAL_FATAL(train(&r, 0, "plain", "--save-model", NULL), 0);
    program_free(&r);
    CU_ASSERT_EQUAL_FATAL(reff_run(&r, 0, "train", "--train", suite_path("train.h5"), "--test",
                                   suite_path("test.h5"), "--output", suite_path("abn"), "--width", "2",
                                   "--batch", "8", "--epochs", "1", "--method", "abn", "--weights",
                                   suite_path("plain/model.safetensors"), "--save-model"),
                          0);
    program_free(&r);
    json_t *run = json_load_file(suite_path("abn/run.json"), 0, NULL);
    json_t *origin = json_object_get(run, "attention_branch");
    CU_ASSERT_EQUAL(json_array_size(json_object_get(origin, "initialised")), 15);
    reff_run(&r, 0, "eval", "--weights", suite_path("abn/model.safetensors"), "--width", "2", "--batch", "8",
             "--method", "abn", "--json", suite_path("test.h5"));
    CU_ASSERT_EQUAL(r.status, 0);
    json_t *report = json_loads(r.out, 0, NULL);
    CU_ASSERT(json_is_number(json_object_get(report, "attention_accuracy")));
    if (sizeof(real) == sizeof(float))
        CU_ASSERT(json_equal(json_object_get(run, "metrics"), report));
    json_decref(run);
    json_decref(report);
    program_free(&r);
    reff_run(&r, 0, "eval", "--weights", suite_path("abn/model.safetensors"), "--method", "baseline",
             suite_path("test.h5"));
    expect_refusal(&r, EXIT_USAGE, "--method: baseline, but ");
    program_free(&r);
    reff_run(&r, 0, "eval", "--weights", suite_path("plain/model.safetensors"), "--method", "abn",
             suite_path("test.h5"));
    expect_refusal(&r, EXIT_USAGE, "model.safetensors says baseline");
    program_free(&r);
}

// Two processes in one folder would take each other's checkpoints.
static void test_a_folder_that_another_process_trains_in_is_refused(void) {
    struct error err = {0};
    struct program_result r;
    int busy;
    CU_ASSERT_FATAL(!folder_make(suite_path("held"), &err));
    int lock = lock_take(suite_path("held/lease"), LOCK_EXCLUSIVE, 0, &busy, &err);
    CU_ASSERT_FATAL(lock >= 0);
    train(&r, 0, "held", NULL, NULL);
    expect_refusal(&r, EXIT_FAILED, "held: another process is training in this folder");
    program_free(&r);
    CU_ASSERT(!file_exists(suite_path("held/run.json")));
    lock_release(lock);
    CU_ASSERT_EQUAL(train(&r, 0, "held", NULL, NULL), 0); // the lock's file alone holds nobody
    program_free(&r);
}

static void test_wrong_usage_is_one_line_and_status_2(void) {
    static const struct {
        const char *option, *value, *says;
    } cases[] = {
        {"--lr", "abc", "--lr: 'abc'"},
        {"--lr", "nan", "--lr: "},
        {"--epochs", "0", "--epochs: 0 is not in 1..1000000"},
        {"--method", "refff", "--method: 'refff' (did you mean 'reff'?) is none of"},
        {"--lrate", "1", "unknown option '--lrate'"},
        {"--lr", NULL, "--lr: a value must follow"},
        {"--select", "best-validation",
         "--select: best-validation needs a validation shard (--validation FILE)"},
        {"--lambda", "3", "--lambda: means nothing to --method baseline; see reff train --help"},
        {"--cam_eps", "0", "--cam-eps: means nothing to --method baseline"},
        {"--lambda=-0.5", NULL, "--lambda: -0.5 is neither -1 nor in 0..1000000000000"},
        {"--output", "", "--output: a folder's name must be given"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct program_result r;
        train(&r, 0, "usage", cases[i].option, cases[i].value);
        expect_refusal(&r, EXIT_USAGE, cases[i].says);
        program_free(&r);
        CU_ASSERT(!file_exists(suite_path("usage")));
    }
}

static void test_bad_input_is_one_line_status_1_and_no_record(void) {
    static const struct {
        const char *option, *value, *says;
    } cases[] = {
        {"--weights", "absent.safetensors", "absent.safetensors: No such file"},
        {"--weights", "train.h5", "train.h5: not a safetensors file\n"},
        {"--weights", "empty", "empty: too short for a safetensors file"},
        {"--train", "absent.h5", "absent.h5: "},
        {"--test", "empty", "empty: "},
        {"--output", "empty/run", "empty/run: Not a directory"},
        {"--batch", "25", "24 images are fewer than a batch of 25"},
    };
    struct error err;
    CU_ASSERT_FATAL(!file_write(suite_path("empty"), "", 0, &err));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct program_result r;
        int is_file = cases[i].value[0] > '9';
        train(&r, 0, "bad", cases[i].option, is_file ? suite_path(cases[i].value) : cases[i].value);
        expect_refusal(&r, EXIT_FAILED, cases[i].says);
        program_free(&r);
        CU_ASSERT(!file_exists(suite_path("bad")));
    }
}

// No room for the network: the run fails and is no complete one; with room it goes on and is.
static void test_a_full_disk_leaves_no_record(void) {
    struct program_result r;
    train(&r, 4000, "full", "--save-model", NULL);
    expect_refusal(&r, EXIT_FAILED, "File too large");
    program_free(&r);
    CU_ASSERT(!file_exists(suite_path("full/run.json")) &&
              !file_exists(suite_path("full/model.safetensors")));
    CU_ASSERT_EQUAL(train(&r, 0, "full", "--save-model", NULL), 0);
    program_free(&r);
    CU_ASSERT(file_exists(suite_path("full/run.json")));
    CU_ASSERT_EQUAL(suite_count_entries(suite_path("full")), 3);
}

// A file of ours says what it is; what contradicts it is refused, both values named.
static void test_a_model_says_what_it_is_and_contradictions_are_refused(void) {
    struct program_result r, e;
    const char *model = suite_path("said/model.safetensors"), *test = suite_path("test.h5");
    CU_ASSERT_EQUAL_FATAL(reff_run(&r, 0, "train", "--train", suite_path("train.h5"), "--test", test,
                                   "--output", suite_path("said"), "--width", "2", "--batch", "8", "--epochs",
                                   "1", "--method", "abn", "--save-model"),
                          0);
    program_free(&r);
    CU_ASSERT_EQUAL(reff_run(&r, 0, "eval", "--weights", model, "--json", test), 0);
    CU_ASSERT_EQUAL(
        reff_run(&e, 0, "eval", "--weights", model, "--width", "2", "--method", "abn", "--json", test), 0);
    CU_ASSERT_STRING_EQUAL(r.out, e.out);
    CU_ASSERT_PTR_NOT_NULL(strstr(r.out, "attention_accuracy"));
    program_free(&r);
    program_free(&e);
    static const char *const given[][3] = {{"--width", "3", "--width: 3, but "},
                                           {"--model", "resnet18", "--model: resnet18, but "},
                                           {"--method", "reff", "--method: reff, but "}};
    static const char *const says[] = {" says 2", " says small", " says abn"};
    for (int i = 0; i < 3; i++) {
        reff_run(&r, 0, "eval", "--weights", model, given[i][0], given[i][1], test);
        expect_refusal(&r, EXIT_USAGE, given[i][2]);
        CU_ASSERT_PTR_NOT_NULL(strstr(r.err, says[i]));
        program_free(&r);
    }
    CU_ASSERT_EQUAL(reff_run(&r, 0, "gradients", "--weights", model, "--batch", "4", "--data", test), 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(r.out, "small, abn"));
    program_free(&r);
    CU_ASSERT_EQUAL(reff_run(&r, 0, "gradients", "--weights", model, "--width", "4", "--data", test),
                    EXIT_USAGE);
    program_free(&r);
}

static void test_weights_of_layers_are_as_many_as_layers(void) {
    struct program_result r;
    reff_run(&r, 0, "train", "--train", suite_path("train.h5"), "--test", suite_path("test.h5"), "--output",
             suite_path("usage"), "--width", "2", "--batch", "8", "--method", "reff", "--layer-weights",
             "1,2");
    expect_refusal(&r, EXIT_USAGE, "--layer-weights: 2 numbers instead of 4");
    program_free(&r);
}

// What is there stays, unless the user says otherwise.
static void test_a_finished_run_is_not_overwritten_without_force(void) {
    struct program_result r;
    CU_ASSERT_EQUAL_FATAL(train(&r, 0, "kept", "--save-model", NULL), 0);
    program_free(&r);
    train(&r, 0, "kept", "--lr", "0.5");
    expect_refusal(&r, EXIT_FAILED, "kept: holds a finished run; --force replaces it");
    program_free(&r);
    struct error err = {0};
    CU_ASSERT_FATAL(!folder_make(suite_path("torn"), &err) &&
                    !file_write(suite_path("torn/run.json"), "{", 1, &err));
    train(&r, 0, "torn", NULL, NULL);
    expect_refusal(&r, EXIT_FAILED, "torn/run.json: damaged, no record of a run; --force begins anew");
    program_free(&r);
    reff_run(&r, 0, "eval", "--weights", suite_path("kept/run.json"), suite_path("test.h5"));
    expect_refusal(&r, EXIT_FAILED, "kept/run.json: not a safetensors file\n");
    program_free(&r);
    CU_ASSERT(file_exists(suite_path("kept/model.safetensors")));
    CU_ASSERT_EQUAL(train(&r, 0, "kept", "--force", NULL), 0);
    program_free(&r);
    CU_ASSERT(!file_exists(suite_path("kept/model.safetensors"))); // none of another run beside the record
    CU_ASSERT_EQUAL(suite_count_entries(suite_path("kept")), 2);   // run.json, metrics.jsonl
}

void suite_command_train(void) {
    CU_pSuite s = CU_add_suite("command_train", suite_make_folder, suite_remove_folder);
    CU_add_test(s, "a run's record and an evaluation of its network agree",
                test_a_runs_record_and_an_evaluation_of_its_network_agree);
    CU_add_test(s, "an evaluation takes the precision of the training",
                test_an_evaluation_takes_the_precision_of_the_training);
    CU_add_test(s, "an evaluation tells of aligned and conflicting images",
                test_an_evaluation_tells_of_aligned_and_conflicting_images);
    CU_add_test(s, "an attention branch is evaluated as what it is",
                test_an_attention_branch_is_evaluated_as_what_it_is);
    CU_add_test(s, "a folder that another process trains in is refused",
                test_a_folder_that_another_process_trains_in_is_refused);
    CU_add_test(s, "wrong usage is one line and status 2", test_wrong_usage_is_one_line_and_status_2);
    CU_add_test(s, "bad input is one line, status 1 and no record",
                test_bad_input_is_one_line_status_1_and_no_record);
    CU_add_test(s, "a full disk leaves no record", test_a_full_disk_leaves_no_record);
    CU_add_test(s, "a model says what it is, and contradictions are refused",
                test_a_model_says_what_it_is_and_contradictions_are_refused);
    CU_add_test(s, "weights of layers are as many as layers", test_weights_of_layers_are_as_many_as_layers);
    CU_add_test(s, "a finished run is not overwritten without --force",
                test_a_finished_run_is_not_overwritten_without_force);
}
