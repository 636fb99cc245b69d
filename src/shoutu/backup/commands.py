"""`shoutu backup` and `shoutu restore`."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import click

from shoutu.backup import BackupError
from shoutu.backup.archive import Contents
from shoutu.cli import settings

FILE = click.Path(path_type=Path)


@click.command()
@click.argument("target", type=FILE)
@click.option(
    "--signing-key",
    type=FILE,
    help="另存账本签名私钥的新文件，须与备份分开保管 / a new file for the ledger's signing key; keep it elsewhere",
)
@click.option("--json", "as_json", is_flag=True, help="末行输出 JSON / the last line as JSON")
def backup(target: Path, signing_key: Path | None, as_json: bool) -> None:
    """运行中备份到文件夹或 .tar 文件。 Back up into a folder or a .tar file, while everything runs."""
    from shoutu.backup.take import take

    config = settings()
    try:
        taken = take(config, target, signing_key)
    except BackupError as error:
        raise click.ClickException(str(error)) from error
    contents = taken.contents
    click.echo(f"备份完成 / backed up: {taken.path}  {taken.size:,} bytes")
    _tell(contents)
    click.echo(f"  SHA-256 (manifest) {taken.digest}")
    for name in contents.damaged:
        click.echo(f"  原件已损坏，照原样备份 / damaged before it was copied: {name}")
    if signing_key is None:
        click.echo("  账本签名私钥不在其中 / the ledger's signing key is not in it (--signing-key FILE)")
    else:
        click.echo(f"  账本签名私钥 / the ledger's signing key: {signing_key}；与备份分开保管 / keep it apart")
    facts = {
        "file": taken.path.name,
        "bytes": taken.size,
        "sha256": taken.digest,
        "taken_at": contents.taken_at,
        "size": contents.ledger["size"],
    }
    from shoutu.county.setup import ready

    ready()
    from django.db import DatabaseError

    from shoutu.county.kit.actors import system
    from shoutu.county.ledger.services.backups import note_taken

    try:
        note_taken(system("网页" if as_json else "命令行"), facts)
    except DatabaseError as error:
        raise click.ClickException(
            f"备份是完整的，但没有记入账本 / the backup is whole, but could not be recorded: {error}"
        ) from error
    if as_json:
        told = {"path": str(taken.path), "bytes": taken.size, "size": facts["size"], "epoch": contents.ledger["epoch"]}
        click.echo(json.dumps(told))


@click.command()
@click.argument("archive", type=FILE)
@click.option("--data", type=FILE, help="新的数据目录 / the new data directory (else SHOUTU_DATA, ./var)")
@click.option(
    "--database", default="", help="PostgreSQL 备份要恢复到的空库 / an empty database, for a backup of PostgreSQL"
)
@click.option("--signing-key", type=FILE, help="分开保管的签名私钥 / the signing key that was kept elsewhere")
@click.option("--head", type=FILE, help="外部保存的最新树头 / the newest head kept elsewhere")
@click.option("--reason", default="", help="恢复的原因，记入账本 / why; goes into the ledger")
@click.option("--drill", is_flag=True, help="演练副本：什么也不发出去 / a copy for a drill: nothing leaves it")
@click.option("--check", "only_check", is_flag=True, help="只检查备份，不写任何东西 / only check it, write nothing")
def restore(
    archive: Path,
    data: Path | None,
    database: str,
    signing_key: Path | None,
    head: Path | None,
    reason: str,
    drill: bool,
    only_check: bool,
) -> None:
    """从备份恢复成一个新的数据目录。 Make a new data directory of a backup; nothing else is touched."""
    from shoutu.backup import put

    try:
        if only_check:
            contents = put.check(archive)
            click.echo("备份完好 / the backup is whole")
            _tell(contents)
            return
        place = data or Path(os.environ.get("SHOUTU_DATA", "./var"))
        url = database or os.environ.get("SHOUTU_DATABASE_URL", "")
        done = put.restore(put.Source(archive, place, url, signing_key, _text(head), reason, drill))
    except BackupError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"已恢复 / restored: {place}")
    _tell(done.contents)
    if done.epoch:
        click.echo(f"  账本进入第 {done.epoch} 纪元 / the ledger is in epoch {done.epoch}")
    if done.new_key:
        click.echo("  账本有新的签名密钥，请把新公钥交给见证方 / a new signing key: give witnesses the new public key")
    if done.packs:
        click.echo(f"  自有的规则包 / packs of its own: SHOUTU_PACKS={place / 'packs'}")
    if url:
        click.echo("  启动前设置 / set SHOUTU_DATABASE_URL to the database given here before it is started")
    if drill:
        click.echo("  演练副本：启动后不呼叫任何人，每页写明 / a drill copy: it calls nobody and says so")
    else:
        click.echo("  启动后会照常呼叫真实的人；演练用 --drill / it will call real people; --drill for a drill")
    for finding in done.findings:
        click.echo(f"  {finding}")
    sys.exit(1 if done.findings else 0)


def _text(head: Path | None) -> str:
    try:
        return head.read_text("utf-8") if head else ""
    except (OSError, UnicodeError) as error:
        raise click.ClickException(f"--head {head}: {error}") from error


def _tell(contents: Contents) -> None:
    """What is in it."""
    ledger = contents.ledger
    click.echo(
        f"  {contents.taken_at}  shoutu {contents.version}  {contents.database['engine']}  "
        f"{len(contents.parts)} 个文件 / files  {contents.size:,} bytes\n"
        f"  账本 / ledger: {ledger['entries']} 条记录 / entries, 树头 / head {ledger['epoch']}/{ledger['size']}"
    )
