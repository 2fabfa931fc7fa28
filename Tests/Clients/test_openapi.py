"""The OpenAPI document: it validates, and random requests made from it meet no defect and nothing undocumented."""

import json
import os
import subprocess
import sys
import tempfile
import unittest
import urllib.request

from openapi_spec_validator import validate

import support

SEED = 20_261_121
EXAMPLES = int(os.environ.get("SCHEMATHESIS_EXAMPLES", "3"))
DEADLINE_SECONDS = 1_500
# Requests that would end the project or the organization which all others are about.
DESTRUCTIVE = ["delete_platform_projects_ref", "delete_v1_projects_ref", "delete_platform_organizations_slug",
               "delete_platform_organizations_slug_members_gotrue_id", "post_auth_v1_logout",
               "delete_platform_profile_access_tokens_id"]


class Document(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        # Ports for one project: that one stays, and further ones are refused for lack of ports.
        first = 33_000 + os.getpid() % 2_000 * 4
        cls.manager = support.manager(SUPAMANAGER_PORT_RANGE=f"{first}-{first + 3}")
        cls.url = f"http://{cls.manager.address}/openapi.json"

    def test_it_validates(self):
        with urllib.request.urlopen(self.url, timeout=30) as response:
            validate(json.load(response))

    def test_random_requests(self):
        ref = self.manager.call("POST", "/platform/projects", {
            "name": "schemathesis", "organization_slug": "default", "services": ["db", "gateway"]})["ref"]
        support.until(
            lambda: self.manager.call("GET", f"/platform/projects/{ref}/status")["status"] == "ACTIVE_HEALTHY",
            f"{ref} is not active")
        with tempfile.TemporaryDirectory() as folder:
            # The project and the organization that exist: with random ones every answer would be 404.
            with open(f"{folder}/schemathesis.toml", "w") as file:
                file.write(f'[parameters]\nref = "{ref}"\nslug = "default"\n')
                # Two refusals that tell the truth: a service of the project that does not answer (the run restarts
                # them all the time), and no port left for a further project.
                file.write('[checks.not_a_server_error]\nexpected-statuses = ["2xx", "3xx", "4xx", "503", "507"]\n')
            result = self.random_requests(folder, workers=2)
            # Python 3.11 itself fails now and then when several threads parse at once: that says nothing about us.
            if "AST constructor recursion depth mismatch" in result.stdout:
                result = self.random_requests(folder, workers=1)
        print(result.stdout[-1500:])
        self.assertEqual(result.returncode, 0, result.stdout[-20_000:] + result.stderr[-2_000:])

    def random_requests(self, folder, workers):
        command = [
            sys.executable, "-m", "schemathesis.cli", "--config-file", f"{folder}/schemathesis.toml", "run", self.url,
            "--checks", "not_a_server_error,status_code_conformance,content_type_conformance,"
            "response_schema_conformance", "--phases", "examples,coverage,fuzzing", "--mode", "all",
            "--max-examples", str(EXAMPLES), "--seed", str(SEED), "--header",
            f"Authorization: Bearer {self.manager.token}", "--request-timeout", "30", "--workers", str(workers),
            "--no-color", "--suppress-health-check", "all"]
        for operation in DESTRUCTIVE:
            command += ["--exclude-operation-id", operation]
        return subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE_SECONDS, cwd=folder)


if __name__ == "__main__":
    unittest.main()
