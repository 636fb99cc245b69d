"""`shoutu device …`: devices that the pipeline calls, from the server's command line."""

from __future__ import annotations

import tomllib
from pathlib import Path

import click

from shoutu.county.commands_sites import acting, source_named, told


@click.group()
def device() -> None:
    """主动采集的设备（Modbus TCP、OPC UA）。 Devices that are called."""


@device.command("register")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--source", required=True, help="数据源 / the source it belongs to")
@click.option("--name", default="", help="名称，默认是文件名 / its name, the file's unless given")
@told
def register(file: Path, source: str, name: str) -> None:
    """按 TOML 文件登记设备。 Register a device by a TOML file; one of this name gets these settings."""
    from pydantic import ValidationError

    from shoutu.county.sites import services
    from shoutu.county.sites.models import IngestToken
    from shoutu.county.sites.schemas_devices import DeviceIn

    try:
        content = tomllib.loads(file.read_text("utf-8"))
        body = DeviceIn.model_validate({"name": name or file.stem, "device": content})
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise click.ClickException(f"{file}: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        raise click.ClickException(f"{file}: {'.'.join(map(str, first['loc'][1:]))}: {first['msg']}") from error
    row, settings = source_named(source), body.device.model_dump(mode="json")
    live = IngestToken.objects.filter(source=row, name=body.name, device__isnull=False, revoked_at__isnull=True).first()
    if live is None:
        done, proposal = "registered", services.register_device(acting(), row, body.name, settings, file.name)[1]
    else:
        done, proposal = "changed", services.change_device(acting(), live, body.name, settings, file.name)[1]
    click.echo("已提出，待复核（两人） / waits for two persons" if proposal else f"{done} {body.name}")
