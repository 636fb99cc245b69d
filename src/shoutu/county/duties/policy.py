"""Response policies as they are used: who is called for a warning of each level and within what time.

`policy_reader` makes them of packs. Pure: no database, no clock.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, NamedTuple, Protocol

LEVELS = {"blue": 1, "yellow": 2, "orange": 3, "red": 4}
RESCUE_LEAD = "rescue_lead"
RUNGS = ("enterprise_duty", "enterprise_principal", "township_head", "county_duty", "county_leader", RESCUE_LEAD)
"""The places in a chain a policy may call, from the mine upward, and beside that ladder whoever leads a rescue team."""
STAGES = ("dispose", "feedback", "repair", "verify", "close", "withdraw", "standby")
RANKS = ("city", "province")
"""Who stands above the county."""
"""What may have a clock of its own after the answer."""
MEDIA = ("app", "sms", "voice", "robot", "mail", "other")
"""What a person's chain of channels is made of; ``other`` are addresses given as they stand (Apprise)."""
NEXT_INSPECTION = "next_inspection"
"""A stage without a fixed limit: done at the next inspection, so no clock runs."""


class Problem(NamedTuple):
    """One thing wrong in a pack; ``line`` counts from 1."""

    file: str
    line: int
    field: str
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.field}: {self.message}"


class PolicyError(ValueError):
    """A response pack that cannot be used; ``problems`` says where and why."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__("\n".join(str(problem) for problem in problems))


@dataclass(frozen=True, slots=True)
class Rung:
    """One place in the chain: who is called, and how long that one has to answer."""

    who: str
    answer: timedelta


@dataclass(frozen=True, slots=True)
class Reach:
    """One medium of a person's chain of channels, and how long it has until the next one starts."""

    by: str
    wait: timedelta


@dataclass(frozen=True, slots=True)
class Lane:
    """One duty opened for a warning: kind, chain from the bottom, stage clocks, and what its holder is to do."""

    duty: str
    chain: tuple[Rung, ...]
    due: Mapping[str, timedelta] = field(default_factory=dict)
    orders: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Closing:
    """Which roles may close a warning of one level; a close by others than `review` (when given) waits for one of them.

    Both are names of `kit.permissions.NAMES`.
    """

    by: tuple[str, ...]
    review: tuple[str, ...] = ()


STRICT = Closing(("leader", "duty_officer"))
"""Where a pack says nothing the county closes, at every level."""


@dataclass(frozen=True, slots=True)
class Response:
    """What one level (or a device fault) sets in motion, and who ends it."""

    withdraw: bool
    lanes: tuple[Lane, ...]
    close: Closing = STRICT
    reach: tuple[Reach, ...] = ()


@dataclass(frozen=True, slots=True)
class Evacuation:
    """停产撤人: whom a withdrawal calls and within what time it is to be complete; which roles order work resumed."""

    lane: Lane
    resume: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Upward:
    """What of one level is told upward: to whom, the first within `first`, again every `again`, the last within `last`.

    `ask`: how long after the warning its report is asked for; what proved false before is never reported.
    """

    to: tuple[str, ...]
    first: timedelta
    last: timedelta
    ask: timedelta = timedelta(0)
    again: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Reporting:
    """信息上报: whom a report is asked of and what each level asks for; within what time an order is given to somebody.

    `verified` is of these clocks alone.
    """

    chain: tuple[Rung, ...]
    levels: Mapping[int, Upward]
    assign: timedelta
    cite: str
    verified: bool


@dataclass(frozen=True, slots=True)
class Blasting:
    """放炮时段: what is measured of `items` within it and below `call_from` calls by `response` until it is over."""

    items: tuple[str, ...]
    call_from: int
    response: Response


class Pack(Protocol):
    """What a duty keeps of the pack it answers to."""

    @property
    def id(self) -> str: ...
    @property
    def version(self) -> int: ...
    @property
    def verified(self) -> bool: ...
    @property
    def retry(self) -> tuple[timedelta, ...]: ...


@dataclass(frozen=True, slots=True)
class ResponsePolicy:
    """A whole response pack. ``verified`` false is shown as 来源待核."""

    id: str
    title: str
    version: int
    verified: bool
    cite: str
    recall_after: timedelta
    retry: tuple[timedelta, ...]
    levels: Mapping[int, Response]
    fault: Response
    # None in a pack that leaves it to the default one.
    evacuation: Evacuation | None = None
    reach: tuple[Reach, ...] = ()
    """How each called person is reached unless the level says otherwise; empty: by every channel at once."""
    stopped: Response | None = None
    blasting: Blasting | None = None
    # None in a pack that leaves it to the default one.
    reports: Reporting | None = None

    def response(self, level: int, category: str, circumstance: str = "") -> Response:
        """The response to a warning of this category at this level (1 blue … 4 red).

        `circumstance`: "stopped" (found at a stopped or sealed site), "blasting" (within a blasting window).
        """
        if circumstance == "stopped" and self.stopped is not None and level < LEVELS["red"]:
            return self.stopped
        if circumstance == "blasting" and self.blasting is not None and level < self.blasting.call_from:
            return self.blasting.response
        return self.levels[min(max(level, 1), 4)] if category == "risk" else self.fault


def snapshot(lane: Lane, policy: Pack) -> dict[str, Any]:
    """A lane as the plain data a duty keeps, so that a later policy changes nothing already running. Seconds."""
    return {
        "policy": f"{policy.id}@{policy.version}",
        "verified": policy.verified,
        "chain": [{"who": rung.who, "answer_s": rung.answer.total_seconds()} for rung in lane.chain],
        "due_s": {stage: length.total_seconds() for stage, length in lane.due.items()},
        "orders": list(lane.orders),
        "retry_s": [pause.total_seconds() for pause in policy.retry],
        "reach": [{"by": one.by, "wait_s": one.wait.total_seconds()} for one in _reach_of(lane, policy)],
    }


def _reach_of(lane: Lane, policy: Pack) -> tuple[Reach, ...]:
    """The chain of channels of the level the lane belongs to, else the pack's; a withdrawal's is that of red."""
    if not isinstance(policy, ResponsePolicy):
        return ()
    responses = [*policy.levels.values(), policy.fault]
    own = next((one.reach for one in responses if any(other is lane for other in one.lanes)), ())
    if policy.evacuation is not None and policy.evacuation.lane is lane and 4 in policy.levels:
        own = policy.levels[4].reach
    return own or policy.reach
