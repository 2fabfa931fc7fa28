"""Density benchmark: how long a project of the stack lite takes to be there, and what many of them cost.

One project, as in `provision`: POST to ACTIVE beside the engine's own time for the same containers by raw calls and
PostgreSQL's first boot. Then a number of projects left alone: memory of each (both containers) as proportional set size
(PSS: shared pages counted by share), resident set size, and what the engine's cgroup says. Then many at once: seconds
until all are healthy, and the PSS of everything, engine and manager included.
"""

import argparse
import statistics
import time

from bench_fleet import status_is, together, until
from bench_idle import ENGINE
from cleanup import Cleanup, clean_up_when_told_to_end
from engine_api import containers_of, engine
from manager import Manager
from processes import descendants, named
from raw_stack import RawStack, recorded_containers, up
from report import Report

MIB = 1 << 20


def memory_kib(pids, *fields):
    """Sum over processes of fields of `smaps_rollup`, in KiB; a process that ended has none."""
    total = 0
    for pid in pids:
        try:
            with open(f"/proc/{pid}/smaps_rollup") as file:
                total += sum(int(line.split()[1]) for line in file if line.split(":")[0] in fields)
        except OSError:
            pass  # It ended meanwhile.
    return total


def project_memory(ref):
    """MiB of a project's containers by each measure, and the server's own."""
    found = {"pss_mib": 0.0, "rss_mib": 0.0, "cgroup_mib": 0.0}
    for service, summary in containers_of(ref).items():
        pids = descendants(engine("GET", f"/containers/{summary['Id']}/json")["State"]["Pid"])
        found["pss_mib"] += memory_kib(pids, "Pss") / 1024
        found["rss_mib"] += memory_kib(pids, "Rss") / 1024
        usage = engine("GET", f"/containers/{summary['Id']}/stats?stream=false&one-shot=true")["memory_stats"]["usage"]
        found["cgroup_mib"] += usage / MIB
        if service == "api":
            found["api_private_mib"] = memory_kib(pids, "Private_Clean", "Private_Dirty") / 1024
    return found


def everything_mib(manager, refs):
    """PSS of the engine, the manager with its database, and all projects."""
    pids = set(named(*ENGINE)) | descendants(manager.process.pid)
    for ref in refs:
        for summary in containers_of(ref).values():
            pids |= descendants(engine("GET", f"/containers/{summary['Id']}/json")["State"]["Pid"])
    return memory_kib(pids, "Pss") / 1024


def create(manager, names):
    return together(lambda name: manager.call("POST", "/platform/projects", {
        "name": name, "organization_slug": "default"})["ref"], names)


def delete(manager, refs):
    together(manager.delete, refs)
    until(manager, refs, manager.is_gone)


def one_project(manager, arguments, number):
    seconds, ref = manager.provision(f"alone {number}")
    bodies = recorded_containers(ref)
    delete(manager, [ref])
    found = {"post_to_active": seconds}
    for name, measure in (("raw_calls", lambda stack: up([stack])), ("first_boot", lambda stack: stack.boot("db"))):
        with Cleanup() as cleanup:
            stack = RawStack(bodies, arguments.root + "/.build/stacks/lite")
            cleanup.after(stack.down)
            found[name] = measure(stack)
    return found | {"ratio": seconds / (found["raw_calls"] + found["first_boot"])}


def left_alone(manager, arguments, count):
    """Medians of the memory of projects that nobody uses."""
    refs = create(manager, [f"idle {count} {number}" for number in range(count)])
    until(manager, refs, status_is(manager, "ACTIVE_HEALTHY"))
    time.sleep(arguments.calm)
    found = [project_memory(ref) for ref in refs]
    delete(manager, refs)
    return {key: statistics.median(one[key] for one in found) for key in found[0]}


def at_once(manager, count):
    start = time.perf_counter()
    refs = create(manager, [f"crowd {number}" for number in range(count)])
    until(manager, refs, status_is(manager, "ACTIVE_HEALTHY"))
    found = {"seconds": time.perf_counter() - start, "pss_mib": everything_mib(manager, refs)}
    delete(manager, refs)
    return found


def describe(report, arguments, one, alone, many, crowd):
    report.line(f"POST to ACTIVE {one['post_to_active']:.2f} s   (aim: at most 2); ÷ (raw calls {one['raw_calls']:.2f} s + "
                f"first boot of PostgreSQL {one['first_boot']:.2f} s) = {one['ratio']:.2f}   (aim: at most 1.15)")
    for count, found in ((1, alone), (arguments.idle, many)):
        report.line(f"idle, as one of {count}: {found['pss_mib']:.1f} MiB PSS, {found['rss_mib']:.1f} RSS, "
                    f"{found['cgroup_mib']:.1f} by the cgroup; projectd's own {found['api_private_mib']:.1f}   "
                    "(aim as one of ten: PSS at most 40, projectd 14)")
    report.line(f"{arguments.crowd} at once: healthy after {crowd['seconds']:.1f} s   (aim with 30: at most 40); everything "
                f"{crowd['pss_mib'] / 1024:.2f} GiB PSS   (aim with 30: at most 1.6)")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", required=True)
    parser.add_argument("--root", required=True)
    parser.add_argument("--rounds", type=int, default=5, help="of one project")
    parser.add_argument("--idle", type=int, default=10)
    parser.add_argument("--calm", type=int, default=60, help="seconds for which idle projects are left alone before")
    parser.add_argument("--crowd", type=int, default=30)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    arguments.rounds, arguments.idle = max(1, min(arguments.rounds, 20)), max(1, min(arguments.idle, 50))
    arguments.crowd = max(1, min(arguments.crowd, 50))
    clean_up_when_told_to_end()
    report = Report("density", rounds=arguments.rounds)
    with Cleanup() as cleanup:
        manager = Manager(arguments.binary, arguments.root, SUPAMANAGER_TEMPLATES=arguments.root + "/.build/stacks",
                          SUPAMANAGER_STACK="lite")
        cleanup.after(manager.stop)
        rounds = [one_project(manager, arguments, number) for number in range(arguments.rounds)]
        one = report.medians(rounds)
        alone, many = left_alone(manager, arguments, 1), left_alone(manager, arguments, arguments.idle)
        crowd = at_once(manager, arguments.crowd)
    describe(report, arguments, one, alone, many, crowd)
    report.end(arguments.json, one=one | {"rounds": rounds}, alone=alone, idle=many, crowd=crowd)


if __name__ == "__main__":
    main()
