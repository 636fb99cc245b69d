"""/live/events: what changed, as Server-Sent Events, to those who may see what changed."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from importlib import import_module

from asgiref.sync import SyncToAsync, sync_to_async
from django.conf import settings
from django.contrib.auth import get_user
from django.contrib.sessions.backends.base import SessionBase
from django.db import connection
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse

from shoutu.county.kit import outbox, sessions, subjects
from shoutu.county.kit.actors import Actor
from shoutu.county.kit.api import problem
from shoutu.county.kit.aside import Aside
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


async def _let_go() -> None:
    """Give back the thread, and its connection to the database, that Django keeps until an answer is over.

    A stream is over when somebody goes home: 300 would hold 300 connections, three times what PostgreSQL allows.
    """
    await sync_to_async(lambda: connection.close())()  # looked up there: each thread has its own
    kept = SyncToAsync.thread_sensitive_context.get(None)
    if kept is not None and (executor := SyncToAsync.context_to_thread_executor.pop(kept, None)) is not None:
        executor.shutdown(wait=False)


async def _stream(request: HttpRequest, actor: Actor, seq: int, reset: bool) -> AsyncIterator[str]:
    await _let_go()
    yield "retry: 2000\n\n"
    if reset:
        yield f"id: {seq}\nevent: reset\ndata: {{}}\n\n"
    checked = spoke = time.monotonic()
    soon = _soon()
    with poller.listen() as changed:
        while True:
            changed.clear()
            found = poller.since(seq)
            age = time.monotonic() - checked
            # In a quiet moment before it is due: what happens need not wait for it then.
            if age >= RECHECK_SECONDS or (age >= soon and found == []):
                still = await _rights.ask(request)
                if still is None:
                    yield "event: end\ndata: {}\n\n"
                    return
                actor, checked, soon = still, time.monotonic(), _soon()
            batch = await asyncio.to_thread(_missed, seq) if found is None else found
            if batch:
                visible = await _sight.ask((actor, {event.subject for event in batch}))
                seq = batch[-1].seq
                if told := "".join(event.text for event in batch if event.subject in visible):
                    yield told
                    spoke = time.monotonic()
                continue
            if time.monotonic() - spoke >= BEAT_SECONDS:
                yield "event: beat\ndata: {}\n\n"
                spoke = time.monotonic()
            with suppress(TimeoutError):
                # Until memory reaches back to `seq`, look again soon.
                rest = max(0.0, soon - (time.monotonic() - checked))
                await asyncio.wait_for(changed.wait(), 0.1 if found is None else rest)


def _soon() -> float:
    """When to look at somebody's rights again, if nothing happens: not all who came at one time at one time."""
    return RECHECK_SECONDS * random.uniform(0.5, 0.9)


def _missed(seq: int) -> list[outbox.Event]:
    try:
        return outbox.after(seq)
    finally:
        connection.close()


def _recheck(request: HttpRequest) -> Actor | None:
    """The actor as they are now; None when the session has ended, the token is revoked, or the right is gone.

    Writes nothing: all who listen wait for the one thread that asks this, and a write waits for whoever else writes.
    """
    try:
        if not bears_token(request):
            request.session = _looked_at(request.session.session_key)
            request.user = user = get_user(request)  # type: ignore[assignment]
            if user.is_authenticated and sessions.over(request.session, user.role, time.time()):
                return None
        actor = identify(request, look=True)
        return actor if actor.may("live.read") else None
    except ShoutuError:
        return None


def _looked_at(key: str | None) -> SessionBase:
    """A session to be read only: `get_user` would empty one that has ended, which its next request does."""
    session: SessionBase = import_module(settings.SESSION_ENGINE).SessionStore(key)
    for name in ("flush", "cycle_key", "save"):
        setattr(session, name, lambda *_args, **_more: None)
    return session


# What all who listen see of what happened, and who of them still may.
_sight: Aside[tuple[Actor, set[subjects.SubjectRef]], set[subjects.SubjectRef]] = Aside(
    "live-sight", subjects.visible_to_each
)
_rights: Aside[HttpRequest, Actor | None] = Aside("live-rights", lambda asked: map(_recheck, asked))
