"""What the tests of clients share: one manager for all of them, on the real engine."""

import atexit
import importlib.util
import os
import pathlib
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts" / "lib"))

from manager import Manager  # noqa: E402  (the path is set one line above)

# Terraform gives up at once when it meets one of these (provider, utils.go).
TERMINAL = {"GOING_DOWN", "INIT_FAILED", "REMOVED", "INACTIVE", "PAUSE_FAILED", "RESTORE_FAILED"}
DEADLINE_SECONDS = 180

_managers = {}


def data_plane(name):
    """A module of the data plane's own tests; `support` is the name of one here too."""
    path = ROOT / "Tests" / "DataPlane" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(f"data_plane_{name}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def binary():
    """The program under test: the one that was built last for debugging, unless told otherwise."""
    given = os.environ.get("SUPAMANAGER_BINARY")
    if given:
        return given
    return subprocess.run(["swift", "build", "--package-path", str(ROOT), "--show-bin-path"], check=True,
                          capture_output=True, text=True).stdout.strip() + "/supamanager"


def manager(**settings):
    """A manager with these settings; started once and stopped at the end, with all its projects."""
    key = tuple(sorted(settings.items()))
    if key not in _managers:
        _managers[key] = Manager(binary(), str(ROOT), **settings)
        atexit.register(_managers[key].stop)
    return _managers[key]


def until(condition, complaint, seconds=DEADLINE_SECONDS, pause=0.2):
    """Waits until a condition gives something true, and gives it."""
    end = time.monotonic() + seconds
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() > end:
            raise AssertionError(complaint)
        time.sleep(pause)
