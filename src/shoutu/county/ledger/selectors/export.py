"""The ledger as plain files, which the independent verifier (and anybody) can check without us.

log.json               what this is: origin, hash, signature, size, and each epoch with its key
public.pem             the key the newest heads are signed with (compare it with one kept elsewhere)
entries/00000000.jsonl canonical bytes, one entry per line, in the order of the tree, 10,000 a file
leaves.txt             the leaf hashes, hex, a second copy that tells which of the two was changed
heads.jsonl            every signed head, one JSON string per line
head.txt               the newest
"""

from __future__ import annotations

import json
import os
from pathlib import Path

from django.utils.translation import gettext as _

from shoutu.county.kit.errors import Conflict, Invalid
from shoutu.county.ledger import notes
from shoutu.county.ledger.canonical import moment
from shoutu.county.ledger.models import Epoch, Leaf, TreeHead
from shoutu.county.ledger.selectors import tree

PER_FILE = 10_000


def export(folder: Path) -> int:
    """Write everything sealed so far into `folder` (new, empty, or an earlier export). Returns the number of entries.

    Personal values are not part of it. Raises Invalid for a folder with something else in it, Conflict when empty.
    """
    newest = tree.head()
    if newest is None:
        raise Conflict(_("记录簿还是空的。"))
    if folder.exists() and any(folder.iterdir()) and not (folder / "log.json").is_file():
        raise Invalid("folder", _("空文件夹，或者以前导出的文件夹"))
    (folder / "entries").mkdir(parents=True, exist_ok=True)
    for start in range(0, newest.size, PER_FILE):
        _write(folder / "entries" / f"{start:08d}.jsonl", _entries(start, min(start + PER_FILE, newest.size)))
    hashes = Leaf.objects.filter(index__lt=newest.size).order_by("index").values_list("hash", flat=True)
    _write(folder / "leaves.txt", b"".join(bytes(hash_).hex().encode() + b"\n" for hash_ in hashes))
    heads = TreeHead.objects.filter(size__lte=newest.size).order_by("epoch_id", "size").values_list("note", flat=True)
    _write(folder / "heads.jsonl", b"".join(json.dumps(note, ensure_ascii=False).encode() + b"\n" for note in heads))
    _write(folder / "head.txt", newest.note.encode())
    signer = notes.signer()
    _write(folder / "public.pem", signer.public.pem().encode())
    about = {
        "format": "shoutu-ledger-export-1",
        "origin": signer.origin,
        "hash": newest.epoch.hash,
        "signature": signer.public.kind,
        "epochs": [
            {"number": epoch.number, "size": epoch.size, "previous": epoch.previous, "reason": epoch.reason}
            | {"key": epoch.key or signer.public.pem(), "opened_at": moment(epoch.opened_at)}
            for epoch in Epoch.objects.order_by("number")
        ],
        "size": newest.size,
        "per_file": PER_FILE,
    }
    _write(folder / "log.json", json.dumps(about, indent=1).encode())
    return newest.size


def _entries(start: int, end: int) -> bytes:
    rows = Leaf.objects.filter(index__gte=start, index__lt=end).order_by("index")
    return b"".join(bytes(canonical) + b"\n" for canonical in rows.values_list("entry__canonical", flat=True))


def _write(path: Path, content: bytes) -> None:
    """Whole or not at all; a file that already says so is left alone."""
    if path.is_file() and path.read_bytes() == content:
        return
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    with draft.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
