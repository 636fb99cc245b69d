"""The door: every command of ``shoutu``. Commands import what they need when they run, so that each starts fast."""

from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path

import click

from shoutu import __version__
from shoutu.config import Config, SettingError, load

LAZY = {
    "up": "shoutu.up:up",
    "web": "shoutu.up:web",
    "pipeline": "shoutu.up:pipeline",
    "worker": "shoutu.up:worker",
    "simulate": "shoutu.sensing.simulate:simulate_command",
    "replay": "shoutu.sensing.replay:replay_command",
    "demo": "shoutu.demo.load:demo",
    "bench": "shoutu.up:bench",
    "rules": "shoutu.backtesting:rules",
    "token": "shoutu.county.commands_sites:token",
    "site": "shoutu.county.commands_sites:site",
    "source": "shoutu.county.commands_sites:source",
    "station": "shoutu.county.commands_sites:station",
    "device": "shoutu.county.commands_devices:device",
    "point": "shoutu.county.commands_sites:point",
    "places": "shoutu.county.commands_places:places",
    "user": "shoutu.county.commands_people:user",
    "ledger": "shoutu.county.commands_ledger:ledger",
    "backup": "shoutu.backup.commands:backup",
    "restore": "shoutu.backup.commands:restore",
    "manage": "shoutu.up:manage",
    "prepare": "shoutu.up:prepare_command",
}
"""Command name → where it is defined."""


class LazyGroup(click.Group):
    """A command group that imports a command's module only when it is named."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(LAZY)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        target = LAZY.get(cmd_name)
        if target is None:
            return None
        module, _, name = target.partition(":")
        command = getattr(importlib.import_module(module), name)
        assert isinstance(command, click.Command)
        return command


@click.group(cls=LazyGroup)
@click.version_option(__version__, prog_name="shoutu")
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    help="Data directory (else SHOUTU_DATA, ./var).",
)
def cli(data: Path | None) -> None:
    """守土 Shoutu: work-safety early warning and duty for a county."""
    if data is not None:
        os.environ["SHOUTU_DATA"] = str(data)
        load.cache_clear()


def settings() -> Config:
    """The installation's settings with its directories and secrets in place."""
    config = load()
    config.ensure()
    return config


def main() -> None:
    """Run a command; a wrong setting is one clear line, not a traceback."""
    try:
        cli(prog_name="shoutu")
    except SettingError as error:
        click.echo(f"shoutu: {error}", err=True)
        sys.exit(2)


if __name__ == "__main__":
    main()
