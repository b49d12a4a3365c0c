// SPDX-License-Identifier: Apache-2.0
// The registry of methods: every line has its entry, and what a method makes of the settings is the paper's.
#include "core/methods/method.h"

#include "core/base/text.h"
#include "core/train/train.h"
#include "core/train/trainer.h"
#include "tests/support/suite.h"

#include <string.h>

static void test_every_line_has_its_entry_with_a_title_and_a_look_of_its_own(void) {
    struct text names = {0};
    for (int i = 0; method_list[i]; i++) {
        const struct method *m = method_list[i];
        text_printf(&names, "%s%s", i ? " " : "", m->name);
        CU_ASSERT_PTR_EQUAL(method_of(m->name), m);
        CU_ASSERT(*m->title && *m->summary && m->cost > 0);
        CU_ASSERT(!m->without || method_of(m->without));
        CU_ASSERT(!m->annotation_factor || settings_find(train_schema, m->annotation_factor));
        for (int k = 0; k < i; k++) {
            CU_ASSERT(strcmp(method_list[k]->title, m->title) != 0);
            CU_ASSERT(method_list[k]->style.colour != m->style.colour ||
                      method_list[k]->style.marker != m->style.marker);
        }
    }
    CU_ASSERT_STRING_EQUAL(text_string(&names), METHOD_NAMES); // a line's name is its entry's
    text_free(&names);
    CU_ASSERT_STRING_EQUAL(method_list[0]->name, METHOD_DEFAULT);
}

static void test_an_unknown_method_is_named_beside_those_there_are(void) {
    struct error err = {0};
    CU_ASSERT_PTR_NULL(method_of("reff-l3"));
    CU_ASSERT_PTR_NULL(method_of("ref"));
    CU_ASSERT_PTR_NULL(method_find("reff-l3", &err));
    CU_ASSERT_EQUAL(err.status, EXIT_USAGE);
    suite_text_begins(err.message, "method: 'reff-l3' (did you mean 'reff-l1'?) is none of: baseline reff ");
    suite_text_has(err.message, METHOD_NAMES);
}

static void test_settings_that_mean_nothing_to_a_method_are_known(void) {
    static const struct {
        const char *method, *setting;
        int used;
    } cases[] = {{"baseline", "lambda", 0},  {"baseline", "lr", 1},     {"baseline", "gamma", 0},
                 {"reff", "lambda", 1},      {"reff", "gamma", 0},      {"reff-l2", "order", 1},
                 {"abn", "gamma", 1},        {"abn", "lambda", 0},      {"abn", "reduction", 1},
                 {"baseline", "cam_eps", 0}, {"abn", "lambda_ramp", 0}, {"energy", "order", 0},
                 {"energy", "lambda", 1},    {"rrr", "lambda", 1},      {"rrr", "layer_weights", 0},
                 {"swap", "lambda", 0},      {"dfr", "lambda", 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        CU_ASSERT_EQUAL(method_uses(method_of(cases[i].method), cases[i].setting), cases[i].used);
    for (const struct setting *s = train_schema; s->name; s++) { // no method names a setting that is none
        int users = 0;
        for (int i = 0; method_list[i]; i++)
            users += method_uses(method_list[i], s->name);
        CU_ASSERT(users > 0);
    }
}

// What train_resolve makes of each, where the settings leave all to it.
static void test_what_each_method_takes_where_the_settings_leave_it_open(void) {
    static const struct {
        const char *method;
        double lambda, weights[STAGES];
        int regularises, detached, attention, mean;
        enum penalty penalty;
    } cases[] = {{"baseline", 0, {0, 0, 0, 0}, 0, 0, 0, 1, PENALTY_REFF},
                 {"reff", 1, {15, 60, 250, 1000}, 1, 0, 0, 1, PENALTY_REFF},
                 {"reff-single", 1000, {0, 0, 0, 1}, 1, 0, 0, 1, PENALTY_REFF},
                 {"reff-l1", 1e-6, {15, 60, 250, 1000}, 1, 0, 0, 0, PENALTY_L1},
                 {"reff-l2", 1e-6, {15, 60, 250, 1000}, 1, 0, 0, 0, PENALTY_L2},
                 {"reff-detached", 1, {15, 60, 250, 1000}, 1, 1, 0, 1, PENALTY_REFF},
                 {"reff-shuffled", 1, {15, 60, 250, 1000}, 1, 0, 0, 1, PENALTY_REFF},
                 {"reff-random", 1, {15, 60, 250, 1000}, 1, 0, 0, 1, PENALTY_REFF},
                 {"energy", 1e-3, {15, 60, 250, 1000}, 1, 0, 0, 0, PENALTY_ENERGY},
                 {"rrr", 1, {0, 0, 0, 0}, 0, 0, 0, 1, PENALTY_REFF},
                 {"swap", 0, {0, 0, 0, 0}, 0, 0, 0, 1, PENALTY_REFF},
                 {"abn", 0, {0, 0, 0, 0}, 0, 0, 1, 1, PENALTY_L2}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct train_settings s;
        struct trainer_settings out;
        struct error err = {0};
        double lambda;
        settings_default(train_schema, &s);
        snprintf(s.method, sizeof s.method, "%s", cases[i].method);
        CU_ASSERT_FATAL(!train_resolve(&s, 32, 10, &out, &lambda, &err));
        CU_ASSERT_EQUAL(lambda, cases[i].lambda);
        for (int l = 0; l < STAGES; l++)
            CU_ASSERT_EQUAL(out.layer_weights[l], cases[i].weights[l]);
        CU_ASSERT_EQUAL(out.regularises, cases[i].regularises);
        CU_ASSERT_EQUAL(out.detached, cases[i].detached);
        CU_ASSERT_EQUAL(out.network.attention, cases[i].attention);
        CU_ASSERT_EQUAL(out.regulariser.mean, cases[i].mean);
        CU_ASSERT_EQUAL(out.regulariser.penalty, cases[i].penalty);
        // Energy's maps are normalised behind the resize; `order` is about the others'.
        CU_ASSERT_EQUAL(out.regulariser.order, strcmp(s.method, "energy") ? NORMALISE_FIRST : RESIZE_FIRST);
        CU_ASSERT_EQUAL(out.explains_input, !strcmp(s.method, "rrr"));
    }
}

void suite_method(void) {
    CU_pSuite suite = CU_add_suite("method", NULL, NULL);
    CU_add_test(suite, "every line has its entry, with a title and a look of its own",
                test_every_line_has_its_entry_with_a_title_and_a_look_of_its_own);
    CU_add_test(suite, "an unknown method is named beside those there are",
                test_an_unknown_method_is_named_beside_those_there_are);
    CU_add_test(suite, "settings that mean nothing to a method are known",
                test_settings_that_mean_nothing_to_a_method_are_known);
    CU_add_test(suite, "what each method takes where the settings leave it open",
                test_what_each_method_takes_where_the_settings_leave_it_open);
}
