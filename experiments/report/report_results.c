// SPDX-License-Identifier: Apache-2.0
// The report's results: claims, tables, figures, and the values that its text names.
#include "experiments/report/report.h"

#include "core/base/json_fields.h"
#include "core/base/memory.h"
#include "core/methods/method.h"
#include "experiments/figure/figure.h"
#include "experiments/plan/home.h"
#include "experiments/plan/profile.h"
#include "experiments/results/claims.h"
#include "experiments/results/latex.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

// ---------------------------------------------------------------------------------------- claims

static const json_t *find_claim(const struct report_table *t, const char *id) {
    size_t i;
    const json_t *claim, *claims = json_object_get(t->json, "claims");
    json_array_foreach(claims, i, claim) if (!strcmp(json_field_text(claim, "id"), id)) return claim;
    return NULL;
}

// A p-value as a reader wants it: 0.013, 1.7 x 10^-4.
static void put_p(FILE *out, const json_t *value) {
    double p = json_number_value(value);
    if (!json_is_number(value)) {
        fputs("--", out);
    } else if (p >= 0.001) {
        fprintf(out, "%.3f", p);
    } else if (p < 1e-99) {
        fputs("$<10^{-99}$", out);
    } else {
        int power = (int)floor(log10(p));
        fprintf(out, "$%.1f\\cdot10^{%d}$", p / pow(10, power), power);
    }
}

static void put_number(FILE *out, const json_t *value, const char *format) {
    if (json_is_number(value))
        fprintf(out, format, json_number_value(value)); // formats are this file's own
    else
        fputs("--", out);
}

// The effect's interval, and what an undecided claim's seeds would have shown.
static void put_bounds(FILE *out, const json_t *claim) {
    const json_t *interval = json_object_get(claim, "interval"),
                 *shown = json_object_get(claim, "detectable");
    if (json_is_array(interval))
        fprintf(out, ". \\emph{95\\,\\%% interval:} $[%+.2f, %+.2f]$",
                json_number_value(json_array_get(interval, 0)),
                json_number_value(json_array_get(interval, 1)));
    if (json_is_number(shown))
        fprintf(out, ". \\emph{Would have been shown with a chance of .8:} %.2f points",
                json_number_value(shown));
}

// What the paper's own means and deviations say by the same tests.
static void put_papers_verdict(FILE *out, const json_t *paper) {
    if (!json_is_number(json_object_get(paper, "p_holm")))
        return;
    fputs(". \\emph{The paper's own numbers:} ", out);
    latex_text(out, json_field_text(paper, "verdict"));
    fputs(" (", out);
    latex_text(out, json_field_text(paper, "part"));
    fputs(", $p$ ", out);
    put_p(out, json_object_get(paper, "p_value"));
    fputs(", Holm ", out);
    put_p(out, json_object_get(paper, "p_holm"));
    fputs(")", out);
}

static void claim_row(FILE *out, const struct report_table *t, const char *id, const json_t *claim) {
    fprintf(out, "%s & ", id);
    if (!claim) {
        latex_text(out, claim_text(&t->definition, id) ? claim_text(&t->definition, id) : "");
        fputs(". \\emph{Reason:} ", out);
        latex_text(out, t->definition.name);
        fprintf(out, " %s & \\textbf{%s} & -- & -- & -- & -- \\\\\n",
                t->stale.length ? "is out of date" : "has no results", verdict_names[NOT_TESTED]);
        return;
    }
    latex_text(out, json_field_text(claim, "claim"));
    if (json_is_string(json_object_get(claim, "part"))) {
        fputs(". \\emph{Deciding part:} ", out);
        latex_text(out, json_field_text(claim, "part"));
    }
    if (*json_field_text(claim, "reason")) {
        fputs(". \\emph{Reason:} ", out);
        latex_text(out, json_field_text(claim, "reason"));
    }
    put_bounds(out, claim);
    put_papers_verdict(out, json_object_get(claim, "paper"));
    fputs(" & \\textbf{", out);
    latex_text(out, json_field_text(claim, "verdict"));
    fputs("} & ", out);
    put_number(out, json_object_get(claim, "effect"), "$%+.2f$");
    fputs(" & ", out);
    put_number(out, json_object_get(claim, "paper_effect"), "$%+.2f$");
    fputs(" & ", out);
    put_number(out, json_object_get(claim, "statistic"), "$%.2f$");
    fputs(" & ", out);
    put_p(out, json_object_get(claim, "p_holm"));
    fputs(" \\\\\n", out);
}

int report_claims(const struct report *r, FILE *out, struct error *err) {
    int rows = 0;
    (void)err;
    for (int i = 0; i < r->table_count; i++)
        for (int k = 0; k < r->tables[i].definition.claim_count; k++) {
            const char *id = r->tables[i].definition.claims[k];
            if (rows++)
                fputs("\\addlinespace\n", out);
            claim_row(out, &r->tables[i], id, find_claim(&r->tables[i], id));
        }
    return 0;
}

static int count_papers_verdicts(const struct report *r, const char *verdict) {
    int count = 0;
    for (int i = 0; i < r->table_count; i++)
        for (int k = 0; k < r->tables[i].definition.claim_count; k++) {
            const json_t *claim = find_claim(&r->tables[i], r->tables[i].definition.claims[k]);
            count += !strcmp(json_field_text(json_object_get(claim, "paper"), "verdict"), verdict);
        }
    return count;
}

// Claims that the paper's own numbers decide one way or another: the paper's, not those of other tables. Of them those with
// our verdict; NULL: all.
static int count_of_paper(const struct report *r, const char *verdict) {
    int count = 0;
    for (int i = 0; i < r->table_count; i++)
        for (int k = 0; k < r->tables[i].definition.claim_count; k++) {
            const json_t *claim = find_claim(&r->tables[i], r->tables[i].definition.claims[k]);
            const char *papers = json_field_text(json_object_get(claim, "paper"), "verdict");
            count += *papers && strcmp(papers, verdict_names[NOT_TESTED]) &&
                     (!verdict || !strcmp(json_field_text(claim, "verdict"), verdict));
        }
    return count;
}

static int count_verdicts(const struct report *r, const char *verdict, int *claims) {
    int count = 0;
    *claims = 0;
    for (int i = 0; i < r->table_count; i++)
        for (int k = 0; k < r->tables[i].definition.claim_count; k++) {
            const json_t *claim = find_claim(&r->tables[i], r->tables[i].definition.claims[k]);
            ++*claims;
            count += !strcmp(claim ? json_field_text(claim, "verdict") : verdict_names[NOT_TESTED], verdict);
        }
    return count;
}

// ---------------------------------------------------------------------------------------- values

struct values { // of the report's text, as they are written
    FILE *out;
    int incomplete; // a text is missing: no memory
};

static void define(struct values *v, const char *key, const char *text) {
    FILE *out = v->out;
    fprintf(out, "\\ReffDefine{%s}{", key);
    latex_text(out, text);
    fputs("}\n", out);
}

static void define_number(struct values *v, const char *key, double value) {
    char text[32];
    snprintf(text, sizeof text, "%.10g", value);
    define(v, key, text);
}

static void define_json(struct values *v, const char *prefix, const char *key, const json_t *value) {
    struct text name = {0}, text = {0};
    size_t i;
    const json_t *item;
    text_printf(&name, "%s.%s", prefix, key);
    if (json_is_array(value)) {
        json_array_foreach(value, i, item) if (json_is_number(item))
            text_printf(&text, "%s%.10g", i ? ", " : "", json_number_value(item));
    } else if (json_is_number(value)) {
        text_printf(&text, "%.10g", json_number_value(value));
    } else {
        text_add(&text, json_is_string(value) ? json_string_value(value)
                        : json_is_true(value) ? "yes"
                                              : "no");
    }
    define(v, text_string(&name), text_string(&text));
    v->incomplete |= name.incomplete | text.incomplete;
    text_free(&name), text_free(&text);
}

// What the runs were trained with, per column of the tables: train.reff.lambda. The first table that has a
// column speaks for it. Settings that are younger than the first runs are recorded only where they differ
// from their default.
static void define_training(const struct report *r, struct values *v) {
    struct train_settings standard;
    json_t *known = json_object(), *defaults;
    settings_default(train_schema, &standard);
    defaults = settings_json(train_schema, &standard, 0);
    for (int i = 0; i < r->table_count; i++) {
        const char *column, *key;
        json_t *entry, *value,
            *settings = json_object_get(json_object_get(r->tables[i].json, "provenance"), "settings");
        json_object_foreach(settings, column, entry) {
            char prefix[96];
            if (json_object_get(known, column))
                continue;
            json_object_set_new(known, column, json_true());
            snprintf(prefix, sizeof prefix, "train.%.60s", column);
            json_t *train = json_copy(json_object_get(entry, "train"));
            json_object_update_missing(train, defaults);
            json_object_foreach(train, key, value) define_json(v, prefix, key, value);
            json_decref(train);
        }
    }
    json_decref(defaults);
    json_decref(known);
}

static void define_time(struct values *v, const char *key, double seconds) {
    char text[32];
    snprintf(text, sizeof text, seconds < 5400 ? "%.1f minutes" : "%.1f hours",
             seconds / (seconds < 5400 ? 60 : 3600));
    define(v, key, text);
}

// The seeds over which the tables' cells are averaged, and the runs behind them.
static void define_runs(const struct report *r, struct values *v) {
    json_t *seeds = json_object(), *runs = json_object();
    double seconds = 0, annotating = 0;
    int annotators = 0;
    size_t i;
    const json_t *run;
    for (int t = 0; t < r->table_count; t++)
        json_array_foreach(json_object_get(json_object_get(r->tables[t].json, "provenance"), "runs"), i,
                           run) {
            char seed[32];
            snprintf(seed, sizeof seed, "%lld", (long long)json_integer_value(json_object_get(run, "seed")));
            json_object_set_new(seeds, seed, json_true());
            json_object_set_new(runs, json_field_text(run, "digest"), json_true());
        }
    const char *key;
    json_t *value;
    struct text list = {0};
    json_object_foreach(seeds, key, value) text_printf(&list, "%s%s", list.length ? ", " : "", key);
    json_object_foreach(r->records, key, value) {
        const json_t *made = json_object_get(json_object_get(json_object_get(value, "cell"), "annotation"),
                                             "seconds"); // where the run made them
        seconds += json_number_value(json_object_get(value, "seconds"));
        annotating += json_number_value(made);
        annotators += json_is_number(made);
    }
    define(v, "seeds", text_string(&list));
    v->incomplete |= list.incomplete;
    text_free(&list);
    define_number(v, "seeds.count", (double)json_object_size(seeds));
    define_number(v, "runs", (double)json_object_size(runs));
    define_number(v, "runs.recorded", (double)json_object_size(r->records));
    if (json_object_size(r->records))
        define_time(v, "runs.time", seconds);
    if (annotators) {
        define_number(v, "annotators", annotators);
        define_time(v, "annotators.time", annotating);
    }
    json_decref(seeds);
    json_decref(runs);
}

// What the data are, in words. Tables of several data sets describe each, with "; " between.
static void define_data(const struct report *r, struct values *v) {
    struct text all = {0}, one = {0};
    for (int i = 0; i < r->table_count; i++)
        for (const char *at = json_field_text(r->tables[i].json, "data"); *at; at += *at == ';') {
            size_t length;
            at += strspn(at, " ");
            length = strcspn(at, ";");
            text_clear(&one);
            text_add_bytes(&one, at, length);
            if (length && !strstr(text_string(&all), text_string(&one)))
                text_printf(&all, "%s%s", all.length ? "; " : "", text_string(&one));
            at += length;
        }
    define(v, "data", text_string(&all));
    v->incomplete |= all.incomplete | one.incomplete;
    text_free(&all), text_free(&one);
}

static void define_settings(struct values *v, const char *prefix, const struct setting *schema,
                            const void *settings) {
    const char *key;
    json_t *value, *all = settings_json(schema, settings, 1);
    json_object_foreach(all, key, value) define_json(v, prefix, key, value);
    json_decref(all);
}

// How strongly the methods with a lambda are regularised: strength.reff on Textured MNIST, strength.reff.pets
// where that is another.
static int define_strengths(const struct profile *p, struct values *v, struct error *err) {
    for (int m = 0; method_list[m]; m++) {
        struct train_settings common, own;
        const char *method = method_list[m]->name;
        char key[80];
        if (!method_uses(method_list[m], "lambda") || method_list[m]->control)
            continue;
        if (profile_training(p, method, DATA_SET_DEFAULT, &common, err))
            return -1;
        snprintf(key, sizeof key, "strength.%s", method);
        define_number(v, key, common.lambda);
        for (int i = 0; i < DATA_SETS_MAXIMUM && p->data[i].set; i++) {
            if (!p->data[i].given)
                continue;
            if (profile_training(p, method, p->data[i].set->name, &own, err))
                return -1;
            snprintf(key, sizeof key, "strength.%s.%.40s", method, p->data[i].set->name);
            if (own.lambda < common.lambda || own.lambda > common.lambda)
                define_number(v, key, own.lambda);
        }
    }
    return 0;
}

// What the profile says of its data and of the pseudo-annotator: data.pets.pixels, annotator.ngf.
static int define_profile(const struct report *r, struct values *v, struct error *err) {
    struct profile p;
    int failed = profile_read(&p, r->profile_word, err);
    if (!failed) {
        define(v, "profile.title", p.title);
        define_settings(v, "annotator", annotator_schema, &p.annotator);
    }
    failed = failed || define_strengths(&p, v, err);
    for (int i = 0; !failed && i < DATA_SETS_MAXIMUM && p.data[i].set; i++) {
        char prefix[64], key[80];
        if (!p.data[i].given)
            continue;
        snprintf(prefix, sizeof prefix, "data.%.40s", p.data[i].set->name);
        define_settings(v, prefix, p.data[i].set->schema, &p.data[i].settings);
        for (int s = 0; s < SPLITS; s++) {
            snprintf(key, sizeof key, "%s.images.%s", prefix, split_names[s]);
            if (p.data[i].images[s] > 0)
                define_number(v, key, p.data[i].images[s]);
            else
                define(v, key, p.data[i].images[s] ? "none" : "all");
        }
    }
    profile_free(&p);
    return failed ? -1 : 0;
}

int report_values(const struct report *r, FILE *out, struct error *err) {
    static const char *const keys[VERDICTS] = {"claims.untested", "claims.reproduced", "claims.undecided",
                                               "claims.contradicted", "claims.absent"};
    struct values values = {.out = out};
    int claims = 0;
    define(&values, "profile", r->profile);
    define_data(r, &values);
    define_runs(r, &values);
    for (int v = 0; v < VERDICTS; v++)
        define_number(&values, keys[v], count_verdicts(r, verdict_names[v], &claims));
    define_number(&values, "claims", claims);
    define_number(&values, "claims.paper.reproduced", count_papers_verdicts(r, verdict_names[REPRODUCED]));
    define_number(&values, "claims.paper", count_of_paper(r, NULL));
    define_number(&values, "claims.paper.ours", count_of_paper(r, verdict_names[REPRODUCED]));
    define_number(&values, "claims.alpha", CLAIM_ALPHA);
    if (r->real && r->real->present) {
        define(&values, "real.profile", r->real->profile);
        define_number(&values, "real.claims.reproduced",
                      count_verdicts(r->real, verdict_names[REPRODUCED], &claims));
    }
    define_training(r, &values);
    if (define_profile(r, &values, err))
        return -1;
    return values.incomplete ? fail_memory(err, "the report's values") : 0;
}

// ---------------------------------------------------------------------------------------- tables

// Columns that a page has room for beside the rows' names: each has our value and the paper's.
enum { COLUMNS_UPRIGHT = 3 };

static int is_wide(const struct table *t) {
    return t->kind == TABLE_SETTINGS || (t->kind == TABLE_RESULTS && t->column_count > COLUMNS_UPRIGHT);
}

// Wide ones come after the others, since each begins a page.
int report_tables(const struct report *r, FILE *out, struct error *err) {
    int missing = 0;
    (void)err;
    for (int wide = 0; wide < 2; wide++)
        for (int i = 0; i < r->table_count; i++) {
            const struct report_table *t = &r->tables[i];
            if (is_wide(&t->definition) != wide)
                continue;
            if (t->printed)
                fprintf(out, "\\Reff%sTable{../../tables/%s/%s.tex}\n", wide ? "Wide" : "", r->profile,
                        t->definition.name);
            missing += !t->printed;
        }
    if (!missing)
        return 0;
    fputs("\\paragraph{Missing tables.} No results yet of, or results of other settings than today's:\n"
          "\\begin{itemize}\n",
          out);
    for (int i = 0; i < r->table_count; i++) {
        if (r->tables[i].printed)
            continue;
        char command[256];
        snprintf(command, sizeof command, "build/release/reff run %.80s --profile %.80s",
                 r->tables[i].definition.name, r->profile_word);
        fputs("\\item ", out);
        latex_text(out, r->tables[i].definition.title);
        if (r->tables[i].stale.length) {
            fputs(" (\\textbf{out of date}: ", out);
            latex_text(out, text_string(&r->tables[i].stale));
            fputc(')', out);
        }
        fputs(": \\ReffCode{", out);
        latex_code(out, command);
        fputs("}\n", out);
    }
    fputs("\\end{itemize}\n", out);
    return 0;
}

// ---------------------------------------------------------------------------------------- figures

static void put_figure(const struct report *r, FILE *out, const struct figure *f) {
    fprintf(out, "\\ReffFigure{../../figures/%s/%s.pdf}{", r->profile, f->name);
    latex_text(out, f->title);
    if (*f->paper) {
        fputs(" (the paper's ", out);
        latex_text(out, f->paper);
        fputc(')', out);
    }
    fputs(". ", out);
    latex_text(out, f->caption);
    fprintf(out, "}{fig:%s}\n", f->name);
}

// Where a figure stands in the report: the paper's, its supplement's, then those beyond it in the same order.
static int place_of(const struct figure *f) {
    return 2 * !*f->paper + (strstr(f->name, "supp") != NULL);
}

// A figure of a table that is out of date is so too.
static int is_stale(const struct report *r, const struct figure *f) {
    for (int i = 0; i < r->table_count; i++)
        if (f->kind != FIGURE_GRID && !strcmp(r->tables[i].definition.name, f->table))
            return r->tables[i].stale.length != 0;
    return 0;
}

// One pass over the definitions: those that stand at a place (-1: at any), those drawn or those missing.
static int each_figure(const struct report *r, FILE *out, int place, int drawn, int *count,
                       struct error *err) {
    char *rest, file[160], path[PATH_SIZE];
    struct text names = {0};
    struct figure *f = allocate(1, sizeof *f, "a figure", err);
    int failed = f ? home_list(&names, "figures", err) : -1;
    for (char *name = failed || !names.length ? NULL : strtok_r(names.bytes, " ", &rest); name && !failed;
         name = strtok_r(NULL, " ", &rest)) {
        snprintf(file, sizeof file, "figures/%.60s/%.80s.pdf", r->profile, name);
        int unread = figure_read(f, name, err);
        failed = unread ? home_leave_out(err) : path_join(path, err, r->results, file);
        if (unread || failed || (place >= 0 && place != place_of(f)))
            continue;
        int there = file_is_there(path, err);
        if ((failed = there < 0) || (there && !is_stale(r, f)) != drawn)
            continue;
        ++*count;
        if (drawn) {
            put_figure(r, out, f);
        } else {
            fputs(*count > 1 ? "; " : "", out);
            latex_text(out, f->title);
        }
    }
    text_free(&names);
    free(f);
    return failed ? -1 : 0;
}

int report_figures(const struct report *r, FILE *out, struct error *err) {
    char *text = NULL;
    size_t size;
    int drawn = 0, missing = 0;
    FILE *list = open_memstream(&text, &size);
    int failed = list && each_figure(r, list, -1, 0, &missing, err);
    if (!(text = text_of_stream(list, &text, "the missing figures", err)))
        return -1;
    for (int place = 0; place < 4 && !failed; place++)
        failed = each_figure(r, out, place, 1, &drawn, err);
    if (!failed && missing) {
        char command[256];
        snprintf(command, sizeof command, "make figures PROFILE=%.80s", r->profile_word);
        fputs("\\paragraph{Missing figures.} Not drawn yet (\\ReffCode{", out);
        latex_code(out, command);
        fprintf(out, "} draws what the results allow): %s.\n", text);
    }
    free(text);
    return failed ? -1 : 0;
}
