"""The commands of a first hour: a site, its source, token, point and rules from the command line."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import shutil

import pytest
from click.testing import CliRunner

from shoutu.county import commands_sites as commands
from shoutu.county.duties.selectors import policies as selectors
from shoutu.county.duties.services import policies
from shoutu.county.people.selectors import token_by_hash
from shoutu.county.sites.models import IngestToken, Point, Rule, Source


def run(group, *arguments):
    result = CliRunner().invoke(group, list(arguments))
    assert result.exit_code == 0, result.output
    return result.stdout.strip()


def fails(group, *arguments):
    result = CliRunner().invoke(group, list(arguments))
    assert result.exit_code != 0
    assert not isinstance(result.exception, AssertionError | TypeError | AttributeError)
    return result.output


@pytest.fixture
def watched(county):
    run(commands.site, "create", "新库", "--kind", "tailings_pond", "--organisation", "新矿", "--grade", "4",
        "--param", "phreatic_control_depth=6.0")  # fmt: skip
    run(commands.source, "create", "新网关", "--site", "新库")
    return int(
        run(commands.point, "create", "JR-1", "--site", "新库", "--source", "新网关", "--item", "phreatic_depth",
            "--unit", "m", "--interval", "5", "--low", "0", "--high", "30", "--danger", "low")
    )  # fmt: skip


def test_a_first_hour(watched):
    point = Point.objects.get(pk=watched)
    assert (point.site.name, point.site.organisation.name, point.source.name, point.axis) == (
        "新库", "新矿", "新网关", "down",
    )  # fmt: skip
    text = run(commands.token, "create", "一号", "--scope", "ingest", "--source", "新网关")
    assert IngestToken.objects.get().hash == hashlib.sha256(text.encode()).hexdigest()
    added = run(commands.rules, "add", "--point", str(watched), "--kind", "rate",
                "--params", json.dumps({"levels": {"3": 5}}), "--reason", "试")  # fmt: skip
    assert Rule.objects.get(pk=int(added)).kind == "rate"
    assert "threshold" in run(commands.rules, "bind", "tailings-pond", "--site", "新库")
    assert "新网关\t1" in run(commands.source, "list")
    waits = run(commands.token, "revoke", "一号", "--source", "新网关")
    assert "已提出，待复核（两人）" in waits
    assert IngestToken.objects.get().revoked_at is None
    replaced = run(commands.token, "revoke", "一号", "--source", "新网关", "--replace", "二号").splitlines()[0]
    assert IngestToken.objects.get(name="一号").revoked_at is not None
    assert IngestToken.objects.get(name="二号").hash == hashlib.sha256(replaced.encode()).hexdigest()


def test_the_countys_own_source_and_an_api_token(county):
    run(commands.token, "create", "一号", "--scope", "ingest", "--source", "county")
    assert Source.objects.get(trusted=True).tokens.count() == 1
    text = run(commands.token, "create", "报表", "--scope", "api", "--as", "leader")
    assert token_by_hash(hashlib.sha256(text.encode()).hexdigest()).owner.username == "leader"


@pytest.mark.parametrize(
    ("group", "arguments", "said"),
    [
        (commands.token, ["create", "x", "--scope", "ingest"], "--source"),
        (commands.token, ["create", "x", "--scope", "api"], "--as"),
        (commands.token, ["create", "x", "--scope", "ingest", "--source", "没有"], "shoutu source create"),
        (commands.token, ["create", "x", "--scope", "api", "--as", "nobody"], "nobody"),
        (commands.source, ["create", "甲", "--site", "没有"], "shoutu site create"),
        (
            commands.site,
            ["create", "库", "--kind", "tailings_pond", "--organisation", "甲矿", "--param", "a:1"],
            "NAME",
        ),
        (commands.rules, ["add", "--point", "99", "--kind", "rate", "--params", "{}", "--reason", "x"], "99"),
        (commands.rules, ["bind", "no-such-pack", "--site", "甲矿尾矿库"], "tailings-pond"),
    ],
)
def test_what_is_wrong_is_one_clear_line(county, group, arguments, said):
    assert said in fails(group, *arguments)


def test_params_that_are_no_json(watched):
    output = fails(commands.rules, "add", "--point", str(watched), "--kind", "rate", "--params", "{", "--reason", "x")
    assert "JSON" in output


def test_the_response_pack_people_are_called_by_is_printed_as_agreed(county, settings, tmp_path):
    packs = tmp_path / "packs"
    shutil.copytree(settings.CONFIG.packs / "response", packs / "response")
    settings.CONFIG = dataclasses.replace(settings.CONFIG, packs=packs)
    policies.look()
    selectors.forget()
    file = packs / "response/default.yaml"
    text = file.read_text("utf-8")
    file.write_text("", "utf-8")
    result = CliRunner().invoke(commands.rules, ["agreed", "response"])
    assert (result.exit_code, result.stdout) == (0, text)
