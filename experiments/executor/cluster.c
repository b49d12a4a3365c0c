// SPDX-License-Identifier: Apache-2.0
#include "experiments/executor/cluster.h"

#include "experiments/executor/products.h"

#include <stddef.h>
#include <string.h>

typedef struct cluster C;

const struct setting cluster_schema[] = {
    SETTING_PATH(C, partition, "", "NAME", "partition; none: the cluster's default"),
    SETTING_PATH(C, account, "", "NAME", "account that is charged"),
    SETTING_PATH(C, qos, "", "NAME", "quality of service"),
    SETTING_PATH(C, constraint, "", "FEATURES", "nodes with these features alone"),
    SETTING_PATH(C, time, "", "TIME",
                 "time limit as sbatch takes it (4:00:00); none: twice the forecast and a quarter of an "
                 "hour, at most a day"),
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

static int add_option(struct cluster *c, const char *key, const char *value, const char *where,
                      struct error *err) {
    static const char *const ours[] = {"array",    "output",     "error",     "signal",
                                       "requeue",  "no-requeue", "open-mode", "dependency",
                                       "job-name", "chdir",      "parsable",  "wrap"};
    char name[64];
    snprintf(name, sizeof name, "%.60s", key);
    for (char *k = name; *k; k++)
        if (*k == '_')
            *k = '-';
    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
        if (!strcmp(name, ours[i]))
            return fail_usage(err, "%s: --%s is set by the program", where, name);
    for (const struct setting *s = cluster_schema; s->name; s++)
        if (!strcmp(name, s->name) && s->type == SETTING_TYPE_TEXT)
            return fail_usage(err, "%s: %s belongs to [slurm]", where, name);
    text_printf(&c->options, "#SBATCH --%s", name);
    text_printf(&c->options, strcmp(value, "yes") ? "=%s\n" : "\n", value);
    return text_check(&c->options, where, err);
}

static int take(void *context, const char *section, const char *key, const char *value, const char *where,
                struct error *err) {
    struct cluster *c = context;
    struct suggestion near;
    if (!strcmp(section, "sbatch"))
        return add_option(c, key, value, where, err);
    if (!strcmp(section, "before")) {
        text_printf(&c->before, "%s\n", value);
        return text_check(&c->before, where, err);
    }
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
        const char *text = (const char *)c + s->offset;
        if (s->type == SETTING_TYPE_TEXT && strpbrk(text, " \t\n\r\"'`\\") && strcmp(s->name, "scratch"))
            return fail_usage(err, "%s: %s = %.80s: blanks and quotes have no place there", path, s->name,
                              text);
    }
    return 0;
}

int cluster_read(struct cluster *c, const char *path, struct error *err) {
    memset(c, 0, sizeof *c);
    settings_default(cluster_schema, c);
    return error_of_file(*path && (settings_file(path, take, c, err) || check_words(c, path, err)), err);
}

void cluster_free(struct cluster *c) {
    text_free(&c->options);
    text_free(&c->before);
}
