"""Evidence over HTTP: photographs of a warning, added and shown."""

from __future__ import annotations

from typing import Any, Literal

from django.http import FileResponse, HttpRequest
from django.utils.translation import gettext as _
from ninja import File, Form, Query
from ninja.files import UploadedFile
from pydantic import NonNegativeInt

from shoutu.county.kit.actors import Actor
from shoutu.county.kit.api import Router, asker
from shoutu.county.kit.errors import Invalid, TooLarge
from shoutu.county.warnings import pictures, pieces, schemas, selectors, services
from shoutu.county.warnings.models import Evidence
from shoutu.county.warnings.services.evidence import OtherUser, Seen, may_add

router = Router()
PIECE = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}


@router.post("/warnings/{id}/evidence", response=schemas.Evidence)
def add_evidence(
    request: HttpRequest,
    id: int,
    file: File[UploadedFile],
    origin: Form[Literal["camera", "gallery"]],
    note: Form[str] = "",
) -> Any:
    """A JPEG, PNG or WebP photograph of at most 20 MB. Kept as it came; shown without where it was taken."""
    actor = asker(request)
    may_add(actor, id)
    if (file.size or 0) > pictures.MOST_BYTES:
        raise TooLarge(_("照片不能超过 %(limit)d MB") % {"limit": pictures.MOST_BYTES // 1024 // 1024})
    kept = pictures.keep(file.read())
    return selectors.evidence_row(services.add_evidence(actor, id, kept, origin, note))


@router.get("/warnings/{id}/evidence/{sha256}", response=schemas.EvidencePieces)
def get_pieces(request: HttpRequest, id: int, sha256: str) -> Any:
    """How much of the photograph with this hash is here, and whether it is sealed: where a sender goes on."""
    actor = asker(request)
    actor.require("evidence.add")
    done = selectors.sealed(actor, id, sha256)
    return _pieces(done.size if done else pieces.received(actor, id, sha256), done)


@router.put("/warnings/{id}/evidence/{sha256}", response=schemas.EvidencePieces, openapi_extra=PIECE)
def put_piece(request: HttpRequest, id: int, sha256: str, offset: Query[NonNegativeInt]) -> Any:
    """A piece of the photograph (the body, at most 1 MB) that begins at byte `offset`. Sent again, it is there once."""
    actor = asker(request)
    if done := _sealed_or_may_add(actor, id, sha256):
        return _pieces(done.size, done)
    return _pieces(pieces.add(actor, id, sha256, offset, request.body), None)


@router.post("/warnings/{id}/evidence/{sha256}/seal", response=schemas.Evidence)
def seal_evidence(request: HttpRequest, id: int, sha256: str, body: schemas.EvidenceSealIn) -> Any:
    """All pieces are here: sealed if they make the photograph of this hash, else 409 and it is sent from the start.

    Sealing again answers the same piece, so that a receipt lost on the way is asked for anew. Under another's name
    than `user`'s nothing is sealed: 409 with code `evidence.other_user`.
    """
    actor = asker(request)
    done = _sealed_or_may_add(actor, id, sha256)
    if body.user is not None and body.user != actor.user_id:
        raise OtherUser()
    if done is None:
        data = pieces.whole(actor, id, sha256, body.size)
        try:
            kept = pictures.keep(data)
        except Invalid:
            pieces.drop(actor, id, sha256)  # no photograph: sending it again makes it none
            raise
        seen = Seen(body.seen_at, **(body.place.dict() if body.place else {}))
        done = services.add_evidence(actor, id, kept, body.origin, body.note, seen, body.opened_at)
    pieces.drop(actor, id, sha256)
    return selectors.evidence_row(done)


def _sealed_or_may_add(actor: Actor, id: int, sha256: str) -> Evidence | None:
    """What is sealed already, also where no more may be added: its receipt may have been lost."""
    actor.require("evidence.add")
    done = selectors.sealed(actor, id, sha256)
    if done is None:
        may_add(actor, id)
    return done


def _pieces(received: int, done: Evidence | None) -> dict[str, Any]:
    return {"received": received, "sealed": selectors.evidence_row(done) if done else None}


@router.get("/evidence/{id}/picture", response={200: None})
def get_picture(request: HttpRequest, id: int) -> Any:
    """The picture as people are shown it: JPEG, without metadata."""
    actor = asker(request)
    actor.require("warning.read")
    evidence = selectors.get_evidence(actor, id)
    answer = FileResponse(pictures.shown(evidence.sha256).open("rb"), content_type="image/jpeg")
    answer["Cache-Control"] = "private, max-age=86400, immutable"
    answer["Content-Security-Policy"] = "default-src 'none'; frame-ancestors 'none'"
    return answer
