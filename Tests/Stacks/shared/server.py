"""Plays roles of a stack: python3 server.py ROLE…

Each role listens on its own port and answers GET /health there: 200, or 503 while /tmp/down-<role> exists.

gateway    takes the project's keys and passes requests on, with the token of the key's role
rest       GET and POST /<table>, in the database, as the SQL role of the token
storage    GET /bucket
functions  GET /<slug> shows the code of a deployed function
others     show the request as it arrived
"""

import json
import os
import signal
import sys
import urllib.error
import urllib.request

sys.path.insert(0, "/opt/double")

import tokens  # noqa: E402
from database import Database  # noqa: E402
from lines import logger  # noqa: E402
from psycopg2 import errors, sql  # noqa: E402
from web import Reply, bearer, echo, serve  # noqa: E402

PORTS = {"gateway": 9000, "auth": 9001, "rest": 9002, "realtime": 9003, "storage": 9004, "functions": 9005, "meta": 9006}
PATHS = {"auth": "/auth/v1", "rest": "/rest/v1", "realtime": "/realtime/v1", "storage": "/storage/v1",
         "functions": "/functions/v1", "meta": "/pg"}
FORWARD_TIMEOUT_SECONDS = 10
FUNCTIONS = "/srv/jobs"


def keys():
    """The token of the role of each accepted key."""
    is_signed = os.environ["SIGNED_KEYS"] == "true"
    accepted = {}
    for token, plain, listed in (("OPEN_TOKEN", (), "OPEN_KEYS"), ("FULL_TOKEN", ("DOOR_KEY",), "FULL_KEYS")):
        value = os.environ[token]
        names = [value] if is_signed else []
        names += [os.environ[name] for name in plain] + os.environ[listed].split(",")
        accepted |= {name: value for name in names if name}
    return accepted


def gateway(request, accepted=keys):
    key = request.headers.get("apikey") or bearer(request)
    token = accepted().get(key)
    if token is None:
        return Reply(401, {"message": "no such key"})
    for role, prefix in PATHS.items():
        if request.path == prefix or request.path.startswith(prefix + "/"):
            host = os.environ.get(f"{role.upper()}_HOST")
            if not host:
                return Reply(404, {"message": f"no {role}"})
            return forward(request, f"http://{host}:{PORTS[role]}{request.path.removeprefix(prefix) or '/'}", token)
    return Reply(404, {"message": "no such path"})


def forward(request, url, token):
    passed = urllib.request.Request(url, request.body or None, {
        "Authorization": f"Bearer {token}", "Content-Type": request.headers.get("Content-Type", "application/json"),
    }, method=request.method)
    try:
        with urllib.request.urlopen(passed, timeout=FORWARD_TIMEOUT_SECONDS) as answer:
            return Reply(answer.status, json.loads(answer.read() or b"null"))
    except urllib.error.HTTPError as error:
        return Reply(error.code, json.loads(error.read() or b"null"))
    except OSError as error:
        return Reply(502, {"message": f"unreachable: {error}"})


class Rest:
    def __init__(self):
        self.database = Database({
            "host": os.environ["STORE_HOST"], "port": 5432, "user": "clerk", "password": os.environ["STORE_PASSWORD"],
            "dbname": "rows"}, "rest")

    def __call__(self, request):
        try:
            role = tokens.verified_claims(bearer(request), os.environ["SIGNING_KEY"])["role"]
            return self.database.run(lambda cursor: self.table(request, role, cursor))
        except tokens.InvalidToken as error:
            return Reply(401, {"message": str(error)})
        except errors.UndefinedTable:
            return Reply(404, {"message": "no such table"})
        except errors.InsufficientPrivilege as error:
            return Reply(403, {"message": str(error).strip()})

    @staticmethod
    def table(request, role, cursor):
        target = sql.Identifier(request.path.strip("/"))
        cursor.execute(sql.SQL("set local role {}").format(sql.Identifier(role)))
        if request.method == "POST":
            cursor.execute(sql.SQL("insert into {0} select * from json_populate_recordset(null::{0}, %s)").format(
                target), (request.body.decode(),))
            return Reply(201, {})
        cursor.execute(sql.SQL("select to_json(found.*) from {} found").format(target))
        return Reply(200, [row for (row,) in cursor])


def functions(request):
    path = os.path.join(FUNCTIONS, os.path.basename(request.path), "index.ts")
    if not os.path.exists(path):
        return Reply(404, {"message": "no such function"})
    with open(path, encoding="utf-8") as file:
        return Reply(200, {"code": file.read()})


def storage(request):
    return Reply(200, []) if request.path == "/bucket" else echo("storage", request)


def answering(role, handler):
    def answer(request):
        if request.path == "/health":
            return Reply(503 if os.path.exists(f"/tmp/down-{role}") else 200, {"role": role})
        return handler(request)
    return answer


def main():
    handlers = {"gateway": lambda: gateway, "rest": Rest, "functions": lambda: functions, "storage": lambda: storage}
    for role in sys.argv[1:]:
        make = handlers.get(role, lambda role=role: lambda request: echo(role, request))
        serve(PORTS[role], answering(role, make()), logger(role))
    while True:
        signal.pause()


for number in (signal.SIGTERM, signal.SIGINT):
    signal.signal(number, lambda *_: os._exit(0))
main()
