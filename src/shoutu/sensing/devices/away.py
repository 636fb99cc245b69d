"""Why a device is not there."""

from __future__ import annotations


class Away(Exception):
    """The device cannot be asked now. ``reason``: a word of the face (``admin.away.…``); ``detail``: more of it."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(reason, detail)
        self.reason = reason
        self.detail = detail
