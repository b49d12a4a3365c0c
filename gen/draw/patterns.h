// SPDX-License-Identifier: Apache-2.0
// The patterns of the built-in textures: one function for each of the 47 classes of DTD, drawn so that a
// person tells the class from the picture, and so that colour alone does not. A pattern chooses its
// coordinates and fills `value`, and `height` where the surface has relief.
#ifndef REFF_GEN_DRAW_PATTERNS_H
#define REFF_GEN_DRAW_PATTERNS_H

#include "gen/draw/pattern.h"

// patterns_lines.c: bands, stripes, threads and folds
void pattern_banded(struct pattern *p);
void pattern_braided(struct pattern *p);
void pattern_chequered(struct pattern *p);
void pattern_crosshatched(struct pattern *p);
void pattern_grid(struct pattern *p);
void pattern_grooved(struct pattern *p);
void pattern_interlaced(struct pattern *p);
void pattern_knitted(struct pattern *p);
void pattern_lined(struct pattern *p);
void pattern_meshed(struct pattern *p);
void pattern_pleated(struct pattern *p);
void pattern_stratified(struct pattern *p);
void pattern_striped(struct pattern *p);
void pattern_waffled(struct pattern *p);
void pattern_woven(struct pattern *p);
void pattern_zigzagged(struct pattern *p);

// patterns_shapes.c: dots, holes and motifs
void pattern_bubbly(struct pattern *p);
void pattern_dotted(struct pattern *p);
void pattern_flecked(struct pattern *p);
void pattern_freckled(struct pattern *p);
void pattern_honeycombed(struct pattern *p);
void pattern_lacelike(struct pattern *p);
void pattern_paisley(struct pattern *p);
void pattern_perforated(struct pattern *p);
void pattern_pitted(struct pattern *p);
void pattern_polka_dotted(struct pattern *p);
void pattern_potholed(struct pattern *p);
void pattern_scaly(struct pattern *p);
void pattern_sprinkled(struct pattern *p);
void pattern_studded(struct pattern *p);

// patterns_fields.c: what follows noise, cells and flows
void pattern_blotchy(struct pattern *p);
void pattern_bumpy(struct pattern *p);
void pattern_cobwebbed(struct pattern *p);
void pattern_cracked(struct pattern *p);
void pattern_crystalline(struct pattern *p);
void pattern_fibrous(struct pattern *p);
void pattern_frilly(struct pattern *p);
void pattern_gauzy(struct pattern *p);
void pattern_marbled(struct pattern *p);
void pattern_matted(struct pattern *p);
void pattern_porous(struct pattern *p);
void pattern_smeared(struct pattern *p);
void pattern_spiralled(struct pattern *p);
void pattern_stained(struct pattern *p);
void pattern_swirly(struct pattern *p);
void pattern_veined(struct pattern *p);
void pattern_wrinkled(struct pattern *p);

#endif
