// SPDX-License-Identifier: Apache-2.0
#include "experiments/dry_run.h"

#include "core/base/memory.h"
#include "core/base/progress.h"
#include "experiments/probe.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct survey {              // of all runs of a plan
    struct run_status *runs; // [plan->count]; their records are dropped
    json_t *known;
};

static int survey_make(struct survey *v, const struct plan *plan, const char *results, struct error *err) {
    v->runs = allocate((size_t)plan->count, sizeof *v->runs, "a survey", err);
    v->known = v->runs ? records_scan(results, err) : NULL;
    if (!v->known)
        return -1;
    for (int i = 0; i < plan->count; i++) {
        if (run_look(results, &plan->cells[i], &v->runs[i], err))
            return -1;
        run_status_clear(&v->runs[i]);
    }
    return 0;
}

static void survey_free(struct survey *v) {
    free(v->runs);
    json_decref(v->known);
}

static int count_state(const struct survey *v, const struct plan *plan, enum run_state state) {
    int count = 0;
    for (int i = 0; i < plan->count; i++)
        count += v->runs[i].state == state;
    return count;
}

// ---------------------------------------------------------------------------------------- dry run

// Runs of one state, one line each with the reason; those that are done or were never run are many and need
// none.
static void list_state(FILE *out, const struct survey *v, const struct plan *plan, enum run_state state) {
    int count = count_state(v, plan, state);
    if (!count)
        return;
    fprintf(out, "%s: %d runs\n", run_state_names[state], count);
    for (int i = 0; i < plan->count; i++) {
        char reason[600];
        if (v->runs[i].state != state)
            continue;
        run_reason(&plan->cells[i], &v->runs[i], v->known, reason, sizeof reason);
        fprintf(out, "  %.16s  %s", plan->cells[i].digest, plan->cells[i].name);
        if (state == RUN_DONE)
            fprintf(out, ": %.2f %%", v->runs[i].accuracy);
        else if (state == RUN_FAILED)
            fprintf(out, ": %s", v->runs[i].message);
        else if (strcmp(reason, "never run"))
            fprintf(out, ": %s", reason);
        fprintf(out, "%s\n", v->runs[i].elsewhere ? " (running now)" : "");
    }
}

struct estimate {
    struct forecast forecast;
    int measured, tried; // kinds of run known from records, and from trials
};

// Fills the forecast with what the runs to do need.
static int estimate_make(struct estimate *e, const struct cell *const *todo, int count,
                         const struct survey *v, const struct resources *resources, const char *results,
                         const struct work *work, struct error *err) {
    for (int i = 0; i < count; i++) {
        int seen = 0;
        for (int k = 0; k < e->forecast.count && !seen; k++)
            seen = !strcmp(e->forecast.items[k].key, todo[i]->cost_key);
        if (seen)
            continue;
        double seconds = records_seconds(results, v->known, todo[i], resources->threads);
        if (seconds > 0)
            e->measured++;
        else if (probe_seconds(todo[i], work, resources->threads, &seconds, err))
            return -1;
        else
            e->tried++;
        forecast_add(&e->forecast, todo[i], seconds, 1);
    }
    return 0;
}

static void print_estimate(FILE *out, const struct estimate *e, const struct cell *const *todo, int count,
                           const struct resources *r) {
    char a[32], b[32], time[32];
    double seconds[4096];
    if (count > 4096)
        count = 4096;
    for (int i = 0; i < count; i++)
        seconds[i] = forecast_seconds(&e->forecast, todo[i]);
    double length = schedule_length(seconds, count, NULL, 0, r->jobs);
    fprintf(out, "time: about %s for %d runs, %d at a time with %d thread%s each (%s; data not counted)\n",
            duration_text(length, time), count, r->jobs, r->threads, r->threads == 1 ? "" : "s",
            e->tried ? e->measured ? "partly from earlier runs, partly from a trial of a few steps"
                                   : "from a trial of a few steps"
                     : "from earlier runs");
    fprintf(out, "memory: up to %s (%s free)\n", bytes_text(r->run_memory * r->jobs, a),
            bytes_text(r->memory, b));
    fprintf(out, "disk: shards up to %s at a time (%s free), beside checkpoints and records\n",
            bytes_text(r->shards, a), bytes_text(r->disk, b));
}

int dry_run(FILE *out, const struct request *r, const struct request_options *options,
            const struct work *work, struct error *err) {
    const struct plan *plan = &r->plan;
    struct survey v = {0};
    struct resources resources;
    struct estimate estimate = {0};
    const struct cell **todo = allocate((size_t)plan->count, sizeof(struct cell *), "a dry run", err);
    int count = 0, failed = !todo || survey_make(&v, plan, options->results, err);
    if (!failed) {
        fprintf(out, "%d distinct cells, %d seeds, %d runs\n", plan->table_cells, plan->seeds.count,
                plan->count);
        for (enum run_state state = RUN_STATES; state-- > 0;)
            list_state(out, &v, plan, state);
        for (int i = 0; i < plan->count; i++)
            if (v.runs[i].state != RUN_DONE && (v.runs[i].state != RUN_FAILED || options->retry))
                todo[count++] = &plan->cells[i];
        if (!count)
            fprintf(out, "nothing to do\n");
    }
    if (!failed && count) {
        failed = resources_plan(&resources, todo, count, work, options->results, options->jobs,
                                options->threads, options->keep_shards, err) ||
                 estimate_make(&estimate, todo, count, &v, &resources, options->results, work, err);
        if (!failed)
            print_estimate(out, &estimate, todo, count, &resources);
    }
    survey_free(&v);
    free(todo);
    return failed ? -1 : 0;
}

// ---------------------------------------------------------------------------------------- status

static void print_grid(FILE *out, const struct request *r, const struct table *t, const struct survey *v) {
    fprintf(out, "%s (%s), runs done of %d:\n  %-6s", t->name, r->profile.name, r->seeds.count, t->row_name);
    for (int column = 0; column < t->column_count; column++)
        fprintf(out, " %12s", t->columns[column]);
    fputc('\n', out);
    for (int row = 0; row < t->row_count; row++) {
        fprintf(out, "  %-6s", t->rows[row]);
        for (int column = 0; column < t->column_count; column++) {
            int done = 0, failed = 0;
            char text[32];
            for (int s = 0; s < r->seeds.count; s++) {
                const struct cell *cell = plan_find(&r->plan, t, row, column, r->seeds.values[s]);
                const struct run_status *status = cell ? &v->runs[cell - r->plan.cells] : NULL;
                done += status && status->state == RUN_DONE;
                failed += status && status->state == RUN_FAILED;
            }
            snprintf(text, sizeof text, failed ? "%d (%d failed)" : "%d", done, failed);
            fprintf(out, " %12s", text);
        }
        fputc('\n', out);
    }
}

static double folder_bytes(const char *folder, int depth) {
    double bytes = 0;
    struct dirent *entry;
    struct error ignored;
    DIR *listing = opendir(folder);
    while (listing && (entry = readdir(listing))) {
        char path[PATH_SIZE];
        struct stat about;
        if (entry->d_name[0] == '.' || path_join(path, &ignored, folder, entry->d_name) ||
            lstat(path, &about))
            continue;
        bytes += (double)about.st_blocks * 512;
        if (S_ISDIR(about.st_mode) && depth > 0)
            bytes += folder_bytes(path, depth - 1);
    }
    if (listing)
        closedir(listing);
    return bytes;
}

int print_status(FILE *out, const struct request *r, const char *results, struct error *err) {
    static const enum run_state told[] = {RUN_UNFINISHED, RUN_DAMAGED, RUN_FAILED};
    struct survey v = {0};
    char shards[PATH_SIZE], runs[PATH_SIZE], a[32], b[32];
    int failed = survey_make(&v, &r->plan, results, err) || path_join(shards, err, results, "shards") ||
                 path_join(runs, err, results, "runs");
    if (!failed) {
        for (int t = 0; t < r->table_count; t++)
            print_grid(out, r, &r->tables[t], &v);
        for (size_t i = 0; i < sizeof told / sizeof *told; i++)
            list_state(out, &v, &r->plan, told[i]);
        int running = 0;
        for (int i = 0; i < r->plan.count; i++)
            running += v.runs[i].elsewhere;
        fprintf(out, "%d of %d runs done, %d running now; %s of records, %s of shards in %s\n",
                count_state(&v, &r->plan, RUN_DONE), r->plan.count, running,
                bytes_text(folder_bytes(runs, 1), a), bytes_text(folder_bytes(shards, 1), b), results);
    }
    survey_free(&v);
    return failed ? -1 : 0;
}
