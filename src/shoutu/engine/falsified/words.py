"""What was found, in one sentence each of Chinese and English, with its figures."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

BEIJING = timezone(timedelta(hours=8))


def when(ts: int) -> str:
    """Local time to the second."""
    return datetime.fromtimestamp(ts / 1000, UTC).astimezone(BEIJING).strftime("%m-%d %H:%M:%S")


def chance(expected_bits: float) -> tuple[str, str]:
    """How many such findings a whole search of honest series would bring by chance."""
    digits = min(300, int(expected_bits * 0.30103))
    power = "10" + str(-digits).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return f"全部比对中偶然出现一次的概率不超过 {power}", f"by chance in at most {power} of such searches"


def lag(ms: int) -> tuple[str, str]:
    """A span of time in its largest whole unit."""
    for unit, zh, en in ((86_400_000, "天", "d"), (3_600_000, "小时", "h"), (60_000, "分钟", "min")):
        if ms % unit == 0 and ms:
            return f"{ms // unit} {zh}", f"{ms // unit} {en}"
    return f"{ms / 1000:g} 秒", f"{ms / 1000:g} s"


def number(value: float) -> str:
    """Without digits that say nothing."""
    return f"{value:.4g}"
