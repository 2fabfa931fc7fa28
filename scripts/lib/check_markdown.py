#!/usr/bin/env python3
"""Checks the Markdown files that are named: lines of 120 columns at most, links and names of Swift files that lead
somewhere, a short README.

Rows of tables, code and lines that hold only a link may be longer. Prints what is wrong and ends with 1.
"""

import re
import subprocess
import sys
from pathlib import Path

COLUMNS_MAX = 120
README_LINES_MAX = 120
LINK = re.compile(r"\]\(([^)\s]+)\)")
SWIFT_FILE = re.compile(r"`(?:[\w+.-]+/)*([\w+.-]+\.swift)`")


def prose(text):
    """Lines outside of code blocks, with their numbers."""
    is_code = False
    for number, line in enumerate(text.splitlines(), 1):
        if line.lstrip().startswith("```"):
            is_code = not is_code
        elif not is_code:
            yield number, line


def swift_files():
    listed = subprocess.run(["git", "ls-files", "*.swift"], check=True, capture_output=True, text=True)
    return {Path(name).name for name in listed.stdout.splitlines()}


def problems(path, sources):
    text = path.read_text()
    for number, line in prose(text):
        if len(line) > COLUMNS_MAX and not line.lstrip().startswith("|") and len(line.split()) > 2:
            yield f"{path}:{number}: {len(line)} columns, at most {COLUMNS_MAX} are allowed"
        for target in LINK.findall(line):
            if not target.startswith(("http://", "https://", "#")) and not (path.parent / target.split("#")[0]).exists():
                yield f"{path}:{number}: there is no {target}"
        # Decisions tell of their day; guides tell of today.
        for name in SWIFT_FILE.findall(line) if "Decisions" not in path.parts else []:
            if name not in sources:
                yield f"{path}:{number}: there is no {name}"
    if str(path) == "README.md" and len(text.splitlines()) > README_LINES_MAX:
        yield f"{path}: {len(text.splitlines())} lines, at most {README_LINES_MAX} are allowed"


def main():
    files = [Path(name) for name in sys.argv[1:]]
    sources = swift_files()
    found = [problem for file in files for problem in problems(file, sources)]
    for problem in found:
        print(problem, file=sys.stderr)
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
