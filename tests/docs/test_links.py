"""Whatever a document points at is there: files, headings, pictures, and what it names by its path."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

from tests.docs.pages import ROOT, page, pages

OURS = re.compile(r"(?:docs|src|tests|packs|web|bench|examples|deploy|requirements)/[\w./\-]*\w/?")
"""Code between backquotes that reads as a path from the root of the project."""
IMPORTED = re.compile(r"`(shoutu(?:\.(?!toml)[a-z_]+)+)`")


def test_every_link_and_picture_leads_somewhere() -> None:
    broken = []
    seen = 0
    for one in pages():
        for link in one.links():
            parts = urlsplit(link)
            if parts.scheme in ("http", "https", "mailto"):
                continue
            seen += 1
            target = (one.folder / unquote(parts.path)).resolve() if parts.path else ROOT / one.name
            if not target.is_relative_to(ROOT) or not target.exists():
                broken.append(f"{one.name}: {link}")
            elif parts.fragment and target.suffix == ".md":
                there = page(str(target.relative_to(ROOT))).anchors()
                if unquote(parts.fragment) not in there:
                    broken.append(f"{one.name}: {link}: no such heading, of {sorted(there)}")
    assert seen > 25
    assert broken == []


def test_every_path_that_is_named_exists() -> None:
    named = [(one.name, code) for one in pages() for code in one.spoken_code() if OURS.fullmatch(code)]
    assert len(named) > 30
    # A county's own file stands beside what is shipped; paths of the face are told from its folder.
    kept = [(name, code) for name, code in named if not code.endswith("county.yaml")]
    gone = [f"{name}: {code}" for name, code in kept if not ((ROOT / code).exists() or (ROOT / "web" / code).exists())]
    assert gone == []


def test_every_module_that_is_named_exists() -> None:
    gone = []
    for one in pages():
        for dotted in IMPORTED.findall(one.text):
            path = ROOT / "src" / Path(*dotted.split("."))
            if not (path.is_dir() or path.with_suffix(".py").exists()):
                # What a module has in it: `shoutu.engine.packs.bind`.
                module = path.parent.with_suffix(".py")
                init = path.parent / "__init__.py"
                kept = "".join(file.read_text("utf-8") for file in (module, init) if file.exists())
                if not re.search(rf"\b{path.name}\b", kept):
                    gone.append(f"{one.name}: {dotted}")
    assert gone == []


def test_every_picture_is_used() -> None:
    used = {(one.folder / link).resolve() for one in pages() for link in one.links()}
    kept = [path for path in (ROOT / "docs" / "pictures").glob("*.*") if path.suffix != ".md"]
    assert [path.name for path in kept if path not in used] == []


def test_the_pictures_are_those_that_are_taken() -> None:
    """None is left that `make pictures` would not renew, and together they stay light."""
    from bench.pictures import ALL_KB, SHOTS

    kept = sorted((ROOT / "docs" / "pictures").glob("*.*"))
    assert [path.name for path in kept] == sorted(f"{shot.name}.webp" for shot in SHOTS)
    assert sum(path.stat().st_size for path in kept) < ALL_KB * 1000
