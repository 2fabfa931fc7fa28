"""Studio: the project's dashboard, port 3000."""

import urllib.error
import urllib.request

from web import Reply, echo, serve

PORT = 3000
PEER_TIMEOUT_SECONDS = 2


def _state_of(url):
    """Whether a peer answers at all; any status is an answer."""
    try:
        with urllib.request.urlopen(url, timeout=PEER_TIMEOUT_SECONDS):
            return "reachable"
    except urllib.error.HTTPError:
        return "reachable"
    except OSError:
        return "unreachable"


def start(environment, arguments, log):
    environment.text("HOSTNAME")
    meta = environment.http_url("STUDIO_PG_META_URL")
    environment.database(
        host="POSTGRES_HOST", port="POSTGRES_PORT", name="POSTGRES_DB", user="POSTGRES_USER_READ_WRITE",
        password="POSTGRES_PASSWORD", expected_user="postgres", expected_name="postgres")
    environment.text("PG_META_CRYPTO_KEY", length=32)
    for name in ("PGRST_DB_SCHEMAS", "PGRST_DB_EXTRA_SEARCH_PATH", "DEFAULT_ORGANIZATION_NAME", "DEFAULT_PROJECT_NAME"):
        environment.text(name)
    environment.number("PGRST_DB_MAX_ROWS", 1)
    environment.present("OPENAI_API_KEY")
    gateway = environment.http_url("SUPABASE_URL")
    environment.http_url("SUPABASE_PUBLIC_URL")
    secret = environment.jwt_secret("AUTH_JWT_SECRET")
    environment.token("SUPABASE_ANON_KEY", "anon", secret)
    # Where the gateway refuses signed keys, the dashboard has an opaque one.
    if not environment.optional("SUPABASE_SERVICE_KEY").startswith("sb_secret_"):
        environment.token("SUPABASE_SERVICE_KEY", "service_role", secret)
    if environment.flag("ENABLED_FEATURES_LOGS_ALL"):
        environment.text("LOGFLARE_PRIVATE_ACCESS_TOKEN", minimum=32)
        environment.http_url("LOGFLARE_URL")
    for name in ("SNIPPETS_MANAGEMENT_FOLDER", "EDGE_FUNCTIONS_MANAGEMENT_FOLDER"):
        environment.text(name, pattern=r"/\S+")
    environment.finish()
    project = environment.optional("DEFAULT_PROJECT_NAME")

    def answer(request):
        if request.path == "/api/platform/profile":
            return Reply(200, {"id": 1, "primary_email": "stand-in@example.com", "username": "stand-in"})
        if request.path == "/":
            peers = {"meta": _state_of(f"{meta}/health"), "gateway": _state_of(f"{gateway}/rest/v1/")}
            return Reply(200, {"service": "studio", "stand_in": True, "project": project, "peers": peers})
        return echo("studio", request)

    serve(PORT, answer, log)
    log("info", f"Ready on http://0.0.0.0:{PORT}")
