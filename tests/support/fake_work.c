// SPDX-License-Identifier: Apache-2.0
#include "tests/support/fake_work.h"

#include "core/base/file.h"
#include "core/base/interrupt.h"
#include "core/base/random.h"
#include "tests/support/suite.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct fake_work fake;

// Memory that processes share after a fork.
static struct {
    atomic_int points, halt_at;
    atomic_llong waiting; // halt_at * 2^32 + a process that waits for it to change
} * shared_clock;

enum { POLL_MICROSECONDS = 200, POLLS_MAXIMUM = 60 * 1000 * 1000 / POLL_MICROSECONDS };

void fake_reset(void) {
    if (!shared_clock) {
        shared_clock =
            mmap(NULL, sizeof *shared_clock, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (shared_clock == MAP_FAILED)
            abort(); // no test is running yet that could fail
    }
    fake_go();
    memset(&fake, 0, sizeof fake);
    fake.steps = 5;
    fake.shard_bytes = 100;
}

// One write to a file opened for appending: lines of several processes do not mix.
static void note_event(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void note_event(const char *format, ...) {
    char line[256];
    va_list args;
    if (!*fake.events)
        return;
    va_start(args, format);
    int length = vsnprintf(line, sizeof line, format, args);
    va_end(args);
    int file = open(fake.events, O_WRONLY | O_CREAT | O_APPEND, 0666);
    if (file < 0 || write(file, line, (size_t)length) != length)
        _exit(99);
    close(file);
}

int fake_events(const char *text) {
    struct error err;
    char *events = file_read(fake.events, 1 << 24, NULL, &err);
    int count = 0;
    for (char *line = events; line && *line;) {
        count += !strncmp(line, text, strlen(text));
        line = strchr(line, '\n');
        line = line ? line + 1 : NULL;
    }
    free(events);
    return count;
}

// ---------------------------------------------------------------------------------------------- the clock

void fake_halt(int points) {
    atomic_store(&shared_clock->halt_at, atomic_load(&shared_clock->points) + points);
}

void fake_go(void) {
    atomic_store(&shared_clock->halt_at, INT_MAX);
}

static void pass_point(void) {
    int mine = atomic_fetch_add(&shared_clock->points, 1) + 1, halt_at;
    while (mine >= (halt_at = atomic_load(&shared_clock->halt_at)) && !interrupt_requested()) {
        atomic_store(&shared_clock->waiting, (long long)halt_at << 32 | getpid());
        usleep(POLL_MICROSECONDS);
    }
}

pid_t fake_wait_halted(void) {
    for (int polls = 0; polls < POLLS_MAXIMUM; polls++, usleep(POLL_MICROSECONDS)) {
        long long waiting = atomic_load(&shared_clock->waiting);
        if (waiting >> 32 ==
            atomic_load(&shared_clock->halt_at)) // not one that still waits for an earlier halt
            return (pid_t)(waiting & 0x7fffffff);
    }
    CU_FAIL_FATAL("the sweep did not come so far within a minute");
    return -1;
}

void fake_wait_events(const char *text, int count) {
    int polls = 0;
    for (; fake_events(text) < count && polls < POLLS_MAXIMUM; polls++)
        usleep(POLL_MICROSECONDS);
    if (polls == POLLS_MAXIMUM)
        CU_FAIL_FATAL("the sweep did not come so far within a minute");
}

// ---------------------------------------------------------------------------------------------- generator

static json_t *fake_inputs(const struct data_set *set, const union data_settings *settings,
                           struct error *err) {
    (void)settings, (void)err;
    if (strcmp(set->name, "textured-mnist"))
        return json_pack("{s:s}", "photographs", "fake photographs");
    return json_pack("{s:s, s:s}", "mnist", "fake digits", "textures", "fake textures");
}

static int fake_generate(const struct data_set *set, const union data_settings *settings, const char *path,
                         progress_function *progress, void *progress_context, struct error *err) {
    char *bytes = calloc(1, fake.shard_bytes);
    if (!bytes)
        return fail(err, "out of memory: a fake shard");
    struct text split = {0};
    settings_add_text(&split, settings_find(set->schema, "split"), settings);
    note_event("generate %s\n", text_string(&split));
    text_free(&split);
    pass_point();
    if (progress)
        progress(progress_context, 1, 1, NULL);
    int result = file_write(path, bytes, fake.shard_bytes, err);
    free(bytes);
    return result;
}

static int fake_memory(const struct train_settings *settings, int pixels, int classes, double *bytes,
                       struct error *err) {
    (void)settings, (void)pixels, (void)classes, (void)err;
    *bytes = 1e6;
    return 0;
}

// ---------------------------------------------------------------------------------------------- steps

static uint64_t mix(uint64_t state, int step) {
    struct random r = random_stream(state, random_purpose("fake step"), (uint64_t)step);
    return (uint64_t)random_bits(&r) << 32 | random_bits(&r);
}

static int save(const char *path, int step, uint64_t state, struct error *err) {
    char text[64];
    int length = snprintf(text, sizeof text, "%d %llu\n", step, (unsigned long long)state);
    return file_write(path, text, (size_t)length, err);
}

// Continues from a checkpoint if there is one.
static void restore(const char *path, int *step, uint64_t *state) {
    struct error ignored;
    char *text = file_read(path, 1000, NULL, &ignored);
    unsigned long long saved;
    if (text && sscanf(text, "%d %llu", step, &saved) == 2)
        *state = saved;
    free(text);
}

// ---------------------------------------------------------------------------------------------- annotator

// A few steps with checkpoints in the job's folder, as the trainer.
static int fake_annotate(const struct annotate_job *job, struct error *err) {
    char checkpoint[PATH_SIZE], text[64];
    const struct annotator_settings *s = job->settings;
    uint64_t state = s->seed;
    int step = 0;
    if (!file_exists(job->shard))
        return fail(err, "%s: no such shard", job->shard);
    if (folder_make(job->folder, err) || path_join(checkpoint, err, job->folder, "checkpoint"))
        return -1;
    restore(checkpoint, &step, &state);
    note_event("annotate %llu n %d from %d\n", (unsigned long long)s->seed, s->n, step);
    for (; step < fake.steps; step++) {
        if (interrupt_requested())
            return save(checkpoint, step, state, err) ? -1
                                                      : fail_interrupted(err, "interrupted at step %d", step);
        if (fake.annotator_fails && s->seed == fake.fault_seed)
            return fail_work(err, "iteration 7: loss is NaN");
        state = mix(state, step);
        pass_point();
        if (step % 2 && save(checkpoint, step + 1, state, err))
            return -1;
        if (job->progress)
            job->progress(job->progress_context, step + 1, fake.steps, "L1 0.10");
    }
    int length = snprintf(text, sizeof text, "annotated %d %llu\n", s->n, (unsigned long long)state);
    if (file_write(job->output, text, (size_t)length, err))
        return -1;
    note_event("annotated %llu n %d\n", (unsigned long long)s->seed, s->n);
    unlink(checkpoint);
    rmdir(job->folder);
    return 0;
}

// From the shard's own text, which only a whole annotation has.
static json_t *fake_annotation(const char *shard, const char *source,
                               const struct annotator_settings *settings, struct error *err) {
    (void)source, (void)settings;
    char *text = file_read(shard, 1000, NULL, err);
    int n, found = text && sscanf(text, "annotated %d", &n) == 1;
    free(text);
    if (!found)
        return *err->message ? NULL : (fail(err, "%s: not annotated", shard), NULL);
    return json_pack("{s:f, s:f}", "iou", 1 - 1.0 / (n + 1), "mae", 1.0 / (n + 1));
}

static int fake_annotator_memory(const struct annotator_settings *settings, int height, int width,
                                 int classes, double *bytes, struct error *err) {
    (void)settings, (void)height, (void)width, (void)classes, (void)err;
    *bytes = 2e6;
    return 0;
}

// ---------------------------------------------------------------------------------------------- trainer

static uint64_t first_state(const struct train_settings *s) {
    return s->seed * 1000003 + random_purpose(s->method) + (uint64_t)s->epochs;
}

static double state_accuracy(const struct train_settings *s, uint64_t state) {
    if (fake.lead < 0 || fake.lead > 0)
        return 50 + (double)(state % 10001) / 10000 + (strcmp(s->method, "reff") ? 0 : fake.lead);
    return (double)(state % 10001) / 100;
}

double fake_accuracy(const struct train_settings *settings) {
    uint64_t state = first_state(settings);
    for (int step = 0; step < fake.steps; step++)
        state = mix(state, step);
    return state_accuracy(settings, state);
}

static int has_fault(const struct train_settings *s) {
    return fake.fault_method && s->seed == fake.fault_seed && !strcmp(s->method, fake.fault_method);
}

static int finish(const struct train_job *job, uint64_t state, struct error *err) {
    char record[PATH_SIZE], checkpoint[PATH_SIZE], model[PATH_SIZE], bits[32], flags[16];
    if (path_join(record, err, job->folder, "run.json") ||
        path_join(checkpoint, err, job->folder, "checkpoint") ||
        path_join(model, err, job->folder, "model.safetensors"))
        return -1;
    snprintf(flags, sizeof flags, "-O%d", fake.build);
    snprintf(bits, sizeof bits, "%d-%llx", fake.build, (unsigned long long)state);
    if (job->settings->save_model && file_write(model, bits, strlen(bits), err))
        return -1;
    json_t *run = json_pack("{s:s, s:O, s:{s:f, s:f}, s:f, s:i, s:s, s:{s:s}}", "state", "done", "cell",
                            job->cell, "metrics", "accuracy", state_accuracy(job->settings, state),
                            "worst_class_accuracy", state_accuracy(job->settings, state) / 2, "seconds", 1.5,
                            "threads", 1, "model_sha256", bits, "provenance", "flags", flags);
    int result = run ? json_write(record, run, err) : fail(err, "out of memory: a fake record");
    json_decref(run);
    if (!result)
        unlink(checkpoint);
    return result;
}

static void hold(const struct train_settings *s) {
    note_event("hold %llu %s\n", (unsigned long long)s->seed, s->method);
    while (!interrupt_requested())
        usleep(POLL_MICROSECONDS);
}

static int litter(const char *folder, struct error *err) {
    char part[PATH_SIZE];
    return path_join(part, err, folder, "run.json.part-other.01234567-8") || file_write(part, "{", 1, err);
}

static int fake_train(const struct train_job *job, struct error *err) {
    const struct train_settings *s = job->settings;
    char checkpoint[PATH_SIZE];
    uint64_t state = first_state(s);
    int step = 0;
    if (!file_exists(job->train) || !file_exists(job->test))
        return fail(err, "%s: no such shard", file_exists(job->train) ? job->test : job->train);
    if (folder_make(job->folder, err) || path_join(checkpoint, err, job->folder, "checkpoint"))
        return -1;
    restore(checkpoint, &step, &state);
    note_event("train %llu %s from %d\n", (unsigned long long)s->seed, s->method, step);
    if (strstr(job->train, "annotations"))
        note_event("annotated shard %llu %s\n", (unsigned long long)s->seed, s->method);
    fprintf(stderr, "the fake trainer says something\n");
    for (; step < fake.steps; step++) {
        if (step + 1 == fake.hold_step)
            hold(s);
        if (interrupt_requested())
            return save(checkpoint, step, state, err) ? -1
                                                      : fail_interrupted(err, "interrupted at step %d", step);
        if (has_fault(s) && step == 3 && fake.fault == FAKE_FAILS)
            return fail_work(err, "step 3: loss is NaN, first in layer3.0.bn2");
        if (has_fault(s) && step == 3 && fake.fault == FAKE_CRASHES)
            raise(SIGABRT);
        if (has_fault(s) && step == 3 && fake.fault == FAKE_REFUSED)
            return fail_system(err, ENOLCK, "%s", job->folder);
        if (has_fault(s) && step == 3 && fake.fault == FAKE_STARVES && !fake_events("starved"))
            return note_event("starved\n"), fail_memory(err, "a step needs 1.0 MiB");
        if (has_fault(s) && fake.fault == FAKE_LITTERS && litter(job->folder, err))
            return -1;
        state = mix(state, step);
        pass_point();
        if (step % 2 && save(checkpoint, step + 1, state, err))
            return -1;
        if (job->progress)
            job->progress(job->progress_context, step + 1, fake.steps, "loss 1.00");
    }
    if (has_fault(s) && fake.fault == FAKE_LIES)
        return 0;
    pass_point();
    if (finish(job, state, err))
        return -1;
    if (has_fault(s) && fake.fault == FAKE_DIES)
        raise(SIGKILL);
    note_event("done %llu %s\n", (unsigned long long)s->seed, s->method);
    return 0;
}

const struct work fake_work = {.inputs = fake_inputs,
                               .generate = fake_generate,
                               .annotate = fake_annotate,
                               .annotation = fake_annotation,
                               .train = fake_train,
                               .memory = fake_memory,
                               .annotator_memory = fake_annotator_memory};
