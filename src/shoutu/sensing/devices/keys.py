"""Secrets of this installation that calling a device needs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from shoutu import sealing
from shoutu.sensing.devices.away import Away


@dataclass(frozen=True, slots=True)
class Keys:
    """``folder``: where keys of this installation are kept; ``key``: that by which passwords are sealed."""

    folder: Path
    key: Callable[[], str]

    def password(self, sealed: str) -> str:
        """The password of a device, "" where it has none. Raises Away when it was sealed elsewhere."""
        try:
            return sealing.unseal(sealed, sealing.DEVICE, self.key()).get("password", "") if sealed else ""
        except ValueError:
            raise Away("settings", "the password was sealed by another installation: enter it again") from None
