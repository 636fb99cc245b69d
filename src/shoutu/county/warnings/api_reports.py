"""信息上报 and 上级指令 over HTTP."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from django.http import HttpRequest, HttpResponse
from ninja import Query, Status
from pydantic import Field

from shoutu.county.kit.api import ListQuery, Page, Router, asker, paginate
from shoutu.county.kit.errors import Invalid
from shoutu.county.kit.limits import Limit
from shoutu.county.warnings import schemas_reports as shapes
from shoutu.county.warnings import selectors, services
from shoutu.county.warnings.documents.report import paper
from shoutu.county.warnings.facts import Drawn
from shoutu.county.warnings.models import Order
from shoutu.county.warnings.selectors import drafting, reporting
from shoutu.county.warnings.services.orders import Draft, webhook_key
from shoutu.county.warnings.services.reports_sending import Target

router = Router()
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


class ReportQuery(ListQuery):
    state: str = ""
    warning: int | None = None


class OrderQuery(ListQuery):
    state: str = "open"
    warning: int | None = None
    site: int | None = Field(None, ge=1, description="about it, or about its enterprise as a whole")
    organisation: int | None = Field(None, ge=1)


# --- offices


@router.get("/superiors", response=shapes.Superiors)
def list_superiors(request: HttpRequest) -> Any:
    """The offices above the county that are reported to, those no longer in use too."""
    asker(request).require("report.read")
    rows = reporting.superiors(every=True)
    return {"items": rows, "count": len(rows)}


@router.post("/superiors", response={201: shapes.SuperiorOut})
def add_superior(request: HttpRequest, body: shapes.SuperiorIn) -> Any:
    """Add an office above the county."""
    office = services.set_superior(asker(request), **body.dict())
    return Status(201, reporting.superior_row(office))


@router.put("/superiors/{id}", response=shapes.SuperiorOut)
def change_superior(request: HttpRequest, id: int, body: shapes.SuperiorIn) -> Any:
    """Change an office above the county."""
    return reporting.superior_row(services.set_superior(asker(request), id=id, **body.dict()))


# --- reports


@router.get("/reports", response=Page[shapes.ReportOut])
def list_reports(request: HttpRequest, query: Query[ReportQuery]) -> Any:
    """What was told upward, newest first; `state` unconfirmed: not received by all."""
    actor = asker(request)
    actor.require("report.read")
    rows = reporting.reports_for(actor, warning=query.warning, state=query.state, q=query.q)
    return paginate(rows, query, reporting.report_row, sorts={"id": ["id"]}, default="-id")


@router.get("/reports/due", response=shapes.ToTellList)
def list_due(request: HttpRequest) -> Any:
    """What is still to be told upward, the soonest 200; `count` is how many there are."""
    actor = asker(request)
    actor.require("report.read")
    rows, count = reporting.open_plans(actor)
    return {"items": rows, "count": count}


@router.get("/reports/{id}", response=shapes.ReportDetail)
def get_report(request: HttpRequest, id: int) -> Any:
    """One report, word for word, with where it went."""
    actor = asker(request)
    actor.require("report.read")
    return reporting.report_detail(reporting.get_report(actor, id))


@router.get("/reports/{id}/paper", response={200: None}, throttle=Limit("export"))
def get_paper(request: HttpRequest, id: int) -> Any:
    """The report as .docx, to print."""
    actor = asker(request)
    actor.require("report.read")
    report = reporting.get_report(actor, id)
    answer = HttpResponse(paper(report), content_type=DOCX)
    answer["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(report.number)}.docx"
    return answer


@router.get("/warnings/{id}/reports", response=shapes.WarningReports)
def warning_reports(request: HttpRequest, id: int) -> Any:
    """What was told of this warning, newest first, and what is still to be."""
    actor = asker(request)
    actor.require("report.read")
    warning = selectors.get_warning(actor, id)
    rows = reporting.reports_for(actor, warning=warning.pk).order_by("-id")
    items = [reporting.report_row(one) for one in rows]
    return {"plan": reporting.plan_of(warning), "items": items, "may_send": actor.may("report.send")}


@router.get("/warnings/{id}/reports/draft", response=shapes.DraftOut)
def warning_draft(request: HttpRequest, id: int, kind: str = "") -> Any:
    """The text the next report starts from: what the house knows of the warning now."""
    actor = asker(request)
    actor.require("report.send")
    if kind not in ("", *drafting.KINDS):
        raise Invalid("kind", "、".join(drafting.KINDS))
    return drafting.of_warning(actor, selectors.get_warning(actor, id), kind)


def _targets(body: shapes.ReportIn) -> list[Target]:
    return [Target(one.superior, one.way, one.detail) for one in body.to]


def _drawn(body: shapes.ReportIn) -> Drawn:
    return Drawn(body.facts, body.as_it_stands)


@router.post("/warnings/{id}/reports", response={201: shapes.ReportDetail})
def send_report(request: HttpRequest, id: int, body: shapes.ReportIn) -> Any:
    """上报: by channel at once, or noted as told by hand. The text stands as it was sent."""
    actor = asker(request)
    report = services.send_report(
        actor, body.key, body.kind, body.title, body.text, _targets(body), warning_id=id, signer=body.signer,
        drawn=_drawn(body),
    )  # fmt: skip
    return Status(201, reporting.report_detail(reporting.get_report(actor, report.pk)))


@router.post("/dispatches/{id}/receipt", response=shapes.ReportDetail)
def note_receipt(request: HttpRequest, id: int, body: shapes.ReceiptIn) -> Any:
    """签收: who received it there, and what they call it."""
    actor = asker(request)
    return reporting.report_of(actor, services.note_receipt(actor, id, body.received_by, body.their_number))


@router.post("/dispatches/{id}/by-hand", response=shapes.ReportDetail)
def by_hand(request: HttpRequest, id: int, body: shapes.ByHandIn) -> Any:
    """人工报: told by a person what the channel did not take."""
    actor = asker(request)
    return reporting.report_of(actor, services.tell_by_hand(actor, id, body.way, body.detail))


@router.post("/dispatches/{id}/again", response=shapes.ReportDetail)
def again(request: HttpRequest, id: int) -> Any:
    """再发: try the channel once more."""
    actor = asker(request)
    return reporting.report_of(actor, services.send_again(actor, id))


# --- orders


@router.get("/orders", response=Page[shapes.OrderOut])
def list_orders(request: HttpRequest, query: Query[OrderQuery]) -> Any:
    """Orders from above, newest first; `state` open, all, or one state."""
    actor = asker(request)
    actor.require("order.read")
    told = {"site": query.site, "organisation": query.organisation}
    rows = reporting.orders_for(actor, query.state, query.q, query.warning, **told)
    page = paginate(rows, query, sorts={"id": ["id"]}, default="-id")
    done = reporting.duties_of_orders(actor, [one.pk for one in page["items"]])
    return {**page, "items": [reporting.order_row(one, done[one.pk]) for one in page["items"]]}


@router.post("/orders", response={201: shapes.OrderDetail})
def enter_order(request: HttpRequest, body: shapes.OrderIn) -> Any:
    """Enter an order by hand. Without `posts` somebody is called to give it to those who carry it out."""
    actor = asker(request)
    draft = Draft(door=Order.Door.HAND, **body.dict(exclude={"posts"}))
    return Status(201, reporting.order_detail(actor, services.enter_order(actor, draft, body.posts).pk))


@router.post("/orders/webhook", response={201: shapes.OrderDetail})
def take_order(request: HttpRequest, body: shapes.OrderWebhookIn) -> Any:
    """An order from another system, with an API token. Idempotent by sender and id.

    409 `order.differs` for other content under the same id: it is kept beside the order and the duty officer called.
    """
    actor = asker(request)
    named = {name: getattr(body, name).strip() for name in ("organisation", "site", "warning")}
    draft = Draft(
        key=webhook_key(body.sender, body.id), door=Order.Door.WEBHOOK, sender=body.sender, title=body.title,
        text=body.text, their_number=body.number or body.id[:80], due_at=body.due_at,
        named={name: value for name, value in named.items() if value},
    )  # fmt: skip
    return Status(201, reporting.order_detail(actor, services.take_order(actor, draft).pk))


@router.get("/orders/{id}", response=shapes.OrderDetail)
def get_order(request: HttpRequest, id: int) -> Any:
    """One order with who carries it out and what was told back."""
    actor = asker(request)
    actor.require("order.read")
    return reporting.order_detail(actor, id)


@router.post("/orders/{id}/give", response=shapes.OrderDetail)
def give_order(request: HttpRequest, id: int, body: shapes.GiveIn) -> Any:
    """分派 to named posts, with a time."""
    actor = asker(request)
    services.give_order(actor, id, body.posts, body.due_at)
    return reporting.order_detail(actor, id)


@router.post("/orders/{id}/end", response=shapes.OrderDetail)
def end_order(request: HttpRequest, id: int, body: shapes.EndIn) -> Any:
    """办结: all have carried it out."""
    actor = asker(request)
    services.end_order(actor, id, body.note)
    return reporting.order_detail(actor, id)


@router.get("/orders/{id}/reply", response=shapes.DraftOut)
def order_draft(request: HttpRequest, id: int) -> Any:
    """The text an answer to the order starts from."""
    actor = asker(request)
    actor.require("report.send")
    return drafting.of_order(actor, reporting.get_order(actor, id))


@router.post("/orders/{id}/reply", response={201: shapes.ReportDetail})
def reply_order(request: HttpRequest, id: int, body: shapes.ReportIn) -> Any:
    """反馈: tell the office above what came of its order."""
    actor = asker(request)
    report = services.send_report(
        actor, body.key, body.kind, body.title, body.text, _targets(body), order_id=id, signer=body.signer,
        drawn=_drawn(body),
    )  # fmt: skip
    return Status(201, reporting.report_detail(reporting.get_report(actor, report.pk)))
