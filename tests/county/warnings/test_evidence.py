"""Photographs as evidence: sniffed, sealed as they came, shown without where they were taken, seen by whom may see."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from hypothesis import given
from hypothesis import strategies as st
from PIL import ExifTags, Image

from shoutu.county.kit import images
from shoutu.county.kit.errors import Invalid
from shoutu.county.ledger.models import Entry
from shoutu.county.warnings import pictures, pieces
from shoutu.county.warnings.models import Evidence
from shoutu.county.warnings.services import evidence


@pytest.fixture(autouse=True)
def _files(tmp_path, settings):
    from dataclasses import replace

    settings.CONFIG = replace(settings.CONFIG, data=tmp_path)


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
    monkeypatch.setattr(images, "MOST_PIXELS", 1000)
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


class Sender:
    """Sends a photograph in pieces, as a phone on a bad line does."""

    def __init__(self, client, warning, data, sha256=None):
        self.client, self.data = client, data
        self.sha256 = sha256 or hashlib.sha256(data).hexdigest()
        self.at = f"/api/v1/warnings/{warning.pk}/evidence/{self.sha256}"
        self.headers = {"x-csrftoken": client.cookies["csrftoken"].value}

    def piece(self, offset, end):
        return self.client.put(
            f"{self.at}?offset={offset}", self.data[offset:end], "application/octet-stream", headers=self.headers
        )

    def asked(self):
        return self.client.get(self.at).json()

    def seal(self, **more):
        body = {"size": len(self.data), "origin": "camera", **more}
        return self.client.post(f"{self.at}/seal", body, "application/json", headers=self.headers)


def test_a_photograph_in_pieces_goes_on_where_the_line_broke(login, red):
    sender = Sender(login("enterprise"), red, photo())
    assert sender.asked() == {"received": 0, "sealed": None}
    assert sender.piece(0, 300).json()["received"] == 300
    assert sender.asked()["received"] == 300
    assert sender.seal().status_code == 409, "no receipt before all of it is here"
    assert sender.piece(0, 300).json()["received"] == 300, "the same piece again is there once"
    assert sender.piece(500, None).json()["received"] == 300, "a gap is not filled with nothing"
    assert sender.piece(200, None).json()["received"] == len(sender.data)
    told = sender.seal(
        seen_at="2026-07-21T14:03:30+08:00", place={"longitude": 115.9, "latitude": 40.4, "accuracy_m": 12}
    )
    assert told.status_code == 200, told.content
    assert told.json()["sha256"] == sender.sha256
    assert told.json()["place"] == {"longitude": 115.9, "latitude": 40.4, "accuracy_m": 12}
    assert sender.seal().json()["id"] == told.json()["id"], "a receipt that was lost is had again"
    assert sender.asked()["sealed"]["id"] == told.json()["id"]
    assert pictures.original(sender.sha256).read_bytes() == sender.data
    assert Evidence.objects.count() == Entry.objects.filter(verb="warning.evidence").count() == 1
    entry = Entry.objects.get(verb="warning.evidence")
    assert "115.9" not in str(entry.body["payload"])
    assert [one.value for one in entry.personal_values.all()] == ["115.90000, 40.40000 ±12 m"]


def test_a_time_without_its_offset_is_refused_at_its_field(login, red):
    sender = Sender(login("enterprise"), red, photo())
    sender.piece(0, None)
    answer = sender.seal(seen_at="2026-07-21T14:03:30")
    assert (answer.status_code, answer.json()["field"]) == (422, "seen_at")


def test_pieces_that_make_something_else_get_no_receipt_and_begin_again(login, red):
    data = photo()
    sender = Sender(login("enterprise"), red, data, sha256=hashlib.sha256(b"another").hexdigest())
    sender.piece(0, None)
    assert sender.seal().status_code == 409
    assert sender.asked() == {"received": 0, "sealed": None}
    assert Evidence.objects.count() == 0


def test_a_receipt_lost_at_the_limit_of_pieces_of_evidence_is_had_again(login, red, monkeypatch):
    sender = Sender(login("enterprise"), red, photo())
    sender.piece(0, None)
    told = sender.seal().json()
    monkeypatch.setattr(evidence, "MOST", 1)
    assert sender.seal().json()["id"] == told["id"]
    assert sender.piece(0, None).json()["sealed"]["id"] == told["id"]
    another = Sender(sender.client, red, photo(colour="blue"))
    assert (another.piece(0, None).status_code, another.seal().status_code) == (409, 409)


def test_pieces_of_what_is_no_photograph_do_not_stay(login, red, tmp_path):
    sender = Sender(login("enterprise"), red, b"%PDF-1.7 no photograph")
    sender.piece(0, None)
    assert sender.seal().status_code == 422
    assert list((tmp_path / "files" / "pieces").iterdir()) == []


def test_pieces_are_bounded_and_named(login, red, monkeypatch):
    mine = login("enterprise")
    assert Sender(mine, red, photo(), sha256="..").piece(0, None).status_code in (404, 422)
    assert Sender(mine, red, photo(), sha256="A" * 64).piece(0, None).status_code == 422
    assert Sender(mine, red, photo()).piece(-1, None).status_code == 422
    assert Sender(mine, red, photo()).piece(9_999_999_999, None).status_code in (413, 422)
    monkeypatch.setattr(pieces, "MOST_PIECE", 10)
    assert Sender(mine, red, photo()).piece(0, 11).status_code == 422
    monkeypatch.setattr(pieces, "MOST_OPEN", 1)
    assert Sender(mine, red, photo()).piece(0, 10).status_code == 200
    assert Sender(mine, red, photo(colour="blue")).piece(0, 10).status_code == 409
    assert Sender(mine, red, photo()).piece(10, 20).status_code == 200, "what was begun goes on"


def test_pieces_are_their_senders_own(login, red):
    data = photo()
    Sender(login("enterprise"), red, data).piece(0, None)
    assert Sender(login("enterprise_b"), red, data).piece(0, None).status_code == 404
    assert Sender(login("auditor"), red, data).piece(0, None).status_code == 403
    assert Sender(login("duty_officer"), red, data).asked()["received"] == 0


def test_a_photograph_of_another_user_is_not_sealed_under_this_ones_name(login, red, county):
    sender = Sender(login("enterprise"), red, photo())
    sender.piece(0, None)
    refused = sender.seal(user=county.users["duty_officer"].pk)
    assert (refused.status_code, refused.json()["code"]) == (409, "evidence.other_user")
    assert Evidence.objects.count() == 0
    assert sender.seal(user=county.users["enterprise"].pk).status_code == 200


def test_pieces_nobody_goes_on_with_are_swept_after_a_week(login, red, tmp_path):
    sender = Sender(login("enterprise"), red, photo())
    sender.piece(0, 10)
    (file,) = (tmp_path / "files" / "pieces").iterdir()
    begun = file.stat().st_mtime
    assert pieces.sweep(begun + pieces.KEEP_DAYS * 86400 - 60) == 0
    assert pieces.sweep(begun + pieces.KEEP_DAYS * 86400 + 60) == 1
    assert sender.asked()["received"] == 0


def test_a_photograph_of_before_a_restore_is_not_sealed_to_what_has_its_warnings_number_now(login, red):
    sender = Sender(login("enterprise"), red, photo())
    sender.piece(0, None)
    refused = sender.seal(opened_at=(red.opened_at - timedelta(hours=3)).isoformat())
    assert (refused.status_code, refused.json()["code"]) == (409, "act.overtaken")
    assert not Evidence.objects.exists()
    assert sender.seal(opened_at=red.opened_at.isoformat()).status_code == 200
