"""The same hour through the embedded pipeline and through a real Flink cluster: the same signals, byte for byte."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from .broker import broker_in
from .cluster import PATIENCE_S, Cluster, cluster_in
from .hour import Hour

pytestmark = pytest.mark.timeout(24 * PATIENCE_S)
PATIENTLY = [f"--kafka-option={of}.timeout.ms={PATIENCE_S * 1000:.0f}" for of in ("request", "default.api")]


def signals_in(folder: Path) -> list[bytes]:
    """The lines of every finished file: those that a checkpoint has made valid, each once."""
    return sorted(line for path in folder.rglob("signals-*.jsonl") for line in path.read_bytes().splitlines())


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with cluster_in(tmp_path_factory.mktemp("flink")) as cluster:
        yield cluster


def killed_in_the_midst(cluster: Cluster, job: str, out: Path) -> int:
    """Kill the task manager once some signals are put away; how many those are."""
    cluster.until(lambda: signals_in(out), "no signal is put away")
    assert cluster.state(job) == "RUNNING", "the job was through before it could be killed"
    before = len(signals_in(out))
    cluster.kill_worker()
    return before


def test_the_hour_says_something_of_every_kind(hour: Hour) -> None:
    """Else the equality below would prove little."""
    told = b"\n".join(hour.said)
    for kind in ("threshold", "rate", "no_data", "stuck", "implausible", "composite", "source_silence", "site_silence"):
        assert b'"kind":"%s"' % kind.encode() in told, kind
    assert len(hour.said) == len(set(hour.said)) > 100


def test_flink_says_what_the_embedded_pipeline_says(hour: Hour, cluster: Cluster, tmp_path: Path) -> None:
    """Of the journal's segments; its task manager is killed in the midst of the hour."""
    out = tmp_path / "out"
    job = cluster.submit("--journal", str(hour.journal), "--shards", "5", "--out", str(out))
    before = killed_in_the_midst(cluster, job, out)
    cluster.start_worker()
    cluster.finish(job)
    assert cluster.ask(f"/jobs/{job}/checkpoints")["counts"]["restored"] >= 1
    assert 0 < before < len(hour.said)
    assert signals_in(out) == hour.said


def test_through_kafka_it_says_the_same(hour: Hour, cluster: Cluster, tmp_path: Path) -> None:
    """Task manager and publisher are killed in the midst; the publisher has lost its place and publishes all again."""
    out, place, journal = tmp_path / "out", tmp_path / "place", tmp_path / "journal"
    segments = sorted(hour.journal.glob("*.log"))
    journal.mkdir()
    for segment in segments[: len(segments) // 2]:
        shutil.copy(segment, journal)
    with broker_in(tmp_path / "broker") as broker:
        publisher = broker.publish(journal, place, 5)
        cluster.until((place / "state").exists, "nothing is published")
        job = cluster.submit("--kafka", broker.address, *PATIENTLY, "--out", str(out))
        before = killed_in_the_midst(cluster, job, out)
        os.killpg(publisher.pid, signal.SIGKILL)
        shutil.rmtree(place)
        for segment in segments[len(segments) // 2 :]:
            shutil.copy(segment, journal)
        cluster.start_worker()
        broker.ended(broker.publish(journal, place, 5, "--once"))
        cluster.until(lambda: len(signals_in(out)) >= len(hour.said), "not all is said")
        cluster.end(job)
    assert cluster.ask(f"/jobs/{job}/checkpoints")["counts"]["restored"] >= 1
    assert 0 < before < len(hour.said)
    assert signals_in(out) == hour.said
