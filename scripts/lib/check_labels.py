#!/usr/bin/env python3
"""Checks that no function, initializer or subscript of the named Swift files takes three or more arguments without a
label, and no case of an enumeration holds three or more values without one. Operators are exempt. Prints file, line
and declaration, and ends with 1 when there is one."""

import re
import sys
from pathlib import Path

UNLABELLED_MAX = 2
QUOTES = re.compile(r'(#*)("""|")')
PROSE = re.compile(r'//|/\*|#*"')
NOT_LINE_BREAK = re.compile(r"[^\n]")
DECLARATION = re.compile(r"\bfunc\s+`?(\w+)`?|(?<![.\w])(init)\b[?!]?(?=\s*[<(])|\b(subscript)\b(?=\s*[<(])"
                         r"|(?:\bcase|,)\s+`?([a-z]\w*)`?(?=\()")
OPENING, CLOSING = "([{<", ")]}>"


def end_of_comment(text, start):
    if text.startswith("//", start):
        end = text.find("\n", start)
        return len(text) if end < 0 else end
    depth = 1
    for mark in re.compile(r"/\*|\*/").finditer(text, start + 2):
        depth += 1 if mark.group() == "/*" else -1
        if depth == 0:
            return mark.end()
    return len(text)


def end_of_string(text, start):
    """The end of the literal that starts with quotes at `start`; an interpolation may hold literals of its own."""
    hashes, quotes = QUOTES.match(text, start).groups()
    place = start + len(hashes) + len(quotes)
    while place < len(text):
        if text.startswith(quotes + hashes, place):
            return place + len(quotes) + len(hashes)
        if text.startswith("\\" + hashes, place):
            place += 1 + len(hashes)
            place = end_of_parentheses(text, place) if text.startswith("(", place) else place + 1
        else:
            place += 1
    return place


def end_of_parentheses(text, start):
    depth, place = 0, start
    while place < len(text):
        if QUOTES.match(text, place):
            place = end_of_string(text, place)
            continue
        depth += {"(": 1, ")": -1}.get(text[place], 0)
        place += 1
        if depth == 0:
            return place
    return place


def code_alone(text):
    """The text with comments and string literals blanked, each line in its place."""
    pieces, place = [], 0
    while found := PROSE.search(text, place):
        start = found.start()
        end = end_of_comment(text, start) if found.group().startswith("/") else end_of_string(text, start)
        pieces += [text[place:start], NOT_LINE_BREAK.sub(" ", text[start:end])]
        place = end
    return "".join(pieces + [text[place:]]).replace("->", "  ")


def parameters(code, start):
    """The parameters of the list whose parenthesis opens at `start`, split at the commas outside any bracket."""
    depth, found, begin = 0, [], start + 1
    for place in range(start, len(code)):
        if code[place] in OPENING:
            depth += 1
        elif code[place] in CLOSING:
            depth -= 1
        if depth == 0 or (depth == 1 and code[place] == ","):
            found.append(code[begin:place].strip())
            begin = place + 1
        if depth == 0:
            break
    return [parameter for parameter in found if parameter]


def start_of_list(code, place):
    """Where the parameters open behind a name and its generic parameters; None behind an operator's name."""
    depth = 0
    while place < len(code):
        if code[place] == "(" and depth == 0:
            return place
        depth += {"<": 1, ">": -1}.get(code[place], 0)
        if depth == 0 and code[place] not in "> \n\t":
            return None
        place += 1
    return None


def is_unlabelled(parameter, *, is_subscript, is_case):
    names = re.sub(r"@\w+(\([^()]*\))?\s+", "", parameter).split(":")[0].split()
    if is_case:
        return not re.match(r"\w+\s*:", parameter)
    return names[0] == "_" or (is_subscript and len(names) == 1)


def unlabelled(text):
    code = code_alone(text)
    for match in DECLARATION.finditer(code):
        function, init, subscript, case = match.groups()
        if case and not declares_case(code, match):
            continue
        start = start_of_list(code, match.end())
        if start is None:
            continue
        found = [parameter for parameter in parameters(code, start)
                 if is_unlabelled(parameter, is_subscript=bool(subscript), is_case=bool(case))]
        if len(found) > UNLABELLED_MAX:
            yield code.count("\n", 0, match.start()) + 1, function or init or subscript or case, len(found)


def declares_case(code, match):
    """Whether `case name(` declares: a pattern has a dot before its name, or a colon or `=` behind the list."""
    line = code[code.rfind("\n", 0, match.start()) + 1:match.start()] + match.group()
    return bool(re.match(r"\s*(indirect\s+)?case\s+`?[a-z]", line))


def main():
    found = False
    for name in sys.argv[1:]:
        for line, declaration, count in unlabelled(Path(name).read_text()):
            found = True
            print(f"{name}:{line}: {declaration} has {count} unlabelled parameters, at most {UNLABELLED_MAX} are allowed",
                  file=sys.stderr)
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
