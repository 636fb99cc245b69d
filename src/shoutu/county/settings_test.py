"""Settings for tests: the real ones over a data directory that is thrown away.

A SQLite test database is a file, as in real use, because an in-memory one locks and commits differently.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile

if "SHOUTU_TEST_DATA" not in os.environ:
    _data = tempfile.mkdtemp(prefix="shoutu-test-")
    os.environ["SHOUTU_TEST_DATA"] = _data
    atexit.register(shutil.rmtree, _data, ignore_errors=True)
# Of several workers of a run each has its own.
os.environ["SHOUTU_DATA"] = os.path.join(os.environ["SHOUTU_TEST_DATA"], os.environ.get("PYTEST_XDIST_WORKER", ""))

from shoutu.county.settings import *  # noqa: F403
from shoutu.county.settings import DATABASES

if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["TEST"] = {"NAME": os.path.join(os.environ["SHOUTU_DATA"], "test.sqlite3")}
# Argon2 takes 50 ms by design; the suite logs in hundreds of times.
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.MD5PasswordHasher",
    "django.contrib.auth.hashers.Argon2PasswordHasher",
]
