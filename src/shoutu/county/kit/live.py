"""/live/events: what changed, as Server-Sent Events, to those who may see what changed."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from importlib import import_module

from django.conf import settings
from django.contrib.auth import get_user
from django.db import connection
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse

from shoutu.county.kit import outbox, sessions, subjects
from shoutu.county.kit.actors import Actor
from shoutu.county.kit.api import problem
from shoutu.county.kit.auth import bears_token, identify
from shoutu.county.kit.errors import ShoutuError
from shoutu.county.kit.poller import poller

BEAT_SECONDS = 15.0
RECHECK_SECONDS = 5.0


async def events(request: HttpRequest) -> HttpResponse | StreamingHttpResponse:
    """`id: <seq>`, `event: change`, `data: {"topic", "subject": {"type", "id"}, "at"}`; `event: beat` when
    15 s passed without one: a line that is still for longer is dead, whatever TCP believes.

    `Last-Event-ID` resumes; `event: reset` says that it cannot and everything should be asked anew. `event: end`
    closes the stream when the asker may no longer listen.
    """
    try:
        actor, start, reset = await asyncio.to_thread(_open, request)
    except ShoutuError as error:
        return problem(error)
    response = StreamingHttpResponse(_stream(request, actor, start, reset), content_type="text/event-stream")
    response["Cache-Control"] = "no-cache, no-transform"
    response["X-Accel-Buffering"] = "no"
    return response


def _open(request: HttpRequest) -> tuple[Actor, int, bool]:
    """Who listens, from which number, and whether what they missed is gone."""
    try:
        actor = identify(request)
        actor.require("live.read")
        newest = outbox.newest()
        told = request.headers.get("Last-Event-ID", "").strip()
        if not told:
            return actor, newest, False
        last = int(told) if told.isdigit() else -1
        if last < outbox.oldest() - 1 or last > newest:
            return actor, newest, True
        return actor, last, False
    finally:
        connection.close()


async def _stream(request: HttpRequest, actor: Actor, seq: int, reset: bool) -> AsyncIterator[str]:
    yield "retry: 2000\n\n"
    if reset:
        yield f"id: {seq}\nevent: reset\ndata: {{}}\n\n"
    checked = spoke = time.monotonic()
    with poller.listen() as changed:
        while True:
            changed.clear()
            found = poller.since(seq)
            if time.monotonic() - checked >= RECHECK_SECONDS:
                still = await asyncio.to_thread(_recheck, request)
                if still is None:
                    yield "event: end\ndata: {}\n\n"
                    return
                actor, checked = still, time.monotonic()
            if found is None or found:
                batch, visible = await asyncio.to_thread(_visible, actor, seq, found)
                for event in batch:
                    seq = event.seq
                    if event.subject in visible:
                        yield f"id: {seq}\nevent: change\ndata: {json.dumps(event.as_dict(), ensure_ascii=False)}\n\n"
                        spoke = time.monotonic()
                if batch:
                    continue
            if time.monotonic() - spoke >= BEAT_SECONDS:
                yield "event: beat\ndata: {}\n\n"
                spoke = time.monotonic()
            with suppress(TimeoutError):
                # Until memory reaches back to `seq`, look again soon.
                await asyncio.wait_for(changed.wait(), 0.1 if found is None else RECHECK_SECONDS / 2)


def _visible(
    actor: Actor, seq: int, found: list[outbox.Event] | None
) -> tuple[list[outbox.Event], set[subjects.SubjectRef]]:
    try:
        batch = outbox.after(seq) if found is None else found
        return batch, subjects.visible(actor, {event.subject for event in batch})
    finally:
        connection.close()


def _recheck(request: HttpRequest) -> Actor | None:
    """The actor as they are now; None when the session has ended, the token is revoked, or the right is gone."""
    try:
        if not bears_token(request):
            store = import_module(settings.SESSION_ENGINE).SessionStore
            request.session = store(request.session.session_key)
            request.user = user = get_user(request)  # type: ignore[assignment]
            if user.is_authenticated and sessions.over(request.session, user.role, time.time()):
                return None
        actor = identify(request)
        return actor if actor.may("live.read") else None
    except ShoutuError:
        return None
    finally:
        connection.close()
