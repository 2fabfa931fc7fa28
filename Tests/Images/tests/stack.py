"""The template as the tests see it: the parsed Compose file, and environments made from it with fresh secrets."""

import base64
import functools
import hashlib
import hmac
import json
import pathlib
import re
import secrets
import string
import time

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[3]
TEMPLATE = ROOT / "Templates" / "supabase"
IMAGE_PREFIX = "supamanager.test"

# Keys live for years, as the manager mints them; a temporary key for at most an hour.
KEY_LIFE_SECONDS = 10 * 365 * 86400

_ALPHABETS = {"alphanumeric": string.ascii_letters + string.digits, "hex": "0123456789abcdef"}
_PROVIDED = {
    "PROJECT_REF": "abcdefghijklmnopqrst", "PROJECT_NAME": "Test project", "BIND_ADDRESS": "127.0.0.1",
    "PUBLIC_URL": "http://127.0.0.1:54321",
}
_REFERENCE = re.compile(r"\$\$|\$\{([A-Z][A-Z0-9_]*)(?::([-+])((?:[^{}]|\$\{[^{}]*\})*))?\}")


@functools.cache
def compose():
    return yaml.safe_load((TEMPLATE / "compose.yaml").read_text(encoding="utf-8"))


def references(value):
    """Every variable that a part of the file refers to, with its inline default (None without one)."""
    if isinstance(value, str):
        for match in _REFERENCE.finditer(value):
            if match[1]:
                yield match[1], match[3] if match[2] == "-" else None
                yield from references(match[3] or "")
    elif isinstance(value, dict):
        for item in value.values():
            yield from references(item)
    elif isinstance(value, list):
        for item in value:
            yield from references(item)


def passed_on():
    """Variables that a service gets under their own name, and only if they have a value."""
    for service in compose()["services"].values():
        yield from (name for name, value in service.get("environment", {}).items() if value is None)


def token(role, secret, **changes):
    def part(value):
        return base64.urlsafe_b64encode(value).rstrip(b"=").decode()
    now = int(time.time())
    claims = {"role": role, "iss": "supabase", "ref": "abcdefghijklmnopqrst", "iat": now, "exp": now + 3600, **changes}
    claims = {name: value for name, value in claims.items() if value is not None}
    signed = part(b'{"alg":"HS256","typ":"JWT"}') + "." + part(json.dumps(claims).encode())
    return signed + "." + part(hmac.new(secret.encode(), signed.encode(), hashlib.sha256).digest())


def key_set(secret):
    """A secret as the JSON Web Key Set that the manager makes of it."""
    key = base64.urlsafe_b64encode(secret.encode()).rstrip(b"=").decode()
    return json.dumps({"keys": [{"kty": "oct", "alg": "HS256", "k": key}]}, separators=(",", ":"))


def variables():
    """Values for every variable of the template, with new secrets on each call."""
    extension = compose()["x-supamanager"]
    values = dict(_PROVIDED)
    for number, name in enumerate(extension["ports"]):
        values[name] = str(54321 + number)
    for name, host_number in extension["addresses"].items():
        values[name] = f"10.99.0.{host_number}"
    for name, span in extension["ranges"].items():
        values[name] = f"10.99.0.{span['first']}/{span['prefix']}"
    for name, form in extension["secrets"].items():
        values[name] = "".join(secrets.choice(_ALPHABETS[form["alphabet"]]) for _ in range(form["length"]))
    for name, claims in extension["tokens"].items():
        values[name] = token(claims["role"], values["JWT_SECRET"], exp=int(time.time()) + KEY_LIFE_SECONDS)
    for name, setting in extension["variables"].items():
        if "default" in setting:
            values[name] = setting["default"]
    return values


def interpolate(text, values):
    def replacement(match):
        if match[0] == "$$":
            return "$"
        value = values.get(match[1])
        if match[2] == "+":
            return interpolate(match[3], values) if value else ""
        return value or interpolate(match[3] or "", values)
    return _REFERENCE.sub(replacement, text)


def environment(service, values):
    """The environment that the template gives to a service."""
    given = {}
    for name, text in compose()["services"][service]["environment"].items():
        if text is not None:
            given[name] = interpolate(text, values)
        elif name in values:
            given[name] = values[name]
    return given
