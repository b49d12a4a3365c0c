// SPDX-License-Identifier: Apache-2.0
#include "core/base/isolate.h"

#include "core/base/file.h"
#include "core/base/memory.h"
#include "core/base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

pid_t isolate_start(struct error *err) {
    pid_t parent = getpid();
    fflush(NULL); // else the child writes what is buffered a second time
    pid_t child = fork();
    if (child < 0)
        return fail_system(err, errno, "cannot start a process");
    if (child > 0)
        return child;
    // SIGKILL, not SIGTERM: a child at work on a long step would outlive its parent and hold the run's lock.
    // What it loses is the time since its last checkpoint.
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(EXIT_FAILED); // the parent died before the line above
    signal(SIGPIPE, SIG_IGN);
    // A terminal's Ctrl-C reaches the children too. They stop at the parent's SIGTERM; with both pending, a
    // child would take the second one for another Ctrl-C, and end without a checkpoint.
    signal(SIGINT, SIG_IGN);
    return 0;
}

// How the child ended, as waitpid says it.
static int wait_for(pid_t child) {
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    return status;
}

// ------------------------------------------------------------------------------ a value from a child

static char *read_all(int descriptor, struct error *err) {
    struct text said = {0};
    int bad = text_add_rest(&said, descriptor) ? fail_system(err, errno, "a child's answer") : 0;
    char *text = bad ? NULL : text_take(&said, "a child's answer", err);
    text_free(&said);
    return text;
}

static void answer(int descriptor, json_t *(*make)(void *, struct error *), void *context) {
    struct error err = {0};
    json_t *value = make(context, &err);
    if (value && memory_check(&err)) {
        json_decref(value);
        value = NULL;
    }
    json_t *message = value ? json_pack("{s:o}", "value", value)
                            : json_pack("{s:s, s:i, s:i, s:i}", "error", err.message, "status",
                                        (int)err.status, "cause", err.cause, "of_work", err.of_work);
    char *text = json_dumps(message, JSON_COMPACT);
    if (text)
        file_write_all(descriptor, text, strlen(text));
    free(text);
    json_decref(message);
    close(descriptor);
    _exit(0);
}

json_t *isolate_json(json_t *(*make)(void *context, struct error *err), void *context, struct error *err) {
    int ends[2], status = 0;
    if (pipe(ends)) {
        fail_system(err, errno, "cannot make a pipe");
        return NULL;
    }
    pid_t child = isolate_start(err);
    if (child == 0) {
        close(ends[0]);
        answer(ends[1], make, context);
    }
    close(ends[1]);
    char *text = child > 0 ? read_all(ends[0], err) : NULL;
    close(ends[0]);
    if (child > 0)
        status = wait_for(child);
    if (!text)
        return NULL;
    json_t *message = json_loads(text, 0, NULL), *value = json_incref(json_object_get(message, "value"));
    if (!value && json_object_get(message, "error")) {
        fail(err, "%s", json_string_value(json_object_get(message, "error")));
        err->status = (enum exit_status)json_integer_value(json_object_get(message, "status"));
        err->cause = (int)json_integer_value(json_object_get(message, "cause"));
        err->of_work = (int)json_integer_value(json_object_get(message, "of_work"));
    } else if (!value) {
        fail(err, "a process that worked for this one died (%s)",
             WIFSIGNALED(status) ? strsignal(WTERMSIG(status)) : "no answer");
        err->cause = ECHILD; // which says nothing of the work
    }
    json_decref(message);
    free(text);
    return value;
}

// ------------------------------------------------------------------------------ a verdict from a child

// AddressSanitizer reserves terabytes of addresses; a limit would end it at once.
#if defined(__has_feature)
#if __has_feature(address_sanitizer) // clang's word for it
#define __SANITIZE_ADDRESS__
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
static void limit_memory(unsigned long bytes) {
    (void)bytes;
}
#else
static void limit_memory(unsigned long bytes) {
    unsigned long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (file && fscanf(file, "%lu", &pages) == 1) { // NOLINT(cert-err34-c): the kernel wrote it
        rlim_t most = pages * (rlim_t)sysconf(_SC_PAGESIZE) + bytes;
        setrlimit(RLIMIT_AS, &(struct rlimit){most, most});
    }
    if (file)
        fclose(file);
}
#endif

// A crash is what the parent is told by the signal; a sanitizer's or a fuzzer's handler would make it theirs.
static void crash_plainly(void) {
    static const int signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT};
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        signal(signals[i], SIG_DFL);
}

static void limit_child(struct child_limits limits) {
    crash_plainly();
    setrlimit(RLIMIT_CPU, &(struct rlimit){limits.seconds, limits.seconds + 1});
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
    limit_memory(limits.bytes);
}

// As many bytes as there are, up to `size`.
static size_t read_up_to(int descriptor, void *bytes, size_t size) {
    size_t length = 0;
    while (length < size) {
        ssize_t got = read(descriptor, (char *)bytes + length, size - length);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            break;
        length += (size_t)got;
    }
    return length;
}

int isolate_call(int (*call)(void *context, struct error *err), void *context, struct child_limits limits,
                 int *died, struct error *err) {
    struct verdict {
        int failed;
        struct error err;
    } verdict = {0};
    int ends[2], status = 0;
    *died = 0;
    if (pipe2(ends, O_CLOEXEC))
        return fail_system(err, errno, "cannot make a pipe");
    pid_t child = isolate_start(err);
    if (child == 0) {
        limit_child(limits);
        verdict.failed = call(context, &verdict.err) || memory_check(&verdict.err);
        file_write_all(ends[1], (const char *)&verdict, sizeof verdict);
        _exit(0);
    }
    close(ends[1]);
    size_t got = child > 0 ? read_up_to(ends[0], &verdict, sizeof verdict) : 0;
    close(ends[0]);
    if (child < 0)
        return -1;
    status = wait_for(child);
    if (got < sizeof verdict) {
        *died = 1;
        return fail(err, "%s", WIFSIGNALED(status) ? strsignal(WTERMSIG(status)) : "no answer");
    }
    if (verdict.failed)
        *err = verdict.err;
    return verdict.failed ? -1 : 0;
}

// ------------------------------------------------------------------------------ another program's output

char *isolate_output(const char *const argv[], struct error *err) {
    int ends[2], status = 0;
    if (pipe2(ends, O_CLOEXEC))
        return fail_system(err, errno, "cannot make a pipe"), NULL;
    pid_t child = isolate_start(err);
    if (child == 0) {
        if (dup2(ends[1], STDOUT_FILENO) >= 0)
            execv(argv[0], (char *const *)argv);
        _exit(127); // as a shell says of a program that cannot be run
    }
    close(ends[1]);
    char *text = child > 0 ? read_all(ends[0], err) : NULL;
    close(ends[0]);
    if (child > 0)
        status = wait_for(child);
    if (!text || status == 0)
        return text;
    free(text);
    if (WIFSIGNALED(status))
        fail(err, "%s: ended by a signal (%s)", argv[0], strsignal(WTERMSIG(status)));
    else if (WEXITSTATUS(status) == 127)
        fail(err, "%s: cannot be run", argv[0]);
    else
        fail(err, "%s: exit status %d", argv[0], WEXITSTATUS(status));
    return NULL;
}
