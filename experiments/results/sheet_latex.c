// SPDX-License-Identifier: Apache-2.0
// Sheets in LaTeX: a floating table, or a long one that goes over pages and needs the package longtable.
#include "experiments/results/latex.h"
#include "experiments/results/sheet_internal.h"

#include <ctype.h>
#include <string.h>

#define PLUS_MINUS "\xc2\xb1"

static void put_bytes(FILE *out, const char *from, const char *to) {
    for (; from < to; from++)
        fputc(*from, out);
}

// ---------------------------------------------------------------------------------------- the caption

// LaTeX numbers tables itself: "Table 1 (a): results" as a caption would read "Table 7: Table 1 (a): results".
// Where a title brings its number, that is the table's, so that it stands there once and references find it.
// Returns what is left of the title.
static const char *put_number(FILE *out, const char *title) {
    static const char word[] = "Table ";
    const char *table = strstr(title, word), *number = table ? table + strlen(word) : NULL,
               *colon = number ? strchr(number, ':') : NULL;
    if (!colon || !isdigit((unsigned char)*number))
        return title;
    if (table > title) { // "Supplement, Table 2"
        fputs("\\renewcommand{\\tablename}{", out);
        put_bytes(out, title, number - 1);
        fputs("}\n", out);
    }
    fputs("\\renewcommand{\\thetable}{", out);
    put_bytes(out, number, colon);
    fputs("}\n", out);
    return colon + 1 + strspn(colon + 1, " ");
}

static void put_prose(FILE *out, const char *text) {
    const char *sign;
    for (; (sign = strstr(text, PLUS_MINUS)); text = sign + strlen(PLUS_MINUS)) {
        latex_bytes(out, text, (size_t)(sign - text));
        fputs("$\\pm$", out);
    }
    latex_text(out, text);
}

// `title`: without its number.
static void put_caption(FILE *out, const struct sheet *s, const char *title) {
    fputs("\\caption{", out);
    put_prose(out, title);
    if (s->caption.length) {
        fputs(". ", out);
        put_prose(out, text_string(&s->caption));
    }
    fputc('}', out);
}

// ---------------------------------------------------------------------------------------- cells

// "46.68 ± 0.82 (+0.07)": the numbers are mathematics, a plain count in brackets ("(3)") is not.
static void put_number_cell(FILE *out, const char *text) {
    const char *bracket = strstr(text, " ("), *end = bracket ? bracket : text + strlen(text),
               *sign = strstr(text, PLUS_MINUS);
    if (!strcmp(text, "-")) {
        fputs("--", out);
        return;
    }
    if (!isdigit((unsigned char)text[*text == '-'])) { // why there is none
        latex_text(out, text);
        return;
    }
    fputc('$', out);
    put_bytes(out, text, sign ? sign : end);
    if (sign) {
        fputs("\\pm", out);
        put_bytes(out, sign + strlen(PLUS_MINUS), end);
    }
    fputc('$', out);
    if (bracket && strchr("+-", bracket[2])) {
        fputs(" ($", out);
        put_bytes(out, bracket + 2, strchr(bracket, ')') ? strchr(bracket, ')') : text + strlen(text));
        fputs("$)", out);
    } else {
        fputs(end, out);
    }
}

static void put_heading(FILE *out, const struct sheet_column *column) {
    if (column->kind == SHEET_SYMBOL)
        fprintf(out, "$%s$", column->heading);
    else
        latex_text(out, column->heading);
}

static void put_rows(FILE *out, const struct sheet *s) {
    for (int row = 0; row < sheet_rows(s); row++) {
        for (int i = 0; i < s->column_count; i++) {
            fputs(i ? " & " : "", out);
            if (s->columns[i].kind == SHEET_NUMBER)
                put_number_cell(out, sheet_cell(s, row, i));
            else
                latex_text(out, sheet_cell(s, row, i));
        }
        fputs(" \\\\\n", out);
    }
}

static void put_headings(FILE *out, const struct sheet *s) {
    for (int i = 0; i < s->column_count; i++) {
        fputs(i ? " & " : "", out);
        put_heading(out, &s->columns[i]);
    }
    fputs(" \\\\\n\\hline\n", out);
}

// ---------------------------------------------------------------------------------------- the table

static void float_table(FILE *out, const struct sheet *s) {
    fputs("\\begin{table}\n\\centering\n", out);
    put_caption(out, s, put_number(out, text_string(&s->title)));
    fprintf(out, "\n\\label{tab:%s}\n\\begin{tabular}{", s->name);
    for (int i = 0; i < s->column_count; i++)
        fputc(s->columns[i].kind == SHEET_NUMBER ? 'r' : 'l', out);
    fputs("}\n\\hline\n", out);
    put_headings(out, s);
    put_rows(out, s);
    fputs("\\hline\n\\end{tabular}\n\\end{table}\n", out);
}

// Characters that a column asks for: its longest text, but no more than breaks well into lines.
static int wanted_width(const struct sheet *s, int column) {
    enum { WIDEST = 64, BETWEEN = 2 };
    size_t longest = strlen(s->columns[column].heading);
    for (int row = 0; row < sheet_rows(s); row++) {
        size_t length = strlen(sheet_cell(s, row, column));
        longest = length > longest ? length : longest;
    }
    return (int)(longest < WIDEST ? longest : WIDEST) + BETWEEN;
}

// The columns share the width of the text by what they hold, and their texts break. A narrow table stays narrow.
static void long_table(FILE *out, const struct sheet *s) {
    fputs("{\\scriptsize\\setlength{\\tabcolsep}{2pt}\n", out);
    const char *rest = put_number(out, text_string(&s->title));
    fputs("\\begin{longtable}{", out);
    const double all = 0.93, character = 0.0105; // shares of the text's width
    int wanted = 0;
    for (int i = 0; i < s->column_count; i++)
        wanted += wanted_width(s, i);
    double unit = wanted * character < all ? character : all / wanted;
    for (int i = 0; i < s->column_count; i++)
        fprintf(out, ">{\\raggedright\\arraybackslash}p{%.3f\\textwidth}", unit * wanted_width(s, i));
    fputs("}\n", out);
    put_caption(out, s, rest);
    fprintf(out, "\\label{tab:%s}\\\\\n\\hline\n", s->name);
    put_headings(out, s);
    fputs("\\endhead\n", out);
    put_rows(out, s);
    fputs("\\hline\n\\end{longtable}}\n", out);
}

void sheet_latex(FILE *out, const struct sheet *s) {
    if (s->breaks_pages)
        long_table(out, s);
    else
        float_table(out, s);
}
