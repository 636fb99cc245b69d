"""One demo county for the module's tests, with the policy's minutes turned into seconds so that ladders can be seen."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.stack import Stack, running

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def hurried_packs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped packs; answers due in a minute are due in two seconds."""
    packs = tmp_path_factory.mktemp("packs") / "packs"
    shutil.copytree(REPOSITORY / "packs", packs)
    response = packs / "response" / "default.yaml"
    text = response.read_text("utf-8")
    hurried, count = re.subn(r"answer: (\d+) min", lambda found: f"answer: {2 * int(found[1])} s", text)
    assert count > 10
    response.write_text(hurried, "utf-8")
    return packs


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory, hurried_packs: Path) -> Iterator[Stack]:
    """``shoutu up --demo`` as a visitor starts it."""
    with running(tmp_path_factory.mktemp("demo") / "var", demo=True, SHOUTU_PACKS=str(hurried_packs)) as stack:
        yield stack
