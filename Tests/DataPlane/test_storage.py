"""projectd's STORAGE API as a process: alone and behind the gateway, large bodies, clients that go, kills and restarts."""

import base64
import hashlib
import hmac
import http.client
import json
import os
import shutil
import signal
import socket
import tempfile
import time
import unittest
from pathlib import Path
from urllib.parse import quote

from support import Cluster, Server, wait_until
from test_auth import ANON, SECRET, SERVICE, token

ROLES = """
CREATE ROLE supabase_storage_admin LOGIN NOINHERIT;
CREATE ROLE anon; CREATE ROLE authenticated; CREATE ROLE service_role BYPASSRLS;
GRANT anon, authenticated, service_role TO supabase_storage_admin;
CREATE SCHEMA storage AUTHORIZATION supabase_storage_admin;
CREATE ROLE supabase_auth_admin LOGIN NOINHERIT; CREATE ROLE authenticator LOGIN NOINHERIT;
GRANT anon, authenticated, service_role TO authenticator;
CREATE SCHEMA auth AUTHORIZATION supabase_auth_admin;
"""
MIB = 1 << 20
MEMORY_MAX = 48 * MIB
USER = token(role="authenticated", sub="11111111-2222-4333-8444-555555555555", iat=1, exp=1 << 33)
EMPTY = hashlib.sha256(b"").hexdigest()


def sigv4(port, method, path, key, token=None, presigned=False):
    """Target and headers of a request that is signed as S3's clients do it."""
    moment = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    scope = f"{moment[:8]}/us-east-1/s3/aws4_request"
    headers = {"host": f"127.0.0.1:{port}"}
    query = {}
    if presigned:
        query = {"X-Amz-Algorithm": "AWS4-HMAC-SHA256", "X-Amz-Credential": f"{key[0]}/{scope}", "X-Amz-Date": moment,
                 "X-Amz-Expires": "60", "X-Amz-SignedHeaders": "host"}
        if token:
            query["X-Amz-Security-Token"] = token
    else:
        headers |= {"x-amz-content-sha256": EMPTY, "x-amz-date": moment}
        if token:
            headers["x-amz-security-token"] = token
    text = "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in sorted(query.items()))
    names = ";".join(sorted(headers))
    request = "\n".join([method, path, text, *(f"{name}:{headers[name]}" for name in sorted(headers)), "", names,
                         "UNSIGNED-PAYLOAD" if presigned else EMPTY])
    signing = f"AWS4{key[1]}".encode()
    for part in scope.split("/"):
        signing = hmac.digest(signing, part.encode(), "sha256")
    summary = "\n".join(["AWS4-HMAC-SHA256", moment, scope, hashlib.sha256(request.encode()).hexdigest()])
    signature = hmac.new(signing, summary.encode(), "sha256").hexdigest()
    if presigned:
        return f"{path}?{text}&X-Amz-Signature={signature}", headers
    headers["authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={key[0]}/{scope}, SignedHeaders={names}, Signature={signature}")
    return path, headers


class StorageProcess(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster()
        cls.addClassCleanup(cls.cluster.remove)
        cls.cluster.sql(ROLES)
        cls.folder = tempfile.mkdtemp(prefix="sm-storage-", dir="/tmp")
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.server = cls.start()
        cls.addClassCleanup(lambda: cls.server.stop())
        cls.call("POST", "/bucket", {"name": "docs"})

    @classmethod
    def start(cls, only="storage", **settings):
        return Server(cls.cluster, "postgres", {
            "STORAGE_DATABASE_URL":
                f"postgresql://supabase_storage_admin@127.0.0.1:{cls.cluster.port}/postgres?sslmode=disable",
            "AUTH_JWT_SECRET": SECRET, "STORAGE_FILE_BACKEND_PATH": cls.folder, "FILE_SIZE_LIMIT": str(1 << 30),
            "S3_PROTOCOL_ACCESS_KEY_ID": "key", "S3_PROTOCOL_ACCESS_KEY_SECRET": "secret", **settings}, only=only)

    @classmethod
    def call(cls, method, path, body=None, headers=None):
        own = {"Authorization": f"Bearer {SERVICE}", **(headers or {})}
        if isinstance(body, dict):
            own["Content-Type"] = "application/json"
        return cls.server.request(method, path, body, own)

    def files(self, folder):
        return [path for path in (Path(self.folder) / folder).rglob("*") if path.is_file()]

    def memory(self):
        """The most memory that the process has had, in bytes."""
        for line in Path(f"/proc/{self.server.process.pid}/status").read_text().splitlines():
            if line.startswith("VmHWM"):
                return int(line.split()[1]) << 10
        raise AssertionError("no VmHWM")

    def test_object_round(self):
        status, _, body = self.call("POST", "/object/docs/round.txt", b"hello", {"Content-Type": "text/plain"})
        self.assertEqual(status, 200, body)
        status, headers, body = self.call("GET", "/object/docs/round.txt")
        self.assertEqual((status, body, headers["content-type"]), (200, "hello", "text/plain"))
        status, headers, _ = self.call("HEAD", "/object/docs/round.txt")
        self.assertEqual((status, headers["content-length"]), (200, "5"))
        status, headers, body = self.call("GET", "/object/docs/round.txt", headers={"Range": "bytes=1-3"})
        self.assertEqual((status, body, headers["content-range"]), (206, "ell", "bytes 1-3/5"))
        status, _, body = self.call("GET", "/object/docs/none")
        self.assertEqual((status, json.loads(body)["statusCode"]), (400, "404"))

    def test_large_object_needs_no_memory_of_its_size(self):
        before = self.memory()
        size = 256 * MIB
        piece = os.urandom(MIB)
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=120)
        connection.putrequest("POST", "/object/docs/large")
        for name, value in {"Authorization": f"Bearer {SERVICE}", "Content-Length": str(size)}.items():
            connection.putheader(name, value)
        connection.endheaders()
        for _ in range(size // MIB):
            connection.send(piece)
        answer = connection.getresponse()
        self.assertEqual(answer.status, 200, answer.read())
        answer.read()
        connection.request("GET", "/object/docs/large", headers={"Authorization": f"Bearer {SERVICE}"})
        answer = connection.getresponse()
        digest, count = hashlib.sha256(), 0
        while data := answer.read(MIB):
            digest.update(data)
            count += len(data)
        connection.close()
        self.assertEqual((count, digest.hexdigest()), (size, hashlib.sha256(piece * (size // MIB)).hexdigest()))
        self.assertLess(self.memory() - before, MEMORY_MAX)
        self.assertEqual(self.call("DELETE", "/object/docs/large")[0], 200)

    def test_client_that_goes_leaves_nothing(self):
        with socket.create_connection(("127.0.0.1", self.server.port)) as client:
            client.sendall(
                f"POST /object/docs/gone HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {SERVICE}\r\n"
                f"Content-Length: {8 * MIB}\r\n\r\n".encode() + bytes(MIB))
            wait_until(lambda: self.files("incoming"), "the upload has begun")
        wait_until(lambda: not self.files("incoming"), "the upload is put away")
        self.assertEqual(self.call("GET", "/object/docs/gone")[0], 400)

    def test_resumable_upload_survives_a_kill(self):
        value = lambda text: base64.b64encode(text.encode()).decode()  # noqa: E731  (a word for the next lines)
        tus = {"Tus-Resumable": "1.0.0"}
        data = os.urandom(3 * MIB)
        status, headers, body = self.call("POST", "/upload/resumable", b"", {
            **tus, "Upload-Length": str(len(data)),
            "Upload-Metadata": f"bucketName {value('docs')},objectName {value('resumed')}"})
        self.assertEqual(status, 201, body)
        path = "/upload" + headers["location"].split("/upload", 1)[1]
        patch = {**tus, "Content-Type": "application/offset+octet-stream"}
        status, headers, body = self.call("PATCH", path, data[:MIB], {**patch, "Upload-Offset": "0"})
        self.assertEqual((status, headers["upload-offset"]), (204, str(MIB)), body)
        self.server.process.send_signal(signal.SIGKILL)
        self.server.process.wait()
        type(self).server = self.start()
        status, headers, _ = self.call("HEAD", path, headers=tus)
        self.assertEqual((status, headers["upload-offset"]), (200, str(MIB)))
        status, headers, body = self.call("PATCH", path, data[MIB:], {**patch, "Upload-Offset": str(MIB)})
        self.assertEqual(status, 204, body)
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=60)
        connection.request("GET", "/object/docs/resumed", headers={"Authorization": f"Bearer {SERVICE}"})
        self.assertEqual(connection.getresponse().read(), data)
        connection.close()

    def test_chunked_body_without_length(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=60)
        connection.request("POST", "/object/docs/chunked", iter([b"one", b"two"]),
                           {"Authorization": f"Bearer {SERVICE}"}, encode_chunked=True)
        self.assertEqual(connection.getresponse().status, 200)
        connection.close()
        self.assertEqual(self.call("GET", "/object/docs/chunked")[2], "onetwo")

    def test_missing_and_bad_tokens(self):
        status, _, body = self.server.request("GET", "/bucket")
        self.assertEqual((status, json.loads(body)["error"]), (400, "Error"))
        status, _, body = self.server.request("GET", "/bucket", headers={"Authorization": "Bearer x"})
        self.assertEqual((status, json.loads(body)["error"]), (400, "Unauthorized"))
        status, _, body = self.server.request("GET", "/bucket", headers={"Authorization": f"Bearer {ANON}"})
        self.assertEqual((status, body), (200, "[]"))

    def test_all_objects_together_have_a_limit(self):
        with tempfile.TemporaryDirectory(prefix="sm-storage-", dir="/tmp") as folder:
            settings = {"STORAGE_FILE_BACKEND_PATH": folder, "PROJECTD_STORAGE_BYTES_MAX": str(3 * MIB)}
            admin = {"Authorization": f"Bearer {SERVICE}"}
            server = self.start(**settings)
            self.assertEqual(server.request("POST", "/object/docs/limited", bytes(2 * MIB), admin)[0], 200)
            server.stop()
            # What is there counts after a restart.
            server = self.start(**settings)
            self.addCleanup(server.stop)
            status, _, body = server.request("POST", "/object/docs/more", bytes(2 * MIB), admin)
            self.assertEqual((status, json.loads(body)["statusCode"]), (400, "413"))
            self.assertEqual(server.request("DELETE", "/object/docs/limited", headers=admin)[0], 200)
            self.assertEqual(server.request("POST", "/object/docs/more", bytes(2 * MIB), admin)[0], 200)
            self.assertEqual(server.request("DELETE", "/object/docs/more", headers=admin)[0], 200)

    def test_new_secret_signs_addresses_after_sighup(self):
        with tempfile.NamedTemporaryFile("w+", prefix="sm-secret-", dir="/tmp") as file:
            file.write(SECRET)
            file.flush()
            server = self.start(AUTH_JWT_SECRET="@" + file.name)
            self.addCleanup(server.stop)
            admin = {"Authorization": f"Bearer {SERVICE}"}
            self.assertEqual(server.request("POST", "/object/docs/hup", b"hello", admin)[0], 200)
            old = json.loads(server.request("POST", "/object/sign/docs/hup", {"expiresIn": 60}, admin)[2])["signedURL"]
            self.assertEqual(server.request("GET", old)[2], "hello")
            file.seek(0)
            file.write(SECRET.replace("3", "4"))
            file.flush()
            server.process.send_signal(signal.SIGHUP)
            wait_until(lambda: server.request("GET", "/bucket", headers=admin)[0] == 400, "the old secret is gone")
            status, _, body = server.request("GET", old)
            self.assertEqual((status, json.loads(body)["error"]), (400, "InvalidSignature"))
            admin = {"Authorization": f"Bearer {token(SECRET.replace('3', '4'), role='service_role')}"}
            status, _, body = server.request("POST", "/object/sign/docs/hup", {"expiresIn": 60}, admin)
            self.assertEqual(server.request("GET", json.loads(body)["signedURL"])[2], "hello")
            # Without a secret no address can be signed: the one of before stays.
            file.seek(0)
            file.truncate()
            file.write('{"keys":[]}')
            file.flush()
            server.process.send_signal(signal.SIGHUP)
            time.sleep(0.5)
            self.assertEqual(server.request("GET", "/bucket", headers=admin)[0], 200)


class StorageBehindGateway(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster()
        cls.addClassCleanup(cls.cluster.remove)
        cls.cluster.sql(ROLES)
        cls.folder = tempfile.mkdtemp(prefix="sm-storage-", dir="/tmp")
        cls.addClassCleanup(shutil.rmtree, cls.folder)

    def serve(self, **settings):
        address = f"127.0.0.1:{self.cluster.port}/postgres"
        server = Server(self.cluster, "postgres", {
            "STORAGE_DATABASE_URL": f"postgresql://supabase_storage_admin@{address}",
            "GOTRUE_DB_DATABASE_URL": f"postgresql://supabase_auth_admin@{address}", "PGRST_DB_ANON_ROLE": "anon",
            "PGRST_JWT_SECRET": SECRET, "GOTRUE_JWT_SECRET": SECRET, "API_EXTERNAL_URL": "http://127.0.0.1:9999",
            "GOTRUE_SITE_URL": "http://site.example", "SUPABASE_ANON_KEY": ANON, "SUPABASE_SERVICE_ROLE_KEY": SERVICE,
            "SUPABASE_SECRET_KEY": "sb_secret_1", "STORAGE_FILE_BACKEND_PATH": self.folder, "TENANT_ID": "project",
            "S3_PROTOCOL_ACCESS_KEY_ID": "key", "S3_PROTOCOL_ACCESS_KEY_SECRET": "secret", **settings},
            user="authenticator", only=None)
        self.addCleanup(server.stop)
        return server

    def s3(self, server, method, path, key=("key", "secret"), token=None, presigned=False, **more):
        target, headers = sigv4(server.port, method, "/storage/v1/s3" + path, key, token, presigned)
        status, _, body = server.request(method, target, headers={**headers, **more})
        return status, body

    def test_requests_signed_in_the_header(self):
        server = self.serve()
        self.assertEqual(self.s3(server, "PUT", "/signed")[0], 200)
        status, body = self.s3(server, "GET", "/")
        self.assertIn("<Name>signed</Name>", body)
        # A key of the project beside the signature changes nothing.
        self.assertEqual(self.s3(server, "GET", "/", apikey=ANON), (200, body))
        self.assertEqual(self.s3(server, "GET", "/", presigned=True), (200, body))
        status, body = self.s3(server, "GET", "/", key=("key", "other"))
        self.assertEqual(status, 403)
        self.assertIn("SignatureDoesNotMatch", body)
        # Anything else in the header is no signature, and none counts outside of S3.
        for value in (SERVICE, f"AWS4-HMAC-SHA256 {SERVICE}", f"AWS4-HMAC-SHA256\t{SERVICE}", f"Basic {SERVICE}"):
            self.assertIn(server.request("GET", "/storage/v1/s3/", headers={"Authorization": value})[0], (400, 401, 403))
        _, headers = sigv4(server.port, "GET", "/storage/v1/bucket", ("key", "secret"))
        for value in (SERVICE, headers["authorization"], f"AWS4-HMAC-SHA256 {SERVICE}"):
            status, _, body = server.request("GET", "/storage/v1/bucket", headers={**headers, "authorization": value})
            self.assertEqual((status, json.loads(body)["message"]),
                             (400, "headers must have required property 'authorization'"))

    def test_session_tokens_of_keys_that_are_off(self):
        session = ("project", ANON)
        server = self.serve()
        self.assertEqual(self.s3(server, "PUT", "/session", session, SERVICE)[0], 200)
        self.assertIn("<Name>session</Name>", self.s3(server, "GET", "/", session, SERVICE, presigned=True)[1])
        status, body = self.s3(server, "GET", "/", session, USER)
        self.assertEqual(status, 200)
        self.assertNotIn("<Name>", body.replace("<Owner>", ""))
        server = self.serve(PROJECTD_LEGACY_KEYS="false")
        for token in (SERVICE, SERVICE + "=", ANON, USER):
            for presigned in (False, True):
                status, body = self.s3(server, "GET", "/", session, token, presigned)
                self.assertEqual(status, 403, body)
        self.assertIn("<Name>session</Name>", self.s3(server, "GET", "/")[1])
        for headers in ({"Authorization": f"Bearer {SERVICE}"}, {"Authorization": SERVICE}, {"apikey": SERVICE}):
            self.assertIn(server.request("GET", "/storage/v1/bucket", headers=headers)[0], (400, 401))
        self.assertEqual(server.request("GET", "/storage/v1/bucket", headers={"apikey": "sb_secret_1"})[0], 200)


if __name__ == "__main__":
    unittest.main()
