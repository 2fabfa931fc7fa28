"""The pooler's tenant script, run by a real Elixir against stand-ins of the modules that it calls."""

import json
import os
import shutil
import subprocess
import unittest

import stack

STAND_IN = stack.ROOT / "Tests/Images/stand-ins/supavisor.exs"
SCRIPT = stack.TEMPLATE / "volumes/pooler/pooler.exs"
VERSION = "PostgreSQL 17.6 on x86_64-pc-linux-gnu, compiled by gcc, 64-bit"
RUN_SECONDS = 60


@unittest.skipUnless(shutil.which("elixir"), "needs Elixir: scripts/setup")
class PoolerScriptTests(unittest.TestCase):
    def run_script(self, version=VERSION, tenant="", **changes):
        environment = stack.environment("pooler", {**stack.variables(), "POOLER_DEFAULT_POOL_SIZE": "31"})
        self.password = environment["POSTGRES_PASSWORD"]
        return subprocess.run(
            ["elixir", "-r", STAND_IN, SCRIPT], capture_output=True, text=True, check=False, timeout=RUN_SECONDS,
            env={"PATH": os.environ["PATH"], "HOME": "/tmp", "LANG": "C.UTF-8", **environment,
                 "STAND_IN_VERSION": version, "STAND_IN_TENANT": tenant, **changes})

    def stored(self, done, verb):
        self.assertEqual(done.returncode, 0, done.stderr)
        word, _, text = done.stdout.partition(" ")
        self.assertEqual(word, verb, done.stdout + done.stderr)
        return json.loads(text)

    def test_a_new_project_gets_its_tenant_with_the_version_as_text(self):
        tenant = self.stored(self.run_script(), "created")
        self.assertEqual(tenant["external_id"], "abcdefghijklmnopqrst")
        self.assertEqual(tenant["default_parameter_status"], {"server_version": "17.6"})
        self.assertEqual(tenant["default_pool_size"], 31)
        (user,) = tenant["users"]
        self.assertEqual((user["db_user"], user["db_password"]), ("pgbouncer", self.password))

    def test_a_tenant_that_exists_takes_over_the_present_password_and_sizes(self):
        tenant = self.stored(self.run_script(tenant="abcdefghijklmnopqrst"), "updated")
        self.assertEqual(tenant["default_pool_size"], 31)
        self.assertEqual(tenant["users"][0]["db_password"], self.password)

    def test_a_version_that_cannot_be_read_ends_the_start_with_a_reason_and_no_secret(self):
        done = self.run_script(version="PostgreSQL devel")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("cannot tell the version of the database", done.stderr)
        self.assertNotIn(self.password, done.stdout + done.stderr)


if __name__ == "__main__":
    unittest.main()
