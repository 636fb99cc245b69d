"""The demo's licences: what every mine holds, one that lapses soon and one that has expired while its mine works.

Numbers say that they are of the demo; who issues what is as usual in a province, the days follow from today.
"""

from __future__ import annotations

from datetime import date, timedelta

from shoutu.demo.sites import MINES

SOON, OVER = "庚石膏矿", "壬铁矿"
"""Whose work safety licence ends in `SOON_DAYS`, and whose ended `OVER_DAYS` ago."""
SOON_DAYS, OVER_DAYS = 41, 12
LASTS = timedelta(days=3 * 365)


def enter_licences(today: date) -> None:
    """Put them on record by the same services as everyone, as they stand on `today`."""
    from shoutu.county.kit.actors import SYSTEM
    from shoutu.county.papers.services import Content, enter_licence
    from shoutu.county.places.models import Organisation

    bodies = dict(Organisation.objects.values_list("name", "pk"))
    for number, (name, _township, _sites) in enumerate(MINES, 1):
        left = SOON_DAYS if name == SOON else -OVER_DAYS if name == OVER else 150 + 83 * number % 900
        mining = 400 + 211 * number % 3000
        for kind, what, by, days, capacity in (
            ("safety_permit", "安许", "省应急管理厅", left, None),
            ("mining_right", "采", "省自然资源厅", mining, float(10 + 5 * (number % 9))),
            ("business", "照", "县行政审批服务管理局", None, None),
        ):
            until = None if days is None else today + timedelta(days=days)
            begun = (until or today) - LASTS * (4 if kind == "mining_right" else 1)
            told = Content(f"示范{what}〔{begun.year}〕{number:03d}", by, begun, until, capacity)
            enter_licence(SYSTEM, bodies[name], kind, told)
