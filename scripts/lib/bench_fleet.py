"""Fleet benchmark: many projects at once, beside the engine's own time for the same containers.

For each size all projects are asked for at the same moment, then paused, resumed and deleted together. The engine's own
time is that of raw parallel calls for as many copies of the containers, plus the boot of the slowest service. With
several rounds each figure is the median of its own, ratios too.
"""

import argparse
import concurrent.futures
import time

from cleanup import Cleanup, clean_up_when_told_to_end
from manager import Manager
from processes import Usage
from raw_stack import RawStack, recorded_containers, up
from report import Report

PAUSE_SECONDS = 0.1


def until(manager, refs, condition):
    """Seconds until the condition holds for every project."""
    start = time.perf_counter()
    manager.wait(lambda: all(condition(ref) for ref in refs), "the fleet does not get there", pause=PAUSE_SECONDS)
    return time.perf_counter() - start


def status_is(manager, wanted):
    return lambda ref: manager.call("GET", f"/platform/projects/{ref}/status")["status"] == wanted


def together(function, values):
    with concurrent.futures.ThreadPoolExecutor(max(1, min(len(values), 20))) as pool:
        return list(pool.map(function, values))


def managed(manager, size):
    """Seconds of each phase, and what the manager used in all of them."""
    before = Usage(manager.process.pid)
    start = time.perf_counter()
    names = [f"fleet {size} {number}" for number in range(size)]
    refs = together(lambda name: manager.call("POST", "/platform/projects", {
        "name": name, "organization_slug": "default"})["ref"], names)
    until(manager, refs, status_is(manager, "ACTIVE_HEALTHY"))
    found = {"active": time.perf_counter() - start}
    bodies = recorded_containers(refs[0])
    for phase, wanted in (("pause", "INACTIVE"), ("restore", "ACTIVE_HEALTHY")):
        start = time.perf_counter()
        together(lambda ref: manager.call("POST", f"/platform/projects/{ref}/{phase}"), refs)
        until(manager, refs, status_is(manager, wanted))
        found[phase] = time.perf_counter() - start
    start = time.perf_counter()
    together(lambda ref: manager.call("DELETE", f"/platform/projects/{ref}"), refs)
    until(manager, refs, manager.is_gone)
    found["delete"] = time.perf_counter() - start
    after = Usage(manager.process.pid)
    found["cpu_seconds"] = after.cpu_seconds - before.cpu_seconds
    found["peak_mib"] = after.peak_mib
    return found, bodies


def raw(bodies, size, template):
    """Seconds of the engine itself for as many copies, and the boot of the slowest service alone."""
    with Cleanup() as cleanup:
        stacks = [RawStack(bodies, template) for _ in range(size)]
        for stack in stacks:
            cleanup.after(stack.down)
        calls = up(stacks)
    with Cleanup() as cleanup:
        alone = RawStack(bodies, template)
        cleanup.after(alone.down)
        return calls, alone.boot("db")


def one_round(arguments, size):
    with Cleanup() as cleanup:
        manager = Manager(arguments.binary, arguments.root)
        cleanup.after(manager.stop)
        found, bodies = managed(manager, size)
    found["containers"] = size * len(bodies)
    found["raw_calls"], found["slowest_boot"] = raw(bodies, size, arguments.root + "/Templates/supabase")
    return found | {"ratio": found["active"] / (found["raw_calls"] + found["slowest_boot"])}


def describe(report, size, found):
    report.line(f"{size} projects, {found['containers']:.0f} containers")
    report.line(f"  all active {found['active']:6.1f} s   engine's own calls {found['raw_calls']:6.1f} s + boot "
                f"{found['slowest_boot']:.1f} s   ratio {found['ratio']:.2f}   (aim: at most 1.15)")
    report.line(f"  all paused {found['pause']:6.1f} s   resumed {found['restore']:6.1f} s   "
                f"deleted {found['delete']:6.1f} s")
    report.line(f"  manager: {found['cpu_seconds']:.1f} s of CPU in all, peak {found['peak_mib']:.0f} MiB")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", required=True)
    parser.add_argument("--root", required=True)
    parser.add_argument("--sizes", type=int, nargs="+", default=[5, 10, 20])
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    clean_up_when_told_to_end()
    count = max(1, min(arguments.rounds, 20))
    report = Report("fleet", sizes=arguments.sizes, rounds=count)
    results = {}
    for size in arguments.sizes:
        rounds = [one_round(arguments, size) for _ in range(count)]
        medians = report.medians(rounds)
        results[size] = medians | {"rounds": rounds}
        describe(report, size, medians)
    report.end(arguments.json, sizes=results)


if __name__ == "__main__":
    main()
