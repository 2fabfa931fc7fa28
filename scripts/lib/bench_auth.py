"""AUTH benchmark: sign-ins by password a second beside bare Argon2id verifications with the same parameters, on as many
threads as there are processors; and reads of REST with a user's token beside the same with the anonymous key.
"""

import argparse
import concurrent.futures
import ctypes
import ctypes.util
import json
import os
import threading
import time
import urllib.request

from bench_api import wrk
from bench_rest import CASES, CONNECTIONS, SCHEMA, SECRET, ProjectD, run_sql, token
from cleanup import Cleanup, clean_up_when_told_to_end
from report import Report
from throwaway_postgres import ThrowawayPostgres

PASSWORD = "correct horse battery staple"
# PasswordKit's cost of new passwords (`Argon2id.Cost.standard`).
PASSES, MEMORY_KIB, LANES = 2, 19_456, 1
THREADS = os.cpu_count()
USERS = 50

ROLES = """
create role supabase_auth_admin login noinherit createrole; create role service_role nologin bypassrls;
create role supabase_admin superuser; create schema auth authorization supabase_auth_admin;
grant create on database postgres to supabase_auth_admin;
alter role supabase_auth_admin set search_path = auth;
grant select on api.projects to anon; grant usage on schema api to anon;
"""


def rate(function, seconds):
    """Calls a second of a function by as many threads as there are processors."""
    end = time.monotonic() + seconds

    def work(_):
        count = 0
        while time.monotonic() < end:
            function()
            count += 1
        return count

    start = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(THREADS) as pool:
        return sum(pool.map(work, range(THREADS))) / (time.monotonic() - start)


def bare_verification():
    """A function that verifies the password by libargon2 alone; it runs without Python's lock."""
    library = ctypes.CDLL(ctypes.util.find_library("argon2") or "libargon2.so.1")
    password, salt = PASSWORD.encode(), b"0123456789abcdef"
    encoded = ctypes.create_string_buffer(256)
    number, size, text = ctypes.c_uint32, ctypes.c_size_t, ctypes.c_char_p
    library.argon2id_hash_encoded.argtypes = [number, number, number, text, size, text, size, size, text, size]
    library.argon2id_verify.argtypes = [text, text, size]
    status = library.argon2id_hash_encoded(
        PASSES, MEMORY_KIB, LANES, password, len(password), salt, len(salt), 32, encoded, len(encoded))
    if status:
        raise RuntimeError(f"libargon2 says {status}")

    def verify():
        if library.argon2id_verify(encoded.value, password, len(password)):
            raise RuntimeError("libargon2 does not know its own hash")

    return verify


class Auth(ProjectD):
    """A running `projectd serve --only auth`."""

    def settings(self, postgres, admin):
        return super().settings(postgres, admin) | {
            "GOTRUE_DB_DATABASE_URL": f"postgresql://supabase_auth_admin@/postgres?host={postgres.folder}",
            "GOTRUE_JWT_SECRET": SECRET, "API_EXTERNAL_URL": "http://127.0.0.1:9999", "GOTRUE_SITE_URL": "http://site.example",
            "GOTRUE_MAILER_AUTOCONFIRM": "true", "GOTRUE_RATE_LIMIT_HEADER": "X-Client"}

    def post(self, target, body, client):
        headers = {"Content-Type": "application/json", "X-Client": client}
        request = urllib.request.Request(self.url(target), json.dumps(body).encode(), headers)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)


class SignIns:
    """Sign-ins, each from an address of its own, so that no client's limit is met."""

    def __init__(self, auth):
        self.auth, self.count, self.lock = auth, 0, threading.Lock()
        for number in range(USERS):
            self.auth.post("/signup", self.user(number), f"10.1.0.{number}")

    def user(self, number):
        return {"email": f"user{number}@site.example", "password": PASSWORD}

    def one(self):
        with self.lock:
            self.count += 1
            number = self.count
        client = f"10.{2 + number // 65_536}.{number // 256 % 256}.{number % 256}"
        self.auth.post("/token?grant_type=password", self.user(number % USERS), client)


def tokens(projectd, postgres, seconds):
    """Reads a second with a user's token, and with the anonymous key."""
    found = {}
    for name, bearer in (("user", token()), ("anonymous", token("anon"))):
        ours = wrk(projectd.url(CASES["read"][1]), seconds, token=bearer, connections=CONNECTIONS)
        if ours["refused"]:
            raise RuntimeError(f"projectd refused {ours['refused']} reads of the {name} token")
        found[f"{name}_per_second"] = ours["per_second"]
    return found


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", required=True)
    parser.add_argument("--root", required=True)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    arguments.rounds, arguments.seconds = max(1, min(arguments.rounds, 20)), max(1, min(arguments.seconds, 120))
    clean_up_when_told_to_end()
    report = Report("auth", rounds=arguments.rounds, seconds=arguments.seconds)
    with Cleanup() as cleanup:
        postgres = ThrowawayPostgres()
        cleanup.after(postgres.remove)
        run_sql(postgres, SCHEMA + ROLES)
        auth, rest = Auth(arguments.binary, postgres, "auth"), ProjectD(arguments.binary, postgres)
        cleanup.after(auth.stop)
        cleanup.after(rest.stop)
        sign_ins, verify = SignIns(auth), bare_verification()
        rounds = []
        for _ in range(arguments.rounds):
            found = {"sign_ins_per_second": rate(sign_ins.one, arguments.seconds),
                     "bare_per_second": rate(verify, arguments.seconds)} | tokens(rest, postgres, arguments.seconds)
            rounds.append(found | {"sign_in_ratio": found["sign_ins_per_second"] / found["bare_per_second"],
                                   "token_ratio": found["user_per_second"] / found["anonymous_per_second"]})
    found = report.medians(rounds)
    report.line(f"sign-ins by password: {found['sign_ins_per_second']:.1f}/s; ÷ bare Argon2id verifications "
                f"{found['bare_per_second']:.1f}/s = {found['sign_in_ratio']:.2f}   (aim: at least 0.85)")
    report.line(f"reads with a user's token: {found['user_per_second']:.0f}/s; ÷ with the anonymous key "
                f"{found['anonymous_per_second']:.0f}/s = {found['token_ratio']:.2f}   (aim: at least 0.9)")
    report.end(arguments.json, medians=found, rounds=rounds)


if __name__ == "__main__":
    main()
