#!/usr/bin/env python3
"""A project's life from Python, with the standard library alone: create, wait, query, delete.

    SUPAMANAGER_URL=http://127.0.0.1:8080 SUPAMANAGER_TOKEN=sbp_… examples/session.py
"""

import json
import os
import time
import urllib.request

URL = os.environ.get("SUPAMANAGER_URL", "http://127.0.0.1:8080")
TOKEN = os.environ["SUPAMANAGER_TOKEN"]
DEADLINE_SECONDS = 600


def api(method, path, body=None):
    request = urllib.request.Request(
        URL + path, method=method, data=None if body is None else json.dumps(body).encode(),
        headers={"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as response:
        text = response.read()
    return json.loads(text) if text else None


project = api("POST", "/v1/projects", {
    "name": "python-session", "organization_slug": "default", "db_pass": "change-me-Str0ng", "services": ["db"]})
ref = project["ref"]
print("created", ref)

end = time.monotonic() + DEADLINE_SECONDS
while (status := api("GET", f"/v1/projects/{ref}")["status"]) != "ACTIVE_HEALTHY":
    if status == "INIT_FAILED" or time.monotonic() > end:
        raise SystemExit(f"{ref} is {status}: {api('GET', f'/platform/projects/{ref}/services')['failure']}")
    time.sleep(0.5)

print(api("POST", f"/v1/projects/{ref}/database/query", {"query": "select 1 as one"}))
api("DELETE", f"/v1/projects/{ref}")
print("deleting", ref)
