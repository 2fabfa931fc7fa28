"""What the tests of reliability share: the proving ground of scripts/lib, and questions to a manager under harm."""

import pathlib
import sys
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts" / "lib"))

from engine_api import engine  # noqa: E402  (the path is set one line above)
from proving_ground import ProvingGround  # noqa: E402

DEADLINE_SECONDS = 180
SERVICES = ["gateway", "imgproxy"]


def until(condition, complaint, seconds=DEADLINE_SECONDS, pause=0.1):
    """Waits until a condition gives something true, and gives it."""
    end = time.monotonic() + seconds
    while True:
        try:
            found = condition()
        except OSError:
            found = None
        if found:
            return found
        if time.monotonic() > end:
            raise AssertionError(complaint() if callable(complaint) else complaint)
        time.sleep(pause)


class GroundTest(unittest.TestCase):
    """Tests with one manager between proxies, which all of them share and leave as they found it."""

    given_database = False
    ground = None

    @classmethod
    def setUpClass(cls):
        cls.ground = ProvingGround(given_database=cls.given_database)
        cls.addClassCleanup(cls.ground.close)
        # A manager that crashes is what these tests must see: nothing starts it again.
        cls.ground.revive = cls.mind

    @classmethod
    def mind(cls):
        if cls.ground.manager.process.poll() is not None:
            raise AssertionError(f"the manager has died\n{cls.ground.log_tail()}")

    def tearDown(self):
        self.mind()
        # What a failed test has left must not fail the next one.
        for project in self.ask("GET", "/platform/projects").json["projects"]:
            self.delete(project["ref"])

    # -- what a user sees

    def ask(self, method, path, body=None, deadline=60):
        return self.ground.manager.ask(method, path, body, deadline=deadline)

    def ready(self):
        return self.ask("GET", "/ready")

    def active(self, name):
        ref = self.ground.create(name, SERVICES)
        self.ground.wait_for(ref, "ACTIVE_HEALTHY")
        return ref

    def delete(self, ref):
        self.ground.perform("DELETE", f"/platform/projects/{ref}")
        self.ground.wait_for(ref, None)

    def assert_ready_again(self):
        until(lambda: self.ready().status == 200, lambda: f"the manager is not ready again\n{self.ground.log_tail()}")

    def assert_unavailable(self, reply, *words):
        """503 with `Retry-After` and the reason."""
        self.assertEqual(reply.status, 503, reply)
        self.assertRegex(reply.headers.get("Retry-After", ""), r"^[1-9][0-9]*$", reply)
        for word in words:
            self.assertIn(word, reply.json["message"])

    # -- what the engine sees

    def containers(self, ref):
        """Each container's id, state and start: what changes when it is touched."""
        found = {}
        for one in self.ground.held(ref)["containers"]:
            state = engine("GET", f"/containers/{one['Id']}/json")["State"]
            found[one["Names"][0]] = (one["Id"], state["Status"], state["StartedAt"])
        return found

    def assert_whole(self, ref):
        """An active project: one running container a service, one network, nothing besides."""
        held = self.ground.held(ref)
        services = sorted(one["Labels"]["com.docker.compose.service"] for one in held["containers"])
        self.assertEqual(services, sorted(SERVICES))
        self.assertEqual({one["State"] for one in held["containers"]}, {"running"})
        self.assertEqual(len(held["networks"]), 2)

    def assert_nothing_left(self):
        self.assertEqual(self.ground.remains(), [])
