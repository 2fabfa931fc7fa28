"""Idle benchmark: what a fleet costs while nothing happens, and what it would cost with Docker's exec health checks.

For each size the projects are brought up, left alone until all is calm, and then watched. For comparison the same
containers run without a manager, each with the exec health check that the engine makes every few seconds.
"""

import argparse
import threading
import time

from bench_fleet import status_is, together, until
from cleanup import Cleanup, clean_up_when_told_to_end
from engine_api import EventStream
from manager import Manager
from processes import Usage, cpu_seconds, descendants, named
from raw_stack import RawStack, recorded_containers, up
from report import Report

ENGINE = ("dockerd", "containerd", "containerd-shim", "containerd-shim-runc-v2")
# After which containers without a manager have booted.
SETTLE_SECONDS = 40


def health_check(interval):
    """An exec health check that does as little as there can be, every so many seconds."""
    return {"Test": ["CMD", "true"], "Interval": interval * 1_000_000_000, "Timeout": 3_000_000_000, "Retries": 3}


class Events(threading.Thread):
    """Counts the engine's events and their bytes while a block runs."""

    def __init__(self):
        super().__init__(daemon=True)
        self.count = self.bytes = 0
        self.stream = EventStream()

    def run(self):
        for line in self.stream.lines():
            self.count += 1
            self.bytes += len(line)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stream.close()


def watch(seconds, manager=None):
    """CPU of one core in percent, of the engine and of the manager with its database; the manager's memory; events."""
    own = descendants(manager.process.pid) if manager else set()
    pids = {"engine": set(named(*ENGINE)), "database": own - {manager.process.pid} if manager else set(),
            "manager": {manager.process.pid} if manager else set()}
    with Events() as events:
        before = {name: cpu_seconds(found) for name, found in pids.items()}
        start = time.perf_counter()
        time.sleep(seconds)
        elapsed = time.perf_counter() - start
        found = {f"{name}_cpu_percent": (cpu_seconds(pids[name]) - before[name]) / elapsed * 100 for name in pids}
        found["events_per_second"] = events.count / elapsed
        found["event_bytes_per_second"] = events.bytes / elapsed
    if manager:
        found["rss_mib"] = Usage(manager.process.pid).rss_mib
    return found


def managed(arguments, size):
    with Cleanup() as cleanup:
        manager = Manager(arguments.binary, arguments.root)
        cleanup.after(manager.stop)
        refs = together(lambda name: manager.call("POST", "/platform/projects", {
            "name": name, "organization_slug": "default"})["ref"], [f"idle {size} {number}" for number in range(size)])
        until(manager, refs, status_is(manager, "ACTIVE_HEALTHY"))
        time.sleep(arguments.calm)
        return watch(arguments.seconds, manager), recorded_containers(refs[0])


def unmanaged(bodies, arguments, size, check):
    """The same containers with no manager; with or without exec health checks."""
    changed = {name: (config | {"Healthcheck": check}, host, endpoint)
               for name, (config, host, endpoint) in bodies.items()}
    with Cleanup() as cleanup:
        stacks = [RawStack(changed, arguments.root + "/Templates/supabase") for _ in range(size)]
        for stack in stacks:
            cleanup.after(stack.down)
        up(stacks)
        time.sleep(SETTLE_SECONDS)
        return watch(arguments.seconds)


def one_round(arguments, size):
    ours, bodies = managed(arguments, size)
    unwatched = unmanaged(bodies, arguments, size, {"Test": ["NONE"]})
    checked = unmanaged(bodies, arguments, size, health_check(arguments.check_interval))
    # What the engine does anyway, without any health check, belongs to neither side.
    for one in (ours, checked):
        one["engine_health_percent"] = max(0.0, one["engine_cpu_percent"] - unwatched["engine_cpu_percent"])
    return {"ours": ours, "unwatched": unwatched, "exec_checks": checked}


def summary(report, rounds):
    """Medians of all figures. The ratio is that of the medians: in a single round the difference of two small shares of
    a core may well be nothing. Without a measurable cost of exec checks there is no ratio."""
    found = {side: report.medians([one[side] for one in rounds]) for side in rounds[0]}
    cost = found["exec_checks"]["engine_health_percent"]
    return found | {"ratio": found["ours"]["engine_health_percent"] / cost if cost else None}


def describe(report, size, found, interval):
    ours, unwatched, checked = found["ours"], found["unwatched"], found["exec_checks"]
    ratio = "too little to measure" if found["ratio"] is None else f"{found['ratio']:.3f}"
    report.line(f"{size} projects")
    report.line(f"  manager {ours['manager_cpu_percent']:.2f} % of a core, {ours['rss_mib']:.0f} MiB; its database "
                f"{ours['database_cpu_percent']:.2f} %   (aim with 20: at most 1 %, 60 MiB)")
    report.line(f"  engine: {ours['engine_cpu_percent']:.2f} % with the manager, {unwatched['engine_cpu_percent']:.2f} % "
                f"alone, {checked['engine_cpu_percent']:.2f} % with exec health checks every {interval} s; "
                f"health of ours / exec {ratio}   (aim: at most 0.05)")
    report.line(f"  events a second: {ours['events_per_second']:.1f} ({ours['event_bytes_per_second']:.0f} bytes), "
                f"with exec health checks {checked['events_per_second']:.1f} "
                f"({checked['event_bytes_per_second']:.0f} bytes)")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", required=True)
    parser.add_argument("--root", required=True)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1, 10, 20])
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--calm", type=int, default=240,
                        help="seconds for which the manager's projects are left alone before: after 200 s nothing calms down any more")
    parser.add_argument("--check-interval", type=int, default=5,
                        help="seconds between two exec health checks of a container: with many containers on few processors a "
                        "short one leaves the engine no time for anything else")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    clean_up_when_told_to_end()
    count = max(1, min(arguments.rounds, 20))
    report = Report("idle", sizes=arguments.sizes, rounds=count, seconds=arguments.seconds)
    results = {}
    for size in arguments.sizes:
        rounds = [one_round(arguments, size) for _ in range(count)]
        found = summary(report, rounds)
        results[size] = found | {"rounds": rounds}
        describe(report, size, found, arguments.check_interval)
    report.end(arguments.json, sizes=results)


if __name__ == "__main__":
    main()
