// SPDX-License-Identifier: Apache-2.0
#include "core/base/options_formats.h"

#include "core/base/options_internal.h"
#include "core/base/version.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

// ---------------------------------------------------------------------------------------- manual pages

void man_text(const char *text, FILE *out) {
    int begun = 1; // nothing stands in the paragraph yet
    for (const char *c = text; *c; c++) {
        int first = c == text || c[-1] == '\n';
        if (first && *c == '\n') {
            fputs(c == text ? "" : ".PP\n", out);
            begun = 1;
            continue;
        }
        if (first && (*c == '.' || *c == '\''))
            fputs("\\&", out);
        if (first && *c == ' ') { // a list: a line each, indented
            fputs(begun ? "\\ \\ " : ".br\n\\ \\ ", out);
            c += strspn(c, " ") - 1;
            begun = 0;
            continue;
        }
        begun = 0;
        if (*c == '-')
            fputs("\\-", out);
        else if (*c == '\\')
            fputs("\\e", out);
        else
            fputc(*c, out);
    }
    fputc('\n', out);
}

// "gen pets" -> "gen-pets": the name of its page.
static void page_name(const char *name, char out[64], int upper) {
    snprintf(out, 64, "reff%s%.50s", *name ? "-" : "", name);
    for (char *c = out; *c; c++)
        *c = (char)(*c == ' ' ? '-' : upper ? toupper((unsigned char)*c) : *c);
}

void man_head(const char *name, const char *summary, FILE *out) {
    char title[64], page[64];
    page_name(name, title, 1);
    page_name(name, page, 0);
    size_t length = strlen(summary);
    fprintf(out, ".TH %s 1 %s \"reff %s\" \"reff manual\"\n.SH NAME\n%s \\- ", title, REFF_DATE, REFF_VERSION,
            page);
    struct text line = {0};
    text_printf(&line, "%.*s", (int)(length - (length && summary[length - 1] == '.')), summary);
    man_text(text_string(&line), out);
    text_free(&line);
}

// The help of an option as one text, for man_text.
static void explain(const struct setting *s, FILE *out) {
    char *text = NULL;
    size_t size;
    struct error ignored; // main asks whether memory has failed
    FILE *stream = open_memstream(&text, &size);
    if (stream)
        option_explain(s, stream);
    text = text_of_stream(stream, &text, "help", &ignored);
    man_text(text ? text : "", out);
    free(text);
}

static void man_option(const struct setting *s, FILE *out) {
    char name[SETTING_WORD_SIZE], left[SETTING_WORD_SIZE + 64];
    const char *value = option_value(s);
    snprintf(left, sizeof left, "%s%s%.60s", option_name(s, name), *value ? " " : "", value);
    fputs(".TP\n.B \\-\\-", out);
    man_text(left, out);
    explain(s, out);
}

void options_man(const struct command *command, FILE *out) {
    man_head(command->name, command->summary, out);
    fprintf(out, ".SH SYNOPSIS\n.B reff %s\n%s", command->name, command->schema ? "[options]\n" : "");
    if (*command->arguments)
        man_text(command->arguments, out);
    fputs(".SH DESCRIPTION\n", out);
    man_text(command->summary, out);
    if (command->description) {
        fputs(".PP\n", out);
        man_text(command->description, out);
    }
    fputs(".SH OPTIONS\n", out);
    for (const struct setting *s = command->schema; s && s->name; s++)
        man_option(s, out);
    fputs(".TP\n.B \\-\\-help\nprint these options\n", out);
    fputs(
        ".SH EXIT STATUS\n0 when all went well, 1 when something failed, 2 when the command line is wrong,\n"
        "130 when it was interrupted.\n",
        out);
    if (command->example) {
        fputs(".SH EXAMPLES\n.nf\n", out);
        man_text(command->example, out);
        fputs(".fi\n", out);
    }
    fputs(".SH SEE ALSO\n.BR reff (1)\n", out);
}

// ---------------------------------------------------------------------------------------- for completion

static const char *kind(const struct setting *s) {
    const char *unit = s->unit ? s->unit : "";
    return s->type == SETTING_TYPE_FLAG                      ? "flag"
           : s->type == SETTING_TYPE_CHOICE                  ? s->choices
           : !strcmp(s->name, "profile")                     ? "profile"
           : !strcmp(unit, "DIR") || !strcmp(unit, "FOLDER") ? "folder"
           : !strcmp(unit, "FILE") || !strcmp(unit, "PATH")  ? "file"
                                                             : "value";
}

void options_list(const struct command *command, FILE *out) {
    char name[SETTING_WORD_SIZE];
    for (const struct setting *s = command->schema; s && s->name; s++)
        fprintf(out, "--%s\t%s\t%s\n", option_name(s, name), kind(s), s->help);
    fputs("--help\tflag\tprint the options\n", out);
    if (*command->arguments)
        fprintf(out, "WORDS\t%s\t\n", command->arguments);
}
