// SPDX-License-Identifier: Apache-2.0
// SIGINT, SIGTERM, SIGHUP (unless nohup has it ignored) and SIGUSR1 (which Slurm sends before a time limit) set a
// flag; long loops look at it between steps, save what they have and return fail_interrupted(). A second SIGINT ends
// the process at once.
#ifndef REFF_BASE_INTERRUPT_H
#define REFF_BASE_INTERRUPT_H

void interrupt_install(void);  // called once by main
int interrupt_requested(void); // 1 once a signal has come
void interrupt_clear(void);    // for tests

#endif
