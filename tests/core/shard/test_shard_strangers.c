// SPDX-License-Identifier: Apache-2.0
// Shards from strangers: values that lie elsewhere, files that are no files, more than memory allows, and
// content that is not what the file says.
#include "core/shard/shard.h"

#include "core/base/text.h"
#include "tests/support/shard_fixture.h"
#include "tests/support/suite.h"

#include <fcntl.h>
#include <hdf5.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { COUNT = 8, SIDE = 4 };

// A shard whose images are left to the test, or are zeros stored with `properties`; the open file.
static hid_t begin(const char *name, int with_images, hid_t properties) {
    const hsize_t images[4] = {COUNT, SIDE, SIDE, 3}, masks[3] = {COUNT, SIDE, SIDE}, labels[1] = {COUNT};
    hid_t file = shard_fixture_begin(suite_path(name), SHARD_FORMAT_VERSION, 2);
    if (with_images)
        shard_fixture_add_zeros(file, "images", H5T_NATIVE_UINT8, 4, images, properties);
    shard_fixture_add_zeros(file, "masks", H5T_NATIVE_UINT8, 3, masks, H5P_DEFAULT);
    shard_fixture_add_zeros(file, "labels", H5T_NATIVE_INT32, 1, labels, H5P_DEFAULT);
    return file;
}

static void check_refused(const char *name, const char *message) {
    struct error err = {0};
    struct shard *shard = shard_open(suite_path(name), &err);
    CU_ASSERT_PTR_NULL(shard);
    suite_text_has(err.message, message);
    shard_close(shard);
}

static void check_opens(const char *name) {
    struct error err = {0};
    struct shard *shard = shard_open_measured(suite_path(name), &err);
    if (!shard)
        fprintf(stderr, "\n  %s\n", err.message);
    CU_ASSERT_PTR_NOT_NULL(shard);
    shard_close(shard);
}

static void test_values_in_another_file_are_refused(void) {
    const hsize_t shape[4] = {COUNT, SIDE, SIDE, 3};
    H5Fclose(begin("plain.h5", 1, H5P_DEFAULT));
    check_opens("plain.h5"); // so that the refusals below are for their own reasons

    hid_t outside = H5Pcreate(H5P_DATASET_CREATE), file = begin("outside.h5", 0, H5P_DEFAULT);
    H5Pset_external(outside, suite_path("values.bin"), 0, H5F_UNLIMITED);
    shard_fixture_add_zeros(file, "images", H5T_NATIVE_UINT8, 4, shape, outside);
    H5Pclose(outside);
    H5Fclose(file);
    check_refused("outside.h5", "'images' has its values in another file");

    file = begin("link.h5", 0, H5P_DEFAULT);
    H5Lcreate_external(suite_path("plain.h5"), "/images", file, "images", H5P_DEFAULT, H5P_DEFAULT);
    H5Fclose(file);
    check_refused("link.h5", "'images' is an external link");

    file = begin("soft.h5", 1, H5P_DEFAULT);
    H5Lcreate_soft("/images", file, "more", H5P_DEFAULT, H5P_DEFAULT);
    H5Fclose(file);
    check_refused("soft.h5", "'more' is a soft link");

    hid_t made_of = H5Pcreate(H5P_DATASET_CREATE), space = H5Screate_simple(4, shape, NULL);
    file = begin("virtual.h5", 0, H5P_DEFAULT);
    H5Pset_virtual(made_of, space, suite_path("plain.h5"), "/images", space);
    shard_fixture_add_empty(file, "images", H5T_NATIVE_UINT8, 4, shape, made_of);
    H5Pclose(made_of);
    H5Sclose(space);
    H5Fclose(file);
    check_refused("virtual.h5", "'images' is a virtual dataset");
}

// Without O_NONBLOCK this test would never end.
static void test_a_pipe_is_refused_at_once(void) {
    CU_ASSERT_FATAL(!mkfifo(suite_path("pipe.h5"), 0600));
    check_refused("pipe.h5", "a pipe, socket or device");
    H5Fclose(begin("beside.h5", 1, H5P_DEFAULT));
    CU_ASSERT_FATAL(!mkfifo(suite_path("beside.h5.sha256"), 0600));
    check_refused("beside.h5", "beside.h5.sha256: a pipe, socket or device");
}

static void test_a_filter_from_elsewhere_is_refused(void) {
    const hsize_t chunk[4] = {1, SIDE, SIDE, 3};
    hid_t packed = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_chunk(packed, 4, chunk);
    H5Pset_nbit(packed);
    H5Fclose(begin("nbit.h5", 1, packed));
    check_refused("nbit.h5", "'images' is stored through HDF5's filter 5");
    H5Pclose(packed);
}

// Zeros pack a thousandfold: a file of some kB may ask for hundreds of MB at once.
static void test_a_chunk_larger_than_memory_allows_is_refused(void) {
    const hsize_t shape[2] = {COUNT, 300 << 20}, chunk[2] = {1, 300 << 20};
    hid_t packed = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_chunk(packed, 2, chunk);
    H5Pset_deflate(packed, 1);
    hid_t file = begin("chunk.h5", 0, H5P_DEFAULT);
    shard_fixture_add_empty(file, "images", H5T_NATIVE_UINT8, 2, shape, packed);
    H5Pclose(packed);
    H5Fclose(file);
    check_refused("chunk.h5", "'images' has 2 dimensions");
    const hsize_t long_chunk[4] = {COUNT, 8192, 8192, 3};
    packed = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_chunk(packed, 4, long_chunk);
    file = begin("chunk.h5", 0, H5P_DEFAULT);
    shard_fixture_add_empty(file, "images", H5T_NATIVE_UINT8, 4, long_chunk, packed);
    H5Pclose(packed);
    H5Fclose(file);
    check_refused("chunk.h5", "a chunk of 'images' has 1536 MB; at most 256 are read");
}

// ---------------------------------------------------------------------------------------------- content

static void write_shard(const char *name, char digest[65]) {
    static uint8_t images[COUNT * SIDE * SIDE * 3], masks[COUNT * SIDE * SIDE];
    int32_t labels[COUNT] = {0, 1, 0, 1};
    const struct column none[] = {{0}};
    struct error err = {0};
    for (size_t i = 0; i < sizeof images; i++)
        images[i] = (uint8_t)(i * 7);
    struct shard_writer *w =
        shard_create(suite_path(name), (struct shard_shape){COUNT, SIDE, SIDE, 2}, none, 0, 1, &err);
    CU_ASSERT_FATAL(w != NULL);
    CU_ASSERT_FATAL(!shard_append(w, COUNT, images, masks, labels, NULL, &err));
    CU_ASSERT_FATAL(!shard_finish(w, NULL, digest, &err));
}

// Turns one bit of the first image over, where it lies in the file.
static void flip_pixel(const char *path) {
    struct error err = {0};
    size_t size, at = 0;
    char *bytes = file_read(path, 1 << 20, &size, &err);
    CU_ASSERT_FATAL(bytes != NULL);
    static const char start[] = {0, 7, 14, 21, 28, 35, 42, 49};
    while (at + sizeof start < size && memcmp(bytes + at, start, sizeof start) != 0)
        at++;
    CU_ASSERT_FATAL(at + sizeof start < size);
    int file = open(path, O_WRONLY);
    CU_ASSERT_EQUAL(pwrite(file, "\x06", 1, (off_t)at + 1), 1);
    close(file);
    free(bytes);
}

static void test_a_flipped_pixel_is_found_before_it_is_used(void) {
    char digest[65];
    struct error err = {0};
    write_shard("flipped.h5", digest);
    struct shard *shard = shard_open_measured(suite_path("flipped.h5"), &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(shard);
    CU_ASSERT_STRING_EQUAL(shard_content_digest(shard), digest);
    shard_close(shard);
    flip_pixel(suite_path("flipped.h5"));
    shard = shard_open_measured(suite_path("flipped.h5"), &err);
    CU_ASSERT_PTR_NULL(shard);
    suite_text_has(err.message, "flipped.h5: its content has the digest ");
    shard_close(shard);
}

static void test_a_file_that_claims_no_digest_gets_its_own(void) {
    struct error err = {0};
    H5Fclose(begin("silent.h5", 1, H5P_DEFAULT));
    struct shard *shard = shard_open(suite_path("silent.h5"), &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(shard);
    CU_ASSERT_STRING_EQUAL(shard_content_digest(shard), "");
    shard_close(shard);
    shard = shard_open_measured(suite_path("silent.h5"), &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(shard);
    CU_ASSERT_EQUAL(strlen(shard_content_digest(shard)), 64);
    shard_close(shard);
}

static void test_a_manifest_is_compared_before_the_file_is_parsed(void) {
    char digest[65];
    struct error err = {0};
    write_shard("listed.h5", digest);
    shard_fixture_manifest(suite_path("listed.h5"));
    check_opens("listed.h5");
    flip_pixel(suite_path("listed.h5"));
    check_refused("listed.h5", "listed.h5.sha256 names ");
    CU_ASSERT_FATAL(!file_write(suite_path("listed.h5.sha256"), "no digest\n", 10, &err));
    check_refused("listed.h5", "listed.h5.sha256: does not begin with a SHA-256 digest");
}

// ---------------------------------------------------------------------------------------------- headers

// Writes `bytes` behind the first place in the file that holds `text`, `behind` bytes from where it begins.
static void overwrite(const char *name, const char *text, size_t length, long behind, const char *bytes,
                      size_t count) {
    struct error err = {0};
    size_t size;
    char *whole = file_read(suite_path(name), 1 << 20, &size, &err);
    CU_ASSERT_FATAL(whole != NULL);
    char *at = memmem(whole, size, text, length);
    CU_ASSERT_FATAL(at != NULL);
    memcpy(at + behind, bytes, count);
    CU_ASSERT_FATAL(!file_write(suite_path(name), whole, size, &err));
    free(whole);
}

// What HDF5 reads though it lies behind the message, in whatever the library has there in memory.
static void test_a_header_that_reaches_beyond_its_place_is_refused_unread(void) {
    static const char name[] = "format_version", tree[] = "TREE", heap[] = "HEAP", symbols[] = "SNOD";
    H5Fclose(begin("long.h5", 1, H5P_DEFAULT));
    overwrite("long.h5", name, sizeof name, -2, "\xa3\x2c", 2); // bytes of the attribute's space
    check_refused("long.h5", "long.h5: damaged: an attribute in the file's header reaches beyond its place");
    H5Fclose(begin("type.h5", 1, H5P_DEFAULT));
    overwrite("type.h5", name, sizeof name, -4, "\xff\x7f", 2);
    check_refused("type.h5", "type.h5: damaged: an attribute in the file's header reaches beyond its place");
    H5Fclose(begin("names.h5", 1, H5P_DEFAULT));
    overwrite("names.h5", symbols, 4, 8, "\xff\xff", 2); // where the first name begins
    check_refused("names.h5", "names.h5: damaged: a name in the file's header reaches beyond its place");
    H5Fclose(begin("heap.h5", 1, H5P_DEFAULT));
    overwrite("heap.h5", heap, 4, 8, "\xff\xff\xff", 3);
    check_refused("heap.h5", "heap.h5: damaged: a block in the file's header reaches beyond its place");
    H5Fclose(begin("tree.h5", 1, H5P_DEFAULT));
    overwrite("tree.h5", tree, 4, 0, "BUSH", 4);
    check_refused("tree.h5", "tree.h5: damaged: the tree of names in the file's header");
}

// A text of any length, as h5py writes them, lies in a heap of the file's.
static void add_text(hid_t file, const char *name, const char *text) {
    hid_t type = H5Tcopy(H5T_C_S1), space = H5Screate(H5S_SCALAR);
    H5Tset_size(type, H5T_VARIABLE);
    hid_t attribute = H5Acreate2(file, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
    CU_ASSERT(H5Awrite(attribute, type, &text) >= 0);
    H5Aclose(attribute);
    H5Sclose(space);
    H5Tclose(type);
}

// The library copies a text as long as the heap says to where the attribute has room for it.
static void test_texts_that_reach_beyond_their_heap_are_refused_unread(void) {
    static const struct {
        const char *near;
        size_t length;
        long behind;
        const char *bytes;
        const char *says;
    } rows[] = {
        {"words", 5, 0, "words", NULL},                                 // nothing is changed
        {"words", 5, -8, "\xff\x0f", "a text in the file's header"},    // its length in the heap
        {"words", 5, -16, "\x07", "a text in the file's header"},       // its number there
        {"GCOL", 4, 0, "LOCG", "a heap of texts in the file's header"}, // no heap
        {"GCOL", 4, 8, "\xff\xff\xff", "a block in the file's header"}, // a heap longer than the file
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        hid_t file = begin("texts.h5", 1, H5P_DEFAULT);
        add_text(file, "title", "words");
        add_text(file, "nothing", "");
        H5Fclose(file);
        overwrite("texts.h5", rows[i].near, rows[i].length, rows[i].behind, rows[i].bytes,
                  strlen(rows[i].bytes));
        if (rows[i].says)
            check_refused("texts.h5", rows[i].says);
        else
            check_opens("texts.h5");
    }
}

// A tree whose node is its own child has no end.
static void test_a_tree_of_names_that_leads_to_itself_ends(void) {
    struct error err = {0};
    size_t size;
    H5Fclose(begin("circle.h5", 1, H5P_DEFAULT));
    char *whole = file_read(suite_path("circle.h5"), 1 << 20, &size, &err);
    CU_ASSERT_FATAL(whole != NULL);
    char *at = memmem(whole, size, "TREE", 4);
    CU_ASSERT_FATAL(at != NULL);
    uint64_t address = (uint64_t)(at - whole);
    at[5] = 1; // a level above the leaves
    memcpy(at + 32, &address, sizeof address);
    CU_ASSERT_FATAL(!file_write(suite_path("circle.h5"), whole, size, &err));
    free(whole);
    check_refused("circle.h5", "circle.h5: damaged: the tree of names in the file's header");
}

// Headers as other programs write them: the newest form, and behind a block of the user's own.
static void test_headers_of_every_form_are_read(void) {
    hid_t newest = H5Pcreate(H5P_FILE_ACCESS), behind = H5Pcreate(H5P_FILE_CREATE);
    H5Pset_libver_bounds(newest, H5F_LIBVER_LATEST, H5F_LIBVER_LATEST);
    H5Pset_userblock(behind, 1024);
    H5Fclose(begin("old.h5", 1, H5P_DEFAULT));
    hid_t old = H5Fopen(suite_path("old.h5"), H5F_ACC_RDONLY, H5P_DEFAULT);
    for (int i = 0; i < 2; i++) {
        const char *name = i ? "behind.h5" : "newest.h5";
        hid_t file =
            H5Fcreate(suite_path(name), H5F_ACC_TRUNC, i ? behind : H5P_DEFAULT, i ? H5P_DEFAULT : newest);
        static const char *const sets[] = {"images", "masks", "labels"};
        for (int k = 0; k < 3; k++)
            CU_ASSERT(H5Ocopy(old, sets[k], file, sets[k], H5P_DEFAULT, H5P_DEFAULT) >= 0);
        shard_fixture_add_numbers(file, SHARD_FORMAT_VERSION, 2);
        H5Fclose(file);
        check_opens(name);
    }
    H5Fclose(old);
    H5Pclose(behind);
    H5Pclose(newest);
}

// Files on which Debian's HDF5 library is known to crash, the third under a sanitizer alone.
static void test_headers_that_crash_the_library_are_refused_unread(void) {
    static const char *const rows[][2] = {{"hdf5-segv-1byte.h5", "an attribute of 'digit_texture_file'"},
                                          {"hdf5-segv-353.h5", "an attribute in the file's header"},
                                          {"hdf5-heap-overflow.h5", "an attribute of 'digit_texture_x'"}};
    const char *folder = suite_shared("cases/shards");
    if (!folder)
        return;
    for (int i = 0; i < 3; i++) {
        char path[PATH_SIZE];
        struct program_result r;
        struct text expected = {0};
        snprintf(path, sizeof path, "%.4000s/%s", folder, rows[i][0]);
        text_printf(&expected, "reff: %s: damaged: %s reaches beyond its place\n", path, rows[i][1]);
        CU_ASSERT_EQUAL(reff_run(&r, 0, "info", path), EXIT_FAILED);
        suite_text_is(r.err, text_string(&expected));
        program_free(&r);
        text_free(&expected);
    }
}

void suite_shard_strangers(void) {
    CU_pSuite suite = CU_add_suite("shard_strangers", suite_make_folder, suite_remove_folder);
    CU_add_test(suite, "values in another file are refused", test_values_in_another_file_are_refused);
    CU_add_test(suite, "a pipe is refused at once", test_a_pipe_is_refused_at_once);
    CU_add_test(suite, "a filter from elsewhere is refused", test_a_filter_from_elsewhere_is_refused);
    CU_add_test(suite, "a chunk larger than memory allows is refused",
                test_a_chunk_larger_than_memory_allows_is_refused);
    CU_add_test(suite, "a flipped pixel is found before it is used",
                test_a_flipped_pixel_is_found_before_it_is_used);
    CU_add_test(suite, "a file that claims no digest gets its own",
                test_a_file_that_claims_no_digest_gets_its_own);
    CU_add_test(suite, "a manifest is compared before the file is parsed",
                test_a_manifest_is_compared_before_the_file_is_parsed);
    CU_add_test(suite, "a header that reaches beyond its place is refused unread",
                test_a_header_that_reaches_beyond_its_place_is_refused_unread);
    CU_add_test(suite, "texts that reach beyond their heap are refused unread",
                test_texts_that_reach_beyond_their_heap_are_refused_unread);
    CU_add_test(suite, "a tree of names that leads to itself ends",
                test_a_tree_of_names_that_leads_to_itself_ends);
    CU_add_test(suite, "headers of every form are read", test_headers_of_every_form_are_read);
    CU_add_test(suite, "headers that crash the library are refused unread",
                test_headers_that_crash_the_library_are_refused_unread);
}
