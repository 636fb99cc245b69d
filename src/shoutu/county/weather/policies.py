"""The weather response pack in force: the county's own, else the default one; read again when its file changes."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from django.conf import settings

from shoutu.county.duties.policy import PolicyError
from shoutu.county.weather.policy import WeatherPolicy, parse

OWN, DEFAULT = "weather-county.yaml", "weather.yaml"


def in_force() -> WeatherPolicy:
    """`packs/response/weather-county.yaml`, else `weather.yaml`. Raises PolicyError, OSError.

    While the county's own file cannot be read people are called by the default one; `fault` says so.
    """
    folder = settings.CONFIG.packs / "response"
    own = folder / OWN
    return _parsed(folder / DEFAULT if fault() or not own.exists() else own)


def fault() -> str:
    """What is wrong with the county's own file; empty when nothing is or there is none."""
    own = settings.CONFIG.packs / "response" / OWN
    try:
        if own.exists():
            _parsed(own)
    except (PolicyError, OSError, UnicodeDecodeError) as error:
        return str(error) or type(error).__name__
    return ""


def _parsed(file: Path) -> WeatherPolicy:
    return _read(file, file.stat().st_mtime_ns)


@lru_cache(maxsize=4)
def _read(file: Path, _changed: int) -> WeatherPolicy:
    return parse(file.read_text("utf-8"), str(file))
