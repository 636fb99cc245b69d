"""`shoutu rules backtest`: how early rules would have spoken of what really happened, and how often in vain."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import click

from shoutu.county.commands_sites import rules, site_named, told

if TYPE_CHECKING:
    from shoutu.known_events import Known

File = click.Path(exists=True, dir_okay=False, path_type=Path)
DAYS = 30


@rules.command("backtest")
@click.argument("pack", required=False)
@click.option("--rule", "rule_id", type=int, help="规则编号 / rule id: over what is kept of its point")
@click.option("--site", help="场所：该场所的规则，或包在该场所的规则 / rules of this site, or the pack's there")
@click.option("--data", type=File, help="读数文件 point,ts,value / readings, instead of what is kept")
@click.option("--design", type=File, help="设计值和测点（site.yaml） / design values and points, with --data")
@click.option("--events", type=File, help="事件文件 start,end,kind（CSV、YAML） / what really happened")
@click.option("--start", type=click.DateTime(), help="开始，默认 30 天前 / from")
@click.option("--end", type=click.DateTime(), help="结束，默认现在 / until")
@click.option("--before", default=72.0, show_default=True, help="事件前多少小时内算提前 / hours before an event")
@click.option("--zone", default="Asia/Shanghai", show_default=True, help="无时区时间的时区 / zone of times without one")
@click.option("--json", "as_json", is_flag=True, help="以 JSON 输出 / print as JSON")
@told
def backtest(
    pack: str | None, rule_id: int | None, site: str | None, data: Path | None, design: Path | None,
    events: Path | None, start: datetime | None, end: datetime | None, before: float, zone: str, as_json: bool,
) -> None:  # fmt: skip
    """回测规则：提前量、误报，以及阈值移动后的变化。 Backtest rules: lead time, false alarms, thresholds moved.

    By PACK --data FILE --design FILE; or over what is kept: by --rule ID, by PACK --site SITE, and with a line a level
    and no thresholds moved by PACK (at every site) or --site SITE (of every pack).
    """
    from shoutu.known_events import UnreadableEvents, read_events
    from shoutu.sensing.replay.series import SeriesError

    if before < 0:
        raise click.BadParameter("--before: at least 0 hours")
    place = ZoneInfo(zone)
    try:
        known = None if events is None else read_events(events, place)
        span = (_at(start, place), _at(end, place))
        if data is not None:
            if not pack or design is None:
                raise click.UsageError("--data needs PACK and --design FILE (design values and points, as site.yaml)")
            found = _of_files(pack, design, data, known or [], span, before, zone)
        elif rule_id is not None or (pack and site):
            found = _kept(rule_id, pack, site, known, span, before)
        elif pack or site:
            found = _many(pack, site, known, span, before, as_json)
            if not as_json:
                return
        else:
            raise click.UsageError("give --rule ID, PACK, --site SITE, both, or PACK --data FILE --design FILE")
    except (UnreadableEvents, SeriesError, OSError) as error:
        raise click.ClickException(str(error)) from error
    click.echo(json.dumps({"rules": found}, ensure_ascii=False) if as_json else "\n\n".join(map(_table, found)))


def _at(told_: datetime | None, zone: ZoneInfo) -> datetime | None:
    return told_ and told_.replace(tzinfo=zone)


Span = tuple[datetime | None, datetime | None]


def _kept(
    rule_id: int | None, pack: str | None, site: str | None, known: list[Known] | None, span: Span, before: float
) -> list[dict[str, Any]]:
    """Over what the running pipeline keeps."""
    from shoutu.county.kit.actors import system
    from shoutu.county.kit.errors import NotFound
    from shoutu.county.sites import backtesting
    from shoutu.county.sites.models import Rule
    from shoutu.engine.params import RISKS

    rows = Rule.objects.select_related("point", "site")
    if rule_id is not None:
        rows = rows.filter(pk=rule_id)
    else:
        stem = f"{Path(pack or '').stem}/".replace("-", "_")
        mine = rows.filter(site=site_named(site or ""), point__isnull=False, kind__in=RISKS, enabled=True).order_by(
            "pk"
        )
        rows = mine.filter(pk__in=[one.pk for one in mine if one.origin.replace("-", "_").startswith(stem)])
    if not rows:
        raise NotFound("rule", rule_id or f"{pack} {site}")
    end = span[1] or datetime.now(UTC)
    start = span[0] or end - timedelta(days=DAYS)
    found = []
    for rule in rows:
        names = {rule.site.name, str(rule.site.pk)}
        given = None if known is None else _given(known, names)
        told_ = backtesting.backtest(system("命令行"), rule, start, end, given, timedelta(hours=before))
        found.append({"rule": rule.pk, "title": str(rule), "place": rule.place, "unit": rule.unit, **told_})
    return found


def _many(
    pack: str | None, site: str | None, known: list[Known] | None, span: Span, before: float, as_json: bool
) -> list[dict[str, Any]]:
    """All rules of a pack or of a site, as they are in force; printed as they come, as there may be many."""
    from shoutu.county.kit.actors import system
    from shoutu.county.sites import backtesting_many as many

    actor = system("命令行")
    of = many.Of(Path(pack).stem if pack else "", site_named(site).pk if site else None)
    picked = many.chosen(actor, of)
    end = span[1] or datetime.now(UTC)
    start = span[0] or end - timedelta(days=DAYS)

    def events_of(rule: Any) -> list[tuple[int, int, str]] | None:
        return None if known is None else _given(known, {rule.site.name, str(rule.site.pk)})

    if not as_json:
        click.echo("规则\t场所\t测点\t标题\t读数\t等级\t提前(h)\t漏报\t误报\t误报/点·月\t在报(h)/点·月")
    found = []
    for row in many.each(actor, picked.rules.iterator(), start, end, events_of, timedelta(hours=before)):
        rule, told_ = row["rule"], row.get("told")
        about = {"rule": rule.pk, "title": str(rule), "place": rule.place, "site": rule.site.name}
        found.append({**about, **(told_ or {"why": row["why"]})})
        if not as_json:
            click.echo(_brief(about, rule.point.name, told_, row.get("why")))
    left = picked.left
    if not as_json:
        click.echo(
            f"没有算的：停用 {left['off']} 条，看多个测点的 {left['together']} 条，只看设备的 {left['device']} 条 / "
            "left out: switched off, of several points, of the device"
        )
    return found


def _brief(about: Mapping[str, Any], point: str, told_: dict[str, Any] | None, why: str | None) -> str:
    """One rule, a line a level."""
    from shoutu.county.sites.backtesting_many import levels

    head = f"{about['rule']}\t{about['site']}\t{point}\t{about['title']}"
    if told_ is None:
        return f"{head}\t-\t{why}"
    cut = "" if told_["next"] is None else "（只算了前一段 / cut）"
    return "\n".join(
        "\t".join([
            head, f"{told_['n']}{cut}", NAMES[at["level"]], _number(at["median_lead"]), f"{at['missed']}/{at['tried']}",
            str(at["false"]), _number(at["false_per_month"]), _number(at["false_hours_per_month"]),
        ])
        for at in levels(told_)
    )  # fmt: skip


def _given(known: Iterable[Known], names: set[str]) -> list[tuple[int, int, str]]:
    """The events of a site: those that name it, and those that name none."""
    return [(one.start, one.end, one.kind) for one in known if not one.site or one.site in names]


def _of_files(
    pack_file: str, design: Path, data: Path, known: list[Known], span: Span, before: float, zone: str
) -> list[dict[str, Any]]:
    """Over a file of readings, by a pack with a file of design values. Neither county nor pipeline is needed."""
    import yaml

    from shoutu.engine.packs import bind, load
    from shoutu.engine.params import RISKS
    from shoutu.sensing.replay import read_series

    file = Path(pack_file)
    if not file.is_file():
        from django.conf import settings

        file = settings.CONFIG.packs / "warning" / f"{Path(pack_file).stem}.yaml"
    pack, problems = load(file.read_text("utf-8"), str(file))
    if pack is None:
        raise click.ClickException("\n".join(f"{one.line}: {one.field}: {one.en}" for one in problems))
    place = yaml.safe_load(design.read_text("utf-8"))
    if not isinstance(place, dict) or not isinstance(place.get("points"), list):
        raise click.ClickException(f"{design}: expected design and points, as packs/examples/*/site.yaml")
    readings = read_series(data, None, zone)
    given = [(one.start, one.end, one.kind) for one in known]  # one design file is one site
    found = []
    for at, point in enumerate(place["points"], 1):
        if point["address"] not in readings.addresses:
            continue
        mine = readings.code == readings.addresses.index(point["address"])
        columns = (readings.ts[mine], readings.ts[mine], readings.value[mine], readings.quality[mine])
        spec = {"source": 1, "site": 1, "danger": None, "low": None, "high": None, **point, "id": at}
        for rule in bind(pack, point["item"], place.get("design") or {}).rules:
            if rule.kind in RISKS:
                told_ = _over(spec, rule.kind, rule.params, columns, given, span, before)
                found.append({"rule": rule.rule, "title": rule.title.zh, "place": point["address"],
                              "unit": rule.unit, **told_})  # fmt: skip
    if not found:
        raise click.ClickException(f"{data}: no readings of a point that {design} names and the pack watches")
    return found


def _over(
    point: dict[str, Any], kind: str, bound: Mapping[str, Any], columns: tuple[Any, ...],
    known: list[tuple[int, int, str]], span: Span, before: float,
) -> dict[str, Any]:  # fmt: skip
    from shoutu.county.sites.backtesting import laid_out, sweep
    from shoutu.engine.trial import Series
    from shoutu.sensing.backtest import BacktestAsked, reckoned

    params = {**bound, "levels": {str(level): value for level, value in bound["levels"].items()}}
    series = Series(*columns)
    start = int(series.ts[0]) if span[0] is None else round(span[0].timestamp() * 1000)
    end = int(series.ts[-1]) + 1 if span[1] is None else round(span[1].timestamp() * 1000)
    factors, variants = sweep(kind, params)
    asked = BacktestAsked(
        point, kind, [params, *variants], known,
        start, end, round(before * 3_600_000),
    )  # fmt: skip
    try:
        return laid_out(reckoned(asked, series, end), params, factors, variants, of_warnings=False)
    except ValueError as error:
        raise click.ClickException(f"{point['address']}: {error}") from error


NAMES = {1: "蓝", 2: "黄", 3: "橙", 4: "红"}


def _table(one: Mapping[str, Any]) -> str:
    """Per level what it is worth now, then the level's thresholds moved."""
    lines = [f"{one['place']} {one['title']}（{one['rule']}）：{one['n']} 个读数，{len(one['events'])} 个事件"]
    if one["of_warnings"]:
        lines.append("事件取自核实为真的预警，时间是预警开始：真正发生的更准，用 --events / dated by our own warnings")
    if one["next"] is not None:
        lines.append("读数太多，只算了前一段 / cut: a shorter period tells all")
    lines.append("等级\t倍数\t阈值\t提前(h)\t漏报\t误报\t误报/点·月\t在报(h)/点·月")
    for level in one["levels"]:
        rows = [("现行", one["now"]), *((f"{row['factor']:.2f}", row) for row in one["sweep"])]
        for factor, row in rows:
            at, value = row["at"][str(level)], row["params"]["levels"][str(level)]
            lines.append("\t".join([
                NAMES[level], factor, _number(value), _number(at["median_lead"]), f"{at['missed']}/{at['tried']}",
                str(at["false"]), _number(at["false_per_month"]), _number(at["false_hours_per_month"]),
            ]))  # fmt: skip
    return "\n".join(lines)


def _number(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return "…".join(f"{side:.4g}" for side in value)
    return "-" if value is None else f"{value:.4g}"
