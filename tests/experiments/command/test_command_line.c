// SPDX-License-Identifier: Apache-2.0
// What every command prints when asked for help and when asked for something wrong, against
// tests/expected/*.txt:
//
//     $ reff run nonsense
//     ! reff: 'nonsense' is none of the tables: table1a table1b
//     exit 2
//
// A block begins with a command line (words between blanks; '' is the empty one). Lines on standard error are
// marked by "! ", the exit status is told if it is not 0. A new case is a new line "$ reff ..."; with
// REFF_EXPECTED=write in the environment the files are written anew from what the program says, for review.
//
// Lists that grow with a file or a line of anybody's are not in the expectations: {tables}, {profiles},
// {figures}, {networks} and {methods} stand for what there is, so that adding one changes no test.
#include "core/base/provenance.h"
#include "core/base/text.h"
#include "core/base/version.h"
#include "tests/support/suite.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { WORDS_MAXIMUM = 32, LINE_MAXIMUM = 1000 };

// "reff: .../mine.ini:2: what is wrong: left out": of a definition that somebody is still writing beside the project's
// own, all of which can be read (suite definitions). That it is said is of suite foreign_definitions.
static int is_left_out(const char *line, size_t length) {
    static const char end[] = ".ini", said[] = ": left out";
    return length > sizeof said && !strncmp(line + length - strlen(said), said, strlen(said)) &&
           memmem(line, length, end, strlen(end)) != NULL;
}

// A program's line ends are the file's; a last line without one gets it.
static void write_lines(FILE *out, const char *text, const char *mark) {
    while (*text) {
        size_t length = strcspn(text, "\n");
        if (!is_left_out(text, length))
            fprintf(out, "%s%.*s\n", mark, (int)length, text);
        text += length + (text[length] == '\n');
    }
}

// ---------------------------------------------------------------------------------------- lists of what there is

enum { LISTS = 6 };

static const struct {
    const char *placeholder;
    const char *folder; // experiments/FOLDER, whose definitions these are; or
    const char *option; // of `reff train --help`, which may be one of these; or
    const char *block;  // of `reff train --help`: the lines below this heading
    const char *ours;   // some of the project's own
} lists[LISTS] = {
    {"{tables}", "tables", NULL, NULL, "table1a table1b table2 table3a table3b"},
    {"{profiles}", "profiles", NULL, NULL, "paper quick regress standard tiny"},
    {"{figures}", "figures", NULL, NULL, "fig3a fig3b fig3c"},
    {"{networks}", NULL, "--model ", NULL, "small resnet18 resnet50"},
    {"{methods}", NULL, "--method ", NULL, "baseline reff reff-single reff-l1 reff-l2"},
    {"  {methods, each with a line}", NULL, NULL, "\nmethods:\n", ""},
};

static struct text there_is[LISTS]; // names between blanks, as messages have them

static int is_definition(const struct dirent *entry) {
    size_t length = strlen(entry->d_name);
    return length > 4 && entry->d_name[0] != '.' && !strcmp(entry->d_name + length - 4, ".ini");
}

static void list_folder(const char *name, struct text *out) {
    char path[PATH_SIZE];
    struct dirent **entries;
    snprintf(path, sizeof path, "%.4000s/../../experiments/%s", suite_tree_path("tests/expected"), name);
    int count = scandir(path, &entries, is_definition, alphasort);
    for (int i = 0; i < count; i++) {
        text_printf(out, "%s%.*s", i ? " " : "", (int)strlen(entries[i]->d_name) - 4, entries[i]->d_name);
        free(entries[i]);
    }
    if (count >= 0)
        free(entries);
}

static void list_choices(const char *option, struct text *out) {
    struct program_result help;
    reff_run(&help, 0, "train", "--help");
    const char *line = strstr(help.out, option), *list = line ? strstr(line, "one of: ") : NULL;
    if (list && !memchr(line, '\n', (size_t)(list - line))) {
        list += strlen("one of: ");
        text_add_bytes(out, list, strcspn(list, ";\n"));
    }
    program_free(&help);
}

static void list_block(const char *heading, struct text *out) {
    struct program_result help;
    reff_run(&help, 0, "train", "--help");
    const char *block = strstr(help.out, heading), *end = block ? strstr(block, "\n\n") : NULL;
    if (end && end >= block + strlen(heading))
        text_add_bytes(out, block + strlen(heading), (size_t)(end - block) - strlen(heading));
    program_free(&help);
}

static void list_all(void) {
    for (int i = 0; i < LISTS; i++) {
        text_clear(&there_is[i]);
        if (lists[i].folder)
            list_folder(lists[i].folder, &there_is[i]);
        else if (lists[i].option)
            list_choices(lists[i].option, &there_is[i]);
        else
            list_block(lists[i].block, &there_is[i]);
    }
}

// `text` with a placeholder for each whole list; frees `text`.
static char *with_placeholders(char *text) {
    for (int i = 0; i < LISTS; i++) {
        struct text out = {0};
        struct error err = {0};
        const char *list = text_string(&there_is[i]), *from = text;
        for (const char *at; *list && (at = strstr(from, list)) != NULL; from = at + strlen(list)) {
            int whole = strchr(" \n", at[-1]) && strchr("; \n", at[strlen(list)]);
            text_add_bytes(&out, from, (size_t)(at - from));
            text_add(&out, whole ? lists[i].placeholder : list);
        }
        text_add(&out, from);
        free(text);
        text = text_take(&out, "an expectation", &err);
        CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    }
    return text;
}

// ---------------------------------------------------------------------------------------- expectations

// Runs "$ reff WORD..." and writes the block that it makes.
static void run_block(FILE *out, const char *line) {
    char words[LINE_MAXIMUM];
    const char *argv[WORDS_MAXIMUM] = {suite_reff()};
    struct program_result r;
    int count = 1;
    fprintf(out, "%s\n", line);
    snprintf(words, sizeof words, "%s", line + strlen("$ reff"));
    for (char *rest, *word = strtok_r(words, " ", &rest); word && count + 1 < WORDS_MAXIMUM;
         word = strtok_r(NULL, " ", &rest))
        argv[count++] = strcmp(word, "''") ? word : "";
    program_run(&r, 0, argv);
    write_lines(out, r.out, "");
    write_lines(out, r.err, "! ");
    if (r.status)
        fprintf(out, "exit %d\n", r.status);
    program_free(&r);
}

// What the commands of an expectation print now. Free it.
static char *run_all(const char *expected) {
    char *text = NULL, line[LINE_MAXIMUM];
    size_t size;
    FILE *out = open_memstream(&text, &size);
    CU_ASSERT_PTR_NOT_NULL_FATAL(out);
    for (const char *at = expected; *at;) {
        size_t length = strcspn(at, "\n");
        if (!strncmp(at, "$ reff", 6) && length < sizeof line) {
            snprintf(line, sizeof line, "%.*s", (int)length, at);
            run_block(out, line);
        }
        at += length + (at[length] == '\n');
    }
    fclose(out);
    return with_placeholders(text);
}

static void print_difference(const char *name, const char *expected, const char *actual) {
    size_t same = 0, line = 0;
    for (size_t i = 0; expected[i] && expected[i] == actual[i]; i++)
        if (expected[i] == '\n') {
            same = i + 1;
            line++;
        }
    printf("\n%s:%zu: expected '%.*s', got '%.*s' (REFF_EXPECTED=write writes the file anew)\n", name,
           line + 1, (int)strcspn(expected + same, "\n"), expected + same, (int)strcspn(actual + same, "\n"),
           actual + same);
}

static void check_file(const char *name) {
    struct error err = {0};
    char path[PATH_SIZE];
    const char *mode = getenv("REFF_EXPECTED");
    CU_ASSERT_FATAL(!path_join(path, &err, suite_tree_path("tests/expected"), name));
    char *expected = file_read(path, 1 << 20, NULL, &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(expected);
    char *actual = run_all(expected);
    CU_ASSERT(strlen(actual) > 0); // a file without commands
    if (mode && !strcmp(mode, "write")) {
        CU_ASSERT_FATAL(!file_write(path, actual, strlen(actual), &err));
    } else if (strcmp(expected, actual)) {
        print_difference(name, expected, actual);
        CU_FAIL("a command prints something else than expected");
    }
    free(expected);
    free(actual);
}

static int is_expectation(const struct dirent *entry) {
    size_t length = strlen(entry->d_name);
    return length > 4 && !strcmp(entry->d_name + length - 4, ".txt");
}

// Commands run in an empty folder, and leave it empty.
static void test_help_and_errors_of_every_command_are_as_expected(void) {
    struct dirent **entries;
    int count = scandir(suite_tree_path("tests/expected"), &entries, is_expectation, alphasort);
    CU_ASSERT_FATAL(count > 0);
    for (int i = 0; i < count; i++) {
        check_file(entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
    CU_ASSERT_EQUAL(suite_count_entries(suite_folder()), 0);
}

// Every command that `reff --help` lists has an expectation.
static void test_every_command_has_expectations(void) {
    struct program_result help;
    CU_ASSERT_EQUAL(reff_run(&help, 0, "--help"), 0);
    char *list = strstr(help.out, "commands:\n");
    CU_ASSERT_PTR_NOT_NULL_FATAL(list);
    int commands = 0;
    for (char *line = strchr(list, '\n') + 1; !strncmp(line, "  ", 2); line = strchr(line, '\n') + 1) {
        char name[64], path[PATH_SIZE];
        struct error err;
        snprintf(name, sizeof name, "%.*s.txt", (int)strcspn(line + 2, " "), line + 2);
        CU_ASSERT_FATAL(!path_join(path, &err, suite_tree_path("tests/expected"), name));
        if (!file_exists(path))
            printf("no tests/expected/%s ", name);
        CU_ASSERT(file_exists(path));
        commands++;
    }
    CU_ASSERT(commands >= 10);
    program_free(&help);
}

// "reff 0.1.0", and the revision that it was built from where that is known.
static void test_the_version_names_the_revision(void) {
    struct program_result r;
    char expected[300];
    snprintf(expected, sizeof expected, "reff %s\n", provenance_version());
    CU_ASSERT_EQUAL(reff_run(&r, 0, "--version"), 0);
    CU_ASSERT_STRING_EQUAL(r.out, expected);
    CU_ASSERT(!strncmp(r.out, "reff " REFF_VERSION, strlen("reff " REFF_VERSION)));
    program_free(&r);
    struct error err = {0};
    json_t *provenance = provenance_json(&err);
    const char *revision = json_string_value(json_object_get(provenance, "git_revision"));
    CU_ASSERT(!revision || strstr(expected, revision) != NULL);
    CU_ASSERT_EQUAL(strstr(expected, "with uncommitted changes") != NULL,
                    json_is_true(json_object_get(provenance, "git_dirty")));
    json_decref(provenance);
}

static void test_lists_have_the_projects_own(void) {
    for (int i = 0; i < LISTS; i++) {
        char ours[200], between[4000];
        snprintf(ours, sizeof ours, "%s", lists[i].ours);
        snprintf(between, sizeof between, " %s ", text_string(&there_is[i]));
        for (char *rest, *name = strtok_r(ours, " ", &rest); name; name = strtok_r(NULL, " ", &rest)) {
            char word[64];
            snprintf(word, sizeof word, " %s ", name);
            suite_text_has(between, word);
        }
    }
}

static char before[PATH_SIZE];

static int set_up(void) {
    list_all();
    return !getcwd(before, sizeof before) || suite_make_folder() || chdir(suite_folder()) ? -1 : 0;
}

static int clean_up(void) {
    for (int i = 0; i < LISTS; i++)
        text_free(&there_is[i]);
    return chdir(before) || suite_remove_folder() ? -1 : 0;
}

void suite_command_line(void) {
    CU_pSuite suite = CU_add_suite("command_line", set_up, clean_up);
    CU_add_test(suite, "help and errors of every command are as expected",
                test_help_and_errors_of_every_command_are_as_expected);
    CU_add_test(suite, "every command has expectations", test_every_command_has_expectations);
    CU_add_test(suite, "the version names the revision", test_the_version_names_the_revision);
    CU_add_test(suite, "lists have the project's own", test_lists_have_the_projects_own);
}
