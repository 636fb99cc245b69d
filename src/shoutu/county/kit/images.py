"""Pictures as people are shown them: the pixels alone, re-encoded: nothing hidden in a file reaches a browser."""

from __future__ import annotations

import warnings
from io import BytesIO

from django.utils.translation import gettext as _
from PIL import Image, ImageOps, UnidentifiedImageError

from shoutu.county.kit.errors import Invalid

KINDS = {"JPEG": "jpg", "PNG": "png", "WEBP": "webp"}
MOST_PIXELS = 64_000_000


def opened(data: bytes) -> Image.Image:
    """The picture, decoded. Raises Invalid for what is no whole JPEG, PNG or WebP of at most 64 million pixels."""
    expected = _("完整的 JPEG、PNG 或 WebP 照片")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            picture = Image.open(BytesIO(data), formats=tuple(KINDS))
            if picture.width * picture.height > MOST_PIXELS:
                raise Invalid("file", _("不超过 %(limit)d 万像素的照片") % {"limit": MOST_PIXELS // 10_000})
            picture.load()
    except (UnidentifiedImageError, Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise Invalid("file", expected) from error
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        raise Invalid("file", expected) from error
    return picture


def copied(picture: Image.Image, side: int) -> bytes:
    """A fresh JPEG of the pixels alone, upright, its longer side at most ``side`` pixels; no metadata."""
    upright = ImageOps.exif_transpose(picture)
    assert upright is not None
    upright.thumbnail((side, side))
    flat = Image.new("RGB", upright.size, "white")
    clear = upright.convert("RGBA")
    flat.paste(clear, mask=clear.getchannel("A"))
    out = BytesIO()
    flat.save(out, "JPEG", quality=85, optimize=True)
    return out.getvalue()
