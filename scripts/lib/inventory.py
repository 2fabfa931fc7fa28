"""What the Docker Engine holds of an installation, and whether foreign objects are unchanged."""

import json
import secrets
import urllib.parse

from cleanup import Cleanup
from engine_api import engine, raw, remove

BYSTANDER_IMAGE = "supamanager.test/darthsim/imgproxy:v3.31.4"


def listed(path, *labels):
    """Objects that have all of these labels."""
    filters = urllib.parse.quote(json.dumps({"label": list(labels)}))
    return engine("GET", f"{path}{'&' if '?' in path else '?'}filters={filters}")


def inventory(installation, ref=None):
    """Containers, networks and volumes of an installation, or of one of its projects, as the engine lists them."""
    labels = [f"supamanager.installation={installation}"] + ([f"supamanager.project={ref}"] if ref else [])
    return {"containers": listed("/containers/json?all=true", *labels), "networks": listed("/networks", *labels),
            "volumes": listed("/volumes", *labels)["Volumes"] or []}


def names(found):
    """The same as a sorted list of names."""
    containers = [one["Names"][0].lstrip("/") for one in found["containers"]]
    return sorted(containers + [one["Name"] for one in found["networks"] + found["volumes"]])


def remove_all(found):
    """Removes what an inventory has found: each thing by its exact id, volumes by their names."""
    with Cleanup() as cleanup:
        for one in found["volumes"]:
            cleanup.after(remove, f"/volumes/{one['Name']}")
        for one in found["networks"]:
            cleanup.after(remove, f"/networks/{one['Id']}")
        for one in found["containers"]:
            cleanup.after(remove, f"/containers/{one['Id']}?force=true&v=true")


class Bystanders:
    """Foreign containers, volumes and networks, with labels much like those of a project."""

    def __init__(self, count=3):
        self.paths = []
        stem = f"smbystander-{secrets.token_hex(4)}"
        labels = {"com.docker.compose.project": "abcdefghijklmnopqrst", "com.docker.compose.service": "db",
                  "supamanager.project": "abcdefghijklmnopqrst", "supamanager.installation": "another"}
        try:
            for number in range(count):
                self.make(f"{stem}-{number}", labels)
            self.before = self.inspection()
        except BaseException:
            self.remove()
            raise

    def make(self, name, labels):
        network = engine("POST", "/networks/create", {"Name": name, "Labels": labels})["Id"]
        self.paths.insert(0, f"/networks/{network}")
        engine("POST", "/volumes/create", {"Name": name, "Labels": labels})
        self.paths.insert(0, f"/volumes/{name}")
        container = engine("POST", f"/containers/create?name={name}", {
            "Image": BYSTANDER_IMAGE, "Entrypoint": ["sleep", "36000"], "Labels": labels,
            "HostConfig": {"NetworkMode": name, "Binds": [f"{name}:/data"]}})["Id"]
        self.paths.insert(0, f"/containers/{container}")
        engine("POST", f"/containers/{container}/start")

    def inspection(self):
        """Every document that the engine has of them, byte for byte."""
        return {path: raw("GET", path + ("/json" if path.startswith("/containers") else "")) for path in self.paths}

    def changed(self):
        """Which of them are not as they were."""
        now = self.inspection()
        return [path for path in self.paths if now[path] != self.before[path]]

    def remove(self):
        for path in list(self.paths):
            engine("DELETE", path + ("?force=true" if path.startswith("/containers") else ""))
            self.paths.remove(path)
