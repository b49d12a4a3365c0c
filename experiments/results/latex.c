// SPDX-License-Identifier: Apache-2.0
#include "experiments/results/latex.h"

#include <ctype.h>
#include <string.h>

enum { DIGEST_FROM = 24 }; // letters and digits without a break

static void latex_character(FILE *out, char c) {
    // "--" is a ligature, quotes are bent: that would change a command line.
    static const char *const words[][2] = {{"\\", "backslash"},  {"~", "asciitilde"}, {"^", "asciicircum"},
                                           {"|", "bar"},         {"<", "less"},       {">", "greater"},
                                           {"'", "quotesingle"}, {"`", "asciigrave"}};
    for (size_t w = 0; w < sizeof words / sizeof *words; w++)
        if (*words[w][0] == c) {
            fprintf(out, "\\text%s{}", words[w][1]);
            return;
        }
    if (strchr("&%$#_{}", c))
        fprintf(out, "\\%c", c);
    else if (c == '-')
        fputs("-{}", out);
    else
        fputc(iscntrl((unsigned char)c) ? ' ' : c, out);
}

void latex_text(FILE *out, const char *text) {
    latex_bytes(out, text, strlen(text));
}

void latex_bytes(FILE *out, const char *text, size_t count) {
    char before = 0;
    for (const char *end = text + count; text < end; before = *text++) {
        // In prose a hyphen and an apostrophe stay as they are; two hyphens begin an option and must not
        // become a dash.
        if ((*text == '-' && before != '-' && text[1] != '-') || *text == '\'')
            fputc(*text, out);
        else
            latex_character(out, *text);
    }
}

// Letters and digits from here on.
static int run_length(const char *text) {
    int length = 0;
    while (isalnum((unsigned char)text[length]))
        length++;
    return length;
}

void latex_code(FILE *out, const char *text) {
    int left = 0, digest = 0; // of a run of letters and digits
    char before = ' ';
    for (; *text; text++) {
        int plain = isalnum((unsigned char)*text) != 0;
        if (plain && !left) {
            left = run_length(text);
            digest = left >= DIGEST_FROM;
        }
        latex_character(out, *text);
        left -= plain;
        // Not at the end, not inside a character of several bytes, not between an option and its hyphens.
        int option = *text == '-' && (before == ' ' || before == '-');
        if (text[1] && ((unsigned char)text[1] & 0xc0) != 0x80 && !option &&
            (!plain || (digest && left && left % 8 == 0)))
            fputs("\\allowbreak{}", out);
        before = *text;
    }
}

// ---------------------------------------------------------------------------------------- tables that are read

// What sheet_latex.c and latex_character write, and the mathematics of a symbol. \\begin and \\end are looked at closer.
static const char commands[] =
    " renewcommand begin end centering caption label hline endhead pm thetable tablename "
    "scriptsize setlength tabcolsep raggedright arraybackslash textwidth allowbreak "
    "textbackslash textasciitilde textasciicircum textbar textless textgreater "
    "textquotesingle textasciigrave "
    "alpha beta gamma delta epsilon varepsilon eta theta kappa lambda mu nu rho sigma tau "
    "Delta Lambda Sigma mathrm mathit mathbf text hat bar tilde ell ";
static const char environments[] = " table tabular longtable ";

static int is_listed(const char *list, const char *word, size_t length) {
    char wanted[40];
    if (length + 3 > sizeof wanted)
        return 0;
    snprintf(wanted, sizeof wanted, " %.*s ", (int)length, word);
    return strstr(list, wanted) != NULL;
}

static size_t letters(const char *text) {
    size_t length = 0;
    while (isalpha((unsigned char)text[length]) || text[length] == '@')
        length++;
    return length;
}

int latex_check_table(const char *path, const char *text, struct error *err) {
    int line = 1;
    for (const char *c = text; *c; c++) {
        line += *c == '\n';
        if (*c == '^' && c[1] == '^') // any character at all, in a spelling of TeX's own
            return fail(err, "%s: line %d: ^^ is nothing that a table has", path, line);
        size_t length = *c == '\\' ? letters(c + 1) : 0;
        if (*c != '\\')
            continue;
        if (length && !is_listed(commands, c + 1, length))
            return fail(err, "%s: line %d: \\%.*s is no command of a table; make it again: reff table", path,
                        line, (int)(length < 40 ? length : 40), c + 1);
        if (is_listed(" begin end ", c + 1, length) &&
            (c[1 + length] != '{' || !is_listed(environments, c + 2 + length, letters(c + 2 + length))))
            return fail(err, "%s: line %d: an environment that no table has; make it again: reff table", path,
                        line);
        c += length ? length : c[1] && c[1] != '\n';
    }
    return 0;
}
