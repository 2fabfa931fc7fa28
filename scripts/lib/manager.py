"""A manager for benchmarks and for tests of clients: the real program, started and stopped by them alone."""

import http.client
import json
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

DEADLINE_SECONDS = 180


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Reply:
    """An answer of the API."""

    def __init__(self, status, headers, data):
        self.status, self.headers, self.data = status, headers, data

    @property
    def json(self):
        return json.loads(self.data) if self.data else None

    def __str__(self):
        return f"{self.status} {self.data[:300].decode(errors='replace')}"


class Manager:
    """A manager of its own, on a free port, with a folder that goes with it."""

    def __init__(self, binary, root, **settings):
        self.folder = tempfile.mkdtemp(prefix="smbench")
        os.chmod(self.folder, 0o711)
        self.address = f"127.0.0.1:{free_port()}"
        self.token = "sbp_" + secrets.token_hex(20)
        self.binary = binary
        self.environment = dict(os.environ, SUPAMANAGER_LISTEN=self.address, SUPAMANAGER_DATA_DIR=self.folder + "/data",
                                SUPAMANAGER_ADMIN_TOKEN=self.token, SUPAMANAGER_IMAGE_REGISTRY="supamanager.test",
                                SUPAMANAGER_SUBNET_POOL="10.202.0.0/17",
                                SUPAMANAGER_TEMPLATE=root + "/Templates/supabase", SUPAMANAGER_RATE_LIMIT="0") | settings
        self.log = open(self.folder + "/log", "ab")
        self.start()

    def start(self):
        """Starts the program (again) and waits until it is ready."""
        self.launch()
        self.wait(lambda: self.is_ready(), "the manager is not ready")

    def launch(self):
        """Starts the program (again)."""
        self.process = subprocess.Popen([self.binary, "serve"], env=self.environment, stdout=self.log, stderr=self.log)

    def kill(self):
        """Ends the program as a power cut would."""
        self.process.kill()
        self.process.wait(60)

    @property
    def installation(self):
        """The id that every object on the engine is labelled with."""
        with open(self.folder + "/log", errors="replace") as log:
            return re.search(r"installation=([0-9a-f]{12})", log.read()).group(1)

    def wait(self, condition, complaint, pause=0.02):
        deadline = time.monotonic() + DEADLINE_SECONDS
        while not condition():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{complaint}; its log is {self.folder}/log")
            time.sleep(pause)

    def is_ready(self):
        try:
            urllib.request.urlopen(f"http://{self.address}/ready", timeout=5).close()
            return True
        except OSError:
            return False

    def ask(self, method, path, body=None, key=None, deadline=30):
        """One request, whatever comes of it: status, header fields and body. `OSError` when nothing answers."""
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        if key:
            headers["Idempotency-Key"] = key
        request = urllib.request.Request(f"http://{self.address}{path}", method=method, headers=headers,
                                         data=json.dumps(body).encode() if body else None)
        try:
            with urllib.request.urlopen(request, timeout=deadline) as response:
                return Reply(response.status, response.headers, response.read())
        except urllib.error.HTTPError as error:
            with error:
                return Reply(error.code, error.headers, error.read())
        except http.client.HTTPException as error:
            raise ConnectionResetError(str(error)) from error

    def call(self, method, path, body=None):
        request = urllib.request.Request(
            f"http://{self.address}{path}", method=method, data=json.dumps(body).encode() if body else None,
            headers={"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=30) as response:
            data = response.read()
            return json.loads(data) if data else None

    def is_gone(self, ref):
        try:
            self.call("GET", f"/platform/projects/{ref}")
            return False
        except urllib.error.HTTPError as error:
            return error.code == 404

    def provision(self, name, **fields):
        """Seconds from POST to ACTIVE, and the ref."""
        start = time.perf_counter()
        ref = self.call("POST", "/platform/projects", {"name": name, "organization_slug": "default"} | fields)["ref"]
        self.wait(lambda: self.call("GET", f"/platform/projects/{ref}/status")["status"] == "ACTIVE_HEALTHY",
                  f"project {ref} is not active")
        return time.perf_counter() - start, ref

    def delete(self, ref):
        self.call("DELETE", f"/platform/projects/{ref}")
        self.wait(lambda: self.is_gone(ref), f"project {ref} is not gone")

    def delete_all(self):
        """Deletes whatever a failed round has left."""
        for project in self.call("GET", "/platform/projects")["projects"]:
            self.delete(project["ref"])

    def stop(self):
        """Deletes every project, then ends the manager."""
        self.delete_all()
        self.end()

    def end(self):
        """Ends the manager; what the engine holds stays."""
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)
        self.log.close()
        shutil.rmtree(self.folder)
