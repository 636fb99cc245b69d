"""Settings and figures a document names exist in the code, and those of the code stand in the reference."""

from __future__ import annotations

import re
from functools import cache

from tests.docs.pages import ROOT, page, pages

SETTING = re.compile(r"\bSHOUTU_[A-Z0-9_]*[A-Z0-9]\b")
METRIC = re.compile(r"\bshoutu_[a-z0-9_]*[a-z0-9]\b")
OF_THE_TOOLS = {"SHOUTU_WEB": "the address `npm run dev` passes to"}


@cache
def code() -> str:
    """All of the program and of its benches."""
    return "".join(path.read_text("utf-8") for folder in ("src", "bench") for path in (ROOT / folder).rglob("*.py"))


def test_every_setting_in_a_document_exists() -> None:
    known = set(SETTING.findall(code())) | OF_THE_TOOLS.keys()
    named = {(one.name, setting) for one in pages() for setting in SETTING.findall(one.text)}
    assert len(named) > 20
    assert sorted(f"{name}: {setting}" for name, setting in named if setting not in known) == []


def test_every_setting_of_the_program_is_in_the_reference() -> None:
    read = set(SETTING.findall((ROOT / "src/shoutu/config.py").read_text("utf-8")))
    assert len(read) > 20
    assert read - set(SETTING.findall(page("docs/reference.md").text)) == set()


def test_every_figure_of_metrics_in_a_document_exists() -> None:
    known = set(METRIC.findall(code()))
    # In the code without their prefix, where a collector writes it.
    bare = set(re.findall(r"\"([a-z0-9_]+)\"", code()))
    named = {(one.name, figure) for one in pages() for figure in METRIC.findall(one.text)}
    assert len(named) > 10

    def exists(figure: str) -> bool:
        figure = figure.removesuffix("_total")  # the client library writes it behind each counter
        return figure in known or figure.removeprefix("shoutu_") in bare or f"{figure}_total" in known

    assert sorted(f"{name}: {figure}" for name, figure in named if not exists(figure)) == []
