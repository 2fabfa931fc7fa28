"""Runs inside the gateway's network namespace: answers on every upstream port with what arrived there."""

import sys
import threading

sys.path.insert(0, "/opt/double")

import web  # noqa: E402

for port in (3000, 4000, 5000, 8080, 9000, 9999):
    web.serve(port, lambda request, port=port: web.echo(str(port), request), lambda *_: None)
threading.Event().wait()
