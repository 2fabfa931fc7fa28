"""The checks that everything here rests on: each must see what it is there to see."""

import os
import unittest

from support import GroundTest, engine

from crash_matrix import label
from fault_proxy import Call
from inventory import Bystanders
from soak import slope


class BystanderChecks(unittest.TestCase):
    def test_a_touched_container_is_seen(self):
        bystanders = Bystanders(count=1)
        try:
            self.assertEqual(bystanders.changed(), [])
            container = next(path for path in bystanders.paths if path.startswith("/containers"))
            engine("POST", f"{container}/restart?t=0")
            self.assertIn(container, bystanders.changed())
        finally:
            bystanders.remove()
        self.assertEqual(bystanders.paths, [])


class RemainsChecks(GroundTest):
    given_database = True

    def test_what_is_left_on_the_engine_is_seen(self):
        self.assert_nothing_left()
        name = f"smleft-{os.getpid()}"
        engine("POST", "/volumes/create", {"Name": name, "Labels": {
            "supamanager.installation": self.ground.manager.installation}})
        try:
            self.assertEqual(self.ground.remains(), [f"{name} on the engine"])
        finally:
            engine("DELETE", f"/volumes/{name}")

    def test_what_is_left_of_a_project_that_lives_is_seen(self):
        ref = self.active("alive")
        words = " ".join(self.ground.remains())
        for kind in ("on the engine", "projects:", "port leases:", "subnet leases:", "secrets:", f"folder {ref}"):
            self.assertIn(kind, words)
        self.delete(ref)
        self.assert_nothing_left()


class PureChecks(unittest.TestCase):
    def test_growth_is_measured_for_each_life(self):
        self.assertAlmostEqual(slope([(0, 10), (10, 30), (20, 50)]), 2)
        self.assertEqual(slope([(3, 1), (3, 9)]), 0)

    def test_calls_have_the_same_name_in_every_run(self):
        for text, name in (
            ("POST /containers/" + "a1" * 32 + "/stop?t=10", "POST /containers/<id>/stop"),
            ("POST /containers/create?name=abcdefghijklmnopqrst-db-1", "POST /containers/create?name=<ref>-db-1"),
            ("DELETE /volumes/abcdefghijklmnopqrst_db-data", "DELETE /volumes/<ref>_db-data"),
        ):
            self.assertEqual(label(Call("engine", text, True)), name)


if __name__ == "__main__":
    unittest.main()
