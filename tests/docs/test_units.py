"""The systemd units of deploy/systemd: what systemd itself says of them, and that they run commands that exist."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from shoutu.cli import LAZY
from tests.docs.pages import ROOT

UNITS = sorted((ROOT / "deploy" / "systemd").glob("*.service"))


def test_every_unit_runs_a_command_of_ours() -> None:
    run = [re.search(r"^ExecStart=.*/shoutu (\w+)", unit.read_text("utf-8"), re.MULTILINE) for unit in UNITS]
    assert len(UNITS) == 4
    assert {found[1] for found in run if found} == {"prepare", "web", "worker", "pipeline"} & LAZY.keys()


def setting(name: str) -> Path:
    text = (ROOT / "deploy" / "systemd" / "shoutu.env").read_text("utf-8")
    return Path(re.findall(rf"^(?:# )?{name}=(\S+)$", text, re.MULTILINE)[0])


def writable(unit: Path) -> list[Path]:
    (told,) = re.findall(r"^ReadWritePaths=(.*)$", unit.read_text("utf-8"), re.MULTILINE)
    return [Path(path.removeprefix("-")) for path in told.split()]


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_every_unit_may_write_beside_its_data_where_a_restored_county_lies(unit: Path) -> None:
    assert setting("SHOUTU_DATA").parent in writable(unit)


def test_web_and_worker_may_write_backups_where_the_settings_say() -> None:
    units = [unit for unit in UNITS if setting("SHOUTU_BACKUP_DIR") in writable(unit)]
    assert [unit.stem for unit in units] == ["shoutu-web", "shoutu-worker"]


def test_preparing_is_tried_again_until_it_is_done(tmp_path: Path) -> None:
    text = (ROOT / "deploy" / "systemd" / "shoutu-prepare.service").read_text("utf-8")
    shell, option, line = shlex.split(re.findall(r"^ExecStart=(.*)$", text, re.MULTILINE)[0])
    program = "#!/bin/sh\necho try >> tries\ntest $(wc -l < tries) -ge 3\n"
    for name, script in (("shoutu", program), ("sleep", "#!/bin/sh\n")):
        (tmp_path / name).write_text(script, "utf-8")
        (tmp_path / name).chmod(0o755)
    line = line.replace("/opt/shoutu/.venv/bin/shoutu", "./shoutu")
    path = {"PATH": f"{tmp_path}:{os.defpath}"}
    assert subprocess.run([shell, option, line], cwd=tmp_path, env=path, check=False, timeout=20).returncode == 0
    assert (tmp_path / "tries").read_text("utf-8") == "try\n" * 3
    # systemd gives up neither on the time it takes nor, so, on what requires it.
    assert "TimeoutStartSec=infinity" in text


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not here")
def test_systemd_finds_nothing_wrong_with_the_units(tmp_path: Path) -> None:
    for unit in UNITS:
        # Only the program's place differs from that of an installation: the units ask that it exists.
        text = unit.read_text("utf-8").replace("/opt/shoutu/.venv/bin/shoutu", sys.executable)
        (tmp_path / unit.name).write_text(text, "utf-8")
    copies = [str(tmp_path / unit.name) for unit in UNITS]
    said = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *copies], capture_output=True, text=True, check=False, timeout=60
    )
    # What is said of other units of this machine is not ours.
    ours = [line for line in said.stderr.splitlines() if "shoutu" in line]
    assert ours == []
