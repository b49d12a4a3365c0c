// SPDX-License-Identifier: Apache-2.0
// MNIST's files: what is right is read, from a folder and from archives; what is wrong is refused with file
// and place.
#include "gen/textured_mnist/digits.h"

#include "core/base/file.h"
#include "core/base/memory.h"
#include "tests/support/suite.h"

#include <archive.h>
#include <archive_entry.h>
#include <CUnit/CUnit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

enum { TRAIN = 5, TEST = 3, PIXELS = DIGIT_SIZE * DIGIT_SIZE, IMAGES_MAXIMUM = 16 + TRAIN * PIXELS };

struct file {
    const char *name;
    size_t size;
    uint8_t bytes[IMAGES_MAXIMUM];
};

static const char *const names[4] = {"train-images-idx3-ubyte", "train-labels-idx1-ubyte",
                                     "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"};

static void put(uint8_t *to, uint32_t value) {
    for (int i = 0; i < 4; i++)
        to[i] = (uint8_t)(value >> (24 - 8 * i));
}

// The four files, small and right.
static void make_files(struct file files[4]) {
    memset(files, 0, 4 * sizeof *files);
    for (int i = 0; i < 4; i++) {
        int count = i < 2 ? TRAIN : TEST, images = i % 2 == 0;
        struct file *f = &files[i];
        f->name = names[i];
        put(f->bytes, images ? 2051 : 2049);
        put(f->bytes + 4, (uint32_t)count);
        if (images) {
            put(f->bytes + 8, DIGIT_SIZE);
            put(f->bytes + 12, DIGIT_SIZE);
        }
        f->size = images ? 16 + (size_t)count * PIXELS : 8 + (size_t)count;
        for (int k = 0; k < count * (images ? PIXELS : 1); k++)
            f->bytes[(images ? 16 : 8) + k] = (uint8_t)(images ? k * 7 + i : (k * 3 + i) % 10);
    }
}

static void gzip(const struct file *f, uint8_t *out, size_t *size) {
    z_stream z = {0};
    CU_ASSERT_EQUAL_FATAL(deflateInit2(&z, 6, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY), Z_OK);
    z.next_in = (uint8_t *)f->bytes;
    z.avail_in = (uInt)f->size;
    z.next_out = out;
    z.avail_out = (uInt)*size;
    CU_ASSERT_EQUAL_FATAL(deflate(&z, Z_FINISH), Z_STREAM_END);
    *size = z.total_out;
    deflateEnd(&z);
}

// Writes the files into a new folder of that name, packed or not; returns its path.
static const char *write_folder(const char *name, const struct file files[4], int packed) {
    struct error err = {0};
    const char *folder = suite_path(name);
    CU_ASSERT_EQUAL_FATAL(folder_make(folder, &err), 0);
    for (int i = 0; i < 4; i++) {
        char path[PATH_SIZE];
        uint8_t bytes[IMAGES_MAXIMUM + 1000];
        size_t size = sizeof bytes;
        if (packed)
            gzip(&files[i], bytes, &size);
        snprintf(path, sizeof path, "%s/%s%s", folder, files[i].name, packed ? ".gz" : "");
        CU_ASSERT_EQUAL_FATAL(
            file_write(path, packed ? bytes : files[i].bytes, packed ? size : files[i].size, &err), 0);
    }
    return folder;
}

static void write_archive(const char *path, const struct file files[4], int zip) {
    struct archive *a = archive_write_new();
    if (zip) {
        archive_write_set_format_zip(a);
    } else {
        archive_write_set_format_ustar(a);
        archive_write_add_filter_gzip(a);
    }
    CU_ASSERT_EQUAL_FATAL(archive_write_open_filename(a, path), ARCHIVE_OK);
    for (int i = 3; i >= 0; i--) { // not in the order in which they are asked for
        char name[128];
        uint8_t bytes[IMAGES_MAXIMUM + 1000];
        size_t size = sizeof bytes;
        gzip(&files[i], bytes, &size);
        snprintf(name, sizeof name, "MNIST/raw/%s.gz", files[i].name);
        struct archive_entry *entry = archive_entry_new();
        archive_entry_set_pathname(entry, name);
        archive_entry_set_size(entry, (int64_t)size);
        archive_entry_set_filetype(entry, AE_IFREG);
        archive_entry_set_perm(entry, 0644);
        archive_write_header(a, entry);
        CU_ASSERT_EQUAL((size_t)archive_write_data(a, bytes, size), size);
        archive_entry_free(entry);
    }
    archive_write_close(a);
    archive_write_free(a);
}

static void check_content(const char *path) {
    struct error err = {0};
    struct file files[4];
    uint8_t room[PIXELS];
    make_files(files);
    struct digits *d = digits_open(path, &err);
    CU_ASSERT_STRING_EQUAL(err.message, "");
    CU_ASSERT_PTR_NOT_NULL_FATAL(d);
    for (int part = 0; part < 2; part++) {
        CU_ASSERT_EQUAL(digits_count(d, part), part ? TEST : TRAIN);
        for (int i = 0; i < digits_count(d, part); i++) {
            CU_ASSERT_EQUAL(digits_label(d, part, i), files[2 * part + 1].bytes[8 + i]);
            CU_ASSERT_EQUAL(
                memcmp(digits_image(d, part, i, room), files[2 * part].bytes + 16 + i * PIXELS, PIXELS), 0);
        }
    }
    digits_close(d);
}

static void test_folders_and_archives_give_the_same_digits(void) {
    struct file files[4];
    make_files(files);
    check_content(write_folder("plain", files, 0));
    check_content(write_folder("packed", files, 1));
    write_archive(suite_path("mnist.tar.gz"), files, 0);
    check_content(suite_path("mnist.tar.gz"));
    write_archive(suite_path("mnist.zip"), files, 1);
    check_content(suite_path("mnist.zip"));
}

static void test_digest_is_of_the_files_wherever_they_lie(void) {
    struct file files[4];
    struct error err = {0};
    char plain[DIGEST_SIZE], zip[DIGEST_SIZE], packed[DIGEST_SIZE], changed[DIGEST_SIZE];
    make_files(files);
    CU_ASSERT_EQUAL(digits_digest(write_folder("d1", files, 0), plain, &err), 0);
    CU_ASSERT_EQUAL(digits_digest(write_folder("d2", files, 1), packed, &err), 0);
    write_archive(suite_path("d.zip"), files, 1);
    CU_ASSERT_EQUAL(digits_digest(suite_path("d.zip"), zip, &err), 0);
    CU_ASSERT_STRING_EQUAL(packed, zip);
    CU_ASSERT_STRING_NOT_EQUAL(packed, plain);
    files[0].bytes[20] ^= 1;
    CU_ASSERT_EQUAL(digits_digest(write_folder("d3", files, 0), changed, &err), 0);
    CU_ASSERT_STRING_NOT_EQUAL(changed, plain);
}

// Opening the folder fails with a message that ends so, after the folder's path and file name.
static void check_refused(const struct file files[4], const char *folder, const char *ending) {
    struct error err = {0};
    const char *path = write_folder(folder, files, 0);
    struct digits *d = digits_open(path, &err);
    CU_ASSERT_PTR_NULL(d);
    digits_close(d);
    CU_ASSERT_EQUAL(strncmp(err.message, path, strlen(path)), 0);
    const char *found = strlen(err.message) > strlen(path) ? err.message + strlen(path) : "";
    CU_ASSERT_STRING_EQUAL(found, ending);
}

static void test_headers_that_lie_are_refused(void) {
    struct file files[4];
    make_files(files);
    put(files[0].bytes, 2049);
    check_refused(files, "magic",
                  "/train-images-idx3-ubyte: byte 0: magic number 2049; an IDX file of images has 2051");
    make_files(files);
    put(files[3].bytes, 2051);
    check_refused(files, "magic2",
                  "/t10k-labels-idx1-ubyte: byte 0: magic number 2051; an IDX file of labels has 2049");
    make_files(files);
    put(files[0].bytes + 4, TRAIN + 1);
    check_refused(files, "count",
                  "/train-images-idx3-ubyte: truncated: 6 items need 4720 bytes, there are 3936");
    make_files(files);
    put(files[0].bytes + 4, TRAIN - 1);
    check_refused(files, "more",
                  "/train-images-idx3-ubyte: 784 bytes follow the 4 items that the header names");
    make_files(files);
    put(files[2].bytes + 4, 0xFFFFFFFF);
    check_refused(files, "huge",
                  "/t10k-images-idx3-ubyte: byte 4: a count of 4294967295 is not in 1..1000000");
    make_files(files);
    put(files[2].bytes + 8, 0x40000000);
    check_refused(files, "wide",
                  "/t10k-images-idx3-ubyte: byte 8: images of 28 x 1073741824 pixels; MNIST's are 28 x 28");
}

static void test_labels_are_checked(void) {
    struct file files[4];
    make_files(files);
    files[1].bytes[8 + 2] = 10;
    check_refused(files, "label", "/train-labels-idx1-ubyte: byte 10: label 10 is not in 0..9");
    make_files(files);
    put(files[3].bytes + 4, TEST - 1);
    files[3].size--;
    check_refused(files, "fewer",
                  "/t10k-labels-idx1-ubyte: 2 labels for the 3 images of t10k-images-idx3-ubyte");
}

static void test_files_cut_at_any_length_are_refused(void) {
    struct file files[4];
    uint8_t packed[IMAGES_MAXIMUM + 1000];
    struct error err = {0};
    make_files(files);
    const char *folder = write_folder("cut", files, 0);
    char path[PATH_SIZE];
    snprintf(path, sizeof path, "%s/%s", folder, files[1].name);
    for (size_t length = 0; length < files[1].size; length++) {
        CU_ASSERT_EQUAL_FATAL(file_write(path, files[1].bytes, length, &err), 0);
        CU_ASSERT_PTR_NULL(digits_open(folder, &err));
    }
    unlink(path);
    folder = write_folder("cutgz", files, 1);
    snprintf(path, sizeof path, "%s/%s.gz", folder, files[1].name);
    size_t size = sizeof packed;
    gzip(&files[1], packed, &size);
    for (size_t length = 0; length < size; length++) {
        err.message[0] = 0;
        CU_ASSERT_EQUAL_FATAL(file_write(path, packed, length, &err), 0);
        struct digits *d = digits_open(folder, &err);
        CU_ASSERT_PTR_NULL(d);
        suite_text_has(err.message, "train-labels-idx1-ubyte.gz: ");
        digits_close(d);
    }
}

// gzip ends in a checksum and a length: a changed digit is no digit. (The first ten bytes hold things that do
// not matter, such as the time.)
static void test_a_changed_byte_of_a_gz_is_noticed(void) {
    struct file files[4];
    uint8_t packed[IMAGES_MAXIMUM + 1000];
    struct error err = {0};
    make_files(files);
    const char *folder = write_folder("changed", files, 1);
    char path[PATH_SIZE];
    snprintf(path, sizeof path, "%s/%s.gz", folder, files[2].name);
    size_t size = sizeof packed, unnoticed = 0;
    gzip(&files[2], packed, &size);
    for (size_t at = 10; at<size; at += at + 20> size ? 1 : 7) {
        packed[at] ^= 0x20;
        FILE *out = fopen(path, "wb");
        CU_ASSERT_FATAL(out && fwrite(packed, 1, size, out) == size && !fclose(out));
        packed[at] ^= 0x20;
        err.message[0] = 0;
        struct digits *d = digits_open(folder, &err);
        unnoticed += d != NULL || !strstr(err.message, "t10k-images-idx3-ubyte.gz: ");
        digits_close(d);
    }
    CU_ASSERT_EQUAL(unnoticed, 0);
    suite_text_has(err.message, "damaged gzip (incorrect length check)");
}

static void test_a_web_page_is_called_what_it_is(void) {
    static const char page[] = "\n<!DOCTYPE html>\n<html><body>403 Forbidden</body></html>\n";
    struct file files[4];
    struct error err = {0};
    make_files(files);
    const char *folder = write_folder("page", files, 1);
    char path[PATH_SIZE], expected[PATH_SIZE + 100];
    snprintf(path, sizeof path, "%s/train-images-idx3-ubyte.gz", folder);
    CU_ASSERT_EQUAL_FATAL(file_write(path, page, strlen(page), &err), 0);
    CU_ASSERT_PTR_NULL(digits_open(folder, &err));
    snprintf(expected, sizeof expected, "%s: an HTML page, not an IDX file (a download that failed?)", path);
    CU_ASSERT_STRING_EQUAL(err.message, expected);
    CU_ASSERT_EQUAL(err.status, EXIT_FAILED);
}

static void test_missing_files_are_named(void) {
    struct file files[4];
    struct error err = {0};
    make_files(files);
    const char *folder = write_folder("missing", files, 1);
    char path[PATH_SIZE], expected[PATH_SIZE + 100];
    snprintf(path, sizeof path, "%s/t10k-labels-idx1-ubyte.gz", folder);
    unlink(path);
    CU_ASSERT_PTR_NULL(digits_open(folder, &err));
    snprintf(expected, sizeof expected, "%s: has no t10k-labels-idx1-ubyte (or t10k-labels-idx1-ubyte.gz)",
             folder);
    CU_ASSERT_STRING_EQUAL(err.message, expected);
    CU_ASSERT_PTR_NULL(digits_open(suite_path("no such folder"), &err));
    suite_text_has(err.message, "No such file or directory");
}

static void test_no_allocation_failure_leaks(void) {
    struct file files[4];
    struct error err = {0};
    make_files(files);
    const char *folder = write_folder("memory", files, 1);
    int failures = 0;
    for (long n = 1; n < 1000; n++) {
        memory_fail_at = n;
        struct digits *d = digits_open(folder, &err);
        int used_up = memory_fail_at > 0; // fewer than n allocations were made
        memory_fail_at = 0;
        if (d) {
            digits_close(d);
            CU_ASSERT(used_up);
            break;
        }
        suite_text_begins(err.message, "out of memory");
        failures++;
    }
    CU_ASSERT(failures > 5);
}

static void test_real_mnist_is_read(void) {
    const char *path = suite_shared("data/mnist");
    struct error err = {0};
    if (!path)
        return;
    struct digits *d = digits_open(path, &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(d);
    CU_ASSERT_EQUAL(digits_count(d, DIGITS_TRAIN), 60000);
    CU_ASSERT_EQUAL(digits_count(d, DIGITS_TEST), 10000);
    const int first[5] = {5, 0, 4, 1, 9}; // the well-known beginning of the training labels
    for (int i = 0; i < 5; i++)
        CU_ASSERT_EQUAL(digits_label(d, DIGITS_TRAIN, i), first[i]);
    digits_close(d);
}

void suite_digits(void);
void suite_digits(void) {
    CU_pSuite suite = CU_add_suite("digits", suite_make_folder, suite_remove_folder);
    CU_add_test(suite, "folders and archives give the same digits",
                test_folders_and_archives_give_the_same_digits);
    CU_add_test(suite, "digest is of the files wherever they lie",
                test_digest_is_of_the_files_wherever_they_lie);
    CU_add_test(suite, "headers that lie are refused", test_headers_that_lie_are_refused);
    CU_add_test(suite, "labels are checked", test_labels_are_checked);
    CU_add_test(suite, "files cut at any length are refused", test_files_cut_at_any_length_are_refused);
    CU_add_test(suite, "a changed byte of a .gz is noticed", test_a_changed_byte_of_a_gz_is_noticed);
    CU_add_test(suite, "a web page is called what it is", test_a_web_page_is_called_what_it_is);
    CU_add_test(suite, "missing files are named", test_missing_files_are_named);
    CU_add_test(suite, "no allocation failure leaks", test_no_allocation_failure_leaks);
    CU_add_test(suite, "real MNIST is read", test_real_mnist_is_read);
}
