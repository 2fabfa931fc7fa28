"""What the Terraform provider sends for `supabase_project`, in its order and with its own reading of the answers.

The provider itself is a program that cannot be had everywhere; the sequence and its traps are those of its source
(internal/provider/project_resource.go, utils.go). The values come from examples/terraform/main.tf.
"""

import json
import time
import unittest
import urllib.error
import urllib.request

import hcl2

import support

EXAMPLE = support.ROOT / "examples" / "terraform" / "main.tf"
POLLING = {"ACTIVE_UNHEALTHY", "RESTORING", "COMING_UP", "UPGRADING", "PAUSING", "RESIZING", "RESTARTING", "UNKNOWN"}


def unquoted(value):
    """A literal of a Terraform file; python-hcl2 keeps the quotes."""
    if isinstance(value, str):
        return value.strip('"')
    if isinstance(value, dict):
        return {unquoted(key): unquoted(inner) for key, inner in value.items()}
    return [unquoted(inner) for inner in value] if isinstance(value, list) else value


class Provider:
    """The provider's HTTP client: typed answers count only with the documented status and a JSON content type."""

    def __init__(self, manager):
        self.base = f"http://{manager.address}"
        self.token = manager.token

    def call(self, method, path, expected, body=None):
        request = urllib.request.Request(
            self.base + path, method=method, data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {self.token}", "Content-Type": "application/json",
                     "User-Agent": "TFProvider/test"})
        try:
            with urllib.request.urlopen(request, timeout=30) as response:
                status, kind, data = response.status, response.headers.get("Content-Type", ""), response.read()
        except urllib.error.HTTPError as error:
            status, kind, data = error.code, error.headers.get("Content-Type", ""), error.read()
        if status != expected:
            raise AssertionError(f"{method} {path}: got status {status}: {data[:300]!r}")
        if data:
            assert "json" in kind, f"{method} {path} answered {kind}"
        return json.loads(data) if data else None


class Terraform(unittest.TestCase):
    def setUp(self):
        self.provider = Provider(support.manager())
        resources = unquoted(hcl2.loads(EXAMPLE.read_text()))["resource"]
        self.wanted = next(found["supabase_project"]["example"] for found in resources if "supabase_project" in found)

    def wait_until_active(self, ref):
        end = time.monotonic() + 300
        while True:
            project = self.provider.call("GET", f"/v1/projects/{ref}", 200)
            if project["status"] == "ACTIVE_HEALTHY":
                return project
            self.assertIn(project["status"], POLLING, "Terraform fails at once")
            self.assertLess(time.monotonic(), end)
            time.sleep(0.2)

    def test_apply_rename_destroy(self):
        wanted = self.wanted
        created = self.provider.call("POST", "/v1/projects", 201, {
            "name": wanted["name"], "organization_slug": wanted["organization_id"],
            "db_pass": wanted["database_password"], "desired_instance_size": wanted["instance_size"],
            "region_selection": {"type": "specific", "code": wanted["region"]}})
        ref = created["id"]
        self.assertNotIn(created["status"], support.TERMINAL)

        # The read after the creation must give back what was configured, or Terraform reports an inconsistency.
        project = self.wait_until_active(ref)
        self.assertEqual(project["organization_id"], wanted["organization_id"])
        self.assertEqual(project["name"], wanted["name"])
        self.assertEqual(project["region"], wanted["region"])
        self.assertIn(self.provider.call("GET", f"/v1/projects/{ref}/api-keys/legacy", 200)["enabled"], (True, False))
        addons = self.provider.call("GET", f"/v1/projects/{ref}/billing/addons", 200)
        self.assertIsInstance(addons["selected_addons"], list)
        names = {key["name"] for key in self.provider.call("GET", f"/v1/projects/{ref}/api-keys?reveal=true", 200)}
        self.assertLessEqual({"anon", "service_role"}, names)

        self.provider.call("PATCH", f"/v1/projects/{ref}", 200, {"name": "renamed"})
        self.assertEqual(self.wait_until_active(ref)["name"], "renamed")

        self.assertEqual(self.provider.call("DELETE", f"/v1/projects/{ref}", 200)["ref"], ref)
        support.until(lambda: self.is_gone(ref), f"{ref} is still there")

    def is_gone(self, ref):
        try:
            self.provider.call("GET", f"/v1/projects/{ref}", 404)
            return True
        except AssertionError:
            return False


if __name__ == "__main__":
    unittest.main()
