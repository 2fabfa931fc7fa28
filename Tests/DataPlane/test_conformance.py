"""Recorded exchanges of PostgREST's and supabase-js's own suites, replayed against projectd.

They lie outside of the project: REST_CASES names the folder that holds `data` and `tools`; ../shared is tried otherwise.
Without them these tests are skipped; Tests/RestAPITests covers the same ground with cases of our own.
"""

import json
import os
import subprocess
import unittest
from pathlib import Path

from support import ROOT, Cluster, Server

CASES = Path(os.environ.get("REST_CASES", ROOT.parent / "shared"))
AUTHENTICATOR = "Postgrest_Test_Authenticator"


@unittest.skipUnless((CASES / "tools/postgrest-replay").exists(), "the recorded exchanges are not available")
class ConformanceTests(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster()
        cls.addClassCleanup(cls.cluster.remove)
        subprocess.run(
            [CASES / "tools/postgrest-fixtures-load", "--dbname", "rest_fixtures", "--replace"], check=True,
            env=cls.cluster.environment(), stdout=subprocess.DEVNULL)

    def settings(self, config, *arguments):
        text = subprocess.check_output([CASES / "tools/postgrest-replay", "--settings", "--config", config, *arguments])
        values = {k: v for k, v in json.loads(text).items() if v is not None}
        spell = lambda value: str(value).lower() if isinstance(value, bool) else str(value)
        return {"PGRST_" + k.upper().replace("-", "_").replace(".", "_"): spell(v) for k, v in values.items()}

    def replay(self, server, config, *arguments):
        done = subprocess.run(
            [CASES / "tools/postgrest-replay", "--base", f"http://127.0.0.1:{server.port}", "--config", config,
             "--verbose", *arguments], capture_output=True, text=True)
        return done.returncode, done.stdout

    def test_every_configuration(self):
        suite = json.loads((CASES / "data/postgrest-cases.json").read_text())
        for config in suite["configs"]:
            with self.subTest(config=config):
                server = Server(self.cluster, "rest_fixtures", self.settings(config), AUTHENTICATOR)
                try:
                    code, output = self.replay(server, config)
                finally:
                    server.stop()
                print(f"{config}: {output.splitlines()[-1]}")
                self.assertEqual(code, 0, output[-4000:])


if __name__ == "__main__":
    unittest.main()
