"""Warning rule packs as this room uses them: found by name, read by the engine's parser, asked per point.

The engine's modules are imported when first needed: they bring its compiler along, which no page should wait for.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from django.conf import settings
from django.utils.translation import gettext as _

from shoutu.county.kit.errors import Invalid
from shoutu.county.kit.stamps import stamp

if TYPE_CHECKING:
    from shoutu.county.places.models import Site
    from shoutu.engine.packs import Limit, Limits, Pack, Weak

GRADES = {"一": 1, "二": 2, "三": 3, "四": 4, "五": 5}


class Watch(NamedTuple):
    """One rule a pack asks for at a point. `key` is the rule's id within the pack.

    `asked`: what the pack itself says, where that is weaker than a limit of law; `params` then keep the limit, and
    going down to what is asked takes two persons. `below` names the limit.
    """

    key: str
    kind: str
    params: dict[str, Any]
    title: str
    cite: str
    verified: bool
    words: dict[str, Any]
    asked: dict[str, Any] | None = None
    below: str = ""


class Lack(NamedTuple):
    """What keeps a point from being watched as the pack asks. `optional`: the design may do without it."""

    field: str
    message: str
    optional: bool
    # What would supply it, where a sensor does.
    items: tuple[str, ...] = ()


class PackError(ValueError):
    """A pack that is wrong; the text names file, line and field of every problem."""


def names() -> list[str]:
    """The packs there are, by the names of their files."""
    return sorted(path.stem for path in (settings.CONFIG.packs / "warning").glob("*.yaml"))


def load(name: str) -> Pack:
    """The pack of this name under `packs/warning`. Raises Invalid when there is none, or naming what is wrong in it."""
    known = names()
    if name not in known:
        raise Invalid("pack", _("其中之一：%(names)s") % {"names": "、".join(known)})
    file = settings.CONFIG.packs / "warning" / f"{name}.yaml"
    try:
        return _cached(file, stamp(file))
    except (PackError, OSError, UnicodeDecodeError) as error:
        raise Invalid("pack", str(error), f"{file}: {error}") from error


def title(name: str) -> str:
    """A pack's title for people; its file's name where the pack is gone or cannot be read."""
    try:
        return load(name).title.zh
    except Invalid:
        return name


def read(text: str, file: str) -> Pack:
    """A pack from its text; `file` only names it. Raises PackError."""
    from shoutu.engine import packs

    pack, problems = packs.load(text, file)
    if pack is None or problems:
        raise PackError("\n".join(str(problem) for problem in problems))
    return pack


def unreadable() -> dict[str, str]:
    """Name → what is wrong, of the packs of this installation that cannot be read."""
    found = {}
    for name in names():
        try:
            load(name)
        except Invalid as error:
            found[name] = str(error)
    return found


def law() -> Limits | None:
    """The limits of law of this installation (`packs/limits/mines.yaml`); None when it has none.

    Raises Invalid when the file is wrong: no pack is taken up without knowing the limits.
    """
    file = settings.CONFIG.packs / "limits" / "mines.yaml"
    if not file.exists():
        return None
    try:
        return _cached_limits(file, stamp(file))
    except (PackError, OSError, UnicodeDecodeError) as error:
        raise Invalid("limits", str(error), f"{file}: {error}") from error


def law_fault() -> str:
    """What is wrong with the file of limits of law; "" when nothing is. Meanwhile no pack is taken up."""
    try:
        law()
    except Invalid as error:
        return error.detail
    return ""


def read_limits(text: str, file: str) -> Limits:
    """Limits of law from their text; `file` only names it. Raises PackError."""
    from shoutu.engine import packs

    limits, problems = packs.load_limits(text, file)
    if limits is None or problems:
        raise PackError("\n".join(str(problem) for problem in problems))
    return limits


@lru_cache(maxsize=32)
def _cached(file: Path, _as_it_is: tuple[int, ...]) -> Pack:
    return read(file.read_text("utf-8"), str(file))


@lru_cache(maxsize=4)
def _cached_limits(file: Path, _as_it_is: tuple[int, ...]) -> Limits:
    return read_limits(file.read_text("utf-8"), str(file))


def design_values(site: Site, params: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """A site's design values (or `params` in their place) by the pack's names, its grade among them ("4", "四等")."""
    grade = site.grade.strip().removesuffix("等").removesuffix("级")
    number = GRADES.get(grade) or (int(grade) if grade.isdigit() else None)
    return {**({"grade": number} if number else {}), **(site.params if params is None else params)}


def watches(pack: Pack, item: str, params: Mapping[str, Any]) -> tuple[list[Watch], list[Lack]]:
    """The rules the pack asks for where `item` is measured, with these design values; and what is lacking.

    An item the pack does not know gives neither. A rule weaker than a limit of law is tightened to it. Raises Invalid
    when the limits cannot be read.
    """
    from shoutu.engine.packs import bind, tightened

    if all(indicator.id != item for indicator in pack.indicators):
        return [], []
    bound = bind(pack, item, dict(params))
    titles = {rule.id: rule.title.zh for rule in pack.rules}
    weak = weak_rules(pack, item, params)
    found = []
    for rule in bound.rules:
        strict, below = rule.params, [one for one in weak if one.rule == rule.rule]
        for one in below:
            strict = tightened(strict, one)
        found.append(
            Watch(
                key=rule.rule,
                kind=rule.kind,
                params=strict,
                title=titles.get(rule.rule, rule.rule),
                cite=rule.cite,
                verified=rule.verified,
                words={
                    "title": {"zh": rule.title.zh, "en": rule.title.en},
                    "decimals": rule.decimals,
                    **({"sentence": {"zh": rule.sentence.zh, "en": rule.sentence.en}} if rule.sentence else {}),
                },
                asked=rule.params if below else None,
                below="；".join(limit_text(one.limit, one.value) for one in below),
            )
        )
    return found, _lacking(bound, titles) + [_below_law(pack, one) for one in weak]


def composites(pack: Pack, present: Collection[str]) -> list[Watch]:
    """The composites the pack asks for at a site where these items are measured."""
    from shoutu.engine.packs import bind_site

    titles = {rule.id: rule.title.zh for rule in pack.rules}
    return [
        Watch(
            key=rule.rule,
            kind=rule.kind,
            params=rule.params,
            title=titles[rule.rule],
            cite=rule.cite,
            verified=rule.verified,
            words={
                "title": {"zh": rule.title.zh, "en": rule.title.en},
                "cite": rule.cite,
                **({"sentence": {"zh": rule.sentence.zh, "en": rule.sentence.en}} if rule.sentence else {}),
            },
        )
        for rule in bind_site(pack, present)
    ]


def weak_rules(pack: Pack, item: str, params: Mapping[str, Any]) -> list[Weak]:
    """The limits of law this pack keeps too late, or not at all, where `item` is measured."""
    from shoutu.engine.packs import bind, weakened

    limits = law()
    if limits is None or all(indicator.id != item for indicator in pack.indicators):
        return []
    return weakened(pack, item, bind(pack, item, dict(params)).rules, limits, dict(params))


def limit_text(limit: Limit, value: float) -> str:
    """「一氧化碳 ≥ 24 ppm（矿安〔2023〕60号）」."""
    side = "≥" if limit.direction == "high" else "≤"
    return f"{limit.title.zh} {side} {value:g} {limit.unit}（{limit.cite}）"


def _below_law(pack: Pack, weak: Weak) -> Lack:
    """Listed for all to see; where nothing judges the limit at all, somebody is called for it."""
    limit = limit_text(weak.limit, weak.value)
    if weak.rule is None:
        return Lack(f"limit:{weak.limit.id}", _("没有规则按法定限值看：%(limit)s") % {"limit": limit}, False)
    text = _("规则包 %(pack)s 弱于法定限值：%(limit)s；已按法定值看，放宽须两人同意") % {
        "pack": pack.title.zh,
        "limit": limit,
    }
    return Lack(f"limit:{weak.limit.id}", text, True)


def needs(
    pack: Pack, params: Mapping[str, Any], counts: Mapping[str, int], installed: Mapping[str, int] | None = None
) -> list[Lack]:
    """What the standard wants monitored at a site with these design values and this many points of each item.

    `counts` are those that have reported, `installed` all there are: what has never sent a reading monitors nothing.
    """
    from shoutu.engine.packs import unmet

    found = unmet(pack, dict(params), dict(counts))
    stands = {want.id for want, _there in unmet(pack, dict(params), dict(installed or counts)).lacking}
    titles = {parameter.id: parameter.title.zh for parameter in pack.parameters}
    lacks = []
    for want, there in found.lacking:
        count = _("（要 %(count)d 处，有 %(there)d 处）") % {"count": want.count, "there": there} if there else ""
        text = _("缺 %(what)s%(count)s，%(cite)s 要求") % {"what": want.title.zh, "count": count, "cite": want.cite}
        if want.id not in stands:
            text = _("%(what)s装了没有报过数（要 %(count)d 处，报过数的 %(there)d 处），%(cite)s 要求") % {
                "what": want.title.zh, "count": want.count, "there": there, "cite": want.cite,
            }  # fmt: skip
        lacks.append(Lack(f"need:{want.id}", text, False, tuple(want.indicators)))
    for name, hanging in found.undecided.items():
        text = _("缺 %(title)s，判不了要不要监测：%(what)s") % {
            "title": titles.get(name, name),
            "what": "、".join(hanging),
        }
        lacks.append(Lack(name, text, False))
    return lacks


def _lacking(bound: Any, titles: Mapping[str, str]) -> list[Lack]:
    """One line a parameter, naming what is not watched for want of it; and values that make no sense."""
    wanted: dict[str, list[Any]] = defaultdict(list)
    for missing in bound.missing:
        wanted[missing.parameter].append(missing)
    lacks = []
    for parameter, rows in wanted.items():
        unwatched = "、".join(dict.fromkeys(f"{titles.get(row.rule, row.rule)}{_level(row.level)}" for row in rows))
        unit = f"（{rows[0].unit}）" if rows[0].unit not in ("", "1") else ""
        text = _("缺 %(title)s%(unit)s，没有看住：%(what)s") % {
            "title": rows[0].title.zh,
            "unit": unit,
            "what": unwatched,
        }
        lacks.append(Lack(parameter, text, all(row.optional for row in rows)))
    return lacks + [Lack(f"rule:{wrong.rule}", wrong.zh, False) for wrong in bound.problems]


def _level(level: int | None) -> str:
    return "" if level is None else {1: "蓝色", 2: "黄色", 3: "橙色", 4: "红色"}.get(level, "")


def check_text(text: str, file: str, limits: Iterable[Path] = ()) -> tuple[str, list[str]]:
    """One line that says what a pack holds, and the limits of law it keeps too late. Raises PackError.

    `limits`: the files of limits to compare with. A limit computed from design values is compared when they are known,
    at binding.
    """
    from shoutu.engine.packs import bind, weakened

    pack = read(text, file)
    below = []
    for path in limits:
        known = read_limits(path.read_text("utf-8"), str(path))
        for indicator in pack.indicators:
            bound = bind(pack, indicator.id, {})
            for weak in weakened(pack, indicator.id, bound.rules, known, {}):
                below.append(limit_text(weak.limit, weak.value))
    held = f"{len(pack.indicators)} indicators, {len(pack.rules)} rules, {len(pack.required)} required"
    return f"{pack.pack} v{pack.version}: ok ({held})", below
