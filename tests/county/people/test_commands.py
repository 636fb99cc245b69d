"""`shoutu user …`."""

from __future__ import annotations

from types import SimpleNamespace

from click.testing import CliRunner

from shoutu.county.commands_people import ROLES, user
from shoutu.county.ledger.models import Entry
from shoutu.county.people.models import Role, User
from shoutu.county.people.testing import PASSWORD


def run(*arguments: str, stdin: str = ""):
    return CliRunner().invoke(user, list(arguments), input=stdin)


def test_roles_of_the_command_are_the_products() -> None:
    assert set(ROLES) == {*Role.values, "enterprise"}  # the old word still makes a safety officer


def test_create_change_password_switch(county: SimpleNamespace) -> None:
    made = run("create", "张岗", "--role", "township", "--territory", "东乡", "--password-stdin", stdin=PASSWORD + "\n")
    assert made.exit_code == 0, made.output
    account = User.objects.get(username="张岗")
    assert account.territory == county.east
    assert account.check_password(PASSWORD)
    assert run("password", "张岗", "--password-stdin", stdin="另一个足够长的密码！！\n").exit_code == 0
    account.refresh_from_db()
    assert account.check_password("另一个足够长的密码！！")
    assert run("switch", "张岗").exit_code == 0
    account.refresh_from_db()
    assert not account.is_active
    assert run("switch", "张岗", "--on").exit_code == 0
    entry = Entry.objects.filter(verb="user.created").order_by("-id").first()
    assert entry.actor == "命令行"


def test_bad_input_is_one_clear_line(county: SimpleNamespace) -> None:
    short = run("create", "x", "--role", "auditor", "--password-stdin", stdin="123\n")
    assert short.exit_code == 1
    assert "密码" in short.output
    assert "Traceback" not in short.output
    assert run("create", "x", "--role", "king", "--password-stdin", stdin=PASSWORD).exit_code == 2
    nowhere = ("create", "x", "--role", "township", "--territory", "没有的乡", "--password-stdin")
    assert "没有的乡" in run(*nowhere, stdin=PASSWORD).output
    assert run("switch", "没有这个人").exit_code == 1
    assert not User.objects.filter(username="x").exists()
