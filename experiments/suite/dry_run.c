// SPDX-License-Identifier: Apache-2.0
#include "experiments/suite/dry_run.h"

#include "core/base/memory.h"
#include "experiments/store/reason.h"
#include "experiments/sweep/estimate.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct survey {              // of all runs of a plan
    struct run_status *runs; // [plan->count]; their records are dropped
    struct reason *reasons;  // [plan->count]
    json_t *known;
    char *listed; // [plan->count], for list_state
};

static int survey_make(struct survey *v, const struct plan *plan, const char *results, struct error *err) {
    v->runs = allocate((size_t)plan->count, sizeof *v->runs, "a survey", err);
    v->reasons = allocate((size_t)plan->count, sizeof *v->reasons, "a survey", err);
    v->listed = allocate((size_t)plan->count, 1, "a survey", err);
    v->known = v->runs && v->reasons && v->listed ? records_scan(results, err) : NULL;
    if (!v->known)
        return -1;
    for (int i = 0; i < plan->count; i++) {
        if (run_look(results, &plan->cells[i], &v->runs[i], err))
            return -1;
        run_status_clear(&v->runs[i]);
        reason_find(&v->reasons[i], &plan->cells[i], &v->runs[i], v->known);
    }
    return 0;
}

static void survey_free(struct survey *v) {
    free(v->runs);
    free(v->reasons);
    free(v->listed);
    json_decref(v->known);
}

static int count_state(const struct survey *v, const struct plan *plan, enum run_state state) {
    int count = 0;
    for (int i = 0; i < plan->count; i++)
        count += v->runs[i].state == state;
    return count;
}

// Whether an earlier column of the tables asks for the same data of the same profile.
static int asked_before(const struct request *r, int table, int column) {
    const char *data = table_data(&r->tables[table], column);
    const struct profile *profile = plan_column_profile(&r->plan, &r->tables[table], column);
    for (int t = 0; t <= table; t++)
        for (int c = 0; c < (t < table ? r->tables[t].column_count : column); c++)
            if (!strcmp(table_data(&r->tables[t], c), data) &&
                plan_column_profile(&r->plan, &r->tables[t], c) == profile)
                return 1;
    return 0;
}

// Data sets that some table asks for and that are not there: their files, or even a section of the profile.
static int list_absent(FILE *out, const struct request *r, struct error *err) {
    const struct plan *plan = &r->plan;
    struct text why = {0};
    for (int d = 0; d < plan->data_count; d++)
        if (!plan->data[d].inputs)
            fprintf(out, "%s: no runs: %s\n", plan->data[d].data->set->name, plan->data[d].data->absent);
    for (int t = 0; t < r->table_count; t++)
        for (int column = 0; column < r->tables[t].column_count; column++) {
            const char *data = table_data(&r->tables[t], column);
            const struct profile *profile = plan_column_profile(plan, &r->tables[t], column);
            if (profile_data_find(profile, data) || asked_before(r, t, column))
                continue;
            text_clear(&why);
            profile_data_absent(&why, profile, data);
            fprintf(out, "%s: no runs: %s\n", data, text_string(&why));
        }
    int failed = text_check(&why, "why data are absent", err);
    text_free(&why);
    return failed;
}

// ---------------------------------------------------------------------------------------- dry run

// What a line says of a run beside its place; runs of one cell for which it is the same share the line. Which
// earlier run had other settings differs from seed to seed, so it is left out.
static void add_note(struct text *out, const struct survey *v, const struct plan *plan, int i) {
    const struct run_status *status = &v->runs[i];
    const struct reason *reason = &v->reasons[i];
    if (status->state == RUN_UNFINISHED || status->state == RUN_FAILED || status->state == RUN_DAMAGED)
        text_printf(out, " (runs/%.16s)%s%s", plan->cells[i].digest, *status->message ? ": " : "",
                    status->message);
    else if (status->state == RUN_MISSING && reason->kind != REASON_NEVER_RUN) {
        text_add(out, ": ");
        reason_text_without_run(out, reason);
    }
    if (status->elsewhere)
        text_add(out, " (running now)");
}

// Runs of one cell and one note in a line.
static void list_group(FILE *out, struct survey *v, const struct plan *plan, int first) {
    struct text line = {0}, note = {0}, other = {0}, accuracies = {0};
    enum run_state state = v->runs[first].state;
    int count = 0;
    cell_place_text(&line, &plan->cells[first]);
    text_add(&line, ": seed ");
    add_note(&note, v, plan, first);
    for (int i = first; i < plan->count; i++) {
        if (v->runs[i].state != state || v->listed[i] ||
            !cell_has_same_place(&plan->cells[first], &plan->cells[i]))
            continue;
        text_clear(&other);
        add_note(&other, v, plan, i);
        if (strcmp(text_string(&note), text_string(&other)))
            continue;
        v->listed[i] = 1;
        text_printf(&line, "%s%llu", count ? ", " : "", (unsigned long long)plan->cells[i].seed);
        text_printf(&accuracies, "%s%.2f", count ? ", " : "", v->runs[i].accuracy);
        count++;
    }
    fprintf(out, "  %s", text_string(&line));
    if (state == RUN_DONE)
        fprintf(out, ": %s %%", text_string(&accuracies));
    fprintf(out, "%s\n", text_string(&note));
    text_free(&line);
    text_free(&note);
    text_free(&other);
    text_free(&accuracies);
}

static void list_state(FILE *out, struct survey *v, const struct plan *plan, enum run_state state) {
    int count = count_state(v, plan, state);
    if (!count)
        return;
    fprintf(out, "%s: %d run%s\n", run_state_names[state], count, count == 1 ? "" : "s");
    memset(v->listed, 0, (size_t)plan->count);
    for (int i = 0; i < plan->count; i++)
        if (v->runs[i].state == state && !v->listed[i])
            list_group(out, v, plan, i);
}

// "40 s", "9 min 1 s", "3 h 20 min".
static char *span_text(double seconds, char out[32]) {
    long s = seconds < 1 ? 1 : (long)(seconds + 0.5);
    if (s < 60)
        snprintf(out, 32, "%ld s", s);
    else if (s < 3600)
        snprintf(out, 32, "%ld min %ld s", s / 60, s % 60);
    else
        snprintf(out, 32, "%ld h %ld min", s / 3600, s / 60 % 60);
    return out;
}

static int print_time(FILE *out, const struct estimate *e, const struct cell *const *todo, int count,
                      const struct resources *r, const char *results, struct error *err) {
    char time[32], making[32], annotating[32];
    double *seconds = allocate((size_t)count, sizeof *seconds, "an estimate", err), data, annotations;
    if (!seconds || estimate_seconds(e, todo, count, results, seconds, &data, &annotations, err)) {
        free(seconds);
        return -1;
    }
    data /= r->jobs;
    annotations /= r->jobs;
    double length = schedule_length(seconds, count, NULL, 0, r->jobs);
    free(seconds);
    fprintf(out, "time: about %s for %d run%s, %d at a time with %d thread%s each; %s of it for making data",
            span_text(length, time), count, count == 1 ? "" : "s", r->jobs, r->threads,
            r->threads == 1 ? "" : "s", span_text(data, making));
    if (annotations > 0)
        fprintf(out, ", %s for pseudo-annotations", span_text(annotations, annotating));
    fprintf(out, " (%s)\n",
            e->tried ? e->measured ? "partly from earlier runs, partly from a trial of a few steps"
                                   : "from a trial of a few steps"
                     : "from earlier runs");
    return 0;
}

static void print_space(FILE *out, const struct resources *r) {
    char a[32], b[32];
    fprintf(out, "memory: up to %s (%s free)\n", resources_bytes_text(r->run_memory * r->jobs, a),
            resources_bytes_text(r->memory, b));
    fprintf(out, "disk: shards up to %s at a time (%s free), beside checkpoints and records\n",
            resources_bytes_text(r->shards, a), resources_bytes_text(r->disk, b));
}

// What it takes on this machine.
static int show_here(FILE *out, const struct survey *v, const struct cell *const *todo, int count,
                     const struct executor_job *job, struct error *err) {
    const struct sweep_options *o = &job->sweep;
    struct resources resources;
    struct estimate estimate = {0};
    struct error why = {0}; // without a trial there is no time, but all the rest
    if (resources_plan(&resources, todo, count, job->work, o->results, o->jobs, o->threads, o->keep_shards,
                       err))
        return -1;
    if (!estimate_make(&estimate, todo, count, v->known, resources.threads, o->results, job->work, &why)) {
        if (print_time(out, &estimate, todo, count, &resources, o->results, err))
            return -1;
    } else if (why.cause) { // the system refused something: another call may know
        *err = why;
        return -1;
    } else {
        fprintf(out, "time: not known: %s\n", why.message);
    }
    print_space(out, &resources);
    return 0;
}

int dry_run(FILE *out, const struct request *r, const struct request_options *options,
            const struct executor_job *job, struct error *err) {
    const struct plan *plan = &r->plan;
    struct executor_job mine = *job;
    struct survey v = {0};
    const struct cell **todo = allocate((size_t)plan->count, sizeof(struct cell *), "a dry run", err);
    int count = 0, failed = !todo || survey_make(&v, plan, options->results, err);
    mine.plan = plan;
    if (!failed) {
        fprintf(out, "%d distinct cells, %d seed%s, %d runs\n", plan->table_cells, plan->seeds.count,
                plan->seeds.count == 1 ? "" : "s", plan->count);
        failed = list_absent(out, r, err);
        for (enum run_state state = RUN_STATES; state-- > 0;)
            list_state(out, &v, plan, state);
        if (!options->retry && count_state(&v, plan, RUN_FAILED))
            fprintf(out, "failed runs are repeated with --retry (RETRY=1 for make)\n");
        for (int i = 0; i < plan->count; i++)
            if (v.runs[i].state != RUN_DONE && (v.runs[i].state != RUN_FAILED || options->retry))
                todo[count++] = &plan->cells[i];
        if (!count)
            fprintf(out, "nothing to do\n");
    }
    if (!failed && count)
        failed = job->executor->show ? job->executor->show(out, &mine, err)
                                     : show_here(out, &v, todo, count, &mine, err);
    survey_free(&v);
    free(todo);
    return failed ? -1 : 0;
}

// ---------------------------------------------------------------------------------------- status

// "3", "1 (2 failed)", or "-" for a cell without data.
static void count_runs(const struct request *r, const struct table *t, int row, int column,
                       const struct survey *v, char out[32]) {
    int done = 0, failed = 0, cells = 0;
    for (int s = 0; s < r->seeds.count; s++) {
        const struct cell *cell = plan_find(&r->plan, t, row, column, r->seeds.values[s]);
        const struct run_status *status = cell ? &v->runs[cell - r->plan.cells] : NULL;
        cells += cell != NULL;
        done += status && status->state == RUN_DONE;
        failed += status && status->state == RUN_FAILED;
    }
    snprintf(out, 32, !cells ? "-" : failed ? "%d (%d failed)" : "%d", done, failed);
}

static void print_grid(FILE *out, const struct request *r, const struct table *t, const struct survey *v) {
    if (t->kind != TABLE_RESULTS)
        return;
    int width = table_label_width(t, 6);
    fprintf(out, "%s (%s), runs done of %d:\n  %-*s", t->name, r->profile.name, r->seeds.count, width,
            t->row_name);
    for (int column = 0; column < t->column_count; column++)
        fprintf(out, " %14s", t->columns[column]);
    fputc('\n', out);
    for (int row = 0; row < t->row_count; row++) {
        fprintf(out, "  %-*s", width, t->rows[row]);
        for (int column = 0; column < t->column_count; column++) {
            char text[32];
            count_runs(r, t, row, column, v, text);
            fprintf(out, " %14s", text);
        }
        fputc('\n', out);
    }
}

// Adds the bytes on disk of what lies in a folder. What is gone by the time that it is looked at counts nothing.
static int add_bytes(double *bytes, const char *folder, int depth, struct error *err) {
    struct dirent *entry;
    DIR *listing = opendir(folder);
    if (!listing)
        return errno == ENOENT ? 0 : fail_system(err, errno, "%s", folder);
    int more;
    while ((more = folder_next(listing, folder, &entry, err)) > 0) {
        char path[PATH_SIZE];
        struct stat about;
        if (entry->d_name[0] == '.')
            continue;
        if ((more = path_join(path, err, folder, entry->d_name)))
            break;
        if (lstat(path, &about)) {
            if (errno == ENOENT)
                continue;
            more = fail_system(err, errno, "%s", path);
            break;
        }
        *bytes += (double)about.st_blocks * 512;
        if (S_ISDIR(about.st_mode) && depth > 0 && (more = add_bytes(bytes, path, depth - 1, err)) < 0)
            break;
    }
    closedir(listing);
    return more < 0 ? -1 : 0;
}

int dry_run_status(FILE *out, const struct request *r, const char *results, struct error *err) {
    static const enum run_state told[] = {RUN_UNFINISHED, RUN_DAMAGED, RUN_FAILED};
    struct survey v = {0};
    char shards[PATH_SIZE], runs[PATH_SIZE], a[32], b[32];
    double of_records = 0, of_shards = 0;
    int failed = survey_make(&v, &r->plan, results, err) || path_join(shards, err, results, "shards") ||
                 path_join(runs, err, results, "runs") || add_bytes(&of_records, runs, 1, err) ||
                 add_bytes(&of_shards, shards, 1, err);
    if (!failed) {
        for (int t = 0; t < r->table_count; t++)
            print_grid(out, r, &r->tables[t], &v);
        failed = list_absent(out, r, err);
        for (size_t i = 0; i < sizeof told / sizeof *told; i++)
            list_state(out, &v, &r->plan, told[i]);
        int running = 0;
        for (int i = 0; i < r->plan.count; i++)
            running += v.runs[i].elsewhere;
        fprintf(out, "%d of %d runs done, %d running now; %s of records, %s of shards in %s\n",
                count_state(&v, &r->plan, RUN_DONE), r->plan.count, running,
                resources_bytes_text(of_records, a), resources_bytes_text(of_shards, b), results);
        failed = failed || executor_status(out, &r->plan, results, err);
    }
    survey_free(&v);
    return failed ? -1 : 0;
}
