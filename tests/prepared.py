"""A migrated, empty county database, made once and copied: tests that are not about migrating need not wait for it."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
KEPT = ROOT / ".pytest_cache" / "prepared"
MIGRATE = "from shoutu.county.setup import migrate, ready; ready(); migrate()"


@cache
def _made_of() -> str:
    """A digest of whatever a migration may run: all of the county's code, and the versions it stands on."""
    files = [*(ROOT / "src/shoutu/county").rglob("*.py"), ROOT / "src/shoutu/ledger_keys.py"]
    digest = hashlib.sha256(sys.version.encode())
    for file in (*sorted(files), ROOT / "requirements" / "run.lock"):
        digest.update(str(file.relative_to(ROOT)).encode() + b"\0" + hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()[:32]


@cache
def _template() -> Path:
    """The database to copy; the first of several workers makes it, the others wait."""
    KEPT.mkdir(parents=True, exist_ok=True)
    template = KEPT / f"{_made_of()}.sqlite3"
    with (KEPT / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not template.exists():
            for old in KEPT.glob("*.sqlite3"):
                old.unlink()
            with tempfile.TemporaryDirectory() as data:
                plain = {k: v for k, v in os.environ.items() if not k.startswith(("SHOUTU_", "DJANGO_"))}
                environment = {**plain, "SHOUTU_DATA": data, "DJANGO_SETTINGS_MODULE": "shoutu.county.settings"}
                subprocess.run([sys.executable, "-c", MIGRATE], env=environment, check=True, timeout=300)
                # The last connection's end has put everything into the file itself.
                assert not Path(data, "county.sqlite3-wal").exists()
                shutil.copyfile(Path(data, "county.sqlite3"), KEPT / "new")
                (KEPT / "new").replace(template)
    return template


def prepare(database: Path) -> None:
    """Put a migrated, empty county where none is yet; what opens it still asks whether anything is to be migrated."""
    if not database.exists():
        database.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(_template(), database)
