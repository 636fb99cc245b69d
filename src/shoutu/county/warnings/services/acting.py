"""What people do with a warning: verify, dispose, feed back, close, call again."""

from __future__ import annotations

from django.utils import timezone
from django.utils.translation import gettext as _

from shoutu.county.duties import services as duties
from shoutu.county.duties.models import OPEN, CallState, Duty, StageClock
from shoutu.county.duties.models import State as DutyState
from shoutu.county.kit.actors import Actor, system
from shoutu.county.kit.errors import Invalid
from shoutu.county.kit.subjects import ref
from shoutu.county.ledger.services import record, service, unchanged
from shoutu.county.warnings.models import Member, Reason, Result, Warning
from shoutu.county.warnings.services import reports
from shoutu.county.warnings.services.course_of import REPAIR, call_back, settle_stage
from shoutu.county.warnings.services.evacuation import WITHDRAW, begin
from shoutu.county.warnings.services.evacuation_end import call_off
from shoutu.county.warnings.services.locking import lock_warnings
from shoutu.county.warnings.services.reviewing import REVIEW, ask_review, drop_review
from shoutu.county.warnings.services.taking import Seen, remark, take
from shoutu.county.warnings.states import reviews

DISPOSE, VERIFY, ANSWER = "warning.dispose", "warning.verify", "warning.answer"


@service
def verify(
    actor: Actor, warning_id: int, result: str, reason: str = "", note: str = "", *, seen: Seen | None = None
) -> Warning:
    """Real, false alarm or device fault. A false alarm says why: a code of `Reason` or the verifier's own words.

    `seen` as in `take`, here and below.

    Raises NotFound, NotAllowed, Conflict, Invalid.
    """
    if result not in Result.values:
        raise Invalid("result", _("其中之一：%(names)s") % {"names": "、".join(Result.values)})
    words = _reason(result, reason.strip(), note)
    warning = take(actor, warning_id, "verify", seen)
    before = warning.result
    warning.result, warning.reason = result, words
    warning.answered_at = warning.answered_at or timezone.now()
    facts = {"result": result, "reason": words, "level": warning.current_level}
    record(actor, "warning.verified", ref(warning), facts, remark(note))
    duties.complete(actor, ref(warning), [VERIFY], "verify", note)
    if result == Result.FALSE_ALARM:
        _call_off(actor, warning, words)
    reports.note_verified(actor, warning)
    if result == Result.REAL and before in (Result.FALSE_ALARM, Result.DEVICE_FAULT):
        if before == Result.FALSE_ALARM and warning.fed_back_at is None:
            call_back(actor, warning, but=(VERIFY,))
        reports.real_after_all(warning)
    settle_stage(warning)
    return warning


def _reason(result: str, reason: str, note: str) -> str:
    """The reason in words; none is kept for what is real. Raises Invalid."""
    if result == Result.REAL:
        return ""
    known = {**{code: str(label) for code, label in Reason.choices}}
    words = known.get(reason, reason)
    if result == Result.FALSE_ALARM and not words:
        raise Invalid("reason", _("误报须选原因：%(names)s") % {"names": "、".join(known.values())})
    if len(words) > 60:
        raise Invalid("reason", _("不超过 %(limit)s 个字") % {"limit": 60})
    if words.startswith(known[Reason.OTHER]) and not note.strip():
        raise Invalid("note", _("原因选“其他”时须写明"))
    return words


def _call_off(actor: Actor, warning: Warning, why: str) -> None:
    """A false alarm: nobody else need come any more. What was answered and done stays as it is."""
    open_ = Duty.objects.filter(about_type="warning", about_id=warning.pk, state__in=OPEN)
    # Who goes on with a withdrawal, or may go back in, is decided by an order to resume.
    for duty in open_.exclude(kind=WITHDRAW):
        duties.cancel(system(actor.label), duty.pk, _("核实为误报：%(why)s") % {"why": why})


@service
def dispose(actor: Actor, warning_id: int, note: str, *, withdraw: bool = False, seen: Seen | None = None) -> Warning:
    """What was done on site; `withdraw`: work stopped and people taken out (停产撤人).

    Raises NotFound, NotAllowed, Conflict, Invalid without a word on what was done.
    """
    if not note.strip():
        raise Invalid("note", _("写明采取了什么措施"))
    warning = take(actor, warning_id, "dispose", seen)
    now = timezone.now()
    warning.disposed_at, warning.answered_at = now, warning.answered_at or now
    warning.withdrawn = warning.withdrawn or withdraw
    facts = {"withdraw": withdraw, "level": warning.current_level}
    record(actor, "warning.disposed", ref(warning), facts, remark(note))
    duties.pass_stage(actor, ref(warning), [DISPOSE], "dispose")
    settle_stage(warning)
    if withdraw and warning.site_id is not None:
        begin(actor, warning)
    return warning


@service
def feedback(actor: Actor, warning_id: int, note: str, *, seen: Seen | None = None) -> Warning:
    """What came of it. Raises NotFound, NotAllowed, Conflict before disposal, Invalid without words."""
    if not note.strip():
        raise Invalid("note", _("写明处置结果"))
    warning = take(actor, warning_id, "feedback", seen)
    warning.fed_back_at = timezone.now()
    record(actor, "warning.fed_back", ref(warning), {"level": warning.current_level}, remark(note))
    if _to_mend(warning):
        duties.pass_stage(actor, ref(warning), [DISPOSE], "feedback")
    else:
        duties.complete(actor, ref(warning), [DISPOSE], "feedback", note)
    settle_stage(warning)
    return warning


def _to_mend(warning: Warning) -> bool:
    """Whether a device is still to be mended by a limit of its own: then its duty ends with the fault."""
    if warning.category != "fault" or warning.current_level == 0:
        return False
    mending = {"duty__about_type": "warning", "duty__about_id": warning.pk, "duty__state__in": OPEN}
    return StageClock.objects.filter(stage=REPAIR, done_at__isnull=True, **mending).exists()


@service
def close(actor: Actor, warning_id: int, note: str = "") -> Warning:
    """It is over: verified, fallen, known. Where the policy wants a review, this asks for it (see `closing`).

    Raises NotFound, NotAllowed, Conflict with what is missing.
    """
    warning = take(actor, warning_id, "close")
    if not reviews(warning, actor):
        ask_review(actor, warning, note)
        settle_stage(warning)
        return warning
    if (going := warning.evacuations.filter(state="going").first()) is not None:
        # Only a false alarm can be closed so: nobody was in danger.
        call_off(actor, going, note.strip() or str(Result(warning.result or "").label))
    warning.closed_at = timezone.now()
    facts = {
        "result": warning.result, "reason": warning.reason, "peak": warning.peak_level, "count": warning.count,
        "asked_by": warning.close_asked_by,
    }  # fmt: skip
    record(actor, "warning.closed", ref(warning), facts, remark(note))
    duties.complete(actor, ref(warning), [REVIEW], "close", note)
    if warning.category == "fault" and warning.fed_back_at is not None:
        duties.complete(actor, ref(warning), [DISPOSE], REPAIR, note)
    duties.settle(actor, ref(warning), note)
    reports.note_closed(warning)
    settle_stage(warning)
    return warning


@service
def send_back(actor: Actor, warning_id: int, note: str) -> Warning:
    """退回: the closing that was asked for is not agreed to. Raises NotFound, NotAllowed, Conflict, Invalid."""
    if not note.strip():
        raise Invalid("note", _("写明为什么退回、还要做什么"))
    warning = take(actor, warning_id, "return")
    record(actor, "warning.sent_back", ref(warning), {"asked_by": warning.close_asked_by}, remark(note))
    drop_review(warning)
    settle_stage(warning)
    return warning


@service
def recall(actor: Actor, warning_id: int) -> Warning:
    """追叫: everybody called for it who has not answered is called once more. Raises NotFound, NotAllowed, Conflict."""
    warning = take(actor, warning_id, "recall")
    record(actor, "warning.recalled", ref(warning), {"level": warning.level})
    waiting = Duty.objects.filter(
        about_type="warning", about_id=warning.pk, state=DutyState.CALLED, calls__state=CallState.CALLING
    )
    for duty_id in waiting.distinct().values_list("pk", flat=True):
        duties.recall(actor, duty_id)
    settle_stage(warning)
    return warning


@service
def note_answered(warning_id: int) -> None:
    """Somebody called for it has answered: calling is over. Harmless when it was so already."""
    unchanged()
    lock_warnings([warning_id])
    warning = Warning.objects.select_for_update(of=("self",), no_key=True).filter(pk=warning_id).first()
    if warning is not None and warning.answered_at is None and warning.closed_at is None:
        warning.answered_at = timezone.now()
        settle_stage(warning)


@service
def rule_changed(rule_id: int, version: int, enabled: bool) -> None:
    """A rule switched off lets go of what it raised, since the engine will never signal its fall; people still close.

    A new version that is in force changes nothing here: the engine keeps the rule's level and says nothing until the
    new version's own readings move it, so a member let go now could stand unseen.
    """
    from shoutu.county.warnings.course import current_level
    from shoutu.county.warnings.services.course_of import ENGINE, note_below, note_mended
    from shoutu.county.warnings.services.unknown import refresh_unknown

    unchanged()
    if enabled:
        return
    ids = Member.objects.filter(rule_id=rule_id, level__gt=0, warning__closed_at__isnull=True).values("warning_id")
    touched = Warning.objects.select_for_update(of=("self",), no_key=True).filter(pk__in=ids)
    for warning in touched.order_by("id"):
        warning.members.filter(rule_id=rule_id).update(level=0)
        before, warning.current_level = (
            warning.current_level,
            current_level(warning.members.values_list("level", flat=True)),
        )
        if warning.current_level == 0:
            warning.ended_at = timezone.now()
        facts = {"rule": rule_id, "version": version, "before": before, "after": warning.current_level}
        record(ENGINE, "warning.rule_changed", ref(warning), facts)
        note_below(warning)
        note_mended(warning)
        # A fault let go blinds no risk any more, and a risk let go waits for no reading.
        refresh_unknown(warning)
        settle_stage(warning)
