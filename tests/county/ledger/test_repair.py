"""One flipped bit anywhere is found, named, and put right from the other copy; nothing unproved is ever taken."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner
from django.db import DatabaseError, connection, transaction
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import shoutu.verify_ledger as verifier
from shoutu.county.commands_ledger import ledger
from shoutu.county.kit.actors import SYSTEM, Actor
from shoutu.county.kit.errors import Conflict, Invalid, NotAllowed
from shoutu.county.kit.subjects import SubjectRef
from shoutu.county.ledger import triggers
from shoutu.county.ledger.models import Entry, Leaf, Node, TreeHead, Unsealed
from shoutu.county.ledger.selectors import tree
from shoutu.county.ledger.selectors.export import export
from shoutu.county.ledger.selectors.verify import verify
from shoutu.county.ledger.services import record
from shoutu.county.ledger.services.repair import repair
from shoutu.county.ledger.services.seal import open_epoch, seal, seal_all


@pytest.fixture
def log(write, tmp_path: Path) -> Path:
    """A log with several heads and two epochs; an export of it."""
    for count in (3, 8, 1):
        write(count)
    open_epoch(SYSTEM, "演练")
    write(11)
    export(tmp_path / "copy")
    return tmp_path / "copy"


def contents() -> dict[str, list]:
    """Every evidential row but the entry that tells of the repair and what sealed it."""
    with connection.cursor() as cursor:
        found = {}
        for table, key in KEYS.items():
            cursor.execute(f"SELECT * FROM {table} ORDER BY {key}")
            found[table] = [
                tuple(bytes(v) if isinstance(v, memoryview) else v for v in row) for row in cursor.fetchall()
            ]
        return found


KEYS = {
    "ledger_entry": "id",
    "ledger_leaf": '"index"',
    "ledger_node": "id",
    "ledger_treehead": "id",
    "ledger_epoch": "number",
}
# Left out: ids that mean nothing (a head's), and the time the first epoch began, which nothing else tells.
COLUMNS = {
    "ledger_entry": ["uid", "at", "actor", "verb", "subject_type", "subject_id", "canonical"],
    "ledger_leaf": ["index", "entry_id", "hash"],
    "ledger_node": ["id", "hash"],
    "ledger_treehead": ["epoch_id", "size", "at", "root", "note"],
    "ledger_epoch": ["hash", "key", "size", "previous", "reason"],
}


def flip(value, bit: int):
    """The value with one bit changed, as the database would give it back from a damaged page."""
    if isinstance(value, int):
        return value ^ (1 << bit % 40)
    raw = bytearray(value.encode("utf-8") if isinstance(value, str) else bytes(value))
    raw[bit // 8 % len(raw)] ^= 1 << bit % 8
    return bytes(raw)


def damage(cursor, table: str, column: str, row: int, bit: int) -> str | None:
    """Flip one bit in one column of one row; None where this database refuses to hold such a value."""
    key = KEYS[table]
    text = f'CAST("{column}" AS text)' if connection.vendor == "postgresql" and column == "at" else f'"{column}"'
    kind = "text" if column in TEXT else "blob" if column in {"canonical", "hash", "root"} else "int"
    if table == "ledger_epoch" and column == "hash":
        kind = "text"
    if connection.vendor == "sqlite" and kind == "text":
        text = f'CAST("{column}" AS blob)'
    cursor.execute(f"SELECT {key}, {text} FROM {table} ORDER BY 1")
    rows = cursor.fetchall()
    id_, value = rows[row % len(rows)]
    if value in ("", b""):
        return None
    changed = flip(value, bit)
    if kind == "text" and connection.vendor == "sqlite":
        cursor.execute(f'UPDATE {table} SET "{column}" = CAST(%s AS text) WHERE {key} = %s', [changed, id_])
    elif kind == "text":
        try:
            with transaction.atomic():
                cursor.execute(f'UPDATE {table} SET "{column}" = %s WHERE {key} = %s', [changed.decode(), id_])
        except (UnicodeDecodeError, ValueError, DatabaseError):
            return None
    else:
        try:
            with transaction.atomic():
                cursor.execute(f'UPDATE {table} SET "{column}" = %s WHERE {key} = %s', [changed, id_])
        except DatabaseError:
            return None  # A key that another row has, or a number too large for the column.
    return f"{table}.{column} of {id_}"


TEXT = {"uid", "at", "actor", "verb", "subject_type", "note", "key", "previous", "reason"}


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("with_copy", [True, False])
def test_one_bit_anywhere_is_found_named_and_repaired(log, intruder, seed, with_copy) -> None:
    chance = random.Random(seed)
    table = chance.choice(sorted(COLUMNS))
    column = chance.choice(COLUMNS[table])
    before = contents()
    with intruder() as cursor:
        what = damage(cursor, table, column, chance.randrange(1000), chance.randrange(10_000))
    if what is None:
        return
    assert verify().findings, what
    plan = repair(SYSTEM, log if with_copy else None)
    needs_copy = (table, column) in {("ledger_entry", "canonical"), ("ledger_treehead", "note")}
    if needs_copy and not with_copy:
        assert plan.refused, what
        assert verify().findings
        return
    assert plan.done, what
    assert not plan.refused, (what, plan.refused)
    after = contents()
    for name, rows in before.items():
        assert after[name][: len(rows)] == rows or set(rows) <= set(after[name]), (what, name)
    assert Entry.objects.order_by("-id")[0].verb == "ledger.repaired"
    seal_all()
    report = verify()
    assert report.ok, (what, [str(finding) for finding in report.findings])


@pytest.mark.parametrize("seed", range(12))
def test_several_damages_at_once_in_both_copies(log, intruder, seed) -> None:
    """Ten bits in the database, one in the export: as long as one copy of each thing is whole, all comes back."""
    chance = random.Random(seed)
    file = log / chance.choice(["leaves.txt", "heads.jsonl", "log.json", "public.pem", "head.txt"])
    content = bytearray(file.read_bytes())
    content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    file.write_bytes(content)
    before = contents()
    with intruder() as cursor:
        for _ in range(10):
            table = chance.choice(["ledger_entry", "ledger_leaf", "ledger_node"])
            column = chance.choice([name for name in COLUMNS[table] if name not in {"index", "id", "entry_id"}])
            damage(cursor, table, column, chance.randrange(1000), chance.randrange(10_000))
    plan = repair(SYSTEM, log)
    assert plan.done
    assert not plan.refused, plan.refused
    after = contents()
    assert after["ledger_entry"][: len(before["ledger_entry"])] == before["ledger_entry"]
    seal_all()
    assert verify().ok, verify().findings


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    file=st.sampled_from(["entries/00000000.jsonl", "leaves.txt", "heads.jsonl", "head.txt", "log.json", "public.pem"]),
    place=st.integers(0, 10_000_000),
    bit=st.integers(0, 7),
)
@example(file="public.pem", place=35, bit=0)  # a key of a kind nobody knows
@example(file="log.json", place=260, bit=2)
def test_a_damaged_export_is_found_and_mended_by_exporting_again(log, tmp_path, file, place, bit) -> None:
    whole = {path.relative_to(log): path.read_bytes() for path in log.rglob("*") if path.is_file()}
    key = tmp_path / "kept.pem"
    key.write_bytes(whole[Path("public.pem")])
    content = bytearray((log / file).read_bytes())
    content[place % len(content)] ^= 1 << bit
    (log / file).write_bytes(content)
    if file in {"entries/00000000.jsonl", "leaves.txt", "heads.jsonl"}:
        assert verifier.main(["log", str(log), "--key", str(key)]) != 0
    # A damaged copy never spoils what is whole.
    assert not repair(SYSTEM, log).done
    export(log)
    assert {path.relative_to(log): path.read_bytes() for path in log.rglob("*") if path.is_file()} == whole


def test_rows_that_are_gone_come_back(log, intruder) -> None:
    before = contents()
    victim = Leaf.objects.get(index=5)
    with intruder() as cursor:
        cursor.execute('DELETE FROM ledger_leaf WHERE "index" IN (5, 9)')
        cursor.execute("DELETE FROM ledger_entry WHERE id = %s", [victim.entry_id])
        cursor.execute("DELETE FROM ledger_node WHERE id = %s", [tree.node_id((2, 1))])
        cursor.execute("DELETE FROM ledger_treehead WHERE size = 3")
    plan = repair(SYSTEM, log)
    assert {done.what for done in plan.done} == {"entry", "leaf", "node", "head"}
    after = contents()
    assert {row[1:] for row in before["ledger_entry"]} <= {row[1:] for row in after["ledger_entry"]}
    assert before["ledger_node"] == after["ledger_node"]
    assert {row[1:] for row in before["ledger_treehead"]} == {row[1:] for row in after["ledger_treehead"]}
    seal_all()
    assert verify().ok, verify().findings


def test_swapped_leaves_find_their_places_without_a_copy(log, intruder) -> None:
    before = contents()
    a, b = (Leaf.objects.get(index=index).entry_id for index in (4, 9))
    with intruder() as cursor:
        cursor.execute('DELETE FROM ledger_leaf WHERE "index" IN (4, 9)')
        for index, entry in ((4, b), (9, a)):
            h = bytes(before["ledger_leaf"][index][1 if isinstance(before["ledger_leaf"][index][1], bytes) else 2])
            cursor.execute('INSERT INTO ledger_leaf ("index", entry_id, hash) VALUES (%s, %s, %s)', [index, entry, h])
    assert {finding.kind for finding in verify().findings} == {"order"}
    repair(SYSTEM)
    assert contents()["ledger_leaf"] == before["ledger_leaf"]


def test_a_forged_copy_is_never_taken(log, intruder, write) -> None:
    """The export was changed at the same place, with a leaf hash to fit: no head proves it, so nothing is written."""
    victim = Leaf.objects.select_related("entry").get(index=6).entry
    lines = (log / "entries" / "00000000.jsonl").read_bytes().split(b"\n")
    forged = lines[6].replace(b'"test.done"', b'"test.dOne"')
    assert forged != lines[6]
    lines[6] = forged
    (log / "entries" / "00000000.jsonl").write_bytes(b"\n".join(lines))
    with intruder() as cursor:
        cursor.execute("UPDATE ledger_entry SET canonical = %s WHERE id = %s", [forged, victim.pk])
    plan = repair(SYSTEM, log)
    assert [refused.what for refused in plan.refused] == ["entry"]
    assert "第 6 条" in plan.refused[0].which
    assert bytes(Entry.objects.get(pk=victim.pk).canonical) == forged
    assert not Entry.objects.filter(verb="ledger.repaired").exists()
    (log / "leaves.txt").write_bytes(b"")
    with intruder() as cursor:
        cursor.execute("UPDATE ledger_leaf SET hash = %s WHERE entry_id = %s", [bytes(32), victim.pk])
    assert "没有一种组合" in str(repair(SYSTEM, log).refused[0])


def test_heads_of_a_key_not_trusted_prove_nothing(log, intruder) -> None:
    from shoutu import ledger_keys

    with intruder() as cursor:
        cursor.execute("UPDATE ledger_entry SET verb = 'x' WHERE id = (SELECT min(id) FROM ledger_entry)")
    plan = repair(SYSTEM, log, [ledger_keys.generate("ed25519").public])
    assert not [done for done in plan.done if done.what in {"entry", "leaf", "node", "head"}]
    assert plan.refused


def test_leaves_under_a_head_that_is_lost_are_kept(log, intruder) -> None:
    """With the newest head unreadable and no copy of it, the leaves it proved look like strays. They must stay."""
    before = contents()
    with intruder() as cursor:
        cursor.execute("UPDATE ledger_treehead SET note = 'x' WHERE size = (SELECT max(size) FROM ledger_treehead)")
    plan = repair(SYSTEM)
    assert [refused.what for refused in plan.refused] == ["head"]
    assert contents()["ledger_leaf"] == before["ledger_leaf"]
    assert contents()["ledger_node"] == before["ledger_node"]
    assert repair(SYSTEM, log).done
    seal_all()
    assert verify().ok


def test_triggers_hold_for_everybody_else_before_and_after(log, intruder) -> None:
    with intruder() as cursor:
        cursor.execute("UPDATE ledger_entry SET verb = 'x' WHERE id = (SELECT min(id) FROM ledger_entry)")
    assert repair(SYSTEM, log).done
    assert triggers.missing(connection) == []
    for table, column in (("entry", "verb"), ("leaf", "hash"), ("node", "hash"), ("treehead", "note")):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"UPDATE ledger_{table} SET {column} = {column}")
    with pytest.raises(RuntimeError, match="outside"), triggers.lifted(_NoTransaction()):
        pass


class _NoTransaction:
    vendor, in_atomic_block = "sqlite", False


def test_only_a_command_on_the_server_repairs(log) -> None:
    nobody = Actor(kind="user", label="县管理员", role="administrator", permissions=frozenset({"ledger.witness"}))
    with pytest.raises(NotAllowed):
        repair(nobody, log)
    with pytest.raises(Invalid, match="--from"):
        repair(SYSTEM, log / "entries")


def test_sealer_stops_at_a_tree_it_cannot_go_on_from(log, intruder, write) -> None:
    with intruder() as cursor:
        cursor.execute('UPDATE ledger_leaf SET "index" = 1000000 WHERE "index" = 7')
    write(1, sealed=False)
    with pytest.raises(Conflict, match="repair"):
        seal()
    assert repair(SYSTEM).done
    seal_all()
    assert verify().ok, verify().findings


def test_sealed_entry_left_in_the_queue(log) -> None:
    Unsealed.objects.create(entry_id=Leaf.objects.get(index=2).entry_id)
    assert {finding.kind for finding in verify().findings} == {"queue"}
    assert [done.what for done in repair(SYSTEM).done] == ["queue"]
    seal_all()
    assert verify().ok


def test_lost_personal_value_is_named_and_not_pretended(db, log) -> None:
    from shoutu.county.ledger.models import Personal

    with transaction.atomic():
        record(SYSTEM, "person.created", SubjectRef("person", 3), {}, {"phone": "138"})
    seal_all()
    assert verify().ok
    Personal.objects.all().delete()
    assert [finding.kind for finding in verify().findings] == ["personal"]
    assert not repair(SYSTEM, log).done


def test_command_says_what_it_did(log, intruder) -> None:
    victim = Leaf.objects.get(index=3).entry_id
    with intruder() as cursor:
        cursor.execute("UPDATE ledger_entry SET canonical = %s WHERE id = %s", [b"{}", victim])

    def run(*arguments: str):
        return CliRunner().invoke(ledger, list(arguments))

    assert run("verify").exit_code == 1
    assert run("repair").exit_code == 1
    tried = run("repair", "--from", str(log), "--dry-run")
    assert tried.exit_code == 0
    assert f"[entry] 第 3 条 ({victim})" in tried.output
    assert run("verify").exit_code == 1
    assert run("repair", "--from", str(log)).exit_code == 0
    assert run("verify").exit_code == 0
    assert run("repair", "--from", str(log)).output.count("[") == 0
    shutil.rmtree(log)
    assert run("repair", "--from", str(log)).exit_code == 2


def test_large_log_is_repaired_in_chunks(write, intruder, tmp_path: Path) -> None:
    write(2500)
    export(tmp_path / "copy")
    entries = list(Leaf.objects.filter(index__in=[0, 901, 2499]).order_by("index").values_list("entry_id", flat=True))
    with intruder() as cursor:
        for entry in entries:
            cursor.execute("UPDATE ledger_entry SET canonical = %s WHERE id = %s", [b"x", entry])
    plan = repair(SYSTEM, tmp_path / "copy")
    assert len(plan.done) == 3
    assert Node.objects.count() > 2400
    seal_all()
    assert verify([TreeHead.objects.order_by("size")[0].note]).ok
