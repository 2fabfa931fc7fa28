"""The checks that everything here rests on: each must see what it is there to see."""

import contextlib
import io
import os
import unittest

from support import ROOT, GroundTest, engine, until

from cleanup import Cleanup
from crash_matrix import label
from fault_proxy import Call
from inventory import Bystanders, inventory, names
from manager import Manager
from proving_ground import debug_binary
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


class ManagerChecks(unittest.TestCase):
    def setUp(self):
        self.manager = Manager(debug_binary(), str(ROOT))
        self.installation = self.manager.installation

    def create(self, *services):
        return self.manager.call("POST", "/platform/projects", {
            "name": "ended", "organization_slug": "default", "services": list(services)})["ref"]

    def test_one_that_has_crashed_leaves_neither_containers_nor_a_database(self):
        self.create("gateway", "imgproxy")
        until(lambda: inventory(self.installation)["containers"], "no container was made")
        with open(f"{self.manager.folder}/data/postgres/data/postmaster.pid") as file:
            server = int(file.readline())
        self.manager.kill()
        with contextlib.redirect_stderr(io.StringIO()) as told, self.assertRaises(OSError):
            self.manager.stop()
        self.assertIn("removing what the manager has left", told.getvalue())
        self.assertEqual(names(inventory(self.installation)), [])
        # It would exit eventually anyway, as its folder is gone.
        self.assertFalse(os.path.exists(f"/proc/{server}/cwd"), "the database has outlived the manager")
        self.assertFalse(os.path.exists(self.manager.folder))

    def test_kept_volumes_go_with_everything_else(self):
        ref, told = self.create("imgproxy"), io.StringIO()
        self.manager.wait(lambda: self.manager.call("GET", f"/platform/projects/{ref}/status")["status"]
                          == "ACTIVE_HEALTHY", "not active")
        self.manager.call("DELETE", f"/platform/projects/{ref}?keep_volumes=true")
        self.manager.wait(lambda: self.manager.is_gone(ref), "not gone")
        self.assertNotEqual(inventory(self.installation)["volumes"], [])
        with contextlib.redirect_stderr(told):
            self.manager.stop()
        self.assertEqual(told.getvalue(), "")
        self.assertEqual(names(inventory(self.installation)), [])


class CleanupChecks(unittest.TestCase):
    def run_steps(self, inside=None):
        """The commands that ran, the error, and the reports about others."""
        done = []

        def fail(name):
            done.append(name)
            raise ValueError(name)

        with contextlib.redirect_stderr(io.StringIO()) as told, self.assertRaises((ValueError, KeyError)) as caught:
            with Cleanup() as cleanup:
                cleanup.after(done.append, "first")
                cleanup.after(fail, "second")
                cleanup.after(fail, "third")
                if inside:
                    raise inside
        return done, caught.exception, told.getvalue()

    def test_every_step_runs_and_the_error_of_the_block_is_the_one_that_is_seen(self):
        done, error, told = self.run_steps(KeyError("inside"))
        self.assertEqual(done, ["third", "second", "first"])
        self.assertEqual(error.args, ("inside",))
        self.assertIn("second", told)
        self.assertIn("third", told)

    def test_without_one_it_is_that_of_the_first_step_that_failed(self):
        done, error, told = self.run_steps()
        self.assertEqual(done, ["third", "second", "first"])
        self.assertEqual(error.args, ("third",))
        self.assertIn("second", told)

    def test_what_is_kept_is_not_cleaned_up(self):
        done = []
        with Cleanup() as cleanup:
            cleanup.after(done.append, "removed")
            cleanup.keep()
        self.assertEqual(done, [])


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
