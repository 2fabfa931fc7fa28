"""Supavisor: connection pooler; API on 4000, session mode on 5432, transaction mode on 6543.

Clients log in as `user.tenant`. The double opens one server connection per client and rewrites the user name in the
startup message; the password exchange then passes through untouched.
"""

import re
import resource
import socket
import struct
import threading

from contract import Refusal
from database import Database
from web import Reply, serve

SESSION_PORT = 5432
TRANSACTION_PORT = 6543
CONNECT_TIMEOUT_SECONDS = 5
LARGEST_STARTUP_BYTES = 10_000
_SSL_REQUEST = 80877103
_GSS_REQUEST = 80877104


def _received(connection, count):
    data = b""
    while len(data) < count:
        piece = connection.recv(count - len(data))
        if not piece:
            raise ConnectionError("closed during startup")
        data += piece
    return data


def _startup(client):
    """The startup message's version and parameters; encryption requests are declined first."""
    while True:
        length, code = struct.unpack("!II", _received(client, 8))
        if length < 8 or length > LARGEST_STARTUP_BYTES:
            raise ConnectionError("malformed startup message")
        if code in (_SSL_REQUEST, _GSS_REQUEST):
            client.sendall(b"N")
            continue
        fields = _received(client, length - 8).split(b"\0")
        return code, dict(zip(fields[0::2], fields[1::2]))


def _refuse(client, message):
    fields = b"SFATAL\0VFATAL\0CXX000\0M" + message.encode() + b"\0\0"
    client.sendall(b"E" + struct.pack("!I", len(fields) + 4) + fields)


def _pipe(source, target):
    try:
        while data := source.recv(65536):
            target.sendall(data)
    except OSError:
        pass
    finally:
        try:
            target.shutdown(socket.SHUT_WR)
        except OSError:
            pass


def _relay(client, tenant, host, port):
    with client:
        code, parameters = _startup(client)
        user, _, named = parameters.get(b"user", b"").decode().rpartition(".")
        if not user or named != tenant:
            return _refuse(client, "Tenant or user not found")
        parameters[b"user"] = user.encode()
        body = b"".join(key + b"\0" + value + b"\0" for key, value in parameters.items() if key) + b"\0"
        with socket.create_connection((host, port), CONNECT_TIMEOUT_SECONDS) as server:
            server.settimeout(None)
            server.sendall(struct.pack("!II", len(body) + 8, code) + body)
            backward = threading.Thread(target=_pipe, args=(server, client), daemon=True)
            backward.start()
            _pipe(client, server)
            backward.join()
    return None


def _listen(port, relay, log):
    listener = socket.create_server(("0.0.0.0", port))

    def handle(client):
        try:
            relay(client)
        except OSError as error:
            log("warning", f"client connection ended: {error}")

    def accept():
        while True:
            client, _ = listener.accept()
            threading.Thread(target=handle, args=(client,), daemon=True).start()
    threading.Thread(target=accept, daemon=True).start()


def start(environment, arguments, log):
    port = environment.port("PORT")
    settings = environment.database_url("DATABASE_URL", "supabase_admin", "_supabase", schemes=("ecto",))
    host = environment.text("POSTGRES_HOST")
    database_port = environment.port("POSTGRES_PORT")
    name = environment.text("POSTGRES_DB")
    password = environment.text("POSTGRES_PASSWORD")
    environment.text("SECRET_KEY_BASE", minimum=64)
    environment.text("VAULT_ENC_KEY", length=32)
    environment.jwt_secret("API_JWT_SECRET")
    environment.jwt_secret("METRICS_JWT_SECRET")
    tenant = environment.text("POOLER_TENANT_ID", pattern=r"[\w-]+")
    for variable in ("POOLER_DEFAULT_POOL_SIZE", "POOLER_MAX_CLIENT_CONN", "DB_POOL_SIZE"):
        environment.number(variable, 1)
    environment.flag("CLUSTER_POSTGRES")
    environment.text("REGION")
    environment.text("ERL_AFLAGS")
    files, (_, limit) = environment.number("RLIMIT_NOFILE", 1), resource.getrlimit(resource.RLIMIT_NOFILE)
    if limit != resource.RLIM_INFINITY and files > limit:
        environment.problem(f"RLIMIT_NOFILE is {files}, and the container may have {limit} open files")
    environment.finish()

    script = re.search(r"\S+\.exs", " ".join(arguments))
    if script is None:
        raise Refusal("the command names no tenant script")
    try:
        with open(script[0], "rb") as file:
            if b"\r" in file.read():
                raise Refusal(f"{script[0]} has CRLF line ends")
    except OSError as error:
        raise Refusal(f"cannot read {script[0]}: {error.strerror}") from error

    own = Database(settings, "pooler")
    own.require_schema("_supavisor")
    own.execute("create table if not exists _supavisor.tenants (external_id text primary key)")
    own.execute("insert into _supavisor.tenants values (%s) on conflict do nothing", (tenant,))
    manager = Database({"host": host, "port": database_port, "dbname": name, "user": "pgbouncer", "password": password},
                       "pooler")
    manager.require("select count(*) = 1 from pgbouncer.get_auth('postgres')", "pgbouncer.get_auth finds no role")

    for client_port in (SESSION_PORT, TRANSACTION_PORT):
        _listen(client_port, lambda client: _relay(client, tenant, host, database_port), log)
    serve(port, lambda request: Reply(204 if request.path == "/api/health" and own.is_alive() else 503), log)
    log("info", f"Proxy started on {SESSION_PORT} and {TRANSACTION_PORT}")
