"""The Python client `supabase-management`, unchanged but for its base URL, through a project's whole life."""

import asyncio
import time
import unittest

from supabase_management import SupabaseManagementAPI, SupabaseManagementAPIError

import support


class PythonClient(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self):
        manager = support.manager()
        self.api = SupabaseManagementAPI(manager.token, f"http://{manager.address}")

    async def asyncTearDown(self):
        await self.api.client.aclose()

    async def status(self, ref):
        return {project["id"]: project["status"] for project in await self.api.get_projects()}.get(ref)

    async def wait_for(self, ref, wanted):
        end = time.monotonic() + support.DEADLINE_SECONDS
        while (status := await self.status(ref)) != wanted:
            self.assertLess(time.monotonic(), end, f"{ref} is {status}, not {wanted}")
            await asyncio.sleep(0.3)

    async def test_life_of_a_project(self):
        organization = (await self.api.get_organizations())[0]
        self.assertEqual(set(organization), {"id", "slug", "name"})
        project = await self.api.create_project({
            "name": "python-client", "organization_id": organization["id"], "db_pass": "Str0ng-pass-word",
            "region": "eu-central-1", "plan": "free"})
        ref = project["id"]
        self.assertRegex(ref, "^[a-z]{20}$")
        self.assertEqual(project["region"], "eu-central-1")
        await self.wait_for(ref, "ACTIVE_HEALTHY")

        keys = {key["name"]: key["api_key"] for key in await self.api.get_project_api_keys(ref)}
        self.assertIn("anon", keys)
        self.assertIn("service_role", keys)
        health = await self.api.check_service_health(ref, {"services": ["auth", "db", "rest"]})
        self.assertEqual({(entry["name"], entry["status"]) for entry in health},
                         {(name, "ACTIVE_HEALTHY") for name in ("auth", "db", "rest")})
        self.assertEqual(await self.api.run_query(ref, "select 1 as one"), [{"one": 1}])

        response = await self.api.client.post(f"/v1/projects/{ref}/pause")
        self.assertEqual(response.status_code, 200)
        await self.wait_for(ref, "INACTIVE")
        response = await self.api.client.post(f"/v1/projects/{ref}/restore")
        self.assertEqual(response.status_code, 200)
        await self.wait_for(ref, "ACTIVE_HEALTHY")

        deleted = await self.api.delete_project(ref)
        self.assertEqual(deleted["ref"], ref)
        await self.wait_for(ref, None)

    async def test_a_refusal_reaches_the_user(self):
        with self.assertRaisesRegex(SupabaseManagementAPIError, "404.*abcdefghijklmnopqrst"):
            await self.api.get_project_api_keys("abcdefghijklmnopqrst")


if __name__ == "__main__":
    unittest.main()
