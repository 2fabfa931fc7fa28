"""postgres-meta: the dashboard's way into the database, port 8080."""

import json
import time

import psycopg2

from database import Database
from web import Reply, echo, serve


def start(environment, arguments, log):
    port = environment.port("PG_META_PORT")
    settings = environment.database(
        host="PG_META_DB_HOST", port="PG_META_DB_PORT", name="PG_META_DB_NAME", user="PG_META_DB_USER",
        password="PG_META_DB_PASSWORD", expected_user="postgres", expected_name="postgres")
    environment.text("CRYPTO_KEY", length=32)
    environment.finish()
    database = Database(settings, "meta")

    def run_query(request):
        def work(cursor):
            cursor.execute(json.loads(request.body)["query"])
            if cursor.description is None:
                return []
            names = [column.name for column in cursor.description]
            return [dict(zip(names, row)) for row in cursor]
        try:
            return Reply(200, database.run(work))
        except (psycopg2.Error, KeyError, TypeError, ValueError) as error:
            return Reply(400, {"message": str(error).strip()})

    def answer(request):
        if request.path == "/health":
            return Reply(200, {"date": time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime())})
        if request.path == "/query" and request.method == "POST":
            return run_query(request)
        return echo("meta", request)

    serve(port, answer, log)
    log("info", f"App started on port {port}")
