"""A PostgreSQL cluster for one run, on a Unix socket in a folder that is removed with it."""

import glob
import os
import secrets
import shutil
import subprocess
import tempfile
import time

from postgres_proxy import SOCKET_NAME

ACCOUNT = "postgres"
START_SECONDS = 60


class ThrowawayPostgres:
    """A server that is started, stopped and killed at will."""

    def __init__(self):
        self.programs = max(glob.glob("/usr/lib/postgresql/*/bin"), key=lambda path: int(path.split("/")[-2]))
        # The server refuses to run as root.
        self.prefix = ["setpriv", "--reuid", ACCOUNT, "--regid", ACCOUNT, "--clear-groups"] if os.geteuid() == 0 else []
        self.folder = f"{tempfile.gettempdir()}/smpg{secrets.token_hex(4)}"
        subprocess.run(self.prefix + ["mkdir", "-m", "711", self.folder], check=True)
        subprocess.run(self.prefix + [f"{self.programs}/initdb", "--no-sync", "-D", f"{self.folder}/data",
                                      "-U", "supamanager", "--auth", "trust"], check=True, stdout=subprocess.DEVNULL)
        self.process = None
        self.start()

    @property
    def socket(self):
        return f"{self.folder}/{SOCKET_NAME}"

    def start(self):
        """Starts the server and waits until it answers."""
        self.process = subprocess.Popen(
            self.prefix + [f"{self.programs}/postgres", "-D", f"{self.folder}/data", "-c", "listen_addresses=", "-c",
                           f"unix_socket_directories={self.folder}", "-c", "fsync=off", "-c", "max_connections=200",
                           "-c", "logging_collector=on"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        end = time.monotonic() + START_SECONDS
        while subprocess.run([f"{self.programs}/pg_isready", "-q", "-h", self.folder], check=False).returncode:
            if time.monotonic() > end or self.process.poll() is not None:
                raise RuntimeError("PostgreSQL does not start")
            time.sleep(0.05)

    def stop(self, mode="fast"):
        """Stops the server: `fast`, or `immediate` as a crash would."""
        subprocess.run(self.prefix + [f"{self.programs}/pg_ctl", "stop", "-m", mode, "-w", "-D", f"{self.folder}/data"],
                       check=True, stdout=subprocess.DEVNULL)
        self.process.wait(60)

    def remove(self):
        if self.process.poll() is None:
            self.stop("immediate")
        shutil.rmtree(self.folder)


def query(folder, sql):
    """Rows of a statement, in the database `supamanager` of the server with a socket in `folder`."""
    psql = ["psql", "--quiet", "--tuples-only", "--no-align", "--field-separator", "|", "--set", "ON_ERROR_STOP=1", "--host",
            folder, "--username", "supamanager", "--dbname", "supamanager", "--command", sql]
    text = subprocess.run(psql, check=True, capture_output=True, text=True).stdout
    return [line.split("|") for line in text.splitlines() if line]
