"""The manual page of a program, from what `--experimental-dump-help` prints: the help is its only source."""

import datetime
import json
import os
import sys


def roff(text):
    """Text of which nothing is taken for a request or an escape."""
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq")
    return "\n".join("\\&" + line if line.startswith(".") else line for line in text.split("\n"))


def paragraphs(text):
    """A discussion: paragraphs are filled, lines that are indented stay as they are."""
    for block in text.split("\n\n"):
        lines = block.split("\n")
        yield ".PP"
        is_fixed = False
        for line in lines:
            if line.startswith(" ") != is_fixed:
                is_fixed = not is_fixed
                yield ".nf" if is_fixed else ".fi"
            yield roff(line)
        if is_fixed:
            yield ".fi"


def label(argument):
    """An option with its value, or a value by its position."""
    if argument["kind"] == "positional":
        return "<" + argument["valueName"] + ">"
    names = [("-" if name["kind"] == "short" else "--") + name["name"] for name in argument["names"]]
    value = " <" + argument["valueName"] + ">" if argument["kind"] == "option" else ""
    return ", ".join(names) + value


def synopsis(path, command):
    words = []
    for argument in shown(command):
        word = argument.get("preferredName")
        text = label(argument) if word is None else (
            ("-" if word["kind"] == "short" else "--") + word["name"]
            + (" <" + argument["valueName"] + ">" if argument["kind"] == "option" else ""))
        words.append("[" + text + "]" if argument["isOptional"] else text)
    if command.get("subcommands"):
        words.append("<subcommand>")
    return ".B " + roff(" ".join(path)) + "\n" + roff(" ".join(words))


def shown(command):
    """Its arguments without those that every command has."""
    return [argument for argument in command.get("arguments", [])
            if argument["shouldDisplay"] and label(argument) not in ("-h, --help", "--version")]


def commands(command, path=()):
    path = path + (command["commandName"],)
    if not command.get("shouldDisplay", True) or path[-1] == "help":
        return
    yield path, command
    for subcommand in command.get("subcommands", []):
        yield from commands(subcommand, path)


def describe(command):
    if command.get("discussion"):
        yield from paragraphs(command["discussion"])
    for argument in shown(command):
        yield ".TP\n.B " + roff(label(argument))
        text = argument.get("abstract", "")
        if argument.get("defaultValue") is not None:
            text += " (default: " + argument["defaultValue"] + ")"
        yield roff(text) if text else "\\&"


def page(help_text, version, date):
    root = help_text["command"]
    name = root["commandName"]
    yield f'.TH "{name.upper()}" "1" "{date}" "{name} {roff(version)}" "User Commands"'
    yield ".SH NAME\n" + roff(name + " - " + root["abstract"].rstrip("."))
    yield ".SH SYNOPSIS\n.B " + name + "\n<subcommand> [<option> ...]"
    yield ".SH DESCRIPTION"
    yield from describe(root)
    yield ".SH COMMANDS"
    for path, command in list(commands(root))[1:]:
        yield ".SS " + roff(" ".join(path[1:]))
        yield roff(command["abstract"])
        yield ".PP\n" + synopsis(path, command)
        yield from describe(command)


if __name__ == "__main__":
    seconds = int(os.environ.get("SOURCE_DATE_EPOCH", "0"))
    day = datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).date().isoformat()
    print("\n".join(page(json.load(sys.stdin), sys.argv[1], day)))
