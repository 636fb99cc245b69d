"""A weather warning in words."""

from __future__ import annotations

from collections.abc import Sequence

LEVELS = {0: "", 1: "蓝色", 2: "黄色", 3: "橙色", 4: "红色"}


def title(type_title: str, level: int, townships: Sequence[str]) -> str:
    """What is warned of, and where: 「暴雨橙色预警：东乡、西乡」."""
    where = f"{'、'.join(townships[:4])}{f' 等 {len(townships)} 个乡镇' if len(townships) > 4 else ''}"
    return f"{type_title}{LEVELS[level]}预警：{where or '未认出地区'}"[:200]
