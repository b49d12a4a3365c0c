// SPDX-License-Identifier: Apache-2.0
// What the report takes from results: from fabricated tables, with texts full of what LaTeX gives a meaning,
// with tables and figures missing; and that LaTeX takes it, where there is LaTeX.
#include "core/base/memory.h"
#include "experiments/report/report.h"
#include "experiments/results/table_provenance.h"
#include "tests/support/suite.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char table_text[] =
    "{\"table\": \"table1a\", \"row_name\": \"p\", \"data\": \"drawn, 100 % of_it\","
    " \"claims\": [{\"id\": \"C1\", \"verdict\": \"not shown\", \"claim\": \"a & b_c > 50 %\", \"p_holm\": "
    "0.5, "
    "\"parts\": [{\"part\": \"p = 0 #1\", \"unit\": \"points\", \"effect\": -1.5, \"paper_effect\": 15.39, "
    "\"statistic\": -4.25, \"df\": 3.5, \"p_value\": 0.99988, \"p_opposite\": 0.00012}]},"
    "  {\"id\": \"C2\", \"verdict\": \"not tested\", \"claim\": \"no\", \"reason\": \"{x}\"}],"
    " \"provenance\": {\"command\": \"reff run table1a --data '/my $data'\", \"results_sha256\": \"feed\","
    "  \"inputs\": {\"mnist\": \"abcd\"},"
    "  \"runs_made_by\": [{\"version\": \"0.1\", \"git_revision\": \"aa\", \"git_dirty\": true, "
    "\"compiler\": \"gcc "
    "12\","
    "   \"flags\": \"-O3 -DX=\\\"a_b\\\"\", \"processor\": \"P & Q\", \"instruction_set\": \"AVX2\", "
    "\"precision\": "
    "\"float\","
    "   \"libraries\": {\"open_blas\": \"1\"}, \"runs\": 2}],"
    "  \"runs\": [{\"row\": \"0\", \"column\": \"reff\", \"seed\": 7, \"digest\": \"0123456789abcdef99\"},"
    "             {\"row\": \"0\", \"column\": \"reff\", \"seed\": 9, \"digest\": \"fedcba987654321000\"}]}}";

static const char record_text[] =
    "{\"cell\": {\"data_set\": \"textured-mnist\", \"annotation\": {\"seconds\": 7200}}, \"settings\": "
    "{\"method\": \"reff\", \"model\": "
    "\"small\", "
    "\"width\": 8, \"epochs\": 4}, \"data\": {\"train_images\": 1000, \"pixels\": 32}, \"threads\": 1, "
    "\"seconds\": "
    "40.0, \"provenance\": {\"processor\": \"P & Q\", \"instruction_set\": \"AVX2\"}}";

static const char printed_text[] = "\\begin{table}\n\\centering\n\\caption{Title}\n\\label{tab:table1a}\n"
                                   "\\begin{tabular}{lr}\n\\hline\n$p$ & ReFF \\\\\n\\hline\n\\end{tabular}\n"
                                   "\\end{table}\n";

static void put(const char *name, const char *text) {
    struct error err;
    char folder[PATH_SIZE];
    snprintf(folder, sizeof folder, "%s", suite_path(name));
    *strrchr(folder, '/') = 0;
    CU_ASSERT_FATAL(!folder_make(folder, &err));
    CU_ASSERT_FATAL(!file_write(suite_path(name), text, strlen(text), &err));
}

static char *part_of(const char *name) {
    struct error err;
    char path[256];
    snprintf(path, sizeof path, "paper/tiny/%s", name);
    char *text = file_read(suite_path(path), 1 << 20, NULL, &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    return text;
}

static void expect(const char *name, const char *piece) {
    char *text = part_of(name);
    suite_text_has(text, piece);
    free(text);
}

static int write_report(struct error *err) {
    struct report r;
    char profile[PATH_SIZE], real[PATH_SIZE];
    snprintf(profile, sizeof profile, "%s", suite_path("tiny.ini"));
    snprintf(real, sizeof real, "%s", suite_path("real.ini"));
    int failed = report_read(&r, suite_folder(), profile, err) ||
                 (file_exists(real) && report_read_real(&r, suite_folder(), real, err)) ||
                 report_write(&r, err);
    report_free(&r);
    return failed;
}

// A table's file with the rows, columns and settings that its definition and the profile give today.
static void put_table(const char *name, const char *text) {
    struct error err = {0};
    struct table t;
    struct profile profile;
    struct plan plan;
    struct seeds seeds = {1, {7}};
    char path[128];
    CU_ASSERT_FATAL(!table_read(&t, name, &err) && !profile_read(&profile, suite_path("tiny.ini"), &err) &&
                    !plan_outline(&plan, &profile, &seeds, &t, 1, &err));
    const struct table_result r = {.table = &t, .plan = &plan};
    json_t *table = json_loads(text, 0, NULL), *cells = json_array();
    CU_ASSERT_PTR_NOT_NULL_FATAL(table);
    for (int row = 0; row < t.row_count; row++)
        for (int column = 0; column < t.column_count; column++)
            json_array_append_new(cells,
                                  json_pack("{s:s, s:s}", "row", t.rows[row], "column", t.columns[column]));
    json_object_set_new(table, "cells", cells);
    json_object_set_new(json_object_get(table, "provenance"), "settings", table_provenance_settings(&r));
    snprintf(path, sizeof path, "tables/tiny/%s.json", name);
    CU_ASSERT_FATAL(!json_write(suite_path(path), table, &err));
    json_decref(table);
    plan_free(&plan);
    profile_free(&profile);
}

static void put_profile(const char *lambda) {
    char text[512];
    snprintf(text, sizeof text,
             "[profile]\ntitle = for tests\nseeds = 7,9\n[data]\ncanvas = 16\ntrain = 900\ntest = 64\n"
             "[data pets]\npixels = 16\ntrain = 0\ntest = 74\n[method reff]\nlambda = %s\nlayer_weights = "
             "15,60,0.5,2\n"
             "[method reff pets]\nlambda = 0.25\n",
             lambda);
    put("tiny.ini", text);
}

static void put_results(void) {
    put_profile("5");
    put("tables/tiny/table1a.tex", printed_text);
    put_table("table1a", table_text);
    put("runs/0123456789abcdef/run.json", record_text);
}

static void test_without_tables_there_is_no_report(void) {
    struct error err = {0};
    put_profile("5");
    CU_ASSERT_EQUAL(write_report(&err), 1);
    suite_text_has(err.message, "tables/tiny has no table; make them: make tables PROFILE=");
    CU_ASSERT(!file_exists(suite_path("paper")));
}

static void test_claims_have_verdicts_and_reasons_and_their_texts_are_made_plain(void) {
    struct error err = {0};
    put_results();
    CU_ASSERT_EQUAL_FATAL(write_report(&err), 0);
    expect("claims.tex", "C1 & a \\& b\\_c \\textgreater{} 50 \\%. \\emph{Deciding part:} p = 0 \\#1. "
                         "\\emph{Reason:} the opposite of 'p = 0 \\#1' is significant: p = 0.00012 (Holm)");
    expect("claims.tex", "& \\textbf{contradicted} & $-1.50$ & $+15.39$ & $-4.25$ & 1.000 \\\\\n");
    expect("claims.tex", "C2 & no. \\emph{Reason:} \\{x\\} & \\textbf{not tested} & -- & -- & -- & -- ");
    expect("claims.tex",
           "at every q. \\emph{Reason:} table1b has no results & \\textbf{not tested} & -- "); // named by a
    // table without
    // results
    expect("values.tex", "\\ReffDefine{claims.contradicted}{1}\n");
    expect("values.tex", "\\ReffDefine{claims.reproduced}{0}\n");
}

// The first page: three verdicts a claim. Those of real data come from a table of which only a part was run; the paper's are
// there whatever we have.
static void test_the_first_page_has_three_verdicts_a_claim(void) {
    static const char real[] = "{\"table\": \"table1a\", \"row_name\": \"p\", \"partial\": true, \"cells\": "
                               "[{\"row\": \"0.0\", \"column\": "
                               "\"baseline\"}, {\"row\": \"0.0\", \"column\": \"reff\"}], \"provenance\": "
                               "{}, \"claims\": [{\"id\": \"C1\", "
                               "\"verdict\": \"reproduced\", \"claim\": \"c\", \"parts\": [{\"part\": \"p = "
                               "0.0\", \"unit\": \"points\", "
                               "\"effect\": 12.5, \"error\": 1, \"statistic\": 12.5, \"df\": 3.0, "
                               "\"p_value\": 0.0005, \"p_opposite\": 0.9995}]}]}";
    struct error err = {0};
    put_results();
    put("real.ini", "[profile]\ntitle = r\nseeds = 1\n[data]\ncanvas = 16\ntrain = 900\ntest = 64\n");
    put("tables/real/table1a-partial.json", real);
    CU_ASSERT_EQUAL_FATAL(write_report(&err), 0);
    expect("first.tex", "tiny & \\textcolor{ReffBad}{\\textbf{contradicted}} & $-1.5$");
    expect("first.tex",
           "real & \\textcolor{ReffGood}{\\textbf{reproduced}} & $+12.5$ {\\color{ReffOpen}$[+9.3, +15.7]$}");
    expect(
        "first.tex",
        "paper & \\textcolor{ReffGood}{\\textbf{reproduced}} & $+15.4$ {\\color{ReffOpen}$[+10.7, +20.1]$}");
    expect("first.tex", "\\textbf{C11} & nothing is lost where nothing is spurious");
    expect("first.tex", "tiny & \\textcolor{ReffOpen}{\\textbf{not tested}} & \\\\real & "
                        "\\textcolor{ReffOpen}{\\textbf{not tested}}");
    expect("values.tex", "\\ReffDefine{real.claims.reproduced}{1}\n");
    char *first = part_of("first.tex");
    CU_ASSERT(strstr(first, "{C2}") < strstr(first, "{C10}"));
    free(first);
    CU_ASSERT_FATAL(!unlink(suite_path("tables/real/table1a-partial.json")));
    CU_ASSERT_EQUAL_FATAL(write_report(&err), 0); // no real data's results: they are not tested
    expect("first.tex", "real & \\textcolor{ReffOpen}{\\textbf{not tested}} & \\\\paper & "
                        "\\textcolor{ReffGood}{\\textbf{reproduced}}");
    CU_ASSERT_FATAL(!unlink(suite_path("real.ini")));
}

// Two tables that two sweeps wrote, each with Holm's p over its own claims: the report's is over both.
static void test_claims_of_several_sweeps_are_adjusted_together(void) {
    static const char other[] =
        "{\"table\": \"table1b\", \"row_name\": \"q\", \"data\": \"drawn\", \"claims\": [{\"id\": \"C3\", "
        "\"verdict\": \"reproduced\", \"claim\": \"c\", \"p_value\": 0.03, \"p_holm\": 0.03, "
        "\"claims_tested\": 1, "
        "\"parts\": [{\"part\": \"one\", \"unit\": \"points\", \"effect\": 2, \"statistic\": 3, \"df\": 3, "
        "\"p_value\": 0.01, \"p_opposite\": 0.99}, {\"part\": \"weakest\", \"unit\": \"points\", \"effect\": "
        "1, "
        "\"statistic\": 2, \"df\": 3, \"p_value\": 0.03, \"p_opposite\": 0.97}]}], \"provenance\": "
        "{\"runs\": []}}";
    struct error err = {0};
    put_results();
    put_table("table1b", other);
    CU_ASSERT_EQUAL_FATAL(write_report(&err), 0);
    // C1's p is 0.99988, C3's 0.03: Holm's 0.06. Opposites: 0.00012 and, twice its smallest for its two
    // parts, 1.
    expect("claims.tex",
           "C3 & c. \\emph{Deciding part:} weakest. \\emph{Reason:} p = 0.06 (Holm) is not below 0.05. "
           "\\emph{95\\,\\% interval:} $[-0.59, +2.59]$. \\emph{Would have been shown with a chance of .8:} "
           "2.13 "
           "points & \\textbf{undecided} & $+1.00$ & -- & $2.00$ & 0.060 \\\\\n");
    expect("values.tex", "\\ReffDefine{claims.reproduced}{0}\n");
    CU_ASSERT_FATAL(!unlink(suite_path("tables/tiny/table1b.json")));
}

// Numbers that the settings of today would not give are left out, and it is said which and why.
static void test_tables_of_other_settings_are_left_out_and_named(void) {
    struct error err = {0};
    put_results();
    put_table("table1b", "{\"table\": \"table1b\", \"row_name\": \"q\", \"claims\": [], \"provenance\": {}}");
    put("figures/tiny/curve-table1a.pdf", "");
    put_profile("6");
    CU_ASSERT_EQUAL(write_report(&err), 1);
    suite_text_has(err.message, "has no table that is up to date");
    put_table("table1b", "{\"table\": \"table1b\", \"row_name\": \"q\", \"claims\": [], \"provenance\": {}}");
    CU_ASSERT_EQUAL_FATAL(write_report(&err), 0);
    expect("tables.tex", "(\\textbf{out of date}: lambda 5.0 -\\textgreater{} 6.0): ");
    expect("claims.tex", "table1a is out of date & \\textbf{not tested}");
    expect("values.tex", "\\ReffDefine{runs}{0}\n");
    char *figures = part_of("figures.tex"); // drawn from it
    CU_ASSERT_PTR_NULL(strstr(figures, "curve-table1a.pdf"));
    free(figures);
    CU_ASSERT_FATAL(!unlink(suite_path("figures/tiny/curve-table1a.pdf")));
    CU_ASSERT_FATAL(!unlink(suite_path("tables/tiny/table1b.json")));
}

// A table of some rows is not the table.
static void test_a_table_of_some_rows_is_not_taken_for_the_whole(void) {
    struct error err = {0};
    put_results();
    put("tables/tiny/table1a.json",
        "{\"table\": \"table1a\", \"row_name\": \"p\", \"partial\": true, \"cells\": []}");
    CU_ASSERT_EQUAL(write_report(&err), 1);
    suite_text_has(err.message, "has no table that is up to date");
}

static void test_values_of_results_and_settings_are_defined(void) {
    struct error err = {0};
    put_results();
    CU_ASSERT_EQUAL_FATAL(write_report(&err), 0);
    expect("values.tex", "\\ReffDefine{data}{drawn, 100 \\% of\\_it}\n");
    expect("values.tex", "\\ReffDefine{seeds}{7, 9}\n");
    expect("values.tex", "\\ReffDefine{runs}{2}\n");
    expect("values.tex", "\\ReffDefine{runs.recorded}{1}\n");
    expect("values.tex", "\\ReffDefine{runs.time}{0.7 minutes}\n");
    expect("values.tex", "\\ReffDefine{annotators.time}{2.0 hours}\n");
    expect("values.tex", "\\ReffDefine{train.reff.lambda}{5}\n");
    expect("values.tex", "\\ReffDefine{strength.reff}{5}\n\\ReffDefine{strength.reff.pets}{0.25}\n");
    expect("values.tex", "\\ReffDefine{strength.reff-l1}{-1}\n");
    expect("values.tex", "\\ReffDefine{train.reff.gamma}{10}\n"); // not recorded: its default
    expect("values.tex", "\\ReffDefine{train.reff.layer_weights}{15, 60, 0.5, 2}\n");
    expect("values.tex", "\\ReffDefine{data.textured-mnist.canvas}{16}\n");
    expect("performance.tex", "Textured MNIST & ReFF & small (8) & 32 & P \\& Q, AVX2 & 1 & 1 & 100 \\\\\n");
}

// Four methods beside each other are too wide for a page, so are the settings of six.
static void test_tables_of_many_columns_lie_across_pages_of_their_own(void) {
    struct error err = {0};
    put_results();
    put("tables/tiny/supp-table2.tex", printed_text);
    put("tables/tiny/supp-table3.tex", printed_text);
    put("tables/tiny/supp-table4.tex", printed_text);
    CU_ASSERT_EQUAL_FATAL(write_report(&err), 0);
    expect("tables.tex", "\\ReffTable{../../tables/tiny/table1a.tex}\n"
                         "\\ReffTable{../../tables/tiny/supp-table3.tex}\n"
                         "\\ReffWideTable{../../tables/tiny/supp-table2.tex}\n"
                         "\\ReffWideTable{../../tables/tiny/supp-table4.tex}\n");
    for (int i = 2; i <= 4; i++) {
        char name[64];
        snprintf(name, sizeof name, "tables/tiny/supp-table%d.tex", i);
        unlink(suite_path(name));
    }
}

static void test_missing_tables_and_figures_are_named_with_what_makes_them(void) {
    struct error err = {0};
    put_results();
    put("figures/tiny/curve-table1a.pdf", "");
    CU_ASSERT_EQUAL_FATAL(write_report(&err), 0);
    expect("tables.tex", "\\ReffTable{../../tables/tiny/table1a.tex}\n");
    expect("tables.tex", "\\paragraph{Missing tables.}");
    expect("tables.tex", "\\allowbreak{}reff \\allowbreak{}run \\allowbreak{}table1b ");
    expect("figures.tex", "\\ReffFigure{../../figures/tiny/curve-table1a.pdf}{");
    expect("figures.tex", "\\paragraph{Missing figures.}");
    expect("figures.tex", "\\ReffCode{make \\allowbreak{}figures \\allowbreak{}PROFILE=\\allowbreak{}");
    expect("figures.tex", "; Grad-CAM on Textured MNIST; ");
}

static void test_provenance_names_program_inputs_and_command(void) {
    struct error err = {0};
    put_results();
    CU_ASSERT_EQUAL_FATAL(write_report(&err), 0);
    expect("provenance.tex", "with uncommitted changes; gcc 12; precision float; P \\& Q, AVX2");
    expect("provenance.tex", "a\\_\\allowbreak{}b"); // of the flags
    expect("provenance.tex", "libraries: open\\_blas 1.\n");
    expect("provenance.tex", "\\item textured-mnist, mnist: \\ReffCode{abcd}\n");
    expect("provenance.tex", "\\$\\allowbreak{}data"); // of the command
}

static void write_definitions(const char *shell) {
    struct program_result r;
    const char *const argv[] = {"/bin/sh", "-c", shell, "sh", suite_reff(), suite_path("home"), NULL};
    CU_ASSERT_EQUAL_FATAL(program_run(&r, 0, argv), 0);
    program_free(&r);
}

// Definitions that somebody is still writing are none of the report's: it is made without them, and says so.
static void test_half_written_definitions_are_left_out_and_told(void) {
    struct program_result r;
    const char *named = getenv("REFF_HOME");
    char *before = named ? strdup(named) : NULL, profile[PATH_SIZE];
    put_results();
    write_definitions(
        "mkdir -p \"$2\" && cp -r \"$(dirname \"$1\")/../../experiments\" \"$2\" && cd \"$2\" && "
        "for kind in tables figures profiles; do "
        "printf '[%s]\\ntitle = half wri' ${kind%s} >experiments/$kind/half-written.ini; done");
    setenv("REFF_HOME", suite_path("home"), 1);
    snprintf(profile, sizeof profile, "%s", suite_path("tiny.ini"));
    CU_ASSERT_EQUAL(reff_run(&r, 0, "report", "--results", suite_folder(), "--profile", profile), EXIT_OK);
    suite_text_has(r.err, "experiments/tables/half-written.ini: ");
    suite_text_has(r.err, "experiments/figures/half-written.ini: ");
    suite_text_has(r.err, ": left out\n");
    CU_ASSERT_PTR_NULL(strstr(r.err, "profiles/half-written.ini"));
    program_free(&r);
    expect("tables.tex", "\\ReffTable{../../tables/tiny/table1a.tex}\n");
    expect("values.tex", "\\ReffDefine{runs}{2}\n");
    CU_ASSERT_EQUAL(reff_run(&r, 0, "report", "--results", suite_folder(), "--profile", "half-written"),
                    EXIT_FAILED);
    suite_text_has(r.err, "experiments/profiles/half-written.ini");
    program_free(&r);
    if (before)
        setenv("REFF_HOME", before, 1);
    else
        unsetenv("REFF_HOME");
    free(before);
}

// Each allocation that fails is told, and no half report takes the place of the one before.
static void test_memory_that_runs_out_is_told_and_leaves_the_report_before(void) {
    struct error err = {0};
    put_results();
    CU_ASSERT_EQUAL_FATAL(write_report(&err), 0);
    int entries = suite_count_entries(suite_path("paper/tiny")), failures = 0, ended = 0;
    // The plan of all tables takes many allocations: the first ones each, then further and further apart.
    for (long n = 1; n < 1000000 && !ended; n += 1 + n / 16) {
        struct error why = {0};
        memory_fail_at = n;
        int failed = write_report(&why);
        int reached = memory_fail_at == 0;
        memory_fail_at = 0;
        CU_ASSERT_EQUAL(suite_count_entries(suite_path("paper/tiny")), entries);
        if (!failed) {
            CU_ASSERT(!reached);
            ended = 1;
            continue;
        }
        suite_text_has(why.message, "out of memory");
        failures++;
    }
    CU_ASSERT(ended && failures > 5);
}

// What LaTeX would run, read or write because a table in results says so.
static void test_a_table_that_holds_more_than_a_table_is_refused(void) {
    static const char *const pieces[][2] = {
        {"\\input{/etc/passwd}", "\\input is no command of a table"},
        {"\\write18{id}", "\\write is no command of a table"},
        {"\\csname input\\endcsname x", "\\csname is no command of a table"},
        {"^^5cinput{x}", "^^ is nothing that a table has"},
        {"\\begin{filecontents}{x}", "an environment that no table has"},
        {"\\begin {table}", "an environment that no table has"},
        {"\\@@input x", "\\@@input is no command of a table"},
    };
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
        struct error err = {0};
        char text[2000], expected[200];
        put_results();
        snprintf(text, sizeof text, "%s%s\n", printed_text, pieces[i][0]);
        put("tables/tiny/table1a.tex", text);
        CU_ASSERT(write_report(&err));
        snprintf(expected, sizeof expected, "tables/tiny/table1a.tex: line 11: %s", pieces[i][1]);
        suite_text_has(err.message, expected);
    }
    struct error err = {0};
    put_results();
    CU_ASSERT_EQUAL(write_report(&err), 0);
}

// Paths of scripts/latex and paper/report.tex of the tree that holds build/<configuration>/reff.
static void find_latex(char script[PATH_SIZE], char source[PATH_SIZE]) {
    snprintf(script, PATH_SIZE, "%s", suite_tree_path("scripts/latex"));
    snprintf(source, PATH_SIZE, "%s", suite_tree_path("paper/report.tex"));
}

// Results may come from strangers. A latexmk that tells how it was called stands for the real one.
static void test_nothing_in_results_is_code_to_latex(void) {
    static const char spy[] =
        "#!/bin/sh\n"
        "for word; do case $word in -outdir=*) out=${word#-outdir=};; esac; done\n"
        "{ echo \"$@\"; pwd -P; ls -A; env; } > \"$out/report.pdf\"\ntouch \"$out/report.log\"\n";
    struct error err = {0};
    struct program_result r;
    char script[PATH_SIZE], source[PATH_SIZE], path[PATH_SIZE];
    find_latex(script, source);
    put("spy/latexmk", spy);
    CU_ASSERT_FATAL(!chmod(suite_path("spy/latexmk"), 0755));
    put("paper/odd/values.tex", "\\relax");
    put("paper/odd/.latexmkrc", "system('touch was-run');");
    put("paper/odd/article.cls", "\\relax");
    put("paper/odd/texmf.cnf", "shell_escape = t");
    snprintf(path, sizeof path, "PATH=%.2000s/spy:%.2000s", suite_folder(), getenv("PATH"));
    CU_ASSERT_EQUAL(
        program_run(&r, 0,
                    (const char *const[]){"/usr/bin/env", path, "PERL5OPT=-Modd", "TEXMFCNF=.",
                                          "LATEXMKRCSYS=odd", script, source, suite_path("paper/odd"), NULL}),
        0);
    suite_text_is(r.err, "");
    program_free(&r);
    char *told = file_read(suite_path("paper/odd/report.pdf"), 1 << 16, NULL, &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(told);
    suite_text_begins(told, "-norc ");
    suite_text_has(told, "-no-shell-escape");
    suite_text_has(told, "\nvalues.tex\n");
    static const char *const absent[] = {".latexmkrc", "article.cls", "texmf.cnf",   "odd\n",
                                         "PERL5OPT",   "TEXMFCNF",    "LATEXMKRCSYS"};
    for (size_t i = 0; i < sizeof absent / sizeof *absent; i++)
        CU_ASSERT_PTR_NULL(strstr(told, absent[i]));
    free(told);
    CU_ASSERT_EQUAL(suite_count_entries(suite_path("paper/odd")), 5);
}

// The whole way to the PDF; TeX is no package that the tests may ask for.
static void test_latex_takes_the_report(void) {
    struct error err = {0};
    struct program_result r;
    char script[PATH_SIZE], source[PATH_SIZE];
    if (system("command -v latexmk >/dev/null && kpsewhich booktabs.sty lmodern.sty >/dev/null") != 0)
        SKIP("no LaTeX here");
    put_results();
    put("figures/tiny/curve-table1a.pdf", "");
    unlink(suite_path("figures/tiny/curve-table1a.pdf"));
    CU_ASSERT_EQUAL_FATAL(write_report(&err), 0);
    find_latex(script, source);
    const char *const argv[] = {script, source, suite_path("paper/tiny"), NULL};
    CU_ASSERT_EQUAL(program_run(&r, 0, argv), 0);
    if (r.status)
        printf("\n%s\n", r.err);
    program_free(&r);
    CU_ASSERT(file_exists(suite_path("paper/tiny/report.pdf")));
    CU_ASSERT(!file_exists(suite_path("paper/tiny/report.log")));
}

void suite_report(void) {
    CU_pSuite suite = CU_add_suite("report", suite_make_folder, suite_remove_folder);
    CU_add_test(suite, "without tables there is no report", test_without_tables_there_is_no_report);
    CU_add_test(suite, "claims have verdicts and reasons, and their texts are made plain",
                test_claims_have_verdicts_and_reasons_and_their_texts_are_made_plain);
    CU_add_test(suite, "the first page has three verdicts a claim",
                test_the_first_page_has_three_verdicts_a_claim);
    CU_add_test(suite, "claims of several sweeps are adjusted together",
                test_claims_of_several_sweeps_are_adjusted_together);
    CU_add_test(suite, "tables of other settings are left out and named",
                test_tables_of_other_settings_are_left_out_and_named);
    CU_add_test(suite, "a table of some rows is not taken for the whole",
                test_a_table_of_some_rows_is_not_taken_for_the_whole);
    CU_add_test(suite, "values of results and settings are defined",
                test_values_of_results_and_settings_are_defined);
    CU_add_test(suite, "tables of many columns lie across pages of their own",
                test_tables_of_many_columns_lie_across_pages_of_their_own);
    CU_add_test(suite, "missing tables and figures are named with what makes them",
                test_missing_tables_and_figures_are_named_with_what_makes_them);
    CU_add_test(suite, "provenance names program, inputs and command",
                test_provenance_names_program_inputs_and_command);
    CU_add_test(suite, "half-written definitions are left out and told",
                test_half_written_definitions_are_left_out_and_told);
    CU_add_test(suite, "memory that runs out is told and leaves the report before",
                test_memory_that_runs_out_is_told_and_leaves_the_report_before);
    CU_add_test(suite, "a table that holds more than a table is refused",
                test_a_table_that_holds_more_than_a_table_is_refused);
    CU_add_test(suite, "nothing in results is code to LaTeX", test_nothing_in_results_is_code_to_latex);
    CU_add_test(suite, "LaTeX takes the report", test_latex_takes_the_report);
}
