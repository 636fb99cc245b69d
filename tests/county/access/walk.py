"""Every route of the web process, as the address resolver has it, and a well-formed request for each."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from io import BytesIO
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone
from ninja.operation import PathView
from PIL import Image

MODBUS = {"kind": "modbus", "host": "10.20.0.5", "registers": [{"address": "a", "function": 3, "index": 0}]}
# Where what the schema says is not enough for the request to get as far as the question who may.
BODIES: dict[str, dict[str, Any]] = {
    "POST /api/v1/organisations": {"kind": "enterprise"},
    "POST /api/v1/responsibilities": {"kind": "enterprise", "rung": 1},
    "POST /api/v1/obligations": {"kind": "list", "every": "once"},
    "POST /api/v1/sites": {"kind": "tailings_pond"},
    "POST /api/v1/leaves": {"reason": "trip"},
    "POST /api/v1/users": {"role": "auditor", "username": "new", "password": "守土有责-尽责-2026"},
    "POST /api/v1/users/{id}/password": {"password": "守土有责-尽责-2026"},
    "POST /api/v1/rules": {"kind": "no_data", "params": {"intervals": 3}, "reason": "断传"},
    "POST /api/v1/session/password": {"current": "守土有责-尽责-2026", "password": "守土尽责-有责-2027"},
    "POST /api/v1/session/factor": {"password": "守土有责-尽责-2026"},
    "POST /api/v1/session": {"username": "auditor", "password": "守土有责-尽责-2026"},
    "POST /api/v1/warnings/{id}/return": {"note": "重做"},
    "POST /api/v1/warnings/{id}/feedback": {"note": "已落实"},
    "POST /api/v1/evacuations/{id}/resume": {"note": "已核查"},
    "POST /api/v1/evacuations/{id}/out": {"count": 1},
    "POST /api/v1/duties/{id}/return": {"note": "重做"},
    "POST /api/v1/sites/{id}/blasting": {"weekdays": [0], "start": "12:00", "end": "13:00"},
    "POST /api/v1/sources/{id}/tokens/{token}/revoke": {"replacement": "新令牌"},
    "POST /api/v1/sources/{id}/devices": {"device": MODBUS},
}
# Routes that take a form with a file instead of JSON.
FORMS: dict[str, Callable[[], dict[str, Any]]] = {
    "POST /api/v1/warnings/{id}/evidence": lambda: {"file": photograph(), "origin": "camera"},
    "POST /api/v1/sites/{id}/documents": lambda: {"file": photograph(), "kind": "drawing", "title": "平面图"},
    "POST /api/v1/organisations/{id}/documents": lambda: {"file": photograph(), "kind": "system", "title": "章程"},
    "POST /api/v1/documents/{id}/versions": lambda: {"file": photograph()},
}
QUERIES: dict[str, dict[str, Any]] = {
    "GET /api/v1/ledger/consistency": {"old": 0},
    "PUT /api/v1/warnings/{id}/evidence/{sha256}": {"offset": 0},
}
# Things that are named in an address and have no id.
NAMES = {"packs/{name}": "tailings-pond", "tables/{name}": "organisations", "evidence/{sha256}": "a" * 64}
# Query or body field → the thing whose id it takes.
FIELDS = {
    "site": "sites/{id}", "sites": "sites/{id}", "organisation": "organisations/{id}", "territory": "territories/{id}",
    "source": "sources/{id}", "point": "points/{id}", "post": "posts/{id}", "person": "persons/{id}",
    "persons": "persons/{id}", "townships": "territories/{id}", "channel": "channels/{id}",
    "owner": "posts/{id}", "other": "other shift", "warnings": "warnings/{id}", "warning": "warnings/{id}",
    "followers": "warnings/{id}",
}  # fmt: skip


def photograph() -> SimpleUploadedFile:
    """A small picture as a telephone would send it."""
    out = BytesIO()
    Image.new("RGB", (8, 6)).save(out, "PNG")
    return SimpleUploadedFile("a.png", out.getvalue(), "image/png")


@dataclass(frozen=True)
class Route:
    method: str
    path: str
    asynchronous: bool = False
    schema: Any = None

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def keys(self) -> list[tuple[str, str]]:
        """(what stands in the address, the key of the thing it names): ``("{id}", "sites/{id}")``."""
        return [(f"{{{one[1]}}}", f"{one[0]}/{{{one[1]}}}") for one in re.findall(r"([\w-]+)/\{(\w+)\}", self.path)]

    @property
    def of_wings(self) -> bool:
        return self.path.startswith("/internal/")


def routes() -> list[Route]:
    """All of them: public, internal, live, health, the face. What the resolver serves and nothing else."""
    return sorted({one.name: one for one in _walk(get_resolver().url_patterns, "")}.values(), key=lambda r: r.name)


def _walk(patterns: Any, prefix: str) -> Iterator[Route]:
    for one in patterns:
        text = str(one.pattern)
        if isinstance(one, URLResolver):
            yield from _walk(one.url_patterns, prefix + text)
        elif isinstance(one, URLPattern):
            yield from _served(one, "/" + prefix + re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", text))


def _served(pattern: URLPattern, path: str) -> Iterator[Route]:
    view = _view_of(pattern.callback)
    if view is None:
        yield Route("GET", "/(the face)" if "(?P" in str(pattern.pattern) else path, path == "/live/events")
        return
    for operation in view.operations:
        for method in operation.methods:
            yield Route(method, path, operation.is_async, operation)


def _view_of(callback: Any) -> PathView | None:
    """Ninja's view behind a pattern's callback; None for a plain Django view."""
    cells = [cell.cell_contents for cell in getattr(callback, "__closure__", None) or ()]
    return next((one for one in cells if isinstance(one, PathView)), None)


@cache
def schema_of(model: Any) -> dict[str, Any]:
    """What a model's JSON Schema says; making one takes longer than many a request."""
    return model.model_json_schema()  # type: ignore[no-any-return]


@cache
def parameters(route: Route) -> dict[str, Any]:
    """The query parameters a route knows, by name."""
    found: dict[str, Any] = {}
    for parameter in getattr(route.schema, "models", ()):
        if getattr(parameter, "__ninja_param_source__", "") != "query":
            continue
        schema = schema_of(parameter)
        for name, field in schema.get("properties", {}).items():
            inner = schema["$defs"][field["$ref"].rsplit("/", 1)[-1]] if "$ref" in field else {}
            found |= inner.get("properties", {name: field})
    return found


def request(route: Route, things: dict[str, Any]) -> tuple[str, dict[str, Any], dict[str, Any] | None]:
    """Address, query and body (None: none) of a well-formed request about `things`. KeyError names what is missing."""
    path = route.path
    for part, key in route.keys:
        if key in things:
            path = path.replace(part, str(things[key]), 1)
        elif key in NAMES:
            path = path.replace(part, NAMES[key], 1)
        else:
            raise KeyError(f"tests/county/access/things.py: no line for {key!r}")
    query, body = {}, None
    for parameter in getattr(route.schema, "models", ()):
        source = getattr(parameter, "__ninja_param_source__", "")
        schema = schema_of(parameter)
        if source == "body":
            body = _filled(schema, schema, things)
            names = list(schema.get("properties", {}))
            body = body.get(names[0], {}) if len(names) == 1 else body
        elif source == "query":
            query = _filled(schema, schema, things)
            query = {key: value for one in query.values() if isinstance(one, dict) for key, value in one.items()} | {
                key: value for key, value in query.items() if not isinstance(value, dict)
            }
    query |= QUERIES.get(route.name, {})
    if body is not None:
        body |= BODIES.get(route.name, {})
        if route.name == "POST /api/v1/rules":
            body |= {"point": things["points/{id}"]}
        if route.name == "POST /api/v1/unclaimed/adopt":
            body |= {"rows": [{"id": things["unclaimed/{id}"]}]}
    return path, query, body


def _filled(schema: dict[str, Any], root: dict[str, Any], things: dict[str, Any]) -> dict[str, Any]:
    wanted = schema.get("required", [])
    return {
        name: _value(name, field, root, things)
        for name, field in schema.get("properties", {}).items()
        if name in wanted or name == "reason" or "$ref" in field
    }


def _value(name: str, field: dict[str, Any], root: dict[str, Any], things: dict[str, Any]) -> Any:
    if "$ref" in field:
        inner = root["$defs"][field["$ref"].rsplit("/", 1)[-1]]
        return inner["enum"][0] if "enum" in inner else _filled(inner, root, things)
    if "enum" in field:
        return field["enum"][0]
    if "const" in field:
        return field["const"]
    kind = field.get("type") or next((one["type"] for one in field.get("anyOf", ()) if "type" in one), "string")
    if kind == "array":
        return [things[FIELDS[name]]] if name in FIELDS else []
    if name in FIELDS and kind == "integer":
        return things[FIELDS[name]]
    if kind == "string" and field.get("format") == "date-time":
        ahead = {"ends_at": 2, "end": 2, "until": 2}.get(name, 1)
        return (timezone.now() + timedelta(days=30, hours=ahead)).isoformat()
    if kind == "string" and field.get("format") == "date":
        return (timezone.localdate() + timedelta(days=30)).isoformat()
    return {"integer": field.get("minimum", 1), "number": 1.0, "boolean": True, "object": {}}.get(kind, "试一试")
