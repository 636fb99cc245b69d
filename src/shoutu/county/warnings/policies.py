"""The response policy in force: the pack of this county, else the default one; read again when its file changes."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from django.conf import settings

from shoutu.county.duties.policy import ResponsePolicy, parse


def in_force() -> ResponsePolicy:
    """`packs/response/county.yaml` of this installation, else `default.yaml`. Raises PolicyError, OSError."""
    folder = settings.CONFIG.packs / "response"
    file = folder / "county.yaml"
    if not file.exists():
        file = folder / "default.yaml"
    return _read(file, file.stat().st_mtime_ns)


@lru_cache(maxsize=4)
def _read(file: Path, _changed: int) -> ResponsePolicy:
    return parse(file.read_text("utf-8"), str(file))
