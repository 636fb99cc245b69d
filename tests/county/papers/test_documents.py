"""Documents of sites and enterprises: kept byte for byte, in versions, taken out by right, run by no browser."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Callable
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from PIL import ExifTags, Image

from shoutu.county.kit.actors import SYSTEM
from shoutu.county.kit.errors import Invalid
from shoutu.county.kit.subjects import ref
from shoutu.county.ledger.models import Access, Entry
from shoutu.county.papers import files
from shoutu.county.papers.models import Document, DocumentVersion
from shoutu.county.papers.services import documents as services
from shoutu.county.places import services as places
from tests.county.base import ListTests

PDF = b"%PDF-1.7\n1 0 obj\n<< >>\nendobj\ntrailer\n<< >>\n%%EOF\n"


@pytest.fixture(autouse=True)
def _own_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "path_of", lambda sha256: tmp_path / sha256[:2] / sha256)


def send_own(client: Client, organisation: int, **more: Any) -> Any:
    body = {"kind": "system", "title": "安全生产责任制", "file": SimpleUploadedFile("责任制.pdf", PDF), **more}
    return client.post(f"/api/v1/organisations/{organisation}/documents", body)


def send(client: Client, site: int, data: bytes = PDF, name: str = "预案.pdf", **more: Any) -> Any:
    body = {"kind": "plan", "title": "综合应急预案", "file": SimpleUploadedFile(name, data), **more}
    return client.post(f"/api/v1/sites/{site}/documents", body)


class TestList(ListTests):
    queries = 7
    path = ""
    sees = {"leader": True, "enterprise": True, "township": True, "auditor": True}

    @pytest.fixture(autouse=True)
    def _at(self, county: SimpleNamespace) -> None:
        type(self).path = f"/api/v1/sites/{county.site.pk}/documents"

    def make(self, county: SimpleNamespace, n: int) -> list[Any]:
        start, made = Document.objects.count(), []
        for i in range(start, start + n):
            kept = files.keep(PDF + b"%d\n%%%%EOF" % i)
            made.append(services.add_document(SYSTEM, ref(county.site), "plan", f"预案{i:03d}", kept, "a.pdf"))
        return made


def test_it_is_kept_as_it_came_and_goes_out_as_an_attachment(county: SimpleNamespace, login: Any) -> None:
    client: Client = login("enterprise")
    told = send(client, county.site.pk)
    assert told.status_code == 201, told.content.decode()
    version = told.json()["versions"][0]
    assert (version["sha256"], version["size"]) == (hashlib.sha256(PDF).hexdigest(), len(PDF))
    answer = client.get(f"/api/v1/documents/{told.json()['id']}/versions/1/file")
    assert b"".join(answer) == PDF
    assert answer["Content-Disposition"].startswith("attachment")
    assert answer["Content-Security-Policy"].startswith("sandbox")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert not Access.objects.exists()


def test_a_further_version_keeps_the_one_before_and_what_stands_sent_again_makes_none(
    county: SimpleNamespace, login: Any
) -> None:
    client: Client = login("inspector")
    id = send(client, county.site.pk).json()["id"]
    path = f"/api/v1/documents/{id}/versions"
    for _ in range(2):
        told = client.post(path, {"file": SimpleUploadedFile("二.pdf", PDF + b"\n%%EOF"), "note": "修订"})
    assert [(one["number"], one["note"]) for one in told.json()["versions"]] == [(2, "修订"), (1, "")]
    assert b"".join(client.get(f"{path}/1/file")) == PDF
    assert Entry.objects.filter(verb="document.added").count() == 2


def test_an_earlier_version_sent_again_is_the_newest(county: SimpleNamespace, login: Any) -> None:
    client: Client = login("inspector")
    id = send(client, county.site.pk).json()["id"]
    path = f"/api/v1/documents/{id}/versions"
    client.post(path, {"file": SimpleUploadedFile("二.pdf", PDF + b"\n%%EOF")})
    told = client.post(path, {"file": SimpleUploadedFile("三.pdf", PDF), "note": "修订作废，恢复原版"}).json()
    assert [(one["number"], one["note"]) for one in told["versions"]] == [(3, "修订作废，恢复原版"), (2, ""), (1, "")]
    assert told["versions"][0]["sha256"] == told["versions"][2]["sha256"]
    assert b"".join(client.get(f"{path}/3/file")) == PDF


def test_one_that_names_persons_leaves_a_look_on_record(county: SimpleNamespace, login: Any) -> None:
    id = send(login("inspector"), county.site.pk, personal="true").json()["id"]
    login("leader").get(f"/api/v1/documents/{id}/versions/1/file")
    row = Access.objects.get()
    assert (row.subject_type, row.subject_id) == ("document", id)


def picture(form: str = "PNG", size: tuple[int, int] = (40, 30)) -> bytes:
    exif = Image.Exif()
    exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitude] = (35.0, 58.0, 0.0)
    out = BytesIO()
    Image.new("RGB", size, "white").save(out, form, exif=exif)
    return out.getvalue()


def drawn(client: Client, site: int, data: bytes, **more: Any) -> str:
    """A drawing put there; where it is looked at."""
    told = send(client, site, data, "总平面图.png", kind="drawing", title="总平面图", **more)
    assert told.status_code == 201, told.content.decode()
    return f"/api/v1/documents/{told.json()['id']}/versions/1/picture"


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP"])
def test_a_drawing_is_shown_by_a_copy_without_where(county: SimpleNamespace, login: Any, form: str) -> None:
    client: Client = login("enterprise")
    answer = client.get(drawn(client, county.site.pk, picture(form, (5000, 50))))
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/jpeg")
    assert "immutable" in answer["Cache-Control"]
    shown = Image.open(BytesIO(b"".join(answer)))
    assert (shown.format, shown.size, len(shown.getexif())) == ("JPEG", (4096, 41), 0)
    assert not Access.objects.exists()


def test_a_drawing_that_names_persons_leaves_a_look_on_record_each_time(county: SimpleNamespace, login: Any) -> None:
    path = drawn(login("inspector"), county.site.pk, picture(), personal="true")
    for _ in range(2):
        assert login("leader").get(path)["Cache-Control"] == "private, no-store"
    assert Access.objects.count() == 2


def test_what_cannot_be_shown_says_so_and_can_still_be_saved(county: SimpleNamespace, login: Any) -> None:
    client: Client = login("inspector")
    id = send(client, county.site.pk).json()["id"]
    assert client.get(f"/api/v1/documents/{id}/versions/1/picture").status_code == 404
    broken = picture("JPEG")[:200] + b"\xff\xd9"
    path = drawn(client, county.site.pk, broken)
    assert client.get(path).json()["field"] == "file"
    assert b"".join(client.get(path.replace("picture", "file"))) == broken


def test_anothers_drawing_is_not_shown_nor_one_changed_on_the_disk(county: SimpleNamespace, login: Any) -> None:
    data = picture()
    path = drawn(login("inspector"), county.site.pk, data)
    assert login("enterprise_b").get(path).status_code == 404
    kept = files.path_of(hashlib.sha256(data).hexdigest())
    kept.chmod(0o600)
    kept.write_bytes(picture(size=(20, 20)))
    assert login("inspector").get(path).status_code == 404


def test_a_file_that_is_no_longer_the_same_is_not_handed_out(county: SimpleNamespace, login: Any) -> None:
    client: Client = login("inspector")
    told = send(client, county.site.pk).json()
    path = files.path_of(told["versions"][0]["sha256"])
    path.chmod(0o600)
    path.write_bytes(PDF.replace(b"1.7", b"1.4"))
    assert client.get(f"/api/v1/documents/{told['id']}/versions/1/file").status_code == 404


@pytest.mark.parametrize("data", [b"", b"<html><script>", b"MZ\x90", PDF[:20], b"\xff\xd8\xff\xe0 cut", b"PK\x03\x04"])
def test_what_is_no_whole_pdf_or_picture_is_refused(county: SimpleNamespace, login: Any, data: bytes) -> None:
    answer = send(login("inspector"), county.site.pk, data, "像.pdf")
    assert answer.status_code == 422
    assert answer.json()["field"] == "file"
    assert not Document.objects.exists()


def test_too_large_is_said(county: SimpleNamespace, login: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MOST_BYTES", 10)
    assert send(login("inspector"), county.site.pk).status_code == 413


@given(st.binary(max_size=200))
def test_any_bytes_are_told_or_refused(data: bytes) -> None:
    with suppress(Invalid):
        assert files.format_of(data) in files.TYPES


def test_anothers_is_not_found_and_only_the_county_withdraws(county: SimpleNamespace, login: Any) -> None:
    id = send(login("enterprise"), county.site.pk).json()["id"]
    other: Client = login("enterprise_b")
    assert other.get(f"/api/v1/documents/{id}/versions/1/file").status_code == 404
    assert send(other, county.site.pk).status_code == 404
    path, body = f"/api/v1/documents/{id}/withdraw", {"reason": "传错场所"}
    assert login("enterprise").post(path, body, content_type="application/json").status_code == 403
    told = login("inspector").post(path, body, content_type="application/json")
    assert told.json()["withdrawn"] is True
    assert login("leader").get(f"/api/v1/sites/{county.site.pk}/documents").json()["count"] == 0
    assert DocumentVersion.objects.count() == 1
    assert send(login("enterprise"), county.site.pk).status_code == 201


def test_a_withdrawn_one_is_handed_out_only_to_who_may_withdraw(county: SimpleNamespace, login: Any) -> None:
    id = send(login("enterprise"), county.site.pk).json()["id"]
    services.withdraw_document(SYSTEM, id, "含个人信息，传错")
    path = f"/api/v1/documents/{id}/versions/1/file"
    assert login("enterprise").get(path).status_code == 404
    assert login("leader").get(path).status_code == 404
    assert b"".join(login("inspector").get(path)) == PDF


def test_one_name_stands_once(county: SimpleNamespace, login: Callable[[str], Client]) -> None:
    client = login("inspector")
    send(client, county.site.pk)
    assert send(client, county.site.pk).status_code == 409
    assert send(client, county.site.pk, title=" ").json()["field"] == "title"


class TestListOfAnEnterprise(ListTests):
    queries = 7
    path = ""
    sees = {"leader": True, "enterprise": True, "principal": True, "township": True, "auditor": True}

    @pytest.fixture(autouse=True)
    def _at(self, county: SimpleNamespace) -> None:
        type(self).path = f"/api/v1/organisations/{county.mine.pk}/documents"

    def make(self, county: SimpleNamespace, n: int) -> list[Any]:
        start, made = Document.objects.count(), []
        for i in range(start, start + n):
            kept = files.keep(PDF + b"%d\n%%%%EOF" % i)
            made.append(services.add_document(SYSTEM, ref(county.mine), "system", f"制度{i:03d}", kept, "a.pdf"))
        return made


def test_an_enterprises_own_stands_apart_from_its_sites(county: SimpleNamespace, login: Any) -> None:
    client: Client = login("enterprise")
    told = send_own(client, county.mine.pk)
    assert told.status_code == 201, told.content.decode()
    mine = told.json()
    assert (mine["organisation"]["name"], mine["site"], mine["kind"]) == ("甲矿", None, "system")
    there = send(client, county.site.pk).json()
    assert (there["organisation"]["name"], there["site"]["name"]) == ("甲矿", "甲矿尾矿库")

    def listed(**query: Any) -> list[int]:
        return [one["id"] for one in client.get("/api/v1/documents", query).json()["items"]]

    assert listed(organisation=county.mine.pk) == [there["id"], mine["id"]]
    assert listed(organisation=county.mine.pk, of="organisation") == [mine["id"]]
    assert listed(of="site") == [there["id"]]
    assert client.get("/api/v1/documents", {"of": "county"}).json()["field"] == "of"
    own = client.get(f"/api/v1/organisations/{county.mine.pk}/documents").json()["items"]
    assert [one["id"] for one in own] == [mine["id"]]
    assert client.get(f"/api/v1/sites/{county.site.pk}/documents").json()["count"] == 1


def test_an_enterprises_gets_versions_and_is_withdrawn_with_entries_that_say_so(
    county: SimpleNamespace, login: Any
) -> None:
    client: Client = login("enterprise")
    id = send_own(client, county.mine.pk).json()["id"]
    path = f"/api/v1/documents/{id}/versions"
    told = client.post(path, {"file": SimpleUploadedFile("二.pdf", PDF + b"\n%%EOF"), "note": "修订"})
    assert [one["number"] for one in told.json()["versions"]] == [2, 1]
    assert b"".join(client.get(f"{path}/1/file")) == PDF
    inspector: Client = login("inspector")
    body = {"reason": "传错企业"}
    assert client.post(f"/api/v1/documents/{id}/withdraw", body, "application/json").status_code == 403
    assert inspector.post(f"/api/v1/documents/{id}/withdraw", body, "application/json").json()["withdrawn"]
    entries = inspector.get("/api/v1/ledger", {"subject": f"document:{id}"}).json()["items"]
    who = ("inspector 撤下企业资料", "甲矿值班员 存入企业资料第 2 版", "甲矿值班员 存入企业资料第 1 版")
    assert [one["text"] for one in entries] == [f"{words} 安全生产责任制" for words in who]
    assert {one["subject"]["url"] for one in entries} == {f"/enterprises/{county.mine.pk}?tab=documents"}
    added = Entry.objects.filter(verb="document.added", subject_id=id).earliest("id")
    assert added.body["payload"]["organisation"] == county.mine.pk


def test_an_enterprises_is_for_who_sees_the_enterprise(county: SimpleNamespace, login: Any) -> None:
    id = send_own(login("enterprise"), county.mine.pk).json()["id"]
    path = f"/api/v1/documents/{id}/versions"
    for name in ("enterprise_b", "township_b"):
        other: Client = login(name)
        assert other.get(f"{path}/1/file").status_code == 404, name
        assert other.post(path, {"file": SimpleUploadedFile("二.pdf", PDF + b"\n%%EOF")}).status_code == 404, name
        assert other.get(f"/api/v1/organisations/{county.mine.pk}/documents").status_code == 404, name
        assert other.get("/api/v1/documents").json()["count"] == 0, name
        assert send_own(other, county.mine.pk, title="别的").status_code == 404, name
    assert login("leader").get(f"{path}/1/file").status_code == 200
    assert send_own(login("leader"), county.mine.pk, title="别的").status_code == 403


def test_a_township_sees_those_of_one_seated_elsewhere_whose_site_lies_in_it(
    county: SimpleNamespace, login: Any
) -> None:
    id = send_own(login("enterprise"), county.mine.pk).json()["id"]
    places.create_site(SYSTEM, "甲矿排土场", "dump", county.mine, territory=county.west)
    client: Client = login("township_b")
    assert client.get("/api/v1/documents").json()["count"] == 1
    assert client.get(f"/api/v1/documents/{id}/versions/1/file").status_code == 200
    assert send_own(client, county.mine.pk, title="巡查记录", kind="other").status_code == 201


def test_nothing_is_put_into_a_government_office(county: SimpleNamespace, login: Any) -> None:
    assert send_own(login("inspector"), county.bureau.pk).status_code == 404
    assert send_own(login("inspector"), 0).status_code == 404


def test_one_that_is_no_longer_an_enterprise_keeps_them_to_itself_and_the_county(
    county: SimpleNamespace, login: Any
) -> None:
    id = send_own(login("enterprise"), county.mine.pk).json()["id"]
    places.change_organisation(SYSTEM, county.mine, kind="government")
    path = f"/api/v1/documents/{id}/versions/1/file"
    answers = {name: login(name).get(path).status_code for name in ("leader", "enterprise", "enterprise_b")}
    assert answers == {"leader": 200, "enterprise": 200, "enterprise_b": 404}


def test_one_name_stands_once_in_an_enterprise_and_again_in_its_site(county: SimpleNamespace, login: Any) -> None:
    client: Client = login("inspector")
    assert send_own(client, county.mine.pk).status_code == 201
    assert send_own(client, county.mine.pk).status_code == 409
    assert send_own(client, county.mine_b.pk).status_code == 201
    assert send(client, county.site.pk, kind="system", title="安全生产责任制").status_code == 201


def test_there_are_not_too_many(county: SimpleNamespace, login: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "MOST", 1)
    client: Client = login("inspector")
    assert send_own(client, county.mine.pk).status_code == 201
    assert "一家企业" in send_own(client, county.mine.pk, title="二").json()["detail"]
    assert send(client, county.site.pk).status_code == 201


@pytest.mark.parametrize("both", [True, False])
def test_it_is_of_a_site_or_of_an_enterprise(county: SimpleNamespace, both: bool) -> None:
    owners = {"site": county.site, "organisation": county.mine} if both else {}
    with pytest.raises(IntegrityError), transaction.atomic():
        Document.objects.create(kind="plan", title="预案", created_at=timezone.now(), **owners)


def test_they_go_out_as_a_table_with_whose_they_are(county: SimpleNamespace, login: Any) -> None:
    client: Client = login("inspector")
    send_own(client, county.mine.pk)
    send(client, county.site.pk)
    send(client, county.site_b.pk)
    answer = client.get("/api/v1/tables/documents/export", {"format": "csv", "organisation": county.mine.pk})
    rows = list(csv.reader(b"".join(answer).decode("utf-8-sig").splitlines()))
    told = [row[:4] for row in rows if row[0] == "甲矿"]
    assert told == [["甲矿", "甲矿尾矿库", "应急预案", "综合应急预案"], ["甲矿", "", "规章制度", "安全生产责任制"]]
    assert not [row for row in rows if "乙矿" in row]
