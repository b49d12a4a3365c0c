// SPDX-License-Identifier: Apache-2.0
#include "experiments/wording.h"

#include <ctype.h>
#include <string.h>

const char *title_of(const char *word) {
    static const char *const titles[][2] = {{"baseline", "Baseline"},
                                            {"reff", "ReFF"},
                                            {"reff-single", "ReFF (single layer)"},
                                            {"reff-l1", "ReFF with L1"},
                                            {"reff-l2", "ReFF with L2"},
                                            {"reff-detached", "ReFF (detached)"},
                                            {"abn", "ABN"},
                                            {"textured-mnist", "Textured MNIST"},
                                            {"isic2017", "ISIC2017"},
                                            {"pets", "Pets"}};
    for (size_t i = 0; i < sizeof titles / sizeof *titles; i++)
        if (!strcmp(titles[i][0], word))
            return titles[i][1];
    return word;
}

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
    for (; *text; text++) {
        if (*text == '-' || *text == '\'') // in prose a hyphen and an apostrophe are what they look like
            fputc(*text, out);
        else
            latex_character(out, *text);
    }
}

void latex_code(FILE *out, const char *text) {
    for (int run = 0; *text; text++) {
        latex_character(out, *text);
        run = isalnum((unsigned char)*text) ? run + 1 : 0;
        // A break inside a character of several bytes would split it.
        if (((unsigned char)text[1] & 0xc0) != 0x80 && (run % 8 == 0 || !isalnum((unsigned char)*text)))
            fputs("\\allowbreak{}", out);
    }
}
