"""The process that searches: a job on its standard input, findings on its standard output."""

from __future__ import annotations

import os
import sys

import msgspec
import numpy as np

from shoutu.engine.falsified import Column, Point, find

from .falsified_asked import Job

LOWEST = 19


def search(job: Job) -> bytes:
    """The findings of a job, as JSON."""
    now, before = (Column(*(np.frombuffer(one, np.int64) for one in part)) for part in (job.now, job.before))
    points = {id_: Point(kind, interval_ms, places) for id_, kind, interval_ms, places in job.points}
    found = find(now, points, before if len(before.ts) else None, [(a, b) for a, b in job.same], job.alpha)
    return msgspec.json.encode(found)


if __name__ == "__main__":
    os.nice(LOWEST)
    sys.stdout.buffer.write(search(msgspec.msgpack.decode(sys.stdin.buffer.read(), type=Job)))
