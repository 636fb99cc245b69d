"""What a session asks of an OPC UA server and makes of its answers, without one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from asyncua import ua

from shoutu.sensing.decode.model import Rows
from shoutu.sensing.devices.opcua.session import MOST_TOLD, Session, Watch
from shoutu.sensing.devices.settings import read_opcua

NOW = datetime(2026, 11, 27, 8, 0, tzinfo=UTC)
MS = round(NOW.timestamp() * 1000)


class Asked:
    """The services of a session, of which a subscription is asked."""

    def __init__(self) -> None:
        self.subscription: Any = None

    async def create_subscription(self, asked: Any, _callback: Any) -> Any:
        self.subscription = asked
        return SimpleNamespace(SubscriptionId=1, RevisedPublishingInterval=1000, RevisedMaxKeepAliveCount=10)


class Said:
    """A runner that notes what is wrong."""

    trouble_told = ("", "")

    def count(self, *_: Any) -> None:
        return None

    def trouble(self, reason: str, detail: str = "") -> None:
        self.trouble_told = reason, detail


def session(nodes: int = 1, **told: Any) -> tuple[Session, Said, Asked]:
    rows = [{"address": f"A-{n}", "node": f"ns=2;s={'n' * 900}{n}"} for n in range(nodes)]
    said, asked = Said(), Asked()
    settings = read_opcua({"endpoint": "opc.tcp://10.20.0.5", "nodes": rows, **told})
    client: Any = SimpleNamespace(uaclient=SimpleNamespace(session=asked))
    found = Session(said, settings, client)  # type: ignore[arg-type]
    found._watches = [Watch(one, None, item=1) for one in settings.nodes]
    return found, said, asked


def read_again(clock: str, server: datetime | None) -> int:
    """The time of a value that changed an hour ago and is read again now."""
    found, _, _ = session(time=clock)
    (watch,) = found._watches
    then = NOW - timedelta(hours=1)
    data = ua.DataValue(ua.Variant(1.5, ua.VariantType.Double), ua.StatusCode(0), then, server)
    rows = Rows()
    watch.ts = MS - 3_600_000
    found._note(rows, 0, watch, data, MS, beat=True)
    return int(rows.ts[0])


@pytest.mark.parametrize(
    ("clock", "server", "ms"),
    [
        ("source", NOW - timedelta(seconds=5), MS - 5_000),
        ("server", NOW + timedelta(seconds=5), MS + 5_000),
        ("source", NOW - timedelta(hours=1), MS),
        ("source", NOW - timedelta(minutes=59), MS),
        ("source", None, MS),
        ("arrival", NOW - timedelta(seconds=5), MS),
    ],
)
def test_what_stands_still_is_said_for_now_by_the_clock_its_changes_are_told_by(
    clock: str, server: datetime | None, ms: int
) -> None:
    assert read_again(clock, server) == ms


@pytest.mark.anyio
async def test_a_notification_is_no_longer_than_the_loop_can_bear() -> None:
    found, _, asked = session()
    await found._subscribe()
    assert 0 < int(asked.subscription.MaxNotificationsPerPublish) == MOST_TOLD


def test_what_is_told_together_with_the_end_of_a_subscription_is_taken() -> None:
    found, _, _ = session()
    change = ua.MonitoredItemNotification(ClientHandle=1, Value=ua.DataValue(ua.Variant(2.5, ua.VariantType.Double)))  # type: ignore[arg-type]
    parts: list[Any] = [
        ua.StatusChangeNotification(Status=ua.StatusCode(ua.StatusCodes.BadTimeout)),
        ua.DataChangeNotification(MonitoredItems=[change]),
    ]
    told = list(found._changes(ua.NotificationMessage(SequenceNumber=1, NotificationData=parts)))  # type: ignore[arg-type]
    assert [(watch.node.address, data.Value.Value) for watch, data in told if data.Value] == [("A-0", 2.5)]
    assert found._lost is not None
    assert found._lost.reason == "closed"


def test_of_very_many_nodes_that_are_wrong_some_are_named_and_all_counted() -> None:
    found, said, _ = session(nodes=2_000)
    for one in found._watches:
        one.wrong = "BadNodeIdUnknown"
    found._tell()
    reason, detail = said.trouble_told
    assert (reason, detail.startswith("2000/2000 ns=2;s=n"), len(detail) < 3_000) == ("nodes", True, True)
