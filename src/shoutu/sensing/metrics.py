"""The counters of the pipeline process: one Prometheus registry, so that nothing dropped goes unseen.

Doors, core, store and delivery import the counters they raise; ``render`` is what ``/metrics`` answers.
"""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector

REGISTRY = CollectorRegistry()
ProcessCollector(registry=REGISTRY)
PlatformCollector(registry=REGISTRY)

CONTENT_TYPE = CONTENT_TYPE_LATEST


def _counter(name: str, text: str, labels: tuple[str, ...] = ()) -> Counter:
    return Counter(f"shoutu_{name}", text, labels, registry=REGISTRY)


def _gauge(name: str, text: str, labels: tuple[str, ...] = ()) -> Gauge:
    return Gauge(f"shoutu_{name}", text, labels, registry=REGISTRY)


# Doors: raised by http*.py, mqtt*.py and replay*.py, label ``door`` = "http" | "mqtt" | …
DOOR_REQUESTS = _counter("door_requests", "Requests or messages by door and outcome", ("door", "outcome"))
DOOR_BYTES = _counter("door_bytes", "Bytes of payload taken in by door", ("door",))
DOOR_CONNECTIONS = _gauge("door_connections", "Connections open by door", ("door",))
ACCEPTED = _counter("readings_accepted", "Readings made durable", ("door",))
REJECTED = _counter("readings_rejected", "Readings refused, by reason", ("door", "reason"))
AUTH_FAILED = _counter("auth_failed", "Unknown, revoked or disabled tokens", ("door",))
OVERLOADED = _counter("overloaded", "Batches sent back because the queue before the journal was full", ("door",))
NOT_DURABLE = _counter("not_durable", "Batches sent back because the journal could not be written", ("door",))

# Journal
JOURNAL_COMMITS = _counter("journal_commits", "Group commits (one fdatasync each)")
JOURNAL_BYTES = _counter("journal_bytes", "Bytes appended to the journal")
JOURNAL_FAILURES = _counter("journal_failures", "Failed appends or syncs", ("step",))
JOURNAL_WRITABLE = _gauge("journal_writable", "1 while readings can be made durable, 0 since some could not")
JOURNAL_CUT = _counter("journal_torn_tail_bytes", "Bytes of torn tails cut when opening")
JOURNAL_QUARANTINED = _counter("journal_quarantined_bytes", "Bytes of damaged frames set aside")
JOURNAL_GAPS = _counter("journal_missing_records", "Sequence numbers lost to damage")
JOURNAL_SEQ = _gauge("journal_seq", "Next sequence number of the journal")
JOURNAL_SEGMENTS = _gauge("journal_segments", "Journal segments kept")
QUEUE_BYTES = _gauge("queue_bytes", "Bytes waiting for the group commit")
COMMIT_SECONDS = Histogram(
    "shoutu_commit_seconds",
    "Time of a group commit, write and fdatasync",
    buckets=(0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 5.0),
    registry=REGISTRY,
)

# Engine thread, store thread, checkpoints
EVALUATED_SEQ = _gauge("evaluated_seq", "Sequence number up to which rules were evaluated")
STORED_SEQ = _gauge("stored_seq", "Sequence number up to which readings are stored")
TICK_TS = _gauge("tick_timestamp_seconds", "Last tick the engine has evaluated (UTC)")
CLOCK_JUMPS = _counter("clock_jumps", "Jumps of the wall clock seen by the ticker", ("direction",))
SIGNALS = _counter("signals", "Signals raised by the engine", ("type",))
CHECKPOINTS = _counter("checkpoints", "Checkpoints written, by outcome", ("outcome",))
STALLED = _counter("stage_failures", "Failures of a stage behind the journal; it tries again", ("stage",))
RULES_REFUSED = _gauge("rules_refused", "Rules of the catalog the engine refuses")
STORE_CONFLICTS = _gauge("store_conflicts", "Readings of a known (point, ts) with another value, set aside")
STORE_REPEATS = _gauge("store_repeats", "Readings sent again with the same value")
STORE_ROWS = _gauge("store_rows", "Readings kept in files")
STORE_BYTES = _gauge("store_bytes", "Bytes of the store's files")
STORE_EXPIRED = _gauge("store_expired", "Readings removed because their time was over; their rollups stay")
STORE_HELD = _gauge("store_held", "Readings past their time that stay, as evidence")

# Delivery to the county, catalog, unclaimed
SPOOL_PENDING = _gauge("spool_pending", "Signals spooled and not yet taken by the county")
DELIVERED = _counter("signals_delivered", "Signals taken by the county")
DELIVERY_FAILURES = _counter("delivery_failures", "Failed calls to the county", ("call",))
SIGNALS_REFUSED = _counter("signals_refused", "Signals the county will not take; set aside in a file")
CATALOG_VERSION = _gauge("catalog_version", "Version of the catalog in force")
UNCLAIMED_OVERFLOW = _counter("unclaimed_overflow", "Refused readings counted without their address: too many")


def render() -> bytes:
    """The Prometheus text of every counter of this process."""
    return generate_latest(REGISTRY)
