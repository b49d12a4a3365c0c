// SPDX-License-Identifier: Apache-2.0
// Locks of lease files: whose process died here is known at once, whose host cannot be asked is judged by signs of life, and
// never by what a host takes for the time.
#include "core/base/host.h"
#include "experiments/process/lease.h"
#include "experiments/process/lock.h"
#include "experiments/process/shared_folder.h"
#include "tests/support/suite.h"
#include "tests/support/sweep_fixture.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

// A lease as a process of another machine makes it, with this interval.
static const char *put_foreign(const char *name, const char *interval) {
    char text[400];
    snprintf(
        text, sizeof text,
        "reff lease\nhost other\nplace 00000000-0000-0000-0000-000000000000-1\nprocess 1\nstart 1\ninterval "
        "%s\nid 0123456789abcdef0123456789abcdef\n",
        interval);
    return fixture_write(name, text);
}

// Asks until it is free, at most so long. Seconds that it took; -1: it still is held.
static double seconds_until_free(const char *path, double most) {
    struct error err = {0};
    double waited = 0;
    while (lock_is_held(path, &err) == 1) {
        if (waited > most)
            return -1;
        usleep(10000);
        waited += 0.01;
    }
    return waited;
}

static void touch(const char *path, long seconds) {
    struct timespec both[2] = {{.tv_sec = seconds}, {.tv_sec = seconds}};
    CU_ASSERT_EQUAL(utimensat(AT_FDCWD, path, both, 0), 0);
}

static void test_a_lock_of_another_host_without_a_sign_of_life_becomes_free(void) {
    struct error err = {0};
    int busy;
    const char *path = put_foreign("foreign", "0.05");
    CU_ASSERT_EQUAL(lock_is_held(path, &err), 1);
    CU_ASSERT_EQUAL(lock_take(path, LOCK_EXCLUSIVE, 0, &busy, &err), -1);
    CU_ASSERT(busy);
    double waited = seconds_until_free(path, 20);
    CU_ASSERT(waited > 0.1); // 12 intervals, of which each look counts one at most
    int lock = lock_take(path, LOCK_EXCLUSIVE, 0, &busy, &err);
    CU_ASSERT(lock >= 0);
    lock_release(lock);
    CU_ASSERT(!file_exists(path));
}

// The holder's clock, or that of its file system, is an hour behind, or ahead: it is alive as long as it moves.
static void test_a_clock_that_is_an_hour_wrong_decides_nothing(void) {
    static const long hours[] = {-3600, 3600};
    struct error err = {0};
    for (int h = 0; h < 2; h++) {
        const char *path = put_foreign("skewed", "0.2");
        for (int i = 0; i < 60; i++) {
            touch(path, time(NULL) + hours[h] + i % 2);
            CU_ASSERT_EQUAL(lock_is_held(path, &err), 1);
            usleep(50000);
        }
        CU_ASSERT(seconds_until_free(path, 20) > 0.4); // and dead when it does not
        unlink(path);
    }
}

static void test_a_lease_that_is_not_whole_is_nobodys_to_break_at_once(void) {
    static const char head[] = "reff lease\nhost a\nplace b-1\nprocess 1\nstart 1\n";
    static const char *const rest[] = {
        "",                                                    // no interval, no id
        "interval nan\nid 0123456789abcdef0123456789abcdef\n", // watched for ever
        "interval 1e9\nid 0123456789abcdef0123456789abcdef\n",
        "interval -1\nid 0123456789abcdef0123456789abcdef\n",
        "interval 0.05\nid 0123\n",
    };
    struct error err = {0};
    for (size_t i = 0; i < sizeof rest / sizeof *rest + 2; i++) {
        char text[400];
        struct lease lease;
        snprintf(text, sizeof text, "%s%s", head, i < 5 ? rest[i] : "");
        const char *path = fixture_write("torn", i == 5 ? "reff lea" : i == 6 ? "" : text);
        for (int k = 0; k < 5; k++)
            CU_ASSERT_EQUAL(lock_is_held(path, &err), 1);
        CU_ASSERT_EQUAL(lease_read(path, &lease, &err), 1);
        suite_text_is(lease.place, "");
        CU_ASSERT_EQUAL(lease.interval, 10);
        unlink(path);
    }
}

// A pipe that nobody writes to would be waited for; a folder is told.
static void test_what_is_no_file_in_a_leases_place_hangs_nobody(void) {
    struct error err = {0};
    int busy;
    const char *path = suite_path("pipe");
    CU_ASSERT_FATAL(!mkfifo(path, 0666));
    CU_ASSERT_EQUAL(lock_take(path, LOCK_EXCLUSIVE, 0, &busy, &err), -1);
    CU_ASSERT(busy);
    unlink(path);
    CU_ASSERT_FATAL(!mkdir(path, 0777));
    CU_ASSERT_EQUAL(lock_take(path, LOCK_EXCLUSIVE, 1, &busy, &err), -1);
    suite_text_has(err.message, "pipe: Is a directory");
    rmdir(path);
}

// A living process that shows no sign of life (stopped, say) keeps its lock where it can be asked for.
static void test_a_stopped_process_of_this_host_keeps_its_lock(void) {
    struct error err = {0};
    int busy, ends[2], status;
    char byte;
    const char *path = suite_path("stopped");
    CU_ASSERT_FATAL(!pipe(ends));
    setenv("REFF_LEASE_SECONDS", "0.05", 1);
    pid_t child = fork();
    if (!child) {
        if (lock_take(path, LOCK_EXCLUSIVE, 0, &busy, &err) >= 0 && write(ends[1], "x", 1) == 1)
            for (;;)
                pause();
        _exit(1);
    }
    CU_ASSERT_FATAL(read(ends[0], &byte, 1) == 1);
    kill(child, SIGSTOP);
    for (int i = 0; i < 150; i++, usleep(10000))
        CU_ASSERT_EQUAL(lock_is_held(path, &err), 1);
    kill(child, SIGKILL);
    waitpid(child, &status, 0);
    unsetenv("REFF_LEASE_SECONDS");
    CU_ASSERT_EQUAL(lock_is_held(path, &err), 0);
    close(ends[0]), close(ends[1]);
    unlink(path);
}

// Another host took the lock over: whoever held it ends before it writes anything more.
static void test_a_process_whose_lock_was_taken_over_ends(void) {
    struct error err = {0};
    int busy, ends[2], status;
    char byte;
    const char *path = suite_path("lost");
    CU_ASSERT_FATAL(!pipe(ends));
    pid_t child = fork();
    if (!child) {
        setenv("REFF_LEASE_SECONDS", "0.05", 1);
        int nowhere = open("/dev/null", O_WRONLY);
        dup2(nowhere, STDERR_FILENO);
        if (lock_take(path, LOCK_EXCLUSIVE, 0, &busy, &err) >= 0 && write(ends[1], "x", 1) == 1)
            for (;;)
                pause();
        _exit(99);
    }
    CU_ASSERT_FATAL(read(ends[0], &byte, 1) == 1);
    put_foreign("lost", "10");
    CU_ASSERT_EQUAL(waitpid(child, &status, 0), child);
    CU_ASSERT(WIFEXITED(status) && WEXITSTATUS(status) == EXIT_FAILED);
    CU_ASSERT(file_exists(path)); // the other's
    close(ends[0]), close(ends[1]);
    unlink(path);
}

// Only the lease that was found stale is removed, not one that was made after it.
static void test_breaking_removes_no_younger_lease(void) {
    struct error err = {0};
    struct lease stale, mine, now;
    const char *path = put_foreign("young", "10");
    CU_ASSERT_EQUAL_FATAL(lease_read(path, &stale, &err), 1);
    unlink(path);
    CU_ASSERT_EQUAL_FATAL(lease_make(path, &mine, &err), 1);
    lease_break(path, &stale);
    CU_ASSERT_EQUAL(lease_read(path, &now, &err), 1);
    CU_ASSERT(lease_is_same(&now, &mine));
    CU_ASSERT_EQUAL(lease_make(path, &now, &err), 0);
    unlink(path);
}

static void test_readers_share_and_keep_writers_out(void) {
    struct error err = {0};
    int busy;
    const char *path = suite_path("shared");
    int one = lock_take(path, LOCK_SHARED, 0, &busy, &err),
        two = lock_take(path, LOCK_SHARED, 0, &busy, &err);
    CU_ASSERT(one >= 0 && two >= 0);
    CU_ASSERT_EQUAL(lock_is_held(path, &err), 0); // not exclusively
    lock_release(one);
    CU_ASSERT_EQUAL(lock_take(path, LOCK_EXCLUSIVE, 0, &busy, &err), -1);
    CU_ASSERT(busy);
    lock_release(two);
    one = lock_take(path, LOCK_EXCLUSIVE, 0, &busy, &err);
    CU_ASSERT(one >= 0);
    CU_ASSERT_EQUAL(lock_take(path, LOCK_SHARED, 0, &busy, &err), -1);
    CU_ASSERT(busy);
    lock_release(one);
    CU_ASSERT_EQUAL(suite_count_entries(suite_path("")), 0);
}

// Locks released together: a data set in a folder of the machine, and its annotations in the shared one.
static void test_two_locks_are_released_together(void) {
    struct error err = {0};
    int busy, one = lock_take(suite_path("first"), LOCK_SHARED, 0, &busy, &err),
              two = lock_take(suite_path("second"), LOCK_SHARED, 0, &busy, &err);
    CU_ASSERT(one >= 0 && two >= 0);
    lock_release_with(one, two);
    lock_release(one);
    one = lock_take(suite_path("second"), LOCK_EXCLUSIVE, 0, &busy, &err);
    CU_ASSERT(one >= 0);
    lock_release(one);
}

// Processes add to a number under the lock, which loses nothing but with a lock that does not hold. Some are killed.
static void test_no_two_have_it_at_once_while_some_are_killed(void) {
    enum { CHILDREN = 6, TURNS = 60, KILLS = 20 };
    struct error err = {0};
    int status;
    const char *path = suite_path("counted"), *inside = suite_path("inside");
    char names[2][PATH_SIZE];
    snprintf(names[0], PATH_SIZE, "%s", path);
    snprintf(names[1], PATH_SIZE, "%s", inside);
    pid_t children[CHILDREN + KILLS];
    for (int c = 0; c < CHILDREN + KILLS; c++) {
        children[c] = fork();
        if (children[c])
            continue;
        for (int turn = 0, busy; turn < TURNS || c >= CHILDREN; turn++) {
            int lock = lock_take(names[0], LOCK_EXCLUSIVE, 1, &busy, &err);
            if (lock < 0)
                _exit(2);
            if (c < CHILDREN) { // who is killed inside would leave the file
                int mine = open(names[1], O_WRONLY | O_CREAT | O_EXCL, 0666);
                if (mine < 0)
                    _exit(3);
                close(mine);
                usleep(200);
                unlink(names[1]);
            }
            lock_release(lock);
        }
        _exit(0);
    }
    for (int k = 0; k < KILLS; k++) {
        usleep(20000);
        kill(children[CHILDREN + k], SIGKILL);
        waitpid(children[CHILDREN + k], &status, 0);
        CU_ASSERT(WIFSIGNALED(status));
    }
    for (int c = 0; c < CHILDREN; c++) {
        waitpid(children[c], &status, 0);
        CU_ASSERT(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    }
    int busy, lock = lock_take(names[0], LOCK_EXCLUSIVE, 0, &busy, &err);
    CU_ASSERT(lock >= 0); // nobody's that is dead
    lock_release(lock);
}

static void test_a_folder_that_can_be_shared_passes_and_leaves_nothing(void) {
    struct error err = {0};
    char process[HOST_PROCESS_SIZE], killed[PATH_SIZE];
    host_process(process);
    *strrchr(process, '-') = 0;
    snprintf(killed, sizeof killed, "good/trial.part-%s-4194304", process); // a number that no process has
    CU_ASSERT_FATAL(!folder_make(suite_path(killed), &err));
    CU_ASSERT_EQUAL(shared_folder_check(suite_path("good"), &err), 0);
    CU_ASSERT_EQUAL(suite_count_entries(suite_path("good")), 0);
    CU_ASSERT_EQUAL(shared_folder_check(suite_path("absent"), &err), -1);
    suite_text_has(err.message, "absent: No such file or directory");
}

static void test_names_of_temporary_files_tell_host_and_process(void) {
    struct error err = {0};
    char name[PATH_SIZE], process[HOST_PROCESS_SIZE];
    host_process(process);
    CU_ASSERT_EQUAL(file_temporary("a/b", name, &err), 0);
    suite_text_begins(name, "a/b.part-");
    suite_text_is(name + 9, process);
    suite_text_begins(process, host_name());
    CU_ASSERT_EQUAL(host_process_is_alive(process), 1);
    CU_ASSERT_EQUAL(host_process_is_alive("other.01234567-1"), -1);
    CU_ASSERT_EQUAL(host_is_alive(host_place(), getpid(), host_start_of(getpid())), 1);
    CU_ASSERT_EQUAL(host_is_alive(host_place(), getpid(), 1 + host_start_of(getpid())),
                    0); // the number was another's
    CU_ASSERT_EQUAL(host_is_alive("00000000-0000-0000-0000-000000000000-1", getpid(), 0), -1);
}

void suite_lock(void) {
    CU_pSuite suite = CU_add_suite("lock", suite_make_folder, suite_remove_folder);
    CU_add_test(suite, "readers share and keep writers out", test_readers_share_and_keep_writers_out);
    CU_add_test(suite, "two locks are released together", test_two_locks_are_released_together);
    CU_add_test(suite, "a lock of another host without a sign of life becomes free",
                test_a_lock_of_another_host_without_a_sign_of_life_becomes_free);
    CU_add_test(suite, "a clock that is an hour wrong decides nothing",
                test_a_clock_that_is_an_hour_wrong_decides_nothing);
    CU_add_test(suite, "a lease that is not whole is nobody's to break at once",
                test_a_lease_that_is_not_whole_is_nobodys_to_break_at_once);
    CU_add_test(suite, "what is no file in a lease's place hangs nobody",
                test_what_is_no_file_in_a_leases_place_hangs_nobody);
    CU_add_test(suite, "a stopped process of this host keeps its lock",
                test_a_stopped_process_of_this_host_keeps_its_lock);
    CU_add_test(suite, "a process whose lock was taken over ends",
                test_a_process_whose_lock_was_taken_over_ends);
    CU_add_test(suite, "breaking removes no younger lease", test_breaking_removes_no_younger_lease);
    CU_add_test(suite, "no two have it at once while some are killed",
                test_no_two_have_it_at_once_while_some_are_killed);
    CU_add_test(suite, "a folder that can be shared passes and leaves nothing",
                test_a_folder_that_can_be_shared_passes_and_leaves_nothing);
    CU_add_test(suite, "names of temporary files tell host and process",
                test_names_of_temporary_files_tell_host_and_process);
}
