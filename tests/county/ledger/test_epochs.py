"""After a restore: a new epoch, perhaps a new key, and a gap that is declared instead of hidden."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from django.db import connection

import shoutu.verify_ledger as verifier
from shoutu.county.kit.actors import SYSTEM
from shoutu.county.kit.errors import Conflict, Invalid
from shoutu.county.ledger import notes
from shoutu.county.ledger.models import Entry, Epoch, Leaf, TreeHead
from shoutu.county.ledger.selectors import tree
from shoutu.county.ledger.selectors.export import export
from shoutu.county.ledger.selectors.verify import verify
from shoutu.county.ledger.selectors.walk import stray_nodes
from shoutu.county.ledger.services.seal import open_epoch, open_log, seal, seal_all


@pytest.fixture
def new_key(settings, tmp_path: Path) -> Callable[[str], str]:
    """Another signing key in place, as after a restore of a plain backup onto a new machine."""

    def change(kind: str = "ed25519") -> str:
        suite = {"ed25519": "sha256-ed25519", "sm2": "sm3-sm2"}[kind]
        settings.CONFIG = replace(settings.CONFIG, data=tmp_path / "machine", ledger_suite=suite)
        settings.CONFIG.ensure()
        return notes.public_key().pem()

    return change


@pytest.fixture
def restored(write, intruder) -> str:
    """A log of 9 of which the backup had only the first 6; the head of 9, kept elsewhere."""
    write(4)
    write(2)
    write(3)
    kept = tree.head().note
    with intruder() as cursor:
        cut = list(Leaf.objects.filter(index__gte=6).values_list("entry_id", flat=True))
        cursor.execute("DELETE FROM ledger_treehead WHERE size > 6")
        cursor.execute('DELETE FROM ledger_leaf WHERE "index" >= 6')
        cursor.execute(f"DELETE FROM ledger_entry WHERE id IN ({','.join(map(str, cut))})")
        for node_id in stray_nodes(6):
            cursor.execute("DELETE FROM ledger_node WHERE id = %s", [node_id])
    return kept


def test_loss_without_a_declaration_is_a_finding(restored) -> None:
    assert [finding.kind for finding in verify([restored]).findings] == ["outside"]


def test_restore_declares_what_is_lost(restored, write, new_key, tmp_path: Path, capsys) -> None:
    old_key = tmp_path / "first-day.pem"
    old_key.write_text(notes.public_key().pem())
    fresh = new_key()
    write(1, sealed=False)
    with pytest.raises(Conflict, match="shoutu ledger epoch"):
        seal()
    epoch = open_epoch(SYSTEM, "磁盘损坏，从备份恢复", restored)
    assert (epoch.number, epoch.size, epoch.previous, epoch.key) == (2, 6, restored, fresh)
    seal_all()
    write(5)
    report = verify([restored])
    assert report.ok, report.findings
    assert "第 2 纪元由恢复备份开启，自第 6 条起，恢复前的 3 条遗失" in report.verdict()
    assert "其中 3 条在从备份恢复时已声明遗失" in report.verdict()
    assert report.outside == 0
    # The same from the export, by the stranger's program, with the keys kept elsewhere and with those of the export.
    export(tmp_path / "out")
    (tmp_path / "kept.note").write_text(restored, "utf-8")
    public = str(tmp_path / "out" / "public.pem")
    arguments = ["log", str(tmp_path / "out"), "--head", str(tmp_path / "kept.note")]
    assert verifier.main(arguments) == 0
    assert verifier.main([*arguments, "--key", str(old_key), "--key", public]) == 0
    said = capsys.readouterr().out
    assert "epoch 2 was opened by a restore at 6; 3 entries are lost" in said
    assert "3 of its entries were lost at a restore" in said
    assert verifier.main([*arguments, "--key", public]) == 1
    assert "not signed by a key that was given" in capsys.readouterr().out


def test_epoch_declared_in_the_export_alone_is_found(write, tmp_path: Path, capsys) -> None:
    write(3)
    open_epoch(SYSTEM, "演练")
    write(2)
    export(tmp_path / "out")
    log = tmp_path / "out" / "log.json"
    text = log.read_text("utf-8")
    assert '"size": 3' in text
    log.write_text(text.replace('"size": 3', '"size": 2'), "utf-8")
    assert verifier.main(["log", str(tmp_path / "out")]) == 1
    assert "epoch 2 is not as an entry of the log says" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("column", "value"), [("size", 1), ("previous", "x"), ("reason", "无"), ("hash", "sm3"), ("key", "x")]
)
@pytest.mark.parametrize("number", [1, 2])
def test_changed_epoch_is_named(write, intruder, column, value, number) -> None:
    write(3)
    open_epoch(SYSTEM, "演练")
    write(2)
    assert verify().ok, verify().findings
    with intruder() as cursor:
        cursor.execute(f"UPDATE ledger_epoch SET {column} = %s WHERE number = %s", [value, number])
    assert verify().findings, (column, number)
    assert {finding.kind for finding in verify().findings} <= {"epoch", "head"}


def test_epoch_needs_a_reason_and_a_head_of_this_log(write) -> None:
    write(3)
    old = tree.head().note
    write(1)
    with pytest.raises(Invalid, match="原因"):
        open_epoch(SYSTEM, "  ")
    with pytest.raises(Invalid, match="树头"):
        open_epoch(SYSTEM, "演练", "nonsense")
    with pytest.raises(Invalid, match="树头"):
        open_epoch(SYSTEM, "演练", old)
    assert Epoch.objects.count() == 1


def test_log_of_sm3_and_sm2(write, new_key, settings, tmp_path: Path) -> None:
    new_key("sm2")
    open_log(settings.CONFIG.ledger_hash)
    write(5)
    write(3)
    note = tree.head().note
    assert "\nhash sm3\nsignature sm2\n" in note
    report = verify([note])
    assert report.ok, report.findings
    assert report.covered == 8
    export(tmp_path / "out")
    done = subprocess.run(
        [sys.executable, "-I", verifier.__file__, "log", str(tmp_path / "out")],
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    file = tmp_path / "out" / "heads.jsonl"
    file.write_text(file.read_text("utf-8").replace("signature sm2", "signature sm3"), "utf-8")
    assert verifier.main(["log", str(tmp_path / "out")]) == 1


def test_inserting_over_a_final_row_is_refused(write) -> None:
    from django.db import DatabaseError, transaction

    write(3)
    if connection.vendor != "sqlite":
        pytest.skip("INSERT OR REPLACE is SQLite's")
    for table in ("ledger_entry", "ledger_leaf", "ledger_node", "ledger_treehead", "ledger_epoch"):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"INSERT OR REPLACE INTO {table} SELECT * FROM {table} LIMIT 1")
    assert Entry.objects.count() == 3
    assert TreeHead.objects.count() == 1


def test_trigger_taken_away_is_named(write) -> None:
    from shoutu.county.ledger import triggers

    write(1)
    triggers.remove(connection)
    try:
        assert {finding.kind for finding in verify().findings} == {"trigger"}
    finally:
        triggers.install(connection)
    assert verify().ok
