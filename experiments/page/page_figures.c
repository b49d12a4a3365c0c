// SPDX-License-Identifier: Apache-2.0
// Grad-CAMs: the grids that `reff figure` drew of this profile, as pictures in the page.
#include "experiments/page/page_internal.h"

#include "core/base/memory.h"
#include "experiments/figure/figure.h"
#include "experiments/page/html.h"
#include "experiments/plan/home.h"

#include <stdlib.h>
#include <string.h>

enum { PICTURE_BYTES_MAXIMUM = 64 << 20 };

// The data set that all panels show, by which the figure is filtered; NULL: they show several.
static const char *data_of(const struct figure *f) {
    for (int i = 1; i < f->panel_count; i++)
        if (strcmp(f->panels[i].data, f->panels[0].data))
            return NULL;
    return f->panel_count ? f->panels[0].data : NULL;
}

// Whether runs of the page are on data that the figure shows.
static int concerns(const struct page *p, const struct figure *f) {
    for (int i = 0; i < f->panel_count; i++)
        for (int k = 0; k < p->run_count; k++)
            if (!strcmp(f->panels[i].data, p->runs[k].cell->set->name))
                return 1;
    return 0;
}

static int add_picture(struct page *p, const struct figure *f, const char *path, struct error *err) {
    size_t size;
    char *png = file_read(path, PICTURE_BYTES_MAXIMUM, &size, err);
    if (!png)
        return -1;
    text_add(p->out, "<figure class=\"picture\"");
    html_attribute(p->out, "id", f->name);
    if (data_of(f))
        html_attribute(p->out, "data-set", data_of(f));
    text_add(p->out, "><div class=\"scroll plate\"><img loading=\"lazy\" alt=\"");
    html_text(p->out, f->title);
    text_add(p->out, "\" src=\"data:image/png;base64,");
    html_base64(p->out, png, size);
    text_add(p->out, "\"></div><figcaption><b>");
    html_text(p->out, f->title);
    text_add(p->out, ".</b> ");
    html_text(p->out, f->caption);
    text_add(p->out, "</figcaption></figure>\n");
    free(png);
    return 0;
}

// One definition: drawn, or named among the missing if it would show what the page is about.
static int take(struct page *p, struct figure *f, const char *name, struct text *missing, int *drawn,
                struct error *err) {
    char file[160], path[PATH_SIZE];
    if (figure_read(f, name, err))
        return home_leave_out(err);
    if (f->kind != FIGURE_GRID)
        return 0;
    snprintf(file, sizeof file, "figures/%.60s/%.80s.png", p->request->profile.name, f->name);
    if (path_join(path, err, p->job->results, file))
        return -1;
    int there = file_is_there(path, err);
    *drawn += there > 0;
    if (there > 0)
        return add_picture(p, f, path, err);
    if (!there && concerns(p, f))
        text_printf(missing, "%s%s", missing->length ? "; " : "", f->title);
    return there;
}

int page_figures(struct page *p, struct error *err) {
    char *rest;
    struct text names = {0}, missing = {0};
    struct figure *f = allocate(1, sizeof *f, "a figure", err);
    int drawn = 0, failed = f ? home_list(&names, "figures", err) : -1;
    text_add(
        p->out,
        "<section id=\"pictures\">\n<h2>Grad-CAM</h2>\n<p class=\"note\">Where the networks look, and what "
        "they were given.</p>\n");
    for (char *name = failed || !names.length ? NULL : strtok_r(names.bytes, " ", &rest); name && !failed;
         name = strtok_r(NULL, " ", &rest))
        failed = take(p, f, name, &missing, &drawn, err);
    if (missing.length) {
        text_add(p->out, "<p class=\"note\">Not drawn yet (<code>make figures PROFILE=");
        html_text(p->out, p->request->profile.name);
        text_add(p->out, "</code>): ");
        html_text(p->out, text_string(&missing));
        text_add(p->out, ".</p>\n");
    } else if (!drawn)
        text_add(p->out, "<p class=\"note\">No figure of these data is defined.</p>\n");
    text_add(p->out, "</section>\n");
    p->out->incomplete |= missing.incomplete;
    text_free(&names), text_free(&missing);
    free(f);
    return failed ? -1 : 0;
}
