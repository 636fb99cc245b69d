"""Checkpoints: the last two are kept, a damaged one is never taken for good."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoutu.sensing.checkpoint import Checkpoint, Checkpoints, Facts
from shoutu.sensing.journal_segments import write_atomically


def checkpoint(seq: int) -> Checkpoint:
    return Checkpoint(
        Facts(seq, 1_793_500_000_000 + seq, seq * 2), bytes([seq % 256]) * 300, b'{"version":1}', b"latest"
    )


def write(kept: Checkpoints, one: Checkpoint) -> None:
    kept.write(one.facts, [one.engine[:7], memoryview(one.engine)[7:]], one.catalog, [one.latest])


def test_keeps_the_last_two_newest_first(tmp_path: Path) -> None:
    kept = Checkpoints(tmp_path)
    assert kept.oldest_seq() == 0
    for seq in (5, 70, 900):
        write(kept, checkpoint(seq))
    assert list(kept.load()) == [checkpoint(900), checkpoint(70)]
    assert kept.oldest_seq() == 70
    assert len(list(tmp_path.iterdir())) == 2


def test_a_draft_left_by_a_kill_is_no_checkpoint(tmp_path: Path) -> None:
    kept = Checkpoints(tmp_path)
    write(kept, checkpoint(5))
    (tmp_path / f"{9:020d}.ckpt.new").write_bytes(b"half")
    assert list(kept.load()) == [checkpoint(5)]


@given(parts=st.lists(st.binary(max_size=40), max_size=6), step=st.integers(1, 50))
def test_written_in_steps_is_the_same_file(
    tmp_path_factory: pytest.TempPathFactory, parts: list[bytes], step: int
) -> None:
    path = tmp_path_factory.mktemp("steps") / "file"
    write_atomically(path, *parts, step=step)
    assert path.read_bytes() == b"".join(parts)


@given(how=st.sampled_from(["flip", "cut", "grow"]), data=st.data())
def test_any_damage_falls_back_to_the_older(
    tmp_path_factory: pytest.TempPathFactory, how: str, data: st.DataObject
) -> None:
    directory = tmp_path_factory.mktemp("checkpoints")
    kept = Checkpoints(directory)
    write(kept, checkpoint(5))
    write(kept, checkpoint(70))
    newest = directory / f"{70:020d}.ckpt"
    raw = bytearray(newest.read_bytes())
    at = data.draw(st.integers(0, len(raw) - 1))
    if how == "flip":
        raw[at] ^= 1 << data.draw(st.integers(0, 7))
    elif how == "cut":
        del raw[at:]
    else:
        raw += b"x" * (at + 1)
    newest.write_bytes(raw)
    assert list(kept.load()) == [checkpoint(5)]
