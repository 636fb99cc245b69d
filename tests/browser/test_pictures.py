"""`make pictures` takes what it says: two of its pictures, of a demo county of their own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from bench.pictures import SHOTS
from tests.stack import plain_environment

pytestmark = [pytest.mark.browser, pytest.mark.full, pytest.mark.timeout(900)]
ROOT = Path(__file__).resolve().parents[2]


def test_two_pictures_are_taken(tmp_path: Path) -> None:
    names = ["warning", "desk-phone"]
    ended = subprocess.run(
        [sys.executable, "-m", "bench.pictures", *names, "--into", str(tmp_path)],
        cwd=ROOT,
        env=plain_environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=800,
    )
    assert ended.returncode == 0, ended.stderr
    assert sorted(path.stem for path in tmp_path.iterdir()) == sorted(names)
    for shot in (one for one in SHOTS if one.name in names):
        with Image.open(tmp_path / f"{shot.name}.webp") as picture:
            scale = picture.width / shot.size[0]
            assert picture.height / scale == pytest.approx(shot.size[1], abs=1)
            colours = picture.convert("RGB").getcolors(picture.width * picture.height)
            assert colours is not None
            assert len(colours) > 500  # a page with something on it, not a blank one
