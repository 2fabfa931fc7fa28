"""The container of the functions, confined as the template says: what its processes may do.

Needs a Docker Engine and the offline images (scripts/make-test-images).
"""

import os
import pathlib
import secrets
import subprocess
import tempfile
import time
import unittest

import stack
from engine import NEEDED, confinement, docker, image, images_are_there, logs, remove

READY_DEADLINE_SECONDS = 20


@unittest.skipUnless(images_are_there("functions"), NEEDED)
class FunctionsContainerTests(unittest.TestCase):
    def setUp(self):
        self.cache = docker("volume", "create", f"supamanager-test-{secrets.token_hex(6)}")
        self.addCleanup(docker, "volume", "rm", self.cache)

    def start(self, **secrets_of_functions):
        service = stack.compose()["services"]["functions"]
        arguments = ["run", "--detach", *confinement("functions"), "--entrypoint", service["entrypoint"][0]]
        given = {**secrets_of_functions, **stack.environment("functions", stack.variables())}
        for name, value in given.items():
            arguments += ["--env", f"{name}={value}"]
        for volume in service["volumes"]:
            source, _, rest = volume.partition(":")
            place = self.cache if source == "deno-cache" else source.replace("./", f"{stack.TEMPLATE}/", 1)
            arguments += ["--volume", f"{place}:{rest}"]
        container = docker(*arguments, image("functions"), *service["entrypoint"][1:], *service["command"])
        self.addCleanup(remove, container)
        deadline = time.monotonic() + READY_DEADLINE_SECONDS
        while "Listening" not in logs(container):
            self.assertLess(time.monotonic(), deadline, logs(container))
            self.assertEqual(docker("inspect", "--format", "{{.State.Running}}", container), "true", logs(container))
            time.sleep(0.1)
        return container

    def as_function(self, container, script):
        return docker("exec", "--user", "1000:1000", container, "/bin/sh", "-c", script)

    def test_what_runs_functions_is_not_root_and_has_no_capability(self):
        status = docker("exec", self.start(), "cat", "/proc/1/status")
        self.assertRegex(status, r"Uid:\t1000\t1000\t1000\t1000\n")
        for kind in ("CapInh", "CapPrm", "CapEff", "CapAmb"):
            self.assertIn(f"{kind}:\t0000000000000000", status)
        self.assertIn("NoNewPrivs:\t1", status)

    def test_nothing_can_be_written_but_the_cache_and_what_is_gone_with_the_container(self):
        container = self.start()
        self.as_function(container, "echo x >/tmp/x && echo x >/var/cache/deno/x && test -s /var/cache/deno/x")
        for path in ("/x", "/etc/x", "/home/deno/functions/x", "/home/deno/functions/main/index.ts", "/usr/local/bin/x"):
            for user in ("1000", "0"):
                with self.assertRaises(RuntimeError, msg=path):
                    docker("exec", "--user", user, container, "sh", "-c", f"echo x >{path}")

    def test_a_cache_that_root_has_filled_is_handed_over(self):
        docker("run", "--rm", "--user", "0", "--volume", f"{self.cache}:/cache", "--entrypoint", "sh",
               image("functions"), "-c", "mkdir -p /cache/npm/a && echo x >/cache/npm/a/b && chmod 700 /cache/npm")
        container = self.start()
        self.as_function(container, "echo y >/var/cache/deno/npm/a/b && rm -r /var/cache/deno/npm")
        docker("restart", "--time", "2", container)
        self.assertEqual(docker("inspect", "--format", "{{.State.Running}}", container), "true", logs(container))

    def test_no_variable_steers_what_starts_as_root(self):
        # As if a manager of before had stored them: the loader complains about such a library for every program that
        # would load it.
        several = "first\nexport LD_LIBRARY_PATH=x\nexport MINE='y'"
        container = self.start(LD_PRELOAD="/home/deno/functions/none.so", PATH="/home/deno/functions", ENV="/tmp/x",
                               GLIBC_TUNABLES="glibc.malloc.check=3", MINE="mine", user="one", line="two", name="three",
                               SEVERAL=several)
        self.assertNotIn("LD_PRELOAD", logs(container))
        lines = self.as_function(container, "tr '\\0' '\\n' </proc/1/environ").splitlines()
        for line in ("MINE=mine", "user=one", "line=two", "name=three", "SEVERAL=first"):
            self.assertIn(line, lines)
        for name in ("LD_PRELOAD", "ENV", "GLIBC_TUNABLES"):
            self.assertFalse([line for line in lines if line.startswith(f"{name}=")], name)
        self.assertFalse([line for line in lines if line.startswith("PATH=") and "/home" in line])


class HealthCheckTests(unittest.TestCase):
    """The engine runs a health check as root, with all variables of the container."""

    def test_no_secret_of_functions_steers_the_health_check(self):
        kind, *command = stack.compose()["services"]["functions"]["healthcheck"]["test"]
        if kind == "CMD-SHELL":
            command = ["/bin/sh", "-c", *command]
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            script = f"touch {folder}/ran\n"
            for file in (".bashrc", "env"):
                (folder / file).write_text(script, encoding="utf-8")
            (folder / "timeout").write_text(f"#!/bin/sh\n{script}", encoding="utf-8")
            (folder / "timeout").chmod(0o755)
            for given in ({"SSH_CLIENT": "x"}, {"BASH_ENV": f"{folder}/env"}, {"PATH": f"{folder}:{os.defpath}"}):
                with self.subTest(given):
                    subprocess.run(command, env={"PATH": os.defpath, "HOME": name, **given}, check=False,
                                   capture_output=True, timeout=10)
                    self.assertFalse((folder / "ran").exists())
                    (folder / "ran").unlink(missing_ok=True)


if __name__ == "__main__":
    unittest.main()
