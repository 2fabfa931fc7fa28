"""The same project by docker-compose: the template's twelve services, brought up and waited for until all are healthy.

The input is what `supamanager template config` makes of the template, with values of this run alone and without the few
words that docker-compose 1.29 does not know. Images, limits, start order and the times of the health checks are the
template's. A second file replaces the `test` of those health checks that the stand-in images cannot run.
"""

import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import time

import yaml

from cleanup import Cleanup
from engine_api import engine
from inventory import listed, remove_all
from manager import DEADLINE_SECONDS, free_port

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.append(f"{ROOT}/Tests/Images/tests")

import stack  # noqa: E402  (the path is set one line above)

PROGRAM = "docker-compose"
POLL_SECONDS = 0.05
OUTPUT_LINES = 20


def connects(port):
    return ["CMD-SHELL", f"timeout 1 nc 127.0.0.1 {port} -e /bin/busybox true"]


def answers(url, *more):
    return ["CMD", "wget", "-q", "--spider", *more, url]


def replaced_tests(values):
    """The same questions, asked by busybox: the stand-in images have no curl, node, bash, postgrest or imgproxy.

    db, auth, storage and vector run the template's own.
    """
    return {
        "gateway": connects(8000),
        "functions": connects(9000),
        "rest": answers("http://127.0.0.1:3001/ready"),
        "imgproxy": answers("http://127.0.0.1:5001/health"),
        "meta": answers("http://127.0.0.1:8080/health"),
        "analytics": answers("http://127.0.0.1:4000/health"),
        "studio": answers("http://127.0.0.1:3000/api/platform/profile"),
        "realtime": answers("http://127.0.0.1:4000/api/tenants/realtime-dev/health",
                            "--header", f"Authorization: Bearer {values['ANON_KEY']}"),
    }


REPLACED = sorted(replaced_tests({"ANON_KEY": ""}))


def version():
    """The version of docker-compose; none when it is not installed."""
    if not shutil.which(PROGRAM):
        return None
    return subprocess.run([PROGRAM, "version", "--short"], check=True, capture_output=True, text=True).stdout.strip()


def fresh_values():
    """Values for the template's variables: secrets made now, free ports, and a /27 far from those of other stacks."""
    values = stack.variables()
    extension = stack.compose()["x-supamanager"]
    place = secrets.randbelow(64 * 8)
    network, base = f"10.202.{128 + place // 8}", place % 8 * 32
    values |= {name: str(free_port()) for name in extension["ports"]}
    values |= {name: f"{network}.{base + number}" for name, number in extension["addresses"].items()}
    values |= {name: f"{network}.{base + span['first']}/{span['prefix']}" for name, span in extension["ranges"].items()}
    return values | {
        "PROJECT_NAME": "bench", "PUBLIC_URL": f"http://127.0.0.1:{values['GATEWAY_PORT']}",
        "GATEWAY_JWKS": stack.key_set(values["JWT_SECRET"]),
    }


def for_docker_compose(project):
    """A normalised file in the words of docker-compose 1.29, with the offline images."""
    del project["name"]
    for service in project["services"].values():
        service["image"] = f"{stack.IMAGE_PREFIX}/{service['image']}"
        for dependency in service.get("depends_on", {}).values():
            del dependency["required"]
        service["ports"] = [f"{port['host_ip']}:{port['published']}:{port['target']}"
                            for port in service.get("ports", [])]
        if "extra_hosts" in service:
            service["extra_hosts"] = dict(entry.split("=") for entry in service["extra_hosts"])
        # Without a value is: not at all.
        service["environment"] = {name: value for name, value in service["environment"].items() if value is not None}
        for key in [key for key, value in service.items() if value is None]:
            del service[key]
    return project


class ComposeStack:
    """A project that docker-compose brings up, under a name and in a folder of its own."""

    def __init__(self, binary):
        self.name = f"smbench{secrets.token_hex(4)}"
        self.folder = tempfile.mkdtemp(prefix="smcompose")
        with Cleanup() as cleanup:
            cleanup.after(shutil.rmtree, self.folder)
            self.write(binary)
            cleanup.keep()

    def write(self, binary):
        """Fills the folder: the environment, the project, and the health checks that are asked by other means."""
        values = fresh_values()
        template = str(stack.TEMPLATE)
        self.write_file(".env", "".join(f"{name}='{value}'\n" for name, value in values.items()))
        command = [binary, "template", "config", f"{template}/compose.yaml", "--env-file", f"{self.folder}/.env",
                   "--project-name", self.name]
        text = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=self.environment()).stdout
        project = for_docker_compose(yaml.safe_load(text))
        self.services = sorted(project["services"])
        self.write_file("compose.json", json.dumps(project))
        self.write_file("health.json", json.dumps({"services": {
            name: {"healthcheck": {"test": test}} for name, test in replaced_tests(values).items()}}))
        # The services run under accounts of their own, and read what is bound into them.
        os.chmod(self.folder, 0o711)
        shutil.copytree(f"{template}/volumes", f"{self.folder}/volumes")

    def write_file(self, name, text):
        with open(os.open(f"{self.folder}/{name}", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(text)

    def environment(self):
        """What the programs need of our own environment: no variable of the template may come from there."""
        return {name: os.environ[name] for name in ("PATH", "HOME", "DOCKER_HOST") if name in os.environ}

    def run(self, *arguments):
        command = [PROGRAM, "--project-name", self.name, "--project-directory", self.folder,
                   "--file", f"{self.folder}/compose.json", "--file", f"{self.folder}/health.json", *arguments]
        done = subprocess.run(command, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              env=self.environment(), timeout=DEADLINE_SECONDS)
        if done.returncode:
            end = "\n".join(done.stdout.splitlines()[-OUTPUT_LINES:])
            raise RuntimeError(f"{PROGRAM} {arguments[0]} has failed:\n{end}")

    def up(self):
        """Seconds of `up -d`, then seconds until all are healthy, and for each service those from the very start."""
        start = time.perf_counter()
        self.run("up", "-d")
        started = time.perf_counter()
        ready = {}
        pending = {one["Labels"]["com.docker.compose.service"]: one["Id"] for one in self.held()["containers"]}
        if sorted(pending) != self.services:
            raise RuntimeError(f"{PROGRAM} has made {sorted(pending)} and not {self.services}")
        while pending:
            for service, container in list(pending.items()):
                if is_ready(engine("GET", f"/containers/{container}/json")["State"]):
                    ready[service] = time.perf_counter() - start
                    del pending[service]
            if time.perf_counter() - start > DEADLINE_SECONDS:
                raise RuntimeError(f"not healthy by {PROGRAM}: {', '.join(sorted(pending))}")
            time.sleep(POLL_SECONDS)
        return started - start, max(ready.values()) - (started - start), ready

    def held(self):
        label = f"com.docker.compose.project={self.name}"
        return {"containers": listed("/containers/json?all=true", label), "networks": listed("/networks", label),
                "volumes": listed("/volumes", label)["Volumes"] or []}

    def down(self):
        """Removes all that has been made: by docker-compose, and by exact id what that leaves."""
        with Cleanup() as cleanup:
            cleanup.after(shutil.rmtree, self.folder)
            cleanup.after(lambda: remove_all(self.held()))
            self.run("down", "--volumes")


def is_ready(state):
    """Healthy, or just running where there is no health check."""
    return state["Running"] and state.get("Health", {"Status": "healthy"})["Status"] == "healthy"
