// SPDX-License-Identifier: Apache-2.0
#include "experiments/executor/slurm_script.h"

#include "experiments/executor/handed.h"

#include <math.h>
#include <string.h>

// ---------------------------------------------------------------------------------------- the head

enum {
    DAY_MINUTES = 24 * 60
}; // what is not done by then goes on from its checkpoint, in a job that waits less

static void add_directive(struct text *out, const char *option, const char *value) {
    if (*value)
        text_printf(out, "#SBATCH --%s=%s\n", option, value);
}

// In quotes, in which Slurm takes blanks, and with %% for what its patterns take %.
static void add_output(struct text *out, const struct slurm_script *s, const char *log) {
    text_add(out, "#SBATCH --output=\"");
    for (const char *c = s->results; *c; c++)
        text_add_bytes(out, *c == '%' ? "%%" : c, *c == '%' ? 2 : 1);
    text_printf(out, "/sweeps/%s/log/%s\"\n", s->id, log);
}

static void add_head(struct text *out, const struct slurm_script *s, const char *name, const char *log) {
    const struct cluster *c = s->cluster;
    char memory[32], minutes[32];
    snprintf(memory, sizeof memory, "%.0fM", ceil(s->bytes / (1 << 20)));
    double longest = fmin(ceil((2 * s->seconds + c->signal) / 60) + 15, DAY_MINUTES + ceil(c->signal / 60.0));
    snprintf(minutes, sizeof minutes, "%.0f", fmin(longest, floor(s->most / 60)));
    text_printf(out, "#!/bin/bash\n#SBATCH --job-name=%s\n", name);
    add_output(out, s, log);
    text_add(out, "#SBATCH --open-mode=append\n");
    text_printf(out, "#SBATCH --ntasks=1\n#SBATCH --cpus-per-task=%d\n", s->cpus);
    add_directive(out, "mem", *c->memory ? c->memory : memory);
    add_directive(out, "time", *c->time ? c->time : minutes);
    add_directive(out, "partition", c->partition);
    add_directive(out, "account", c->account);
    add_directive(out, "qos", c->qos);
    add_directive(out, "constraint", c->constraint);
}

static void add_beginning(struct text *out, const struct slurm_script *s) {
    text_add(out, text_string(&s->cluster->options));
    text_add(out, "\n");
    text_add(out, text_string(&s->cluster->before));
    text_add(out, "cd ");
    handed_add_word(out, s->folder);
    text_add(out, " || exit 1\n");
}

// ---------------------------------------------------------------------------------------- tasks

// A requeue ends this script too; while TERM is ignored it lives on for a moment, in which another node can be asked for. An
// element is named by its array and index: the number of one of them is the whole array's too.
static const char again[] =
    "again() { # WHY [NODE]: back into the queue, not to that node, unless it was taken out of it, and not "
    "for ever\n"
    "    me=${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID\n"
    "    [ -e \"$sweep/cancelled\" ] && exit 1\n"
    "    if [ \"${SLURM_RESTART_COUNT:-0}\" -ge \"$requeues\" ]; then\n"
    "        echo \"$1; it was put back $requeues times already\"\n"
    "        exit 1\n"
    "    fi\n"
    "    [ \"$(squeue --noheader --job \"$me\" --format %T)\" = RUNNING ] || exit 1\n"
    "    if [ \"${2:-}\" ]; then\n"
    "        except=$(squeue --noheader --job \"$me\" --format %x | tr -d ' ')\n"
    "        except=${except:+$except,}$2\n"
    "        if ! said=$(sbatch --test-only --exclude=\"$except\" \"$sweep/$SLURM_JOB_NAME.sh\" 2>&1); then\n"
    "            echo \"$1; no other node that the settings ask for is left: $said\"\n"
    "            exit 1\n"
    "        fi\n"
    "    fi\n"
    "    echo \"$1: back into the queue\"\n"
    "    trap '' TERM\n"
    "    scontrol requeue \"$me\" || exit 1\n"
    "    [ \"${2:-}\" ] && scontrol update JobId=\"$me\" ExcNodeList=\"$except\"\n"
    "    sleep 30\n"
    "    exit 1\n"
    "}\n";

static const char wait_for_child[] =
    "child=$!\n"
    "trap 'kill -TERM \"$child\" 2>/dev/null' TERM\n"
    "trap 'kill -USR1 \"$child\" 2>/dev/null' USR1\n"
    "while :; do\n"
    "    wait \"$child\"\n"
    "    status=$?\n"
    "    kill -0 \"$child\" 2>/dev/null || break\n"
    "done\n"
    "case $status in\n"
    "    0) exit 0 ;;\n"
    "    75) again \"task $task: not on $(hostname)\" \"${SLURMD_NODENAME:-}\" ;;\n"
    "    130) again \"task $task: its checkpoints are saved\" '' ;;\n"
    "    12[89] | 1[3-9]?) again \"task $task: its process was killed (signal $((status - 128)), perhaps for "
    "memory)\" '' ;;\n"
    "esac\n"
    "exit \"$status\"\n";

int slurm_script_array(struct text *out, const struct slurm_script *s, const char *name, int first, int count,
                       int at_once, struct error *err) {
    const struct cluster *c = s->cluster;
    add_head(out, s, name, "%x-%a.log");
    text_printf(out, "#SBATCH --array=0-%d", count - 1);
    if (c->throttle)
        text_printf(out, "%%%d", c->throttle);
    text_printf(out, "\n#SBATCH --requeue\n#SBATCH --signal=B:USR1@%d\n", c->signal);
    add_beginning(out, s);
    text_add(out, "sweep=");
    handed_add_word(out, s->results);
    text_printf(out, "/sweeps/%s requeues=%d task=$((SLURM_ARRAY_TASK_ID + %d))\n", s->id, c->requeues,
                first);
    if (*c->scratch) {
        text_printf(out, "place=\"%s\"\n", c->scratch);
        text_add(
            out,
            "[ -d \"$place\" ] || { echo \"scratch: '$place' is no folder of $(hostname)\"; exit 1; }\n");
        text_add(out, "scratch=$(mktemp -d \"$place/reff-XXXXXX\") || exit 1\n");
        text_add(out, "trap 'rm -rf \"$scratch\"' EXIT\n");
    }
    text_add(out, again);
    if (handed_command(out, s->results, err))
        return -1;
    text_printf(out, " --sweep %s --task \"$task\" --jobs %d", s->id, at_once);
    if (s->threads)
        text_printf(out, " --threads %d", s->threads);
    text_printf(out, "%s &\n", *c->scratch ? " --scratch \"$scratch\"" : "");
    text_add(out, wait_for_child);
    return text_check(out, "a script", err);
}

int slurm_script_gather(struct text *out, const struct slurm_script *s, const char *name, const char *after,
                        const char *command, int round, struct error *err) {
    add_head(out, s, name, "%x.log");
    text_printf(out, "#SBATCH --dependency=afterany:%s\n#SBATCH --requeue\n", after);
    add_beginning(out, s);
    text_printf(out, "exec %s --round %d\n", command, round + 1);
    return text_check(out, "a script", err);
}
