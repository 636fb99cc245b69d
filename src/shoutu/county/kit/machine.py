"""What the machine itself says: room on its disk, and whether its clock is kept right. Asks nobody else."""

from __future__ import annotations

import ctypes
import shutil
from dataclasses import dataclass
from pathlib import Path

_TIME_ERROR = 5  # what adjtimex(2) answers while the clock is not synchronised


class _Timex(ctypes.Structure):
    """`struct timex` of Linux, see adjtimex(2); only what is read has a name that is used."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_byte * 192),
    )


@dataclass(frozen=True)
class ClockCare:
    """Whether something keeps the machine's clock right, and how wrong it may be at most, in ms."""

    synchronised: bool
    error_ms: float


def clock_care() -> ClockCare | None:
    """What the kernel knows, by adjtimex(2) with nothing to change, which needs no privilege.

    None where it cannot be asked: another system than Linux, or a container that forbids the call.
    """
    told = _Timex()
    try:
        answer = ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.byref(told))
    except (OSError, AttributeError):
        return None
    if answer < 0:
        return None
    return ClockCare(answer != _TIME_ERROR, told.maxerror / 1000)


def disk_free(folder: Path) -> int:
    """Bytes free for this user where `folder` lies. Raises OSError."""
    return shutil.disk_usage(folder).free
