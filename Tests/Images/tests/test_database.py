"""The database stand-in: a real PostgreSQL whose first start is all or nothing.

Needs a Docker Engine and the offline images (scripts/make-test-images).
"""

import secrets
import time
import unittest

import stack
from engine import NEEDED, confinement, docker, image, images_are_there, logs, remove

READY_DEADLINE_SECONDS = 60


@unittest.skipUnless(images_are_there("db"), NEEDED)
class DatabaseTests(unittest.TestCase):
    def setUp(self):
        self.environment = stack.environment("db", stack.variables())
        self.volumes = {}
        for name in ("db-data", "db-config"):
            self.volumes[name] = docker("volume", "create", f"supamanager-test-{secrets.token_hex(6)}")
            self.addCleanup(docker, "volume", "rm", self.volumes[name])
        self.volume = self.volumes["db-data"]

    def start(self, settings=None, **changes):
        service = stack.compose()["services"]["db"]
        arguments = ["run", "--detach", *confinement("db")]
        for name, value in {**self.environment, **changes}.items():
            arguments += ["--env", f"{name}={value}"]
        for volume in service["volumes"]:
            source, _, rest = volume.partition(":")
            place = self.volumes.get(source) or source.replace("./", f"{stack.TEMPLATE}/", 1)
            arguments += ["--volume", f"{place}:{rest}"]
        command = [stack.interpolate(word, settings or {}) for word in service["command"]]
        container = docker(*arguments, image("db"), *command)
        self.addCleanup(remove, container)
        return container

    def query(self, container, statement, user="postgres", database="postgres", password=None):
        return docker("exec", "--env", f"PGPASSWORD={password or self.environment['POSTGRES_PASSWORD']}", container,
                      "psql", "-h", "127.0.0.1", "-U", user, "-d", database, "-qtAc", statement)

    def wait_until_ready(self, container):
        deadline = time.monotonic() + READY_DEADLINE_SECONDS
        while True:
            try:
                return self.query(container, "select 1")
            except RuntimeError:
                self.assertLess(time.monotonic(), deadline, logs(container))
                running = docker("inspect", "--format", "{{.State.Running}}", container)
                self.assertEqual(running, "true", logs(container))
                time.sleep(0.1)

    def assert_is_complete(self, container):
        for user in ("authenticator", "supabase_auth_admin", "supabase_storage_admin", "supabase_admin", "pgbouncer"):
            self.assertEqual(self.query(container, "select current_user", user=user), user)
        self.assertEqual(self.query(
            container, "select count(*) from pg_namespace where nspname in ('_analytics', '_supavisor')",
            user="supabase_admin", database="_supabase"), "2")
        self.assertEqual(self.query(container, "show app.settings.jwt_exp"), "3600")
        self.assertEqual(self.query(container, "show wal_level"), "logical")
        self.assertEqual(self.query(container, "select rolsuper from pg_roles where rolname = 'postgres'"), "f")

    def test_first_start_makes_the_roles_databases_and_schemas_of_the_template(self):
        container = self.start()
        self.wait_until_ready(container)
        self.assert_is_complete(container)
        with self.assertRaisesRegex(RuntimeError, "password authentication failed"):
            self.query(container, "select 1", password="wrong")

    def test_settings_of_the_template_are_in_force_and_the_others_are_the_configuration_files(self):
        plain = self.start()
        self.wait_until_ready(plain)
        before = self.query(plain, "show max_wal_size")
        docker("stop", plain)
        tuned = self.start(settings={"POSTGRES_WORK_MEM": "8MB", "POSTGRES_STATEMENT_TIMEOUT": "90s"})
        self.wait_until_ready(tuned)
        self.assertEqual(self.query(tuned, "show work_mem"), "8MB")
        self.assertEqual(self.query(tuned, "show statement_timeout"), "90s")
        self.assertEqual(self.query(tuned, "show max_wal_size"), before)

    def test_an_interrupted_first_start_begins_again_wherever_it_was_cut(self):
        for line in ("98-webhooks", "99-realtime"):
            with self.subTest(line):
                container = self.start()
                deadline = time.monotonic() + READY_DEADLINE_SECONDS
                while line not in logs(container):
                    self.assertLess(time.monotonic(), deadline, logs(container))
                    time.sleep(0.01)
                docker("kill", "--signal", "KILL", container)
                docker("start", container)
                self.wait_until_ready(container)
                self.assert_is_complete(container)
                remove(container)
                docker("volume", "rm", self.volume)
                docker("volume", "create", self.volume)

    def test_data_survives_a_killed_server_and_a_new_container(self):
        container = self.start()
        self.wait_until_ready(container)
        self.query(container, "create table kept (word text); insert into kept values ('still here')")
        docker("kill", "--signal", "KILL", container)
        docker("rm", container)
        successor = self.start()
        self.wait_until_ready(successor)
        self.assertEqual(self.query(successor, "select word from kept"), "still here")
        self.assertNotIn("running /docker-entrypoint-initdb.d", logs(successor))

    def in_volume(self, name, script):
        return docker("run", "--rm", "--volume", f"{self.volumes[name]}:/kept", "--entrypoint", "sh", image("db"), "-c",
                      script)

    def test_the_server_does_not_run_as_root(self):
        container = self.start()
        self.wait_until_ready(container)
        self.assertEqual(docker("exec", container, "stat", "-c", "%u", "/proc/1"), "101")
        self.assertIn("CapEff:\t0000000000000000", docker("exec", container, "cat", "/proc/1/status"))

    def test_another_image_brings_its_own_configuration_and_keeps_the_key_of_encrypted_columns(self):
        # As an image of before has left the volume: files of its own, none of those that came since, and the key.
        key = "0123456789abcdef" * 4
        self.in_volume("db-config", f"printf '%s' {key} >/kept/pgsodium_root.key; chown 70:70 /kept/pgsodium_root.key;"
                                    "echo \"stand_in.image = 'of an earlier image'\" >/kept/supautils.conf")
        container = self.start()
        self.wait_until_ready(container)
        self.assertEqual(self.query(container, "show stand_in.image"), "of this image")
        self.assertEqual(self.query(container, "select pg_read_file('/etc/postgresql-custom/pgsodium_root.key')",
                                    user="supabase_admin"), key)

    def test_the_key_is_made_once_and_missed_when_it_is_gone(self):
        made = "cat /kept/pgsodium_root.key"
        first = self.start()
        self.wait_until_ready(first)
        key = self.in_volume("db-config", made)
        self.assertRegex(key, "^[0-9a-f]{64}$")
        docker("stop", first)
        second = self.start()
        self.wait_until_ready(second)
        docker("restart", second)
        self.wait_until_ready(second)
        self.assertEqual(self.in_volume("db-config", made), key)
        self.assertNotIn("the key of encrypted columns is missing", logs(second))
        docker("stop", second)
        self.in_volume("db-config", "rm /kept/pgsodium_root.key")
        third = self.start()
        self.wait_until_ready(third)
        self.assertIn("the key of encrypted columns is missing", logs(third))

    def test_what_is_put_in_the_place_of_the_key_is_not_followed(self):
        first = self.start()
        self.wait_until_ready(first)
        docker("stop", first)
        key = "/kept/pgsodium_root.key"
        for place in ("ln -s /etc/shadow", "ln -s /nowhere", "mkdir"):
            with self.subTest(place):
                self.in_volume("db-config", f"rm -rf {key} && {place} {key}")
                container = self.start()
                self.assertEqual(docker("wait", container), "1")
                self.assertIn("is no ordinary file", logs(container))
                owner = self.in_volume("db-config", f"stat -c %u {key}")
                self.assertEqual(owner, "0")
                changed = docker("diff", container)
                self.assertNotIn("/etc/shadow", changed)

    def test_refuses_to_start_without_a_password_or_on_foreign_files(self):
        container = self.start(POSTGRES_PASSWORD="")
        self.assertEqual(docker("wait", container), "1")
        self.assertIn("POSTGRES_PASSWORD is required", logs(container))
        docker("run", "--rm", "--volume", f"{self.volume}:/data", "--entrypoint", "sh", image("db"), "-c",
               "rm -rf /data/.unfinished && printf x > /data/photo.jpg")
        container = self.start()
        self.assertEqual(docker("wait", container), "1")
        self.assertIn("holds files but no database", logs(container))


if __name__ == "__main__":
    unittest.main()
