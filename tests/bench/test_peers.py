"""The peers judge by the same rules as the engine, and one that did not would be found out."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from bench import peers


def test_plain_python_says_what_the_engine_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peers.shutil, "which", lambda _name: None)
    monkeypatch.delenv("SHOUTU_PROMETHEUS", raising=False)
    found = peers.run(1, 1_200, 20, 0)
    assert found["signals"] > 20
    assert "not installed" in found["prometheus"]["not_measured"]
    assert "not_measured" in found["flink"]


def test_a_peer_that_judges_otherwise_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peers.Plain, "tick", lambda _self, _now: None)
    with pytest.raises(RuntimeError, match="engine and plain Python differ"):
        peers.run(1, 200, 20, 0)


def test_a_write_request_holds_each_sample_once() -> None:
    heads = [peers.label("point", name) for name in ("", "P-1", "P-2")]
    packed = peers.write_request(heads, [2, 1], 1_793_500_000_000, [3.5, -1.0])
    stamp = b"\x10\x80\xde\xb8\xa7\x99\x34"  # field 2, 1,793,500,000,000 as a varint
    body = b"".join(
        peers.field(1, heads[point] + peers.field(2, b"\x09" + np.float64(value).tobytes() + stamp))
        for point, value in ((2, 3.5), (1, -1.0))
    )
    assert pa.decompress(packed, len(body), "snappy", asbytes=True) == body
