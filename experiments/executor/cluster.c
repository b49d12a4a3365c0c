// SPDX-License-Identifier: Apache-2.0
#include "experiments/executor/cluster.h"

#include "core/base/file.h"
#include "experiments/executor/products.h"

#include <ctype.h>
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

typedef struct cluster C;

const struct setting cluster_schema[] = {
    SETTING_PATH(C, partition, "", "NAME", "partition; none: the cluster's default"),
    SETTING_PATH(C, account, "", "NAME", "account that is charged"),
    SETTING_PATH(C, qos, "", "NAME", "quality of service"),
    SETTING_PATH(C, constraint, "", "FEATURES", "nodes with these features alone"),
    SETTING_PATH(C, time, "", "TIME",
                 "time limit as sbatch takes it (4:00:00); none: twice the forecast, a quarter of an hour "
                 "and `signal`, at most a day"),
    SETTING_PATH(C, memory, "", "SIZE", "memory of a node as sbatch takes it (64G); none: from the forecast"),
    SETTING_COUNT(C, cpus, "0", 0, 1024, "cores", "cores of a task; 0: as many as this machine has"),
    SETTING_COUNT(C, throttle, "0", 0, 100000, "tasks", "tasks of an array at work at once; 0: all"),
    SETTING_COUNT(
        C, jobs, "0", 0, 100000, "tasks",
        "tasks in the queue at once, those at work with them; 0: all. The last job submits the rest"),
    SETTING_REAL(C, pack, "60", 0.01, 100000, "minutes", "how long a task shall last: it does as many runs"),
    SETTING_REAL(C, run_seconds, "0", 0, 1e8, "seconds",
                 "of a run; 0: from earlier runs or a trial on this machine"),
    SETTING_COUNT(C, signal, "300", 10, 65535, "seconds", "before the time limit checkpoints are saved"),
    SETTING_COUNT(C, requeues, "20", 0, 1000, "times", "a task is put back into the queue at most"),
    SETTING_COUNT(C, rounds, "3", 0, 100, "times", "the last job submits anew what is unfinished at most"),
    SETTING_PATH(C, scratch, "", "DIR",
                 "folder of each node for data sets ($TMPDIR); none: beside the results"),
    SETTING_CHOICE(C, isa, "first", PRODUCTS_WORDS,
                   "instruction sets of products: the first run's, any, or at most this one"),
    SETTING_CHOICE(C, refused, "keep", "keep cancel",
                   "what becomes of jobs that were submitted when a later one is refused"),
    SETTING_END,
};

// ---------------------------------------------------------------------------------------- sizes and times

double cluster_bytes(const char *text) {
    char *end;
    double size = strtod(text, &end);
    const char units[] = "KMGT", *unit = *end ? strchr(units, toupper((unsigned char)*end)) : units + 1;
    if (*end && unit)
        end += (end[1] == 'B' || end[1] == 'b') ? 2 : 1;
    return isdigit((unsigned char)*text) && !text[strspn(text, "0123456789KMGTBkmgtb")] && unit && !*end
               ? size * pow(1024, (double)(unit - units + 1))
               : -1;
}

// "30", "30:00", "4:00:00", "2-12", "2-12:00", "2-12:00:00": minutes where there is one number, hours after days.
double cluster_seconds(const char *text) {
    static const double of[] = {86400, 3600, 60, 1};
    double parts[4] = {0}, seconds = 0;
    int count = 0, days = 0;
    if (!strcasecmp(text, "unlimited") || !strcasecmp(text, "infinite"))
        return INFINITY;
    for (const char *at = text;; at++) {
        char *end;
        if (count == 4 || !isdigit((unsigned char)*at))
            return -1;
        parts[count++] = strtod(at, &end);
        at += end - at;
        if (!*at)
            break;
        if (*at == '-' && count == 1)
            days = 1;
        else if (*at != ':')
            return -1;
    }
    if (!days && count == 4)
        return -1;
    for (int i = 0; i < count;
         i++) // without days, "4:00:00" begins with hours, "30:00" and "30" with minutes
        seconds += parts[i] * of[days ? i : count == 3 ? i + 1 : i + 2];
    return seconds > 0 ? seconds : INFINITY; // 0 is no limit
}

// ---------------------------------------------------------------------------------------- options of sbatch

// getopt takes "arr" for "array", and so is it taken here.
static int is_short_for(const char *name, const char *option) {
    return !strncmp(name, option, strlen(name));
}

static int check_option(const char *name, const char *where, struct error *err) {
    static const char *const ours[] = {"array",  "output",     "error",     "signal",     "requeue",
                                       "nodes",  "no-requeue", "open-mode", "dependency", "job-name",
                                       "chdir",  "parsable",   "wrap",      "wait",       "test-only",
                                       "ntasks", "help",       "usage",     "version"};
    static const char *const others[][2] = {
        {"mem", "memory"}, {"mem-per-cpu", "memory"}, {"mem-per-gpu", "memory"}, {"cpus-per-task", "cpus"}};
    if (!*name || name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-")] || *name == '-')
        return fail_usage(err, "%s: '%.60s' is no option of sbatch (mail-type = FAIL is one)", where, name);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (!strcmp(name, others[i][0]))
            return fail_usage(err, "%s: --%s is %s of [slurm]", where, name, others[i][1]);
    for (const struct setting *s = cluster_schema; s->name; s++)
        if (is_short_for(name, s->name) && s->type == SETTING_TYPE_TEXT)
            return fail_usage(err, "%s: %s belongs to [slurm]", where, name);
    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
        if (is_short_for(name, ours[i]))
            return fail_usage(err, "%s: --%s is set by the program", where, ours[i]);
    if (!strcmp(name, "clusters"))
        return fail_usage(err, "%s: set SLURM_CLUSTERS, which squeue and scancel follow too", where);
    return 0;
}

static int has_controls(const char *text) {
    for (; *text; text++)
        if (iscntrl((unsigned char)*text))
            return 1;
    return 0;
}

// A value that would be several words, or a comment, in quotes.
static int add_option(struct cluster *c, const char *key, const char *value, const char *where,
                      struct error *err) {
    char name[64], bare[SETTING_TEXT_SIZE];
    size_t length = strlen(value);
    snprintf(name, sizeof name, "%.60s", key);
    for (char *k = name; *k; k++)
        *k = *k == '_' ? '-' : *k;
    if (check_option(name, where, err))
        return -1;
    int quoted = length > 1 && strchr("\"'", *value) && value[length - 1] == *value;
    if (length >= sizeof bare)
        return fail_usage(err, "%s: longer than %d characters", where, SETTING_TEXT_SIZE - 1);
    snprintf(bare, sizeof bare, "%.*s", (int)(quoted ? length - 2 : length), value + quoted);
    if (!*bare)
        return fail_usage(err, "%s: %s has no value; a word alone is %s = yes", where, name, name);
    if (has_controls(bare) || strpbrk(bare, "\"\\"))
        return fail_usage(err, "%s: %s = %.80s: quotes and backslashes have no place there", where, name,
                          bare);
    text_printf(&c->options, "#SBATCH --%s", name);
    if (strcmp(bare, "yes") != 0)
        text_printf(&c->options, strpbrk(bare, " '#`$") ? "=\"%s\"" : "=%s", bare);
    text_add(&c->options, "\n");
    return text_check(&c->options, where, err);
}

// ---------------------------------------------------------------------------------------- lines of shell

// `B = 2` is meant as a line of shell: its name would be lost.
static int add_line(struct cluster *c, const char *key, const char *value, const char *where,
                    struct error *err) {
    if (key[strspn(key, "abcdefghijklmnopqrstuvwxyz0123456789_-")] || has_controls(value))
        return fail_usage(
            err, "%s: a line of shell stands behind a name in small letters or a number: 1 = %.60s=%.60s",
            where, key, value);
    text_printf(&c->before, "%s\n", value);
    return text_check(&c->before, where, err);
}

// The reader of settings takes " ;" for a comment's beginning, a shell for the next command's.
static int check_comments(const char *path, const char *text, struct error *err) {
    int strict = 0;
    for (int line = 1; *text; line++) {
        char one[1024];
        size_t length = strcspn(text, "\n");
        snprintf(one, sizeof one, "%.*s", (int)(length < 1000 ? length : 1000), text);
        if (*one == '[')
            strict = !strncmp(one, "[before]", 8) || !strncmp(one, "[sbatch]", 8);
        for (char *c = one; strict && (c = strchr(c, ';')); c++)
            if (!strchr(";#", one[strspn(one, " \t")]) && c > one && strchr(" \t", c[-1]))
                return fail_usage(
                    err, "%s:%d: what follows ' ;' would be a comment; give each command a line of its own",
                    path, line);
        text += length + (text[length] == '\n');
    }
    return 0;
}

// ---------------------------------------------------------------------------------------- the file

static int take(void *context, const char *section, const char *key, const char *value, const char *where,
                struct error *err) {
    struct cluster *c = context;
    struct suggestion near;
    if (!strcmp(section, "sbatch"))
        return add_option(c, key, value, where, err);
    if (!strcmp(section, "before"))
        return add_line(c, key, value, where, err);
    if (strcmp(section, "slurm"))
        return fail_usage(err, "%s: unknown section [%.40s] (there are slurm, sbatch, before)", where,
                          section);
    const struct setting *s = settings_find(cluster_schema, key);
    if (!s)
        return fail_usage(err, "%s: unknown setting '%.60s'%s", where, key,
                          settings_suggest(&near, cluster_schema, key));
    return settings_assign(s, c, value, where, err);
}

// What goes into a line of a script must not become another line of it, or another option.
static int check_words(const struct cluster *c, const char *path, struct error *err) {
    for (const struct setting *s = cluster_schema; s->name; s++) {
        const char *text = (const char *)c + s->offset,
                   *never = strcmp(s->name, "scratch") ? " \"'`\\#" : "\"`\\";
        if (s->type == SETTING_TYPE_TEXT && (has_controls(text) || strpbrk(text, never)))
            return fail_usage(err, "%s: %s = %.80s: %squotes have no place there", path, s->name, text,
                              *never == ' ' ? "blanks and " : "");
    }
    return 0;
}

static int check_sizes(const struct cluster *c, const char *path, struct error *err) {
    double seconds = *c->time ? cluster_seconds(c->time) : INFINITY;
    if (*c->memory && cluster_bytes(c->memory) < 0)
        return fail_usage(err, "%s: memory = %.60s: is no size (64G, 500M)", path, c->memory);
    if (seconds < 0)
        return fail_usage(err, "%s: time = %.60s: is no time (30 minutes: 30; 12:00:00; 2-12:00:00)", path,
                          c->time);
    if (seconds <= c->signal)
        return fail_usage(
            err,
            "%s: time = %.60s: nothing is left of it when checkpoints are saved %d seconds before "
            "its end (signal)",
            path, c->time, c->signal);
    return 0;
}

int cluster_read(struct cluster *c, const char *path, struct error *err) {
    memset(c, 0, sizeof *c);
    settings_default(cluster_schema, c);
    if (!*path)
        return 0;
    char *text = file_read(path, 1 << 20, NULL, err);
    int failed = !text || check_comments(path, text, err) || settings_lines(path, text, take, c, err) ||
                 check_words(c, path, err) || check_sizes(c, path, err);
    free(text);
    return error_of_file(failed, err);
}

void cluster_free(struct cluster *c) {
    text_free(&c->options);
    text_free(&c->before);
}
