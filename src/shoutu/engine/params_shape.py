"""What msgspec says of parameters of the wrong shape, in words for people: which field, and what it should be."""

from __future__ import annotations

import re
import typing
from typing import Any

TYPES = {
    "float": "数", "int": "整数", "str": "文字", "bool": "是或否", "array": "一列值", "object": "一组值", "null": "空",
}  # fmt: skip
_TYPE = re.compile(r"Expected `([a-z| ]+)`(?: (<|<=|>|>=) ([-0-9.]+))?")


def refused(kind: str, params: type, text: str) -> tuple[str, str, str]:
    """The field ("" for all of them), what was expected in English, and in Chinese, of a message of msgspec."""
    fields: tuple[str, ...] = params.__struct_fields__  # type: ignore[attr-defined]
    where = text.rsplit("`$", 1)[-1].strip("`.[]") if "`$" in text else ""
    if "unknown field" in text:
        named = text.split("`")[1]
        return named, f"unknown field; a {kind} rule has {', '.join(fields)}", f"没有这一项；有的是 {'、'.join(fields)}"
    if "missing required field" in text:
        return text.split("`")[1], f"is required by a {kind} rule", "必填"
    if "Invalid enum value" in text:
        options = [str(one) for one in _options(params, where) if one is not None]
        if options:
            return where, f"{text}; use one of {', '.join(options)}", f"其中之一：{'、'.join(options)}"
    found = _TYPE.search(text)
    if found is not None:
        names = [TYPES[one] for one in found[1].split(" | ") if one in TYPES]
        bound = f"（{found[2]} {found[3]}）" if found[2] else ""
        if names:
            return where, text, "或".join(dict.fromkeys(names)) + bound
    return where, text, "写法不对"


def _options(params: type, field: str) -> tuple[Any, ...]:
    """What a field may say where that is one of a few words."""
    hint = typing.get_type_hints(params).get(field)
    if typing.get_origin(hint) is typing.Literal:
        return typing.get_args(hint)
    return tuple(one for part in typing.get_args(hint) for one in typing.get_args(part))
