"""One rule over HTTP: what it said, and what a change would do."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.http import HttpRequest

from shoutu.county.kit.api import Router, asker
from shoutu.county.kit.limits import Limit
from shoutu.county.sites import backtesting, backtesting_many, ruling, selectors, trying
from shoutu.county.sites import schemas_rules as schemas
from shoutu.county.sites.wording import rule_sentence

router = Router()


@router.get("/rules/{id}", response=schemas.RuleDetail)
def get_rule(request: HttpRequest, id: int) -> Any:
    """One rule with every version it ever had: what it said, who asked for it and why, who agreed."""
    actor = asker(request)
    actor.require("rule.read")
    return ruling.rule_detail(actor, id)


@router.post("/rules/{id}/changes/check", response=schemas.Checked)
def check_change(request: HttpRequest, id: int, body: schemas.CheckIn) -> Any:
    """What proposing this change would do; changes nothing. 422 names the parameter that is wrong."""
    actor = asker(request)
    actor.require("rule.edit")
    rule = selectors.get_rule(actor, id)
    change = ruling.change_of(rule, body.params, body.enabled)
    said = rule_sentence(rule.kind, change.params, rule.unit, rule.interval_s)
    return {"params": change.params, "sentence": said, "effect": change.effect}


@router.post("/rules/{id}/trial", response=schemas.Trial, throttle=Limit("read"))
def try_change(request: HttpRequest, id: int, body: schemas.TrialIn) -> Any:
    """Try a change on the point's stored readings: what it would have warned of, against what is in force.

    Changes nothing. 422 for a composite, 503 while the pipeline, which keeps the readings, cannot be asked.
    """
    actor = asker(request)
    actor.require("rule.edit")
    return trying.trial(actor, selectors.get_rule(actor, id), body.params, body.enabled, body.days)


@router.post("/rules/{id}/backtest", response=schemas.Backtest, throttle=Limit("read"))
def backtest_rule(request: HttpRequest, id: int, body: schemas.BacktestIn) -> Any:
    """Backtest a rule over its point's stored readings: lead before known events and false alarms, by threshold.

    Changes nothing. 422 for a composite, a rule of no danger and a period too long, 503 as with a trial.
    """
    actor = asker(request)
    actor.require("rule.edit")
    return backtesting.shown(actor, selectors.get_rule(actor, id), _asked(body))


@router.post("/backtests", response=schemas.BacktestMany, throttle=Limit("read"))
def backtest_many(request: HttpRequest, body: schemas.BacktestManyIn) -> Any:
    """Backtest every rule of a pack, a site, or both, as each is in force; one row a rule, what is left out counted.

    Changes nothing. 422 for neither, for events without a site and a period too long; 503 as with a trial.
    """
    actor = asker(request)
    actor.require("rule.edit")
    of = backtesting_many.Of(body.pack, body.site, body.after)
    return backtesting_many.shown(actor, of, _asked(body))


def _asked(body: schemas.BacktestIn) -> backtesting.Asked:
    given = None
    if body.events is not None:
        given = [(_ms(one.start), _ms(one.end or one.start), one.name) for one in body.events]
    return backtesting.Asked(body.start, body.end, given, timedelta(hours=body.before_h))


def _ms(at: datetime) -> int:
    return round(at.timestamp() * 1000)
