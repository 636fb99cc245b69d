"""A private PostgreSQL, for tests and benches."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg


def binaries() -> Path | None:
    """Where the newest installed PostgreSQL keeps its programs."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), reverse=True)
    return found[0].parent if found else None


def _as_postgres(command: list[str]) -> list[str]:
    """PostgreSQL refuses to run as root."""
    return (
        ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", *command]
        if os.geteuid() == 0
        else command
    )


@contextmanager
def cluster(fsync: bool = False) -> Iterator[str]:
    """The URL of an empty database of a private cluster, on a socket of its own, gone afterwards.

    Raises FileNotFoundError when PostgreSQL is not installed.
    """
    programs = binaries()
    if programs is None:
        raise FileNotFoundError("PostgreSQL is not installed: apt-get install postgresql (make system)")
    folder = Path(tempfile.mkdtemp(prefix="shoutu-pg-", dir="/tmp"))
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres", "postgres")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    data = str(folder / "data")

    def run(*command: str) -> None:
        subprocess.run(_as_postgres(list(command)), check=True, capture_output=True, cwd="/")

    run(f"{programs}/initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8")
    options = f"-k {folder} -p {port} -c listen_addresses= -c fsync={'on' if fsync else 'off'}"
    run(f"{programs}/pg_ctl", "-D", data, "-o", options, "-l", f"{folder}/log", "-w", "start")
    try:
        run(f"{programs}/createdb", "-h", str(folder), "-p", str(port), "-U", "postgres", "shoutu")
        yield f"postgresql://postgres@/shoutu?host={folder}&port={port}"
    finally:
        run(f"{programs}/pg_ctl", "-D", data, "-m", "immediate", "stop")
        shutil.rmtree(folder, ignore_errors=True)


def with_own_database(environment: dict[str, str]) -> dict[str, str]:
    """The same environment; where it names a PostgreSQL, with a new empty database there, which is left behind.

    For tests that start real processes: what one leaves must not be what another finds.
    """
    url = environment.get("SHOUTU_DATABASE_URL", "")
    if not url:
        return environment
    name = f"own_{secrets.token_hex(6)}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return {**environment, "SHOUTU_DATABASE_URL": url.replace("/shoutu?", f"/{name}?")}
