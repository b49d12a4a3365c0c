// SPDX-License-Identifier: Apache-2.0
// The page of results: that its numbers are the table's, that hostile texts do nothing, that it is whole and holds all it
// shows; and in a browser, where there is one, that it opens without complaints, fetches nothing, and filters.
#include "core/base/interrupt.h"
#include "core/base/json.h"
#include "core/base/memory.h"
#include "experiments/page/html.h"
#include "experiments/page/page.h"
#include "experiments/results/table_result_json.h"
#include "experiments/store/record.h"
#include "tests/support/browser.h"
#include "tests/support/fake_work.h"
#include "tests/support/suite.h"
#include "tests/support/sweep_fixture.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HOSTILE "</script><script>hit()</script><img src=x onerror=hit()>\"'&\x1b[2J"

static const char table_text[] = "[table]\ntitle = Words <b>bold</b> & \"more\"\nrow = p\nrows = 0, 1\n"
                                 "columns = baseline, reff\nclaims = C1\n[fixed]\nq = 1\nsize = 223\n";
static const char profile_text[] = "[profile]\ntitle = <script>hit()</script> & more\nseeds = 1,2,3\n"
                                   "[data]\ncanvas = 32\ntrain = 64\ntest = 32\n"
                                   "[train]\nwidth = 4\nbatch = 16\nepochs = 2\n";

static struct request request;
static struct request_options options;

static void begin_comparing(const char *name, const char *compare) {
    struct error err = {0};
    static char table[PATH_SIZE];
    char *words[] = {table};
    fake_reset();
    memset(&options, 0, sizeof options);
    snprintf(options.compare, sizeof options.compare, "%s", compare);
    snprintf(table, sizeof table, "%s", fixture_write("small.ini", table_text));
    snprintf(options.profile, sizeof options.profile, "%s", fixture_write("plan.ini", profile_text));
    snprintf(options.results, sizeof options.results, "%s", suite_path(name));
    CU_ASSERT_EQUAL_FATAL(request_read(&request, &options, words, 1, &fake_work, &err), 0);
}

static void begin(const char *name) {
    begin_comparing(name, "");
}

static void end(void) {
    request_free(&request);
    fake_reset();
}

// Does the runs; as many as fake.fault lets.
static void sweep(void) {
    struct error err = {0};
    FILE *log = fopen("/dev/null", "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(log);
    const struct sweep_options how = {
        .results = options.results, .label = "test", .jobs = 2, .threads = 1, .log = log};
    interrupt_clear();
    sweep_run(&request.plan, &fake_work, &how, &err);
    fclose(log);
}

// Epochs such as the trainer writes: of each run that is done.
static void write_epochs(void) {
    struct error err = {0};
    static const char lines[] = "{\"epoch\":1,\"loss_main\":1.5,\"loss_reg\":0.25,\"test_accuracy\":40.0}\n"
                                "{\"epoch\":2,\"loss_main\":0.5,\"loss_reg\":0.125,\"test_accuracy\":60.0}\n"
                                "{\"epoch\":3,\"loss_ma";
    for (int i = 0; i < request.plan.count; i++) {
        char path[PATH_SIZE];
        CU_ASSERT_FATAL(!run_file(path, options.results, &request.plan.cells[i], "metrics.jsonl", &err) &&
                        !file_write(path, lines, strlen(lines), &err));
    }
}

// The page, to be freed.
static char *page_text(char output[PATH_SIZE]) {
    struct error err = {0};
    *output = 0;
    int failed = page_make(&request, options.results, output, 0, &err);
    if (failed)
        printf("%s ", err.message);
    CU_ASSERT_EQUAL_FATAL(failed, 0);
    char *text = file_read(output, 1 << 26, NULL, &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    return text;
}

static int count(const char *text, const char *piece) {
    int found = 0;
    for (; (text = strstr(text, piece)); text += strlen(piece))
        found++;
    return found;
}

// ---------------------------------------------------------------------------------------------- text

static void check_text(const char *text, const char *want) {
    struct text out = {0};
    html_text(&out, text);
    suite_text_is(text_string(&out), want);
    text_free(&out);
}

static void test_text_is_shown_and_does_nothing(void) {
    check_text("a < b & c > \"d\" 'e'", "a &lt; b &amp; c &gt; &quot;d&quot; &#39;e&#39;");
    check_text("</script>\x1b[2J\n\t\x7f", "&lt;/script&gt;\\x1b[2J\\x0a\\x09\\x7f");
    check_text("\xc2\x9b"
               "31m \xc3\xa9 \xe2\x89\xa5 \xf0\x9f\x98\x80",
               "\\x9b31m \xc3\xa9 \xe2\x89\xa5 \xf0\x9f\x98\x80");
    // No UTF-8: a lone byte, an overlong form, half a character, a surrogate, beyond U+10FFFF.
    check_text(
        "\xff|\xc0\xaf|\xe2\x82|\xed\xa0\x80|\xf4\x90\x80\x80",
        "\xef\xbf\xbd|\xef\xbf\xbd\xef\xbf\xbd|\xef\xbf\xbd\xef\xbf\xbd|\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd|"
        "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
}

static void test_a_link_is_a_path_and_no_scheme(void) {
    struct text out = {0};
    html_link(&out, "javascript:hit()/a b/\"<>&?#%.json");
    suite_text_is(text_string(&out), " href=\"javascript%3Ahit%28%29/a%20b/%22%3C%3E%26%3F%23%25.json\"");
    text_free(&out);
}

static void test_base_64_is_that_of_the_standard(void) {
    static const char *const pairs[][2] = {
        {"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"foobar", "Zm9vYmFy"}};
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) { // RFC 4648, section 10
        struct text out = {0};
        html_base64(&out, pairs[i][0], strlen(pairs[i][0]));
        suite_text_is(text_string(&out), pairs[i][1]);
        text_free(&out);
    }
    char long_one[10000], *text;
    struct text out = {0};
    struct error err = {0};
    memset(long_one, 0, sizeof long_one);
    html_base64(&out, long_one, sizeof long_one);
    text = text_take(&out, "test", &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    CU_ASSERT_EQUAL(strlen(text), 13336);
    CU_ASSERT_EQUAL(strspn(text, "A"), 13334);
    free(text);
}

// ---------------------------------------------------------------------------------------------- numbers

// The next <data value="..."> behind *at; NaN where there is none before `end`.
static double next_number(const char **at, const char *end_of) {
    static const char begins[] = "<data value=\"";
    const char *found = strstr(*at, begins);
    if (!found || found >= end_of)
        return NAN;
    *at = found + strlen(begins);
    return strtod(*at, NULL);
}

// Every cell of the page has the JSON's mean, deviation, and the paper's where there are any: to the last bit.
static void test_the_numbers_are_those_of_the_tables_json(void) {
    struct error err = {0};
    struct request_results results;
    char output[PATH_SIZE];
    begin("numbers");
    sweep();
    char *page = page_text(output);
    CU_ASSERT_EQUAL_FATAL(request_results_read(&results, &request, options.results, &err), 0);
    json_t *json =
        table_result_json(&results.tables[0], results.claims, results.claim_count, results.provenance[0]);
    const char *at = strstr(page, "<table class=\"results\">"), *ends = at ? strstr(at, "</table>") : NULL;
    CU_ASSERT_PTR_NOT_NULL_FATAL(ends);
    size_t i, k;
    json_t *cell, *value;
    int numbers = 0;
    json_array_foreach(json_object_get(json, "cells"), i, cell) {
        CU_ASSERT_EQUAL(next_number(&at, ends), json_number_value(json_object_get(cell, "mean")));
        CU_ASSERT_EQUAL(next_number(&at, ends), json_number_value(json_object_get(cell, "std")));
        numbers += 2;
    }
    CU_ASSERT_EQUAL(numbers, 8);
    CU_ASSERT(isnan(next_number(&at, ends)));
    at = strstr(page, "Every seed"), ends = at ? strstr(at, "</table>") : NULL;
    CU_ASSERT_PTR_NOT_NULL_FATAL(ends);
    json_array_foreach(json_object_get(json, "cells"), i, cell) {
        for (size_t side = 0; side < 2; side++)
            CU_ASSERT_EQUAL(next_number(&at, ends),
                            json_number_value(json_array_get(json_object_get(cell, "ci95"), side)));
        json_array_foreach(json_object_get(cell, "values"), k, value)
            CU_ASSERT_EQUAL(next_number(&at, ends), json_number_value(value));
    }
    CU_ASSERT(isnan(next_number(&at, ends)));
    // The claim's effect with its interval; C1 has no paper's numbers on a table of another name.
    suite_text_has(page, "> ours with the 95&nbsp;% interval <");
    CU_ASSERT_PTR_NULL(strstr(page, "the paper&#39;s verdict"));
    json_t *claim = json_array_get(json_object_get(json, "claims"), 0);
    at = strstr(page, "id=\"C1\""), ends = at ? strstr(at, "</li>") : NULL;
    CU_ASSERT_PTR_NOT_NULL_FATAL(ends);
    CU_ASSERT_EQUAL(next_number(&at, ends), json_number_value(json_object_get(claim, "effect")));
    for (size_t side = 0; side < 2; side++)
        CU_ASSERT_EQUAL(next_number(&at, ends),
                        json_number_value(json_array_get(json_object_get(claim, "interval"), side)));
    json_decref(json);
    request_results_free(&results, &request);
    free(page);
    end();
}

// The other numbers stand below, folded up: those that the runs recorded, and no others.
static void test_other_numbers_that_runs_recorded_are_below_the_accuracy(void) {
    struct error err = {0};
    struct request_results results;
    char output[PATH_SIZE];
    begin("others");
    char *page = page_text(output);
    CU_ASSERT_PTR_NULL(strstr(page, "Other numbers")); // nothing was run
    free(page);
    sweep();
    page = page_text(output);
    suite_text_has(page, "<summary>Other numbers: worst class</summary>");
    CU_ASSERT_EQUAL(count(page, "data-metric="), 1);
    const char *at = strstr(page, "data-metric=\"worst_class_accuracy\""),
               *ends = at ? strstr(at, "</table>") : NULL;
    CU_ASSERT_PTR_NOT_NULL_FATAL(ends);
    CU_ASSERT_EQUAL_FATAL(request_results_read(&results, &request, options.results, &err), 0);
    int numbers = 0;
    for (int i = 0; i < 4; i++, numbers++) {
        const json_t *metric = json_object_get(results.tables[0].cells[i].metrics, "worst_class_accuracy");
        CU_ASSERT_EQUAL(next_number(&at, ends), json_number_value(json_object_get(metric, "mean")));
        CU_ASSERT_EQUAL(next_number(&at, ends), json_number_value(json_object_get(metric, "std")));
    }
    CU_ASSERT_EQUAL(numbers, 4);
    CU_ASSERT(isnan(next_number(&at, ends)));
    request_results_free(&results, &request);
    free(page);
    end();
}

// The paper's verdicts stay: claims are the paper's.
static void test_a_users_numbers_stand_under_their_own_name(void) {
    struct error err = {0};
    struct request_results results;
    char output[PATH_SIZE], *text = NULL;
    size_t size;
    begin_comparing("compare",
                    fixture_write("mine & ours.csv", "table,row,column,mean,std\nsmall,0.0,reff,50.5,1.25\n"
                                                     "small,1,reff,90,\n"));
    sweep();
    char *page = page_text(output);
    suite_text_has(page, "<div class=\"papers\">mine &amp; ours <data value=\"50.5\">50.50</data>");
    suite_text_has(page, "<data value=\"90.0\">90.00</data></div>"); // no deviation
    suite_text_has(page, "the diamond is that of mine &amp; ours.");
    CU_ASSERT_EQUAL(count(page, "class=\"papers\""), 2);
    free(page);
    CU_ASSERT_EQUAL_FATAL(request_results_read(&results, &request, options.results, &err), 0);
    json_t *json = table_result_json(&results.tables[0], NULL, 0, results.provenance[0]);
    const json_t *cell = json_array_get(json_object_get(json, "cells"), 1);
    suite_text_is(json_string_value(json_object_get(json, "reference")), "mine & ours");
    CU_ASSERT_EQUAL(json_number_value(json_object_get(cell, "reference_mean")), 50.5);
    CU_ASSERT_PTR_NULL(json_object_get(cell, "paper_mean"));
    json_decref(json);
    FILE *out = open_memstream(&text, &size);
    CU_ASSERT_PTR_NOT_NULL_FATAL(out);
    CU_ASSERT(!table_result_print(out, SHEET_MARKDOWN, &results.tables[0], NULL, 0, NULL, &err));
    CU_ASSERT(!table_result_print(out, SHEET_CSV, &results.tables[0], NULL, 0, NULL, &err));
    fclose(out);
    suite_text_has(text, "(mine & ours, difference)");
    suite_text_has(text, "50.50 \xc2\xb1 1.25 (");
    suite_text_has(text, "the difference is ours less that of mine & ours.");
    suite_text_has(text, ",mine & ours_mean,mine & ours_std,difference,");
    CU_ASSERT_PTR_NULL(strstr(text, "paper"));
    free(text);
    request_results_free(&results, &request);
    end();
}

static void test_numbers_of_no_cell_are_refused(void) {
    struct error err = {0};
    struct request other;
    char *words[] = {"table1a"};
    memset(&options, 0, sizeof options);
    snprintf(options.profile, sizeof options.profile, "tiny");
    snprintf(options.results, sizeof options.results, "%s", suite_path("nothing"));
    snprintf(options.compare, sizeof options.compare, "%s",
             fixture_write("far.csv", "table,row,column,mean\ntable1b,0,reff,1\n"));
    CU_ASSERT_EQUAL(request_read(&other, &options, words, 1, &fake_work, &err), -1);
    CU_ASSERT_EQUAL(err.status, EXIT_FAILED);
    suite_text_has(err.message, "far.csv: none of its numbers is of a cell of these tables");
    request_free(&other);
}

// The others are shown; a slip in a name is told.
static void test_a_number_beside_all_cells_is_told(void) {
    struct program_result r;
    char table[PATH_SIZE], csv[PATH_SIZE], profile[PATH_SIZE];
    snprintf(table, sizeof table, "%s", fixture_write("slip.ini", table_text));
    snprintf(profile, sizeof profile, "%s", fixture_write("slips.ini", profile_text));
    snprintf(csv, sizeof csv, "%s",
             fixture_write("slip.csv",
                           "table,row,column,mean\nslip,0,reff,50\nslip,1,ref,51\nslip,0.5,reff,52\n"
                           "slip,All,reff,53\nother,7,reff,1\n"));
    CU_ASSERT_EQUAL(reff_run(&r, 0, "table", table, "--profile", profile, "--results", suite_path("slip"),
                             "--compare", csv),
                    0);
    suite_text_has(
        r.err, "slip.csv: numbers of no cell: slip: row 1, column ref; slip: row 0.5, column reff; slip: row "
               "All, column reff\n");
    suite_text_has(r.out, "50.00");
    program_free(&r);
}

// ---------------------------------------------------------------------------------------------- structure

// Tags that are opened are closed, in order: of what is not a script, a style or a void element.
static int is_balanced(const char *page) {
    char open[64][16];
    int depth = 0, tags = 0;
    for (const char *at = page; (at = strchr(at, '<')); at++) {
        int closes = at[1] == '/';
        char name[16];
        size_t length =
            strspn(at + 1 + closes, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789");
        const char *ends = strchr(at, '>');
        if (at[1] == '!')
            continue;
        if (!length || length >= sizeof name || !ends)
            return 0;
        snprintf(name, sizeof name, "%.*s", (int)length, at + 1 + closes);
        tags++;
        if (closes && (!depth || strcmp(open[--depth], name)))
            return printf("</%s> at %ld ", name, (long)(at - page)), 0;
        if (closes || !strcmp(name, "meta") || !strcmp(name, "img") || !strcmp(name, "input") ||
            ends[-1] == '/')
            continue;
        if (depth == 64)
            return 0;
        memcpy(open[depth++], name, sizeof name);
        if (!strcmp(name, "script") || !strcmp(name, "style"))
            at = strstr(at, !strcmp(name, "script") ? "</script>" : "</style>") - 1;
    }
    return !depth && tags > 100;
}

static void test_the_page_is_well_formed_and_holds_all_that_it_shows(void) {
    static const char *const outside[] = {"http:",   "https:", "//",      "<link",
                                          "@import", "url(",   "<iframe", "fetch("};
    char output[PATH_SIZE];
    begin("structure");
    sweep();
    write_epochs();
    char *page = page_text(output);
    CU_ASSERT(is_balanced(page));
    suite_text_begins(page, "<!DOCTYPE html>\n<html lang=\"en\">");
    suite_text_has(page, "default-src 'none'");
    CU_ASSERT_EQUAL(count(page, "<script"), 1);
    char *script = strstr(page, "<script>"); // comments of its own may have slashes
    for (size_t i = 0; i < sizeof outside / sizeof *outside; i++) {
        const char *found = strstr(page, outside[i]);
        CU_ASSERT(!found || (found > script && !strcmp(outside[i], "//")));
    }
    CU_ASSERT_EQUAL(count(page, "class=\"dot\""), 24);   // accuracy, and that of the worst class
    CU_ASSERT_EQUAL(count(page, "class=\"curve\""), 36); // of each run: accuracy, cross entropy, regulariser
    CU_ASSERT_EQUAL(count(page, "tr class=\"run\""), 12);
    suite_text_has(page, "<figcaption>Cross entropy</figcaption>");
    suite_text_has(page, "d=\"M164.0 130.0L292.0 8.0\""); // 40 and 60 % on an axis of just these
    free(page);
    end();
}

static void test_links_lead_to_the_records_wherever_the_page_lies(void) {
    static const char *const places[] = {"links/page/p.html", "elsewhere/deep/p.html", "links/p.html"};
    begin("links");
    sweep();
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        struct error err = {0};
        char output[PATH_SIZE], folder[PATH_SIZE], path[PATH_SIZE + 64];
        snprintf(output, sizeof output, "%s", suite_path(places[i]));
        CU_ASSERT_EQUAL_FATAL(page_make(&request, options.results, output, 0, &err), 0);
        char *page = file_read(output, 1 << 26, NULL, &err);
        CU_ASSERT_PTR_NOT_NULL_FATAL(page);
        snprintf(folder, sizeof folder, "%s", output);
        *strrchr(folder, '/') = 0;
        int links = 0;
        for (const char *at = page; (at = strstr(at, " href=\"")); links++) {
            at += strlen(" href=\"");
            snprintf(path, sizeof path, "%s/%.*s", folder, (int)strcspn(at, "\""), at);
            if (*at != '#' && !strstr(path, "metrics.jsonl"))
                CU_ASSERT(file_exists(path));
        }
        CU_ASSERT_EQUAL(links, 5 + 12 + 24); // sections, cells, runs
        free(page);
    }
    end();
}

static void test_equal_results_give_equal_bytes(void) {
    char output[PATH_SIZE];
    begin("bytes");
    sweep();
    char *first = page_text(output), *second = page_text(output);
    CU_ASSERT_STRING_EQUAL(first, second);
    free(first), free(second);
    end();
}

static void test_a_page_that_cannot_be_written_is_told_and_leaves_nothing(void) {
    struct error err = {0};
    char output[PATH_SIZE];
    begin("full");
    sweep();
    snprintf(output, sizeof output, "%s", suite_path("full/page/p.html"));
    suite_limit_files(1000);
    CU_ASSERT_EQUAL(page_make(&request, options.results, output, 0, &err), -1);
    suite_limit_files(0);
    suite_text_has(err.message, "full/page/p.html");
    CU_ASSERT_EQUAL(suite_count_entries(suite_path("full/page")), 0);
    end();
}

// ---------------------------------------------------------------------------------------------- hostile records

// A failed run whose message is hostile, and a record with hostile words where the page takes some.
static void make_hostile(void) {
    struct error err = {0};
    char path[PATH_SIZE];
    const struct cell *last = &request.plan.cells[request.plan.count - 1], *first = &request.plan.cells[0];
    fake.fault_seed = 3;
    fake.fault_method = "reff";
    sweep();
    CU_ASSERT_EQUAL_FATAL(run_record_failure(options.results, last, HOSTILE, &err), 0);
    CU_ASSERT_EQUAL_FATAL(run_file(path, options.results, first, "run.json", &err), 0);
    json_t *record = json_read(path, &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(record);
    json_object_set_new(record, "provenance",
                        json_pack("{s:s, s:s}", "processor", "</script><img src=x onerror=hit()>\x1b[2J",
                                  "git_revision", "\"><script>hit()</script>"));
    CU_ASSERT_EQUAL_FATAL(json_write(path, record, &err), 0);
    json_decref(record);
}

static void test_a_hostile_record_is_shown_and_does_nothing(void) {
    char output[PATH_SIZE];
    begin("hostile");
    make_hostile();
    char *page = page_text(output);
    CU_ASSERT(is_balanced(page));
    CU_ASSERT_EQUAL(count(page, "<script"), 1);
    CU_ASSERT_EQUAL(count(page, "</script"), 1);
    CU_ASSERT_EQUAL(count(page, "<img"), 0);
    CU_ASSERT_EQUAL(count(page, "<b>bold"), 0);
    CU_ASSERT_PTR_NULL(strchr(page, 0x1b));
    suite_text_has(page, "failed: &lt;/script&gt;&lt;script&gt;hit()");
    suite_text_has(page, "\\x1b[2J");
    suite_text_has(page, "Words &lt;b&gt;bold&lt;/b&gt; &amp; &quot;more&quot;");
    suite_text_has(page, "&quot;&gt;&lt;script&gt;hit()&lt;/script&gt;");
    free(page);
    end();
}

// ---------------------------------------------------------------------------------------------- pictures

// Whatever bytes the file has, they come back from base 64 as they are.
static void test_grids_that_were_drawn_are_in_the_page_others_are_named(void) {
    struct error err = {0};
    static const char picture[] = "\x89PNG\r\n\x1a\n</script>\"";
    char output[PATH_SIZE], folder[PATH_SIZE], path[PATH_SIZE + 16];
    begin("pictures");
    snprintf(folder, sizeof folder, "%s", suite_path("pictures/figures/plan"));
    snprintf(path, sizeof path, "%s/fig3a.png", folder);
    CU_ASSERT_FATAL(!folder_make(folder, &err) && !file_write(path, picture, strlen(picture), &err));
    char *page = page_text(output);
    suite_text_has(page, "src=\"data:image/png;base64,iVBORw0KGgo8L3NjcmlwdD4i\"");
    suite_text_has(page, "id=\"fig3a\" data-set=\"textured-mnist\"");
    CU_ASSERT_EQUAL(count(page, "<img"), 1);
    suite_text_has(page, "Not drawn yet (<code>make figures PROFILE=plan</code>): ");
    CU_ASSERT_PTR_NULL(strstr(page, "Grad-CAM on Pets")); // which no run of the page is about
    CU_ASSERT(is_balanced(page));
    free(page);
    end();
}

// ---------------------------------------------------------------------------------------------- what is not there

static void test_without_results_the_page_says_so(void) {
    char output[PATH_SIZE];
    begin("none");
    char *page = page_text(output);
    CU_ASSERT(is_balanced(page));
    suite_text_has(page, "<b>0 of 12</b>");
    suite_text_has(page, "No run is done.");
    suite_text_has(page, "p = 0, reff has results of no seed, a test needs two (not run)");
    free(page);
    end();
}

static void test_a_page_of_a_sweep_at_work_loads_itself_anew(void) {
    struct error err = {0};
    char output[PATH_SIZE];
    begin("work");
    snprintf(output, sizeof output, "%s", suite_path("work.html"));
    CU_ASSERT_EQUAL_FATAL(page_make(&request, options.results, output, 1, &err), 0);
    char *page = file_read(output, 1 << 26, NULL, &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(page);
    suite_text_has(page, "<meta http-equiv=\"refresh\" content=\"60\">");
    suite_text_has(page, "A sweep is at work.");
    free(page);
    page = page_text(output);
    CU_ASSERT_PTR_NULL(strstr(page, "http-equiv=\"refresh\""));
    free(page);
    end();
}

static int visits;

static void visit(void *context) {
    struct error err = {0};
    char *output = context;
    visits++;
    CU_ASSERT_EQUAL(page_make(&request, options.results, output, 1, &err), 0);
}

static void test_a_sweep_lets_its_page_be_renewed(void) {
    struct error err = {0};
    char output[PATH_SIZE];
    begin("renewed");
    snprintf(output, sizeof output, "%s", suite_path("renewed.html"));
    FILE *log = fopen("/dev/null", "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(log);
    const struct sweep_options how = {.results = options.results,
                                      .label = "test",
                                      .jobs = 1,
                                      .threads = 1,
                                      .log = log,
                                      .visit = visit,
                                      .visit_context = output};
    visits = 0;
    interrupt_clear();
    CU_ASSERT_EQUAL(sweep_run(&request.plan, &fake_work, &how, &err), 0);
    fclose(log);
    CU_ASSERT_EQUAL(visits, 1); // a minute has not passed
    char *page = file_read(output, 1 << 26, NULL, &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(page);
    suite_text_has(page, "A sweep is at work.");
    suite_text_has(page, " of 12</b><span>runs done");
    free(page);
    end();
}

static void run_one(const char *name, const char *page, struct program_result *r) {
    reff_run(r, 0, "run", "table1a", "--profile", "tiny", "--rows", "0", "--columns", "baseline", "--seeds",
             "1,", "--results", suite_path(name), "--page", page);
}

static void test_run_leaves_a_page_of_what_was_done(void) {
    struct error err = {0};
    struct program_result r;
    run_one("one", suite_path("one.html"), &r);
    CU_ASSERT_EQUAL(r.status, 0);
    program_free(&r);
    char *page = file_read(suite_path("one.html"), 1 << 26, NULL, &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(page);
    suite_text_has(page, "<b>1 of 1</b><span>runs done");
    suite_text_has(page, "href=\"one/runs/");
    CU_ASSERT_PTR_NULL(strstr(page, "A sweep is at work."));
    free(page);
    run_one("two", "/dev/null", &r);
    CU_ASSERT_EQUAL(r.status, 1);
    suite_text_has(r.err, "/dev/null: not a regular file");
    CU_ASSERT(!file_exists(suite_path("two"))); // told before anything is run
    program_free(&r);
}

// Whether `reff page` of everything has the table.
static int shows(const char *results, const char *id) {
    struct error err = {0};
    struct program_result r;
    reff_run(&r, 0, "page", "--profile", "tiny", "--results", results, "--output", suite_path("all.html"));
    CU_ASSERT_EQUAL(r.status, 0);
    program_free(&r);
    char *page = file_read(suite_path("all.html"), 1 << 26, NULL, &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(page);
    suite_text_has(page, "> the paper, each with its 95&nbsp;% interval <");
    int found = strstr(page, id) != NULL;
    free(page);
    return found;
}

// The baseline is a column of the paper's tables as well: its runs are none of the suite's.
static void test_tables_of_suites_are_shown_where_something_of_them_was_run(void) {
    struct program_result r;
    char results[PATH_SIZE];
    snprintf(results, sizeof results, "%s", suite_path("suites"));
    static const char *const columns[] = {"baseline", "swap"};
    for (int i = 0; i < 2; i++) {
        reff_run(&r, 0, "run", "controls", "--profile", "tiny", "--rows", "0", "--columns", columns[i],
                 "--seeds", "1,", "--results", results);
        CU_ASSERT_EQUAL(r.status, 0);
        program_free(&r);
        CU_ASSERT(shows(results, "id=\"table1a\""));
        CU_ASSERT_EQUAL(shows(results, "id=\"controls\""), i);
        CU_ASSERT_EQUAL(shows(results, "id=\"D1\""), i);
    }
}

// ---------------------------------------------------------------------------------------------- in a browser

#define COUNT(selector)                                                                                      \
    "[...document.querySelectorAll('" selector "')].filter(e => e.checkVisibility()).length"
#define SHOWN(selector) "return " COUNT(selector)

static void test_in_a_browser_the_page_opens_fetches_nothing_and_filters(void) {
    struct browser b;
    char output[PATH_SIZE];
    if (!browser_is_there())
        SKIP("no Chromium with chromedriver");
    begin("browser");
    make_hostile();
    write_epochs();
    free(page_text(output));
    browser_open(&b, output, 1280, 900, 0);
    CU_ASSERT_EQUAL(browser_number(&b, SHOWN("svg.dot")), 10); // seed 3 of reff failed
    CU_ASSERT_EQUAL(browser_number(&b, SHOWN(".results td")), 4);
    browser_click(&b, "#filters label:has([value=reff])");
    CU_ASSERT_EQUAL(browser_number(&b, SHOWN("svg.dot")), 4);
    CU_ASSERT_EQUAL(browser_number(&b, SHOWN(".results td")), 2);
    browser_click(&b, "#filters label:has([data-filter=seed][value=\"2\"])");
    CU_ASSERT_EQUAL(browser_number(&b, SHOWN("svg.dot")), 2);
    browser_click(&b, ".group summary");
    CU_ASSERT_EQUAL(browser_number(&b, SHOWN("tr.run")), 1);
    CU_ASSERT_EQUAL(browser_number(&b, SHOWN("path.curve")), 3);
    json_t *address = browser_run(&b, "return location.hash");
    suite_text_is(json_string_value(address), "#method=reff&seed=2");
    browser_load(&b, output, "method=reff&seed=2"); // as after a minute of a sweep
    json_decref(address);
    CU_ASSERT_EQUAL(browser_number(&b, SHOWN("svg.dot")), 2);
    browser_click(&b, "#filters button");
    CU_ASSERT_EQUAL(
        browser_number(&b, "return new Promise(r => setTimeout(() => r(" COUNT("svg.dot") "), 50))"), 10);
    browser_click(&b, ".metrics summary");
    CU_ASSERT_EQUAL(browser_number(&b, SHOWN("svg.dot")), 20);
    browser_click(&b, "#filters label:has([value=reff])");
    CU_ASSERT_EQUAL(browser_number(&b, SHOWN(".metric svg.dot")), 4);
    CU_ASSERT_EQUAL(browser_complaints(&b), 0);
    CU_ASSERT_EQUAL(browser_requests(&b), 0);
    browser_close(&b);
    end();
}

static void test_on_a_phone_and_in_the_dark_nothing_sticks_out(void) {
    struct browser b;
    char output[PATH_SIZE];
    if (!browser_is_there())
        SKIP("no Chromium with chromedriver");
    begin("phone");
    sweep();
    free(page_text(output));
    browser_open(&b, output, 500, 900, 1);
    browser_shrink(&b, 375, 800);
    browser_load(&b, output, "");
    CU_ASSERT_EQUAL(browser_number(&b, "return window.innerWidth"), 375);
    CU_ASSERT_EQUAL(browser_number(&b, "return document.documentElement.scrollWidth"), 375);
    CU_ASSERT(
        browser_number(
            &b, "const box = document.querySelector('.scroll'); return box.scrollWidth - box.clientWidth") >
        50);                                                            // a table scrolls in its box
    CU_ASSERT_EQUAL(browser_number(&b, SHOWN("#filters fieldset")), 0); // folded up
    CU_ASSERT(browser_number(&b,
                             "const c = getComputedStyle(document.body).backgroundColor.match(/[0-9]+/g); "
                             "return Number(c[0]) + Number(c[1]) + Number(c[2])") < 120);
    CU_ASSERT_EQUAL(browser_complaints(&b), 0);
    browser_close(&b);
    end();
}

void suite_page(void) {
    CU_pSuite s = CU_add_suite("page", suite_make_folder, suite_remove_folder);
    CU_add_test(s, "text is shown and does nothing", test_text_is_shown_and_does_nothing);
    CU_add_test(s, "a link is a path and no scheme", test_a_link_is_a_path_and_no_scheme);
    CU_add_test(s, "base 64 is that of the standard", test_base_64_is_that_of_the_standard);
    CU_add_test(s, "the numbers are those of the table's JSON",
                test_the_numbers_are_those_of_the_tables_json);
    CU_add_test(s, "other numbers that runs recorded are below the accuracy",
                test_other_numbers_that_runs_recorded_are_below_the_accuracy);
    CU_add_test(s, "a user's numbers stand under their own name",
                test_a_users_numbers_stand_under_their_own_name);
    CU_add_test(s, "numbers of no cell are refused", test_numbers_of_no_cell_are_refused);
    CU_add_test(s, "a number beside all cells is told", test_a_number_beside_all_cells_is_told);
    CU_add_test(s, "the page is well formed and holds all that it shows",
                test_the_page_is_well_formed_and_holds_all_that_it_shows);
    CU_add_test(s, "links lead to the records wherever the page lies",
                test_links_lead_to_the_records_wherever_the_page_lies);
    CU_add_test(s, "equal results give equal bytes", test_equal_results_give_equal_bytes);
    CU_add_test(s, "a page that cannot be written is told and leaves nothing",
                test_a_page_that_cannot_be_written_is_told_and_leaves_nothing);
    CU_add_test(s, "a hostile record is shown and does nothing",
                test_a_hostile_record_is_shown_and_does_nothing);
    CU_add_test(s, "grids that were drawn are in the page, others are named",
                test_grids_that_were_drawn_are_in_the_page_others_are_named);
    CU_add_test(s, "without results the page says so", test_without_results_the_page_says_so);
    CU_add_test(s, "a page of a sweep at work loads itself anew",
                test_a_page_of_a_sweep_at_work_loads_itself_anew);
    CU_add_test(s, "a sweep lets its page be renewed", test_a_sweep_lets_its_page_be_renewed);
    CU_add_test(s, "run leaves a page of what was done", test_run_leaves_a_page_of_what_was_done);
    CU_add_test(s, "tables of suites are shown where something of them was run",
                test_tables_of_suites_are_shown_where_something_of_them_was_run);
    CU_add_test(s, "in a browser the page opens, fetches nothing and filters",
                test_in_a_browser_the_page_opens_fetches_nothing_and_filters);
    CU_add_test(s, "on a phone and in the dark nothing sticks out",
                test_on_a_phone_and_in_the_dark_nothing_sticks_out);
}
