"""Probe benchmark: how late the API says what has happened to a service.

One project with twelve services is active. One service after another is killed on the engine, behind the manager's
back. Two delays are measured each time: from the end of the container, as the engine has recorded it, until the API
says that the project is unhealthy; and from the first answer of the restarted service to a probe of the benchmark's own
until the API says that the project is healthy.
"""

import argparse
import http.client
import json
import threading
import time
from datetime import datetime

from engine_api import containers_of, engine
from manager import DEADLINE_SECONDS, Manager
from report import Report, percentile

# Port, path and status of each service's own health question, as the template declares it.
SERVICES = {"auth": (9999, "/health"), "rest": (3001, "/ready"), "storage": (5000, "/status"),
            "imgproxy": (5001, "/health"), "meta": (8080, "/health"), "functions": (9000, "/_internal/health")}
PAUSE_SECONDS = 0.002
# A service that has just been started is left alone for a while, or its next start is put off.
REST_SECONDS = 1.0


class Status:
    """The API's word on a project, asked over one connection."""

    def __init__(self, manager, ref):
        self.connection = http.client.HTTPConnection(manager.address, timeout=30)
        self.path = f"/platform/projects/{ref}/status"
        self.headers = {"Authorization": f"Bearer {manager.token}"}

    def now(self):
        self.connection.request("GET", self.path, headers=self.headers)
        return json.loads(self.connection.getresponse().read())["status"]

    def wait(self, wanted):
        """The wall-clock time at which the API first says it."""
        end = time.monotonic() + DEADLINE_SECONDS
        while self.now() != wanted:
            if time.monotonic() > end:
                raise RuntimeError(f"the project is not {wanted}")
            time.sleep(PAUSE_SECONDS)
        return time.time()


class FirstAnswer(threading.Thread):
    """Asks a service until it answers with 200, and keeps the wall-clock time."""

    def __init__(self, service, address):
        super().__init__(daemon=True)
        self.port, self.path = SERVICES[service]
        self.address = address
        self.time = None

    def run(self):
        end = time.monotonic() + DEADLINE_SECONDS
        while self.time is None and time.monotonic() < end:
            try:
                connection = http.client.HTTPConnection(self.address, self.port, timeout=1)
                connection.request("GET", self.path)
                if connection.getresponse().status == 200:
                    self.time = time.time()
                connection.close()
            except OSError:
                pass
            time.sleep(PAUSE_SECONDS)


def finished_at(container):
    text = engine("GET", f"/containers/{container}/json")["State"]["FinishedAt"]
    return datetime.fromisoformat(text[:26].rstrip("Z") + "+00:00").timestamp()


def disturb(status, ref, service):
    """Kills one service: the two delays in milliseconds."""
    container = containers_of(ref)[service]
    address = next(iter(container["NetworkSettings"]["Networks"].values()))["IPAddress"]
    engine("POST", f"/containers/{container['Id']}/kill")
    answer = FirstAnswer(service, address)
    seen_dead = status.wait("ACTIVE_UNHEALTHY")
    died = finished_at(container["Id"])
    answer.start()
    seen_ready = status.wait("ACTIVE_HEALTHY")
    answer.join(DEADLINE_SECONDS)
    time.sleep(REST_SECONDS)
    return (seen_dead - died) * 1000, max(0.0, seen_ready - answer.time) * 1000


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", required=True)
    parser.add_argument("--root", required=True)
    parser.add_argument("--events", type=int, default=200)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    events = max(2, min(arguments.events, 2000))
    manager = Manager(arguments.binary, arguments.root)
    try:
        _, ref = manager.provision("bench probe")
        status = Status(manager, ref)
        names = sorted(SERVICES)
        found = [disturb(status, ref, names[number % len(names)]) for number in range(events // 2)]
    finally:
        manager.stop()
    delays = {"dead_to_api_ms": [one[0] for one in found], "ready_to_api_ms": [one[1] for one in found]}
    report = Report("probe", events=2 * len(found))
    results = {name: {"p50": percentile(values, 0.5), "p99": percentile(values, 0.99), "max": max(values)}
               for name, values in delays.items()}
    labels = {"ready_to_api_ms": ("service ready, then the API says so", 150),
              "dead_to_api_ms": ("container ends, then the API says so", 250)}
    for name, (label, aim) in labels.items():
        one = results[name]
        report.line(f"{label:40s} p50 {one['p50']:6.0f} ms   p99 {one['p99']:6.0f} ms   max {one['max']:6.0f} ms"
                    f"   (aim: p99 at most {aim} ms)")
    report.end(arguments.json, delays=results)


if __name__ == "__main__":
    main()
