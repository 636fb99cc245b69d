"""Every `shoutu …` in a document is a command that exists, with options it takes: read by click's own parser."""

from __future__ import annotations

import itertools
import re
import shlex
from collections.abc import Iterator
from typing import Any

import click
import pytest

from shoutu.cli import LAZY, cli
from tests.docs.pages import ROOT, page, pages

BEGINS = re.compile(r"(?:^|\$\(|&&|[;|&{]|\b[A-Z_]+=\S+)[ \t]*shoutu[ \t]+(?P<rest>[^\n]*)", re.MULTILINE)
ENDS = {"|", "||", "&", "&&", ";", ">", ">>", "<", "2>", ")", "#"}
PLACEHOLDER = re.compile(r"[$<].*|[A-Z][A-Z_.]*")
"""What a reader puts something of his own for: `FILE`, `$TOKEN`, `<name>`."""


def lines(block: str) -> Iterator[str]:
    """The arguments of each call in a block of shell; what is said beside it (after two blanks) is not of it."""
    for found in BEGINS.finditer(re.sub(r"\s*\\\n\s*", " ", block)):
        rest = found["rest"]
        if "$(" in found[0].partition("shoutu")[0]:
            rest = rest[: rest.rindex(")")]
        yield re.split(r" {2,}|\s#", rest)[0]


def words(line: str) -> list[str]:
    """What the shell would hand over; brackets and dots of a usage line are taken away."""
    found = []
    bare = re.sub(r"[\[\]…]", " ", line) if "[" in line or "…" in line else line
    for word in shlex.split(bare):
        if word in ENDS or re.fullmatch(r"\d?>+\S*|&\d", word):
            break
        found.append(word)
    return found


def readings(line: str) -> Iterator[list[str]]:
    """`head|verify` is two calls."""
    yield from (list(one) for one in itertools.product(*(word.split("|") for word in words(line))))


def parse(command: click.Command, arguments: list[str], whole: bool, parent: click.Context | None = None) -> None:
    """Raises click.UsageError where a command would. `whole`: nothing it needs may be left out."""
    context = click.Context(command, info_name=command.name, parent=parent)
    values, rest, _order = command.make_parser(context).parse_args(list(arguments))
    for parameter in command.get_params(context):
        given: Any = values.get(parameter.name or "")
        named = isinstance(given, str | tuple | list | bool | int)
        if whole and parameter.required and not named and not parameter.envvar and not isinstance(command, click.Group):
            raise click.UsageError(f"{parameter.human_readable_name} is missing", context)
        if isinstance(parameter.type, click.Path | click.File) or not named:
            continue
        for value in given if isinstance(given, tuple | list) else (given,):
            if isinstance(value, str) and not PLACEHOLDER.fullmatch(value):
                parameter.type.convert(value, parameter, context)
    if isinstance(command, click.Group):
        if not rest:
            return
        below = command.get_command(context, rest[0])
        if below is None:
            raise click.UsageError(f"no such command: {rest[0]}", context)
        parse(below, rest[1:], whole, context)
    elif rest:
        raise click.UsageError(f"more than it takes: {rest}", context)


def check(line: str, whole: bool) -> list[str]:
    problems = []
    for arguments in readings(line):
        try:
            parse(cli, arguments, whole)
        except click.UsageError as error:
            problems.append(f"shoutu {' '.join(arguments)}: {error.format_message()}")
    return problems


def test_every_command_in_a_document_parses() -> None:
    problems, seen = [], 0
    for one in pages():
        for line in (line for block in one.blocks() for line in lines(block)):
            if line.startswith("up has ended"):  # a message that begins with the name
                continue
            seen += 1
            problems += [f"{one.name}: {problem}" for problem in check(line, whole=True)]
        for code in one.spoken_code():
            if code.startswith("shoutu ") and not code.startswith("shoutu …"):
                seen += 1
                problems += [f"{one.name}: {problem}" for problem in check(code.removeprefix("shoutu "), whole=False)]
    assert seen > 50
    assert problems == []


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("ledger verfy", "no such command"),
        ("up --deamon", "No such option"),
        ("token create NAME --scope ingset", "is not one of"),
        ("ledger prove", "is missing"),
        ("ledger prove 3 4", "more than it takes"),
        ("ledger export|verfy DIR", "no such command"),
    ],
)
def test_a_command_that_does_not_exist_is_found(line: str, why: str) -> None:
    problems = check(line, whole=True)
    assert problems
    assert why in problems[-1]


def test_every_command_stands_in_the_reference() -> None:
    said = {code.split()[1] for code in page("docs/reference.md").spoken_code() if code.startswith("shoutu ")}
    assert set(LAZY) - said == set()


def test_every_make_target_that_is_named_exists() -> None:
    rules = re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    named = [
        (one.name, target)
        for one in pages()
        for code in [*one.spoken_code(), *one.blocks()]
        for target in re.findall(r"^make ([a-z][a-z-]*)", code, re.MULTILINE)
    ]
    assert len(named) > 10
    assert [f"{name}: make {target}" for name, target in named if target not in rules] == []
