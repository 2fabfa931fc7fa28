"""Provisioning benchmark: POST to ACTIVE beside the engine's own time for the same containers.

A round is three measurements: the manager brings a project up; the same containers, taken from what the engine says of
them, are created and started by raw calls, eight at a time; the database container boots alone until it takes
connections. All that a round makes is removed by exact name or id at its end.
"""

import argparse
import concurrent.futures
import http.client
import json
import os
import secrets
import socket
import statistics
import struct
import subprocess
import time
import urllib.request

from manager import DEADLINE_SECONDS, Manager, free_port

PARALLEL_CALLS = 8
SUBNET = "10.202.255.224/27"


class EngineConnection(http.client.HTTPConnection):
    """A connection to the engine's Unix socket."""

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(120)
        self.sock.connect(os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock").removeprefix("unix://"))


def engine(method, path, body=None):
    """One call to the engine; fails loudly."""
    connection = EngineConnection("engine")
    connection.request(method, "/v1.41" + path, json.dumps(body) if body is not None else None,
                       {"Content-Type": "application/json"})
    response = connection.getresponse()
    data = response.read()
    connection.close()
    if response.status >= 400:
        raise RuntimeError(f"{method} {path}: {response.status} {data[:300]!r}")
    return json.loads(data) if data[:1] in (b"{", b"[") else None


def postgres_answers(address, port=5432):
    """Whether a start-up message is answered with a request for authentication."""
    try:
        with socket.create_connection((address, port), timeout=0.5) as connection:
            parameters = b"user\0postgres\0database\0postgres\0\0"
            connection.sendall(struct.pack("!ii", len(parameters) + 8, 196608) + parameters)
            return connection.recv(1) == b"R"
    except OSError:
        return False


def recorded_containers(ref):
    """What the engine says of a project's containers, as bodies for creating them again."""
    filters = json.dumps({"label": [f"supamanager.project={ref}"]})
    bodies = {}
    for summary in engine("GET", f"/containers/json?all=true&filters={urllib.request.quote(filters)}"):
        found = engine("GET", f"/containers/{summary['Id']}/json")
        config, host = found["Config"], found["HostConfig"]
        labels = {key: value for key, value in config["Labels"].items() if not key.startswith("supamanager.")}
        endpoint = next(iter(found["NetworkSettings"]["Networks"].values()))
        bodies[labels["com.docker.compose.service"]] = (config | {"Labels": labels}, host, endpoint)
    return bodies


class RawStack:
    """The same containers without a manager."""

    def __init__(self, bodies, folder):
        self.prefix = f"smbench-{secrets.token_hex(4)}"
        self.folder = folder
        self.bodies = {name: self.renamed(*body) for name, body in bodies.items()}
        self.volumes = sorted({mount["Source"] for body in self.bodies.values() for mount in body["HostConfig"].get("Mounts")
                               or [] if mount["Type"] == "volume"})
        self.made = []

    def renamed(self, config, host, endpoint):
        host = json.loads(json.dumps(host))
        config = dict(config, Hostname="")
        for mount in host.get("Mounts") or []:
            if mount["Type"] == "volume":
                mount["Source"] = f"{self.prefix}-{mount['Source'].split('_')[-1]}"
            elif mount["Type"] == "bind":
                mount["Source"] = self.folder + mount["Source"].split("/projects/", 1)[1][20:]
        for bindings in (host.get("PortBindings") or {}).values():
            for binding in bindings:
                binding["HostPort"] = str(free_port())
        host["NetworkMode"] = self.prefix
        text = json.dumps({"host": host, "config": config})
        # Fixed addresses move along with the subnet.
        old = ".".join(endpoint["IPAMConfig"]["IPv4Address"].split(".")[:3]) + "."
        base = int(endpoint["IPAMConfig"]["IPv4Address"].split(".")[3]) // 32 * 32
        for number in range(31, -1, -1):
            text = text.replace(f"{old}{base + number}\"", f"10.202.255.{224 + number}\"")
            text = text.replace(f"{old}{base + number}:", f"10.202.255.{224 + number}:")
        moved = json.loads(text)
        address = int(endpoint["IPAMConfig"]["IPv4Address"].split(".")[3]) - base + 224
        return moved["config"] | {"HostConfig": moved["host"], "NetworkingConfig": {"EndpointsConfig": {self.prefix: {
            "Aliases": endpoint.get("Aliases") or [], "IPAMConfig": {"IPv4Address": f"10.202.255.{address}"}}}}}

    def make_network_and_volumes(self, pool):
        network = pool.submit(engine, "POST", "/networks/create", {
            "Name": self.prefix, "IPAM": {"Config": [{"Subnet": SUBNET}]}})
        for volume in [pool.submit(engine, "POST", "/volumes/create", {"Name": name}) for name in self.volumes]:
            volume.result()
        network.result()

    def run(self, name):
        container = engine("POST", f"/containers/create?name={self.prefix}-{name}", self.bodies[name])["Id"]
        self.made.append(container)
        engine("POST", f"/containers/{container}/start")
        return container

    def up(self, names):
        """Seconds to create and start the containers, eight at a time."""
        start = time.perf_counter()
        with concurrent.futures.ThreadPoolExecutor(PARALLEL_CALLS) as pool:
            self.make_network_and_volumes(pool)
            list(pool.map(self.run, names))
        return time.perf_counter() - start

    def boot(self, name):
        """Seconds from the start of the database alone until it takes connections."""
        self.up([name])
        start = time.perf_counter()
        address = engine("GET", f"/containers/{self.made[0]}/json")["NetworkSettings"]["Networks"][self.prefix]["IPAddress"]
        while not postgres_answers(address):
            if time.perf_counter() - start > DEADLINE_SECONDS:
                raise RuntimeError("the database does not boot")
            time.sleep(0.02)
        return time.perf_counter() - start

    def down(self):
        with concurrent.futures.ThreadPoolExecutor(PARALLEL_CALLS) as pool:
            list(pool.map(lambda made: engine("DELETE", f"/containers/{made}?force=true"), self.made))
        engine("DELETE", f"/networks/{self.prefix}")
        for name in self.volumes:
            engine("DELETE", f"/volumes/{name}")


def one_round(manager, number, root):
    managed, ref = manager.provision(f"bench {number}")
    bodies = recorded_containers(ref)
    manager.delete(ref)
    template = root + "/Templates/supabase"
    results = {"post_to_active": managed}
    for key, names in (("raw_calls", sorted(bodies)), ("slowest_boot", ["db"])):
        stack = RawStack(bodies, template)
        try:
            results[key] = stack.up(names) if key == "raw_calls" else stack.boot("db")
        finally:
            stack.down()
    results["ratio"] = results["post_to_active"] / (results["raw_calls"] + results["slowest_boot"])
    results["of_aim"] = results["post_to_active"] / (1.5 * results["raw_calls"] + results["slowest_boot"])
    return results


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", required=True)
    parser.add_argument("--root", required=True)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    manager = Manager(arguments.binary, arguments.root)
    try:
        rounds = [one_round(manager, number, arguments.root) for number in range(max(1, min(arguments.rounds, 20)))]
    finally:
        manager.stop()
    medians = {key: statistics.median(one[key] for one in rounds) for key in rounds[0]}
    machine = {"cores": os.cpu_count(), "load": round(os.getloadavg()[0], 1), "rounds": len(rounds)}
    if arguments.json:
        print(json.dumps({"benchmark": "provision", "machine": machine, "medians": medians, "rounds": rounds}))
        return
    print(f"provision: twelve services, {machine['rounds']} rounds, {machine['cores']} cores, load {machine['load']}")
    labels = {"post_to_active": "POST to ACTIVE", "raw_calls": "same containers by raw calls",
              "slowest_boot": "slowest service (db) boots alone"}
    for key, label in labels.items():
        values = sorted(one[key] for one in rounds)
        print(f"  {label:34s} {medians[key]:6.2f} s   ({values[0]:.2f} to {values[-1]:.2f})")
    print(f"  POST to ACTIVE / (raw + boot)       {medians['ratio']:.2f}")
    print(f"  POST to ACTIVE / (1.5 raw + boot)   {medians['of_aim']:.2f}   (aim: at most 1)")


if __name__ == "__main__":
    main()
