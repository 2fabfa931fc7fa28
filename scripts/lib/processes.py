"""What processes cost, read from /proc."""

import os

TICKS = os.sysconf("SC_CLK_TCK")


class Usage:
    """CPU seconds of a process, ended children included, and its memory."""

    def __init__(self, pid):
        with open(f"/proc/{pid}/stat") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        # utime, stime, cutime, cstime: the 14th to the 17th field of the file.
        self.cpu_seconds = sum(int(field) for field in fields[11:15]) / TICKS
        with open(f"/proc/{pid}/status") as file:
            status = dict(line.split(":", 1) for line in file)
        # One that has ended and is not collected yet has no memory any more.
        self.rss_mib = int(status.get("VmRSS", "0").split()[0]) / 1024
        self.peak_mib = int(status.get("VmHWM", "0").split()[0]) / 1024


def named(*names):
    """Ids of all processes that run one of these programs."""
    found = []
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                with open(f"/proc/{entry}/comm") as file:
                    if file.read().strip() in names:
                        found.append(int(entry))
            except OSError:
                pass  # It ended meanwhile.
    return found


def cpu_seconds(pids):
    """CPU seconds of those of the processes that still run."""
    total = 0.0
    for pid in pids:
        try:
            total += Usage(pid).cpu_seconds
        except OSError:
            pass  # It ended meanwhile; its use no longer counts.
    return total


def descendants(root):
    """A process and all that it started: a manager's private database is its child."""
    parents = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                with open(f"/proc/{entry}/stat") as file:
                    parents[int(entry)] = int(file.read().rsplit(")", 1)[1].split()[1])
            except OSError:
                pass  # It ended meanwhile.
    found = {root}
    while True:
        more = {pid for pid, parent in parents.items() if parent in found} - found
        if not more:
            return found
        found |= more
