"""Packs and limits of law that cannot be read are an alarm on every page until they are mended."""

from __future__ import annotations

from hashlib import sha256

from django.utils.translation import gettext as _

from shoutu.county.duties import services as duties
from shoutu.county.sites import packs

PACK, LIMITS = "pack.unreadable", "limits.unreadable"


def note_unreadable() -> None:
    """Look at all of them: an alarm for each that is wrong, with what is wrong; those mended are cleared."""
    wrong: dict[str, tuple[str, str]] = {}
    for name, fault in packs.unreadable().items():
        words = _("规则包 %(name)s 读不了，已生效的规则照旧，不能再采用；让管理员改正这个文件") % {"name": name}
        wrong[_key(PACK, name, fault)] = (words, fault)
    duties.alarms_are(PACK, wrong)
    fault = packs.law_fault()
    words = _("法定限值读不了，没有可比的限值，规则包都不能采用；让管理员改正 packs/limits/mines.yaml")
    duties.alarms_are(LIMITS, {_key(LIMITS, "mines", fault): (words, fault)} if fault else {})


def _key(kind: str, name: str, fault: str) -> str:
    """Another fault of the same file is another alarm: an open one keeps its words."""
    return f"{kind}:{name[:60]}:{sha256(fault.encode()).hexdigest()[:8]}"
