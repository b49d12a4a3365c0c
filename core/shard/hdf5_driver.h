// SPDX-License-Identifier: Apache-2.0
// A file driver for writing HDF5 to disks that may fill up.
//
// When a write fails, HDF5 1.10 keeps the file half open and crashes when the process ends. This driver tells
// the library that every write succeeded, remembers the first failure, and leaves it to the writer to ask.
// The file is then closed in good order and thrown away. It notes the layout of the file, and may do so without a file.
// Private to core/shard.
#ifndef REFF_SHARD_HDF5_DRIVER_H
#define REFF_SHARD_HDF5_DRIVER_H

#include "core/shard/layout.h"

#include <hdf5.h>

// Error number (errno) of the first write that failed; 0 while none has. It must outlive the open file.
struct write_fault {
    int cause;
};

// The driver's identifier, or negative on failure; give it to hdf5_driver_release after the file is closed.
hid_t hdf5_driver_register(void);
void hdf5_driver_release(hid_t driver);

// Makes `access` (a file access property list) use the driver, report into `fault` and note into `layout`, both of which
// must outlive the open file. rehearsal: nothing is written anywhere. Negative on failure.
herr_t hdf5_driver_use(hid_t access, hid_t driver, struct write_fault *fault, struct file_layout *layout,
                       int rehearsal);

#endif
