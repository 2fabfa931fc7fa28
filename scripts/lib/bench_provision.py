"""Provisioning benchmark: POST to ACTIVE beside the engine's own time for the same containers.

A round is three measurements: the manager brings a project up; the same containers, taken from what the engine says of
them, are created and started by raw calls, eight at a time; the database container boots alone until it takes
connections. All that a round makes is removed by exact name or id at its end.
"""

import argparse

from manager import Manager
from raw_stack import RawStack, recorded_containers
from report import Report


def one_round(manager, number, root):
    managed, ref = manager.provision(f"bench {number}")
    bodies = recorded_containers(ref)
    manager.delete(ref)
    template = root + "/Templates/supabase"
    results = {"post_to_active": managed}
    for key, names in (("raw_calls", sorted(bodies)), ("slowest_boot", ["db"])):
        stack = RawStack(bodies, template)
        try:
            results[key] = stack.up(names) if key == "raw_calls" else stack.boot("db")
        finally:
            stack.down()
    results["ratio"] = results["post_to_active"] / (results["raw_calls"] + results["slowest_boot"])
    return results


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", required=True)
    parser.add_argument("--root", required=True)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    manager = Manager(arguments.binary, arguments.root)
    try:
        rounds = [one_round(manager, number, arguments.root) for number in range(max(1, min(arguments.rounds, 20)))]
    finally:
        manager.stop()
    report = Report("provision", rounds=len(rounds))
    medians = report.medians(rounds)
    labels = {"post_to_active": "POST to ACTIVE", "raw_calls": "same containers by raw calls",
              "slowest_boot": "slowest service (db) boots alone"}
    for key, label in labels.items():
        values = sorted(one[key] for one in rounds)
        report.line(f"{label:34s} {medians[key]:6.2f} s   ({values[0]:.2f} to {values[-1]:.2f})")
    report.line(f"POST to ACTIVE / (raw + boot)       {medians['ratio']:.2f}   (aim: at most 1.15)")
    report.end(arguments.json, medians=medians, rounds=rounds)


if __name__ == "__main__":
    main()
