"""projectd as a process: its settings, its life beside a database that comes and goes, and what clients may do to it."""

import concurrent.futures
import http.client
import json
import select
import signal
import socket
import subprocess
import threading
import unittest
from pathlib import Path
from types import SimpleNamespace

from support import Cluster, Server, binary, wait_until

SCHEMA = """
CREATE ROLE web_anon;
CREATE SCHEMA api; GRANT USAGE ON SCHEMA api TO web_anon;
CREATE TABLE api.items (id int PRIMARY KEY, name text);
GRANT ALL ON api.items TO web_anon;
INSERT INTO api.items SELECT n, 'item ' || n FROM generate_series(1, 3) n;
CREATE FUNCTION api.nums() RETURNS SETOF int LANGUAGE sql STABLE AS 'SELECT generate_series(1, 9)';
"""
SETTINGS = {"PGRST_DB_SCHEMAS": "api", "PGRST_DB_ANON_ROLE": "web_anon"}

# More than all that a connection of the test sends but for one pipeline.
LONG_PIPELINE_BYTES = 150_000


def read_answer(client):
    """The status and the whole body of the next answer; what is left of it would count as the head of the one after."""
    response = http.client.HTTPResponse(client)
    response.begin()
    return response.status, response.read()


def serve_goodbyes(listener, port):
    """Passes connections on to a server, which answers a long pipeline and closes at once."""
    while True:
        try:
            client, _ = listener.accept()
        except OSError:
            return
        threading.Thread(
            target=say_goodbye, args=(client, socket.create_connection(("127.0.0.1", port))), daemon=True).start()


def say_goodbye(client, server):
    sent, answer = 0, b""
    try:
        while True:
            for side in select.select([client, server], [], [])[0]:
                data = side.recv(1 << 20)
                if not data:
                    return
                if side is client:
                    sent += len(data)
                    server.sendall(data)
                elif sent < LONG_PIPELINE_BYTES:
                    client.sendall(data)
                else:
                    answer += data
                    if answer.endswith(b"Z\0\0\0\5I"):
                        client.sendall(answer)
                        return
    except OSError:
        pass  # The one that closes first.
    finally:
        client.close()
        server.close()


class ProjectdTests(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster()
        cls.addClassCleanup(cls.cluster.remove)
        cls.cluster.sql(SCHEMA)

    def serve(self, settings=None, wait=True):
        server = Server(self.cluster, "postgres", {**SETTINGS, **(settings or {})}, wait=wait)
        self.addCleanup(server.stop)
        return server

    def peak(self, server):
        """The most memory that the server has held, in bytes."""
        lines = Path(f"/proc/{server.process.pid}/status").read_text().splitlines()
        return int(next(line.split()[1] for line in lines if line.startswith("VmHWM"))) << 10

    def test_reads_and_writes(self):
        server = self.serve()
        status, headers, body = server.request("GET", "/items?select=id&order=id.desc&limit=1")
        self.assertEqual((status, body), (200, '[{"id":3}]'))
        self.assertEqual(headers["content-type"], "application/json; charset=utf-8")
        status, _, _ = server.request("POST", "/items", {"id": 10, "name": "ten"})
        self.assertEqual(status, 201)
        self.assertEqual(server.request("DELETE", "/items?id=eq.10")[0], 204)

    def test_a_connection_serves_many_requests(self):
        server = self.serve()
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
        self.addCleanup(connection.close)
        connection.connect()
        local = connection.sock.getsockname()
        for number in range(1, 4):
            connection.request("GET", f"/items?select=id&id=eq.{number}")
            self.assertEqual(connection.getresponse().read().decode(), f'[{{"id":{number}}}]')
            self.assertEqual(connection.sock.getsockname(), local)

    def test_head_keeps_the_protocol(self):
        server = self.serve()
        for _ in range(3):
            status, headers, body = server.request("HEAD", "/items", headers={"Prefer": "count=exact"})
            self.assertEqual((status, body, headers["content-range"]), (200, "", "0-2/3"))

    def test_numbers_beyond_any_do_not_end_the_process(self):
        server = self.serve()
        for limit, status in (("-9223372036854775808", 416), ("-1", 416), ("9223372036854775807", 200)):
            for path in ("/rpc/nums", "/items"):
                answer = server.request("GET", f"{path}?limit={limit}", headers={"Range": "5-"})
                self.assertEqual(answer[0], status, answer)

    def test_statements_that_clients_vary_do_not_pile_up(self):
        server = self.serve({"PGRST_DB_POOL": "1"})
        for number in range(300):
            self.assertEqual(server.request("GET", f"/items?select=a{number}:id&limit=1")[0], 200)
        self.cluster.sql("CREATE FUNCTION api.held() RETURNS int LANGUAGE sql VOLATILE AS "
                         "'SELECT count(*)::int FROM pg_prepared_statements'; NOTIFY pgrst")
        self.addCleanup(self.cluster.sql, "DROP FUNCTION api.held")
        wait_until(lambda: server.request("POST", "/rpc/held", {})[0] == 200, "the function is served")
        self.assertLessEqual(int(server.request("POST", "/rpc/held", {})[2]), 132)

    def test_a_new_table_is_served_after_a_notification(self):
        server = self.serve()
        self.assertEqual(server.request("GET", "/later")[0], 404)
        self.cluster.sql("CREATE TABLE api.later (id int); GRANT SELECT ON api.later TO web_anon; NOTIFY pgrst")
        self.addCleanup(self.cluster.sql, "DROP TABLE api.later")
        wait_until(lambda: server.request("GET", "/later")[0] == 200, "the table is served")

    def test_a_signal_reads_the_schema_again(self):
        server = self.serve({"PGRST_DB_CHANNEL_ENABLED": "false"})
        self.cluster.sql("CREATE TABLE api.signalled (id int); GRANT SELECT ON api.signalled TO web_anon")
        self.addCleanup(self.cluster.sql, "DROP TABLE api.signalled")
        self.assertEqual(server.request("GET", "/signalled")[0], 404)
        server.process.send_signal(signal.SIGUSR1)
        wait_until(lambda: server.request("GET", "/signalled")[0] == 200, "the table is served")

    def test_a_database_that_was_away_is_found_again(self):
        server = self.serve({"PGRST_DB_POOL_ACQUISITION_TIMEOUT": "1"})
        self.assertEqual(server.request("GET", "/items")[0], 200)
        self.cluster.stop("immediate")
        status, headers, _ = server.request("GET", "/items")
        self.assertIn(status, (503, 504))
        self.assertIn("retry-after", headers)
        self.assertEqual(server.ready(), 503)
        self.cluster.start()
        wait_until(lambda: server.request("GET", "/items")[0] == 200, "requests are answered")
        wait_until(lambda: server.ready() == 200, "it is ready")

    def test_a_start_without_a_database_waits_for_it(self):
        self.cluster.stop()
        try:
            server = self.serve({"PGRST_DB_POOL_ACQUISITION_TIMEOUT": "1"}, wait=False)
            self.assertEqual(server.request("GET", "/items")[0], 503)
        finally:
            self.cluster.start()
        wait_until(lambda: server.request("GET", "/items")[0] == 200, "requests are answered")

    def test_what_was_acknowledged_is_there_when_the_database_is_killed(self):
        server = self.serve({"PGRST_DB_POOL_ACQUISITION_TIMEOUT": "2"})
        self.cluster.sql("ALTER SYSTEM SET fsync = on; SELECT pg_reload_conf()")
        acknowledged = []

        def write(number):
            try:
                if server.request("POST", "/items", {"id": 1000 + number})[0] == 201:
                    acknowledged.append(1000 + number)
            except (OSError, http.client.HTTPException):
                pass

        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            writes = [pool.submit(write, number) for number in range(300)]
            wait_until(lambda: len(acknowledged) > 50, "writes are acknowledged")
            self.cluster.stop("immediate")
            self.cluster.start()
            for future in writes:
                future.result()
        kept = {int(line) for line in self.cluster.sql("SELECT id FROM api.items WHERE id >= 1000").split()}
        self.cluster.sql("DELETE FROM api.items WHERE id >= 1000")
        self.assertLessEqual(set(acknowledged), kept)

    def test_sigterm_ends_it_and_what_is_under_way_is_answered(self):
        server = self.serve()
        self.cluster.sql(
            "CREATE FUNCTION api.slow() RETURNS int LANGUAGE sql AS 'SELECT 1 FROM pg_sleep(1)'; NOTIFY pgrst")
        self.addCleanup(self.cluster.sql, "DROP FUNCTION api.slow()")
        wait_until(lambda: server.request("OPTIONS", "/rpc/slow")[0] == 200, "the function is served")
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            answer = pool.submit(server.request, "POST", "/rpc/slow", {})
            wait_until(
                lambda: self.cluster.sql("SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%slow%pgrst_scalar%' "
                                         "AND state = 'active' AND pid <> pg_backend_pid()") != "0", "it runs")
            server.process.terminate()
            self.assertEqual(answer.result()[0], 200)
        self.assertEqual(server.process.wait(30), 0)

    def test_clients_that_misbehave_get_the_documented_error(self):
        server = self.serve()
        cases = [
            ("GET", "/items?" + "&".join(f"id=gt.{n}" for n in range(10_001)), None, 400),
            ("GET", "/items?select=" + "a(" * 60 + "b" + ")" * 60, None, 400),
            ("GET", "/items?id=eq.%00", None, 400), ("GET", "/%2e%2e/etc", None, 404), ("TRACE", "/items", None, 405),
            ("POST", "/items", "[" * 5000, 400), ("POST", "/items", "{" * 100, 400),
            ("GET", "/items?or=" + "(" * 100, None, 400),
        ]
        for method, target, body, status in cases:
            with self.subTest(target=target[:40], body=(body or "")[:10]):
                self.assertEqual(server.request(method, target, body, {"Content-Type": "application/json"})[0], status)
        self.assertEqual(server.request("GET", "/items?limit=1")[0], 200)

    def test_half_sent_bodies_hold_no_more_than_the_budget(self):
        server = self.serve({"PROJECTD_BODY_TIMEOUT": "3"})
        head = b"POST /items HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 67108864\r\n\r\n"

        def send_half(_):
            with socket.create_connection(("127.0.0.1", server.port), timeout=20) as client:
                client.sendall(head)
                client.sendall(b"[" * (12 << 20))
                return read_answer(client)[0]

        with concurrent.futures.ThreadPoolExecutor(32) as pool:
            statuses = list(pool.map(send_half, range(32)))
        self.assertLessEqual(set(statuses), {408, 503}, statuses)
        self.assertLess(self.peak(server), 256 << 20)
        self.assertEqual(server.request("POST", "/items", {"id": 50, "name": "x" * (1 << 20)})[0], 201)
        self.assertEqual(server.request("DELETE", "/items?id=eq.50")[0], 204)

    def test_a_body_that_is_too_large_is_refused_and_one_that_does_not_end_too(self):
        server = self.serve({"PROJECTD_BODY_TIMEOUT": "1"})
        for length, sent, status in [(80 << 20, 80 << 20, 413), (100, 10, 408)]:
            with socket.create_connection(("127.0.0.1", server.port), timeout=20) as client:
                client.sendall(b"POST /items HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % length)
                try:
                    client.sendall(b" " * sent)
                except OSError:
                    pass  # Refused in the middle.
                refusal, body = read_answer(client)
                self.assertEqual(refusal, status)
                self.assertIn(b"PGRST102", body)

    def test_bodies_of_every_shape_fit_into_the_memory_of_a_lite_project(self):
        server = self.serve({"PROJECTD_BODY_BYTES_MAX": str(4 << 20), "PROJECTD_BODIES_BYTES_MAX": str(8 << 20)})
        size = (4 << 20) - 64

        def filled(start, piece, end):
            return start + piece * ((size - len(start) - len(end)) // len(piece)) + end

        text, csv = "application/json", "text/csv"
        bodies = [
            ("/items", text, filled('[{"id":"', "x", '"}]')), ("/items", text, filled("[{}", ",[]", "]")),
            ("/items", text, filled('[{"id":1}', ',{"id":1}', "]")),
            ("/items", text, "{" + ",".join(f'"{number:x}":1' for number in range(360_000)) + "}"),
            ("/items", csv, filled("h" * 200, "\n1", "")), ("/rpc/nothing", text, filled('{"a":"', "x", '"}')),
            ("/nothing", text, filled('{"a":"', "x", '"}'))]
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(
                lambda case: server.request("POST", case[0], case[2], {"Content-Type": case[1]}), bodies * 4))
        for status, _, body in answers:
            self.assertIn(status, (400, 404, 409, 413, 503))
            self.assertLess(len(body), 64 << 10)
        self.assertLess(self.peak(server), 200 << 20)

    def test_answers_fit_into_the_memory_of_a_lite_project(self):
        self.cluster.sql("CREATE TABLE api.pages AS SELECT n AS id, repeat(md5(n::text), 220) AS text "
                         "FROM generate_series(1, 1000) n; GRANT SELECT ON api.pages TO web_anon")
        self.addCleanup(self.cluster.sql, "DROP TABLE api.pages")
        one_column = 1000 * (32 * 220 + len('{"a0":""}')) + 999 * len(", \n ") + len("[]")
        settings = {"PROJECTD_ANSWER_BYTES_MAX": str(8 << 20), "PROJECTD_ANSWERS_BYTES_MAX": str(16 << 20),
                    "PGRST_DB_MAX_ROWS": "1000"}

        def query(columns):
            return "/pages?select=" + ",".join(f"a{number}:text" for number in range(columns))

        for tls in ("disable", "prefer"):
            with self.subTest(sslmode=tls):
                server = Server(self.cluster, f"postgres?sslmode={tls}", {**SETTINGS, **settings})
                self.addCleanup(server.stop)
                with concurrent.futures.ThreadPoolExecutor(22) as pool:
                    answers = list(pool.map(lambda columns: server.request("GET", query(columns)), [3] * 10 + [12]))
                for status, _, body in answers:
                    self.assertEqual((status, json.loads(body)["code"]), (500, "54000"))
                self.assertEqual(server.request("GET", query(17))[0], 400)
                with concurrent.futures.ThreadPoolExecutor(20) as pool:
                    answers = list(pool.map(lambda _: server.request("GET", query(1)), range(40)))
                whole = [body for status, _, body in answers if status == 200]
                self.assertGreater(len(whole), 1)
                for body in whole:
                    self.assertEqual(len(json.loads(body)), 1000)
                    self.assertEqual(len(body), one_column)
                for status, headers, body in answers:
                    if status != 200:
                        self.assertEqual((status, json.loads(body)["code"]), (503, "53200"))
                        self.assertIn("retry-after", headers)
                print(f"sslmode={tls}: {len(whole)} of 40 answers, peak {self.peak(server) >> 20} MiB")
                # Those who do not read keep large answers back, no small ones.
                idle = []

                def is_full():
                    # What the kernel takes of an answer takes no room: how many clients fill it depends on that.
                    idle.append(client := socket.socket())
                    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                    client.connect(("127.0.0.1", server.port))
                    client.sendall(f"GET {query(1)} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
                    return len(idle) > 3 and server.request("GET", query(1))[0] == 503

                wait_until(is_full, "there is no room")
                self.assertEqual(len(json.loads(server.request("GET", query(1) + "&limit=8")[2])), 8)
                self.assertEqual({server.request("GET", query(1))[0] for _ in range(10)}, {503})
                for client in idle:
                    client.close()
                if tls == "disable":
                    self.assertLess(self.peak(server), 160 << 20)
                # The room is free again.
                wait_until(lambda: server.request("GET", query(1))[0] == 200, "a large answer is complete")
                self.assertEqual(server.request("GET", "/items?limit=1&select=id")[2], '[{"id":1}]')
                self.assertEqual(server.ready(), 200)

    def test_an_answer_that_is_too_large_undoes_its_change(self):
        self.cluster.sql("CREATE TABLE api.notes (id int, text text); GRANT ALL ON api.notes TO web_anon")
        self.addCleanup(self.cluster.sql, "DROP TABLE api.notes")
        server = self.serve({"PROJECTD_ANSWER_BYTES_MAX": "65536"})
        rows = [{"id": number, "text": "x" * 1_000} for number in range(100)]
        prefer = {"Prefer": "return=representation", "Content-Type": "application/json"}
        status, _, body = server.request("POST", "/notes", rows, prefer)
        self.assertEqual((status, json.loads(body)["code"]), (500, "54000"))
        self.assertEqual(self.cluster.sql("SELECT count(*) FROM api.notes"), "0")
        self.assertEqual(server.request("POST", "/notes", rows[:50], prefer)[0], 201)
        self.assertEqual(server.request("POST", "/notes", rows, {"Content-Type": "application/json"})[0], 201)
        self.assertEqual(self.cluster.sql("SELECT count(*) FROM api.notes"), "150")

    def test_a_large_error_of_the_database_is_not_taken_in(self):
        self.cluster.sql("CREATE TABLE api.cells AS SELECT repeat('x', 20 << 20) AS text; "
                         "GRANT SELECT ON api.cells TO web_anon")
        self.addCleanup(self.cluster.sql, "DROP TABLE api.cells")
        server = Server(self.cluster, "postgres?sslmode=disable", SETTINGS)
        self.addCleanup(server.stop)
        with concurrent.futures.ThreadPoolExecutor(10) as pool:
            answers = list(pool.map(lambda _: server.request("GET", "/cells?select=text::int"), range(20)))
        self.assertEqual({status for status, _, _ in answers}, {503})
        self.assertLess(self.peak(server), 128 << 20)
        self.assertEqual(server.request("GET", "/items?limit=1")[0], 200)

    def test_a_token_that_does_not_count_is_refused_before_the_body_is_there(self):
        server = self.serve({"PGRST_JWT_SECRET": "a secret of thirty-two characters"})
        with socket.create_connection(("127.0.0.1", server.port), timeout=20) as client:
            client.sendall(b"POST /items HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer a.b.c\r\n"
                           b"Content-Length: 2\r\n\r\n{}")
            self.assertEqual(read_answer(client)[0], 401)
            # The connection stays open: its body was read.
            client.sendall(b"GET /items?limit=1&select=id HTTP/1.1\r\nHost: x\r\n\r\n")
            self.assertEqual(read_answer(client)[0], 200)
        before = self.peak(server)
        for _ in range(4):
            with socket.create_connection(("127.0.0.1", server.port), timeout=20) as client:
                client.sendall(b"POST /items HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer a.b.c\r\n"
                               b"Content-Length: 67108864\r\n\r\n")
                try:
                    client.sendall(b"[" * (60 << 20))
                    self.assertEqual(read_answer(client)[0], 401)
                except OSError:
                    pass  # Refused in the middle.
        self.assertLess(self.peak(server) - before, 32 << 20)

    def test_what_the_server_says_before_it_closes_reaches_a_long_pipeline(self):
        # Beyond 64 KiB a pipeline goes by libpq, which the event loop has lent the socket to.
        self.cluster.sql("CREATE FUNCTION api.both(text text) RETURNS text LANGUAGE sql AS 'SELECT text || text'")
        self.addCleanup(self.cluster.sql, "DROP FUNCTION api.both(text)")
        listener = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=serve_goodbyes, args=(listener, self.cluster.port), daemon=True).start()
        server = Server(SimpleNamespace(port=listener.getsockname()[1]), "postgres", SETTINGS)
        self.addCleanup(lambda: (server.stop(), listener.close()))
        for _ in range(10):
            status, _, body = server.request(
                "POST", "/rpc/both", {"text": "x" * 200_000}, {"Content-Type": "application/json"})
            self.assertEqual((status, len(body)), (200, 400_002), body[:200])
            # On a new connection, which the loop watches.
            self.assertEqual(server.request("GET", "/items?limit=1")[0], 200)

    def test_a_connection_that_was_lent_is_watched_again_and_no_descriptor_stays(self):
        self.cluster.sql("CREATE FUNCTION api.long(text text) RETURNS int LANGUAGE sql AS 'SELECT length(text)'")
        self.addCleanup(self.cluster.sql, "DROP FUNCTION api.long(text)")
        server = self.serve({"PGRST_DB_POOL": "2"})

        def ask(number):
            length = 70_000 + number
            answer = server.request("POST", "/rpc/long", {"text": "x" * length}, {"Content-Type": "application/json"})
            self.assertEqual((answer[0], answer[2]), (200, str(length)))
            self.assertEqual(server.request("GET", "/items?limit=1&select=id")[0], 200)

        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            list(pool.map(ask, range(20)))
            descriptors = len(list(Path(f"/proc/{server.process.pid}/fd").iterdir()))
            list(pool.map(ask, range(60)))
        folder = Path(f"/proc/{server.process.pid}/fd")
        # A client's connection may be about to close.
        wait_until(lambda: len(list(folder.iterdir())) <= descriptors, "no descriptor is left behind")

    def test_a_connection_without_a_request_ends(self):
        server = self.serve()
        with socket.create_connection(("127.0.0.1", server.port), timeout=20) as client:
            client.sendall(b"GET /items HTTP/1.1\r\nHos")
            self.assertEqual(client.recv(4096), b"")

    def test_a_client_that_goes_away_ends_its_statement(self):
        server = self.serve()
        self.cluster.sql(
            "CREATE FUNCTION api.endless() RETURNS int LANGUAGE sql AS 'SELECT 2 FROM pg_sleep(600)'; NOTIFY pgrst")
        self.addCleanup(self.cluster.sql, "DROP FUNCTION api.endless()")
        wait_until(lambda: server.request("OPTIONS", "/rpc/endless")[0] == 200, "the function is served")
        running = ("SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%endless%pgrst_scalar%' "
                   "AND state = 'active' AND pid <> pg_backend_pid()")
        client = socket.create_connection(("127.0.0.1", server.port))
        client.sendall(b"POST /rpc/endless HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}")
        wait_until(lambda: self.cluster.sql(running) == "1", "the statement runs")
        client.close()
        wait_until(lambda: self.cluster.sql(running) == "0", "the statement is cancelled", 20)


class SettingTests(unittest.TestCase):
    def test_a_wrong_setting_is_named_in_one_line(self):
        good = {"PATH": "/usr/bin", "PGRST_DB_URI": "postgresql://nobody@127.0.0.1:1/x"}
        cases = {
            "PGRST_DB_URI": [None, "nonsense://"], "PGRST_SERVER_PORT": ["0", "x", "70000"], "PGRST_DB_POOL": ["0"],
            "PGRST_JWT_SECRET": ["short", "@/no/such/file"], "PGRST_DB_TX_END": ["maybe"], "PGRST_LOG_LEVEL": ["loud"],
            "PGRST_JWT_ROLE_CLAIM_KEY": ["role"], "PGRST_DB_PLAN_ENABLED": ["perhaps"], "PROJECTD_LISTEN": ["here"],
            "PROJECTD_BODY_TIMEOUT": ["0", "soon"], "PROJECTD_ANSWER_BYTES_MAX": ["0", "much"],
            "PROJECTD_ANSWERS_BYTES_MAX": ["0"],
        }
        for name, values in cases.items():
            for value in values:
                with self.subTest(name=name, value=value):
                    environment = {**good, name: value} if value is not None else {"PATH": "/usr/bin"}
                    done = subprocess.run(
                        [binary(), "serve", "--only", "rest"], env=environment, capture_output=True, text=True, timeout=30)
                    self.assertNotEqual(done.returncode, 0)
                    self.assertIn(name, done.stderr.splitlines()[0])
                    self.assertNotIn("nonsense", done.stderr)


if __name__ == "__main__":
    unittest.main()
