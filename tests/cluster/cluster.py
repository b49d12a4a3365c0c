# SPDX-License-Identifier: Apache-2.0
"""What the scenarios of tests/cluster/run share: a Slurm of two nodes, sweeps through it, and what must hold afterwards.

A scenario is a function scenario(c) of scenarios.py or faults.py with a docstring, the sentence that it shows. It works in
c.folder, which is its own, and fails by an exception. `c.check_results(results, reference)` is the judgement that all of
them share: every run has the digests of the local executor's, nothing half-written and no lock is left.
"""
import json
import os
import pathlib
import random
import re
import shutil
import signal
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
SLURM = ROOT / "tests/cluster/slurm"
SMALL = ["table1a", "--rows", "0,1"]  # eight runs on four data sets


class Failure(Exception):
    pass


class Skip(Exception):
    pass


def expect(condition, what):
    if not condition:
        raise Failure(what)


class Cluster:
    def __init__(self, reff, folder, seed, kills):
        self.reff, self.top, self.random, self.kills = reff, folder, random.Random(seed), kills
        self.folder = folder
        self.environment = dict(os.environ, LC_ALL="C", REFF_LEASE_SECONDS="0.5", OMP_NUM_THREADS="1")
        self.notes = []
        self.slurm = None

    # ------------------------------------------------------------------------------------------- Slurm

    def start(self, **settings):
        self.slurm = self.top / f"slurm-{time.monotonic_ns()}"
        environment = dict(self.environment, **settings)
        done = subprocess.run([SLURM, "start", self.slurm], env=environment, capture_output=True, text=True, check=False)
        expect(done.returncode == 0, done.stderr)
        self.environment["SLURM_CONF"] = str(self.slurm / "slurm.conf")

    def stop(self):
        if self.slurm:
            subprocess.run([SLURM, "stop", self.slurm], env=self.environment, capture_output=True, check=False)
        self.slurm = None

    def daemon(self, name):
        subprocess.run([SLURM, "daemon", self.slurm, name], env=self.environment, check=True, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)

    def kill_daemon(self, name):
        subprocess.run([SLURM, "kill", self.slurm, name], env=self.environment, check=True)

    def queue(self, shown="%j|%F|%K|%T|%r"):
        """Lines of squeue; None where the controller does not answer."""
        done = subprocess.run(["squeue", "--noheader", "--array", "--me", f"--format={shown}"], env=self.environment,
                              capture_output=True, text=True, check=False)
        return done.stdout.splitlines() if done.returncode == 0 else None

    def hasten(self):
        """Slurm lets a job that was put back wait for two minutes; here that is only time lost."""
        for line in self.queue("%F_%K|%T|%r") or []:
            job, state, reason = line.split("|")
            if state == "PENDING" and reason == "BeginTime":
                subprocess.run(["scontrol", "update", f"JobId={job.removesuffix('_N/A')}", "StartTime=now"],
                               env=self.environment, capture_output=True, check=False)

    def wait(self, condition, seconds, what):
        end, next_look = time.monotonic() + seconds, time.monotonic()
        while time.monotonic() < end:
            value = condition()
            if value:
                return value
            time.sleep(0.1)
            if time.monotonic() > next_look + 2:
                next_look = time.monotonic()
                self.hasten()
        raise Failure(f"not within {seconds} s: {what}; the queue: {self.queue()}")

    def wait_until_idle(self, seconds=600):
        self.wait(lambda: self.queue() == [], seconds, "an empty queue")

    # ------------------------------------------------------------------------------------------- reff

    def settings(self, before=(), sbatch=(), **slurm):
        """A file of cluster settings; of it what a scenario does not say suits the tiny profile on two small nodes. None: left out."""
        values = {"cpus": 1, "memory": "500M", "time": 5, "pack": 0.15, "run_seconds": 4, "signal": 10, **slurm}
        lines = ["[slurm]", *(f"{key} = {value}" for key, value in values.items() if value is not None), "[sbatch]", *sbatch, "[before]",
                 *(f"{i} = {line}" for i, line in enumerate(before))]
        path = self.folder / f"cluster-{time.monotonic_ns()}.ini"
        path.write_text("\n".join(lines) + "\n")
        return path

    def command(self, results, cluster=None, *more, words=SMALL, profile="tiny", command="run"):
        executor = ["--executor", "slurm", "--cluster", cluster] if cluster else []
        return [self.reff, command, *words, "--profile", profile, "--results", results, *executor, *more]

    def run(self, words, status=0, **environment):
        done = subprocess.run([str(w) for w in words], env=dict(self.environment, **environment), capture_output=True,
                              text=True, cwd=ROOT, check=False)
        if status is not None and done.returncode != status:
            raise Failure(f"{' '.join(map(str, words))}: status {done.returncode}, not {status}: {done.stderr[-800:]}")
        return done

    def begin(self, words, **environment):
        return subprocess.Popen([str(w) for w in words], env=dict(self.environment, **environment), cwd=ROOT,
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)

    def profile(self, name, **changes):
        """A copy of the tiny profile with other settings: longer runs, for instance."""
        text = (ROOT / "experiments/profiles/tiny.ini").read_text()
        for key, value in changes.items():
            text = re.sub(rf"^{key} = .*$", f"{key} = {value}", text, flags=re.M)
        path = self.top / f"{name}.ini"
        path.write_text(text)
        return path

    def reference(self, profile="tiny", words=SMALL):
        """The same runs by the local executor, once."""
        results = self.top / f"reference-{pathlib.Path(profile).stem}-{'-'.join(w.strip('-') for w in words)}"
        if not results.exists():
            self.run(self.command(results, profile=profile, words=words))
        return results

    # ------------------------------------------------------------------------------------------- what must hold

    @staticmethod
    def digests(results):
        found = {}
        for record in sorted(pathlib.Path(results).glob("runs/*/run.json")):
            run = json.loads(record.read_text())
            found[record.parent.name] = (run["model_sha256"], run["metrics"]["accuracy"], run["cell"]["digest"])
        return found

    def check_results(self, results, reference):
        got, wanted = self.digests(results), self.digests(reference)
        expect(set(got) == set(wanted), f"{len(got)} runs are done, not {len(wanted)}")
        for name, digest in wanted.items():
            expect(got[name] == digest, f"run {name}: {got[name]} instead of {digest}")
        deadline = time.monotonic() + 30  # the last job may be looking at the same moment: what it holds is not left behind
        while left := [p for p in pathlib.Path(results).rglob("*") if ".part-" in p.name or p.name.endswith(".break") or
                       re.fullmatch(r"lease(\.reader-.*)?|.*\.lease", p.name)]:
            expect(time.monotonic() < deadline, f"left behind: {[str(p.relative_to(results)) for p in left]}")
            time.sleep(0.5)
        expect(not (pathlib.Path(results) / "shards").exists(), "data sets are left behind")
        return len(got)

    @staticmethod
    def submissions(results):
        return [json.loads(p.read_text()) for p in sorted(pathlib.Path(results).glob("sweeps/*/submission.json"))]

    @staticmethod
    def attempts(results):
        return [(p, attempt) for p in sorted(pathlib.Path(results).glob("sweeps/*/task-*.json"))
                for attempt in json.loads(p.read_text())["attempts"]]

    @staticmethod
    def logs(results):
        return "\n".join(p.read_text(errors="replace") for p in sorted(pathlib.Path(results).glob("sweeps/*/log/*")))

    def processes(self, results):
        """Processes of reff on that folder: {"cell": [...], "worker": [...], "script": [...], "run": [...]}."""
        found = {"cell": [], "worker": [], "script": [], "run": []}
        about = {}
        for entry in pathlib.Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            try:
                words = (entry / "cmdline").read_bytes().decode(errors="replace").split("\0")
                parent = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
                spool = str(self.slurm) in " ".join(words)
            except (OSError, ValueError, IndexError):
                continue
            about[int(entry.name)] = (words, parent, spool)
        for process, (words, parent, spool) in about.items():
            mine = str(results) in words or spool
            if not mine:
                continue
            if "slurm_script" in " ".join(words):
                found["script"].append(process)
            elif len(words) > 1 and words[1] in ("cell", "run"):
                above = about.get(parent, ([], 0, 0))[0]
                found["worker" if above[:2] == words[:2] else words[1]].append(process)
        return found

    @staticmethod
    def kill(process, number=signal.SIGKILL):
        try:
            os.kill(process, number)
            return True
        except ProcessLookupError:
            return False

    def remove(self, path):
        shutil.rmtree(path, ignore_errors=True)
