"""Which townships a warning's areas are: by geocode, else by name. What cannot be matched is named. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

_SPLIT = re.compile(r"[、，,;；/｜|\s]+")
_AND = re.compile(r"以及|和|及|与")
_SUFFIX = re.compile(r"(街道办事处|街道|镇|乡|县|市|区)$")
_DIVISIONS = (2, 4, 6, 9, 12)
"""Digits of a code of province, city, county, township, village (GB/T 2260, GB/T 10114)."""
ALL = {"全县", "全境", "全域", "全县范围"}


class Place(Protocol):
    """A territory as the gazetteer reads it; `path` is the ids from the root, each with a dot."""

    @property
    def pk(self) -> int: ...
    @property
    def name(self) -> str: ...
    @property
    def code(self) -> str: ...
    @property
    def path(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Match:
    """The townships (ids) that were meant, and the words that name nothing known."""

    townships: frozenset[int]
    unmatched: tuple[str, ...]


class Gazetteer:
    """The county's territories, asked by code and by name. A village stands for its township."""

    def __init__(self, places: Iterable[Place]) -> None:
        self.places = sorted(places, key=lambda place: place.path.count("."))
        self.root = self.places[0] if self.places else None
        below = [place for place in self.places if place is not self.root]
        self.townships = frozenset(self._township(place) for place in below)

    def _township(self, place: Place) -> int:
        steps = [int(step) for step in place.path.split(".") if step]
        return steps[1] if len(steps) > 1 else steps[0]

    def match(self, areas: Iterable[tuple[str, Sequence[str]]]) -> Match:
        """Of each (description, geocodes): the codes decide where one is known, else the words."""
        found: set[int] = set()
        unmatched: list[str] = []
        for name, codes in areas:
            by_code = [self.by_code(code) for code in codes]
            known = frozenset().union(*by_code) if by_code else frozenset()
            if known:
                found |= known
                unmatched += [code for code, hit in zip(codes, by_code, strict=True) if not hit]
            else:
                found_here, strange = self._by_words(name)
                found |= found_here
                unmatched += strange or ([] if found_here else [name or "、".join(codes)])
        return Match(frozenset(found), tuple(dict.fromkeys(word[:80] for word in unmatched if word)))

    def by_code(self, code: str) -> frozenset[int]:
        """Townships of a division code; the whole county for its own code or that of what contains it."""
        told = _division(code)
        if not told or self.root is None:
            return frozenset()
        own = _division(self.root.code)
        if own and own.startswith(told):
            return self.townships
        hits = [place for place in self.places if place is not self.root and _within(told, _division(place.code))]
        return frozenset(self._township(place) for place in hits)

    def _by_words(self, text: str) -> tuple[frozenset[int], list[str]]:
        found: frozenset[int] = frozenset()
        strange: list[str] = []
        for word in (word for word in _SPLIT.split(text) if word):
            hit = self.by_name(word)
            if hit:
                found |= hit
                continue
            hits, left = self._joined(word)
            found |= hits
            strange += left
        return found, strange

    def _joined(self, word: str) -> tuple[frozenset[int], list[str]]:
        """Names joined by 和, 及 and the like, of which a name may have one itself (和平乡)."""
        for joint in _AND.finditer(word):
            first = self.by_name(word[: joint.start()])
            rest = word[joint.end() :]
            if first and rest:
                hits = self.by_name(rest)
                more, strange = (hits, []) if hits else self._joined(rest)
                return first | more, strange
        parts = [part for part in _AND.split(word) if part]
        each = [self.by_name(part) for part in parts]
        return frozenset().union(*each), [part for part, hit in zip(parts, each, strict=True) if not hit]

    def by_name(self, word: str) -> frozenset[int]:
        """Townships of one name, with or without its 镇, 乡 and the county's name before it."""
        if self.root is None:
            return frozenset()
        word = word.strip("。.()（） ")
        if word in ALL or word == self.root.name or _bare(word) == _bare(self.root.name):
            return self.townships
        word = word.removeprefix(self.root.name) or word
        exact = [place for place in self.places if place.name == word]
        bare = _bare(word)
        loose = [place for place in self.places if len(bare) >= 2 and _bare(place.name) == bare]
        return frozenset(self._township(place) for place in exact or loose if place is not self.root)


def _bare(name: str) -> str:
    return _SUFFIX.sub("", name) if len(name) > 2 else name


def _division(code: str) -> str:
    """A division code without the zeros that only fill it: 141027000000 is the county 141027."""
    if not code.isascii() or not code.isdigit() or len(code) > 12:
        return ""
    bare = code.rstrip("0")
    length = next((n for n in _DIVISIONS if n >= len(bare)), 12)
    return bare.ljust(length, "0") if len(bare) > 1 else ""


def _within(told: str, own: str) -> bool:
    """Whether the code told is this territory's, or lies in it (a village of a township)."""
    return bool(own) and (told == own or (len(own) >= 9 and told.startswith(own)))
