"""The same hour through the embedded pipeline and through a real Flink cluster: the same signals, byte for byte."""

from __future__ import annotations

from pathlib import Path

import pytest

from .cluster import cluster_in
from .hour import Hour

pytestmark = pytest.mark.timeout(1_800)


def signals_in(folder: Path) -> list[bytes]:
    """The lines of every finished file: those that a checkpoint has made valid, each once."""
    return sorted(line for path in folder.rglob("signals-*.jsonl") for line in path.read_bytes().splitlines())


def test_the_hour_says_something_of_every_kind(hour: Hour) -> None:
    """Else the equality below would prove little."""
    told = b"\n".join(hour.said)
    for kind in ("threshold", "rate", "no_data", "stuck", "implausible", "composite", "source_silence", "site_silence"):
        assert b'"kind":"%s"' % kind.encode() in told, kind
    assert len(hour.said) == len(set(hour.said)) > 100


def test_flink_says_what_the_embedded_pipeline_says(hour: Hour, tmp_path: Path) -> None:
    """Also with its task manager killed in the midst of the hour."""
    out = tmp_path / "out"
    with cluster_in(tmp_path / "cluster") as cluster:
        job = cluster.submit("--journal", str(hour.journal), "--shards", "5", "--out", str(out))
        cluster.until(lambda: signals_in(out), "no signal is put away")
        assert cluster.state(job) == "RUNNING", "the job was through before it could be killed"
        before = signals_in(out)
        cluster.kill_worker()
        cluster.start_worker()
        cluster.finish(job)
        assert cluster.ask(f"/jobs/{job}/checkpoints")["counts"]["restored"] >= 1
        assert 0 < len(before) < len(hour.said)
    assert signals_in(out) == hour.said
