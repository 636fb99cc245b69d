"""The same tests of ledger, places, people and kit once more, on a private PostgreSQL."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ["kit", "ledger", "places", "people"]


def _binaries() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), reverse=True)
    return found[0].parent if found else None


def _as_postgres(command: list[str]) -> list[str]:
    """PostgreSQL refuses to run as root."""
    return (
        ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", *command]
        if os.geteuid() == 0
        else command
    )


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    """The URL of a private cluster, on a socket in a folder of its own, gone afterwards."""
    binaries = _binaries()
    if binaries is None:
        pytest.fail("PostgreSQL is not installed: apt-get install postgresql (make system)")
    folder = Path(tempfile.mkdtemp(prefix="shoutu-pg-", dir="/tmp"))
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres", "postgres")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    data = str(folder / "data")
    run = {"check": True, "capture_output": True, "cwd": "/"}
    subprocess.run(
        _as_postgres([f"{binaries}/initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8"]), **run
    )
    options = f"-k {folder} -p {port} -c listen_addresses= -c fsync=off"
    start = [f"{binaries}/pg_ctl", "-D", data, "-o", options, "-l", f"{folder}/log", "-w", "start"]
    subprocess.run(_as_postgres(start), **run)
    try:
        yield f"postgresql://postgres@/shoutu?host={folder}&port={port}"
    finally:
        subprocess.run(_as_postgres([f"{binaries}/pg_ctl", "-D", data, "-m", "immediate", "stop"]), **run)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.skipif("SHOUTU_DATABASE_URL" in os.environ, reason="is itself a run on PostgreSQL")
@pytest.mark.integration
@pytest.mark.timeout(600)
def test_ground_rooms_on_postgresql(cluster: str, tmp_path: Path) -> None:
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("PYTEST_", "SHOUTU_"))} | {
        "SHOUTU_DATABASE_URL": cluster
    }
    result = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *(f"tests/county/{room}" for room in ROOMS)],
        cwd=ROOT, env=environment, capture_output=True, text=True, timeout=580,
    )  # fmt: skip
    assert result.returncode == 0, result.stdout[-6000:] + result.stderr[-2000:]
    passed = re.search(r"(\d+) passed", result.stdout)
    assert passed is not None
    assert int(passed[1]) > 150
