"""The response policy in force: the pack of this county, else the default one; read again when its file changes."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from django.conf import settings

from shoutu.county.duties.policy import PolicyError, ResponsePolicy, parse

OWN = "county.yaml"


def in_force() -> ResponsePolicy:
    """`packs/response/county.yaml` of this installation, else `default.yaml`. Raises PolicyError, OSError.

    While the county's own file cannot be read people are called by the default one; `fault` says so.
    """
    folder = settings.CONFIG.packs / "response"
    return _default(folder) if fault() or not (folder / OWN).exists() else _parsed(folder / OWN)


def fault() -> str:
    """What is wrong with the county's own file; empty when nothing is or there is none."""
    file = settings.CONFIG.packs / "response" / OWN
    try:
        if file.exists():
            _parsed(file)
    except (PolicyError, OSError, UnicodeDecodeError) as error:
        return str(error) or type(error).__name__
    return ""


def _default(folder: Path) -> ResponsePolicy:
    return _parsed(folder / "default.yaml")


def _parsed(file: Path) -> ResponsePolicy:
    return _read(file, file.stat().st_mtime_ns)


@lru_cache(maxsize=4)
def _read(file: Path, _changed: int) -> ResponsePolicy:
    return parse(file.read_text("utf-8"), str(file))
