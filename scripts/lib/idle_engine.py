"""An engine without objects that never starts one: for measuring the cost of the API alone.

It answers what the manager asks at its start and in its rounds, and leaves every question about an image unanswered for
as long as the benchmark takes, so that projects stay where their creation has put them.
"""

import http.server
import json
import os
import socketserver
import threading
import time

HOLD_SECONDS = 120


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def address_string(self):
        return "manager"

    def log_message(self, *_):
        pass

    def answer(self, value):
        body = json.dumps(value).encode() if not isinstance(value, bytes) else value
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        path = self.path.split("?")[0]
        if path.endswith("/_ping"):
            self.answer(b"OK")
        elif path.endswith("/version"):
            self.answer({"ApiVersion": "1.41", "MinAPIVersion": "1.12", "Version": "20.10.24"})
        elif path.endswith("/info"):
            self.answer({"ID": "idle", "ServerVersion": "20.10.24", "DefaultAddressPools": []})
        elif path.endswith("/events") or "/images/" in path:
            time.sleep(HOLD_SECONDS)
        elif path.endswith("/volumes"):
            self.answer({"Volumes": [], "Warnings": None})
        else:
            self.answer([])

    def do_POST(self):
        time.sleep(HOLD_SECONDS)


class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True
    request_queue_size = 64


def start(path):
    """Serves on a Unix socket in the background; gives what stops it."""
    server = Server(path, Handler)
    os.chmod(path, 0o600)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server
