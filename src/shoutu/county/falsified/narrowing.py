"""A search that fails is narrowed down: site from site, then point from point, so that the others are searched."""

from __future__ import annotations

import logging
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from shoutu.county.sites.asking import NotSearched
from shoutu.county.sites.models import Point

log = logging.getLogger(__name__)


@dataclass
class Told:
    """What was told of some points, in as many parts as it took.

    `of_site`: findings by site. `late`: (start of a day, point, when the last reading of it came in), UTC ms. `aside`:
    points of a site whose search failed, `why` it did, `failures` how often one failed.
    """

    searched: int = 0
    left: int = 0
    failures: int = 0
    of_site: dict[int, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    late: list[tuple[int, int, int]] = field(default_factory=list)
    aside: Counter[int] = field(default_factory=Counter)
    why: dict[int, str] = field(default_factory=dict)


def narrowed(points: Sequence[Point], ask: Callable[[Sequence[Point]], dict[str, Any]], most: int) -> Told:
    """Ask about all of these together, and, while no more than `most` searches failed, about halves of what failed.

    Raises whatever `ask` raises but NotSearched: then nothing is known.
    """
    told = Told()
    where = {point.pk: point.site_id for point in points}
    waiting = [list(points)]
    while waiting:
        part = waiting.pop()
        try:
            answer = ask(part)
        except NotSearched as error:
            told.failures += 1
            log.warning("the search of %s points from %s on failed: %s", len(part), part[0].pk, error)
            if len(part) > 1 and told.failures < most:
                waiting += reversed(_halves(part))
            else:
                told.aside.update(point.site_id for point in part)
                told.why |= {point.site_id: str(error) for point in part}
            continue
        told.searched += answer["points"]
        told.left += len(answer["left"])
        told.late += [(start, point, newest) for start, point, newest in answer.get("late", [])]
        for one in answer["items"]:
            told.of_site[where[one["point"]]].append(one)
    return told


def _halves(part: list[Point]) -> tuple[list[Point], list[Point]]:
    """Between two sites where there are two, as near the middle as can be."""
    edges = [at for at in range(1, len(part)) if part[at].site_id != part[at - 1].site_id]
    middle = len(part) // 2
    cut = min(edges, key=lambda at: abs(at - middle)) if edges else middle
    return part[:cut], part[cut:]
