"""The page `docs/guides/first-hour.md` does what it says: its own commands, run in one shell, in an empty directory."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest

from tests.stack import free_ports, plain_environment

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]
REPOSITORY = Path(__file__).resolve().parents[2]
PAGE = REPOSITORY / "docs" / "guides" / "first-hour.md"


def follow(tmp_path: Path, **ports: str) -> subprocess.CompletedProcess[str]:
    """The page's commands in one shell, in a folder that looks like the project's."""
    commands = "\n".join(re.findall(r"```sh\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL))
    assert "shoutu replay" in commands
    for name in ("examples", "src", "packs"):
        (tmp_path / name).symlink_to(REPOSITORY / name)
    (tmp_path / ".venv").symlink_to(Path(sys.executable).parents[1])
    web, ingest, mqtt, mqtts = map(str, free_ports(4))
    environment = {
        **plain_environment(),
        "SHOUTU_DATA": str(tmp_path / "data"),
        "SHOUTU_PORT": web,
        "SHOUTU_INGEST_PORT": ingest,
        "SHOUTU_MQTT_PORT": mqtt,
        "SHOUTU_MQTTS_PORT": mqtts,
        **ports,
    }
    script = f"set -euo pipefail\ntrap 'kill $(jobs -p) 2>/dev/null || true; wait' EXIT\n{commands}"
    return subprocess.run(
        ["bash", "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False, timeout=600
    )


def test_commands_of_the_page_end_with_the_reason_when_the_county_cannot_start(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        ended = follow(tmp_path, SHOUTU_PORT=port)
    assert ended.returncode != 0
    assert f"SHOUTU_PORT={port}: cannot listen" in ended.stdout
    assert "shoutu up has ended; the lines above say why" in ended.stderr


def test_page_waits_for_things_and_not_for_a_time() -> None:
    pauses = re.findall(r"^sleep .*$", PAGE.read_text("utf-8"), re.MULTILINE)
    assert pauses == []


@pytest.mark.full
def test_commands_of_the_page_raise_the_warning_before_the_known_failure(tmp_path: Path) -> None:
    ended = follow(tmp_path)
    assert ended.returncode == 0, f"{ended.stdout}\n{ended.stderr}"

    assert "不能排除尾部被截断" in ended.stdout
    warning = json.loads((tmp_path / "warning.json").read_text("utf-8"))
    assert warning["backfill"] is True
    raised = {}
    for event in warning["events"]:
        at = datetime.fromisoformat(event["at"])
        if event["level_to"] > event["level_from"]:
            raised.setdefault(event["level_to"], at)
    assert raised[2] == datetime.fromisoformat("2014-02-07T14:15:00+00:00")
    assert raised[3] == datetime.fromisoformat("2014-02-07T21:45:00+00:00")
    assert raised[4] == datetime.fromisoformat("2014-02-08T05:40:00+00:00")

    events = (REPOSITORY / "examples/real/events.csv").read_text("utf-8")
    window = re.search(r"machine_temperature.*?,(2014-02-07T[^,]*),.*catastrophic failure", events)
    assert window is not None
    assert raised[2] < datetime.fromisoformat(window[1].replace("Z", "+00:00"))
