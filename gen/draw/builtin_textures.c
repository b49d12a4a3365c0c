// SPDX-License-Identifier: Apache-2.0
#include "gen/draw/builtin_textures.h"

#include "core/base/memory.h"
#include "gen/draw/patterns.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef void pattern_function(struct pattern *p);

const char *const builtin_texture_classes[BUILTIN_TEXTURE_CLASSES] = {
    "banded",    "blotchy",      "braided",      "bubbly",     "bumpy",       "chequered",  "cobwebbed",
    "cracked",   "crosshatched", "crystalline",  "dotted",     "fibrous",     "flecked",    "freckled",
    "frilly",    "gauzy",        "grid",         "grooved",    "honeycombed", "interlaced", "knitted",
    "lacelike",  "lined",        "marbled",      "matted",     "meshed",      "paisley",    "perforated",
    "pitted",    "pleated",      "polka-dotted", "porous",     "potholed",    "scaly",      "smeared",
    "spiralled", "sprinkled",    "stained",      "stratified", "striped",     "studded",    "swirly",
    "veined",    "waffled",      "woven",        "wrinkled",   "zigzagged"};

static pattern_function *const patterns[BUILTIN_TEXTURE_CLASSES] = {
    pattern_banded,       pattern_blotchy,   pattern_braided,    pattern_bubbly,       pattern_bumpy,
    pattern_chequered,    pattern_cobwebbed, pattern_cracked,    pattern_crosshatched, pattern_crystalline,
    pattern_dotted,       pattern_fibrous,   pattern_flecked,    pattern_freckled,     pattern_frilly,
    pattern_gauzy,        pattern_grid,      pattern_grooved,    pattern_honeycombed,  pattern_interlaced,
    pattern_knitted,      pattern_lacelike,  pattern_lined,      pattern_marbled,      pattern_matted,
    pattern_meshed,       pattern_paisley,   pattern_perforated, pattern_pitted,       pattern_pleated,
    pattern_polka_dotted, pattern_porous,    pattern_potholed,   pattern_scaly,        pattern_smeared,
    pattern_spiralled,    pattern_sprinkled, pattern_stained,    pattern_stratified,   pattern_striped,
    pattern_studded,      pattern_swirly,    pattern_veined,     pattern_waffled,      pattern_woven,
    pattern_wrinkled,     pattern_zigzagged};

// Bounds of lightness. Textures for digits are lighter on the whole than those for backgrounds, with much in
// common: as drawings stand out from what they are drawn on. Without any difference a narrow network learns
// hardly any shape from the few thousand images of the default profile (docs/lab/exploration.md).
static const float DIGITS_DARK = 0.29f, GROUNDS_DARK = 0.04f, REACH = 0.67f;

// DTD's ten classes that fill digits in the paper.
static int is_for_digits(int class) {
    static const char *const names[] = {"banded", "dotted",  "grid",   "knitted", "paisley",
                                        "scaly",  "striped", "veined", "woven",   "zigzagged"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (!strcmp(builtin_texture_classes[class], names[i]))
            return 1;
    return 0;
}

void builtin_texture_file(int class, int index, char *name, size_t size) {
    snprintf(name, size, "%s_%04d.png", builtin_texture_classes[class], index + 1);
}

int builtin_texture_draw(int class, int index, int size, int left, int top, int columns, int rows,
                         uint8_t *rgb, struct error *err) {
    // One pixel more on every side that has one, for the light.
    int first_x = left > 0 ? left - 1 : 0, first_y = top > 0 ? top - 1 : 0;
    int wide = (left + columns < size ? left + columns + 1 : size) - first_x;
    int high = (top + rows < size ? top + rows + 1 : size) - first_y;
    size_t count = (size_t)wide * (size_t)high + PATTERN_SLACK;
    struct pattern *p = allocate(1, sizeof *p, "a texture", err);
    float *memory = p ? allocate(6 * count, sizeof *memory, "a texture", err) : NULL;
    if (!memory) {
        free(p);
        return -1;
    }
    float *arrays[6];
    for (int k = 0; k < 6; k++)
        arrays[k] = memory + (size_t)k * count;
    // The purpose is the class's name, so that a class added later leaves the others as they are.
    struct random random = random_stream(BUILTIN_TEXTURE_REVISION,
                                         random_purpose(builtin_texture_classes[class]), (uint64_t)index);
    pattern_start(p, size, first_x, first_y, wide, high, random, arrays);
    p->dark = is_for_digits(class) ? DIGITS_DARK : GROUNDS_DARK;
    p->light = p->dark + REACH;
    patterns[class](p);
    pattern_finish(p, left, top, columns, rows, rgb);
    free(memory);
    free(p);
    return 0;
}
