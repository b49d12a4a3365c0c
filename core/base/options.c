// SPDX-License-Identifier: Apache-2.0
// getopt_long is not used because options come from settings tables: it would need a second table, would
// print its own messages, and would accept abbreviated names, which change their meaning when an option is
// added.
#include "core/base/options.h"

#include "core/base/options_formats.h"
#include "core/base/options_internal.h"
#include "core/base/text.h"

#include <string.h>

static void print_range(const struct setting *s, FILE *out) {
    if (s->type == SETTING_TYPE_CHOICE) {
        fprintf(out, "; one of: %s", s->choices);
    } else if (s->type == SETTING_TYPE_INT || s->type == SETTING_TYPE_REAL || s->type == SETTING_TYPE_REALS) {
        if (s->minimum == -1) // a word of its own (settings.c)
            fprintf(out, "; -1 or 0..%.10g", s->maximum);
        else
            fprintf(out, "; %.10g..%.10g", s->minimum, s->maximum);
        if (s->type == SETTING_TYPE_REALS)
            fputs(" each, separated by commas", out);
    }
}

const char *option_value(const struct setting *s) {
    return s->type == SETTING_TYPE_FLAG     ? ""
           : s->unit && *s->unit            ? s->unit
           : s->type == SETTING_TYPE_CHOICE ? "WORD"
           : s->type == SETTING_TYPE_REALS  ? "NUMBERS"
           : s->type == SETTING_TYPE_TEXT   ? "TEXT"
                                            : "NUMBER";
}

void option_explain(const struct setting *s, FILE *out) {
    fputs(s->help, out);
    print_range(s, out);
    if (s->type != SETTING_TYPE_FLAG) {
        if (!s->standard)
            fputs("; required", out);
        else if (*s->standard)
            fprintf(out, "; default %s", s->standard);
    }
}

static void print_option(const struct setting *s, FILE *out) {
    char name[SETTING_WORD_SIZE], left[128];
    const char *value = option_value(s);
    snprintf(left, sizeof left, "--%s%s%s", option_name(s, name), *value ? " " : "", value);
    fprintf(out, "  %-28s ", left);
    option_explain(s, out);
    fputc('\n', out);
}

// Prints paragraphs, each filled to WIDTH columns, so that no text breaks its lines by hand. Lines that begin with
// a blank are lists, and stay as they are.
static void print_filled(const char *text, FILE *out) {
    enum { WIDTH = 100 };
    size_t column = 0;
    while (*text) {
        if (*text == '\n') { // the next line is empty, or of a list
            size_t ends = strspn(text, "\n");
            const char *next = text + ends;
            if (ends > 1 || *next == ' ') {
                fputs(ends > 1 ? "\n\n" : "\n", out);
                column = 0;
            }
            text = next;
        }
        size_t length = column || *text != ' ' ? strcspn(text, " \n") : strcspn(text, "\n");
        if (column)
            fputc(column + 1 + length > WIDTH ? '\n' : ' ', out);
        column = column && column + 1 + length <= WIDTH ? column + 1 + length : length;
        fwrite(text, 1, length, out);
        text += length + (text[length] == ' ');
    }
    fputc('\n', out);
}

void options_help(const struct command *command, FILE *out) {
    fprintf(out, "usage: reff %s%s%s%s\n\n%s\n", command->name, command->schema ? " [options]" : "",
            *command->arguments ? " " : "", command->arguments, command->summary);
    if (command->description) {
        fputc('\n', out);
        print_filled(command->description, out);
    }
    fputs("\noptions:\n", out);
    for (const struct setting *s = command->schema; s && s->name; s++)
        print_option(s, out);
    fprintf(out, "  %-28s %s\n", "--help", "print this text");
    if (command->example)
        fprintf(out, "\nexample%s:\n  %s\n", strchr(command->example, '\n') ? "s" : "", command->example);
}

int options_refuse_form(const char *form, struct error *err) {
    return fail_usage(
        err, "--help=%.60s: help is a text (--help), a manual page (--help=man) or a list (--help=list)",
        form);
}

// "unknown option '--lamda' (did you mean '--lambda'?); see reff train --help".
static int refuse(const struct command *command, const char *option, struct error *err) {
    struct suggestion near;
    char known[SETTING_WORD_SIZE + 2];
    suggest_start(&near, option);
    suggest_consider(&near, "--help");
    for (const struct setting *s = command->schema; s && s->name; s++) {
        char name[SETTING_WORD_SIZE];
        snprintf(known, sizeof known, "--%s", option_name(s, name));
        suggest_consider(&near, known);
    }
    return fail_usage(err, "unknown option '%.60s'%s; see reff %s --help", option, suggest_text(&near),
                      command->name);
}

// Adds to what was given before.
static int add_words(const struct setting *s, void *target, const char *value, const char *where,
                     struct error *err) {
    const char *before = (const char *)target + s->offset;
    struct text all = {0};
    text_printf(&all, "%s%s%s", before, *before ? "," : "", value);
    int failed = text_check(&all, where, err) || settings_assign(s, target, text_string(&all), where, err);
    text_free(&all);
    return failed;
}

// One option at argv[i]; returns how many words of argv it took, -1 on failure.
static int take_option(const struct command *command, int argc, char **argv, int i, void *target,
                       struct error *err) {
    char name[SETTING_WORD_SIZE], where[SETTING_WORD_SIZE + 2];
    const char *word = argv[i] + 2, *equals = strchr(word, '=');
    size_t length = equals ? (size_t)(equals - word) : strlen(word);
    if (length >= sizeof name)
        return fail_usage(err, "unknown option '%.60s'; see reff %s --help", argv[i], command->name);
    memcpy(name, word, length);
    name[length] = 0;
    snprintf(where, sizeof where, "--%s", name);

    const struct setting *s = command->schema ? settings_find(command->schema, name) : NULL;
    const char *flag_value = "yes";
    if (!s && command->schema && !strncmp(name, "no-", 3)) {
        s = settings_find(command->schema, name + 3);
        flag_value = "no";
        if (s && s->type != SETTING_TYPE_FLAG)
            s = NULL;
    }
    if (!s)
        return refuse(command, where, err);
    if (s->type == SETTING_TYPE_FLAG && !equals)
        return settings_assign(s, target, flag_value, where, err) ? -1 : 1;
    if (!equals && i + 1 >= argc)
        return fail_usage(err, "%s: a value must follow", where);
    const char *value = equals ? equals + 1 : argv[i + 1];
    int failed = s->type == SETTING_TYPE_WORDS ? add_words(s, target, value, where, err)
                                               : settings_assign(s, target, value, where, err);
    return failed ? -1 : equals ? 1 : 2;
}

int options_override(const struct command *command, int argc, char **argv, void *target, struct words *words,
                     struct error *err) {
    words->count = 0;
    words->items = argv + 1; // compacted in place: a word never moves to the right
    int only_words = 0;
    for (int i = 1; i < argc;) {
        if (!only_words && !strcmp(argv[i], "--")) {
            only_words = 1;
            i++;
        } else if (!only_words && !strcmp(argv[i], "--help")) {
            options_help(command, stdout);
            return 1;
        } else if (!only_words && !strcmp(argv[i], "--help=man")) {
            options_man(command, stdout);
            return 1;
        } else if (!only_words && !strcmp(argv[i], "--help=list")) {
            options_list(command, stdout);
            return 1;
        } else if (!only_words && !strncmp(argv[i], "--help=", 7)) {
            return options_refuse_form(argv[i] + strlen("--help="), err);
        } else if (!only_words && argv[i][0] == '-' && argv[i][1] == '-') {
            int taken = take_option(command, argc, argv, i, target, err);
            if (taken < 0)
                return -1;
            i += taken;
        } else if (!only_words && argv[i][0] == '-' && argv[i][1]) {
            return refuse(command, argv[i], err);
        } else {
            words->items[words->count++] = argv[i++];
        }
    }
    if (words->count && words->count < command->minimum_words)
        return fail_usage(err, "only '%.200s' of %s is given; see reff %s --help",
                          words->items[words->count - 1], command->arguments, command->name);
    if (words->count < command->minimum_words)
        return fail_usage(err, "%s is missing; see reff %s --help", command->arguments, command->name);
    if (command->maximum_words >= 0 && words->count > command->maximum_words)
        return fail_usage(err, "'%.60s' is one word too many; see reff %s --help",
                          words->items[command->maximum_words], command->name);
    return 0;
}

// Whether the word is the option, alone or with "=VALUE".
static int is_option(const char *word, const char *name) {
    if (word[0] != '-' || word[1] != '-')
        return 0;
    word += 2;
    size_t length = strlen(name), size = strcspn(word, "="), same = 0;
    while (same < length && same < size &&
           (word[same] == name[same] || (word[same] == '_' && name[same] == '-')))
        same++;
    return same == length && size == length;
}

int options_given(const struct setting *s, int argc, char *const *argv) {
    char name[SETTING_WORD_SIZE];
    option_name(s, name);
    for (int i = 1; i < argc; i++)
        if (is_option(argv[i], name))
            return 1;
    return 0;
}

int options_parse(const struct command *command, int argc, char **argv, void *target, struct words *words,
                  struct error *err) {
    const char *missing = NULL;
    static _Thread_local char name[SETTING_WORD_SIZE];
    if (command->schema) {
        settings_default(command->schema, target);
        for (const struct setting *s = command->schema; s->name && !missing; s++)
            if (!s->standard && !options_given(s, argc, argv))
                missing = option_name(s, name);
    }
    int result = options_override(command, argc, argv, target, words, err);
    if (!result && missing)
        return fail_usage(err, "--%s is missing; see reff %s --help", missing, command->name);
    return result;
}
