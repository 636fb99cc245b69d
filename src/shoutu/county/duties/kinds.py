"""Kinds of duty. Rooms to the right register theirs; a duty knows of its kind only what is told here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from shoutu.county.kit import findings


@dataclass(frozen=True)
class Kind:
    """`verb`: the word on its button. `answer_only`: answering is all there is to do (to know of something).

    `finished_in`: where it is finished when that is not the duty itself, as the reason a bare "done" is refused.
    `needed`: why nobody may cancel such a duty about this subject (an id) now; None when it may be.
    `covert`: about a mine, but not for its eyes: whoever is overseen sees it only when called for it.
    `stays`: done, it goes on until it is not `needed` any more: its holder goes on seeing the site, and nobody verifies
    it before.
    """

    name: str
    title: Any
    verb: Any
    answer_only: bool = False
    finished_in: Any = None
    needed: Callable[[int], str | None] | None = None
    covert: bool = False
    stays: bool = False


ANSWER = _("应答")
_kinds: dict[str, Kind] = {}


def register(kind: Kind) -> Kind:
    """Make a kind of duty known. Called once, from a room's ``register`` module."""
    _kinds[kind.name] = kind
    return kind


def get(name: str) -> Kind:
    """The kind of this name, a kind of finding among them; an unregistered one is plain: answer, then done."""
    if (finding := findings.get(name)) is not None and name not in _kinds:
        return Kind(name, finding.title, finding.verb, finished_in=finding.finished_in, needed=_still_lacking)
    return _kinds.get(name) or Kind(name, name, _("办理"))


def names() -> list[str]:
    """The names of the kinds that rooms have registered."""
    return list(_kinds)


def covert() -> list[str]:
    """The names of the kinds a mine sees only when it is called."""
    return [kind.name for kind in _kinds.values() if kind.covert]


def staying() -> list[str]:
    """The names of the kinds that go on when they are done."""
    return [kind.name for kind in _kinds.values() if kind.stays]


def _still_lacking(finding_id: int) -> str | None:
    """Why the duty that asks for what is lacking may not be cancelled: some of it still is."""
    from shoutu.county.duties.selectors.findings import lacking

    return str(_("缺项还在，补上以后自动了结")) if lacking(finding_id) else None
