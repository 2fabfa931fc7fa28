"""Logflare: takes log lines from vector, port 4000. GET /received counts them by source."""

import collections
import hmac
import json
import threading

from database import Database
from web import Reply, serve

PORT = 4000


def start(environment, arguments, log):
    environment.text("LOGFLARE_NODE_HOST")
    environment.flag("LOGFLARE_SINGLE_TENANT")
    environment.flag("LOGFLARE_SUPABASE_MODE")
    environment.text("LOGFLARE_FEATURE_FLAG_OVERRIDE")
    public = environment.text("LOGFLARE_PUBLIC_ACCESS_TOKEN", minimum=32)
    private = environment.text("LOGFLARE_PRIVATE_ACCESS_TOKEN", minimum=32)
    if public and public == private:
        environment.problem("LOGFLARE_PUBLIC_ACCESS_TOKEN and LOGFLARE_PRIVATE_ACCESS_TOKEN must differ")
    schema = environment.text("DB_SCHEMA")
    settings = environment.database(
        host="DB_HOSTNAME", port="DB_PORT", name="DB_DATABASE", user="DB_USERNAME", password="DB_PASSWORD",
        expected_user="supabase_admin", expected_name="_supabase")
    environment.database_url("POSTGRES_BACKEND_URL", "supabase_admin", "_supabase")
    environment.text("POSTGRES_BACKEND_SCHEMA")
    environment.finish()

    database = Database(settings, "analytics")
    database.require_schema(schema)
    database.execute("create table if not exists _analytics.schema_migrations (version bigint primary key)")

    received = collections.Counter()
    lock = threading.Lock()

    def take(request):
        if not hmac.compare_digest(request.headers.get("x-api-key", ""), public):
            return Reply(401, {"error": "Unauthorized"})
        source = request.query.get("source_name", "")
        events = json.loads(request.body or b"null")
        if not source or not isinstance(events, (list, dict)):
            return Reply(406, {"message": "source_name and a JSON body are needed"})
        with lock:
            received[source] += len(events) if isinstance(events, list) else 1
        return Reply(200, {"message": "Logged!"})

    def answer(request):
        if request.path == "/health":
            alive = database.is_alive()
            return Reply(200 if alive else 503, {"status": "ok" if alive else "coming_up"})
        if request.path in ("/api/logs", "/logs") and request.method == "POST":
            return take(request)
        if request.path == "/received":
            with lock:
                return Reply(200, dict(received))
        return Reply(404, {"error": "not found"})

    serve(PORT, answer, log)
    log("info", f"Running LogflareWeb.Endpoint at 0.0.0.0:{PORT} (http)")
