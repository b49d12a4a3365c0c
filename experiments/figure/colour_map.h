// SPDX-License-Identifier: Apache-2.0
// Colours for values in [0,1]: viridis (S. van der Walt and N. Smith, 2015; public domain, CC0), whose steps
// look equally large, also in grey and to colour-blind readers.
#ifndef REFF_EXPERIMENTS_FIGURE_COLOUR_MAP_H
#define REFF_EXPERIMENTS_FIGURE_COLOUR_MAP_H

#include <stdint.h>

// Values outside [0,1] and NaN take the colours of the ends (NaN: of 0).
void colour_map(double value, uint8_t rgb[3]);

#endif
