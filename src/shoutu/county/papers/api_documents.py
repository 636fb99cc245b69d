"""Documents over HTTP: a site's, an enterprise's, a further version, and their files: to be saved, never shown.

What is shown of a picture is a copy of its pixels.
"""

from __future__ import annotations

from io import BytesIO
from typing import Any

from django.http import FileResponse, HttpRequest
from ninja import File, Form, Query, Status
from ninja.files import UploadedFile

from shoutu.county.kit.actors import Actor
from shoutu.county.kit.api import ListQuery, Page, Router, asker, paginate
from shoutu.county.kit.errors import NotFound
from shoutu.county.kit.subjects import SubjectRef, ref
from shoutu.county.papers import files, schemas, selectors
from shoutu.county.papers.services import documents as services
from shoutu.county.places.selectors import get_organisation, get_site

router = Router()


class DocumentQuery(ListQuery):
    kind: str = ""


class AllDocumentsQuery(DocumentQuery):
    organisation: int | None = None
    of: str = ""


@router.get("/documents", response=Page[schemas.Document])
def list_all_documents(request: HttpRequest, query: Query[AllDocumentsQuery]) -> Any:
    """The documents of the sites and enterprises I see, with every version; `organisation`: of one and of its sites.

    `of`: site or organisation; empty: both.
    """
    actor = asker(request)
    actor.require("document.read")
    rows = selectors.documents_for(actor, organisation=query.organisation, of=query.of, kind=query.kind, q=query.q)
    return paginate(rows, query, selectors.document_row, sorts=selectors.DOCUMENT_SORTS, default="kind")


@router.get("/sites/{id}/documents", response=Page[schemas.Document])
def list_documents(request: HttpRequest, id: int, query: Query[DocumentQuery]) -> Any:
    """The documents of a site with every version, newest first."""
    actor = asker(request)
    actor.require("document.read")
    return _listed(actor, ref(get_site(actor, id)), query)


@router.get("/organisations/{id}/documents", response=Page[schemas.Document])
def list_organisation_documents(request: HttpRequest, id: int, query: Query[DocumentQuery]) -> Any:
    """An enterprise's own documents, which are about none of its sites, with every version, newest first."""
    actor = asker(request)
    actor.require("document.read")
    return _listed(actor, ref(get_organisation(actor, id)), query)


def _listed(actor: Actor, of: SubjectRef, query: DocumentQuery) -> Any:
    rows = selectors.documents_of(actor, of, query.kind, query.q)
    return paginate(rows, query, selectors.document_row, sorts=selectors.DOCUMENT_SORTS, default="kind")


@router.post("/sites/{id}/documents", response={201: schemas.Document})
def add_document(
    request: HttpRequest,
    id: int,
    file: File[UploadedFile],
    kind: Form[str],
    title: Form[str],
    note: Form[str] = "",
    personal: Form[bool] = False,
) -> Any:
    """A PDF, JPEG, PNG or WebP file of at most 50 MB. `personal`: it names persons, each look is kept on record."""
    return _added(asker(request), SubjectRef("site", id), file, kind, title, note, personal)


@router.post("/organisations/{id}/documents", response={201: schemas.Document})
def add_organisation_document(
    request: HttpRequest,
    id: int,
    file: File[UploadedFile],
    kind: Form[str],
    title: Form[str],
    note: Form[str] = "",
    personal: Form[bool] = False,
) -> Any:
    """The same for an enterprise as a whole: its statutes, who answers for what, contracts."""
    return _added(asker(request), SubjectRef("organisation", id), file, kind, title, note, personal)


def _added(
    actor: Actor, of: SubjectRef, file: UploadedFile, kind: str, title: str, note: str, personal: bool
) -> Status[dict[str, Any]]:
    services.may_add_document(actor, of)
    kept = _kept(file)
    row = services.add_document(actor, of, kind, title, kept, file.name or "", note=note, personal=personal)
    return Status(201, _told(actor, row.pk))


@router.post("/documents/{id}/versions", response={201: schemas.Document})
def add_version(request: HttpRequest, id: int, file: File[UploadedFile], note: Form[str] = "") -> Any:
    """A further version of a document; the ones before stay."""
    actor = asker(request)
    services.may_add_version(actor, id)
    services.add_version(actor, id, _kept(file), file.name or "", note=note)
    return Status(201, _told(actor, id))


@router.post("/documents/{id}/withdraw", response=schemas.Document)
def withdraw_document(request: HttpRequest, id: int, body: schemas.DocumentWithdrawalIn) -> Any:
    """Take a document from the dossier; its files stay."""
    actor = asker(request)
    services.withdraw_document(actor, id, body.reason)
    return _told(actor, id)


@router.get("/documents/{id}/versions/{number}/file", response={200: None})
def get_file(request: HttpRequest, id: int, number: int) -> Any:
    """The file as it came, checked against its digest: an attachment, so that no browser runs what is in it."""
    actor = asker(request)
    actor.require("document.read")
    version = selectors.get_version(actor, id, number)
    data = files.whole(version.sha256)
    services.look_at(actor, version)
    answer = FileResponse(
        BytesIO(data), as_attachment=True, filename=version.file, content_type=files.TYPES[version.format]
    )
    answer["Content-Security-Policy"] = "sandbox; default-src 'none'; frame-ancestors 'none'"
    answer["Cache-Control"] = "private, no-store"
    return answer


@router.get("/documents/{id}/versions/{number}/picture", response={200: None})
def get_picture(request: HttpRequest, id: int, number: int) -> Any:
    """A version that is a JPEG, PNG or WebP as people are shown it: JPEG, without metadata, of at most 4,096 pixels.

    Of another format: 404; too large to be shown: 422. Both can still be saved as they came.
    """
    actor = asker(request)
    actor.require("document.read")
    version = selectors.get_version(actor, id, number)
    if version.format not in files.PICTURES:
        raise NotFound("document_picture", id)
    picture = files.picture_of(version.sha256)
    services.look_at(actor, version)
    answer = FileResponse(picture.open("rb"), content_type="image/jpeg")
    # A look that is kept on record is one each time.
    answer["Cache-Control"] = "private, no-store" if version.document.personal else "private, max-age=86400, immutable"
    answer["Content-Security-Policy"] = "default-src 'none'; frame-ancestors 'none'"
    return answer


def _kept(file: UploadedFile) -> files.Kept:
    files.too_large(file.size or 0)
    return files.keep(file.read())


def _told(actor: Actor, id: int) -> dict[str, Any]:
    return selectors.document_row(selectors.get_document(actor, id))
