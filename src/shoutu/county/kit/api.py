"""The two HTTP interfaces: `api` for everyone under /api/v1, `internal` for wings under /internal/v1."""

from __future__ import annotations

import json
import logging
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from ninja import NinjaAPI, Router
from ninja.errors import AuthenticationError, HttpError, Throttled, ValidationError
from ninja.operation import Operation
from ninja.renderers import JSONRenderer
from prometheus_client import Counter

from shoutu import __version__
from shoutu.county.kit import contention, limits
from shoutu.county.kit.auth import SAFE, SessionAuth, TokenAuth, WingAuth, asker
from shoutu.county.kit.errors import (
    Busy,
    Conflict,
    Invalid,
    NotFound,
    NotSignedIn,
    ShoutuError,
    TooLarge,
    TooMany,
    Unavailable,
)
from shoutu.county.kit.paging import ListQuery, Page, paginate

__all__ = ["ListQuery", "Page", "Router", "api", "asker", "internal", "invalid", "paginate", "problem"]

log = logging.getLogger(__name__)


class Utf8(JSONRenderer):
    """Chinese as Chinese: half the bytes of escapes."""

    json_dumps_params = {"ensure_ascii": False}


class Api(NinjaAPI):
    """Operations are named room_function: the generated client reads well.

    The document is made once per language: making it takes half a second, and anybody may ask for it.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._documents: dict[tuple[str, str | None], Any] = {}

    def get_openapi_schema(self, *, path_prefix: str | None = None, path_params: Any = None) -> Any:
        key = (get_language() or "", path_prefix)
        if key not in self._documents:
            made = super().get_openapi_schema(path_prefix=path_prefix, path_params=path_params)
            self._documents[key] = made
        return self._documents[key]

    def get_openapi_operation_id(self, operation: Operation) -> str:
        module = operation.view_func.__module__.removeprefix("shoutu.county.").replace(".api", "")
        return f"{module}_{operation.view_func.__name__}".replace(".", "_")


api = Api(
    title="Shoutu 守土",
    version=__version__,
    description="Everything a person can do in Shoutu, a program can do here.",
    urls_namespace="api",
    docs_url=None,
    renderer=Utf8(),
    auth=[TokenAuth(), SessionAuth()],
    throttle=[limits.Searching()],
)
internal = Api(
    title="Shoutu internal",
    version=__version__,
    urls_namespace="internal",
    docs_url=None,
    openapi_url=None,
    auth=WingAuth(),
)


_REFUSED = Counter("shoutu_api_refused", "Requests answered with an error, by HTTP status", ["status"])


def problem(error: ShoutuError) -> HttpResponse:
    """The answer for an error: RFC 9457. Counted in /metrics."""
    _REFUSED.labels(str(error.status)).inc()
    response = HttpResponse(
        json.dumps(error.problem(), ensure_ascii=False),
        status=error.status,
        content_type="application/problem+json; charset=utf-8",
    )
    if isinstance(error, TooMany | Busy):
        response["Retry-After"] = str(error.retry_after)
    if error.status == 401:
        response["WWW-Authenticate"] = 'Bearer realm="shoutu"'
    return response


_EXPECTED = {
    "missing": lambda c: _("必填"),
    "extra_forbidden": lambda c: _("不认识的字段，去掉它"),
    "int_parsing": lambda c: _("整数"),
    "int_type": lambda c: _("整数"),
    "int_from_float": lambda c: _("整数"),
    "float_parsing": lambda c: _("数字"),
    "float_type": lambda c: _("数字"),
    "finite_number": lambda c: _("有限的数字"),
    "bool_parsing": lambda c: _("true 或 false"),
    "bool_type": lambda c: _("true 或 false"),
    "string_type": lambda c: _("文字"),
    "dict_type": lambda c: _("对象"),
    "list_type": lambda c: _("列表"),
    "json_invalid": lambda c: _("完整的 JSON"),
    "datetime_parsing": lambda c: _("带时区的时间，如 2026-11-24T08:00:00+08:00"),
    "datetime_from_date_parsing": lambda c: _("带时区的时间，如 2026-11-24T08:00:00+08:00"),
    "timezone_aware": lambda c: _("带时区的时间，如 2026-11-24T08:00:00+08:00"),
    "literal_error": lambda c: _("其中之一：%(names)s") % {"names": c.get("expected", "")},
    "enum": lambda c: _("其中之一：%(names)s") % {"names": c.get("expected", "")},
    "greater_than_equal": lambda c: _("不小于 %(limit)s") % {"limit": c.get("ge")},
    "greater_than": lambda c: _("大于 %(limit)s") % {"limit": c.get("gt")},
    "less_than_equal": lambda c: _("不大于 %(limit)s") % {"limit": c.get("le")},
    "less_than": lambda c: _("小于 %(limit)s") % {"limit": c.get("lt")},
    "string_too_long": lambda c: _("不超过 %(limit)s 个字") % {"limit": c.get("max_length")},
    "string_too_short": lambda c: _("至少 %(limit)s 个字") % {"limit": c.get("min_length")},
}


def invalid(first: dict[str, Any]) -> Invalid:
    """The first finding of pydantic as an Invalid in the asker's language."""
    where = [str(part) for part in first.get("loc", ()) if part not in {"body", "query", "path", "payload", "data"}]
    say = _EXPECTED.get(first.get("type", ""))
    return Invalid(".".join(where) or "body", say(first.get("ctx") or {}) if say else str(first.get("msg", "")))


def _on_error(request: HttpRequest, error: Any) -> HttpResponse:
    return problem(error)


def _on_validation(request: HttpRequest, error: Any) -> HttpResponse:
    return problem(invalid(error.errors[0]))


def _on_authentication(request: HttpRequest, error: Any) -> HttpResponse:
    return problem(NotSignedIn())


def _on_throttled(request: HttpRequest, error: Any) -> HttpResponse:
    return problem(request.too_many)  # type: ignore[attr-defined]


def _on_http(request: HttpRequest, error: Any) -> HttpResponse:
    if error.status_code == 404:
        return problem(NotFound(request.path))
    if error.status_code == 400:
        return problem(Invalid("body", _("完整的 JSON"), _("请求内容无法解析：%(error)s") % {"error": error}))
    found = ShoutuError(str(error))
    found.status = error.status_code
    return problem(found)


def _of_the_database(request: HttpRequest, error: BaseException) -> ShoutuError | None:
    """What to say of the database's own trouble. None for another one."""
    if contention.busy(error):
        return Busy()
    if contention.twice(error):
        return Conflict(_("没有记下：与已有的一条重复。刷新后看，改了再存。"))
    if isinstance(error, OperationalError | InterfaceError):
        if request.method in SAFE:
            return Unavailable(_("数据库暂时用不了，过几秒再看。"))
        return Unavailable(_("数据库暂时用不了，这一步是否已经记下还不知道：先刷新看一眼，没有再做一次。"))
    return None


def on_anything(request: HttpRequest, error: Any) -> HttpResponse:
    """The answer to whatever nobody foresaw."""
    known = _of_the_database(request, error)
    if known is not None:
        log.warning("%s %s: %s", request.method, request.path, error, exc_info=error)
        return problem(known)
    if isinstance(error, UnicodeEncodeError) or "NUL (0x00)" in str(error):
        return problem(Invalid("body", _("可以保存的文字，不含空字符或残缺的编码")))
    if isinstance(error, RequestDataTooBig):
        return problem(TooLarge(_("请求内容不能超过 %(limit)s 字节") % {"limit": settings.DATA_UPLOAD_MAX_MEMORY_SIZE}))
    log.error("%s %s failed", request.method, request.path, exc_info=error)
    return problem(ShoutuError(_("服务器内部出错，已记录在日志中，稍后再试，还不行找管理员。")))


for _interface in (api, internal):
    _interface.add_exception_handler(ShoutuError, _on_error)
    _interface.add_exception_handler(ValidationError, _on_validation)
    _interface.add_exception_handler(AuthenticationError, _on_authentication)
    _interface.add_exception_handler(Throttled, _on_throttled)
    _interface.add_exception_handler(HttpError, _on_http)
    _interface.add_exception_handler(Exception, on_anything)
