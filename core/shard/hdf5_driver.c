// SPDX-License-Identifier: Apache-2.0
#include "core/shard/hdf5_driver.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct driver_info { // the driver's part of the access property list, copied by HDF5
    struct write_fault *fault;
    struct file_layout *layout;
    int rehearsal;
};

struct driver_file {
    H5FD_t base;      // HDF5's part; must be first
    int descriptor;   // -1: there is no file, only its layout
    haddr_t eoa, eof; // end of allocated addresses, end of file (as if every write had succeeded)
    struct write_fault *fault;
    struct file_layout *layout;
    haddr_t flushed; // bytes before it have been submitted for writing
};

#define FLUSH_STEP ((haddr_t)32 << 20)

// Lets the disk work while the file grows: else all of it would wait for the one flush at the end.
static void start_flush(struct driver_file *file) {
#ifdef SYNC_FILE_RANGE_WRITE
    if (file->eof >= file->flushed + FLUSH_STEP) {
        sync_file_range(file->descriptor, (off_t)file->flushed, (off_t)(file->eof - file->flushed),
                        SYNC_FILE_RANGE_WRITE); // only a hint: a failed write is met again by fsync
        file->flushed = file->eof;
    }
#else
    (void)file;
#endif
}

static void remember(struct driver_file *file, int cause) {
    if (!file->fault->cause)
        file->fault->cause = cause ? cause : EIO;
}

static H5FD_t *driver_open(const char *name, unsigned flags, hid_t access, haddr_t most) {
    (void)most;
    const struct driver_info *info = H5Pget_driver_info(access);
    struct driver_file *file = info ? calloc(1, sizeof *file) : NULL;
    if (!file)
        return NULL;
    file->fault = info->fault;
    file->layout = info->layout;
    file->descriptor = -1;
    if (info->rehearsal)
        return &file->base;
    int mode = O_CLOEXEC | (flags & H5F_ACC_RDWR ? O_RDWR : O_RDONLY);
    mode |= flags & H5F_ACC_TRUNC ? O_TRUNC : 0;
    mode |= flags & H5F_ACC_CREAT ? O_CREAT : 0;
    mode |= flags & H5F_ACC_EXCL ? O_EXCL : 0;
    file->descriptor = open(name, mode, 0666);
    if (file->descriptor < 0) {
        remember(file, errno);
        free(file);
        return NULL;
    }
    off_t end = lseek(file->descriptor, 0, SEEK_END);
    if (end < 0) {
        remember(file, errno);
        close(file->descriptor);
        free(file);
        return NULL;
    }
    file->eof = (haddr_t)end;
    return &file->base;
}

static herr_t driver_close(H5FD_t *base) {
    struct driver_file *file = (struct driver_file *)base;
    if (file->descriptor >= 0 && close(file->descriptor))
        remember(file, errno);
    free(file);
    return 0;
}

static herr_t driver_query(const H5FD_t *base, unsigned long *flags) {
    (void)base;
    if (flags) // as HDF5's own driver for POSIX files
        *flags = H5FD_FEAT_AGGREGATE_METADATA | H5FD_FEAT_ACCUMULATE_METADATA | H5FD_FEAT_DATA_SIEVE |
                 H5FD_FEAT_AGGREGATE_SMALLDATA | H5FD_FEAT_DEFAULT_VFD_COMPATIBLE;
    return 0;
}

static haddr_t driver_get_eoa(const H5FD_t *base, H5FD_mem_t type) {
    (void)type;
    return ((const struct driver_file *)base)->eoa;
}

static herr_t driver_set_eoa(H5FD_t *base, H5FD_mem_t type, haddr_t address) {
    (void)type;
    ((struct driver_file *)base)->eoa = address;
    return 0;
}

static haddr_t driver_get_eof(const H5FD_t *base, H5FD_mem_t type) {
    (void)type;
    return ((const struct driver_file *)base)->eof;
}

// Bytes that are not there read as zeros, as in HDF5's own driver.
static herr_t driver_read(H5FD_t *base, H5FD_mem_t type, hid_t transfer, haddr_t address, size_t size,
                          void *bytes) {
    (void)type;
    (void)transfer;
    struct driver_file *file = (struct driver_file *)base;
    uint8_t *to = bytes;
    if (file->descriptor < 0) {
        layout_copy(file->layout, address, size, to);
        return 0;
    }
    while (size) {
        ssize_t got = pread(file->descriptor, to, size, (off_t)address);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            remember(file, errno);
        if (got <= 0)
            break;
        to += got;
        size -= (size_t)got;
        address += (haddr_t)got;
    }
    memset(to, 0, size);
    return 0;
}

static herr_t driver_write(H5FD_t *base, H5FD_mem_t type, hid_t transfer, haddr_t address, size_t size,
                           const void *bytes) {
    (void)transfer;
    struct driver_file *file = (struct driver_file *)base;
    const uint8_t *from = bytes;
    haddr_t end = address + size;
    layout_note(file->layout, type == H5FD_MEM_DRAW, address, size, bytes);
    while (size && file->descriptor >= 0 && !file->fault->cause) {
        ssize_t put = pwrite(file->descriptor, from, size, (off_t)address);
        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0) {
            remember(file, put < 0 ? errno : ENOSPC);
            break;
        }
        from += put;
        size -= (size_t)put;
        address += (haddr_t)put;
    }
    if (end > file->eof)
        file->eof = end;
    if (file->descriptor >= 0)
        start_flush(file);
    return 0;
}

static herr_t driver_truncate(H5FD_t *base, hid_t transfer, hbool_t closing) {
    (void)transfer;
    (void)closing;
    struct driver_file *file = (struct driver_file *)base;
    if (file->eoa != file->eof) {
        if (file->descriptor >= 0 && !file->fault->cause && ftruncate(file->descriptor, (off_t)file->eoa))
            remember(file, errno);
        file->eof = file->eoa;
    }
    file->layout->size = file->eoa;
    return 0;
}

hid_t hdf5_driver_register(void) {
    H5FD_class_t class = {
#ifdef H5FD_CLASS_VERSION
        .version = H5FD_CLASS_VERSION,
        .value = (H5FD_class_value_t)(H5_VFD_RESERVED + 77),
#endif
        .name = "reff_writer",
        .maxaddr = ((haddr_t)1 << 62) - 1,
        .fc_degree = H5F_CLOSE_WEAK,
        .fapl_size = sizeof(struct driver_info),
        .open = driver_open,
        .close = driver_close,
        .query = driver_query,
        .get_eoa = driver_get_eoa,
        .set_eoa = driver_set_eoa,
        .get_eof = driver_get_eof,
        .read = driver_read,
        .write = driver_write,
        .truncate = driver_truncate,
        .fl_map = H5FD_FLMAP_DICHOTOMY,
    };
    return H5FDregister(&class);
}

void hdf5_driver_release(hid_t driver) {
    if (driver > 0)
        H5FDunregister(driver);
}

herr_t hdf5_driver_use(hid_t access, hid_t driver, struct write_fault *fault, struct file_layout *layout,
                       int rehearsal) {
    struct driver_info info = {fault, layout, rehearsal};
    return H5Pset_driver(access, driver, &info);
}
