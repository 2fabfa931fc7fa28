"""scripts/quickstart, from nothing to a project that is used: what README's first lines promise. Runs on the Docker
Engine of this machine and removes what it made, by exact names."""

import os
import socket
import subprocess
import tempfile
import unittest
import uuid
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BINARY = ROOT / ".build/static/release/supamanager"
ENGINE = "/var/run/docker.sock"
# Builds both programs and makes the images where they are not there yet.
START_SECONDS_MAX = 1_800
CALL_SECONDS_MAX = 120


def free_address():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{listener.getsockname()[1]}"


@unittest.skipUnless(os.access(ENGINE, os.W_OK), f"needs a Docker Engine at {ENGINE}")
class QuickstartTests(unittest.TestCase):
    def setUp(self):
        # PostgreSQL runs as a user of its own when root starts it, and has to reach its folder.
        self.folder = tempfile.TemporaryDirectory(prefix="quickstart-", dir="/var/tmp")
        self.addCleanup(self.folder.cleanup)
        os.chmod(self.folder.name, 0o755)
        self.data = str(Path(self.folder.name, "data"))
        self.address = free_address()
        self.name = f"quick{uuid.uuid4().hex[:8]}"

    def quickstart(self, *options, seconds=START_SECONDS_MAX):
        return subprocess.run(
            [ROOT / "scripts/quickstart", "--data-dir", self.data, "--listen", self.address, *options],
            capture_output=True, text=True, timeout=seconds)

    def program(self, *words):
        token = Path(self.data, "admin-token").read_text().strip()
        return subprocess.run(
            [BINARY, *words, "--api-url", f"http://{self.address}"], capture_output=True, text=True,
            timeout=CALL_SECONDS_MAX, env={**os.environ, "SUPAMANAGER_ACCESS_TOKEN": token})

    def remove(self):
        removed = self.program("projects", "delete", self.name, "--destroy-volumes", "--yes")
        self.assertEqual(removed.returncode, 0, removed.stderr)

    def test_a_project_runs_and_a_second_run_finds_it(self):
        started = self.quickstart("--name", self.name)
        self.addCleanup(lambda: self.quickstart("--stop", seconds=CALL_SECONDS_MAX))
        self.assertEqual(started.returncode, 0, started.stdout + started.stderr)
        self.addCleanup(self.remove)
        again = self.quickstart("--name", self.name)
        self.assertEqual(again.returncode, 0, again.stdout + again.stderr)
        self.assertIn("the manager is running already", again.stdout)
        listed = self.program("projects", "list", "--json")
        self.assertEqual(listed.stdout.count(self.name), 1, listed.stdout)


if __name__ == "__main__":
    unittest.main()
