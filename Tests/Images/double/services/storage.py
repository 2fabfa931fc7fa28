"""Storage: files, port 5000."""

import os
import time

from contract import Refusal
from database import Database
from web import Reply, echo, serve

PORT = 5000


def start(environment, arguments, log):
    secret = environment.jwt_secret("AUTH_JWT_SECRET")
    environment.token("ANON_KEY", "anon", secret)
    environment.token("SERVICE_KEY", "service_role", secret)
    settings = environment.database_url("DATABASE_URL", "supabase_storage_admin", "postgres")
    environment.http_url("POSTGREST_URL")
    environment.http_url("STORAGE_PUBLIC_URL")
    environment.flag("S3_PROTOCOL_ENABLED")
    environment.flag("REQUEST_ALLOW_X_FORWARDED_PATH")
    environment.number("FILE_SIZE_LIMIT", 1, 2**40)
    environment.text("STORAGE_BACKEND", one_of=("file",))
    folder = environment.text("FILE_STORAGE_BACKEND_PATH", pattern=r"/\S+")
    for name in ("GLOBAL_S3_BUCKET", "TENANT_ID", "REGION"):
        environment.text(name)
    if environment.flag("ENABLE_IMAGE_TRANSFORMATION"):
        environment.http_url("IMGPROXY_URL")
    environment.text("S3_PROTOCOL_ACCESS_KEY_ID", length=32)
    environment.text("S3_PROTOCOL_ACCESS_KEY_SECRET", length=64)
    environment.finish()

    try:
        with open(os.path.join(folder, ".started"), "a", encoding="utf-8") as file:
            file.write(time.strftime("%Y-%m-%dT%H:%M:%SZ\n", time.gmtime()))
    except OSError as error:
        raise Refusal(f"cannot write to {folder}: {error.strerror}") from error

    database = Database(settings, "storage")
    database.require_schema("storage")
    database.execute("create table if not exists storage.migrations (id integer primary key, name text not null)")
    database.execute("insert into storage.migrations values (0, 'create-migrations-table') on conflict do nothing")

    def answer(request):
        if request.path == "/status":
            return Reply(200)
        if request.path == "/health":
            return Reply(200, {"healthy": database.is_alive()})
        return echo("storage", request)

    serve(PORT, answer, log)
    log("info", f"[Server] Started, listening on port {PORT}")
