"""`shoutu ledger …`: check, prove, export, hand out."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from shoutu.county.setup import ready

if TYPE_CHECKING:
    from shoutu.ledger_keys import PublicKey


@click.group()
def ledger() -> None:
    """记录簿：核对、举证、导出。 The ledger: verify, prove, export."""
    ready()


@ledger.command()
@click.option(
    "--head",
    "heads",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="外部保存的树头，可多次给出 / a head kept elsewhere; may repeat",
)
@click.option(
    "--key",
    "keys",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="外部保存的公钥，可多次给出 / a public key kept elsewhere; may repeat",
)
@click.option("--json", "as_json", is_flag=True, help="机器可读的结果 / machine-readable")
def verify(heads: tuple[Path, ...], keys: tuple[Path, ...], as_json: bool) -> None:
    """核对整个记录簿，指出每一处改动。 Check everything and name every change. Exit code 1 when something is found."""
    from dataclasses import asdict

    from shoutu.county.ledger.selectors.verify import verify as check

    report = check([path.read_text("utf-8", "replace") for path in heads], _keys(keys))
    if as_json:
        click.echo(json.dumps({**asdict(report), "ok": report.ok, "verdict": report.verdict()}, ensure_ascii=False))
    else:
        for finding in report.findings:
            click.echo(str(finding))
        click.echo(report.verdict())
        if report.unsealed:
            click.echo(f"待封存 {report.unsealed} 条 / {report.unsealed} entries wait to be sealed")
    sys.exit(0 if report.ok else 1)


@ledger.command()
@click.argument("entry_id", type=int)
def prove(entry_id: int) -> None:
    """打印一条记录的存在证明（JSON）。 Print the proof that an entry is in the log."""
    from shoutu.county.kit.errors import ShoutuError
    from shoutu.county.ledger.selectors.tree import prove_id

    try:
        click.echo(json.dumps(prove_id(entry_id).as_dict(), ensure_ascii=False, indent=1))
    except ShoutuError as error:
        raise click.ClickException(error.detail) from error


@ledger.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
def export(folder: Path) -> None:
    """导出记录簿，供独立核对。 Export for `python verify_ledger.py log FOLDER`."""
    from shoutu.county.kit.errors import ShoutuError
    from shoutu.county.ledger.selectors.export import export as write

    try:
        click.echo(f"{write(folder)} → {folder}")
    except ShoutuError as error:
        raise click.ClickException(error.detail) from error


@ledger.command()
@click.option(
    "--from",
    "folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="以前导出的文件夹 / an earlier export",
)
@click.option(
    "--key",
    "keys",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="外部保存的公钥，可多次给出 / a public key kept elsewhere; may repeat",
)
@click.option("--dry-run", is_flag=True, help="只说明，不修改 / only say what would be done")
def repair(folder: Path | None, keys: tuple[Path, ...], dry_run: bool) -> None:
    """按已签名的树头，用另一份副本修复损坏之处。 Restore what a signed head proves from the other copy.

    Exit code 0: nothing is left. 1: something could not be proved, and stays as it is.
    """
    from shoutu.county.kit.actors import system
    from shoutu.county.kit.errors import ShoutuError
    from shoutu.county.ledger.selectors.verify import verify as check
    from shoutu.county.ledger.services.repair import repair as put_right
    from shoutu.county.ledger.services.seal import seal_all

    try:
        plan = put_right(system("命令行"), folder, _keys(keys), dry_run)
        for done in plan.done:
            click.echo(str(done))
        for refused in plan.refused:
            click.echo(f"未修复 / not repaired {refused}")
        if not dry_run:
            if plan.done:
                seal_all()
            report = check(trusted=_keys(keys))
            click.echo(report.verdict())
    except ShoutuError as error:
        raise click.ClickException(error.detail) from error
    sys.exit(1 if plan.refused or (not dry_run and not report.ok) else 0)


def _keys(paths: tuple[Path, ...]) -> list[PublicKey]:
    """Public keys from files."""
    from shoutu.ledger_keys import KeyFormError, load_public

    try:
        return [load_public(path.read_text("ascii", "replace")) for path in paths]
    except KeyFormError as error:
        raise click.BadParameter(str(error), param_hint="--key") from error


@ledger.command()
@click.option("--hand-out", is_flag=True, help="立即送给所有见证方 / hand it to every witness now")
@click.option("--seal", "seal_first", is_flag=True, help="先封存等待的记录 / seal what waits first")
def head(hand_out: bool, seal_first: bool) -> None:
    """打印最新的已签名树头。 Print the newest signed head, to be kept elsewhere."""
    from shoutu.county.ledger.selectors.tree import head as newest
    from shoutu.county.ledger.services.seal import seal_all
    from shoutu.county.ledger.services.witness import hand_out_now

    if seal_first:
        seal_all()
    found = newest()
    if found is None:
        raise click.ClickException("记录簿还是空的 / the ledger is empty")
    click.echo(found.note, nl=False)
    if hand_out and (errors := hand_out_now()):
        raise click.ClickException("\n".join(errors))


@ledger.command()
@click.option("--reason", required=True, help="恢复的原因 / why it was restored")
@click.option(
    "--head",
    "head_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="外部保存的最新树头 / the newest head kept elsewhere",
)
def epoch(reason: str, head_file: Path | None) -> None:
    """恢复备份之后：声明遗失，开启新纪元。 After a restore: declare what is lost and open a new epoch."""
    from shoutu.county.kit.actors import system
    from shoutu.county.kit.errors import ShoutuError
    from shoutu.county.ledger.services.seal import open_epoch, seal_all

    try:
        opened = open_epoch(system("命令行"), reason, head_file.read_text("utf-8") if head_file else "")
        seal_all()
    except ShoutuError as error:
        raise click.ClickException(error.detail) from error
    click.echo(f"{opened.number}: {opened.size}")


@ledger.command()
@click.argument("name")
@click.argument("kind", type=click.Choice(["folder", "url", "mail"]))
@click.argument("target")
@click.option("--every", default=60, show_default=True, help="分钟 / minutes")
def witness(name: str, kind: str, target: str, every: int) -> None:
    """添加一个见证方。 Add a witness: a folder, an address that takes heads by POST, an e-mail box."""
    from shoutu.county.kit.actors import system
    from shoutu.county.kit.errors import ShoutuError
    from shoutu.county.ledger.services.witness import add_witness

    try:
        add_witness(system("命令行"), name, kind, target, every)
    except ShoutuError as error:
        raise click.ClickException(error.detail) from error
    click.echo(name)


@ledger.command()
@click.argument("name")
@click.option(
    "--key",
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="对方的公钥 / its public key: ledger.pub.pem",
)
def keep(name: str, key: Path) -> None:
    """为另一处守土做见证：登记其公钥。 Be another installation's witness: register its public key.

    It then sends its heads here: `shoutu ledger witness NAME url https://THIS/api/v1/ledger/heads` over there.
    """
    from shoutu.county.kit.actors import system
    from shoutu.county.kit.errors import ShoutuError
    from shoutu.county.ledger.services.keeping import keep_log

    try:
        log = keep_log(system("命令行"), name, key.read_text("ascii", "replace"))
    except ShoutuError as error:
        raise click.ClickException(error.detail) from error
    click.echo(f"{log.name}: {log.origin}")


@ledger.command()
@click.argument("name", default="")
@click.option("--to", "folder", type=click.Path(file_okay=False, path_type=Path), help="写成文件 / write as files")
def kept(name: str, folder: Path | None) -> None:
    """列出为别处保存的树头。 Heads kept for others; exit code 1 when one contradicts another or is out of order."""
    from shoutu.county.ledger.selectors import witnesses

    heads = list(witnesses.kept(name))
    for head in heads:
        told = f"  矛盾 / CONTRADICTS {head.contradicts}" if head.contradicts else ""
        told += f"  次序不对 / OUT OF ORDER {head.doubt}" if head.doubt else ""
        click.echo(f"{head.log.name}  {head.signed_at.isoformat()}  {head.epoch}/{head.size}  {head.root[:16]}{told}")
        if folder:
            folder.mkdir(parents=True, exist_ok=True)
            file = folder / f"{head.log.origin.replace('/', '-')}-{head.epoch}-{head.size:012d}-{head.digest[:8]}.note"
            file.write_text(head.note, encoding="utf-8")
    sys.exit(1 if any(head.contradicts or head.doubt for head in heads) else 0)
