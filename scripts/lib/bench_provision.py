"""Provisioning benchmark: POST to ACTIVE beside the engine's own time for the containers, and beside docker-compose.

A round is four measurements: the manager brings a project up; the same containers, taken from what the engine says of
them, are created and started by raw calls, eight at a time; the database container boots alone until it takes
connections; docker-compose brings the same project up, and it is waited for until the engine says of every service that
it is healthy. All that a round makes is removed by exact name or id at its end.

docker-compose gets the template as it is: same images, limits, start order, and times of the health checks. Where a
stand-in image lacks the program of a health check (curl, node, bash, postgrest, imgproxy), busybox asks the same
question instead: in analytics, functions, gateway, imgproxy, meta, realtime, rest and studio. The engine makes its
first check only when an interval is over, and realtime's is by far the longest; so there are two ratios: of all
services, and of all but the one that was last. Without docker-compose that part is left out.
"""

import argparse

import compose_stack
from cleanup import Cleanup, clean_up_when_told_to_end
from manager import Manager
from raw_stack import RawStack, recorded_containers, up
from report import Report

LABELS = {
    "post_to_active": "POST to ACTIVE",
    "raw_calls": "same containers by raw calls",
    "slowest_boot": "slowest service (db) boots alone",
    "compose": "docker-compose, until all healthy",
    "compose_up": "  of that: up -d",
    "compose_wait": "  of that: waiting for health",
    "compose_but_last": "  until all but the last healthy",
}


def taken_down(stack, measure):
    """The result of a measurement of a stack; the stack is removed."""
    with Cleanup() as cleanup:
        cleanup.after(stack.down)
        return measure(stack)


def compose(binary):
    """Seconds of docker-compose in all and in parts, and the last service."""
    started, waited, ready = taken_down(compose_stack.ComposeStack(binary), lambda stack: stack.up())
    *others, last = sorted(ready, key=ready.get)
    return {"compose": started + waited, "compose_up": started, "compose_wait": waited,
            "compose_but_last": max(ready[one] for one in others), "compose_last": last, "compose_services": ready}


def one_round(manager, number, arguments, with_compose):
    managed, ref = manager.provision(f"bench {number}")
    bodies = recorded_containers(ref)
    manager.delete(ref)
    template = arguments.root + "/Templates/supabase"
    results = {"post_to_active": managed,
               "raw_calls": taken_down(RawStack(bodies, template), lambda stack: up([stack])),
               "slowest_boot": taken_down(RawStack(bodies, template), lambda stack: stack.boot("db"))}
    results["ratio"] = managed / (results["raw_calls"] + results["slowest_boot"])
    if with_compose:
        results |= compose(arguments.binary)
        results["compose_ratio"] = managed / results["compose"]
        results["compose_but_last_ratio"] = managed / results["compose_but_last"]
    return results


def describe(report, rounds, medians):
    for key, label in LABELS.items():
        if key in medians:
            values = sorted(one[key] for one in rounds)
            report.line(f"{label:34s} {medians[key]:6.2f} s   ({values[0]:.2f} to {values[-1]:.2f})")
    report.line(f"POST to ACTIVE / (raw + boot)       {medians['ratio']:.2f}   (aim: at most 1.15)")
    if "compose_ratio" not in medians:
        report.line("docker-compose is not installed: the comparison with it is left out")
        return
    last = ", ".join(sorted({one["compose_last"] for one in rounds}))
    report.line(f"POST to ACTIVE / docker-compose     {medians['compose_ratio']:.2f}   (aim: at most 0.35)")
    report.line(f"POST to ACTIVE / all but the last   {medians['compose_but_last_ratio']:.2f}   (the last: {last})")
    report.line(f"health checks asked by busybox: {', '.join(compose_stack.REPLACED)}; the others as in the template")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", required=True)
    parser.add_argument("--root", required=True)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    clean_up_when_told_to_end()
    count = max(1, min(arguments.rounds, 20))
    version = compose_stack.version()
    report = Report("provision", rounds=count, **({"docker-compose": version} if version else {}))
    with Cleanup() as cleanup:
        manager = Manager(arguments.binary, arguments.root)
        cleanup.after(manager.stop)
        rounds = [one_round(manager, number, arguments, version is not None) for number in range(count)]
    medians = report.medians(rounds)
    describe(report, rounds, medians)
    report.end(arguments.json, medians=medians, rounds=rounds,
               **({"health_checks_replaced": compose_stack.REPLACED} if version else {"left_out": ["docker-compose"]}))


if __name__ == "__main__":
    main()
