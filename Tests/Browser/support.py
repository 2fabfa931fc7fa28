"""A real browser at the dashboard of a real manager, and what every page is held to."""

import os
import pathlib
import shutil
import subprocess
import sys
import unittest
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts" / "lib"))

from manager import Manager  # noqa: E402  (the path is set one line above)

try:
    from axe_playwright_python.sync_playwright import Axe
    from playwright.sync_api import Error, sync_playwright
except ImportError:
    sync_playwright = None

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

    def faults(self):
        """What axe finds on the page that is serious or worse, with the elements that have it."""
        for tries_left in (4, 3, 2, 1, 0):
            try:
                found = Axe().run(self.page, options={"resultTypes": ["violations"]}).response["violations"]
                break
            except Error:
                # A live page may be loaded again meanwhile.
                if not tries_left:
                    raise
                self.page.wait_for_load_state()
        return [f"{one['id']}: {node['html'][:200]}" for one in found if one["impact"] in ("serious", "critical")
                for node in one["nodes"]]

    def close(self):
        self.context.close()


@unittest.skipIf(CHROMIUM is None, "needs chromium (scripts/setup --tests)")
@unittest.skipIf(sync_playwright is None, "needs Playwright (Tests/Browser/requirements.txt)")
@unittest.skipIf(not STACKS.is_dir(), "needs the images of the stack lite (scripts/make-images)")
class DashboardCase(unittest.TestCase):
    """A manager and a browser in which its administrator is signed in."""

    @classmethod
    def setUpClass(cls):
        cls.manager = manager()
        cls.addClassCleanup(cls.manager.stop)
        playwright = sync_playwright().start()
        cls.addClassCleanup(playwright.stop)
        cls.browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        cls.addClassCleanup(cls.browser.close)
        cls.state = cls.first_run()

    @classmethod
    def first_run(cls):
        """The way of a newcomer: the address, the token from the terminal, a password. Gives the browser's cookie."""
        visit = Visit(cls.browser, cls.manager.address)
        try:
            page = visit.page
            visit.open("/")
            assert page.url.endswith("/dashboard/first-run"), page.url
            page.get_by_label("Administrator's token").fill("sbp_" + "0" * 40)
            page.get_by_label("New password", exact=True).fill(PASSWORD)
            page.get_by_label("New password again").fill(PASSWORD)
            page.get_by_role("button").click()
            assert "not the administrator's token" in page.get_by_role("alert").inner_text()
            page.get_by_label("Administrator's token").fill(cls.manager.token)
            page.get_by_label("New password", exact=True).fill(PASSWORD)
            page.get_by_label("New password again").fill(PASSWORD)
            page.get_by_role("button").click()
            page.get_by_text("There is no project yet").wait_for()
            assert not visit.problems, visit.problems
            return visit.context.storage_state()
        finally:
            visit.close()

    def visit(self, **options):
        visit = Visit(self.browser, self.manager.address, **({"state": self.state} | options))
        self.addCleanup(visit.close)
        self.addCleanup(lambda: self.assertEqual(visit.problems, []))
        return visit

    def project(self, name):
        """A project that runs; it is deleted when the test ends."""
        ref = self.manager.provision(name)[1]
        self.addCleanup(self.forget, ref)
        return ref

    def forget(self, ref):
        if not self.manager.is_gone(ref):
            self.manager.delete(ref)
