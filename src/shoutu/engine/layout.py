"""How the engine's state lies in memory: one record per point, per rule, per link and per site.

A *link* is (source, site): source-wide matters are judged per site, so that sharding by site changes nothing.
Hot records are 64 bytes, a cache line. All times are UTC milliseconds; ``NEVER`` means "not yet".
"""

from __future__ import annotations

import numpy as np

NEVER = -(2**63)
LIMIT = 2**61
"""Times are held within ±LIMIT so that no difference of two overflows."""

THRESHOLD, RATE, STUCK, IMPLAUSIBLE, NO_DATA, SOURCE_SILENCE, SITE_SILENCE, CLOCK, COMPOSITE = range(1, 10)
ACCUMULATION, QUOTA, FORECAST, ANOMALY = range(10, 14)
KIND_NAMES = (
    "", "threshold", "rate", "stuck", "implausible", "no_data", "source_silence", "site_silence", "clock",
    "composite", "accumulation", "quota", "forecast", "anomaly",
)  # fmt: skip
KIND_CODES = {name: code for code, name in enumerate(KIND_NAMES) if name}

RISK, FAULT, CLOCK_FAULT = 1, 2, 3
CATEGORY_NAMES = ("", "risk", "fault", "clock")
CATEGORY_OF_KIND = (0, RISK, RISK, FAULT, FAULT, FAULT, FAULT, RISK, CLOCK_FAULT, RISK, RISK, RISK, RISK, RISK)
RISKS = (THRESHOLD, RATE, ACCUMULATION, QUOTA, FORECAST, ANOMALY)
"""Kinds of a point's rules that tell its risk; by name in ``params``."""
AT_READINGS = (THRESHOLD, RATE, STUCK, ACCUMULATION, QUOTA, FORECAST, ANOMALY)
"""Kinds judged at each reading, in the order a point's rules lie in; all others come after them."""
HELD = (THRESHOLD, ACCUMULATION, QUOTA, FORECAST, ANOMALY)
"""Kinds whose levels are held (``raise_for_s``, ``clear_for_s``) before they change."""
GATHERING = (RATE, ACCUMULATION, QUOTA, FORECAST, ANOMALY)
"""Kinds that hold against their levels what they have gathered of many readings."""

LEVEL, LATE_EXCEEDANCE, CLOCK_TYPE = 1, 2, 3
TYPE_NAMES = ("", "level", "late_exceedance", "clock")

BACKFILL, LATE, FIRST, SATURATED, AHEAD, RECOVERED = 1, 2, 4, 8, 16, 32
OF_HOUR, OF_STANDSTILL, OF_ROUGHNESS, OF_SWING = 64, 128, 256, 512
"""Of an anomaly: what is new most, where it is not the value itself."""
FLAG_NAMES = {
    BACKFILL: "backfill", LATE: "late", FIRST: "first", SATURATED: "saturated", AHEAD: "ahead", RECOVERED: "recovered",
    OF_HOUR: "of_hour", OF_STANDSTILL: "of_standstill", OF_ROUGHNESS: "of_roughness", OF_SWING: "of_swing",
}  # fmt: skip

FRESH, CARRIED = 1, 2
FOLLOWS = -1
"""In place of a number of samples: looks at what the rule before it made of the reading; only in trials."""
GOOD, SUSPECT, CALIBRATING, INVALID = 0, 1, 2, 3

SEEN = 64
"""How many distinct stamps of a point are remembered to recognise an equal repeat."""

POINT = np.dtype(
    [
        ("wm", "i8"),  # watermark: event time of the last reading judged in order
        ("top", "i8"),  # greatest remembered stamp, as told
        ("heard", "i8"),  # received time of the last usable reading
        ("low", "f8"),
        ("high", "f8"),
        ("first", "i4"),  # rules judged at each reading: rules[first:last]
        ("last", "i4"),
        ("link", "i4"),
        ("imp", "i4"),  # index of its implausible rule, or −1
        ("danger", "u1"),  # bit 1 low side, bit 2 high side
        ("busy", "u1"),  # its implausible rule is counting or raised
        ("nodata_up", "u1"),  # no-data rules raised
        ("silent", "u1"),
        ("group", "u1"),  # part of its site's silence
        ("seen_at", "u1"),
        ("seen_n", "u1"),
        ("calibrating", "u1"),  # its last reading was of a calibration: calib is set
        # second line
        ("calib", "i8"),  # received time since when calibrating
        ("gap", "i8"),  # a gap longer than this restarts a clear-hold
        ("end", "i4"),  # rules of any kind: rules[first:end]
        ("site_at", "i4"),
        ("id", "i4"),
        ("site", "i4"),
        ("source", "i4"),
        ("_pad0", "i4"),
        ("_pad1", "i8"),
        ("_pad2", "i8"),
        ("_pad3", "i8"),
    ]
)

RULE = np.dtype(
    [
        ("a", "f8"),  # held kinds: quiet above; stuck: least of the run
        ("b", "f8"),  # held kinds: quiet below; stuck: greatest of the run
        ("c", "f8"),  # stuck: tolerance; rate, held kinds: hysteresis
        # rate, forecast: end of the interval sampled last; stuck: start of the run; accumulation: number of the bucket
        # filled last; quota: start of the period
        ("t0", "i8"),
        (
            "t1",
            "i8",
        ),  # rate, forecast: interval; accumulation: bucket; stuck: window; no-data: after; anomaly: learning
        ("n", "i4"),  # rate, forecast: samples held; stuck: readings in the run; implausible: bad readings in a row
        ("m", "i4"),  # rate, forecast, stuck, anomaly: least samples; implausible: good readings in a row
        ("point", "i4"),
        ("id", "i4"),
        ("version", "i4"),
        ("kind", "u1"),
        ("level", "u1"),
        ("busy", "u1"),  # held kinds: not quiet (raised, held or fresh)
        ("fresh", "u1"),  # FRESH: already exceeded since watching began; CARRIED: its level is an older version's
    ]
)

COLD = np.dtype(
    [
        ("window", "i8"),  # rate, forecast; anomaly: local time less UTC
        ("raise_for", "i8"),
        ("clear_for", "i8"),
        ("known_lo", "i8"),  # event time of the exceedance already signalled, for late readings
        ("known_hi", "i8"),
        ("offset", "i8"),  # where its samples (rate, forecast) or sums (accumulation, quota) lie
        ("cap", "i4"),  # how many of them it may hold
        ("head", "i4"),  # rate, forecast: oldest sample; accumulation: the sum added to last
        ("count", "i4"),  # implausible: bad readings in a row to raise
        ("clear_count", "i4"),
        ("raise_to", "u1"),  # stuck, implausible, no-data: the level raised
        ("known_level", "u1"),
        ("form", "u1"),  # accumulation, quota: SUM …; forecast: LINEAR …
        ("period", "u1"),  # quota: DAY …
        ("extra", "i4"),  # index of what only some kinds need, in EXTRA; anomaly: of its detector
    ]
)

SUM, COUNTER, INTEGRAL, COUNT = range(4)
FORMS = {"sum": SUM, "counter": COUNTER, "integral": INTEGRAL, "count": COUNT}
DAY, MONTH, YEAR = range(3)
PERIODS = {"day": DAY, "month": MONTH, "year": YEAR}
LINEAR, INVERSE_VELOCITY = range(2)
WAYS = {"linear": LINEAR, "inverse_velocity": INVERSE_VELOCITY}

EXTRA = np.dtype(
    [
        ("base", "f8"),  # accumulation: sum of the buckets before the one filled last
        ("last", "f8"),  # counter, integral: the value before
        ("last_t", "i8"),  # and its event time
        ("end", "i8"),  # quota: end of the period
        ("zone", "i8"),  # quota: local time less UTC, ms
        ("target", "f8"),  # forecast: the value looked out for; the least velocity
        ("z", "f8"),  # forecast: quantile of the normal distribution for its confidence
        ("sign", "f8"),  # forecast: 1 rising, -1 falling
    ]
)
"""One record for each rule of a kind that sums or looks ahead."""

LINK = np.dtype(
    [
        ("heard", "i8"),  # received time of the last reading of any sort
        ("back", "i8"),  # when it last came back from silence
        ("last_ahead", "i8"),
        ("after", "i8"),  # silence judged after this, 0 never
        ("source", "i4"),
        ("site", "i4"),
        ("level", "u1"),
        ("clock", "u1"),
        ("_pad0", "u2"),
        ("_pad1", "u4"),
    ]
)

SITE = np.dtype([("id", "i4"), ("members", "i4"), ("watched", "i4"), ("level", "u1"), ("_pad0", "u1"), ("_pad1", "u2")])

POINT_KEPT = (
    "wm", "top", "heard", "nodata_up", "silent", "group", "seen_at", "seen_n", "calibrating", "calib",
)  # fmt: skip
RULE_KEPT = ("t0", "n", "m", "level", "busy", "fresh")
COLD_KEPT = ("known_lo", "known_hi", "head", "known_level")
EXTRA_KEPT = ("base", "last", "last_t", "end")
LINK_KEPT = ("heard", "back", "last_ahead", "level", "clock")

COUNTERS = ("evaluated", "repeats", "unknown", "late", "ahead", "faults", "calibrating", "backfill", "skewed")
"""``skewed``: changes of a composite's members that came after the composite had been judged at a later time."""

SIGNAL_DTYPE = np.dtype(
    [
        ("seq", "i8"),
        ("event_ts", "i8"),
        ("received_ts", "i8"),
        ("window_start", "i8"),
        ("value", "f8"),
        ("threshold", "f8"),
        ("aux", "f8"),
        ("low", "f8"),  # forecast: the band round aux; anomaly: what is usual
        ("high", "f8"),
        ("rule", "i4"),
        ("rule_version", "i4"),
        ("point", "i4"),
        ("site", "i4"),
        ("source", "i4"),
        ("ordinal", "i4"),
        ("flags", "u2"),
        ("kind", "u1"),
        ("category", "u1"),
        ("type", "u1"),
        ("level_from", "u1"),
        ("level_to", "u1"),
        ("_pad", "u1"),
    ]
)
