"""English answers, and the check that finds a gap."""

from __future__ import annotations

from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import write_po
from django.test import Client

import shoutu.county.locale.__main__ as words


@pytest.mark.parametrize(("language", "said"), [("en", "Sign in first"), ("zh-hans", "先登录"), ("fr", "先登录")])
def test_problems_in_the_askers_language(db, language, said) -> None:
    problem = Client(headers={"accept-language": language}).get("/api/v1/status").json()
    assert said in problem["detail"]


def test_validation_in_english(db) -> None:
    client = Client(headers={"accept-language": "en"})
    answer = client.post("/api/v1/session", {}, content_type="application/json").json()
    assert answer["expected"] == "required"


@pytest.mark.parametrize(
    ("string", "flags", "named"),
    [("", [], "not translated"), ("at most", ["fuzzy"], "not translated"), ("at most %(limt)s", [], "不大于")],
)
def test_missing_fuzzy_and_broken_translations_are_named(tmp_path: Path, monkeypatch, string, flags, named) -> None:
    have = words.translations()
    message = have.get("不大于 %(limit)s")
    message.string = string
    message.flags |= set(flags)
    monkeypatch.setattr(words, "PO", tmp_path / "django.po")
    with words.PO.open("wb") as file:
        write_po(file, have)
    assert any(named in gap and "不大于 %(limit)s" in gap for gap in words.gaps())


def test_update_adds_new_words_untranslated_and_keeps_the_rest(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(words, "PO", tmp_path / "en" / "django.po")
    old = Catalog(locale="en")
    old.add("整数", "a whole number")
    old.add("没有人再用的话", "unused")
    words.PO.parent.mkdir()
    with words.PO.open("wb") as file:
        write_po(file, old)
    words.update()
    have = words.translations()
    assert have.get("整数").string == "a whole number"
    assert have.get("没有人再用的话") is None
    assert have.get("列表").string == ""
    assert not [message for message in have if message.fuzzy and message.id]
