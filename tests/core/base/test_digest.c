// SPDX-License-Identifier: Apache-2.0
// Digests: the published SHA-256 vectors (FIPS 180-2, appendix B), in one piece, in many, and from a file.
#include "core/base/digest.h"
#include "tests/support/suite.h"

#include <stdlib.h>
#include <string.h>

static const char MILLION_A[] = "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0";

static void check_text(const char *text, const char *expected) {
    struct error err = {0};
    char hex[DIGEST_SIZE];
    CU_ASSERT_FATAL(!digest_bytes(text, strlen(text), hex, &err));
    CU_ASSERT_STRING_EQUAL(hex, expected);
}

static void test_sha_256_gives_its_published_vectors(void) {
    check_text("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    check_text("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    check_text("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
               "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

// A million times "a", in pieces of uneven sizes: pieces must not matter.
static void test_pieces_of_any_size_give_the_same_digest(void) {
    struct error err = {0};
    char hex[DIGEST_SIZE], piece[997];
    memset(piece, 'a', sizeof piece);
    struct digest *d = digest_start(&err);
    CU_ASSERT_FATAL(d != NULL);
    for (size_t left = 1000000, size = 0; left; left -= size, size = (size + 1) % sizeof piece) {
        size = size < left ? size : left;
        digest_add(d, piece, size);
    }
    digest_finish(d, hex);
    CU_ASSERT_STRING_EQUAL(hex, MILLION_A);
}

static void test_a_digest_can_be_thrown_away(void) {
    struct error err = {0};
    struct digest *d = digest_start(&err);
    CU_ASSERT_FATAL(d != NULL);
    digest_add(d, "abc", 3);
    digest_finish(d, NULL); // frees: the leak check would tell
}

static void test_a_files_digest_is_that_of_its_bytes(void) {
    struct error err = {0};
    char hex[DIGEST_SIZE], *text = malloc(1000000);
    CU_ASSERT_FATAL(text != NULL);
    memset(text, 'a', 1000000); // larger than any buffer in between
    CU_ASSERT_FATAL(!file_write(suite_path("a"), text, 1000000, &err));
    free(text);
    CU_ASSERT(!digest_file(suite_path("a"), hex, &err));
    CU_ASSERT_STRING_EQUAL(hex, MILLION_A);
}

static void test_a_file_that_is_missing_or_no_file_is_named(void) {
    struct error err = {0};
    char hex[DIGEST_SIZE];
    CU_ASSERT(digest_file(suite_path("none"), hex, &err) == -1);
    suite_text_has(err.message, "none: No such file");
    CU_ASSERT(digest_file(suite_folder(), hex, &err) == -1); // opens, but cannot be read
    suite_text_has(err.message, ": Is a directory");
}

void suite_digest(void) {
    CU_pSuite s = CU_add_suite("digest", suite_make_folder, suite_remove_folder);
    CU_add_test(s, "SHA-256 gives its published vectors", test_sha_256_gives_its_published_vectors);
    CU_add_test(s, "pieces of any size give the same digest", test_pieces_of_any_size_give_the_same_digest);
    CU_add_test(s, "a digest can be thrown away", test_a_digest_can_be_thrown_away);
    CU_add_test(s, "a file's digest is that of its bytes", test_a_files_digest_is_that_of_its_bytes);
    CU_add_test(s, "a file that is missing or no file is named",
                test_a_file_that_is_missing_or_no_file_is_named);
}
