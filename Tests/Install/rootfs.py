"""A bare Debian to install on: a root file system of its own, in which commands run with their own mounts."""

import os
import pathlib
import shutil
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
SUITE = "bookworm"
CACHE = ROOT / ".build" / f"install-{SUITE}.tar"
ENGINE_SOCKET = "/var/run/docker.sock"
MAKE_SECONDS = 900
RUN_SECONDS = 600


def missing():
    """Why no root file system can be made here; nothing where it can."""
    if os.geteuid() != 0:
        return "needs root"
    programs = [name for name in ("debootstrap", "chroot", "unshare") if not shutil.which(name)]
    return f"without {', '.join(programs)}: no root file system can be made" if programs else None


def has_engine():
    """Whether an engine, and a program that asks it, can be reached from inside."""
    docker = shutil.which("docker")
    return bool(docker) and os.path.exists(ENGINE_SOCKET) and subprocess.run(
        [docker, "version"], capture_output=True, timeout=60).returncode == 0


class RootFS:
    """Made once by debootstrap and kept as an archive; each test gets a copy."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        if not CACHE.exists():
            self._bootstrap()
        subprocess.run(["tar", "--extract", "--file", CACHE, "--directory", self.folder, "--numeric-owner"], check=True,
                       timeout=MAKE_SECONDS)
        # No service of a package starts: nothing here would end it.
        self.write("usr/sbin/policy-rc.d", "#!/bin/sh\nexit 101\n", mode=0o755)
        shutil.copy("/etc/resolv.conf", self.folder / "etc/resolv.conf")

    def _bootstrap(self):
        made = self.folder / "made"
        mirror = os.environ.get("DEBIAN_MIRROR", "http://deb.debian.org/debian")
        subprocess.run(["debootstrap", "--variant=minbase", SUITE, made, mirror], check=True, timeout=MAKE_SECONDS,
                       stdout=subprocess.DEVNULL)
        CACHE.parent.mkdir(exist_ok=True)
        partial = CACHE.with_suffix(".partial")
        subprocess.run(["tar", "--create", "--file", partial, "--directory", made, "--numeric-owner", "."], check=True,
                       timeout=MAKE_SECONDS)
        partial.rename(CACHE)
        shutil.rmtree(made)

    def admit_engine(self):
        """What an installed Docker would have brought: its command, and the group of its socket."""
        shutil.copy(shutil.which("docker"), self.folder / "usr/bin/docker")
        group = os.stat(ENGINE_SOCKET).st_gid
        self.run(["groupadd", "--system", "--non-unique", "--gid", str(group), "docker"])

    def path(self, inside):
        return self.folder / str(inside).lstrip("/")

    def read(self, inside):
        return self.path(inside).read_text()

    def write(self, inside, text, mode=0o644):
        self.path(inside).write_text(text)
        self.path(inside).chmod(mode)

    def command(self, words, user=None, groups=None):
        """The command as the host has to start it. Its mounts end with it, and its process id is the command's own."""
        engine = f"touch '{self.folder}/run/docker.sock' && mount --bind {ENGINE_SOCKET} '{self.folder}/run/docker.sock'"
        mounts = (f"mount -t proc proc '{self.folder}/proc' && mount --bind /dev '{self.folder}/dev' && "
                  f"mount -t tmpfs tmpfs '{self.folder}/dev/shm'; [ ! -S {ENGINE_SOCKET} ] || {{ {engine}; }}")
        options = ([f"--userspec={user}"] if user else []) + ([f"--groups={groups}"] if groups else [])
        return ["unshare", "--mount", "--propagation", "private", "sh", "-c", f'{mounts}; exec chroot "$@"', "sh",
                *options, str(self.folder), *words]

    def run(self, words, check=True, environment=None, **options):
        """Runs a command as root to its end; both outputs are in `stdout`."""
        done = subprocess.run(
            self.command(words), timeout=RUN_SECONDS, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive"}
            | (environment or {}), **options)
        if check and done.returncode != 0:
            raise AssertionError(f"{words} ended with {done.returncode}:\n{done.stdout[-4000:]}")
        return done
