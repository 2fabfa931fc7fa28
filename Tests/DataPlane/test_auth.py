"""projectd's AUTH API as a process: alone, behind the gateway, with a mail server, beside a database that comes and goes."""

import base64
import concurrent.futures
import email
import hashlib
import hmac
import json
import re
import socket
import threading
import unittest

from support import Cluster, Server, binary, free_port, wait_until

SECRET = "37c304f8-51aa-419a-a1af-06154e63707a"
ROLES = """
CREATE ROLE supabase_auth_admin LOGIN NOINHERIT;
CREATE ROLE authenticator LOGIN NOINHERIT;
CREATE ROLE anon; CREATE ROLE authenticated; CREATE ROLE service_role BYPASSRLS;
GRANT anon, authenticated, service_role TO authenticator;
"""
PROJECT = """
CREATE SCHEMA auth AUTHORIZATION supabase_auth_admin;
GRANT USAGE ON SCHEMA auth TO anon, authenticated;
CREATE TABLE notes (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, owner uuid, body text);
ALTER TABLE notes ENABLE ROW LEVEL SECURITY;
GRANT SELECT, INSERT ON notes TO anon, authenticated;
"""
POLICY = "CREATE POLICY own ON notes USING (owner = (SELECT auth.uid())) WITH CHECK (owner = (SELECT auth.uid()));"


def token(secret=SECRET, **claims):
    """A token of the project, as clients mint them: HS256 without a key's name."""
    def part(value):
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=")
    signed = part({"alg": "HS256", "typ": "JWT"}) + b"." + part(claims)
    tag = hmac.new(secret.encode(), signed, hashlib.sha256).digest()
    return (signed + b"." + base64.urlsafe_b64encode(tag).rstrip(b"=")).decode()


ANON, SERVICE = token(role="anon"), token(role="service_role")


class MailServer:
    """Takes mails by SMTP and keeps them."""

    def __init__(self):
        self.mails = []
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        while True:
            try:
                client, _ = self.socket.accept()
            except OSError:
                return
            with client, client.makefile("rwb") as stream:
                self.converse(stream)

    def converse(self, stream):
        def say(text):
            stream.write(text.encode() + b"\r\n")
            stream.flush()
        say("220 mail.example")
        recipient = None
        for line in stream:
            command = line.decode().strip()
            if command.upper().startswith("RCPT TO:"):
                recipient = command.split("<")[1].split(">")[0]
            if command.upper() == "DATA":
                say("354 go ahead")
                lines = []
                while (line := next(stream)) != b".\r\n":
                    lines.append(line)
                self.mails.append((recipient, email.message_from_bytes(b"".join(lines))))
            if command.upper() == "QUIT":
                say("221 bye")
                return
            say("250 ok")

    def html(self, index):
        return self.mails[index][1].get_payload(decode=True).decode()

    def close(self):
        self.socket.close()


class AuthTests(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster()
        cls.addClassCleanup(cls.cluster.remove)
        cls.cluster.sql(ROLES)

    def setUp(self):
        self.database = self.id().split(".")[-1][:60]
        self.cluster.sql(f'CREATE DATABASE "{self.database}"')
        self.cluster.sql(PROJECT, self.database)

    def serve(self, settings=None, only="auth", wait=True):
        server = Server(self.cluster, self.database, {
            "PGRST_DB_URI": f"postgresql://authenticator@127.0.0.1:{self.cluster.port}/{self.database}?sslmode=disable",
            "PGRST_JWT_SECRET": SECRET, "PGRST_DB_ANON_ROLE": "anon", "PGRST_DB_SCHEMAS": "public",
            "GOTRUE_DB_DATABASE_URL":
                f"postgresql://supabase_auth_admin@127.0.0.1:{self.cluster.port}/{self.database}?sslmode=disable",
            "GOTRUE_JWT_SECRET": SECRET, "API_EXTERNAL_URL": "http://127.0.0.1:9999",
            "GOTRUE_SITE_URL": "http://site.example", "GOTRUE_MAILER_AUTOCONFIRM": "true",
            "SUPABASE_ANON_KEY": ANON, "SUPABASE_SERVICE_ROLE_KEY": SERVICE, **(settings or {})}, wait=wait, only=only)
        self.addCleanup(server.stop)
        return server

    def ask(self, server, method, target, body=None, bearer=None, headers=None):
        headers = {"Content-Type": "application/json", **(headers or {})}
        if bearer:
            headers["Authorization"] = f"Bearer {bearer}"
        status, _, text = server.request(method, target, body, headers)
        return status, json.loads(text) if text else None

    def sign_up(self, server, address="a@b.example", prefix="", headers=None):
        status, session = self.ask(
            server, "POST", f"{prefix}/signup", {"email": address, "password": "password1"}, headers=headers)
        self.assertEqual(status, 200, session)
        return session

    def refresh(self, server, refresh_token):
        return self.ask(server, "POST", "/token?grant_type=refresh_token", {"refresh_token": refresh_token})

    def test_stands_where_a_gotrue_stood(self):
        server = self.serve()
        status, health = self.ask(server, "GET", "/health")
        self.assertEqual((status, health["name"]), (200, "GoTrue"))
        status, settings = self.ask(server, "GET", "/settings")
        self.assertTrue(settings["external"]["email"] and settings["mailer_autoconfirm"])
        self.assertEqual(self.ask(server, "GET", "/.well-known/jwks.json"), (200, {"keys": []}))
        session = self.sign_up(server)
        status, user = self.ask(server, "GET", "/user", bearer=session["access_token"])
        self.assertEqual((status, user["email"]), (200, "a@b.example"))
        # The database is the project's: its owner sees the user, roles of clients do not.
        self.assertEqual(self.cluster.sql("SELECT email FROM auth.users", self.database), "a@b.example")
        rows = self.cluster.sql("SET ROLE anon; SELECT has_table_privilege('auth.users', 'SELECT')", self.database)
        self.assertEqual(rows, "f")

    def test_two_refreshes_at_once(self):
        server = self.serve()
        first = self.sign_up(server)["refresh_token"]
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            answers = list(pool.map(lambda _: self.refresh(server, first), range(24)))
        self.assertEqual({status for status, _ in answers}, {200})
        self.assertEqual(len({answer["refresh_token"] for _, answer in answers}), 1)

    def test_a_token_that_was_used_long_ago_ends_the_session(self):
        server = self.serve({"GOTRUE_SECURITY_REFRESH_TOKEN_REUSE_INTERVAL": "0"})
        first = self.sign_up(server)["refresh_token"]
        _, second = self.refresh(server, first)
        _, third = self.refresh(server, second["refresh_token"])
        status, error = self.refresh(server, first)
        self.assertEqual((status, error["error_code"]), (400, "refresh_token_already_used"))
        self.assertEqual(self.refresh(server, third["refresh_token"])[0], 400)
        self.assertEqual(self.ask(server, "GET", "/user", bearer=third["access_token"])[0], 403)

    def test_sessions_live_through_restarts_of_server_and_database(self):
        server = self.serve()
        session = self.sign_up(server)
        self.cluster.stop()
        status, error = self.ask(server, "GET", "/user", bearer=session["access_token"])
        self.assertEqual((status, error["error_code"]), (503, "unexpected_failure"))
        self.cluster.start()
        wait_until(
            lambda: self.ask(server, "GET", "/user", bearer=session["access_token"])[0] == 200, "the database is back")
        self.assertEqual(server.stop(), 0)
        again = self.serve()
        status, fresh = self.refresh(again, session["refresh_token"])
        self.assertEqual(status, 200, fresh)
        self.assertEqual(self.ask(again, "GET", "/user", bearer=session["access_token"])[0], 200)

    def test_starts_before_its_database(self):
        self.cluster.stop()
        try:
            server = self.serve(wait=False)
            self.assertEqual(server.ready(), 503)
            self.assertEqual(self.ask(server, "GET", "/health")[0], 200)
            self.assertEqual(self.ask(server, "POST", "/signup", {"email": "a@b.example", "password": "p"})[0], 503)
        finally:
            self.cluster.start()
        wait_until(lambda: server.ready() == 200, "the schema is made")
        self.sign_up(server)

    def test_sends_mails(self):
        mail = MailServer()
        self.addCleanup(mail.close)
        server = self.serve({
            "GOTRUE_MAILER_AUTOCONFIRM": "false", "GOTRUE_SMTP_HOST": "127.0.0.1", "GOTRUE_SMTP_PORT": str(mail.port),
            "GOTRUE_SMTP_ADMIN_EMAIL": "admin@site.example", "GOTRUE_SMTP_SENDER_NAME": "Site",
            "GOTRUE_MAILER_SUBJECTS_CONFIRMATION": "Welcome {{ .Email }}"})
        user = self.sign_up(server)
        self.assertNotIn("access_token", user)
        wait_until(lambda: mail.mails, "the mail comes")
        recipient, message = mail.mails[0]
        self.assertEqual((recipient, message["Subject"]), ("a@b.example", "Welcome a@b.example"))
        self.assertEqual(message["From"], "Site <admin@site.example>")
        code = re.search(r"code: (\d{6})", mail.html(0)).group(1)
        status, session = self.ask(
            server, "POST", "/verify", {"type": "signup", "email": "a@b.example", "token": code})
        self.assertEqual(status, 200, session)

    def test_both_behind_one_address(self):
        server = self.serve(only=None)
        self.cluster.sql(POLICY, self.database)
        self.assertEqual(self.ask(server, "GET", "/health"), (200, {"status": "ok"}))
        self.assertEqual(self.ask(server, "GET", "/ready"), (200, {"ready": True}))
        self.assertEqual(self.ask(server, "GET", "/auth/v1/health")[0], 200)
        self.assertEqual(self.ask(server, "GET", "/rest/v1/notes")[0], 401)
        self.assertEqual(self.ask(server, "GET", "/rest/v1/notes", headers={"apikey": "x"})[0], 401)
        self.assertEqual(self.ask(server, "GET", "/other")[0], 404)
        key = {"apikey": ANON}
        self.assertEqual(self.ask(server, "GET", "/rest/v1/notes", headers=key), (200, []))
        self.assertEqual(self.ask(server, "GET", f"/rest/v1/notes?apikey={ANON}&id=eq.1"), (200, []))
        session = self.sign_up(server, prefix="/auth/v1", headers=key)
        note = {"owner": session["user"]["id"], "body": "mine"}
        self.assertEqual(
            self.ask(server, "POST", "/rest/v1/notes", note, session["access_token"], key)[0], 201)
        self.assertEqual(self.ask(server, "POST", "/rest/v1/notes", note, headers=key)[0], 401)
        status, notes = self.ask(
            server, "GET", "/rest/v1/notes?select=body", bearer=session["access_token"], headers=key)
        self.assertEqual((status, notes), (200, [{"body": "mine"}]))
        status, users = self.ask(server, "GET", "/auth/v1/admin/users", bearer=SERVICE, headers={"apikey": SERVICE})
        self.assertEqual((status, len(users["users"])), (200, 1))
        self.assertEqual(self.ask(server, "GET", "/auth/v1/admin/users", headers=key)[0], 403)

    def test_pages_of_other_origins(self):
        server = self.serve(only=None)
        origin = {"Origin": "https://app.example"}
        status, headers, _ = server.request("OPTIONS", "/auth/v1/token", headers={
            **origin, "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "apikey,x-client-info,x-new"})
        self.assertEqual(status, 204)
        self.assertIn("x-new", headers["access-control-allow-headers"])
        status, headers, _ = server.request("POST", "/auth/v1/token", "{}", origin)
        self.assertEqual((status, headers["access-control-allow-origin"]), (401, "*"))
        status, headers, _ = server.request("GET", "/auth/v1/user", headers={**origin, "apikey": ANON})
        self.assertEqual((status, headers["access-control-allow-origin"]), (403, "https://app.example"))

    def test_a_client_is_limited_by_its_connection(self):
        server = self.serve()
        wrong = {"email": "a@b.example", "token": "000000", "type": "email"}
        statuses = [
            self.ask(server, "POST", "/verify", wrong, headers={"X-Forwarded-For": f"10.0.0.{number}"})[0]
            for number in range(40)]
        self.assertEqual(statuses[:30], [403] * 30)
        self.assertEqual(statuses[-1], 429)
        server = self.serve({"PROJECTD_TRUSTED_PROXIES": "127.0.0.1"})
        statuses = [
            self.ask(server, "POST", "/verify", wrong, headers={"X-Forwarded-For": f"1.2.3.4, 10.0.0.{number}"})[0]
            for number in range(40)]
        self.assertEqual(statuses, [403] * 40)

    def test_many_sign_ins_keep_others_waiting_for_nothing(self):
        # Each from a network of its own: the limit of one client is not what is tested.
        server = self.serve({"GOTRUE_RATE_LIMIT_HEADER": "X-Client"})
        session = self.sign_up(server)
        with concurrent.futures.ThreadPoolExecutor(100) as pool:
            wrong = {"email": "a@b.example", "password": "wrong"}
            attempts = [
                pool.submit(self.ask, server, "POST", "/token?grant_type=password", wrong, None,
                            {"X-Client": f"10.0.0.{number}"}) for number in range(200)]
            self.assertEqual(self.ask(server, "GET", "/user", bearer=session["access_token"])[0], 200)
            statuses = [attempt.result()[0] for attempt in attempts]
        self.assertLessEqual(set(statuses), {400, 503})
        self.assertIn(400, statuses)

    def test_does_not_start_without_what_protects_it(self):
        import subprocess
        environment = {
            "GOTRUE_DB_DATABASE_URL": "postgresql://a@127.0.0.1/b", "GOTRUE_JWT_SECRET": SECRET,
            "API_EXTERNAL_URL": "http://x", "GOTRUE_SITE_URL": "http://x", "PROJECTD_LISTEN": f"127.0.0.1:{free_port()}"}
        for name, value in (
                ("GOTRUE_SECURITY_CAPTCHA_ENABLED", "true"), ("GOTRUE_JWT_SECRET", "short"), ("GOTRUE_SITE_URL", ""),
                ("GOTRUE_JWT_KEYS", "[]x"), ("GOTRUE_SESSIONS_TIMEBOX", "soon")):
            done = subprocess.run(
                [binary(), "serve", "--only", "auth"], env={**environment, name: value}, capture_output=True, text=True,
                timeout=60)
            self.assertNotEqual(done.returncode, 0)
            self.assertIn(name, done.stderr)
            self.assertNotIn(SECRET, done.stderr)


if __name__ == "__main__":
    unittest.main()
