"""A real browser at the dashboard of a real manager, and what every page is held to."""

import os
import pathlib
import shutil
import subprocess
import sys
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts" / "lib"))

from manager import Manager  # noqa: E402  (the path is set one line above)

CHROMIUM = shutil.which("chromium")
STACKS = ROOT / ".build" / "stacks"
PASSWORD = "correct horse battery"
# How long a page may take to show what a test waits for, in milliseconds: a project starts in seconds.
PATIENCE = 120_000


def binary():
    """The program under test: the one that was built last for debugging, unless told otherwise."""
    given = os.environ.get("SUPAMANAGER_BINARY")
    if given:
        return given
    return subprocess.run(["swift", "build", "--package-path", str(ROOT), "--show-bin-path"], check=True,
                          capture_output=True, text=True).stdout.strip() + "/supamanager"


def manager():
    """A manager whose administrator has no password yet, for projects of the stack lite."""
    return Manager(binary(), str(ROOT), SUPAMANAGER_TEMPLATES=str(STACKS), SUPAMANAGER_STACK="lite",
                   SUPAMANAGER_DASHBOARD=str(ROOT / "Dashboard"), SUPAMANAGER_IMAGE_REGISTRY="")


class Visit:
    """A page in a browser of its own. `problems` has what no page may do: errors on the console, broken rules of the
    content security policy, requests to other hosts, exceptions."""

    def __init__(self, browser, address, state=None, **options):
        self.origin = f"http://{address}"
        self.context = browser.new_context(base_url=self.origin, storage_state=state, **options)
        self.context.set_default_timeout(PATIENCE)
        self.page = self.context.new_page()
        self.problems = []
        self.page.on("console", self.hear)
        self.page.on("pageerror", lambda error: self.problems.append(f"exception: {error}"))
        self.page.on("request", self.watch)

    def hear(self, message):
        # A refusal that a test provokes is a page, which the browser reports as one that could not be loaded.
        if message.type in ("error", "warning") and "Failed to load resource" not in message.text:
            self.problems.append(f"console: {message.text}")

    def watch(self, request):
        host = urllib.parse.urlsplit(request.url)
        if f"{host.scheme}://{host.netloc}" != self.origin:
            self.problems.append(f"a request to {request.url}")

    def open(self, path):
        return self.page.goto(path)

    def close(self):
        self.context.close()
