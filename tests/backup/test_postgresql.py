"""Backup and restore of a county on PostgreSQL: from one database into another."""

from __future__ import annotations

import threading
from pathlib import Path

import psycopg
import pytest

from shoutu.backup.put import check
from tests.backup.test_take_and_put import Home, left_in
from tests.clusters import binaries, cluster

pytestmark = [
    pytest.mark.full,
    pytest.mark.integration,
    pytest.mark.timeout(900),
    pytest.mark.skipif(binaries() is None, reason="PostgreSQL is not installed"),
]
COUNT = "SELECT count(*) FROM ledger_entry"
TABLES = "SELECT count(*) FROM pg_catalog.pg_tables WHERE schemaname = 'public'"


def one(url: str, question: str) -> int:
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute(question.encode()).fetchone()
        assert row is not None
        return int(row[0])


def test_backup_while_others_write_restores_into_an_empty_database(tmp_path: Path) -> None:
    with cluster() as url:
        home = Home(tmp_path / "a")
        home.folder.mkdir()
        home.must("prepare", SHOUTU_DATABASE_URL=url)
        (home.data / "shoutu.toml").write_text(f'database_url = "{url}"\n', "utf-8")
        home.must("ledger", "witness", "stick", "folder", str(tmp_path))
        home.must("ledger", "head", "--seal")
        stop, written = threading.Event(), [0]

        def write() -> None:
            with psycopg.connect(url, autocommit=True) as connection:
                while not stop.wait(0.01):
                    connection.execute(
                        b"INSERT INTO kit_beat (name, at, detail) VALUES ('test' || gen_random_uuid(), now(), '{}')"
                    )
                    written[0] += 1

        writer = threading.Thread(target=write)
        writer.start()
        try:
            archive = tmp_path / "whole.tar"
            home.must("backup", str(archive))
        finally:
            stop.set()
            writer.join()
        assert written[0] > 10
        contents = check(archive)
        assert contents.database["engine"] == "postgresql"

        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("CREATE DATABASE other")
        other = url.replace("/shoutu?", "/other?")
        place = tmp_path / "b" / "var"
        place.parent.mkdir()
        assert "holds a PostgreSQL database" in home.refuses("restore", str(archive), "--data", str(place))
        said = home.refuses("restore", str(archive), "--data", str(place), "--database", url)
        assert "is not empty" in said
        assert left_in(place.parent) == []
        newer = tmp_path / "newer.tar"
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(b"INSERT INTO django_migrations (app, name, applied) VALUES ('kit', '9999_x', now())")
            home.must("backup", str(newer))
            connection.execute(b"DELETE FROM django_migrations WHERE name = '9999_x'")
        said = home.refuses("restore", str(newer), "--data", str(place), "--database", other)
        assert "newer version" in said
        assert "drop it" not in said
        assert one(other, TABLES) == 0, "what is refused for its version has filled nothing"
        head = tmp_path / "no.head"
        head.write_text("not a head")
        said = home.refuses("restore", str(archive), "--data", str(place), "--database", other, "--head", str(head))
        assert "drop it and create it anew" in said
        assert left_in(place.parent) == []
        assert one(other, TABLES) > 0
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(b"DROP DATABASE other")
            connection.execute(b"CREATE DATABASE other")
        home.must("restore", str(archive), "--data", str(place), "--database", other)

        elsewhere = Home(place.parent)
        assert "database_url" in (place / "shoutu.toml").read_text("utf-8").split("# before the restore: ")[1]
        assert not (place / contents.database["part"]).exists()
        assert one(other, COUNT) == contents.ledger["entries"] + 2
        assert one(url, COUNT) == contents.ledger["entries"] + 2
        elsewhere.must(
            "ledger", "verify", "--key", str(place / "secrets/ledger.pub.epoch-1.pem"),
            "--key", str(place / "secrets/ledger.pub.pem"), SHOUTU_DATABASE_URL=other,
        )  # fmt: skip
