"""The Docker Engine as benchmarks and tests ask it: by single calls on its socket, without any client."""

import http.client
import json
import os
import socket
import urllib.parse

SOCKET = os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock").removeprefix("unix://")


class EngineError(RuntimeError):
    """A refusal of the engine."""

    def __init__(self, call, status, data):
        super().__init__(f"{call}: {status} {data[:300]!r}")
        self.status = status


class EngineConnection(http.client.HTTPConnection):
    """A connection to the engine's Unix socket, or to another one's."""

    path = SOCKET

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(120)
        self.sock.connect(self.path)


class EventStream:
    """The engine's events, line by line, until the stream is closed."""

    def __init__(self, **filters):
        self.connection = EngineConnection("engine")
        self.connection.request("GET", f"/v1.41/events?filters={urllib.parse.quote(json.dumps(filters))}")
        self.socket = self.connection.sock
        self.response = self.connection.getresponse()
        if self.response.status >= 400:
            raise EngineError("GET /events", self.response.status, self.response.read())
        # However long nothing happens.
        self.socket.settimeout(None)

    def lines(self):
        try:
            while line := self.response.readline():
                yield line
        except (OSError, ValueError, http.client.HTTPException, AttributeError):
            pass  # Closed under the reader's hands.

    def close(self):
        """Ends the reader too, from any thread."""
        self.socket.shutdown(socket.SHUT_RDWR)


def raw(method, path, body=None):
    """One call to the engine; gives the bytes of its answer, and fails loudly."""
    connection = EngineConnection("engine")
    connection.request(method, "/v1.41" + path, json.dumps(body) if body is not None else None,
                       {"Content-Type": "application/json"})
    response = connection.getresponse()
    data = response.read()
    connection.close()
    if response.status >= 400:
        raise EngineError(f"{method} {path}", response.status, data)
    return data


def engine(method, path, body=None):
    """One call to the engine; gives the document that it answers with, and fails loudly."""
    data = raw(method, path, body)
    return json.loads(data) if data[:1] in (b"{", b"[") else None


def labelled(path, ref):
    """The list of one kind of object, with a project's label."""
    filters = urllib.parse.quote(json.dumps({"label": [f"supamanager.project={ref}"]}))
    return engine("GET", f"{path}{'&' if '?' in path else '?'}filters={filters}")


def remove(path):
    """Removes one thing by its exact id or name; that it is gone already is as good."""
    try:
        engine("DELETE", path)
    except EngineError as error:
        if error.status != http.client.NOT_FOUND:
            raise


def containers_of(ref):
    """The list entries of a project's containers, by service."""
    return {one["Labels"]["com.docker.compose.service"]: one for one in labelled("/containers/json?all=true", ref)}
