"""Edge runtime: functions, port 9000. Functions are found in their folders, but not run."""

import os

from contract import Refusal
from web import Reply, echo, serve

PORT = 9000


def start(environment, arguments, log):
    secret = environment.jwt_secret("JWT_SECRET")
    environment.http_url("SUPABASE_URL")
    environment.http_url("SUPABASE_PUBLIC_URL")
    environment.token("SUPABASE_ANON_KEY", "anon", secret)
    environment.token("SUPABASE_SERVICE_ROLE_KEY", "service_role", secret)
    for name in ("SUPABASE_PUBLISHABLE_KEYS", "SUPABASE_SECRET_KEYS"):
        if "default" not in environment.json_object(name):
            environment.problem(f"{name} must have the key \"default\"")
    environment.database_url("SUPABASE_DB_URL", "postgres", "postgres")
    environment.flag("VERIFY_JWT")
    cache = environment.text("DENO_DIR", pattern=r"/\S+")
    environment.text("XDG_CACHE_HOME", pattern=r"/\S+")
    environment.text("HOME", pattern=r"/\S*")
    environment.finish()

    if not os.access(cache, os.W_OK):
        raise Refusal(f"cannot write to {cache}")
    if arguments[:2] != ["start", "--main-service"] or len(arguments) < 3:
        raise Refusal("the command must be: start --main-service FOLDER")
    main_folder = arguments[2]
    if not os.path.isfile(os.path.join(main_folder, "index.ts")):
        raise Refusal(f"could not find an appropriate entrypoint in {main_folder}")
    folder = os.path.dirname(main_folder)

    def answer(request):
        name = request.path.split("/")[1]
        if name == "_internal":
            return Reply(200, {"message": "ok"})
        if name == "":
            return Reply(400, {"message": "missing function name in request"})
        if name in (".", "..", "main") or not os.path.isfile(os.path.join(folder, name, "index.ts")):
            return Reply(404, {"message": "no such function"})
        return echo("functions", request)

    serve(PORT, answer, log)
    log("info", f"Listening on http://0.0.0.0:{PORT}/")
