"""The compiled kernel lies in several files, and Numba's cache on disk notices changes of one: this notices the rest.

The detector (``anomaly``) is one of them. A function in the cache holds the code of all it calls. Where any of the
files has changed since, what is kept of them is put away, and compiled anew. Where the cache lies elsewhere (a
directory nobody may write), Numba goes by the date of each file, which an installation changes for all of them.
"""

from __future__ import annotations

import contextlib
import hashlib
from pathlib import Path

HERE = Path(__file__).parent
MARK = "kernel.sources"


def forget_what_changed(folder: Path = HERE) -> None:
    """Remove the compiled kernel from the cache beside it when it is of other sources than these."""
    digest = hashlib.sha256()
    for source in (*sorted(folder.glob("kernel*.py")), folder / "anomaly.py"):
        digest.update(source.read_bytes() if source.is_file() else b"")
    cache = folder / "__pycache__"
    mark = cache / MARK
    with contextlib.suppress(OSError):
        if mark.is_file() and mark.read_text("ascii") == digest.hexdigest():
            return
        for kept in (*cache.glob("kernel*.nbi"), *cache.glob("kernel*.nbc")):
            kept.unlink(missing_ok=True)
        cache.mkdir(exist_ok=True)
        mark.write_text(digest.hexdigest(), "ascii")
