// SPDX-License-Identifier: Apache-2.0
// The number type of the engine. The same source is compiled for float (the product) and, with -DREFF_DOUBLE,
// for double (the proof: golden files and finite differences to 1e-8).
//
// Layout: every activation is a matrix [C][P] of P = H * W * N columns, the image index running fastest:
// element (channel c, row y, column x, image n) lies at ((c * H + y) * W + x) * N + n. So a 1x1 convolution
// is a matrix product as it stands, a channel's statistics are one contiguous row, any window of a
// convolution moves in whole runs of N numbers whatever the size of the map, and everything that is done per
// pixel runs over images in SIMD lanes.
#ifndef REFF_KERNELS_REAL_H
#define REFF_KERNELS_REAL_H

#ifdef REFF_DOUBLE
typedef double real;
#define REAL_NAME "double"
#else
typedef float real;
#define REAL_NAME "float"
#endif

#endif
