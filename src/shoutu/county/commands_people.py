"""`shoutu user …`: accounts from the server's command line."""

from __future__ import annotations

import sys

import click

from shoutu.county.setup import ready

ROLES = [
    "administrator", "leader", "duty_officer", "inspector", "department", "township", "principal", "safety_officer",
    "rescue_lead", "auditor",
    # What it was called before it was split; now a safety officer.
    "enterprise",
]  # fmt: skip


@click.group()
def user() -> None:
    """账号。 Accounts."""
    ready()


def _password(from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    return str(click.prompt("密码 / password", hide_input=True, confirmation_prompt=True))


@user.command()
@click.argument("name")
@click.option("--role", required=True, type=click.Choice(ROLES))
@click.option("--password-stdin", is_flag=True, help="从标准输入读一行密码 / read one line from stdin")
@click.option("--display", default="", help="显示名 / shown name")
@click.option("--organisation", default="", help="所属单位名称 / organisation by name")
@click.option("--territory", default="", help="行政区名称 / territory by name")
@click.option("--sector", "sectors", multiple=True, help="所管行业，可多次 / kind of site overseen, repeatable")
def create(
    name: str,
    role: str,
    password_stdin: bool,
    display: str,
    organisation: str,
    territory: str,
    sectors: tuple[str, ...],
) -> None:
    """新建账号。 Create an account."""
    from shoutu.county.kit.actors import system
    from shoutu.county.kit.errors import ShoutuError
    from shoutu.county.people.services import create_user
    from shoutu.county.places.selectors import organisation_named, territory_named

    try:
        made = create_user(
            system("命令行"),
            name,
            role,
            _password(password_stdin),
            display=display,
            organisation=organisation_named(organisation) if organisation else None,
            territory=territory_named(territory) if territory else None,
            sectors=sectors,
        )
    except ShoutuError as error:
        raise click.ClickException(error.detail) from error
    click.echo(f"{made.username} ({made.role})")


@user.command()
@click.argument("name")
@click.option("--password-stdin", is_flag=True)
def password(name: str, password_stdin: bool) -> None:
    """改密码。 Set a password."""
    from shoutu.county.kit.actors import system
    from shoutu.county.kit.errors import ShoutuError
    from shoutu.county.people.selectors import user_named
    from shoutu.county.people.services import set_password

    try:
        set_password(system("命令行"), user_named(name), _password(password_stdin))
    except ShoutuError as error:
        raise click.ClickException(error.detail) from error
    click.echo(name)


@user.command()
@click.argument("name")
@click.option("--off/--on", "off", default=True, help="停用（默认）或重新启用 / switch off (default) or on")
def switch(name: str, off: bool) -> None:
    """停用或启用账号。 Switch an account off or on."""
    from shoutu.county.kit.actors import system
    from shoutu.county.kit.errors import ShoutuError
    from shoutu.county.people.selectors import user_named
    from shoutu.county.people.services import set_active

    try:
        set_active(system("命令行"), user_named(name), not off)
    except ShoutuError as error:
        raise click.ClickException(error.detail) from error
    click.echo(name)


@user.command()
@click.argument("name")
def reset_factor(name: str) -> None:
    """取消一个账号的动态口令（手机和恢复码都丢了）。 Take off a second factor whose telephone and codes are lost."""
    from shoutu.county.kit.actors import system
    from shoutu.county.kit.errors import ShoutuError
    from shoutu.county.people import services
    from shoutu.county.people.selectors import user_named

    try:
        services.reset_factor(system("命令行"), user_named(name))
    except ShoutuError as error:
        raise click.ClickException(error.detail) from error
    click.echo(name)
