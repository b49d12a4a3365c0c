// SPDX-License-Identifier: Apache-2.0
// The reff program: finds the subcommand, prints the one error, chooses the exit status.
#include "core/base/file.h"
#include "core/base/interrupt.h"
#include "core/base/limits.h"
#include "core/base/memory.h"
#include "core/base/options_formats.h"
#include "core/base/provenance.h"
#include "core/base/startup.h"
#include "core/base/suggest.h"
#include "core/base/terminal.h"
#include "core/kernels/gemm.h"
#include "core/kernels/isa.h"
#include "experiments/command/commands.h"
#include "experiments/plan/home.h"
#include "gen/command/commands.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct command_entry {
    const char *name;
    int (*run)(int argc, char **argv, struct error *err);
    const char *summary;
};

static const struct command_entry commands[] = {
    {"gen", command_gen, "make data sets, or the built-in digits and textures as files"},
    {"fetch", command_fetch, "fetch the official files of real data"},
    {"annotate", command_annotate, "train a pseudo-annotator and annotate a shard with it"},
    {"train", command_train, "train a network on a shard and record the run"},
    {"gradients", command_gradients, "show the parts of a step's gradient, and what a precision rounds away"},
    {"eval", command_eval, "evaluate a trained network on a shard"},
    {"run", command_run, "do all runs that tables need, then print the tables"},
    {"cell", command_cell, "do single runs of tables that were handed over"},
    {"status", command_status, "show which runs are done, failed, unfinished or running"},
    {"table", command_table, "print tables and claims from the results that are there"},
    {"figure", command_figure, "draw figures from the results that are there"},
    {"page", command_page, "write results as one HTML file"},
    {"report", command_report, "write the parts of the LaTeX report that come from results"},
    {"info", command_info, "show what a shard holds; --machine: this machine; --plan: a training step"},
    {"preview", command_preview, "draw a contact sheet of a shard"},
    {"verify", command_verify, "check a shard against its own claims"},
    {"export", command_export, "write shards as image folders, WebDataset archives or WILDS's layout"},
    {"gate", command_gate, "check that runs are as good as those of a reference"},
    {"regress", command_regress, "check that training still gives the reference's results"},
    {"bench", command_bench, "measure how fast training steps and their convolutions are"},
    {"golden", command_golden, "compare training steps with golden files"},
};

enum { COMMANDS = sizeof commands / sizeof *commands };

static void print_help(FILE *out) {
    fputs("usage: reff COMMAND [options]\n\n"
          "Biased, annotated data sets; training with relevant feature focusing; the paper's "
          "tables.\n\ncommands:\n",
          out);
    for (int i = 0; i < COMMANDS; i++)
        fprintf(out, "  %-10s %s\n", commands[i].name, commands[i].summary);
    fputs("\n'reff COMMAND --help' tells more; 'reff --version' prints the version.\n", out);
}

// The page reff(1).
static void print_page(FILE *out) {
    man_head("", "biased, annotated data sets; relevant feature focusing; the paper's tables", out);
    fputs(
        ".SH SYNOPSIS\n.B reff\nCOMMAND [options]\n.SH DESCRIPTION\nEach command has a page of its own, as\n"
        ".BR reff\\-train (1).\n.SH COMMANDS\n",
        out);
    for (int i = 0; i < COMMANDS; i++) {
        fprintf(out, ".TP\n.B %s\n", commands[i].name);
        man_text(commands[i].summary, out);
    }
    fputs(
        ".SH OPTIONS\n.TP\n.B \\-\\-version\nprint version and revision\n.TP\n.B \\-\\-help\nprint the "
        "commands\n"
        ".SH ENVIRONMENT\n.TP\n.B REFF_HOME\nfolder that holds experiments/tables, experiments/profiles, "
        "experiments/figures\n.TP\n.B REFF_ISA\nthe most that kernels may use of the processor\n"
        ".SH EXIT STATUS\n0 when all went well, 1 when something failed, 2 when the command line is wrong,\n"
        "130 when it was interrupted.\n",
        out);
}

// `reff --help=tables`: the names of definitions of a kind, a line each, for completion.
static int print_names(const char *kind, struct error *err) {
    struct text names = {0};
    int failed = home_list(&names, kind, err);
    for (char *c = names.bytes; c && *c; c++)
        if (*c == ' ')
            *c = '\n';
    if (!failed)
        puts(text_string(&names));
    text_free(&names);
    return failed;
}

// `reff --help=FORM`.
static int print_form(const char *form, struct error *err) {
    if (!strcmp(form, "man"))
        print_page(stdout);
    else if (!strcmp(form, "list"))
        for (int i = 0; i < COMMANDS; i++)
            printf("%s\tword\t%s\n", commands[i].name, commands[i].summary);
    else if (!strcmp(form, "tables") || !strcmp(form, "figures") || !strcmp(form, "profiles"))
        return print_names(form, err);
    else
        return fail_usage(
            err,
            "--help=%.60s: help is a text (--help), a manual page (man) or a list (list, tables, "
            "figures, profiles)",
            form);
    return 0;
}

// What is asked of the program itself: 1 when it is none of these.
static int print_about(const char *word, struct error *err) {
    if (!strcmp(word, "--help"))
        print_help(stdout);
    else if (!strcmp(word, "--version"))
        printf("reff %s\n", provenance_version());
    else if (!strncmp(word, "--help=", 7))
        return print_form(word + 7, err);
    else
        return 1;
    return 0;
}

static const struct command_entry *find_command(const char *name) {
    for (int i = 0; i < COMMANDS; i++)
        if (!strcmp(name, commands[i].name))
            return &commands[i];
    return NULL;
}

static int refuse(const char *name, struct error *err) {
    struct suggestion near;
    suggest_start(&near, name);
    for (int i = 0; i < COMMANDS; i++)
        suggest_consider(&near, commands[i].name);
    return fail_usage(err, "unknown command '%.60s'%s; see reff --help", name, suggest_text(&near));
}

static int run(int argc, char **argv, struct error *err) {
    int result = print_about(argv[1], err);
    if (result > 0) {
        const struct command_entry *command = find_command(argv[1]);
        gemm_choose_kernels(argv);
        interrupt_install();
        if (isa_check_limit(err))
            return err->status = EXIT_USAGE, -1;
        result = command ? command->run(argc - 1, argv + 1, err) : refuse(argv[1], err);
    }
    return result || standard_output_flush(err) || memory_check(err) ? -1 : 0;
}

int main(int argc, char **argv) {
    struct error err = {0};
    if (argc > 1 && *argv[1] != '-') // help computes nothing
        startup_bound_waiting(argv);
    startup_finish();
    limits_set_threads();
    terminal_guard();
    memory_watch();
    if (argc < 2) {
        print_help(stderr);
        return startup_end(EXIT_USAGE);
    }
    if (!run(argc, argv, &err))
        return startup_end(EXIT_OK);
    fprintf(stderr, "reff: %s\n", err.message);
    return startup_end(err.status ? (int)err.status : EXIT_FAILED);
}
