"""The weather response pack: whom a warning of which type and colour calls. Text in, `WeatherPolicy` out; pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

import yaml

from shoutu.county.duties.policy import LEVELS, Lane, PolicyError
from shoutu.county.duties.policy_reader import Reader
from shoutu.county.places.models import Site

LANES = ("enterprise", "withdraw", "township", "county")
"""Whom a lane calls: each enterprise of a township, those that must withdraw people, each township, the county."""
OTHER = "other"


@dataclass(frozen=True, slots=True)
class WeatherType:
    """One type of weather, with the words and codes it is known by."""

    id: str
    title: str
    words: tuple[str, ...]
    codes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class WeatherResponse:
    """What one colour of some types sets in motion. `sites`: kinds of site concerned."""

    types: frozenset[str]
    levels: frozenset[int]
    sites: frozenset[str]
    withdraw_sites: frozenset[str]
    lanes: Mapping[str, Lane]


@dataclass(frozen=True, slots=True)
class WeatherPolicy:
    """A whole pack. ``verified`` false is shown as 来源待核."""

    id: str
    title: str
    version: int
    verified: bool
    cite: str
    lasts: timedelta
    retry: tuple[timedelta, ...]
    types: tuple[WeatherType, ...]
    responses: tuple[WeatherResponse, ...]
    otherwise: WeatherResponse

    def response(self, type_: str, level: int) -> WeatherResponse:
        """The response to weather of this type at this level (1 blue … 4 red)."""
        found = (one for one in self.responses if type_ in one.types and level in one.levels)
        return next(found, self.otherwise)

    def type_of(self, text: str, codes: tuple[str, ...]) -> str:
        """The type an event is of, by its code, else by its words (the longest that fits); "other" where none does."""
        for one in self.types:
            if any(code.upper() in one.codes for code in codes):
                return one.id
        lower = text.lower()
        hits = [(len(word), one.id) for one in self.types for word in one.words if word.lower() in lower]
        return max(hits, key=lambda hit: hit[0])[1] if hits else OTHER

    def title_of(self, type_: str) -> str:
        return next((one.title for one in self.types if one.id == type_), "")


def parse(text: str, file: str) -> WeatherPolicy:
    """Read a weather pack. Raises PolicyError with every problem found, in the order of lines."""
    reader = _Reader(file)
    policy = reader.weather(text)
    if policy is None or reader.problems:
        raise PolicyError(sorted(reader.problems, key=lambda problem: problem.line))
    return policy


_TOP = frozenset(
    {"pack", "title", "version", "verified", "cite", "note", "lasts", "retry", "types", "responses", "otherwise"}
)
_KINDS = tuple(Site.Kind.values)


class _Reader(Reader):
    duty_kinds = ("weather.respond", "weather.withdraw", "weather.answer")

    def weather(self, text: str) -> WeatherPolicy | None:
        root = self._compose(text)
        top = self._map(root, "", _TOP, _TOP - {"note"}) if root is not None else None
        if top is None:
            return None
        types = [one for one in (self._type(n, i) for i, n in enumerate(self._list(top.get("types"), "types"))) if one]
        known = tuple(one.id for one in types)
        lasts = self._duration(top["lasts"], "lasts") if "lasts" in top else None
        responses: list[WeatherResponse] = []
        for i, node in enumerate(self._list(top.get("responses"), "responses")):
            one = self._whole_response(node, f"responses[{i}]", known, {"types", "colours", "sites", "lanes"})
            if one is None:
                continue
            for other in responses:
                if one.types & other.types and one.levels & other.levels:
                    twice = "、".join(sorted(one.types & other.types))
                    self.problem(node, f"responses[{i}]", f"{twice}: of one colour in two responses; keep one")
            responses.append(one)
        otherwise = self._otherwise(top.get("otherwise"), known)
        if otherwise is None or lasts is None:
            return None
        return WeatherPolicy(
            id=self._text(top.get("pack"), "pack"),
            title=self._text(top.get("title"), "title"),
            version=self._whole(top.get("version"), "version"),
            verified=self._flag(top.get("verified"), "verified"),
            cite=self._text(top.get("cite"), "cite"),
            lasts=lasts,
            retry=self._retry(top.get("retry")),
            types=tuple(types),
            responses=tuple(responses),
            otherwise=otherwise,
        )

    def _otherwise(self, node: yaml.Node | None, known: tuple[str, ...]) -> WeatherResponse | None:
        found = self._whole_response(node, "otherwise", known, {"sites", "lanes"}) if node is not None else None
        if found is not None and "county" not in found.lanes:
            self.problem(node or 1, "otherwise.lanes.county", "missing; somebody must learn of what nobody thought of")
        return found

    def _type(self, node: yaml.Node, i: int) -> WeatherType | None:
        path = f"types[{i}]"
        names = frozenset({"id", "title", "words", "codes"})
        parts = self._map(node, path, names, names)
        if parts is None:
            return None
        return WeatherType(
            id=self._text(parts.get("id"), f"{path}.id"),
            title=self._text(parts.get("title"), f"{path}.title"),
            words=self._texts(parts.get("words"), f"{path}.words"),
            codes=tuple(code.upper() for code in self._texts(parts.get("codes"), f"{path}.codes", empty=True)),
        )

    def _texts(self, node: yaml.Node | None, path: str, *, empty: bool = False) -> tuple[str, ...]:
        if empty and isinstance(node, yaml.SequenceNode) and not node.value:
            return ()
        return tuple(self._text(item, f"{path}[{i}]") for i, item in enumerate(self._list(node, path)))

    def _names(self, node: yaml.Node | None, path: str, allowed: tuple[str, ...]) -> frozenset[str]:
        if node is None or (isinstance(node, yaml.SequenceNode) and not node.value):
            return frozenset()
        return frozenset(self._choice(n, f"{path}[{i}]", allowed) for i, n in enumerate(self._list(node, path)))

    def _whole_response(
        self, node: yaml.Node, path: str, known: tuple[str, ...], required: set[str]
    ) -> WeatherResponse | None:
        parts = self._map(node, path, frozenset(required | {"withdraw_sites"}), frozenset(required))
        if parts is None:
            return None
        colours = self._names(parts.get("colours"), f"{path}.colours", tuple(LEVELS))
        lanes: dict[str, Lane] = {}
        for name, value in (
            self._map(parts.get("lanes"), f"{path}.lanes", frozenset(LANES), frozenset()) or {}
        ).items():
            lane = self._lane(value, f"{path}.lanes.{name}")
            if lane is not None:
                lanes[name] = lane
        withdraw = self._names(parts.get("withdraw_sites"), f"{path}.withdraw_sites", _KINDS)
        if withdraw and "withdraw" not in lanes:
            self.problem(node, f"{path}.lanes.withdraw", "missing; withdraw_sites names who must withdraw people")
        return WeatherResponse(
            types=self._names(parts.get("types"), f"{path}.types", known),
            levels=frozenset(LEVELS[colour] for colour in colours if colour in LEVELS),
            sites=self._names(parts.get("sites"), f"{path}.sites", _KINDS),
            withdraw_sites=withdraw,
            lanes=lanes,
        )
