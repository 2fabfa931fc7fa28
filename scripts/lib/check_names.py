#!/usr/bin/env python3
"""Checks that no two modules of the control plane, of the web and of the kits declare a public or package type of one
name at their top level: a reader, and a file that imports both, could not tell them apart. Pairs that are meant stand
in shared_names.txt with their reason. Prints the places, and ends with 1 when there are any, or when an exception is
not needed."""

import re
import sys
from collections import defaultdict
from pathlib import Path

EXCEPTIONS = Path(__file__).with_name("shared_names.txt")
MODULE = re.compile(r"Sources/(?:ControlPlane/(?:Core|Features|Adapters)|ControlPlane|Web|Kits)/(\w+)/")
TYPE = re.compile(r"^(?:@\w+(?:\([^)]*\))? )*(?:public|package) (?:indirect |final )*"
                  r"(?:struct|enum|class|actor|protocol|typealias) (\w+)", re.MULTILINE)


def exceptions():
    lines = [line for line in EXCEPTIONS.read_text().splitlines() if line and not line.startswith("#")]
    return {name: set(modules.split()) for name, modules, _ in (line.split(": ", 2) for line in lines)}


def main():
    places = defaultdict(dict)
    for name in sys.argv[1:]:
        module = MODULE.search(name)
        if module:
            for match in TYPE.finditer(Path(name).read_text()):
                places[match[1]].setdefault(module[1], name)
    known = exceptions()
    found = False
    for name, modules in sorted(places.items()):
        if len(modules) > 1 and known.get(name, set()) != set(modules):
            found = True
            print(f"{name} has {len(modules)} meanings: {', '.join(sorted(modules.values()))}", file=sys.stderr)
    for name in sorted(known):
        if len(places[name]) < 2:
            found = True
            print(f"{EXCEPTIONS.name}: {name} has one meaning by now", file=sys.stderr)
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
