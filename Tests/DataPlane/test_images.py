"""Images as projectd makes them: real files, real libvips, in a process that can do nothing else."""

import json
import os
import random
import shutil
import struct
import subprocess
import tempfile
import threading
import unittest
import zlib
from pathlib import Path

from support import ROOT, Cluster, Server, vips, wait_until
from test_auth import SECRET, SERVICE
from test_storage import ROLES

MIB = 1 << 20
# Signal 0 asks whether a signal could be sent.
SIGNALS = """
#include "shim.h"
#include <signal.h>
#include <stdio.h>

static const char *word(long result) { return !result ? "0" : errno == EPERM ? "EPERM" : "another error"; }

int main(void) {
    long own = getpid(), parent = getppid();
    siginfo_t info = {.si_code = SI_QUEUE};
    if (syscall(SYS_tgkill, parent, parent, 0) || !cvips_confine()) return 1;
    printf("own %s, ", word(syscall(SYS_tgkill, own, syscall(SYS_gettid), 0)));
    printf("parent %s, ", word(syscall(SYS_tgkill, parent, parent, 0)));
    printf("high word %s, ", word(syscall(SYS_tgkill, own | 1L << 32, own, 0)));
    printf("group %s, ", word(syscall(SYS_tgkill, -1L, parent, 0)));
    printf("kill %s, ", word(syscall(SYS_kill, parent, 0)));
    printf("tkill %s, ", word(syscall(SYS_tkill, parent, 0)));
    printf("queue %s\\n", word(syscall(SYS_rt_sigqueueinfo, parent, 0, &info)));
    return fflush(stdout) != 0;
}
"""
MAGIC = {"jpeg": b"\xff\xd8\xff", "png": b"\x89PNG", "webp": b"RIFF", "avif": b"ftyp", "gif": b"GIF8"}


def chunk(name, data):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(width, height, rows, interlaced=False):
    """Red, green and blue of 8 bits; `rows` is what is compressed."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, int(interlaced))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def picture(width, height):
    return png(width, height, b"".join(
        b"\0" + bytes(value for x in range(width) for value in (x % 256, y % 256, (x * y) % 256)) for y in range(height)))


def interlaced(width, height):
    """An image that is small as a file and takes all of its pixels at once."""
    passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
    count = sum((1 + 3 * -(-(width - x) // dx)) * -(-(height - y) // dy) for x, y, dx, dy in passes)
    return png(width, height, bytes(count), interlaced=True)


def size(data):
    """Width and height of a PNG."""
    return struct.unpack(">II", data[16:24])


class Images(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster()
        cls.addClassCleanup(cls.cluster.remove)
        cls.cluster.sql(ROLES)
        cls.folder = tempfile.mkdtemp(prefix="sm-images-", dir="/tmp")
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.server = cls.start()
        cls.addClassCleanup(lambda: cls.server.stop())
        cls.ask("POST", "/bucket", json.dumps({"name": "open", "public": True}))
        cls.put("a.png", picture(400, 300))

    @classmethod
    def start(cls, **settings):
        return Server(cls.cluster, "postgres", {
            "STORAGE_DATABASE_URL":
                f"postgresql://supabase_storage_admin@127.0.0.1:{cls.cluster.port}/postgres?sslmode=disable",
            "AUTH_JWT_SECRET": SECRET, "STORAGE_FILE_BACKEND_PATH": cls.folder, "PROJECTD_IMAGE_LIBRARY": vips(),
            **settings}, only="storage")

    @classmethod
    def restart(cls, **settings):
        cls.server.stop()
        cls.server = cls.start(**settings)

    @classmethod
    def ask(cls, method, path, body=None, headers=None):
        """Status, headers and the bytes."""
        return cls.server.bytes(method, path, body, {"Authorization": f"Bearer {SERVICE}", **(headers or {})})

    @classmethod
    def put(cls, name, data):
        status, _, body = cls.ask("POST", f"/object/open/{name}", data, {"x-upsert": "true", "Content-Type": "image/png"})
        assert status == 200, body

    def render(self, name, query="", accept="*/*"):
        return self.server.bytes("GET", f"/render/image/public/open/{name}?{query}", None, {"Accept": accept})

    def made(self, name, query="", accept="*/*"):
        status, headers, data = self.render(name, query, accept)
        self.assertEqual(status, 200, data[:500])
        kind = headers["content-type"].removeprefix("image/")
        self.assertIn(MAGIC[kind], data[:12])
        return kind, data

    def refused(self, name, query="width=20"):
        status, _, body = self.render(name, query)
        answer = json.loads(body)
        self.assertEqual((status, answer["statusCode"], answer["error"]), (400, "422", "Invalid source image"), body)
        return answer["message"]

    def children(self):
        return [int(pid) for task in Path(f"/proc/{self.server.process.pid}/task").iterdir()
                for pid in (task / "children").read_text().split()]

    def test_sizes(self):
        for query, expected in {
            "width=100&height=100": (100, 100), "width=100&height=100&resize=contain": (100, 75),
            "width=100&height=10&resize=fill": (100, 10), "width=100": (100, 75), "height=30": (40, 30),
            "width=2000": (400, 300), "width=2000&height=100": (400, 100), "width=800&resize=fill": (800, 600), "": (400, 300),
        }.items():
            with self.subTest(query=query):
                kind, data = self.made("a.png", query)
                self.assertEqual((kind, size(data)), ("png", expected))

    def test_formats(self):
        """Each format is made, and read again."""
        self.assertEqual(self.made("a.png", "width=50", "image/avif,image/webp,*/*")[0], "webp")
        self.assertEqual(self.made("a.png", "width=50&format=origin", "image/webp")[0], "png")
        for kind in ("webp", "avif"):
            found, data = self.made("a.png", f"width=200&format={kind}")
            self.assertEqual(found, kind)
            self.put(f"a.{kind}", data)
            self.assertEqual(self.made(f"a.{kind}", "width=60&height=40&format=origin")[0], kind)
        small, large = (len(self.made("a.png", f"format=webp&quality={quality}")[1]) for quality in (20, 100))
        self.assertLess(small * 2, large)
        # One red pixel of each.
        self.put("a.gif", bytes.fromhex("47494638396101000100800000ff000000000021f90400000000002c00000000010001000002024401003b"))
        self.assertEqual(self.made("a.gif", "width=5")[0], "gif")

    def test_what_is_no_image(self):
        svg = b'<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10"><image href="/etc/passwd"/></svg>'
        for name, data in {"svg": svg, "tiff": b"II*\0" + bytes(100), "pdf": b"%PDF-1.7\n", "empty": b"", "text": b"hello",
                           "cut": picture(40, 30)[:30], "magic": b"\x89PNG\r\n\x1a\n" + b"x" * 100}.items():
            with self.subTest(name=name):
                self.put(name, data)
                self.refused(name)

    def test_bombs(self):
        before = self.server.memory_peak()
        self.put("wide.png", png(65_500, 65_500, bytes(1_000)))
        self.assertIn("50 megapixels", self.refused("wide.png"))
        # 48 megapixels, 147 MB at once, a few hundred KB as a file.
        self.put("deep.png", interlaced(7_000, 7_000))
        self.assertIn("128 MiB", self.refused("deep.png"))
        self.assertIn("4 megapixels", self.refused("a.png", "width=2500&height=2500&resize=fill&format=avif"))
        self.assertLess(self.server.memory_peak() - before, 24 * MIB)
        self.assertEqual(self.children(), [])
        self.assertEqual(self.made("a.png", "width=77")[0], "png", "other images are made after that")

    def test_parameters(self):
        for query, words in {"width=0": "querystring/width", "quality=5": "querystring/quality",
                             "resize=crop": "querystring/resize", "format=svg": "querystring/format"}.items():
            status, _, body = self.render("a.png", query)
            self.assertEqual((status, json.loads(body)["statusCode"]), (400, "400"))
            self.assertTrue(json.loads(body)["message"].startswith(words), body)

    def test_kept_images_are_bounded_and_leave_with_their_object(self):
        kept = Path(self.folder, "images")
        self.put("kept.png", picture(64, 64))
        self.made("kept.png", "width=32")
        version = json.loads(self.ask("GET", "/object/info/open/kept.png")[2])["version"]
        self.assertEqual([path.name.removeprefix(version)[:3] for path in kept.glob(version + "*")], ["-32"])
        self.assertEqual(self.ask("DELETE", "/object/open/kept.png")[0], 200)
        self.assertEqual(list(kept.glob(version + "*")), [])
        self.made("a.png", "width=33")
        self.restart(PROJECTD_IMAGE_CACHE_BYTES_MAX="3000")
        self.addCleanup(self.restart)
        self.assertEqual(list(kept.iterdir()), [], "what an earlier server kept is gone")
        for width in range(8, 40):
            self.made("a.png", f"width={width}")
            self.assertLessEqual(sum(path.stat().st_size for path in kept.iterdir()), 3000)
        self.assertEqual(self.made("a.png", "width=300"), self.made("a.png", "width=300"), "too large to be kept")

    def test_a_confined_process_signals_itself_alone(self):
        compiler = shutil.which("clang") or shutil.which("cc")
        self.assertIsNotNone(compiler, "the compiler that Swift comes with")
        with tempfile.TemporaryDirectory() as folder:
            program = str(Path(folder, "signals"))
            subprocess.run([compiler, "-x", "c", "-D_GNU_SOURCE", "-I", str(ROOT / "Sources/Kits/CVips"), "-o", program,
                            "-", "-ldl"], input=SIGNALS, text=True, check=True)
            output = subprocess.run([program], capture_output=True, text=True, check=True).stdout
        self.assertEqual(output, "own 0, parent EPERM, high word EPERM, group EPERM, kill EPERM, tkill EPERM, queue EPERM\n")

    def test_a_slow_image_ends_in_time_and_is_confined_meanwhile(self):
        self.restart(PROJECTD_IMAGE_SECONDS="2", PROJECTD_IMAGE_MEMORY_MIB="1024")
        self.addCleanup(self.restart)
        noise = random.Random(1)
        self.put("noise.png", png(1_990, 1_990, b"".join(b"\0" + noise.randbytes(3 * 1_990) for _ in range(1_990))))
        answers = []
        thread = threading.Thread(target=lambda: answers.append(self.render("noise.png", "format=avif&quality=100")))
        thread.start()

        def confined():
            for pid in self.children():
                try:
                    status = Path(f"/proc/{pid}/status").read_text()
                    limits = Path(f"/proc/{pid}/limits").read_text()
                    environment = Path(f"/proc/{pid}/environ").read_bytes()
                except OSError:
                    continue
                if "Seccomp:\t2" in status:
                    return "NoNewPrivs:\t1" in status and f"{1024 * MIB}" in limits and b"SECRET" not in environment
            return False

        wait_until(confined, "the process is confined")
        thread.join()
        status, _, body = answers[0]
        self.assertEqual((status, json.loads(body)["message"]), (400, "The image cannot be transformed: it takes longer than 2 s"))
        wait_until(lambda: self.children() == [], "the process is gone")
        self.assertEqual([path.name for path in Path(self.folder, "images").glob("made-*")], [])


if __name__ == "__main__":
    unittest.main()
