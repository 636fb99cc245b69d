"""The response policy in force: the pack of this county, else the default one, as two persons agreed to it last."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from django.utils.translation import gettext_lazy

from shoutu.county.duties import policies, policy_words
from shoutu.county.duties.policies import Texts
from shoutu.county.duties.policy import STRICT, Evacuation, Lane, PolicyError, Reporting, ResponsePolicy
from shoutu.county.duties.policy_reader import parse
from shoutu.county.people import asked

OWN, DEFAULT = "county.yaml", "default.yaml"


def in_force() -> ResponsePolicy:
    """`county.yaml` of `packs/response`, else `default.yaml`, as agreed to (see `duties.policies`).

    Raises PolicyError only when nothing was ever readable.
    """
    return SOURCE.in_force()


def evacuation(texts: Texts | None = None) -> Evacuation:
    """Whom a withdrawal calls and who orders work resumed: the county's own pack, else the default one.

    Where neither says so, those whom a red calls: a missing line must not keep people in.
    """
    policy, default = _both(texts)
    told = policy.evacuation or (default.evacuation if default else None)
    if told is not None:
        return told
    chain = policy.levels[4].lanes[0].chain
    return Evacuation(Lane("warning.withdraw", chain, {"withdraw": timedelta(hours=1)}), STRICT.by)


def reporting(texts: Texts | None = None) -> Reporting:
    """What is told upward and when: the county's own pack, else the default one; nothing where neither says so."""
    policy, default = _both(texts)
    told = policy.reports or (default.reports if default else None)
    return told or Reporting(policy.levels[4].lanes[0].chain, {}, timedelta(minutes=30), "", verified=False)


@asked.by
def places() -> set[str]:
    """Every place a chain of the pack in force names."""
    try:
        policy, out = in_force(), evacuation()
    except PolicyError:
        return set()  # told elsewhere
    beside = [policy.stopped, policy.blasting.response if policy.blasting else None]
    responses = [*policy.levels.values(), policy.fault, *(one for one in beside if one is not None)]
    chains = [lane.chain for one in responses for lane in one.lanes]
    return {rung.who for chain in (*chains, out.lane.chain, reporting().chain) for rung in chain}


def fault() -> str:
    """What is wrong with the county's own file or with the default one on disk; empty when nothing is."""
    return SOURCE.fault()


def _both(texts: Texts | None) -> tuple[ResponsePolicy, ResponsePolicy | None]:
    texts = texts or SOURCE.texts()
    return SOURCE.of(texts), SOURCE.parsed(DEFAULT, texts.default)


def _told(texts: Texts) -> Mapping[str, str]:
    return policy_words.told(SOURCE.of(texts), evacuation(texts), reporting(texts))


LAST = "response-last.yaml"
SOURCE = policies.register(policies.Source("response", gettext_lazy("响应方案"), OWN, DEFAULT, parse, _told, LAST))
