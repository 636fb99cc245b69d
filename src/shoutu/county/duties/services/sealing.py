"""The secrets of channels, sealed (`kit.sealing`)."""

from __future__ import annotations

from collections.abc import Mapping

from shoutu.county.kit import sealing

PURPOSE = "channel secrets"


def seal(values: Mapping[str, str]) -> str:
    return sealing.seal(values, PURPOSE)


def unseal(sealed: str) -> dict[str, str]:
    """Raises ValueError when it was sealed by another installation's key (a restored database without its secrets)."""
    return sealing.unseal(sealed, PURPOSE)
