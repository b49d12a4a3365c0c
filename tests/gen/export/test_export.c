// SPDX-License-Identifier: Apache-2.0
// reff export: what other programs read (readers.py) is what the shards hold; the same bytes for any number of threads;
// whole or absent.
#include "core/base/digest.h"
#include "core/base/json.h"
#include "tests/support/shard_fixture.h"
#include "tests/support/suite.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char python[] = "/usr/bin/python3";

static char readers[PATH_SIZE]; // beside this file, in the tree that holds build/<configuration>/reff

enum { NOT_THERE = 77 };

static int generate(const char *what, const char *name, const char *split, const char *count) {
    struct program_result r;
    int digits = !strcmp(what, "textured-mnist");
    int status = reff_run(&r, 0, "gen", what, digits ? "--canvas" : "--pixels", "32", "--split", split,
                          "--count", count, "--output", suite_path(name), digits ? "--size" : "--seed", "24");
    program_free(&r);
    return status;
}

static int set_up(void) {
    snprintf(readers, sizeof readers, "%s", suite_tree_path("tests/gen/export/readers.py"));
    if (suite_make_folder())
        return -1;
    return generate("textured-mnist", "train.h5", "train", "70") || // more than a batch
           generate("textured-mnist", "test.h5", "test", "20") ||
           generate("isic2017", "lesions.h5", "train", "12");
}

// Runs readers.py on an export of two shards, the second of which may be NULL.
static int read_back(const char *what, const char *export, const char *first, const char *second) {
    struct program_result r;
    char a[PATH_SIZE], b[PATH_SIZE], path[PATH_SIZE];
    snprintf(path, sizeof path, "%s", suite_path(export));
    snprintf(a, sizeof a, "%s", first ? suite_path(first) : "");
    snprintf(b, sizeof b, "%s", second ? suite_path(second) : "");
    program_run(
        &r, 0, (const char *const[]){python, readers, what, path, first ? a : NULL, second ? b : NULL, NULL});
    if (r.status != 0 && r.status != NOT_THERE)
        fprintf(stderr, "%s%s", r.out, r.err);
    int status = r.status;
    program_free(&r);
    return status;
}

static int export_to(const char *output, const char *first, const char *second, const char *const options[]) {
    struct program_result r;
    char a[PATH_SIZE], b[PATH_SIZE], path[PATH_SIZE];
    const char *argv[24] = {suite_reff(), "export", "--date", "2026-11-30", "--output", path, a};
    int count = 7;
    snprintf(path, sizeof path, "%s", suite_path(output));
    snprintf(a, sizeof a, "%s", suite_path(first));
    snprintf(b, sizeof b, "%s", second ? suite_path(second) : "");
    if (second)
        argv[count++] = b;
    for (int i = 0; options && options[i]; i++)
        argv[count++] = options[i];
    program_run(&r, 0, argv);
    int status = r.status;
    if (status)
        fprintf(stderr, "%s", r.err);
    program_free(&r);
    return status;
}

#define OPTIONS(...) ((const char *const[]){__VA_ARGS__, NULL})

static void test_torchvisions_imagefolder_reads_the_shards_pixels_and_labels(void) {
    CU_ASSERT_EQUAL(export_to("folder", "train.h5", "test.h5", NULL), 0);
    CU_ASSERT_EQUAL(export_to("lesions", "lesions.h5", NULL, NULL), 0);
    CU_ASSERT(file_exists(suite_path("folder/train/metadata.jsonl")));
    CU_ASSERT(file_exists(suite_path("lesions/masks/train/2-nevus")));
    int status = access(python, X_OK) ? NOT_THERE : read_back("imagefolder", "folder", "train.h5", "test.h5");
    if (status == NOT_THERE)
        SKIP("no python3 with torchvision and h5py");
    CU_ASSERT_EQUAL(status, 0);
    CU_ASSERT_EQUAL(read_back("imagefolder", "lesions", "lesions.h5", NULL), 0);
}

static void test_tars_hold_samples_whose_members_follow_each_other(void) {
    CU_ASSERT_EQUAL(export_to("tars", "train.h5", "test.h5", OPTIONS("--format", "webdataset")), 0);
    CU_ASSERT_EQUAL(export_to("one.tar", "train.h5", "test.h5", OPTIONS("--format", "webdataset")), 0);
    CU_ASSERT(file_exists(suite_path("one.croissant.json")) && file_exists(suite_path("one.README.md")));
    int status = access(python, X_OK) ? NOT_THERE : read_back("webdataset", "tars", "train.h5", "test.h5");
    if (status == NOT_THERE)
        SKIP("no python3 with h5py and Pillow");
    CU_ASSERT_EQUAL(status, 0);
    CU_ASSERT_EQUAL(read_back("webdataset", "one.tar", "train.h5", "test.h5"), 0);
}

static void test_tars_are_of_bounded_size(void) {
    struct stat status;
    CU_ASSERT_EQUAL(generate("textured-mnist", "many.h5", "test", "300"), 0);
    CU_ASSERT_EQUAL(
        export_to("bounded", "many.h5", NULL, OPTIONS("--format", "webdataset", "--tar-size", "1")), 0);
    int tars = 0;
    char name[64];
    for (;; tars++) {
        snprintf(name, sizeof name, "bounded/test-%06d.tar", tars);
        if (stat(suite_path(name), &status))
            break;
        CU_ASSERT(status.st_size <= (1 << 20) + 1024); // and two blocks of zeros at its end
    }
    CU_ASSERT(tars >= 2);
    int result = access(python, X_OK) ? NOT_THERE : read_back("webdataset", "bounded", "many.h5", NULL);
    if (result == NOT_THERE)
        SKIP("no python3 with h5py and Pillow");
    CU_ASSERT_EQUAL(result, 0);
}

static void test_wilds_metadata_has_label_split_and_place(void) {
    CU_ASSERT_EQUAL(export_to("wilds", "train.h5", "test.h5", OPTIONS("--format", "wilds")), 0);
    CU_ASSERT_EQUAL(export_to("wilds-lesions", "lesions.h5", NULL, OPTIONS("--format", "wilds")), 0);
    int status = access(python, X_OK) ? NOT_THERE : read_back("wilds", "wilds", "train.h5", "test.h5");
    if (status == NOT_THERE)
        SKIP("no python3 with h5py and Pillow");
    CU_ASSERT_EQUAL(status, 0);
    CU_ASSERT_EQUAL(read_back("wilds", "wilds-lesions", "lesions.h5", NULL), 0);
}

// By the tests above: folder, tars, one.tar, wilds.
static void test_an_rdf_parser_reads_croissant_json_and_its_digests_are_the_files(void) {
    int status =
        access(python, X_OK) ? NOT_THERE : read_back("croissant", "folder/croissant.json", NULL, NULL);
    if (status == NOT_THERE)
        SKIP("no python3 with rdflib");
    CU_ASSERT_EQUAL(status, 0);
    CU_ASSERT_EQUAL(read_back("croissant", "lesions/croissant.json", NULL, NULL), 0);
    CU_ASSERT_EQUAL(read_back("croissant", "tars/croissant.json", NULL, NULL), 0);
    CU_ASSERT_EQUAL(read_back("croissant", "bounded/croissant.json", NULL, NULL), 0);
    CU_ASSERT_EQUAL(read_back("croissant", "one.croissant.json", NULL, NULL), 0);
    CU_ASSERT_EQUAL(read_back("croissant", "wilds/croissant.json", NULL, NULL), 0);
}

static void test_the_bytes_are_the_same_for_any_number_of_threads(void) {
    static const char *const formats[] = {"imagefolder", "webdataset", "wilds"};
    for (int i = 0; i < 3; i++) {
        char one[DIGEST_SIZE], three[DIGEST_SIZE];
        struct error err = {0};
        CU_ASSERT_EQUAL(export_to("t.tar", "train.h5", "test.h5",
                                  OPTIONS("--format", formats[i], "--threads", "1", "--force")),
                        0);
        CU_ASSERT_FATAL(!digest_file(suite_path("t.tar"), one, &err));
        CU_ASSERT_EQUAL(export_to("t.tar", "train.h5", "test.h5",
                                  OPTIONS("--format", formats[i], "--threads", "3", "--force")),
                        0);
        CU_ASSERT_FATAL(!digest_file(suite_path("t.tar"), three, &err));
        suite_text_is(three, one);
    }
}

static json_t *read_croissant(const char *name) {
    struct error err = {0};
    json_t *said = json_read(suite_path(name), &err);
    CU_ASSERT_FATAL(said != NULL);
    return said;
}

static const char *text_of(const json_t *object, const char *key) {
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

static void test_licences_and_words_of_the_user_are_carried_over(void) {
    struct error err = {0};
    const char about[] = "{\"rai:dataSocialImpact\": \"ours\", \"citeAs\": \"us\"}";
    CU_ASSERT_FATAL(!file_write(suite_path("about.json"), about, strlen(about), &err));
    CU_ASSERT_EQUAL(
        export_to("said", "test.h5", NULL,
                  OPTIONS("--name", "Digits \033[2J", "--url", "https://example.org/d", "--creator", "A",
                          "--licence", "CC BY 4.0", "--about", suite_path("about.json"))),
        0);
    json_t *said = read_croissant("said/croissant.json");
    suite_text_is(text_of(said, "name"), "Digits \033[2J"); // JSON escapes it
    suite_text_is(text_of(said, "url"), "https://example.org/d");
    suite_text_is(text_of(said, "datePublished"), "2026-11-30");
    suite_text_is(text_of(said, "citeAs"), "us");
    suite_text_is(text_of(said, "rai:dataSocialImpact"), "ours");
    suite_text_is(text_of(json_object_get(said, "creator"), "name"), "A");
    const json_t *licences = json_object_get(said, "license");
    CU_ASSERT_EQUAL(json_array_size(licences), 3);
    suite_text_is(text_of(json_array_get(licences, 0), "url"), "https://spdx.org/licenses/CC-BY-4.0.html");
    suite_text_is(text_of(json_array_get(licences, 1), "name"),
                  "digits: made by the generator's code, Apache-2.0");
    json_decref(said);
    char *card = file_read(suite_path("said/README.md"), 1 << 20, NULL, &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(card);
    suite_text_begins(card, "---\npretty_name: \"Digits \\u001B[2J\"\nlicense: other\n");
    suite_text_has(card, "- digits: made by the generator's code, Apache-2.0\n");
    suite_text_has(card, "**Impact.** ours\n");
    suite_text_has(card, "\n# Digits \\x1b[2J\n");
    CU_ASSERT_PTR_NULL(strchr(card, '\033'));
    free(card);
}

// Without attributes, as docs/shards.md makes them: the split is the file's name, classes are numbers.
static void test_a_shard_made_by_hand_is_exported_under_its_files_name(void) {
    struct error err = {0};
    hsize_t shape[4] = {3, 8, 8, 3};
    hid_t file = shard_fixture_begin(suite_path("my-own.h5"), 1, 2);
    shard_fixture_add_zeros(file, "images", H5T_STD_U8LE, 4, shape, H5P_DEFAULT);
    shard_fixture_add_zeros(file, "masks", H5T_STD_U8LE, 3, shape, H5P_DEFAULT);
    shard_fixture_add_zeros(file, "labels", H5T_STD_I32LE, 1, shape, H5P_DEFAULT);
    shard_fixture_add_zeros(file, "label", H5T_STD_I32LE, 1, shape, H5P_DEFAULT); // a name that records need
    H5Fclose(file);
    CU_ASSERT_EQUAL(export_to("own", "my-own.h5", NULL, NULL), 0);
    char *rows = file_read(suite_path("own/my_own/metadata.jsonl"), 1 << 20, NULL, &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(rows);
    suite_text_begins(
        rows, "{\"file_name\": \"0/000000.png\", \"mask_file_name\": \"../masks/my_own/0/000000.png\", "
              "\"split\": \"my_own\", \"label\": 0, \"class\": \"0\", \"shard_label\": 0}\n");
    free(rows);
    json_t *said = read_croissant("own/croissant.json");
    suite_text_is(text_of(json_array_get(json_object_get(said, "license"), 0), "name"),
                  "not stated by the shards");
    CU_ASSERT_PTR_NULL(json_object_get(said, "rai:hasSyntheticData")); // not made up
    json_decref(said);
}

static void test_images_without_annotations_have_no_masks(void) {
    struct error err = {0};
    struct program_result r;
    CU_ASSERT_EQUAL(reff_run(&r, 0, "gen", "pets", "--pixels", "32", "--count", "4", "--split", "test",
                             "--annotations", "none", "--output", suite_path("bare.h5")),
                    0);
    suite_text_has(r.err, "bare.h5: 4 images, 37 classes, no annotations, ");
    program_free(&r);
    CU_ASSERT_EQUAL(export_to("bare", "bare.h5", NULL, NULL), 0);
    CU_ASSERT(!file_exists(suite_path("bare/masks")));
    char *rows = file_read(suite_path("bare/test/metadata.jsonl"), 1 << 20, NULL, &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(rows);
    suite_text_has(rows, "\"mask_file_name\": null");
    free(rows);
}

// Of own images some may have no mask: theirs is no file of white pixels.
static void test_an_image_without_a_mask_stays_without_one(void) {
    struct error err = {0};
    struct program_result r;
    CU_ASSERT_EQUAL(export_to("own-images", "lesions.h5", NULL, NULL), 0);
    CU_ASSERT_EQUAL(unlink(suite_path("own-images/masks/train/2-nevus/000001.png")), 0);
    CU_ASSERT_EQUAL(reff_run(&r, 0, "gen", "folder", "--images", suite_path("own-images"), "--pixels", "32",
                             "--split", "train", "--output", suite_path("own-images.h5")),
                    0);
    program_free(&r);
    CU_ASSERT_EQUAL(export_to("exported-again", "own-images.h5", NULL, NULL), 0);
    char *rows = file_read(suite_path("exported-again/train/metadata.jsonl"), 1 << 20, NULL, &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(rows);
    int without = 0, lines = 0;
    for (char *line = strtok(rows, "\n"); line; line = strtok(NULL, "\n")) {
        int null = strstr(line, "\"mask_file_name\": null") != NULL;
        CU_ASSERT_EQUAL(null, strstr(line, "\"has_mask\": 0") != NULL);
        CU_ASSERT(!null || strstr(line, "2-nevus/000001"));
        without += null;
        lines++;
    }
    CU_ASSERT(without == 1 && lines == 12);
    free(rows);
}

// It must fail with this status and one line, and leave nothing behind.
static void check_refused(int status, const char *message, const char *const argv[]) {
    struct program_result r;
    const char *all[24] = {suite_reff(), "export"};
    int count = 2, before = suite_count_entries(suite_folder());
    for (; argv[count - 2]; count++)
        all[count] = argv[count - 2];
    program_run(&r, 0, all);
    CU_ASSERT_EQUAL(r.status, status);
    suite_text_is(r.out, "");
    suite_text_begins(r.err, "reff: ");
    suite_text_has(r.err, message);
    CU_ASSERT(strchr(r.err, '\n') == r.err + strlen(r.err) - 1);
    CU_ASSERT_EQUAL(suite_count_entries(suite_folder()), before);
    program_free(&r);
}

static void test_what_cannot_be_exported_is_refused_and_leaves_nothing(void) {
    struct error err = {0};
    char train[PATH_SIZE], test[PATH_SIZE], lesions[PATH_SIZE], out[PATH_SIZE], there[PATH_SIZE],
        tar[PATH_SIZE];
    snprintf(train, sizeof train, "%s", suite_path("train.h5"));
    snprintf(test, sizeof test, "%s", suite_path("test.h5"));
    snprintf(lesions, sizeof lesions, "%s", suite_path("lesions.h5"));
    snprintf(out, sizeof out, "%s", suite_path("out"));
    snprintf(there, sizeof there, "%s", suite_path("there"));
    snprintf(tar, sizeof tar, "%s", suite_path("there.tar"));
    CU_ASSERT_FATAL(!folder_make(suite_path("there/x"), &err) && !file_write(tar, "x", 1, &err));
    CU_ASSERT_FATAL(!file_write(suite_path("bad.json"), "[]", 2, &err));
    CU_ASSERT_FATAL(!file_write(suite_path("kept.json"), "{\"recordSet\": 1}", 16, &err));
    check_refused(1, "train.h5: is split 'train', as ", OPTIONS(train, train, "--output", out));
    check_refused(1, "lesions.h5: is split 'train', as ", OPTIONS(train, lesions, "--output", out));
    check_refused(1, "lesions.h5: 3 classes, but ", OPTIONS(test, lesions, "--output", out));
    check_refused(1, "there: is there already, and is no empty folder", OPTIONS(train, "--output", there));
    check_refused(1, "there.tar: is there already; --force replaces it", OPTIONS(train, "--output", tar));
    check_refused(2, "--force: replaces FILE.tar; ", OPTIONS(train, "--output", out, "--force"));
    check_refused(2, "--output: a folder or FILE.tar must be named", OPTIONS(train, "--output", "-"));
    check_refused(2, "--tar-size: means something to --format webdataset alone",
                  OPTIONS(train, "--output", out, "--tar-size", "2"));
    check_refused(2, "--date: 'today' is no date like 2026-11-30",
                  OPTIONS(train, "--output", out, "--date", "today"));
    check_refused(2, "--format: 'zip' is none of: imagefolder webdataset wilds",
                  OPTIONS(train, "--output", out, "--format", "zip"));
    check_refused(1, "bad.json: no JSON object",
                  OPTIONS(train, "--output", out, "--about", suite_path("bad.json")));
    check_refused(2, "--about: 'recordSet' comes from the data and cannot be replaced",
                  OPTIONS(train, "--output", out, "--about", suite_path("kept.json")));
    check_refused(1, "absent.h5: No such file", OPTIONS(suite_path("absent.h5"), "--output", out));
    check_refused(1, "split 'my_own' has no number in WILDS's metadata.csv",
                  OPTIONS(suite_path("my-own.h5"), "--output", out, "--format", "wilds"));
    check_refused(2, "export", OPTIONS("--output", out));
}

static void test_a_full_disk_leaves_nothing(void) {
    static const char *const outputs[] = {"full", "full.tar"};
    for (int i = 0; i < 2; i++) {
        struct program_result r;
        int before = suite_count_entries(suite_folder());
        reff_run(&r, 40000, "export", suite_path("train.h5"), "--format", "webdataset", "--output",
                 suite_path(outputs[i]));
        CU_ASSERT_EQUAL(r.status, 1);
        suite_text_has(r.err, "File too large\n");
        CU_ASSERT_EQUAL(suite_count_entries(suite_folder()), before);
        program_free(&r);
    }
}

void suite_export(void) {
    CU_pSuite s = CU_add_suite("export", set_up, suite_remove_folder);
    CU_add_test(s, "torchvision's ImageFolder reads the shards' pixels and labels",
                test_torchvisions_imagefolder_reads_the_shards_pixels_and_labels);
    CU_add_test(s, "tars hold samples whose members follow each other",
                test_tars_hold_samples_whose_members_follow_each_other);
    CU_add_test(s, "tars are of bounded size", test_tars_are_of_bounded_size);
    CU_add_test(s, "WILDS's metadata has label, split and place",
                test_wilds_metadata_has_label_split_and_place);
    CU_add_test(s, "an RDF parser reads croissant.json, and its digests are the files'",
                test_an_rdf_parser_reads_croissant_json_and_its_digests_are_the_files);
    CU_add_test(s, "the bytes are the same for any number of threads",
                test_the_bytes_are_the_same_for_any_number_of_threads);
    CU_add_test(s, "licences and words of the user are carried over",
                test_licences_and_words_of_the_user_are_carried_over);
    CU_add_test(s, "a shard made by hand is exported under its file's name",
                test_a_shard_made_by_hand_is_exported_under_its_files_name);
    CU_add_test(s, "images without annotations have no masks", test_images_without_annotations_have_no_masks);
    CU_add_test(s, "an image without a mask stays without one",
                test_an_image_without_a_mask_stays_without_one);
    CU_add_test(s, "what cannot be exported is refused and leaves nothing",
                test_what_cannot_be_exported_is_refused_and_leaves_nothing);
    CU_add_test(s, "a full disk leaves nothing", test_a_full_disk_leaves_nothing);
}
