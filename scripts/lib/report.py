"""Output of benchmarks: as text, or as one JSON object."""

import json
import os
import platform
import statistics


def machine():
    """What the machine is, and how busy it is just now."""
    with open("/proc/cpuinfo") as file:
        models = [line.split(":")[1].strip() for line in file if line.startswith("model name")]
    with open("/proc/meminfo") as file:
        memory = int(file.readline().split()[1]) // 1_048_576
    return {"cores": os.cpu_count(), "processor": models[0] if models else platform.machine(), "memory_gib": memory,
            "kernel": platform.release(), "load": round(os.getloadavg()[0], 1)}


def percentile(values, share):
    """The smallest value that at least `share` of all values do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, -(-int(share * 100) * len(ordered) // 100) - 1))]


class Report:
    """One benchmark's result. Created before the measurement: its load is that of other programs."""

    def __init__(self, benchmark, **about):
        self.head = {"benchmark": benchmark, "machine": machine()} | about
        self.lines = []

    def medians(self, rounds):
        """Medians of all that is a number in every round."""
        return {key: statistics.median(one[key] for one in rounds) for key in rounds[0]
                if all(isinstance(one[key], (int, float)) for one in rounds)}

    def line(self, text):
        self.lines.append(text)

    def end(self, as_json, **found):
        if as_json:
            print(json.dumps(self.head | found))
            return
        about = ", ".join(f"{key} {value}" for key, value in self.head.items() if key not in ("benchmark", "machine"))
        found = self.head["machine"]
        print(f"{self.head['benchmark']}: {about}; {found['cores']} cores ({found['processor']}), "
              f"{found['memory_gib']} GiB, load {found['load']}")
        for text in self.lines:
            print("  " + text)
