#!/usr/bin/env python3
"""Checks the links of documentation in the named Swift and Markdown files: `<doc:Article>` names an article of a DocC
catalogue, and every part of a ``Type/member(_:)`` is declared somewhere in the Swift files. Prints dead links and ends
with 1 when there is one."""

import re
import sys
from pathlib import Path

ARTICLE = re.compile(r"<doc:([^>]+)>")
SYMBOL = re.compile(r"``([^`\s]+)``")
DECLARATION = re.compile(
    r"\b(?:actor|associatedtype|class|enum|extension|func|let|protocol|struct|typealias|var)\s+(?:[\w.]+\.)?`?(\w+)")
CASE = re.compile(r"^\s*(?:indirect )?case (.+)", re.MULTILINE)
NAME = re.compile(r"(?:^|, ?)`?(\w+)")
PARENTHESES = re.compile(r"\([^()]*\)")


def without_parentheses(text):
    while (shorter := PARENTHESES.sub("", text)) != text:
        text = shorter
    return text


def declared(text):
    yield from DECLARATION.findall(text)
    for line in CASE.findall(text):
        yield from NAME.findall(without_parentheses(line))


def dead_links(path, text, articles, names):
    is_swift = path.suffix == ".swift"
    for number, line in enumerate(text.splitlines(), 1):
        if is_swift and not line.lstrip().startswith("///"):
            continue
        for article in ARTICLE.findall(re.sub(r"`[^`]*`", "", line)):
            if article not in articles:
                yield f"{path}:{number}: there is no article {article}"
        for link in SYMBOL.findall(line):
            for part in without_parentheses(link).split("/"):
                if part not in names:
                    yield f"{path}:{number}: nothing named {part} is declared"


def main():
    texts = {Path(name): Path(name).read_text() for name in sys.argv[1:]}
    articles = {path.stem for path in texts if ".docc" in str(path)}
    swift = [(path, text) for path, text in texts.items() if path.suffix == ".swift"]
    names = {"init", "subscript"}.union(*(declared(text) for _, text in swift), *(path.parts for path, _ in swift))
    found = [line for path, text in texts.items() for line in dead_links(path, text, articles, names)]
    for line in found:
        print(line, file=sys.stderr)
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
