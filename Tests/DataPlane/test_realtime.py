"""Realtime as a process: WebSockets on a real server, with a small client of our own."""

import base64
import hashlib
import hmac
import json
import os
import signal
import socket
import struct
import time
import unittest
from concurrent.futures import ThreadPoolExecutor

from support import WAIT_SECONDS, Cluster, Server, wait_until

SECRET = "a secret of thirty-two characters"
SCHEMA = """
CREATE ROLE anon; CREATE ROLE authenticated; CREATE ROLE service_role BYPASSRLS;
GRANT USAGE ON SCHEMA public TO anon, authenticated, service_role;
CREATE TABLE todos (id int PRIMARY KEY, owner text, title text);
GRANT SELECT ON todos TO anon, authenticated;
ALTER TABLE todos ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON todos FOR SELECT TO authenticated
  USING (owner = current_setting('request.jwt.claims')::json ->> 'sub');
"""


def encoded(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def token(role="anon", sub=None, seconds=600):
    claims = {"role": role, "exp": int(time.time()) + seconds, **({"sub": sub} if sub else {})}
    signed = encoded(b'{"alg":"HS256","typ":"JWT"}') + "." + encoded(json.dumps(claims).encode())
    return signed + "." + encoded(hmac.new(SECRET.encode(), signed.encode(), hashlib.sha256).digest())


class Client:
    """A WebSocket of version 1, as far as the tests need it."""

    def __init__(self, server, key=None, version="1.0.0", receive_bytes=None):
        self.socket = socket.socket()
        if receive_bytes:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        self.socket.settimeout(WAIT_SECONDS)
        self.socket.connect(("127.0.0.1", server.port))
        nonce = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall(
            f"GET /websocket?apikey={key or token()}&vsn={version} HTTP/1.1\r\nHost: localhost\r\n"
            f"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: {nonce}\r\n"
            "Sec-WebSocket-Version: 13\r\n\r\n".encode())
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            byte = self.socket.recv(1)
            assert byte, head
            head += byte
        assert head.startswith(b"HTTP/1.1 101"), head
        self.ref = 0

    def frame(self, opcode, payload, final=True, sent=None):
        """Sends a frame; `sent` cuts its payload off."""
        mask = os.urandom(4)
        count = len(payload)
        length = (
            bytes([0x80 | count]) if count < 126 else
            bytes([0x80 | 126]) + struct.pack(">H", count) if count < 1 << 16 else
            bytes([0x80 | 127]) + struct.pack(">Q", count))
        repeated = (mask * (count // 4 + 1))[:count]
        masked = (int.from_bytes(payload, "big") ^ int.from_bytes(repeated, "big")).to_bytes(count, "big")
        self.socket.sendall(bytes([(0x80 if final else 0) | opcode]) + length + mask + masked[:sent])

    def say(self, event, payload, topic="realtime:room"):
        self.ref += 1
        message = {"topic": topic, "event": event, "payload": payload, "ref": str(self.ref), "join_ref": "1"}
        self.frame(1, json.dumps(message).encode())

    def exactly(self, count):
        data = b""
        while len(data) < count:
            piece = self.socket.recv(count - len(data))
            if not piece:
                raise EOFError
            data += piece
        return data

    def receive(self):
        """Opcode and payload of the next frame."""
        first, second = self.exactly(2)
        count = second & 0x7f
        if count == 126:
            count = struct.unpack(">H", self.exactly(2))[0]
        elif count == 127:
            count = struct.unpack(">Q", self.exactly(8))[0]
        return first & 0xf, self.exactly(count)

    def message(self, event):
        """The next message of an event; others are passed over."""
        while True:
            opcode, payload = self.receive()
            if opcode == 1:
                message = json.loads(payload)
                if message["event"] == event:
                    return message

    def join(self, config=None, topic="realtime:room", key=None):
        self.say("phx_join", {"config": config or {}, **({"access_token": key} if key else {})}, topic)
        return self.message("phx_reply")["payload"]

    def close(self):
        self.socket.close()


class RealtimeTests(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster()
        cls.addClassCleanup(cls.cluster.remove)
        cls.cluster.sql("ALTER SYSTEM SET wal_level = logical")
        cls.cluster.stop()
        cls.cluster.start()
        cls.cluster.sql(SCHEMA)

    def serve(self, **settings):
        address = f"postgresql://postgres@127.0.0.1:{self.cluster.port}/postgres?sslmode=disable"
        server = Server(
            self.cluster, "postgres", {"REALTIME_DB_URI": address, "API_JWT_SECRET": SECRET, **settings},
            only="realtime")
        self.addCleanup(server.stop)
        return server

    def client(self, server, **options):
        client = Client(server, **options)
        self.addCleanup(client.close)
        return client

    def test_broadcasts(self):
        server = self.serve()
        one, two = self.client(server), self.client(server)
        self.assertEqual(one.join({"broadcast": {"ack": True}})["status"], "ok")
        two.join()
        one.say("broadcast", {"type": "broadcast", "event": "e", "payload": {"n": 1}})
        self.assertEqual(one.message("phx_reply")["payload"], {"status": "ok", "response": {}})
        self.assertEqual(two.message("broadcast")["payload"]["payload"], {"n": 1})
        key = {"Authorization": f"Bearer {token()}"}
        body = {"messages": [{"topic": "room", "event": "h", "payload": {"n": 2}}]}
        self.assertEqual(server.request("POST", "/api/broadcast", body, key)[0], 202)
        self.assertEqual(two.message("broadcast")["payload"]["event"], "h")

    def test_refusals_are_plain_http(self):
        server = self.serve(TENANT_MAX_CONCURRENT_USERS="1")
        self.assertEqual(server.request("GET", "/websocket")[0], 401)
        self.assertEqual(server.request("GET", f"/websocket?apikey={token(seconds=-60)}")[0], 401)
        self.assertEqual(server.request("GET", f"/websocket?apikey={token()}")[0], 426)
        client = self.client(server)
        self.assertEqual(server.request("GET", f"/websocket?apikey={token()}")[0], 429)
        client.close()
        wait_until(
            lambda: server.request("GET", f"/websocket?apikey={token()}")[0] == 426, "the place is free again")

    def test_frames_in_pieces_and_malformed_ones(self):
        server = self.serve()
        client = self.client(server)
        client.frame(1, b"{")
        client.frame(9, b"hello")
        self.assertEqual(client.receive(), (10, b"hello"))
        message = json.dumps({"topic": "phoenix", "event": "heartbeat", "payload": {}, "ref": "9"}).encode()
        client.frame(1, message[:10], final=False)
        client.frame(0, message[10:])
        self.assertEqual(client.message("phx_reply")["ref"], "9")
        client.frame(8, struct.pack(">H", 1000))
        self.assertEqual(client.receive()[0], 8)

    def test_silence_ends_a_connection(self):
        server = self.serve(PROJECTD_SOCKET_IDLE_SECONDS="1")
        opcode, payload = self.client(server).receive()
        self.assertEqual((opcode, payload[:2]), (8, struct.pack(">H", 1000)))

    def test_signs_of_life_keep_a_connection(self):
        client = self.client(self.serve(PROJECTD_SOCKET_IDLE_SECONDS="1"))
        client.join()
        for number in range(6):
            time.sleep(0.5)
            client.say("heartbeat", {}, topic="phoenix")
            self.assertEqual(client.message("phx_reply")["ref"], str(number + 2))

    def test_unfinished_messages_have_a_budget(self):
        server = self.serve()
        other = self.client(server)
        other.join({"broadcast": {"self": True}})
        hostile = [self.client(server) for _ in range(60)]
        for number, client in enumerate(hostile):
            # One frame whose last byte does not come, or pieces of a message that does not end.
            for piece in [bytes(4_900_000)] if number % 2 else [bytes(490_000)] * 10:
                try:
                    client.frame(1, piece, final=False, sent=-1 if number % 2 else None)
                except OSError:
                    break
        self.assertEqual(server.ready(), 200)
        other.say("broadcast", {"event": "e", "payload": {"x": "x" * 1_000_000}})
        self.assertEqual(len(other.message("broadcast")["payload"]["payload"]["x"]), 1_000_000)
        self.client(server).join()
        self.assertLess(server.memory_peak(), 160 << 20)

    def test_messages_that_wait_have_a_budget(self):
        server = self.serve(TENANT_MAX_EVENTS_PER_SECOND="100000", TENANT_MAX_JOINS_PER_SECOND="1000")
        headers = {"Authorization": f"Bearer {token()}", "Content-Type": "application/octet-stream"}
        for number in range(40):
            # Each has a topic of its own, so that no message waits for two.
            slow = self.client(server, receive_bytes=4096, version="2.0.0")
            slow.frame(1, json.dumps(["1", "1", f"realtime:t{number}", "phx_join", {}]).encode())
            slow.receive()
            for _ in range(4):
                path = f"/api/broadcast/t{number}/events/e"
                self.assertEqual(server.request("POST", path, b"x" * 1_900_000, headers)[0], 202)
        quick = self.client(server)
        quick.join({"broadcast": {"self": True}})
        self.assertEqual(server.ready(), 200)
        quick.say("broadcast", {"event": "e", "payload": {"x": "x" * 1_000_000}})
        self.assertEqual(len(quick.message("broadcast")["payload"]["payload"]["x"]), 1_000_000)
        self.assertLess(server.memory_peak(), 160 << 20)

    def test_a_slow_client_is_dropped_and_holds_up_no_other(self):
        server = self.serve(PROJECTD_SOCKET_BYTES_MAX="65536", TENANT_MAX_EVENTS_PER_SECOND="1000")
        slow, quick = self.client(server, receive_bytes=4096), self.client(server)
        slow.join()
        quick.join({"broadcast": {"self": True}})
        for number in range(200):
            quick.say("broadcast", {"event": "e", "payload": {"n": number, "x": "x" * 50_000}})
            self.assertEqual(quick.message("broadcast")["payload"]["payload"]["n"], number)
        # The reason is the last frame, if the client gets to it in time; then the connection ends.
        with self.assertRaises((EOFError, ConnectionError)):
            while True:
                opcode, payload = slow.receive()
                if opcode == 8:
                    self.assertTrue(payload[2:].startswith(b"Too slow"), payload)

    def test_shutdown_tells_clients(self):
        server = self.serve()
        client = self.client(server)
        client.join()
        server.process.send_signal(signal.SIGTERM)
        opcode, payload = client.receive()
        self.assertEqual((opcode, payload[:2]), (8, struct.pack(">H", 1012)))
        self.assertEqual(server.process.wait(WAIT_SECONDS), 0)

    def test_changes_under_row_security(self):
        self.cluster.sql("TRUNCATE todos")
        server = self.serve()
        self.cluster.sql("""
            DO $$ BEGIN ALTER PUBLICATION supabase_realtime ADD TABLE todos;
            EXCEPTION WHEN duplicate_object THEN NULL; END $$""")
        clients = {name: self.client(server) for name in ("ada", "bob")}
        for name, client in clients.items():
            client.join({"postgres_changes": [{"event": "*", "table": "todos"}]}, key=token("authenticated", name))
            self.assertEqual(client.message("system")["payload"]["message"], "Subscribed to PostgreSQL")
        self.cluster.sql("INSERT INTO todos VALUES (1, 'bob', 'his'), (2, 'ada', 'hers'), (3, 'bob', 'his too')")
        self.assertEqual(clients["ada"].message("postgres_changes")["payload"]["data"]["record"]["id"], 2)
        found = [clients["bob"].message("postgres_changes")["payload"]["data"]["record"]["id"] for _ in range(2)]
        self.assertEqual(found, [1, 3])
        for client in clients.values():
            client.close()
        wait_until(
            lambda: self.cluster.sql("SELECT count(*) FROM pg_replication_slots") == "0", "the slot is dropped")

    def test_a_commit_that_is_sent_before_it_is_visible(self):
        client = self.subscriber(self.serve())
        # A commit that waits for a standby is in the log, and nobody sees its rows yet.
        self.cluster.sql("ALTER SYSTEM SET synchronous_standby_names = 'nobody'; SELECT pg_reload_conf()")
        self.addCleanup(self.cluster.sql, "ALTER SYSTEM RESET synchronous_standby_names; SELECT pg_reload_conf()")
        wait_until(lambda: self.cluster.sql("SHOW synchronous_standby_names") == "nobody", "the setting counts")
        with ThreadPoolExecutor() as pool:
            done = pool.submit(self.cluster.sql, "INSERT INTO todos VALUES (3, 'ada', 'hers')")
            time.sleep(1)
            self.assertFalse(done.done())
            self.cluster.sql("SET synchronous_commit = local; ALTER SYSTEM RESET synchronous_standby_names")
            self.cluster.sql("SELECT pg_reload_conf()")
            done.result()
        self.assertEqual(client.message("postgres_changes")["payload"]["data"]["record"]["id"], 3)

    def test_a_database_that_restarts(self):
        server = self.serve()
        self.cluster.sql("""
            DO $$ BEGIN ALTER PUBLICATION supabase_realtime ADD TABLE todos;
            EXCEPTION WHEN duplicate_object THEN NULL; END $$; TRUNCATE todos""")
        client = self.client(server)
        client.join({"postgres_changes": [{"table": "todos"}]}, key=token("authenticated", "ada"))
        client.message("system")
        self.cluster.stop()
        self.assertEqual(client.message("system")["payload"]["status"], "error")
        self.cluster.start()
        self.assertEqual(client.message("system")["payload"]["status"], "ok")
        self.cluster.sql("INSERT INTO todos VALUES (9, 'ada', 'hers')")
        self.assertEqual(client.message("postgres_changes")["payload"]["data"]["record"]["id"], 9)

    def subscriber(self, server):
        """A client that gets the changes of todos."""
        self.cluster.sql("""
            DO $$ BEGIN ALTER PUBLICATION supabase_realtime ADD TABLE todos;
            EXCEPTION WHEN duplicate_object THEN NULL; END $$; TRUNCATE todos""")
        client = self.client(server)
        client.join({"postgres_changes": [{"table": "todos"}]}, key=token("authenticated", "ada"))
        self.assertEqual(client.message("system")["payload"]["status"], "ok")
        return client

    def slots(self):
        return int(self.cluster.sql("SELECT count(*) FROM pg_replication_slots"))

    def test_a_slot_that_was_left_behind(self):
        hanging, killed = self.serve(), self.serve()
        self.subscriber(hanging)
        # As a host that was cut off: its connection and its slot stay.
        hanging.process.send_signal(signal.SIGSTOP)
        self.addCleanup(hanging.process.send_signal, signal.SIGCONT)
        self.subscriber(killed)
        killed.process.kill()
        wait_until(lambda: self.slots() == 1, "the killed one's slot is gone")
        client = self.subscriber(self.serve())
        self.cluster.sql("INSERT INTO todos VALUES (1, 'ada', 'hers')")
        self.assertEqual(client.message("postgres_changes")["payload"]["data"]["record"]["id"], 1)
        hanging.process.send_signal(signal.SIGCONT)

    def test_a_slot_that_fell_behind(self):
        self.cluster.sql("ALTER SYSTEM SET max_slot_wal_keep_size = '1MB'; SELECT pg_reload_conf()")
        self.addCleanup(self.cluster.sql, "ALTER SYSTEM RESET max_slot_wal_keep_size; SELECT pg_reload_conf()")
        self.cluster.sql("CREATE TABLE IF NOT EXISTS bulk (x text)")
        server = self.serve()
        client = self.subscriber(server)
        server.process.send_signal(signal.SIGSTOP)
        for _ in range(4):
            self.cluster.sql("INSERT INTO bulk SELECT repeat('x', 1000) FROM generate_series(1, 20000);"
                             "SELECT pg_switch_wal(); CHECKPOINT")
        self.assertEqual(self.slots(), 0)
        server.process.send_signal(signal.SIGCONT)
        self.assertEqual(client.message("system")["payload"]["status"], "error")
        self.assertEqual(client.message("system")["payload"]["status"], "ok")
        self.cluster.sql("INSERT INTO todos VALUES (2, 'ada', 'hers')")
        self.assertEqual(client.message("postgres_changes")["payload"]["data"]["record"]["id"], 2)

    def test_a_database_without_room_for_a_slot(self):
        slots = int(self.cluster.sql("SHOW max_replication_slots"))
        for number in range(slots):
            self.cluster.sql(f"SELECT pg_create_physical_replication_slot('taken_{number}')")
        server = self.serve()
        self.cluster.sql("""
            DO $$ BEGIN ALTER PUBLICATION supabase_realtime ADD TABLE todos;
            EXCEPTION WHEN duplicate_object THEN NULL; END $$""")
        client = self.client(server)
        client.join({"postgres_changes": [{"table": "todos"}]}, key=token("authenticated", "ada"))
        try:
            self.assertEqual(client.message("system")["payload"]["status"], "error")
        finally:
            self.cluster.sql("SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots")
        self.assertEqual(client.message("system")["payload"]["status"], "ok")


if __name__ == "__main__":
    unittest.main()
