"""``shoutu rules check`` as an operator runs it: a pack that is wrong is named with file, line, field and remedy."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from shoutu.county.commands_sites import rules
from tests.stack import plain_environment

pytestmark = pytest.mark.integration
PACKS = Path(__file__).resolve().parents[2] / "packs"
WARNING, RESPONSE = PACKS / "warning" / "tailings-pond.yaml", PACKS / "response" / "default.yaml"

GOOD = """\
pack: tiny
title: 小包
version: 1
cite: 设计
parameters:
  - {id: red, title: 红色值, unit: m}
  - {id: orange, title: 橙色值, unit: m, derived: red * 1.1}
indicators:
  - {id: depth, title: 埋深, unit: m, direction: low}
rules:
  - id: limit
    indicator: depth
    kind: threshold
    title: 埋深不足
    cite: 设计
    params: {direction: low, levels: {3: =orange, 4: =red}}
"""


def check(file: Path) -> tuple[int, str]:
    """Exit code and everything said."""
    ended = CliRunner().invoke(rules, ["check", str(file)])
    assert ended.exception is None or isinstance(ended.exception, SystemExit), ended.exc_info
    return ended.exit_code, ended.output


def run(file: Path, home: Path) -> tuple[int, str]:
    """The same of a program of its own, run in an empty directory."""
    ended = subprocess.run(
        [sys.executable, "-m", "shoutu.cli", "rules", "check", str(file)],
        cwd=home,
        env={**plain_environment(), "SHOUTU_DATA": str(home / "var")},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    said = ended.stdout + ended.stderr
    assert "Traceback" not in said, said
    return ended.returncode, said


@pytest.mark.parametrize("file", [WARNING, RESPONSE], ids=["warning", "response"])
def test_the_shipped_packs_are_good(tmp_path: Path, file: Path) -> None:
    code, said = run(file, tmp_path)
    assert (code, ": ok (" in said) == (0, True), said


def test_a_wrong_pack_ends_the_program_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(GOOD.replace("version: 1", "version: !!python/object/apply:os.system ['touch owned']"), "utf-8")
    code, said = run(file, tmp_path)
    assert (code, "mine.yaml:3:" in said) == (1, True), said
    assert not (tmp_path / "owned").exists()


CASES = {
    "good": ("", "", 0, ("tiny v1: ok",)),
    "tag": ("version: 1", "version: !!python/object/apply:os.system ['touch owned']", 1, (":3:", "标签")),
    "cycle": (
        "红色值, unit: m}",
        "红色值, unit: m, derived: orange}",
        1,
        (":7:", "parameters[1].derived", "orange → red"),
    ),
    "missing unit": ("title: 埋深, unit: m,", "title: 埋深,", 1, (":9:", "indicators[0].unit")),
    "alias": ("version: 1", "version: &one 1", 1, (":3:", "锚点")),
    "duplicate key": ("version: 1", "version: 1\nversion: 2", 1, (":4:", "version", "重复")),
    "cut short": ("=orange, 4: =red}}\n", "=ora", 1, (":16:", "YAML")),
}


@pytest.mark.parametrize("name", CASES)
def test_a_wrong_pack_is_named_with_file_line_and_field(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    old, new, wanted, words = CASES[name]
    assert old in GOOD
    file = tmp_path / "mine.yaml"
    file.write_text(GOOD.replace(old, new, 1), "utf-8")
    code, said = check(file)
    assert code == wanted, said
    assert all(word in said for word in words), said
    assert wanted == 0 or "mine.yaml:" in said
    assert not (tmp_path / "owned").exists()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\xff\xfe\x00bad", ("mine.yaml", "UTF-8")),
        (b"", ("mine.yaml",)),
        (b"x" * 2_000_000, ("mine.yaml",)),
        (b"- 1\n- 2\n", ("mine.yaml:1",)),
        (b"[" * 5_000, ("mine.yaml",)),
        (b"pack: response/mine\nversion: soon\n", ("mine.yaml:1", "levels: missing")),
        (b"pack: response/mine\nversion: !!python/name:os.system 1\n", ("mine.yaml:2",)),
    ],
    ids=["not utf-8", "empty", "huge", "a list", "deep", "response", "response tag"],
)
def test_a_file_that_is_no_pack_is_one_clear_answer(tmp_path: Path, content: bytes, words: tuple[str, ...]) -> None:
    file = tmp_path / "mine.yaml"
    file.write_bytes(content)
    code, said = check(file)
    assert code == 1, said
    assert all(word in said for word in words), said
    assert len(said) < 2_000
