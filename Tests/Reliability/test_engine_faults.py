"""The Docker Engine fails in every way that a server can: the manager says so, touches nothing, and gets there."""

import unittest

from support import SERVICES, GroundTest, engine, until

from engine_proxy import garbage, hang, refuse_with, truncated
from fault_proxy import delay, drop

# How often a fault hits before it is over. The manager gives a start up after several refusals of the same call, so a
# refusal that lasts is another matter than one that passes.
TIMES = 2


def changes(call):
    return call.changes


def reads(call):
    return not call.changes and "/events" not in call.text


FAULTS = {
    "slow": dict(before=delay(1.5)),
    "lost before": dict(before=drop),
    "lost after": dict(after=drop),
    "status 500": dict(before=refuse_with(500)),
    "status 500 after it was done": dict(after=lambda *_: refuse_with(500)(None)),
    "truncated": dict(change=truncated),
    "garbage": dict(change=garbage),
}


class PassingFaults(GroundTest):
    """A few calls come to harm, then the engine is well again."""

    def live(self, name, wanted, fault):
        """A whole life, with the same harm at the beginning of each operation."""
        with self.ground.engine.rule(wanted, times=TIMES, **fault) as rule:
            ref = self.active(name)
            self.assertEqual(rule.hits, TIMES, "the fault has not been met")
        self.assert_whole(ref)
        project = f"/platform/projects/{ref}"
        for request, goal in (("pause", "INACTIVE"), ("restore", "ACTIVE_HEALTHY"), ("restart", "ACTIVE_HEALTHY")):
            with self.ground.engine.rule(wanted, times=TIMES, **fault) as rule:
                self.assertIn(self.ask("POST", f"{project}/{request}").status, (200, 201))
                self.ground.wait_for(ref, goal)
                self.assertGreater(rule.hits, 0, "the fault has not been met")
            states = {state for _, state, _ in self.containers(ref).values()}
            self.assertEqual(states, {"exited" if goal == "INACTIVE" else "running"})
        self.assert_whole(ref)
        with self.ground.engine.rule(wanted, times=TIMES, **fault) as rule:
            self.delete(ref)
            self.assertGreater(rule.hits, 0, "the fault has not been met")
        self.assert_nothing_left()

    def test_changes(self):
        for name, fault in FAULTS.items():
            with self.subTest(fault=name):
                self.live(f"changes {name}", changes, fault)

    def test_questions(self):
        for name, fault in FAULTS.items():
            with self.subTest(fault=name):
                self.live(f"questions {name}", reads, fault)


class LastingFaults(GroundTest):
    """The engine does not come back for a while."""

    def settle(self, ref, before):
        self.assert_ready_again()
        self.ground.wait_for(ref, "ACTIVE_HEALTHY")
        self.assertEqual(self.containers(ref), before, "a container was touched that did nothing wrong")

    def without_engine(self, ref):
        """What the API does while the engine is away: it tells, keeps what it can keep, and takes orders."""
        reply = until(lambda: (found := self.ready()).status != 200 and found, "the manager still says it is ready")
        self.assert_unavailable(reply, "engine")
        self.assertEqual(self.ask("GET", "/health").status, 200)
        self.assertEqual(self.ask("GET", f"/platform/projects/{ref}").status, 200)
        made = self.ask("POST", "/platform/projects", {
            "name": f"ordered {ref}", "organization_slug": "default", "services": SERVICES})
        self.assertEqual(made.status, 201, made)
        return made.json["ref"]

    def outage(self, name, harm):
        ref = self.active(name)
        before = self.containers(ref)
        with harm():
            ordered = self.without_engine(ref)
        self.settle(ref, before)
        self.ground.wait_for(ordered, "ACTIVE_HEALTHY")
        self.assert_whole(ordered)
        self.delete(ordered)
        self.delete(ref)
        self.assert_nothing_left()

    def test_connections_are_refused(self):
        self.outage("refused", self.ground.engine.refusing)

    def test_every_answer_is_500(self):
        self.outage("500", lambda: self.ground.engine.rule(before=refuse_with(500)))

    def test_every_answer_is_garbage(self):
        self.outage("garbage", lambda: self.ground.engine.rule(lambda call: "/events" not in call.text, change=garbage))

    def test_no_answer_at_all(self):
        self.outage("silence", lambda: self.ground.engine.rule(before=hang))

    def test_logs_need_the_engine(self):
        ref = self.active("logs")
        path = f"/platform/projects/{ref}/analytics/endpoints/logs.all"
        with self.ground.engine.refusing():
            reply = self.ask("GET", path)
            self.assertIn(reply.status, (200, 503), reply)
            if reply.status == 503:
                self.assert_unavailable(reply)
        self.assert_ready_again()
        self.delete(ref)

    def test_orders_given_while_it_is_away(self):
        """Pause and delete are kept and carried out afterwards."""
        paused, deleted = self.active("to pause"), self.active("to delete")
        before = self.containers(paused)
        with self.ground.engine.refusing():
            self.assertEqual(self.ask("POST", f"/platform/projects/{paused}/pause").status, 201)
            self.assertEqual(self.ask("DELETE", f"/platform/projects/{deleted}").status, 200)
            self.assertEqual(self.containers(paused), before)
        self.ground.wait_for(paused, "INACTIVE")
        self.ground.wait_for(deleted, None)
        self.assertEqual({state for _, state, _ in self.containers(paused).values()}, {"exited"})
        self.delete(paused)
        self.assert_nothing_left()


class HalfOpenEvents(GroundTest):
    """The stream of events stays open and says nothing any more."""

    def test_what_breaks_is_healed_all_the_same(self):
        ref = self.active("half open")
        self.ground.engine.frozen.set()
        try:
            victim = next(one for one in self.ground.held(ref)["containers"]
                          if one["Labels"]["com.docker.compose.service"] == "imgproxy")
            engine("DELETE", f"/containers/{victim['Id']}?force=true")
            until(lambda: len(self.ground.held(ref)["containers"]) == len(SERVICES), "the container is not made again")
            self.ground.wait_for(ref, "ACTIVE_HEALTHY")
        finally:
            self.ground.engine.frozen.clear()
        self.assert_whole(ref)
        self.delete(ref)
        self.assert_nothing_left()


if __name__ == "__main__":
    unittest.main()
