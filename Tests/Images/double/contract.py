"""What a service demands of its environment before it starts.

A check never puts a value into its message: values can be secrets. All problems are collected, so one failed start
names everything that is wrong.
"""

import json
import re
from urllib.parse import unquote, urlsplit

import tokens


class Refusal(Exception):
    """The service does not start; the message says why."""


class Environment:
    def __init__(self, variables):
        self._variables = variables
        self._problems = []

    def problem(self, text):
        self._problems.append(text)

    def finish(self):
        """Ends the checks: raises Refusal with every problem found."""
        if self._problems:
            raise Refusal("; ".join(self._problems))

    def optional(self, name):
        return self._variables.get(name, "")

    def matching(self, pattern):
        """The names of the variables that are there and match, with what their groups matched."""
        found = ((name, re.fullmatch(pattern, name)) for name in sorted(self._variables))
        return [(name, match.groups()) for name, match in found if match]

    def text(self, name, *, length=None, minimum=1, pattern=None, one_of=None):
        """A variable that must be there; `length` is exact, `minimum` the least number of characters."""
        value = self._variables.get(name)
        if value is None or (value == "" and minimum > 0):
            self.problem(f"{name} is required")
            return ""
        if length is not None and len(value) != length:
            self.problem(f"{name} must have exactly {length} characters, not {len(value)}")
        elif len(value) < minimum:
            self.problem(f"{name} must have at least {minimum} characters, not {len(value)}")
        elif pattern is not None and not re.fullmatch(pattern, value):
            self.problem(f"{name} must match {pattern}")
        elif one_of is not None and value not in one_of:
            self.problem(f"{name} must be one of {', '.join(one_of)}")
        return value

    def present(self, name):
        """A variable that must be defined but may be empty."""
        return self.text(name, minimum=0)

    def number(self, name, low=0, high=2**31):
        value = self.text(name)
        if not value:
            return low
        if not re.fullmatch(r"\d+", value) or not low <= int(value) <= high:
            self.problem(f"{name} must be a whole number from {low} to {high}")
            return low
        return int(value)

    def port(self, name):
        return self.number(name, 1, 65535)

    def flag(self, name):
        return self.text(name, one_of=("true", "false")) == "true"

    def http_url(self, name, path=None):
        """An absolute http(s) URL; with `path` its path must be exactly that."""
        value = self.text(name)
        if not value:
            return ""
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            self.problem(f"{name} must be a URL that begins with http:// or https:// and names a host")
        elif path is not None and parts.path != path:
            self.problem(f"{name} must have the path {path}")
        return value

    def database_url(self, name, user, database, schemes=("postgres", "postgresql")):
        """A connection URL for `user` and `database`; the answer holds the arguments of a connection."""
        value = self.text(name)
        if not value:
            return {}
        try:
            parts = urlsplit(value)
            settings = {
                "host": parts.hostname,
                "port": parts.port or 5432,
                "user": unquote(parts.username or ""),
                "password": unquote(parts.password or ""),
                "dbname": parts.path.lstrip("/"),
            }
        except ValueError:
            self.problem(f"{name} is not a URL; special characters in the password must be percent-encoded")
            return {}
        if parts.scheme not in schemes or not settings["host"]:
            self.problem(f"{name} must be a URL of the form {schemes[0]}://user:password@host:port/database")
        if settings["user"] != user:
            self.problem(f"{name} must log in as {user}")
        if not settings["password"]:
            self.problem(f"{name} holds no password")
        if settings["dbname"] != database:
            self.problem(f"{name} must name the database {database}")
        return settings

    def database(self, *, host, port, name, user, password, expected_user, expected_name):
        """The same from single variables, whose names are given."""
        settings = {
            "host": self.text(host),
            "port": self.port(port),
            "dbname": self.text(name),
            "user": self.text(user),
            "password": self.text(password),
        }
        if settings["user"] and settings["user"] != expected_user:
            self.problem(f"{user} must be {expected_user}")
        if settings["dbname"] and settings["dbname"] != expected_name:
            self.problem(f"{name} must be {expected_name}")
        return settings

    def jwt_secret(self, name):
        value = self.text(name, minimum=32)
        if value[:1] == "@" or "$" in value:
            self.problem(f"{name} must neither begin with @ nor contain $")
        return value

    def token(self, name, role, secret):
        """A JSON Web Token of `role`, signed with `secret`; without a secret only form and claims are checked."""
        value = self.text(name)
        if not value:
            return ""
        try:
            claims = tokens.verified_claims(value, secret) if secret else tokens.claims(value)
        except tokens.InvalidToken as error:
            self.problem(f"{name} is not a valid token: {error}")
            return value
        if claims.get("role") != role:
            self.problem(f"{name} must carry the role {role}")
        for claim in ("iss", "iat", "exp"):
            if claim not in claims:
                self.problem(f"{name} has no claim {claim}")
        return value

    def json_object(self, name):
        value = self.text(name)
        if not value:
            return {}
        try:
            decoded = json.loads(value)
        except ValueError:
            decoded = None
        if not isinstance(decoded, dict):
            self.problem(f"{name} must be a JSON object")
            return {}
        return decoded
