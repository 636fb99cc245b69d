"""The matrix of responsibility (三管三必管, 全员责任制): for each site, which post answers in which kind.

Set-wise: one pass over all responsibilities and all sites. `who_answers_for` asks the same of one site.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from shoutu.county.kit.actors import Actor
from shoutu.county.people.models import Responsibility
from shoutu.county.people.selectors.chain import Answerer, Filled, answerer, applies, at_time, filled, nearness, seated
from shoutu.county.places.models import Site
from shoutu.county.places.selectors import Whereabouts, sites

Kind = Responsibility.Kind


@dataclass(frozen=True)
class Required:
    """A kind of responsibility every site must have, and the article that says so."""

    kind: str
    source: str


# 包保联系 is local practice and no statute: it is shown where it exists and not missed where it does not.
REQUIRED = (
    Required(Kind.ENTERPRISE, "安全生产法 2021 第五条：主要负责人是第一责任人"),
    Required(Kind.TERRITORIAL, "安全生产法 2021 第九条：乡镇政府按职责监督检查"),
    Required(Kind.SECTOR, "安全生产法 2021 第三条：管行业必须管安全"),
    Required(Kind.OVERALL, "安全生产法 2021 第十条：应急管理部门综合监督管理"),
)


@dataclass
class Cover:
    """All responsibilities valid at one time, indexed by what they name, and how their posts are filled."""

    at: datetime
    rows: list[Responsibility]
    held: Mapping[int, Filled]
    by_site: dict[int, list[Responsibility]] = field(default_factory=lambda: defaultdict(list))
    by_organisation: dict[int, list[Responsibility]] = field(default_factory=lambda: defaultdict(list))
    by_territory: dict[int, list[Responsibility]] = field(default_factory=lambda: defaultdict(list))
    _groups: dict[tuple[Any, ...], list[Responsibility]] = field(default_factory=dict)

    @classmethod
    def load(
        cls,
        at: datetime,
        only: Iterable[Whereabouts] | None = None,
        bodies: Iterable[int] | None = None,
        rung: str | None = None,
    ) -> Cover:
        """Four queries, whatever the number of sites.

        With `only`, what cannot cover any of those is left out, save what posts of `bodies` (organisations) answer for;
        with `rung`, what stands on another; its posts are then not loaded by name.
        """
        found = at_time(Responsibility.objects.filter(post__is_active=True), at).order_by("pk")
        if rung is not None:
            found = found.filter(rung=rung)
        if only is not None:
            places = list(only)
            found = found.filter(
                Q(site_id__in={where.site for where in places})
                | Q(site=None, territory_id__in={one for where in places for one in where.above})
                | Q(site=None, territory=None, organisation_id__in={where.organisation for where in places})
                | Q(post__organisation_id__in=set(bodies or ()))
            )
        rows = list(found.select_related("post__organisation") if rung is None else found)
        cover = cls(at, rows, filled({row.post_id for row in rows}, at))
        for row in rows:
            if row.site_id is not None:
                cover.by_site[row.site_id].append(row)
            elif row.territory_id is not None:
                cover.by_territory[row.territory_id].append(row)
            elif row.organisation_id is not None:
                cover.by_organisation[row.organisation_id].append(row)
        return cover

    def covering(self, where: Whereabouts) -> list[Responsibility]:
        """What covers a site, whatever the matter, in the order of the chain. Sites alike are worked out once."""
        own = self.by_site.get(where.site)
        key = (where.organisation, where.above, where.kind)
        if own is None and key in self._groups:
            return self._groups[key]
        named = [*(own or ()), *self.by_organisation.get(where.organisation, ())]
        for territory in where.above:
            named += self.by_territory.get(territory, ())
        found = sorted((row for row in named if applies(row, where, "")), key=lambda row: nearness(row, where))
        if own is None:
            self._groups[key] = found
        return found

    def cells(self, where: Whereabouts) -> dict[str, list[Answerer]]:
        """Kind → who answers for the site in it, in the order of the chain, each post once."""
        cells: dict[str, list[Answerer]] = {kind: [] for kind in Kind.values}
        seen: set[tuple[str, int]] = set()
        for row in self.covering(where):
            if (row.kind, row.post_id) not in seen:
                seen.add((row.kind, row.post_id))
                cells[row.kind].append(answerer(row, self.held.get(row.post_id)))
        return cells

    def missing(self, where: Whereabouts) -> list[Required]:
        """The kinds required of a site that no post answers for."""
        return lacking(self.covering(where))


@dataclass
class Stand:
    """What stands for some place: the kinds somebody's post answers in, and those posts."""

    kinds: set[str] = field(default_factory=set)
    posts: set[int] = field(default_factory=set)


def lacks(at: datetime, places: Iterable[Whereabouts]) -> tuple[int, int]:
    """How many required kinds these sites lack together, and how many posts that answer for one nobody fills.

    As `Cover` tells it site by site, of plain columns: a county has thousands. Three queries.
    """
    rows = at_time(Responsibility.objects.filter(post__is_active=True), at)
    columns = ("kind", "post_id", "sectors", "site_id", "organisation_id", "territory_id")
    named: dict[tuple[int | None, int | None], list[tuple[Any, ...]]] = defaultdict(list)
    wide: list[tuple[Any, ...]] = []
    for row in rows.order_by().values_list(*columns):
        site, organisation, territory = row[3:]
        if site is not None or organisation is not None:
            named[site, None if site is not None else organisation].append(row)
        elif territory is not None:
            wide.append(row)
    stands: dict[tuple[tuple[int, ...], str], Stand] = {}
    holes = 0
    posts: set[int] = set()
    for where in places:
        key = (where.above, where.kind)
        if key not in stands:
            stands[key] = _stand(wide, where)
            posts |= stands[key].posts
        own = _stand(named.get((where.site, None), []) + named.get((None, where.organisation), []), where)
        posts |= own.posts
        there = stands[key].kinds | own.kinds
        holes += sum(one.kind not in there for one in REQUIRED)
    return holes, len(posts - seated(at))


def _stand(rows: Iterable[tuple[Any, ...]], where: Whereabouts) -> Stand:
    """What `applies` keeps of rows that name this site, its organisation or neither."""
    stand = Stand()
    for kind, post, sectors, site, _organisation, territory in rows:
        if sectors and where.kind not in sectors:
            continue
        if site is not None or territory is None or territory in where.above:
            stand.kinds.add(kind)
            stand.posts.add(post)
    return stand


def lacking(rows: Iterable[Responsibility]) -> list[Required]:
    """The kinds required that are not among these responsibilities."""
    there = {row.kind for row in rows}
    return [one for one in REQUIRED if one.kind not in there]


def whereabouts(found: Iterable[Site]) -> Iterator[Whereabouts]:
    """Today's place of sites fetched with their territory."""
    for site in found:
        yield Whereabouts(site.pk, site.kind, site.organisation_id, _ids(site.territory.path))


def places_of(actor: Actor) -> list[tuple[str, Whereabouts]]:
    """Name and place of every site the actor sees: one query of plain columns."""
    return places_among(sites().visible_to(actor).order_by("name", "id"))


def places_among(rows: QuerySet[Site]) -> list[tuple[str, Whereabouts]]:
    """Name and place of each of these sites, in their order: one query of plain columns."""
    columns = ("pk", "name", "kind", "organisation_id", "territory__path")
    paths: dict[str, tuple[int, ...]] = {}
    found = []
    for pk, name, kind, organisation, path in rows.select_related(None).values_list(*columns):
        if path not in paths:
            paths[path] = _ids(path)
        found.append((name, Whereabouts(pk, kind, organisation, paths[path])))
    return found


def _ids(path: str) -> tuple[int, ...]:
    return tuple(int(part) for part in path.split(".") if part)
