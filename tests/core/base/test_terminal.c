// SPDX-License-Identifier: Apache-2.0
// Whatever is printed, a terminal has nothing to obey in it; what is no control character stays as it is.
#include "core/base/terminal.h"
#include "tests/support/suite.h"

#include <CUnit/CUnit.h>
#include <pty.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

// What a child prints on standard output or standard error, piece by piece.
static void print_guarded(char out[1000], int on_error, const char *const *pieces) {
    int ends[2];
    CU_ASSERT_FATAL(!pipe(ends));
    fflush(NULL);
    pid_t child = fork();
    if (!child) {
        dup2(ends[1], on_error ? STDERR_FILENO : STDOUT_FILENO);
        close(ends[0]);
        close(ends[1]);
        terminal_guard();
        for (; *pieces; pieces++) {
            fputs(*pieces, on_error ? stderr : stdout);
            fflush(NULL);
        }
        _exit(0);
    }
    close(ends[1]);
    size_t length = 0;
    for (ssize_t got; (got = read(ends[0], out + length, 999 - length)) > 0;)
        length += (size_t)got;
    out[length] = 0;
    close(ends[0]);
    waitpid(child, NULL, 0);
}

static void test_control_characters_are_shown_on_both_streams(void) {
    static const struct {
        const char *pieces[4];
        const char *shown;
    } cases[] = {
        {{"a\x1b[31mb\x07\r\n"}, "a\\x1b[31mb\\x07\\x0d\n"},
        {{"tab\tline\nend\x7f"}, "tab\tline\nend\\x7f"},
        {{"\xc2\x9b", "1m"}, "\\x9b1m"},
        {{"\xc2", "\x9b", "1m"}, "\\x9b1m"}, // a character in two pieces
        {{"\x9b"
          "1m"},
         "\\x9b1m"}, // no character in UTF-8, but a control elsewhere
        {{"\xc3\x84 \xc3\x9f \xe2\x80\x9b \xf0\x9f\x98\x80 \xc2\xb1"},
         "\xc3\x84 \xc3\x9f \xe2\x80\x9b \xf0\x9f\x98\x80 \xc2\xb1"},
        {{"\xc3", "\x9f"}, "\xc3\x9f"},
        {{"\xc2\x1b[m"}, "\xc2\\x1b[m"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (int on_error = 0; on_error < 2; on_error++) {
            char out[1000];
            print_guarded(out, on_error, cases[i].pieces);
            suite_text_is(out, cases[i].shown);
        }
}

static void test_a_long_text_comes_whole(void) {
    char text[901], out[1000];
    memset(text, 'x', 900);
    text[900] = 0;
    const char *const pieces[] = {text, "\x1b", NULL};
    print_guarded(out, 0, pieces);
    CU_ASSERT_EQUAL(strlen(out), 904);
    suite_text_is(out + 900, "\\x1b");
}

// The program's own control, around what it tells.
static void test_a_line_of_progress_is_written_over(void) {
    char line[100] = "";
    FILE *file = tmpfile();
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    terminal_rewrite_line(file, "12345\x1b[2J", 0);
    terminal_rewrite_line(file, "12345", 3);
    rewind(file);
    CU_ASSERT_PTR_NOT_NULL(fgets(line, sizeof line, file));
    suite_text_is(line, "\r12345\\x1b[2J\033[K\r12\033[K");
    CU_ASSERT_EQUAL(terminal_descriptor(file), fileno(file));
    fclose(file);
}

// Every command, through a file whose name and whose contents a stranger chose.
static void test_names_of_files_are_shown_by_every_command(void) {
    static const char *const commands[] = {"info", "verify", "preview"};
    struct error err = {0};
    struct program_result r;
    const char *name = suite_path("evil\x1b]0;title\x07\xc2\x9b\nlie.h5");
    CU_ASSERT_EQUAL_FATAL(reff_run(&r, 0, "gen", "textured-mnist", "--count", "10", "--canvas", "32",
                                   "--size", "20", "--output", name),
                          0);
    suite_text_has(r.err, "evil\\x1b]0;title\\x07\\x9b\\x0alie.h5: 10 images");
    program_free(&r);
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        reff_run(&r, 0, commands[i], name, suite_path("sheet.png"));
        CU_ASSERT_PTR_NULL(strpbrk(r.out, "\x1b\x07"));
        CU_ASSERT(!strstr(r.out, "\nlie") && !strstr(r.err, "\nlie"));
        CU_ASSERT_PTR_NULL(strpbrk(r.err, "\x1b\x07"));
        CU_ASSERT_PTR_NULL(strstr(r.out, "\xc2\x9b"));
        CU_ASSERT_PTR_NULL(strstr(r.err, "\xc2\x9b"));
        program_free(&r);
    }
    CU_ASSERT_EQUAL(reff_run(&r, 0, "verify", name, "--json"), 0);
    CU_ASSERT_PTR_NULL(strpbrk(r.out, "\x1b\x07\x7f"));
    CU_ASSERT_PTR_NULL(strstr(r.out, "\xc2\x9b"));
    program_free(&r);
    // Bytes that are no text come as they are.
    char *sheet = file_read(suite_path("sheet.png"), 1 << 20, NULL, &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(sheet);
    CU_ASSERT_EQUAL(reff_run(&r, 0, "preview", name, "-"), 0);
    CU_ASSERT(!memcmp(r.out, sheet, 64));
    program_free(&r);
    free(sheet);
}

static void test_a_picture_is_not_written_to_a_terminal(void) {
    int terminal;
    char said[1000] = "";
    fflush(NULL);
    pid_t child = forkpty(&terminal, NULL, NULL, NULL);
    CU_ASSERT_FATAL(child >= 0);
    if (!child) {
        struct error err = {0};
        file_write_or_print("-", "\x1b[2J", 4, &err);
        _exit(dprintf(STDOUT_FILENO, "%s", err.message) < 0);
    }
    size_t length = 0;
    for (ssize_t got;
         length < sizeof said - 1 && (got = read(terminal, said + length, sizeof said - 1 - length)) > 0;)
        length += (size_t)got;
    close(terminal);
    waitpid(child, NULL, 0);
    suite_text_begins(said, "standard output is a terminal");
}

void suite_terminal(void) {
    CU_pSuite s = CU_add_suite("terminal", suite_make_folder, suite_remove_folder);
    CU_add_test(s, "control characters are shown on both streams",
                test_control_characters_are_shown_on_both_streams);
    CU_add_test(s, "a long text comes whole", test_a_long_text_comes_whole);
    CU_add_test(s, "a line of progress is written over", test_a_line_of_progress_is_written_over);
    CU_add_test(s, "names of files are shown by every command",
                test_names_of_files_are_shown_by_every_command);
    CU_add_test(s, "a picture is not written to a terminal", test_a_picture_is_not_written_to_a_terminal);
}
