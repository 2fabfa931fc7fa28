"""Soak: a manager that works for a long time keeps its size.

Projects live and die – create, pause, resume, delete, all over again – while the manager's memory, descriptors and
connections, the engine's objects and the rows of every table are sampled. After a warm-up a line is fitted through each
series; growth beyond its bound fails the run. Memory is measured by stretches of lives: see `steady_growth`.
"""

import argparse
import collections
import concurrent.futures
import os
import statistics
import sys
import threading
import time

from inventory import listed
from proving_ground import ProvingGround
from throwaway_postgres import query

SERVICES = ["gateway", "imgproxy"]
SAMPLE_SECONDS = 5
# What is sampled before this part of the run does not count: pools fill, caches warm up.
WARM_UP = 0.3
# Growth that is accepted, a cycle: what history keeps of every project and request, and the noise of memory.
BOUNDS = {
    "resident kB": 20.0,
    "descriptors": 0.05,
    "connections to PostgreSQL": 0.02,
    "connections to the engine": 0.05,
    "containers": 0.02,
    "networks": 0.02,
    "volumes": 0.02,
}
# Lives over which the growth of memory is measured.
STRETCH = 10
# Rows that a life leaves behind on purpose: the record of the project, its events, the audit trail, the answers of
# requests with a key, ports and subnets in quarantine, its operations, and the receipt of its deletion.
HISTORY = {
    "projects": 1, "project_events": 24, "audit_entries": 4, "idempotency_keys": 4, "port_leases": 6, "subnet_leases": 1,
    "operations": 5, "deletion_receipts": 1, "deletion_items": 8,
}


class Soak:
    """Workers that let projects live and die, and the samples."""

    def __init__(self, ground, seconds):
        self.ground, self.end = ground, time.monotonic() + seconds
        # A manager that exits has failed.
        ground.revive = self.mind
        self.samples = collections.defaultdict(list)
        self.lives = 0
        self.counting = threading.Lock()

    def mind(self):
        if self.ground.manager.process.poll() is not None:
            raise AssertionError(f"the manager has died\n{self.ground.log_tail()}")

    def live(self, worker):
        number = 0
        while time.monotonic() < self.end:
            number += 1
            ref = self.ground.create(f"soak {worker} {number}", SERVICES)
            project = f"/platform/projects/{ref}"
            self.ground.wait_for(ref, "ACTIVE_HEALTHY")
            for request, goal in (("pause", "INACTIVE"), ("restore", "ACTIVE_HEALTHY")):
                self.ground.perform("POST", f"{project}/{request}")
                self.ground.wait_for(ref, goal)
            self.ground.perform("DELETE", project)
            self.ground.wait_for(ref, None)
            with self.counting:
                self.lives += 1

    def sample(self):
        pid = self.ground.manager.process.pid
        with open(f"/proc/{pid}/status") as status:
            found = {"resident kB": next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))}
        found["descriptors"] = len(os.listdir(f"/proc/{pid}/fd"))
        found["connections to PostgreSQL"] = self.ground.database.open_connections
        found["connections to the engine"] = self.ground.engine.open_connections
        label = f"supamanager.installation={self.ground.manager.installation}"
        found["containers"] = len(listed("/containers/json?all=true", label))
        found["networks"] = len(listed("/networks", label))
        found["volumes"] = len(listed("/volumes", label)["Volumes"] or [])
        tables = query(self.ground.database_folder, "select relname from pg_stat_user_tables order by relname")
        counts = " union all ".join(f"select '{name}', count(*) from {name}" for (name,) in tables)
        found |= {f"rows of {name}": int(count) for name, count in query(self.ground.database_folder, counts)}
        for key, value in found.items():
            self.samples[key].append((self.lives, value))

    def run(self, parallel):
        with concurrent.futures.ThreadPoolExecutor(parallel) as pool:
            workers = [pool.submit(self.live, worker) for worker in range(parallel)]
            while not all(worker.done() for worker in workers):
                self.sample()
                concurrent.futures.wait(workers, timeout=SAMPLE_SECONDS)
            for worker in workers:
                worker.result()


def slope(points):
    """Growth a life, by least squares; none when nothing was lived."""
    count = len(points)
    middle_x = sum(x for x, _ in points) / count
    middle_y = sum(y for _, y in points) / count
    spread = sum((x - middle_x) ** 2 for x, _ in points)
    return sum((x - middle_x) * (y - middle_y) for x, y in points) / spread if spread else 0.0


def steady_growth(points):
    """Growth a life in the middle one of all stretches of STRETCH lives; none when there is no such stretch.

    Resident memory grows in steps, one whenever more threads work at once than ever before: each has a heap of its own,
    and under load that happens late. A step falls into few stretches, a leak into every one.
    """
    growth, end = [], 0
    for lives, value in points:
        while end < len(points) and points[end][0] - lives < STRETCH:
            end += 1
        if end == len(points):
            break
        growth.append((points[end][1] - value) / (points[end][0] - lives))
    return statistics.median(growth) if growth else None


def bound(key):
    if key.startswith("rows of "):
        return HISTORY.get(key.removeprefix("rows of "), 0) + 0.1
    return BOUNDS[key]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", required=True)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--parallel", type=int, default=3)
    arguments = parser.parse_args()
    with ProvingGround(arguments.binary, given_database=True) as ground:
        soak = Soak(ground, arguments.minutes * 60)
        soak.run(arguments.parallel)
        wrong = ground.remains()
    print(f"soak: {arguments.minutes:g} minutes, {arguments.parallel} projects at once, {soak.lives} lives "
          "(create, pause, resume, delete)")
    print(f"  {'':28s} {'first':>9s} {'last':>9s} {'highest':>9s} {'a life':>9s} {'bound':>7s}")
    for key, points in soak.samples.items():
        kept = points[int(len(points) * WARM_UP):]
        growth = steady_growth(kept) if key == "resident kB" else slope(kept)
        if growth is None:
            wrong.append(f"{soak.lives} lives are too few to measure memory by")
            continue
        values = [value for _, value in kept]
        grown = growth > bound(key)
        print(f"  {key:28s} {values[0]:9d} {values[-1]:9d} {max(values):9d} {growth:9.2f} {bound(key):7.2f}"
              f"{'   GROWS' if grown else ''}")
        if grown:
            wrong.append(f"{key} grows by {growth:.2f} a life")
    for one in wrong:
        print(f"wrong: {one}")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
