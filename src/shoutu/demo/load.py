"""``shoutu demo``: puts the demo county in through the same services as everyone; safe to run again."""

from __future__ import annotations

import json
import logging
from typing import Any

import click

from shoutu.cli import settings
from shoutu.config import Config

log = logging.getLogger("shoutu.demo")
SCENARIO_AFTER_S = 15.0
INTERVAL_S = 10.0
PACK = "tailings-pond"


@click.command()
def demo() -> None:
    """Load the demo county (loopback logins) and write the plan of its simulated sensors."""
    config = settings()
    from shoutu.county.setup import migrate, ready

    ready()
    migrate()
    from shoutu.demo.people import demo_users_exist, keep_roster

    if not demo_users_exist():
        _load(config)
    keep_roster()
    click.echo(json.dumps({"logins": json.loads((config.run / "demo-logins.json").read_text("utf-8"))}))


def _load(config: Config) -> None:
    from django.db import transaction

    from shoutu.county.people.models import User

    if User.objects.exists():
        raise click.ClickException(
            f"SHOUTU_DATA={config.data} holds a real county; the demo goes into an empty directory only"
        )
    # All or nothing: a loader killed half-way leaves an empty county that is simply loaded again. The files are
    # written before the commit, so that a loaded county always has them.
    with transaction.atomic():
        logins, sensors = _build()
        _write(config, "demo-logins.json", logins)
        _write(config, "simulate.json", {"seed": 7, "history_s": 21_600, "sensors": sensors})


def _build() -> tuple[list[dict[str, str]], list[dict[str, Any]]]:
    from shoutu.demo.county import PONDS
    from shoutu.demo.people import Cast

    cast = Cast()
    cast.lay_out_county()
    _draw_map()
    sensors: list[dict[str, Any]] = []
    for number, pond in enumerate(PONDS, 1):
        cast.staff_enterprise(pond, number)
        sensors += _watch(cast, pond)
    return cast.logins, sensors


def _draw_map() -> None:
    from shoutu.county.kit.actors import SYSTEM
    from shoutu.county.places.boundaries import import_boundaries
    from shoutu.demo.county import TOWNSHIPS
    from shoutu.demo.map import SOURCE, demo_outlines

    import_boundaries(SYSTEM, demo_outlines(dict(TOWNSHIPS)), SOURCE, schematic=True, neighbours=True)


def _watch(cast: Any, pond: Any) -> list[dict[str, Any]]:
    """The pond's site, source, token and points, watched by the tailings pack; its sensors for the simulator."""
    from shoutu.county.kit.actors import SYSTEM
    from shoutu.county.places.services import create_site
    from shoutu.county.sites import services
    from shoutu.demo.county import INDICATORS

    site = create_site(
        SYSTEM, pond.name, "tailings_pond", cast.organisations[pond.enterprise], cast.territories[pond.township],
        grade=pond.grade, params=pond.params, latitude=pond.latitude, longitude=pond.longitude,
    )  # fmt: skip
    source = services.create_source(SYSTEM, f"{pond.name}网关", site)
    _token, text = services.create_token(SYSTEM, source, "演示网关")
    sensors = []
    for point in pond.points:
        facts = INDICATORS[point.indicator]
        services.create_point(
            SYSTEM, site, source, point.address, name=point.name, item=point.indicator, item_title=facts.title,
            unit=facts.unit, interval_s=INTERVAL_S, low=facts.low, high=facts.high, danger=facts.danger,
        )  # fmt: skip
        sensor = {
            "address": point.address, "token": text, "door": pond.door, "indicator": point.indicator,
            "interval_s": INTERVAL_S, "base": point.base, "noise": point.noise, "scenario": point.scenario,
        }  # fmt: skip
        if point.scenario == "to_red":
            sensor |= {"peak": pond.params["phreatic_control_depth"] - 0.04, "after_s": SCENARIO_AFTER_S, "over_s": 30}
        sensors.append(sensor)
    services.bind(SYSTEM, site, PACK)
    return sensors


def _write(config: Config, name: str, content: Any) -> None:
    """Whole or not at all; tokens and passwords are for the operator's eyes only."""
    draft = config.run / f"{name}.new"
    draft.touch(mode=0o600)
    draft.write_text(json.dumps(content, ensure_ascii=False, indent=1), "utf-8")
    draft.replace(config.run / name)
