"""The published Python client of functions, unchanged, against a lite project: what the Supabase CLI deploys, it calls."""

import asyncio
import json
import os
import pathlib
import subprocess
import tempfile
import unittest
import urllib.request
import uuid

from supabase_functions import AsyncFunctionsClient, SyncFunctionsClient
from supabase_functions.errors import FunctionsHttpError, FunctionsRelayError

import support
from engine_api import containers_of

STACKS = support.ROOT / ".build" / "stacks"
HELLO = """
import "jsr:@supabase/functions-js/edge-runtime.d.ts";
Deno.serve(async (request) => {
  const { name } = await request.json().catch(() => ({}));
  return Response.json({ message: `Hello ${name ?? "Functions"}!`, secret: Deno.env.get("GREETING") ?? null });
});
"""
PRIES = """
async function reaches(port: number, hostname: string) {
  try { (await Deno.connect({ hostname, port })).close(); return "reached"; } catch (error) { return error.name; }
}
Deno.serve(async () => Response.json({
  db: await reaches(5432, "db"), metadata: await reaches(80, "169.254.169.254"),
  api: await reaches(8000, "api"),
}));
"""
REST = """
Deno.serve(async (request) => {
  const answer = await fetch(Deno.env.get("SUPABASE_URL") + "/rest/v1/", {
    headers: { apikey: Deno.env.get("SUPABASE_SERVICE_ROLE_KEY")! } });
  return new Response(String(answer.status));
});
"""


@unittest.skipUnless((STACKS / ".made-by-make-images").exists(), "needs the images of the stack lite (scripts/make-images)")
class FunctionsClient(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.manager = support.manager(SUPAMANAGER_TEMPLATES=str(STACKS))
        cls.ref = cls.manager.provision("functions", stack="lite")[1]
        cls.addClassCleanup(cls.manager.delete, cls.ref)
        keys = cls.manager.call("GET", f"/v1/projects/{cls.ref}/api-keys?reveal=true")
        cls.keys = {key["name"]: key["api_key"] for key in keys if key.get("api_key")}
        cls.url = cls.manager.call("GET", f"/platform/projects/{cls.ref}")["restUrl"].removesuffix("/rest/v1/") + "/functions/v1"
        cls.deploy("hello", {"index.ts": HELLO})

    @classmethod
    def deploy(cls, slug, files, **metadata):
        """What `supabase functions deploy --use-api` sends."""
        boundary = uuid.uuid4().hex
        parts = [('name="metadata"', json.dumps({"name": slug, "entrypoint_path": "index.ts", **metadata}))]
        parts += [(f'name="file"; filename="{name}"', text) for name, text in files.items()]
        body = "".join(f"--{boundary}\r\nContent-Disposition: form-data; {head}\r\n\r\n{text}\r\n" for head, text in parts)
        request = urllib.request.Request(
            f"http://{cls.manager.address}/v1/projects/{cls.ref}/functions/deploy?slug={slug}", method="POST",
            data=(body + f"--{boundary}--\r\n").encode(),
            headers={"Authorization": f"Bearer {cls.manager.token}",
                     "Content-Type": f"multipart/form-data; boundary={boundary}"})
        with urllib.request.urlopen(request, timeout=60) as response:
            return json.loads(response.read())

    def client(self, key="anon"):
        return SyncFunctionsClient(self.url, {"Authorization": f"Bearer {self.keys[key]}", "apikey": self.keys[key]})

    def containers(self):
        """Ids of the project's containers, by service."""
        return {service: container["Id"] for service, container in containers_of(self.ref).items()}

    def test_invoke(self):
        answer = self.client().invoke("hello", {"body": {"name": "World"}, "responseType": "json"})
        self.assertEqual(answer["message"], "Hello World!")
        self.assertEqual(json.loads(self.client("service_role").invoke("hello"))["message"], "Hello Functions!")

    def test_invoke_from_an_asynchronous_client(self):
        async def invoke():
            client = AsyncFunctionsClient(self.url, {"Authorization": f"Bearer {self.keys['anon']}"})
            return await client.invoke("hello", {"body": {"name": "Async"}, "responseType": "json"})

        self.assertEqual(asyncio.run(invoke())["message"], "Hello Async!")

    def test_a_key_alone_is_a_token(self):
        for name in self.keys:
            client = SyncFunctionsClient(self.url, {"apikey": self.keys[name]})
            self.assertEqual(client.invoke("hello", {"responseType": "json"})["message"], "Hello Functions!", name)

    def test_refusals(self):
        with self.assertRaises(FunctionsHttpError) as refusal:
            SyncFunctionsClient(self.url, {}).invoke("hello")
        self.assertEqual(refusal.exception.status, 401)
        with self.assertRaises(FunctionsHttpError) as refusal:
            self.client().invoke("nothing")
        self.assertEqual(refusal.exception.status, 404)
        self.assertFalse(isinstance(refusal.exception, FunctionsRelayError))

    def test_a_deployment_changes_the_answer_and_restarts_nothing(self):
        before = self.containers()
        for word in ["one", "two"]:
            self.deploy("changes", {"index.ts": f"Deno.serve(() => new Response('{word}'));"}, verify_jwt=False)
            self.assertEqual(SyncFunctionsClient(self.url, {}).invoke("changes"), word.encode())
        self.assertEqual(self.containers(), before)

    def test_secrets_reach_functions(self):
        path = f"/v1/projects/{self.ref}/secrets"
        before = self.containers()
        self.manager.call("POST", path, [{"name": "GREETING", "value": "from a secret"}])
        support.until(self.greeting, "the secret does not reach the function")
        after = self.containers()
        self.assertEqual({name for name in before if before[name] != after[name]}, {"functions"})

    def greeting(self):
        try:
            return self.client().invoke("hello", {"responseType": "json"})["secret"] == "from a secret"
        except (FunctionsHttpError, FunctionsRelayError):
            return False  # The container is replaced.

    def test_a_function_reaches_its_project_and_nothing_else(self):
        self.deploy("rest", {"index.ts": REST})
        self.assertEqual(self.client().invoke("rest"), b"200")
        self.deploy("pries", {"index.ts": PRIES})
        found = self.client().invoke("pries", {"responseType": "json"})
        self.assertEqual((found["db"], found["metadata"], found["api"]), ("NotCapable", "NotCapable", "reached"))

    def run_command(self, *arguments, code=0):
        environment = dict(os.environ, SUPAMANAGER_API_URL=f"http://{self.manager.address}",
                           SUPAMANAGER_ACCESS_TOKEN=self.manager.token)
        done = subprocess.run([support.binary(), "functions", *arguments], env=environment, capture_output=True, text=True,
                              timeout=60)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout

    def test_the_command_line(self):
        with tempfile.TemporaryDirectory() as folder:
            source = pathlib.Path(folder, "typed")
            (source / "lib").mkdir(parents=True)
            (source / ".hidden").write_text("left out")
            (source / "lib" / "word.ts").write_text("export const word: string = 'typed';")
            (source / "index.ts").write_text("import { word } from './lib/word.ts'; Deno.serve(() => new Response(word));")
            self.assertIn("version 1", self.run_command("deploy", self.ref, str(source), "--no-verify-jwt"))
        self.assertEqual(self.run_command("invoke", self.ref, "typed"), "typed\n")
        self.assertIn("not needed", self.run_command("list", self.ref))
        self.run_command("delete", self.ref, "typed")
        self.assertNotIn("typed", self.run_command("list", self.ref))
        self.assertIn("NOT_FOUND", self.run_command("invoke", self.ref, "typed", code=1))

    def test_its_log_is_read_by_the_manager(self):
        self.deploy("logs", {"index.ts": "Deno.serve(() => { console.log('a line of its own'); return new Response(); });"})
        self.client().invoke("logs")
        reply = self.manager.ask("GET", f"/platform/projects/{self.ref}/services/functions/logs?tail=100")
        self.assertIn("a line of its own", reply.data.decode())


if __name__ == "__main__":
    unittest.main()
