// SPDX-License-Identifier: Apache-2.0
// What must hold before main, and before the libraries' own constructors: descriptors 0 to 2 are open, and there is
// memory for OpenBLAS to start with. A program that calls startup_finish gets both; startup.c says how.
#ifndef REFF_BASE_STARTUP_H
#define REFF_BASE_STARTUP_H

enum { STARTUP_BUFFER_MIB = 128 }; // what OpenBLAS maps for a thread that multiplies (its builds for x86-64)

// How often a thread looks for work before it sleeps: .2 to .5 milliseconds, as long as the processor's pause is. By default libgomp looks for milliseconds,
// which on a busy machine keeps those waiting who would bring the work; docs/performance.md has the measurements.
#define STARTUP_SPINS "10000"

// Bounds how long threads wait awake, unless the user has said how (OMP_WAIT_POLICY, GOMP_SPINCOUNT). Called in main
// before anything else; it may start the program anew, with the same arguments and process number.
void startup_bound_waiting(char **argv);

// A reader that goes away (`reff table | head`) then is a failed write with a message, instead of
// a signal that leaves half-written files. So is a file that grows past a limit (`ulimit -f`): EFBIG.
// And a library that ends the program (HDF5 and libgomp do where memory runs out) leaves a line and exit status 1, and no
// half-written file.
void startup_finish(void);

// Main's own end, with this status: returns it.
int startup_end(int status);

// Whether `count` of OpenBLAS's buffers could be mapped now: 1 or 0. Nothing stays mapped. OpenBLAS itself tries for
// ever where it gets none.
int startup_buffers_fit(int count);

#endif
