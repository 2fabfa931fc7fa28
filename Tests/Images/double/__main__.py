"""Contract double of one service: python3 /opt/double SERVICE [ARGUMENT…]

It refuses to start, with one line on stderr, unless everything that the real image needs is there and well formed.
Then it answers the real service's health endpoint on the real port until SIGTERM or SIGINT.
"""

import importlib
import os
import signal
import sys
import threading

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from contract import Environment, Refusal  # noqa: E402
from lines import logger  # noqa: E402

SERVICES = ("auth", "rest", "realtime", "storage", "imgproxy", "meta", "functions", "analytics", "vector", "studio",
            "pooler")


def main():
    service, arguments = (sys.argv[1:2] or [""])[0], sys.argv[2:]
    if service not in SERVICES:
        sys.exit(f"double: unknown service {service!r}; known: {', '.join(SERVICES)}")

    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: (stopped.set(), sys.exit(0)))

    log = logger(service)
    environment = Environment(os.environ)
    try:
        importlib.import_module(f"services.{service}").start(environment, arguments, log)
    except Refusal as refusal:
        print(f"{service}: cannot start: {refusal}", file=sys.stderr, flush=True)
        sys.exit(1)
    log("info", f"{service} (stand-in) is ready")
    stopped.wait()


main()
