"""One OPC UA server: its changes are subscribed to, what stands still is read again; Away ends it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import ceil, inf
from typing import TYPE_CHECKING, Any, cast

from asyncua import ua

from shoutu.sensing.decode.model import Rows
from shoutu.sensing.devices.away import Away
from shoutu.sensing.devices.opcua.line import Caller, entered
from shoutu.sensing.devices.opcua.values import (
    GONE,
    Unfit,
    node_id,
    overflowed,
    reading_of,
    stamp_of,
    status_name,
    status_of,
)
from shoutu.sensing.devices.settings import Node, Opcua, read_opcua
from shoutu.sensing.doors import EARLIEST
from shoutu.sensing.model import INVALID

if TYPE_CHECKING:
    from shoutu.sensing.devices.hub import Runner

NAMESPACES = "i=2255"
"""The node in which a server lists its namespaces."""
AT_ONCE = 200
"""Nodes in one request."""
KEEP_ALIVE_SECONDS = 10.0
KEPT_SECONDS = 600.0
"""So long a server keeps a subscription that is asked for nothing, as while our disk is full."""
OVERFLOW_SHOWN_SECONDS = 600.0
MOST_TOLD = 1_000
"""Values in one notification; of more the rest comes in the next. It is decoded on the loop that all doors share."""
WRONG_SHOWN = 3
CLOCKS_APART_MS = 60_000
"""A server's time further from ours is not that of its answer."""


@dataclass(slots=True)
class Watch:
    """One node. ``item``: its number with the server while it is watched. Monotonic: ``tried`` and ``at``, the last
    reading of now. ``ts``: the newest time stored, UTC ms. ``wrong``: what keeps it from good readings."""

    node: Node
    id: ua.NodeId | None
    item: int | None = None
    tried: float = -inf
    at: float = -inf
    ts: int | None = None
    wrong: str = ""


async def hold_opcua(runner: Runner) -> None:
    """Work with a server until it is away. Raises Away."""
    settings = read_opcua(runner.device.settings)
    runner.pace = settings.beat_s
    async with entered(runner, settings) as client:
        try:
            await Session(runner, settings, client).work()
        except TimeoutError:
            raise Away("silent", f"{settings.timeout_s:g} s") from None


class Session:
    """What is watched on one server. Its library calls ``published``; all else is done by one task."""

    def __init__(self, runner: Runner, settings: Opcua, client: Caller) -> None:
        self._runner, self._settings, self._client = runner, settings, client
        self._services = client.uaclient.session
        self._watches: list[Watch] = []
        self._subscription = 0
        self._wake = asyncio.Event()
        self._given: list[tuple[Watch, ua.DataValue]] = []
        self._arrived = 0
        self._taken: asyncio.Future[None] | None = None
        self._lost: Away | None = None
        self._sequence: int | None = None
        self._alive = time.monotonic()
        self._patience = inf
        self._narrow = ""
        self._overflow = -inf
        self._drop: list[int] = []

    async def work(self) -> None:
        self._client.connection_lost_callback = self._broke
        namespaces = await self._namespaces()
        self._watches = [Watch(one, node_id(one.node, namespaces)) for one in self._settings.nodes]
        await self._subscribe()
        await self._watch(self._watches)
        try:
            while not self._runner.leaving:
                if self._given:
                    await self._take()
                elif self._lost is not None:
                    raise self._lost
                elif time.monotonic() - self._alive > self._patience:
                    raise Away("silent", f"{self._patience:.0f} s")
                else:
                    await self._beat()
                    self._tell()
                    await self._rest()
        finally:
            # What has arrived is stored whatever ends the session; what is not, is not acknowledged either.
            await self._take()

    # what the library tells
    async def _broke(self, error: Exception) -> None:
        self._lose(Away("silent" if isinstance(error, TimeoutError) else "closed", str(error)))

    def _lose(self, away: Away) -> None:
        self._lost = self._lost or away
        self._wake.set()

    async def published(self, result: ua.PublishResult) -> None:
        """A notification. It is acknowledged, and the next asked for, when this returns: once it is durable."""
        try:
            self._alive = time.monotonic()
            changes = list(self._changes(result.NotificationMessage))
        except Exception as error:
            self._lose(Away("not_opcua", f"{type(error).__name__}: {error}"))
            raise
        if changes:
            self._arrived = time.time_ns() // 1_000_000
            self._given, self._taken = changes, asyncio.get_running_loop().create_future()
            self._wake.set()
            await self._taken

    def _changes(self, message: ua.NotificationMessage) -> Iterator[tuple[Watch, ua.DataValue]]:
        parts: list[Any] = message.NotificationData or []
        for part in parts:
            if isinstance(part, ua.StatusChangeNotification):
                # What else the message says is taken all the same.
                self._lose(Away("closed", status_name(int(part.Status.value))))
        if not parts:
            return
        number = int(message.SequenceNumber)
        if self._sequence is not None and number != self._sequence % 0xFFFFFFFF + 1:
            # Something was told that never came: all is read anew in a session of its own.
            self._runner.missed(max(number - self._sequence - 1, 1))
            self._lose(Away("gap", f"{self._sequence} → {number}"))
        self._sequence = number
        for part in parts:
            for one in part.MonitoredItems if isinstance(part, ua.DataChangeNotification) else ():
                if 1 <= one.ClientHandle <= len(self._watches):
                    yield self._watches[one.ClientHandle - 1], one.Value

    # what is watched
    async def _namespaces(self) -> list[str]:
        if not any(one.node.startswith("nsu=") for one in self._settings.nodes):
            return []
        (told,) = await self._read([node_id(NAMESPACES, [])])
        held = told.Value.Value if told.Value is not None else None
        return [str(one) for one in held] if isinstance(held, list) else []

    async def _subscribe(self) -> None:
        every = self._settings.every_s
        asked = ua.CreateSubscriptionParameters()
        asked.RequestedPublishingInterval = ua.Duration(every * 1000)
        asked.RequestedMaxKeepAliveCount = ua.UInt32(max(ceil(KEEP_ALIVE_SECONDS / every), 1))
        asked.RequestedLifetimeCount = ua.UInt32(max(ceil(KEPT_SECONDS / every), 3 * asked.RequestedMaxKeepAliveCount))
        asked.MaxNotificationsPerPublish = ua.UInt32(MOST_TOLD)
        asked.PublishingEnabled = cast("ua.Boolean", True)
        made = await self._services.create_subscription(asked, self.published)
        self._subscription = made.SubscriptionId
        quiet = made.RevisedPublishingInterval / 1000 * max(made.RevisedMaxKeepAliveCount, 1)
        self._alive = time.monotonic()
        self._patience = quiet + 2 * self._settings.timeout_s

    async def _watch(self, wanted: Iterable[Watch]) -> None:
        """Have nodes watched. Each that cannot be is refused by its name, and tried again later."""
        places = {id(one): place for place, one in enumerate(self._watches, 1)}
        for some in _parts(list(wanted)):
            await self._let_go()
            asked = ua.CreateMonitoredItemsParameters()
            asked.SubscriptionId = self._subscription
            asked.TimestampsToReturn = ua.TimestampsToReturn.Both
            asked.ItemsToCreate = [self._item(one, places[id(one)]) for one in some if one.id is not None]
            made = iter(await self._services.create_monitored_items(asked) if asked.ItemsToCreate else [])
            rows = Rows()
            for place, one in enumerate(some):
                one.tried = time.monotonic()
                told = next(made) if one.id is not None else None
                if told is not None and told.StatusCode.is_good():
                    one.item, one.wrong, one.at = told.MonitoredItemId, "", one.tried
                    self._narrower(told)
                    continue
                one.wrong = status_name(int(told.StatusCode.value)) if told else "no such namespace"
                rows.refuse(place, "opcua_node", node=one.node.node, got=one.wrong)
            if rows.refused:
                await self._runner.store(rows, len(some), heard=False)

    async def _let_go(self) -> None:
        """Of nodes that are gone the server watches nothing more, else two would tell of one that comes back."""
        if self._drop:
            told = ua.DeleteMonitoredItemsParameters(SubscriptionId=self._subscription)
            told.MonitoredItemIds, self._drop = list(self._drop), []
            await self._services.delete_monitored_items(told)

    def _item(self, watch: Watch, handle: int) -> ua.MonitoredItemCreateRequest:
        looks = self._settings.every_s / max(self._settings.sample_s, 0.01)
        asked = ua.MonitoringParameters()
        asked.ClientHandle = ua.UInt32(handle)
        asked.SamplingInterval = ua.Duration(self._settings.sample_s * 1000)
        # Room for ten intervals: what comes while we are away from the line is not lost.
        asked.QueueSize = ua.UInt32(min(max(ceil(looks * 10), 10), 5_000))
        asked.DiscardOldest = cast("ua.Boolean", True)
        which = ua.ReadValueId(NodeId=watch.id, AttributeId=ua.AttributeIds.Value)
        return ua.MonitoredItemCreateRequest(which, ua.MonitoringMode.Reporting, asked)

    def _narrower(self, told: ua.MonitoredItemCreateResult) -> None:
        """Where the server looks more often than it publishes and keeps one value, changes between are lost: said."""
        between = told.RevisedSamplingInterval < self._settings.every_s * 1000
        if told.RevisedQueueSize <= 1 and between:
            self._narrow = f"{told.RevisedSamplingInterval:g} ms"

    # what is done
    async def _take(self) -> None:
        changes, self._given = self._given, []
        if not changes:
            return
        try:
            await self._store(changes, self._arrived, beat=False)
        finally:
            if self._taken is not None and not self._taken.done():
                self._taken.set_result(None)
            self._alive = time.monotonic()

    async def _beat(self) -> None:
        """Read what stood still for so long; see whether a node that was missing has come."""
        now, every = time.monotonic(), self._settings.beat_s
        missing = [one for one in self._watches if one.item is None and now - one.tried >= every]
        nameless = [one for one in missing if one.id is None]
        if nameless:
            # A server takes up the namespaces of its devices as they come.
            namespaces = await self._namespaces()
            for one in nameless:
                one.id = node_id(one.node.node, namespaces)
        await self._watch(missing)
        due = [one for one in self._watches if one.item is not None and now - one.at >= every]
        for some in _parts(due):
            asked = time.time_ns() // 1_000_000
            values = await self._read([one.id for one in some])
            await self._store(list(zip(some, values, strict=True)), asked, beat=True)

    async def _read(self, ids: list[ua.NodeId | None]) -> list[ua.DataValue]:
        told = ua.ReadParameters(TimestampsToReturn=ua.TimestampsToReturn.Both)
        told.NodesToRead = [ua.ReadValueId(NodeId=id, AttributeId=ua.AttributeIds.Value) for id in ids]
        values: list[ua.DataValue] = await self._services.read(told)
        if len(values) != len(ids):
            raise Away("not_opcua", f"{len(values)} values for {len(ids)}")
        return values

    async def _store(self, told: list[tuple[Watch, ua.DataValue]], now: int, beat: bool) -> None:
        rows = Rows()
        for place, (watch, data) in enumerate(told):
            self._note(rows, place, watch, data, now, beat)
        self._runner.count("read" if beat else "taken", len(told))
        await self._runner.store(rows, len(told))
        self._runner.worked = True

    def _note(self, rows: Rows, place: int, watch: Watch, data: ua.DataValue, now: int, beat: bool) -> None:
        status, clock = status_of(data), time.monotonic()
        if overflowed(status):
            self._runner.count("overflow")
            self._overflow = clock
        if status & 0xFFFF0000 in GONE:
            self._gone(rows, place, watch, status)
            return
        try:
            value, quality = reading_of(watch.node, data)
        except Unfit as unfit:
            watch.wrong, watch.at = str(unfit), clock
            rows.refuse(place, "opcua_value", node=watch.node.node, got=str(unfit))
            return
        ts = stamp_of(data, self._settings.time, now)
        if beat and watch.ts is not None and EARLIEST <= ts <= watch.ts:
            # It stands still, and the server says so now; by a clock that runs ahead, later than it said last.
            ts = max(self._asked_at(data, now), watch.ts + 1)
        # What changed long ago is said once by its own time, and read again at once for now.
        old = not beat and watch.ts is None and now - ts > self._settings.beat_s * 1000
        watch.at = -inf if old else clock
        watch.ts = ts if watch.ts is None else max(ts, watch.ts)
        watch.wrong = status_name(status) if quality == INVALID and status >> 31 else ""
        rows.add(place, watch.node.address, ts, value, quality)

    def _asked_at(self, data: ua.DataValue, now: int) -> int:
        """When a value that stands still was vouched for: by the server's clock, where its answer says, else by ours.

        By ours alone what changes soon after would come before it where the server's clock is behind, and be late.
        """
        if self._settings.time == "arrival":
            return now
        told = stamp_of(data, "server", now)
        return told if abs(told - now) <= CLOCKS_APART_MS else now

    def _gone(self, rows: Rows, place: int, watch: Watch, status: int) -> None:
        """A node is there no more: it is not read, and looked for again."""
        watch.wrong, watch.tried = status_name(status), time.monotonic()
        if watch.item is not None:
            self._drop.append(watch.item)
            watch.item = None
        rows.refuse(place, "opcua_node", node=watch.node.node, got=watch.wrong)

    def _tell(self) -> None:
        """What is wrong though the server is there."""
        wrong = [one for one in self._watches if one.wrong]
        if wrong:
            words = "; ".join(f"{one.node.node}: {one.wrong}" for one in wrong[:WRONG_SHOWN])
            self._runner.trouble("nodes", f"{len(wrong)}/{len(self._watches)} {words}")
        elif time.monotonic() - self._overflow < OVERFLOW_SHOWN_SECONDS:
            self._runner.trouble("overflow")
        else:
            self._runner.trouble("queue" if self._narrow else "", self._narrow)

    async def _rest(self) -> None:
        if self._given or self._lost is not None:
            return
        self._wake.clear()
        try:
            async with asyncio.timeout(min(max(self._settings.beat_s / 4, 0.02), 1.0)):
                await self._wake.wait()
        except TimeoutError:
            return


def _parts(some: list[Watch]) -> Iterator[list[Watch]]:
    for first in range(0, len(some), AT_ONCE):
        yield some[first : first + AT_ONCE]
