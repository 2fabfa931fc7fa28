"""API benchmark: requests a second and latencies of lists, detail and create beside bare Hummingbird JSON routes.

Both servers run at the same time on the same machine, and rounds alternate between them. The manager has an engine that
holds nothing, so that only the API is measured; its projects are rows, paused, put into its database before. The bare
routes encode the same projects for each request, and do nothing else.
"""

import argparse
import contextlib
import json
import re
import statistics
import subprocess
import tempfile
import time
import urllib.request

import idle_engine
from cleanup import Cleanup, clean_up_when_told_to_end
from manager import Manager, free_port
from report import Report

CONNECTIONS = 16
THREADS = 1
PAGE = 100
CHANGES_PER_SECOND = 20

# What is measured, and the bare route that it is compared with.
PAIRS = {"list": "bare list", "list, changing": "bare list", "v1 list": "bare whole list", "detail": "bare detail"}

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


def wrk(url, seconds, token=None, script=None, connections=CONNECTIONS):
    """One run of wrk: requests a second, p50 and p99 in milliseconds, and answers that were no success."""
    command = ["wrk", "--threads", str(THREADS), "--connections", str(connections), "--duration", f"{seconds}s", "--latency"]
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


def psql(manager):
    return ["psql", "--quiet", "--set", "ON_ERROR_STOP=1", "--host", f"{manager.folder}/data/postgres/run",
            "--username", "supamanager", "--dbname", "supamanager"]


def seed(manager, count):
    subprocess.run(psql(manager), input=SEED.format(count=count), text=True, check=True, stdout=subprocess.DEVNULL)


@contextlib.contextmanager
def changing(manager, ref):
    """Changes a project all the time, so that no two lists in a row are the same."""
    change = f"update projects set updated_at = now() where ref = '{ref}' \\watch {1 / CHANGES_PER_SECOND}\n"
    process = subprocess.Popen(psql(manager), stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    process.stdin.write(change)
    process.stdin.flush()
    try:
        yield
    finally:
        process.kill()
        process.wait(10)
        process.stdin.close()


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


def all_projects(manager, count):
    """All projects in the form of one page."""
    rows = []
    for offset in range(0, count, PAGE):
        rows += manager.call("GET", f"/platform/projects?limit={PAGE}&offset={offset}")["projects"]
    return {"pagination": {"count": count, "limit": PAGE, "offset": 0}, "projects": rows}


def measure(arguments, projects):
    with tempfile.TemporaryDirectory(prefix="smapi") as folder, Cleanup() as cleanup:
        engine = idle_engine.start(f"{folder}/engine.sock")
        cleanup.after(engine.server_close)
        cleanup.after(engine.shutdown)
        manager = Manager(arguments.binary, arguments.root, DOCKER_HOST=f"unix://{folder}/engine.sock")
        cleanup.after(manager.end)
        seed(manager, projects)
        whole = all_projects(manager, projects)
        with open(f"{folder}/projects.json", "w") as file:
            json.dump(whole, file)
        port = free_port()
        bare = subprocess.Popen([arguments.bare, str(port), f"{folder}/projects.json"], stdout=subprocess.DEVNULL,
                                stderr=subprocess.DEVNULL)
        cleanup.after(bare.wait, 10)
        cleanup.after(bare.kill)
        wait_for(f"http://127.0.0.1:{port}/project")
        return rounds(arguments, manager, f"http://127.0.0.1:{port}", whole["projects"][0]["ref"],
                      create_script(folder))


def rounds(arguments, manager, bare, ref, create):
    """Medians over the rounds; creations come last, as they add projects."""
    base, token = f"http://{manager.address}", manager.token
    targets = {
        "bare list": (f"{bare}/projects", None), "list": (f"{base}/platform/projects", token),
        "list, changing": (f"{base}/platform/projects", token), "bare whole list": (f"{bare}/all", None),
        "v1 list": (f"{base}/v1/projects", token), "bare detail": (f"{bare}/project", None),
        "detail": (f"{base}/platform/projects/{ref}", token),
    }
    found = {name: [] for name in [*targets, "create"]}
    for _ in range(arguments.rounds):
        for name, (url, token_or_none) in targets.items():
            with changing(manager, ref) if name == "list, changing" else contextlib.nullcontext():
                found[name].append(wrk(url, arguments.seconds, token_or_none))
    for _ in range(arguments.rounds):
        found["create"].append(wrk(f"{base}/platform/projects", arguments.seconds, token, create))
    return {name: median(one) for name, one in found.items()}


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


def describe(report, count, found):
    report.line(f"{count} projects in the database")
    for name, one in found["measured"].items():
        refused = f"   {one['refused']:.0f} refused" if one["refused"] else ""
        report.line(f"  {name:16s} {one['per_second']:9.0f}/s   p50 {one['p50_ms']:7.2f} ms   p99 {one['p99_ms']:7.2f} ms"
                    f"{refused}")
    for name, ratio in found["ratios"].items():
        aim = "   (aim: at least 0.5)" if name in ("list", "v1 list") else ""
        report.line(f"  {name + ' / ' + PAIRS[name]:34s} {ratio:.2f}{aim}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", required=True)
    parser.add_argument("--bare", required=True)
    parser.add_argument("--root", required=True)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=4)
    parser.add_argument("--projects", type=int, nargs="+", default=[1, 100, 1000])
    parser.add_argument("--json", metavar="FILE")
    arguments = parser.parse_args()
    clean_up_when_told_to_end()
    report = Report("api", connections=CONNECTIONS, rounds=arguments.rounds, seconds=arguments.seconds)
    results = {}
    for count in arguments.projects:
        measured = measure(arguments, count)
        ratios = {name: round(measured[name]["per_second"] / measured[bare]["per_second"], 3)
                  for name, bare in PAIRS.items()}
        results[count] = {"measured": measured, "ratios": ratios}
        describe(report, count, results[count])
    report.end(as_json=False)
    if arguments.json:
        with open(arguments.json, "w") as file:
            json.dump(report.head | {"projects": results}, file, indent=2)


if __name__ == "__main__":
    main()
