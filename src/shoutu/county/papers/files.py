"""Files of documents: what they are decides their content, kept byte for byte. No database.

A file goes out as it came, to be saved and not shown by the browser; what a browser shows is a copy of the pixels.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext as _

from shoutu.county.kit.errors import Invalid, NotFound, TooLarge
from shoutu.county.kit.images import copied, opened
from shoutu.files import keep_whole

MOST_BYTES = 50 * 1024 * 1024
TYPES = {"pdf": "application/pdf", "jpg": "image/jpeg", "png": "image/png", "webp": "image/webp"}
PICTURES = ("jpg", "png", "webp")
SHOWN = 4096
"""The longer side of the copy a drawing is shown as, in pixels: its writing stays legible."""
TAIL = 2048
"""Within so many bytes of its end a whole PDF says that it ends (ISO 32000-1, 7.5.5, as readers take it)."""


@dataclass(frozen=True)
class Kept:
    """What is known of a file that was kept."""

    sha256: str
    size: int
    format: str


def format_of(data: bytes) -> str:
    """pdf, jpg, png or webp by its first bytes, and that it is whole. Raises Invalid for anything else."""
    if data.startswith(b"%PDF-") and b"%%EOF" in data[-TAIL:]:
        return "pdf"
    if data.startswith(b"\xff\xd8\xff") and b"\xff\xd9" in data[-TAIL:]:
        return "jpg"
    if data.startswith(b"\x89PNG\r\n\x1a\n") and b"IEND" in data[-TAIL:]:
        return "png"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP" and int.from_bytes(data[4:8], "little") + 8 <= len(data):
        return "webp"
    raise Invalid("file", _("完整的 PDF、JPEG、PNG 或 WebP 文件"))


def keep(data: bytes) -> Kept:
    """Keep the bytes as they came; on the disk when this returns. Raises TooLarge, Invalid."""
    too_large(len(data))
    found = format_of(data)
    sha256 = hashlib.sha256(data).hexdigest()
    keep_whole(path_of(sha256), data)
    return Kept(sha256, len(data), found)


def too_large(size: int) -> None:
    """Raises TooLarge above the limit."""
    if size > MOST_BYTES:
        raise TooLarge(_("文件不能超过 %(limit)d MB") % {"limit": MOST_BYTES // 1024 // 1024})


def path_of(sha256: str) -> Path:
    """Where the file of this digest lies."""
    return Path(settings.CONFIG.data) / "files" / "documents" / sha256[:2] / sha256


def whole(sha256: str) -> bytes:
    """The bytes, which still have this digest. Raises NotFound where they are gone or no longer the same."""
    try:
        data = path_of(sha256).read_bytes()
    except OSError as error:
        raise NotFound("document_file", sha256) from error
    if hashlib.sha256(data).hexdigest() != sha256:
        raise NotFound("document_file", sha256)
    return data


def picture_of(sha256: str) -> Path:
    """Where the copy lies that people are shown of a picture; made at the first look, and anew when it is gone.

    Raises NotFound where the file is gone or no longer the same, Invalid where it is no picture or too large to show.
    """
    path = path_of(sha256)
    copy = path.with_name(f"{path.name}.jpg")
    if not copy.exists():
        keep_whole(copy, copied(opened(whole(sha256)), SHOWN))
    return copy
