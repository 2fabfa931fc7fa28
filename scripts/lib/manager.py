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
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

from cleanup import Cleanup
from inventory import inventory, names, remove_all

DEADLINE_SECONDS = 180
# How long the manager, and then its private database, may take to end when asked to.
END_SECONDS = 60
LOG_LINES = 20
INSTALLATION = re.compile(r"installation=([0-9a-f]{12})")


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
    """A manager of its own, on a free port, with a folder that is removed with it."""

    def __init__(self, binary, root, **settings):
        self.folder = tempfile.mkdtemp(prefix="smbench")
        os.chmod(self.folder, 0o711)
        self.address = f"127.0.0.1:{free_port()}"
        self.token = "sbp_" + secrets.token_hex(20)
        self.binary = binary
        self.environment = dict(os.environ, SUPAMANAGER_LISTEN=self.address, SUPAMANAGER_DATA_DIR=self.folder + "/data",
                                SUPAMANAGER_ADMIN_TOKEN=self.token, SUPAMANAGER_IMAGE_REGISTRY="supamanager.test",
                                SUPAMANAGER_SUBNET_POOL="10.202.0.0/17",
                                SUPAMANAGER_TEMPLATES=root + "/Templates",
                                SUPAMANAGER_RATE_LIMIT="0",
                                SUPAMANAGER_PROJECTS_PER_ORGANIZATION="0",
                                SUPAMANAGER_NETWORK_RULES="off") | settings
        self.log = open(self.folder + "/log", "ab")
        with Cleanup() as cleanup:
            cleanup.after(self.end)
            self.start()
            cleanup.keep()

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
        return INSTALLATION.search(self.log_text()).group(1)

    def log_text(self):
        with open(self.folder + "/log", errors="replace") as log:
            return log.read()

    def wait(self, condition, complaint, pause=0.02):
        deadline = time.monotonic() + DEADLINE_SECONDS
        while not condition():
            if self.process.poll() is not None or time.monotonic() > deadline:
                end = "\n".join(self.log_text().splitlines()[-LOG_LINES:])
                raise RuntimeError(f"{complaint}; the end of its log:\n{end}")
            time.sleep(pause)

    def is_ready(self):
        try:
            urllib.request.urlopen(f"http://{self.address}/ready", timeout=5).close()
            return True
        except OSError:
            return False

    def ask(self, method, path, body=None, key=None, deadline=30):
        """One request: status, header fields and body. `OSError` when nothing answers."""
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        if key:
            headers["Idempotency-Key"] = key
        request = urllib.request.Request(f"http://{self.address}{path}", method=method, headers=headers,
                                         data=json.dumps(body).encode() if body else None)
        try:
            try:
                response = urllib.request.urlopen(request, timeout=deadline)
            except urllib.error.HTTPError as refusal:
                response = refusal
            with response:
                return Reply(response.status, response.headers, response.read())
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
        """Deletes every project, and destroys the volumes that were kept of deleted ones."""
        while projects := self.call("GET", "/platform/projects")["projects"]:
            for project in projects:
                self.call("DELETE", f"/platform/projects/{project['ref']}")
            for project in projects:
                self.wait(lambda: self.is_gone(project["ref"]), f"project {project['ref']} is not gone")
        for organization in self.call("GET", "/platform/organizations"):
            self.destroy_kept_volumes(organization["slug"])

    def destroy_kept_volumes(self, organization):
        path = f"/platform/organizations/{urllib.parse.quote(organization)}/kept-volumes"
        for volume in self.call("GET", path):
            self.call("DELETE", f"{path}/{urllib.parse.quote(volume['name'])}")
        self.wait(lambda: not self.call("GET", path), f"kept volumes of {organization} are not gone")

    def stop(self):
        """Deletes every project, ends the manager, and removes from the engine what it still has there."""
        with Cleanup() as cleanup:
            cleanup.after(self.remove_folder)
            cleanup.after(self.sweep)
            cleanup.after(self.terminate)
            self.delete_all()

    def end(self):
        """Ends the manager; what the engine holds stays."""
        with Cleanup() as cleanup:
            cleanup.after(self.remove_folder)
            self.terminate()

    def terminate(self):
        """Ends the program, by force when it does not exit, and the private database of one that crashed."""
        with Cleanup() as cleanup:
            cleanup.after(self.end_database)
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(END_SECONDS)
            except subprocess.TimeoutExpired:
                self.kill()
                raise

    def end_database(self):
        """Ends a private database that has outlived the program: it is known by the folder that it works in."""
        data = os.path.realpath(f"{self.folder}/data/postgres/data")
        try:
            with open(f"{data}/postmaster.pid") as file:
                server = int(file.readline())
            end = time.monotonic() + END_SECONDS
            while os.readlink(f"/proc/{server}/cwd") == data:
                os.kill(server, signal.SIGQUIT)
                if time.monotonic() > end:
                    raise RuntimeError(f"the database, process {server}, does not end")
                time.sleep(0.1)
        except (FileNotFoundError, ProcessLookupError):
            pass  # There is none, or it has ended.

    def sweep(self):
        """Removes this installation's objects from the engine, and says so: a manager that has ended well
        has left nothing."""
        # One that has never come so far as to name its installation has made nothing.
        if INSTALLATION.search(self.log_text()):
            found = inventory(self.installation)
            if left := names(found):
                print(f"removing what the manager has left on the engine: {', '.join(left)}", file=sys.stderr)
                remove_all(found)

    def remove_folder(self):
        self.log.close()
        shutil.rmtree(self.folder)
