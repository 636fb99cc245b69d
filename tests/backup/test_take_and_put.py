"""`shoutu backup` and `shoutu restore` on a small installation: what they refuse, what a kill or a full disk leaves."""

from __future__ import annotations

import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from shoutu import ledger_keys
from shoutu.backup import BackupError
from shoutu.backup.put import check
from shoutu.backup.take import _kept_apart
from tests.stack import plain_environment

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]


class Home:
    """A prepared installation, and the command line of a machine."""

    def __init__(self, folder: Path) -> None:
        self.data = folder / "var"
        self.folder = folder

    def run(
        self, *arguments: str, prepare: Callable[[], None] | None = None, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "shoutu.cli", "--data", str(self.data), *arguments],
            env={**plain_environment(), **environment}, capture_output=True, text=True, check=False, timeout=200,
            preexec_fn=prepare,
        )  # fmt: skip

    def must(self, *arguments: str, **environment: str) -> str:
        ended = self.run(*arguments, **environment)
        assert ended.returncode == 0, ended.stdout + ended.stderr
        return ended.stdout

    def refuses(self, *arguments: str, **environment: str) -> str:
        ended = self.run(*arguments, **environment)
        assert ended.returncode != 0
        assert "whole" not in ended.stdout
        assert "Traceback" not in ended.stderr, ended.stderr
        return ended.stderr


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    home = Home(tmp_path_factory.mktemp("home"))
    home.must("prepare")
    (home.data / "shoutu.toml").write_text('port = 18999\nDatabase_URL = ""\n', "utf-8")
    evidence = home.data / "files" / "evidence" / "ab"
    evidence.mkdir(parents=True)
    (evidence / "photo.jpg").write_bytes(b"x" * 300_000)
    home.must("ledger", "witness", "stick", "folder", str(home.folder))
    home.must("ledger", "head", "--seal")
    return home


@pytest.fixture(scope="module")
def archive(home: Home) -> Path:
    path = home.folder / "whole.tar"
    home.must("backup", str(path), "--signing-key", str(home.data / "run" / "key.pem"))
    return path


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "machine" / "var"


def left_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def entries(data: Path) -> list[str]:
    connection = sqlite3.connect(data / "county.sqlite3")
    try:
        return [row[0] for row in connection.execute("SELECT verb FROM ledger_entry ORDER BY id")]
    finally:
        connection.close()


def test_backup_holds_everything_but_the_signing_key_and_is_recorded(home: Home, archive: Path) -> None:
    names = {part.name for part in check(archive).parts}
    assert {"county.sqlite3", "shoutu.toml", "secrets/django.key", "secrets/wing.token"} <= names
    assert "files/evidence/ab/photo.jpg" in names
    assert "secrets/ledger.pub.pem" in names
    assert "secrets/ledger.pem" not in names
    secret = (home.data / "secrets/ledger.pem").read_bytes().split(b"\n")[1]
    assert secret not in archive.read_bytes()
    assert archive.stat().st_mode & 0o777 == 0o600
    kept = home.data / "run" / "key.pem"
    assert kept.stat().st_mode & 0o777 == 0o600
    assert kept.read_bytes() == (home.data / "secrets/ledger.pem").read_bytes()
    assert entries(home.data)[-1] == "backup.taken"


def test_restore_without_the_key_makes_a_new_one_and_an_epoch_that_names_both(
    home: Home, archive: Path, place: Path
) -> None:
    place.parent.mkdir()
    told = home.must("restore", str(archive), "--data", str(place), "--reason", "演练")
    assert "第 2 纪元" in told
    assert left_in(place.parent) == ["var"]
    assert (place / "files/evidence/ab/photo.jpg").read_bytes() == b"x" * 300_000
    assert (place / "shoutu.toml").read_text("utf-8") == 'port = 18999\n# before the restore: Database_URL = ""\n'
    new = ledger_keys.load_private((place / "secrets/ledger.pem").read_text())
    assert new.public == ledger_keys.load_public((place / "secrets/ledger.pub.pem").read_text())
    old = place / "secrets/ledger.pub.epoch-1.pem"
    assert old.read_bytes() == (home.data / "secrets/ledger.pub.pem").read_bytes()
    elsewhere = Home(place.parent)
    elsewhere.must("ledger", "verify", "--key", str(old), "--key", str(place / "secrets/ledger.pub.pem"))
    assert entries(place)[-2:] == ["backup.restored", "ledger.epoch_opened"]
    assert elsewhere.must("ledger", "head").splitlines()[3] == "epoch 2"


def test_restore_with_the_key_goes_on_signing_with_it(home: Home, archive: Path, place: Path) -> None:
    place.parent.mkdir()
    key = home.data / "run" / "key.pem"
    home.must("restore", str(archive), "--data", str(place), "--signing-key", str(key))
    assert (place / "secrets/ledger.pem").read_bytes() == key.read_bytes()
    Home(place.parent).must("ledger", "verify", "--key", str(home.data / "secrets/ledger.pub.pem"))


def test_copy_restored_for_a_drill_is_one_whatever_the_settings_say(home: Home, archive: Path, place: Path) -> None:
    place.parent.mkdir()
    assert "不呼叫任何人" in home.must("restore", str(archive), "--data", str(place), "--drill")
    ask = "from shoutu.config import load; print(load().drill)"
    for environment in ({}, {"SHOUTU_DRILL": "0"}):
        ended = subprocess.run(
            [sys.executable, "-c", ask], capture_output=True, text=True, check=True,
            env={**plain_environment(), "SHOUTU_DATA": str(place), **environment},
        )  # fmt: skip
        assert ended.stdout == "True\n"
    copy = Home(place.parent)
    told = copy.run("ledger", "head", "--hand-out")
    assert "演练副本" in told.stdout + told.stderr
    assert "drill copy" in copy.refuses("backup", str(place.parent))
    assert left_in(place.parent) == ["var"]


def test_restore_refuses_a_key_that_is_not_the_ledgers(home: Home, archive: Path, place: Path) -> None:
    place.parent.mkdir()
    other = place.parent / "other.pem"
    other.write_text(ledger_keys.generate("ed25519").pem())
    assert "is not the key" in home.refuses("restore", str(archive), "--data", str(place), "--signing-key", str(other))
    assert left_in(place.parent) == ["other.pem"]


def test_signing_key_may_not_lie_beside_the_backup(home: Home, tmp_path: Path) -> None:
    said = home.refuses("backup", str(tmp_path), "--signing-key", str(tmp_path / "key.pem"))
    assert "must not lie beside the backup" in said
    assert left_in(tmp_path) == []


@pytest.mark.parametrize("folder", ["secrets", "files", "files/evidence"])
def test_signing_key_may_not_lie_where_the_next_backup_takes_it_along(home: Home, tmp_path: Path, folder: str) -> None:
    key = home.data / folder / "key.pem"
    assert "is in every backup from now on" in home.refuses("backup", str(tmp_path), "--signing-key", str(key))
    (tmp_path / "link").symlink_to(key.parent)
    said = home.refuses("backup", str(tmp_path), "--signing-key", str(tmp_path / "link" / "key.pem"))
    assert "is in every backup from now on" in said
    assert not key.exists()
    assert left_in(tmp_path) == ["link"]


def test_signing_key_that_cannot_be_written_leaves_no_backup(home: Home, tmp_path: Path) -> None:
    place = tmp_path / "backups"
    place.mkdir()
    # The folder is there; only writing there fails.
    said = home.refuses("backup", str(place), "--signing-key", "/proc/key.pem")
    assert "nothing half is left" in said
    assert left_in(place) == []


def test_signing_key_goes_when_the_archive_does_not_get_its_name(tmp_path: Path) -> None:
    key, kept = tmp_path / "ledger.pem", tmp_path / "kept.pem"
    key.write_text("the key")
    with suppress(BackupError), _kept_apart(key, kept):
        assert kept.read_text() == "the key"
        raise BackupError("was made by somebody else meanwhile")
    assert left_in(tmp_path) == ["ledger.pem"]
    kept.write_text("somebody else's")
    with pytest.raises(FileExistsError), _kept_apart(key, kept):
        pass
    assert kept.read_text() == "somebody else's"


def test_restore_touches_nothing_that_is_there(home: Home, archive: Path, place: Path) -> None:
    place.mkdir(parents=True)
    (place / "mine").write_text("x")
    assert "is not empty" in home.refuses("restore", str(archive), "--data", str(place))
    assert left_in(place) == ["mine"]
    assert "is not empty" in home.refuses("restore", str(archive))
    assert left_in(place.parent) == ["var"]


def test_restore_into_an_empty_folder_works(home: Home, archive: Path, place: Path) -> None:
    place.mkdir(parents=True)
    home.must("restore", str(archive), "--data", str(place))
    assert (place / "county.sqlite3").exists()


def test_damaged_backup_leaves_no_directory(home: Home, archive: Path, place: Path) -> None:
    place.parent.mkdir()
    bad = place.parent.parent / "bad.tar"
    raw = bytearray(archive.read_bytes())
    raw[raw.index(b"x" * 1000) + 500] ^= 1
    bad.write_bytes(raw)
    for arguments in (["--data", str(place)], ["--check"]):
        assert "damaged at files/evidence/ab/photo.jpg" in home.refuses("restore", str(bad), *arguments)
    bad.write_bytes(archive.read_bytes()[:-20_000])
    assert "not a whole backup" in home.refuses("restore", str(bad), "--data", str(place))
    assert left_in(place.parent) == []


@pytest.mark.full
def test_backup_of_a_newer_version_is_refused_by_name(home: Home, tmp_path: Path) -> None:
    newer = Home(tmp_path / "newer")
    shutil.copytree(home.data, newer.data)
    with sqlite3.connect(newer.data / "county.sqlite3") as connection:
        connection.execute(
            "INSERT INTO django_migrations (app, name, applied) VALUES ('kit', '9999_next', '2027-01-01')"
        )
    connection.close()
    newer.must("backup", str(tmp_path / "newer.tar"))
    (tmp_path / "place").mkdir()
    said = home.refuses("restore", str(tmp_path / "newer.tar"), "--data", str(tmp_path / "place" / "var"))
    assert "newer version" in said
    assert "kit.9999_next" in said
    assert left_in(tmp_path / "place") == []


def test_backup_of_sqlite_is_not_put_beside_a_postgresql(home: Home, archive: Path, place: Path) -> None:
    place.parent.mkdir()
    said = home.refuses("restore", str(archive), "--data", str(place), SHOUTU_DATABASE_URL="postgresql://a@localhost/b")
    assert "holds a SQLite database" in said
    assert left_in(place.parent) == []


def limited(size: int) -> Callable[[], None]:
    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    return limit


@pytest.mark.full
def test_disk_that_fills_up_leaves_nothing(home: Home, archive: Path, tmp_path: Path) -> None:
    ended = home.run("backup", str(tmp_path), prepare=limited(1 << 20))
    assert ended.returncode != 0
    assert "Traceback" not in ended.stderr, ended.stderr
    assert left_in(tmp_path) == []
    ended = home.run("restore", str(archive), "--data", str(tmp_path / "var"), prepare=limited(1 << 20))
    assert ended.returncode != 0
    assert "nothing was restored" in ended.stderr
    assert left_in(tmp_path) == []


def until_seen(folder: Path, pattern: str, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + 60
    while not list(folder.glob(pattern)) and process.poll() is None and time.monotonic() < end:
        time.sleep(0.001)
    assert list(folder.glob(pattern)), pattern


def started(home: Home, *arguments: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "shoutu.cli", "--data", str(home.data), *arguments],
        env=plain_environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip


@pytest.mark.full
def test_killed_backup_has_no_name_and_its_remains_go_with_the_next(home: Home, tmp_path: Path) -> None:
    process = started(home, "backup", str(tmp_path))
    until_seen(tmp_path, ".*.unfinished", process)
    process.kill()
    process.wait()
    assert list(tmp_path.glob("*.tar")) == []
    home.must("backup", str(tmp_path))
    (only,) = left_in(tmp_path)
    check(tmp_path / only)


def test_killed_restore_leaves_nothing_that_starts_and_its_remains_go_with_the_next(
    home: Home, archive: Path, place: Path
) -> None:
    place.parent.mkdir()
    process = started(home, "restore", str(archive), "--data", str(place))
    until_seen(place.parent, ".var.restoring.*/county.sqlite3", process)
    process.kill()
    process.wait()
    (half,) = place.parent.iterdir()
    assert half.name.startswith(".var.restoring.")
    said = home.run("--data", str(half), "prepare")
    assert said.returncode == 2
    assert "only half restored" in said.stderr
    home.must("restore", str(archive), "--data", str(place))
    assert left_in(place.parent) == ["var"]


@pytest.mark.full
def test_damaged_photograph_is_copied_and_named(home: Home, tmp_path: Path) -> None:
    bad = home.data / "files" / "evidence" / "cd" / f"{'c' * 64}.original"
    bad.parent.mkdir()
    bad.write_bytes(b"not what it was")
    try:
        assert f"files/evidence/cd/{bad.name}" in home.must("backup", str(tmp_path))
    finally:
        shutil.rmtree(bad.parent)


def test_check_and_folder_and_missing_file_are_answered_clearly(home: Home, archive: Path, tmp_path: Path) -> None:
    assert "the backup is whole" in home.must("restore", "--check", str(archive))
    assert "is a folder; name one backup" in home.refuses("restore", "--check", str(tmp_path))
    with pytest.raises(BackupError, match="no such file"):
        check(tmp_path / "none.tar")
    assert "ending in .tar" in home.refuses("backup", str(tmp_path / "none" / "x.zip"))
    assert "no such folder" in home.refuses("backup", str(tmp_path / "none" / "x.tar"))
    assert "is not overwritten" in home.refuses("backup", str(archive))
    head = tmp_path / "no.head"
    assert f"--head {head}" in home.refuses("restore", str(archive), "--data", str(tmp_path / "x"), "--head", str(head))
