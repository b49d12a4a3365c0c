// SPDX-License-Identifier: Apache-2.0
#include "experiments/executor/slurm_queue.h"

#include "core/base/isolate.h"
#include "core/base/json_fields.h"
#include "core/base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

// ---------------------------------------------------------------------------------------- calls

static void become(const char *const argv[], const int out[2], const int complaints[2]) {
    signal(SIGPIPE, SIG_DFL);
    signal(SIGINT,
           SIG_DFL); // its own way of ending; a Ctrl-C in the middle of a submission waits for the answer
    setpgid(0, 0);
    if (dup2(out[1], STDOUT_FILENO) >= 0 && dup2(complaints[1], STDERR_FILENO) >= 0)
        execvp(argv[0], (char *const *)argv);
    _exit(127);
}

static int judge(const char *name, int status, const struct text *complaints, struct error *err) {
    char said[300];
    if (status == 0)
        return 0;
    snprintf(said, sizeof said, "%s", text_string(complaints));
    said[strcspn(said, "\n")] = 0;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 127 && !*said)
        return fail(err, "%s: cannot be run; is Slurm installed here?", name);
    return *said ? fail(err, "%s: %s", name, said)
                 : fail(err, "%s: ended with status %d", name, WIFEXITED(status) ? WEXITSTATUS(status) : -1);
}

char *slurm_call(const char *const argv[], struct error *err) {
    int out[2], complaints[2], status = 0;
    struct text said = {0}, complained = {0};
    if (pipe2(out, O_CLOEXEC))
        return fail_system(err, errno, "cannot make a pipe"), NULL;
    if (pipe2(complaints, O_CLOEXEC)) {
        int cause = errno;
        close(out[0]), close(out[1]);
        return fail_system(err, cause, "cannot make a pipe"), NULL;
    }
    pid_t child = isolate_start(err);
    if (child == 0)
        become(argv, out, complaints);
    close(out[1]), close(complaints[1]);
    if (child > 0) {
        text_add_rest(&said, out[0]);
        text_add_rest(&complained, complaints[0]);
        while (waitpid(child, &status, 0) < 0 && errno == EINTR)
            ;
    }
    close(out[0]), close(complaints[0]);
    int failed = child < 0 || judge(argv[0], status, &complained, err);
    text_free(&complained);
    char *text = NULL;
    if (!failed) {
        text = text_take(&said, argv[0], err);
    }
    text_free(&said);
    return text;
}

// ---------------------------------------------------------------------------------------- the queue

// "name|job|index|state|reason" of one line, which is cut up.
static int add_line(json_t *queue, char *line) {
    char *fields[5], *rest = line;
    for (int i = 0; i < 5; i++)
        fields[i] = strsep(&rest, "|");
    if (!fields[4])
        return 0; // a line of another kind
    json_t *one = json_pack("{s:s, s:s, s:i, s:s, s:s}", "name", fields[0], "job", fields[1], "index",
                            (int)strtol(fields[2], NULL, 10), "state", fields[3], "reason", fields[4]);
    return json_array_append_new(queue, one);
}

json_t *slurm_queue(struct error *err) {
    static const char *const ask[] = {"squeue", "--noheader", "--array", "--me", "--format=%j|%F|%K|%T|%r",
                                      NULL};
    char *text = slurm_call(ask, err), *rest = text, *line;
    json_t *queue = text ? json_array() : NULL;
    int failed = !queue;
    while (!failed && (line = strsep(&rest, "\n")))
        failed = *line && add_line(queue, line);
    free(text);
    if (failed && queue) {
        json_decref(queue);
        return fail_memory(err, "the queue"), NULL;
    }
    return queue;
}

const char *slurm_queue_job(const json_t *queue, const char *name) {
    const json_t *one;
    size_t i;
    json_array_foreach((json_t *)queue, i, one) if (!strcmp(json_field_text(one, "name"),
                                                            name)) return json_field_text(one, "job");
    return NULL;
}

// ---------------------------------------------------------------------------------------- jobs

char *slurm_submit(const char *script, struct error *err) {
    const char *const submit[] = {"sbatch", "--parsable", script, NULL};
    char *job = slurm_call(submit, err);
    if (!job)
        return NULL;
    job[strcspn(job, ";\n ")] = 0; // "17;cluster"
    if (*job && strspn(job, "0123456789") == strlen(job))
        return job;
    fail(err, "sbatch: answered '%.60s' in place of a job's number", job);
    free(job);
    return NULL;
}

// squeue gives reasons in Slurm's words alone; these are what slurmctld writes when it gives a launch up.
int slurm_is_held_after_launch(const json_t *element) {
    return !strcmp(json_field_text(element, "reason"), "launch failed requeued held");
}

int slurm_release(const char *job, struct error *err) {
    const char *const release[] = {"scontrol", "release", job, NULL};
    char *text = slurm_call(release, err);
    free(text);
    return text ? 0 : -1;
}

int slurm_cancel(const char *job, struct error *err) {
    const char *const cancel[] = {"scancel", job, NULL};
    char *text = slurm_call(cancel, err);
    free(text);
    return text ? 0 : -1;
}

int slurm_array_most(struct error *err) {
    static const char *const ask[] = {"scontrol", "show", "config", NULL};
    char *text = slurm_call(ask, err), *line = text ? strstr(text, "\nMaxArraySize") : NULL;
    char *equals = line ? strchr(line, '=') : NULL;
    int most = equals ? atoi(equals + 1) : 0; // NOLINT(cert-err34-c): 0 is none
    free(text);
    if (!text)
        return -1;
    return most > 1 ? most
                    : fail(err, "scontrol show config: tells no MaxArraySize, or no arrays are allowed (%d)",
                           most);
}
