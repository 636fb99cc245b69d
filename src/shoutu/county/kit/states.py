"""A model's life as a table: from which state, by which verb, to which, who may, and when not."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from shoutu.county.kit.actors import Actor
from shoutu.county.kit.errors import Conflict

# A guard answers why the step may not be taken now, or None when it may.
Guard = Callable[[Any, Actor], str | None]


@dataclass(frozen=True)
class Transition:
    """One permitted step. `target` None stays in the state; `permission` is a name of `kit.permissions`."""

    source: str | tuple[str, ...]
    verb: str
    target: str | None
    permission: str | None = None
    guard: Guard | None = None

    @property
    def sources(self) -> tuple[str, ...]:
        return (self.source,) if isinstance(self.source, str) else self.source


class StateTable:
    """All permitted steps of one kind of thing. Anything not listed is refused."""

    def __init__(self, transitions: Iterable[Transition], states: dict[str, Any] | None = None) -> None:
        self.transitions = tuple(transitions)
        self.titles = states or {}
        self._steps: dict[tuple[str, str], Transition] = {}
        for transition in self.transitions:
            for source in transition.sources:
                if (source, transition.verb) in self._steps:
                    raise ValueError(f"two transitions from {source!r} by {transition.verb!r}")
                self._steps[source, transition.verb] = transition

    @property
    def states(self) -> list[str]:
        names: dict[str, None] = {}
        for (source, _verb), transition in self._steps.items():
            names[source] = None
            if transition.target:
                names[transition.target] = None
        return list(names)

    @property
    def verbs(self) -> list[str]:
        return list(dict.fromkeys(verb for _state, verb in self._steps))

    def forbidden(self) -> list[tuple[str, str]]:
        """Every (state, verb) that must be refused; tests walk it."""
        return [(s, v) for s in self.states for v in self.verbs if (s, v) not in self._steps]

    def why_not(self, state: str, verb: str, actor: Actor, thing: Any) -> str | None:
        """Why this actor cannot take this step now, or None. For the face's greyed-out buttons."""
        transition = self._steps.get((state, verb))
        if transition is None:
            return _("当前状态为“%(state)s”，不能这样做。") % {"state": self.titles.get(state, state)}
        if transition.permission and not actor.may(transition.permission):
            return _("这一步不归你的岗位办。")
        return transition.guard(thing, actor) if transition.guard else None

    def step(self, state: str, verb: str, actor: Actor, thing: Any) -> str:
        """The state after `verb`. Raises Conflict when it is not a step from here or the guard refuses,
        NotAllowed when the actor lacks the permission."""
        transition = self._steps.get((state, verb))
        if transition is None:
            self._require_somewhere(verb, actor)
            raise Conflict(_("当前状态为“%(state)s”，不能这样做。") % {"state": self.titles.get(state, state)})
        if transition.permission:
            actor.require(transition.permission)
        if transition.guard and (reason := transition.guard(thing, actor)):
            raise Conflict(reason)
        return transition.target or state

    def _require_somewhere(self, verb: str, actor: Actor) -> None:
        """Who may take this step from no state at all is told so, not where the thing stands."""
        wanted = [one.permission for one in self.transitions if one.verb == verb]
        if wanted and all(permission and not actor.may(permission) for permission in wanted):
            actor.require(wanted[0] or "")
