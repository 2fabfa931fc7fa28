"""The FUNCTIONS API as a process: real functions in Deno, their answers, and the end of each failure."""

import base64
import concurrent.futures
import glob
import hashlib
import hmac
import http.client
import json
import os
import pathlib
import shutil
import socket
import subprocess
import tempfile
import threading
import time
import unittest

import support

SECRET = "a-secret-of-more-than-thirty-two-characters"
MEMORY_MIB = 96
NOBODY = 65534
# The engine kills the container after that.
STOP_SECONDS_MAX = 10


def deno():
    """The program: what PROJECTD_DENO names, else that of the pinned wheel, which scripts/make-images installs."""
    given = os.environ.get("PROJECTD_DENO")
    found = given or str(support.ROOT / ".build" / "deno" / "bin" / "deno")
    assert os.path.exists(found), f"{found} is not there: scripts/make-images installs it"
    return found


def encoded(value):
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def token(secret=SECRET, algorithm="HS256", **claims):
    signed = encoded({"alg": algorithm, "typ": "JWT"}) + "." + encoded({"role": "anon", **claims})
    return signed + "." + encoded(hmac.new(secret.encode(), signed.encode(), hashlib.sha256).digest())


HELLO = """
Deno.serve(async (request) => {
  const url = new URL(request.url);
  const body = request.body === null ? "" : await request.text();
  return Response.json({ method: request.method, path: url.pathname, query: url.search, body,
    header: request.headers.get("x-custom"), origin: url.origin, set: Deno.env.get("OWN_SECRET") ?? null, unset: Deno.env.get("UNSET") ?? null });
});
"""
FUNCTIONS = {
    "hello": HELLO,
    "neighbour": "Deno.serve(() => new Response('still here'));",
    "exported": "export default { fetch: () => new Response('exported') };",
    "open": "Deno.serve((r) => new Response('open to ' + (r.headers.get('authorization') ?? 'all')));",
    "echo": "Deno.serve((r) => new Response(r.body, { headers: { 'content-type': 'application/octet-stream' } }));",
    "sums": "Deno.serve(async (r) => new Response(await crypto.subtle.digest('SHA-256', await r.arrayBuffer())));",
    "large": "Deno.serve(() => { let n = 0; return new Response(new ReadableStream({ pull(c) { "
             "if (n === 20) return c.close(); c.enqueue(new Uint8Array(1 << 20).fill(n++)); } })); });",
    "page": "Deno.serve(() => new Response('<p>', { headers: { 'content-type': 'text/html; charset=utf-8' } }));",
    "cors": "Deno.serve((r) => new Response(r.method, { headers: { 'access-control-allow-origin': 'https://a' } }));",
    "throws": "Deno.serve(() => { throw new Error('a secret of the code'); });",
    "boots-not": "throw new Error('no');",
    "syntax": "Deno.serve((=> 1);",
    "serves-nothing": "console.log('done');",
    "listens-never": "await new Promise(() => setInterval(() => {}, 1000));",
    "exits": "Deno.serve(() => Deno.exit(3));",
    "heap": "const kept = []; Deno.serve(() => { while (true) kept.push(new Array(100000).fill(Math.random())); });",
    "buffers": "const kept = []; Deno.serve(async () => { while (true) { kept.push(new Uint8Array(4 << 20).fill(1)); "
               "await new Promise((r) => setTimeout(r, 1)); } });",
    "loop": "Deno.serve(() => { while (true) { /* on */ } });",
    "silent": "Deno.serve(() => new Promise(() => {}));",
    "stalls": "Deno.serve((r) => r.url.endsWith('fine') ? new Response('fine') : new Response(new ReadableStream({ "
              "start(c) { c.enqueue(new TextEncoder().encode('begun')); setTimeout(() => Deno.exit(1), 300); } })));",
    "events": """
        Deno.serve(() => {
          let count = 0;
          return new Response(new ReadableStream({ async pull(c) {
            if (count === 3) return c.close();
            c.enqueue(new TextEncoder().encode(`data: ${count++}\\n\\n`));
            await new Promise((r) => setTimeout(r, 300));
          } }), { headers: { "content-type": "text/event-stream" } });
        });""",
    "later": """
        let done = 0;
        Deno.serve((r) => {
          if (r.url.endsWith("/count")) return new Response(String(done));
          EdgeRuntime.waitUntil(new Promise((end) => setTimeout(() => { done += 1; end(null); }, 200)));
          return new Response("accepted", { status: 202 });
        });""",
    "aborts": """
        let aborted = 0;
        Deno.serve((r) => {
          if (r.url.endsWith("/count")) return new Response(String(aborted));
          return new Promise(() => r.signal.addEventListener("abort", () => { aborted += 1; }));
        });""",
    "pries": """
        async function tried(work) { try { return "read " + String(await work()).length; } catch (e) { return e.name; } }
        Deno.serve(async () => Response.json({
          passwd: await tried(() => Deno.readTextFile("/etc/passwd")),
          init: await tried(() => Deno.readTextFile("/proc/1/environ")),
          parent: await tried(() => Deno.readTextFile(`/proc/${Deno.ppid}/environ`)),
          own: await tried(() => Deno.readTextFile("/proc/self/environ")),
          neighbour: await tried(() => Deno.readTextFile("FOLDER/hello/index.ts")),
          mine: await tried(() => Deno.readTextFile(new URL("./index.ts", import.meta.url))),
          write: await tried(() => Deno.writeTextFile("FOLDER/pries/x", "x")),
          run: await tried(() => new Deno.Command("/bin/sh").output()),
          ffi: await tried(() => Deno.dlopen("libc.so.6", {})),
          settings: Object.keys(Deno.env.toObject()).filter((name) => name.startsWith("PROJECTD_")).join() || "none",
          metadata: await tried(() => fetch("http://169.254.169.254/")),
          loopback: await tried(() => fetch("http://127.0.0.1:80/")),
          resolve: await tried(() => Deno.resolveDns("example.com", "A")),
          engine: await tried(() => Deno.connect({ transport: "unix", path: "/var/run/docker.sock" })),
          remote: await tried(() => import("https://example.com/x.ts")),
        }));""",
    "floods": "Deno.serve(() => { for (let i = 0; i < 5000; i++) console.log('line ' + i); return new Response('ok'); });",
}
ENDLESS = """
Deno.serve(() => new Response(new ReadableStream({ async pull(c) {
  c.enqueue(new TextEncoder().encode("x"));
  await new Promise((r) => setTimeout(r, 200));
} })));
"""
WITHOUT_TOKEN = {"open", "cors", "boots-not", "page"}


class Folder:
    """Functions as a deployment puts them there."""

    def __init__(self):
        self.path = tempfile.mkdtemp(prefix="sm-functions-", dir="/tmp")
        self.versions = 0
        for name, text in FUNCTIONS.items():
            self.deploy(name, {"index.ts": text.replace("FOLDER", self.path)}, verify=name not in WITHOUT_TOKEN)

    def deploy(self, slug, files, verify=True, entrypoint="index.ts", **marker):
        self.versions += 1
        new = pathlib.Path(self.path, ".new-" + slug)
        for name, text in files.items():
            (new / name).parent.mkdir(parents=True, exist_ok=True)
            (new / name).write_text(text)
        (new / ".supamanager.json").write_text(json.dumps({
            "stamp": f"stamp {self.versions}", "version": self.versions, "verify_jwt": verify,
            "entrypoint_path": entrypoint, **marker}))
        place, old = pathlib.Path(self.path, slug), pathlib.Path(self.path, ".new-old-" + slug)
        if place.exists():
            place.rename(old)
        new.rename(place)
        shutil.rmtree(old, ignore_errors=True)

    def remove(self):
        shutil.rmtree(self.path)


class Functions:
    """A running `projectd serve --only functions`."""

    def __init__(self, folder, user=None, **settings):
        self.port = support.free_port()
        self.log = tempfile.NamedTemporaryFile(prefix="projectd-functions-", suffix=".log")
        self.work = tempfile.mkdtemp(prefix="sm-work-", dir="/tmp")
        if user is not None:
            os.chown(self.work, user, user)
            os.chmod(folder.path, 0o755)
        environment = {
            "PATH": os.environ["PATH"], "PROJECTD_LISTEN": f"127.0.0.1:{self.port}", "PROJECTD_DENO": deno(),
            "PROJECTD_FUNCTIONS_FOLDER": folder.path, "PROJECTD_FUNCTIONS_WORK_FOLDER": self.work,
            "PROJECTD_FUNCTIONS_JWT_SECRET": SECRET, "PROJECTD_FUNCTIONS_MEMORY_MIB": str(MEMORY_MIB),
            "PROJECTD_FUNCTIONS_CPU_SECONDS": "1", "PROJECTD_FUNCTIONS_ANSWER_SECONDS": "3",
            "PROJECTD_FUNCTIONS_BOOT_SECONDS": "2", "OWN_SECRET": "own",
            # Secrets of functions are no settings of the server, whatever they are called.
            "PGRST_LOG_LEVEL": "no level", "PGRST_ADMIN_SERVER_PORT": "no port", "PGRST_JWT_SECRET": "short",
            **{"PROJECTD_FUNCTIONS_" + name: str(value) for name, value in settings.items()}}
        self.process = subprocess.Popen(
            [support.binary(), "serve", "--only", "functions"], env=environment, stdout=self.log, stderr=self.log,
            user=user, group=user, extra_groups=None if user is None else [])
        support.wait_until(self.is_listening, "projectd listens")

    def is_listening(self):
        assert self.process.poll() is None, self.logs()
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            return True
        except OSError:
            return False

    def logs(self):
        return pathlib.Path(self.log.name).read_text()

    def call(self, path, method="POST", body=None, headers=None, bearer=token()):
        """Status, headers in lower case, and body in bytes."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            sent = {**({"Authorization": f"Bearer {bearer}"} if bearer else {}), **(headers or {})}
            connection.request(method, path, body, sent)
            answer = connection.getresponse()
            return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
        finally:
            connection.close()

    def refusal(self, path, **options):
        """Status and code, which stands in header and body."""
        status, headers, body = self.call(path, **options)
        parsed = json.loads(body)
        assert headers["sb-error-code"] == parsed["code"] and parsed["message"], body
        return status, parsed["code"]

    def processes(self, slug=None):
        """Ids of the processes of functions."""
        found = []
        for path in glob.glob("/proc/[0-9]*/cmdline"):
            try:
                command = pathlib.Path(path).read_text()
            except OSError:
                continue
            if f"--preload={self.work}/" in command and (slug is None or f"/{slug}\0" in command):
                found.append(int(path.split("/")[2]))
        return found

    def children(self):
        """Ids of the server's children, also of those that have ended and were not asked for their exit."""
        tasks = glob.glob(f"/proc/{self.process.pid}/task/*/children")
        return [int(child) for path in tasks for child in pathlib.Path(path).read_text().split()]

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
        code = self.process.wait(support.WAIT_SECONDS)
        self.log.close()
        shutil.rmtree(self.work)
        return code


class FunctionsTest(unittest.TestCase):
    SETTINGS = {}

    @classmethod
    def setUpClass(cls):
        cls.folder = Folder()
        cls.addClassCleanup(cls.folder.remove)
        cls.server = Functions(cls.folder, **cls.SETTINGS)
        cls.addClassCleanup(cls.server.stop)

    def assert_neighbour_answers(self):
        self.assertEqual(self.server.call("/neighbour")[::2], (200, b"still here"))


class Invocation(FunctionsTest):
    def test_method_path_query_headers_and_body_arrive(self):
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE"]:
            body = None if method == "GET" else "sent"
            status, headers, answer = self.server.call(
                "/hello/a%20b/c?x=1&y=%C3%A4", method, body, {"X-Custom": "kept", "Host": "project.example"})
            self.assertEqual(status, 200, answer)
            self.assertEqual(json.loads(answer), {
                "method": method, "path": "/hello/a%20b/c", "query": "?x=1&y=%C3%A4", "body": body or "",
                "header": "kept", "origin": "http://project.example", "set": "own",
                "unset": None})
            self.assertRegex(headers["x-deno-execution-id"], "^[0-9a-f-]{36}$")
        self.assertEqual(self.server.refusal("/hello", method="TRACE"), (405, "METHOD_NOT_ALLOWED"))

    def test_a_default_export_is_served(self):
        self.assertEqual(self.server.call("/exported")[::2], (200, b"exported"))

    def test_tokens(self):
        ask = self.server.refusal
        self.assertEqual(ask("/hello", bearer=None), (401, "UNAUTHORIZED_NO_AUTH_HEADER"))
        self.assertEqual(ask("/hello", bearer="x.y"), (401, "UNAUTHORIZED_INVALID_JWT_FORMAT"))
        self.assertEqual(ask("/hello", bearer=None, headers={"Authorization": "Basic eDp5"}),
                         (401, "UNAUTHORIZED_INVALID_JWT_FORMAT"))
        self.assertEqual(ask("/hello", bearer=token("another secret")), (401, "UNAUTHORIZED_LEGACY_JWT"))
        self.assertEqual(ask("/hello", bearer=token(exp=1)), (401, "UNAUTHORIZED_LEGACY_JWT"))
        self.assertEqual(ask("/hello", bearer=token(algorithm="ES256")), (401, "UNAUTHORIZED_ASYMMETRIC_JWT"))
        for algorithm in ["HS512", "none"]:
            self.assertEqual(
                ask("/hello", bearer=token(algorithm=algorithm)), (401, "UNAUTHORIZED_UNSUPPORTED_TOKEN_ALGORITHM"))
        self.assertEqual(self.server.call("/open", bearer=None)[::2], (200, b"open to all"))
        self.assertEqual(
            self.server.call("/open", bearer=None, headers={"Authorization": "Basic eDp5"})[2], b"open to Basic eDp5")

    def test_options_belongs_to_the_function(self):
        status, headers, body = self.server.call("/hello", "OPTIONS", bearer=None)
        self.assertEqual((status, json.loads(body)["method"]), (200, "OPTIONS"))
        self.assertNotIn("access-control-allow-origin", headers)
        self.assertEqual(self.server.call("/cors")[1]["access-control-allow-origin"], "https://a")

    def test_unknown_functions(self):
        for path in ["/nothing", "/", "/..%2Fhello", "/.new-hello", "/hello%2F", "/1hello", "/" + "a" * 65]:
            self.assertEqual(self.server.refusal(path), (404, "NOT_FOUND"), path)

    def test_pages_are_text(self):
        self.assertEqual(self.server.call("/page", "GET")[1]["content-type"], "text/plain; charset=utf-8")
        self.assertEqual(self.server.call("/page", "POST")[1]["content-type"], "text/html; charset=utf-8")

    def test_large_bodies_pass_both_ways(self):
        sent = os.urandom(20 << 20)
        self.assertEqual(self.server.call("/sums", body=sent)[::2], (200, hashlib.sha256(sent).digest()))
        status, _, body = self.server.call("/large")
        self.assertEqual((status, body), (200, b"".join(bytes([n]) * (1 << 20) for n in range(20))))

    def test_a_body_of_unknown_length_is_echoed_while_it_is_sent(self):
        pieces = [os.urandom(10_000) for _ in range(10)]
        status, _, body = self.server.call("/echo", body=iter(pieces))
        self.assertEqual((status, body), (200, b"".join(pieces)))

    def test_events_come_as_they_are_sent(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=30)
        self.addCleanup(connection.close)
        connection.request("GET", "/events", headers={"Authorization": f"Bearer {token()}"})
        answer = connection.getresponse()
        times = []
        for count in range(3):
            self.assertEqual(answer.readline(), b"data: %d\n" % count)
            answer.readline()
            times.append(time.monotonic())
        self.assertGreater(times[2] - times[0], 0.4)
        self.assertEqual(answer.read(), b"")

    def test_work_behind_an_answer_is_done(self):
        self.assertEqual(self.server.call("/later")[0], 202)
        support.wait_until(lambda: self.server.call("/later/count")[2] == b"1", "the work is done")

    def test_a_function_learns_that_its_client_has_gone(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=30)
        connection.request("POST", "/aborts", headers={"Authorization": f"Bearer {token()}"})
        support.wait_until(lambda: self.server.call("/aborts/count")[2] == b"0", "it runs")
        connection.close()
        support.wait_until(lambda: self.server.call("/aborts/count")[2] == b"1", "it learns so")

    def test_many_requests_share_a_process(self):
        with concurrent.futures.ThreadPoolExecutor(20) as pool:
            answers = list(pool.map(lambda n: self.server.call(f"/hello/{n}", "GET"), range(200)))
        self.assertEqual({status for status, _, _ in answers}, {200})
        self.assertEqual([json.loads(body)["path"] for _, _, body in answers], [f"/hello/{n}" for n in range(200)])
        self.assertEqual(len({headers["x-deno-execution-id"] for _, headers, _ in answers}), 1)

    def test_a_websocket_is_refused_with_the_reason(self):
        headers = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
                   "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA=="}
        self.assertEqual(self.server.refusal("/hello", method="GET", headers=headers), (501, "NOT_IMPLEMENTED"))

    def test_a_connection_is_used_again(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=30)
        self.addCleanup(connection.close)
        for body in ["one", "two" * 100_000, ""]:
            connection.request("POST", "/echo", body, {"Authorization": f"Bearer {token()}"})
            self.assertEqual(connection.getresponse().read().decode(), body)

    def test_health(self):
        self.assertEqual(self.server.call("/_internal/health", "GET", bearer=None)[0], 200)


class Deployment(FunctionsTest):
    def test_the_next_request_runs_the_new_version(self):
        self.folder.deploy("changes", {"index.ts": "Deno.serve(() => new Response('one'));"})
        self.assertEqual(self.server.call("/changes")[2], b"one")
        self.folder.deploy("changes", {"index.ts": "Deno.serve(() => new Response('two'));"})
        self.assertEqual(self.server.call("/changes")[2], b"two")
        kept = [name for name in os.listdir(os.path.join(self.server.work, "cache")) if name.startswith("changes.")]
        self.assertEqual(len(kept), 1, "what was made of earlier versions is removed")

    def test_what_has_begun_ends_in_the_old_version(self):
        slow = "Deno.serve(async () => { await new Promise((r) => setTimeout(r, 1000)); return new Response('old'); });"
        self.folder.deploy("slow", {"index.ts": slow})
        with concurrent.futures.ThreadPoolExecutor() as pool:
            begun = pool.submit(self.server.call, "/slow")
            support.wait_until(lambda: self.server.processes(), "it starts")
            time.sleep(0.5)
            self.folder.deploy("slow", {"index.ts": "Deno.serve(() => new Response('new'));"})
            self.assertEqual(self.server.call("/slow")[2], b"new")
            self.assertEqual(begun.result()[2], b"old")

    def test_other_entry_points_and_import_maps(self):
        self.folder.deploy("mapped", {
            "source/run me.ts": "import 'jsr:@supabase/functions-js/edge-runtime.d.ts';\n"
                                "import { word } from 'words'; import { end } from '@/end.ts';\n"
                                "Deno.serve(() => new Response(word + end));",
            "source/words.ts": "export const word: string = 'mapped';", "source/lib/end.ts": "export const end = '!';",
            "source/deno.json": json.dumps({"imports": {"words": "./words.ts", "@/": "./lib/"}})},
            entrypoint="source/run me.ts", import_map_path="source/deno.json")
        self.assertEqual(self.server.call("/mapped")[::2], (200, b"mapped!"))

    def test_a_deleted_function_is_not_found(self):
        self.folder.deploy("gone", {"index.ts": "Deno.serve(() => new Response('here'));"})
        self.assertEqual(self.server.call("/gone")[0], 200)
        shutil.rmtree(os.path.join(self.folder.path, "gone"))
        self.assertEqual(self.server.refusal("/gone"), (404, "NOT_FOUND"))


class Limits(FunctionsTest):
    # A second of processor time is many seconds where other tests take the processors.
    SETTINGS = {"ANSWER_SECONDS": 10}

    def test_what_does_not_boot(self):
        for name in ["boots-not", "syntax", "serves-nothing", "listens-never"]:
            self.assertEqual(self.server.refusal(f"/{name}"), (503, "BOOT_ERROR"), name)
            self.assert_neighbour_answers()
        self.assertIn("SyntaxError", self.server.logs())

    def test_starts_that_fail_again_and_again_wait(self):
        self.folder.deploy("fails", {"index.ts": "throw new Error('no');"})
        for _ in range(3):
            self.assertEqual(self.server.refusal("/fails"), (503, "BOOT_ERROR"))
        status, headers, _ = self.server.call("/fails")
        self.assertEqual((status, headers["retry-after"]), (503, "1"))
        self.folder.deploy("fails", {"index.ts": "Deno.serve(() => new Response('repaired'));"})
        self.assertEqual(self.server.call("/fails")[::2], (200, b"repaired"))

    def test_an_exception_of_a_handler(self):
        self.assertEqual(self.server.refusal("/throws"), (500, "WORKER_ERROR"))
        self.assertIn("a secret of the code", self.server.logs())
        self.assertNotIn(b"a secret of the code", self.server.call("/throws")[2])

    def test_an_exit_in_a_handler(self):
        self.assertEqual(self.server.refusal("/exits"), (500, "WORKER_ERROR"))
        self.assert_neighbour_answers()
        self.assertEqual(self.server.refusal("/exits"), (500, "WORKER_ERROR"))

    def test_a_full_heap(self):
        self.assertEqual(self.server.refusal("/heap"), (546, "WORKER_LIMIT"))
        self.assert_neighbour_answers()

    def test_memory_outside_of_the_heap(self):
        status, _, body = self.server.call("/buffers")
        self.assertEqual((status, json.loads(body)["code"]), (546, "WORKER_LIMIT"))
        self.assertIn(f"{MEMORY_MIB} MiB", json.loads(body)["message"])
        self.assert_neighbour_answers()

    def test_an_endless_loop(self):
        with concurrent.futures.ThreadPoolExecutor() as pool:
            looping = pool.submit(self.server.refusal, "/loop")
            while not looping.done():
                self.assert_neighbour_answers()
                time.sleep(0.05)
            self.assertEqual(looping.result(), (546, "WORKER_LIMIT"))

    def test_no_answer_in_time(self):
        self.assertEqual(self.server.refusal("/silent"), (504, "IDLE_TIMEOUT"))
        self.assert_neighbour_answers()

    def test_an_answer_that_breaks_off_is_not_whole(self):
        with self.assertRaises((http.client.HTTPException, OSError)):
            self.server.call("/stalls")
        # Its process is being ended: a request that comes in the same moment fails with it.
        support.wait_until(lambda: self.server.call("/stalls/fine")[2] == b"fine", "the function answers again")

    def test_nothing_but_its_own_is_reached(self):
        status, _, body = self.server.call("/pries")
        found = json.loads(body)
        self.assertEqual(status, 200, body)
        self.assertRegex(found.pop("mine"), "^read ")
        self.assertEqual(found.pop("settings"), "none")
        self.assertEqual({name: error for name, error in found.items() if error.startswith("read ")}, {})

    def test_no_import_shows_the_servers_secrets(self):
        # Deno lets an import read any file of the user, and its errors show what the file says. Root reads everything,
        # so the server is, as in its container, another one.
        server = Functions(self.folder, user=NOBODY if os.getuid() == 0 else None)
        self.addCleanup(server.stop)
        for file in ["environ", "mem", "maps", "root/proc/self/environ", "cwd/proc/self/environ"]:
            path = f"file:///proc/{server.process.pid}/{file}"
            for number, text in enumerate([
                    f"import {json.dumps(path)};", f"import x from {json.dumps(path)}; console.log(x);",
                    f"import x from {json.dumps(path)} with {{ type: 'json' }}; console.log(x);",
                    f"import x from {json.dumps(path)} with {{ type: 'text' }}; console.log(x);"]):
                slug = f"static{number}-{file.replace('/', '-')}"
                self.folder.deploy(slug, {"index.ts": text + "Deno.serve(() => new Response('runs'));"})
                self.assertEqual(server.refusal(f"/{slug}"), (503, "BOOT_ERROR"), text)
            slug = "dynamic-" + file.replace("/", "-")
            self.folder.deploy(slug, {"index.ts": "Deno.serve(async () => { const told = []; " + "".join(
                f"try {{ const x = await import({json.dumps(path)}{form}); told.push(String(x.default)); }} "
                "catch (e) { told.push(String(e.stack ?? e)); } "
                for form in ["", ", { with: { type: 'json' } }", ", { with: { type: 'text' } }"])
                + "return Response.json(told); });"})
            status, _, body = server.call(f"/{slug}")
            self.assertEqual(status, 200, body)
            self.assertEqual(len(json.loads(body)), 3)
            self.assertNotIn(SECRET.encode(), body)
        self.assertIn("ermission denied", server.logs())
        self.assertNotIn(SECRET, server.logs())

    def test_the_log_has_execution_ids_and_is_bounded(self):
        execution = self.server.call("/floods")[1]["x-deno-execution-id"]
        support.wait_until(lambda: "line 99" in self.server.logs(), "the log is written")
        lines = [line for line in self.server.logs().splitlines() if execution in line]
        self.assertEqual(len(lines), 100)
        self.assertTrue(all("function=floods" in line for line in lines))


class Life(FunctionsTest):
    SETTINGS = {"IDLE_SECONDS": 1, "PROCESSES_MAX": 2, "REQUESTS_MAX": 4}

    def test_idle_processes_end_and_start_again(self):
        self.assertEqual(self.server.call("/neighbour")[0], 200)
        self.assertEqual(len(self.server.processes()), 1)
        support.wait_until(lambda: not self.server.processes(), "it ends")
        support.wait_until(lambda: not self.server.children(), "nothing is left of it")
        self.assert_neighbour_answers()

    def test_nothing_is_made_twice_of_a_version(self):
        def files():
            return sorted(str(path) for path in pathlib.Path(self.server.work).rglob("*") if path.is_file())

        found = []
        for _ in range(3):
            self.assert_neighbour_answers()
            support.wait_until(lambda: not self.server.processes(), "it ends")
            found.append([path for path in files() if "/neighbour." in path])
        self.assertTrue(found[0])
        self.assertEqual(found[1], found[2])

    def test_what_was_made_of_deleted_functions_is_removed(self):
        self.folder.deploy("deleted", {"index.ts": "Deno.serve(() => new Response('here'));"})
        self.assertEqual(self.server.call("/deleted")[0], 200)
        cache = pathlib.Path(self.server.work, "cache")
        self.assertEqual(len(list(cache.glob("deleted.*"))), 1)
        shutil.rmtree(os.path.join(self.folder.path, "deleted"))
        support.wait_until(lambda: not self.server.processes(), "it ends")
        self.assert_neighbour_answers()
        self.assertEqual(list(cache.glob("deleted.*")), [])

    def test_the_longest_idle_makes_room(self):
        for name in ["neighbour", "exported", "hello", "open", "neighbour"]:
            self.assertEqual(self.server.call(f"/{name}")[0], 200)
            self.assertLessEqual(len(self.server.processes()), 2)

    def test_too_many_requests_are_refused_at_once(self):
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda _: self.server.refusal("/silent"), range(8)))
        self.assertEqual(sorted(answers), [(503, "FUNCTION_BUSY")] * 4 + [(504, "IDLE_TIMEOUT")] * 4)

    def test_an_answer_without_end_does_not_keep_the_server(self):
        self.folder.deploy("endless", {"index.ts": ENDLESS})
        server = Functions(self.folder, ANSWER_SECONDS=60)
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
        self.addCleanup(connection.close)
        connection.request("POST", "/endless", headers={"Authorization": f"Bearer {token()}"})
        self.assertEqual(connection.getresponse().read(1), b"x")
        begun = time.monotonic()
        server.process.terminate()
        self.assertEqual(server.process.wait(STOP_SECONDS_MAX), 0, server.logs())
        self.assertGreater(time.monotonic() - begun, 5, "what is being answered has some time")
        self.assertEqual(server.processes(), [])
        server.stop()

    def test_processes_end_with_the_server(self):
        server = Functions(self.folder)
        self.assertEqual(server.call("/neighbour")[0], 200)
        self.assertEqual(len(server.processes()), 1)
        self.assertEqual(server.stop(), 0)
        self.assertEqual(server.processes(), [])


del FunctionsTest  # it has no tests of its own
if __name__ == "__main__":
    unittest.main()
