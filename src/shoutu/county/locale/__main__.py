"""`python -m shoutu.county.locale` compiles; `--update` takes new words from the source; `--check` fails on a gap."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

HERE = Path(__file__).resolve().parent
COUNTY = HERE.parent
PO = HERE / "en" / "LC_MESSAGES" / "django.po"
KEYWORDS = {"_": None, "gettext": None, "gettext_lazy": None, "ngettext": (1, 2), "pgettext": ((1, "c"), 2)}


def words() -> Catalog:
    """Every message in the county's source."""
    found = Catalog(locale="en", project="shoutu", charset="utf-8")
    for file, line, message, comments, context in extract_from_dir(
        COUNTY, [("**.py", "python")], keywords=KEYWORDS, comment_tags=("i18n:",)
    ):
        found.add(message, None, [(file, line)], auto_comments=comments, context=context)
    return found


def translations() -> Catalog:
    """The English file as it is."""
    with PO.open("rb") as file:
        return read_po(file, locale="en")


def update() -> None:
    """Add new words untranslated, drop unused ones, never guess."""
    have = translations() if PO.exists() else Catalog(locale="en")
    have.update(words(), no_fuzzy_matching=True)
    have.obsolete.clear()
    PO.parent.mkdir(parents=True, exist_ok=True)
    with PO.open("wb") as file:
        write_po(file, have, width=110, no_location=True, omit_header=False, sort_output=True)


def gaps() -> list[str]:
    """What is missing, fuzzy, unused, or has other placeholders than its original."""
    have, wanted, found = translations(), words(), []
    for message in wanted:
        if not message.id:
            continue
        there = have.get(message.id, message.context)
        if there is None or not there.string or there.fuzzy:
            found.append(f"not translated: {message.id!r} ({message.locations[0][0]})")
        else:
            # Placeholders come from the source's flags: the file may lack them.
            there.flags |= message.flags
            found += [f"{message.id!r}: {error}" for error in there.check()]
    found += [f"no longer used: {m.id!r}" for m in have if m.id and wanted.get(m.id, m.context) is None]
    return found


def compile_() -> None:
    """Write the .mo beside the .po. Several may do so at once: each has a draft of its own."""
    target = PO.with_suffix(".mo")
    draft = target.with_suffix(f".mo.{os.getpid()}")
    with draft.open("wb") as file:
        write_mo(file, translations())
    draft.replace(target)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--update", action="store_true")
    parser.add_argument("--check", action="store_true")
    given = parser.parse_args()
    if given.update:
        update()
    if given.check:
        found = gaps()
        print("\n".join(found) if found else "translations: complete")
        return 1 if found else 0
    compile_()
    return 0


if __name__ == "__main__":
    sys.exit(main())
