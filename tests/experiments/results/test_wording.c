// SPDX-License-Identifier: Apache-2.0
// Text in LaTeX: nothing in it may be a command, and nothing may be lost.
#include "experiments/results/latex.h"
#include "experiments/results/wording.h"
#include "tests/support/suite.h"

#include <stdlib.h>
#include <string.h>

static char *made(void (*put)(FILE *out, const char *text), const char *text) {
    char *out = NULL;
    size_t size;
    FILE *stream = open_memstream(&out, &size);
    CU_ASSERT_PTR_NOT_NULL_FATAL(stream);
    put(stream, text);
    fclose(stream);
    return out;
}

static void expect(void (*put)(FILE *out, const char *text), const char *text, const char *latex) {
    char *out = made(put, text);
    CU_ASSERT_STRING_EQUAL(out, latex);
    if (strcmp(out, latex) != 0)
        printf("\n'%s' became '%s', not '%s'\n", text, out, latex);
    free(out);
}

static void test_special_characters_become_plain_in_latex(void) {
    expect(latex_text, "100 % of A_b & {c} #1 $2", "100 \\% of A\\_b \\& \\{c\\} \\#1 \\$2");
    expect(latex_text, "\\e~f^g|h<i>j",
           "\\textbackslash{}e\\textasciitilde{}f\\textasciicircum{}g"
           "\\textbar{}h\\textless{}i\\textgreater{}j");
    expect(latex_text, "one-sided, its own", "one-sided, its own");
    expect(latex_text, "a\tb\nc", "a b c");
    expect(latex_text, "31 \xc2\xb1 2", "31 \xc2\xb1 2");
}

// Whatever the byte, no character of LaTeX's own is left bare.
static void test_no_byte_of_latexs_own_is_left_bare(void) {
    for (int c = 1; c < 256; c++) {
        char text[2] = {(char)c, 0}, *out = made(latex_text, text);
        CU_ASSERT(!strchr("&%$#_{}~^\\", c) || (out[0] == '\\' && strlen(out) > 1));
        free(out);
    }
}

static void test_commands_and_digests_keep_their_characters_and_may_break(void) {
    expect(latex_code, "--a 'b-c'",
           "-{}-{}a \\allowbreak{}\\textquotesingle{}\\allowbreak{}b-{}\\allowbreak{}c\\textquotesingle{}");
    expect(latex_code, "0123456789", "0123456789");
    expect(latex_code, "0123456789abcdef01234567", "01234567\\allowbreak{}89abcdef\\allowbreak{}01234567");
}

static void test_methods_and_data_sets_have_titles(void) {
    CU_ASSERT_STRING_EQUAL(wording_title("reff-single"), "ReFF (single layer)");
    CU_ASSERT_STRING_EQUAL(wording_title("isic2017"), "ISIC2017");
    CU_ASSERT_STRING_EQUAL(wording_title("p"), "p");
}

void suite_wording(void) {
    CU_pSuite suite = CU_add_suite("wording", NULL, NULL);
    CU_add_test(suite, "special characters become plain in LaTeX",
                test_special_characters_become_plain_in_latex);
    CU_add_test(suite, "no byte of LaTeX's own is left bare", test_no_byte_of_latexs_own_is_left_bare);
    CU_add_test(suite, "commands and digests keep their characters and may break",
                test_commands_and_digests_keep_their_characters_and_may_break);
    CU_add_test(suite, "methods and data sets have titles", test_methods_and_data_sets_have_titles);
}
