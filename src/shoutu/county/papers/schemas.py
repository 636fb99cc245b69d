"""What this room answers and takes over HTTP."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from ninja import Schema
from pydantic import Field


class Named(Schema):
    """A thing by its id and name."""

    id: int
    name: str


class Licence(Schema):
    """A licence. `standing` is of today; `days_left` below 0: expired; null: without an end. `capacity`: 10⁴ t a year.

    `verified` false: the legal ground is still to be checked.
    """

    id: int
    kind: str
    title: str
    ground: str
    verified: bool
    organisation: Named
    site: Named | None
    number: str
    bearer: str
    issued_by: str
    valid_from: date
    valid_until: date | None
    days_left: int | None
    lead_days: int
    capacity: float | None
    note: str
    standing: Literal["valid", "expiring", "expired", "renewed", "withdrawn"]
    withdrawal: str


class LicenceDetail(Licence):
    """With the ones it replaced, newest first; `may`: whether the asker may change it."""

    before: list[Licence]
    replaced_by: int | None
    may: bool


class LicenceKindRow(Schema):
    """A kind the form offers; `required`: sites of some kind must have one."""

    id: str
    title: str
    ground: str
    verified: bool
    lead_days: int
    personal: bool
    capacity: bool
    required: bool


class Lacking(Schema):
    """A kind of licence that is not on record. `verified` false: the legal ground is still to be checked."""

    kind: str
    title: str
    ground: str
    verified: bool


class SiteLacking(Schema):
    """A site with the kinds of licence it must have and of which nothing in force is on record."""

    id: int
    name: str
    site_kind: str
    organisation: Named
    lacking: list[Lacking]


class LicenceForm(Schema):
    """What the form offers; how many licences in force, expiring and expired, and how many sites that lack one, the
    asker sees.

    `organisation`: the enterprise asked about, or that of the site asked about; `sites`: those of it.
    """

    kinds: list[LicenceKindRow]
    organisation: Named | None
    sites: list[Named]
    held: int
    expiring: int
    expired: int
    lacking: int | None
    may: bool


class LicenceContent(Schema):
    """What stands on a licence. `valid_until`: its last day; null without an end. `capacity`: 10⁴ t a year."""

    number: str = Field(max_length=200)
    issued_by: str = Field(max_length=400)
    valid_from: date
    valid_until: date | None = None
    capacity: float | None = None
    bearer: str = Field("", max_length=200)
    note: str = Field("", max_length=2000)


class LicenceIn(LicenceContent):
    """A licence entered: whose, of which kind."""

    organisation: int
    site: int | None = None
    kind: str = Field(max_length=40)


class LicenceCorrectionIn(LicenceContent):
    """What it says in truth, and why it was wrong."""

    reason: str = Field(max_length=2000)


class LicenceWithdrawalIn(Schema):
    """吊销 (revoked) or 注销 (cancelled), and why."""

    how: Literal["revoked", "cancelled"]
    reason: str = Field(max_length=2000)


class DocumentVersion(Schema):
    """One file of a document: `sha256` over the bytes as they came, `size` in bytes."""

    number: int
    sha256: str
    size: int
    format: Literal["pdf", "jpg", "png", "webp"]
    file: str
    note: str
    at: datetime
    by: str


class Document(Schema):
    """A document with its versions, newest first. `personal`: each look at it is kept on record.

    `site`: the one it is about; null: it is the enterprise's own. `organisation`: the enterprise, or that of the site.
    """

    id: int
    kind: Literal["design", "assessment", "plan", "drawing", "certificate", "system", "contract", "other"]
    organisation: Named
    site: Named | None
    title: str
    personal: bool
    versions: list[DocumentVersion]
    withdrawn: bool


class DocumentWithdrawalIn(Schema):
    """Why it is taken from the dossier."""

    reason: str = Field(max_length=2000)
