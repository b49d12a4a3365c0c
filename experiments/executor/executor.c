// SPDX-License-Identifier: Apache-2.0
#include "experiments/executor/executor.h"

#include "experiments/executor/handed.h"
#include "experiments/executor/submission.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define EXECUTOR_ADDRESS_(variable, name) &executor_##variable,
const struct executor *const executors[] = {EXECUTOR_LINES(EXECUTOR_ADDRESS_) NULL};

const struct executor *executor_of(const char *name) {
    for (int i = 0; executors[i]; i++)
        if (!strcmp(executors[i]->name, name))
            return executors[i];
    return NULL;
}

void executor_describe(struct text *out) {
    for (int i = 0; executors[i]; i++)
        text_printf(out, "%s  %-8s %s", i ? "\n" : "", executors[i]->name, executors[i]->summary);
}

int executor_run(const struct executor_job *job, int *handed_over, struct error *err) {
    *handed_over = 0;
    submission_remove_leftovers(job->sweep.results);
    return job->executor->run(job, handed_over, err);
}

int executor_status(FILE *out, const struct plan *plan, const char *results, struct error *err) {
    for (int i = 0; executors[i]; i++)
        if (executors[i]->status && executors[i]->status(out, plan, results, err))
            return -1;
    return 0;
}

int executor_cancel(FILE *out, const struct executor *executor, const struct plan *plan, const char *results,
                    struct error *err) {
    int failed = 0;
    if (executor->cancel)
        return executor->cancel(out, plan, results, err);
    if (strcmp(executor->name, EXECUTOR_DEFAULT) != 0)
        return fail_usage(err, "--cancel: --executor %s takes nothing back", executor->name);
    for (int i = 0; executors[i] && !failed; i++)
        failed = executors[i]->cancel && executors[i]->cancel(out, plan, results, err);
    return failed ? -1 : 0;
}

int executor_add_command(struct text *out, int argc, char *const *argv, struct error *err) {
    char program[PATH_SIZE];
    ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
    if (length < 0)
        return fail_system(err, errno, "/proc/self/exe");
    program[length] = 0;
    handed_add_word(out, program);
    for (int i = 0; i < argc; i++) {
        if (!strcmp(argv[i], "--retry") || !strcmp(argv[i], "--dry-run") || !strncmp(argv[i], "--round=", 8))
            continue;
        if (!strcmp(argv[i], "--round") && ++i)
            continue;
        text_add(out, " ");
        handed_add_word(out, argv[i]);
    }
    return text_check(out, "a command", err);
}
