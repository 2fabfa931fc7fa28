"""A manager between faulty proxies, and what must be left when its projects are gone."""

import contextlib
import os
import secrets
import shutil
import subprocess
import tempfile
import time

from cleanup import Cleanup
from engine_api import SOCKET
from engine_proxy import EngineProxy
from inventory import inventory, names
from manager import DEADLINE_SECONDS, Manager
from postgres_proxy import SOCKET_NAME, PostgresProxy
from throwaway_postgres import ThrowawayPostgres, query

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

# What the database holds of projects that are not deleted, in words and SQL.
REMAINS = {
    "projects": "select ref, status from projects where status <> 'DELETED'",
    "port leases": "select ref, port from port_leases where ref is not null",
    "subnet leases": "select ref, subnet from subnet_leases where ref is not null",
    "secrets": "select ref, name from project_secrets",
    "open operations": "select ref, kind from operations where finished_at is null",
    "deletions without an end": "select ref, requested_at from deletion_receipts where ended_at is null",
    "volumes": "select name, ref from volumes",
    "requests without an answer": "select key, begun_at from idempotency_keys where status is null",
}


def debug_binary():
    """The program under test: the one that was built last for debugging, by default."""
    given = os.environ.get("SUPAMANAGER_BINARY")
    return given or subprocess.run(["swift", "build", "--package-path", ROOT, "--show-bin-path"], check=True,
                                   capture_output=True, text=True).stdout.strip() + "/supamanager"


class ProvingGround:
    """A manager of its own, with a proxy before the engine and, with a given database, one before PostgreSQL."""

    def __init__(self, binary=None, given_database=False, **settings):
        self.folder = f"{tempfile.gettempdir()}/smproof{secrets.token_hex(4)}"
        os.mkdir(self.folder, 0o700)
        self.database_server = self.database = self.engine = self.manager = None
        try:
            self.engine = EngineProxy(f"{self.folder}/engine.sock", SOCKET)
            if given_database:
                self.database_server = ThrowawayPostgres()
                self.database = PostgresProxy(f"{self.folder}/{SOCKET_NAME}", self.database_server.socket)
                settings["SUPAMANAGER_DATABASE_URL"] = f"postgresql:///supamanager?host={self.folder}&user=supamanager"
                self.make_database()
            self.manager = Manager(binary or debug_binary(), ROOT, DOCKER_HOST=f"unix://{self.folder}/engine.sock",
                                   **settings)
        except BaseException:
            self.close()
            raise

    def make_database(self):
        subprocess.run(["createdb", "--host", self.database_server.folder, "--username", "supamanager", "supamanager"],
                       check=True)

    @property
    def database_folder(self):
        """Where the socket of the real PostgreSQL is."""
        return self.database_server.folder if self.database_server else f"{self.manager.folder}/data/postgres/run"

    # -- operations that outlive the manager

    def perform(self, method, path, body=None, deadline=DEADLINE_SECONDS):
        """One change through the API, repeated under the same key until it is answered for good: what a careful client
        does. While the manager is down it is started."""
        key = secrets.token_hex(16)
        end = time.monotonic() + deadline
        while True:
            try:
                reply = self.manager.ask(method, path, body, key=key)
                if reply.status not in (409, 503) or reply.status == 409 and b"Idempotency" not in reply.data:
                    return reply
            except OSError:
                reply = "no answer"
            if time.monotonic() > end:
                raise AssertionError(f"{method} {path} has no answer: {reply}")
            self.revive()
            time.sleep(0.02)

    def revive(self):
        """Starts the manager unless it runs."""
        if self.manager.process.poll() is not None:
            self.manager.start()

    def wait_for(self, ref, status):
        """Waits for a status as dashboards see it; `None` is a project that is gone."""
        end = time.monotonic() + DEADLINE_SECONDS
        while True:
            found = None
            with contextlib.suppress(OSError):
                reply = self.manager.ask("GET", f"/platform/projects/{ref}/status")
                found = reply.json["status"] if reply.status == 200 else reply.status
                if found == status or status is None and found == 404:
                    return
            if time.monotonic() > end:
                raise AssertionError(f"project {ref} is {found} and not {status}\n{self.log_tail()}")
            self.revive()
            time.sleep(0.02)

    def create(self, name, services):
        reply = self.perform("POST", "/platform/projects", {"name": name, "organization_slug": "default",
                                                           "services": services})
        assert reply.status == 201, f"creation: {reply}"
        return reply.json["ref"]

    # -- what is left

    def held(self, ref=None):
        """What the engine holds of the installation, or of one project."""
        return inventory(self.manager.installation, ref)

    def remains(self):
        """All that is left over when every project has been deleted, in words; nothing when all is well."""
        found = [f"{name} on the engine" for name in names(self.held())]
        for kind, sql in REMAINS.items():
            found += [f"{kind}: {' '.join(row)}" for row in query(self.database_folder, sql)]
        projects = f"{self.manager.folder}/data/projects"
        if os.path.isdir(projects):
            found += [f"folder {name}" for name in sorted(os.listdir(projects))]
        return found

    def log_tail(self, lines=40):
        with open(f"{self.manager.folder}/log", errors="replace") as log:
            kept = [line for line in log.read().splitlines() if "request answered" not in line]
        return "\n".join(kept[-lines:])

    # -- the end

    def close(self):
        """Deletes every project, ends everything and removes what it made."""
        with Cleanup() as cleanup:
            cleanup.after(shutil.rmtree, self.folder)
            if self.database_server:
                cleanup.after(self.database_server.remove)
            for proxy in (self.database, self.engine):
                if proxy:
                    cleanup.after(proxy.close)
            if self.manager:
                cleanup.after(self.manager.stop)
                ProvingGround.revive(self)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def kill(manager):
    """Ends a manager as a power cut would; from any thread."""
    process = manager.process
    process.kill()
    process.wait(60)
