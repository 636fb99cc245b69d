"""What may be done with a file to import: take it, look at it, write it, give it up.

A file is staged and judged in small transactions that pause as long as they ran; what it changes is written in one
transaction with one ledger entry, or not at all. Killed at any instant, the work goes on from what is stored.
"""

from __future__ import annotations

import hashlib
import logging
import os
import secrets
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import IntegrityError, transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from shoutu.county.exchange.models import Import, ImportRow, State
from shoutu.county.kit import steps
from shoutu.county.kit.actors import Actor, actor_of_user
from shoutu.county.kit.errors import Conflict, Invalid, NotAllowed, ShoutuError
from shoutu.county.kit.events import emit
from shoutu.county.kit.sheets import tables
from shoutu.county.kit.sheets.opening import NotTaken, open_file
from shoutu.county.kit.sheets.tables import CHANGED, NEW, UNCHANGED, WRONG, Line, Stale, Table
from shoutu.county.kit.subjects import ref
from shoutu.county.ledger.services import record, service, unchanged

log = logging.getLogger(__name__)
CHUNK = 200
MAX_OPEN = 5
MAX_TRIES = 3
KEPT = timedelta(days=30)
LEFT_S = 24 * 3600
OPEN = (State.UPLOADED, State.READING, State.CHECKED, State.CONFIRMED, State.FOLLOWING)
SUFFIXES = (".xlsx", ".csv", ".txt")


def folder() -> Path:
    """Where files wait until they are imported or given up."""
    found: Path = settings.CONFIG.data / "files" / "imports"
    found.mkdir(parents=True, exist_ok=True)
    return found


def take(actor: Actor, table: Table, file: str, content: bytes) -> Import:
    """Take a file to be looked at by the worker. Raises NotAllowed, Invalid, Conflict with too many at once."""
    table.require_import(actor)
    if actor.user_id is None:
        raise NotAllowed(table.edit[0])
    name = Path(file.replace("\\", "/")).name.strip()[:200] or "?"
    if not content:
        raise Invalid("file", _("一个有内容的 .xlsx 或 .csv 文件"))
    suffix = Path(name).suffix.casefold()
    if suffix in (".xls", ".xlsm", ".xlsb", ".et", ".ods", ".doc", ".docx", ".pdf", ".zip"):
        raise Invalid("file", _(".xlsx 或 .csv"), _unfit(suffix))
    stored = secrets.token_hex(16)
    _keep(folder() / stored, content)
    try:
        return _take(actor, table, name, stored, content)
    except BaseException:
        (folder() / stored).unlink(missing_ok=True)
        raise


def _unfit(suffix: str) -> str:
    if suffix == ".xlsm":
        return _("带宏的 .xlsm 不收：另存为不带宏的 .xlsx 再导入。")
    return _("%(suffix)s 不收：在 Excel 或 WPS 里另存为 .xlsx 再导入。") % {"suffix": suffix}


def _keep(path: Path, content: bytes) -> None:
    """On the disk before anything says so."""
    with path.open("wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())


@service
def _take(actor: Actor, table: Table, file: str, stored: str, content: bytes) -> Import:
    assert actor.user_id is not None
    unchanged()  # Nothing of the county's changes until the file is imported.
    if Import.objects.filter(user_id=actor.user_id, state__in=OPEN).count() >= MAX_OPEN:
        raise Conflict(_("还有 %(count)s 个文件没导完，先导入或放弃。") % {"count": MAX_OPEN})
    return Import.objects.create(
        table=table.name,
        user_id=actor.user_id,
        token_id=actor.token_id,
        language=translation.get_language() or "zh-hans",
        file=file,
        stored=stored,
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        created_at=timezone.now(),
    )


@service
def confirm(actor: Actor, job: Import, plan: str) -> Import:
    """Import what was looked at: `plan` is its mark, so that nobody confirms what they have not seen.

    Raises NotAllowed, Conflict with rows that are wrong, with nothing to do, or when it was looked at anew since.
    """
    table = tables.get(job.table)
    table.require_import(actor)
    unchanged()
    job = Import.objects.select_for_update(no_key=True).get(pk=job.pk)
    if job.state in (State.CONFIRMED, State.FOLLOWING, State.DONE):
        return job
    if job.state != State.CHECKED:
        raise Conflict(_("还没试读完，或者已经放弃。"))
    if job.wrong:
        raise Conflict(_("有 %(rows)s 行有错：改好再导入，现在一行也不导入。") % {"rows": job.wrong})
    if plan != job.plan:
        raise Conflict(_("试读之后内容变了，再看一遍再导入。"))
    job.state, job.done, job.tries, job.token_id = State.CONFIRMED, 0, 0, actor.token_id
    job.save(update_fields=["state", "done", "tries", "token_id"])
    return job


@service
def discard(actor: Actor, job: Import) -> Import:
    """Give a file up; nothing was changed by it. Raises Conflict once it is being imported."""
    unchanged()
    job = Import.objects.select_for_update(no_key=True).get(pk=job.pk)
    if job.state in (State.CONFIRMED, State.FOLLOWING, State.DONE):
        raise Conflict(_("已经在导入或已导入，不能放弃。"))
    if job.state != State.DISCARDED:
        job.state, job.finished_at = State.DISCARDED, timezone.now()
        job.save(update_fields=["state", "finished_at"])
    return job


@service
def see(actor: Actor, job: Import) -> Import:
    """Note that whoever sent a refused file knows it: until then it stays among the open ones."""
    unchanged()
    job = Import.objects.select_for_update(no_key=True).get(pk=job.pk)
    if job.state == State.REFUSED and job.seen_at is None:
        job.seen_at = timezone.now()
        job.save(update_fields=["seen_at"])
    return job


# --- the worker ---


def work() -> bool:
    """One piece of work on the oldest file that waits; what only follows up comes last. True: there may be more."""
    job = Import.objects.filter(state__in=(State.UPLOADED, State.READING, State.CONFIRMED)).order_by("id").first()
    if job is None:
        return _follow_all()
    with translation.override(job.language):
        try:
            if not _tried(job):
                return True
            if job.state in (State.UPLOADED, State.READING):
                _look(job)
            else:
                _write(job)
        except NotTaken as why:
            _end(job, State.REFUSED, str(why))
        except (ShoutuError, get_user_model().DoesNotExist) as error:
            _end(job, State.REFUSED, str(getattr(error, "detail", error)))
    return True


def _follow_all() -> bool:
    """Follow up every file whose data is in; whatever goes wrong is tried again until it is done, and holds none of the
    others up. Raises what went wrong last."""
    wrong: Exception | None = None
    following = list(Import.objects.filter(state=State.FOLLOWING).order_by("id"))
    for job in following:
        try:
            with translation.override(job.language):
                _follow(job)
        except steps.LeaseLost:
            raise
        except Exception as error:
            wrong = error
    if wrong is not None:
        raise wrong
    return bool(following)


def _tried(job: Import) -> bool:
    """Counts the tries of what may break the worker; after too many the file is put aside, in words."""
    if job.tries >= MAX_TRIES:
        _end(job, State.REFUSED, _("试了 %(tries)s 次都没读完，已停下。把文件交给管理员看。") % {"tries": job.tries})
        return False
    Import.objects.filter(pk=job.pk).update(tries=job.tries + 1)
    return True


def _actor(job: Import) -> Actor:
    """Whoever sent it, with what they may now. Raises NotAllowed."""
    user = get_user_model().objects.get(pk=job.user_id)
    if not user.is_active:
        raise NotAllowed(tables.get(job.table).edit[0], _("账号已停用，不再导入。"))
    actor = replace(actor_of_user(user), token_id=job.token_id)
    tables.get(job.table).require_import(actor)
    return actor


def _end(job: Import, state: str, message: str) -> None:
    Import.objects.filter(pk=job.pk).exclude(state=State.DISCARDED).update(
        state=state, message=message, finished_at=timezone.now()
    )
    _drop(job)


def _drop(job: Import) -> None:
    if job.stored:
        with suppress(OSError):
            (folder() / job.stored).unlink(missing_ok=True)


def _look(job: Import) -> None:
    """Read the file, judge it, stage it."""
    table, actor = tables.get(job.table), _actor(job)
    file = folder() / job.stored
    if not file.is_file():
        raise NotTaken(_("文件已不在，再传一次。"))
    Import.objects.filter(pk=job.pk, state=State.UPLOADED).update(state=State.READING, done=0, total=0)
    opened = open_file(file, table)
    lines = judged(table, actor, opened.order, opened.rows)
    Import.objects.filter(pk=job.pk).update(
        titles=opened.titles, order=opened.order, notes=opened.notes, total=len(lines), done=0
    )
    formulas = {one["r"]: one.get("f", []) for one in opened.rows}
    _stage(job, lines, formulas, (State.READING,))


def judged(table: Table, actor: Actor, order: Sequence[str | None], rows: Iterable[dict[str, Any]]) -> list[Line]:
    """Every row, each cell by itself and then all of them together against what is there."""
    lines = tables.parse(table, order, rows)
    assert table.plan is not None
    table.plan(actor, lines)
    tables.once(lines, table.taken[0].name, lambda line: line.target, _("同一条"))
    tables.settle(lines)
    return lines


def _stage(job: Import, lines: list[Line], formulas: dict[int, list[int]], states: Sequence[str]) -> None:
    """Keep the rows and what would come of them, in chunks that pause as long as they ran, then say so."""
    _unstage(job)
    kept = 0
    for start in range(0, len(lines), CHUNK):
        chunk = lines[start : start + CHUNK]
        began = time.monotonic()
        with transaction.atomic():
            steps.fence()
            ImportRow.objects.bulk_create([_row(job, line, formulas) for line in chunk])
            kept += len(chunk)
            Import.objects.filter(pk=job.pk).update(done=kept)
        time.sleep(min(time.monotonic() - began, 1.0))
    count = {state: sum(line.state == state for line in lines) for state in (NEW, CHANGED, UNCHANGED, WRONG)}
    with transaction.atomic():
        steps.fence()
        Import.objects.filter(pk=job.pk, state__in=states).update(
            state=State.CHECKED, plan=tables.digest(lines), checked_at=timezone.now(), done=len(lines), tries=0,
            noted=sum(bool(line.notes) for line in lines), **count,
        )  # fmt: skip


def _row(job: Import, line: Line, formulas: dict[int, list[int]]) -> ImportRow:
    return ImportRow(
        job=job, number=line.number, cells=line.cells, formulas=formulas.get(line.number, []), state=line.state,
        errors=line.errors, notes=line.notes, changes=line.changes,
    )  # fmt: skip


def _unstage(job: Import) -> None:
    while ids := list(ImportRow.objects.filter(job=job).values_list("pk", flat=True)[: 5 * CHUNK]):
        began = time.monotonic()
        ImportRow.objects.filter(pk__in=ids).delete()
        time.sleep(min(time.monotonic() - began, 1.0))


def _write(job: Import) -> None:
    """Judge the staged rows once more, then write them all in one transaction; what has changed is shown anew."""
    table, actor = tables.get(job.table), _actor(job)
    rows = list(ImportRow.objects.filter(job=job).order_by("number").values_list("number", "cells", "formulas"))
    raw = [{"r": number, "v": cells, "f": formulas} for number, cells, formulas in rows]
    lines = judged(table, actor, job.order, raw)
    plan = tables.digest(lines)
    if plan == job.plan and len(rows) == job.total:
        try:
            _commit(actor, table, job, lines)
        except (Stale, IntegrityError) as error:
            lines = judged(table, actor, job.order, raw)
            if tables.digest(lines) == plan:
                # Nothing has changed that the judging could see: looking again would end here again, for ever.
                log.error("import %s: cannot be written as judged: %r", job.pk, error)
                raise NotTaken(_("核对没有发现问题，却写不进去，一行也没导入。把文件交给管理员看。")) from error
        else:
            _drop(job)
            return
    message = _("试读之后有人改了数据，已按现在的数据重新核对，再看一遍。")
    Import.objects.filter(pk=job.pk).update(message=message)
    _stage(job, lines, {number: formulas for number, _cells, formulas in rows}, (State.CONFIRMED,))


@service
def _commit(actor: Actor, table: Table, job: Import, lines: list[Line]) -> None:
    steps.fence()
    job = Import.objects.select_for_update(no_key=True).get(pk=job.pk)
    if job.state != State.CONFIRMED or any(line.errors for line in lines):
        raise Stale
    assert table.apply is not None
    reason = _("导入文件 %(sha256)s") % {"sha256": job.sha256[:12]}
    done = table.apply(actor, [line for line in lines if line.state in (NEW, CHANGED)], reason)
    record(
        actor,
        "import.done",
        ref(job),
        {
            "table": table.name, "sha256": job.sha256, "size": job.size, "plan": job.plan, "rows": len(lines),
            "new": job.new, "changed": job.changed, "unchanged": job.unchanged,
            "ids": {kind: ranges(ids) for kind, ids in done.ids.items()},
        },
        {"file": job.file},
    )  # fmt: skip
    job.follow = [[kind, id] for kind, id in done.follow]
    job.state, job.message, job.done = State.FOLLOWING, "", job.total
    job.finished_at = timezone.now()
    job.save(update_fields=["follow", "state", "message", "done", "finished_at"])
    emit("import.done", ref(job), {"table": table.name})


def ranges(ids: Iterable[int]) -> str:
    """Ids as ``3-7,12``."""
    parts: list[list[int]] = []
    for one in sorted(set(ids)):
        if parts and one == parts[-1][1] + 1:
            parts[-1][1] = one
        else:
            parts.append([one, one])
    return ",".join(str(a) if a == b else f"{a}-{b}" for a, b in parts)


def _follow(job: Import) -> None:
    """Tell the rest of the house what was imported, piece by piece; what is told is taken off in the same step.

    A piece that fails (a pack that cannot be read, say) holds none of the others up; it stays, is said on the job and
    is tried again. Raises what went wrong last.
    """
    table = tables.get(job.table)
    left, failed, wrong = list(job.follow), list[list[Any]](), list[Exception]()
    while left:
        began = time.monotonic()
        kind = left[0][0]
        size = table.follow_size.get(kind, CHUNK)
        part = [id for one, id in left[:size] if one == kind]
        left = left[len(part) :]
        try:
            with transaction.atomic():
                steps.fence()
                if table.follow is not None:
                    table.follow(kind, part)
                Import.objects.filter(pk=job.pk).update(follow=[*left, *failed])
        except steps.LeaseLost:
            raise
        except Exception as error:
            log.exception("import %s: could not follow up %s %s", job.pk, kind, part)
            failed += [[kind, id] for id in part]
            wrong.append(error)
        time.sleep(min(time.monotonic() - began, 1.0))
    if wrong:
        words = _("数据已导入，还有 %(count)s 处没跟进完，在接着试：%(error)s")
        message = words % {"count": len(failed), "error": str(getattr(wrong[-1], "detail", wrong[-1]))[:400]}
        Import.objects.filter(pk=job.pk).update(message=message)
        raise wrong[-1]
    Import.objects.filter(pk=job.pk).update(state=State.DONE, follow=[], message="")


def clean() -> int:
    """Take away rows and files that are no longer needed: they may hold personal values. Returns how many jobs."""
    steps.fence()
    old = Import.objects.filter(created_at__lt=timezone.now() - KEPT).exclude(
        state__in=(State.CONFIRMED, State.FOLLOWING)
    )
    count = 0
    for job in old.filter(rows__isnull=False).distinct()[:20]:
        # Given up first, unless it was confirmed at this very moment: then its rows are still needed.
        given_up = old.filter(pk=job.pk, state__in=OPEN).update(state=State.DISCARDED, finished_at=timezone.now())
        if given_up or not Import.objects.filter(pk=job.pk, state__in=OPEN).exists():
            _unstage(job)
            count += 1
    for job in Import.objects.filter(state__in=(State.DONE, State.REFUSED, State.DISCARDED)).exclude(stored=""):
        _drop(job)
        Import.objects.filter(pk=job.pk).update(stored="")
    _sweep()
    return count


def _sweep() -> None:
    """Take away files nothing knows: the process ended between the file and its row."""
    before = time.time() - LEFT_S
    known = set(Import.objects.exclude(stored="").values_list("stored", flat=True))
    for path in folder().iterdir():
        with suppress(OSError):
            if path.name not in known and path.stat().st_mtime < before:
                path.unlink(missing_ok=True)
