"""Resync benchmark: what the regular full list costs with many projects of which nothing changes.

The answers of a real engine about one project, brought up and paused, are given out as those of as many projects as
wanted, by a process of their own; the manager has a paused project in its database for each. What is measured is the
whole manager between its full lists: processor time per list and memory. Beside it stands the time that Python's JSON
parser, written in C, needs for the same three answers.
"""

import argparse
import json
import multiprocessing
import os
import tempfile
import time

import recorded_engine
from bench_api import seed
from engine_api import EngineConnection
from manager import Manager
from processes import Usage
from report import Report

# The manager's own, `ReconcileLoop.resyncInterval`.
INTERVAL_SECONDS = 30
CALM_SECONDS = 3
CALM_SHARE = 0.05


def recording(arguments):
    """The answers of the real engine about a paused project of twelve services."""
    manager = Manager(arguments.binary, arguments.root)
    try:
        _, ref = manager.provision("bench resync")
        manager.call("POST", f"/platform/projects/{ref}/pause")
        manager.wait(lambda: manager.call("GET", f"/platform/projects/{ref}/status")["status"] == "INACTIVE",
                     f"project {ref} is not paused")
        return recorded_engine.record(ref)
    finally:
        manager.stop()


def run_engine(path, recording, refs, installation, ready):
    server = recorded_engine.serve(path)
    recorded_engine.RecordedHandler.copies = recorded_engine.Copies(recording, refs, installation) if refs else None
    ready.set()
    server.serve_forever()


class Engine:
    """The recorded engine in a process of its own, so that its work is not the manager's."""

    def __init__(self, path, recording=None, refs=(), installation=""):
        self.path = path
        ready = multiprocessing.Event()
        self.process = multiprocessing.Process(
            target=run_engine, args=(path, recording, list(refs), installation, ready), daemon=True)
        self.process.start()
        if not ready.wait(120):
            raise RuntimeError("the recorded engine is not ready")

    def stop(self):
        self.process.terminate()
        self.process.join(10)
        os.unlink(self.path)


def seconds_of_parsing(path):
    """Processor seconds of reading and parsing the three lists with Python, and their bytes."""
    connection = EngineConnection("engine")
    connection.path = path
    start, count = time.process_time(), 0
    for target in ("/containers/json?all=true", "/networks", "/volumes"):
        connection.request("GET", "/v1.41" + target)
        body = connection.getresponse().read()
        count += len(body)
        json.loads(body)
    return time.process_time() - start, count


def wait_until_calm(manager):
    """Waits until the manager has observed everything: it is nearly idle."""
    def is_calm():
        before = Usage(manager.process.pid).cpu_seconds
        time.sleep(CALM_SECONDS)
        return Usage(manager.process.pid).cpu_seconds - before < CALM_SHARE * CALM_SECONDS
    manager.wait(is_calm, "the manager does not come to rest")


def forget_peak(pid):
    """Resets the peak of a process's memory."""
    with open(f"/proc/{pid}/clear_refs", "w") as file:
        file.write("5")


def measure(arguments, answers, folder):
    path = f"{folder}/engine.sock"
    engine = Engine(path)
    manager = Manager(arguments.binary, arguments.root, DOCKER_HOST=f"unix://{path}")
    try:
        seed(manager, arguments.projects)
        refs = [one["ref"] for offset in range(0, arguments.projects, 100)
                for one in manager.call("GET", f"/platform/projects?limit=100&offset={offset}")["projects"]]
        engine.stop()
        engine = Engine(path, answers, refs, manager.installation)
        manager.kill()
        manager.start()
        wait_until_calm(manager)
        start = Usage(manager.process.pid)
        forget_peak(manager.process.pid)
        time.sleep(arguments.rounds * INTERVAL_SECONDS)
        end = Usage(manager.process.pid)
        parsing, count = seconds_of_parsing(path)
        return {"cpu_seconds_per_resync": (end.cpu_seconds - start.cpu_seconds) / arguments.rounds,
                "cpu_seconds_of_first_looks": start.cpu_seconds, "peak_mib": end.peak_mib, "rss_mib": end.rss_mib,
                "parse_seconds": parsing, "list_bytes": count}
    finally:
        manager.end()
        engine.stop()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", required=True)
    parser.add_argument("--root", required=True)
    parser.add_argument("--projects", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=4, help="full lists, one every 30 s")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    report = Report("resync", projects=arguments.projects, rounds=arguments.rounds)
    answers = recording(arguments)
    with tempfile.TemporaryDirectory(prefix="smresync") as folder:
        found = measure(arguments, answers, folder)
    found["containers"] = arguments.projects * len(answers["containers"])
    found["ratio"] = found["cpu_seconds_per_resync"] / found["parse_seconds"]
    report.line(f"{arguments.projects} projects, {found['containers']} containers, {found['list_bytes'] / 1e6:.1f} MB of lists")
    report.line(f"  manager: {found['cpu_seconds_per_resync']:.2f} s of CPU for each resync and all else in its 30 s, peak "
                f"{found['peak_mib']:.0f} MiB   (aim: below 1 s, at most 200 MiB)")
    report.line(f"  Python's parser alone, for the same lists: {found['parse_seconds']:.2f} s   ratio {found['ratio']:.2f}")
    report.line(f"  once, after the start: {found['cpu_seconds_of_first_looks']:.1f} s of CPU until every project was observed")
    report.end(arguments.json, **found)


if __name__ == "__main__":
    main()
