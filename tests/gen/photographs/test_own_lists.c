// SPDX-License-Identifier: Apache-2.0
// Lists of one's own images as people have them: what is read, and what is said of what is not.
#include "core/shard/shard.h"
#include "tests/support/photographs_fixture.h"
#include "tests/support/sources_fixture.h"
#include "tests/support/suite.h"

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct source_files files;
static char folder[PATH_SIZE];

static void add(const char *name, int number) {
    photos_add_jpeg(&files, name, 24, 24, number);
}

// Pictures a/1, a/2, b/1, b/3, below no common folder.
static void make_images(void) {
    static const char *const names[] = {"a/1.jpg", "a/2.jpg", "b/1.jpg", "b/3.jpg"};
    files.count = 0;
    for (int i = 0; i < 4; i++)
        add(names[i], i);
    snprintf(folder, sizeof folder, "%s", sources_folder("lists", &files));
    sources_free(&files);
}

// `reff gen folder` with a list; what it says and its status.
static void generate(struct program_result *r, const char *list) {
    struct error err = {0};
    const char *path = suite_path("list.csv");
    CU_ASSERT_FATAL(!file_write(path, list, strlen(list), &err));
    reff_run(r, 0, "gen", "folder", "--images", folder, "--labels", path, "--pixels", "16", "--test-share",
             "0", "--output", suite_path("lists.h5"));
}

static void test_what_lists_have_is_read_or_named(void) {
    static const struct {
        const char *list, *says;
        int images; // that come into the shard; 0: refused
    } rows[] = {
        {"sep=;\r\nfile_name;label\r\na/1;x\r\nb/1;y\r\n",
         "2 pictures of the folder are in no row of the list", 2},
        {"file_name,label\na\\1.jpg,x\nb\\3.jpg,y\n", "2 images, 2 classes", 2}, // written on Windows
        {"file_name,label\n1.jpg,x\n2.jpg,x\n3.jpg,y\n",
         "1.jpg skipped: line 2: several images are called so: their folders are needed, too", 2},
        {"file_name,label\na/9.jpg,x\na/1.jpg,x\nb/1.jpg,y\n",
         "a/9.jpg skipped: line 2: there is no such image", 2},
        {"file_name,label,label\na/1.jpg,x,y\n", "list.csv: line 1: two columns are called 'label'", 0},
        {"file_name,klass\na/1.jpg,x\nb/1.jpg,y\n",
         "the list has no column 'label' or 'class': folders say the classes", 2},
        {"file_name,label,split\na/1.jpg,x,trn\nb/1.jpg,y,train\nb/3.jpg,x,train\n",
         "a/1.jpg skipped: line 2: train, validation and test are splits, not 'trn'", 2},
        {"file_name,label\na/1.jpg,x\nb/1.jpg,x\n",
         "all images are of one class: a network has nothing to tell apart", 2},
        {"file_name,label\na/1.jpg,0\nb/1.jpg,7\n",
         "6 classes have no image in train: '1', '2', '3', '4', '5', ...", 2},
        {"file_name,label\na/1.jpg,0\nb/1.jpg,2\n", "class '1' has no image in train", 2},
        {"file_name,label\n", "list.csv: names none of the images of ", 0},
        {"file_name,label\nc/1.jpg,x\n", "list.csv: names none of the images of ", 0},
        {"file_name,label\na/1.jpg,caf\xe9\n", "save the list, or name the folder, in UTF-8", 0},
    };
    make_images();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct program_result r;
        struct error err = {0};
        generate(&r, rows[i].list);
        suite_text_has(r.err, rows[i].says);
        CU_ASSERT_EQUAL(r.status, rows[i].images ? EXIT_OK : EXIT_FAILED);
        program_free(&r);
        struct shard *shard = rows[i].images ? shard_open(suite_path("lists.h5"), &err) : NULL;
        CU_ASSERT_EQUAL(shard ? shard_shape(shard).count : 0, rows[i].images);
        shard_close(shard);
        CU_ASSERT_EQUAL(file_exists(suite_path("lists.h5")), rows[i].images > 0);
        remove(suite_path("lists.h5")), remove(suite_path("lists.h5.sha256"));
    }
}

static void run_images(const char *images, int status, const char *says) {
    struct program_result r;
    reff_run(&r, 0, "gen", "folder", "--images", images, "--pixels", "16", "--test-share", "0", "--output",
             suite_path("images.h5"));
    CU_ASSERT_EQUAL(r.status, status);
    suite_text_has(r.err, says);
    program_free(&r);
    remove(suite_path("images.h5")), remove(suite_path("images.h5.sha256"));
}

static void test_images_without_a_class_lead_to_what_says_it(void) {
    files.count = 0;
    add("1.jpg", 1), add("2.jpg", 2);
    run_images(
        sources_folder("flat", &files), 1,
        "flat: no image has a class: it is the name of its folder, or stands in a list (--labels FILE.csv)");
    sources_free(&files);
}

// Nothing is unpacked; but "..", as a folder, is no class.
static void test_paths_that_lead_out_of_an_archive_are_skipped(void) {
    files.count = 0;
    add("a/1.jpg", 1), add("b/1.jpg", 2), add("../../c/1.jpg", 3);
    run_images(sources_archive("outside.zip", &files), 0,
               "../../c/1.jpg skipped: its path leads out of the archive");
    sources_free(&files);
}

static void test_a_link_that_leads_nowhere_is_called_so(void) {
    make_images();
    CU_ASSERT_FATAL(!symlink("nowhere", suite_path("lists/a/3.jpg")));
    run_images(folder, 1, "lists/a/3.jpg: a symbolic link that leads nowhere");
    CU_ASSERT_FATAL(!unlink(suite_path("lists/a/3.jpg")));
}

void suite_own_lists(void) {
    CU_pSuite s = CU_add_suite("own_lists", suite_make_folder, suite_remove_folder);
    CU_add_test(s, "what lists have is read or named", test_what_lists_have_is_read_or_named);
    CU_add_test(s, "images without a class lead to what says it",
                test_images_without_a_class_lead_to_what_says_it);
    CU_add_test(s, "paths that lead out of an archive are skipped",
                test_paths_that_lead_out_of_an_archive_are_skipped);
    CU_add_test(s, "a link that leads nowhere is called so", test_a_link_that_leads_nowhere_is_called_so);
}
