"""Which folders are watched, whose they are and how their files are written: one TOML file, read at the start.

The mines' systems write dialects of their own, so signs, columns and states are told and never guessed.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Annotated, Any

import msgspec

from shoutu.config import SettingError

Column = Annotated[int, msgspec.Meta(ge=1, le=200)]
Sign = Annotated[str, msgspec.Meta(min_length=1, max_length=4)]
QualityCode = Annotated[int, msgspec.Meta(ge=0, le=3)]
NAME = re.compile(r"[A-Za-z0-9_-]{1,40}\Z")


class Kind(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One kind of file. Columns are counted from 1.

    ``address``: the columns that together name the point, joined by ``/``, behind ``prefix``. ``time``: its column,
    none: the time in the file's name. ``states``: text of the ``state`` column → quality; one not named is doubted.
    ``values``: words that stand for numbers. ``count``: the number of records is one reading, at this address.
    """

    address: list[Column] = []
    value: Column | None = None
    time: Column | None = None
    state: Column | None = None
    prefix: str = ""
    states: dict[str, QualityCode] = {}
    values: dict[str, float] = {}
    count: str = ""


class Folder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One folder of one source. ``kinds`` by the kind in a file's name; of other kinds nothing is read."""

    name: str
    path: str
    source: str
    kinds: dict[str, Kind]
    pattern: str = r"(?P<mine>[^_]+)_(?P<kind>.+)_(?P<time>\d{14})\.txt"
    ignore: list[str] = []
    field: Sign = ";"
    record: Sign = "~"
    head: str = "|"
    ends: list[Sign] = msgspec.field(default_factory=lambda: ["‖", "||"])
    settle_s: Annotated[float, msgspec.Meta(ge=1, le=3600)] = 10.0
    patience_s: Annotated[float, msgspec.Meta(ge=1, le=86_400)] = 300.0
    keep_days: Annotated[int, msgspec.Meta(ge=0, le=3650)] = 7


class File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file of settings."""

    folder: list[Folder]


def read_folders(path: str) -> list[Folder]:
    """Raises SettingError naming the folder and the field that is wrong."""

    def bad(what: str) -> SettingError:
        return SettingError(f"SHOUTU_FOLDERS={path}: {what}")

    try:
        told: Any = tomllib.loads(Path(path).read_text("utf-8"))
        folders = msgspec.convert(told, File).folder
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise bad(str(error)) from None
    if len({one.name for one in folders}) < len(folders) or len({one.path for one in folders}) < len(folders):
        raise bad("each folder needs a name and a path of its own")
    for one in folders:
        if (what := _wrong(one)) is not None:
            raise bad(f"folder {one.name!r}: {what}")
    return folders


def _wrong(folder: Folder) -> str | None:
    if not NAME.match(folder.name):
        return "name: expected 1 to 40 letters, digits, _ or -"
    if not Path(folder.path).is_absolute():
        return f"path={folder.path!r}: expected an absolute path"
    try:
        groups = re.compile(folder.pattern).groupindex
    except re.error as error:
        return f"pattern: {error}"
    if "kind" not in groups:
        return "pattern: expected a group (?P<kind>…)"
    for name, kind in folder.kinds.items():
        if not kind.count and not (kind.address and kind.value):
            return f"kinds.{name}: expected address and value, or count"
        if kind.count and kind.address:
            return f"kinds.{name}: expected either count or address and value"
        if (kind.count or kind.time is None) and "time" not in groups:
            return f"kinds.{name}: expected a time column, or a group (?P<time>…) in pattern"
    return None
