// SPDX-License-Identifier: Apache-2.0
#include "gen/photographs/mask_readings.h"

#include "core/base/file.h"
#include "core/base/text.h"

#include <stdio.h>

static void add_line(json_t *list, int masks, enum mask_reading reading, int value) {
    const char *s = masks == 1 ? "" : "s", *verb = masks == 1 ? "is" : "are",
               *hold = masks == 1 ? "holds" : "hold";
    json_t *line = NULL;
    if (reading == MASK_READ_EMPTY)
        line = json_sprintf("%d mask%s %s empty", masks, s, verb);
    else if (reading == MASK_READ_PLAIN)
        line = json_sprintf("%d mask%s %s 0 and 255", masks, s, hold);
    else if (reading == MASK_READ_PAIR)
        line = json_sprintf("%d mask%s %s 0 and %d: %d is taken as annotated", masks, s, hold, value, value);
    else if (reading == MASK_READ_INDEX)
        line = json_sprintf("%d mask%s %s a palette: all but index 0 is taken as annotated", masks, s,
                            masks == 1 ? "has" : "have");
    else if (reading == MASK_READ_THRESHOLD)
        line = json_sprintf("%d mask%s %s grey levels: annotated from %d on", masks, s, hold, value);
    else if (reading == MASK_READ_DRAWN)
        line = json_sprintf("%d mask%s %s boxes, a coarse annotation", masks, s, verb);
    else
        line = json_sprintf("%d mask%s %s read by --mask-values", masks, s, verb);
    json_array_append_new(list, line);
}

static int is_usual(enum mask_reading reading) {
    return reading == MASK_READ_EMPTY || reading == MASK_READ_PLAIN || reading == MASK_READ_THRESHOLD;
}

// Readings are few: pairs by their value, the others by kind.
json_t *mask_readings(const struct photograph_reader *r, int all, struct error *err) {
    json_t *list = json_array();
    int counted = 0, masks = 0;
    for (int i = 0; i < r->count; i++)
        masks += r->items[i].mask_width > 0;
    for (int reading = 0; list && reading < MASK_READINGS && counted < masks; reading++)
        for (int value = 0, next; value >= 0 && (all || !is_usual((enum mask_reading)reading));
             value = next) {
            int found = 0;
            next = -1; // the next larger value of this reading
            for (int i = 0; i < r->count; i++) {
                const struct mask_summary *m = &r->items[i].mask;
                if (!r->items[i].mask_width || (int)m->reading != reading)
                    continue;
                found += m->value == value;
                if (m->value > value && (next < 0 || m->value < next))
                    next = m->value;
            }
            if (found)
                add_line(list, found, (enum mask_reading)reading, value);
            counted += found;
        }
    if (!list)
        fail_memory(err, "how masks were read");
    return list;
}

void mask_readings_print(const json_t *readings, const char *path) {
    char shown[PATH_SIZE];
    size_t i;
    const json_t *line;
    text_visible(shown, sizeof shown, path);
    json_array_foreach((json_t *)readings, i, line)
        fprintf(stderr, "reff: %s: %s\n", shown, json_string_value(line));
}
