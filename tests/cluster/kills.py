# SPDX-License-Identifier: Apache-2.0
"""kill -9 at random moments of whatever takes part in a sweep, many times. Conventions: cluster.py."""
import collections
import json
import pathlib
import time

from cluster import Failure, expect
from faults import longer

TARGETS = {"worker": 30, "cell": 25, "script": 15, "run": 12, "slurmd": 10, "slurmctld": 8}  # weights
WORDS = ["table1a", "--rows", "0,1"]


def place_of(process):
    """(submission, task) of a process of a job, or None."""
    try:
        pairs = pathlib.Path(f"/proc/{process}/environ").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return None
    environment = dict(pair.split("=", 1) for pair in pairs if "=" in pair)
    name, index = environment.get("SLURM_JOB_NAME", ""), environment.get("SLURM_ARRAY_TASK_ID")
    if name.count("-") != 2 or index is None:
        return None
    return name.split("-")[1], int(name.split("-")[2]) + int(index)


def attempts_of(results, place):
    try:
        return json.loads((results / f"sweeps/{place[0]}/task-{place[1]}.json").read_text())["attempts"]
    except (OSError, ValueError):
        return []


class Campaign:
    def __init__(self, c):
        self.c, self.killed, self.ends = c, collections.Counter(), collections.Counter()
        self.profile = longer(c, 4)
        self.away = {}  # daemons that are down: when they come back
        self.calm = 0   # no daemon is killed before then: Slurm itself needs its time to find its jobs again

    def bring_back(self, now):
        for name, when in list(self.away.items()):
            if now >= when:
                self.c.daemon(name)
                del self.away[name]

    def kill_one(self, results, kills):
        """One kill, if there is something to kill; kills [(target, place, attempts before)]."""
        c = self.c
        target = c.random.choices(list(TARGETS), list(TARGETS.values()))[0]
        if target.startswith("slurm"):
            name = "ctld" if target == "slurmctld" else c.random.choice(["n1", "n2"])
            if name in self.away or time.monotonic() < self.calm:
                return
            c.kill_daemon(name)
            self.away[name] = time.monotonic() + c.random.choice([0.5, 2, 12])
            self.calm = self.away[name] + 25
            kills.append((target, None, 0))
            return
        processes = c.processes(results)[target]
        if not processes:
            return
        process = c.random.choice(processes)
        place = place_of(process)
        before = len(attempts_of(results, place)) if place else 0
        if c.kill(process):
            kills.append((target, place, before))

    def judge(self, results, kills):
        """What each kill ended in, by our own records."""
        submissions = {s["id"]: s for s in self.c.submissions(results)}
        cells = collections.Counter(cell for s in submissions.values() for t in s["tasks"] for cell in t["cells"])
        for target, place, before in kills:
            self.killed[target] += 1
            if place is None:
                end = "daemon back, its jobs go on" if target.startswith("slurm") else "the same command again"
            else:
                attempts = attempts_of(results, place)
                task = submissions[place[0]]["tasks"][place[1]]
                if target == "worker" and before and attempts[before - 1].get("ended") == "done":
                    end = "another turn in the same task"
                elif len(attempts) > before:
                    end = "back into the queue"
                elif any(cells[cell] > 1 for cell in task["cells"]):
                    end = "submitted anew"
                else:
                    end = "its runs were done by then"
            self.ends[f"{target}: {end}"] += 1

    def is_stuck(self):
        """Nothing goes on by itself: a user who looks gives the same command."""
        queue = self.c.queue()
        return queue is not None and all("held" in line or "|Dependency" in line for line in queue)

    def sweep(self, number, wanted):
        """One sweep from nothing to its end, with kills until there are `wanted` of them in all."""
        c, results, kills, given = self.c, self.c.folder / f"sweep-{number}", [], 0
        reference = set(c.digests(c.reference(self.profile, WORDS)))
        cluster = c.settings(pack=0.15, cpus=1, rounds=20)
        end = time.monotonic() + 600
        submitter = None
        while set(c.digests(results)) != reference:
            expect(time.monotonic() < end, f"not done after {given} commands: {c.queue()} {c.logs(results)[-1500:]}")
            self.bring_back(time.monotonic())
            c.hasten()
            if submitter is None or (submitter.poll() is not None and not self.away and self.is_stuck()):
                submitter = c.begin(c.command(results, cluster, profile=self.profile, words=WORDS))
                given += 1
            time.sleep(c.random.uniform(0.1, 0.7))
            if sum(self.killed.values()) + len(kills) < wanted:
                self.kill_one(results, kills)
        self.bring_back(float("inf"))
        submitter.wait()
        c.wait_until_idle()
        c.run(c.command(results, profile=self.profile, words=WORDS))
        c.check_results(results, c.reference(self.profile, WORDS))
        self.judge(results, kills)
        return len(kills)


def random_kills(c):
    """kill -9 of tasks, scripts, runs, slurmd, slurmctld and the submitting program at random loses nothing"""
    campaign, sweeps, idle = Campaign(c), 0, 0
    c.reference(campaign.profile, WORDS)
    while sum(campaign.killed.values()) < c.kills:
        idle = 0 if campaign.sweep(sweeps, c.kills) else idle + 1
        sweeps += 1
        if idle > 3:
            raise Failure("nothing to kill")
    c.notes.append(f"{sum(campaign.killed.values())} kills in {sweeps} sweeps, each of which ended with the same digests: " +
                   ", ".join(f"{n} {t}" for t, n in sorted(campaign.killed.items())))
    c.notes += [f"{n:4} {end}" for end, n in sorted(campaign.ends.items())]


ALL = [random_kills]
