// SPDX-License-Identifier: Apache-2.0
// What else than accuracy the runs of a table recorded: groups, calibration, where networks look. Each is a table like that
// of the accuracy, folded up below it.
#include "experiments/page/html.h"
#include "experiments/page/page_internal.h"

static const struct {
    const char *name, *title, *words; // as recorded; in the list of what is folded up; above the table
} metrics[] = {
    {"worst_group_accuracy", "worst group",
     "Accuracy of the worst group of at least 20 test images, percent"},
    {"aligned_accuracy", "aligned", "Accuracy of aligned test images, percent"},
    {"conflicting_accuracy", "conflicting", "Accuracy of conflicting test images, percent"},
    {"group_gap", "gap", "Gap: accuracy of aligned test images less that of conflicting ones, points"},
    {"worst_class_accuracy", "worst class", "Accuracy of the worst class, percent"},
    {"ece", "calibration", "Expected calibration error, percent"},
    {"pointing.layer4", "pointing game",
     "Pointing game: share of test images whose Grad-CAM of layer 4 has its maximum inside the annotation"},
    {"cam_inside.layer4", "Grad-CAM inside", "Share of layer 4's Grad-CAM that lies inside the annotation"},
};

enum { METRICS = sizeof metrics / sizeof *metrics };

static void add_metric(struct page *p, const struct table_result *view, int m) {
    text_add(p->out, "<section class=\"metric\"");
    html_attribute(p->out, "data-metric", metrics[m].name);
    text_printf(p->out, ">\n<h4>%s</h4>\n", metrics[m].words);
    page_results_table(p, view);
    text_add(p->out, "</section>\n");
}

int page_metrics(struct page *p, const struct table_result *r, struct error *err) {
    struct table_result views[METRICS] = {{0}};
    int found[METRICS], any = 0, failed = 0;
    for (int m = 0; m < METRICS && !failed; m++) {
        found[m] = metric_view(&views[m], r, metrics[m].name, err);
        failed = found[m] < 0;
        any += found[m] > 0;
    }
    if (any && !failed) {
        text_add(p->out, "<details class=\"metrics\"><summary>Other numbers: ");
        for (int m = 0, listed = 0; m < METRICS; m++)
            if (found[m])
                text_printf(p->out, "%s%s", listed++ ? ", " : "", metrics[m].title);
        text_add(p->out, "</summary>\n");
        for (int m = 0; m < METRICS; m++)
            if (found[m])
                add_metric(p, &views[m], m);
        text_add(p->out, "</details>\n");
    }
    for (int m = 0; m < METRICS; m++)
        metric_view_free(&views[m]);
    return failed ? -1 : 0;
}
