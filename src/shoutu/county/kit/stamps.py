"""Whether a file on the disk is still the one that was read."""

from __future__ import annotations

from pathlib import Path


def stamp(file: Path) -> tuple[int, ...]:
    """Differs after every change of the file. Its date alone does not: a copy keeps that, and a restored file has an
    old one; the time of the change of the inode nobody sets. Raises OSError."""
    stat = file.stat()
    return stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns
