"""The commands of docs/ledger.md, run as they stand there."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from django.conf import settings

import shoutu.verify_ledger as verifier
from shoutu.county.commands_ledger import ledger

PAGE = Path(__file__).resolve().parents[3] / "docs" / "ledger.md"


def test_commands_of_the_page(write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    entries = write(4)
    monkeypatch.chdir(tmp_path)
    shutil.copy(verifier.__file__, tmp_path / "verify_ledger.py")
    settings.CONFIG.ensure()
    lines = "".join(re.findall(r"```sh\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)).splitlines()
    assert len(lines) == 9
    for line in lines:
        command, _, target = line.replace("prove 3", f"prove {entries[2].pk}").partition(" > ")
        words = shlex.split(command.replace("$SHOUTU_DATA", str(settings.CONFIG.data)))
        if words[:2] == ["shoutu", "ledger"]:
            done = CliRunner().invoke(ledger, words[2:])
            code, said = done.exit_code, done.stdout
        else:
            words = [sys.executable, "-I", *words[1:]] if words[0] == "python" else words
            ran = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
            code, said = ran.returncode, ran.stdout
        assert code == 0, (line, said)
        if target:
            (tmp_path / target).write_text(said, "utf-8")


def test_every_command_there_is_stands_on_the_page() -> None:
    page = PAGE.read_text("utf-8")
    assert not [name for name in ledger.commands if f"shoutu ledger {name}" not in page]
