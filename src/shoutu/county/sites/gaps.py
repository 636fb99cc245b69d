"""What keeps a site from being watched as its packs ask: 监测缺项. A selector; the rows are kept by `duties`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import gettext as _

from shoutu.county.duties.models import Finding
from shoutu.county.kit.errors import Invalid
from shoutu.county.kit.findings import Gap
from shoutu.county.kit.subjects import SubjectRef
from shoutu.county.places.models import Site
from shoutu.county.sites import hooks, packs
from shoutu.county.sites.models import Binding, Point, Rule
from shoutu.county.sites.needs import GAP, NEED, There, asked_items, there_at

LANE: dict[str, Any] = {
    "policy": "sites/gap@1",
    "verified": False,
    "chain": [
        {"who": "enterprise_principal", "answer_s": 86_400},
        {"who": "township_head", "answer_s": 86_400},
        {"who": "county_duty", "answer_s": 86_400},
    ],
    "due_s": {"dispose": 7 * 86_400},
    "orders": ["查设计文件，报设计值", "缺的传感器装上并接入", "由监管人员录入，录入后自动了结"],
    "retry_s": [60],
}
"""Who is asked for what a site lacks: in working days, without haste, but until it is there."""


def all_sites() -> list[SubjectRef]:
    """Every site, for the sweep."""
    return [SubjectRef("site", id) for id in Site.objects.order_by("id").values_list("pk", flat=True)]


def site_of_point(point: int | None) -> SubjectRef | None:
    """The site a point belongs to."""
    site = Point.objects.filter(pk=point or 0).values_list("site_id", flat=True).first()
    return SubjectRef("site", site) if site else None


def gaps_of(subject: SubjectRef) -> list[Gap]:
    """Design values nobody has entered, values that make no rule, points nothing watches."""
    site = Site.objects.filter(pk=subject.id).first()
    if site is None:
        return []
    points = list(Point.objects.filter(site=site).order_by("id"))
    watched = set(Rule.objects.filter(point__site=site, enabled=True).values_list("point_id", flat=True))
    found: dict[str, Gap] = {}
    bindings = list(Binding.objects.filter(site=site).order_by("id"))
    there = there_at(site.pk, points, asked_items(_open(site)))
    for binding in bindings:
        for gap in lacks_of_pack(site, binding.pack, points, there):
            # A design value is the site's: it is asked for once, however many points and packs lack it.
            found.setdefault(gap.key, gap)
    for point in points if bindings else ():
        if point.pk not in watched and not any(gap.detail.get("item") == point.item for gap in found.values()):
            text = _("%(point)s没有规则看住，须另加规则") % {"point": point.name}
            found[f"point:{point.pk}"] = Gap(f"point:{point.pk}", text, detail={"field": "rules", "point": point.pk})
    return list(found.values())


def _open(site: Site) -> list[Mapping[str, Any]]:
    """The details of what is open of what the site's packs require."""
    rows = Finding.objects.filter(about_type="site", about_id=site.pk, kind=GAP, key__startswith=NEED)
    return list(rows.filter(cleared_at__isnull=True).values_list("detail", flat=True))


def lacks_of_pack(site: Site, name: str, points: list[Point], there: There) -> Iterator[Gap]:
    """What a site lacks of what one pack asks, whether or not it is bound to it. `there`: as `needs.there_at` tells."""
    try:
        pack = packs.load(name)
    except Invalid as error:
        text = _("规则包 %(pack)s 读不出，改了的设计值没有采用：%(why)s") % {"pack": name, "why": error.detail}
        yield Gap(f"pack:{name}", text, detail={"pack": name, "field": "pack"})
        return
    values = packs.design_values(site)
    for item in sorted({point.item for point in points}):
        for lack in packs.watches(pack, item, values)[1]:
            key = lack.field if lack.field.startswith(("rule:", "limit:")) else f"value:{lack.field}"
            detail = {"pack": name, "field": lack.field, "item": item}
            yield Gap(key, lack.message, lack.optional, detail)
    for lack in packs.needs(pack, values, there.heard, there.installed):
        need = lack.field.startswith(NEED)
        key = f"{lack.field}@{name}" if need else f"value:{lack.field}"
        items = {"items": list(lack.items)} if need else {}
        yield Gap(key, lack.message, lack.optional, {"pack": name, "field": lack.field, **items})


UNWATCHED = "site.unwatched"
UNWATCHED_LANE: dict[str, Any] = {
    "policy": "sites/unwatched@1",
    "verified": False,
    "chain": [{"who": "county_duty", "answer_s": 86_400}, {"who": "county_leader", "answer_s": 86_400}],
    "due_s": {"dispose": 7 * 86_400},
    "orders": ["给场所采用规则包", "没有测点的，督促企业接入"],
    "retry_s": [60],
}
"""A site no pack watches is the county's to mend: the enterprise cannot bind one."""


def unwatched(subject: SubjectRef) -> list[Gap]:
    """That a site has no pack although there is one for its kind. Looked at by the sweep, not the moment it is made."""
    site = Site.objects.filter(pk=subject.id).first()
    if site is None or Binding.objects.filter(site=site).exists():
        return []
    fitting = packs_for(site.kind)
    if not fitting:
        return []
    text = _("没有采用规则包，还没有看住；可用：%(names)s") % {"names": "、".join(fitting.values())}
    return [Gap("pack", text, detail={"field": "pack", "packs": list(fitting)})]


def packs_for(kind: str) -> dict[str, str]:
    """The packs made for a kind of site: name → title. One that cannot be read is passed by here."""
    found = {}
    for name in packs.names():
        try:
            pack = packs.load(name)
        except Invalid:
            continue
        if kind in pack.sites:
            found[name] = pack.title.zh
    return found


def items_of(site: int, points: list[Point]) -> dict[str, int]:
    """How many points of each item a site has, and what other rooms count for it (cameras)."""
    counts = Counter(point.item for point in points)
    for item, more in hooks.items(site).items():
        counts[item] += more
    return dict(counts)
