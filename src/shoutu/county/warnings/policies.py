"""The response policy in force: the pack of this county, else the default one; read again when its file changes.

Whichever was read last is kept beside the data: with neither file readable people are still called, by that one.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from tempfile import NamedTemporaryFile

from django.conf import settings

from shoutu.county.duties.policy import STRICT, Evacuation, Lane, PolicyError, Reporting, ResponsePolicy
from shoutu.county.duties.policy_reader import parse

log = logging.getLogger(__name__)
OWN = "county.yaml"


def in_force() -> ResponsePolicy:
    """`packs/response/county.yaml` of this installation, else `default.yaml`, else the one read last.

    While the county's own file cannot be read people are called by the default one; `fault` says so. Raises
    PolicyError, OSError only when nothing was ever readable.
    """
    own, default = _files()
    file = default if _wrong(own) or not own.exists() else own
    if _wrong(file):
        return _parsed(_kept())
    _keep(file, file.stat().st_mtime_ns)
    return _parsed(file)


def evacuation() -> Evacuation:
    """Whom a withdrawal calls and who orders work resumed: the county's own pack, else the default one.

    Where neither says so, those whom a red calls: a missing line must not keep people in.
    """
    policy, (_own, default) = in_force(), _files()
    told = policy.evacuation or (None if _wrong(default) else _parsed(default).evacuation)
    if told is not None:
        return told
    chain = policy.levels[4].lanes[0].chain
    return Evacuation(Lane("warning.withdraw", chain, {"withdraw": timedelta(hours=1)}), STRICT.by)


def reporting() -> Reporting:
    """What is told upward and when: the county's own pack, else the default one; nothing where neither says so."""
    policy, (_own, default) = in_force(), _files()
    told = policy.reports or (None if _wrong(default) else _parsed(default).reports)
    return told or Reporting(policy.levels[4].lanes[0].chain, {}, timedelta(minutes=30), "", verified=False)


def fault() -> str:
    """What is wrong with the county's own file or, without one, with the default; empty when nothing is."""
    own, default = _files()
    return _wrong(own) or _wrong(default)


UNREADABLE = (PolicyError, OSError, UnicodeDecodeError)


def _wrong(file: Path) -> str:
    try:
        if file.exists() or file.name != OWN:
            _parsed(file)
    except UNREADABLE as error:
        return str(error) or type(error).__name__
    return ""


def _files() -> tuple[Path, Path]:
    folder = settings.CONFIG.packs / "response"
    return folder / OWN, folder / "default.yaml"


def _kept() -> Path:
    return Path(settings.CONFIG.data) / "run" / "response-last.yaml"


def _parsed(file: Path) -> ResponsePolicy:
    return _read(file, file.stat().st_mtime_ns)


@lru_cache(maxsize=4)
def _read(file: Path, _changed: int) -> ResponsePolicy:
    return parse(file.read_text("utf-8"), str(file))


@lru_cache(maxsize=1)
def _keep(source: Path, _changed: int) -> None:
    """The file in force, beside the data; replaced as a whole, so that a half-written one is never read."""
    kept = _kept()
    try:
        kept.parent.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile("wb", dir=kept.parent, delete=False) as file:
            file.write(source.read_bytes())
        Path(file.name).replace(kept)
    except OSError as error:
        log.warning("the response policy could not be kept in %s: %s", kept, error)
