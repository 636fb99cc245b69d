"""Photographs as evidence: sniffed, sealed as they came, shown without where they were taken, seen by whom may see."""

from __future__ import annotations

import hashlib
from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from hypothesis import given
from hypothesis import strategies as st
from PIL import ExifTags, Image

from shoutu.county.kit.errors import Invalid
from shoutu.county.ledger.models import Entry
from shoutu.county.warnings import pictures
from shoutu.county.warnings.models import Evidence


@pytest.fixture(autouse=True)
def _files(tmp_path, settings):
    from dataclasses import replace

    settings.CONFIG = replace(settings.CONFIG, data=tmp_path)


@pytest.fixture
def red(raise_to):
    return raise_to(4)


def photo(form="JPEG", size=(40, 30), located=True, colour="red"):
    exif = Image.Exif()
    if located:
        exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitude] = (35.0, 58.0, 0.0)
        exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = "2026:07:21 14:03:36"
    out = BytesIO()
    Image.new("RGB", size, colour).save(out, form, **({"exif": exif} if form != "PNG" else {}))
    return out.getvalue()


def send(client, warning, data, origin="camera", name="a.jpg", **more):
    token = client.cookies["csrftoken"].value
    body = {"file": SimpleUploadedFile(name, data, "image/jpeg"), "origin": origin, **more}
    return client.post(f"/api/v1/warnings/{warning.pk}/evidence", body, headers={"x-csrftoken": token})


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_kept_as_it_came_and_shown_without_where(login, red, form):
    data, mine = photo(form), login("enterprise")
    answer = send(mine, red, data, note="排水井进口")
    assert answer.status_code == 200, answer.content
    told = answer.json()
    assert told["sha256"] == hashlib.sha256(data).hexdigest()
    assert pictures.original(told["sha256"]).read_bytes() == data
    shown = mine.get(told["url"])
    assert (shown.status_code, shown["Content-Type"]) == (200, "image/jpeg")
    picture = Image.open(BytesIO(b"".join(shown.streaming_content)))
    assert (picture.format, picture.size, len(picture.getexif())) == ("JPEG", (40, 30), 0)
    entry = Entry.objects.get(verb="warning.evidence")
    assert entry.body["payload"]["sha256"] == told["sha256"]
    assert mine.get(f"/api/v1/warnings/{red.pk}").json()["evidence"][0]["note"] == "排水井进口"


def test_when_it_was_taken_is_read_from_it(login, red):
    assert send(login("enterprise"), red, photo()).json()["taken_at"].startswith("2026-07-21T")


def test_same_bytes_twice_are_one_piece(login, red):
    mine, data = login("enterprise"), photo()
    assert send(mine, red, data).json()["id"] == send(mine, red, data).json()["id"]
    assert Evidence.objects.count() == Entry.objects.filter(verb="warning.evidence").count() == 1


@pytest.mark.parametrize(
    "data",
    [b"", b"GIF89a" + b"\0" * 40, b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"%PDF-1.7", photo()[:-200][:300]],
)
def test_what_is_no_whole_photo_is_refused_and_leaves_nothing(login, red, data, tmp_path):
    answer = send(login("enterprise"), red, data, name="photo.jpg")
    assert answer.status_code == 422, answer.content
    assert Evidence.objects.count() == 0
    assert not list((tmp_path / "files").rglob("*.original")) if (tmp_path / "files").exists() else True


def test_too_large_by_bytes_or_pixels(login, red, monkeypatch):
    mine = login("enterprise")
    monkeypatch.setattr(pictures, "MOST_PIXELS", 1000)
    assert send(mine, red, photo()).status_code == 422
    monkeypatch.setattr(pictures, "MOST_BYTES", 100)
    assert send(mine, red, photo()).status_code == 413


def test_others_neither_add_nor_see(login, red):
    told = send(login("enterprise"), red, photo()).json()
    assert login("enterprise_b").get(told["url"]).status_code == 404
    assert send(login("enterprise_b"), red, photo()).status_code == 404
    assert login("auditor").get(told["url"]).status_code == 200
    assert send(login("auditor"), red, photo()).status_code == 403


def test_a_lost_copy_is_made_anew_from_the_original(login, red):
    mine = login("enterprise")
    told = send(mine, red, photo()).json()
    pictures.shown(told["sha256"]).unlink()
    assert mine.get(told["url"]).status_code == 200


@given(st.binary(max_size=400))
def test_any_bytes_are_refused_cleanly_or_kept(data):
    with pytest.raises(Invalid):
        pictures.keep(photo()[:20] + data)
