"""The package on a bare Debian without Swift: installed, used, upgraded, removed and purged."""

import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import tempfile
import time
import unittest
import urllib.request

from rootfs import ROOT, RootFS, has_engine, missing
from unit import Unit

UNIT = "/lib/systemd/system/supamanager.service"
DATA = "/var/lib/supamanager"
PACKAGE_SECONDS = 3600
PROJECT_SECONDS = 180


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def docker(*words):
    return subprocess.run(["docker", *words], capture_output=True, text=True, check=True, timeout=60).stdout.split()


@unittest.skipIf(missing(), missing())
class PackageTests(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="sminstall", dir="/var/tmp")
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        os.chmod(cls.folder, 0o755)
        if "SUPAMANAGER_PACKAGE" in os.environ:
            shutil.copy(os.environ["SUPAMANAGER_PACKAGE"], cls.folder)
        else:
            subprocess.run([ROOT / "scripts/package", "--output", cls.folder], check=True, timeout=PACKAGE_SECONDS)
        cls.packages = [name for name in os.listdir(cls.folder) if name.endswith(".deb")]
        cls.packages.append(cls.newer(cls.packages[0]))
        cls.has_engine = has_engine()
        root = os.path.join(cls.folder, "root")
        os.mkdir(root)
        cls.rootfs = RootFS(root)
        if cls.has_engine:
            cls.rootfs.admit_engine()
            cls.lend_data_folder()
            cls.present = set(docker("image", "ls", "--format", "{{.Repository}}:{{.Tag}}", "supamanager/*"))
        for package in cls.packages:
            shutil.copy(os.path.join(cls.folder, package), cls.rootfs.path("/root"))

    @classmethod
    def lend_data_folder(cls):
        """The engine mounts folders of projects by their paths and is outside: there a link leads to them."""
        if os.path.lexists(DATA):
            raise unittest.SkipTest(f"{DATA} of this machine is in use: its folders would be mounted")
        os.symlink(cls.rootfs.path(DATA), DATA)
        cls.addClassCleanup(os.unlink, DATA)

    @classmethod
    def newer(cls, package):
        """The same as a later revision: what differs between two versions is not the package's matter."""
        contents = os.path.join(cls.folder, "newer")
        subprocess.run(["dpkg-deb", "--raw-extract", os.path.join(cls.folder, package), contents], check=True, timeout=300)
        control = os.path.join(contents, "DEBIAN/control")
        with open(control) as file:
            text = file.read()
        with open(control, "w") as file:
            file.write(re.sub(r"(?m)^(Version: .*-)1$", r"\g<1>2", text))
        name = "newer_" + package
        subprocess.run(["dpkg-deb", "--root-owner-group", "-Zgzip", "-z1", "--build", contents,
                        os.path.join(cls.folder, name)], check=True, timeout=300, stdout=subprocess.DEVNULL)
        return name

    def run_inside(self, *words, **options):
        return self.rootfs.run(list(words), **options).stdout

    def files_of_ours(self):
        found = self.run_inside("find", "/", "-xdev", "(", "-path", "/proc", "-o", "-path", "/sys", "-o", "-path", "/dev",
                                "-o", "-path", "/root", "-o", "-path", "/var/cache", "-o", "-path", "/var/log", ")",
                                "-prune", "-o", "-name", "*supamanager*", "-print").split()
        return sorted(found)

    def command_line(self, *words, **options):
        token = self.rootfs.read(DATA + "/admin-token").strip()
        return self.run_inside("supamanager", *words, environment={
            "SUPAMANAGER_API_URL": self.unit.address, "SUPAMANAGER_ACCESS_TOKEN": token}, **options)

    def containers(self, ref):
        """Identity and start of each container of a project."""
        ids = docker("ps", "--all", "--quiet", "--no-trunc", "--filter", f"label=supamanager.project={ref}")
        return sorted(docker("inspect", "--format", "{{.Id}}={{.State.StartedAt}}", *ids)) if ids else []

    def test_the_life_of_an_installation(self):
        self.install()
        self.unit = Unit(self.rootfs, UNIT)
        self.addCleanup(self.unit.stop)
        self.unit.start()
        self.check_first_run()
        if not self.has_engine:
            print("without an engine: no project was created")
            return self.check_purge_without_docker()
        self.addCleanup(self.remove_images)
        self.addCleanup(self.sweep)
        ref = self.create_project()
        before = self.containers(ref)
        self.assertEqual(len(before), 3)
        self.upgrade()
        self.assertEqual(self.containers(ref), before)
        self.check_backup()
        self.check_purge_with_a_project(ref, before)
        self.command_line("projects", "delete", ref, "--yes", "--destroy-volumes")
        self.assertEqual(self.containers(ref), [])
        self.check_purge_without_projects()

    def install(self):
        self.run_inside("apt-get", "update", "--quiet=2")
        self.run_inside("apt-get", "install", "--yes", "--quiet=2", "--no-install-recommends", f"/root/{self.packages[0]}")
        self.assertEqual(self.run_inside("find", "/usr", "/opt", "-name", "libswift*"), "")
        self.assertEqual(self.run_inside("dpkg", "--verify", "supamanager"), "")
        self.assertIn("supamanager", self.run_inside("supamanager", "--help"))
        for file in ("/usr/share/man/man1/supamanager.1.gz", "/usr/share/bash-completion/completions/supamanager",
                     "/usr/share/zsh/vendor-completions/_supamanager", "/usr/share/fish/vendor_completions.d/supamanager.fish",
                     "/usr/share/doc/supamanager/copyright", "/usr/share/supamanager/Templates/lite/compose.yaml",
                     "/etc/systemd/system/multi-user.target.wants/supamanager.service"):
            self.assertTrue(os.path.lexists(self.rootfs.path(file)), file)
        self.assertIn("docker" if self.has_engine else "supamanager", self.run_inside("id", "-Gn", "supamanager").split())
        self.check_unit()

    def check_unit(self):
        if not shutil.which("systemd-analyze"):
            print("without systemd-analyze: the unit was not verified")
            return
        # The units that systemd itself brings: the bare system has none.
        units = self.rootfs.path("/lib/systemd/system")
        lent = [unit for kind in ("*.target", "*.slice", "*.socket") for unit in pathlib.Path("/lib/systemd/system").glob(kind)
                if not os.path.lexists(units / unit.name)]
        for unit in lent:
            shutil.copy(unit, units, follow_symlinks=False)
        done = subprocess.run(
            ["systemd-analyze", "verify", "--man=no", f"--root={self.rootfs.folder}", "supamanager.service"],
            capture_output=True, text=True, timeout=60)
        for unit in lent:
            (units / unit.name).unlink()
        self.assertEqual([line for line in done.stderr.splitlines() if "supamanager" in line], [], done.stderr)

    def check_first_run(self):
        port = free_port()
        self.unit.stop()
        settings = self.rootfs.path("/etc/supamanager/supamanager.env")
        with open(settings, "a") as file:
            file.write(f"SUPAMANAGER_LISTEN=127.0.0.1:{port}\nSUPAMANAGER_SUBNET_POOL=10.203.0.0/17\n")
        self.unit.start()
        with urllib.request.urlopen(self.unit.address + "/", timeout=30) as page:
            text = page.read().decode()
        self.assertIn("<html", text)
        self.assertIn("admin-token", text)
        self.assertEqual(self.rootfs.path(DATA + "/admin-token").stat().st_mode & 0o777, 0o600)

    def remove_images(self):
        """The images that this installation made: its stacks name them."""
        for image in sorted(set(re.findall(r"image: (supamanager/\S+)", self.stacks)) - self.present):
            docker("image", "rm", image)

    def create_project(self):
        self.stacks = self.rootfs.read(DATA + "/stacks/lite/compose.yaml")
        ref = json.loads(self.command_line("projects", "create", "shop", "--stack", "lite", "--json"))["ref"]
        end = time.monotonic() + PROJECT_SECONDS
        while json.loads(self.command_line("projects", "get", ref, "--json"))["status"] != "ACTIVE_HEALTHY":
            self.assertLess(time.monotonic(), end, "the project did not become active")
            time.sleep(0.5)
        return ref

    def upgrade(self):
        """A newer package, while the manager runs; then the restart that its script asks systemd for."""
        settings = self.rootfs.read("/etc/supamanager/supamanager.env")
        self.run_inside("dpkg", "--force-confold", "--install", f"/root/{self.packages[1]}")
        self.unit.stop()
        self.unit.start()
        self.assertEqual(self.rootfs.read("/etc/supamanager/supamanager.env"), settings)
        self.assertIn('"shop"', self.command_line("projects", "list", "--json"))
        time.sleep(3)

    def check_backup(self):
        self.run_inside("supamanager", "backup", "/root/manager.backup")
        self.assertEqual(self.rootfs.path("/root/manager.backup").stat().st_mode & 0o777, 0o600)
        self.assertIn("is whole", self.run_inside("supamanager", "restore", "--check", "/root/manager.backup"))
        # Root made it, and nothing in the folder that the manager could not use any more.
        owners = self.run_inside("find", DATA, "-not", "-user", "supamanager").split()
        self.assertEqual(owners, [])

    def check_purge_with_a_project(self, ref, before):
        self.unit.stop()
        self.assertIn("Kept: the settings", self.run_inside("dpkg", "--remove", "supamanager"))
        self.assertEqual(self.containers(ref), before)
        text = self.run_inside("dpkg", "--purge", "supamanager")
        self.assertIn("Kept, since projects", text)
        self.assertFalse(self.rootfs.path("/etc/supamanager").exists())
        self.assertEqual(self.files_of_ours(), [DATA])
        self.assertEqual(self.containers(ref), before)
        # Installed again, it finds what it left.
        self.run_inside("dpkg", "--install", f"/root/{self.packages[1]}")
        with open(self.rootfs.path("/etc/supamanager/supamanager.env"), "a") as file:
            file.write(f"SUPAMANAGER_LISTEN=127.0.0.1:{free_port()}\nSUPAMANAGER_SUBNET_POOL=10.203.0.0/17\n")
        self.unit.start()
        self.assertEqual(json.loads(self.command_line("projects", "get", ref, "--json"))["status"], "ACTIVE_HEALTHY")
        self.assertEqual(self.containers(ref), before)

    def check_purge_without_projects(self):
        self.unit.stop()
        text = self.run_inside("dpkg", "--purge", "supamanager")
        self.assertIn("there were no projects", text)
        self.assertEqual(self.files_of_ours(), [])
        self.assertNotEqual(self.rootfs.run(["id", "supamanager"], check=False).returncode, 0)

    def check_purge_without_docker(self):
        self.unit.stop()
        text = self.run_inside("dpkg", "--purge", "supamanager")
        self.assertIn("Docker does not answer", text)
        self.assertEqual(self.files_of_ours(), [DATA])
        self.assertTrue(self.rootfs.path(DATA + "/master.key").exists())

    def sweep(self):
        """What a test that failed has left on the engine: of its own installation, and nothing else."""
        file = self.rootfs.path(DATA + "/installation")
        if not file.exists():
            return
        label = f"label=supamanager.installation={file.read_text().strip()}"
        for words in (["ps", "--all", "--quiet"], ["volume", "ls", "--quiet"], ["network", "ls", "--quiet"]):
            found = docker(*words, "--filter", label)
            kind = {"ps": ["rm", "--force"], "volume": ["volume", "rm"], "network": ["network", "rm"]}[words[0]]
            if found:
                docker(*kind, *found)


if __name__ == "__main__":
    unittest.main()
