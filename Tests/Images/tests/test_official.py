"""scripts/test --official as far as it goes without a registry: its plan, and its refusals."""

import subprocess
import unittest

import stack

RUN_SECONDS = 200


class OfficialTests(unittest.TestCase):
    def run_script(self, *arguments, **environment):
        return subprocess.run([stack.ROOT / "scripts/test", "--official", *arguments], capture_output=True, text=True,
                              check=False, timeout=RUN_SECONDS, cwd="/", env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
                                                                              "HOME": "/tmp", **environment})

    def test_the_plan_names_every_pinned_image_and_pulls_nothing(self):
        done = self.run_script()
        self.assertEqual((done.returncode, done.stderr), (2, ""))
        lines = done.stdout.splitlines()
        for service in stack.compose()["services"].values():
            self.assertTrue(any(line.split()[:1] == [service["image"]] for line in lines), service["image"])
        self.assertIn("gigabytes", done.stdout)
        self.assertIn("Nothing was pulled. Say --yes", lines[-1])
        self.assertNotIn("supamanager.test", done.stdout)

    def test_a_mirror_stands_before_every_name(self):
        done = self.run_script("--registry", "mirror.example:5000/")
        for service in stack.compose()["services"].values():
            self.assertIn(f"  mirror.example:5000/{service['image']}\n", done.stdout)

    def test_a_registry_that_does_not_answer_ends_it_in_one_line(self):
        # Nothing listens on port 1 of this machine.
        done = self.run_script("--registry", "127.0.0.1:1", "--yes")
        self.assertEqual(done.returncode, 1)
        (line,) = done.stderr.splitlines()
        self.assertRegex(line, r"^test --official: 127\.0\.0\.1:1/postgrest/postgrest:\S+ cannot be pulled: .*nothing was "
                               r"tested$")

    def test_an_engine_that_does_not_answer_ends_it_in_one_line(self):
        done = self.run_script("--yes", DOCKER_HOST="unix:///nonexistent/docker.sock")
        self.assertEqual((done.returncode, done.stderr),
                         (1, "test --official: no Docker Engine answers; run scripts/setup first\n"))


if __name__ == "__main__":
    unittest.main()
