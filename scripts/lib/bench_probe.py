"""Probe benchmark: how late the API says what has happened to a service.

One project with twelve services is active. One service after another is killed on the engine, behind the manager's
back. Two delays are measured each time: from the end of the container, as the engine has recorded it, until the API
says that the project is unhealthy; and from the first answer of the restarted service to a probe of the benchmark's own
until the API says that the project is healthy.

Beside each is its lower bound: how late the engine's own event stream reports the end of the container,
and how long one bare GET of the service's health question takes.
"""

import argparse
import http.client
import json
import threading
import time
from datetime import datetime

from cleanup import Cleanup, clean_up_when_told_to_end
from engine_api import EventStream, containers_of, engine
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


def ask(service, address):
    """One bare GET of a service's health question, on a connection of its own: whether it is answered with 200."""
    port, path = SERVICES[service]
    connection = http.client.HTTPConnection(address, port, timeout=1)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    finally:
        connection.close()


class FirstAnswer(threading.Thread):
    """Asks a service, from the start of its container, until it answers with 200, and keeps the wall-clock time.

    Not earlier: the kernel looks for an unused address only once a second, and would be late itself."""

    def __init__(self, service, address, told):
        super().__init__(daemon=True)
        self.service, self.address, self.told = service, address, told
        self.given_up = False
        self.time = None

    def run(self):
        end = time.monotonic() + DEADLINE_SECONDS
        while ("start", self.service) not in self.told and not self.given_up and time.monotonic() < end:
            time.sleep(PAUSE_SECONDS)
        while self.time is None and not self.given_up and time.monotonic() < end:
            try:
                if ask(self.service, self.address):
                    self.time = time.time()
            except (OSError, http.client.HTTPException):
                pass  # It does not listen yet, or ends in the middle of an answer.
            time.sleep(PAUSE_SECONDS)


class Told(threading.Thread):
    """When the engine's own event stream has reported starts and ends: no listener knows them earlier."""

    def __init__(self, ref):
        super().__init__(daemon=True)
        self.times = {}
        self.stream = EventStream(event=["start", "die"], label=[f"supamanager.project={ref}"])

    def run(self):
        for line in self.stream.lines():
            event = json.loads(line)
            self.times[event["Action"], event["Actor"]["Attributes"]["com.docker.compose.service"]] = time.time()

    def wait(self, action, service):
        end = time.monotonic() + DEADLINE_SECONDS
        while (action, service) not in self.times:
            if time.monotonic() > end:
                raise RuntimeError(f"the engine reports no event of {service}: {action}")
            time.sleep(PAUSE_SECONDS)
        return self.times[action, service]


def finished_at(container):
    text = engine("GET", f"/containers/{container}/json")["State"]["FinishedAt"]
    return datetime.fromisoformat(text[:26].rstrip("Z") + "+00:00").timestamp()


def milliseconds_of_one(service, address):
    start = time.perf_counter()
    if not ask(service, address):
        raise RuntimeError(f"{service} does not answer its health question")
    return (time.perf_counter() - start) * 1000


def disturb(status, told, ref, service):
    """Kills one service: the two delays in milliseconds, and beside each the least that is possible."""
    container = containers_of(ref)[service]
    address = next(iter(container["NetworkSettings"]["Networks"].values()))["IPAddress"]
    told.times.clear()
    engine("POST", f"/containers/{container['Id']}/kill")
    seen_dead = status.wait("ACTIVE_UNHEALTHY")
    answer = FirstAnswer(service, address, told.times)
    answer.start()
    try:
        died = finished_at(container["Id"])
        seen_ready = status.wait("ACTIVE_HEALTHY")
        answer.join(DEADLINE_SECONDS)
    finally:
        answer.given_up = True
    if answer.time is None:
        raise RuntimeError(f"{service} does not answer, but the API says that the project is healthy")
    one_get = milliseconds_of_one(service, address)
    time.sleep(REST_SECONDS)
    return {"dead_to_api_ms": (seen_dead - died) * 1000, "dead_to_event_ms": (told.wait("die", service) - died) * 1000,
            "ready_to_api_ms": max(0.0, seen_ready - answer.time) * 1000, "one_get_ms": one_get}


def measure(arguments, events):
    with Cleanup() as cleanup:
        manager = Manager(arguments.binary, arguments.root)
        cleanup.after(manager.stop)
        _, ref = manager.provision("bench probe")
        told = Told(ref)
        cleanup.after(told.stream.close)
        told.start()
        status = Status(manager, ref)
        names = sorted(SERVICES)
        return [disturb(status, told, ref, names[number % len(names)]) for number in range(events // 2)]


# Each delay: what it is, the highest p99 that is aimed at, and what it is compared with.
LABELS = {
    "ready_to_api_ms": ("service ready, then the API says so", 150, "one_get_ms", "one bare GET of its health"),
    "dead_to_api_ms": ("container ends, then the API says so", 250, "dead_to_event_ms", "an engine event says so"),
}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", required=True)
    parser.add_argument("--root", required=True)
    parser.add_argument("--events", type=int, default=200)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    clean_up_when_told_to_end()
    events = max(2, min(arguments.events, 2000))
    report = Report("probe", events=events // 2 * 2)
    found = measure(arguments, events)
    delays = {key: [one[key] for one in found] for key in found[0]}
    results = {name: {"p50": percentile(values, 0.5), "p99": percentile(values, 0.99), "max": max(values)}
               for name, values in delays.items()}
    ratios = {}
    for name, (label, aim, other, other_label) in LABELS.items():
        one, least = results[name], results[other]
        ratios[name] = one["p50"] / least["p50"]
        report.line(f"{label:40s} p50 {one['p50']:6.0f} ms   p99 {one['p99']:6.0f} ms   max {one['max']:6.0f} ms"
                    f"   (aim: p99 at most {aim} ms)")
        report.line(f"  {other_label:38s} p50 {least['p50']:6.1f} ms   p99 {least['p99']:6.1f} ms   "
                    f"max {least['max']:6.1f} ms   (ratio of the medians {ratios[name]:.1f})")
    report.end(arguments.json, delays=results, ratios=ratios)


if __name__ == "__main__":
    main()
