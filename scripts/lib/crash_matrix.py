"""The crash matrix: every operation, killed at every call that it makes, on the real engine and PostgreSQL.

First one life of a small project is recorded: the calls of its creation, of an upgrade and of one that fails and is
taken back, of its pause, resume, restart and deletion. Then the project is made again and again, and the manager is killed (SIGKILL) at one recorded call of each operation:

  before      the call has arrived at the proxy and is not passed on
  after       the engine, or PostgreSQL, has done it, and the manager has not heard of it

The manager is started again, the client repeats its request under the same Idempotency-Key, and the operation has to
finish: the right containers in the right state, and nothing left over after the deletion.
"""

import argparse
import collections
import dataclasses
import random
import shutil
import re
import sys
import time

from engine_api import engine
from fault_proxy import Drop
from inventory import names
from proving_ground import ROOT, ProvingGround, kill

SERVICES = ["gateway", "imgproxy"]
# Those that these services are in.
NETWORKS = 2
# The setting of imgproxy by which template versions differ: that of the project, a new one, and one with which it ends.
SETTING = "IMGPROXY_MAX_SRC_RESOLUTION"
FIRST, SECOND, BROKEN = "16.8", "16.9", "sixteen"
OPERATIONS = ["create", "upgrade", "way back", "pause", "resume", "restart", "delete"]
# Operations that a life goes without where they are not to be hit: each needs another manager.
ON_DEMAND = ("upgrade", "way back")
MOMENTS = ("before", "after")
# Tables of changes that the manager makes occasionally, in any operation.
HOUSEKEEPING = ("access_tokens", "sessions", "manager_lease", "jobs")
# How often a point is tried whose call is not made every time.
TRIES = 3


@dataclasses.dataclass(frozen=True)
class Point:
    """Where the manager is killed: at the n-th call of this name in an operation."""
    operation: str
    kind: str
    call: str
    occurrence: int
    moment: str

    def __str__(self):
        return f"{self.operation}: {self.moment} {self.call} #{self.occurrence}"


def label(call):
    """The name of a call, the same in every run: without ids, refs and addresses."""
    text = re.sub(r"[0-9a-f]{64}", "<id>", call.text)
    text = re.sub(r"\b[a-z]{20}(?=[-_])", "<ref>", text)
    path, _, question = text.partition("?")
    name = re.search(r"name=[^&]*", question)
    return path + (f"?{name.group(0)}" if name else "")


class Stacks:
    """The folder of stacks that the managers of a ground read when they start."""

    def __init__(self, ground, root):
        self.ground, self.folder = ground, f"{ground.folder}/stacks"
        shutil.copytree(f"{root}/Templates", self.folder)
        self.file = f"{self.folder}/supabase/compose.yaml"
        self.installed = None
        ground.manager.environment["SUPAMANAGER_TEMPLATES"] = self.folder

    def install(self, value):
        """Puts a version on disk and starts another manager, unless it is there."""
        if self.installed == value:
            return
        with open(self.file) as file:
            text, count = re.subn(rf'({SETTING}: )"[^"]*"', rf'\1"{value}"', file.read())
        assert count == 1, f"{SETTING} stands {count} times in the template"
        with open(self.file, "w") as file:
            file.write(text)
        self.ground.revive()
        manager = self.ground.manager
        manager.process.terminate()
        manager.process.wait(60)
        manager.start()
        self.installed = value


class Life:
    """One project from creation to deletion; each operation may be hit once."""

    def __init__(self, ground, stacks, number, reads):
        self.ground, self.stacks, self.number, self.reads = ground, stacks, number, reads
        self.ref = None
        self.killed_at = None
        # The value of SETTING that the project's container has to have.
        self.value = FIRST

    def operations(self):
        project = f"/platform/projects/{self.ref}"
        return {
            "create": (self.create, "ACTIVE_HEALTHY"),
            "upgrade": (self.upgrade, "ACTIVE_HEALTHY"),
            "way back": (self.upgrade, "ACTIVE_HEALTHY"),
            "pause": (lambda: self.ask("POST", project + "/pause"), "INACTIVE"),
            "resume": (lambda: self.ask("POST", project + "/restore"), "ACTIVE_HEALTHY"),
            "restart": (lambda: self.ask("POST", project + "/restart"), "ACTIVE_HEALTHY"),
            "delete": (lambda: self.ask("DELETE", project), None),
        }

    def create(self):
        self.ref = self.ground.create(f"crash {self.number}", SERVICES)

    def prepare(self, operation):
        """What has to be on disk before an operation."""
        if operation == "create":
            self.stacks.install(FIRST)
        if operation == "upgrade":
            self.stacks.install(SECOND)
            self.value = SECOND
        if operation == "way back":
            self.stacks.install(BROKEN)

    def upgrade(self):
        status = f"/v1/projects/{self.ref}/upgrade/eligibility"
        plan = self.ground.perform("GET", status).json["plan"]
        self.ask("POST", f"/v1/projects/{self.ref}/upgrade", {"target_version": plan["to"]})

    def ask(self, method, path, body=None):
        reply = self.ground.perform(method, path, body)
        assert reply.status in (200, 201), f"{method} {path}: {reply}"

    def counts(self, call):
        if any(table in call.text for table in HOUSEKEEPING):
            return False
        return call.changes or self.reads and call.kind == "engine" and "/events" not in call.text

    def run(self, operation, point=None):
        """Carries out an operation, killing the manager at a point. Gives what is wrong afterwards."""
        self.killed_at = None
        seen = collections.Counter()

        def wanted(call):
            if point is None or self.killed_at or call.kind != point.kind or not self.counts(call):
                return False
            name = label(call)
            if name != point.call:
                return False
            seen[name] += 1
            return seen[name] == point.occurrence

        def strike(*_):
            self.killed_at = time.monotonic()
            kill(self.ground.manager)
            raise Drop

        self.prepare(operation)
        harm = {point.moment: strike} if point else {}
        before = self.starts()
        with self.ground.engine.rule(wanted, **harm), self.ground.database.rule(wanted, **harm):
            request, goal = self.operations()[operation]
            request()
            self.ground.wait_for(self.ref, goal)
        return self.wrong(operation, before)

    def starts(self):
        """When the container of each service was started last."""
        held = self.ground.held(self.ref)["containers"] if self.ref else []
        return {one["Labels"]["com.docker.compose.service"]:
                engine("GET", f"/containers/{one['Id']}/json")["State"]["StartedAt"] for one in held}

    def wrong(self, operation, before):
        """What is not as it has to be after an operation."""
        if operation == "delete":
            return self.ground.remains()
        held = self.ground.held(self.ref)
        wrong = []
        starts = self.starts()
        if sorted(starts) != sorted(SERVICES) or len(held["containers"]) != len(SERVICES):
            wrong.append(f"containers: {names(held)}")
        if len(held["networks"]) != NETWORKS:
            wrong.append(f"{len(held['networks'])} networks")
        state = "exited" if operation == "pause" else "running"
        wrong += [f"{one['Names'][0]} is {one['State']}" for one in held["containers"] if one["State"] != state]
        if operation in ON_DEMAND:
            wrong += self.mixed(held, before, starts, operation)
        if operation == "restart":
            wrong += [f"{service} was not restarted" for service, start in starts.items() if start <= before[service]]
        strangers = set(names(self.ground.held())) - set(names(held))
        return wrong + [f"{name} belongs to no project" for name in sorted(strangers)]

    def mixed(self, held, before, starts, operation):
        """What is not of the version that the project has to have after an upgrade or a way back."""
        wrong = []
        detail = self.ground.perform("GET", f"/platform/projects/{self.ref}").json
        if detail["upgrade_available"] != (operation == "way back"):
            wrong.append(f"the project has template version {detail['template_version']}")
        for one in held["containers"]:
            environment = engine("GET", f"/containers/{one['Id']}/json")["Config"]["Env"]
            found = [entry.partition("=")[2] for entry in environment if entry.startswith(f"{SETTING}=")]
            if found not in ([], [self.value]):
                wrong.append(f"{one['Names'][0]} is of another version: {found}")
        if starts.get("gateway") != before["gateway"]:
            wrong.append("gateway, which is the same in both versions, was touched")
        return wrong

    def record(self, chosen):
        """The points of a life without faults, operation by operation."""
        points = []
        for operation in self.operations():
            if operation in ON_DEMAND and operation not in chosen:
                continue
            marks = self.ground.engine.mark(), self.ground.database.mark()
            wrong = self.run(operation)
            assert not wrong, f"{operation} without faults: {wrong}"
            calls = self.ground.engine.log_from(marks[0]) + self.ground.database.log_from(marks[1])
            seen = collections.Counter()
            for call in sorted(calls, key=lambda one: one.time):
                if self.counts(call):
                    seen[label(call)] += 1
                    points += [Point(operation, call.kind, label(call), seen[label(call)], moment) for moment in MOMENTS]
        return points


@dataclasses.dataclass
class Result:
    point: Point
    seconds: float
    wrong: list


class Matrix:
    """Goes through the points, one of each operation a life."""

    def __init__(self, ground, stacks, points, reads, say):
        self.ground, self.stacks, self.reads, self.say = ground, stacks, reads, say
        self.waiting = collections.defaultdict(collections.deque)
        for point in points:
            self.waiting[point.operation].append((point, 1))
        self.results, self.missed = [], []

    def run(self):
        number = 0
        while any(self.waiting.values()):
            number += 1
            life = Life(self.ground, self.stacks, number, self.reads)
            for operation in life.operations():
                if operation in ON_DEMAND and not self.waiting[operation]:
                    continue
                point, tries = self.waiting[operation].popleft() if self.waiting[operation] else (None, 0)
                wrong = life.run(operation, point)
                if point:
                    self.take(life, point, tries, wrong)
                else:
                    assert not wrong, f"{operation} without faults: {wrong}"

    def take(self, life, point, tries, wrong):
        if life.killed_at is None and not wrong:
            if tries < TRIES:
                self.waiting[point.operation].append((point, tries + 1))
            else:
                self.missed.append(point)
            return
        seconds = time.monotonic() - (life.killed_at or time.monotonic())
        self.results.append(Result(point, seconds, wrong))
        self.say(f"{'ok  ' if not wrong else 'BAD '} {seconds:5.1f} s  {point}" + "".join(f"\n      {one}" for one in wrong))


def markdown(results):
    """The table for the documentation."""
    lines = ["| Operation | Call | Killed | Converged in | Left over or wrong |", "| --- | --- | --- | --- | --- |"]
    order = {name: place for place, name in enumerate(OPERATIONS)}
    for result in sorted(results, key=lambda one: order[one.point.operation]):
        point = result.point
        times = f" ({point.occurrence})" if point.occurrence > 1 else ""
        lines.append(f"| {point.operation} | `{point.call}`{times} | {point.moment} | {result.seconds:.1f} s | "
                     f"{'; '.join(result.wrong) or 'nothing'} |")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", required=True)
    parser.add_argument("--points", type=int, help="how many points, drawn with the seed; all when absent")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--operations", default=",".join(OPERATIONS), help="those that are hit, separated by commas")
    parser.add_argument("--reads", action="store_true", help="at questions to the engine, too, not at changes alone")
    parser.add_argument("--markdown", help="file to write the table to")
    arguments = parser.parse_args()
    start = time.monotonic()
    with ProvingGround(arguments.binary, given_database=True) as ground:
        stacks = Stacks(ground, ROOT)
        chosen = [name.strip() for name in arguments.operations.split(",")]
        unknown = [name for name in chosen if name not in OPERATIONS]
        if unknown:
            parser.error(f"there is no operation {unknown[0]}: choose among {', '.join(OPERATIONS)}")
        points = [one for one in Life(ground, stacks, 0, arguments.reads).record(chosen) if one.operation in chosen]
        total = len(points)
        if arguments.points is not None and arguments.points < total:
            points = random.Random(arguments.seed).sample(points, arguments.points)
        print(f"crash matrix: {len(points)} of {total} points, seed {arguments.seed}", flush=True)
        matrix = Matrix(ground, stacks, points, arguments.reads, lambda text: print(text, flush=True))
        matrix.run()
    bad = [one for one in matrix.results if one.wrong]
    if arguments.markdown:
        with open(arguments.markdown, "w") as file:
            file.write(markdown(matrix.results) + "\n")
    for point in matrix.missed:
        print(f"not made again in {TRIES} tries: {point}")
    slowest = max((one.seconds for one in matrix.results), default=0)
    print(f"{len(matrix.results)} crashes, {len(bad)} with something wrong, {len(matrix.missed)} calls not made again, "
          f"slowest convergence {slowest:.1f} s, {time.monotonic() - start:.0f} s in all")
    sys.exit(1 if bad or not matrix.results else 0)


if __name__ == "__main__":
    main()
