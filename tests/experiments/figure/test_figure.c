// SPDX-License-Identifier: Apache-2.0
// Figures: colours, axes, layout, the same bytes again, definitions that are refused, results that are
// missing.
#include "core/base/digest.h"
#include "core/base/memory.h"
#include "experiments/figure/axes.h"
#include "experiments/figure/colour_map.h"
#include "experiments/figure/figure_grid.h"
#include "experiments/plan/home.h"
#include "gen/read/image.h"
#include "tests/support/suite.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// ---------------------------------------------------------------------------------------- colours

// CIE L* of an sRGB colour.
static double lightness(const uint8_t rgb[3]) {
    static const double weights[3] = {0.2126729, 0.7151522, 0.0721750};
    double y = 0;
    for (int c = 0; c < 3; c++) {
        double v = rgb[c] / 255.0;
        y += weights[c] * (v <= 0.04045 ? v / 12.92 : pow((v + 0.055) / 1.055, 2.4));
    }
    return y > 0.008856 ? 116 * cbrt(y) - 16 : 903.3 * y;
}

// What "perceptually uniform" promises to readers in grey: lightness rises, and in even steps.
static void test_the_colour_map_rises_evenly_in_lightness(void) {
    uint8_t first[3], last[3], rgb[3];
    double least = 100, most = 0;
    colour_map(0, first);
    colour_map(1, last);
    CU_ASSERT(first[0] == 0x44 && first[1] == 0x01 && first[2] == 0x54);
    CU_ASSERT(last[0] == 0xfd && last[1] == 0xe7 && last[2] == 0x25);
    double before = lightness(first), step = (lightness(last) - before) / 16;
    for (int i = 1; i <= 16; i++) {
        colour_map(i / 16.0, rgb);
        double rise = lightness(rgb) - before;
        before = lightness(rgb);
        least = fmin(least, rise);
        most = fmax(most, rise);
    }
    CU_ASSERT(least > 0.8 * step);
    CU_ASSERT(most < 1.2 * step);
    static const double outside[] = {-1, -INFINITY, NAN, 2, INFINITY};
    for (int i = 0; i < 5; i++) {
        colour_map(outside[i], rgb);
        CU_ASSERT(!memcmp(rgb, i < 3 ? first : last, 3));
    }
}

static void test_overlays_show_map_and_image(void) {
    static const uint8_t image[12] = {0, 0, 0, 255, 255, 255, 255, 0, 0, 9, 9, 9};
    static const double map[4] = {0, 0, 1, 0.5};
    uint8_t rgb[12], colour[3];
    picture_overlay(image, map, 2, rgb);
    colour_map(0, colour);
    CU_ASSERT_EQUAL(rgb[3] - rgb[0], rgb[5] - rgb[2]); // the image's grey comes through alike in all colours
    CU_ASSERT(rgb[3] > rgb[0]);
    CU_ASSERT(rgb[2] < colour[2]);
    CU_ASSERT(rgb[6] > rgb[8]); // yellow over red
}

// ---------------------------------------------------------------------------------------- axes

static void test_axes_hold_their_values_at_round_ticks(void) {
    struct scale a;
    axis_round(&a, 27.6, 83.7, 6);
    CU_ASSERT_DOUBLE_EQUAL(a.minimum, 20, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(a.maximum, 90, 1e-9);
    CU_ASSERT_STRING_EQUAL(a.labels[0], "20");
    axis_round(&a, 0.31, 0.34, 4);
    CU_ASSERT_STRING_EQUAL(a.labels[0], "0.31");
    CU_ASSERT_STRING_EQUAL(a.labels[a.tick_count - 1], "0.34");
    axis_round(&a, 0, 10, 4);
    CU_ASSERT_STRING_EQUAL(a.labels[1], "2.5");
    for (double value = 0.001; value < 1e4; value *= 3.7) { // whatever the range, it is held and has ticks
        axis_round(&a, value, value * 1.3, 5);
        CU_ASSERT(a.minimum <= value && a.maximum >= value * 1.3);
        CU_ASSERT(a.tick_count >= 3 && a.tick_count <= TICKS_MAXIMUM);
    }
    axis_round(&a, 5, 5, 5); // one value
    CU_ASSERT(a.minimum <= 5 && a.maximum >= 5 && a.maximum > a.minimum);
    const double at[] = {0, 1, 2};
    const char *const labels[] = {"0", "1", "All"};
    axis_named(&a, at, labels, 3);
    CU_ASSERT(a.minimum < 0 && a.maximum > 2);
    CU_ASSERT_STRING_EQUAL(a.labels[2], "All");
    struct plot p = {
        .x = 10, .y = 20, .width = 100, .height = 50, .across = {.maximum = 2}, .up = {.maximum = 4}};
    CU_ASSERT_DOUBLE_EQUAL(plot_across(&p, 1), 60, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(plot_up(&p, 1), 57.5, 1e-9);
}

// ---------------------------------------------------------------------------------------- layout

// Panels lie below each other, pictures within the width, whatever their number.
static void test_in_a_layout_nothing_overlaps_and_nothing_is_cut_off(void) {
    struct grid g;
    for (int transpose = 0; transpose < 2; transpose++)
        for (int columns = 1; columns <= PANEL_COLUMNS_MAXIMUM; columns++) {
            const struct grid_content panels[2] = {{columns, 3, 2, 1, 1, 3}, {2, 32, 1, 0, 0, 1}};
            grid_layout(&g, panels, 2, transpose);
            int across = transpose ? 32 : columns, second = transpose ? 2 : 32,
                first = transpose ? columns : 3;
            CU_ASSERT(g.cell > 5 && g.cell <= GRID_CELL_MAXIMUM);
            CU_ASSERT(g.side + across * g.cell + (across - 1) * g.gap <= g.width);
            CU_ASSERT(g.width <= GRID_WIDTH_MAXIMUM + 1e-9);
            CU_ASSERT(g.places[0].top + first * g.places[0].step <= g.places[1].header);
            CU_ASSERT(g.places[0].header > g.places[0].title);
            CU_ASSERT(g.places[1].top + second * g.places[1].step <= g.legend);
            CU_ASSERT(g.legend < g.notes);
            CU_ASSERT(g.has_maps);
        }
}

// ---------------------------------------------------------------------------------------- bytes

static const struct canvas_page page = {.title = "title", .width = 100, .height = 50, .resolution = 180};

static int draw_something(cairo_t *c, void *context, struct error *err) {
    static const uint8_t rgb[12] = {255, 0, 0, 0, 255, 0, 0, 0, 255, 9, 9, 9};
    ++*(int *)context;
    canvas_colour(c, palette[0]);
    canvas_text(c, 20, 30, ALIGN_CENTRE, 9, 1, "n = 5 \xc2\xb1 1");
    return canvas_picture(c, rgb, 2, 2, 40, 10, 30, 30, err);
}

static char *bytes_of(const char *name, size_t *size) {
    struct error err;
    char *bytes = file_read(suite_path(name), 1 << 24, size, &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(bytes);
    return bytes;
}

static void test_the_same_drawing_has_the_same_bytes(void) {
    static const char *const names[2][2] = {{"a.png", "b.png"}, {"a.pdf", "b.pdf"}};
    struct error err;
    int calls = 0;
    CU_ASSERT_EQUAL_FATAL(canvas_write(suite_path("a"), &page, draw_something, &calls, &err), 0);
    CU_ASSERT_EQUAL_FATAL(canvas_write(suite_path("b"), &page, draw_something, &calls, &err), 0);
    CU_ASSERT_EQUAL(calls, 12); // measured, and both formats from one drawing, each twice
    for (int i = 0; i < 2; i++) {
        size_t a_size, b_size;
        char *a = bytes_of(names[i][0], &a_size), *b = bytes_of(names[i][1], &b_size);
        CU_ASSERT(a_size == b_size && !memcmp(a, b, a_size));
        CU_ASSERT(!memcmp(a, i ? "%PDF" : "\x89PNG", 4));
        free(a);
        free(b);
    }
}

// As cairo does where it lacks memory and says nothing: once there is nothing where there is something else.
static int draw_but_once(cairo_t *c, void *context, struct error *err) {
    return ++*(int *)context == 4 ? 0 : draw_something(c, &(int){0}, err);
}

static void test_a_drawing_that_is_not_the_same_twice_is_not_written(void) {
    struct error err = {0};
    int calls = 0, before = suite_count_entries(suite_folder());
    CU_ASSERT(canvas_write(suite_path("twice"), &page, draw_but_once, &calls, &err));
    suite_text_has(err.message, "twice.png: drawn twice, it is not the same");
    CU_ASSERT_EQUAL(suite_count_entries(suite_folder()), before);
}

static int draw_badly(cairo_t *c, void *context, struct error *err) {
    (void)c;
    return fail(err, "%s", (const char *)context);
}

static void test_failures_leave_nothing_behind(void) {
    struct error err;
    int calls = 0, before = suite_count_entries(suite_folder());
    CU_ASSERT_EQUAL(canvas_write(suite_path("c"), &page, draw_badly, "out of ink", &err), -1);
    CU_ASSERT_STRING_EQUAL(err.message, "out of ink");
    suite_limit_files(100);
    CU_ASSERT_EQUAL(canvas_write(suite_path("c"), &page, draw_something, &calls, &err), -1);
    suite_limit_files(0);
    CU_ASSERT(strstr(err.message, "c.png") != NULL);
    CU_ASSERT_EQUAL(suite_count_entries(suite_folder()), before);
}

// ---------------------------------------------------------------------------------------- extents

// A picture of this width and height in points at the resolution, whose outermost pixels are all white: what
// was drawn ends before them. Height 0: any.
static void check_inside(const char *path, double width, double height, double resolution) {
    struct error err = {0};
    struct image image;
    size_t size;
    uint8_t *bytes = (uint8_t *)file_read(path, 1 << 24, &size, &err);
    CU_ASSERT_FATAL(bytes && !image_decode(bytes, size, path, &image, &err));
    CU_ASSERT_EQUAL(image.width, (int)ceil(width * resolution / 72));
    if (height > 0)
        CU_ASSERT_EQUAL(image.height, (int)ceil(height * resolution / 72));
    int dark = 0;
    for (int y = 0; y < image.height; y++)
        for (int x = 0; x < image.width; x++)
            if (x == 0 || y == 0 || x == image.width - 1 || y == image.height - 1)
                for (int c = 0; c < 3; c++)
                    dark += image.pixels[((size_t)y * (size_t)image.width + (size_t)x) * 3 + (size_t)c] < 255;
    CU_ASSERT_EQUAL(dark, 0);
    image_free(&image);
    free(bytes);
}

static int draw_square(cairo_t *c, void *context, struct error *err) {
    const double *side = context;
    (void)err;
    cairo_rectangle(c, 10, 20, *side, *side);
    cairo_fill(c);
    return 0;
}

static void test_a_canvas_grows_to_hold_what_is_drawn(void) {
    struct error err = {0};
    struct canvas_box box;
    double side = 30;
    CU_ASSERT_EQUAL(canvas_extents(draw_square, &side, &box, &err), 0);
    CU_ASSERT_DOUBLE_EQUAL(box.left, 10, 0.5);
    CU_ASSERT_DOUBLE_EQUAL(box.top, 20, 0.5);
    CU_ASSERT_DOUBLE_EQUAL(box.right, 40, 0.5);
    CU_ASSERT_DOUBLE_EQUAL(box.bottom, 50, 0.5);
    const struct canvas_page narrow = {.title = "title", .width = 60, .height = 60, .resolution = 90};
    CU_ASSERT_EQUAL(canvas_write(suite_path("small"), &narrow, draw_square, &side, &err), 0);
    check_inside(suite_path("small.png"), 60, 60, 90);
    side = 100; // reaches 110 to the right and 120 down
    CU_ASSERT_EQUAL(canvas_write(suite_path("large"), &narrow, draw_square, &side, &err), 0);
    size_t size;
    unsigned char *png = (unsigned char *)bytes_of("large.png", &size);
    CU_ASSERT_EQUAL(png[18] << 8 | png[19], 138); // 110 points at 90 dots an inch
    CU_ASSERT_EQUAL(png[22] << 8 | png[23], 150);
    free(png);
}

static const char *const legend_titles[4] = {"Baseline", "ReFF (single layer)", "ReFF with L1", "ABN"};

static int draw_legend(cairo_t *c, void *context, struct error *err) {
    const struct plot *p = context;
    struct legend_entry entries[4];
    (void)err;
    for (int i = 0; i < 4; i++)
        entries[i] = (struct legend_entry){.title = legend_titles[i], .look = {.line = 1, .marker = 1 + i}};
    return plot_legend(c, p, entries, 4);
}

// In as many lines as a panel's width takes, between its title and its frame.
static void test_a_legend_stands_at_its_panel(void) {
    struct error err = {0};
    struct canvas_box box;
    for (double width = 110; width < 400; width += 40) {
        struct plot p = {.x = 50, .y = 100, .width = width, .height = 100};
        cairo_t *c = canvas_measure();
        p.legend_lines = draw_legend(c, &p, &err);
        cairo_destroy(c);
        CU_ASSERT(p.legend_lines >= 1 && p.legend_lines <= 4);
        CU_ASSERT_EQUAL(width > 270, p.legend_lines == 1);
        canvas_extents(draw_legend, &p, &box, &err);
        CU_ASSERT(box.left >= p.x && box.right <= p.x + width);
        CU_ASSERT(box.bottom < p.y && box.top > p.y - plot_head(p.legend_lines) + 12); // below the title
    }
}

static const char long_note[] =
    "A note of so many words that it takes several lines below a figure of this width, "
    "each of which must lie within it; and a last word.";

static int draw_note(cairo_t *c, void *context, struct error *err) {
    (void)err;
    *(double *)context = plot_note(c, 20, 100, 150, long_note);
    return 0;
}

static void test_a_note_lies_within_its_width_and_depth(void) {
    struct error err = {0};
    struct canvas_box box;
    double depth = 0;
    CU_ASSERT_EQUAL(canvas_extents(draw_note, &depth, &box, &err), 0);
    CU_ASSERT(box.left >= 19 && box.right <= 171);
    CU_ASSERT(box.top > 100 && box.bottom <= 100 + depth);
    CU_ASSERT(box.bottom > 100 + depth - 5);
}

// ---------------------------------------------------------------------------------------- definitions

static int read_text(const char *text, struct figure *f, struct error *err) {
    CU_ASSERT_FATAL(!file_write(suite_path("figure.ini"), text, strlen(text), err));
    return figure_read(f, suite_path("figure.ini"), err);
}

static void test_a_definition_may_have_all_that_there_is(void) {
    static struct figure f;
    struct error err;
    CU_ASSERT_EQUAL_FATAL(
        read_text("[figure]\nkind = grid\ntitle = A\nlayer = 3\n[panel a]\nsplit = train\ncolumns = "
                  "input, pseudo n=5, reff n=1 layer=2, baseline\n[panel b]\ndata = pets\ncolumns = "
                  "annotation\n",
                  &f, &err),
        0);
    CU_ASSERT_EQUAL(f.panel_count, 2);
    CU_ASSERT_EQUAL(f.panels[0].column_count, 4);
    CU_ASSERT_EQUAL(f.panels[0].pictures[1].kind, PICTURE_PSEUDO);
    CU_ASSERT_STRING_EQUAL(f.panels[0].pictures[1].n, "5");
    CU_ASSERT_EQUAL(f.panels[0].pictures[2].layer, 2);
    CU_ASSERT_EQUAL(f.panels[0].pictures[3].layer, 3);
    CU_ASSERT_STRING_EQUAL(f.panels[0].pictures[3].n, "All");
    CU_ASSERT_STRING_EQUAL(f.panels[1].data, "pets");
}

static void test_definitions_that_are_wrong_are_refused(void) {
    static const char *const cases[][2] = {
        {"[figure]\ntitle = A\n", "kind is missing"},
        {"[figure]\nkind = pie\n", "figure.ini:2: 'pie' is none of"},
        {"[figure]\nkind = curves\ntitle = A\n", "table is missing"},
        {"[figure]\nkind = curves\ntitle = A\ntable = t\nmetrics = ece\n", "two each"},
        {"[figure]\nkind = training\ntitle = A\ntable = t\n", "row is missing"},
        {"[figure]\nkind = cost\ntitle = A\ntable = t\n", "row is missing"},
        {"[figure]\nkind = grid\ntitle = A\n", "no [panel"},
        {"[figure]\nkind = grid\ntitle = A\n[panel a]\nimages = 3\n", "columns are missing in [panel a]"},
        {"[figure]\nkind = grid\ntitle = A\n[panel a]\ncolumns = magic\n",
         "figure.ini:5: 'magic' is none of"},
        {"[figure]\nkind = grid\ntitle = A\n[panel a]\ncolumns = input, , reff\n", "an empty column"},
        {"[figure]\nkind = grid\ntitle = A\n[panel a]\ncolumns = input n=5\n", "neither n=... nor layer"},
        {"[figure]\nkind = grid\ntitle = A\n[panel a]\ncolumns = reff layer=5\n", "neither n=... nor layer"},
        {"[figure]\nkind = grid\ntitle = A\n[panel a]\nsplit = train\ncolumns = pseudo\n", "pseudo needs n"},
        {"[figure]\nkind = grid\ntitle = A\n[panel a]\ncolumns = pseudo n=5\n", "training images"},
        {"[figure]\nkind = grid\ntitle = A\n[panel a]\nsize = 1\n", "not in 8..224"},
        {"[pie]\nkind = grid\n", "unknown section [pie]"},
        {"[figure]\ncolour = red\n", "unknown key 'colour'"},
    };
    static struct figure f;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct error err = {0};
        CU_ASSERT_EQUAL(read_text(cases[i][0], &f, &err), -1);
        CU_ASSERT_EQUAL(err.status, EXIT_FAILED);
        suite_text_has(err.message, cases[i][1]);
    }
}

// Every figure of the project can be read, and names a table that there is. What a user has put beside them
// is no matter of the tests.
static void test_every_definition_of_the_project_can_be_read(void) {
    static const char *const names[] = {"calibration-table1a",
                                        "curve-supp-table2",
                                        "curve-supp-table3",
                                        "curve-table1a",
                                        "curve-table1b",
                                        "curve-table2",
                                        "curve-table3a",
                                        "curve-table3b",
                                        "fig3a",
                                        "fig3b",
                                        "fig3c",
                                        "focus-table1a",
                                        "focus-table2",
                                        "layers",
                                        "supp-fig1",
                                        "supp-fig2",
                                        "supp-fig3",
                                        "supp-fig4",
                                        "supp-fig5",
                                        "supp-fig6",
                                        "supp-fig7",
                                        "training-table1a",
                                        "quality-annotations",
                                        "cost-controls"};
    static struct figure f;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct error err = {0};
        char path[PATH_SIZE];
        CU_ASSERT_EQUAL(figure_read(&f, names[i], &err), 0);
        suite_text_is(err.message, "");
        CU_ASSERT(!*f.table || !home_definition(path, "tables", f.table, &err));
    }
}

// ---------------------------------------------------------------------------------------- from results

static const char table_json[] =
    "{\"row_name\": \"n\", \"cells\": ["
    "{\"row\": \"0\", \"column\": \"reff\", \"mean\": 30.5, \"std\": 1.5, \"n\": 3, \"paper_mean\": 40.0, "
    "\"paper_std\": 1.0},"
    "{\"row\": \"All\", \"column\": \"reff\", \"mean\": null, \"std\": null, \"n\": 0, \"paper_mean\": 50.0, "
    "\"paper_std\": null}]%s}";

static void write_table(const char *rest) {
    struct error err;
    char text[2048];
    CU_ASSERT_FATAL(!folder_make(suite_path("tables/tiny"), &err));
    snprintf(text, sizeof text, table_json, rest);
    CU_ASSERT_FATAL(!file_write(suite_path("tables/tiny/t.json"), text, strlen(text), &err));
}

static int draw_figure(const struct figure *f, struct error *err) {
    const struct figure_job job = {
        .results = suite_folder(), .profile = "tiny", .profile_word = "tiny", .data = ""};
    return f->kind == FIGURE_CURVES     ? figure_curves(f, &job, err)
           : f->kind == FIGURE_TRAINING ? figure_training(f, &job, err)
                                        : figure_cost(f, &job, err);
}

static int draw_text(const char *text, struct error *err) {
    static struct figure f;
    CU_ASSERT_EQUAL_FATAL(read_text(text, &f, err), 0);
    return draw_figure(&f, err);
}

static void test_curves_come_from_a_tables_json_with_cells_missing(void) {
    static const char text[] = "[figure]\nkind = curves\ntitle = A\ntable = t\n";
    struct error err = {0};
    CU_ASSERT_EQUAL(draw_text(text, &err), 1);
    CU_ASSERT(strstr(err.message,
                     "tables/tiny/t.json is missing; make it: build/release/reff run t --profile tiny") !=
              NULL);
    write_table("");
    CU_ASSERT_EQUAL(draw_text(text, &err), 0);
    check_inside(suite_path("figures/tiny/figure.png"), 468, 0, 180);
    CU_ASSERT(file_exists(suite_path("figures/tiny/figure.pdf")));
    CU_ASSERT_EQUAL(
        draw_text("[figure]\nkind = curves\ntitle = A\ntable = t\nmetrics = ece, iou\nlabels = E, I\n", &err),
        1);
    CU_ASSERT(strstr(err.message, "has no results yet") != NULL);
}

static void test_training_curves_come_from_a_runs_metrics(void) {
    static const char text[] = "[figure]\nkind = training\ntitle = A\ntable = t\nrow = 0\n";
    static const char lines[] =
        "{\"epoch\": 1, \"loss_main\": 2.0, \"loss_reg\": 0.0, \"test_accuracy\": 10}\n"
        "{\"epoch\": 2, \"loss_main\": 1.0, \"loss_reg\": 0.0, \"test_accuracy\": 20}\n{\"epo";
    struct error err = {0};
    write_table(", \"provenance\": {\"runs\": [{\"row\": \"0\", \"column\": \"reff\", \"digest\": "
                "\"0123456789abcdef0000\"}]}");
    CU_ASSERT_EQUAL(draw_text(text, &err), 1);
    CU_ASSERT(strstr(err.message, "has no run of row 0 of t") != NULL);
    CU_ASSERT_FATAL(!folder_make(suite_path("runs/0123456789abcdef"), &err));
    CU_ASSERT_FATAL(
        !file_write(suite_path("runs/0123456789abcdef/metrics.jsonl"), lines, strlen(lines), &err));
    CU_ASSERT_EQUAL(draw_text(text, &err), 0); // a last line that was cut is no line
    check_inside(suite_path("figures/tiny/figure.png"), 468, 0, 180);
    CU_ASSERT_FATAL(!file_write(suite_path("runs/0123456789abcdef/metrics.jsonl"), "{}\nno\n", 6, &err));
    CU_ASSERT_EQUAL(draw_text(text, &err), -1);
    CU_ASSERT(strstr(err.message, "metrics.jsonl: line 2 is no JSON") != NULL);
}

// 3 seconds of 1,500 steps; a method whose runs lie elsewhere has no place.
static void test_costs_come_from_records_and_metrics(void) {
    static const char text[] = "[figure]\nkind = cost\ntitle = A\ntable = t\nrow = 0\n";
    static const char lines[] = "{\"epoch\": 1, \"step\": 750}\n{\"epoch\": 2, \"step\": 1500}\n",
                      record[] = "{\"state\": \"done\", \"seconds\": 3.0}";
    struct error err = {0};
    write_table(", \"provenance\": {\"runs\": [{\"row\": \"0\", \"column\": \"reff\", \"digest\": "
                "\"fedcba9876543210000\"}]}");
    CU_ASSERT_EQUAL(draw_text(text, &err), 1);
    suite_text_has(err.message, "t of profile tiny has no run with n = 0; make them");
    CU_ASSERT_FATAL(!folder_make(suite_path("runs/fedcba9876543210"), &err));
    CU_ASSERT_FATAL(
        !file_write(suite_path("runs/fedcba9876543210/metrics.jsonl"), lines, strlen(lines), &err));
    CU_ASSERT_FATAL(!file_write(suite_path("runs/fedcba9876543210/run.json"), record, strlen(record), &err));
    CU_ASSERT_EQUAL(draw_text(text, &err), 0);
    check_inside(suite_path("figures/tiny/figure.png"), 468, 0, 180);
    CU_ASSERT_FATAL(!file_write(suite_path("runs/fedcba9876543210/run.json"), "no", 2, &err));
    CU_ASSERT_EQUAL(draw_text(text, &err), -1);
}

static void digest_of_picture(char out[DIGEST_SIZE]) {
    struct error err = {0};
    CU_ASSERT_FATAL(!digest_file(suite_path("figures/tiny/figure.png"), out, &err));
}

// A step of the run's network, method, precision, batch and pixels in the file of measurements takes the place of the
// run's time; any other does not. A file that is none is told.
static void test_costs_are_what_bench_has_measured(void) {
    static const char text[] = "[figure]\nkind = cost\ntitle = A\ntable = t\nrow = 0\n";
    static const char lines[] = "{\"epoch\": 2, \"step\": 1500}\n",
                      record[] = "{\"seconds\": 3.0, \"precision\": \"bf16\", \"data\": {\"pixels\": 32}, "
                                 "\"settings\": {\"model\": \"small\", \"method\": \"reff\", \"batch\": 32}}",
                      step[] = "{\"steps\": [{\"model\": \"%s\", \"method\": \"%s\", \"precision\": \"%s\", "
                               "\"batch\": %d, \"pixels\": %d, \"images_per_s\": 4000.0}]}";
    static const struct {
        const char *model, *method, *precision;
        int batch, pixels, counts;
    } steps[] = {{"small", "reff", "bf16", 32, 32, 1},     {"resnet18", "reff", "bf16", 32, 32, 0},
                 {"small", "baseline", "bf16", 32, 32, 0}, {"small", "reff", "f32", 32, 32, 0},
                 {"small", "reff", "bf16", 16, 32, 0},     {"small", "reff", "bf16", 32, 64, 0}};
    struct error err = {0};
    char without[DIGEST_SIZE], with[DIGEST_SIZE], file[300];
    write_table(", \"provenance\": {\"runs\": [{\"row\": \"0\", \"column\": \"reff\", \"digest\": "
                "\"fedcba9876543210000\"}]}");
    CU_ASSERT_FATAL(!folder_make(suite_path("runs/fedcba9876543210"), &err));
    CU_ASSERT_FATAL(
        !file_write(suite_path("runs/fedcba9876543210/metrics.jsonl"), lines, strlen(lines), &err));
    CU_ASSERT_FATAL(!file_write(suite_path("runs/fedcba9876543210/run.json"), record, strlen(record), &err));
    CU_ASSERT_EQUAL(draw_text(text, &err), 0);
    digest_of_picture(without);
    CU_ASSERT_FATAL(!folder_make(suite_path("bench"), &err));
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        snprintf(file, sizeof file, step, steps[i].model, steps[i].method, steps[i].precision, steps[i].batch,
                 steps[i].pixels);
        CU_ASSERT_FATAL(!file_write(suite_path("bench/step.json"), file, strlen(file), &err));
        CU_ASSERT_EQUAL(draw_text(text, &err), 0);
        digest_of_picture(with);
        CU_ASSERT_EQUAL(strcmp(with, without) != 0, steps[i].counts);
    }
    CU_ASSERT_FATAL(!file_write(suite_path("bench/step.json"), "no", 2, &err));
    CU_ASSERT_EQUAL(draw_text(text, &err), -1);
    suite_text_has(err.message, "bench/step.json");
    CU_ASSERT_FATAL(!unlink(suite_path("bench/step.json")));
}

static void test_memory_that_runs_out_is_told(void) {
    static const char text[] = "[figure]\nkind = training\ntitle = A\ntable = t\nrow = 0\n";
    static const char line[] =
        "{\"epoch\": 1, \"loss_main\": 2.0, \"loss_reg\": 0.5, \"test_accuracy\": 10}\n";
    static struct figure f;
    struct error err = {0};
    int failures = 0;
    write_table(", \"provenance\": {\"runs\": [{\"row\": \"0\", \"column\": \"reff\", \"digest\": "
                "\"0123456789abcdef0000\"}]}");
    CU_ASSERT_FATAL(!folder_make(suite_path("runs/0123456789abcdef"), &err));
    CU_ASSERT_FATAL(!file_write(suite_path("runs/0123456789abcdef/metrics.jsonl"), line, strlen(line), &err));
    CU_ASSERT_EQUAL_FATAL(read_text(text, &f, &err), 0);
    for (long n = 1; n < 100; n++) {
        memory_fail_at = n;
        int result = draw_figure(&f, &err);
        memory_fail_at = 0;
        if (!result)
            break;
        CU_ASSERT_EQUAL(result, -1);
        CU_ASSERT(strstr(err.message, "out of memory") != NULL);
        failures++;
    }
    CU_ASSERT(failures > 2);
}

// The command: a grid without its model, then with one that it trains, and again from the same model.
static void test_a_model_that_is_missing_is_named_then_trained(void) {
    struct program_result r;
    CU_ASSERT_EQUAL(reff_run(&r, 0, "figure", "fig3a", "--profile", "tiny", "--results", suite_path("r")), 1);
    CU_ASSERT(strstr(r.err, "the model of 'tiny: p 0, q 1, size 223, baseline, seed 1' is missing; make it: "
                            "build/release/reff figure fig3a --profile tiny --train") != NULL);
    CU_ASSERT(!file_exists(suite_path("r"))); // nothing was begun
    program_free(&r);
    CU_ASSERT_EQUAL(
        reff_run(&r, 0, "figure", "fig3a", "--profile", "tiny", "--results", suite_path("r"), "--train"), 0);
    program_free(&r);
    size_t size, again_size;
    char *bytes = bytes_of("r/figures/tiny/fig3a.pdf", &size);
    CU_ASSERT_EQUAL(reff_run(&r, 0, "figure", "fig3a", "--profile", "tiny", "--results", suite_path("r")), 0);
    char *again = bytes_of("r/figures/tiny/fig3a.pdf", &again_size);
    CU_ASSERT(size == again_size && !memcmp(bytes, again, size));
    CU_ASSERT_EQUAL(suite_count_entries(suite_path("r/figures/tiny")), 2);
    free(bytes);
    free(again);
    program_free(&r);
}

// The remark on ABN's maps is the longest; below two columns it takes many lines. Pictures are 52 points
// wide.
static void test_the_notes_of_a_narrow_grid_are_not_cut(void) {
    static const char text[] = "[figure]\nkind = grid\ntitle = A\nresolution = 100\n[panel a]\nimages = 2\n"
                               "columns = input, abn\n";
    struct program_result r;
    struct error err = {0};
    CU_ASSERT_FATAL(!file_write(suite_path("narrow.ini"), text, strlen(text), &err));
    CU_ASSERT_EQUAL(reff_run(&r, 0, "figure", suite_path("narrow.ini"), "--profile", "tiny", "--results",
                             suite_path("r"), "--train"),
                    0);
    program_free(&r);
    check_inside(suite_path("r/figures/tiny/narrow.png"), 57 + 2 * 52 + 3 + 3, 0, 100);
}

static int clean_up(void) {
    canvas_forget_fonts();
    return suite_remove_folder();
}

void suite_figure(void) {
    CU_pSuite suite = CU_add_suite("figure", suite_make_folder, clean_up);
    CU_add_test(suite, "the colour map rises evenly in lightness",
                test_the_colour_map_rises_evenly_in_lightness);
    CU_add_test(suite, "overlays show map and image", test_overlays_show_map_and_image);
    CU_add_test(suite, "axes hold their values at round ticks", test_axes_hold_their_values_at_round_ticks);
    CU_add_test(suite, "in a layout nothing overlaps and nothing is cut off",
                test_in_a_layout_nothing_overlaps_and_nothing_is_cut_off);
    CU_add_test(suite, "the same drawing has the same bytes", test_the_same_drawing_has_the_same_bytes);
    CU_add_test(suite, "a drawing that is not the same twice is not written",
                test_a_drawing_that_is_not_the_same_twice_is_not_written);
    CU_add_test(suite, "failures leave nothing behind", test_failures_leave_nothing_behind);
    CU_add_test(suite, "a canvas grows to hold what is drawn", test_a_canvas_grows_to_hold_what_is_drawn);
    CU_add_test(suite, "a legend stands at its panel", test_a_legend_stands_at_its_panel);
    CU_add_test(suite, "a note lies within its width and depth", test_a_note_lies_within_its_width_and_depth);
    CU_add_test(suite, "a definition may have all that there is",
                test_a_definition_may_have_all_that_there_is);
    CU_add_test(suite, "definitions that are wrong are refused", test_definitions_that_are_wrong_are_refused);
    CU_add_test(suite, "every definition of the project can be read",
                test_every_definition_of_the_project_can_be_read);
    CU_add_test(suite, "curves come from a table's JSON, with cells missing",
                test_curves_come_from_a_tables_json_with_cells_missing);
    CU_add_test(suite, "training curves come from a run's metrics",
                test_training_curves_come_from_a_runs_metrics);
    CU_add_test(suite, "costs come from records and metrics", test_costs_come_from_records_and_metrics);
    CU_add_test(suite, "costs are what bench has measured", test_costs_are_what_bench_has_measured);
    CU_add_test(suite, "memory that runs out is told", test_memory_that_runs_out_is_told);
    CU_add_test(suite, "a model that is missing is named, then trained",
                test_a_model_that_is_missing_is_named_then_trained);
    CU_add_test(suite, "the notes of a narrow grid are not cut", test_the_notes_of_a_narrow_grid_are_not_cut);
}
