"""JSON Web Tokens with HS256: just what the doubles have to verify."""

import base64
import hashlib
import hmac
import json
import time


class InvalidToken(Exception):
    pass


def _decoded(part):
    try:
        return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except ValueError as error:
        raise InvalidToken("a part is not base64url") from error


def _json_object(part):
    try:
        value = json.loads(_decoded(part))
    except ValueError as error:
        raise InvalidToken("a part is not JSON") from error
    if not isinstance(value, dict):
        raise InvalidToken("a part is not a JSON object")
    return value


def claims(token):
    """The claims of a token whose form is right and which has not expired; the signature is not looked at."""
    parts = token.split(".")
    if len(parts) != 3:
        raise InvalidToken("it must have three parts")
    if _json_object(parts[0]).get("alg") != "HS256":
        raise InvalidToken("its algorithm must be HS256")
    found = _json_object(parts[1])
    expiry = found.get("exp")
    if expiry is not None and (not isinstance(expiry, (int, float)) or expiry <= time.time()):
        raise InvalidToken("it has expired")
    return found


def verified_claims(token, secret):
    found = claims(token)
    signed, _, signature = token.rpartition(".")
    expected = hmac.new(secret.encode(), signed.encode(), hashlib.sha256).digest()
    if not hmac.compare_digest(expected, _decoded(signature)):
        raise InvalidToken("its signature does not match the secret")
    return found
