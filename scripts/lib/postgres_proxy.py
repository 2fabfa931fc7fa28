"""PostgreSQL with faults: the wire protocol (version 3) on a Unix socket, one thread for each direction."""

import contextlib
import re
import socket
import struct
import threading

from fault_proxy import Call, Drop, FaultProxy, Reader

SOCKET_NAME = ".s.PGSQL.5432"
SSL_REQUEST, GSS_REQUEST, CANCEL_REQUEST = 80877103, 80877104, 80877102
CHANGE = re.compile(r"\b(?:insert into|update|delete from)\s+(?!set\b|of\b|skip\b)(\w+)", re.IGNORECASE)


class PostgresProxy(FaultProxy):
    """Forwards to a server's socket. What changes something for good is a call: `COMMIT`, and a statement outside of
    a transaction that is no query. `before` runs before it is sent; `after` when the server has done it and its
    answer (up to ReadyForQuery) has come, but has not been passed on."""

    def exchange(self, client, server):
        session = Session(self, client, server)
        if not session.start():
            return
        answers = threading.Thread(target=session.pass_answers, daemon=True)
        answers.start()
        try:
            session.pass_questions()
        finally:
            for one in (client, server):
                with contextlib.suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)
            answers.join()


class Session:
    """One connection, with the statements that were prepared on it."""

    def __init__(self, proxy, client, server):
        self.proxy, self.client, self.server = proxy, client, server
        self.questions, self.answers = Reader(client), Reader(server)
        self.statements = {}
        self.in_transaction = False
        self.changed = []
        self.after = []

    def start(self):
        """Passes the start-up on; answers of the server come to the client from then on."""
        while True:
            length = self.questions.exactly(4)
            body = self.questions.exactly(struct.unpack("!i", length)[0] - 4)
            code = struct.unpack("!i", body[:4])[0]
            if code in (SSL_REQUEST, GSS_REQUEST):
                self.client.sendall(b"N")
                continue
            self.server.sendall(length + body)
            return code != CANCEL_REQUEST

    def pass_questions(self):
        while True:
            kind = self.questions.exactly(1)
            length = self.questions.exactly(4)
            body = self.questions.exactly(struct.unpack("!i", length)[0] - 4)
            text = self.statement(kind, body)
            if text is not None:
                call = self.call(text)
                rules = self.proxy.note(call)
                for rule in rules:
                    if rule.before:
                        rule.before(call)
                self.after = [(rule, call) for rule in rules if rule.after]
            self.server.sendall(kind + length + body)

    def call(self, text):
        """What a statement is: a change that stays, under a name that is the same in every run, or anything else."""
        words = " ".join(text.split())
        found = list(dict.fromkeys(table.lower() for table in CHANGE.findall(words)))
        if not self.in_transaction:
            self.changed = []
        self.changed += [one for one in found if one not in self.changed]
        if words.lower() == "commit":
            return Call("database", "COMMIT " + (", ".join(self.changed) or "of nothing"), bool(self.changed))
        return Call("database", f"change of {', '.join(found)}" if found else words[:60], bool(found) and not self.in_transaction)

    def statement(self, kind, body):
        """The text of what this message has carried out."""
        if kind == b"Q":
            return body[:-1].decode(errors="replace")
        if kind == b"P":
            name, text, _ = body.split(b"\0", 2)
            self.statements[name] = text.decode(errors="replace")
        if kind == b"B":
            return self.statements.get(body.split(b"\0", 2)[1], "")
        return None

    def pass_answers(self):
        held = b""
        try:
            while True:
                kind = self.answers.exactly(1)
                length = self.answers.exactly(4)
                body = self.answers.exactly(struct.unpack("!i", length)[0] - 4)
                held += kind + length + body
                if kind == b"Z":
                    self.in_transaction = body != b"I"
                    after, self.after = self.after, []
                    for rule, call in after:
                        rule.after(call, held)
                # What belongs to a call is passed on as a whole, and everything else as soon as nothing more is there.
                if kind == b"Z" or not self.after and not self.answers.kept:
                    self.client.sendall(held)
                    held = b""
        except (Drop, OSError, EOFError):
            for one in (self.client, self.server):
                with contextlib.suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)
