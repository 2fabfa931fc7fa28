"""Starts a service as its unit says, where no systemd runs."""

import os
import re
import shlex
import signal
import subprocess
import time
import urllib.request

READY_SECONDS = 120
END_SECONDS = 60
LOG_LINES = 30


class Unit:
    """The lines of a unit that matter for how its program is started."""

    def __init__(self, rootfs, inside):
        self.rootfs = rootfs
        self.lines = [line.split("=", 1) for line in rootfs.read(inside).splitlines()
                      if "=" in line and not line.startswith("#")]
        self.process = None
        self.log = rootfs.path("/var/log/supamanager-test.log")

    def values(self, name):
        return [value for key, value in self.lines if key == name]

    @property
    def environment(self):
        settings = [word for line in self.values("Environment") for word in shlex.split(line)]
        for file in self.values("EnvironmentFile"):
            inside = file.lstrip("-")
            if self.rootfs.path(inside).exists() or not file.startswith("-"):
                settings += [line for line in self.rootfs.read(inside).splitlines() if re.match(r"[A-Z_]+=", line)]
        account = self.values("User")[0]
        return dict(setting.split("=", 1) for setting in settings) | {
            "HOME": "/var/lib/supamanager", "USER": account, "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}

    def start(self):
        """What systemd does: the folder of the state, the commands before, and the program, all as the unit's user."""
        with open(self.log, "ab") as log:
            for line in self.values("ExecStartPre"):
                subprocess.run(self._command(line), env=self.environment, stdout=log, stderr=log, timeout=900, check=True)
            self.process = subprocess.Popen(
                self._command(self.values("ExecStart")[0]), env=self.environment, stdout=log, stderr=log)
        self._wait_until_ready()

    def _command(self, line):
        account = self.values("User")[0]
        entry = self.rootfs.run(["id", "-G", account]).stdout.split()
        return self.rootfs.command(shlex.split(line), user=f"{account}:{self.values('Group')[0]}", groups=",".join(entry))

    @property
    def address(self):
        return "http://" + self.environment.get("SUPAMANAGER_LISTEN", "127.0.0.1:8080")

    def _wait_until_ready(self):
        end = time.monotonic() + READY_SECONDS
        while True:
            try:
                return urllib.request.urlopen(self.address + "/ready", timeout=5).close()
            except OSError:
                if self.process.poll() is not None or time.monotonic() > end:
                    lines = self.log.read_text(errors="replace").splitlines()[-LOG_LINES:]
                    raise AssertionError("the manager is not ready; the end of its log:\n" + "\n".join(lines))
                time.sleep(0.1)

    def stop(self):
        """As KillMode=mixed does: a signal for the program alone, which ends its own database."""
        if self.process and self.process.poll() is None:
            os.kill(self.process.pid, signal.SIGTERM)
            self.process.wait(END_SECONDS)
        self.process = None
