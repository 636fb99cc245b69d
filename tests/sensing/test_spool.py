"""The spool gives each signal in order until it is taken, over any kill."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoutu.sensing.spool import Spool


def signals(start: int, n: int) -> list[dict[str, Any]]:
    return [{"id": f"{seq:032x}", "seq": seq, "type": "level"} for seq in range(start, start + n)]


def test_delivers_in_order_and_remembers_the_place(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    spool.append(signals(10, 3))
    spool.append(signals(20, 4))
    assert (spool.pending, spool.high_seq) == (7, 23)
    first, end = spool.peek(5)
    assert [s["seq"] for s in first] == [10, 11, 12, 20, 21]
    spool.taken(end)
    spool.close()
    again = Spool(tmp_path)
    assert (again.pending, again.high_seq) == (2, 23)
    rest, end = again.peek()
    assert [s["seq"] for s in rest] == [22, 23]
    again.taken(end)
    assert again.peek() == ([], again.next_index)


def test_numbers_and_high_seq_outlive_the_files(tmp_path: Path) -> None:
    spool = Spool(tmp_path, segment_bytes=500)
    for i in range(20):
        spool.append(signals(i * 10, 5))
    _, end = spool.peek(1000)
    spool.taken(end)
    spool.close()
    for path in tmp_path.glob("*.log"):
        path.unlink()
    again = Spool(tmp_path)
    assert (again.next_index, again.high_seq, again.pending) == (101, 194, 0)


def test_a_lost_place_means_again_never_not_at_all(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    spool.append(signals(1, 5))
    spool.taken(4)
    spool.close()
    (tmp_path / "delivered").write_text("")
    assert [s["seq"] for s in Spool(tmp_path).peek()[0]] == [1, 2, 3, 4, 5]


@given(
    steps=st.lists(
        st.one_of(
            st.integers(1, 8).map(lambda n: ("append", n)),
            st.integers(1, 12).map(lambda n: ("take", n)),
            st.just(("kill", 0)),
        ),
        max_size=30,
    ),
    torn=st.binary(max_size=40),
)
def test_whatever_happens_each_signal_comes_in_order_without_gap(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, int]], torn: bytes
) -> None:
    directory = tmp_path_factory.mktemp("spool")
    spool = Spool(directory, segment_bytes=400)
    made, delivered = 0, 0
    for what, n in steps:
        if what == "append":
            spool.append(signals(made + 1, n))
            made += n
        elif what == "take":
            got, end = spool.peek(n)
            assert [s["seq"] for s in got] == list(range(delivered + 1, min(made, delivered + n) + 1))
            if got:
                spool.taken(end)
                delivered += len(got)
        else:
            spool.close()
            last = sorted(directory.glob("*.log"))
            if last:
                with last[-1].open("ab") as file:
                    file.write(torn)
            spool = Spool(directory, segment_bytes=400)
        assert spool.pending == made - delivered
    assert [s["seq"] for s in spool.peek(10_000)[0]] == list(range(delivered + 1, made + 1))
