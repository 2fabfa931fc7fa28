"""The containers of a project without a manager: what the engine itself needs for them."""

import concurrent.futures
import ipaddress
import json
import secrets
import socket
import struct
import sys
import time

from cleanup import Cleanup
from engine_api import EngineError, containers_of, engine, remove
from manager import DEADLINE_SECONDS, free_port

PARALLEL_CALLS = 8


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
    bodies = {}
    for service, summary in containers_of(ref).items():
        found = engine("GET", f"/containers/{summary['Id']}/json")
        config, host = found["Config"], found["HostConfig"]
        labels = {key: value for key, value in config["Labels"].items() if not key.startswith("supamanager.")}
        endpoint = next(iter(found["NetworkSettings"]["Networks"].values()))
        bodies[service] = (config | {"Labels": labels}, host, endpoint)
    return bodies


TAKEN = []


def free_subnet():
    """A /27 that no network of the engine overlaps, from the end of the range of benchmarks. The engine may have kept
    networks of an earlier run, so it is asked; what this process took is not given out again."""
    configs = [config for network in engine("GET", "/networks") for config in network["IPAM"].get("Config") or []]
    used = TAKEN + [ipaddress.ip_network(config["Subnet"]) for config in configs if ":" not in config["Subnet"]]
    for subnet in reversed(list(ipaddress.ip_network("10.202.0.0/16").subnets(new_prefix=27))):
        if not any(subnet.overlaps(other) for other in used):
            TAKEN.append(subnet)
            return subnet
    raise RuntimeError("all subnets of 10.202.0.0/16 are in use: remove networks named smbench-… (docker network rm)")


class RawStack:
    """The same containers without a manager."""

    def __init__(self, bodies, folder):
        self.base = free_subnet()
        self.prefix = f"smbench-{secrets.token_hex(4)}"
        self.folder = folder
        self.bodies = {name: self.renamed(*body) for name, body in bodies.items()}
        mounts = [mount for body in self.bodies.values() for mount in body["HostConfig"].get("Mounts") or []]
        self.volumes = sorted({mount["Source"] for mount in mounts if mount["Type"] == "volume"})
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
        place = {"Aliases": endpoint.get("Aliases") or []}
        if fixed := (endpoint["IPAMConfig"] or {}).get("IPv4Address"):
            config, host, place["IPAMConfig"] = self.moved(config, host, fixed)
        return config | {"HostConfig": host, "NetworkingConfig": {"EndpointsConfig": {self.prefix: place}}}

    def moved(self, config, host, address):
        """Fixed addresses move along with the subnet."""
        text = json.dumps({"host": host, "config": config})
        *network, own = address.split(".")
        old, base = ".".join(network) + ".", int(own) // 32 * 32
        for number in range(31, -1, -1):
            text = text.replace(f"{old}{base + number}\"", self.address(number) + '"')
            text = text.replace(f"{old}{base + number}:", self.address(number) + ":")
        moved = json.loads(text)
        return moved["config"], moved["host"], {"IPv4Address": self.address(int(own) - base)}

    def address(self, place):
        return str(self.base[place])

    def make_network_and_volumes(self, pool):
        network = pool.submit(engine, "POST", "/networks/create", {
            "Name": self.prefix, "IPAM": {"Config": [{"Subnet": self.address(0) + "/27"}]}})
        for volume in [pool.submit(engine, "POST", "/volumes/create", {"Name": name}) for name in self.volumes]:
            volume.result()
        network.result()

    def run(self, name):
        container = engine("POST", f"/containers/create?name={self.prefix}-{name}", self.bodies[name])["Id"]
        self.made.append(container)
        engine("POST", f"/containers/{container}/start")
        return container

    def boot(self, name):
        """Seconds from the start of the database alone until it takes connections."""
        up([self], [name])
        start = time.perf_counter()
        networks = engine("GET", f"/containers/{self.made[0]}/json")["NetworkSettings"]["Networks"]
        address = networks[self.prefix]["IPAddress"]
        while not postgres_answers(address):
            if time.perf_counter() - start > DEADLINE_SECONDS:
                raise RuntimeError("the database does not boot")
            time.sleep(0.02)
        return time.perf_counter() - start

    def remove_network(self):
        """Removes the network; one whose containers the engine has miscounted can be removed only after its restart."""
        try:
            remove(f"/networks/{self.prefix}")
        except EngineError as error:
            if "has active endpoints" not in str(error):
                raise
            print(f"the network {self.prefix} is left: restart the engine, then: docker network rm {self.prefix}",
                  file=sys.stderr)

    def down(self):
        """Removes all that has been made; nothing that cannot be removed keeps the rest."""
        with Cleanup() as cleanup, concurrent.futures.ThreadPoolExecutor(PARALLEL_CALLS) as pool:
            for name in self.volumes:
                cleanup.after(remove, f"/volumes/{name}")
            cleanup.after(self.remove_network)
            for removal in [pool.submit(remove, f"/containers/{made}?force=true") for made in self.made]:
                cleanup.after(removal.result)


def up(stacks, names=None):
    """Seconds to create and start these containers of every stack, or all, eight at a time."""
    start = time.perf_counter()
    with concurrent.futures.ThreadPoolExecutor(PARALLEL_CALLS) as pool:
        for stack in stacks:
            stack.make_network_and_volumes(pool)
        runs = [(stack, name) for stack in stacks for name in names or sorted(stack.bodies)]
        list(pool.map(lambda one: one[0].run(one[1]), runs))
    return time.perf_counter() - start
