"""YAML text into plain values, each with the line it stands on. Tags, anchors and repeated keys are refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import yaml

LARGEST = 1_000_000
Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong in a pack and where. ``key`` names the kind of problem, ``field`` the place, as rules[0].params."""

    file: str
    line: int
    field: str
    key: str
    zh: str
    en: str

    @property
    def message(self) -> str:
        """The Chinese message."""
        return self.zh

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.field}: {self.zh}"


class Source:
    """One pack file being read: its values, the lines of its fields, and the problems found so far."""

    def __init__(self, text: str, file: str) -> None:
        self.file = file
        self.problems: list[Problem] = []
        self.lines: dict[Path, int] = {(): 1}
        self.value: Any = None
        if len(text) > LARGEST:
            self.add((), "too_large", f"文件超过 {LARGEST} 个字符", f"the file exceeds {LARGEST} characters")
            return
        try:
            self._refuse(text)
            if not self.problems:
                node = yaml.compose(text, Loader=yaml.SafeLoader)
                self.value = None if node is None else self._plain(node, ())
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            what = getattr(error, "problem", None) or str(error).split("\n")[0]
            self._at(mark.line + 1 if mark else 1, "", "yaml", f"不是合法的 YAML：{what}", f"not valid YAML: {what}")
        except RecursionError:
            self.add((), "yaml", "嵌套过深", "nested too deeply")

    def add(self, path: Path, key: str, zh: str, en: str) -> None:
        """Note a problem at a place; the line is that of the nearest place known."""
        near = path
        while near not in self.lines:
            near = near[:-1]
        self._at(self.lines[near], _shown(path), key, zh, en)

    def _at(self, line: int, field: str, key: str, zh: str, en: str) -> None:
        self.problems.append(Problem(self.file, line, field, key, zh, en))

    def _refuse(self, text: str) -> None:
        """A tag could name a Python object and an alias could unfold without end: a pack needs neither."""
        for token in yaml.scan(text, Loader=yaml.SafeLoader):
            line = token.start_mark.line + 1
            if isinstance(token, yaml.TagToken):
                tag = "".join(part or "" for part in token.value)
                self._at(
                    line, "", "tag", f"不允许使用 YAML 标签 {tag}，请删去", f"YAML tag {tag} is not allowed; remove it"
                )
            elif isinstance(token, yaml.AnchorToken | yaml.AliasToken):
                name = token.value
                self._at(
                    line,
                    "",
                    "alias",
                    f"不允许使用锚点或别名 {name}，请写出全文",
                    f"anchor or alias {name} is not allowed",
                )

    def _plain(self, node: yaml.Node, path: Path) -> Any:
        self.lines.setdefault(path, node.start_mark.line + 1)
        if isinstance(node, yaml.SequenceNode):
            return [self._plain(child, (*path, at)) for at, child in enumerate(node.value)]
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        kind = node.tag.rsplit(":", 1)[-1]
        if kind in ("int", "float", "bool", "null"):
            return yaml.SafeLoader("").construct_object(node)
        return node.value  # dates and the like stay the text they are

    def _mapping(self, node: yaml.MappingNode, path: Path) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                self._at(line, _shown(path), "key", "键必须是简单文字", "a key must be plain text")
                continue
            key = str(key_node.value)
            place = (*path, key)
            if key in result:
                first = self.lines[place]
                self._at(
                    line, _shown(place), "duplicate",
                    f"键 {key} 重复，第 {first} 行已写过", f"key {key} is repeated; it stands on line {first} already",
                )  # fmt: skip
                continue
            self.lines[place] = line
            result[key] = self._plain(value_node, place)
        return result


def _shown(path: Path) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).lstrip(".")
