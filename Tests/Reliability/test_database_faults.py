"""PostgreSQL fails in every way that a server can: requests get Retry-After, containers keep running, nothing is lost."""

import concurrent.futures
import os
import signal
import threading
import time
import unittest

from support import SERVICES, GroundTest, until

from fault_proxy import drop

# What a request may be answered with while the database comes and goes: done, or told to come back.
FINE_OR_LATER = {200, 201, 503}


class Load:
    """Readers and writers that never stop, and every answer that they got."""

    def __init__(self, test, ref):
        self.test, self.ref = test, ref
        self.answers, self.made = [], []
        self.stopped = threading.Event()
        self.pool = concurrent.futures.ThreadPoolExecutor(6)

    def __enter__(self):
        self.work = [self.pool.submit(self.read) for _ in range(4)] + [self.pool.submit(self.write, n) for n in range(2)]
        return self

    def note(self, method, path, body=None):
        reply = self.test.ask(method, path, body)
        self.answers.append(reply)
        return reply

    def read(self):
        while not self.stopped.is_set():
            self.note("GET", f"/platform/projects/{self.ref}")
            self.note("GET", "/platform/projects")
            time.sleep(0.01)

    def write(self, number):
        count = 0
        while not self.stopped.is_set():
            count += 1
            name = f"renamed {number} {count}"
            if self.note("PATCH", f"/platform/projects/{self.ref}", {"name": name}).status == 200:
                self.made.append(name)
            time.sleep(0.01)

    def __exit__(self, *_):
        self.stopped.set()
        self.pool.shutdown()
        for one in self.work:
            one.result()

    def check(self):
        """No answer but success and 503 with `Retry-After`."""
        for reply in self.answers:
            self.test.assertIn(reply.status, FINE_OR_LATER, reply)
            if reply.status == 503:
                self.test.assert_unavailable(reply)


class DatabaseFaults:
    """The same for a given database and the private one."""

    def without_database(self, ref, before):
        """What the API does while the database is away."""
        reply = until(lambda: (found := self.ready()).status != 200 and found, "the manager still says it is ready")
        self.assert_unavailable(reply, "database")
        self.assertEqual(self.ask("GET", "/health").status, 200)
        for method, path, body in (
            ("GET", f"/platform/projects/{ref}", None), ("GET", "/platform/projects", None),
            ("POST", f"/platform/projects/{ref}/pause", None), ("DELETE", f"/platform/projects/{ref}", None),
            ("POST", "/platform/projects", {"name": "never", "organization_slug": "default", "services": SERVICES}),
        ):
            with self.subTest(request=f"{method} {path}"):
                self.assert_unavailable(self.ask(method, path, body))
        self.assertEqual(self.containers(ref), before)

    def settle(self, ref, before):
        self.assert_ready_again()
        self.ground.wait_for(ref, "ACTIVE_HEALTHY")
        self.assertEqual(self.containers(ref), before, "a container was touched while the database was away")
        refs = [one["ref"] for one in self.ask("GET", "/platform/projects").json["projects"]]
        self.assertEqual(refs, [ref], "a refused creation was carried out, or something was lost")

    def end(self, ref):
        self.delete(ref)
        self.assert_nothing_left()


class GivenDatabase(DatabaseFaults, GroundTest):
    """A PostgreSQL that the manager does not run."""

    given_database = True

    def test_the_server_is_stopped_and_started(self):
        ref = self.active("stopped")
        before = self.containers(ref)
        self.ground.database_server.stop()
        try:
            self.without_database(ref, before)
        finally:
            self.ground.database_server.start()
        self.settle(ref, before)
        self.end(ref)

    def test_connections_are_refused(self):
        ref = self.active("refused")
        before = self.containers(ref)
        with self.ground.database.refusing():
            self.without_database(ref, before)
        self.settle(ref, before)
        self.end(ref)

    def test_every_commit_is_lost_before_it_arrives(self):
        """Nothing can be changed, and what is refused has not happened."""
        ref = self.active("uncommitted")
        before = self.containers(ref)
        with self.ground.database.rule(lambda call: call.text.startswith("COMMIT"), before=drop) as rule:
            self.assert_unavailable(self.ask("POST", f"/platform/projects/{ref}/pause"))
            self.assert_unavailable(self.ask("POST", "/platform/projects", {
                "name": "never", "organization_slug": "default", "services": SERVICES}))
            self.assertGreater(rule.hits, 0)
        self.settle(ref, before)
        self.end(ref)

    def test_a_commit_whose_answer_is_lost(self):
        """The client gets Retry-After; under the same key it gets the outcome."""
        with self.ground.database.rule(
                lambda call: call.text.startswith("COMMIT") and "projects" in call.text, after=drop, times=1) as rule:
            body = {"name": "twice", "organization_slug": "default", "services": SERVICES}
            first = self.ground.manager.ask("POST", "/platform/projects", body, key="the-same-key")
            self.assert_unavailable(first)
            self.assertEqual(rule.hits, 1)
        second = self.ground.manager.ask("POST", "/platform/projects", body, key="the-same-key")
        self.assertEqual(second.status, 201, second)
        projects = self.ask("GET", "/platform/projects").json["projects"]
        self.assertEqual([one["ref"] for one in projects], [second.json["ref"]])
        self.ground.wait_for(second.json["ref"], "ACTIVE_HEALTHY")
        self.end(second.json["ref"])

    def test_cut_off_under_load(self):
        ref = self.active("load")
        before = self.containers(ref)
        with Load(self, ref) as load:
            for _ in range(10):
                time.sleep(0.3)
                self.ground.database.cut()
        load.check()
        self.assertGreater(len(load.made), 0)
        self.settle(ref, before)
        self.end(ref)

    def test_restarted_under_load(self):
        ref = self.active("crash")
        before = self.containers(ref)
        with Load(self, ref) as load:
            for mode in ("immediate", "fast", "immediate"):
                time.sleep(0.5)
                self.ground.database_server.stop(mode)
                time.sleep(0.3)
                self.ground.database_server.start()
        load.check()
        self.assertIn(503, {reply.status for reply in load.answers})
        self.settle(ref, before)
        self.end(ref)

    def test_cut_off_again_and_again_while_projects_live_and_die(self):
        stopped = threading.Event()

        def harm():
            while not stopped.wait(0.25):
                self.ground.database.cut()

        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            worker = pool.submit(harm)
            try:
                for number in range(3):
                    ref = self.ground.create(f"shaken {number}", SERVICES)
                    self.ground.wait_for(ref, "ACTIVE_HEALTHY")
                    self.assert_whole(ref)
                    self.assertEqual(
                        self.ground.perform("POST", f"/platform/projects/{ref}/pause").status, 201)
                    self.ground.wait_for(ref, "INACTIVE")
                    self.delete(ref)
            finally:
                stopped.set()
                worker.result()
        self.assert_ready_again()
        self.assert_nothing_left()


class PrivateDatabase(DatabaseFaults, GroundTest):
    """The PostgreSQL that the manager runs itself."""

    def server(self):
        """Its process id, while it runs."""
        try:
            with open(f"{self.ground.manager.folder}/data/postgres/data/postmaster.pid") as file:
                return int(file.readline())
        except FileNotFoundError:
            return None

    def test_it_is_killed(self):
        ref = self.active("killed")
        before = self.containers(ref)
        for _ in range(3):
            dead = until(self.server, "there is no PostgreSQL")
            os.kill(dead, signal.SIGKILL)
            until(lambda: self.server() not in (None, dead), "the private PostgreSQL is not started again")
            self.settle(ref, before)
        self.end(ref)

    def test_it_is_killed_under_load(self):
        ref = self.active("killed under load")
        before = self.containers(ref)
        with Load(self, ref) as load:
            time.sleep(0.5)
            os.kill(until(self.server, "there is no PostgreSQL"), signal.SIGKILL)
            time.sleep(1)
        load.check()
        self.settle(ref, before)
        self.end(ref)


if __name__ == "__main__":
    unittest.main()
