#!/usr/bin/env python3
"""Checks that imports in the named Swift files of Sources go down the floors of floors.txt. SwiftPM does not: a module
that another target has built can be imported without a dependency. Prints wrong imports and ends with 1 when there is
one."""

import re
import sys
from pathlib import Path

FLOORS = Path(__file__).with_name("floors.txt")
FLOOR = re.compile(r"^([\w ]+?) {2,}(.+)$")
IMPORT = re.compile(r"^(?:@\w+ )*(?:\w+ )?import (?:(?:struct|class|enum|protocol|func) )?(\w+)", re.MULTILINE)


def floors():
    """Module: its height and its part of the house."""
    lines = [FLOOR.match(line) for line in FLOORS.read_text().splitlines() if not line.startswith("#")]
    return {module: (height, line[1]) for height, line in enumerate(lines) for module in line[2].split()}


def main():
    house = floors()
    found = False
    for name in sys.argv[1:]:
        module = next((part for part in Path(name).parts[1:-1] if part in house), None)
        if module is None:
            found = True
            print(f"{name}: its module has no place in {FLOORS.name}", file=sys.stderr)
            continue
        height, part = house[module]
        for imported in IMPORT.findall(Path(name).read_text()):
            below, other = house.get(imported, (-1, "kits"))
            if below >= height or {part, other} == {"control plane", "data plane"}:
                found = True
                print(f"{name}: {module} ({part}) imports {imported} ({other}), which is not below it", file=sys.stderr)
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
