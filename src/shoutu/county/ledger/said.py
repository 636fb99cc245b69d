"""Words the worker finds and others read: kept as what they are a translation of, and said in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

from django.utils.translation import gettext as in_language


class Said(str):
    """Words in the language of whoever makes them, that know their own code (the text of the program they translate)
    and what is put into it."""

    id: str
    told: Mapping[str, Any]

    def __new__(cls, id: str, told: Mapping[str, Any] | None = None) -> Self:
        words = in_language(id)
        made = super().__new__(cls, words if told is None else words % told)
        made.id, made.told = id, dict(told or {})
        return made

    def __mod__(self, told: Mapping[str, Any]) -> Said:
        return Said(self.id, told)


def said(id: str) -> Said:
    """To be used as `gettext`, by the name `_`."""
    return Said(id)


def packed(words: Any) -> Any:
    """What is kept of words, in JSON; of anything else it itself."""
    if not isinstance(words, Said):
        return words
    return {"id": words.id, "told": {name: packed(value) for name, value in words.told.items()}}


def unpacked(kept: Any) -> Any:
    """Kept words in the language of now; words an older version kept, as it said them."""
    if not isinstance(kept, dict):
        return kept
    told = {name: unpacked(value) for name, value in kept["told"].items()}
    return in_language(kept["id"]) % told if told else in_language(kept["id"])
