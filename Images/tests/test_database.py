"""The database of lite projects: a first start that is all or nothing, and nothing in the image that opens anything.

Needs a Docker Engine and the images of scripts/make-images.
"""

import pathlib
import secrets
import subprocess
import time
import unittest

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
COMPOSE = ROOT / ".build" / "stacks" / "lite" / "compose.yaml"
READY_DEADLINE_SECONDS = 60
LOGIN_ROLES = yaml.safe_load((ROOT / "Templates" / "lite" / "compose.yaml").read_text(encoding="utf-8"))[
    "x-supamanager"]["database"]["sharing-password"]


def docker(*arguments):
    """Runs a docker command; answers with its output, raises RuntimeError with the engine's words."""
    done = subprocess.run(["docker", *arguments], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"docker {arguments[0]}: {done.stderr.strip()}")
    return done.stdout.strip()


def service():
    return yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))["services"]["db"]


def image_is_there():
    try:
        docker("image", "inspect", service()["image"])
        return True
    except (OSError, RuntimeError):
        return False


@unittest.skipUnless(image_is_there(), "needs a Docker Engine with the images of scripts/make-images")
class DatabaseTests(unittest.TestCase):
    def setUp(self):
        self.password = secrets.token_hex(16)

    def volume(self):
        name = docker("volume", "create", f"supamanager-test-{secrets.token_hex(6)}")
        self.addCleanup(docker, "volume", "rm", name)
        return name

    def start(self, volume, *command, password=None):
        """Runs a container as confined as the template has it."""
        settings = service()
        options = [f"--cap-drop={name}" for name in settings["cap_drop"]]
        options += [f"--security-opt={option}" for option in settings["security_opt"]]
        options += [f"--tmpfs={path}" for path in settings["tmpfs"]]
        container = docker(
            "run", "--detach", "--read-only", "--user", settings["user"], *options, "--volume",
            f"{volume}:/var/lib/postgresql/data", "--env", f"POSTGRES_PASSWORD={password or self.password}",
            settings["image"], *command)
        self.addCleanup(subprocess.run, ["docker", "rm", "--force", container], capture_output=True, check=False)
        return container

    def query(self, container, statement, user="postgres", password=None):
        return docker("exec", "--env", f"PGPASSWORD={password or self.password}", container, "psql", "-h", "127.0.0.1",
                      "-U", user, "-d", "postgres", "-v", "ON_ERROR_STOP=1", "-qtAc", statement)

    def logs(self, container):
        done = subprocess.run(["docker", "logs", container], capture_output=True, text=True, check=True)
        return done.stdout + done.stderr

    def ready(self, volume, **changes):
        container = self.start(volume, **changes)
        deadline = time.monotonic() + READY_DEADLINE_SECONDS
        while True:
            try:
                self.query(container, "select 1", password=changes.get("password"))
                return container
            except RuntimeError:
                self.assertLess(time.monotonic(), deadline, self.logs(container))
                running = docker("inspect", "--format", "{{.State.Running}}", container)
                self.assertEqual(running, "true", self.logs(container))
                time.sleep(0.05)

    def end_of(self, container):
        return int(docker("wait", container)), self.logs(container)

    def test_every_login_role_has_the_projects_password_and_no_other_role_logs_in(self):
        container = self.ready(self.volume())
        for role in LOGIN_ROLES:
            self.assertEqual(self.query(container, "select current_user", user=role), role)
            with self.assertRaisesRegex(RuntimeError, "password authentication failed"):
                self.query(container, "select 1", user=role, password="wrong")
        able = self.query(container, "select rolname from pg_roles where rolcanlogin order by 1").split()
        self.assertEqual(able, sorted(LOGIN_ROLES))

    def test_two_projects_have_nothing_in_common_that_was_made_for_one(self):
        facts = """select system_identifier || ' ' || rolpassword from pg_control_system(), pg_authid
                   where rolname = 'authenticator'"""
        seen = set()
        for _ in range(2):
            container = self.ready(self.volume(), password="same-password")
            identity, verifier = self.query(container, facts, user="supabase_admin", password="same-password").split()
            self.assertGreater(int(identity), 0)
            seen |= {identity, verifier}
        self.assertEqual(len(seen), 4)

    def test_the_image_itself_has_no_password(self):
        stored = docker("run", "--rm", "--entrypoint", "/bin/sh", service()["image"], "-c",
                        "grep -rl SCRAM-SHA-256 /usr/share/supamanager/cluster/global || true")
        self.assertEqual(stored, "")

    def test_a_second_start_keeps_identity_passwords_and_rows(self):
        volume = self.volume()
        first = self.ready(volume)
        self.query(first, "create table notes (note text); insert into notes values ('kept')")
        identity = self.query(first, "select system_identifier from pg_control_system()", user="supabase_admin")
        docker("stop", "--time", "60", first)
        second = self.ready(volume)
        self.assertEqual(self.query(second, "select note from notes"), "kept")
        self.assertEqual(
            self.query(second, "select system_identifier from pg_control_system()", user="supabase_admin"), identity)
        self.assertNotIn("recovery", self.logs(second))

    def test_an_interrupted_first_start_begins_again(self):
        volume = self.volume()
        for delay in (0.02, 0.1, 0.2, 0.3):
            container = self.start(volume)
            time.sleep(delay)
            docker("kill", container)
        self.assertEqual(self.query(self.ready(volume), "select auth.role() is null"), "t")

    def test_a_volume_that_holds_something_else_is_left_alone(self):
        volume = self.volume()
        image = service()["image"]
        place = ["--rm", "--volume", f"{volume}:/var/lib/postgresql/data", "--entrypoint", "/bin/sh", image, "-c"]
        docker("run", *place, "echo mine >/var/lib/postgresql/data/letter")
        code, words = self.end_of(self.start(volume))
        self.assertNotEqual(code, 0)
        self.assertIn("holds files but no database", words)
        self.assertEqual(docker("run", *place, "cat /var/lib/postgresql/data/letter"), "mine")

    def test_a_password_that_could_end_a_statement_is_refused(self):
        code, words = self.end_of(self.start(self.volume(), password="a'; drop role anon; --"))
        self.assertNotEqual(code, 0)
        self.assertIn("POSTGRES_PASSWORD has other characters", words)
        self.assertNotIn("drop role", words)

    def test_roles_schemas_and_functions_that_policies_name_are_there(self):
        container = self.ready(self.volume())
        roles = """select count(*) from pg_roles where rolname in ('anon', 'authenticated', 'service_role',
                   'authenticator', 'postgres', 'supabase_admin', 'supabase_auth_admin', 'supabase_storage_admin',
                   'supabase_realtime_admin', 'dashboard_user', 'pgbouncer', 'supabase_read_only_user')"""
        self.assertEqual(self.query(container, roles), "12")
        self.assertEqual(self.query(container, "select rolsuper from pg_roles where rolname = 'postgres'"), "f")
        claims = """set request.jwt.claims = '{"sub": "00000000-0000-0000-0000-000000000007", "role": "authenticated",
                    "email": "a@b.c"}'; select auth.uid(), auth.role(), auth.email(), auth.jwt() ->> 'email'"""
        self.assertEqual(
            self.query(container, claims), "00000000-0000-0000-0000-000000000007|authenticated|a@b.c|a@b.c")
        self.assertEqual(self.query(container, "select auth.uid() is null and auth.jwt() is null"), "t")
        # The owner makes trusted extensions where clients look for them.
        self.query(container, "create extension hstore with schema extensions")
        self.assertEqual(self.query(container, "select 'a=>1'::extensions.hstore -> 'a'"), "1")
        self.assertEqual(self.query(container, "select length(extensions.gen_salt('bf')) > 0"), "t")

    def test_tables_of_the_owner_are_open_to_the_api_roles_and_closed_by_row_security(self):
        container = self.ready(self.volume())
        self.query(container, "create table notes (note text); insert into notes values ('x')")
        count = "set role anon; select count(*) from notes"
        self.assertEqual(self.query(container, count, user="authenticator"), "1")
        self.query(container, "alter table notes enable row level security")
        self.assertEqual(self.query(container, count, user="authenticator"), "0")
        self.assertEqual(
            self.query(container, "set role service_role; select count(*) from notes", user="authenticator"), "1")

    def test_a_change_of_the_schema_is_announced_and_one_of_temporary_objects_is_not(self):
        container = self.ready(self.volume())
        for statement in ("create table a (id int)", "drop table a"):
            heard = self.query(container, f"listen pgrst; {statement}")
            self.assertEqual(heard.count('notification "pgrst" with payload "reload schema"'), 1, heard)
        self.assertEqual(self.query(container, "listen pgrst; create temp table a (id int); drop table a"), "")


if __name__ == "__main__":
    unittest.main()
