"""The words of the interface for levels, states, roles, marks and verbs stand in the glossary, each as a term."""

from __future__ import annotations

import json
import re

import pytest

from tests.docs.pages import ROOT, page

KEY = re.compile(
    r"level\.\d\.word|tag\.\w+|receipt\.\w+|role\.\w+|duty\.state\.\w+|warning\.state\.\w+|handover\.state\.\w+"
    r"|point\.state\.\w+|map\.state\.\w+|silence\.(kind|state)\.\w+|report\.(kind|state)\.\w+|order\.state\.\w+"
    r"|channels\.state\.\w+|health\.state\.\w+|group\.kind\.\w+|site\.kind\.\w+|site\.doing\.(?!paren)\w+"
    r"|operation\.verb\.\w+|rule\.kind\.\w+|signal\.kind\.\w+|result\.(real|false_alarm|device_fault)"
    r"|responsibility\.\w+|ruleEdit\.state\.\w+"
    r"|act\.(answer|verify|dispose|feedback|close|recall|withdraw|return)"
    r"|nav\.(?!label|more|\w+\.short)\w+"
)
"""Key nouns and verbs: what a person reads on many pages and must mean the same on each."""
HAN = re.compile(r"[\u4e00-\u9fff]")


def terms() -> set[str]:
    """What the glossary lists: its second column, and Chinese words within the explanations."""
    found: set[str] = set()
    rows = re.findall(r"^\|([^|\n]+)\|([^|\n]+)\|([^|\n]+)\|$", page("docs/glossary.md").text, re.MULTILINE)
    assert len(rows) > 60
    for _code, chinese, meaning in rows:
        found |= {part.strip() for part in re.split(r"[,，、/()（）:：]", chinese)}
        found |= set(re.findall(r"[\u4e00-\u9fff]+", meaning))
    return found


def words() -> dict[str, str]:
    every = json.loads((ROOT / "web/src/i18n/zh.json").read_text("utf-8"))
    return {key: value for key, value in every.items() if KEY.fullmatch(key)}


def test_every_key_noun_of_the_interface_is_in_the_glossary() -> None:
    known = terms()
    used = words()
    assert len(used) > 100

    def explained(value: str) -> bool:
        return all(part in known for part in re.split(r"[，、（）]", value) if HAN.search(part))

    missing = {key: value for key, value in used.items() if not explained(value)}
    assert missing == {}


@pytest.mark.parametrize("key", ["level.4.word", "act.answer", "warning.state.closed", "site.doing.sealed"])
def test_what_counts_as_a_key_noun_is_found(key: str) -> None:
    assert key in words()
