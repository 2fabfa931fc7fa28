"""The functions router of the template, run by a real Deno inside a stand-in of the edge runtime."""

import base64
import hashlib
import hmac
import http.client
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

import stack

RUNTIME = stack.ROOT / "Tests/Images/stand-ins/edge_runtime.ts"
ROUTER = stack.TEMPLATE / "volumes/functions/main/index.ts"
DENO = shutil.which("deno", path=f"{pathlib.Path(sys.executable).parent}:{os.environ.get('PATH', '')}")
REQUEST_SECONDS = 30


@unittest.skipUnless(DENO, "needs Deno: Tests/Images/requirements.txt")
class FunctionsRouterTests(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.functions = self.folder / "functions"
        self.write("main/index.ts", self.router_text())
        self.values = stack.variables()
        environment = stack.environment("functions", {**self.values, **self.settings()})
        self.router = subprocess.Popen(
            [DENO, "run", "--allow-all", "--no-lock", "--quiet", RUNTIME, self.functions / "main/index.ts"],
            env={"PATH": os.environ["PATH"], "DENO_DIR": str(self.folder / "cache"), "HOME": str(self.folder),
                 **environment}, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.addCleanup(self.end)
        word, _, port = self.router.stdout.readline().partition(" ")
        self.assertEqual(word, "port")
        self.port = int(port)

    def settings(self):
        return {}

    def end(self):
        self.router.terminate()
        self.router.wait(REQUEST_SECONDS)
        self.router.stdout.close()

    def router_text(self):
        text = ROUTER.read_text(encoding="utf-8")
        self.assertEqual(text.count('"/home/deno/functions"'), 1)
        return text.replace('"/home/deno/functions"', json.dumps(str(self.functions)))

    def write(self, path, text):
        file = self.functions / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    def deploy(self, name, files, stamp="1", **marker):
        """As the manager writes a deployed function."""
        for path, text in files.items():
            self.write(f"{name}/{path}", text)
        entry = marker.setdefault("entrypoint_path", "index.ts")
        if entry != "index.ts":
            self.write(f"{name}/index.ts", f'import * as entry from "./{entry}";\nexport default entry.default ?? {{}};')
        marker = {"stamp": stamp, "version": 1, "verify_jwt": False, **marker}
        self.write(f"{name}/.supamanager.json", json.dumps(marker))

    def request(self, path, method="GET", body=None, headers=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=REQUEST_SECONDS)
        try:
            connection.request(method, path, body, headers or {})
            response = connection.getresponse()
            return response.status, response.headers, response.read().decode()
        finally:
            connection.close()

    def assert_answers(self, path, text, **options):
        status, _, body = self.request(path, **options)
        self.assertEqual((status, body), (200, text))

    def workers(self):
        return json.loads(self.request("/stand-in/workers")[2])

    def test_a_function_of_the_template_answers(self):
        shutil.copytree(stack.TEMPLATE / "volumes/functions/hello", self.functions / "hello")
        self.assert_answers("/hello", '{"message":"Hello, world!"}')
        self.assert_answers("/hello", '{"message":"Hello, you!"}', method="POST", body='{"name":"you"}')

    def test_a_function_with_an_import_map_finds_its_bare_imports(self):
        # The paths that the CLI gives to a deployment.
        prefix = "supabase/functions/shop"
        self.deploy("shop", {
            f"{prefix}/index.ts": 'import { word } from "words";\nDeno.serve(() => new Response(word));',
            f"{prefix}/lib/words.ts": 'export const word = "found";',
            f"{prefix}/deno.json": '{"imports":{"words":"./lib/words.ts"}}',
        }, entrypoint_path=f"{prefix}/index.ts", import_map_path=f"{prefix}/deno.json")
        self.assert_answers("/shop", "found")

    def test_a_request_that_meets_an_ending_worker_is_served_by_the_next_one(self):
        self.deploy("echo", {"index.ts": "Deno.serve(async (request) => new Response(await request.text()));"})
        for body in (None, "words"):
            self.request("/stand-in/retire?next=1")
            self.assert_answers("/echo", body or "", method="POST" if body else "GET", body=body)
        # Not for ever.
        self.request("/stand-in/retire?next=1000")
        status, headers, _ = self.request("/echo")
        self.assertEqual((status, headers["sb-error-code"]), (503, "WORKER_RETIRED"))
        self.request("/stand-in/retire?next=0")

    def test_a_function_reads_the_files_that_were_deployed_with_it_and_no_others(self):
        self.deploy("page", {
            "index.ts": 'Deno.serve(async (request) => new Response(new URL(request.url).pathname.endsWith("sync")\n'
                        '  ? Deno.readTextFileSync(new URL("./page.html", import.meta.url))\n'
                        '  : await Deno.readTextFile(new URL("./page.html", import.meta.url))));',
            "page.html": "<p>here</p>"})
        self.deploy("thief", {"index.ts": 'Deno.serve(async () => new Response(await Deno.readTextFile('
                                          'new URL("../page/page.html", import.meta.url))));'})
        self.assert_answers("/page", "<p>here</p>")
        self.assert_answers("/page/sync", "<p>here</p>")
        self.assertEqual(self.request("/thief")[0], 500)

    def test_a_function_knows_its_name_and_not_the_routers_settings(self):
        self.deploy("who", {"index.ts": "Deno.serve(() => Response.json(Deno.env.toObject()));"})
        given = json.loads(self.request("/who")[2])
        self.assertEqual(given["SUPABASE_FUNCTION_SLUG"], "who")
        self.assertEqual(given["SUPABASE_URL"], "http://gateway:8000")
        self.assertFalse({"JWT_SECRET", "VERIFY_JWT"} & set(given))
        self.assertNotIn(self.values["JWT_SECRET"], given.values())

    def test_failures_tell_their_kind(self):
        self.deploy("broken", {"index.ts": "this is no program"})
        self.deploy("thrower", {"index.ts": 'Deno.serve(() => { throw new Error("mine"); });'})
        for path, status, code in (("/broken", 503, "BOOT_ERROR"), ("/thrower", 500, "WORKER_ERROR"),
                                   ("/nobody", 404, "NOT_FOUND"), ("/main", 404, "NOT_FOUND")):
            found, headers, body = self.request(path)
            self.assertEqual((found, headers["sb-error-code"], json.loads(body)["code"]), (status, code, code), path)
            self.assertTrue(json.loads(body)["message"])

    def test_new_code_is_served_from_the_next_request_on(self):
        for version in ("one", "two", "three", "two"):
            self.deploy("changing", {"index.ts": f'Deno.serve(() => new Response("{version}"));'}, stamp=version)
            for _ in range(3):
                self.assert_answers("/changing", version)
        self.assertEqual(len(self.workers()), 4)

    def token(self, secret, **claims):
        return stack.token("authenticated", secret, **claims)

    def test_a_function_that_demands_a_token_gets_requests_with_a_good_one_only(self):
        self.deploy("closed", {"index.ts": 'Deno.serve(() => new Response("in"));'}, verify_jwt=True)
        good = self.token(self.values["JWT_SECRET"])
        self.assert_answers("/closed", "in", headers={"Authorization": f"Bearer {good}"})
        self.assertEqual(self.request("/closed", "OPTIONS")[0], 200)
        unsigned = good.split(".")
        unsigned[0] = base64.urlsafe_b64encode(b'{"alg":"none"}').rstrip(b"=").decode()
        text = f"{unsigned[0]}.{unsigned[1]}"
        secret = self.values["JWT_SECRET"].encode()
        unsigned[2] = base64.urlsafe_b64encode(hmac.new(secret, text.encode(), hashlib.sha256).digest()).decode()[:-1]
        for value, code in (
                (None, "UNAUTHORIZED_NO_AUTH_HEADER"), ("Basic x", "UNAUTHORIZED_INVALID_JWT_FORMAT"),
                ("Bearer x", "UNAUTHORIZED_INVALID_JWT_FORMAT"),
                (f"Bearer {self.token('another secret')}", "UNAUTHORIZED_LEGACY_JWT"),
                (f"Bearer {self.token(self.values['JWT_SECRET'], exp=1)}", "UNAUTHORIZED_LEGACY_JWT"),
                (f"Bearer {'.'.join(unsigned)}", "UNAUTHORIZED_UNSUPPORTED_TOKEN_ALGORITHM")):
            status, headers, body = self.request("/closed", headers={"Authorization": value} if value else None)
            self.assertEqual((status, headers["sb-error-code"]), (401, code), value)
            self.assertEqual(json.loads(body)["code"], code)


if __name__ == "__main__":
    unittest.main()
