"""A private PostgreSQL cluster and a running projectd, for the tests of the data plane as a process."""

import glob
import http.client
import json
import os
import pwd
import re
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
WAIT_SECONDS = 60


def binary():
    """The program under test: what PROJECTD_BINARY names, else the debug build."""
    return os.environ.get("PROJECTD_BINARY", str(ROOT / ".build" / "debug" / "projectd"))


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until(condition, what, seconds=WAIT_SECONDS):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return
        time.sleep(0.05)
    raise AssertionError(f"{what}: not within {seconds} s")


class Cluster:
    """A PostgreSQL server of its own on a free port, with the superuser `postgres` and no password."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="sm-dataplane-", dir="/tmp")
        os.chmod(self.folder, 0o755)
        self.port = free_port()
        self.account = pwd.getpwnam("postgres") if os.geteuid() == 0 else None
        if self.account:
            os.chown(self.folder, self.account.pw_uid, self.account.pw_gid)
        programs = sorted(glob.glob("/usr/lib/postgresql/*/bin"))
        assert programs, "PostgreSQL's server programs are not installed; scripts/setup installs them"
        self.programs = programs[-1]
        self.run("initdb", "-D", self.data, "-A", "trust", "-U", "postgres", "--no-sync", "-E", "UTF8")
        self.start()

    @property
    def data(self):
        return f"{self.folder}/data"

    def run(self, program, *arguments):
        subprocess.run(
            [f"{self.programs}/{program}", *arguments], check=True, cwd=self.folder, stdout=subprocess.DEVNULL,
            user=self.account and self.account.pw_uid, group=self.account and self.account.pw_gid, timeout=WAIT_SECONDS)

    def start(self):
        options = f"-p {self.port} -k {self.folder} -c fsync=off -c listen_addresses=127.0.0.1"
        self.run("pg_ctl", "-D", self.data, "-w", "-l", f"{self.folder}/log", "-o", options, "start")

    def stop(self, mode="fast"):
        self.run("pg_ctl", "-D", self.data, "-w", "-m", mode, "stop")

    def remove(self):
        self.stop("immediate")
        shutil.rmtree(self.folder)

    def environment(self):
        return {**os.environ, "PGHOST": "127.0.0.1", "PGPORT": str(self.port), "PGUSER": "postgres"}

    def sql(self, text, database="postgres"):
        done = subprocess.run(
            ["psql", "-X", "-q", "-At", "-v", "ON_ERROR_STOP=1", "-d", database], input=text, text=True, check=True,
            env=self.environment(), capture_output=True, timeout=WAIT_SECONDS)
        return done.stdout.strip()


def vips():
    """libvips: what PROJECTD_IMAGE_LIBRARY names, else that of the pinned wheel, which scripts/make-images installs."""
    given = os.environ.get("PROJECTD_IMAGE_LIBRARY")
    found = given or next((str(path) for path in (ROOT / ".build/vips").rglob("libvips*.so.42")), None)
    assert found and os.path.exists(found), f"{found} is not there: scripts/make-images installs it"
    return found


class Server:
    """A running `projectd serve`: of the service that `only` names, or of all of them.

    Messages of the database are inspected, as in the stack `lite`, unless `database` has parameters of its own.
    """

    def __init__(self, cluster, database, settings=None, user="postgres", wait=True, only="rest"):
        self.port, self.admin = free_port(), free_port()
        self.log = tempfile.NamedTemporaryFile(prefix="projectd-", suffix=".log")
        database += "" if "?" in database else "?sslmode=disable"
        environment = {
            "PATH": os.environ["PATH"], "PGRST_DB_URI": f"postgresql://{user}@127.0.0.1:{cluster.port}/{database}",
            "PROJECTD_LISTEN": f"127.0.0.1:{self.port}",
            "PGRST_ADMIN_SERVER_HOST": "127.0.0.1", "PGRST_ADMIN_SERVER_PORT": str(self.admin), **(settings or {})}
        self.port = int(environment["PROJECTD_LISTEN"].rsplit(":", 1)[1])
        arguments = [binary(), "serve"] + (["--only", only] if only else [])
        self.process = subprocess.Popen(arguments, env=environment, stdout=self.log, stderr=self.log)
        wait_until(self.is_listening, "projectd listens")
        if wait:
            wait_until(lambda: self.ready() == 200, "projectd is ready")

    def is_listening(self):
        assert self.process.poll() is None, Path(self.log.name).read_text()
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            socket.create_connection(("127.0.0.1", self.admin), timeout=1).close()
            return True
        except OSError:
            return False

    def ready(self):
        return self.request("GET", "/ready", port=self.admin)[0]

    def request(self, method, target, body=None, headers=None, port=None):
        """Status, headers in lower case, and body."""
        status, found, data = self.bytes(method, target, body, headers, port)
        return status, found, data.decode()

    def bytes(self, method, target, body=None, headers=None, port=None):
        """The same with the body as it came."""
        connection = http.client.HTTPConnection("127.0.0.1", port or self.port, timeout=WAIT_SECONDS)
        try:
            payload = json.dumps(body) if isinstance(body, (dict, list)) else body
            connection.request(method, target, payload, headers or {})
            answer = connection.getresponse()
            return answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read()
        finally:
            connection.close()

    def memory_peak(self):
        """Bytes that the process had in memory at most."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmHWM:\s+(\d+) kB", status).group(1)) << 10

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
        code = self.process.wait(WAIT_SECONDS)
        self.log.close()
        return code
