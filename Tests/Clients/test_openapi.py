"""The OpenAPI document: it validates, and random requests made from it meet no defect and nothing undocumented."""

import json
import os
import re
import tempfile
import time
import unittest
import urllib.request

from openapi_spec_validator import validate

import support
from random_requests import Shard

# Ports for the three projects of this test: further ones are refused for lack of ports.
PORTS = 6
LIVE_SECONDS = 240
PAUSED_SECONDS = 240
ENDING_SECONDS = 120
# What ends or interrupts the project that it is about, or takes the caller's rights: asked last, of a project of its
# own.
ENDINGS = re.compile(
    r"POST .*/(pause|restore|resume|restart|restart-services|logout)"
    r"|DELETE (/platform|/v1)/projects/\{ref\}"
    r"|DELETE /platform/organizations/\{slug\}(/members/\{gotrue_id\})?"
    r"|DELETE /platform/profile/access-tokens/\{id\}")
# Changes that a service of the project carries out, and that leave its settings alone.
BY_SERVICES = re.compile(
    r"\w+ (/platform/pg-meta/\{ref\}/.*|/platform/storage/\{ref\}/buckets.*|/platform/projects/\{ref\}/api/graphql"
    r"|/platform/auth/\{ref\}/(users.*|invite|magiclink|otp|recover)"
    r"|/v1/projects/\{ref\}/(database/query.*|database/migrations.*|database/webhooks/enable|cli/login-role))")
# Answers that pass on what storage, meta and auth say; in this test those are stand-ins that repeat the request.
RELAYED = re.compile(
    r"\w+ (/platform/(pg-meta|storage|auth)/\{ref\}/.*|/v1/projects/\{ref\}/storage/buckets"
    r"|/platform/projects/\{ref\}/api/(rest|graphql))")

STREAM = "text/event-stream"


class Document(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        first = 33_000 + os.getpid() % 2_000 * PORTS
        cls.manager = support.manager(SUPAMANAGER_PORT_RANGE=f"{first}-{first + PORTS - 1}")
        cls.url = f"http://{cls.manager.address}/openapi.json"
        with urllib.request.urlopen(cls.url, timeout=30) as response:
            cls.document = json.load(response)

    def test_it_validates(self):
        validate(self.document)

    def test_random_requests(self):
        start = time.monotonic()
        shards = self.shards()
        operations = [operation for shard in shards for operation in shard.operations]
        self.assertCountEqual(operations, self.operations(), "every operation is in one shard")
        with tempfile.TemporaryDirectory() as folder:
            outcomes = [shard.run(self.url, self.manager.token, folder) for shard in shards]
        count, failures = sum(outcome.count for outcome in outcomes), sum(outcome.failures for outcome in outcomes)
        print(f"\nrandom requests: {len(operations)} operations, {count} cases, {failures} failures,"
              f" {time.monotonic() - start:.0f} s")
        for shard, outcome in zip(shards, outcomes, strict=True):
            with self.subTest(shard.name):
                # Each failure stands there with a command that repeats it.
                self.assertTrue(outcome.passed, outcome.output)
                for mode in ("positive", "negative"):
                    missed = [name for name in shard.operations if not outcome.cases[name][mode]]
                    self.assertEqual(missed, [], f"no {mode} case")

    def operations(self):
        """All but those whose answer is a stream: it does not end while the client reads."""
        return [f"{method.upper()} {path}" for path, methods in self.document["paths"].items()
                for method, operation in methods.items()
                if not any(STREAM in response.get("content", {}) for response in operation["responses"].values())]

    def shards(self):
        """Reads and the work of services ask a project that runs. Settings are changed on a paused one: on one that
        runs, every change would replace containers, and the next requests would wait for them."""
        live, paused, ending = self.projects("live", "paused", "ending")
        self.manager.call("POST", f"/v1/projects/{paused}/pause")
        self.wait(paused, "INACTIVE")
        spare = self.manager.call("POST", "/platform/profile/access-tokens", {"name": "spare"})["id"]
        operations = self.operations()
        endings = [name for name in operations if ENDINGS.fullmatch(name)]
        running = [name for name in operations
                   if name not in endings and (name.startswith("GET ") or BY_SERVICES.fullmatch(name))]
        changes = [name for name in operations if name not in endings and name not in running]
        return [
            Shard("live", running, self.about(live), LIVE_SECONDS,
                  relayed=[name for name in running if RELAYED.fullmatch(name)],
                  own={"GET /platform/projects/{ref}/services/{service}/logs": {"follow": "false"}}),
            Shard("paused", changes, self.about(paused), PAUSED_SECONDS),
            Shard("ending", endings, self.about(ending), ENDING_SECONDS,
                  own={"DELETE /platform/profile/access-tokens/{id}": {"id": str(spare)}}),
        ]

    @staticmethod
    def about(ref):
        return {"ref": ref, "slug": "default"}

    def projects(self, *names):
        """Projects that run: the first with every service, the others with as little as can be."""
        refs = []
        for name in names:
            body = {"name": name, "organization_slug": "default"}
            body |= {"services": ["db", "gateway"]} if refs else {}
            refs.append(self.manager.call("POST", "/platform/projects", body)["ref"])
        for ref in refs:
            self.wait(ref, "ACTIVE_HEALTHY")
        return refs

    def wait(self, ref, status):
        support.until(lambda: self.manager.call("GET", f"/platform/projects/{ref}/status")["status"] == status,
                      f"{ref} is not {status}")


if __name__ == "__main__":
    unittest.main()
