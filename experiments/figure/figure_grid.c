// SPDX-License-Identifier: Apache-2.0
// Grids of pictures: the images of a panel down the side and what is shown of them across, or the other way
// round; below all of them the scale of the maps' colours.
#include "experiments/figure/figure_grid.h"
#include "core/methods/method.h"
#include "experiments/figure/figure.h"
#include "experiments/results/wording.h"

#include "core/base/memory.h"
#include "core/base/text.h"
#include "experiments/store/retrain.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define TEXT       6.8 // points
#define SMALL      5.6
#define LINE       8.2
#define FOOT       4.8
#define FOOT_LINE  5.6
#define NOTE_BELOW 3.0 // the last note's base line

void grid_layout(struct grid *g, const struct grid_content *panels, int count, int transpose) {
    *g = (struct grid){.count = count, .transpose = transpose, .width = GRID_WIDTH_MAXIMUM};
    double y = 4;
    int most = 0;
    for (int i = 0; i < count; i++) {
        int across = transpose ? panels[i].images : panels[i].columns;
        most = across > most ? across : most;
        g->has_maps |= panels[i].has_maps;
    }
    // One size for all panels; side labels of transposed grids are the longer ones.
    double side = transpose ? 66 : 57, gap = 3;
    g->cell = fmin(GRID_CELL_MAXIMUM, (GRID_WIDTH_MAXIMUM - 3 - side - gap * (most - 1)) / most);
    g->side = side;
    g->gap = gap;
    g->width = side + most * g->cell + (most - 1) * gap + 3;
    for (int i = 0; i < count; i++) {
        struct grid_place *p = &g->places[i];
        const struct grid_content *content = &panels[i];
        int down = transpose ? content->columns : content->images;
        double note =
            content->has_maps && !transpose ? SMALL + 3 : 0; // what the network says, below each map
        p->title = y + (content->has_title ? LINE : 0);
        p->header = p->title + 2;
        p->top = p->header + LINE * content->header_lines + 3;
        p->step = g->cell + gap + note;
        y = p->top + down * p->step + (transpose ? FOOT_LINE * content->name_lines + 2 : 0) + 6;
    }
    g->legend = y + 6;
    g->notes = g->has_maps ? g->legend + 10 : y + SMALL;
}

// ---------------------------------------------------------------------------------------- headers

// What stands above a picture, in up to HEADER_LINES lines.
static int header_of(char lines[HEADER_LINES][64], const struct panel *panel, const struct panel_column *p) {
    const char *title = p->kind == PICTURE_INPUT        ? "input"
                        : p->kind == PICTURE_ANNOTATION ? "annotation"
                        : p->kind == PICTURE_PSEUDO     ? "pseudo"
                                                        : wording_title(p->method);
    const char *split = strstr(title, " (");
    int count = 0, several_n = 0, several_layers = 0;
    snprintf(lines[count++], 64, "%.*s", split ? (int)(split - title) : 63, title);
    if (split)
        snprintf(lines[count++], 64, "%.63s", split + 1);
    for (int i = 0; i < panel->column_count; i++) {
        const struct panel_column *other = &panel->pictures[i];
        several_n |= other->kind >= PICTURE_PSEUDO && strcmp(other->n, "All") != 0;
        several_layers |= other->kind == PICTURE_MAP && p->kind == PICTURE_MAP && other->layer != p->layer;
    }
    if (p->kind == PICTURE_PSEUDO ||
        (p->kind == PICTURE_MAP && several_n && method_of(p->method)->annotations))
        snprintf(lines[count++], 64, "n = %.40s", p->n);
    if (several_layers)
        snprintf(lines[count++], 64, "layer %d", p->layer);
    return count;
}

// Breaks a text into at most three lines, each of as many words as fit; returns their number.
static int break_lines(cairo_t *c, const char *text, double width, double size,
                       char lines[3][SETTING_WORD_SIZE]) {
    int count = 1;
    lines[0][0] = 0;
    for (const char *word = text; *word;) {
        size_t length = strcspn(word, " ");
        char longer[2 * SETTING_WORD_SIZE + 2], *line = lines[count - 1];
        snprintf(longer, sizeof longer, "%s%s%.*s", line, *line ? " " : "", (int)length, word);
        if (*line && count < 3 && canvas_text_width(c, size, 0, longer) > width)
            snprintf(lines[count++], SETTING_WORD_SIZE, "%.*s", (int)length, word);
        else
            snprintf(line, SETTING_WORD_SIZE, "%.47s", longer);
        word += length + strspn(word + length, " ");
    }
    return count;
}

struct grid_figure {
    struct panel panels[PANELS_MAXIMUM]; // those that are drawn, with the columns that there are
    struct pictures pictures[PANELS_MAXIMUM];
    int count;
    struct text left_out; // which are not
    int other_models;     // of maps' networks, those that are not the recorded runs' to the bit
    struct text other;    // what such a one is
    struct grid grid;
};

// ---------------------------------------------------------------------------------------- drawing

// The edge of the annotation, along pixels' sides.
static void outline(cairo_t *c, const uint8_t *mask, int pixels, double x, double y, double size) {
    double step = size / pixels;
    for (int v = 0; v < pixels; v++)
        for (int u = 0; u < pixels; u++) {
            int here = mask[v * pixels + u] >= 128, right = u + 1 < pixels && mask[v * pixels + u + 1] >= 128,
                below = v + 1 < pixels && mask[(v + 1) * pixels + u] >= 128;
            if (u + 1 < pixels && here != right) {
                cairo_move_to(c, x + (u + 1) * step, y + v * step);
                cairo_line_to(c, x + (u + 1) * step, y + (v + 1) * step);
            }
            if (v + 1 < pixels && here != below) {
                cairo_move_to(c, x + u * step, y + (v + 1) * step);
                cairo_line_to(c, x + (u + 1) * step, y + (v + 1) * step);
            }
        }
    cairo_set_line_cap(c, CAIRO_LINE_CAP_ROUND);
    cairo_set_source_rgb(c, 1, 1, 1);
    cairo_set_line_width(c, 0.18 + 0.005 * size); // thin enough to leave something of a small map
    cairo_stroke(c);
    cairo_set_line_cap(c, CAIRO_LINE_CAP_BUTT);
}

// Whether the network is right: in vermilion where it is not.
static void prediction_note(cairo_t *c, const struct pictures *p, int column, int image, double x, double y,
                            double size) {
    int at = column * p->images + image, predicted = p->predictions[at];
    const char *text = p->zero[at] ? "zero map" : predicted == p->labels[image] ? "right" : "wrong";
    if (predicted < 0)
        return;
    canvas_colour(c, predicted == p->labels[image] ? faint : palette[1]);
    canvas_text(c, x + size / 2, y + size + SMALL + 0.6, ALIGN_CENTRE, SMALL, 0, text);
}

static int draw_picture(cairo_t *c, const struct grid_figure *d, int panel, int column, int image,
                        struct error *err) {
    const struct grid *g = &d->grid;
    const struct pictures *p = &d->pictures[panel];
    const struct panel_column *picture = &d->panels[panel].pictures[column];
    int across = g->transpose ? image : column, down = g->transpose ? column : image;
    double x = g->side + across * (g->cell + g->gap), y = g->places[panel].top + down * g->places[panel].step;
    size_t area = (size_t)p->pixels * (size_t)p->pixels;
    if (canvas_picture(c, p->rgb + ((size_t)column * (size_t)p->images + (size_t)image) * area * 3, p->pixels,
                       p->pixels, x, y, g->cell, g->cell, err))
        return -1;
    if (picture->kind == PICTURE_MAP) {
        outline(c, p->annotation + (size_t)image * area, p->pixels, x, y, g->cell);
        if (!g->transpose)
            prediction_note(c, p, column, image, x, y, g->cell);
    }
    cairo_rectangle(c, x, y, g->cell, g->cell);
    canvas_colour(c, faint);
    cairo_set_line_width(c, 0.3);
    cairo_stroke(c);
    return 0;
}

// A name on the left, around y.
static void side_label(cairo_t *c, const struct grid *g, double y, const char *text) {
    char lines[3][SETTING_WORD_SIZE];
    int count = break_lines(c, text, g->side - 6, TEXT, lines);
    canvas_colour(c, ink);
    for (int i = 0; i < count; i++)
        canvas_text(c, g->side - 5, y + 2.4 + LINE * (i - (count - 1) / 2.0), ALIGN_RIGHT, TEXT, 0, lines[i]);
}

// A name below a picture of a transposed grid.
static void foot_label(cairo_t *c, const struct grid *g, double x, double y, const char *text) {
    char lines[3][SETTING_WORD_SIZE];
    int count = break_lines(c, text, g->cell, FOOT, lines);
    canvas_colour(c, ink);
    for (int i = 0; i < count; i++)
        canvas_text(c, x, y + FOOT_LINE * i, ALIGN_CENTRE, FOOT, 0, lines[i]);
}

static void draw_labels(cairo_t *c, const struct grid_figure *d, int panel) {
    const struct grid *g = &d->grid;
    const struct grid_place *place = &g->places[panel];
    const struct pictures *p = &d->pictures[panel];
    const struct panel *definition = &d->panels[panel];
    int header_lines = 0;
    char lines[HEADER_LINES][64];
    for (int column = 0; column < p->columns; column++)
        header_lines = (int)fmax(header_lines, header_of(lines, definition, &definition->pictures[column]));
    canvas_colour(c, ink);
    if (*definition->title)
        canvas_text(c, g->side, place->title, ALIGN_LEFT, TEXT + 0.6, 1, definition->title);
    for (int column = 0; column < p->columns; column++) {
        int count = header_of(lines, definition, &definition->pictures[column]);
        if (g->transpose) {
            side_label(c, g, place->top + column * place->step + g->cell / 2, lines[0]);
            continue;
        }
        for (int i = 0; i < count; i++) // the last line stands on the picture
            canvas_text(c, g->side + column * (g->cell + g->gap) + g->cell / 2,
                        place->top - 3 - LINE * (count - 1 - i), ALIGN_CENTRE, TEXT, 0, lines[i]);
    }
    for (int image = 0; image < p->images; image++) {
        if (!g->transpose)
            side_label(c, g, place->top + image * place->step + g->cell / 2, p->names[image]);
        else
            foot_label(c, g, g->side + image * (g->cell + g->gap) + g->cell / 2,
                       place->top + p->columns * place->step + FOOT, p->names[image]);
    }
}

static int has_attention(const struct grid_figure *d) {
    for (int i = 0; i < d->count; i++)
        for (int k = 0; k < d->panels[i].column_count; k++)
            if (d->panels[i].pictures[k].kind == PICTURE_MAP &&
                method_of(d->panels[i].pictures[k].method)->attention)
                return 1;
    return 0;
}

static void draw_scale(cairo_t *c, const struct grid *g) {
    const double width = 84, height = 6, x = g->side, y = g->legend;
    for (int i = 0; i < 256; i++) {
        uint8_t rgb[3];
        picture_overlay_colour(i / 255.0, rgb); // as it is seen in the pictures
        cairo_set_source_rgb(c, rgb[0] / 255.0, rgb[1] / 255.0, rgb[2] / 255.0);
        cairo_rectangle(c, x + 9 + i * width / 256, y - height, width / 256 + 0.3, height);
        cairo_fill(c);
    }
    canvas_colour(c, ink);
    canvas_text(c, x, y - 0.4, ALIGN_LEFT, TEXT, 0, "0");
    canvas_text(c, x + 12 + width, y - 0.4, ALIGN_LEFT, TEXT, 0, "1");
}

// What is said below the pictures, each remark in as many lines as it takes. Returns the figure's height.
static double draw_notes(cairo_t *c, const struct grid_figure *d) {
    const struct grid *g = &d->grid;
    const char *const notes[] = {
        !g->has_maps ? ""
        : has_attention(d)
            ? "Grad-CAM of the true class, divided by its maximum in the image (ABN: attention as it is); "
              "colours as over medium grey. White: edge of the annotation."
            : "Grad-CAM of the true class, divided by its maximum in the image; colours as over medium "
              "grey. White: edge of the annotation.",
        text_string(&d->other), text_string(&d->left_out)};
    int lines = 0;
    canvas_colour(c, faint);
    for (int i = 0; i < 3; i++)
        lines += canvas_paragraph(c, g->side, g->notes + LINE * lines, g->width - g->side - 2, SMALL, LINE,
                                  notes[i]);
    return lines ? g->notes + LINE * (lines - 1) + NOTE_BELOW : g->notes - SMALL;
}

static int draw(cairo_t *c, void *context, struct error *err) {
    const struct grid_figure *d = context;
    for (int panel = 0; panel < d->grid.count; panel++) {
        const struct pictures *p = &d->pictures[panel];
        draw_labels(c, d, panel);
        for (int column = 0; column < p->columns; column++)
            for (int image = 0; image < p->images; image++)
                if (draw_picture(c, d, panel, column, image, err))
                    return -1;
    }
    if (d->grid.has_maps)
        draw_scale(c, &d->grid);
    draw_notes(c, d);
    return 0;
}

// ---------------------------------------------------------------------------------------- all of it

// `cell`: the size of a picture, on which depends how names are broken.
static struct grid_content content_of(const struct panel *panel, const struct pictures *p, double cell) {
    struct grid_content content = {
        .columns = p->columns, .images = p->images, .has_title = *panel->title != 0};
    char lines[HEADER_LINES][64];
    for (int i = 0; i < p->columns; i++) {
        int count = header_of(lines, panel, &panel->pictures[i]);
        content.header_lines = count > content.header_lines ? count : content.header_lines;
        content.has_maps |= panel->pictures[i].kind == PICTURE_MAP;
    }
    cairo_t *c = canvas_measure();
    for (int i = 0; i < p->images; i++) {
        char names[3][SETTING_WORD_SIZE];
        int count = break_lines(c, p->names[i], cell, FOOT, names);
        content.name_lines = count > content.name_lines ? count : content.name_lines;
    }
    canvas_measured(c);
    return content;
}

// Of a panel what the profile has: not the columns whose cells are absent. 0 if nothing is left to show.
static int keep_present(struct panel *kept, const struct panel *panel, const struct figure_cells *cells) {
    struct error ignored;
    int asked = 0, there = 0; // columns that need more than the data
    *kept = *panel;
    kept->column_count = 0;
    for (int i = 0; i < panel->column_count; i++) {
        int needs_more = panel->pictures[i].kind >= PICTURE_PSEUDO;
        asked |= needs_more;
        if (!figure_cell(cells, panel, &panel->pictures[i], &ignored))
            continue;
        there |= needs_more;
        kept->pictures[kept->column_count++] = panel->pictures[i];
    }
    return kept->column_count && there == asked;
}

// Models that another build trained again for the figure.
static int count_other_models(struct grid_figure *d, const struct panel *panel,
                              const struct figure_cells *cells, const struct figure_job *job,
                              struct error *err) {
    for (int i = 0; i < panel->column_count; i++) {
        char remark[256];
        if (panel->pictures[i].kind != PICTURE_MAP)
            continue;
        const struct cell *cell = figure_cell(cells, panel, &panel->pictures[i], err);
        if (!cell || retrain_remark(job->results, cell, remark, err))
            return -1;
        if (!*remark)
            continue;
        text_clear(&d->other);
        text_printf(&d->other, "%d of these networks: %s", ++d->other_models, remark);
    }
    return 0;
}

// What the profile lacks is left out, and the figure says so.
static int read_panels(struct grid_figure *d, const struct figure *f, const struct figure_cells *cells,
                       const struct figure_job *job, struct error *err) {
    for (int i = 0; i < f->panel_count; i++) {
        const struct panel *panel = &f->panels[i];
        int present = keep_present(&d->panels[d->count], panel, cells);
        if (!present || d->panels[d->count].column_count < panel->column_count)
            text_printf(&d->left_out, "%s%s%s", d->left_out.length ? ", " : "Not in this profile: ",
                        present ? "some columns of " : "", wording_title(panel->data));
        if (!present)
            continue;
        int result = pictures_read(&d->pictures[d->count], f, &d->panels[d->count], cells, job, err);
        if (result)
            return result;
        if (count_other_models(d, &d->panels[d->count], cells, job, err))
            return -1;
        d->count++;
    }
    return d->count
               ? 0
               : (fail(err, "profile %s has no data for it: %s", job->profile, text_string(&d->left_out)), 1);
}

// How large pictures are, then how many lines the names below them take, then how high the notes are.
static int lay_out(struct grid_figure *d, int transpose, struct error *err) {
    struct grid_content contents[PANELS_MAXIMUM] = {{0}};
    d->grid.cell = GRID_CELL_MAXIMUM;
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < d->count; i++) {
            contents[i] = content_of(&d->panels[i], &d->pictures[i], d->grid.cell);
            if (transpose)
                contents[i].header_lines = 0;
        }
        grid_layout(&d->grid, contents, d->count, transpose);
    }
    cairo_t *c = canvas_measure();
    d->grid.height = draw_notes(c, d);
    canvas_measured(c);
    return text_check(&d->other, "a figure's notes", err) ||
           text_check(&d->left_out, "a figure's notes", err);
}

int figure_grid(const struct figure *f, const struct figure_cells *cells, const struct figure_job *job,
                struct error *err) {
    struct grid_figure *d = allocate(1, sizeof *d, "a drawing", err);
    int result = d ? read_panels(d, f, cells, job, err) : -1;
    if (!result &&
        (lay_out(d, f->transpose, err) || figure_write(f, job, d->grid.width, d->grid.height, draw, d, err)))
        result = -1;
    for (int i = 0; d && i < PANELS_MAXIMUM; i++) // also one that could not be read to its end
        pictures_free(&d->pictures[i]);
    if (d) {
        text_free(&d->other);
        text_free(&d->left_out);
    }
    free(d);
    return result;
}
