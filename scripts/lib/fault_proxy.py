"""Proxies that inject faults: between a manager and its Docker Engine (engine_proxy) or its PostgreSQL (postgres_proxy).

A proxy listens on a Unix socket, forwards every call to the real server, and keeps a log of the calls. Rules decide
which calls get a fault, and which; what a rule runs while a call is held – killing the manager, say – is up to the test.
"""

import contextlib
import dataclasses
import os
import socket
import threading
import time

# Longest time that a held call or a connection attempt may take.
CONNECT_SECONDS = 10
PIECE_BYTES = 65536


@dataclasses.dataclass
class Call:
    """One call as it was seen: what was asked, and when."""
    kind: str
    text: str
    changes: bool
    time: float = dataclasses.field(default_factory=time.monotonic)

    def __str__(self):
        return self.text


class Drop(Exception):
    """Ends the exchange without an answer."""


class Rule:
    """A fault for the calls that `wanted` picks, the first `times` of them; for all when `times` is None."""

    def __init__(self, wanted=lambda call: True, *, before=None, after=None, change=None, times=None):
        self.wanted, self.before, self.after, self.change = wanted, before, after, change
        self.left = times
        self.hits = 0

    def take(self, call):
        if self.left == 0 or not self.wanted(call):
            return False
        if self.left is not None:
            self.left -= 1
        self.hits += 1
        return True


def drop(*_):
    """As `before`: the call never arrives. As `after`: it was done, and the answer is lost."""
    raise Drop


def delay(seconds):
    """As `before` or `after`: a slow server."""
    return lambda *_: time.sleep(seconds)


class FaultProxy:
    """What both proxies share: the sockets, the rules and the log."""

    def __init__(self, path, upstream):
        self.path, self.upstream = path, upstream
        self.calls, self.rules = [], []
        self.lock = threading.Lock()
        self.frozen = threading.Event()
        self.connections = set()
        self.listener = None
        self.is_closed = False
        self.accept()

    # -- control

    def accept(self):
        """Takes connections (again)."""
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.path)
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(self.path)
        os.chmod(self.path, 0o666)
        listener.listen(256)
        self.listener = listener
        threading.Thread(target=self.serve, args=(listener,), daemon=True).start()

    def refuse(self):
        """Refuses connections and cuts off those that are open, as a server that is not running."""
        listener, self.listener = self.listener, None
        if listener:
            # A thread that waits in accept() keeps the socket alive; shutting it down wakes it.
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        self.cut()

    def cut(self):
        """Cuts off every open connection."""
        with self.lock:
            open_now = list(self.connections)
        for one in open_now:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def close(self):
        self.is_closed = True
        self.frozen.clear()
        self.refuse()
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.path)

    @contextlib.contextmanager
    def refusing(self):
        """No server for the length of a block."""
        self.refuse()
        try:
            yield
        finally:
            self.accept()

    @contextlib.contextmanager
    def rule(self, *arguments, **options):
        """A rule for the length of a block."""
        added = Rule(*arguments, **options)
        with self.lock:
            self.rules.append(added)
        try:
            yield added
        finally:
            with self.lock:
                self.rules.remove(added)

    def log_from(self, mark):
        """Calls from a length of the log on."""
        with self.lock:
            return self.calls[mark:]

    def mark(self):
        with self.lock:
            return len(self.calls)

    @property
    def open_connections(self):
        with self.lock:
            return len(self.connections) // 2

    # -- for the protocols

    def note(self, call):
        """Logs a call and gives the rules for it."""
        with self.lock:
            self.calls.append(call)
            return [rule for rule in self.rules if rule.take(call)]

    def serve(self, listener):
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self.guard, args=(client,), daemon=True).start()

    def guard(self, client):
        server = socket.socket(socket.AF_UNIX)
        with self.lock:
            self.connections |= {client, server}
        try:
            server.settimeout(CONNECT_SECONDS)
            server.connect(self.upstream)
            server.settimeout(None)
            self.exchange(client, server)
        except (Drop, OSError, EOFError):
            pass
        finally:
            with self.lock:
                self.connections -= {client, server}
            for one in (client, server):
                with contextlib.suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)
                one.close()

    def exchange(self, client, server):
        raise NotImplementedError


class Reader:
    """Exact amounts from a socket."""

    def __init__(self, source):
        self.source, self.kept = source, b""

    def more(self):
        piece = self.source.recv(PIECE_BYTES)
        if not piece:
            raise EOFError
        self.kept += piece

    def exactly(self, count):
        while len(self.kept) < count:
            self.more()
        taken, self.kept = self.kept[:count], self.kept[count:]
        return taken

    def until(self, mark):
        while mark not in self.kept:
            self.more()
        taken, _, self.kept = self.kept.partition(mark)
        return taken + mark
