"""Errors speak the person's language: a field and a thing are called what the page calls them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from django.utils import translation

from shoutu.county.kit.errors import Invalid, NotFound
from shoutu.county.kit.words import FIELDS, field_words, thing_words

SPEC = json.loads((Path(__file__).resolve().parents[3] / "web/openapi.json").read_text("utf-8"))
MACHINES = {
    "accuracy_m", "alone", "bind", "dispatches", "enabled", "episode", "first", "group", "host", "id", "language",
    "next", "on_shift", "opened_at", "origin", "page", "party", "per_minute", "references", "round", "scheme", "seen",
    "seen_at", "sent", "size", "tone", "updates", "ticket",
}  # fmt: skip
"""Sent by programs and pages on their own: nobody types them."""


def typed() -> set[str]:
    """Every field of every body the API takes."""
    schemas, found, todo = SPEC["components"]["schemas"], set(), [
        operation["requestBody"] for path in SPEC["paths"].values() for operation in path.values()
        if isinstance(operation, dict) and "requestBody" in operation
    ]  # fmt: skip
    seen = set()
    while todo:
        for name in set(_refs(todo.pop())) - seen:
            seen.add(name)
            todo.append(schemas[name])
            found |= set(schemas[name].get("properties", {}))
    return found


def _refs(part: object) -> list[str]:
    if isinstance(part, dict):
        own = [part["$ref"].rsplit("/", 1)[-1]] if isinstance(part.get("$ref"), str) else []
        return own + [ref for value in part.values() for ref in _refs(value)]
    return [ref for value in part for ref in _refs(value)] if isinstance(part, list) else []


def test_every_field_a_person_fills_in_has_words() -> None:
    assert sorted(typed() - set(FIELDS) - MACHINES) == []


@pytest.mark.parametrize(
    ("path", "words"), [("ends_at", "结束时间"), ("dispatches.0.channel", "通道"), ("x_y", "x_y"), ("", "")]
)
def test_a_field_is_named_as_on_the_page(path: str, words: str) -> None:
    assert field_words(path) == words


def test_the_message_says_it_in_the_asker_s_language_and_the_program_still_reads_the_name() -> None:
    wrong = Invalid("ends_at", "晚于现在的时间")
    assert (wrong.problem()["detail"], wrong.field) == ("“结束时间”填写有误，应为：晚于现在的时间", "ends_at")
    assert "场所" in NotFound("site", 5).detail
    assert thing_words("duty") == "待办"
    with translation.override("en"):
        assert "end time" in Invalid("ends_at", "x").detail
