// SPDX-License-Identifier: Apache-2.0
// Command lines: what is accepted, what is refused and how, and what the program itself answers.
#include "core/base/options.h"
#include "core/base/options_formats.h"
#include "core/base/version.h"
#include "tests/support/suite.h"

#include <stdlib.h>
#include <string.h>

struct sample {
    int count;
    double p;
    char label_text[SETTING_TEXT_SIZE];
    int shuffle;
    char output[SETTING_TEXT_SIZE];
};

static const struct setting schema[] = {
    SETTING_INT(struct sample, count, "10", 0, 1000, "images", "how many"),
    SETTING_REAL(struct sample, p, "0.5", 0, 1, "", "chance"),
    SETTING_TEXT(struct sample, label_text, "", "TEXT", "label"),
    SETTING_FLAG(struct sample, shuffle, "in any order"),
    SETTING_PATH(struct sample, output, NULL, "FILE", "where to"),
    SETTING_END,
};

static const struct command command = {
    .name = "sample",
    .arguments = "FILE...",
    .summary = "Takes a sample.",
    .example = "reff sample --output a b",
    .minimum_words = 1,
    .maximum_words = 3,
    .schema = schema,
};

enum { WORDS_MAXIMUM = 16 };

struct parsed {
    struct sample sample;
    struct words words;
    struct error err;
    char *argv[WORDS_MAXIMUM];
};

// Splits at blanks, as a shell would ("_" stands for an empty word), and parses. Words point into `line`.
static int parse(const struct command *c, char *line, struct parsed *out) {
    int argc = 0;
    memset(out, 0, sizeof *out);
    for (char *word = strtok(line, " "); word && argc < WORDS_MAXIMUM; word = strtok(NULL, " "))
        out->argv[argc++] = strcmp(word, "_") ? word : word + 1;
    return options_parse(c, argc, out->argv, &out->sample, &out->words, &out->err);
}

static void test_options_are_taken_in_every_spelling_with_words_in_between(void) {
    struct parsed r;
    char line[] = "sample one --count 7 --p=0.25 --label-text a=b two --shuffle --output=o three";
    CU_ASSERT_FATAL(!parse(&command, line, &r));
    CU_ASSERT(r.sample.count == 7 && r.sample.p == 0.25 && r.sample.shuffle == 1);
    CU_ASSERT_STRING_EQUAL(r.sample.label_text, "a=b");
    CU_ASSERT_STRING_EQUAL(r.sample.output, "o");
    CU_ASSERT_EQUAL_FATAL(r.words.count, 3);
    CU_ASSERT_STRING_EQUAL(r.words.items[0], "one");
    CU_ASSERT_STRING_EQUAL(r.words.items[2], "three");

    char other[] = "sample --label_text=_ --no-shuffle --output - - -- --count";
    CU_ASSERT_FATAL(!parse(&command, other, &r));
    CU_ASSERT_STRING_EQUAL(r.sample.output, "-"); // a lone - is a word: a standard stream
    CU_ASSERT_EQUAL(r.sample.shuffle, 0);
    CU_ASSERT_EQUAL(r.sample.count, 10); // the default
    CU_ASSERT_EQUAL_FATAL(r.words.count, 2);
    CU_ASSERT_STRING_EQUAL(r.words.items[1], "--count"); // -- ends the options
}

static void test_of_an_option_given_twice_the_last_one_counts(void) {
    struct parsed r;
    char line[] = "sample --count 7 --output a --count 8 --shuffle --no-shuffle x";
    CU_ASSERT_FATAL(!parse(&command, line, &r));
    CU_ASSERT(r.sample.count == 8 && r.sample.shuffle == 0);
}

static void test_usage_errors_are_refused_with_their_message(void) {
    static const struct {
        const char *line, *message;
    } rows[] = {
        {"sample --output o", "FILE... is missing; see reff sample --help"},
        {"sample --output o a b c d", "'d' is one word too many; see reff sample --help"},
        {"sample a", "--output is missing; see reff sample --help"},
        {"sample a --output", "--output: a value must follow"},
        {"sample a --outputs o",
         "unknown option '--outputs' (did you mean '--output'?); see reff sample --help"},
        {"sample a --out o", "unknown option '--out'; see reff sample --help"}, // no abbreviations
        {"sample a --output o --no-count", "unknown option '--no-count'; see reff sample --help"},
        {"sample a -o o", "unknown option '-o'; see reff sample --help"},
        {"sample a --output o --count 7.5", "--count: '7.5' is not a whole number"},
        {"sample a --output o --p 1.5", "--p: 1.5 is not in 0..1"},
        {"sample a --output o --p nan", "--p: 'nan' is not a number"},
        {"sample a --output o --p=", "--p: '' is not a number"},
        {"sample a --output o --shuffle=perhaps", "--shuffle: 'perhaps' is neither yes nor no"},
        {"sample --help=no",
         "--help=no: help is a text (--help), a manual page (--help=man) or a list (--help=list)"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct parsed r;
        char line[200];
        snprintf(line, sizeof line, "%s", rows[i].line);
        CU_ASSERT_EQUAL(parse(&command, line, &r), -1);
        CU_ASSERT_EQUAL(r.err.status, EXIT_USAGE);
        CU_ASSERT_STRING_EQUAL(r.err.message, rows[i].message);
    }
}

// An option's value may look like an option, and an option's name may be as long as one likes.
static void test_a_value_may_look_like_an_option_a_name_may_be_too_long(void) {
    struct parsed r;
    char line[] = "sample a --output --count";
    CU_ASSERT(!parse(&command, line, &r));
    CU_ASSERT_STRING_EQUAL(r.sample.output, "--count");
    char longest[600] = "sample a --output o --";
    memset(longest + strlen(longest), 'x', 500);
    CU_ASSERT_EQUAL(parse(&command, longest, &r), -1);
    suite_text_begins(r.err.message, "unknown option '--xxx");
}

static void test_a_command_may_have_no_options(void) {
    struct parsed r;
    const struct command bare = {.name = "bare", .arguments = "", .summary = "", .maximum_words = -1};
    char line[] = "bare a b c d e", bad[] = "bare --count 1";
    CU_ASSERT(!parse(&bare, line, &r));
    CU_ASSERT_EQUAL(r.words.count, 5);
    CU_ASSERT_EQUAL(parse(&bare, bad, &r), -1);
    CU_ASSERT_STRING_EQUAL(r.err.message, "unknown option '--count'; see reff bare --help");
}

// What overrides a settings file must leave alone what the command line does not name.
static void test_overriding_keeps_what_is_not_named(void) {
    struct sample s = {.count = 3, .p = 0.125, .output = "kept"};
    struct words words;
    struct error err = {0};
    char line[] = "--count=4", *argv[] = {"sample", line, "x"};
    CU_ASSERT_FATAL(!options_override(&command, 3, argv, &s, &words, &err));
    CU_ASSERT(s.count == 4 && s.p == 0.125);
    CU_ASSERT_STRING_EQUAL(s.output, "kept");
}

// What a function writes about the command; the caller frees it.
static char *written(void (*write)(const struct command *, FILE *)) {
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    CU_ASSERT_FATAL(out != NULL);
    write(&command, out);
    fclose(out);
    return text;
}

static void test_help_texts_show_units_ranges_defaults_and_an_example(void) {
    char *text = written(options_help);
    static const char *const parts[] = {
        "usage: reff sample [options] FILE...\n",
        "Takes a sample.",
        "--count images ",
        "how many; 0..1000; default 10\n",
        "--label-text TEXT ",
        "--shuffle ",
        "where to; required\n",
        "--help ",
        "example:\n  reff sample --output a b\n",
    };
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        suite_text_has(text, parts[i]);
    free(text);
}

static void test_a_manual_page_holds_what_the_help_text_holds(void) {
    char *text = written(options_man);
    suite_text_begins(text, ".TH REFF-SAMPLE 1 " REFF_DATE " \"reff " REFF_VERSION "\" \"reff manual\"\n"
                            ".SH NAME\nreff-sample \\- Takes a sample\n"
                            ".SH SYNOPSIS\n.B reff sample\n[options]\nFILE...\n");
    static const char *const parts[] = {
        ".B \\-\\-count images\nhow many; 0..1000; default 10\n",
        ".B \\-\\-label\\-text TEXT\nlabel\n",
        ".B \\-\\-shuffle\nin any order\n",
        ".B \\-\\-output FILE\nwhere to; required\n",
        ".SH EXAMPLES\n.nf\nreff sample \\-\\-output a b\n.fi\n",
    };
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        suite_text_has(text, parts[i]);
    free(text);
}

static void test_a_manual_page_takes_no_text_for_a_request_of_roff(void) {
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    CU_ASSERT_FATAL(out != NULL);
    man_text(".so x\n'quoted' a\\b\n  --item", out);
    fclose(out);
    CU_ASSERT_STRING_EQUAL(text, "\\&.so x\n\\&'quoted' a\\eb\n.br\n\\ \\ \\-\\-item\n");
    free(text);
}

// Lines are broken by the help text alone, lists stay as they are.
static void test_paragraphs_of_a_description_are_filled(void) {
    struct command wordy = command;
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    CU_ASSERT_FATAL(out != NULL);
    wordy.description =
        "This paragraph is broken\nwhere its writer broke it, and is longer than a line of the text "
        "that is printed.\n\nitems:\n  one   a list\n  two   of two\n\nThe end.";
    options_help(&wordy, out);
    fclose(out);
    suite_text_has(
        text, "\n\nThis paragraph is broken where its writer broke it, and is longer than a line of the "
              "text that is\nprinted.\n\nitems:\n  one   a list\n  two   of two\n\nThe end.\n\noptions:\n");
    free(text);
}

static void test_the_list_for_completion_says_what_follows_each_word(void) {
    char *text = written(options_list);
    CU_ASSERT_STRING_EQUAL(text, "--count\tvalue\thow many\n"
                                 "--p\tvalue\tchance\n"
                                 "--label-text\tvalue\tlabel\n"
                                 "--shuffle\tflag\tin any order\n"
                                 "--output\tfile\twhere to\n"
                                 "--help\tflag\tprint the options\n"
                                 "WORDS\tFILE...\t\n");
    free(text);
}

// ---------------------------------------------------------------------------------------- the program

static void test_reff_answers_version_and_help(void) {
    struct program_result r;
    CU_ASSERT_EQUAL(reff_run(&r, 0, "--version"), EXIT_OK);
    suite_text_begins(r.out, "reff " REFF_VERSION);
    CU_ASSERT_STRING_EQUAL(r.err, "");
    program_free(&r);
    CU_ASSERT_EQUAL(reff_run(&r, 0, "--help"), EXIT_OK);
    suite_text_begins(r.out, "usage: reff COMMAND");
    CU_ASSERT_STRING_EQUAL(r.err, "");
    program_free(&r);
}

// Every command that `reff --help` lists has a help text with usage and options, on standard output.
static void test_every_command_answers_help(void) {
    struct program_result r;
    int commands = 0;
    CU_ASSERT_EQUAL_FATAL(reff_run(&r, 0, "--help"), EXIT_OK);
    char *line = strstr(r.out, "commands:\n"), name[64];
    CU_ASSERT_FATAL(line != NULL);
    line = strchr(line, '\n') + 1;
    for (; sscanf(line, "  %60[a-z0-9-]", name) == 1; line = strchr(line, '\n') + 1) {
        struct program_result help;
        CU_ASSERT_EQUAL(reff_run(&help, 0, name, "--help"), EXIT_OK);
        suite_text_has(help.out, name);
        suite_text_begins(help.out, "usage: reff ");
        CU_ASSERT_STRING_EQUAL(help.err, "");
        program_free(&help);
        commands++;
    }
    CU_ASSERT(commands >= 3);
    program_free(&r);
}

// The program lists its commands, a command what it is followed by; each has its page.
static void test_every_listed_command_answers_help_as_page_and_as_list(void) {
    struct program_result r, page, list;
    CU_ASSERT_EQUAL_FATAL(reff_run(&r, 0, "--help=man"), EXIT_OK);
    suite_text_begins(r.out, ".TH REFF 1 ");
    program_free(&r);
    int commands = 0;
    CU_ASSERT_EQUAL_FATAL(reff_run(&r, 0, "--help=list"), EXIT_OK);
    for (char *next, *line = r.out; (next = strchr(line, '\n')); line = next + 1) {
        char *tab = strchr(line, '\t');
        CU_ASSERT_FATAL(tab != NULL && tab < next);
        *tab = '\0';
        suite_text_begins(tab + 1, "word\t");
        CU_ASSERT_EQUAL(reff_run(&page, 0, line, "--help=man"), EXIT_OK);
        suite_text_begins(page.out, ".TH REFF-");
        suite_text_has(page.out, "\n.SH NAME\nreff-");
        CU_ASSERT_STRING_EQUAL(page.err, "");
        CU_ASSERT_EQUAL(reff_run(&list, 0, line, "--help=list"), EXIT_OK);
        suite_text_has(list.out, strcmp(line, "gen") ? "--help\tflag\t" : "textured-mnist\tword\t");
        CU_ASSERT_STRING_EQUAL(list.err, "");
        program_free(&page);
        program_free(&list);
        commands++;
    }
    CU_ASSERT(commands >= 3);
    program_free(&r);
}

static void test_a_usage_error_is_one_line_and_status_2(void) {
    struct program_result r;
    CU_ASSERT_EQUAL(reff_run(&r, 0, "no-such-command"), EXIT_USAGE);
    CU_ASSERT_STRING_EQUAL(r.err, "reff: unknown command 'no-such-command'; see reff --help\n");
    program_free(&r);
    CU_ASSERT_EQUAL(reff_run(&r, 0, "--help=no"), EXIT_USAGE);
    suite_text_begins(r.err, "reff: --help=no: help is a text (--help), ");
    CU_ASSERT_STRING_EQUAL(r.out, "");
    program_free(&r);
    CU_ASSERT_EQUAL(reff_run(&r, 0, "train", "--epoch", "3"), EXIT_USAGE);
    CU_ASSERT_STRING_EQUAL(
        r.err, "reff: unknown option '--epoch' (did you mean '--epochs'?); see reff train --help\n");
    program_free(&r);
    const char *const bare[] = {suite_reff(), NULL};
    CU_ASSERT_EQUAL(program_run(&r, 0, bare), EXIT_USAGE); // no command: the help, on standard error
    suite_text_begins(r.err, "usage: reff COMMAND");
    CU_ASSERT_STRING_EQUAL(r.out, "");
    program_free(&r);
}

// Output that cannot be written is a failure, not silence.
static void test_reff_fails_when_its_output_cannot_be_written(void) {
    struct program_result r;
    const char *const argv[] = {"/bin/sh", "-c", "exec \"$0\" train --help >/dev/full", suite_reff(), NULL};
    if (!file_exists("/dev/full"))
        SKIP("no /dev/full here");
    CU_ASSERT_EQUAL(program_run(&r, 0, argv), EXIT_FAILED);
    CU_ASSERT_STRING_EQUAL(r.err, "reff: standard output: No space left on device\n");
    program_free(&r);
}

void suite_options(void) {
    CU_pSuite s = CU_add_suite("options", NULL, NULL);
    CU_add_test(s, "options are taken in every spelling, with words in between",
                test_options_are_taken_in_every_spelling_with_words_in_between);
    CU_add_test(s, "of an option given twice the last one counts",
                test_of_an_option_given_twice_the_last_one_counts);
    CU_add_test(s, "usage errors are refused with their message",
                test_usage_errors_are_refused_with_their_message);
    CU_add_test(s, "a value may look like an option, a name may be too long",
                test_a_value_may_look_like_an_option_a_name_may_be_too_long);
    CU_add_test(s, "a command may have no options", test_a_command_may_have_no_options);
    CU_add_test(s, "overriding keeps what is not named", test_overriding_keeps_what_is_not_named);
    CU_add_test(s, "help texts show units, ranges, defaults and an example",
                test_help_texts_show_units_ranges_defaults_and_an_example);
    CU_add_test(s, "paragraphs of a description are filled", test_paragraphs_of_a_description_are_filled);
    CU_add_test(s, "a manual page holds what the help text holds",
                test_a_manual_page_holds_what_the_help_text_holds);
    CU_add_test(s, "a manual page takes no text for a request of roff",
                test_a_manual_page_takes_no_text_for_a_request_of_roff);
    CU_add_test(s, "the list for completion says what follows each word",
                test_the_list_for_completion_says_what_follows_each_word);
    CU_add_test(s, "reff answers --version and --help", test_reff_answers_version_and_help);
    CU_add_test(s, "every command answers --help", test_every_command_answers_help);
    CU_add_test(s, "every listed command answers --help as page and as list",
                test_every_listed_command_answers_help_as_page_and_as_list);
    CU_add_test(s, "a usage error is one line and status 2", test_a_usage_error_is_one_line_and_status_2);
    CU_add_test(s, "reff fails when its output cannot be written",
                test_reff_fails_when_its_output_cannot_be_written);
}
