"""The one tree of errors. Services and selectors raise them; `kit.api` turns them into RFC 9457 problems."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shoutu.county.kit.words import field_words, thing_words


class ShoutuError(Exception):
    """Something the asker can be told. `status` is the HTTP status, `slug` names the problem type."""

    status = 500
    slug = "error"
    title: Any = gettext_lazy("出错了")

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail

    def problem(self) -> dict[str, Any]:
        """The body of an `application/problem+json` answer."""
        return {
            "type": f"urn:shoutu:problem:{self.slug}",
            "title": str(self.title),
            "status": self.status,
            "detail": str(self.detail),
        }


class NotSignedIn(ShoutuError):
    """Nobody is known to be asking."""

    status, slug, title = 401, "not-signed-in", gettext_lazy("没有登录")

    def __init__(self, detail: str | None = None) -> None:
        super().__init__(detail or _("先登录，或在请求头中带上有效的令牌。"))


class FactorNeeded(NotSignedIn):
    """Name and password are right, and the account asks for a code besides. `code`: `factor.needed` where none was
    given, `factor.wrong` where the one given is not right now or was used before."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code

    def problem(self) -> dict[str, Any]:
        return {**super().problem(), "code": self.code}


class NotAllowed(ShoutuError):
    """The asker is known and may not do this. Names the missing permission."""

    status, slug, title = 403, "not-allowed", gettext_lazy("无权操作")

    def __init__(self, permission: str, detail: str | None = None) -> None:
        super().__init__(detail or _("没有“%(permission)s”权限，找管理员开通。") % {"permission": permission})
        self.permission = permission

    def problem(self) -> dict[str, Any]:
        return {**super().problem(), "permission": self.permission}


class NotFound(ShoutuError):
    """No such thing, or not within what the asker may see: the two are not told apart."""

    status, slug, title = 404, "not-found", gettext_lazy("没有找到")

    def __init__(self, kind: str, id: Any = "") -> None:
        super().__init__(_("没有找到 %(kind)s %(id)s，或者不在管辖范围内。") % {"kind": thing_words(kind), "id": id})
        self.kind, self.id = kind, id


class Conflict(ShoutuError):
    """Right in itself, but not now: the state has moved on. The message says what the state is."""

    status, slug, title = 409, "conflict", gettext_lazy("现在不能这样做")


class Overtaken(Conflict):
    """Done by what was seen then; it stands otherwise by now. Sent again as it is, it is refused again."""

    code = "act.overtaken"

    def problem(self) -> dict[str, Any]:
        return {**super().problem(), "code": self.code}


class KeyReused(Conflict):
    """A key that names what was sent already came again with other content: nothing of the new content is kept.

    `recorded` says how what was recorded reads; `subject` ({"type", "id"}) is given where the asker may see it.
    """

    code = "key.reused"

    def __init__(self, recorded: str, subject: dict[str, Any] | None = None) -> None:
        super().__init__(_("已按“%(recorded)s”记下，另报更正") % {"recorded": recorded})
        self.recorded, self.subject = recorded, subject

    def problem(self) -> dict[str, Any]:
        recorded = {"text": self.recorded, **({"subject": self.subject} if self.subject else {})}
        return {**super().problem(), "code": self.code, "recorded": recorded}


class Invalid(ShoutuError):
    """A field is wrong. Names the field and what was expected.

    `code` names the reason where a program can do something about it, with its `facts`; never match the message.
    """

    status, slug, title = 422, "invalid", gettext_lazy("填写有误")

    def __init__(
        self,
        field: str,
        expected: str,
        detail: str | None = None,
        *,
        code: str = "",
        facts: Mapping[str, Any] | None = None,
    ) -> None:
        named = {"field": field_words(field), "expected": expected}
        message = detail or _("“%(field)s”填写有误，应为：%(expected)s") % named
        super().__init__(message)
        self.field, self.expected, self.code, self.facts = field, expected, code, dict(facts or {})

    def problem(self) -> dict[str, Any]:
        told = {"code": self.code, "facts": self.facts} if self.code else {}
        return {**super().problem(), "field": self.field, "expected": str(self.expected), **told}


class TooMany(ShoutuError):
    """Too often; `retry_after` is in seconds."""

    status, slug, title = 429, "too-many", gettext_lazy("尝试次数过多")

    def __init__(self, detail: str, retry_after: int) -> None:
        super().__init__(detail)
        self.retry_after = retry_after


class TooLarge(ShoutuError):
    """The body is bigger than is taken; says how much is."""

    status, slug, title = 413, "too-large", gettext_lazy("内容过大")


class Busy(ShoutuError):
    """Others were changing the same just then: of this change nothing stands, and it may be sent again at once."""

    status, slug, title = 503, "busy", gettext_lazy("正忙，没有记下")
    retry_after = 1

    def __init__(self, detail: str | None = None) -> None:
        super().__init__(detail or _("同时改动的人多，这一步没有记下，过几秒再做一次。"))


class Unavailable(ShoutuError):
    """A part of Shoutu this answer needs is not there now."""

    status, slug, title = 503, "unavailable", gettext_lazy("暂时不可用")
