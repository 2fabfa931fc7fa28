"""Dashboards benchmark: what open pages cost the manager while nothing happens.

Half of them are lists of projects, half the page of one; each holds its stream of events as a browser does. The same
manager without any page comes before and after, so that what it does anyway is known.
"""

import argparse
import http.client
import threading
import time
import urllib.parse

from cleanup import Cleanup, clean_up_when_told_to_end
from manager import Manager
from processes import cpu_seconds, descendants
from report import Report

PASSWORD = "a password of the benchmark"
# Pages that one person has open.
PAGES_EACH = 10
# The target of one core for all pages together.
PERCENT_MAX = 2


class Page(threading.Thread):
    """A stream of events, read as it comes."""

    def __init__(self, address, path, cookie):
        super().__init__(daemon=True)
        self.connection = http.client.HTTPConnection(address, timeout=60)
        self.connection.request("GET", path, headers={"Cookie": cookie, "Accept": "text/event-stream"})
        self.response = self.connection.getresponse()
        if self.response.status != 200:
            raise RuntimeError(f"GET {path}: {self.response.status}")
        self.changes = 0
        self.start()

    def run(self):
        try:
            for line in self.response:
                self.changes += line.startswith(b"event: changed")
        except (OSError, ValueError, AttributeError):
            pass  # It was closed.

    def close(self):
        self.connection.sock.shutdown(2)
        self.connection.close()


def people(manager, count):
    """Further accounts: one may hold only so many streams."""
    for number in range(count):
        email = f"person{number}@example.com"
        made = manager.call("POST", "/platform/organizations/default/members/invitations",
                            {"email": email, "role_id": 3})
        manager.call("POST", "/platform/signup", {
            "email": email, "password": PASSWORD, "invitation_token": made["token"]})
        yield sign_in(manager.address, email)


def sign_in(address, email):
    connection = http.client.HTTPConnection(address, timeout=30)
    connection.request("POST", "/dashboard/sign-in", urllib.parse.urlencode({"email": email, "password": PASSWORD}), {
        "Content-Type": "application/x-www-form-urlencoded", "Origin": f"http://{address}",
        "Sec-Fetch-Site": "same-origin"})
    response = connection.getresponse()
    if response.status != 303:
        raise RuntimeError(f"sign-in: {response.status}")
    return response.headers["Set-Cookie"].split(";")[0]


def watch(manager, seconds):
    """CPU of one core in percent, of the manager and of its database."""
    pids = {"manager": {manager.process.pid}, "database": descendants(manager.process.pid) - {manager.process.pid}}
    before = {name: cpu_seconds(found) for name, found in pids.items()}
    start = time.perf_counter()
    time.sleep(seconds)
    elapsed = time.perf_counter() - start
    return {name: (cpu_seconds(pids[name]) - before[name]) / elapsed * 100 for name in pids}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", required=True)
    parser.add_argument("--root", required=True)
    parser.add_argument("--pages", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    clean_up_when_told_to_end()
    report = Report("dashboards", pages=arguments.pages, seconds=arguments.seconds)
    with Cleanup() as cleanup:
        manager = Manager(
            arguments.binary, arguments.root, SUPAMANAGER_DASHBOARD=arguments.root + "/Dashboard")
        cleanup.after(manager.stop)
        _, ref = manager.provision("watched", services=["db"])
        cookies = list(people(manager, -(-arguments.pages // PAGES_EACH)))
        time.sleep(5)
        alone = [watch(manager, arguments.seconds)]
        paths = ["/dashboard/live", f"/dashboard/projects/{ref}/live"]
        pages = [Page(manager.address, paths[number % 2], cookies[number // PAGES_EACH]) for number in range(arguments.pages)]
        time.sleep(2)
        opened = watch(manager, arguments.seconds)
        # A change that every page hears of: they are open.
        manager.call("PATCH", f"/platform/projects/{ref}", {"name": "renamed"})
        time.sleep(1)
        deaf = sum(page.changes < 2 for page in pages[::2])
        for page in pages:
            page.close()
        time.sleep(2)
        alone.append(watch(manager, arguments.seconds))
    own = {name: sum(figures[name] for figures in alone) / len(alone) for name in opened}
    cost = {name: opened[name] - own[name] for name in opened}
    report.line(f"open pages cost the manager {cost['manager']:.2f} % of a core and its database {cost['database']:.2f} %, "
                f"beside {own['manager']:.2f} % and {own['database']:.2f} % without any (target: {PERCENT_MAX} % together)")
    report.line(f"{deaf} lists did not hear of a change")
    report.end(arguments.json, cost=cost, alone=own, deaf=deaf)


if __name__ == "__main__":
    main()
