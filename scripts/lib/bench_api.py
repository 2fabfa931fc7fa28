"""API benchmark: requests a second and latencies of list, detail and create beside a bare Hummingbird JSON route.

Both servers run at the same time on the same machine, and rounds alternate between them. The manager has an engine that
holds nothing, so that only the API is measured; its projects are rows, paused, put into its database before.
"""

import argparse
import json
import os
import re
import statistics
import subprocess
import tempfile
import time
import urllib.request

import idle_engine
from manager import Manager, free_port

CONNECTIONS = 16
THREADS = 1

SEED = """
with ranked as (select generate_series(1, {count}) as n)
insert into projects (ref, name, organization_slug, region, cloud_provider, status, services, wrapped_key, inserted_at,
    updated_at, status_changed_at)
select translate(lpad(n::text, 20, '0'), '0123456789', 'abcdefghij'), 'project ' || n, 'default', 'local', 'AWS', 'PAUSED',
    '{{db,gateway}}', '\\x00', now(), now(), now() from ranked;
insert into subnet_leases (subnet, ref)
select set_masklen('10.240.0.0'::inet + row_number() over (order by ref) * 32, 27)::cidr, ref from projects where ref like 'aaa%';
insert into port_leases (port, ref, variable)
select 20000 + row_number() over (order by ref), ref, 'GATEWAY_PORT' from projects where ref like 'aaa%';
"""


def wrk(url, seconds, token=None, script=None):
    """One run of wrk: requests a second, p50 and p99 in milliseconds, and answers that were no success."""
    command = ["wrk", "--threads", str(THREADS), "--connections", str(CONNECTIONS), "--duration", f"{seconds}s", "--latency"]
    if script:
        command += ["--script", script]
    if token:
        command += ["--header", f"Authorization: Bearer {token}"]
    text = subprocess.run(command + [url], check=True, capture_output=True, text=True).stdout
    refused = re.search(r"Non-2xx or 3xx responses: (\d+)", text)

    def latency(percent):
        value, unit = re.search(rf"{percent}%\s+([\d.]+)(us|ms|s)", text).groups()
        return float(value) * {"us": 0.001, "ms": 1, "s": 1000}[unit]

    return {"per_second": float(re.search(r"Requests/sec:\s+([\d.]+)", text).group(1)), "p50_ms": latency(50),
            "p99_ms": latency(99), "refused": int(refused.group(1)) if refused else 0}


def seed(manager, count):
    psql = ["psql", "--quiet", "--set", "ON_ERROR_STOP=1", "--host", f"{manager.folder}/data/postgres/run",
            "--username", "supamanager", "--dbname", "supamanager"]
    subprocess.run(psql, input=SEED.format(count=count), text=True, check=True, stdout=subprocess.DEVNULL)


def create_script(folder):
    path = f"{folder}/create.lua"
    with open(path, "w") as file:
        file.write("""
local number = 0
local start = os.time()
request = function()
  number = number + 1
  local body = string.format('{"name":"created %d %d","organization_slug":"default","services":["db"]}', start, number)
  return wrk.format("POST", nil, {["Content-Type"] = "application/json", ["Authorization"] = wrk.headers["Authorization"]}, body)
end
""")
    return path


def median(rounds):
    return {key: statistics.median(one[key] for one in rounds) for key in rounds[0]}


def measure(arguments, projects):
    with tempfile.TemporaryDirectory(prefix="smapi") as folder:
        engine = idle_engine.start(f"{folder}/engine.sock")
        manager = Manager(arguments.binary, arguments.root, DOCKER_HOST=f"unix://{folder}/engine.sock")
        bare = None
        try:
            seed(manager, projects)
            base = f"http://{manager.address}"
            page = manager.call("GET", "/platform/projects?limit=100")
            with open(f"{folder}/page.json", "w") as file:
                json.dump(page, file)
            port = free_port()
            bare = subprocess.Popen([arguments.bare, str(port), f"{folder}/page.json"], stdout=subprocess.DEVNULL,
                                    stderr=subprocess.DEVNULL)
            wait_for(f"http://127.0.0.1:{port}/project")
            ref = page["projects"][0]["ref"]
            targets = {
                "bare list": (f"http://127.0.0.1:{port}/projects", None, None),
                "list": (f"{base}/platform/projects?limit=100", manager.token, None),
                "bare detail": (f"http://127.0.0.1:{port}/project", None, None),
                "detail": (f"{base}/platform/projects/{ref}", manager.token, None),
                "create": (f"{base}/platform/projects", manager.token, create_script(folder)),
            }
            rounds = {name: [] for name in targets}
            for _ in range(arguments.rounds):
                for name, (url, token, script) in targets.items():
                    rounds[name].append(wrk(url, arguments.seconds, token, script))
            return {name: median(found) for name, found in rounds.items()}
        finally:
            if bare:
                bare.terminate()
                bare.wait(10)
            manager.end()
            engine.shutdown()
            engine.server_close()


def wait_for(url):
    end = time.monotonic() + 20
    while True:
        try:
            urllib.request.urlopen(url, timeout=2).close()
            return
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.05)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", required=True)
    parser.add_argument("--bare", required=True)
    parser.add_argument("--root", required=True)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=4)
    parser.add_argument("--projects", type=int, nargs="+", default=[100])
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    machine = {"cores": os.cpu_count(), "load": round(os.getloadavg()[0], 1), "rounds": arguments.rounds}
    results = {count: measure(arguments, count) for count in arguments.projects}
    for found in results.values():
        found["ratios"] = {name: found[name]["per_second"] / found[f"bare {name}"]["per_second"]
                           for name in ("list", "detail")}
    if arguments.json:
        print(json.dumps({"benchmark": "api", "machine": machine, "projects": results}))
        return
    print(f"api: {CONNECTIONS} connections, {machine['rounds']} rounds of {arguments.seconds} s, {machine['cores']} cores, "
          f"load {machine['load']}")
    for count, found in results.items():
        print(f"  {count} projects in the database")
        for name, one in found.items():
            if name != "ratios":
                refused = f"   {one['refused']:.0f} refused" if one["refused"] else ""
                print(f"    {name:12s} {one['per_second']:9.0f}/s   p50 {one['p50_ms']:7.2f} ms   p99 {one['p99_ms']:7.2f} ms{refused}")
        print(f"    list / bare list     {found['ratios']['list']:.2f}   (aim: at least 0.5)")
        print(f"    detail / bare detail {found['ratios']['detail']:.2f}")


if __name__ == "__main__":
    main()
