"""An earlier export read as a second copy: whatever of it is damaged is simply not used."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from shoutu.county.kit.errors import Invalid
from shoutu.county.ledger import merkle


class Copy:
    """The files of `shoutu ledger export`. Nothing here is believed: the signed heads say what of it holds."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        if not (folder / "entries").is_dir():
            raise Invalid("--from", _("由 shoutu ledger export 导出的文件夹"))
        self.about = self._about()
        self.per_file = int(self.about.get("per_file") or 10_000)
        self._leaves = self._bytes("leaves.txt")
        self._file = lru_cache(maxsize=2)(self._read_entries)

    def notes(self) -> list[str]:
        """Every head that can still be read as text."""
        found = [self._text("head.txt")]
        for line in self._bytes("heads.jsonl").split(b"\n"):
            try:
                note = json.loads(line)
            except ValueError:
                continue
            if isinstance(note, str):
                found.append(note)
        return found

    def keys(self) -> list[str]:
        """The public keys it names, PEM."""
        epochs = self.about.get("epochs")
        named = [epoch.get("key") for epoch in epochs if isinstance(epoch, dict)] if isinstance(epochs, list) else []
        return [pem for pem in [self._text("public.pem"), *named] if isinstance(pem, str) and pem]

    def leaf(self, index: int) -> bytes | None:
        """The exported leaf hash, found by its place so that one damaged line moves no other."""
        width = 65
        try:
            return bytes.fromhex(self._leaves[index * width : index * width + 64].decode("ascii")) or None
        except ValueError:
            return None

    def entry(self, index: int) -> bytes | None:
        """The line at this place, if the lines before it have kept theirs."""
        lines = self._file(index // self.per_file)
        place = index % self.per_file
        return lines[place] if place < len(lines) else None

    def by_hash(self, h: merkle.Hasher, index: int) -> dict[bytes, bytes]:
        """Leaf hash → line, for the file that holds this place: a damaged line break moves the lines after it."""
        return self._hashed(h, index // self.per_file)

    @lru_cache(maxsize=2)  # noqa: B019 - a Copy lives for one repair
    def _hashed(self, h: merkle.Hasher, number: int) -> dict[bytes, bytes]:
        return {h.leaf(line): line for line in self._file(number)}

    def _read_entries(self, number: int) -> list[bytes]:
        return self._bytes(f"entries/{number * self.per_file:08d}.jsonl").split(b"\n")[:-1]

    def _about(self) -> dict[str, Any]:
        try:
            about = json.loads(self._bytes("log.json"))
        except ValueError:
            return {}
        return about if isinstance(about, dict) else {}

    def _bytes(self, name: str) -> bytes:
        try:
            return (self.folder / name).read_bytes()
        except OSError:
            return b""

    def _text(self, name: str) -> str:
        return self._bytes(name).decode("utf-8", "replace")
