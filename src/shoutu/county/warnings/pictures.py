"""Pictures as files: sniffed, kept as they came, and shown re-encoded without where they were taken. No database."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _
from PIL import ExifTags, Image

from shoutu.county.kit.errors import NotFound, TooLarge
from shoutu.county.kit.images import KINDS, copied, opened
from shoutu.files import keep_whole

MOST_BYTES = 20 * 1024 * 1024
SHOWN = 2048
"""The longer side of the copy people are shown, in pixels."""


@dataclass(frozen=True)
class Kept:
    """What is known of a picture that was kept."""

    sha256: str
    size: int
    kind: str
    width: int
    height: int
    taken_at: datetime | None


def _folder(sha256: str) -> Path:
    return Path(settings.CONFIG.data) / "files" / "evidence" / sha256[:2]


def original(sha256: str) -> Path:
    """Where the original lies."""
    return _folder(sha256) / f"{sha256}.original"


def shown(sha256: str) -> Path:
    """Where the copy for people lies; made anew from the original when it is gone. Raises NotFound without either."""
    copy = _folder(sha256) / f"{sha256}.jpg"
    if not copy.exists():
        try:
            data = original(sha256).read_bytes()
        except OSError as error:
            raise NotFound("evidence", sha256) from error
        keep_whole(copy, copied(opened(data), SHOWN))
    return copy


def keep(data: bytes) -> Kept:
    """Keep a picture: the bytes as they came and a copy without its metadata, both on the disk when this returns.

    What it is decides its content, not its name. Raises TooLarge, Invalid for what is no whole JPEG, PNG or WebP.
    """
    if len(data) > MOST_BYTES:
        raise TooLarge(_("照片不能超过 %(limit)d MB") % {"limit": MOST_BYTES // 1024 // 1024})
    picture = opened(data)
    copy = copied(picture, SHOWN)
    sha256 = hashlib.sha256(data).hexdigest()
    keep_whole(original(sha256), data)
    keep_whole(_folder(sha256) / f"{sha256}.jpg", copy)
    return Kept(sha256, len(data), KINDS[str(picture.format)], picture.width, picture.height, _taken(picture))


def _taken(picture: Image.Image) -> datetime | None:
    """When the picture says it was taken, in its own offset, else the county's; None where it says nothing usable."""
    try:
        told = picture.getexif().get_ifd(ExifTags.IFD.Exif)
        text = str(told.get(ExifTags.Base.DateTimeOriginal, "")).strip("\0 ")
        offset = str(told.get(ExifTags.Base.OffsetTimeOriginal, "")).strip("\0 ")
        if offset:
            return datetime.strptime(f"{text} {offset}", "%Y:%m:%d %H:%M:%S %z")
        return timezone.make_aware(datetime.strptime(text, "%Y:%m:%d %H:%M:%S"))  # noqa: DTZ007
    except (ValueError, KeyError, TypeError, OSError, OverflowError, SyntaxError):
        return None
