"""Runs inside the gateway's network namespace: answers on every upstream port with what arrived there."""

import sys
import threading

sys.path.insert(0, "/opt/double")

import web  # noqa: E402


def answer(port, request):
    if request.headers.get("Upgrade", "").lower() != "websocket":
        return web.echo(str(port), request)
    request.connection.sendall(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")
    return None


for port in (3000, 4000, 5000, 8080, 9000, 9999):
    web.serve(port, lambda request, port=port: answer(port, request), lambda *_: None)
threading.Event().wait()
