# SPDX-License-Identifier: Apache-2.0
"""Sweeps through Slurm as they are meant to go, with its limits. Conventions: cluster.py."""
import json
import os
import shlex
import signal
import subprocess
import time

from cluster import Skip, expect


def same_digests(c):
    """a sweep through Slurm has the digests of the local executor's, and its last job writes the tables"""
    results, cluster = c.folder / "results", c.settings()
    said = c.run(c.command(results, cluster)).stderr
    expect("submitted" in said, said)
    c.wait_until_idle()
    c.check_results(results, c.reference())
    tables = [c.run(c.command(r, None, "--format", "csv", command="table")).stdout for r in (results, c.reference())]
    expect(tables[0] == tables[1] and "baseline" in tables[0], "another table")
    expect("Table 1 (a)" in c.logs(results), "the last job printed no table")
    again = c.run(c.command(results, cluster))
    expect("submitted" not in again.stderr, "runs that are done were submitted")
    expect("Table 1 (a)" in again.stdout, "a finished sweep prints its tables")


def list_of_commands(c):
    """--executor list prints a command a run, and these, in any order, have the same digests"""
    results = c.folder / "results"
    lines = c.run(c.command(results, None, "--executor", "list")).stdout.splitlines()
    expect(len(lines) == 8, f"{len(lines)} commands")
    c.random.shuffle(lines)
    elsewhere = c.folder / "elsewhere"  # nothing of the submitting process is needed, its folder neither
    elsewhere.mkdir()
    running = [subprocess.Popen(shlex.split(line), env=c.environment, cwd=elsewhere, stderr=subprocess.DEVNULL)
               for line in lines[:3]]
    for line in lines[3:]:
        subprocess.run(shlex.split(line), env=c.environment, cwd=elsewhere, check=True, stderr=subprocess.DEVNULL)
    expect(all(p.wait() == 0 for p in running), "a command failed")
    c.run(c.command(results))
    c.check_results(results, c.reference())


def throttle(c):
    """no more tasks are at work at once than the throttle allows"""
    results, most = c.folder / "results", 0
    c.run(c.command(results, c.settings(throttle=1, pack=0.01)))
    while (queue := c.queue()) != []:
        most = max(most, sum("|RUNNING|" in line and "gather" not in line for line in queue or []))
        time.sleep(0.2)
    expect(most == 1, f"{most} at once")
    c.check_results(results, c.reference())


def index_limits(c):
    """arrays are cut where MaxArraySize limits the index, and by the most tasks in the queue"""
    results = c.folder / "results"
    c.stop()
    c.start(MAX_ARRAY="4")
    try:
        c.run(c.command(results, c.settings(pack=0.01)))
        jobs = c.submissions(results)[0]["jobs"]
        arrays = [(j["first"], j["count"]) for j in jobs if j["count"]]
        expect(arrays == [(0, 4), (4, 4)], f"arrays {arrays}")
        c.wait_until_idle()
        c.check_results(results, c.reference())
        few = c.folder / "few"
        c.run(c.command(few, c.settings(pack=0.01, jobs=3, rounds=10)))
        c.wait_until_idle()
        c.check_results(few, c.reference())
        expect([len(s["tasks"]) for s in sorted(c.submissions(few), key=lambda s: s["round"])] == [3, 3, 2],
               "the last job submits the rest")
    finally:
        c.stop()
        c.start()


def longest_time(c):
    """a task that would last longer than the partition allows asks for no more; a long run has all cores of its task"""
    results = c.folder / "results"
    said = c.run(c.command(results, c.settings(time=None, run_seconds=36000, pack=10, cpus=2), "--dry-run")).stdout
    expect("up to 1 at a time with 2 threads each" in said, said[:800])
    c.run(c.command(results, c.settings(time=None, run_seconds=36000, pack=10)))
    limits = set(c.queue("%l"))
    expect(limits == {"1:00:00"}, f"time limits {limits}")
    said = c.run(c.command(c.folder / "short", c.settings(time=None, signal=3600)), 1).stderr
    expect("jobs of the partition last 3600 seconds at most" in said, said)
    c.wait_until_idle()
    c.check_results(results, c.reference())


def claims_and_figures(c):
    """claims go on look after look, and figures get their models, through Slurm"""
    results, cluster = c.folder / "results", c.settings()
    words = ["table1a", "--rows", "0"]
    local = c.folder / "local"
    c.run(c.command(local, None, "--until-decided", words=words))
    c.run(c.command(results, cluster, "--until-decided", words=words))
    c.wait_until_idle()
    expect(c.digests(results) == c.digests(local), "other runs than the local executor's")
    expect(len(c.digests(results)) > 4, "no second look")
    claims = [json.loads(c.run(c.command(r, None, "--until-decided", "--format", "json", words=words, command="table"))
                         .stdout)["claims"] for r in (results, local)]
    expect(claims[0] == claims[1] and claims[0], "other verdicts")
    c.run(c.command(results, cluster, "--train", words=["fig3a"], command="figure"))
    c.wait_until_idle()
    expect(list(results.glob("figures/tiny/fig3a.p*")), "no figure: " + c.logs(results)[-600:])


def status_and_cancel(c):
    """status joins queue and records, and cancel takes back what this sweep submitted, and nothing else"""
    results, cluster = c.folder / "results", c.settings(throttle=1, pack=0.01)
    other = c.run(["sbatch", "--parsable", "--hold", "--job-name=somebody", "--output=/dev/null", "--wrap=true"]).stdout.strip()
    c.run(c.command(results, cluster))
    c.wait(lambda: any("|RUNNING|" in line for line in c.queue() or []), 60, "a task at work")
    said = c.run(c.command(results, command="status")).stdout
    expect("in the queue, PENDING (JobArrayTaskLimit)" in said, said)
    c.run(c.command(results, cluster, "--cancel"))
    c.wait(lambda: all("somebody" in line for line in c.queue() or ["?"]), 60, "no job but somebody else's")
    expect(len(c.queue()) == 1, "somebody else's job went")
    for again in (c.command(results, cluster, "--cancel"), c.command(results, None, "--cancel"),
                  c.command(c.folder / "never", None, "--cancel")):
        said = c.run(again).stdout
        expect(said == "no job of these runs is in the queue\n", said)
    c.run(["scancel", other])
    said = c.run(c.command(results, command="status")).stdout
    expect("in no job any more: cancelled" in said, said)
    c.run(c.command(results, c.settings()))
    c.wait_until_idle()
    c.check_results(results, c.reference())


def commands_lie(c):
    """sbatch that complains of a job it submitted, a user's own defaults and a folder with blanks in its name lose no job"""
    results, bin_folder = c.folder / "results é 5%x 'one' #2", c.folder / "bin"
    bin_folder.mkdir()
    fake = bin_folder / "sbatch"
    fake.write_text('#!/bin/sh\n/usr/bin/sbatch "$@" >/dev/null || exit\nyes "sbatch: warning: late" | head -n 10000 >&2\n'
                    'echo "sbatch: error: Socket timed out on send/recv operation" >&2\nexit 1\n')
    fake.chmod(0o755)
    mine = {"SBATCH_JOB_NAME": "mine", "SBATCH_WAIT": "1", "SBATCH_ARRAY_INX": "0-9", "SQUEUE_STATES": "RUNNING",
            "PATH": f"{bin_folder}:{c.environment['PATH']}"}
    words = c.command(results, c.settings(throttle=1, pack=0.01))
    said = c.run(words, **mine).stderr
    expect(said.count("Socket timed out on send/recv operation; the job is in the queue all the same") == 2, said)
    said = c.run(words, **mine).stderr
    expect("8 in the queue already" in said and "submitted" not in said, said)
    c.wait_until_idle()
    c.check_results(results, c.reference())
    expect(len(c.submissions(results)) == 1, "runs were submitted twice")


def two_users(c):
    """who shares a folder sees the others' jobs, submits none of their runs again, and cannot cancel them"""
    if os.getuid():
        raise Skip("only root can be two users")
    results = c.folder / "results"
    for folder in (c.top, c.folder):
        folder.chmod(0o755)
    results.mkdir()
    results.chmod(0o777)
    words = [str(word) for word in c.command(results, c.settings(throttle=1, pack=0.01))]
    everybodys = ["sh", "-c", 'umask 0; exec "$@"', "sh"]
    c.run([*everybodys, *words])
    other = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", *everybodys, *words]
    said = c.run(other).stderr
    expect("8 in the queue already" in said and "submitted" not in said, said)
    said = c.run([*other, "--cancel"], 1).stderr
    expect("its jobs are those of user 0, who alone can cancel them" in said, said)
    expect(not list(results.glob("sweeps/*/cancelled")), "a mark of cancelling was left")
    c.wait_until_idle()
    c.run(c.command(results))
    c.check_results(results, c.reference())


def two_submissions(c):
    """two submissions of one sweep at the same time submit each run once"""
    results, cluster = c.folder / "results", c.settings()
    both = [c.begin(c.command(results, cluster)) for _ in range(2)]
    expect([p.wait() for p in both] == [0, 0], "a submission failed")
    runs = [cell for s in c.submissions(results) for task in s["tasks"] for cell in task["cells"]]
    expect(len(runs) == len(set(runs)) == 8, f"{len(runs)} runs submitted")
    c.wait_until_idle()
    c.check_results(results, c.reference())


def refused_half_way(c):
    """where sbatch refuses half-way it is told, what was submitted is kept or cancelled, and the same command goes on"""
    c.stop()
    c.start(MAX_ARRAY="3")
    fake = c.folder / "bin"
    fake.mkdir()
    (fake / "sbatch").write_text('#!/bin/sh\necho x >>"$COUNT"\n'
                                 '[ "$(wc -l <"$COUNT")" = 2 ] && { echo "sbatch: error: QOSMaxSubmitJobPerUserLimit" >&2; exit 1; }\n'
                                 'exec /usr/bin/sbatch "$@"\n')
    (fake / "sbatch").chmod(0o755)
    try:
        for policy in ("keep", "cancel"):
            results, count = c.folder / policy, c.folder / f"{policy}.count"
            cluster = c.settings(pack=0.01, refused=policy)
            said = c.run(c.command(results, cluster), 1, COUNT=str(count),
                         PATH=f"{fake}:{c.environment['PATH']}").stderr
            expect("QOSMaxSubmitJobPerUserLimit; 1 of the arrays had been submitted" in said, said)
            expect(("kept" if policy == "keep" else "cancelled") in said, said)
            if policy == "cancel":
                c.wait_until_idle()
                expect(len(c.digests(results)) < 8, "cancelled runs were done")
            said = c.run(c.command(results, command="status")).stdout
            expect("was refused: sbatch: " in said, said)
            c.run(c.command(results, cluster))
            c.wait_until_idle()
            c.check_results(results, c.reference())
    finally:
        c.stop()
        c.start()


def other_instruction_set(c):
    """a node that multiplies otherwise refuses the runs, which go elsewhere; isa = any allows the mix"""
    results = c.folder / "results"
    results.joinpath("sweeps").mkdir(parents=True)
    listed = c.folder / "listed"
    line = c.run(c.command(listed, None, "--executor", "list")).stdout.splitlines()[0]
    c.run(shlex.split(line))
    here = json.loads((listed / "sweeps/products-tiny.json").read_text())
    (results / "sweeps/products-tiny.json").write_text(json.dumps(dict(here, openblas="Other", host="somewhere")))
    c.run(c.command(results, c.settings(requeues=5, rounds=0, pack=1)))
    c.wait_until_idle()
    ended = [a["ended"] for _, a in c.attempts(results)]
    expect(ended == ["not here"] * 2 * len(c.submissions(results)[0]["tasks"]), f"each node is asked once: {ended}")
    expect("no other node that the settings ask for is left" in c.logs(results), c.logs(results)[-800:])
    expect("cannot multiply as the sweep's first run did" in c.logs(results) and "constraint" in c.logs(results),
           "nothing is said")
    expect(not c.digests(results), "runs of another kind were done")
    c.run(c.command(results, c.settings(isa="any")))
    c.wait_until_idle()
    c.check_results(results, c.reference())


def scratch_and_annotations(c):
    """with data sets on the nodes' own folders, pseudo-annotations are shared, and nothing is left there"""
    results, scratch = c.folder / "results", c.folder / "scratch"
    words = ["table3b", "--rows", "1", "--columns", "reff,abn"]
    scratch.mkdir()
    c.run(c.command(results, c.settings(scratch=scratch, pack=0.01), words=words))
    c.wait(lambda: list(scratch.glob("reff-*/shards/*/train.h5")), 90, "a data set on the node")
    expect(not list(results.glob("shards/*/train.h5")), "a data set beside the results")
    c.wait_until_idle()
    c.check_results(results, c.reference(words=words))
    expect(not list(scratch.iterdir()), "something is left on the node")


def make_is_interrupted(c):
    """an interrupted make leaves what it submitted recorded, and the same command goes on"""
    results = c.folder / "results"
    words = ["make", "--no-print-directory", "table1", "PROFILE=tiny", f"RESULTS={results}", "ROWS=0,1",
             "EXECUTOR=slurm", f"CLUSTER={c.settings(pack=0.01)}"]
    for pause in (0.05, 0.2, 0.4):
        process = c.begin(words)
        time.sleep(pause)
        try:
            os.killpg(process.pid, signal.SIGINT)
        except ProcessLookupError:
            pass
        process.wait()
    c.run(words)
    c.wait_until_idle()
    c.check_results(results, c.reference(words=["table1", "--rows", "0,1"]))


ALL = [same_digests, list_of_commands, throttle, index_limits, longest_time, claims_and_figures, status_and_cancel, commands_lie, two_users,
       two_submissions, refused_half_way, other_instruction_set, scratch_and_annotations, make_is_interrupted]
