// SPDX-License-Identifier: Apache-2.0
// Shards made by hand with the HDF5 library, as a stranger makes them: the attributes that every shard has, and
// datasets of any shape and storage.
#ifndef REFF_TESTS_SUPPORT_SHARD_FIXTURE_H
#define REFF_TESTS_SUPPORT_SHARD_FIXTURE_H

#include <hdf5.h>

// Begins the file `path` with the attributes format_version and classes. H5Fclose ends it.
hid_t shard_fixture_begin(const char *path, int version, int classes);

// These attributes alone, for a file that is there.
void shard_fixture_add_numbers(hid_t file, int version, int classes);

// A dataset without values, or one of zeros. properties: how it is stored, H5P_DEFAULT as HDF5 likes.
void shard_fixture_add_empty(hid_t file, const char *name, hid_t type, int rank, const hsize_t *shape,
                             hid_t properties);
void shard_fixture_add_zeros(hid_t file, const char *name, hid_t type, int rank, const hsize_t *shape,
                             hid_t properties);

// The manifest of a file that is there, whatever it holds. Fatal when it fails.
void shard_fixture_manifest(const char *path);

#endif
