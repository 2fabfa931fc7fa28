"""The contract doubles accept what the template gives them and refuse everything less, with a reason."""

import json
import sys
import unittest
from unittest import mock

import stack

sys.path.insert(0, str(stack.ROOT / "Tests/Images/double"))

import importlib  # noqa: E402

import database  # noqa: E402
from contract import Environment, Refusal  # noqa: E402

WITH_DATABASE = ("auth", "rest", "realtime", "storage", "meta", "analytics", "pooler")
WITHOUT_DATABASE = ("imgproxy", "functions", "vector", "studio")
SERVICES = WITH_DATABASE + WITHOUT_DATABASE
# Passed on by the template for the real image; the double has nothing to say about them.
UNCHECKED = {
    "auth": {name for name in stack.compose()["services"]["auth"]["environment"]
             if name.startswith("GOTRUE_EXTERNAL_") and name.endswith(("_CLIENT_ID", "_REDIRECT_URI"))},
    "realtime": {"DISABLE_HEALTHCHECK_LOGGING"},
    "studio": {"SUPABASE_PUBLISHABLE_KEY", "SUPABASE_SECRET_KEY"},
}


class Passed(Exception):
    """The environment was accepted."""


def check(service, environment):
    """Runs a service's checks; raises Refusal with the reason, or Passed."""
    with mock.patch.object(Environment, "finish", autospec=True) as finish:
        def ended(self):
            if self._problems:
                raise Refusal("; ".join(self._problems))
            raise Passed
        finish.side_effect = ended
        importlib.import_module(f"services.{service}").start(Environment(environment), [], lambda *_: None)


class ContractTests(unittest.TestCase):
    def setUp(self):
        self.values = stack.variables()

    def refusal(self, service, environment):
        with self.assertRaises(Refusal) as caught:
            check(service, environment)
        return str(caught.exception)

    def test_the_template_satisfies_every_double(self):
        for service in SERVICES:
            with self.subTest(service), self.assertRaises(Passed):
                check(service, stack.environment(service, self.values))

    def test_each_variable_of_the_template_is_missed_by_name(self):
        for service in SERVICES:
            environment = stack.environment(service, self.values)
            for name in set(environment) - UNCHECKED.get(service, set()):
                with self.subTest(service=service, variable=name):
                    rest = {key: value for key, value in environment.items() if key != name}
                    self.assertIn(f"{name} is required", self.refusal(service, rest))

    def test_malformed_values_are_refused_by_name(self):
        other = stack.variables()
        expired = stack.token("anon", self.values["JWT_SECRET"], exp=1)
        cases = [
            ("auth", "GOTRUE_JWT_SECRET", "short"),
            ("auth", "API_EXTERNAL_URL", "http://127.0.0.1:8000"),
            ("auth", "API_EXTERNAL_URL", "127.0.0.1:8000/auth/v1"),
            ("auth", "GOTRUE_DB_DATABASE_URL", "postgres://postgres:secret-x@db:5432/postgres"),
            ("auth", "GOTRUE_DB_DATABASE_URL", "postgres://supabase_auth_admin:a/b@db:5432/postgres"),
            ("auth", "GOTRUE_DISABLE_SIGNUP", "maybe"),
            ("auth", "GOTRUE_SMTP_MAX_FREQUENCY", "60"),
            ("auth", "GOTRUE_SESSIONS_TIMEBOX", ""),
            ("auth", "GOTRUE_EXTERNAL_GITHUB_ENABLED", ""),
            ("auth", "GOTRUE_MAILER_OTP_LENGTH", ""),
            ("rest", "PGRST_JWT_SECRET", "@/run/secrets/a-file-name-that-is-long-enough"),
            ("rest", "PGRST_DB_URI", "postgres://authenticator@db:5432/postgres"),
            ("realtime", "DB_ENC_KEY", "x" * 15),
            ("realtime", "DB_ENC_KEY", "x" * 17),
            ("realtime", "SECRET_KEY_BASE", "x" * 63),
            ("realtime", "DB_USER", "postgres"),
            ("storage", "ANON_KEY", "not-a-token"),
            ("storage", "ANON_KEY", other["ANON_KEY"]),
            ("storage", "ANON_KEY", self.values["SERVICE_ROLE_KEY"]),
            ("storage", "ANON_KEY", expired),
            ("storage", "SERVICE_KEY", self.values["ANON_KEY"]),
            ("storage", "FILE_SIZE_LIMIT", "50MB"),
            ("imgproxy", "IMGPROXY_BIND", "5001"),
            ("meta", "PG_META_DB_PORT", "99999"),
            ("functions", "SUPABASE_SECRET_KEYS", "[]"),
            ("analytics", "LOGFLARE_PRIVATE_ACCESS_TOKEN", self.values["LOGFLARE_PUBLIC_ACCESS_TOKEN"]),
            ("analytics", "DB_DATABASE", "postgres"),
            ("vector", "LOGFLARE_PUBLIC_ACCESS_TOKEN", "short"),
            ("studio", "SUPABASE_SERVICE_KEY", self.values["ANON_KEY"]),
            ("studio", "PG_META_CRYPTO_KEY", "short"),
            ("pooler", "VAULT_ENC_KEY", "x" * 31),
            ("pooler", "DATABASE_URL", "postgres://supabase_admin:secret-x@db:5432/_supabase"),
        ]
        for service, name, value in cases:
            with self.subTest(service=service, variable=name, value=value):
                environment = {**stack.environment(service, self.values), name: value}
                reason = self.refusal(service, environment)
                self.assertIn(name, reason)
                self.assertNotIn("secret-x", reason)

    def test_a_provider_of_identities_needs_its_client(self):
        self.values["GOTRUE_EXTERNAL_GITHUB_ENABLED"] = "true"
        reason = self.refusal("auth", stack.environment("auth", self.values))
        self.assertIn("GOTRUE_EXTERNAL_GITHUB_CLIENT_ID is required", reason)
        self.values.update(GOTRUE_EXTERNAL_GITHUB_CLIENT_ID="id", GOTRUE_EXTERNAL_GITHUB_SECRET="of-the-client")
        with self.assertRaises(Passed):
            check("auth", stack.environment("auth", self.values))

    def test_client_ids_join_to_one_list(self):
        self.values.update(GOTRUE_EXTERNAL_GOOGLE_CLIENT_ID="one", GOTRUE_EXTERNAL_GOOGLE_ADDITIONAL_CLIENT_IDS="two,3")
        self.assertEqual(stack.environment("auth", self.values)["GOTRUE_EXTERNAL_GOOGLE_CLIENT_ID"], "one,two,3")
        self.assertEqual(stack.environment("auth", self.values)["GOTRUE_EXTERNAL_APPLE_CLIENT_ID"], "")

    def test_the_dashboard_takes_an_opaque_key_where_signed_ones_are_refused(self):
        self.values.update(LEGACY_KEYS_ENABLED="false", STUDIO_SERVICE_KEY="sb_secret_of_the_manager")
        environment = stack.environment("studio", self.values)
        self.assertEqual(environment["SUPABASE_SERVICE_KEY"], "sb_secret_of_the_manager")
        with self.assertRaises(Passed):
            check("studio", environment)

    def test_functions_get_their_keys_by_name(self):
        self.values.update(SECRET_KEYS_BY_NAME='"default":"sb_secret_a","jobs":"sb_secret_b"')
        environment = stack.environment("functions", self.values)
        self.assertEqual(json.loads(environment["SUPABASE_SECRET_KEYS"]),
                         {"default": "sb_secret_a", "jobs": "sb_secret_b"})
        self.assertEqual(json.loads(environment["SUPABASE_PUBLISHABLE_KEYS"]), {"default": ""})
        with self.assertRaises(Passed):
            check("functions", environment)

    def test_the_health_check_of_rest_asks_an_address(self):
        # Nothing listens here, which is another reason than a name that is no address.
        rest = importlib.import_module("services.rest")
        environment = stack.environment("rest", self.values)
        for host, reason in ((environment["PGRST_ADMIN_SERVER_HOST"], "not ready"), ("!4", "special host name"),
                             ("*", "special host name")):
            with self.subTest(host), self.assertRaisesRegex(Refusal, reason):
                rest.check_readiness(Environment({**environment, "PGRST_ADMIN_SERVER_HOST": host}))

    def test_a_refusal_never_shows_a_secret(self):
        secret_values = [self.values[name] for name in stack.compose()["x-supamanager"]["secrets"]]
        for service in SERVICES:
            environment = stack.environment(service, self.values)
            broken = {name: f"?{value}?" if value in secret_values else value for name, value in environment.items()}
            broken.pop(sorted(broken)[0])
            reason = self.refusal(service, broken)
            for value in secret_values:
                self.assertNotIn(value, reason)

    def test_a_role_that_the_database_refuses_ends_the_start_at_once(self):
        refused = database.psycopg2.OperationalError('FATAL:  password authentication failed for user "authenticator"')
        with mock.patch.object(database.psycopg2, "connect", side_effect=refused) as connect:
            with self.assertRaises(Refusal) as caught:
                database.connect({"user": "authenticator"}, "rest")
        self.assertEqual(connect.call_count, 1)
        self.assertIn("authenticator", str(caught.exception))


if __name__ == "__main__":
    unittest.main()
