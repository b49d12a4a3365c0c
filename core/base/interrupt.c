// SPDX-License-Identifier: Apache-2.0
#include "core/base/interrupt.h"

#include <signal.h>
#include <unistd.h>

static volatile sig_atomic_t requested;

static void on_signal(int signal_number) {
    if (requested && signal_number == SIGINT)
        _exit(130); // the user insists; unfinished files carry a temporary name
    requested = 1;
}

void interrupt_install(void) {
    struct sigaction action = {.sa_handler = on_signal};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGUSR1, &action, NULL);
    // a terminal that is closed; nohup has it ignored, and so it stays
    struct sigaction inherited;
    if (!sigaction(SIGHUP, NULL, &inherited) && inherited.sa_handler != SIG_IGN)
        sigaction(SIGHUP, &action, NULL);
}

int interrupt_requested(void) {
    return requested != 0;
}
void interrupt_clear(void) {
    requested = 0;
}
