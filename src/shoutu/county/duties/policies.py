"""Response packs in force: the text two persons agreed to last, whatever stands on disk.

Whoever can write the files could else delay every call unseen (design §9). A room names its pack once (`Source`); until
anything was agreed to, what is on disk holds, and `services.policies.look` takes that down as the first text agreed to.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Generic, NamedTuple, TypeVar

from django.conf import settings

from shoutu.county.duties.policy import PolicyError, Problem
from shoutu.county.duties.selectors import policies as selectors

P = TypeVar("P")
# A file anybody may have written: a number beyond all bounds and brackets without end are told like other mistakes.
UNREADABLE = (PolicyError, OSError, ValueError, OverflowError, RecursionError)


class Texts(NamedTuple):
    """The county's own file and the default one, as text; "" for one that is not there or cannot be read."""

    own: str
    default: str

    @property
    def digest(self) -> str:
        return hashlib.sha256(json.dumps(list(self), ensure_ascii=False).encode()).hexdigest()


@dataclass(frozen=True)
class Source(Generic[P]):
    """One response pack: the county's `own` file goes before the `default` one, both in `packs/response`.

    `last`: where earlier versions kept the text they could read last, beside the data; serves until one is agreed to.
    `told`: what texts say in words, name of a line → its value; what two persons compare.
    """

    kind: str
    title: Any
    own: str
    default: str
    parse: Callable[[str, str], P]
    told: Callable[[Texts], Mapping[str, str]]
    last: str = ""

    def in_force(self) -> P:
        """The pack people are called by. Raises PolicyError only when nothing was ever readable."""
        return self.of(self.texts())

    def of(self, texts: Texts) -> P:
        """The county's own pack, else the default one. Raises PolicyError when neither can be read."""
        found = self.parsed(self.own, texts.own) or self.parsed(self.default, texts.default)
        if found is None:
            raise PolicyError([Problem(self.default, 1, "", self.on_disk()[1] or "no response pack can be read")])
        return found

    def texts(self) -> Texts:
        """What was agreed to last; what is on disk before that, or where this version cannot read it any more."""
        agreed = selectors.agreed(self.kind)
        held = None if agreed is None else Texts(*agreed)
        if held is not None and self.readable(held):
            return held
        texts = self.on_disk()[0]
        if self.readable(texts):
            return texts
        # Of what cannot be read as a whole, still rather what was agreed to.
        return held or Texts(self._last(), texts.default)

    def readable(self, texts: Texts) -> bool:
        """Whether the one people are called by can be read: the county's own where there is one."""
        if texts.own:
            return self.parsed(self.own, texts.own) is not None
        return self.parsed(self.default, texts.default) is not None

    def parsed(self, name: str, text: str) -> P | None:
        """None for "" and what cannot be read. The same text gives the same object: lanes are told apart by `is`."""
        found, _problem = _parsed(self.parse, name, text) if text else (None, "")
        return found

    def on_disk(self) -> tuple[Texts, str]:
        """The files as they are now, and what is wrong with one of them ("" when nothing is)."""
        folder = settings.CONFIG.packs / "response"
        own, wrong = self._file(folder / self.own, may_lack=True)
        default, other = self._file(folder / self.default)
        return Texts(own, default), wrong or other

    def fault(self) -> str:
        return self.on_disk()[1]

    def _last(self) -> str:
        if not self.last:
            return ""
        text, _wrong = self._file(settings.CONFIG.run / self.last, may_lack=True)
        return text

    def _file(self, file: Path, may_lack: bool = False) -> tuple[str, str]:
        # Read each time: whoever changes a file can set its time back.
        try:
            text = file.read_bytes().decode("utf-8")
        except UNREADABLE as error:
            if may_lack and isinstance(error, FileNotFoundError):
                return "", ""
            return "", f"{file}: {error}"
        found, problem = _parsed(self.parse, str(file), text)
        return (text, "") if found is not None else ("", problem or f"{file}: empty")


@lru_cache(maxsize=32)
def _parsed(parse: Callable[[str, str], Any], name: str, text: str) -> tuple[Any, str]:
    try:
        return parse(text, name), ""
    except PolicyError as error:
        return None, str(error)
    except UNREADABLE as error:
        return None, f"{name}: {error or type(error).__name__}"


_sources: dict[str, Source[Any]] = {}


def register(source: Source[P]) -> Source[P]:
    """Make a pack known. Called once, where a room keeps its policy."""
    _sources[source.kind] = source
    return source


def sources() -> list[Source[Any]]:
    return list(_sources.values())


def get(kind: str) -> Source[Any]:
    """Raises KeyError for a kind no room knows."""
    return _sources[kind]


def differs(before: Mapping[str, str], after: Mapping[str, str]) -> list[tuple[str, str, str]]:
    """What two tellings say differently: (name of the line, before, after), "" for a line that is not there."""
    names = [*before, *(name for name in after if name not in before)]
    lines = ((name, before.get(name, ""), after.get(name, "")) for name in names)
    return [line for line in lines if line[1] != line[2]]
