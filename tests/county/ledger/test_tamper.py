"""Whatever is changed behind the ledger's back is found and named, in the database and in the export."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.utils import timezone

import shoutu.verify_ledger as verifier
from shoutu import ledger_keys
from shoutu.county.kit.actors import SYSTEM
from shoutu.county.kit.errors import Conflict
from shoutu.county.kit.subjects import SubjectRef
from shoutu.county.ledger import merkle, notes
from shoutu.county.ledger.models import Access, Entry, Leaf, Node, Personal, TreeHead, Unsealed
from shoutu.county.ledger.selectors import tree
from shoutu.county.ledger.selectors.export import export
from shoutu.county.ledger.selectors.verify import verify
from shoutu.county.ledger.services.access import close_hours, note_access
from shoutu.county.ledger.services.seal import open_epoch, open_log, seal, seal_all


def kinds(report) -> set[str]:
    return {finding.kind for finding in report.findings}


def text(report) -> str:
    return "\n".join(str(finding) for finding in report.findings)


def test_untouched_ledger_says_honestly_what_it_cannot_know(write) -> None:
    for count in (1, 2, 5, 1, 13):
        write(count)
    report = verify()
    assert report.ok, text(report)
    assert (report.size, report.heads, report.unsealed) == (22, 5, 0)
    assert "不能排除尾部被截断" in report.verdict()
    assert "外部保存的树头覆盖到第 22 条" in verify([tree.head().note]).verdict()


def test_empty_ledger(db) -> None:
    assert verify().ok
    assert seal() == 0


def test_changed_row_is_named(write, intruder) -> None:
    write(20)
    victim = Entry.objects.order_by("id")[7]
    forged = bytes(victim.canonical).replace(b'"n":7', b'"n":8')
    with intruder() as cursor:
        cursor.execute("UPDATE ledger_entry SET canonical = %s WHERE id = %s", [forged, victim.pk])
    report = verify()
    assert kinds(report) == {"entry"}
    assert f"记录 {victim.pk}（第 7 条）" in text(report)


def test_changed_column_is_named(write, intruder) -> None:
    victim = write(20)[3]
    with intruder() as cursor:
        cursor.execute("UPDATE ledger_entry SET actor = %s WHERE id = %s", ["别人", victim.pk])
    assert [(f.kind, "actor" in f.message) for f in verify().findings] == [("entry", True)]


def test_changed_column_of_a_waiting_entry_is_named(write, intruder) -> None:
    victim = write(3, sealed=False)[1]
    with intruder() as cursor:
        cursor.execute("UPDATE ledger_entry SET verb = %s WHERE id = %s", ["x.undone", victim.pk])
    assert [(f.kind, "verb" in f.message) for f in verify().findings] == [("entry", True)]


def test_swapped_order_is_named(write, intruder) -> None:
    write(20)
    a, b = Leaf.objects.get(index=4).entry_id, Leaf.objects.get(index=9).entry_id
    with intruder() as cursor:
        cursor.execute('UPDATE ledger_leaf SET entry_id = %s WHERE "index" = 4', [write(1, sealed=False)[0].pk])
        cursor.execute('UPDATE ledger_leaf SET entry_id = %s WHERE "index" = 9', [a])
        cursor.execute('UPDATE ledger_leaf SET entry_id = %s WHERE "index" = 4', [b])
    report = verify()
    assert kinds(report) == {"order"}
    assert "它封存时是第 9 条" in text(report)
    assert "它封存时是第 4 条" in text(report)


def test_changed_leaf_is_told_from_changed_entry(write, intruder) -> None:
    write(20)
    with intruder() as cursor:
        cursor.execute('UPDATE ledger_leaf SET hash = %s WHERE "index" = 6', [bytes(32)])
    report = verify()
    assert kinds(report) == {"leaf"}
    assert "叶子 6" in text(report)


def test_one_bit_of_a_subtree_is_named(write, intruder) -> None:
    write(20)
    node = Node.objects.get(id=tree.node_id((2, 3)))
    flipped = bytearray(node.hash)
    flipped[13] ^= 4
    with intruder() as cursor:
        cursor.execute("UPDATE ledger_node SET hash = %s WHERE id = %s", [bytes(flipped), node.pk])
    report = verify()
    assert kinds(report) == {"node"}
    assert "第 12—15 条" in text(report)


def test_changed_head_is_named(write, intruder) -> None:
    write(5)
    write(5)
    note = TreeHead.objects.get(size=5).note
    with intruder() as cursor:
        cursor.execute("UPDATE ledger_treehead SET note = %s WHERE size = 5", [note.replace("\n5\n", "\n4\n")])
    report = verify()
    assert kinds(report) == {"head"}
    assert "树头 1/5" in text(report)


def test_cut_tail_is_seen_by_our_own_heads(write, intruder) -> None:
    write(10)
    write(5)
    with intruder() as cursor:
        cursor.execute('DELETE FROM ledger_leaf WHERE "index" >= 12')
    report = verify()
    assert "tail" in kinds(report)
    assert "最后 3 条已被截去" in text(report)
    assert "queue" in kinds(report)


def test_tail_cut_with_its_heads_is_seen_by_a_head_kept_elsewhere_alone(write, intruder) -> None:
    write(10)
    write(6)
    kept = tree.head().note
    with intruder() as cursor:
        cut = list(Leaf.objects.filter(index__gte=10).values_list("entry_id", flat=True))
        cursor.execute("DELETE FROM ledger_treehead WHERE size > 10")
        cursor.execute('DELETE FROM ledger_leaf WHERE "index" >= 10')
        cursor.execute(f"DELETE FROM ledger_entry WHERE id IN ({','.join(map(str, cut))})")
        for level in range(1, 6):
            low, high = tree.node_id((level, 10 >> level)), tree.node_id((level + 1, 0))
            cursor.execute("DELETE FROM ledger_node WHERE id >= %s AND id < %s", [low, high])
    alone = verify()
    assert alone.ok, text(alone)
    assert "不能排除尾部被截断" in alone.verdict()
    report = verify([kept])
    assert kinds(report) == {"outside"}
    assert "最后 6 条已被截去" in text(report)


def test_history_rewritten_with_the_key_is_seen_by_a_head_kept_elsewhere(write, intruder) -> None:
    write(10)
    kept = tree.head().note
    victim = Entry.objects.order_by("id")[2]
    with intruder() as cursor:
        forged = bytes(victim.canonical).replace(b'"n":2', b'"n":9')
        cursor.execute("UPDATE ledger_entry SET canonical = %s WHERE id = %s", [forged, victim.pk])
        for table in ("leaf", "node", "treehead"):
            cursor.execute(f"DELETE FROM ledger_{table}")
    Unsealed.objects.bulk_create([Unsealed(entry_id=id_) for id_ in Entry.objects.values_list("id", flat=True)])
    seal_all()
    assert verify().ok
    report = verify([kept])
    assert kinds(report) == {"outside"}
    assert "历史被改写" in text(report)


def test_entry_kept_out_of_the_queue_is_named(write, intruder) -> None:
    entry = write(3, sealed=False)[1]
    Unsealed.objects.filter(entry=entry).delete()
    seal_all()
    report = verify()
    assert kinds(report) == {"queue"}
    assert f"记录 {entry.pk}" in text(report)


def test_head_of_another_key_is_refused(write) -> None:
    write(3)
    other = notes.Signer(ledger_keys.generate("ed25519"))
    foreign = other.sign(3, bytes(32), 1, timezone.now(), "sha256")
    report = verify([foreign, "nonsense"])
    assert [f.kind for f in report.findings] == ["outside", "outside"]


def test_changed_personal_value_and_access_log_are_named(db) -> None:
    from django.db import transaction

    from shoutu.county.ledger.services import record

    with transaction.atomic():
        record(SYSTEM, "person.created", SubjectRef("person", 3), {}, {"phone": "138"})
    for n in range(3):
        note_access(SYSTEM, SubjectRef("person", n), ["phone"], "叫应")
    assert close_hours(timezone.now() + timedelta(hours=1)) == 1
    assert close_hours(timezone.now() + timedelta(hours=1)) == 0
    seal_all()
    assert verify().ok
    Personal.objects.update(value="139")
    Access.objects.filter(subject_id=1).update(actor="别人")
    assert kinds(verify()) == {"personal", "access"}


@pytest.mark.parametrize("seed", range(25))
def test_any_one_bit_anywhere_is_found(write, intruder, seed) -> None:
    """One bit of one bytes column of one row, chosen at random."""
    chance = random.Random(seed)
    for count in (3, 8, 1, 11):
        write(count)
    table, key, column = chance.choice(
        [
            ("ledger_entry", "id", "canonical"),
            ("ledger_leaf", '"index"', "hash"),
            ("ledger_node", "id", "hash"),
            ("ledger_treehead", "id", "root"),
        ]
    )
    with intruder() as cursor:
        cursor.execute(f"SELECT {key}, {column} FROM {table} ORDER BY 1")
        id_, value = chance.choice(cursor.fetchall())
        flipped = bytearray(value)
        flipped[chance.randrange(len(flipped))] ^= 1 << chance.randrange(8)
        cursor.execute(f"UPDATE {table} SET {column} = %s WHERE {key} = %s", [bytes(flipped), id_])
    report = verify()
    assert len(report.findings) >= 1
    expected = {"ledger_entry": "entry", "ledger_leaf": "leaf", "ledger_node": "node", "ledger_treehead": "head"}
    assert expected[table] in kinds(report), text(report)


# -- proofs, epochs, export ---------------------------------------------------------------------------------------


def test_every_entry_is_proved_under_the_newest_head(write) -> None:
    for count in (4, 9, 1):
        write(count)
    head = notes.read(tree.head().note, notes.public_key())
    for entry in Entry.objects.all():
        proof = tree.prove(entry)
        h = merkle.hasher("sha256")
        leaf = h.leaf(bytes(entry.canonical))
        assert merkle.root_from_inclusion(h, proof.index, head.size, leaf, proof.path) == head.root


def test_consistency_between_any_two_heads(write) -> None:
    for count in (4, 9, 1, 20):
        write(count)
    heads = list(TreeHead.objects.order_by("size"))
    h = merkle.hasher("sha256")
    for old in heads:
        for new in heads[heads.index(old) :]:
            _old, _new, path = tree.prove_consistency(old.size, new.size)
            roots = merkle.roots_from_consistency(h, old.size, new.size, bytes(old.root), path)
            assert roots == (bytes(old.root), bytes(new.root))


def test_proof_before_sealing_says_wait(write) -> None:
    entry = write(1, sealed=False)[0]
    with pytest.raises(Conflict, match="还没有封存"):
        tree.prove(entry)


def test_sealing_and_proving_cost_does_not_grow_with_the_log(write, django_assert_num_queries) -> None:
    write(1)
    with django_assert_num_queries(19):
        write(1)
    write(1200)
    with django_assert_num_queries(18):
        write(1)
    entry = Entry.objects.order_by("id")[600]
    with django_assert_num_queries(4):
        tree.prove(entry)


def test_restore_opens_an_epoch_that_names_the_old_head(write) -> None:
    write(4)
    old = tree.head().note
    epoch = open_epoch(SYSTEM, "磁盘损坏，从备份恢复", old)
    write(2)
    assert (epoch.number, epoch.size, epoch.previous) == (2, 4, old)
    assert notes.read(tree.head().note, notes.public_key()).epoch == 2
    assert verify([old]).ok
    with pytest.raises(Conflict):
        open_log("sm3")


@pytest.mark.parametrize("algorithm", ["sha256", "sm3"])
def test_export_verifies_independently(write, tmp_path: Path, algorithm) -> None:
    open_log(algorithm)
    write(7)
    old = tmp_path / "old.note"
    old.write_text(tree.head().note, "utf-8")
    write(8)
    assert export(tmp_path / "out") == 15
    proof = tmp_path / "proof.json"
    proof.write_text(json.dumps(tree.prove(Entry.objects.order_by("id")[9]).as_dict()))
    key = str(tmp_path / "out" / "public.pem")
    alone = _run("log", str(tmp_path / "out"))
    assert (alone.returncode, "truncation not excluded" in alone.stdout) == (0, True), alone.stdout + alone.stderr
    vouched = _run("log", str(tmp_path / "out"), "--key", key, "--head", str(old))
    assert "vouch for the first 7" in vouched.stdout
    assert _run("proof", str(proof), "--key", key).returncode == 0


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """The verifier as a stranger runs it: the file alone, isolated from our package."""
    return subprocess.run(
        [sys.executable, "-I", verifier.__file__, *arguments], capture_output=True, text=True, timeout=60
    )


def test_verifier_imports_nothing_of_ours() -> None:
    source = Path(verifier.__file__).read_text("utf-8")
    imports = [line for line in source.splitlines() if line.startswith(("import ", "from "))]
    assert not [line for line in imports if "shoutu" in line or "django" in line or "rfc8785" in line]


def tamper_row(out: Path) -> str:
    file = out / "entries" / "00000000.jsonl"
    file.write_bytes(file.read_bytes().replace(b'"n":5}', b'"n":6}', 1))
    return "entry 5"


def tamper_order(out: Path) -> str:
    file = out / "entries" / "00000000.jsonl"
    lines = file.read_bytes().splitlines()
    lines[5], lines[6] = lines[6], lines[5]
    file.write_bytes(b"\n".join(lines) + b"\n")
    return "entry 6"


def tamper_head(out: Path) -> str:
    file = out / "heads.jsonl"
    file.write_text(file.read_text("utf-8").replace("\\n9\\n", "\\n8\\n"), "utf-8")
    return "heads.jsonl line 2"


def tamper_tail(out: Path) -> str:
    file = out / "entries" / "00000000.jsonl"
    file.write_bytes(b"\n".join(file.read_bytes().splitlines()[:-2]) + b"\n")
    return "the last 2 have been cut off"


def tamper_duplicate(out: Path) -> str:
    file = out / "entries" / "00000000.jsonl"
    lines = file.read_bytes().splitlines()
    file.write_bytes(b"\n".join([*lines[:7], lines[2], *lines[7:]]) + b"\n")
    return "stands already at 2"


@pytest.mark.parametrize("tamper", [tamper_row, tamper_order, tamper_head, tamper_tail, tamper_duplicate])
def test_tampered_export_is_named(write, tmp_path: Path, tamper) -> None:
    for count in (5, 4, 6):
        write(count)
    export(tmp_path / "out")
    named = tamper(tmp_path / "out")
    result = _run("log", str(tmp_path / "out"))
    assert result.returncode == 1
    assert named in result.stdout


def test_cut_export_with_cut_heads_needs_a_head_kept_elsewhere(write, tmp_path: Path) -> None:
    write(5)
    export(tmp_path / "out")
    write(4)
    kept = tmp_path / "kept.note"
    kept.write_text(tree.head().note, "utf-8")
    assert _run("log", str(tmp_path / "out")).returncode == 0
    found = _run("log", str(tmp_path / "out"), "--head", str(kept))
    assert found.returncode == 1
    assert "the last 4 have been cut off" in found.stdout


def test_any_one_bit_of_an_export_is_found(write, tmp_path: Path) -> None:
    for count in (3, 8):
        write(count)
    export(tmp_path / "out")
    chance = random.Random(7)
    for turn in range(40):
        copy = tmp_path / f"copy{turn}"
        shutil.copytree(tmp_path / "out", copy)
        file = chance.choice(["entries/00000000.jsonl", "heads.jsonl", "leaves.txt"])
        content = bytearray((copy / file).read_bytes())
        content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
        (copy / file).write_bytes(content)
        assert verifier.main(["log", str(copy), "--key", str(tmp_path / "out" / "public.pem")]) != 0, (file, turn)


def test_tampered_proof(write, tmp_path: Path, capsys) -> None:
    write(9)
    export(tmp_path / "out")
    proof = tree.prove(Entry.objects.order_by("id")[4]).as_dict()
    key = str(tmp_path / "out" / "public.pem")
    for change in (
        {"index": 5},
        {"entry": proof["entry"].replace('"n":4', '"n":5')},
        {"path": proof["path"][:-1]},
        {"path": [*proof["path"], "00" * 32]},
        {"head": proof["head"].replace("\n9\n", "\n8\n")},
    ):
        file = tmp_path / "proof.json"
        file.write_text(json.dumps({**proof, **change}))
        assert verifier.main(["proof", str(file), "--key", key]) == 1, change
    assert verifier.main(["proof", str(tmp_path / "none.json"), "--key", key]) == 2
    capsys.readouterr()


def test_export_refuses_a_folder_with_other_things(write, tmp_path: Path) -> None:
    from shoutu.county.kit.errors import Invalid

    write(1)
    (tmp_path / "photo.jpg").write_bytes(b"x")
    with pytest.raises(Invalid):
        export(tmp_path)
    assert connection.vendor in {"sqlite", "postgresql"}
