"""The dashboard in Debian's chromium: the newcomer's way from the first run to a project that runs, and what a page
must stand: two people, a keyboard, a phone, the dark, no script, foreign texts and foreign sites."""

import functools
import http.server
import threading
import unittest

import support

try:
    from playwright.sync_api import expect
except ImportError:
    expect = None

RUNNING = ".heading .status.good"
PAGES = ["/dashboard", "/dashboard/new", "/dashboard/account", "/dashboard/organizations/default"]


class Elsewhere(http.server.BaseHTTPRequestHandler):
    """Another site: a page that frames the dashboard, and one that sends a form to it."""

    def __init__(self, target, *arguments):
        self.target = target
        super().__init__(*arguments)

    def do_GET(self):
        bodies = {
            "/frame": f'<iframe src="{self.target}/dashboard/sign-in"></iframe>',
            "/form": f'<form method="post" action="{self.target}/dashboard/sign-out"><button>win</button></form>',
        }
        body = ("<!doctype html><title>Elsewhere</title>" + bodies.get(self.path, "")).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Says nothing."""


class Dashboard(support.DashboardCase):
    def sign_in(self):
        """A browser in which the administrator has signed in again."""
        visit = self.visit(state=None)
        visit.open("/dashboard/account")
        visit.page.get_by_label("E-mail address").fill("admin@supamanager.localhost")
        visit.page.get_by_label("Password").fill(support.PASSWORD)
        visit.page.get_by_role("button", name="Sign in").click()
        visit.page.get_by_role("heading", name="Account").wait_for()
        return visit

    def test_from_a_name_to_a_project_that_runs_and_away_again(self):
        visit = self.visit()
        page = visit.page
        visit.open("/dashboard")
        page.get_by_role("link", name="New project").click()
        page.get_by_label("Name").fill("shop")
        page.get_by_role("button", name="Create").click()
        # The page is not loaded again: it changes when the project does.
        page.evaluate("window.isTheSamePage = true")
        page.locator(RUNNING).wait_for()
        self.assertTrue(page.evaluate("window.isTheSamePage"))
        ref = page.url.rsplit("/", 1)[1]
        self.addCleanup(self.forget, ref)
        self.assertEqual(page.locator("#services ~ ul .status.good").count(),
                         len(self.manager.call("GET", f"/platform/projects/{ref}/services")["services"]))
        self.assertNotIn("eyJ", page.content())
        page.get_by_role("button", name="Show keys").click()
        self.assertIn("service_role", page.locator("dl").inner_text())
        page.go_back()
        page.get_by_role("button", name="Pause").click()
        page.locator(".heading .status.idle").wait_for()
        page.get_by_role("button", name="Resume").click()
        page.locator(RUNNING).wait_for()
        page.get_by_role("link", name="Delete…").click()
        page.get_by_label("Destroy the volumes").check()
        page.get_by_label("Type the name").fill("shopp")
        page.get_by_role("button", name="Delete this project").click()
        self.assertIn("nothing was deleted", page.get_by_role("alert").inner_text())
        page.get_by_label("Type the name").fill("shop")
        page.get_by_role("button", name="Delete this project").click()
        page.get_by_text("The volumes are destroyed").wait_for()
        self.manager.wait(lambda: self.manager.is_gone(ref), "the project is not gone")

    def test_a_change_is_on_the_list_without_loading_it_again(self):
        visit = self.visit()
        visit.open("/dashboard")
        visit.page.evaluate("window.isTheSamePage = true")
        ref = self.project("elsewhere-made")
        visit.page.locator(f"#project-{ref} .status.good").wait_for()
        self.assertTrue(visit.page.evaluate("window.isTheSamePage"))

    def test_a_log_is_followed(self):
        ref = self.project("logged")
        visit = self.visit()
        # PostgreSQL says that it is ready; the API says nothing while all is well.
        visit.open(f"/dashboard/projects/{ref}/services/db/logs")
        button = visit.page.get_by_role("button", name="Follow")
        with visit.page.expect_response(lambda answer: answer.url.endswith("/logs/follow")) as answer:
            button.click()
        self.assertTrue(answer.value.headers["content-type"].startswith("text/event-stream"))
        self.assertEqual(button.get_attribute("aria-pressed"), "true")
        expect(visit.page.locator("#log")).not_to_be_empty(timeout=support.PATIENCE)

    def test_two_browsers_have_two_sessions(self):
        first, second = self.sign_in(), self.sign_in()
        first.page.get_by_role("button", name="Sign out").click()
        first.page.get_by_role("heading", name="Sign in").wait_for()
        first.open("/dashboard")
        first.page.get_by_role("heading", name="Sign in").wait_for()
        second.open("/dashboard")
        second.page.get_by_role("heading", name="Projects").wait_for()

    def test_the_keyboard_is_enough(self):
        visit = self.visit(state=None)
        page = visit.page
        visit.open("/dashboard/sign-in")
        page.keyboard.type("admin@supamanager.localhost")
        page.keyboard.press("Tab")
        page.keyboard.type(support.PASSWORD)
        page.keyboard.press("Enter")
        page.get_by_role("heading", name="Projects").wait_for()
        page.keyboard.press("Tab")
        self.assertEqual(page.evaluate("document.activeElement.className"), "skip")
        page.keyboard.press("Enter")
        self.assertTrue(page.url.endswith("#main"))
        page.keyboard.press("Tab")
        self.assertEqual(page.evaluate("document.activeElement.textContent"), "New project")
        page.keyboard.press("Enter")
        page.get_by_role("heading", name="New project").wait_for()

    def test_pages_fit_a_phone_and_have_a_dark_side(self):
        ref = self.project("narrow-" + "n" * 40)
        backgrounds = {}
        for scheme in ("light", "dark"):
            visit = self.visit(viewport={"width": 360, "height": 740}, color_scheme=scheme)
            pages = [*PAGES, f"/dashboard/projects/{ref}", f"/dashboard/projects/{ref}/delete"]
            for number, path in enumerate(pages):
                visit.open(path)
                width = visit.page.evaluate("document.scrollingElement.scrollWidth")
                self.assertLessEqual(width, 360, f"{path} in the {scheme}")
                # Each page once, and half of them in each scheme: it takes a third of a second.
                if (number % 2 == 0) == (scheme == "light"):
                    self.assertEqual(visit.faults(), [], f"{path} in the {scheme}")
            backgrounds[scheme] = visit.page.evaluate("getComputedStyle(document.body).backgroundColor")
        self.assertNotEqual(backgrounds["light"], backgrounds["dark"])

    def test_pages_are_read_without_scripts(self):
        ref = self.project("plain")
        visit = self.visit(java_script_enabled=False)
        visit.open("/dashboard")
        self.assertIn("plain", visit.page.content())
        visit.open(f"/dashboard/projects/{ref}")
        visit.page.locator(RUNNING).wait_for()
        visit.page.get_by_role("button", name="Restart").click()
        visit.page.get_by_role("heading", name="plain").wait_for()

    def test_a_name_is_never_more_than_text(self):
        name = '<img src=x onerror="window.stolen=1"><script>window.stolen=1</script>'
        self.manager.call("PATCH", "/platform/profile", {"username": name})
        visit = self.visit()
        for path in ["/dashboard/account", "/dashboard/organizations/default"]:
            visit.open(path)
            self.assertIn(name, visit.page.locator("main").inner_text())
            self.assertIsNone(visit.page.evaluate("window.stolen ?? null"))
            self.assertEqual(visit.page.locator("main img, main script").count(), 0)

    def test_other_sites_neither_frame_it_nor_send_its_forms(self):
        visit = self.sign_in()
        handler = functools.partial(Elsewhere, visit.origin)
        with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
            thread = threading.Thread(target=server.serve_forever)
            thread.start()
            try:
                self.meet(visit.context, f"http://127.0.0.1:{server.server_address[1]}")
            finally:
                server.shutdown()
                thread.join()
        visit.open("/dashboard")
        visit.page.get_by_role("heading", name="Projects").wait_for()

    def meet(self, context, elsewhere):
        page = context.new_page()
        page.goto(f"{elsewhere}/frame")
        page.wait_for_load_state("networkidle")
        self.assertFalse(any("Sign in" in frame.content() for frame in page.frames[1:]))
        page.goto(f"{elsewhere}/form")
        with page.expect_navigation() as navigation:
            page.get_by_role("button", name="win").click()
        self.assertEqual(navigation.value.status, 403)
        page.close()

    def test_sign_in_leads_to_no_other_site(self):
        visit = self.visit(state=None)
        visit.open("/dashboard/sign-in?next=https://example.com/")
        visit.page.get_by_label("E-mail address").fill("admin@supamanager.localhost")
        visit.page.get_by_label("Password").fill(support.PASSWORD)
        visit.page.get_by_role("button", name="Sign in").click()
        visit.page.get_by_role("heading", name="Projects").wait_for()
        self.assertEqual(visit.page.url, f"{visit.origin}/dashboard")


if __name__ == "__main__":
    unittest.main()
