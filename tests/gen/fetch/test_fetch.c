// SPDX-License-Identifier: Apache-2.0
// Real data is fetched whole and right, or not at all, whatever the server does.
#include "gen/fetch/fetch.h"

#include "core/base/interrupt.h"
#include "gen/fetch/download.h"
#include "tests/support/suite.h"
#include "tests/support/web_server.h"

#include <CUnit/CUnit.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

static char md5[DIGEST_SIZE], sha256[DIGEST_SIZE]; // of the server's file
static char messages[4096];                        // of failed addresses, a line each

static void keep_message(void *context, const char *message) {
    (void)context;
    size_t used = strlen(messages);
    snprintf(messages + used, sizeof messages - used, "%s\n", message);
}

// What is known beforehand of the file.
enum known { NOTHING = 0, SIZE = 1, MD5 = 2, SHA256 = 4 };

static struct source make_source(const char *path, int known, const char *way, const char *mirror) {
    struct source s = {.bytes = known & SIZE ? WEB_SIZE : 0};
    snprintf(s.name, sizeof s.name, "it");
    snprintf(s.path, sizeof s.path, "%s", path);
    snprintf(s.url, sizeof s.url, "%s", web_url(way));
    if (mirror)
        snprintf(s.mirror, sizeof s.mirror, "%s", web_url(mirror));
    if (known & MD5)
        snprintf(s.md5, sizeof s.md5, "%s", md5);
    if (known & SHA256)
        snprintf(s.sha256, sizeof s.sha256, "%s", sha256);
    return s;
}

static double maximum = 1e6; // bytes, where the size is not known

static int fetch(const struct source *s, int tries, struct fetch_result *r, struct error *err) {
    struct fetch_settings settings = {
        .data = suite_folder(), .patience = 1, .tries = tries, .maximum = maximum};
    memset(err, 0, sizeof *err);
    messages[0] = 0;
    return fetch_source(s, &settings, keep_message, NULL, r, err);
}

// The file at `path` below the data folder is the server's.
static void check_whole(const char *path) {
    struct error err = {0};
    size_t size = 0;
    unsigned char *bytes = (unsigned char *)file_read(suite_path(path), 1 << 20, &size, &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(bytes);
    CU_ASSERT_EQUAL(size, WEB_SIZE);
    int wrong = 0;
    for (size_t i = 0; i < size; i++)
        wrong += bytes[i] != web_byte((int)i);
    CU_ASSERT_EQUAL(wrong, 0);
    free(bytes);
}

static void check_message(const struct error *err, const char *expected) {
    suite_text_has(err->message, expected);
}

// ---------------------------------------------------------------------------------------- what goes well

static void test_every_way_leads_to_the_whole_file(void) {
    static const struct {
        const char *way;
        int known, requests;
    } cases[] = {
        {"good", MD5 | SIZE, 1}, {"good", SHA256, 1},    {"good", NOTHING, 1}, {"redirect", MD5, 2},
        {"503once", MD5, 2},     {"whole", NOTHING, 1},  {"chunked", SIZE, 1}, {"chunked", NOTHING, 1},
        {"endless", SIZE, 1},    {"endless", SHA256, 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct fetch_result r;
        struct error err;
        char path[32];
        snprintf(path, sizeof path, "ways%zu/deep/file", i);
        struct source s = make_source(path, cases[i].known, cases[i].way, NULL);
        web_reset();
        CU_ASSERT_EQUAL(fetch(&s, 2, &r, &err), 0);
        suite_text_is(err.message, "");
        CU_ASSERT_EQUAL(web_requests(), cases[i].requests);
        CU_ASSERT(!r.was_there);
        check_whole(path);
        snprintf(path, sizeof path, "ways%zu/deep", i);
        CU_ASSERT_EQUAL(suite_count_entries(suite_path(path)), 1);
        CU_ASSERT_EQUAL(fetch(&s, 1, &r, &err), 0); // there: nothing is asked for
        CU_ASSERT(r.was_there);
        CU_ASSERT_EQUAL(web_requests(), cases[i].requests);
    }
}

static void test_a_mirror_helps_out(void) {
    struct fetch_result r;
    struct error err;
    struct source s = make_source("mirrored/file", MD5, "404", "good");
    CU_ASSERT_EQUAL(fetch(&s, 1, &r, &err), 0);
    check_whole("mirrored/file");
    suite_text_has(messages, "/404/file: the server answers 404 (not found)\n");
}

// ---------------------------------------------------------------------------------------- what goes wrong

// Each bad answer: one line that names file, address and fault; no file, and nothing left of it.
static void test_every_bad_answer_is_refused_and_nothing_left_of_it(void) {
    static const struct {
        const char *way;
        int known;
        const char *message;
    } cases[] = {
        {"403", MD5 | SIZE, "the server answers 403 (forbidden)"},
        {"403", NOTHING, "the server answers 403 (forbidden)"},
        {"404", MD5 | SIZE, "the server answers 404 (not found)"},
        {"html", MD5 | SIZE, "an HTML page instead of the file"},
        {"html", NOTHING, "an HTML page instead of the file"},
        {"page", NOTHING, "an HTML page instead of the file"},
        {"page", MD5 | SIZE, "85 bytes instead of 300000"},
        {"short", SIZE, "100000 bytes instead of 300000"},
        {"short", MD5, "wrong bytes: MD5 "},
        {"wrong", MD5 | SIZE, "wrong bytes: MD5 "},
        {"wrong", SHA256, "wrong bytes: SHA-256 "},
        {"long", SIZE, "more bytes than the file has"},
        {"endless", NOTHING, "the server does not say how long the file is"},
        {"empty", MD5, "the connection broke off after 0 bytes"},
        {"round", MD5, "Maximum (10) redirects followed"},
        {"away", MD5,
         "a redirection that is not followed (Protocol \"file\" not supported or disabled in libcurl)"},
        {"headers", MD5, "more than 256 KiB of headers"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct fetch_result r;
        struct error err;
        char start[PATH_SIZE];
        int before = suite_count_entries(suite_folder());
        struct source s = make_source("bad/file", cases[i].known, cases[i].way, NULL);
        CU_ASSERT(fetch(&s, 1, &r, &err));
        snprintf(start, sizeof start, "%s/bad/file: %s: ", suite_folder(), web_url(cases[i].way));
        check_message(&err, start);
        check_message(&err, cases[i].message);
        CU_ASSERT_PTR_NULL(strchr(err.message, '\n'));
        CU_ASSERT_EQUAL(suite_count_entries(suite_folder()), before); // not even the folder
    }
}

// A file of unknown size is bounded all the same: where the server tells its length, and where it does not.
static void test_a_file_of_unknown_size_is_bounded(void) {
    static const char *const ways[] = {"good", "chunked", "endless", "whole"};
    struct fetch_result r;
    struct error err;
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        int before = suite_count_entries(suite_folder());
        struct source s = make_source("bounded/file", MD5, ways[i], NULL);
        maximum = WEB_SIZE - 1;
        CU_ASSERT(fetch(&s, 3, &r, &err));
        check_message(
            &err, "more than 299999 bytes, the most that is taken where no size is published (--maximum)");
        CU_ASSERT_EQUAL(suite_count_entries(suite_folder()), before);
    }
    struct source s = make_source("bounded/file", MD5, "endless", NULL);
    maximum = WEB_SIZE;
    CU_ASSERT_EQUAL(fetch(&s, 1, &r, &err), 0);
    check_whole("bounded/file");
    maximum = 1e6;
}

static void test_redirections_lead_to_no_weaker_protocol(void) {
    CU_ASSERT_STRING_EQUAL(download_redirections("https://host/x"), "https");
    CU_ASSERT_STRING_EQUAL(download_redirections("HTTPS://host/x"), "https");
    CU_ASSERT_STRING_EQUAL(download_redirections("http://host/x"), "http,https");
}

// The page of a redirection is not the file: whether libcurl reads it or leaves it, it ends.
static void test_a_redirection_with_an_enormous_page_ends(void) {
    struct fetch_result r;
    struct error err;
    struct source s = make_source("redirected/file", MD5 | SIZE, "large-redirect", NULL);
    if (fetch(&s, 1, &r, &err))
        check_message(&err, "more bytes than the file has");
    else
        check_whole("redirected/file");
}

static void test_an_unknown_host_and_a_closed_port_are_named(void) {
    struct fetch_result r;
    struct error err;
    struct source s = make_source("bad/file", MD5, "good", NULL);
    snprintf(s.url, sizeof s.url, "http://127.0.0.1:1/x");
    CU_ASSERT(fetch(&s, 3, &r, &err));
    check_message(&err, "bad/file: http://127.0.0.1:1/x: Failed to connect");
    snprintf(s.url, sizeof s.url, "http://no-such-host.invalid/x");
    CU_ASSERT(fetch(&s, 3, &r, &err));
    check_message(&err, "http://no-such-host.invalid/x: Could not resolve host");
}

// ---------------------------------------------------------------------------------------- going on

// What broke off is kept beside, and only the rest is asked for.
static void test_a_broken_transfer_goes_on(void) {
    struct fetch_result r;
    struct error err;
    struct source s = make_source("resumed/file", NOTHING, "cut", NULL);
    web_reset();
    CU_ASSERT(fetch(&s, 1, &r, &err));
    check_message(&err, "the connection broke off after 100000 bytes");
    CU_ASSERT(!file_exists(suite_path("resumed/file")));
    CU_ASSERT(file_exists(suite_path("resumed/file.fetching")));
    CU_ASSERT(fetch(&s, 1, &r, &err)); // the server gives half of the rest
    check_message(&err, "the connection broke off after 200000 bytes");
    CU_ASSERT_EQUAL(web_last_range(), 100000);
    // 250000, 275000 ...: tries within one call go on too
    CU_ASSERT(fetch(&s, 2, &r, &err));
    check_message(&err, "the connection broke off after 275000 bytes");
    CU_ASSERT_EQUAL(web_requests(), 4);
    snprintf(s.md5, sizeof s.md5, "%s", md5); // now verifiable: another address may give the rest
    snprintf(s.url, sizeof s.url, "%s", web_url("good"));
    CU_ASSERT_EQUAL(fetch(&s, 1, &r, &err), 0);
    CU_ASSERT_EQUAL(web_last_range(), 275000);
    check_whole("resumed/file");
    CU_ASSERT_EQUAL(suite_count_entries(suite_path("resumed")), 1);
}

static void test_a_stall_is_given_up_and_gone_on_from(void) {
    struct fetch_result r;
    struct error err;
    struct source s = make_source("stalled/file", MD5 | SIZE, "stall", NULL);
    CU_ASSERT(fetch(&s, 1, &r, &err));
    check_message(&err, "stalled: less than 1000 bytes/s for 1 seconds, after 100000 bytes");
    snprintf(s.url, sizeof s.url, "%s", web_url("good"));
    CU_ASSERT_EQUAL(fetch(&s, 1, &r, &err), 0);
    CU_ASSERT_EQUAL(web_last_range(), 100000);
    check_whole("stalled/file");
}

// A file that has changed since, a server without ranges, one that answers another range: no splices.
static void test_nothing_is_spliced(void) {
    static const char *const ways[] = {"changed", "elsewhere"};
    struct fetch_result r;
    struct error err;
    struct source s;
    web_reset(); // which also makes the first answer of "changed" break off
    s = make_source("spliced/changed", NOTHING, ways[0], NULL);
    CU_ASSERT_EQUAL(fetch(&s, 2, &r, &err), 0);
    CU_ASSERT_EQUAL(web_requests(), 2);
    CU_ASSERT_EQUAL(web_last_range(), 100000);
    check_whole("spliced/changed");
    s = make_source("spliced/elsewhere", NOTHING, ways[1], NULL);
    web_reset();
    CU_ASSERT(fetch(&s, 3, &r, &err));
    check_message(&err,
                  "the connection broke off after 100000 bytes"); // the third request is from the beginning
    CU_ASSERT_EQUAL(web_requests(), 3);
    CU_ASSERT_EQUAL(web_last_range(), -1);
    CU_ASSERT(!file_exists(suite_path("spliced/elsewhere")));
    // From a broken transfer to a server that knows no ranges: from the beginning.
    s = make_source("spliced/whole", MD5, "cut", NULL);
    CU_ASSERT(fetch(&s, 1, &r, &err));
    snprintf(s.url, sizeof s.url, "%s", web_url("whole"));
    CU_ASSERT_EQUAL(fetch(&s, 1, &r, &err), 0);
    check_whole("spliced/whole");
    // From another address, and without a digest: from the beginning.
    s = make_source("spliced/other", NOTHING, "cut", NULL);
    CU_ASSERT(fetch(&s, 1, &r, &err));
    snprintf(s.url, sizeof s.url, "%s", web_url("good"));
    CU_ASSERT_EQUAL(fetch(&s, 1, &r, &err), 0);
    CU_ASSERT_EQUAL(web_last_range(), -1);
    check_whole("spliced/other");
}

// Bytes of an earlier call that are wrong cost one more transfer, not the file.
static void test_wrong_bytes_of_an_earlier_call_are_thrown_away(void) {
    struct fetch_result r;
    struct error err;
    struct source s = make_source("tainted/file", MD5 | SIZE, "cut", NULL);
    CU_ASSERT(fetch(&s, 1, &r, &err));
    int file = open(suite_path("tainted/file.fetching"), O_WRONLY);
    CU_ASSERT_EQUAL(pwrite(file, "?!", 2, 50), 2);
    close(file);
    snprintf(s.url, sizeof s.url, "%s", web_url("good"));
    web_reset();
    CU_ASSERT_EQUAL(fetch(&s, 1, &r, &err), 0);
    CU_ASSERT_EQUAL(web_requests(), 2);
    check_whole("tainted/file");
}

static void test_a_signal_stops_and_keeps(void) {
    struct fetch_result r;
    struct error err;
    struct source s = make_source("stopped/file", MD5, "cut", "good");
    CU_ASSERT_EQUAL(fetch(&s, 1, &r, &err), 0); // without the signal the mirror helps
    s = make_source("stopped/second", MD5, "cut", "good");
    raise(SIGTERM);
    web_reset();
    CU_ASSERT(fetch(&s, 3, &r, &err));
    CU_ASSERT_EQUAL(err.status, EXIT_INTERRUPTED);
    CU_ASSERT(web_requests() <= 1); // neither again nor the mirror
    interrupt_clear();
    CU_ASSERT_EQUAL(fetch(&s, 3, &r, &err), 0);
    check_whole("stopped/second");
}

static void test_one_process_at_a_time_fetches_a_file(void) {
    struct fetch_result r;
    struct error err;
    struct source s = make_source("locked", MD5, "good", NULL);
    int other = open(suite_path("locked.fetching"), O_RDWR | O_CREAT, 0666);
    CU_ASSERT_FATAL(other >= 0 && !flock(other, LOCK_EX));
    CU_ASSERT(fetch(&s, 1, &r, &err));
    check_message(&err, "locked: another process is fetching it");
    close(other);
    CU_ASSERT_EQUAL(fetch(&s, 1, &r, &err), 0);
    check_whole("locked");
}

static void test_a_full_disk_keeps_what_is_there(void) {
    struct fetch_result r;
    struct error err;
    struct source s = make_source("full/file", MD5 | SIZE, "good", NULL);
    suite_limit_files(150000);
    int failed = fetch(&s, 3, &r, &err);
    suite_limit_files(0);
    CU_ASSERT(failed);
    check_message(&err, "File too large");
    CU_ASSERT_EQUAL(err.cause, EFBIG);
    CU_ASSERT(!file_exists(suite_path("full/file")));
    web_reset();
    CU_ASSERT_EQUAL(fetch(&s, 1, &r, &err), 0);
    CU_ASSERT_EQUAL(web_last_range(), 150000);
    check_whole("full/file");
}

// ---------------------------------------------------------------------------------------- digests

// An earlier call ended between the last byte and the publication: the digest tells that nothing is missing.
static void test_a_whole_file_of_unknown_size_is_kept(void) {
    static const int known[] = {MD5, SHA256};
    for (size_t i = 0; i < 2; i++) {
        struct fetch_result r;
        struct error err = {0};
        char bytes[WEB_SIZE], path[40];
        struct source s = make_source(i ? "left/sha256" : "left/md5", known[i], "good", NULL);
        for (int k = 0; k < WEB_SIZE; k++)
            bytes[k] = (char)web_byte(k);
        snprintf(path, sizeof path, "%s.fetching", s.path);
        CU_ASSERT_EQUAL_FATAL(folder_make(suite_path("left"), &err), 0);
        CU_ASSERT_EQUAL_FATAL(file_write(suite_path(path), bytes, WEB_SIZE, &err), 0);
        snprintf(path, sizeof path, "%s.fetching.json", s.path);
        char notes[200];
        int length = snprintf(notes, sizeof notes, "{\"url\": \"%s\", \"validator\": \"\\\"g\\\"\"}", s.url);
        CU_ASSERT_EQUAL_FATAL(file_write(suite_path(path), notes, (size_t)length, &err), 0);
        web_reset();
        CU_ASSERT_EQUAL(fetch(&s, 1, &r, &err), 0);
        CU_ASSERT_EQUAL(web_requests(), 1); // which was answered with 416
        CU_ASSERT_EQUAL(web_last_range(), WEB_SIZE);
        check_whole(s.path);
        // As long, but another one: answered in the same way, and fetched anew.
        unlink(suite_path(s.path));
        snprintf(path, sizeof path, "%s.fetching", s.path);
        bytes[0] ^= 1;
        CU_ASSERT_EQUAL_FATAL(file_write(suite_path(path), bytes, WEB_SIZE, &err), 0);
        snprintf(path, sizeof path, "%s.fetching.json", s.path);
        CU_ASSERT_EQUAL_FATAL(file_write(suite_path(path), notes, (size_t)length, &err), 0);
        web_reset();
        CU_ASSERT_EQUAL(fetch(&s, 1, &r, &err), 0);
        CU_ASSERT_EQUAL(web_requests(), 2);
        check_whole(s.path);
    }
}

static void test_a_digest_that_nobody_publishes_is_pinned(void) {
    struct fetch_result r;
    struct error err;
    struct source s = make_source("pinned/file", NOTHING, "good", NULL);
    CU_ASSERT_EQUAL(fetch(&s, 1, &r, &err), 0);
    CU_ASSERT(r.pinned_now);
    CU_ASSERT_STRING_EQUAL(r.sha256, sha256);
    CU_ASSERT_STRING_EQUAL(r.how, "no digest published");
    CU_ASSERT_EQUAL(fetch(&s, 1, &r, &err), 0);
    CU_ASSERT(!r.pinned_now && r.was_there);
    CU_ASSERT_STRING_EQUAL(r.how, "SHA-256 as pinned");
    // Gone, and now another one comes.
    CU_ASSERT_EQUAL(unlink(suite_path("pinned/file")), 0);
    snprintf(s.url, sizeof s.url, "%s", web_url("wrong"));
    CU_ASSERT(fetch(&s, 1, &r, &err));
    check_message(&err, "pinned in digests.json");
    CU_ASSERT(!file_exists(suite_path("pinned/file")));
    // Another one put there by hand.
    CU_ASSERT_EQUAL(folder_make(suite_path("pinned"), &err), 0);
    CU_ASSERT_EQUAL(file_write(suite_path("pinned/file"), "mine", 4, &err), 0);
    CU_ASSERT(fetch(&s, 1, &r, &err));
    check_message(&err, "pinned/file: SHA-256 ");
    CU_ASSERT(file_exists(suite_path("pinned/file"))); // it is the user's
}

static void test_a_wrong_file_that_is_there_is_told_and_kept(void) {
    struct fetch_result r;
    struct error err;
    struct source s = make_source("mine", MD5 | SIZE, "good", NULL);
    CU_ASSERT_EQUAL(file_write(suite_path("mine"), "mine", 4, &err), 0);
    web_reset();
    CU_ASSERT(fetch(&s, 1, &r, &err));
    check_message(&err, "mine: 4 bytes instead of 300000");
    CU_ASSERT_EQUAL(web_requests(), 0);
    char *text = file_read(suite_path("mine"), 100, NULL, &err);
    CU_ASSERT_STRING_EQUAL(text, "mine");
    free(text);
}

static void test_broken_pins_are_told(void) {
    struct fetch_result r;
    struct error err;
    struct source s = make_source("unpinned", NOTHING, "good", NULL);
    CU_ASSERT_EQUAL(rename(suite_path("digests.json"), suite_path("kept")), 0);
    CU_ASSERT_EQUAL(file_write(suite_path("digests.json"), "{\"a\": ", 6, &err), 0);
    CU_ASSERT(fetch(&s, 1, &r, &err));
    check_message(&err, "digests.json:");
    CU_ASSERT(!file_exists(suite_path("unpinned")));
    CU_ASSERT_EQUAL(rename(suite_path("kept"), suite_path("digests.json")), 0);
}

// ---------------------------------------------------------------------------------------- the command

static void write_sources(const char *path, const char *first, const char *second) {
    struct error err;
    char text[2000];
    int size =
        snprintf(text, sizeof text,
                 "[first]\npath = one/first\nset = one\nurl = %s\nmd5 = %s\nlicence = none\nuse = tests\n"
                 "[second]\npath = models/second\nset = two\nurl = %s\nlicence = none\nuse = tests\n",
                 web_url(first), md5, web_url(second));
    CU_ASSERT_EQUAL_FATAL(file_write(path, text, (size_t)size, &err), 0);
}

// One file that cannot be had stops no other; the summary and the status say so.
static void test_the_command_fetches_what_it_can(void) {
    struct program_result p;
    const char *list = suite_path("sources.ini"), *data = suite_path("outer/data");
    struct error err;
    CU_ASSERT_EQUAL_FATAL(folder_make(suite_path("outer"), &err), 0);
    write_sources(list, "403", "good");
    CU_ASSERT_EQUAL(reff_run(&p, 0, "fetch", "--sources", list, "--data", data), 1);
    suite_text_has(p.err, "/403/file: the server answers 403 (forbidden)\n");
    suite_text_has(p.err, "outer/data: 1 of 2 files are missing or wrong");
    suite_text_has(p.out, "models/second");
    suite_text_has(p.out, sha256);
    suite_text_has(p.out, "1 fetched, 0 there, 1 missing or wrong\n");
    check_whole("outer/data/models/second");
    program_free(&p);
    write_sources(list, "good", "good");
    CU_ASSERT_EQUAL(reff_run(&p, 0, "fetch", "--sources", list, "--data", data), 0);
    suite_text_has(p.out, "1 fetched, 1 there, 0 missing or wrong\n");
    check_whole("outer/data/one/first");
    program_free(&p);
}

static void test_the_command_takes_a_mirror_and_the_names_of_sets(void) {
    struct program_result p;
    const char *list = suite_path("sources.ini"), *data = suite_path("mirror/data");
    struct error err;
    char base[256];
    CU_ASSERT_EQUAL_FATAL(folder_make(suite_path("mirror"), &err), 0);
    write_sources(list, "403", "403");
    snprintf(base, sizeof base, "%.*s", (int)(strlen(web_url("good")) - strlen("/file")), web_url("good"));
    CU_ASSERT_EQUAL(reff_run(&p, 0, "fetch", "--sources", list, "--data", data, "--mirror", base, "one"), 0);
    suite_text_has(p.out, "1 fetched, 0 there, 0 missing or wrong\n");
    check_whole("mirror/data/one/first");
    program_free(&p);
}

// What is wrong before any address is asked, or after: the reasons are printed, not only counted.
static void test_the_command_tells_every_reason(void) {
    struct program_result p;
    const char *list = suite_path("reasons.ini"), *data = suite_path("reasons/data");
    struct error err;
    char text[600];
    CU_ASSERT_EQUAL_FATAL(folder_make(data, &err), 0);
    int size = snprintf(text, sizeof text,
                        "[first]\npath = one/first\nset = one\nurl = %s\nlicence = none\nuse = tests\n",
                        web_url("good"));
    CU_ASSERT_EQUAL_FATAL(file_write(list, text, (size_t)size, &err), 0);
    CU_ASSERT_EQUAL_FATAL(file_write(suite_path("reasons/data/digests.json"), "{\"a\": ", 6, &err), 0);
    CU_ASSERT_EQUAL(reff_run(&p, 0, "fetch", "--sources", list, "--data", data), 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(p.err, "reff fetch: ") && strstr(p.err, "reasons/data/digests.json:1: "));
    program_free(&p);
    unlink(suite_path("reasons/data/digests.json"));
    CU_ASSERT_EQUAL_FATAL(file_write(suite_path("reasons/data/one"), "", 0, &err), 0);
    CU_ASSERT_EQUAL(reff_run(&p, 0, "fetch", "--sources", list, "--data", data), 1);
    suite_text_has(p.err, "reasons/data/one: not a folder\n");
    program_free(&p);
    unlink(suite_path("reasons/data/one"));
    CU_ASSERT_EQUAL(reff_run(&p, 0, "fetch", "--sources", list, "--data", data), 0);
    program_free(&p);
    // There, but to be pinned where nothing can be written.
    unlink(suite_path("reasons/data/digests.json"));
    CU_ASSERT_EQUAL(reff_run(&p, 10, "fetch", "--sources", list, "--data", data), 1);
    suite_text_has(p.err, "reasons/data/digests.json: File too large\n");
    program_free(&p);
}

static int set_up(void) {
    struct error err;
    unsigned char *bytes = malloc(WEB_SIZE);
    for (int i = 0; bytes && i < WEB_SIZE; i++)
        bytes[i] = web_byte(i);
    int failed = !bytes || suite_make_folder() || web_start() ||
                 file_write(suite_path("reference"), bytes, WEB_SIZE, &err) ||
                 digest_file_md5(suite_path("reference"), md5, &err) ||
                 digest_file(suite_path("reference"), sha256, &err);
    free(bytes);
    return failed ? -1 : 0;
}

static int clean_up(void) {
    return web_stop() || suite_remove_folder() ? -1 : 0;
}

void suite_fetch(void) {
    CU_pSuite s = CU_add_suite("fetch", set_up, clean_up);
    CU_add_test(s, "every way leads to the whole file", test_every_way_leads_to_the_whole_file);
    CU_add_test(s, "a mirror helps out", test_a_mirror_helps_out);
    CU_add_test(s, "every bad answer is refused, and nothing left of it",
                test_every_bad_answer_is_refused_and_nothing_left_of_it);
    CU_add_test(s, "a file of unknown size is bounded", test_a_file_of_unknown_size_is_bounded);
    CU_add_test(s, "redirections lead to no weaker protocol", test_redirections_lead_to_no_weaker_protocol);
    CU_add_test(s, "a redirection with an enormous page ends", test_a_redirection_with_an_enormous_page_ends);
    CU_add_test(s, "an unknown host and a closed port are named",
                test_an_unknown_host_and_a_closed_port_are_named);
    CU_add_test(s, "a broken transfer goes on", test_a_broken_transfer_goes_on);
    CU_add_test(s, "a stall is given up and gone on from", test_a_stall_is_given_up_and_gone_on_from);
    CU_add_test(s, "nothing is spliced", test_nothing_is_spliced);
    CU_add_test(s, "wrong bytes of an earlier call are thrown away",
                test_wrong_bytes_of_an_earlier_call_are_thrown_away);
    CU_add_test(s, "a signal stops and keeps", test_a_signal_stops_and_keeps);
    CU_add_test(s, "one process at a time fetches a file", test_one_process_at_a_time_fetches_a_file);
    CU_add_test(s, "a full disk keeps what is there", test_a_full_disk_keeps_what_is_there);
    CU_add_test(s, "a digest that nobody publishes is pinned", test_a_digest_that_nobody_publishes_is_pinned);
    CU_add_test(s, "a wrong file that is there is told and kept",
                test_a_wrong_file_that_is_there_is_told_and_kept);
    CU_add_test(s, "broken pins are told", test_broken_pins_are_told);
    CU_add_test(s, "the command fetches what it can", test_the_command_fetches_what_it_can);
    CU_add_test(s, "the command takes a mirror and the names of sets",
                test_the_command_takes_a_mirror_and_the_names_of_sets);
    CU_add_test(s, "the command tells every reason", test_the_command_tells_every_reason);
    CU_add_test(s, "a whole file of unknown size is kept", test_a_whole_file_of_unknown_size_is_kept);
}
