"""Vector: takes the engine's syslog datagrams on UDP 9514 and passes them on to analytics; API on 9001.

GET /received returns the numbers of lines per service: received, forwarded and dropped.
"""

import collections
import json
import queue
import re
import socket
import threading
import time
import urllib.error
import urllib.request

from contract import Refusal
from web import Reply, serve

API_PORT = 9001
SYSLOG_PORT = 9514
BUFFERED_LINES = 2000
BATCH_LINES = 200
POST_TIMEOUT_SECONDS = 3
RETRY_PAUSE_SECONDS = 1

# <priority>version timestamp host application process message-id structured-data message (RFC 5424)
_SYSLOG = re.compile(rb"<\d{1,3}>1 \S+ \S+ (\S+) \S+ \S+ (?:-|\[.*?\]) ?(.*)", re.DOTALL)
_SOURCES = {
    "gateway": "cloudflare.logs.prod", "auth": "gotrue.logs.prod", "rest": "postgREST.logs.prod",
    "realtime": "realtime.logs.prod", "storage": "storage.logs.prod.2", "functions": "deno-relay-logs",
    "db": "postgres.logs",
}


def _require_configuration(arguments):
    if len(arguments) != 2 or arguments[0] != "--config":
        raise Refusal("the command must be: --config FILE")
    try:
        with open(arguments[1], encoding="utf-8") as file:
            text = file.read()
    except OSError as error:
        raise Refusal(f"cannot read {arguments[1]}: {error.strerror}") from error
    for needed in (f":{SYSLOG_PORT}", f":{API_PORT}", *_SOURCES.values()):
        if needed not in text:
            raise Refusal(f"{arguments[1]} does not mention {needed}")


class _Forwarder:
    """Posts lines to analytics, one service at a time, and waits for analytics as long as it takes."""

    def __init__(self, token):
        self._token = token
        self._lines = queue.Queue(BUFFERED_LINES)
        self.counts = collections.Counter()

    def put(self, service, line):
        try:
            self._lines.put_nowait((service, line))
        except queue.Full:
            self.counts["dropped"] += 1

    def run(self):
        while True:
            batches = collections.defaultdict(list)
            service, line = self._lines.get()
            batches[service].append(line)
            while len(batches[service]) < BATCH_LINES:
                try:
                    service, line = self._lines.get_nowait()
                except queue.Empty:
                    break
                batches[service].append(line)
            for name, lines in batches.items():
                self._post(name, lines)

    def _post(self, service, lines):
        events = [{"project": "default", "appname": service, "event_message": line} for line in lines]
        request = urllib.request.Request(
            f"http://analytics:4000/api/logs?source_name={_SOURCES[service]}", json.dumps(events).encode(),
            {"Content-Type": "application/json", "x-api-key": self._token})
        while True:
            try:
                with urllib.request.urlopen(request, timeout=POST_TIMEOUT_SECONDS):
                    self.counts["forwarded"] += len(lines)
                    return
            except urllib.error.HTTPError:
                self.counts["refused"] += len(lines)
                return
            except OSError:
                time.sleep(RETRY_PAUSE_SECONDS)


def start(environment, arguments, log):
    token = environment.text("LOGFLARE_PUBLIC_ACCESS_TOKEN", minimum=32)
    environment.finish()
    _require_configuration(arguments)

    received = collections.Counter()
    lock = threading.Lock()
    forwarder = _Forwarder(token)
    inlet = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    inlet.bind(("0.0.0.0", SYSLOG_PORT))

    def receive():
        while True:
            match = _SYSLOG.fullmatch(inlet.recv(65536))
            service = match[1].decode(errors="replace") if match else "malformed"
            with lock:
                received[service] += 1
            if match and service in _SOURCES:
                forwarder.put(service, match[2].decode(errors="replace").rstrip("\n"))

    def answer(request):
        if request.path == "/health":
            return Reply(200, {"ok": True})
        if request.path == "/received":
            with lock:
                return Reply(200, {"lines": dict(received), **forwarder.counts})
        return Reply(404)

    for loop in (receive, forwarder.run):
        threading.Thread(target=loop, daemon=True).start()
    serve(API_PORT, answer, log)
    log("info", f"Listening for syslog on 0.0.0.0:{SYSLOG_PORT}")
