"""`shoutu token|site|source|point|rules …`: what is watched, from the server's command line."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import click

from shoutu.county.setup import ready
from shoutu.engine import params as rule_params

P = ParamSpec("P")
R = TypeVar("R")
KINDS = [
    "tailings_pond", "underground_mine", "open_pit", "dump", "plant", "dust_gas", "boiler", "fuel_station", "geohazard",
    "forest", "other",
]  # fmt: skip


def told(function: Callable[P, R]) -> Callable[P, R]:
    """Make Django ready; an error of ours becomes one clear line."""

    @functools.wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        ready()
        from shoutu.county.kit.errors import ShoutuError

        try:
            return function(*args, **kwargs)
        except ShoutuError as error:
            raise click.ClickException(error.detail) from error

    return run


def acting() -> Any:
    from shoutu.county.kit.actors import system

    return system("命令行")


def source_named(name: str) -> Any:
    from shoutu.county.sites import services
    from shoutu.county.sites.models import Source

    if name == "county":
        return services.county_source(acting())
    found = Source.objects.filter(name=name).first()
    if found is None:
        raise click.ClickException(f"没有名为“{name}”的数据源；先执行 shoutu source create {name} / no such source")
    return found


def site_named(name: str) -> Any:
    from shoutu.county.places.models import Site

    found = Site.objects.filter(pk=int(name)).first() if name.isdigit() else None
    found = found or Site.objects.filter(name=name).first()
    if found is None:
        raise click.ClickException(f"没有名为“{name}”的场所；先执行 shoutu site create {name} / no such site")
    return found


@click.group()
def token() -> None:
    """令牌。 Tokens."""


@token.command("create")
@click.argument("name")
@click.option("--scope", required=True, type=click.Choice(["ingest", "api"]))
@click.option(
    "--source", default="", help="数据源；county 是县级可信源 / source, 'county' addresses any point by its id"
)
@click.option("--as", "owner", default="", help="--scope api 代表的账号 / the user it acts as")
@click.option("--days", default=365, show_default=True, help="--scope api 有效天数 / days it is valid")
@told
def create_token(name: str, scope: str, source: str, owner: str, days: int) -> None:
    """新建令牌，只显示这一次。 Create a token; it is shown once and works within 2 seconds."""
    if scope == "ingest":
        from shoutu.county.sites import services

        if not source:
            raise click.UsageError("--scope ingest needs --source NAME (or --source county)")
        _row, text = services.create_token(acting(), source_named(source), name)
    else:
        from shoutu.county.people.selectors import user_named
        from shoutu.county.people.services import create_api_token

        if not owner:
            raise click.UsageError("--scope api needs --as USER")
        _made, text = create_api_token(acting(), user_named(owner), name, days=days)
    click.echo(text)


@token.command("revoke")
@click.argument("name")
@click.option("--source", required=True, help="数据源 / the source it speaks for")
@click.option("--reason", default="命令行撤销", show_default=True, help="原因 / why")
@click.option("--replace", default="", help="同时发放的新令牌的名字 / name of a new token made in the same step")
@told
def revoke_token(name: str, source: str, reason: str, replace: str) -> None:
    """撤销数据源的令牌。 Revoke a source's tokens of this name.

    The last token of a source that is watched is revoked at once only with --replace (the new text is printed);
    otherwise it waits for two persons in the face (待复核).
    """
    from shoutu.county.sites import services

    rows = list(source_named(source).tokens.filter(name=name, revoked_at__isnull=True))
    if not rows:
        raise click.ClickException(f"没有名为“{name}”的有效令牌 / no valid token of this name")
    revoked = 0
    for row in rows:
        done = services.revoke_token(acting(), row, reason, replacement=replace if row is rows[0] else "")
        if done.replacement:
            click.echo(done.replacement)
        if done.proposal:
            click.echo(
                f"“{row.name}”是“{source}”最后一个有效令牌，撤销会收不到有规则的测点：已提出，待复核（两人），"
                f"或用 --replace 立即换新 / waits for two persons; --replace NAME revokes it at once"
            )
        else:
            revoked += 1
    click.echo(f"revoked {revoked}")


@click.group()
def station() -> None:
    """数采仪（HJ 212）。 Data loggers."""


@station.command("register")
@click.argument("mn")
@click.option("--source", required=True, help="数据源 / the source it belongs to")
@click.option("--password", default="", help="数采仪里的 PW，不填就新发 / PW set in the logger; without it a new one")
@click.option("--name", default="", help="名称，默认是 MN / its name, the MN unless given")
@told
def register_station(mn: str, source: str, password: str, name: str) -> None:
    """登记数采仪，密码只显示这一次。 Register a data logger; its password is shown once."""
    from shoutu.county.sites import services

    _row, text = services.create_station(acting(), source_named(source), mn, name or mn, password)
    click.echo(text)


@click.group()
def source() -> None:
    """数据源。 Sources."""


@source.command("create")
@click.argument("name")
@click.option("--site", default="", help="所属场所 / the site it serves")
@told
def create_source(name: str, site: str) -> None:
    """新建数据源。 Create a source; prints its id."""
    from shoutu.county.sites import services

    click.echo(services.create_source(acting(), name, site_named(site) if site else None).pk)


@source.command("list")
@told
def list_sources() -> None:
    """列出数据源。 List sources: id, name, valid tokens."""
    from shoutu.county.sites.models import Source

    for row in Source.objects.order_by("id"):
        valid = row.tokens.filter(revoked_at__isnull=True).count()
        click.echo(f"{row.pk}\t{row.name}\t{valid}")


@click.group()
def site() -> None:
    """场所。 Sites."""


@site.command("create")
@click.argument("name")
@click.option("--kind", required=True, type=click.Choice(KINDS))
@click.option("--organisation", required=True, help="所属企业，没有就新建 / enterprise, made if new")
@click.option("--territory", default="", help="行政区，默认全县 / territory, the county if not given")
@click.option("--grade", default="", help="等别 / grade")
@click.option("--param", "params", multiple=True, metavar="NAME=NUMBER", help="设计参数 / a design value")
@told
def create_site(name: str, kind: str, organisation: str, territory: str, grade: str, params: tuple[str, ...]) -> None:
    """新建场所。 Create a site; prints its id."""
    from shoutu.county.places import selectors, services
    from shoutu.county.places.models import Organisation

    where = selectors.territory_named(territory) if territory else selectors.county()
    if where is None:
        raise click.ClickException("还没有县；先建第一个管理员（打开 /setup） / make the first administrator first")
    owner = Organisation.objects.filter(name=organisation).first()
    if owner is None:
        owner = services.create_organisation(acting(), organisation, "enterprise", where)
    made = services.create_site(acting(), name, kind, owner, where, grade=grade, params=dict(map(_pair, params)))
    click.echo(made.pk)


def _pair(text: str) -> tuple[str, float]:
    name, equals, value = text.partition("=")
    try:
        if not equals or not name.strip():
            raise ValueError
        return name.strip(), float(value)
    except ValueError:
        raise click.BadParameter(f"{text!r}: expected NAME=NUMBER, such as crest_elevation=512.5") from None


@click.group()
def point() -> None:
    """测点。 Points."""


@point.command("create")
@click.argument("address")
@click.option("--site", required=True, help="场所 / site")
@click.option("--source", required=True, help="数据源 / source")
@click.option("--item", required=True, help="监测项，如 phreatic_depth / what is measured")
@click.option("--name", default="", help="名称 / name")
@click.option("--title", default="", help="监测项名称 / the item in words")
@click.option("--unit", default="", help="单位 / unit")
@click.option("--interval", default=20.0, show_default=True, help="两次读数间隔秒数 / seconds between readings")
@click.option("--low", type=float, help="物理量程下限 / least possible value")
@click.option("--high", type=float, help="物理量程上限 / greatest possible value")
@click.option("--danger", default="both", type=click.Choice(["high", "low", "both", "none"]), show_default=True)
@told
def create_point(address: str, site: str, source: str, title: str, interval: float, **fields: Any) -> None:
    """新建测点。 Create a point; prints its id."""
    from shoutu.county.sites import services

    made = services.create_point(
        acting(), site_named(site), source_named(source), address, item_title=title, interval_s=interval, **fields
    )
    click.echo(made.pk)


@click.group()
def rules() -> None:
    """规则和规则包。 Rules and rule packs."""


@rules.command("check")
@click.argument("pack", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def check(pack: Path) -> None:
    """检查规则包。 Check a warning or response pack; every problem with its file, line and field."""
    ready()
    from shoutu.county.duties.policy import PolicyError
    from shoutu.county.duties.policy_reader import parse

    try:
        text = pack.read_text("utf-8")
    except UnicodeDecodeError as error:
        raise click.ClickException(
            f"{pack}: 第 {error.start} 字节不是 UTF-8；请存为 UTF-8 / not UTF-8 at byte {error.start}: save it as UTF-8"
        ) from None
    if "pack: response/" in text:
        try:
            policy = parse(text, str(pack))
        except PolicyError as error:
            raise click.ClickException("\n" + str(error)) from error
        click.echo(f"{policy.id} v{policy.version}: ok ({len(policy.levels)} levels)")
        return
    from django.conf import settings

    from shoutu.county.sites.packs import PackError, check_text

    try:
        line, below = check_text(text, str(pack), sorted((settings.CONFIG.packs / "limits").glob("*.yaml")))
    except PackError as error:
        raise click.ClickException("\n" + str(error)) from error
    click.echo(line)
    for limit in below:
        click.echo(f"弱于法定限值，采用须两人同意 / weaker than the law, needs two persons: {limit}", err=True)


@rules.command("agreed")
@click.argument("kind", type=click.Choice(["response", "weather"]))
def agreed(kind: str) -> None:
    """打印现在照着叫应的响应方案。 Print the response pack people are called by, as two persons agreed to it."""
    ready()
    from shoutu.county.duties import policies

    texts = policies.get(kind).texts()
    click.echo(texts.own or texts.default, nl=False)


@rules.command("detect")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help="写到 / write to")
@click.option("--zone", default="Asia/Shanghai", show_default=True, help="序列的当地时间 / local time of the series")
@click.option("--target", default=0.0003, show_default=True, help="每个读数的误报率 / false alarms per reading")
def detect(file: Path, out: Path, zone: str, target: float) -> None:
    """给 CSV（timestamp,value）每行打异常分。 Score each row of a CSV file by how unlike any before it is."""
    from zoneinfo import ZoneInfo

    from shoutu.detecting import detect

    try:
        rows, alarms = detect(file, out, ZoneInfo(zone), target)
    except (KeyError, ValueError, OSError) as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{out}: {rows} 行，{alarms} 次告警 / {rows} rows, {alarms} alarms")


@rules.command("add")
@click.option("--point", required=True, type=int, help="测点编号 / point id")
@click.option("--kind", required=True, type=click.Choice([kind for kind in rule_params.KINDS if kind != "composite"]))
@click.option("--params", required=True, help='JSON, such as {"direction": "high", "levels": {"2": 20, "4": 24}}')
@click.option("--reason", required=True, help="依据 / why")
@click.option("--title", default="")
@told
def add_rule(point: int, kind: str, params: str, reason: str, title: str) -> None:
    """给测点加一条规则。 Watch a point by a rule; prints the rule's id."""
    from shoutu.county.kit.errors import NotFound
    from shoutu.county.sites import services
    from shoutu.county.sites.models import Point

    row = Point.objects.filter(pk=point).first()
    if row is None:
        raise NotFound("point", point)
    try:
        values = json.loads(params)
    except json.JSONDecodeError as error:
        raise click.BadParameter(f"--params: not JSON ({error})") from None
    click.echo(services.create_rule(acting(), row, kind, values, reason, title=title).pk)


@rules.command("bind")
@click.argument("pack")
@click.option("--site", required=True, help="场所 / site")
@told
def bind(pack: str, site: str) -> None:
    """用规则包看住一个场所。 Watch a site by a pack; lists the rules and what is missing."""
    from shoutu.county.sites import selectors, services

    row = site_named(site)
    for rule in services.bind(acting(), row, pack):
        click.echo(f"rule {rule.pk}\tpoint {rule.point_id}\t{rule.kind}\t{rule.title}")
    for finding in selectors.findings_of(row):
        click.echo(f"missing\t{finding['field']}\t{finding['message']}", err=True)
