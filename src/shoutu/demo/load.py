"""``shoutu demo``: puts the demo county in through the same services as everyone; safe to run again."""

from __future__ import annotations

import json
import logging
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import click

from shoutu.cli import settings
from shoutu.config import Config

log = logging.getLogger("shoutu.demo")
SCENARIO_AFTER_S = 15.0
INTERVAL_S = 10.0
PACK = "tailings-pond"
BEGAN = timedelta(days=6, hours=18)
"""How long before now the demo county began to be watched: its week of history."""
GATEWAYS_KEEP_S = 21_600
BY_THE_DOORS = timedelta(hours=5, minutes=30)
"""The last of it the simulated gateways send at the start, as after a broken line, so that the engine knows it; a
little less than they keep, so that nothing is missing when the start takes its time."""
SEED = 7
SILENT_S = 30 * 86_400.0
MQTT_EVERY = 4
"""Every so many enterprises' gateways speak MQTT, the others HTTP."""


@click.command()
def demo() -> None:
    """Load the demo county (loopback logins) and write the plan of its simulated sensors."""
    config = settings()
    from shoutu.county.setup import migrate, ready
    from shoutu.demo import clock

    clock.install()
    ready()
    migrate()
    from shoutu.demo.people import demo_users_exist, keep_roster

    if not demo_users_exist():
        _load(config)
    keep_roster()
    click.echo(json.dumps({"logins": json.loads((config.run / "demo-logins.json").read_text("utf-8"))}))


def _load(config: Config) -> None:
    from django.db import transaction
    from django.utils import timezone

    from shoutu.county.people.models import User

    if User.objects.exists():
        raise click.ClickException(
            f"SHOUTU_DATA={config.data} holds a real county; the demo goes into an empty directory only"
        )
    # All or nothing: a loader killed half-way leaves an empty county that is simply loaded again. The files are
    # written before the commit, so that a loaded county always has them.
    with transaction.atomic():
        now = timezone.now()
        cast, sensors = _build(now - BEGAN)
        _live(config, now, sensors)
        _write(config, "demo-logins.json", cast.logins)
        _write(config, "simulate.json", {"seed": SEED, "history_s": GATEWAYS_KEEP_S, "sensors": sensors})


def _build(began: datetime) -> tuple[Any, list[dict[str, Any]]]:
    """The county as it began: who is there, and the plan's sensors."""
    from django.utils import timezone

    from shoutu.demo.clock import set_to
    from shoutu.demo.county import PONDS
    from shoutu.demo.papers import enter_drawings, enter_licences
    from shoutu.demo.people import Cast

    cast = Cast()
    sensors: list[dict[str, Any]] = []
    with set_to(began):
        cast.lay_out_county()
        cast.share_out()
        _name_superiors()
        _draw_map()
        for number, pond in enumerate(PONDS, 1):
            cast.staff_enterprise(pond, number)
            sensors += _watch_pond(cast, pond)
        sensors += _watch_all(cast)
        _stop_some()
        enter_licences(timezone.localdate(began + BEGAN))
        enter_drawings(PONDS)
    return cast, sensors


def _live(config: Config, now: datetime, sensors: list[dict[str, Any]]) -> None:
    """Its week: the readings, what the engine says to them, what people did; the last hours come by the doors."""
    from shoutu.county.kit import catalog
    from shoutu.county.sites.models import Point
    from shoutu.demo.history import happening, play
    from shoutu.demo.week import Week, plan_sensors
    from shoutu.sensing.store import StoreBlocked

    points = dict(Point.objects.values_list("address", "id"))
    episodes = happening(points)
    began, until = (round(at.timestamp() * 1000) for at in (now - BEGAN, now - BY_THE_DOORS))
    week = Week(plan_sensors(sensors, points), SEED, began, until, episodes, catalog.changes(0))
    try:
        # Files and database have nothing to do with each other; the slower of the two is what is waited for.
        with ThreadPoolExecutor(1) as beside:
            stored = beside.submit(week.store, config.sensing / "store")
            play(now - BEGAN, now, episodes, week.signals())
            stored.result()
    except (StoreBlocked, ValueError) as error:
        raise click.ClickException(str(error)) from error
    _write(config, "simulate-state.json", week.last)


def _stop_some() -> None:
    """A few pits that do not work: each way a site can stand still."""
    from shoutu.county.kit.actors import SYSTEM
    from shoutu.county.places.models import Site
    from shoutu.county.sites.services.operation import set_state
    from shoutu.demo.sites import STILL, demo_sites

    for site in demo_sites():
        if site.key in STILL:
            state, reason, document = STILL[site.key]
            set_state(SYSTEM, Site.objects.get(name=site.name), state, reason, document=document)


def _name_superiors() -> None:
    """The offices reports go to, by telephone until the county enters their numbers or a channel."""
    from shoutu.county.kit.actors import SYSTEM
    from shoutu.county.warnings.services import set_superior

    set_superior(SYSTEM, "市应急管理局值班室", "city", phone="号码待填")
    set_superior(SYSTEM, "省应急管理厅值班室", "province", phone="号码待填")


def _draw_map() -> None:
    from shoutu.county.kit.actors import SYSTEM
    from shoutu.county.places.boundaries import import_boundaries
    from shoutu.demo.county import TOWNSHIPS
    from shoutu.demo.map import SOURCE, demo_outlines

    import_boundaries(SYSTEM, demo_outlines(dict(TOWNSHIPS)), SOURCE, schematic=True, others="neighbours")


def _watch_pond(cast: Any, pond: Any) -> list[dict[str, Any]]:
    """One of the story's ponds: site, source, token and points, watched by its pack; its sensors for the simulator."""
    from shoutu.county.kit.actors import SYSTEM
    from shoutu.county.places.services import create_site
    from shoutu.county.sites import services

    site = create_site(
        SYSTEM, pond.name, "tailings_pond", cast.organisations[pond.enterprise], cast.territories[pond.township],
        grade=pond.grade, params=pond.params, latitude=pond.latitude, longitude=pond.longitude,
    )  # fmt: skip
    source = services.create_source(SYSTEM, f"{pond.name}网关", site)
    _token, text = services.create_token(SYSTEM, source, "演示网关")
    rows = [(point.address, _fields(point.name, point.indicator, INTERVAL_S)) for point in pond.points]
    services.create_points(SYSTEM, site, source, rows)
    sensors = []
    for point in pond.points:
        sensor = {
            "address": point.address, "token": text, "door": pond.door, "indicator": point.indicator,
            "interval_s": INTERVAL_S, "base": point.base, "noise": point.noise, "scenario": point.scenario,
        }  # fmt: skip
        if point.scenario == "to_red":
            sensor |= {"peak": pond.params["phreatic_control_depth"] - 0.1, "after_s": SCENARIO_AFTER_S, "over_s": 30}
        sensors.append(sensor)
    services.bind(SYSTEM, site, PACK)
    return sensors


def _fields(name: str, item: str, interval_s: float) -> Any:
    from shoutu.demo.items import ITEMS

    facts = ITEMS[item]
    return {
        "name": name, "item": item, "item_title": facts.title, "unit": "" if facts.unit == "1" else facts.unit,
        "interval_s": interval_s, "low": facts.low, "high": facts.high, "danger": facts.danger,
    }  # fmt: skip


def _watch_all(cast: Any) -> list[dict[str, Any]]:
    """Every other site; an enterprise's sensors speak through its one gateway."""
    from shoutu.county.kit.actors import SYSTEM
    from shoutu.county.sites import services
    from shoutu.demo.county import PONDS
    from shoutu.demo.sites import demo_sites, enterprises

    found = demo_sites()
    for number, (name, township) in enumerate(enterprises().items(), len(PONDS) + 1):
        cast.staff(name, township, number, {site.kind for site in found if site.enterprise == name})
    gateways: dict[str, tuple[Any, str, str]] = {}
    sensors = []
    for site in found:
        if site.sensors and site.enterprise not in gateways:
            source = services.create_source(SYSTEM, f"{site.enterprise}网关")
            text = services.create_token(SYSTEM, source, "演示网关")[1]
            gateways[site.enterprise] = (source, text, "http" if len(gateways) % MQTT_EVERY else "mqtt")
        sensors += _watch(cast, site, gateways.get(site.enterprise))
    return sensors


def _watch(cast: Any, site: Any, gateway: tuple[Any, str, str] | None) -> list[dict[str, Any]]:
    """One site with its points, watched by its pack or, where there is none, by limits set by hand."""
    from shoutu.county.kit.actors import SYSTEM
    from shoutu.county.places.services import create_site
    from shoutu.county.sites import services
    from shoutu.demo.items import BY_HAND

    row = create_site(
        SYSTEM, site.name, site.kind, cast.organisations[site.enterprise], cast.territories[site.township],
        grade=site.grade, params=site.params, latitude=site.latitude, longitude=site.longitude,
    )  # fmt: skip
    if gateway is None:
        return []
    source, text, door = gateway
    rows = [(one.address, _fields(one.name, one.item, one.interval_s)) for one in site.sensors]
    points = services.create_points(SYSTEM, row, source, rows)
    if site.pack:
        services.bind(SYSTEM, row, site.pack)
    else:
        services.create_rules(SYSTEM, [rule for p in points for rule in _by_hand(p, BY_HAND[p.item])])
    return [
        {
            "address": one.address, "token": text, "door": door, "indicator": one.item, "interval_s": one.interval_s,
            "base": one.base, "scenario": one.scenario,
            **({"hold_s": SILENT_S} if one.scenario == "silent" else {}),
        }
        for one in site.sensors
    ]  # fmt: skip


def _by_hand(point: Any, levels: dict[int, float]) -> list[Any]:
    from shoutu.county.sites.services import NewRule

    limits = {"direction": "high", "levels": levels, "raise_for_s": 60, "clear_for_s": 300}
    why = "演示：按常用值设定，来源待核"
    return [
        NewRule(point, "threshold", limits, why, f"{point.item_title}超限"),
        NewRule(point, "no_data", {"intervals": 3}, why, f"{point.item_title}无数据"),
    ]


def _write(config: Config, name: str, content: Any) -> None:
    """Whole or not at all; tokens and passwords are for the operator's eyes only."""
    draft = config.run / f"{name}.new"
    draft.touch(mode=0o600)
    draft.write_text(json.dumps(content, ensure_ascii=False, indent=1), "utf-8")
    draft.replace(config.run / name)
