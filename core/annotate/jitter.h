// SPDX-License-Identifier: Apache-2.0
// The changes that pix2pix makes to its few training pairs (Isola et al. 2017, "random jitter"): each time a pair is seen
// it is another crop of a slightly larger picture, mirrored by chance. Without them ten pairs are learned by heart.
#ifndef REFF_ANNOTATE_JITTER_H
#define REFF_ANNOTATE_JITTER_H

#include <stdint.h>

struct jitter {
    int side;   // pixels of a crop's side, the network's
    int margin; // pixels by which the pictures' side is larger; 0: the whole picture
    int mirror; // left and right are exchanged with a chance of one half
    uint64_t seed;
};

// The crop of number k: image [side + margin][side + margin][3] -> out_image [side][side][3], mask
// [side + margin][side + margin] -> out_mask [side][side], both alike. It depends on the seed and k alone.
void jitter_pair(const struct jitter *j, uint64_t k, const uint8_t *image, const uint8_t *mask,
                 uint8_t *out_image, uint8_t *out_mask);

#endif
