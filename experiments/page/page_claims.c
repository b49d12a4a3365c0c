// SPDX-License-Identifier: Apache-2.0
// Claims as a forest plot: a row a claim, drawn in percent of its width, so that it fits a phone and a wide screen.
#include "core/base/memory.h"
#include "experiments/page/html.h"
#include "experiments/page/page_internal.h"
#include "experiments/results/forest.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *const classes[VERDICTS] = {"untested", "reproduced", "undecided", "contradicted",
                                              "absent"};
static const char *const signs[VERDICTS] = {"\xe2\x80\x93", "\xe2\x9c\x93", "?", "\xe2\x9c\x95",
                                            "\xe2\x89\x88"};

// ---------------------------------------------------------------------------------------- the plot

enum { ROW_OURS = 12, ROW_PAPER = 27, ROW_HEIGHT = 38 }; // pixels

static double percent(double points) {
    return 100 * forest_position(points);
}

// An interval, with a tip where it goes on beyond the edge.
static void add_interval(struct text *out, const struct forest_mark *m, const char *class, int y) {
    if (!isfinite(m->low) || !isfinite(m->high))
        return;
    text_printf(out, "<line class=\"%s\" x1=\"%.2f%%\" x2=\"%.2f%%\" y1=\"%d\" y2=\"%d\"/>", class,
                percent(m->low), percent(m->high), y, y);
    if (m->low < -FOREST_REACH)
        text_printf(out, "<svg x=\"0\" y=\"%d\"><path class=\"%s tip\" d=\"M7-4 0 0 7 4z\"/></svg>", y,
                    class);
    if (m->high > FOREST_REACH)
        text_printf(out, "<svg x=\"100%%\" y=\"%d\"><path class=\"%s tip\" d=\"M-7-4 0 0-7 4z\"/></svg>", y,
                    class);
}

static void add_mark(struct text *out, const struct forest_mark *m, const char *class, int y,
                     const char *shape) {
    if (!m->present)
        return;
    add_interval(out, m, class, y);
    text_printf(out, "<svg x=\"%.2f%%\" y=\"%d\"><path class=\"%s\" d=\"%s\"/></svg>", percent(m->effect), y,
                class, shape);
}

static void add_words(struct text *out, const char *whose, const struct forest_mark *m) {
    if (!m->present)
        return;
    text_printf(out, "%s %+.2f", whose, m->effect);
    if (isfinite(m->low))
        text_printf(out, " (95 %% interval %+.2f to %+.2f)", m->low, m->high);
    text_add(out, "; ");
}

static void add_grid(struct text *out) {
    for (int i = 0; i < FOREST_TICKS; i++)
        text_printf(out, "<line class=\"%s\" x1=\"%.2f%%\" x2=\"%.2f%%\" y1=\"0\" y2=\"100%%\"/>",
                    forest_ticks[i] > 0 || forest_ticks[i] < 0 ? "grid" : "zero", percent(forest_ticks[i]),
                    percent(forest_ticks[i]));
}

static void add_plot(struct text *out, const struct forest_row *row, enum verdict verdict) {
    char ours[64];
    snprintf(ours, sizeof ours, "ours v-%s", classes[verdict]);
    text_printf(out, "<svg class=\"forest\" height=\"%d\" role=\"img\" aria-label=\"Difference in points: ",
                ROW_HEIGHT);
    add_words(out, "ours", &row->ours);
    add_words(out, "the paper", &row->paper);
    text_add(out, "the claim holds in the shaded range\">");
    if (!isnan(row->from))
        text_printf(out, "<rect class=\"holds\" x=\"%.2f%%\" y=\"0\" width=\"%.2f%%\" height=\"100%%\"/>",
                    percent(row->from), percent(fmin(row->to, FOREST_REACH)) - percent(row->from));
    add_grid(out);
    add_mark(out, &row->paper, "paper", ROW_PAPER, "M0-5 5 0 0 5-5 0z");
    add_mark(out, &row->ours, ours, ROW_OURS, "M-5.5 0a5.5 5.5 0 1 0 11 0 5.5 5.5 0 1 0-11 0z");
    text_add(out, "</svg>");
}

static void add_axis(struct text *out) {
    text_add(
        out,
        "<div class=\"claim axis\" aria-hidden=\"true\"><div></div><svg class=\"forest\" height=\"20\">");
    for (int i = 0; i < FOREST_TICKS; i++)
        text_printf(out, "<text x=\"%.2f%%\" y=\"14\">%s%g</text>", percent(forest_ticks[i]),
                    forest_ticks[i] > 0   ? "+"
                    : forest_ticks[i] < 0 ? "\xe2\x88\x92"
                                          : "",
                    fabs(forest_ticks[i]));
    text_add(out, "</svg><div></div></div>\n");
}

// ---------------------------------------------------------------------------------------- words

static void add_effect(struct text *out, const struct forest_mark *m) {
    text_add(out, "<span class=\"effect\">");
    if (m->present)
        html_effect(out, m->effect);
    if (m->present && isfinite(m->low)) {
        text_add(out, " <span class=\"interval\">[");
        html_effect(out, m->low);
        text_add(out, ", ");
        html_effect(out, m->high);
        text_add(out, "]</span>");
    }
    text_add(out, "</span>");
}

static void add_p(struct text *out, double p) {
    text_printf(out, p < 0.001 ? "%.1e" : "%.3f", p);
}

// What decided it, and what the seeds at hand would have shown.
static void add_reasons(struct text *out, const struct claim_result *c) {
    const struct judgement *j = &c->ours, *paper = &c->paper;
    if (*c->reason) {
        text_add(out, "<p>Reason: ");
        html_text(out, c->reason);
        text_add(out, ".</p>");
    }
    text_add(out, "<p>");
    if (j->verdict != NOT_TESTED) {
        text_add(out, "Ours: p ");
        add_p(out, j->p);
        text_add(out, ", by Holm over ");
        text_printf(out, "%d claims ", j->tested_together);
        add_p(out, j->p_holm);
        if (c->looks)
            text_printf(out, ", %d seeds, look %d", c->seeds, c->looks);
        double shown = j->verdict == UNDECIDED ? claim_detectable(c, &c->parts[j->deciding]) : NAN;
        if (isfinite(shown))
            text_printf(out, "; with a chance of .8 these seeds would have shown %s %.2f points",
                        c->parts[j->deciding].is_sameness ? "sameness within" : "a difference of", shown);
        text_add(out, ". ");
    }
    if (paper->verdict != NOT_TESTED) {
        text_add(out, "The paper: its weakest part is ");
        html_text(out, c->parts[paper->deciding].label);
        text_add(out, ", p ");
        add_p(out, paper->p);
        text_printf(out, ", by Holm over %d claims ", paper->tested_together);
        add_p(out, paper->p_holm);
        text_add(out, ".");
    }
    text_add(out, "</p>");
}

static void add_parts(struct text *out, const struct claim_result *c) {
    int tested = c->ours.verdict != NOT_TESTED;
    text_add(out, "<ol class=\"parts\">\n");
    for (int i = 0; i < c->part_count; i++) {
        struct forest_row row;
        forest_part(&row, &c->parts[i], tested);
        text_printf(out, "<li class=\"claim%s\"><div class=\"says\">",
                    i == c->ours.deciding && tested ? " deciding" : "");
        html_text(out, row.label);
        text_add(out, "</div>");
        add_plot(out, &row, i == c->ours.deciding ? c->ours.verdict : NOT_TESTED);
        text_add(out, "<div class=\"told\"><span class=\"whose\">ours</span><span></span>");
        add_effect(out, &row.ours);
        text_add(out, "<span class=\"whose\">paper</span><span></span>");
        add_effect(out, &row.paper);
        text_add(out, "</div></li>\n");
    }
    text_add(out, "</ol>\n");
}

// "ours: verdict, effect [interval]" in a line.
static void add_told(struct text *out, const char *whose, const struct judgement *j,
                     const struct forest_mark *m) {
    text_printf(out,
                "<span class=\"whose\">%s</span><span class=\"verdict v-%s\"><b aria-hidden=\"true\">%s</b> "
                "%s</span>",
                whose, classes[j->verdict], signs[j->verdict], verdict_names[j->verdict]);
    add_effect(out, m);
}

// Its item begun: what it says.
static void add_said(struct text *out, const struct claim_result *c, const char *kind) {
    text_printf(out, "<li class=\"%s\"", kind);
    html_attribute(out, "id", c->id);
    text_add(out, "><div class=\"says\"><b>");
    html_text(out, c->id);
    text_add(out, "</b> ");
    html_text(out, c->text);
    text_add(out, "</div>");
}

// A claim without a verdict: an order of methods, in words.
static void add_order(struct text *out, const struct claim_result *c) {
    add_said(out, c, "claim order");
    text_add(out, "<p>");
    html_text(out, c->reason);
    text_add(out, "</p></li>\n");
}

// Whether the paper's numbers are put to the same tests; of some claims, and of a user's own, it says nothing.
static int says_paper(const struct claim_result *c) {
    struct forest_row row;
    if (c->is_order)
        return 0;
    forest_claim(&row, c);
    return c->paper.verdict != NOT_TESTED || row.paper.present;
}

static void add_claim(struct text *out, const struct claim_result *c) {
    struct forest_row row;
    if (c->is_order) {
        add_order(out, c);
        return;
    }
    forest_claim(&row, c);
    add_said(out, c, "claim");
    add_plot(out, &row, c->ours.verdict);
    text_add(out, "<div class=\"told\">");
    add_told(out, "ours", &c->ours, &row.ours);
    if (says_paper(c))
        add_told(out, "paper", &c->paper, &row.paper);
    text_add(out, "</div>");
    if (*row.label) {
        text_printf(out, "<details><summary>%s",
                    c->part_count < 2 || c->ours.verdict == NOT_TESTED             ? ""
                    : c->ours.verdict == CONTRADICTED || c->ours.verdict == ABSENT ? "deciding part: "
                                                                                   : "weakest part: ");
        html_text(out, row.label);
        text_printf(out, "%s</summary>", c->part_count > 1 ? "; all parts" : "");
    } else {
        text_add(out, "<details><summary>why</summary>");
    }
    add_reasons(out, c);
    if (c->part_count > 1)
        add_parts(out, c);
    text_add(out, "</details></li>\n");
}

static int compare_claims(const void *a, const void *b) {
    return claims_compare_ids((*(const struct claim_result *const *)a)->id,
                              (*(const struct claim_result *const *)b)->id);
}

static void add_key(struct text *out, int papers) {
    static const char circle[] =
        "<svg class=\"key\" viewBox=\"-7 -7 14 14\" aria-hidden=\"true\"><path class=\"ours "
        "v-undecided\" d=\"M-5.5 0a5.5 5.5 0 1 0 11 0 5.5 5.5 0 1 0-11 0z\"/></svg> ",
                      diamond[] = "<svg class=\"key\" viewBox=\"-7 -7 14 14\" aria-hidden=\"true\"><path "
                                  "class=\"paper\" d=\"M0-5 5 0 0 5-5 0z\"/></svg> ";
    text_printf(out,
                "<p class=\"key-line\">%sours%s%s%s with %s 95&nbsp;%% interval <span "
                "class=\"swatch\"></span> where the "
                "claim holds</p>\n",
                circle, papers ? " " : "", papers ? diamond : "", papers ? "the paper, each" : "",
                papers ? "its" : "the");
    text_printf(
        out,
        "<p class=\"note\">Differences in points of test accuracy, in the direction that the claim says; the "
        "scale "
        "is linear near 0 and logarithmic beyond. A claim has the effect of the part that decides it. Tests "
        "are "
        "one-sided t tests, adjusted by Holm&#39;s method, at the level %g%s.</p>\n",
        CLAIM_ALPHA,
        papers ? "; the paper&#39;s verdict comes from the same tests of its printed means and deviations"
               : "");
}

int page_claims(struct page *p, struct error *err) {
    int count = p->results->claim_count;
    const struct claim_result **sorted =
        allocate((size_t)count + 1, sizeof(struct claim_result *), "claims", err);
    if (!sorted)
        return -1;
    int papers = 0;
    for (int i = 0; i < count; i++) {
        sorted[i] = &p->results->claims[i];
        papers |= says_paper(sorted[i]);
    }
    qsort(sorted, (size_t)count, sizeof(struct claim_result *), compare_claims);
    text_add(p->out, "<section id=\"claims\">\n<h2>Claims</h2>\n");
    if (count) {
        add_key(p->out, papers);
        add_axis(p->out);
        text_add(p->out, "<ol class=\"claims\">\n");
        for (int i = 0; i < count; i++)
            add_claim(p->out, sorted[i]);
        text_add(p->out, "</ol>\n");
        add_axis(p->out);
    } else {
        text_add(p->out, "<p class=\"note\">No claim is decided on these tables.</p>\n");
    }
    text_add(p->out, "</section>\n");
    free(sorted);
    return 0;
}
