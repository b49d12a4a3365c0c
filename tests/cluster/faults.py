# SPDX-License-Identifier: Apache-2.0
"""Sweeps while things go wrong on purpose. Conventions: cluster.py."""
import collections
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import time

from cluster import ROOT, SMALL, Failure, Skip, expect


def clear_up(c):
    """Whatever a scenario left in the queue."""
    c.run(["scancel", "--me"], None)


def longer(c, epochs=6):
    return c.profile(f"longer-{epochs}", epochs=epochs)


def at_least(c, seconds):
    """A profile whose runs take the local executor so long, on whatever machine."""
    for epochs in (40, 80, 160, 320, 640):
        profile, began = longer(c, epochs), time.monotonic()
        c.reference(profile)
        if time.monotonic() - began >= seconds:
            return profile
    raise Failure(f"{epochs} epochs take less than {seconds} seconds")


def until_done(c, results, cluster, profile, words=SMALL, tries=8):
    """The same command, as a user gives it, until nothing is left to do. How often it was given."""
    for given in range(1, tries + 1):
        c.run(c.command(results, cluster, profile=profile, words=words), None)
        c.wait(lambda: (queue := c.queue()) is not None and all("held" in line or "|Dependency" in line for line in queue),
               600, "an empty queue")
        if set(c.digests(results)) == set(c.digests(c.reference(profile, words))):
            c.run(c.command(results, profile=profile, words=words))
            return given
    raise Failure(f"not done after the same command {tries} times: {c.logs(results)[-2000:]}")


def at_work(c, results, kind="worker"):
    return c.wait(lambda: c.processes(results)[kind], 90, f"a {kind} at work")


# ------------------------------------------------------------------------------------------- Slurm


def time_limit(c):
    """at the time limit checkpoints are saved, the task is put back, and the bits are the same"""
    profile, results = at_least(c, 30), c.folder / "results"  # the signal comes after 15
    c.run(c.command(results, c.settings(time=1, signal=45, pack=10), profile=profile))
    c.wait_until_idle(420)
    ended = collections.Counter(a.get("ended", "killed") for _, a in c.attempts(results))
    expect(ended["stopped"] >= 1, f"no limit was met: {dict(ended)}")
    c.notes.append(f"attempts: {dict(ended)}")
    until_done(c, results, c.settings(), profile)
    c.check_results(results, c.reference(profile))


def a_signal(c):
    """USR1 saves checkpoints and puts the task back into the queue"""
    profile, results = longer(c), c.folder / "results"
    c.reference(profile)
    c.run(c.command(results, c.settings(pack=10), profile=profile))
    at_work(c, results)
    job = next(line for line in c.queue("%i|%j|%T") if "RUNNING" in line).split("|")[0]
    c.run(["scancel", "--signal=USR1", "--batch", job])
    c.wait_until_idle()
    expect("back into the queue" in c.logs(results), c.logs(results)[-800:])
    expect([a["ended"] for _, a in c.attempts(results)] == ["stopped", "done"], f"{c.attempts(results)}")
    c.run(c.command(results, profile=profile))
    c.check_results(results, c.reference(profile))


def signals_of_an_array(c):
    """USR1 to all tasks of an array puts each of them back, the one that bears the array's number too"""
    profile, results = longer(c, 12), c.folder / "results"
    c.reference(profile)
    c.run(c.command(results, c.settings(pack=0.3, rounds=0), profile=profile))
    tasks = len(c.submissions(results)[0]["tasks"])
    expect(tasks == 2, f"{tasks} tasks")
    c.wait(lambda: len(c.processes(results)["worker"]) >= tasks, 90, "all tasks at work")
    for job in [line.split("|")[0] for line in c.queue("%i|%T") if "RUNNING" in line]:
        c.run(["scancel", "--signal=USR1", "--batch", job])
    c.wait_until_idle()
    ended = [a["ended"] for _, a in c.attempts(results)]
    expect(ended == ["stopped", "done"] * tasks, f"{ended}")
    expect(len(c.submissions(results)) == 1, "tasks were submitted anew")
    c.run(c.command(results, profile=profile))
    c.check_results(results, c.reference(profile))


def preempted(c):
    """a task whose place a job of more weight takes goes back into the queue, and the bits are the same"""
    profile = longer(c, 24)
    c.reference(profile)
    for grace in ("0", "3"):
        c.stop()
        c.start(GRACE=grace)
        try:
            results = c.folder / f"grace-{grace}"
            c.run(c.command(results, c.settings(pack=10, rounds=0), profile=profile))
            at_work(c, results)
            c.run(["sbatch", "--partition=first", "--nodes=2", "--exclusive", "--output=/dev/null", "--wrap=sleep 3"])
            c.wait(lambda results=results: not c.processes(results)["cell"], 60, "a task that made room")
            c.wait_until_idle()
            ended = [a.get("ended", "killed") for _, a in c.attempts(results)]
            c.notes.append(f"{grace} seconds of grace: {', '.join(ended)}")
            expect(len(ended) == 2 and ended[0] in ("stopped", "killed") and ended[1] == "done", f"{ended}")
            c.run(c.command(results, profile=profile))
            c.check_results(results, c.reference(profile))
        finally:
            c.stop()
            c.start()


def task_killed(c):
    """kill -9 of a task's process puts it back with fewer at once, of its script or by scancel the last job submits anew"""
    profile = longer(c)
    c.reference(profile)
    for how in ("cell", "script", "scancel"):
        results = c.folder / how
        c.run(c.command(results, c.settings(pack=10, cpus=2), "--jobs", "2", "--threads", "1", profile=profile))
        at_work(c, results)
        if how == "scancel":
            c.run(["scancel", next(line for line in c.queue("%i|%j|%T") if "RUNNING" in line).split("|")[0]])
        else:
            c.kill(at_work(c, results, how)[0])
        c.wait_until_idle()
        if how == "cell":
            expect([a["at_once"] for _, a in c.attempts(results)][:2] == [2, 1], f"{c.attempts(results)}")
        c.run(c.command(results, profile=profile))
        c.check_results(results, c.reference(profile))
        c.notes.append(f"{how}: " + ", ".join(a.get("ended", "killed") for _, a in c.attempts(results)))


def node_down(c):
    """a node that fails loses nothing: its tasks run elsewhere"""
    profile, results = longer(c), c.folder / "results"
    c.reference(profile)
    c.run(c.command(results, c.settings(pack=0.3), profile=profile))
    at_work(c, results)
    c.kill_daemon("n1")
    for line in c.queue("%i|%T|%N") or []:
        if line.endswith("|n1"):
            for process in c.processes(results)["script"] + c.processes(results)["cell"]:
                environment = pathlib.Path(f"/proc/{process}/environ")
                try:
                    if b"SLURMD_NODENAME=n1" in environment.read_bytes():
                        c.kill(process)
                except OSError:
                    pass
    c.wait(lambda: any("down" in line for line in c.run(["sinfo", "--noheader", "--Node", "--format=%N%T"]).stdout.split()),
           90, "a node that is down")
    c.wait(lambda: (queue := c.queue("%N")) is not None and "n1" not in queue, 90, "no job on the node that is down")
    c.daemon("n1")
    c.wait_until_idle()
    until_done(c, results, c.settings(), profile)
    c.check_results(results, c.reference(profile))


def controller_killed(c):
    """kill -9 of slurmctld in the middle loses nothing"""
    profile, results = longer(c), c.folder / "results"
    c.reference(profile)
    c.run(c.command(results, c.settings(pack=0.3), profile=profile))
    at_work(c, results)
    c.kill_daemon("ctld")
    said = c.run(c.command(results, profile=profile, command="status")).stdout
    expect("the queue is not known here" in said and "runs done" in said, said)
    c.daemon("ctld")
    c.wait_until_idle()
    until_done(c, results, c.settings(), profile)
    c.check_results(results, c.reference(profile))


def submitter_killed(c):
    """kill -9 of the submitting program at random moments forgets no job and submits no run twice at once"""
    results, cluster = c.folder / "results", c.settings(pack=0.01)
    for _ in range(12):
        process = c.begin(c.command(results, cluster))
        time.sleep(c.random.uniform(0.02, 0.8))
        process.kill()
        process.wait()
        elements = [line.split("|")[0:3:2] for line in c.queue() or [] if "gather" not in line]
        known = {j["name"] for s in c.submissions(results) for j in s["jobs"]}
        expect({name for name, _ in elements} <= known, "a job in the queue is in no record")
        runs = [cell for s in c.submissions(results) for j in s["jobs"] if j["count"]
                for name, index in elements if name == j["name"]
                for cell in s["tasks"][j["first"] + int(index)]["cells"]]
        expect(len(runs) == len(set(runs)), "a run is in the queue twice")
    until_done(c, results, cluster, "tiny")
    c.check_results(results, c.reference())


# ------------------------------------------------------------------------------------------- resources


def no_memory(c):
    """a task without memory says so, is no run's failure, and the same command goes on where there is some"""
    results = c.folder / "results"
    c.run(c.command(results, c.settings(before=["ulimit -v 1000"], rounds=1, requeues=0, pack=10)))
    c.wait_until_idle()
    expect(not c.digests(results) and not list(results.glob("runs/*/failed.json")), "runs without memory")
    c.run(c.command(results, c.settings()))
    c.wait_until_idle()
    c.check_results(results, c.reference())


def worker_killed(c):
    """a run's process that is killed, as for memory, has another turn with fewer at once"""
    profile, results = longer(c), c.folder / "results"
    c.reference(profile)
    c.run(c.command(results, c.settings(pack=10, cpus=2), "--jobs", "2", "--threads", "1", profile=profile))
    c.kill(at_work(c, results)[0])
    c.wait_until_idle()
    expect("once more, 1 at a time from here on" in c.logs(results), c.logs(results)[-800:])
    c.check_results(results, c.reference(profile))


def memory_of_a_group(c):
    """a run that the kernel kills, as its job has no more memory, has another turn with fewer at once, by Slurm's own groups"""
    words = ["table1a", "--rows", "0"]
    profile, results = c.profile("wide", width=48, batch=128), c.folder / "results"
    if not all(os.access(f"/sys/fs/cgroup/{name}", os.W_OK) for name in ("memory/tasks", "freezer/tasks", "cpuset/tasks")):
        raise Skip("no control groups of version 1 can be made here")
    c.reference(profile, words)
    c.stop()
    c.start(GROUPS_OF="/sys/fs/cgroup")
    try:  # a run of this profile takes 240 MB, two at once 440
        c.run(c.command(results, c.settings(memory="330M", pack=10, cpus=2), "--jobs", "2", "--threads", "1", profile=profile,
                        words=words))
        c.wait_until_idle()
        said = c.logs(results)
        expect("oom-kill event" in said, "the kernel killed nothing: " + said[-800:])
        expect("by the system if memory ran out); once more, 1 at a time from here on" in said, said[-1500:])
        c.check_results(results, c.reference(profile, words))
    finally:
        c.stop()
        c.start()


def full_disk(c):
    """a full disk on the shared folder is told, damages nothing, and the same command goes on when there is room"""
    place = c.folder / "disk"
    place.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", place], capture_output=True, check=False).returncode:
        raise Skip("no file system can be mounted here")
    try:
        results, ballast = place / "results", place / "ballast"
        with open(ballast, "wb", buffering=0) as file:
            c.run(c.command(results, c.settings(rounds=1, requeues=1)), None)
            try:
                while True:
                    file.write(b"x" * 4096)
            except OSError:
                pass
        c.wait_until_idle()
        for record in results.glob("runs/*/run.json"):
            json.loads(record.read_text())  # what is there is whole
        expect(len(c.digests(results)) < 8, "the disk was never full")
        ballast.unlink()
        until_done(c, results, c.settings(), "tiny")
        c.check_results(results, c.reference())
    finally:
        subprocess.run(["umount", "--lazy", place], check=False)


# ------------------------------------------------------------------------------------------- hosts


def preload(c):
    library = c.top / "preload.so"
    if not library.exists():
        subprocess.run(["gcc", "-shared", "-fPIC", "-O1", "-D_GNU_SOURCE", "-o", library, ROOT / "tests/cluster/preload.c"], check=True)
    return str(library)


def host(c, name, words, **environment):
    """A process that is init of a host of its own: another name, other process numbers. Killed, all of it is gone."""
    line = ["unshare", "--uts", "--pid", "--fork", "--mount-proc", "--kill-child=KILL", "sh", "-c",
            'hostname "$0" && exec "$@"', name, *words]
    if os.getuid():
        line[1:1] = ["--map-root-user"]
    return c.begin(line, **environment)


def needs_hosts(c):
    if host(c, "trial", ["true"]).wait():
        raise Skip("no namespaces can be made here")


def no_flock(c):
    """two sweeps at once on one folder where flock fails share the work"""
    results = c.folder / "results"
    both = [c.begin(c.command(results), LD_PRELOAD=preload(c), REFF_NO_FLOCK="1") for _ in range(2)]
    expect([p.wait() for p in both] == [0, 0], "a sweep failed")
    c.check_results(results, c.reference())


def end_of(c, words):
    """What hosts left that were killed is removed by whoever gives the same command when they were silent for long."""
    time.sleep(7)
    c.run(words)


def two_hosts(c, kills=12, clock=None, places=None):
    """two hosts on one folder without flock, killed at random moments, lose nothing and need no hand"""
    needs_hosts(c)
    profile, places = longer(c, 4), places or {"one": c.folder, "two": c.folder}
    results = places["one"] / "results"
    c.reference(profile)

    def begin(name):
        skewed = {"REFF_CLOCK": clock} if clock and name == "two" else {}
        return host(c, name, c.command(places[name] / "results", profile=profile), LD_PRELOAD=preload(c), REFF_NO_FLOCK="1",
                    **skewed)

    running, killed = {name: begin(name) for name in ("one", "two")}, 0
    while killed < kills:
        time.sleep(c.random.uniform(0.1, 2.5))
        name = c.random.choice(sorted(running))
        running[name].kill()
        running[name].wait()
        killed += 1
        running[name] = begin(name)
        if set(c.digests(results)) == set(c.digests(c.reference(profile))):
            for process in running.values():
                process.wait()
            end_of(c, c.command(results, profile=profile))
            c.check_results(results, c.reference(profile))
            c.remove(results)  # again, from nothing
            running = {name: begin(name) for name in running}
    ended = [process.wait() for process in running.values()]
    expect(ended == [0, 0], f"status {ended}")
    end_of(c, c.command(results, profile=profile))
    c.check_results(results, c.reference(profile))
    c.notes.append(f"{killed} hosts killed")


SERVER = """volume disk
  type storage/posix
  option directory {folder}/brick
end-volume
volume locks
  type features/locks
  subvolumes disk
end-volume
volume server
  type protocol/server
  option transport-type tcp
  option transport.socket.bind-address 127.0.0.1
  option transport.socket.listen-port {port}
  option auth.addr.locks.allow *
  subvolumes locks
end-volume
"""
CLIENT = """volume client
  type protocol/client
  option transport-type tcp
  option remote-host 127.0.0.1
  option remote-port {port}
  option remote-subvolume locks
end-volume
volume behind
  type performance/write-behind
  subvolumes client
end-volume
"""


def network_folder(c):
    """two hosts, each with its own mount of a network file system that keeps what it knows for a second, lose nothing"""
    missing = [name for name in ("glusterfsd", "glusterfs", "umount") if not shutil.which(name)]
    if missing or not os.access("/dev/fuse", os.W_OK):
        raise Skip(f"no network file system can be mounted here ({' '.join(missing) or '/dev/fuse'})")
    (c.folder / "brick").mkdir()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    places = {name: c.folder / name for name in ("one", "two")}
    for name, text in (("server", SERVER), ("client", CLIENT)):
        (c.folder / f"{name}.vol").write_text(text.format(folder=c.folder, port=port))
    server = c.begin(["glusterfsd", "--no-daemon", "-f", c.folder / "server.vol", "-l", c.folder / "server.log"])
    try:
        for name, place in places.items():
            place.mkdir()
            mount = ["glusterfs", "-f", c.folder / "client.vol", "-l", c.folder / f"{name}.log", place]
            c.wait(lambda mount=mount, place=place: not c.run(mount, None).returncode and os.path.ismount(place), 20, "a mount")
        (places["one"] / "trial").touch()
        c.wait((places["two"] / "trial").exists, 20, "what the other mount created")
        two_hosts(c, 8, places=places)
    finally:
        for place in places.values():
            subprocess.run(["umount", "--lazy", place], capture_output=True, check=False)
        server.terminate()
        server.wait()


def clock_ahead(c):
    """a clock an hour ahead on one of two hosts, which gives its time to files, decides nothing"""
    two_hosts(c, kills=8, clock="3600")


def holder_died(c):
    """a lease whose host died is taken over, and no live one is"""
    needs_hosts(c)
    profile, results = longer(c, 40), c.folder / "results"
    c.reference(profile)
    words = c.command(results, profile=profile)
    first = host(c, "one", words)
    lease = c.wait(lambda: list(results.glob("runs/*/lease")), 60, "a lease")[0]
    expect("host one" in lease.read_text(), lease.read_text())
    second = host(c, "two", words)
    time.sleep(9)  # much longer than what makes a silent lease stale
    owner = lease.read_text() if lease.exists() else "host one"
    expect("host one" in owner, "a live lease was taken over")
    first.kill()
    first.wait()
    expect(second.wait() == 0, "the other host did not end the work")
    end_of(c, words)
    c.check_results(results, c.reference(profile))


ALL = [time_limit, a_signal, signals_of_an_array, preempted, task_killed, node_down, controller_killed, submitter_killed,
       no_memory, worker_killed, memory_of_a_group, full_disk, no_flock, two_hosts, clock_ahead, network_folder, holder_died]
