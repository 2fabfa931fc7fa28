"""Every example does what it says, against a real manager."""

import os
import subprocess
import sys
import unittest

import support

EXAMPLES = support.ROOT / "examples"
DEADLINE_SECONDS = 300


class Examples(unittest.TestCase):
    def setUp(self):
        self.manager = support.manager()
        self.environment = dict(os.environ, SUPAMANAGER_URL=f"http://{self.manager.address}",
                                SUPAMANAGER_TOKEN=self.manager.token)

    def run_example(self, *command):
        result = subprocess.run([str(part) for part in command], env=self.environment, capture_output=True, text=True,
                                timeout=DEADLINE_SECONDS)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        return result.stdout

    def status(self, ref):
        return self.manager.call("GET", f"/platform/projects/{ref}/status")["status"]

    def active_project(self, name):
        return self.manager.provision(name, services=["db"])[1]

    def test_lifecycle(self):
        text = self.run_example(EXAMPLES / "lifecycle", "lifecycle-example", "db", "gateway")
        self.assertIn("is INACTIVE", text)
        self.assertTrue(text.strip().endswith("is gone"))

    def test_pause_idle(self):
        idle, busy = self.active_project("idle"), self.active_project("busy")
        try:
            text = self.run_example(EXAMPLES / "pause-idle", "--keep", "busy")
            self.assertIn(idle, text)
            support.until(lambda: self.status(idle) == "INACTIVE", "the idle project is not paused")
            self.assertEqual(self.status(busy), "ACTIVE_HEALTHY")
        finally:
            self.manager.delete(idle)
            self.manager.delete(busy)

    def test_nightly(self):
        first = self.run_example(EXAMPLES / "nightly", "db").split()[-1]
        self.assertEqual(self.status(first), "ACTIVE_HEALTHY")
        # The next night the one before goes, and another one comes.
        second = self.run_example(EXAMPLES / "nightly", "db").split()[-1]
        self.assertNotEqual(first, second)
        self.assertTrue(self.manager.is_gone(first))
        self.manager.delete(second)

    def test_python_session(self):
        text = self.run_example(sys.executable, EXAMPLES / "session.py")
        self.assertIn("[{'one': 1}]", text)

    def test_terraform_files_are_terraform(self):
        import hcl2

        self.assertIn("resource", hcl2.loads((EXAMPLES / "terraform" / "main.tf").read_text()))

    def test_none_is_forgotten(self):
        self.assertEqual({path.name for path in EXAMPLES.iterdir()},
                         {"lifecycle", "nightly", "pause-idle", "session.py", "terraform"})


if __name__ == "__main__":
    unittest.main()
