"""Idle benchmark: what a fleet costs while nothing happens, and what it would cost with Docker's exec health checks.

For each size the projects are brought up, left alone until all is calm, and then watched. For comparison the same
containers run without a manager, each with the exec health check that the engine makes every few seconds.
"""

import argparse
import concurrent.futures
import http.client
import json
import threading
import time

from bench_fleet import status_is, together, until
from engine_api import EngineConnection, engine
from manager import Manager
from processes import Usage, cpu_seconds, descendants, named
from raw_stack import PARALLEL_CALLS, RawStack, recorded_containers
from report import Report

ENGINE = ("dockerd", "containerd", "containerd-shim", "containerd-shim-runc-v2")
HEALTH_CHECK = {"Test": ["CMD", "true"], "Interval": 5_000_000_000, "Timeout": 3_000_000_000, "Retries": 3}


class Events(threading.Thread):
    """Counts the engine's events and their bytes."""

    def __init__(self):
        super().__init__(daemon=True)
        self.count = self.bytes = 0
        self.connection = EngineConnection("engine")
        self.connection.request("GET", "/v1.41/events")
        self.response = self.connection.getresponse()

    def run(self):
        try:
            while line := self.response.readline():
                self.count += 1
                self.bytes += len(line)
        except (OSError, ValueError, http.client.HTTPException, AttributeError):
            pass  # Closed by the one who counts.

    def stop(self):
        self.connection.sock.close() if self.connection.sock else None


def watch(seconds, manager=None):
    """CPU of one core in percent, of the engine and of the manager with its database; the manager's memory; events."""
    own = descendants(manager.process.pid) if manager else set()
    pids = {"engine": set(named(*ENGINE)), "database": own - {manager.process.pid} if manager else set(),
            "manager": {manager.process.pid} if manager else set()}
    events = Events()
    before = {name: cpu_seconds(found) for name, found in pids.items()}
    start = time.perf_counter()
    events.start()
    time.sleep(seconds)
    elapsed = time.perf_counter() - start
    found = {f"{name}_cpu_percent": (cpu_seconds(pids[name]) - before[name]) / elapsed * 100 for name in pids}
    found["events_per_second"] = events.count / elapsed
    found["event_bytes_per_second"] = events.bytes / elapsed
    events.stop()
    if manager:
        found["rss_mib"] = Usage(manager.process.pid).rss_mib
    return found


def managed(arguments, size):
    manager = Manager(arguments.binary, arguments.root)
    try:
        refs = together(lambda name: manager.call("POST", "/platform/projects", {
            "name": name, "organization_slug": "default"})["ref"], [f"idle {size} {number}" for number in range(size)])
        until(manager, refs, status_is(manager, "ACTIVE_HEALTHY"))
        time.sleep(arguments.calm)
        return watch(arguments.seconds, manager), recorded_containers(refs[0])
    finally:
        manager.stop()


def unmanaged(bodies, arguments, size, health_check):
    """The same containers with no manager; with or without exec health checks."""
    changed = {name: (config | {"Healthcheck": health_check}, host, endpoint)
               for name, (config, host, endpoint) in bodies.items()}
    stacks = [RawStack(changed, arguments.root + "/Templates/supabase", number) for number in range(size)]
    try:
        with concurrent.futures.ThreadPoolExecutor(PARALLEL_CALLS) as pool:
            for stack in stacks:
                stack.make_network_and_volumes(pool)
            list(pool.map(lambda one: one[0].run(one[1]), [(stack, name) for stack in stacks for name in sorted(bodies)]))
        time.sleep(arguments.calm)
        return watch(arguments.seconds)
    finally:
        for stack in stacks:
            stack.down()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", required=True)
    parser.add_argument("--root", required=True)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1, 10, 20])
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--calm", type=int, default=90, help="seconds left alone before each measurement")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    report = Report("idle", sizes=arguments.sizes, seconds=arguments.seconds)
    results = {}
    for size in arguments.sizes:
        ours, bodies = managed(arguments, size)
        nobody = unmanaged(bodies, arguments, size, {"Test": ["NONE"]})
        checked = unmanaged(bodies, arguments, size, HEALTH_CHECK)
        # What the engine does anyway, without any health check, belongs to neither side.
        ours["engine_health_percent"] = max(0.0, ours["engine_cpu_percent"] - nobody["engine_cpu_percent"])
        checked["engine_health_percent"] = max(0.0, checked["engine_cpu_percent"] - nobody["engine_cpu_percent"])
        ratio = ours["engine_health_percent"] / checked["engine_health_percent"] if checked["engine_health_percent"] else 0
        results[size] = {"ours": ours, "nobody": nobody, "exec_checks": checked, "ratio": ratio}
        report.line(f"{size} projects, {size * len(bodies)} containers")
        report.line(f"  manager {ours['manager_cpu_percent']:.2f} % of a core, {ours['rss_mib']:.0f} MiB; its database "
                    f"{ours['database_cpu_percent']:.2f} %   (aim with 20: at most 1 %, 60 MiB)")
        report.line(f"  engine: {ours['engine_cpu_percent']:.2f} % with the manager, {nobody['engine_cpu_percent']:.2f} % alone, "
                    f"{checked['engine_cpu_percent']:.2f} % with exec health checks every 5 s; health of ours / exec "
                    f"{ratio:.3f}   (aim: at most 0.05)")
        report.line(f"  events a second: {ours['events_per_second']:.1f} ({ours['event_bytes_per_second']:.0f} bytes), with exec "
                    f"health checks {checked['events_per_second']:.1f} ({checked['event_bytes_per_second']:.0f} bytes)")
    report.end(arguments.json, sizes=results)


if __name__ == "__main__":
    main()
