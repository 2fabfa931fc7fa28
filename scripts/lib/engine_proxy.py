"""The Docker Engine with faults: HTTP on a Unix socket, one request a connection."""

import re
import select
import time

from fault_proxy import PIECE_BYTES, Call, FaultProxy, Reader

VERSION = re.compile(r"^/v\d+\.\d+(?=/)")


class Answer(Exception):
    """Ends the exchange with another answer than the engine's."""


class Hang(Exception):
    """Ends the exchange silently: the client has to time out."""


class EngineProxy(FaultProxy):
    """Forwards to the engine. `before` gets the call, `after` the call and the answer; `change` gives another answer."""

    def exchange(self, client, server):
        try:
            self.forward(client, server)
        except Answer as instead:
            client.sendall(instead.args[0])
        except Hang:
            while not self.is_closed and client.recv(PIECE_BYTES):
                pass

    def forward(self, client, server):
        reader = Reader(client)
        head = reader.until(b"\r\n\r\n")
        method, target = head.split(b" ", 2)[:2]
        path = VERSION.sub("", target.decode())
        call = Call("engine", f"{method.decode()} {path}", method != b"GET")
        length = re.search(rb"\r\ncontent-length: *(\d+)", head, re.IGNORECASE)
        if re.search(rb"\r\nexpect:", head, re.IGNORECASE):
            client.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
            head = re.sub(rb"\r\nexpect:[^\r]*", b"", head, flags=re.IGNORECASE)
        body = reader.exactly(int(length.group(1))) if length else b""
        rules = self.note(call)
        for rule in rules:
            if rule.before:
                rule.before(call)
        server.sendall(closing(head) + body)
        if any(rule.after or rule.change for rule in rules):
            self.answer_whole(client, server, call, rules)
        else:
            self.answer_streaming(client, server)

    def answer_whole(self, client, server, call, rules):
        """The engine has done it when all of its answer is here; until then nothing is passed on."""
        answer = b""
        while piece := server.recv(PIECE_BYTES):
            answer += piece
        head, _, body = answer.partition(b"\r\n\r\n")
        answer = closing(head + b"\r\n\r\n") + body
        for rule in rules:
            if rule.after:
                rule.after(call, answer)
            if rule.change:
                answer = rule.change(answer)
        client.sendall(answer)

    def answer_streaming(self, client, server):
        """Passes on what comes, as it comes; a client that goes away ends it."""
        head = Reader(server)
        client.sendall(closing(head.until(b"\r\n\r\n")) + head.kept)
        while True:
            ready, _, _ = select.select([client, server], [], [])
            # While frozen, a stream is half open: no more data comes, without an error.
            while self.frozen.is_set() and not self.is_closed:
                time.sleep(0.05)
            if client in ready:
                raise EOFError
            piece = server.recv(PIECE_BYTES)
            if not piece:
                return
            client.sendall(piece)


def closing(head):
    """A head that says that the connection ends after this exchange."""
    first, _, rest = head.partition(b"\r\n")
    rest = re.sub(rb"(?i)connection:[^\r]*\r\n", b"", rest)
    return first + b"\r\nConnection: close\r\n" + rest


def refuse_with(code, message="a fault was injected"):
    """As `before`: the engine never sees the call, and this is its answer."""
    body = ('{"message":"%s"}' % message).encode()
    head = f"HTTP/1.1 {code} Fault\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\nConnection: close"

    def answer(_):
        raise Answer(head.encode() + b"\r\n\r\n" + body)
    return answer


def hang(*_):
    """As `before` or `after`: the connection stays open, and nothing comes."""
    raise Hang


def truncated(answer):
    """As `change`: the connection ends in the middle of the body."""
    head, _, body = answer.partition(b"\r\n\r\n")
    return head + b"\r\n\r\n" + body[:len(body) // 2]


def garbage(answer):
    """As `change`: an answer of the right length that means nothing."""
    head, _, body = answer.partition(b"\r\n\r\n")
    kept = re.sub(rb"(?i)(transfer-encoding|content-length):[^\r]*\r\n", b"", head + b"\r\n")
    noise = bytes(index * 37 % 251 for index in range(max(len(body), 64)))
    return kept + f"Content-Length: {len(noise)}\r\n\r\n".encode() + noise
