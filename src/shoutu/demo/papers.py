"""The demo's papers: the licences every mine holds, one that lapses soon and one that has expired while its mine works;
a drawing of each pond.

Numbers say that they are of the demo; who issues what is as usual in a province, the days follow from today. A drawing
is a sketch of the pond's own design values.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from io import BytesIO

from shoutu.demo.county import DemoPond
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


def enter_drawings(ponds: Sequence[DemoPond]) -> None:
    """The section through the dam of each pond, by the same service as everyone."""
    from shoutu.county.kit.actors import SYSTEM
    from shoutu.county.kit.subjects import ref
    from shoutu.county.papers import files
    from shoutu.county.papers.services.documents import add_document
    from shoutu.county.places.models import Site

    for pond in ponds:
        kept = files.keep(section(pond.params))
        site = Site.objects.get(name=pond.name)
        add_document(SYSTEM, ref(site), "drawing", "坝体剖面示意图（演示）", kept, "坝体剖面示意图.png")


def section(design: dict[str, float]) -> bytes:
    """A PNG of a dam in section, not to scale: its lifts, the pond, the phreatic line; levels and depth in m."""
    from PIL import Image, ImageDraw, ImageFont

    ink, faint, water = "#1c2420", "#8a938e", "#2f6f8f"
    sheet = Image.new("RGB", (1600, 760), "white")
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(26)
    crest, foot, metre = 180.0, 640.0, 18.0
    # Downstream face in four lifts with berms, then the crest, the beach and the bed of the pond.
    face = [(140.0, foot)]
    for lift in range(4):
        x, y = 240.0 + 120 * lift, foot - (foot - crest) * (lift + 1) / 4
        face += [(x, y), (x + 30, y)]
    beach = [(face[-1][0] + 40, crest), (1500.0, 380.0)]
    pen.polygon([*face, *beach, (1500, 700), (140, 700)], fill="#eef1ee", outline=ink, width=3)
    pool = crest + 75
    shore = beach[0][0] + (pool - crest) * (beach[1][0] - beach[0][0]) / (beach[1][1] - crest)
    levels = (("beach_crest_level", crest, ink, beach[0][0]), ("water_level_orange", pool, water, shore))
    for name, y, colour, x in levels:
        pen.line([(x, y), (1500, y)], fill=colour, width=2)
        pen.text((1510, y - 16), f"{design[name]:.1f}", fill=colour, font=font)
    depth = design["phreatic_control_depth"]
    line = [(shore, pool), (620.0, crest + metre * depth + 60), (420.0, foot - 90), (150.0, foot - 8)]
    pen.line(line, fill=water, width=3, joint="curve")
    x, y = line[1]
    pen.line([(x, crest), (x, y)], fill=faint, width=2)
    pen.text((x + 12, (crest + y) / 2 - 16), f"{depth:.1f} m", fill=faint, font=font)
    out = BytesIO()
    sheet.save(out, "PNG", optimize=True)
    return out.getvalue()
