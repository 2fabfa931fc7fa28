"""An engine made of recorded answers: one project's containers, network and volumes as a real engine returned them, given
out as those of as many projects as wanted. Nothing ever happens on it, and nothing can be changed.
"""

import hashlib
import json
import time
import urllib.parse

from engine_api import containers_of, engine, labelled
from idle_engine import HOLD_SECONDS, Handler, Server


def record(ref):
    """What the engine has of a project: list entries and inspections."""
    containers = list(containers_of(ref).values())
    return {"ref": ref, "containers": containers, "networks": labelled("/networks", ref),
            "volumes": labelled("/volumes", ref)["Volumes"],
            "inspections": {one["Id"]: engine("GET", f"/containers/{one['Id']}/json") for one in containers}}


class Copies:
    """The answers for all projects, made once."""

    def __init__(self, recording, refs, installation):
        self.containers, self.networks, self.volumes, self.inspections = {}, {}, {}, {}
        old = next(iter(recording["containers"]))["Labels"]["supamanager.installation"]
        text = json.dumps(recording)
        ids = [one["Id"] for one in recording["containers"] + recording["networks"]]
        for ref in refs:
            copy = text.replace(recording["ref"], ref).replace(old, installation)
            for one in ids:
                copy = copy.replace(one, hashlib.sha256(f"{ref}{one}".encode()).hexdigest())
            found = json.loads(copy)
            self.containers[ref], self.networks[ref] = found["containers"], found["networks"]
            self.volumes[ref] = found["volumes"]
            self.inspections |= {one: json.dumps(body).encode() for one, body in found["inspections"].items()}
        self.all = {kind: self.encoded(kind, [one for some in getattr(self, kind).values() for one in some])
                    for kind in ("containers", "networks", "volumes")}

    @staticmethod
    def encoded(kind, found):
        return json.dumps({"Volumes": found, "Warnings": None} if kind == "volumes" else found).encode()

    def listed(self, kind, query):
        """The body of a list, of one project where the filter asks for that."""
        labels = json.loads(query.get("filters", ["{}"])[0]).get("label", [])
        refs = [one.split("=")[1] for one in labels if one.startswith("supamanager.project=")]
        return self.encoded(kind, getattr(self, kind).get(refs[0], [])) if refs else self.all[kind]


class RecordedHandler(Handler):
    copies = None

    def do_GET(self):
        parts = urllib.parse.urlsplit(self.path)
        path, query = parts.path.split("/", 2)[-1], urllib.parse.parse_qs(parts.query)
        kind = {"containers/json": "containers", "networks": "networks", "volumes": "volumes"}.get(path)
        if self.copies and kind:
            self.answer(self.copies.listed(kind, query))
        elif self.copies and path.startswith("containers/") and path.split("/")[1] in self.copies.inspections:
            self.answer(self.copies.inspections[path.split("/")[1]])
        elif path == "events":
            # A stream begins with its head; nothing follows.
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.flush()
            time.sleep(HOLD_SECONDS * 10)
        else:
            super().do_GET()


def serve(path):
    """Serves on a Unix socket until the process ends; gives the function that sets the copies."""
    return Server(path, RecordedHandler)
