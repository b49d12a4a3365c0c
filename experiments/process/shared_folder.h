// SPDX-License-Identifier: Apache-2.0
// What a file system must do for runs of several hosts to share a folder on it.
#ifndef REFF_EXPERIMENTS_PROCESS_SHARED_FOLDER_H
#define REFF_EXPERIMENTS_PROCESS_SHARED_FOLDER_H

#include "core/base/error.h"

// Tries it in a folder of its own that is gone afterwards: exclusive creation, a file renamed over another, the time of
// a file that is touched moving on. -1 with a message that says which of them fails.
int shared_folder_check(const char *folder, struct error *err);

#endif
