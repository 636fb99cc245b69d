"""Warning rule packs as this room uses them: found by name, read by the engine's parser, asked per point.

The engine's modules are imported when first needed: they bring its compiler along, which no page should wait for.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from django.conf import settings
from django.utils.translation import gettext as _

from shoutu.county.kit.errors import Invalid
from shoutu.county.places.models import Site

if TYPE_CHECKING:
    from shoutu.engine.packs import Pack

GRADES = {"一": 1, "二": 2, "三": 3, "四": 4, "五": 5}


class Watch(NamedTuple):
    """One rule a pack asks for at a point. `key` is the rule's id within the pack."""

    key: str
    kind: str
    params: dict[str, Any]
    title: str
    cite: str
    verified: bool
    words: dict[str, Any]


class Lack(NamedTuple):
    """What keeps a point from being watched as the pack asks. `optional`: the design may do without it."""

    field: str
    message: str
    optional: bool


class PackError(ValueError):
    """A pack that is wrong; the text names file, line and field of every problem."""


def load(name: str) -> Pack:
    """The pack of this name under `packs/warning`. Raises Invalid when there is none, or naming what is wrong in it."""
    folder = settings.CONFIG.packs / "warning"
    known = sorted(path.stem for path in folder.glob("*.yaml"))
    if name not in known:
        raise Invalid("pack", _("其中之一：%(names)s") % {"names": "、".join(known)})
    file = folder / f"{name}.yaml"
    try:
        return read(file.read_text("utf-8"), str(file))
    except (PackError, UnicodeDecodeError) as error:
        raise Invalid("pack", str(error), f"{file}: {error}") from error


def read(text: str, file: str) -> Pack:
    """A pack from its text; `file` only names it. Raises PackError."""
    from shoutu.engine import packs

    pack, problems = packs.load(text, file)
    if pack is None or problems:
        raise PackError("\n".join(str(problem) for problem in problems))
    return pack


def design_values(site: Site, params: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """A site's design values (or `params` in their place) by the pack's names, its grade among them ("4", "四等")."""
    grade = site.grade.strip().removesuffix("等").removesuffix("级")
    number = GRADES.get(grade) or (int(grade) if grade.isdigit() else None)
    return {**({"grade": number} if number else {}), **(site.params if params is None else params)}


def watches(pack: Pack, item: str, params: Mapping[str, Any]) -> tuple[list[Watch], list[Lack]]:
    """The rules the pack asks for where `item` is measured, with these design values; and what is lacking.

    An item the pack does not know gives neither.
    """
    if all(indicator.id != item for indicator in pack.indicators):
        return [], []
    from shoutu.engine.packs import bind

    bound = bind(pack, item, dict(params))
    titles = {rule.id: rule.title.zh for rule in pack.rules}
    found = [
        Watch(
            key=rule.rule,
            kind=rule.kind,
            params=rule.params,
            title=titles.get(rule.rule, rule.rule),
            cite=rule.cite,
            verified=rule.verified,
            words={
                "title": {"zh": rule.title.zh, "en": rule.title.en},
                "decimals": rule.decimals,
                **({"sentence": {"zh": rule.sentence.zh, "en": rule.sentence.en}} if rule.sentence else {}),
            },
        )
        for rule in bound.rules
    ]
    return found, _lacking(bound, titles)


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


def check_text(text: str, file: str) -> str:
    """One line that says what a pack holds. Raises PackError."""
    pack = read(text, file)
    return f"{pack.pack} v{pack.version}: ok ({len(pack.indicators)} indicators, {len(pack.rules)} rules)"
