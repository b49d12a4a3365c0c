// SPDX-License-Identifier: Apache-2.0
// reff golden on small files made here: a layer that agrees, one past the tolerance, unknown cases, and files
// and folders that are not what they should be.
#include "core/kernels/real.h"
#include "tests/support/suite.h"

#include <hdf5.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { N = 2, C = 3, SIDE = 2, SIZE = N * C * SIDE * SIDE };

static const char *folder;

static void put_text(hid_t object, const char *name, const char *text) {
    hid_t type = H5Tcopy(H5T_C_S1), space = H5Screate(H5S_SCALAR);
    H5Tset_size(type, strlen(text) + 1);
    hid_t attribute = H5Acreate2(object, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
    CU_ASSERT_FATAL(attribute >= 0 && H5Awrite(attribute, type, text) >= 0);
    H5Aclose(attribute), H5Sclose(space), H5Tclose(type);
}

static void put_array(hid_t group, const char *path, const double *values) {
    const hsize_t shape[] = {N, C, SIDE, SIDE};
    hid_t space = H5Screate_simple(4, shape, NULL), links = H5Pcreate(H5P_LINK_CREATE);
    H5Pset_create_intermediate_group(links, 1);
    hid_t set = H5Dcreate2(group, path, H5T_NATIVE_DOUBLE, space, links, H5P_DEFAULT, H5P_DEFAULT);
    CU_ASSERT_FATAL(set >= 0 && H5Dwrite(set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >= 0);
    H5Dclose(set), H5Pclose(links), H5Sclose(space);
}

// A rectifier: all maps pass where x > 0. `factor` is put on the expected values of t_y; NaN leaves them out.
static void put_relu(hid_t file, const char *name, double factor) {
    double x[SIZE], in[3][SIZE], out[4][SIZE];
    hid_t group = H5Gcreate2(file, name, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    for (int i = 0; i < SIZE; i++) {
        x[i] = i % 3 - 0.75;
        out[0][i] = x[i] > 0 ? x[i] : 0;
        for (int m = 0; m < 3; m++) {
            in[m][i] = 0.5 * i - m;
            out[m + 1][i] = x[i] > 0 ? in[m][i] * (m == 1 ? factor : 1) : 0;
        }
    }
    put_text(group, "op", "relu");
    put_array(group, "in/x", x);
    put_array(group, "in/g_y", in[0]), put_array(group, "in/t_x", in[1]), put_array(group, "in/d_y", in[2]);
    put_array(group, "out/y", out[0]), put_array(group, "out/g_x", out[1]),
        put_array(group, "out/d_x", out[3]);
    if (!isnan(factor))
        put_array(group, "out/t_y", out[2]);
    H5Gclose(group);
}

// An empty folder of that name, and the path of a file in it.
static const char *begin(const char *name, const char *file) {
    static char path[PATH_SIZE];
    struct error err;
    folder = suite_path(name);
    CU_ASSERT_FATAL(!mkdir(folder, 0777));
    CU_ASSERT_FATAL(!path_join(path, &err, folder, file));
    return path;
}

static hid_t create(const char *path, const char *kind) {
    hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    CU_ASSERT_FATAL(file >= 0);
    if (kind)
        put_text(file, "kind", kind);
    return file;
}

static void check(int status, const char *out, const char *err) {
    struct program_result r;
    CU_ASSERT_EQUAL(reff_run(&r, 0, "golden", folder), status);
    suite_text_has(r.out, out);
    suite_text_has(r.err, err);
    program_free(&r);
}

// ---------------------------------------------------------------------------------------------- cases

static void test_a_layer_that_agrees_passes(void) {
    hid_t file = create(begin("agrees", "tiny.h5"), "layers");
    put_relu(file, "relu", 1);
    H5Fclose(file);
    check(
        0,
        "ok    tiny/relu                                    y 0.0e+00 g_x 0.0e+00 t_y 0.0e+00 d_x 0.0e+00\n",
        "");
    check(0, ": 1 passed, 0 failed, 0 skipped\n", "");
}

// The tolerance is the precision's: 1e-6 is off in double and nothing in float; 1e-3 is off in both.
static void test_past_the_tolerance_of_the_precision_a_case_fails(void) {
    hid_t file = create(begin("off", "tiny.h5"), "layers");
    put_relu(file, "a", 1 + 1e-6);
    put_relu(file, "b", 1 + 1e-3);
    H5Fclose(file);
    check(EXIT_FAILED, "FAIL  tiny/b ",
          sizeof(real) == sizeof(double) ? "cases that fail: 2" : "cases that fail: 1");
    check(EXIT_FAILED, " t_y 1.0e-03(!) d_x 0.0e+00\n", "off: golden cases that fail: ");
}

static void test_unknown_cases_are_named_as_skipped(void) {
    hid_t file = create(begin("unknown", "a.h5"), "layers"), other;
    put_relu(file, "relu", 1);
    hid_t group = H5Gcreate2(file, "swish", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    put_text(group, "op", "swish");
    H5Gclose(group);
    H5Fclose(file);
    char path[PATH_SIZE];
    struct error err;
    CU_ASSERT_FATAL(!path_join(path, &err, folder, "gan.h5"));
    other = create(path, "gan");
    H5Fclose(other);
    check(0, "skip  a/swish                                      swish is not part of this version\n", "");
    check(
        0,
        "skip  gan                                          cases of kind gan are not part of this version\n",
        "");
    check(0, "1 passed, 0 failed, 2 skipped\n", "");
}

// ---------------------------------------------------------------------------------------------- bad input

static void test_a_case_that_misses_something_fails_by_name(void) {
    hid_t file = create(begin("parts", "a.h5"), "layers");
    put_relu(file, "relu", NAN);
    H5Fclose(file);
    check(EXIT_FAILED, "a.h5: golden file: no dataset out/t_y\n", "cases that fail: 1");
    file = create(begin("kind", "a.h5"), NULL);
    H5Fclose(file);
    check(EXIT_FAILED, "a.h5: golden file: no attribute 'kind'\n", "cases that fail: 1");
}

// A damaged file is told, and the others are still run.
static void test_a_damaged_file_is_told_the_others_are_run(void) {
    struct error err = {0};
    const char *damaged = begin("damaged", "a.h5");
    CU_ASSERT_FATAL(!file_write(damaged, "<html>not found</html>", 22, &err));
    char path[PATH_SIZE];
    CU_ASSERT_FATAL(!path_join(path, &err, folder, "b.h5"));
    hid_t file = create(path, "layers");
    put_relu(file, "relu", 1);
    H5Fclose(file);
    check(EXIT_FAILED, "a.h5: no HDF5 file, or a damaged one\n", "cases that fail: 1");
    check(EXIT_FAILED, "1 passed, 1 failed, 0 skipped\n", "");
}

// Cut at any length, a file is refused or misses something; it never passes, and the program ends in order.
static void test_a_file_cut_at_any_length_fails(void) {
    struct error err = {0};
    char path[PATH_SIZE];
    snprintf(path, sizeof path, "%s", begin("cut", "a.h5"));
    hid_t file = create(path, "layers");
    put_relu(file, "relu", 1);
    H5Fclose(file);
    size_t size;
    char *bytes = file_read(path, 1 << 20, &size, &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(bytes);
    for (size_t length = 0; length < size; length += 1 + size / 12) {
        CU_ASSERT_FATAL(!file_write(path, bytes, length, &err));
        check(EXIT_FAILED, "FAIL  a ", "cases that fail: 1");
    }
    free(bytes);
}

static void test_an_empty_folder_and_a_missing_one_are_refused(void) {
    begin("empty", "none.h5");
    check(EXIT_FAILED, "", "empty: no .h5 files\n");
    folder = suite_path("nowhere");
    check(EXIT_FAILED, "", "nowhere: No such file or directory\n");
}

void suite_golden(void) {
    CU_pSuite suite = CU_add_suite("golden", suite_make_folder, suite_remove_folder);
    CU_add_test(suite, "a layer that agrees passes", test_a_layer_that_agrees_passes);
    CU_add_test(suite, "past the tolerance of the precision a case fails",
                test_past_the_tolerance_of_the_precision_a_case_fails);
    CU_add_test(suite, "unknown cases are named as skipped", test_unknown_cases_are_named_as_skipped);
    CU_add_test(suite, "a case that misses something fails by name",
                test_a_case_that_misses_something_fails_by_name);
    CU_add_test(suite, "a damaged file is told, the others are run",
                test_a_damaged_file_is_told_the_others_are_run);
    CU_add_test(suite, "a file cut at any length fails", test_a_file_cut_at_any_length_fails);
    CU_add_test(suite, "an empty folder and a missing one are refused",
                test_an_empty_folder_and_a_missing_one_are_refused);
}
