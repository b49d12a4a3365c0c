// SPDX-License-Identifier: Apache-2.0
// The list of files that can be fetched: the built-in one is sound, a broken one is refused with its line.
#include "gen/fetch/sources.h"

#include "core/base/memory.h"
#include "tests/support/suite.h"

#include <CUnit/CUnit.h>
#include <string.h>

// Where the profiles look (experiments/profiles/*.ini, README), there the files go.
static void test_the_built_in_list_is_complete(void) {
    static const char *const expected[] = {
        "mnist/train-images-idx3-ubyte.gz",
        "mnist/train-labels-idx1-ubyte.gz",
        "mnist/t10k-images-idx3-ubyte.gz",
        "mnist/t10k-labels-idx1-ubyte.gz",
        "textures/dtd-r1.0.1.tar.gz",
        "isic2017/ISIC-2017_Training_Data.zip",
        "isic2017/ISIC-2017_Training_Part1_GroundTruth.zip",
        "isic2017/ISIC-2017_Training_Part3_GroundTruth.csv",
        "isic2017/ISIC-2017_Validation_Data.zip",
        "isic2017/ISIC-2017_Validation_Part1_GroundTruth.zip",
        "isic2017/ISIC-2017_Validation_Part3_GroundTruth.csv",
        "isic2017/ISIC-2017_Test_v2_Data.zip",
        "isic2017/ISIC-2017_Test_v2_Part1_GroundTruth.zip",
        "isic2017/ISIC-2017_Test_v2_Part3_GroundTruth.csv",
        "pets/images.tar.gz",
        "pets/annotations.tar.gz",
        "models/resnet18.safetensors",
        "models/resnet50.safetensors",
    };
    struct source_list s;
    struct error err = {0};
    CU_ASSERT_FATAL(!source_list_read(&s, "", &err));
    CU_ASSERT_EQUAL_FATAL(s.count, (int)(sizeof expected / sizeof *expected));
    for (int i = 0; i < s.count; i++) {
        CU_ASSERT_STRING_EQUAL(s.items[i].path, expected[i]);
        suite_text_begins(s.items[i].url, "https://");
        CU_ASSERT(*s.items[i].md5 || *s.items[i].sha256);
    }
    source_list_free(&s);
}

// The four files of real MNIST, where they are, are known by the list's digests.
static void test_real_mnist_is_known(void) {
    const char *mnist = suite_shared("data/mnist");
    if (!mnist)
        return;
    struct program_result p;
    char data[PATH_SIZE];
    snprintf(data, sizeof data, "%.*s", (int)(strlen(mnist) - strlen("/mnist")), mnist);
    CU_ASSERT_EQUAL(reff_run(&p, 0, "fetch", "--data", data, "mnist"), 0);
    suite_text_has(p.out, "0 fetched, 4 there, 0 missing or wrong\n");
    program_free(&p);
}

static void test_words_choose_a_mirror_redirects(void) {
    struct source_list s;
    struct error err = {0};
    char set[] = "mnist", file[] = "resnet50", none[] = "imagenet";
    char *words[] = {file, set}, *wrong[] = {set, none};
    CU_ASSERT_FATAL(!source_list_read(&s, "", &err));
    CU_ASSERT(!source_list_choose(&s, words, 2, &err));
    CU_ASSERT_EQUAL(s.count, 5);
    CU_ASSERT_STRING_EQUAL(s.items[4].name, "resnet50");
    CU_ASSERT(source_list_choose(&s, wrong, 2, &err));
    CU_ASSERT_EQUAL(err.status, EXIT_USAGE);
    suite_text_has(err.message, "'imagenet' is none of the sets: mnist models");
    CU_ASSERT(!source_list_redirect(&s, "http://host/copy/", &err));
    CU_ASSERT_STRING_EQUAL(s.items[0].url, "http://host/copy/mnist/train-images-idx3-ubyte.gz");
    CU_ASSERT_STRING_EQUAL(s.items[4].url, "http://host/copy/models/resnet50.safetensors");
    CU_ASSERT(source_list_redirect(&s, "/a/folder", &err));
    suite_text_has(err.message, "--mirror: '/a/folder' is no address");
    source_list_free(&s);
}

static void check_refused(const char *text, const char *expected) {
    struct source_list s;
    struct error err = {0};
    const char *path = suite_path("sources.ini");
    CU_ASSERT_FATAL(!file_write(path, text, strlen(text), &err));
    CU_ASSERT(source_list_read(&s, path, &err));
    CU_ASSERT_EQUAL(err.status, EXIT_FAILED);
    suite_text_has(err.message, expected);
    source_list_free(&s);
}

static void test_broken_lists_are_refused(void) {
    check_refused("", "sources.ini: no sources");
    check_refused("path = a\n", "sources.ini:1: 'path' stands in no [section]");
    check_refused("[a]\nport = 1\n", "sources.ini:2: unknown key 'port'");
    check_refused("[a]\npath = a\nset = a\nlicence = a\nuse = a\n", "sources.ini: [a]: no url");
    check_refused("[a]\nurl = ftp://host/x\n", "sources.ini:2: 'ftp://host/x' is no address");
    check_refused("[a]\nurl = https://\n", "is no address");
    check_refused("[a]\nmd5 = 123\n", "sources.ini:2: a digest of 3 digits, not 32");
    check_refused("[a]\nsha256 = xyz\n", "sources.ini:2: 'xyz' is no hexadecimal number");
    check_refused("[a]\nbytes = many\n", "sources.ini:2: 'many' is not a number");
    check_refused("[a]\npath = a\n[b]\nset = b\n[a]\nuse = a\n",
                  "sources.ini:6: [a] stands here for the second");
    static const char *const outside[] = {"/etc/passwd", "../x", "../models/x", "models/../../x",
                                          "a/../../x",   "a/",   "..",          "./a",
                                          "a/./b",       "a//b", ".latexmkrc",  "a/.git"};
    for (size_t i = 0; i < sizeof outside / sizeof *outside; i++) {
        char text[100];
        snprintf(text, sizeof text, "[a]\npath = %s\n", outside[i]);
        check_refused(text, "is no file below the data folder");
    }
    static const char *const reserved[] = {"digests.json", "a/x.fetching", "a/x.fetching.json", "x.part-1"};
    for (size_t i = 0; i < sizeof reserved / sizeof *reserved; i++) {
        char text[100];
        snprintf(text, sizeof text, "[a]\npath = %s\n", reserved[i]);
        check_refused(text, "is a name that fetching itself uses");
    }
}

// Every allocation in turn fails: an error each time, and (under the sanitizer) nothing leaked.
static void test_running_out_of_memory_is_told(void) {
    int failures = 0;
    for (long n = 1; n < 1000; n++) {
        struct source_list s;
        struct error err = {0};
        memory_fail_at = n;
        int failed = source_list_read(&s, "", &err), used_up = memory_fail_at > 0;
        memory_fail_at = 0;
        source_list_free(&s);
        CU_ASSERT_EQUAL(failed, used_up ? 0 : -1);
        if (used_up) {
            CU_ASSERT(failures > 0);
            return;
        }
        failures++;
        suite_text_has(err.message, "out of memory");
    }
    CU_FAIL("it never succeeds");
}

void suite_sources(void) {
    CU_pSuite s = CU_add_suite("sources", suite_make_folder, suite_remove_folder);
    CU_add_test(s, "the built-in list is complete", test_the_built_in_list_is_complete);
    CU_add_test(s, "real MNIST is known", test_real_mnist_is_known);
    CU_add_test(s, "words choose, a mirror redirects", test_words_choose_a_mirror_redirects);
    CU_add_test(s, "broken lists are refused", test_broken_lists_are_refused);
    CU_add_test(s, "running out of memory is told", test_running_out_of_memory_is_told);
}
