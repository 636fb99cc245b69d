"""Writes ``web/openapi.json`` from the API as it is: ``python -m shoutu.county.openapi [--check]``."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from shoutu.county.setup import ready

FILE = Path(__file__).resolve().parents[3] / "web" / "openapi.json"


def current() -> str:
    """The OpenAPI document of the running code, as the file holds it."""
    ready()
    from django.urls import get_resolver
    from django.utils import translation

    from shoutu.county.kit.api import api

    _ = get_resolver().url_patterns  # the rooms' routers join when the addresses are read
    with translation.override("en"):
        return json.dumps(api.get_openapi_schema(), ensure_ascii=False, indent=1, default=str) + "\n"


def main() -> None:
    """Write the file; with ``--check`` only say whether it is current."""
    document = current()
    if "--check" not in sys.argv:
        FILE.write_text(document, "utf-8")
    elif not FILE.exists() or FILE.read_text("utf-8") != document:
        sys.exit(f"{FILE.name} is not what the API says; run `make api` and commit the result")


if __name__ == "__main__":
    main()
