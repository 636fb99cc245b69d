"""Moving a warning along its course: its stage after each change, and the calling its level asks for."""

from __future__ import annotations

from collections.abc import Collection

from django.utils import timezone

from shoutu.county.duties import services as duties
from shoutu.county.duties.models import OPEN, Duty
from shoutu.county.duties.policy import snapshot
from shoutu.county.kit import events
from shoutu.county.kit.actors import Actor, system
from shoutu.county.kit.subjects import ref
from shoutu.county.warnings import policies
from shoutu.county.warnings.course import stage
from shoutu.county.warnings.models import Warning
from shoutu.county.warnings.services import reports
from shoutu.county.warnings.services.evacuation import begin
from shoutu.county.warnings.services.grouping import keep_together
from shoutu.county.warnings.services.reviewing import drop_review
from shoutu.county.warnings.services.silencing import held_until

ENGINE = system("引擎")
STANDBY = "warning.standby"
MEND, REPAIR = "warning.dispose", "repair"


def settle_stage(warning: Warning) -> None:
    """Save the warning in the stage its facts put it in, and tell whoever listens."""
    warning.state = stage(warning.facts())
    warning.save()
    events.emit(
        "warning.changed",
        ref(warning),
        {"state": warning.state, "level": warning.level, "current": warning.current_level, "number": warning.number},
    )


def call_people(actor: Actor, warning: Warning, but: Collection[str] = ()) -> None:
    """Open the duties the policy asks for at this level, `but` these; those of an earlier call that still stand are
    raised."""
    policy, held = policies.in_force(), held_until(warning)
    response = policy.response(warning.level, warning.category, warning.circumstance)
    warning.policy = f"{policy.id}@{policy.version}"
    place = f"{warning.site.name}：" if warning.site else ""
    standing = {
        duty.kind: duty
        for duty in Duty.objects.filter(about_type="warning", about_id=warning.pk, state__in=OPEN).order_by("id")
    }
    for lane in response.lanes:
        if lane.duty in but:
            continue
        told = snapshot(lane, policy)
        title = f"{place}{warning.title}"
        if lane.duty == STANDBY:
            # Told outside the application, too, that this is no order to set out.
            title = f"{place}救援待命，{warning.title}"
        if lane.duty in standing:
            duties.raise_duty(actor, standing[lane.duty], told, warning.level, title, warning.sentence, held_until=held)
        else:
            key = f"warning:{warning.pk}:{lane.duty}:{warning.episode}"
            duties.open_duty(
                actor,
                lane.duty,
                ref(warning),
                warning.site_id,
                told,
                warning.level,
                title,
                warning.sentence,
                key=key,
                held_until=held,
            )
    keep_together(warning)
    # What is past already (a late reading) calls people, who decide; what stands now takes them out at once.
    # Under a silence it waits with the calls.
    if response.withdraw and warning.current_level >= warning.level and held is None:
        begin(actor, warning)
    reports.plan(warning, held)


def call_anew(actor: Actor, warning: Warning, level: int) -> None:
    """It got worse, or is back: what people found and did before no longer settles it."""
    warning.level, warning.below_since = level, None
    warning.episode += 1
    warning.answered_at = warning.result = warning.disposed_at = warning.fed_back_at = None
    warning.reason = ""
    warning.withdrawn = False
    drop_review(warning)
    call_people(actor, warning)


def call_back(actor: Actor, warning: Warning, but: Collection[str] = ()) -> None:
    """It was called off and is real after all: whoever need not come any more is called anew."""
    standing = Duty.objects.filter(about_type="warning", about_id=warning.pk, state__in=OPEN)
    warning.episode += 1
    call_people(actor, warning, (*but, *standing.values_list("kind", flat=True)))


def note_below(warning: Warning) -> None:
    """Keep since when the current level has stood below the level people were called for."""
    if warning.current_level >= warning.level:
        warning.below_since = None
    elif warning.below_since is None:
        warning.below_since = timezone.now()


def note_mended(warning: Warning) -> None:
    """Stop the clock of a device's repair while the device works, and let it run on when it fails again."""
    if warning.category != "fault":
        return
    move = duties.pass_stage if warning.current_level == 0 else duties.take_up_stage
    move(ENGINE, ref(warning), [MEND], REPAIR)


def note_uncalled(warning: Warning) -> None:
    """It has fallen and people were not called for it: should it come back, they are called at once."""
    earlier = timezone.now() - policies.in_force().recall_after
    warning.below_since = min(warning.below_since or earlier, earlier)
