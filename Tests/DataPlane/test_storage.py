"""projectd's STORAGE API as a process: alone and behind the gateway, large bodies, clients that go, kills and restarts."""

import base64
import hashlib
import http.client
import json
import os
import shutil
import signal
import socket
import tempfile
import unittest
from pathlib import Path

from support import Cluster, Server, wait_until
from test_auth import ANON, SECRET, SERVICE

ROLES = """
CREATE ROLE supabase_storage_admin LOGIN NOINHERIT;
CREATE ROLE anon; CREATE ROLE authenticated; CREATE ROLE service_role BYPASSRLS;
GRANT anon, authenticated, service_role TO supabase_storage_admin;
CREATE SCHEMA storage AUTHORIZATION supabase_storage_admin;
"""
MIB = 1 << 20
MEMORY_MAX = 48 * MIB


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


if __name__ == "__main__":
    unittest.main()
