"""A small HTTP server: one function per port answers a request with a reply."""

import json
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple
from urllib.parse import parse_qsl, urlsplit

LARGEST_BODY_BYTES = 8 * 1024 * 1024
IDLE_TIMEOUT_SECONDS = 60


class Request(NamedTuple):
    method: str
    path: str
    query: dict
    headers: object
    body: bytes
    connection: socket.socket


class Reply(NamedTuple):
    status: int
    body: object = b""
    headers: dict = {}


def echo(service, request):
    """Shows what arrived, so that tests can see what the gateway made of a request."""
    return Reply(200, {
        "service": service,
        "stand_in": True,
        "method": request.method,
        "path": request.path,
        "query": request.query,
        "headers": {name.lower(): value for name, value in request.headers.items()},
    })


def bearer(request):
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _encoded(body):
    if isinstance(body, bytes):
        return "application/octet-stream", body
    if isinstance(body, str):
        return "text/plain; charset=utf-8", body.encode()
    return "application/json; charset=utf-8", json.dumps(body, default=str).encode()


def _handler(answer, log):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = IDLE_TIMEOUT_SECONDS
        disable_nagle_algorithm = True

        def _handle(self):
            length = int(self.headers.get("Content-Length") or 0)
            if length > LARGEST_BODY_BYTES:
                self.close_connection = True
                return self._send(Reply(413, {"message": "body too large"}))
            parts = urlsplit(self.path)
            request = Request(self.command, parts.path, dict(parse_qsl(parts.query, keep_blank_values=True)),
                              self.headers, self.rfile.read(length), self.connection)
            try:
                reply = answer(request)
            except Exception as error:  # a request must never end the service
                log("error", f"{request.method} {request.path} failed: {type(error).__name__}: {error}")
                reply = Reply(500, {"message": "internal error"})
            if reply is None:  # the handler took the connection over
                self.close_connection = True
                return None
            return self._send(reply)

        def _send(self, reply):
            kind, body = _encoded(reply.body)
            self.send_response(reply.status)
            if reply.status not in (204, 304):
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD" and reply.status not in (204, 304):
                self.wfile.write(body)

        do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = _handle

        def log_request(self, code="-", size="-"):
            # Health probes come every second and would drown everything else.
            path = self.path.partition("?")[0]
            if not path.endswith(("/health", "/ready", "/status", "/profile", "/received")):
                log("info", f"{self.command} {path} {code}")

        def log_message(self, format, *arguments):
            log("warning", format % arguments)

    return Handler


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def server_bind(self):
        # The base class asks the name server for our own name, which can take seconds.
        socket.socket.setsockopt(self.socket, socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_name, self.server_port = self.server_address[0], self.socket.getsockname()[1]


def serve(port, answer, log):
    """Listens at once and answers in the background until the process ends."""
    server = _Server(("0.0.0.0", port), _handler(answer, log))
    threading.Thread(target=server.serve_forever, daemon=True).start()
