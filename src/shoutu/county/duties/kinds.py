"""Kinds of duty. Rooms to the right register theirs; a duty knows of its kind only what is told here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class Kind:
    """`verb`: the word on its button. `answer_only`: answering is all there is to do (to know of something).

    `finished_in`: where it is finished when that is not the duty itself, as the reason a bare "done" is refused.
    `needed`: why nobody may cancel such a duty about this subject (an id) now; None when it may be.
    """

    name: str
    title: Any
    verb: Any
    answer_only: bool = False
    finished_in: Any = None
    needed: Callable[[int], str | None] | None = None


ANSWER = _("应答")
_kinds: dict[str, Kind] = {}


def register(kind: Kind) -> Kind:
    """Make a kind of duty known. Called once, from a room's ``register`` module."""
    _kinds[kind.name] = kind
    return kind


def get(name: str) -> Kind:
    """The kind of this name; an unregistered one is plain: answer, then done."""
    return _kinds.get(name) or Kind(name, name, _("办理"))
