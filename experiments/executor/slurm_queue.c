// SPDX-License-Identifier: Apache-2.0
#include "experiments/executor/slurm_queue.h"

#include "core/base/json_fields.h"
#include "core/base/text.h"
#include "experiments/executor/cluster.h"
#include "experiments/executor/slurm_call.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// ---------------------------------------------------------------------------------------- the queue

// "user|job|index|state|reason|name" of one line, which is cut up. Names that this program does not give, in which there may
// be anything, are left out.
static int add_line(json_t *queue, char *line) {
    char *fields[6], *rest = line;
    for (int i = 0; i < 5; i++)
        fields[i] = strsep(&rest, "|");
    fields[5] = rest;
    if (!rest || strncmp(rest, "reff-", 5) != 0 ||
        rest[strspn(rest, "abcdefghijklmnopqrstuvwxyz0123456789-")])
        return 0;
    json_t *one = json_pack("{s:i, s:s, s:i, s:s, s:s, s:s}", "user", (int)strtol(fields[0], NULL, 10), "job",
                            fields[1], "index", (int)strtol(fields[2], NULL, 10), "state", fields[3],
                            "reason", fields[4], "name", fields[5]);
    return json_array_append_new(queue, one);
}

// Who submitted something here: jobs of others who share the folder are seen, where the site shows them.
static void add_users(struct text *out, const json_t *submissions) {
    const json_t *one;
    size_t i;
    text_printf(out, "--user=%u", (unsigned)getuid());
    json_array_foreach((json_t *)submissions, i, one) {
        char more[32];
        const json_t *user = json_object_get(one, "user");
        snprintf(more, sizeof more, "%lld", (long long)json_integer_value(user));
        const char *seen = strstr(text_string(out), more);
        int whole = seen && strspn(seen, "0123456789") == strlen(more) && strchr("=,", seen[-1]);
        if (json_is_integer(user) && !whole)
            text_printf(out, ",%s", more);
    }
}

json_t *slurm_queue(const json_t *submissions, struct error *err) {
    struct text users = {0};
    add_users(&users, submissions);
    const char *const ask[] = {
        "squeue", "--noheader", "--array", text_string(&users), "--format=%U|%F|%K|%T|%r|%j", NULL};
    char *text = text_check(&users, "users", err) ? NULL : slurm_call(ask, SLURM_ASKS, NULL, err),
         *rest = text, *line;
    json_t *queue = text ? json_array() : NULL;
    int failed = !queue;
    text_free(&users);
    while (!failed && (line = strsep(&rest, "\n")))
        failed = *line && add_line(queue, line);
    if (failed && text)
        fail_memory(err, "the queue");
    free(text);
    if (failed)
        json_decref(queue);
    return failed ? NULL : queue;
}

const char *slurm_queue_job(const json_t *queue, const char *name) {
    const json_t *one;
    size_t i;
    json_array_foreach((json_t *)queue, i, one) if (!strcmp(json_field_text(one, "name"),
                                                            name)) return json_field_text(one, "job");
    return NULL;
}

// ---------------------------------------------------------------------------------------- jobs

// "17" or "17;cluster", in a line of its own: sites greet before it. NULL where there is none.
static char *number_in(char *answer) {
    char *rest = answer, *line, *found = NULL;
    while ((line = strsep(&rest, "\n"))) {
        size_t digits = strspn(line, "0123456789");
        if (!digits || !strchr(";", line[digits])) // or at its end
            continue;
        line[digits] = 0;
        found = line;
    }
    return found;
}

char *slurm_submit(const char *path, const char *script, struct error *err) {
    const char *const submit[] = {"sbatch", "--parsable", path, NULL};
    char *answer = slurm_call(submit, SLURM_CHANGES, script, err);
    if (!answer)
        return NULL;
    char *number = number_in(answer), *job = number ? strdup(number) : NULL;
    if (number && !job)
        fail_memory(err, "a job's number");
    else if (!number)
        fail(err, "sbatch: answered '%.60s' in place of a job's number", answer);
    free(answer);
    return job;
}

// squeue gives reasons in Slurm's words alone; these are what slurmctld writes when it gives a launch up.
int slurm_is_held_after_launch(const json_t *element) {
    return !strcmp(json_field_text(element, "reason"), "launch failed requeued held");
}

int slurm_release(const char *job, struct error *err) {
    const char *const release[] = {"scontrol", "release", job, NULL};
    char *text = slurm_call(release, SLURM_CHANGES, NULL, err);
    free(text);
    return text ? 0 : -1;
}

int slurm_cancel(const char *job, struct error *err) {
    const char *const cancel[] = {"scancel", job, NULL};
    char *text = slurm_call(cancel, SLURM_CHANGES, NULL, err);
    free(text);
    return text ? 0 : -1;
}

int slurm_array_most(struct error *err) {
    static const char *const ask[] = {"scontrol", "show", "config", NULL};
    char *text = slurm_call(ask, SLURM_ASKS, NULL, err), *line = text ? strstr(text, "\nMaxArraySize") : NULL;
    char *equals = line ? strchr(line, '=') : NULL;
    int most = equals ? atoi(equals + 1) : 0; // NOLINT(cert-err34-c): 0 is none
    free(text);
    if (!text)
        return -1;
    return most > 1 ? most
                    : fail(err, "scontrol show config: tells no MaxArraySize, or no arrays are allowed (%d)",
                           most);
}

// Lines of sinfo: "all*|1:00:00", the default with a star.
double slurm_time_most(const char *partition) {
    const char *const of_one[] = {"sinfo", "--noheader", "--format=%P|%l", "--partition", partition, NULL},
                      *const of_all[] = {"sinfo", "--noheader", "--format=%P|%l", NULL};
    struct error ignored = {0};
    char *text = slurm_call(*partition ? of_one : of_all, SLURM_ASKS, NULL, &ignored), *rest = text, *line;
    double most = 0;
    while (text && (line = strsep(&rest, "\n"))) {
        char *limit = strchr(line, '|');
        if (limit && limit > line && (*partition || limit[-1] == '*'))
            most = fmax(most, cluster_seconds(limit + 1));
    }
    free(text);
    return most > 0 ? most : INFINITY;
}
