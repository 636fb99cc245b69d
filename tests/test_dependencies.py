"""`requirements/check.py` finds what it is for: a missing hash, a foreign address, a licence that is not taken."""

from __future__ import annotations

import importlib.util
import json
import re
from email.message import Message
from importlib import metadata
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

FILE = Path(__file__).parents[1] / "requirements" / "check.py"
HASH = "sha256:" + "0" * 64


@pytest.fixture(scope="module")
def check() -> ModuleType:
    spec = importlib.util.spec_from_file_location("requirements_check", FILE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("expression", "met"),
    [
        ("MIT", True),
        ("GPL-3.0-only", False),
        ("MIT OR GPL-3.0-only", True),
        ("GPL-3.0-only OR MIT", True),
        ("MIT AND GPL-3.0-only", False),
        ("MIT AND (GPL-3.0-only OR Apache-2.0)", True),
        # AND binds closer than OR.
        ("MIT OR Apache-2.0 AND AGPL-3.0-only", True),
        ("AGPL-3.0-only AND MIT OR AGPL-3.0-only", False),
        ("Apache-2.0 WITH LLVM-exception", True),
        ("GPL-2.0-only WITH LLVM-exception", False),
        ("mit", False),
    ],
)
def test_an_expression_is_met_by_one_side_of_or_and_both_of_and(check: ModuleType, expression: str, met: bool) -> None:
    assert check.allowed(expression) is met


@pytest.mark.parametrize("broken", ["", "(MIT", "MIT)", "MIT Apache-2.0", "MIT AND", "SEE LICENSE IN FILE"])
def test_what_is_no_expression_is_told(check: ModuleType, broken: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        check.allowed(broken)
    assert list(check.problems_of_licence("some", broken))


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("some==1.0", "has no hash"),
        ("some==1.0 --hash=md5:00", "has no hash"),
        (f"some>=1.0 --hash={HASH}", "expected one version"),
        (f"some @ https://example.cn/some.whl --hash={HASH}", "expected one version"),
        (f"git+https://example.cn/some --hash={HASH}", "nothing else"),
        ("--extra-index-url https://example.cn/simple", "nothing else"),
    ],
)
def test_lock_lines_that_could_bring_something_else_are_told(check: ModuleType, line: str, told: str) -> None:
    assert told in "\n".join(check.problems_of_lock(line, installed=False))


def test_a_hashed_pin_over_several_lines_is_in_order(check: ModuleType) -> None:
    lock = f"# a note\nsome==1.0 ; python_version >= '3' \\\n    --hash={HASH} \\\n    --hash={HASH}\n"
    assert not list(check.problems_of_lock(lock, installed=False))


def test_what_is_not_installed_or_another_version_is_told(check: ModuleType) -> None:
    version = metadata.version("django")
    assert not list(check.problems_of_lock(f"django=={version} --hash={HASH}", installed=True))
    assert "0.1 is locked" in next(check.problems_of_lock(f"django==0.1 --hash={HASH}", installed=True))
    assert "is not installed" in next(check.problems_of_lock(f"no-such-package==1 --hash={HASH}", installed=True))
    other = f"no-such-package==1 ; sys_platform == 'win32' --hash={HASH}"
    assert not list(check.problems_of_lock(other, installed=True))


@pytest.mark.parametrize(
    ("fields", "licence"),
    [
        ([("License-Expression", "MIT"), ("Classifier", "License :: Odd")], "MIT"),
        ([("Classifier", "License :: OSI Approved :: MIT License")], "MIT"),
        (
            [("Classifier", f"License :: OSI Approved :: {one} License") for one in ("MIT", "BSD")],
            "MIT AND BSD-3-Clause",
        ),
        (
            [("Classifier", "License :: OSI Approved :: GNU General Public License v3 (GPLv3)"), ("License", "MIT")],
            None,
        ),
        ([("License", "BSD-3-Clause")], "BSD-3-Clause"),
        ([("License", "Permission is hereby granted, free of charge, to any person")], None),
        ([], None),
    ],
)
def test_licence_is_what_the_metadata_says(check: ModuleType, fields: list[tuple[str, str]], licence: Any) -> None:
    told = Message()
    told["Name"] = "some"
    for name, value in fields:
        told[name] = value
    assert check.licence_of(told) == licence
    if licence is None:
        assert list(check.problems_of_licence("some", licence))


@pytest.mark.parametrize(
    ("package", "told"),
    [
        ({"license": "MIT", "integrity": "sha512-a"}, ""),
        ({"license": "MIT"}, "no sha512 integrity"),
        ({"license": "MIT", "integrity": "sha1-a"}, "no sha512 integrity"),
        ({"license": "AGPL-3.0", "integrity": "sha512-a"}, "not on the list"),
        ({"integrity": "sha512-a"}, "says no licence"),
        ({"link": True}, "link to a folder"),
    ],
)
def test_packages_of_the_face(check: ModuleType, package: dict[str, Any], told: str) -> None:
    lock = json.dumps({"packages": {"": {"name": "face"}, "node_modules/some": package}})
    found = "\n".join(check.problems_of_npm(lock))
    assert told in found
    assert bool(found) == bool(told)


def test_the_kernel_is_compiled_by_the_same_numba_inside_flink() -> None:
    """Flink pins NumPy; what compiles the engine's kernel, and what reads its catalog, must not differ."""
    folder = FILE.parent
    ours, flinks = (
        dict(re.findall(r"^([a-z-]+)==(\S+)", (folder / name).read_text("utf-8"), re.MULTILINE))
        for name in ("run.lock", "flink.lock")
    )
    for name in ("numba", "llvmlite", "msgspec"):
        assert ours[name] == flinks[name], f"{name}: run make lock again"
