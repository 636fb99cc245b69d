"""What a rule pack says: indicators, site parameters, rules. Values only; ``bind`` turns them into rules of a point."""

from __future__ import annotations

from typing import Any, Literal

import msgspec


class Text(msgspec.Struct, frozen=True, kw_only=True):
    """Words in Chinese and, if given, English."""

    zh: str
    en: str = ""

    def say(self, lang: str) -> str:
        """In the language asked for; Chinese when there is no English."""
        return self.zh if lang.startswith("zh") or not self.en else self.en


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """A value looked up by another parameter, such as a minimum by the pond's grade."""

    by: str
    values: dict[str, float]


class Parameter(msgspec.Struct, frozen=True, kw_only=True):
    """A design value of a site. ``derived`` computes it from others, ``table`` looks it up, unless the site gives it.

    ``default`` holds where the site says nothing. ``optional``: the design may do without it; still named when missing.
    """

    id: str
    title: Text
    unit: str
    derived: str | None = None
    table: Table | None = None
    default: float | None = None
    optional: bool = False
    cite: str = ""
    verified: bool = False
    note: str = ""


class Indicator(msgspec.Struct, frozen=True, kw_only=True):
    """A monitored item. ``axis`` down: depths, drawn with 0 on top. ``low``/``high``: physical range in ``unit``."""

    id: str
    title: Text
    unit: str
    direction: Literal["high", "low", "band"]
    axis: Literal["up", "down"] = "up"
    low: float | None = None
    high: float | None = None
    danger: Literal["high", "low", "both", "none"] | None = None
    interval_s: float | None = None
    decimals: int = 2
    cite: str = ""
    verified: bool = False
    note: str = ""


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """A rule of an indicator. In ``params`` a text beginning with = is arithmetic of site parameters.

    ``max_level``: the highest level it may ever give. ``sentence``: why, with {title} {value} {unit} {relation}
    {threshold} {level} {held} {slope}, of a sum {sum} {span}, of a forecast {ahead} {early} {late} {span}, of a
    composite {count} {at} {cite}, filled in. ``indicator``: whose points it watches; "" for a composite across several,
    whose ``items`` then say which.
    """

    id: str
    kind: str
    title: Text
    params: dict[str, Any]
    cite: str
    indicator: str = ""
    verified: bool = False
    max_level: int = 4
    sentence: Text | None = None
    note: str = ""


class Condition(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whether a parameter of the site lies within these bounds, both included."""

    parameter: str
    at_least: float | None = None
    at_most: float | None = None


class Requirement(msgspec.Struct, frozen=True, kw_only=True):
    """What a standard wants monitored at a site: ``count`` points of any of ``indicators``, or the design value

    ``declared`` of at least ``count`` (cameras, refuge chambers: what no sensor tells). ``when``: all must hold.
    """

    id: str
    title: Text
    cite: str
    indicators: tuple[str, ...] = ()
    declared: str | None = None
    count: int = 1
    when: tuple[Condition, ...] = ()
    verified: bool = False
    note: str = ""


class Pack(msgspec.Struct, frozen=True, kw_only=True):
    """A rule pack, as read from its file by ``load``. ``sites``: the kinds of site it is made for."""

    pack: str
    title: Text
    version: int
    cite: str
    verified: bool = False
    note: str = ""
    sites: tuple[str, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    required: tuple[Requirement, ...] = ()
    indicators: tuple[Indicator, ...] = ()
    rules: tuple[Rule, ...] = ()

    def indicator(self, id: str) -> Indicator:
        """The indicator of that id. Raises KeyError naming those there are."""
        for indicator in self.indicators:
            if indicator.id == id:
                return indicator
        raise KeyError(f"{self.pack} has no indicator {id!r}; it has {', '.join(i.id for i in self.indicators)}")


class Unmet(msgspec.Struct, frozen=True, kw_only=True):
    """``lacking``: requirements not met, with how many there are. ``undecided``: parameters without which nobody can

    say whether something is required, each with the titles of what hangs on it.
    """

    lacking: tuple[tuple[Requirement, int], ...]
    undecided: dict[str, tuple[str, ...]]


class BoundRule(msgspec.Struct, frozen=True, kw_only=True):
    """A rule ready for the catalog: ``kind`` and ``params`` as the engine takes them, and what people read of it."""

    rule: str
    kind: str
    params: dict[str, Any]
    title: Text
    unit: str
    decimals: int
    sentence: Text | None
    cite: str
    verified: bool
    pack: str
    pack_version: int


class Missing(msgspec.Struct, frozen=True, kw_only=True):
    """A design value the site lacks, and what is not watched for want of it (``level`` None: the whole rule)."""

    parameter: str
    title: Text
    unit: str
    optional: bool
    rule: str
    level: int | None


class Wrong(msgspec.Struct, frozen=True, kw_only=True):
    """Site values that make no sensible rule, with the reason."""

    rule: str
    zh: str
    en: str


class Binding(msgspec.Struct, frozen=True, kw_only=True):
    """What ``bind`` found: rules to watch by, values missing, values that make no sense. Nothing is dropped unsaid."""

    rules: tuple[BoundRule, ...]
    missing: tuple[Missing, ...]
    problems: tuple[Wrong, ...]
