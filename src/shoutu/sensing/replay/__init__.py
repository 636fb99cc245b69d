"""``shoutu replay``: recorded readings through the same HTTP door a device uses."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from zoneinfo import available_timezones

import click

from shoutu.sensing.replay.send import Progress, ReplayError, Summary, send_series
from shoutu.sensing.replay.series import Series, SeriesError, read_series

__all__ = ["ReplayError", "Series", "SeriesError", "Summary", "read_series", "replay", "replay_command", "send_series"]


def replay(
    file: Path,
    url: str,
    token: str,
    speed: float | None = None,
    shift: int | str = 0,
    batch: int = 1_000,
    point: str | None = None,
    rename: dict[str, str] | None = None,
    zone: str | None = None,
    skip: int = 0,
    progress: Progress | None = None,
) -> Summary:
    """Send a CSV or Parquet file of ``point,ts,value[,quality]`` through the HTTP door at ``url``.

    ``speed`` times real time (None: as fast as it goes); ``shift`` ms on every time, or "now"; ``rename`` maps the
    file's points to addresses. Raises SeriesError for the file, ReplayError for the door.
    """
    series = read_series(file, point, zone)
    return send_series(series, url, token, speed, shift, batch, rename or {}, skip, progress=progress)


def _speed(_: click.Context, __: click.Parameter, text: str) -> float | None:
    if text == "max":
        return None
    try:
        speed = float(text)
    except ValueError:
        speed = 0.0
    if not 0 < speed < 1e9:
        raise click.BadParameter(f"{text!r}: expected a number above 0, such as 3600 (an hour a second), or max")
    return speed


def _mapping(_: click.Context, __: click.Parameter, pairs: tuple[str, ...]) -> dict[str, str]:
    found = {}
    for pair in pairs:
        old, equals, new = pair.partition("=")
        if not (old and equals and new):
            raise click.BadParameter(f"{pair!r}: expected POINT=ADDRESS")
        found[old] = new
    return found


def _zone(_: click.Context, __: click.Parameter, name: str | None) -> str | None:
    if name is not None and name not in available_timezones():
        raise click.BadParameter(f"{name!r}: expected a zone such as UTC or Asia/Shanghai")
    return name


@click.command("replay")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--token", envvar="SHOUTU_TOKEN", required=True, help="接入令牌，或 SHOUTU_TOKEN / ingest token")
@click.option("--url", help="接收地址，默认本机 / the pipeline, this one if not given")
@click.option("--speed", default="max", callback=_speed, metavar="N|max", help="实际速度的倍数 / times real time")
@click.option("--now", is_flag=True, help="平移时间，使最后一条为当前 / move all times so that the last is now")
@click.option("--point", help="全部行的测点地址 / address of every row, for a file of one series")
@click.option(
    "--map", "rename", multiple=True, callback=_mapping, metavar="POINT=ADDRESS", help="改写测点地址 / rename a point"
)
@click.option("--zone", callback=_zone, help="无时区时间的时区 / zone of times that have none")
@click.option(
    "--batch",
    type=click.IntRange(1, 100_000),
    default=1_000,
    show_default=True,
    help="每次请求条数 / readings a request",
)
@click.option("--skip", type=click.IntRange(0), default=0, help="已发行数，中断时会提示 / rows done already")
@click.option("--json", "as_json", is_flag=True, help="以 JSON 输出结果 / print the summary as JSON")
def replay_command(
    file: Path,
    token: str,
    url: str | None,
    speed: float | None,
    now: bool,
    point: str | None,
    rename: dict[str, str],
    zone: str | None,
    batch: int,
    skip: int,
    as_json: bool,
) -> None:
    """回放历史读数 / send recorded readings (CSV or Parquet: point,ts,value[,quality]) through the HTTP door."""
    if url is None:
        from shoutu.config import load

        config = load()
        url = f"http://{config.ingest_host}:{config.ingest_port}"
    shift: int | str = "now" if now else 0
    progress = None if as_json or not sys.stderr.isatty() else _show
    try:
        summary = replay(file, url.rstrip("/"), token, speed, shift, batch, point, rename, zone, skip, progress)
    except (SeriesError, ReplayError) as error:
        raise click.ClickException(str(error)) from None
    if progress is not None:
        click.echo(err=True)
    _print(summary, as_json)
    if summary.sent and not summary.accepted:
        sys.exit(1)


def _show(summary: Summary) -> None:
    done = summary.sent / max(summary.rows, 1)
    click.echo(f"\r{summary.sent} / {summary.rows} ({done:.0%}), rejected {summary.refused}", nl=False, err=True)


def _print(summary: Summary, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(asdict(summary), ensure_ascii=False))
        return
    rate = summary.sent / summary.seconds if summary.seconds else 0
    click.echo(f"已发送 / sent {summary.sent} of {summary.rows} readings in {summary.seconds:.1f} s ({rate:.0f}/s)")
    click.echo(f"已接收 / accepted {summary.accepted}, rejected {summary.refused}, retried {summary.retries} requests")
    if summary.skipped:
        click.echo(f"未发送 / left out {summary.skipped} rows without a finite value")
    for code, count in sorted(summary.rejected.items()):
        click.echo(f"  {code}: {count}")
    for reason in summary.reasons:
        click.echo(f"  e.g. {reason}")
