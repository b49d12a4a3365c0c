// SPDX-License-Identifier: Apache-2.0
#include "experiments/executor/slurm_call.h"

#include "core/base/interrupt.h"
#include "core/base/isolate.h"
#include "core/base/progress.h"
#include "core/base/text.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

double slurm_call_patience(void) {
    const char *text = getenv("REFF_SLURM_SECONDS");
    double seconds = text ? strtod(text, NULL) : 0;
    return seconds >= 0.1 && seconds <= 86400 ? seconds : 300;
}

// ---------------------------------------------------------------------------------------- the environment

// An option of sbatch as its variable has it: "job-name" is JOB_NAME.
static void forget_option(const char *option, size_t length) {
    static const struct {
        const char *option, *others[3];
    } unlike[] = {{"array", {"ARRAY_INX"}},
                  {"time", {"TIMELIMIT"}},
                  {"requeue", {"NO_REQUEUE"}},
                  {"mem", {"MEM_PER_NODE", "MEM_PER_CPU", "MEM_PER_GPU"}}};
    char name[80] = "SBATCH_";
    size_t n = strlen(name);
    for (size_t i = 0; i < length && n + 1 < sizeof name; i++)
        name[n++] = (char)(option[i] == '-' ? '_' : toupper((unsigned char)option[i]));
    name[n] = 0;
    unsetenv(name);
    for (size_t u = 0; u < sizeof unlike / sizeof *unlike; u++)
        for (int i = 0; i < 3 && unlike[u].others[i]; i++)
            if (strlen(unlike[u].option) == length && !strncmp(unlike[u].option, option, length)) {
                snprintf(name, sizeof name, "SBATCH_%s", unlike[u].others[i]);
                unsetenv(name);
            }
}

// The environment beats a script's directives: a user's SBATCH_JOB_NAME would part a job from its record, SBATCH_WAIT would
// wait for its end.
static void forget_options_of(const char *script) {
    static const char directive[] = "#SBATCH --";
    static const char *const never[] = {"wait", "error", "test-only"};
    for (size_t i = 0; i < sizeof never / sizeof *never; i++)
        forget_option(never[i], strlen(never[i]));
    for (const char *at = script; (at = strstr(at, directive)); at += strlen(directive))
        forget_option(at + strlen(directive), strcspn(at + strlen(directive), "= \n"));
}

// SQUEUE_STATES=RUNNING would hide what waits, SCANCEL_INTERACTIVE would ask.
static void forget_defaults(void) {
    static const char *const of[] = {"SQUEUE_", "SCANCEL_", "SCONTROL_"};
    extern char **environ;
    for (char **variable = environ; variable && *variable;) {
        char name[64];
        size_t length = strcspn(*variable, "=");
        int mine = 0;
        for (size_t i = 0; i < sizeof of / sizeof *of; i++)
            mine |= length < sizeof name && !strncmp(*variable, of[i], strlen(of[i]));
        if (!mine) {
            variable++;
            continue;
        }
        snprintf(name, sizeof name, "%.*s", (int)length, *variable);
        unsetenv(name); // the next one is in its place now
    }
}

static void become(const char *const argv[], const char *script, const int out[2], const int complaints[2]) {
    int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
    signal(SIGPIPE, SIG_DFL);
    signal(SIGINT, SIG_DFL); // its own way of ending; a terminal's Ctrl-C reaches this program alone
    setpgid(0, 0);
    forget_defaults();
    if (script)
        forget_options_of(script);
    if (nothing >= 0 && dup2(nothing, STDIN_FILENO) >= 0 && dup2(out[1], STDOUT_FILENO) >= 0 &&
        dup2(complaints[1], STDERR_FILENO) >= 0)
        execvp(argv[0], (char *const *)argv);
    _exit(127);
}

// ---------------------------------------------------------------------------------------- the answer

enum {
    LOOK_MILLISECONDS = 20,
    PARTS = 512,
    COMPLAINTS_MOST = 1 << 16,
    ANSWER_MOST = 1 << 28
}; // a pipe holds 256 parts at most

struct call {
    struct text said, complained;
    struct pollfd ends[2]; // of the two; -1: at its end
    pid_t child;
    int status, ended;
};

// The last of many complaints is the one that counts.
static void keep_end(struct text *t) {
    if (t->length <= COMPLAINTS_MOST)
        return;
    size_t surplus = t->length - COMPLAINTS_MOST / 2;
    memmove(t->bytes, t->bytes + surplus, t->length - surplus + 1); // with the zero
    t->length -= surplus;
}

// What is there of one of them now; a part of it, so that the clock is looked at in between.
static void take(struct pollfd *end, struct text *into) {
    char bytes[4096];
    ssize_t got = -1;
    for (int part = 0; part < PARTS && end->fd >= 0; part++) {
        got = read(end->fd, bytes, sizeof bytes);
        if (got < 0 && errno != EINTR)
            return; // nothing now
        if (got == 0)
            break;
        if (got > 0)
            text_add_bytes(into, bytes, (size_t)got);
    }
    if (got == 0 && end->fd >= 0) {
        close(end->fd);
        end->fd = -1;
    }
}

static void look(struct call *c) {
    poll(c->ends, 2, LOOK_MILLISECONDS);
    // Before what is read: whoever has ended has written all of it. Others may keep the pipes open.
    c->ended = c->ended || waitpid(c->child, &c->status, WNOHANG) > 0;
    take(&c->ends[0], &c->said);
    take(&c->ends[1], &c->complained);
    keep_end(&c->complained);
}

// It and its children.
static void give_up(struct call *c) {
    kill(-c->child, SIGKILL);
    kill(c->child, SIGKILL); // it may not have its group yet
    while (!c->ended && waitpid(c->child, &c->status, 0) < 0 && errno == EINTR)
        ;
}

// Until its end. -1 with a message where it is given up.
static int listen_to(struct call *c, const char *name, enum slurm_call kind, struct error *err) {
    double patience = slurm_call_patience(), begun = seconds_now();
    while (!c->ended) {
        look(c);
        if (c->ended)
            break;
        if (kind == SLURM_ASKS && interrupt_requested())
            return give_up(c), fail_interrupted(err, "interrupted while %s was asked", name);
        if (c->said.length >= ANSWER_MOST)
            return give_up(c), fail(err, "%s: its answer has no end", name);
        if (seconds_now() - begun >= patience)
            return give_up(c),
                   fail(err,
                        "%s: no answer within %.4g seconds; is Slurm's controller there (scontrol ping)? "
                        "REFF_SLURM_SECONDS waits longer",
                        name, patience);
    }
    return 0;
}

// ---------------------------------------------------------------------------------------- complaints

// The first line that speaks of an error, else the first one: warnings come before it.
static const char *complaint(const struct text *complained) {
    const char *text = text_string(complained), *error = strstr(text, "error:");
    while (error && error > text && error[-1] != '\n')
        error--;
    return error ? error : text;
}

static int judge(const char *name, const struct call *c, struct error *err) {
    if (c->status == 0)
        return 0;
    const char *said = complaint(&c->complained);
    size_t length = strlen(name); // it says its name itself
    said += !strncmp(said, name, length) && !strncmp(said + length, ": ", 2) ? length + 2 : 0;
    if (WIFEXITED(c->status) && WEXITSTATUS(c->status) == 127 && !*said)
        return fail(err, "%s: cannot be run; is Slurm installed here?", name);
    if (*said)
        return fail(err, "%s: %.*s", name, (int)fmin(300, (double)strcspn(said, "\n")), said);
    return WIFEXITED(c->status) ? fail(err, "%s: ended with status %d", name, WEXITSTATUS(c->status))
                                : fail(err, "%s: was killed (%s)", name, strsignal(WTERMSIG(c->status)));
}

// ---------------------------------------------------------------------------------------- calls

static int make_pipes(int out[2], int complaints[2], struct error *err) {
    if (pipe2(out, O_CLOEXEC))
        return fail_system(err, errno, "cannot make a pipe");
    if (!pipe2(complaints, O_CLOEXEC))
        return 0;
    int cause = errno;
    close(out[0]), close(out[1]);
    return fail_system(err, cause, "cannot make a pipe");
}

char *slurm_call(const char *const argv[], enum slurm_call kind, const char *script, struct error *err) {
    int out[2], complaints[2];
    if (make_pipes(out, complaints, err))
        return NULL;
    struct call c = {.ends = {{.fd = out[0], .events = POLLIN}, {.fd = complaints[0], .events = POLLIN}}};
    c.child = isolate_start(err);
    if (c.child == 0)
        become(argv, script, out, complaints);
    close(out[1]), close(complaints[1]);
    fcntl(out[0], F_SETFL, O_NONBLOCK), fcntl(complaints[0], F_SETFL, O_NONBLOCK);
    int failed = c.child < 0 || listen_to(&c, argv[0], kind, err) || judge(argv[0], &c, err);
    for (int i = 0; i < 2; i++)
        if (c.ends[i].fd >= 0)
            close(c.ends[i].fd);
    text_free(&c.complained);
    char *text = failed ? NULL : text_take(&c.said, argv[0], err);
    text_free(&c.said);
    return text;
}
