"""Documents of a site or an enterprise: put there, anew as a further version, withdrawn. A file is kept before."""

from __future__ import annotations

from django.utils import timezone
from django.utils.translation import gettext as _

from shoutu.county.kit import events
from shoutu.county.kit.actors import Actor
from shoutu.county.kit.errors import Conflict, Invalid, NotFound
from shoutu.county.kit.subjects import SubjectRef, ref
from shoutu.county.kit.texts import refuse_unprintable
from shoutu.county.ledger.services import record, service, unchanged
from shoutu.county.ledger.services.access import note_access
from shoutu.county.papers.files import Kept
from shoutu.county.papers.models import Document, DocumentKind, DocumentVersion
from shoutu.county.places.models import Organisation, Site
from shoutu.county.places.services import lock_organisation, lock_sites

MOST = 500
"""Documents of a site or of an enterprise itself, versions of a document."""


def may_add_document(actor: Actor, of: SubjectRef) -> None:
    """Before the bytes are taken. Raises NotAllowed, NotFound, Conflict where there are too many."""
    actor.require("document.add")
    if of.type == "site":
        known = Site.objects.visible_to(actor).filter(pk=of.id).exists()
    else:
        bodies = Organisation.objects.visible_to(actor).filter(kind=Organisation.Kind.ENTERPRISE)
        known = bodies.filter(pk=of.id).exists()
    if not known:
        raise NotFound(of.type, of.id)
    if Document.objects.filter(**_of(of)).count() >= MOST:
        words = _("一个场所最多 %(limit)d 件资料") if of.type == "site" else _("一家企业最多 %(limit)d 件资料")
        raise Conflict(words % {"limit": MOST})


def _of(of: SubjectRef) -> dict[str, int]:
    """The column that says whose, by name."""
    return {f"{of.type}_id": of.id}


def _lock(of: SubjectRef) -> None:
    """What is done to the documents of one site, or one enterprise, is done one after the other."""
    if of.type == "site":
        lock_sites([of.id])
    else:
        lock_organisation(of.id)


def may_add_version(actor: Actor, document_id: int) -> Document:
    """The same for a further version."""
    actor.require("document.add")
    found: Document | None = Document.objects.visible_to(actor).filter(pk=document_id).first()
    if found is None:
        raise NotFound("document", document_id)
    if found.withdrawn_at is not None:
        raise Conflict(_("这件资料已经撤下"))
    if found.versions.count() >= MOST:
        raise Conflict(_("一件资料最多 %(limit)d 版") % {"limit": MOST})
    return found


@service
def add_document(
    actor: Actor,
    of: SubjectRef,
    kind: str,
    title: str,
    kept: Kept,
    file: str,
    *,
    note: str = "",
    personal: bool = False,
) -> Document:
    """A document of a site or an enterprise (`of`) with its first version; a further one comes by `add_version`.

    Raises NotAllowed, NotFound, Invalid, Conflict.
    """
    may_add_document(actor, of)
    if kind not in DocumentKind.values:
        raise Invalid("kind", _("其中之一：%(names)s") % {"names": "、".join(DocumentKind.values)})
    title = _words("title", title, 120, needed=True)
    _lock(of)
    may_add_document(actor, of)
    if Document.objects.filter(kind=kind, title=title, withdrawn_at__isnull=True, **_of(of)).exists():
        raise Conflict(_("已有这件资料：在它下面加新版"))
    row = Document.objects.create(kind=kind, title=title, personal=personal, created_at=timezone.now(), **_of(of))
    _put(actor, row, kept, file, note)
    return row


@service
def add_version(actor: Actor, document_id: int, kept: Kept, file: str, *, note: str = "") -> Document:
    """A further version; the bytes that stand sent once more make none, those of an earlier one do.

    Raises NotAllowed, NotFound, Conflict.
    """
    row = may_add_version(actor, document_id)
    _lock(row.owner)
    row = Document.objects.select_for_update(of=("self",), no_key=True).get(pk=row.pk)
    may_add_version(actor, document_id)
    newest = DocumentVersion.objects.filter(document=row).order_by("-number").first()
    if newest is not None and newest.sha256 == kept.sha256:
        unchanged()
        return row
    _put(actor, row, kept, file, note)
    return row


def _put(actor: Actor, row: Document, kept: Kept, file: str, note: str) -> None:
    note = _words("note", note, 200)
    last = DocumentVersion.objects.filter(document=row).order_by("-number").values_list("number", flat=True).first()
    version = DocumentVersion.objects.create(
        document=row, number=(last or 0) + 1, sha256=kept.sha256, size=kept.size, format=kept.format,
        file=_words("file", file, 200) or f"{row.title}.{kept.format}", note=note, at=timezone.now(),
        by=actor.label[:200],
    )  # fmt: skip
    facts = {
        row.owner.type: row.owner.id, "kind": row.kind, "version": version.number, "sha256": kept.sha256,
        "size": kept.size, "format": kept.format,
    }  # fmt: skip
    # A title, the name of a file and a note are people's own words: they may name somebody.
    told = {"title": row.title, "file": version.file, "note": note}
    record(actor, "document.added", ref(row), facts, {name: words for name, words in told.items() if words})
    events.emit("document.changed", ref(row), {"version": version.number})


@service
def withdraw_document(actor: Actor, document_id: int, reason: str) -> Document:
    """Taken from the dossier; its files stay. Raises NotAllowed, NotFound, Invalid, Conflict."""
    actor.require("document.withdraw")
    found = Document.objects.visible_to(actor).filter(pk=document_id).first()
    if found is None:
        raise NotFound("document", document_id)
    reason = _words("reason", reason, 400, needed=True)
    _lock(found.owner)
    row: Document = Document.objects.select_for_update(of=("self",), no_key=True).get(pk=document_id)
    if row.withdrawn_at is not None:
        raise Conflict(_("这件资料已经撤下"))
    row.withdrawn_at = timezone.now()
    row.save(update_fields=["withdrawn_at"])
    record(actor, "document.withdrawn", ref(row), {row.owner.type: row.owner.id, "kind": row.kind}, {"reason": reason})
    events.emit("document.changed", ref(row), {"withdrawn": True})
    return row


def look_at(actor: Actor, version: DocumentVersion) -> None:
    """A look at a document that names persons, on record before it is shown."""
    if version.document.personal:
        note_access(actor, ref(version.document), ["file"], _("下载资料"))


def _words(field: str, words: str, most: int, *, needed: bool = False) -> str:
    words = words.strip()
    refuse_unprintable(field, words)
    if len(words) > most or (needed and not words):
        expected = _("1 到 %(limit)s 个字") if needed else _("不超过 %(limit)s 个字")
        raise Invalid(field, expected % {"limit": most})
    return words
