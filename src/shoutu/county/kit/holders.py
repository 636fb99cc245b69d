"""Who holds a lease, in words that tell a dead process of this machine from one that cannot be seen from here."""

from __future__ import annotations

import itertools
import os
import socket
from pathlib import Path

PROC = Path("/proc")
_numbers = itertools.count(1)


def holder() -> str:
    """A name for a new holder in this process: host, boot, process namespace, process id and its start, a number.

    Boot, namespace and start are "-" where the system does not tell them. At most 120 characters.
    """
    pid = os.getpid()
    start = _started(pid) or "-"
    return ":".join((socket.gethostname().replace(":", "_")[:40], *_where(), str(pid), start, str(next(_numbers))))


def gone(name: str) -> bool:
    """Whether the holder of this name is certainly dead. False whenever that cannot be known from here.

    Only a process of the same boot and the same process namespace can be looked for. Its id given to another process
    meanwhile is told by the start.
    """
    parts = name.split(":")
    if len(parts) != 6:
        return False
    _host, boot, space, pid, start, _number = parts
    if "-" in (boot, space, start) or (boot, space) != _where() or not pid.isdigit():
        return False
    now = _started(int(pid))
    return _nobody(int(pid)) if now is None else now != start


def _nobody(pid: int) -> bool:
    """Whether no living process has this id, be it one /proc hides from this user."""
    if (PROC / str(pid)).exists():
        return True  # seen, and only waiting to be buried
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False


def _where() -> tuple[str, str]:
    """Boot and process namespace; the same host name may stand for several machines or containers."""
    try:
        boot = (PROC / "sys/kernel/random/boot_id").read_text("ascii").strip().replace("-", "")
        return boot, str((PROC / "self/ns/pid").stat().st_ino)
    except OSError:
        return "-", "-"


def _started(pid: int) -> str | None:
    """When the process was started, in ticks since boot; None for one that is not there or only waits to be buried."""
    try:
        # The name stands in parentheses and may itself hold any character: what counts comes after the last one.
        fields = (PROC / str(pid) / "stat").read_text("utf-8", "replace").rpartition(")")[2].split()
        return None if fields[0] in ("Z", "X") else fields[19]
    except (OSError, IndexError):
        return None
