"""Log lines in the form that the real service writes, so that the log pipeline meets what it expects."""

import json
import time


def _json(level, message):
    return json.dumps({"level": level, "msg": message, "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())})


def _pino(level, message):
    number = {"info": 30, "warning": 40, "error": 50}.get(level, 30)
    now = int(time.time() * 1000)
    return json.dumps({"level": number, "time": now, "pid": 1, "hostname": "storage", "msg": message})


def _postgrest(_, message):
    return time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime()) + ": " + message


def _elixir(level, message):
    return time.strftime("%H:%M:%S.000", time.gmtime()) + f" [{level}] {message}"


def _plain(level, message):
    return f"{time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())} {level.upper()} {message}"


_FORMATS = {
    "auth": _json, "meta": _json, "storage": _pino, "rest": _postgrest,
    "realtime": _elixir, "analytics": _elixir, "pooler": _elixir,
}


def logger(service):
    form = _FORMATS.get(service, _plain)
    return lambda level, message: print(form(level, message), flush=True)
