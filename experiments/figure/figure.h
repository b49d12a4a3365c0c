// SPDX-License-Identifier: Apache-2.0
// Figures (docs/experiments.md, section 4), one declarative file each in experiments/figures:
//
//   [figure]      kind (grid, curves, training, cost), title, caption (more words, for the report), paper (which
//                 figure of the paper it is; empty: none), resolution (of the PNG, dots per inch)
//                 curves: table, whose accuracies are drawn over its rows, ours beside the paper's; or
//                 metrics and labels, two of each separated by a comma: these, ours alone, side by side
//                 training: table, row: the runs of that row, epoch by epoch
//                 cost: table, row: accuracies of that row over the time of a training step
//                 grid: layer (1..4: whose Grad-CAM is drawn where a column does not say), transpose (yes:
//                 the images go across)
//   [panel NAME]  grid: pictures of one data set. title; data, p, q, size; split (train, test); images (how
//                 many, of different classes as long as there are more); columns
//
// Columns, separated by commas:
//   input             the image                       annotation        its true annotation
//   pseudo n=5        pseudo-annotation made from 5 annotated images a class (split = train)
//   METHOD [n=5] [layer=3]   Grad-CAM (for abn: attention) of the method's network with the first seed
//                     asked for, over the image; n is All where it is not given
//
// Curves, training and cost come from a table's JSON under RESULTS/tables/<profile> and, for the last two, from the
// metrics.jsonl and run.json of its runs; grids from models and shards.
#ifndef REFF_EXPERIMENTS_FIGURE_FIGURE_H
#define REFF_EXPERIMENTS_FIGURE_FIGURE_H

#include "core/base/file.h"
#include "core/base/settings.h"
#include "experiments/executor/executor.h"
#include "experiments/figure/axes.h"
#include "experiments/plan/table.h"

enum { PANELS_MAXIMUM = 6, PANEL_COLUMNS_MAXIMUM = 12 };

enum figure_kind { FIGURE_GRID, FIGURE_CURVES, FIGURE_TRAINING, FIGURE_COST };

enum picture_kind { PICTURE_INPUT, PICTURE_ANNOTATION, PICTURE_PSEUDO, PICTURE_MAP };

struct panel_column { // a column of a panel
    enum picture_kind kind;
    char method[SETTING_WORD_SIZE]; // PICTURE_MAP
    char n[SETTING_WORD_SIZE];      // PICTURE_MAP, PICTURE_PSEUDO: as printed
    int layer;                      // PICTURE_MAP: 1..4; 0 while read: the figure's
};

struct panel {
    char name[SETTING_WORD_SIZE]; // of its section
    char title[SETTING_TEXT_SIZE], data[SETTING_TEXT_SIZE], split[SETTING_WORD_SIZE],
        columns[SETTING_TEXT_SIZE];
    double p, q, size;
    int images;
    int column_count;
    struct panel_column pictures[PANEL_COLUMNS_MAXIMUM];
};

struct figure {
    char name[SETTING_WORD_SIZE]; // the file's, without .ini
    char path[PATH_SIZE];
    char kind_word[SETTING_WORD_SIZE], title[SETTING_TEXT_SIZE], paper[SETTING_TEXT_SIZE],
        caption[SETTING_TEXT_SIZE], table[SETTING_TEXT_SIZE], row[SETTING_TEXT_SIZE],
        metrics[SETTING_TEXT_SIZE], labels[SETTING_TEXT_SIZE];
    enum figure_kind kind;
    int layer, transpose, resolution;
    int panel_count;
    struct panel panels[PANELS_MAXIMUM];
};

// Reads the figure of that name (or path).
int figure_read(struct figure *f, const char *word, struct error *err);

struct figure_job {                                      // what it is drawn from and where to
    const char *results, *profile, *profile_word, *data; // profile: its name; profile_word: as it was given
    const char *seeds;               // as seeds_parse takes them; NULL or "": the profile's
    int train;                       // make models and pseudo-annotations that are missing
    int jobs, threads;               // to train with; 0: chosen from cores and memory
    const struct executor *executor; // who makes them, as in struct executor_job
    const char *cluster, *command;
    int round;
};

// "RESULTS/figures/<profile>/<name>", without ending; the folder is made.
int figure_stem(char out[PATH_SIZE], const struct figure *f, const struct figure_job *job, struct error *err);

// Draw RESULTS/figures/<profile>/<name>.{png,pdf}. 1 when results that it needs are missing: err then says
// which, and which command makes them. Grids: figure_grid.h.
int figure_curves(const struct figure *f, const struct figure_job *job, struct error *err);
int figure_training(const struct figure *f, const struct figure_job *job, struct error *err);
int figure_cost(const struct figure *f, const struct figure_job *job, struct error *err);

// Writes the drawing of a figure to figure_stem's files.
int figure_write(const struct figure *f, const struct figure_job *job, double width, double height,
                 canvas_draw *draw, void *context, struct error *err);

// Colour and marker of a method or a data set, the same in all figures.
void figure_style(const char *column, struct series *s);

// A table's JSON under RESULTS/tables/<profile>; NULL with *missing = 1 and a message when there is none, or
// only one of other settings than the profile's.
json_t *figure_table(const struct figure_job *job, const char *table, int *missing, struct error *err);

#endif
