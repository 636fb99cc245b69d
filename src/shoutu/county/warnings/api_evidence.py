"""Evidence over HTTP: photographs of a warning, added and shown."""

from __future__ import annotations

from typing import Any, Literal

from django.http import FileResponse, HttpRequest
from django.utils.translation import gettext as _
from ninja import File, Form
from ninja.files import UploadedFile

from shoutu.county.kit.api import Router, asker
from shoutu.county.kit.errors import TooLarge
from shoutu.county.warnings import pictures, schemas, selectors, services
from shoutu.county.warnings.services.evidence import may_add

router = Router()


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


@router.get("/evidence/{id}/picture", response={200: None})
def get_picture(request: HttpRequest, id: int) -> Any:
    """The picture as people are shown it: JPEG, without metadata."""
    actor = asker(request)
    actor.require("warning.read")
    evidence = selectors.get_evidence(actor, id)
    answer = FileResponse(pictures.shown(evidence.sha256).open("rb"), content_type="image/jpeg")
    answer["Cache-Control"] = "private, max-age=86400, immutable"
    answer["Content-Security-Policy"] = "default-src 'none'"
    return answer
