// SPDX-License-Identifier: Apache-2.0
// Settings: every type in and out as text and as JSON, values that are refused and how, settings files.
#include "core/base/settings.h"
#include "core/train/train.h"
#include "tests/support/suite.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct sample {
    int epochs;
    uint64_t seed;
    double rate;
    struct real_list weights;
    char method[SETTING_WORD_SIZE];
    int verbose;
    char note[SETTING_TEXT_SIZE];
    char file_name[SETTING_TEXT_SIZE];
};

static const struct setting schema[] = {
    SETTING_INT(struct sample, epochs, "8", 1, 100, "epochs", "passes"),
    SETTING_SEED(struct sample, seed, "5", "seed"),
    SETTING_REAL(struct sample, rate, "0.1", 0, 1, "", "rate"),
    SETTING_REALS(struct sample, weights, "15,60", 0, 1000, "", "weights"),
    SETTING_CHOICE(struct sample, method, "reff", "baseline reff reff-single", "method"),
    SETTING_FLAG(struct sample, verbose, "say more"),
    SETTING_TEXT(struct sample, note, "", "TEXT", "note"),
    SETTING_PATH(struct sample, file_name, "", "FILE", "file"),
    SETTING_END,
};

static void test_every_type_has_its_default(void) {
    struct sample s;
    memset(&s, 0x55, sizeof s);
    settings_default(schema, &s);
    CU_ASSERT(s.epochs == 8 && s.seed == 5 && s.rate == 0.1 && s.verbose == 0);
    CU_ASSERT(s.weights.count == 2 && s.weights.values[0] == 15 && s.weights.values[1] == 60);
    CU_ASSERT_STRING_EQUAL(s.method, "reff");
    CU_ASSERT_STRING_EQUAL(s.note, "");
}

// A default that its own table refuses would silently leave the member zero.
static void check_schema(const struct setting *table) {
    char *target = calloc(1, 1 << 16);
    CU_ASSERT_FATAL(target != NULL);
    for (const struct setting *s = table; s->name; s++) {
        struct error err = {0};
        if (s->standard && settings_assign(s, target, s->standard, s->name, &err))
            CU_FAIL("a default is refused by its own table");
        CU_ASSERT_PTR_EQUAL(settings_find(table, s->name), s); // no name twice
    }
    free(target);
}

static void test_the_programs_tables_accept_their_own_defaults(void) {
    check_schema(schema);
    check_schema(train_schema);
}

static const struct {
    const char *name, *text, *message; // message NULL: accepted
} assignments[] = {
    {"epochs", "1", NULL},
    {"epochs", "100", NULL},
    {"epochs", "0", "--x: 0 is not in 1..100"},
    {"epochs", "101", "--x: 101 is not in 1..100"},
    {"epochs", "99999999999999999999", "--x: 99999999999999999999 is not in 1..100"},
    {"epochs", "2.5", "--x: '2.5' is not a whole number"},
    {"epochs", "", "--x: '' is not a whole number"},
    {"epochs", "8x", "--x: '8x' is not a whole number"},
    {"seed", "9223372036854775807", NULL},
    {"seed", "-1", "--x: '-1' is not a whole number of at least 0"},
    {"seed", "18446744073709551616", "--x: 18446744073709551616 is not in 0..9.22337203685478e+18"},
    {"rate", "1e-3", NULL},
    {"rate", "0x1p-3", NULL},
    {"rate", "1.5", "--x: 1.5 is not in 0..1"},
    {"rate", "nan", "--x: 'nan' is not a number"},
    {"rate", "inf", "--x: 'inf' is not a number"},
    {"rate", "1e999", "--x: '1e999' is not a number"},
    {"rate", "abc", "--x: 'abc' is not a number"},
    {"rate", "", "--x: '' is not a number"},
    {"rate", "0.5 0.6", "--x: '0.5 0.6' is not a number"},
    {"weights", "", NULL},
    {"weights", "1,2.5,3", NULL},
    {"weights", "1,,2", "--x: '1,,2' is not a list of numbers separated by commas"},
    {"weights", "1,2,", "--x: '1,2,' is not a list of numbers separated by commas"},
    {"weights", "1;2", "--x: '1;2' is not a list of numbers separated by commas"},
    {"weights", "1,1001", "--x: 1,1001 is not in 0..1000"},
    {"weights", "1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1", NULL},
    {"weights", "1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1", "--x: more than 16 numbers"},
    {"method", "reff-single", NULL},
    {"method", "reff-", "--x: 'reff-' (did you mean 'reff'?) is none of: baseline reff reff-single"},
    {"method", "baseline reff", "--x: 'baseline reff' is none of: baseline reff reff-single"},
    {"method", "", "--x: '' is none of: baseline reff reff-single"},
    {"verbose", "yes", NULL},
    {"verbose", "0", NULL},
    {"verbose", "2", "--x: '2' is neither yes nor no"},
    {"note", "any text = at all", NULL},
};

// Every member, exactly; not memcmp, which would compare padding too.
static int same(const struct sample *a, const struct sample *b) {
    json_t *one = settings_json(schema, a, 0), *other = settings_json(schema, b, 0);
    int equal = one && json_equal(one, other);
    json_decref(one);
    json_decref(other);
    return equal;
}

static void test_values_are_accepted_or_refused_with_their_message(void) {
    for (size_t i = 0; i < sizeof assignments / sizeof *assignments; i++) {
        struct sample s, before;
        struct error err = {0};
        settings_default(schema, &s);
        before = s;
        int result =
            settings_assign(settings_find(schema, assignments[i].name), &s, assignments[i].text, "--x", &err);
        CU_ASSERT_EQUAL(result, assignments[i].message ? -1 : 0);
        if (assignments[i].message) {
            CU_ASSERT_STRING_EQUAL(err.message, assignments[i].message);
            CU_ASSERT_EQUAL(err.status, EXIT_USAGE);
            CU_ASSERT(same(&s, &before)); // a refused value changes nothing
        }
    }
}

static void test_a_text_that_does_not_fit_is_refused(void) {
    struct sample s;
    struct error err = {0};
    char text[SETTING_TEXT_SIZE + 1];
    settings_default(schema, &s);
    memset(text, 'x', SETTING_TEXT_SIZE);
    text[SETTING_TEXT_SIZE] = 0;
    CU_ASSERT_EQUAL(settings_assign(settings_find(schema, "note"), &s, text, "--note", &err), -1);
    CU_ASSERT_STRING_EQUAL(err.message, "--note: longer than 511 characters");
    text[SETTING_TEXT_SIZE - 1] = 0;
    CU_ASSERT_EQUAL(settings_assign(settings_find(schema, "note"), &s, text, "--note", &err), 0);
}

static void test_names_are_found_with_and_with(void) {
    CU_ASSERT_PTR_EQUAL(settings_find(schema, "file_name"), &schema[7]);
    CU_ASSERT_PTR_EQUAL(settings_find(schema, "file-name"), &schema[7]);
    CU_ASSERT_PTR_NULL(settings_find(schema, "file"));
    CU_ASSERT_PTR_NULL(settings_find(schema, "file-names"));
    CU_ASSERT_PTR_NULL(settings_find(schema, ""));
}

static void fill(struct sample *s) {
    settings_default(schema, s);
    s->epochs = 99;
    s->seed = INT64_MAX;
    s->rate = 0.1 + 0.2; // needs all 17 digits
    s->weights = (struct real_list){3, {1.0 / 3, 1e-300, 1000}};
    s->verbose = 1;
    strcpy(s->method, "baseline");
    strcpy(s->note, "a \"quoted\" \xc3\xa9 text");
    strcpy(s->file_name, "/somewhere/else");
}

static void test_text_out_and_in_gives_the_same_bits(void) {
    struct sample s, back;
    struct error err = {0};
    fill(&s);
    settings_default(schema, &back);
    CU_ASSERT(!same(&s, &back));
    for (const struct setting *entry = schema; entry->name; entry++) {
        struct text text = {0};
        settings_add_text(&text, entry, &s);
        CU_ASSERT(!settings_assign(entry, &back, text_string(&text), entry->name, &err));
        text_free(&text);
    }
    CU_ASSERT(same(&s, &back));
}

// Records are read back from files, so through text, not only through the JSON value.
static void test_json_out_and_in_gives_the_same_bits(void) {
    struct sample s, back;
    struct error err = {0};
    fill(&s);
    json_t *object = settings_json(schema, &s, 0);
    CU_ASSERT_FATAL(object != NULL);
    CU_ASSERT_FATAL(!json_write(suite_path("settings.json"), object, &err));
    json_decref(object);
    object = json_read(suite_path("settings.json"), &err);
    CU_ASSERT_FATAL(object != NULL);
    settings_default(schema, &back);
    CU_ASSERT(!same(&s, &back));
    CU_ASSERT(!settings_from_json(schema, &back, object, "settings.json", &err));
    CU_ASSERT(same(&s, &back));
    json_decref(object);
}

// A run's identity holds what decides its result, and no paths.
static void test_a_runs_identity_holds_no_paths(void) {
    struct sample s;
    settings_default(schema, &s);
    json_t *object = settings_json(schema, &s, 1);
    CU_ASSERT_FATAL(object != NULL);
    CU_ASSERT_EQUAL(json_object_size(object), 7);
    CU_ASSERT_PTR_NULL(json_object_get(object, "file_name"));
    json_decref(object);
}

// A setting that came later leaves the identity of older runs as it was, until it is used.
static void test_a_setting_that_came_later_leaves_old_identities(void) {
    struct later {
        double first, gamma;
        char fit[SETTING_WORD_SIZE];
    } s;
    static const struct setting later[] = {
        SETTING_REAL(struct later, first, "1", 0, 10, "", "was there before"),
        SETTING_LATER_REAL(struct later, gamma, "0.10", 0, 100, "", "came later"),
        SETTING_LATER_CHOICE(struct later, fit, "crop", "crop pad", "came later"),
        SETTING_END,
    };
    settings_default(later, &s);
    json_t *identity = settings_json(later, &s, 1), *all = settings_json(later, &s, 0);
    CU_ASSERT_EQUAL(json_object_size(identity), 1);
    CU_ASSERT_EQUAL(json_object_size(all), 3);
    json_decref(identity);
    json_decref(all);
    s.gamma = 0.2;
    strcpy(s.fit, "pad");
    identity = settings_json(later, &s, 1);
    CU_ASSERT_EQUAL(json_object_size(identity), 3);
    CU_ASSERT_EQUAL(json_number_value(json_object_get(identity, "gamma")), 0.2);
    json_decref(identity);
}

static void test_json_with_unknown_or_ill_typed_settings_is_refused(void) {
    static const struct {
        const char *text, *message;
    } rows[] = {
        {"[]", "x: settings are no JSON object"},
        {"{\"epoch\": 8}", "x: unknown setting 'epoch' (did you mean 'epochs'?)"},
        {"{\"epochs\": null}", "x: epochs: not a value of this kind"},
        {"{\"epochs\": \"many\"}", "x: epochs: 'many' is not a whole number"},
        {"{\"epochs\": 8.5}", "x: epochs: '8.5' is not a whole number"},
        {"{\"rate\": 2}", "x: rate: 2 is not in 0..1"},
        {"{\"weights\": [1, \"2\"]}", "x: weights: not a value of this kind"},
        {"{\"verbose\": {}}", "x: verbose: not a value of this kind"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct sample s;
        struct error err = {0};
        settings_default(schema, &s);
        json_t *object = json_loads(rows[i].text, 0, NULL);
        CU_ASSERT_EQUAL(settings_from_json(schema, &s, object, "x", &err), -1);
        CU_ASSERT_STRING_EQUAL(err.message, rows[i].message);
        json_decref(object);
    }
}

// ---------------------------------------------------------------------------------------- files

struct taken {
    int count;
    char text[500];
};

static int take(void *context, const char *section, const char *key, const char *value, const char *where,
                struct error *err) {
    struct taken *t = context;
    const char *name = strrchr(where, '/');
    if (!strcmp(key, "unknown"))
        return fail_usage(err, "%s: unknown key '%s'", where, key);
    size_t used = strlen(t->text);
    snprintf(t->text + used, sizeof t->text - used, "%s %s.%s=%s|", name ? name + 1 : where, section, key,
             value);
    t->count++;
    return 0;
}

static int read_text(const char *text, struct taken *taken, struct error *err) {
    memset(taken, 0, sizeof *taken);
    CU_ASSERT_FATAL(!file_write(suite_path("a.ini"), text, strlen(text), err));
    return settings_file(suite_path("a.ini"), take, taken, err);
}

static void test_settings_files_have_sections_comments_and_any_line_ends(void) {
    struct taken t;
    struct error err = {0};
    CU_ASSERT(!read_text(
        "# why\n\ntop = 1\n[train]\nepochs = 8 ; few\nnote = a = b\n[data]\r\nepochs=9\r\nlast = x", &t,
        &err));
    CU_ASSERT_STRING_EQUAL(
        t.text,
        "a.ini:3 .top=1|a.ini:5 train.epochs=8|a.ini:6 train.note=a = b|a.ini:8 data.epochs=9|a.ini:9 "
        "data.last=x|");
    CU_ASSERT(!read_text("", &t, &err));
    CU_ASSERT_EQUAL(t.count, 0);
}

static void check_refused(const char *text, const char *message) {
    struct taken t;
    struct error err = {0};
    CU_ASSERT_EQUAL(read_text(text, &t, &err), -1);
    CU_ASSERT_EQUAL(err.status, EXIT_FAILED);
    const char *name = strstr(err.message, "a.ini:");
    CU_ASSERT_FATAL(name != NULL);
    CU_ASSERT_STRING_EQUAL(name, message);
}

static void test_unknown_repeated_and_broken_lines_are_refused(void) {
    check_refused("a = 1\nunknown = 2\n", "a.ini:2: unknown key 'unknown'");
    check_refused("[t]\na = 1\nb = 2\na = 3\n", "a.ini:4: key 'a' given twice (first in line 2)");
    check_refused("a = 1\nlambda\n", "a.ini:2: neither a [section] nor key = value");
    check_refused("[train\na = 1\n", "a.ini:1: neither a [section] nor key = value");
    char text[2000] = "a = 1\nb = ";
    memset(text + strlen(text), 'x', 1500);
    check_refused(text, "a.ini:2: longer than 198 characters");
}

static void test_settings_that_were_filled_in_are_checked_under_their_options_name(void) {
    static const struct setting own[] = {SETTING_INT(struct sample, epochs, "8", 1, 100, "epochs", "passes"),
                                         {.name = "learning_rate",
                                          .type = SETTING_TYPE_REAL,
                                          .offset = offsetof(struct sample, rate),
                                          .standard = "0.1",
                                          .minimum = 0,
                                          .maximum = 1},
                                         SETTING_END};
    struct sample s = {.epochs = 8, .rate = 0.1};
    struct error err = {0};
    CU_ASSERT_EQUAL(settings_check(own, &s, &err), 0);
    s.rate = 2;
    CU_ASSERT_EQUAL(settings_check(own, &s, &err), -1);
    CU_ASSERT_STRING_EQUAL(err.message, "--learning-rate: 2 is not in 0..1");
}

static void test_a_missing_settings_file_is_named(void) {
    struct taken t = {0};
    struct error err = {0};
    CU_ASSERT_EQUAL(settings_file(suite_path("none.ini"), take, &t, &err), -1);
    suite_text_has(err.message, "none.ini: No such file");
    CU_ASSERT_EQUAL(err.status, EXIT_FAILED);
}

void suite_settings(void) {
    CU_pSuite s = CU_add_suite("settings", suite_make_folder, suite_remove_folder);
    CU_add_test(s, "every type has its default", test_every_type_has_its_default);
    CU_add_test(s, "the program's tables accept their own defaults",
                test_the_programs_tables_accept_their_own_defaults);
    CU_add_test(s, "values are accepted, or refused with their message",
                test_values_are_accepted_or_refused_with_their_message);
    CU_add_test(s, "a text that does not fit is refused", test_a_text_that_does_not_fit_is_refused);
    CU_add_test(s, "names are found with - and with _", test_names_are_found_with_and_with);
    CU_add_test(s, "text out and in gives the same bits", test_text_out_and_in_gives_the_same_bits);
    CU_add_test(s, "JSON out and in gives the same bits", test_json_out_and_in_gives_the_same_bits);
    CU_add_test(s, "a run's identity holds no paths", test_a_runs_identity_holds_no_paths);
    CU_add_test(s, "a setting that came later leaves old identities",
                test_a_setting_that_came_later_leaves_old_identities);
    CU_add_test(s, "JSON with unknown or ill-typed settings is refused",
                test_json_with_unknown_or_ill_typed_settings_is_refused);
    CU_add_test(s, "settings files have sections, comments and any line ends",
                test_settings_files_have_sections_comments_and_any_line_ends);
    CU_add_test(s, "unknown, repeated and broken lines are refused",
                test_unknown_repeated_and_broken_lines_are_refused);
    CU_add_test(s, "settings that were filled in are checked under their option's name",
                test_settings_that_were_filled_in_are_checked_under_their_options_name);
    CU_add_test(s, "a missing settings file is named", test_a_missing_settings_file_is_named);
}
