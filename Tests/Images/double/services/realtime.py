"""Realtime: changes over WebSockets, port 4000. The first label of the Host header names the tenant."""

import base64
import hashlib

import tokens
from database import Database
from web import Reply, bearer, echo, serve

_WEBSOCKET_KEY_SUFFIX = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455, section 1.3
_CLOSE_NORMALLY = b"\x88\x02\x03\xe8"
TENANT = "realtime-dev"


def start(environment, arguments, log):
    port = environment.port("PORT")
    settings = environment.database(
        host="DB_HOST", port="DB_PORT", name="DB_NAME", user="DB_USER", password="DB_PASSWORD",
        expected_user="supabase_admin", expected_name="postgres")
    environment.text("DB_AFTER_CONNECT_QUERY", pattern=r"SET search_path TO _realtime")
    environment.text("DB_ENC_KEY", length=16)
    secret = environment.jwt_secret("API_JWT_SECRET")
    environment.jwt_secret("METRICS_JWT_SECRET")
    environment.text("SECRET_KEY_BASE", minimum=64)
    environment.text("ERL_AFLAGS")
    environment.text("DNS_NODES")
    environment.number("RLIMIT_NOFILE", 1)
    environment.text("APP_NAME")
    environment.flag("SEED_SELF_HOST")
    environment.flag("RUN_JANITOR")
    environment.finish()

    database = Database(settings, "realtime")
    database.require("select rolsuper from pg_roles where rolname = current_user", "supabase_admin must be a superuser")
    database.require("select current_setting('wal_level') = 'logical'", "wal_level must be logical")
    database.require_schema("_realtime")
    database.execute("create table if not exists _realtime.tenants (external_id text primary key)")
    database.execute("delete from _realtime.tenants where external_id = %s", (TENANT,))
    database.execute("insert into _realtime.tenants values (%s)", (TENANT,))

    def tenant_exists(name):
        return database.value("select true from _realtime.tenants where external_id = %s", (name,)) is True

    def tenant_health(request, name):
        try:
            tokens.verified_claims(bearer(request), secret)
        except tokens.InvalidToken:
            return Reply(403, {"message": "Unauthorized"})
        if not tenant_exists(name):
            return Reply(404, {"error": "not found"})
        return Reply(200, {"data": {"healthy": True, "db_connected": True, "connected_cluster": 0}})

    def open_socket(request):
        tenant = request.headers.get("Host", "").split(".")[0]
        if not tenant_exists(tenant):
            return Reply(403, {"message": f"tenant {tenant} not found"})
        try:
            tokens.verified_claims(request.headers.get("x-api-key") or request.query.get("apikey", ""), secret)
        except tokens.InvalidToken:
            return Reply(403, {"message": "Unauthorized"})
        key = request.headers.get("Sec-WebSocket-Key", "")
        accept = base64.b64encode(hashlib.sha1((key + _WEBSOCKET_KEY_SUFFIX).encode()).digest()).decode()
        request.connection.sendall(
            ("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
             f"Sec-WebSocket-Accept: {accept}\r\n\r\n").encode() + _CLOSE_NORMALLY)
        log("info", f"socket opened for tenant {tenant}")
        return None

    def answer(request):
        parts = request.path.strip("/").split("/")
        if parts[:2] == ["api", "tenants"] and parts[3:] == ["health"]:
            return tenant_health(request, parts[2])
        if request.path == "/healthcheck":
            return Reply(200, "ok")
        if request.path == "/socket/websocket" and request.headers.get("Upgrade", "").lower() == "websocket":
            return open_socket(request)
        return echo("realtime", request)

    serve(port, answer, log)
    log("info", f"Running RealtimeWeb.Endpoint at 0.0.0.0:{port} (http)")
