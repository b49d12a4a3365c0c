// SPDX-License-Identifier: Apache-2.0
#include "experiments/page/page_internal.h"

#include "core/base/memory.h"
#include "core/base/provenance.h"
#include "core/methods/method.h"
#include "experiments/figure/figure.h"
#include "experiments/page/html.h"
#include "experiments/results/table_result_words.h"
#include "experiments/results/wording.h"
#include "gen/data_set/data_set.h"

#include <errno.h>
#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>

// The files as they are, each with a zero byte after it.
__asm__(".section .rodata\npage_style:\n.incbin \"experiments/page/page.css\"\n.byte 0\n"
        "page_script:\n.incbin \"experiments/page/page.js\"\n.byte 0\n.previous\n");
extern const char page_style[] __attribute__((visibility("hidden")));
extern const char page_script[] __attribute__((visibility("hidden")));

// ---------------------------------------------------------------------------------------- shared

void page_run_link(struct page *p, const struct cell *cell, const char *file) {
    struct text path = {0};
    text_printf(&path, "%s/runs/%.16s/%s", p->base, cell->digest, file);
    html_link(p->out, text_string(&path));
    p->out->incomplete |= path.incomplete;
    text_free(&path);
}

void page_filter_keys(struct page *p, const char *method, const char *data) {
    html_attribute(p->out, "data-method", method);
    html_attribute(p->out, "data-set", data);
}

void page_colour(struct page *p, const char *column) {
    const struct method *method = method_of(column);
    const struct data_set *set = data_set_of(column);
    text_printf(p->out, " style=\"--c:var(--c%d)\"",
                method ? method->style.colour
                : set  ? set->style.colour
                       : 3);
}

void page_mark(struct text *out, const char *column) {
    static const char *const shapes[MARKERS] = {"M-4 0a4 4 0 1 0 8 0 4 4 0 1 0-8 0z",
                                                "M-3.6-3.6h7.2v7.2h-7.2z", "M0-4.6 4.4 3.4h-8.8z",
                                                "M0-5 5 0 0 5-5 0z"};
    struct series look = {0};
    figure_style(column, &look);
    text_printf(out, "<path d=\"%s\"/>", shapes[(look.marker + MARKERS - 1) % MARKERS]);
}

// "from" and "to" are absolute, without ".", ".." and double slashes (realpath).
static int relative_path(char out[PATH_SIZE], const char *from, const char *to, struct error *err) {
    size_t same = 0;
    struct text path = {0};
    for (size_t i = 0;; i++) {
        int from_ends = !from[i] || from[i] == '/', to_ends = !to[i] || to[i] == '/';
        if (from_ends && to_ends)
            same = i;
        if (!from[i] || !to[i] || from[i] != to[i])
            break;
    }
    for (const char *at = from + same; *at; at++)
        if (*at == '/' && at[1])
            text_add(&path, path.length ? "/.." : "..");
    const char *rest = to + same + (to[same] == '/');
    if (*rest)
        text_printf(&path, "%s%s", path.length ? "/" : "", rest);
    int failed = text_check(&path, "a page's links", err);
    if (!failed && path.length >= PATH_SIZE)
        failed = fail(err, "%s: path too long", to);
    snprintf(out, PATH_SIZE, "%s", path.length ? text_string(&path) : ".");
    text_free(&path);
    return failed;
}

// Where there are no results there is nothing to link to.
static int find_base(struct page *p, struct error *err) {
    char folder[PATH_SIZE], from[PATH_SIZE], to[PATH_SIZE];
    path_folder(folder, p->job->output);
    if (file_check_target(p->job->output, err) || folder_make(folder, err))
        return -1;
    if (!realpath(folder, from))
        return fail_system(err, errno, "%s", folder);
    if (!realpath(p->job->results, to))
        return errno == ENOENT ? 0 : fail_system(err, errno, "%s", p->job->results);
    return relative_path(p->base, from, to, err);
}

// ---------------------------------------------------------------------------------------- the head

// Nothing is fetched, and no script runs but ours, whose digest is named.
static void add_policy(struct text *out) {
    unsigned char digest[SHA256_DIGEST_LENGTH] = {0};
    if (!SHA256((const unsigned char *)page_script, strlen(page_script), digest))
        memory_missed(); // no page is published
    text_add(out, "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
                  "style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; "
                  "script-src 'sha256-");
    html_base64(out, digest, sizeof digest);
    text_add(out, "'\">\n");
}

static void add_head(struct page *p) {
    struct text *out = p->out;
    text_add(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    add_policy(out);
    text_add(out, "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                  "<meta name=\"color-scheme\" content=\"light dark\">\n");
    if (p->job->running)
        text_add(out, "<meta http-equiv=\"refresh\" content=\"60\">\n");
    text_add(out, "<title>ReFF, profile ");
    html_text(out, p->request->profile.name);
    text_printf(out, "</title>\n<style>\n%s</style>\n</head>\n<body>\n", page_style);
}

// ---------------------------------------------------------------------------------------- what there is

static int count_verdict(const struct page *p, int of_paper, enum verdict verdict) {
    int count = 0;
    for (int i = 0; i < p->results->claim_count; i++) {
        const struct claim_result *c = &p->results->claims[i];
        count += !c->is_order && (of_paper ? &c->paper : &c->ours)->verdict == verdict;
    }
    return count;
}

static void add_tile(struct text *out, const char *number, const char *words) {
    text_printf(out, "<div class=\"tile\"><b>%s</b><span>%s</span></div>\n", number, words);
}

static void add_tiles(struct page *p) {
    struct text number = {0}, words = {0};
    int claims = 0, papers = 0;
    for (enum verdict v = 0; v < VERDICTS; v++) {
        claims += count_verdict(p, 0, v);
        papers += v == NOT_TESTED ? 0 : count_verdict(p, 1, v);
    }
    text_add(p->out, "<div class=\"tiles\">\n");
    if (claims) {
        text_printf(&number, "%d of %d", count_verdict(p, 0, REPRODUCED), claims);
        text_add(&words, "claims reproduced");
        static const enum verdict others[] = {CONTRADICTED, ABSENT, UNDECIDED, NOT_TESTED};
        for (int i = 0; i < 4; i++)
            if (count_verdict(p, 0, others[i]))
                text_printf(&words, ", %d %s", count_verdict(p, 0, others[i]), verdict_names[others[i]]);
        add_tile(p->out, text_string(&number), text_string(&words));
    }
    if (papers) {
        text_clear(&number), text_clear(&words);
        text_printf(&number, "%d of %d", count_verdict(p, 1, REPRODUCED), papers);
        add_tile(p->out, text_string(&number), "by the same tests of the paper&#39;s own numbers");
    }
    text_clear(&number), text_clear(&words);
    text_printf(&number, "%d of %d", p->done, p->run_count);
    text_add(&words, "runs done");
    if (p->later)
        text_printf(&words, "; up to %d more if claims need them", p->later);
    add_tile(p->out, text_string(&number), text_string(&words));
    text_add(p->out, "</div>\n");
    p->out->incomplete |= number.incomplete | words.incomplete;
    text_free(&number), text_free(&words);
}

static void add_header(struct page *p) {
    struct text *out = p->out;
    text_add(out, "<header>\n<p class=\"over\">Relevant feature focusing, reproduced</p>\n<h1>Profile ");
    html_text(out, p->request->profile.name);
    text_add(out, "</h1>\n<p class=\"lead\">");
    html_text(out, p->request->profile.title);
    text_add(out, "</p>\n");
    add_tiles(p);
    if (p->job->running)
        text_add(out,
                 "<p class=\"running\" role=\"status\">A sweep is at work. This page is written anew, and "
                 "loads itself, every minute.</p>\n");
    text_add(out, "</header>\n<nav aria-label=\"Sections\"><a href=\"#claims\">Claims</a> <a "
                  "href=\"#tables\">Tables</a> <a href=\"#runs\">Runs</a> <a href=\"#pictures\">Grad-CAM</a> "
                  "<a href=\"#provenance\">Provenance</a></nav>\n");
}

// ---------------------------------------------------------------------------------------- filters

static void add_choice(struct page *p, const char *kind, const char *value, const char *title, int coloured) {
    struct text *out = p->out;
    text_add(out, "<label");
    if (coloured)
        page_colour(p, value);
    text_printf(out, "><input type=\"checkbox\" data-filter=\"%s\"", kind);
    html_attribute(out, "value", value);
    text_add(out, ">");
    if (coloured) {
        text_add(out, "<svg class=\"key\" viewBox=\"-6 -6 12 12\" aria-hidden=\"true\">");
        page_mark(out, value);
        text_add(out, "</svg>");
    }
    html_text(out, title);
    text_add(out, "</label>\n");
}

static int has_run(const struct page *p, const struct method *method, const struct data_set *set,
                   const uint64_t *seed) {
    for (int i = 0; i < p->run_count; i++) {
        const struct cell *c = p->runs[i].cell;
        if ((!method || !strcmp(c->training.method, method->name)) && (!set || c->set == set) &&
            (!seed || c->seed == *seed))
            return 1;
    }
    return 0;
}

static int is_first_of_set(const struct page *p, int run) {
    for (int i = 0; i < run; i++)
        if (p->runs[i].cell->set == p->runs[run].cell->set)
            return 0;
    return 1;
}

// Hidden until the script, without which they would do nothing, shows them.
static void add_filters(struct page *p) {
    struct text *out = p->out;
    text_add(
        out,
        "<form id=\"filters\" hidden aria-label=\"Filters\">\n<details open><summary>Show only</summary>\n"
        "<fieldset><legend>method</legend>\n");
    for (int i = 0; method_list[i]; i++)
        if (has_run(p, method_list[i], NULL, NULL))
            add_choice(p, "method", method_list[i]->name, method_list[i]->title, 1);
    text_add(out, "</fieldset>\n<fieldset><legend>data</legend>\n");
    for (int i = 0; data_set_list[i]; i++)
        if (has_run(p, NULL, data_set_list[i], NULL))
            add_choice(p, "set", data_set_list[i]->name, wording_title(data_set_list[i]->name), 0);
    for (int i = 0; i < p->run_count; i++) // a profile's own
        if (!data_set_of(p->runs[i].cell->set->name) && is_first_of_set(p, i))
            add_choice(p, "set", p->runs[i].cell->set->name, p->runs[i].cell->set->title, 0);
    text_add(out, "</fieldset>\n<fieldset><legend>seed</legend>\n");
    for (int i = 0; i < p->request->plan.seeds.count; i++) {
        char seed[24];
        snprintf(seed, sizeof seed, "%llu", (unsigned long long)p->request->plan.seeds.values[i]);
        if (has_run(p, NULL, NULL, &p->request->plan.seeds.values[i]))
            add_choice(p, "seed", seed, seed, 0);
    }
    text_add(out,
             "</fieldset>\n<p><button type=\"reset\">Show all</button> <output id=\"shown\"></output></p>\n"
             "</details>\n</form>\n");
}

// ---------------------------------------------------------------------------------------- all of it

static int write_parts(struct page *p, struct error *err) {
    add_head(p);
    add_header(p);
    add_filters(p);
    text_add(p->out, "<main>\n");
    if (page_claims(p, err) || page_tables(p, err) || page_runs(p, err) || page_figures(p, err) ||
        page_provenance(p, err))
        return -1;
    text_add(p->out, "</main>\n<footer><p>Made by reff ");
    html_text(p->out, provenance_version());
    text_printf(p->out, ".</p></footer>\n<script>%s</script>\n</body>\n</html>\n", page_script);
    return text_check(p->out, "the page", err);
}

int page_write(const struct page_job *job, const struct request *request,
               const struct request_results *results, struct error *err) {
    struct text out = {0};
    struct page p = {.job = job, .request = request, .results = results, .out = &out};
    int failed = find_base(&p, err) || page_runs_read(&p, err) || write_parts(&p, err) ||
                 file_write(job->output, out.bytes, out.length, err);
    page_runs_free(&p);
    text_free(&out);
    return failed ? -1 : 0;
}

int page_make(const struct request *request, const char *results, char output[PATH_SIZE], int running,
              struct error *err) {
    struct request_results read = {0};
    if (!*output &&
        snprintf(output, PATH_SIZE, "%s/page/%s.html", results, request->profile.name) >= PATH_SIZE)
        return fail(err, "%s: path too long", results);
    const struct page_job job = {.results = results, .output = output, .running = running};
    int failed = request_results_read(&read, request, results, err) || page_write(&job, request, &read, err);
    request_results_free(&read, request);
    return failed ? -1 : 0;
}
