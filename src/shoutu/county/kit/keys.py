"""A client names a request by a key, so that sending it twice does it once. With other content it is another."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from typing import Any


def digest(**content: Any) -> str:
    """SHA-256 of what was asked, kept beside its key: the same whatever zone its times were told in."""
    return hashlib.sha256(json.dumps(content, sort_keys=True, ensure_ascii=False, default=_plain).encode()).hexdigest()


def _plain(value: Any) -> str:
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else str(value)


def differs(kept: str, asked: str) -> bool:
    """Whether the content is another than what was kept. Where none was kept (older rows) it counts as the same."""
    return kept not in ("", asked)
