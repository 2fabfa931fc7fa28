"""Contract double of one service: python3 /opt/double SERVICE [ARGUMENT…]

It refuses to start, with one line on stderr, unless everything that the real image needs is there and well formed.
Then it answers the real service's health endpoint on the real port until SIGTERM or SIGINT.
"""

import os
import signal

# Before anything else is loaded: the first process of a container ignores signals that it has no handler for. The
# process ends on the spot, since an orderly end of the interpreter can crash in threads that still use the database.
for number in (signal.SIGTERM, signal.SIGINT):
    signal.signal(number, lambda *_: os._exit(0))

import importlib  # noqa: E402
import sys  # noqa: E402

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from contract import Environment, Refusal  # noqa: E402
from lines import logger  # noqa: E402

SERVICES = ("auth", "rest", "realtime", "storage", "imgproxy", "meta", "functions", "analytics", "vector", "studio",
            "pooler")


def main():
    service, arguments = (sys.argv[1:2] or [""])[0], sys.argv[2:]
    if service not in SERVICES:
        sys.exit(f"double: unknown service {service!r}; known: {', '.join(SERVICES)}")

    log = logger(service)
    environment = Environment(os.environ)
    module = importlib.import_module(f"services.{service}")
    try:
        if service == "rest" and arguments == ["--ready"]:
            module.check_readiness(environment)
            return
        module.start(environment, arguments, log)
    except Refusal as refusal:
        print(f"{service}: cannot start: {refusal}", file=sys.stderr, flush=True)
        # Not an orderly end either: threads may be running by now.
        os._exit(1)
    log("info", f"{service} (stand-in) is ready")
    while True:
        signal.pause()


main()
