#!/usr/bin/env python3
"""Checks that the named text files hold no phrase of banned_words.txt. Prints file, line and what to write instead, and
ends with 1 when there is one."""

import re
import sys
from pathlib import Path

LIST = Path(__file__).with_name("banned_words.txt")
LINE_BREAK = r"[ \t]*\n[ \t]*(?:///?|#|--|\*|>)?[ \t]*"


def banned():
    """Phrases with their replacement; the space between two words may be a line break of a comment or a paragraph."""
    for line in LIST.read_text().splitlines():
        if line and not line.startswith("#"):
            phrase, instead = line.split(" -> ")
            words = map(re.escape, phrase.split())
            yield re.compile(rf"\b{f'(?: +|{LINE_BREAK})'.join(words)}\b", re.IGNORECASE), phrase, instead


def main():
    rules = list(banned())
    found = False
    for name in sys.argv[1:]:
        text = Path(name).read_text()
        for pattern, phrase, instead in rules:
            for match in pattern.finditer(text):
                found = True
                line = text.count("\n", 0, match.start()) + 1
                print(f"{name}:{line}: \"{phrase}\" is not this project's word: {instead}", file=sys.stderr)
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
