"""The worker's own health address, asked over HTTP."""

from __future__ import annotations

import httpx
import pytest

from shoutu.county.kit import worker_health
from shoutu.county.kit.steps import Step
from shoutu.county.kit.worker import Worker
from tests.stack import free_ports

pytestmark = pytest.mark.django_db


def test_health_follows_the_lease_and_counts_the_steps():
    port = free_ports(1)[0]
    worker = Worker()
    worker_health.serve("127.0.0.1", port, worker.watching)
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as ask:
        assert ask.get("/healthz").status_code == 200
        assert ask.get("/readyz").status_code == 503
        assert "shoutu_worker_watching 0.0" in ask.get("/metrics").text
        worker._renew()
        worker._run(Step("health.well", 1, "health", lambda: None))
        worker._run(Step("health.ill", 1, "health", lambda: 1 / 0))
        assert ask.get("/readyz").json() == {"ok": True}
        told = ask.get("/metrics").text
        assert "shoutu_worker_watching 1.0" in told
        assert 'shoutu_worker_step_seconds_count{step="health.well"} 1.0' in told
        assert 'shoutu_worker_step_failed_total{step="health.ill"} 1.0' in told
        assert ask.get("/elsewhere").status_code == 404
        worker._farewell()
        worker._valid_until = 0.0
        assert ask.get("/readyz").status_code == 503


def test_a_taken_port_is_said_and_does_not_stop_the_worker(caplog):
    port = free_ports(1)[0]
    worker_health.serve("127.0.0.1", port, lambda: True)
    worker_health.serve("127.0.0.1", port, lambda: True)
    assert f"SHOUTU_WORKER_PORT={port}" in caplog.text
