// SPDX-License-Identifier: Apache-2.0
#include "tests/support/shard_fixture.h"

#include "core/base/digest.h"
#include "core/shard/shard.h"

#include <CUnit/CUnit.h>
#include <stdlib.h>

static void add_integer(hid_t file, const char *name, int64_t value) {
    hid_t space = H5Screate(H5S_SCALAR);
    hid_t attribute = H5Acreate2(file, name, H5T_STD_I64LE, space, H5P_DEFAULT, H5P_DEFAULT);
    CU_ASSERT_FATAL(attribute >= 0 && H5Awrite(attribute, H5T_NATIVE_INT64, &value) >= 0);
    H5Aclose(attribute);
    H5Sclose(space);
}

void shard_fixture_add_numbers(hid_t file, int version, int classes) {
    add_integer(file, "format_version", version);
    add_integer(file, "classes", classes);
}

hid_t shard_fixture_begin(const char *path, int version, int classes) {
    hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    CU_ASSERT_FATAL(file >= 0);
    shard_fixture_add_numbers(file, version, classes);
    return file;
}

static hid_t create(hid_t file, const char *name, hid_t type, int rank, const hsize_t *shape,
                    hid_t properties) {
    hid_t space = H5Screate_simple(rank, shape, NULL);
    hid_t dataset = H5Dcreate2(file, name, type, space, H5P_DEFAULT, properties, H5P_DEFAULT);
    CU_ASSERT_FATAL(dataset >= 0);
    H5Sclose(space);
    return dataset;
}

void shard_fixture_add_empty(hid_t file, const char *name, hid_t type, int rank, const hsize_t *shape,
                             hid_t properties) {
    H5Dclose(create(file, name, type, rank, shape, properties));
}

void shard_fixture_add_zeros(hid_t file, const char *name, hid_t type, int rank, const hsize_t *shape,
                             hid_t properties) {
    hid_t dataset = create(file, name, type, rank, shape, properties);
    size_t count = 1;
    for (int i = 0; i < rank; i++)
        count *= shape[i];
    void *zeros = calloc(count, H5Tget_size(type));
    CU_ASSERT(zeros && H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, zeros) >= 0);
    free(zeros);
    H5Dclose(dataset);
}

void shard_fixture_manifest(const char *path) {
    char sha256[DIGEST_SIZE];
    struct error err = {0};
    CU_ASSERT_FATAL(!digest_file(path, sha256, &err) && !shard_write_manifest(path, sha256, &err));
}
