"""The documents of this project as their parser sees them: links, pictures, headings, code."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Page:
    """One document; `name` is its path from the root of the project."""

    name: str
    text: str
    tokens: tuple[Token, ...]

    @property
    def folder(self) -> Path:
        return (ROOT / self.name).parent

    def inline(self) -> Iterator[Token]:
        """Links, pictures and code within the text."""
        for token in self.tokens:
            yield from token.children or ()

    def links(self) -> list[str]:
        """Where its links and pictures lead."""
        found = [
            token.attrGet("href") if token.type == "link_open" else token.attrGet("src") for token in self.inline()
        ]
        return [str(one) for one in found if one]

    def spoken_code(self) -> list[str]:
        """Code within the text, between backquotes."""
        return [token.content for token in self.inline() if token.type == "code_inline"]

    def blocks(self) -> list[str]:
        """Blocks of code."""
        return [token.content for token in self.tokens if token.type in ("fence", "code_block")]

    def anchors(self) -> set[str]:
        """The names of its headings, as GitHub and GitLab make them."""
        texts = [self.tokens[at + 1].content for at, token in enumerate(self.tokens) if token.type == "heading_open"]
        return {re.sub(r"[^\w\- ]", "", text.lower()).strip().replace(" ", "-") for text in texts}


@cache
def page(name: str) -> Page:
    text = (ROOT / name).read_text("utf-8")
    return Page(name, text, tuple(MarkdownIt("commonmark").enable("table").parse(text)))


@cache
def pages() -> tuple[Page, ...]:
    """Every document that is kept with the project."""
    found = [ROOT / "README.md"]
    for folder in ("docs", "examples", "packs", "deploy"):
        found += sorted((ROOT / folder).rglob("*.md"))
    return tuple(page(str(path.relative_to(ROOT))) for path in found)
