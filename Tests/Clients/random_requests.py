"""Random requests made from an OpenAPI document by schemathesis: seeded, one after the other, bounded in time."""

import collections
import dataclasses
import json
import pathlib
import subprocess
import sys

SEED = 20_261_121
# Generated cases of each operation on top of the systematic ones (limits, wrong types, missing fields, other methods).
EXAMPLES = 2
# An answer that takes longer is a failure.
ANSWER_SECONDS = 30
CHECKS = ["not_a_server_error", "status_code_conformance", "content_type_conformance", "response_schema_conformance"]
# Two refusals that tell the truth: a service of the project that does not answer just now, and no port left for a
# further project. Both are documented.
EXPECTED = ["2xx", "3xx", "4xx", "503", "507"]


@dataclasses.dataclass
class Outcome:
    """What one run of the tool found."""

    output: str
    passed: bool
    failures: int
    # Cases by operation and by mode, "positive" or "negative".
    cases: dict[str, collections.Counter]

    @property
    def count(self):
        return sum(sum(modes.values()) for modes in self.cases.values())


@dataclasses.dataclass
class Shard:
    """Some operations of the document, and what their requests are about."""

    name: str
    # Operations, as "METHOD /path/{parameter}".
    operations: list[str]
    # Values of parameters: with random ones nearly every answer would be 404.
    parameters: dict[str, str]
    seconds: int
    # Operations that pass on what a stand-in image says: its shape says nothing about the manager.
    relayed: list[str] = dataclasses.field(default_factory=list)
    # Further values of parameters, of single operations.
    own: dict[str, dict[str, str]] = dataclasses.field(default_factory=dict)

    def configuration(self):
        """The tool's configuration file: JSON's strings and lists are TOML's too."""
        bodies = pathlib.Path(__file__).with_name("request_bodies.py")
        lines = [
            f"hooks = {json.dumps(str(bodies))}", "[parameters]", *self.assignments(self.parameters), "[checks]",
            "enabled = false"]
        for check in CHECKS:
            lines += [f"[checks.{check}]", "enabled = true"]
            lines += [f"expected-statuses = {json.dumps(EXPECTED)}"] if check == "not_a_server_error" else []
        for operation in self.relayed:
            lines += ["[[operations]]", f"include-name = {json.dumps(operation)}",
                      "[operations.checks.response_schema_conformance]", "enabled = false"]
        for operation, parameters in self.own.items():
            lines += ["[[operations]]", f"include-name = {json.dumps(operation)}", "[operations.parameters]",
                      *self.assignments(parameters)]
        return "\n".join(lines) + "\n"

    @staticmethod
    def assignments(parameters):
        return [f"{name} = {json.dumps(value)}" for name, value in parameters.items()]

    def run(self, url, token, folder):
        """Sends the requests; what the tool prints is in the outcome, each failure with a command that repeats it."""
        folder = pathlib.Path(folder)
        configuration, events = folder / f"{self.name}.toml", folder / f"{self.name}.ndjson"
        configuration.write_text(self.configuration())
        command = [
            sys.executable, "-m", "schemathesis.cli", "--config-file", str(configuration), "run", url,
            "--phases", "coverage,fuzzing", "--mode", "all", "--max-examples", str(EXAMPLES), "--seed", str(SEED),
            "--header", f"Authorization: Bearer {token}",
            "--request-timeout", str(ANSWER_SECONDS), "--suppress-health-check", "all",
            # One worker: CPython 3.11 fails occasionally when several threads parse at once.
            "--workers", "1", "--generation-database", "none", "--no-shrink", "--continue-on-failure", "--no-color",
            "--report", "ndjson", "--report-ndjson-path", str(events)]
        for operation in self.operations:
            command += ["--include-name", operation]
        try:
            result = subprocess.run(command, capture_output=True, text=True, timeout=self.seconds, cwd=folder)
            output, passed = result.stdout + result.stderr, result.returncode == 0
        except subprocess.TimeoutExpired as expired:
            output, passed = f"{text(expired.stdout)}\nnot done after {self.seconds} s\n", False
        cases, failures = tally(events)
        return Outcome(output, passed, failures, cases)


def text(output):
    return output.decode(errors="replace") if isinstance(output, bytes) else output or ""


def tally(events):
    """Cases by operation and mode, and the number of those that failed a check, from the tool's own record."""
    cases, failures = collections.defaultdict(collections.Counter), 0
    if not events.exists():
        return cases, failures
    with events.open() as lines:
        for line in lines:
            finished = json.loads(line).get("ScenarioFinished") if line.endswith("\n") else None
            if not finished:
                continue
            recorder = finished["recorder"]
            for case in recorder.get("cases", {}).values():
                cases[recorder["label"]][case["value"]["meta"]["generation"]["mode"]] += 1
            failures += sum(any(check["status"] == "failure" for check in checks)
                            for checks in recorder.get("checks", {}).values())
    return cases, failures
