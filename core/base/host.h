// SPDX-License-Identifier: Apache-2.0
// Which machine and which process this is, told so that another machine on the same folder cannot take it for its own.
//
// A process number means something within one PID namespace of one boot of one kernel. Of what is told here, only a
// process of that same namespace may ask whether another is alive; for all others the answer is: unknown.
#ifndef REFF_BASE_HOST_H
#define REFF_BASE_HOST_H

#include <sys/types.h>

enum { HOST_PLACE_SIZE = 64, HOST_NAME_SIZE = 64 };

// The machine's name, with what a file's name should not hold replaced; for messages.
const char *host_name(void);

// The boot and the PID namespace in which this process's number counts: "3f2a...-4026531836". "?" where the system
// tells neither, which is nobody's.
const char *host_place(void);

// "<name>.<8 digits over place>-<pid>": what a temporary file's name ends with. Two processes that are alive at once, on
// any hosts, have two.
#define HOST_PROCESS_SIZE 96
void host_process(char out[HOST_PROCESS_SIZE]);

// When the process began, in ticks since its boot; 0: there is none, or it is ending, or the system does not tell.
unsigned long long host_start_of(pid_t process);

// Whether a process with that number and start, told by a process of `place`, is at work: 1, 0, or -1: it cannot be
// told from here.
int host_is_alive(const char *place, pid_t process, unsigned long long start);

// The same of the end of a temporary file's name ("vm.0123abcd-17"). The start is not known: a number that another
// process has by now counts as alive.
int host_process_is_alive(const char *suffix);

#endif
