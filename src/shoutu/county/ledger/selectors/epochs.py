"""The log's epochs against what the log itself says of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from django.db.models import TextField
from django.db.models.functions import Cast

from shoutu.county.ledger import merkle, notes
from shoutu.county.ledger.models import Entry, Epoch
from shoutu.county.ledger.said import said as _
from shoutu.county.ledger.selectors.rows import body_of, stored_moment
from shoutu.ledger_keys import PublicKey


@dataclass
class Epochs:
    """Rows by number, and the payloads of the entries that opened each epoch after the first."""

    rows: dict[int, dict[str, Any]] = field(default_factory=dict)
    said: dict[int, dict[str, Any]] = field(default_factory=dict)

    @classmethod
    def load(cls) -> Epochs:
        found = cls()
        names = ("number", "hash", "key", "size", "previous", "reason", "at_text")
        rows = Epoch.objects.annotate(at_text=Cast("opened_at", TextField())).order_by("number")
        for row in rows.values(*names):
            found.rows[row["number"]] = row | {"at": stored_moment(row.pop("at_text"))}
        opened = Entry.objects.filter(verb="ledger.epoch_opened", leaf__isnull=False)
        for canonical in opened.values_list("canonical", flat=True):
            body = body_of(bytes(canonical))
            payload = body.get("payload")
            if isinstance(payload, dict) and isinstance(payload.get("epoch"), int):
                found.said[payload["epoch"]] = payload | {"at": body.get("at")}
        return found

    @property
    def hash(self) -> str:
        """The newest epoch's, when it is one we know."""
        newest = self.rows[max(self.rows)]["hash"] if self.rows else ""
        return newest if newest in merkle.ALGORITHMS else merkle.ALGORITHMS[0]

    def keys(self) -> list[PublicKey]:
        """Every public key this installation names: its own, those of the epochs, those their entries name."""
        pems = [row["key"] for row in self.rows.values()]
        pems += [payload.get(name, "") for payload in self.said.values() for name in ("key", "previous_key")]
        found = {notes.public_key()}
        for pem in pems:
            with suppress(notes.NoteError, UnicodeError):
                found.add(notes.public_key(pem or None))
        return sorted(found, key=lambda key: key.raw)

    def fits(self, head: notes.Head) -> bool:
        """Whether an epoch's row agrees with a head of it."""
        row = self.rows.get(head.epoch)
        return row is not None and row["hash"] == head.hash

    def lost(self, head: notes.Head) -> int:
        """How many entries under a head kept elsewhere a later restore has declared as lost."""
        later = [row["size"] for number, row in sorted(self.rows.items()) if number > head.epoch]
        return max(0, head.size - later[0]) if later else 0

    def declared(self) -> list[str]:
        """A sentence per restore."""
        words = _("第 %(epoch)s 纪元由恢复备份开启，自第 %(size)s 条起，恢复前的 %(lost)s 条遗失")
        return [
            words % {"epoch": number, "size": row["size"], "lost": max(0, _size(row["previous"]) - row["size"])}
            for number, row in sorted(self.rows.items())
            if number > 1
        ]

    def findings(self) -> Iterator[tuple[str, str]]:
        """(epoch, what is wrong with its row)."""
        for number, expected in self.expected().items():
            row = self.rows.get(number)
            if row is None:
                yield str(number), _("缺少这一纪元")
            elif wrong := next((name for name, value in expected.items() if row[name] != value), None):
                yield str(number), _("“%(column)s”一列与记录内容不符") % {"column": wrong}
        for number in sorted(self.rows.keys() - self.expected().keys()):
            # Opened, and its entry not yet sealed: there is nothing to hold it against.
            if not (number == max(self.rows) and number == len(self.rows)):
                yield str(number), _("记录簿中没有开启这一纪元的记录")

    def expected(self) -> dict[int, dict[str, Any]]:
        """What the rows must say, as far as entries and this installation's key vouch for it."""
        if not self.rows and not self.said:
            return {}
        made: dict[int, dict[str, Any]] = {1: {"size": 0, "previous": "", "reason": ""}}
        for number, payload in sorted(self.said.items()):
            made[number] = {name: payload.get(name) for name in ("size", "previous", "reason", "key", "at")}
            made.setdefault(number - 1, {})["key"] = payload.get("previous_key")
        newest = made[max(made)]
        if max(self.rows, default=1) <= max(made):
            newest["key"] = notes.public_key().pem()
        return made


def _size(note: str) -> int:
    lines = note.split("\n")
    return int(lines[1]) if len(lines) > 1 and lines[1].isdigit() else 0
