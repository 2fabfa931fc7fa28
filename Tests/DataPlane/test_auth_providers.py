"""projectd's sign-in at providers, as a process against an OpenID provider of these tests' own."""

import base64
import hashlib
import http.client
import http.server
import json
import secrets
import subprocess
import threading
import time
import unittest
import urllib.parse

import test_auth
from support import Cluster, binary, free_port
from test_auth import ANON, PROJECT, ROLES, SECRET

CLIENT, PASSWORD = "client", "client secret"


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def prime(bits):
    """A number that is prime for all purposes of a test."""
    while True:
        candidate = secrets.randbits(bits) | 3 << (bits - 2) | 1
        if all(candidate % small for small in (3, 5, 7, 11, 13, 17, 19, 23)) and pow(2, candidate - 1, candidate) == 1:
            return candidate


class SigningKey:
    """An RSA key that signs by RS256 (RFC 8017, section 8.2)."""

    PREFIX = bytes.fromhex("3031300d060960864801650304020105000420")

    def __init__(self, name):
        self.name = name
        p, q = prime(1024), prime(1024)
        self.modulus, self.exponent = p * q, 65537
        self.private = pow(self.exponent, -1, (p - 1) * (q - 1))

    def jwk(self):
        number = lambda n: base64url(n.to_bytes((n.bit_length() + 7) // 8, "big"))
        return {"kty": "RSA", "kid": self.name, "use": "sig", "n": number(self.modulus), "e": number(self.exponent)}

    def token(self, claims, **header):
        head = {"alg": "RS256", "kid": self.name, **header}
        signed = ".".join(base64url(json.dumps(part).encode()) for part in (head, claims))
        digest = self.PREFIX + hashlib.sha256(signed.encode()).digest()
        padded = b"\x00\x01" + b"\xff" * (256 - 3 - len(digest)) + b"\x00" + digest
        signature = pow(int.from_bytes(padded, "big"), self.private, self.modulus)
        return f"{signed}.{base64url(signature.to_bytes(256, 'big'))}"


class Provider:
    """An OpenID provider by HTTP, with the paths of a realm of Keycloak's. One user is always signed in."""

    REALM = "/realms/one"

    def __init__(self, key):
        self.key = key
        self.user = {"sub": "user-1", "email": "ada@b.example", "email_verified": True, "name": "Ada"}
        self.codes, self.tokens, self.seen, self.userinfo = {}, {}, [], None
        provider = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                provider.answer(self, "")

            def do_POST(self):
                provider.answer(self, self.rfile.read(int(self.headers["Content-Length"])).decode())

            def log_message(self, *arguments):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}{self.REALM}"

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def answer(self, handler, body):
        path, _, query = handler.path.partition("?")
        self.seen.append(path)
        name = path.removeprefix(self.REALM + "/")
        if name == ".well-known/openid-configuration":
            self.send(handler, 200, {"issuer": self.url, "jwks_uri": f"{self.url}/keys"})
        elif name == "keys":
            self.send(handler, 200, {"keys": [self.key.jwk()]})
        elif name == "protocol/openid-connect/auth":
            self.sign_in(handler, dict(urllib.parse.parse_qsl(query)))
        elif name == "protocol/openid-connect/token":
            self.exchange(handler, dict(urllib.parse.parse_qsl(body)))
        elif name == "protocol/openid-connect/userinfo":
            self.describe(handler)
        else:
            self.send(handler, 404, {})

    def sign_in(self, handler, asked):
        code = secrets.token_hex(8)
        self.codes[code] = asked["redirect_uri"]
        back = urllib.parse.urlencode({"code": code, "state": asked["state"]})
        self.send(handler, 302, {}, {"Location": f"{asked['redirect_uri']}?{back}"})

    def exchange(self, handler, form):
        target = self.codes.pop(form.get("code"), None)
        if target != form.get("redirect_uri") or (form["client_id"], form["client_secret"]) != (CLIENT, PASSWORD):
            return self.send(handler, 400, {"error": "invalid_grant"})
        token = secrets.token_hex(8)
        self.tokens[token] = self.user
        self.send(handler, 200, {"access_token": token, "refresh_token": "refresh", "token_type": "Bearer"})

    def describe(self, handler):
        if self.userinfo:
            return self.userinfo(handler)
        user = self.tokens.get(handler.headers["Authorization"].removeprefix("Bearer "))
        self.send(handler, 200 if user else 401, user or {})

    @staticmethod
    def send(handler, status, document, headers=None):
        text = json.dumps(document).encode()
        handler.send_response(status)
        fields = {"Content-Type": "application/json", "Content-Length": str(len(text)), **(headers or {})}
        for name, value in fields.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(text)

    def id_token(self, **changes):
        now = int(time.time())
        return self.key.token({"iss": self.url, "aud": CLIENT, "iat": now, "exp": now + 300, **self.user, **changes})


class ProviderTests(unittest.TestCase):
    serve, ask = test_auth.AuthTests.serve, test_auth.AuthTests.ask

    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster()
        cls.addClassCleanup(cls.cluster.remove)
        cls.cluster.sql(ROLES)
        cls.key = SigningKey("first")

    def setUp(self):
        self.database = self.id().split(".")[-1][:60]
        self.cluster.sql(f'CREATE DATABASE "{self.database}"')
        self.cluster.sql(PROJECT, self.database)
        self.provider = Provider(self.key)
        self.addCleanup(self.provider.close)

    def serve_with_provider(self, settings=None, only="auth"):
        return self.serve({
            "GOTRUE_EXTERNAL_KEYCLOAK_ENABLED": "true", "GOTRUE_EXTERNAL_KEYCLOAK_CLIENT_ID": CLIENT,
            "GOTRUE_EXTERNAL_KEYCLOAK_SECRET": PASSWORD, "GOTRUE_EXTERNAL_KEYCLOAK_URL": self.provider.url + "/",
            "GOTRUE_URI_ALLOW_LIST": "http://app.example/**", **(settings or {})}, only=only)

    def travel(self, server, query="", prefix=""):
        """From the application to the provider and back: where the browser ends, apart."""
        status, headers, text = server.request("GET", f"{prefix}/authorize?provider=keycloak{query}")
        self.assertEqual(status, 302, text)
        page = urllib.parse.urlsplit(headers["location"])
        self.assertEqual(f"{page.scheme}://{page.netloc}", f"http://127.0.0.1:{self.provider.port}")
        connection = http.client.HTTPConnection("127.0.0.1", self.provider.port, timeout=30)
        connection.request("GET", f"{page.path}?{page.query}")
        back = urllib.parse.urlsplit(connection.getresponse().getheader("Location"))
        connection.close()
        self.callback = f"{prefix}/callback?{back.query}"
        return self.return_to(server, self.callback)

    def return_to(self, server, target):
        status, headers, _ = server.request("GET", target)
        end = urllib.parse.urlsplit(headers["location"])
        return status, f"{end.scheme}://{end.netloc}{end.path}", dict(urllib.parse.parse_qsl(end.query)), dict(
            urllib.parse.parse_qsl(end.fragment))

    def test_signs_in_by_a_redirect(self):
        server = self.serve_with_provider()
        status, target, query, session = self.travel(server, "&redirect_to=http://app.example/in")
        self.assertEqual((status, target, query), (302, "http://app.example/in", {}))
        self.assertEqual(session["provider_refresh_token"], "refresh")
        self.assertIn(session["provider_token"], self.provider.tokens)
        status, user = self.ask(server, "GET", "/user", bearer=session["access_token"])
        self.assertEqual((status, user["email"]), (200, "ada@b.example"))
        self.assertEqual(user["app_metadata"]["providers"], ["keycloak"])
        self.assertTrue(self.ask(server, "GET", "/settings")[1]["external"]["keycloak"])
        status, _, error, _ = self.return_to(server, self.callback)
        self.assertEqual((status, error["error_code"]), (303, "flow_state_already_used"))
        rows = self.cluster.sql("SELECT count(*) FROM auth.users", self.database)
        self.assertEqual(rows, "1")

    def test_signs_in_with_a_code_behind_the_gateway(self):
        # The external URL is the one of the whole project here.
        server = self.serve_with_provider({"API_EXTERNAL_URL": "http://127.0.0.1:9999/auth/v1"}, only=None)
        verifier = "v" * 50
        challenge = base64url(hashlib.sha256(verifier.encode()).digest())
        _, _, query, fragment = self.travel(
            server, f"&code_challenge={challenge}&code_challenge_method=s256", prefix="/auth/v1")
        self.assertEqual(fragment, {})
        status, session = self.ask(
            server, "POST", "/auth/v1/token?grant_type=pkce", {"auth_code": query["code"], "code_verifier": verifier},
            headers={"apikey": ANON})
        self.assertEqual(status, 200, session)
        self.assertEqual(session["provider_refresh_token"], "refresh")

    def test_follows_no_redirect_of_a_provider(self):
        server = self.serve_with_provider()
        other = Provider(self.key)
        self.addCleanup(other.close)
        self.provider.userinfo = lambda handler: Provider.send(
            handler, 302, {}, {"Location": f"{other.url}/protocol/openid-connect/userinfo"})
        status, target, query, _ = self.travel(server)
        self.assertEqual((status, target, query["error"]), (302, "http://site.example", "server_error"))
        self.assertEqual(other.seen, [])

    def test_answers_without_end_cost_a_bounded_time_and_memory(self):
        server = self.serve_with_provider()

        def endless(handler):
            handler.send_response(200)
            handler.end_headers()
            try:
                for _ in range(1 << 14):
                    handler.wfile.write(b" " * (1 << 16))
            except OSError:
                pass
        self.provider.userinfo = endless
        _, _, query, _ = self.travel(server)
        self.assertEqual(query["error_code"], "unexpected_failure")
        self.provider.userinfo = None
        self.assertIn("access_token", self.travel(server)[3])

    def test_a_provider_that_is_away(self):
        server = self.serve_with_provider()
        self.provider.userinfo = lambda handler: handler.connection.close()
        _, _, query, _ = self.travel(server)
        self.assertEqual(query["error_code"], "unexpected_failure")
        self.assertEqual(self.ask(server, "GET", "/health")[0], 200)

    def test_signs_in_with_an_id_token(self):
        server = self.serve_with_provider()

        def grant(token):
            return self.ask(server, "POST", "/token?grant_type=id_token", {"provider": "keycloak", "id_token": token})
        status, session = grant(self.provider.id_token())
        self.assertEqual((status, session.get("user", {}).get("email")), (200, "ada@b.example"), session)
        head, claims, _ = self.provider.id_token().split(".")
        unsigned = base64url(json.dumps({"alg": "none", "kid": "first"}).encode())
        for token in (
                f"{unsigned}.{claims}.", f"{head}.{claims}.AAAA", self.provider.id_token(iss="http://evil.example"),
                self.provider.id_token(exp=1), SigningKey("first").token({"sub": "user-1"})):
            status, error = grant(token)
            self.assertEqual((status, error["error_description"]), (400, "Bad ID token"))
        status, error = grant(self.provider.id_token(aud="other"))
        self.assertEqual(error["error_description"], "Unacceptable audience in id_token: [other]")
        self.assertEqual(self.provider.seen.count("/realms/one/keys"), 1)

    def test_does_not_start_with_a_bad_address(self):
        name = "GOTRUE_EXTERNAL_KEYCLOAK_URL"
        for value in ("sso.example", "file:///etc/passwd", "http://a@b.example", "https://a.example/?x"):
            done = subprocess.run(
                [binary(), "serve", "--only", "auth"], capture_output=True, text=True, timeout=60, env={
                    "GOTRUE_DB_DATABASE_URL": "postgresql://a@127.0.0.1/b", "GOTRUE_JWT_SECRET": SECRET,
                    "API_EXTERNAL_URL": "http://x", "GOTRUE_SITE_URL": "http://x",
                    "PROJECTD_LISTEN": f"127.0.0.1:{free_port()}", "GOTRUE_EXTERNAL_KEYCLOAK_ENABLED": "true",
                    name: value})
            self.assertNotEqual(done.returncode, 0)
            self.assertIn(name, done.stderr)


if __name__ == "__main__":
    unittest.main()
