"""The real Envoy with the template's configuration: who gets in where, and what the services then see.

Needs a Docker Engine and the offline images (scripts/make-test-images).
"""

import base64
import http.client
import json
import time
import unittest

import stack
from engine import NEEDED, confinement, docker, image, images_are_there, logs, remove

READY_DEADLINE_SECONDS = 20
UPSTREAMS = ("auth", "rest", "realtime", "storage", "functions", "meta", "studio")
AUTH, REST, REALTIME, STORAGE, FUNCTIONS, META, STUDIO = "9999", "3000", "4000", "5000", "9000", "8080", "3000"


class GatewayHost(unittest.TestCase):
    """One gateway with echoing services behind it."""

    extra = {}

    @classmethod
    def setUpClass(cls):
        cls.values = stack.variables()
        cls.values["SUPABASE_PUBLISHABLE_KEY"] = "sb_publishable_test"
        cls.values["SUPABASE_SECRET_KEY"] = "sb_secret_test"
        cls.values["PUBLISHABLE_KEYS"] = "sb_publishable_one,sb_publishable_two"
        cls.values["SECRET_KEYS"] = "sb_secret_one,sb_secret_two"
        cls.values["GATEWAY_JWKS"] = stack.key_set(cls.values["JWT_SECRET"])
        cls.values.update(cls.extra)
        cls.anon, cls.service_role = cls.values["ANON_KEY"], cls.values["SERVICE_ROLE_KEY"]
        cls.containers = []
        cls.addClassCleanup(cls.remove_containers)
        gateway = cls.run_gateway(stack.environment("gateway", cls.values))
        cls.containers.append(docker(
            "run", "--detach", "--network", f"container:{gateway}", "--entrypoint", "/usr/bin/python3",
            "--volume", f"{stack.ROOT}/Tests/Images/tests/echo_upstreams.py:/echo.py:ro",
            image("auth"), "-I", "/echo.py"))
        cls.port = int(docker("port", gateway, "8000/tcp").rpartition(":")[2])
        cls.wait_until_ready()

    @classmethod
    def run_gateway(cls, environment):
        service = stack.compose()["services"]["gateway"]
        arguments = ["run", "--detach", "--publish", "127.0.0.1::8000", *confinement("gateway")]
        for name, value in environment.items():
            arguments += ["--env", f"{name}={value}"]
        for name in UPSTREAMS:
            arguments += ["--add-host", f"{name}:127.0.0.1"]
        for volume in service["volumes"]:
            arguments += ["--volume", volume.replace("./", f"{stack.TEMPLATE}/", 1)]
        container = docker(*arguments, image("gateway"), *service["command"])
        cls.containers.append(container)
        return container

    @classmethod
    def remove_containers(cls):
        for container in reversed(cls.containers):
            remove(container)

    @classmethod
    def wait_until_ready(cls):
        deadline = time.monotonic() + READY_DEADLINE_SECONDS
        while True:
            try:
                if cls.request("/auth/v1/verify")[0] == 200:
                    return
            except OSError:
                pass
            if time.monotonic() > deadline:
                raise RuntimeError("the gateway did not become ready: " + logs(cls.containers[0]))
            time.sleep(0.1)

    @classmethod
    def request(cls, path, headers=None, method="GET"):
        """Status, headers and decoded body of one request through the gateway."""
        connection = http.client.HTTPConnection("127.0.0.1", cls.port, timeout=10)
        try:
            connection.request(method, path, headers=headers or {})
            response = connection.getresponse()
            body = response.read()
            return response.status, response.headers, json.loads(body) if body else None
        finally:
            connection.close()

    @classmethod
    def send(cls, path, headers, method="GET"):
        """Status and body of a request whose headers may repeat, given as pairs."""
        connection = http.client.HTTPConnection("127.0.0.1", cls.port, timeout=10)
        try:
            connection.putrequest(method, path)
            for name, value in headers:
                connection.putheader(name, value)
            connection.endheaders()
            response = connection.getresponse()
            body = response.read()
            return response.status, json.loads(body) if body else None
        finally:
            connection.close()

    def login(self, password=None):
        text = f"{self.values['DASHBOARD_USERNAME']}:{password or self.values['DASHBOARD_PASSWORD']}"
        return {"Authorization": "Basic " + base64.b64encode(text.encode()).decode()}

    def assert_reaches(self, path, port, upstream_path, headers=None):
        status, _, body = self.request(path, headers)
        self.assertEqual(status, 200, f"{path}: {body}")
        self.assertEqual((body["service"], body["path"]), (port, upstream_path), path)
        return body["headers"]

    def assert_refuses(self, status, path, headers=None):
        found, _, body = self.request(path, headers)
        self.assertEqual(found, status, path)
        self.assertEqual(list(body), ["message"], path)
        self.assertTrue(body["message"])


@unittest.skipUnless(images_are_there("gateway", "auth"), NEEDED)
class GatewayTests(GatewayHost):
    def test_open_routes_need_no_key(self):
        for name in ("verify", "callback", "authorize", "sso/saml/acs", "sso/saml/metadata", ".well-known/jwks.json"):
            self.assert_reaches(f"/auth/v1/{name}", AUTH, f"/{name}")
        for suffix in ("", "/auth/v1"):
            self.assert_reaches(f"/.well-known/oauth-authorization-server{suffix}", AUTH,
                                "/.well-known/oauth-authorization-server")

    def test_api_routes_take_either_key_and_nothing_else(self):
        routes = [
            ("/auth/v1/user", AUTH, "/user"), ("/rest/v1/todos", REST, "/todos"),
            ("/graphql/v1", REST, "/rpc/graphql"), ("/realtime/v1/api/broadcast", REALTIME, "/api/broadcast"),
            ("/realtime/v1/websocket", REALTIME, "/socket/websocket"),
        ]
        for path, port, upstream_path in routes:
            for key in (self.anon, self.service_role, "sb_publishable_test", "sb_secret_test", "sb_publishable_one",
                        "sb_publishable_two", "sb_secret_one", "sb_secret_two"):
                self.assert_reaches(path, port, upstream_path, {"apikey": key})
            self.assert_reaches(f"{path}?apikey={self.anon}", port, upstream_path)
            self.assert_refuses(401, path)
            self.assert_refuses(401, path, {"apikey": ""})
            self.assert_refuses(401, path, {"apikey": self.anon + "x"})
            self.assert_refuses(401, path, {"apikey": self.anon[:-1]})
            self.assert_refuses(401, path, {"apikey": "sb_publishable_one,sb_publishable_two"})
            self.assert_refuses(401, path, {"apikey": "sb_publishable_three"})
            self.assert_refuses(401, path, {"Authorization": f"Bearer {self.anon}"})
            self.assert_refuses(401, f"{path}?apikey=wrong")

    def test_reserved_routes_take_the_service_role_key_only(self):
        routes = [("/rest/v1/", REST, "/"), ("/rest/v1", REST, "/"), ("/pg/tables", META, "/tables")]
        for path, port, upstream_path in routes:
            self.assert_reaches(path, port, upstream_path, {"apikey": self.service_role})
            for key in ("sb_secret_test", "sb_secret_one", "sb_secret_two"):
                self.assert_reaches(path, port, upstream_path, {"apikey": key})
            for key in (self.anon, "sb_publishable_test", "sb_publishable_one", "sb_publishable_two"):
                self.assert_refuses(403, path, {"apikey": key})
            self.assert_refuses(401, path)

    def test_temporary_keys_are_keys_of_their_role_for_as_long_as_they_live(self):
        secret = self.values["JWT_SECRET"]
        for role in ("anon", "authenticated", "service_role"):
            key = stack.token(role, secret, exp=int(time.time()) + 60)
            for path, port, upstream_path in (("/rest/v1/todos", REST, "/todos"), ("/auth/v1/user", AUTH, "/user"),
                                              ("/realtime/v1/websocket", REALTIME, "/socket/websocket")):
                headers = self.assert_reaches(path, port, upstream_path, {"apikey": key})
                self.assertEqual((headers["authorization"], headers["apikey"]), (f"Bearer {key}", key))
                self.assert_reaches(f"{path}?apikey={key}", port, upstream_path)
            if role == "service_role":
                self.assert_reaches("/pg/tables", META, "/tables", {"apikey": key})
            else:
                self.assert_refuses(403, "/pg/tables", {"apikey": key})

    def test_temporary_keys_that_are_expired_forged_or_made_to_last_are_refused(self):
        now, secret = int(time.time()), self.values["JWT_SECRET"]
        good = stack.token("service_role", secret, iat=now, exp=now + 60)
        head, claims, signature = good.split(".")
        wanted = stack.token("service_role", secret, iat=now, exp=now + 120).split(".")[1]
        bad = {
            "expired": stack.token("service_role", secret, iat=now - 120, exp=now - 60),
            "not valid yet": stack.token("service_role", secret, iat=now, nbf=now + 600, exp=now + 900),
            "of another secret": stack.token("service_role", "another secret", iat=now, exp=now + 60),
            "with other claims": f"{head}.{wanted}.{signature}",
            "unsigned": f"eyJhbGciOiJub25lIn0.{claims}.",
            "with half a signature": f"{head}.{claims}.{signature[:20]}",
            "for years": stack.token("service_role", secret, iat=now, exp=now + 3601),
            "without an end": stack.token("service_role", secret, iat=now, exp=None),
            "of another issuer": stack.token("authenticated", secret, iss="http://x/auth/v1", exp=now + 60),
            "of an unknown role": stack.token("postgres", secret, exp=now + 60),
        }
        for name, key in bad.items():
            for path in ("/rest/v1/todos", "/pg/tables"):
                with self.subTest(name, path=path):
                    self.assert_refuses(401, path, {"apikey": key})
                    self.assert_refuses(401, f"{path}?apikey={key}")

    def test_spelling_a_path_differently_opens_nothing(self):
        for path in ("/rest/v1//", "/rest/v1/.", "/rest/v1/x/..", "/rest/v1/%2e", "/rest/v1/?select=*", "//rest/v1/",
                     "/auth/v1/../../pg/tables", "/storage/v1/../../pg/tables"):
            self.assert_refuses(403, path, {"apikey": self.anon})
        self.assert_refuses(401, "/auth/v1/verify/../admin/users")
        self.assert_refuses(401, "/auth/v1/verify/x")

    def test_closed_routes_are_closed_to_everyone(self):
        for path in ("/realtime/v1/api/tenants", "/realtime/v1/api/tenants/realtime-dev", "/realtime/v1/api/openapi",
                     "/mcp", "/api/mcp", "/api/mcp/x"):
            self.assert_refuses(403, path, {"apikey": self.service_role, **self.login()})

    def test_the_dashboard_needs_its_login_and_never_sees_it(self):
        for path in ("/", "/project/default", "/api/platform/profile"):
            self.assert_refuses(401, path)
            self.assert_refuses(401, path, self.login("wrong"))
            self.assert_refuses(401, path, {"apikey": self.service_role})
            self.assertNotIn("authorization", self.assert_reaches(path, STUDIO, path, self.login()))
        self.assertIn("Basic", self.request("/")[1]["www-authenticate"])

    def test_authorization_is_made_from_the_key_unless_the_caller_brings_a_token(self):
        def seen(headers):
            return self.assert_reaches("/auth/v1/user", AUTH, "/user", headers)["authorization"]
        user = stack.token("authenticated", "another secret")
        self.assertEqual(seen({"apikey": self.anon}), f"Bearer {self.anon}")
        self.assertEqual(seen({"apikey": self.anon, "Authorization": f"Bearer {user}"}), f"Bearer {user}")
        self.assertEqual(seen({"apikey": self.anon, "Authorization": "Bearer sb_secret_test"}), f"Bearer {self.anon}")
        self.assertEqual(seen({"apikey": "sb_secret_test"}), f"Bearer {self.service_role}")

    def test_realtime_sees_its_tenant_and_a_copy_of_the_key(self):
        headers = self.assert_reaches(f"/realtime/v1/websocket?apikey={self.anon}", REALTIME, "/socket/websocket")
        self.assertEqual(headers["host"], "realtime-dev.supabase-realtime")
        self.assertEqual(headers["x-api-key"], self.anon)

    def test_functions_get_genuine_opaque_keys_only(self):
        def reaches(headers):
            return self.assert_reaches("/functions/v1/hello", FUNCTIONS, "/hello", headers)
        self.assertNotIn("sb-api-key", reaches({"sb-api-key": "sb_secret_test"}))
        headers = reaches({"apikey": "sb_publishable_test"})
        self.assertEqual(headers["sb-api-key"], "sb_publishable_test")
        self.assertEqual(headers["authorization"], f"Bearer {self.anon}")
        self.assert_refuses(401, "/functions/v1/hello", {"apikey": "sb_secret_wrong"})
        self.assert_refuses(401, "/functions/v1/hello",
                            {"apikey": "sb_publishable_test", "Authorization": "Bearer sb_secret_test"})

    def test_storage_gets_the_token_of_an_opaque_key_and_checks_everything_else_itself(self):
        def seen(headers):
            return self.assert_reaches("/storage/v1/object/a", STORAGE, "/object/a", headers)
        user = stack.token("authenticated", "another secret")
        self.assertNotIn("authorization", seen({}))
        self.assertEqual(seen({"Authorization": f"Bearer {user}"})["authorization"], f"Bearer {user}")
        self.assertEqual(seen({"Authorization": "AWS4-HMAC-SHA256 x"})["authorization"], "AWS4-HMAC-SHA256 x")
        for key, token in (("sb_publishable_two", self.anon), ("sb_secret_two", self.service_role)):
            for headers in ({"apikey": key}, {"Authorization": f"Bearer {key}"},
                            {"apikey": key, "Authorization": f"Bearer {key}"}):
                self.assertEqual(seen(headers)["authorization"], f"Bearer {token}")
            both = seen({"apikey": key, "Authorization": f"Bearer {user}"})
            self.assertEqual((both["authorization"], both["apikey"]), (f"Bearer {user}", token))
        self.assert_refuses(401, "/storage/v1/object/a", {"apikey": "sb_secret_wrong"})
        self.assert_refuses(401, "/storage/v1/object/a", {"Authorization": "Bearer sb_secret_wrong"})

    def test_functions_and_realtime_take_web_sockets_and_nothing_else_does(self):
        handshake = [("Connection", "Upgrade"), ("Upgrade", "websocket"), ("Sec-WebSocket-Version", "13"),
                     ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="), ("apikey", self.anon)]
        for path, status in (("/functions/v1/hello", 101), ("/realtime/v1/websocket", 101), ("/rest/v1/todos", 403),
                             ("/storage/v1/object/a", 403), ("/auth/v1/user", 403)):
            self.assertEqual(self.send(path, handshake)[0], status, path)
        self.assertEqual(self.send("/realtime/v1/websocket", handshake[:-1])[0], 401)

    def test_an_escaped_slash_is_a_slash_before_a_route_is_chosen(self):
        for path, headers in (("/api%2Fmcp", self.login()), ("/api%2fmcp", self.login()), ("/api%5Cmcp", self.login()),
                              ("/mcp%2f", self.login()), ("/rest/v1%2F", {"apikey": self.anon}),
                              ("/storage/v1/..%2f..%2Fpg/tables", {"apikey": self.anon}),
                              ("/realtime/v1/api%2Ftenants", {"apikey": self.service_role})):
            self.assert_refuses(403, path, headers)
        # The same object either way, as storage itself reads it; an escaped escape stays one.
        self.assert_reaches("/storage/v1/object/a%2Fb", STORAGE, "/object/a/b")
        self.assert_reaches("/storage/v1/object/a%252Fb", STORAGE, "/object/a%252Fb")

    def test_a_credential_comes_once(self):
        bearer = f"Bearer {self.anon}"
        for path in ("/rest/v1/todos", "/rest/v1/", "/auth/v1/user", "/auth/v1/verify", "/storage/v1/object/a",
                     "/functions/v1/hello", "/pg/tables", "/realtime/v1/websocket", "/graphql/v1", "/"):
            for doubled in ([("Authorization", bearer)] * 2, [("Authorization", bearer), ("authorization", "x")],
                            [("Authorization", "Basic x"), ("Authorization", bearer)],
                            [("Authorization", f"{bearer}, {bearer}")], [("Authorization", f"{bearer},{bearer}")],
                            [("Authorization", f"Basic x, {bearer}")], [("Authorization", f"x,bearer {self.anon}")]):
                status, body = self.send(path, [("apikey", self.service_role), *doubled])
                self.assertEqual((status, body), (400, {"message": "One Authorization header, and one credential in it"}),
                                 (path, doubled))
            status, body = self.send(path, [("apikey", self.service_role), ("apikey", self.anon)])
            self.assertEqual((status, body), (400, {"message": "At most one apikey header"}), path)

    def test_the_scheme_of_a_token_is_written_in_one_way_behind_the_gateway(self):
        user = stack.token("authenticated", self.values["JWT_SECRET"], iss="http://127.0.0.1:54321/auth/v1")
        for text in ("bearer {}", "BEARER {}", "Bearer   {}", "bEaReR\t{} "):
            for path, port, upstream in (("/rest/v1/todos", REST, "/todos"), ("/storage/v1/a", STORAGE, "/a"),
                                         ("/functions/v1/a", FUNCTIONS, "/a")):
                headers = self.assert_reaches(path, port, upstream,
                                              {"apikey": "sb_publishable_one", "Authorization": text.format(user)})
                self.assertEqual(headers["authorization"], f"Bearer {user}", text)

    def test_forwarding_headers_tell_the_public_address_and_cannot_be_forged(self):
        headers = self.assert_reaches("/storage/v1/object/a%20b", STORAGE, "/object/a%20b", {
            "X-Forwarded-Prefix": "/evil", "X-Forwarded-Host": "evil.example", "X-Envoy-Original-Path": "/evil"})
        self.assertEqual(headers["x-forwarded-prefix"], "/storage/v1")
        self.assertEqual(headers["x-forwarded-host"], f"127.0.0.1:{self.port}")
        self.assertEqual(headers["x-forwarded-port"], str(self.port))
        self.assertNotIn("/evil", headers.get("x-envoy-original-path", ""))
        self.assertEqual(self.request("/storage/v1/x", {"under_score": "1"})[0], 400)

    def client(self, *forwarded):
        """Who the gateway says has sent a request with these X-Forwarded-For headers."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.putrequest("GET", "/auth/v1/verify")
            for name in ("X-Gateway-Client", "x-gateway-client"):
                connection.putheader(name, "203.0.113.9")
            for value in forwarded:
                connection.putheader("X-Forwarded-For", value)
            connection.endheaders()
            return json.loads(connection.getresponse().read())["headers"]["x-gateway-client"]
        finally:
            connection.close()

    def test_the_client_is_the_address_of_the_connection_whatever_the_client_says(self):
        connection = self.client()
        self.assertRegex(connection, r"^\d+\.\d+\.\d+\.\d+$")
        self.assertNotIn("203.0.113.9", connection)
        for forwarded in (["198.51.100.7"], ["198.51.100.7, 198.51.100.8"], ["198.51.100.7", "198.51.100.8"], [""],
                          ["junk"], ["," * 100]):
            self.assertEqual(self.client(*forwarded), connection, forwarded)
        # Every route replaces it.
        for path in ("/rest/v1/todos", "/functions/v1/a", "/storage/v1/a"):
            _, _, body = self.request(path, {"apikey": self.anon, "X-Gateway-Client": "203.0.113.9"})
            self.assertEqual(body["headers"]["x-gateway-client"], connection, path)

    def test_auth_is_told_to_count_clients_by_what_the_gateway_says(self):
        self.assertEqual(stack.environment("auth", self.values)["GOTRUE_RATE_LIMIT_HEADER"], "X-Gateway-Client")

    def test_any_origin_may_call_the_apis_but_not_the_administration(self):
        preflight = {"Origin": "https://app.example", "Access-Control-Request-Method": "POST"}
        status, headers, _ = self.request("/rest/v1/todos", preflight, "OPTIONS")
        self.assertEqual((status, headers["access-control-allow-origin"]), (200, "https://app.example"))
        for path in ("/pg/tables", "/"):
            status, headers, _ = self.request(path, preflight, "OPTIONS")
            self.assertEqual((status, headers["access-control-allow-origin"]), (401, None), path)
        for origin in ("http://localhost:3000", self.values["PUBLIC_URL"]):
            status, headers, _ = self.request("/pg/tables", {**preflight, "Origin": origin}, "OPTIONS")
            self.assertEqual((status, headers["access-control-allow-origin"]), (204, origin))
        foreign = {**preflight, "Origin": "http://localhost.evil.example"}
        status, headers, _ = self.request("/pg/tables", foreign, "OPTIONS")
        self.assertEqual((status, headers["access-control-allow-origin"]), (401, None))

    def test_the_access_log_tells_every_request_but_no_key_and_no_refused_probe(self):
        self.request("/auth/v1/probed", {"User-Agent": "supamanager-probe"})
        self.request("/auth/v1/refused")
        self.request(f"/auth/v1/logged?apikey={self.anon}")
        deadline = time.monotonic() + READY_DEADLINE_SECONDS  # Envoy writes its log once a second
        while "/auth/v1/logged" not in (log := logs(self.containers[0])):
            self.assertLess(time.monotonic(), deadline, "the request never appeared in the log")
            time.sleep(0.1)
        self.assertIn("/auth/v1/refused", log)
        self.assertNotIn("/auth/v1/probed", log)
        self.assertNotIn(self.anon, log)

    def test_does_not_start_without_its_keys(self):
        environment = stack.environment("gateway", self.values)
        for name in ("ANON_KEY", "SERVICE_ROLE_KEY", "DASHBOARD_PASSWORD", "SUPABASE_PUBLIC_URL"):
            container = self.run_gateway({**environment, name: ""})
            self.assertNotEqual(docker("wait", container), "0")
            self.assertIn(f"the variable {name} is required", logs(container))
        for value in ("-1", "11", "1.5", "one"):
            container = self.run_gateway({**environment, "GATEWAY_TRUSTED_PROXIES": value})
            self.assertNotEqual(docker("wait", container), "0")
            self.assertIn("GATEWAY_TRUSTED_PROXIES must be a number", logs(container))


@unittest.skipUnless(images_are_there("gateway", "auth"), NEEDED)
class TrustedProxyTests(GatewayHost):
    """One proxy stands in front of the gateway."""

    extra = {"GATEWAY_TRUSTED_PROXIES": "1"}

    def test_the_client_is_the_one_that_the_proxy_names_and_not_what_that_one_says(self):
        def client(forwarded):
            _, _, body = self.request("/auth/v1/verify", {"X-Forwarded-For": forwarded} if forwarded else None)
            return body["headers"]["x-gateway-client"]
        connection = client(None)
        for forwarded, expected in (
                ("198.51.100.7", "198.51.100.7"), ("203.0.113.9, 198.51.100.7", "198.51.100.7"),
                ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"), ("[2001:DB8:1:2::9]", "2001:db8:1:2::/64"),
                ("2001:db8:1:02:ffff::", "2001:db8:1:2::/64"), ("2001:db8::1", "2001:db8:0:0::/64"),
                ("::1", "0:0:0:0::/64"), ("::ffff:198.51.100.7", "198.51.100.7"),
                ("1:2:3:4:5:6:7:8:9", connection), ("1:2:3", connection), ("12345::", connection),
                ("junk", connection), ("198.51.100.7, junk", connection), ("198.51.100.7,", "198.51.100.7")):
            self.assertEqual(client(forwarded), expected, forwarded)


@unittest.skipUnless(images_are_there("gateway", "auth"), NEEDED)
class LegacyKeysDisabledTests(GatewayHost):
    """The signed keys are switched off; opaque keys and users' own tokens keep working."""

    extra = {"LEGACY_KEYS_ENABLED": "false", "GATEWAY_SERVICE_KEY": "sb_secret_of_the_manager"}

    ROUTES = (
        ("/rest/v1/todos", REST, "/todos"), ("/rest/v1/", REST, "/"), ("/graphql/v1", REST, "/rpc/graphql"),
        ("/auth/v1/user", AUTH, "/user"), ("/auth/v1/verify", AUTH, "/verify"), ("/pg/tables", META, "/tables"),
        ("/functions/v1/hello", FUNCTIONS, "/hello"), ("/storage/v1/object/a", STORAGE, "/object/a"),
        ("/realtime/v1/api/broadcast", REALTIME, "/api/broadcast"),
        ("/realtime/v1/websocket", REALTIME, "/socket/websocket"))
    ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

    def spellings(self, key):
        """Other texts that tolerant decoders read as the same signed token."""
        head, _, signature = key.rpartition(".")
        last = self.ALPHABET.index(signature[-1])
        yield key
        for bits in (1, 2, 3):  # 43 characters hold 256 bits and two that are ignored
            yield key[:-1] + self.ALPHABET[last ^ bits]
        for tail in ("=", "==", "A", "AA", ".", "%3D"):
            yield key + tail
        yield f"{head}.{signature.replace('-', '+').replace('_', '/')}="

    def assert_disabled(self, path, headers):
        self.assertEqual(self.send(path, headers), (401, {"message": "Legacy API keys are disabled"}), (path, headers))

    def test_signed_keys_are_refused_wherever_they_stand_and_however_they_are_spelled(self):
        for key in (self.anon, self.service_role):
            for path, _, _ in self.ROUTES:
                for text in self.spellings(key):
                    self.assert_disabled(path, [("apikey", text)])
                    for value in ("Bearer {}", "bearer {}", "BEARER  {}", "bEARER\t{}", "{}", "Token {}"):
                        self.assert_disabled(
                            path, [("apikey", "sb_secret_one"), ("Authorization", value.format(text))])
                    for name in ("Cookie", "x-api-key", "sb-api-key", "x-amz-security-token", "Sec-WebSocket-Protocol"):
                        self.assert_disabled(path, [("apikey", "sb_secret_one"), (name, f"a={text}")])
                for query in ("apikey={}", "x=1&apikey={}", "apikey=sb_secret_one&apikey={}", "X-Amz-Security-Token={}",
                              "%61pikey={}"):
                    escaped = key.replace("e", "%65").replace(".", "%2e")
                    for text in (key, escaped, key[:-1] + "%" + format(ord(key[-1]), "x")):
                        self.assert_disabled(f"{path}?{query.format(text)}", [("apikey", "sb_secret_one")])

    def test_no_other_long_lived_token_of_the_project_passes_for_a_key(self):
        secret, now = self.values["JWT_SECRET"], int(time.time())
        for claims in ({"exp": now + 3700}, {"exp": None}, {"iat": None}, {"iat": now - 9000, "exp": now + 60}):
            token = stack.token("service_role", secret, **claims)
            for path, _, _ in self.ROUTES:
                status, _ = self.send(path, [("apikey", "sb_secret_one"), ("Authorization", f"bearer {token}")])
                self.assertEqual(status, 401, (path, claims))
                status, _ = self.send(path, [("apikey", token)])
                self.assertEqual(status, 401, (path, claims))

    def test_a_token_with_a_spelling_that_nobody_issues_is_refused(self):
        # Whether such a token is good would depend on the decoder that reads it.
        user = stack.token("authenticated", self.values["JWT_SECRET"], iss="http://127.0.0.1:54321/auth/v1")
        for path, _, _ in self.ROUTES:
            # With more characters it is another signature, which every service refuses.
            for text in [text for text in self.spellings(user) if text != user and text[-1] not in "A."]:
                status, _ = self.send(path, [("apikey", "sb_secret_one"), ("Authorization", f"Bearer {text}")])
                self.assertEqual(status, 401, (path, text))

    def test_temporary_keys_go_on_working(self):
        key = stack.token("anon", self.values["JWT_SECRET"], exp=int(time.time()) + 60)
        self.assert_reaches("/rest/v1/todos", REST, "/todos", {"apikey": key})

    def test_opaque_keys_still_become_the_tokens_that_services_know(self):
        for key, token in (("sb_publishable_one", self.anon), ("sb_publishable_test", self.anon),
                           ("sb_secret_two", self.service_role), ("sb_secret_test", self.service_role),
                           ("sb_secret_of_the_manager", self.service_role)):
            headers = self.assert_reaches("/rest/v1/todos", REST, "/todos", {"apikey": key})
            self.assertEqual((headers["apikey"], headers["authorization"]), (token, f"Bearer {token}"))
        self.assert_reaches("/pg/tables", META, "/tables", {"apikey": "sb_secret_of_the_manager"})
        self.assert_refuses(401, "/rest/v1/todos", {"apikey": "sb_secret_wrong"})

    def test_a_users_own_token_and_open_routes_are_not_concerned(self):
        own = stack.token("authenticated", self.values["JWT_SECRET"], iss="http://127.0.0.1:54321/auth/v1",
                          exp=int(time.time()) + 604800)
        temporary = stack.token("service_role", self.values["JWT_SECRET"], exp=int(time.time()) + 60)
        foreign = stack.token("authenticated", "another secret", iss="https://login.example")
        for user in (own, temporary, foreign):
            for path, port, upstream in self.ROUTES:
                headers = self.assert_reaches(path, port, upstream,
                                              {"apikey": "sb_secret_one", "Authorization": f"Bearer {user}"})
                self.assertEqual(headers["authorization"], f"Bearer {user}")
        for other in ("AWS4-HMAC-SHA256 Credential=a/20261128/stub/s3/aws4_request, SignedHeaders=host, Signature=ab",
                      "Bearer an-opaque-token", "Token x"):
            for path in ("/storage/v1/s3/a", "/functions/v1/a"):
                self.assertEqual(self.request(path, {"Authorization": other})[2]["headers"]["authorization"], other)
        self.assert_reaches("/auth/v1/verify", AUTH, "/verify")
        self.assert_reaches("/storage/v1/object/public/a", STORAGE, "/object/public/a")


if __name__ == "__main__":
    unittest.main()
