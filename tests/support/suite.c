// SPDX-License-Identifier: Apache-2.0
#include "tests/support/suite.h"

#include "core/base/text.h"

#include <CUnit/TestRun.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

// ---------------------------------------------------------------------------------------------- skipping

enum { SKIPPED_MAXIMUM = 1000 };

static CU_pTest skipped[SKIPPED_MAXIMUM];
static unsigned skipped_count;

void suite_skip(const char *reason) {
    printf("skipped: %s ... ", reason);
    if (skipped_count == SKIPPED_MAXIMUM)
        CU_FAIL_FATAL("more tests skipped than can be counted");
    skipped[skipped_count++] = CU_get_current_test();
}

static int has_failed(CU_pTest test) {
    for (CU_pFailureRecord f = CU_get_failure_list(); f; f = f->pNext)
        if (f->pTest == test)
            return 1;
    return 0;
}

unsigned suite_count_skipped(void) {
    unsigned count = 0;
    for (unsigned i = 0; i < skipped_count; i++) {
        int again = i > 0 && skipped[i] == skipped[i - 1]; // a test that skips twice counts once
        count += !again && !has_failed(skipped[i]);
    }
    return count;
}

// ---------------------------------------------------------------------------------------------- comparing

// CUnit keeps a copy of the text, and prints it with file and line when the suites have run.
static int settle(int holds, const struct text *what, const char *file, int line) {
    CU_assertImplementation(holds, (unsigned)line, text_string(what), file, "", CU_FALSE);
    return holds;
}

int suite_check_near(double got, double want, double tolerance, const char *expression, const char *file,
                     int line) {
    struct text what = {0};
    int holds =
        fabs(got - want) <= fabs(tolerance) || got == want; // two infinities are equal, and no distance
    if (!holds)
        text_printf(&what, "%s: got %.17g, wanted %.17g give or take %g", expression, got, want, tolerance);
    settle(holds, &what, file, line);
    text_free(&what);
    return holds;
}

static int text_holds(const char *got, const char *want, enum suite_relation relation) {
    if (!got || !want)
        return 0;
    return relation == SUITE_IS    ? !strcmp(got, want)
           : relation == SUITE_HAS ? strstr(got, want) != NULL
                                   : !strncmp(got, want, strlen(want));
}

int suite_check_text(const char *got, const char *want, enum suite_relation relation, const char *expression,
                     const char *file, int line) {
    static const char *const wanted[] = {"wanted", "wanted in it", "wanted at its beginning"};
    struct text what = {0};
    int holds = text_holds(got, want, relation);
    if (!holds)
        text_printf(&what, "%s: got '%s', %s '%s'", expression, got ? got : "(none)", wanted[relation],
                    want ? want : "(none)");
    settle(holds, &what, file, line);
    text_free(&what);
    return holds;
}

// ---------------------------------------------------------------------------------------------- folders

static char folder[PATH_SIZE];

int suite_make_folder(void) {
    const char *parent = getenv("TMPDIR");
    int length = snprintf(folder, sizeof folder, "%s/reff-test-XXXXXX", parent && *parent ? parent : "/tmp");
    return length < (int)sizeof folder && mkdtemp(folder) ? 0 : -1;
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *place) {
    (void)status, (void)type, (void)place;
    return remove(path);
}

int suite_remove_folder(void) {
    int result = *folder ? nftw(folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS) : -1;
    folder[0] = 0;
    return result;
}

const char *suite_folder(void) {
    return folder;
}

const char *suite_path(const char *name) {
    static char paths[16][PATH_SIZE];
    static unsigned next;
    struct error err;
    char *path = paths[next++ % 16];
    if (!*folder) // what it wrote would lie in the root of the file system
        CU_FAIL_FATAL("the suite has no folder: its CU_add_suite lacks suite_make_folder");
    if (path_join(path, &err, folder, name))
        CU_FAIL_FATAL("path too long");
    return path;
}

int file_exists(const char *path) {
    struct error err;
    return file_is_there(path, &err) == 1;
}

int suite_count_entries(const char *path) {
    DIR *directory = opendir(path);
    if (!directory)
        return -1;
    int count = 0;
    for (const struct dirent *entry; (entry = readdir(directory)) != NULL;)
        count += strcmp(entry->d_name, ".") && strcmp(entry->d_name, "..");
    closedir(directory);
    return count;
}

// ---------------------------------------------------------------------------------------------- programs

const char *suite_reff(void) {
    static char path[PATH_SIZE]; // build/release/tests/run -> build/release/reff
    ssize_t length = readlink("/proc/self/exe", path, sizeof path - 8);
    path[length > 0 ? length : 0] = 0;
    for (int up = 0; up < 2; up++) {
        char *slash = strrchr(path, '/');
        if (slash)
            *slash = 0;
    }
    strcat(path, "/reff");
    return path;
}

const char *suite_tree_path(const char *name) {
    static char paths[8][PATH_SIZE];
    static unsigned next;
    struct error err;
    char *path = paths[next++ % 8], tree[PATH_SIZE];
    snprintf(tree, sizeof tree, "%s", suite_reff());
    for (int up = 0; up < 3; up++) {
        char *slash = strrchr(tree, '/');
        if (slash)
            *slash = 0;
    }
    if (path_join(path, &err, *tree ? tree : ".", name))
        CU_FAIL_FATAL("path too long");
    return path;
}

void suite_limit_files(long bytes) {
    struct rlimit limit;
    getrlimit(RLIMIT_FSIZE, &limit);
    limit.rlim_cur = bytes > 0 ? (rlim_t)bytes : limit.rlim_max;
    setrlimit(RLIMIT_FSIZE, &limit);
    signal(SIGXFSZ, bytes > 0 ? SIG_IGN : SIG_DFL);
}

// In the child between fork and exec, where only calls that are safe after a fork of a threaded process may
// be.
static void become(const char *const argv[], long file_limit, const int out[2], const int err[2]) {
    int nothing = open("/dev/null", O_RDONLY);
    if (nothing < 0 || dup2(nothing, 0) < 0 || dup2(out[1], 1) < 0 || dup2(err[1], 2) < 0)
        _exit(127);
    if (file_limit > 0)
        suite_limit_files(file_limit);
    signal(SIGXFSZ, SIG_DFL); // as a shell would start it
    execv(argv[0], (char *const *)argv);
    _exit(127);
}

// Reads both pipes to their ends at once, so that a full one never blocks the program.
static void collect(int out, int err, struct program_result *result) {
    struct pollfd ends[2] = {{.fd = out, .events = POLLIN}, {.fd = err, .events = POLLIN}};
    char *texts[2] = {result->out, result->err}, drop[4096] = {0};
    size_t used[2] = {0, 0};
    for (int open_ends = 2; open_ends > 0;) {
        if (poll(ends, 2, -1) < 0 && errno != EINTR)
            break;
        for (int i = 0; i < 2; i++) {
            if (ends[i].fd < 0 || !ends[i].revents)
                continue;
            size_t room = SUITE_OUTPUT_MAXIMUM - used[i];
            ssize_t got = read(ends[i].fd, room ? texts[i] + used[i] : drop, room ? room : sizeof drop);
            if (got > 0) {
                used[i] += room ? (size_t)got : 0;
            } else if (got == 0 || errno != EINTR) {
                ends[i].fd = -1; // poll leaves it out
                open_ends--;
            }
        }
    }
    texts[0][used[0]] = texts[1][used[1]] = 0;
}

int program_run(struct program_result *result, long file_limit, const char *const argv[]) {
    int out[2], err[2], ended = 0;
    result->status = -1;
    result->out = calloc(1, SUITE_OUTPUT_MAXIMUM + 1);
    result->err = calloc(1, SUITE_OUTPUT_MAXIMUM + 1);
    if (!result->out || !result->err || pipe2(out, O_CLOEXEC))
        return -1;
    if (pipe2(err, O_CLOEXEC)) {
        close(out[0]), close(out[1]);
        return -1;
    }
    fflush(NULL);
    pid_t child = fork();
    if (!child)
        become(argv, file_limit, out, err);
    close(out[1]), close(err[1]);
    if (child > 0) {
        collect(out[0], err[0], result);
        while (waitpid(child, &ended, 0) < 0 && errno == EINTR)
            continue;
        result->status = WIFEXITED(ended) ? WEXITSTATUS(ended) : 128 + WTERMSIG(ended);
    }
    close(out[0]), close(err[0]);
    return result->status;
}

void program_free(struct program_result *result) {
    free(result->out);
    free(result->err);
    result->out = result->err = NULL;
}

// ---------------------------------------------------------------------------------------------- real data

const char *suite_shared(const char *name) {
    static char path[PATH_SIZE];
    const char *shared = getenv("REFF_SHARED");
    struct error err;
    if (path_join(path, &err, shared && *shared ? shared : "../shared", name) || !file_exists(path)) {
        char reason[PATH_SIZE + 64];
        snprintf(reason, sizeof reason, "no %s (REFF_SHARED names the folder of real data)", path);
        suite_skip(reason);
        return NULL;
    }
    return path;
}
