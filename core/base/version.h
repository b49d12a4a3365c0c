// SPDX-License-Identifier: Apache-2.0
// Versions that records and files carry.
#ifndef REFF_BASE_VERSION_H
#define REFF_BASE_VERSION_H

#define REFF_VERSION "0.1.0"
#define REFF_DATE    "2026-11-30" // of the version, for manual pages

// Raised whenever the same settings and inputs give other images or other trained networks: part of every
// cell's digest, so that results of different programs are never mixed. Not by another rounding alone, as
// another instruction set gives it, or kernels that add in another order: a run's record names both
// (products, revision).
#define GENERATOR_REVISION 2
#define TRAINER_REVISION   2

#endif
