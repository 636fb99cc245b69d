"""Text that people write: what of it a paper can hold."""

from __future__ import annotations

import re

from django.utils.translation import gettext as _

from shoutu.county.kit.errors import Invalid

# What XML 1.0 (2.2, Char) does not allow: no .docx and no .xlsx can hold it.
_UNPRINTABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def printable(text: str) -> str:
    """The text without characters no paper can hold: of rows kept before they were refused."""
    return _UNPRINTABLE.sub("", text)


def refuse_unprintable(field: str, text: str) -> None:
    """Raises Invalid, with the code and place of the first character no paper can hold."""
    found = _UNPRINTABLE.search(text)
    if found:
        words = _("能打印的字（第 %(place)d 个字是控制字符 U+%(code)04X，删去它）")
        raise Invalid(field, words % {"place": found.start() + 1, "code": ord(found[0])})
