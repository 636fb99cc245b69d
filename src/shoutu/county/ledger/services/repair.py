"""Putting damaged rows right from another copy: exactly the bytes a signed head proves, and a record of it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import connection
from django.utils import timezone

from shoutu.county.kit.actors import Actor
from shoutu.county.kit.subjects import COUNTY
from shoutu.county.ledger import triggers
from shoutu.county.ledger.models import Entry, Epoch, Leaf, Node, TreeHead, Unsealed
from shoutu.county.ledger.selectors.copy import Copy
from shoutu.county.ledger.selectors.plan import Plan, columns, head_time, make_plan
from shoutu.county.ledger.services.record import record, service
from shoutu.ledger_keys import PublicKey

# How many repairs the entry names one by one; it always says how many there were.
NAMED = 200


def repair(
    actor: Actor, folder: Path | None = None, trusted: list[PublicKey] | None = None, dry_run: bool = False
) -> Plan:
    """Find what is damaged and restore what a signed head proves, from the ledger itself and an export in `folder`.

    `trusted` are public keys kept elsewhere; by default those this installation names. With `dry_run` only the plan is
    made. Personal values and the log of looks have no second copy in an export: `verify` names them, a backup has them.
    Raises Invalid when `folder` is no export, NotAllowed for whoever is not a command on the server.
    """
    actor.require("ledger.repair")
    plan = make_plan(Copy(folder) if folder else None, trusted or [])
    if plan.done and not dry_run:
        _apply(actor, plan, str(folder or ""))
    return plan


@service
def _apply(actor: Actor, plan: Plan, source: str) -> None:
    # The sealer waits; everybody else waits for the tables.
    list(Epoch.objects.select_for_update().order_by("-number").values_list("number")[:1])
    with triggers.lifted(connection):
        _put_epochs(plan)
        _put_rows(plan)
        _put_leaves(plan)
        _put_nodes(plan)
        _put_heads(plan)
        Unsealed.objects.filter(pk__in=plan.queue).delete()
    head = plan.head
    named = [{"what": done.what, "which": done.which, "differs": done.differs} for done in plan.done[:NAMED]]
    proof = {"epoch": head.epoch, "size": head.size, "root": head.root.hex()} if head else {}
    record(
        actor,
        "ledger.repaired",
        COUNTY,
        {"from": source, "head": proof, "count": len(plan.done), "repaired": named, "refused": len(plan.refused)},
    )


def _put_rows(plan: Plan) -> None:
    for row in plan.rows:
        values = columns(row.content)
        if row.pk is not None and row.exists:
            Entry.objects.filter(pk=row.pk).update(**values)
        else:
            row.pk = Entry.objects.create(pk=row.pk, **values).pk


def _put_leaves(plan: Plan) -> None:
    # All out before any goes in: two leaves may have to change places.
    gone = [index for index, _leaf, _row in plan.leaves] + plan.drop_leaves
    for start in range(0, len(gone), 900):
        Leaf.objects.filter(index__in=gone[start : start + 900]).delete()
    made = [Leaf(index=index, hash=leaf, entry_id=row.pk or 0) for index, leaf, row in plan.leaves]
    for leaf in made:
        # A leaf with a damaged index still holds its entry.
        Leaf.objects.filter(entry_id=leaf.entry_id).delete()
    Leaf.objects.bulk_create(made, batch_size=500)


def _put_nodes(plan: Plan) -> None:
    gone = [*plan.nodes, *plan.drop_nodes]
    for start in range(0, len(gone), 900):
        Node.objects.filter(pk__in=gone[start : start + 900]).delete()
    Node.objects.bulk_create([Node(id=id_, hash=hash_) for id_, hash_ in plan.nodes.items()], batch_size=500)


def _put_heads(plan: Plan) -> None:
    TreeHead.objects.filter(pk__in=[pk for pk, _head, _note in plan.heads if pk is not None]).delete()
    for pk, head, note in plan.heads:
        values = {"size": head.size, "epoch_id": head.epoch, "at": head_time(head), "root": head.root, "note": note}
        TreeHead.objects.create(pk=pk, **values)


def _put_epochs(plan: Plan) -> None:
    with connection.cursor() as cursor:
        # Heads may still point at a row with a wrong number; foreign keys are checked at the end.
        cursor.executemany("DELETE FROM ledger_epoch WHERE number = %s", [(number,) for number in plan.drop_epochs])
    for number, fields in plan.epochs.items():
        values: dict[str, Any] = {
            name: fields[name] for name in ("hash", "key", "size", "previous", "reason") if name in fields
        }
        at = fields.get("at")
        if at or not fields["exists"]:
            values["opened_at"] = datetime.fromisoformat(at) if at else timezone.now()
        if fields["exists"]:
            Epoch.objects.filter(pk=number).update(**values)
        else:
            Epoch.objects.create(pk=number, **values)
