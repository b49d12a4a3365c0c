// SPDX-License-Identifier: Apache-2.0
#include "tests/support/sweep_trial.h"

#include "core/base/interrupt.h"
#include "experiments/process/lock.h"
#include "tests/support/suite.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

struct trial trial;

void trial_begin(const char *name) {
    char file[64];
    fake_reset();
    fixture_make(&trial.fixture, fixture_profile_text);
    snprintf(trial.results, sizeof trial.results, "%s", suite_path(name));
    snprintf(file, sizeof file, "%s.log", name);
    snprintf(trial.log_path, sizeof trial.log_path, "%s", suite_path(file));
    snprintf(file, sizeof file, "%s.events", name);
    snprintf(fake.events, sizeof fake.events, "%s", suite_path(file));
    trial.options =
        (struct sweep_options){.results = trial.results, .label = "test", .jobs = 2, .threads = 1};
}

void trial_end(void) {
    fixture_free(&trial.fixture);
    fake_reset();
}

// ------------------------------------------------------------------------------- sweeps in a process

pid_t trial_start(long file_limit) {
    fflush(NULL);
    pid_t child = fork();
    if (child)
        return child;
    setpgid(0, 0);                    // before it has children
    prctl(PR_SET_PDEATHSIG, SIGKILL); // a test that is given up leaves no sweep behind
    struct error err = {0};
    interrupt_clear();
    if (file_limit)
        suite_limit_files(file_limit);
    trial.options.log = fopen(trial.log_path, "w");
    int failed = !trial.options.log || sweep_run(&trial.fixture.plan, &fake_work, &trial.options, &err);
    if (trial.retry_at_once) { // in the same process, as process numbers that come again
        trial.options.retry = 1;
        fake.annotator_fails = 0;
        failed = sweep_run(&trial.fixture.plan, &fake_work, &trial.options, &err);
    }
    if (failed && trial.options.log)
        fprintf(trial.options.log, "reff: %s\n", err.message);
    if (trial.options.log)
        fclose(trial.options.log);
    _exit(failed ? err.status ? (int)err.status : EXIT_FAILED : 0);
}

int trial_wait(pid_t child) {
    int status;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int trial_whole(void) {
    return trial_wait(trial_start(0));
}

int trial_log_has(const char *text) {
    struct error err;
    char *log = file_read(trial.log_path, 1 << 20, NULL, &err);
    int found = log && strstr(log, text) != NULL;
    if (!found)
        printf("\n--- '%s' is not in the log:\n%s---\n", text, log ? log : "(none)\n");
    free(log);
    return found;
}

// ----------------------------------------------------------------------------------- what is on disk

int trial_count_state(enum run_state state) {
    int count = 0;
    for (int i = 0; i < trial.fixture.plan.count; i++) {
        struct error err = {0};
        struct run_status status;
        CU_ASSERT_FATAL(!run_look(trial.results, &trial.fixture.plan.cells[i], &status, &err));
        count += status.state == state;
        run_status_clear(&status);
    }
    return count;
}

void trial_check_all_done(void) {
    for (int i = 0; i < trial.fixture.plan.count; i++) {
        struct error err = {0};
        struct run_status status;
        CU_ASSERT_FATAL(!run_look(trial.results, &trial.fixture.plan.cells[i], &status, &err));
        CU_ASSERT_EQUAL(status.state, RUN_DONE);
        CU_ASSERT_EQUAL(status.accuracy, fake_accuracy(&trial.fixture.plan.cells[i].training));
        run_status_clear(&status);
    }
}

int trial_count_parts(const char *kind) {
    char folder[PATH_SIZE], inner[PATH_SIZE];
    struct error err;
    struct dirent *entry, *file;
    int count = 0;
    DIR *folders = path_join(folder, &err, trial.results, kind) ? NULL : opendir(folder);
    while (folders && (entry = readdir(folders))) {
        if (entry->d_name[0] == '.' || path_join(inner, &err, folder, entry->d_name))
            continue;
        DIR *files = opendir(inner);
        while (files && (file = readdir(files)))
            count += strstr(file->d_name, ".part-") != NULL;
        if (files)
            closedir(files);
    }
    if (folders)
        closedir(folders);
    return count;
}

int trial_count_in_results(const char *name) {
    char path[PATH_SIZE];
    struct error err;
    return path_join(path, &err, trial.results, name) ? -1 : suite_count_entries(path);
}

int trial_locks_free(void) {
    for (int tries = 0; tries < 1000; tries++, usleep(10000)) {
        int held = 0;
        for (int i = 0; i < trial.fixture.plan.count; i++) {
            struct error err = {0};
            char path[PATH_SIZE];
            held += !run_file(path, trial.results, &trial.fixture.plan.cells[i], "lease", &err) &&
                    lock_is_held(path, &err);
        }
        if (!held)
            return 1;
    }
    return 0;
}
