"""GoTrue: sign-up and tokens, port 9999."""

import re

from database import Database
from web import Reply, echo, serve

_DURATION = r"(\d+(\.\d+)?(ns|us|ms|s|m|h))+"


def check_optional(environment):
    """What GoTrue takes from its environment only if it is there: then it must have the right form, and not be empty."""
    for name, _ in environment.matching(r"GOTRUE_\w+_(ENABLED|OPTIONAL|CHECK|REAUTHENTICATION|PER_USER)"):
        environment.flag(name)
    for name, _ in environment.matching(r"GOTRUE_(RATE_LIMIT_(?!HEADER)\w+|\w+_OTP_(EXP|LENGTH)|PASSWORD_MIN_LENGTH)"):
        environment.number(name)
    for name, _ in environment.matching(r"GOTRUE_(\w+_MAX_FREQUENCY|SESSIONS_(TIMEBOX|INACTIVITY_TIMEOUT))"):
        environment.text(name, pattern=_DURATION)
    for name, (provider,) in environment.matching(r"GOTRUE_EXTERNAL_(\w+)_REDIRECT_URI"):
        if environment.optional(f"GOTRUE_EXTERNAL_{provider}_ENABLED") == "true":
            environment.text(f"GOTRUE_EXTERNAL_{provider}_CLIENT_ID")
            environment.text(f"GOTRUE_EXTERNAL_{provider}_SECRET")
            environment.http_url(name, path="/auth/v1/callback")


def start(environment, arguments, log):
    port = environment.port("GOTRUE_API_PORT")
    environment.text("GOTRUE_API_HOST")
    environment.http_url("API_EXTERNAL_URL", path="/auth/v1")
    environment.http_url("GOTRUE_JWT_ISSUER", path="/auth/v1")
    environment.http_url("GOTRUE_SITE_URL")
    environment.present("GOTRUE_URI_ALLOW_LIST")
    environment.text("GOTRUE_DB_DRIVER", one_of=("postgres",))
    settings = environment.database_url("GOTRUE_DB_DATABASE_URL", "supabase_auth_admin", "postgres")
    environment.jwt_secret("GOTRUE_JWT_SECRET")
    expiry = environment.number("GOTRUE_JWT_EXP", 1)
    environment.text("GOTRUE_JWT_AUD", one_of=("authenticated",))
    environment.text("GOTRUE_JWT_ADMIN_ROLES", one_of=("service_role",))
    environment.text("GOTRUE_JWT_DEFAULT_GROUP_NAME", one_of=("authenticated",))
    sign_up_closed = environment.flag("GOTRUE_DISABLE_SIGNUP")
    email = environment.flag("GOTRUE_EXTERNAL_EMAIL_ENABLED")
    phone = environment.flag("GOTRUE_EXTERNAL_PHONE_ENABLED")
    anonymous = environment.flag("GOTRUE_EXTERNAL_ANONYMOUS_USERS_ENABLED")
    confirmed = environment.flag("GOTRUE_MAILER_AUTOCONFIRM")
    phone_confirmed = environment.flag("GOTRUE_SMS_AUTOCONFIRM")
    environment.port("GOTRUE_SMTP_PORT")
    environment.text("GOTRUE_SMTP_ADMIN_EMAIL", pattern=r"[^@\s]+@[^@\s]+")
    for name in ("HOST", "USER", "PASS", "SENDER_NAME"):
        environment.present(f"GOTRUE_SMTP_{name}")
    for name in ("INVITE", "CONFIRMATION", "RECOVERY", "EMAIL_CHANGE"):
        environment.text(f"GOTRUE_MAILER_URLPATHS_{name}", pattern=r"/\S*")
    check_optional(environment)
    environment.text("GOTRUE_RATE_LIMIT_HEADER", pattern=r"[\w-]+")
    environment.finish()

    database = Database(settings, "auth")
    database.require_schema("auth")
    database.execute("create table if not exists auth.schema_migrations (version varchar(255) primary key)")
    database.execute("insert into auth.schema_migrations values ('00') on conflict do nothing")
    log("info", "GoTrue migrations applied successfully")

    def answer(request):
        if request.path == "/health":
            return Reply(200, {"version": "stand-in", "name": "GoTrue", "description": "contract double of GoTrue"})
        if request.path == "/settings":
            return Reply(200, {
                "external": {"email": email, "phone": phone, "anonymous_users": anonymous},
                "disable_signup": sign_up_closed,
                "mailer_autoconfirm": confirmed,
                "phone_autoconfirm": phone_confirmed,
                "jwt_exp": expiry,
            })
        return echo("auth", request)

    serve(port, answer, log)
    log("info", f"GoTrue API started on: 0.0.0.0:{port}")
