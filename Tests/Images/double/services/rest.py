"""PostgREST: tables over HTTP, port 3000, admin server on 3001.

Reads and inserts really run in the database, as the role that the request's token names.
"""

import json
import urllib.error
import urllib.request

import psycopg2
from psycopg2 import errors, sql

import tokens
from contract import Refusal
from database import Database
from web import Reply, bearer, serve

PORT = 3000
SPECIAL_HOST_NAMES = ("*", "*4", "!4", "*6", "!6")
READY_TIMEOUT_SECONDS = 2


def check_readiness(environment):
    """`postgrest --ready`: asks the admin server as the settings name it, and takes no special host name for an address."""
    host = environment.text("PGRST_ADMIN_SERVER_HOST")
    port = environment.port("PGRST_ADMIN_SERVER_PORT")
    environment.finish()
    if host in SPECIAL_HOST_NAMES:
        raise Refusal(f"the special host name {host} cannot be asked whether it is ready")
    try:
        with urllib.request.urlopen(f"http://{host}:{port}/ready", timeout=READY_TIMEOUT_SECONDS):
            return
    except (urllib.error.URLError, OSError) as error:
        raise Refusal(f"not ready: {error}") from error


def start(environment, arguments, log):
    settings = environment.database_url("PGRST_DB_URI", "authenticator", "postgres")
    schemas = [name.strip() for name in environment.text("PGRST_DB_SCHEMAS").split(",")]
    most_rows = environment.number("PGRST_DB_MAX_ROWS", 1)
    environment.text("PGRST_DB_EXTRA_SEARCH_PATH")
    anon_role = environment.text("PGRST_DB_ANON_ROLE")
    environment.text("PGRST_DB_USE_LEGACY_GUCS", one_of=("false",))
    secret = environment.jwt_secret("PGRST_JWT_SECRET")
    environment.number("PGRST_APP_SETTINGS_JWT_EXP", 1)
    environment.text("PGRST_ADMIN_SERVER_HOST")
    admin_port = environment.port("PGRST_ADMIN_SERVER_PORT")
    environment.finish()

    database = Database(settings, "rest")
    for role in (anon_role, "authenticated", "service_role"):
        database.require("select pg_has_role(oid, 'MEMBER') from pg_roles where rolname = %s",
                         f"authenticator cannot become {role}", (role,))
    for schema in schemas:
        database.require("select true from pg_namespace where nspname = %s",
                         f"schema {schema} does not exist", (schema,))
    if database.value("select rolinherit from pg_roles where rolname = current_user"):
        raise Refusal("authenticator must be NOINHERIT")

    def role_of(request):
        token = bearer(request)
        if not token:
            return anon_role, {}
        claims = tokens.verified_claims(token, secret)
        return str(claims.get("role") or anon_role), claims

    def as_role(request, work):
        role, claims = role_of(request)

        def transaction(cursor):
            cursor.execute(sql.SQL("set local role {}").format(sql.Identifier(role)))
            cursor.execute("select set_config('request.jwt.claims', %s, true)", (json.dumps(claims),))
            return work(cursor)
        return database.run(transaction)

    def tables(cursor):
        cursor.execute(
            "select c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = %s"
            " and c.relkind in ('r', 'v', 'p') and has_table_privilege(c.oid, 'SELECT') order by 1", (schemas[0],))
        return Reply(200, {"swagger": "2.0", "paths": {f"/{name}": {} for (name,) in cursor}})

    def table(request, name):
        target = sql.Identifier(schemas[0], name)

        def read(cursor):
            cursor.execute(sql.SQL("select to_json(found.*) from {} found limit %s").format(target), (most_rows,))
            return Reply(200, [row for (row,) in cursor])

        def insert(cursor):
            rows = json.loads(request.body)
            rows = rows if isinstance(rows, list) else [rows]
            columns = sql.SQL(", ").join(sql.Identifier(column) for column in rows[0])
            cursor.execute(
                sql.SQL("insert into {0} ({1}) select {1} from json_populate_recordset(null::{0}, %s)").format(
                    target, columns), (json.dumps(rows),))
            return Reply(201)
        return {"GET": read, "HEAD": read, "POST": insert}.get(request.method)

    def answer(request):
        name = request.path.strip("/")
        work = tables if name == "" else table(request, name)
        if work is None:
            return Reply(405, {"message": "method not supported by this stand-in"})
        try:
            return as_role(request, work)
        except tokens.InvalidToken as error:
            return Reply(401, {"code": "PGRST301", "message": str(error)})
        except errors.UndefinedTable:
            return Reply(404, {"code": "PGRST205", "message": f"Could not find the table '{schemas[0]}.{name}'"})
        except (errors.InsufficientPrivilege, errors.UndefinedObject, errors.InvalidParameterValue) as error:
            return Reply(403 if bearer(request) else 401, {"code": error.pgcode, "message": str(error).strip()})
        except psycopg2.OperationalError:
            return Reply(503, {"code": "PGRST001", "message": "Could not query the database"})
        except (psycopg2.Error, ValueError) as error:
            return Reply(400, {"message": str(error).strip()})

    def answer_admin(request):
        if request.path == "/live":
            return Reply(200)
        if request.path == "/ready":
            return Reply(200 if database.is_alive() else 503)
        return Reply(404)

    serve(PORT, answer, log)
    serve(admin_port, answer_admin, log)
    log("info", f"API server listening on 0.0.0.0:{PORT}")
